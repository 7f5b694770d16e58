"""A browser driven over WebDriver BiDi: people in it, their tabs, keys and a mouse.

Keys and the mouse go through the browser's own handling of input. What is looked for is waited for.
"""

import asyncio
import base64
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientWebSocketResponse, WSMsgType

SECONDS: Final = 20.0  # for whatever is waited for: two cores also serve the mirrors
_KEYS: Final = {
    "Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004", "Shift": "\ue008", "Control": "\ue009",
}  # fmt: skip

# Elements that can be seen, by selector and a part of their text.
_FIND: Final = """(selector, text) => [...document.querySelectorAll(selector)].filter(
  (each) => each.checkVisibility({ visibilityProperty: true }) && each.textContent.includes(text))"""


class BidiError(Exception):
    """What the browser answered instead of a result."""


class Firefox:
    """One process and one session; people (user contexts) share nothing in it."""

    def __init__(self, socket: ClientWebSocketResponse, run: Callable[..., Any], folder: Path) -> None:
        self.profile = folder / "profile"
        self.downloads = folder / "downloads"
        self.sheet = folder / "printed.pdf"  # what was printed last
        self.requests: list[str] = []  # every address that anything in it asked for
        self.socket, self._run = socket, run
        self._last = 0

    @property
    def tab(self) -> "Tab":
        """The one that it opened with, as its owner has it."""
        return Tab(self, self.call("browsingContext.getTree", maxDepth=0)["contexts"][0]["context"])

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """What the browser answers to a command of BiDi."""
        self._last += 1
        given: dict[str, Any] = self._run(self._called(self._last, method, parameters))
        return given

    async def _called(self, number: int, method: str, parameters: object) -> object:
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        async with asyncio.timeout(3 * SECONDS):
            async for message in self.socket:
                if message.type is not WSMsgType.TEXT:
                    break
                said = json.loads(message.data)
                if said["type"] == "event":
                    if said["method"] == "network.beforeRequestSent":
                        self.requests.append(said["params"]["request"]["url"])
                elif said["id"] == number:
                    if said["type"] == "error":
                        raise BidiError(f"{method}: {said['error']}: {said['message']}")
                    return said["result"]
        raise BidiError(f"{method}: the browser is gone")

    @contextmanager
    def person(self, language: str = "en-US", before: str = "") -> Iterator["Person"]:
        """Somebody who shares nothing with others; ``before`` runs in each page before its own scripts."""
        context = self.call("browser.createUserContext")["userContext"]
        try:
            self.call("emulation.setLocaleOverride", locale=language, userContexts=[context])
            if before:
                self.call(
                    "script.addPreloadScript",
                    functionDeclaration=f"() => {{{before}}}",
                    userContexts=[context],
                )
            yield Person(self, context)
        finally:
            self.call("browser.removeUserContext", userContext=context)


class Person:
    """Whoever has windows that know nothing of others'."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self.firefox, self.context = firefox, context

    def tab(self, width: int = 1280, height: int = 800) -> "Tab":
        """A new tab, in front."""
        made = self.firefox.call("browsingContext.create", type="tab", userContext=self.context)["context"]
        viewport = {"width": width, "height": height}
        self.firefox.call("browsingContext.setViewport", context=made, viewport=viewport)
        return Tab(self.firefox, made)

    def cut_off(self, *, is_cut: bool = True) -> None:
        """Take the network away, as the browser's "work offline" does, or give it back."""
        conditions = {"type": "offline"} if is_cut else None
        self.firefox.call(
            "emulation.setNetworkConditions", networkConditions=conditions, userContexts=[self.context]
        )


class Tab:
    """One tab, or a frame in one."""

    def __init__(self, firefox: Firefox, context: str) -> None:
        self.firefox, self.context = firefox, context

    def goto(self, address: str) -> None:
        """Go there, and wait until the document stands."""
        self.firefox.call("browsingContext.navigate", context=self.context, url=address, wait="interactive")

    def reload(self) -> None:
        self.firefox.call("browsingContext.reload", context=self.context, wait="interactive")

    def back(self) -> None:
        self.firefox.call("browsingContext.traverseHistory", context=self.context, delta=-1)

    def close(self) -> None:
        self.firefox.call("browsingContext.close", context=self.context)

    def front(self) -> None:
        """Be the tab that is looked at."""
        self.firefox.call("browsingContext.activate", context=self.context)

    @property
    def url(self) -> str:
        """What the address bar holds."""
        told = self.firefox.call("browsingContext.getTree", root=self.context, maxDepth=0)
        return str(told["contexts"][0]["url"])

    def frame(self) -> "Tab":
        """The one frame in it."""
        told = self.firefox.call("browsingContext.getTree", root=self.context)
        [child] = told["contexts"][0]["children"]
        return Tab(self.firefox, child["context"])

    def evaluate(self, function: str, *arguments: object) -> Any:
        """What a function of JavaScript gives, awaited where it is a promise; all of it is JSON."""
        # Where scripts are off, nothing that is awaited goes on.
        body = f"""(given) => {{
          const told = (value) => JSON.stringify(value ?? null);
          const value = ({function})(...JSON.parse(given));
          return value instanceof Promise ? value.then(told) : told(value);
        }}"""
        told = self._call_function(body, json.dumps(arguments))
        return json.loads(told["value"])

    def _call_function(self, body: str, *given: str) -> Any:
        told = self.firefox.call(
            "script.callFunction",
            functionDeclaration=body,
            arguments=[{"type": "string", "value": each} for each in given],
            target={"context": self.context},
            awaitPromise=True,
        )
        if told["type"] == "exception":
            raise BidiError(told["exceptionDetails"]["text"])
        return told["result"]

    def until(self, function: str, *arguments: object, seconds: float = SECONDS) -> Any:
        """What the function gives, once that is true; documents may come and go meanwhile."""
        end = time.monotonic() + seconds
        said: object = None
        while time.monotonic() < end:
            try:
                if said := self.evaluate(function, *arguments):
                    return said
            except BidiError as error:
                said = error
            time.sleep(0.02)
        raise AssertionError(f"not within {seconds} s: {function} {arguments}: {said}")

    def see(
        self, selector: str, text: str = "", *, count: int | None = None, seconds: float = SECONDS
    ) -> None:
        """Wait until such elements can be seen (at least one, or exactly ``count``)."""
        claim = "found.length > 0" if count is None else f"found.length === {count}"
        there = f"(...what) => {{ const found = ({_FIND})(...what); return {claim}; }}"
        self.until(there, selector, text, seconds=seconds)

    def read(self, selector: str) -> list[str]:
        """The texts of those that can be seen."""
        found: list[str] = self.evaluate(
            f"(what) => ({_FIND})(what, '').map((each) => each.innerText)", selector
        )
        return found

    def has_focus(self, selector: str, text: str = "") -> None:
        """Wait until such an element has the focus."""
        self.until(f"(...what) => ({_FIND})(...what).includes(document.activeElement)", selector, text)

    def _element(self, selector: str, text: str) -> dict[str, str]:
        self.see(selector, text)
        shown = "it.scrollIntoView({ block: 'center' }); return it;"
        body = f"(...what) => {{ const [it] = ({_FIND})(...what); {shown} }}"
        return {"sharedId": self._call_function(body, selector, text)["sharedId"]}

    def click(self, selector: str, text: str = "", times: int = 1) -> None:
        """Press the first such element with the mouse, once it can be seen."""
        pressed = [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        for last in (False, False, True):
            place = {"type": "element", "element": self._element(selector, text)}
            moved = {"type": "pointerMove", "x": 0, "y": 0, "origin": place}
            try:
                self._act({"type": "pointer", "id": "mouse", "actions": [moved, *pressed * times]})
                return
            except BidiError as error:  # a new view came and scrolled: look again where it is
                if last or not re.search("out of bounds|stale element|no such node", str(error)):
                    raise

    def press(self, *chords: str) -> None:
        """Press keys one after the other; ``Control+c`` are two at once."""
        steps = []
        for chord in chords:
            keys = [_KEYS.get(each, each) for each in chord.split("+")]
            steps += [{"type": "keyDown", "value": key} for key in keys]
            steps += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self._act({"type": "key", "id": "keyboard", "actions": steps})

    def type(self, text: str) -> None:
        """Press the keys of a text."""
        self.press(*text)

    def _act(self, source: object) -> None:
        self.firefox.call("input.performActions", context=self.context, actions=[source])

    def fill(self, selector: str, text: str) -> None:
        """Write into a field, in the place of what stood there."""
        self.click(selector)
        self.press("Control+a")
        self.type(text)

    def choose(self, selector: str, value: str) -> None:
        """Choose what a list offers: its own window cannot be driven where there is no screen."""
        self.see(selector)
        self.evaluate(
            """(selector, value) => {
              const list = document.querySelector(selector);
              const at = [...list.options].findIndex((each) => [each.value, each.text].includes(value));
              if (at < 0) throw new Error("it is not offered");
              list.selectedIndex = at;
              list.dispatchEvent(new Event("input", { bubbles: true }));
              list.dispatchEvent(new Event("change", { bubbles: true }));
            }""",
            selector,
            value,
        )

    def give(self, selector: str, *files: Path) -> None:
        """Choose files in a field for files."""
        body = "(selector) => document.querySelector(selector)"
        element = {"sharedId": self._call_function(body, selector)["sharedId"]}
        names = [str(each) for each in files]
        self.firefox.call("input.setFiles", context=self.context, element=element, files=names)

    def picture(self) -> bytes:
        """What is on the screen, as PNG."""
        told = self.firefox.call("browsingContext.captureScreenshot", context=self.context, origin="viewport")
        return base64.b64decode(told["data"])
