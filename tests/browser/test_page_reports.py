"""A reader with nothing but a browser reports an endpoint that is silent, and invites a friend."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from helpers.axe import LOOK, SCRIPT, problems
from helpers.newsdesk import files_of
from helpers.reporting import written
from helpers.rotating import RotatingDesk, rotating
from helpers.stage import Site, sites
from mirror.rotation import spelling
from mirror.rotation.epochs import DAY
from mirror.rotation.invitation import Invitation, parse
from mirror.rotation.paths import Entrance

Value = TypeVar("Value")
STORES = (
    "Promise.all([indexedDB.databases(), caches.keys()])"
    ".then((found) => [...found.flat(), ...Object.keys(localStorage), ...Object.keys(sessionStorage)])"
)
SIDEWAYS = (
    "[...document.querySelectorAll('dialog, dialog div, .letters')]"
    ".map((each) => each.scrollWidth - each.clientWidth)"
)
REPORT = "Report endpoints that do not answer"


def apart(act: Callable[[], Value]) -> Value:
    """Run commands in a thread: a browser's driver has an event loop in this one."""
    with ThreadPoolExecutor() as pool:
        return pool.submit(act).result()


@dataclass
class Streets:
    """What the browser reaches of the invitation's endpoints; ``dead`` are hosts where nobody answers."""

    made: RotatingDesk
    invitation: Invitation
    tree: Mapping[str, bytes]
    dead: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        """As a node does below its paths of the day; elsewhere there is nothing."""
        url = route.request.url
        self.asked.append(url)
        if urlsplit(url).hostname in self.dead:
            return route.abort("connectionrefused")
        epoch = self.made.desk.clock.at // DAY
        known = {each.address(epoch) for each in self.invitation.entrances}
        base = next((each for each in known if url.startswith(each)), None)
        body = self.tree.get(url.removeprefix(base)) if base else None
        headers = {"Access-Control-Allow-Origin": "*"}
        return route.fulfill(status=200 if body else 404, headers=headers, body=body or b"")

    def number(self, entrance: Entrance) -> int:
        """What the publisher calls the endpoint of ``entrance``."""
        found = self.made.facts().endpoints.items()
        return next(number for number, each in found if each.declared.text == entrance.text)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[RotatingDesk, Invitation]:
    """A publication that takes reports, and somebody it invited, to two endpoints."""

    def publish() -> tuple[RotatingDesk, Invitation]:
        made = rotating(tmp_path_factory.mktemp("reports"), count=2)
        made.add(98, pool="open")
        made.call("endpoints reports", "--take")
        made.release()
        invitation = made.invite("reader")
        made.heartbeat()
        return made, invitation

    return apart(publish)


@pytest.fixture
def streets(whole: tuple[RotatingDesk, Invitation], context: BrowserContext, tmp_path: Path) -> Streets:
    made, invitation = whole
    assert len(invitation.entrances) == 2
    copied = RotatingDesk(made.desk.copy(tmp_path / "publication"))
    found = Streets(copied, invitation, files_of(made.desk.folder / "tree"))
    context.route(lambda url: url.startswith("https://"), found.answer)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    return found


@pytest.fixture
def door(streets: Streets) -> Iterator[Site]:
    """The mirror that the page comes from, which anybody knows."""
    with sites(streets.tree, 1) as [made]:
        yield made


def hosts(*entrances: Entrance) -> set[str]:
    return {urlsplit(each.text).hostname or "" for each in entrances}


def settings(page: Page, address: str) -> None:
    """Open the news at ``address``, and Settings when all is here."""
    page.goto(address)
    expect(page.locator("nav button")).to_have_count(3)
    expect(page.locator("main [role=link]").first).to_be_visible()
    page.locator("nav button:nth-child(2)").click()
    expect(page.locator("#invitation")).to_be_visible()


def asked(page: Page) -> Locator:
    return page.locator("dialog[open]")


def report(page: Page) -> Locator:
    """Pass the gate of *contact*; the dialog with the report."""
    page.get_by_role("button", name=REPORT).click()
    expect(asked(page).get_by_role("heading", name="Contacting the newsroom")).to_be_visible()
    expect(asked(page).locator(".letters")).to_have_count(0)
    asked(page).locator(".answers .quiet").click()
    expect(asked(page).locator(".letters")).to_be_visible()
    return asked(page)


def copied(page: Page) -> str:
    """Copy the line, through the gate of copying."""
    asked(page).get_by_role("button", name="Copy the line").click()
    expect(asked(page).locator(".safer").first).to_be_visible()
    asked(page).locator(".answers .quiet").click()
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def taken(streets: Streets, capsys: pytest.CaptureFixture[str], text: str) -> dict[str, Any]:
    """What ``mirror endpoints reports`` says to it."""
    capsys.readouterr()
    file = written(streets.made.desk.folder.parent, text)
    assert apart(lambda: streets.made.call("endpoints reports", "--json", file)) == 0
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def test_the_publisher_takes_what_the_page_makes(
    page: Page, streets: Streets, door: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    dead, alive = streets.invitation.entrances
    streets.dead = hosts(dead)
    settings(page, streets.invitation.link(door.page))
    assert hosts(alive) <= {urlsplit(each).hostname for each in streets.asked}
    sent = len(streets.asked), len(door.asked)
    told = report(page).inner_text().replace("\u2068", "").replace("\u2069", "")
    for words in (
        "mirror 1 did not answer",
        "which invitation is yours",
        "not tell where you are",
        "Nothing is sent",
    ):
        assert words in told
    assert "mirror 2" not in told
    letters = asked(page).locator(".letters").inner_text()
    assert asked(page).locator(".letters").get_attribute("dir") == "ltr"
    line = copied(page)
    assert spelling.from_letters(letters) == spelling.from_line(line)
    assert (len(streets.asked), len(door.asked)) == sent, "nothing is sent"
    assert page.evaluate(STORES) == [], "nothing is kept"

    altered = line[:200] + ("A" if line[200] != "A" else "B") + line[201:]
    assert taken(streets, capsys, altered)["refused"] == {"report-unreadable": 1}
    assert taken(streets, capsys, letters.replace(letters[60:62], "", 1))["refused"] == {"report-damaged": 1}
    said = taken(streets, capsys, line)
    assert (said["noted"], said["refused"]) == (1, {})
    number = apart(lambda: streets.number(dead))
    assert [(each["endpoint"], each["voices"], each["countries"]) for each in said["silent"]] == [
        (number, 1, {})
    ]
    assert taken(streets, capsys, letters)["refused"] == {"report-repeated": 1}


def test_no_two_reports_are_alike(page: Page, streets: Streets, door: Site) -> None:
    streets.dead = hosts(streets.invitation.entrances[0])
    settings(page, streets.invitation.link(door.page))
    first = report(page).locator(".letters").inner_text()
    asked(page).get_by_role("button", name="Close").click()
    expect(asked(page)).to_have_count(0)
    assert report(page).locator(".letters").inner_text()[3:40] != first[3:40]


def test_it_is_offered_to_the_invited_alone_and_only_where_something_was_silent(
    page: Page, streets: Streets, door: Site
) -> None:
    offered = page.get_by_role("button", name=REPORT)
    settings(page, streets.invitation.link(door.page))
    expect(page.get_by_role("button", name="Invite a friend")).to_be_visible()
    expect(offered).to_have_count(0)
    page.goto("about:blank")
    settings(page, door.page)
    expect(page.get_by_role("button", name="Invite a friend")).to_have_count(0)
    expect(offered).to_have_count(0)


def test_where_the_browser_cannot_seal_it_is_not_offered(page: Page, streets: Streets, door: Site) -> None:
    streets.dead = hosts(*streets.invitation.entrances)
    settings(page, streets.invitation.link(door.page))
    expect(page.get_by_role("button", name=REPORT)).to_have_count(1)
    page.goto("about:blank")
    page.add_init_script(
        "const before = crypto.subtle.importKey.bind(crypto.subtle);"
        "crypto.subtle.importKey = (form, key, how, ...more) =>"
        " how === 'X25519' ? Promise.reject(new DOMException('', 'NotSupportedError'))"
        " : before(form, key, how, ...more);"
    )
    settings(page, streets.invitation.link(door.page))
    expect(page.get_by_role("button", name="Invite a friend")).to_be_visible()
    expect(page.get_by_role("button", name=REPORT)).to_have_count(0)


def test_the_link_for_a_friend_can_be_copied_and_opens(page: Page, streets: Streets, door: Site) -> None:
    settings(page, streets.invitation.link(door.page))
    page.get_by_role("button", name="Invite a friend").click()
    proceed = asked(page).locator(".answers .quiet")
    expect(proceed).to_be_visible()
    while proceed.count():  # asked once or twice, as the notices say
        proceed.click()
    copy = asked(page).get_by_role("button", name="Copy link")
    expect(copy).to_have_count(0)
    asked(page).locator("#friend").fill("3")
    asked(page).get_by_role("button", name="The link for this friend").click()
    copy.click()
    expect(page.get_by_role("status").filter(has_text="Copied.")).to_be_visible()
    link = str(page.evaluate("navigator.clipboard.readText()"))
    assert link.startswith(f"{door.page}#")
    friend = parse(link)
    assert friend.keyring.depth == streets.invitation.keyring.depth + 1
    assert friend.entrances
    page.goto("about:blank")
    settings(page, link)
    expect(page.get_by_role("button", name="Invite a friend")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ru", "fa"])
def test_everyone_can_use_the_dialog_on_a_phone(
    browser: Browser, streets: Streets, door: Site, language: str
) -> None:
    streets.dead = hosts(*streets.invitation.entrances)
    with browser.new_context(
        locale=language, viewport={"width": 360, "height": 640}, bypass_csp=True
    ) as context:
        context.route(lambda url: url.startswith("https://"), streets.answer)
        page = context.new_page()
        settings(page, streets.invitation.link(door.page))
        page.locator("main .buttons button").last.click()
        asked(page).locator(".answers .quiet").click()
        letters = asked(page).locator(".letters")
        expect(letters).to_be_visible()
        page.evaluate(SCRIPT)
        assert problems(page.evaluate(LOOK)) == []
        assert max(page.evaluate(SIDEWAYS)) <= 0, "nothing is cut off"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.set_viewport_size({"width": 320, "height": 480})
        page.evaluate("document.documentElement.style.fontSize = '175%'")
        assert max(page.evaluate(SIDEWAYS)) <= 0, "nothing is cut off, however large the letters"
        lines = letters.inner_text().splitlines()
        assert [len(each) for each in lines] == [29] * 20
        # All of it can be selected.
        page.evaluate("getSelection().selectAllChildren(document.querySelector('.letters'))")
        assert str(page.evaluate("`${getSelection()}`")).split() == lines
