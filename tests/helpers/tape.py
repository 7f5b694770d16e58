"""What Python's network, plans and scouts are told and say, written down for their twins in TypeScript.

While a ``Tape`` runs, every call from outside to a ``Network``, a ``Plan`` or a ``Scout`` is on it, with
what it gave; what they call of each other is not. The twin is told the same and must say the same.
"""

import inspect
import math
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple
from functools import wraps
from typing import Any, Final
from unittest.mock import patch

from helpers.node import Node
from mirror.client.network import EndpointFacts, Fetched, LineFacts, Network
from mirror.client.plan import Close, GiveUp, Plan, Start, Stop
from mirror.client.scout import Abandon, Begin, Scout

_CALLED: Final = {
    Network: "meet gave failed lied streams flowed may_ask open_line idle_line has_idle is_spent carried "
    "stopped close_line patience connect_patience expected cost",
    Plan: "connected received verified wrong failed decide wake cancel",
    Scout: "connected received answered decide wake",
}


class Tape:
    """Calls and what they gave, as JSON."""

    def __init__(self) -> None:
        self.calls: list[list[Any]] = []
        self.given: list[Any] = []
        self._things: list[Any] = []
        self._depth = 0

    @contextmanager
    def running(self) -> Generator[None]:
        """Record until the end of the context."""
        with ExitStack() as stack:
            for kind, names in _CALLED.items():
                stack.enter_context(patch.object(kind, "__init__", self._making(kind)))
                for name in names.split():
                    stack.enter_context(patch.object(kind, name, self._calling(kind, name)))
            for kind in (Network, LineFacts, EndpointFacts):
                stack.enter_context(patch.object(kind, "__setattr__", self._setting(kind)))
            yield

    def compare(self, node: Node) -> None:
        """Tell the twin all of it; fail at the first thing that it says otherwise."""
        for place, thing in enumerate(self._things):
            if isinstance(thing, Network):
                self._write("facts", place, (), _facts(thing))
            else:
                self._write("is_done", place, (), thing.is_done)
        said = node.ask("replay", self.calls)
        for number, (call, ours, its) in enumerate(zip(self.calls, self.given, said, strict=True)):
            assert its == ours, f"at call {number}: {call}, after {self.calls[max(0, number - 3) : number]}"

    # --- recording ------------------------------------------------------------------------------

    def _write(self, what: str, on: int, arguments: tuple[Any, ...], gave: object) -> None:
        self.calls.append([what, on, *arguments])
        self.given.append(gave)

    def _place(self, thing: object) -> int:
        return next(place for place, each in enumerate(self._things) if each is thing)

    @contextmanager
    def _inside(self) -> Generator[bool]:
        """True when called from outside of all that is recorded."""
        self._depth += 1
        try:
            yield self._depth == 1
        finally:
            self._depth -= 1

    def _making(self, kind: Any) -> Callable[..., None]:
        original: Callable[..., None] = kind.__init__

        @wraps(original)
        def init(thing: Any, *args: Any, **more: Any) -> None:
            given = inspect.signature(original).bind(thing, *args, **more)
            given.apply_defaults()
            values = dict(given.arguments)
            if kind is Network:
                values["names"] = list(dict.fromkeys(values["names"]))
                opening = values["opening"] or {}
                arguments: list[Any] = [[[name, opening.get(name, 0)] for name in values["names"]]]
            elif kind is Plan:
                values["pieces"] = list(values["pieces"])
                arguments = [self._place(values["network"]), values["pieces"]]
            else:
                for name in ("leads", "vouched"):
                    values[name] = sorted(values[name])
                arguments = [
                    self._place(values["network"]),
                    *map(values.get, ("sources", "leads", "vouched")),
                ]
                arguments.append(values["everyone"])
            self._things.append(thing)
            with self._inside():
                original(**{"self": thing} | {name: each for name, each in values.items() if name != "self"})
            self._write(kind.__name__, -1, tuple(arguments), None)

        return init

    def _calling(self, kind: type, name: str) -> Callable[..., Any]:
        original = getattr(kind, name)
        signature = inspect.signature(original)

        @wraps(original)
        def call(thing: Any, *args: Any, **more: Any) -> Any:
            with self._inside() as is_outside:
                gave = original(thing, *args, **more)
            if is_outside:
                given = signature.bind(thing, *args, **more)
                given.apply_defaults()
                arguments = tuple(map(_told, tuple(given.arguments.values())[1:]))
                self._write(name, self._place(thing), arguments, _told(gave))
            return gave

        return call

    def _setting(self, kind: Any) -> Callable[[Any, str, Any], None]:
        original: Callable[[Any, str, Any], None] = kind.__setattr__

        def set_(thing: Any, name: str, value: Any) -> None:
            original(thing, name, value)
            if self._depth:
                return
            head, *rest = name.split("_")
            twin = head + "".join(map(str.capitalize, rest))
            if kind is Network:
                self._write("set", self._place(thing), (twin, value), None)
            for place, network in enumerate(self._things):
                if isinstance(network, Network):
                    known: Any = network.lines if kind is LineFacts else network.endpoints
                    what = "set line" if kind is LineFacts else "set endpoint"
                    for key in [key for key, each in known.items() if each is thing]:
                        self._write(what, place, (key, twin, value), None)

        return set_


def _told(value: object) -> Any:
    """``value`` as the twin's answers spell it."""
    match value:
        case Start() | Close():
            return [type(value).__name__.lower(), *astuple(value)]
        case Stop():
            return ["stop", *astuple(value)]
        case GiveUp():
            return ["give up", value.piece, dict(value.failures)]
        case Begin():
            return [value.number, None]
        case Abandon():
            return [value.number, value.code]
        case Fetched():
            names = ("endpoint", "connect", "answer", "took", "size")
            return dict(zip(names, astuple(value), strict=True))
        case list():
            return [_told(each) for each in value]
        case float() if math.isinf(value):
            return "inf"
        case _:
            return value


def _facts(network: Network) -> list[Any]:
    endpoints = [
        [
            name,
            each.place,
            each.standing,
            each.strikes,
            each.free_at,
            each.under_way,
            each.has_given,
            each.took.mean,
            each.answer.most,
            each.connect.most,
            network.patience(name),
            network.connect_patience(name),
            network.cost(name),
        ]
        for name, each in network.endpoints.items()
    ]
    lines = [[number, each.endpoint, each.carried, each.is_busy] for number, each in network.lines.items()]
    seen = [network.curtain, network.safe, network.window, network.under_way, network.rate, network.room]
    return [*seen, network.expected(), endpoints, lines]
