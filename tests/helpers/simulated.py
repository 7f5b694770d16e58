"""A network of simulated hosts that drives a ``Plan`` in virtual time: no loop, no socket.

The driver is as obedient as the real shell, and checks at each step what a plan may never do.
"""

import heapq
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from mirror.client.network import Network
from mirror.client.plan import Close, GiveUp, Plan, Start, Stop
from mirror.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR, MAX_PIECE
from mirror.net import ABSENT

CHUNK = 2_560
DEADLINE = 40.0  # of the transport, for one request
SOON_ENOUGH = 24 * 3_600.0  # what does not end in a day never ends


@dataclass(frozen=True)
class Host:
    """One endpoint. Seconds and bytes; ``connect`` None: a connection never comes.

    ``fails`` is the code that it answers with instead of a piece; ``freeze`` the bytes after which a
    connection says nothing more; ``fickle`` the share of requests that break off.
    """

    connect: float | None = 0.1
    answer: float = 0.1
    rate: float = 1e6
    lies: bool = False
    fails: str = ""
    freeze: int | None = None
    fickle: float = 0.0

    @property
    def is_good(self) -> bool:
        """True when it gives every piece in the end, each on a connection of its own."""
        is_whole = self.freeze is None or self.freeze >= MAX_PIECE
        return self.connect is not None and not (self.lies or self.fails or self.fickle) and is_whole


@dataclass
class Story:
    """What came out: who gave each piece, what was given up, when, and at what price."""

    gave: dict[str, str] = field(default_factory=dict)
    given_up: dict[str, dict[str, int]] = field(default_factory=dict)
    at: float = 0.0
    asked: Counter[str] = field(default_factory=Counter)
    connections: int = 0
    most: int = 0
    sent: int = 0  # bytes of all answers


class Simulation:
    """``hosts`` and one plan for ``pieces``; ``chooser`` orders the events of one instant.

    ``link``: bytes per second that all connections share; None: no bound.
    """

    def __init__(
        self,
        hosts: Sequence[Host],
        pieces: Sequence[str],
        chooser: random.Random,
        *,
        network: Network | None = None,
        link: float | None = None,
    ) -> None:
        self.hosts = {f"m{place}": host for place, host in enumerate(hosts)}
        self.network = network or Network(self.hosts)
        self.plan = Plan(self.network, pieces)
        self.story = Story()
        self._pieces = set(pieces)
        self._chooser = chooser
        self._link = link
        self._link_free = 0.0
        self._events: list[tuple[float, float, int, str, int]] = []
        self._running: dict[int, Start] = {}
        # Bytes that each open line has carried; those of an earlier plan are still open.
        self._lines = {number: line.carried for number, line in self.network.lines.items()}
        self._liars: set[str] = set()
        self._breaks: dict[int, bool] = {}
        self._began: dict[int, float] = {}

    def run(self) -> Story:
        """Play until the plan says it is done."""
        now = 0.0
        steps = 0
        self._obey(now)
        while not self.plan.is_done:
            steps += 1
            assert steps < 200_000, "this does not end"
            wake = self.plan.wake(now)
            next_event = self._events[0][0] if self._events else None
            times = [time for time in (wake, next_event) if time is not None]
            assert times, "it waits for nothing"
            now = max(now, min(times))
            assert now < SOON_ENOUGH, "this does not end"
            while self._events and self._events[0][0] <= now:
                _, _, number, what, size = heapq.heappop(self._events)
                self._happen(number, what, size, now)
            self._obey(now)
        assert not self._running
        assert self.network.under_way == 0
        assert all(facts.under_way == 0 for facts in self.network.endpoints.values())
        assert not any(line.is_busy for line in self.network.lines.values())
        assert set(self.network.lines) == set(self._lines)
        assert self.story.gave.keys() | self.story.given_up.keys() == self._pieces
        assert not self.story.gave.keys() & self.story.given_up.keys()
        self.story.at = now
        return self.story

    def _obey(self, now: float) -> None:
        for action in self.plan.decide(now):
            match action:
                case Start():
                    self._start(action, now)
                case Stop():
                    del self._running[action.number]
                    del self._lines[action.line]
                case Close():
                    assert all(start.line != action.line for start in self._running.values())
                    del self._lines[action.line]
                case GiveUp():
                    assert action.piece not in self.story.given_up
                    assert action.piece not in self.story.gave
                    self.story.given_up[action.piece] = dict(action.failures)
        self.story.most = max(self.story.most, len(self._running))
        assert len(self._running) <= MAX_CONNECTIONS
        busy = Counter(start.endpoint for start in self._running.values())
        assert not busy or max(busy.values()) <= MAX_CONNECTIONS_PER_MIRROR
        assert len(self._lines) <= MAX_CONNECTIONS
        lines = Counter(line.endpoint for line in self.network.lines.values())
        assert not lines or max(lines.values()) <= MAX_CONNECTIONS_PER_MIRROR

    def _start(self, start: Start, now: float) -> None:
        assert start.endpoint not in self._liars, "a liar is asked again"
        assert start.piece not in self.story.gave
        assert start.piece not in self.story.given_up
        assert all(each.line != start.line for each in self._running.values()), "a line for two"
        self._running[start.number] = start
        self._began[start.number] = now
        self.story.asked[start.endpoint] += 1
        host = self.hosts[start.endpoint]
        is_new = start.line not in self._lines
        self._lines.setdefault(start.line, 0)
        if is_new:
            self.story.connections += 1
            if host.connect is None:
                self._later(now + DEADLINE, start.number, "silent")
                return
            now += host.connect
            self._later(now, start.number, "connected")
        if host.fails:
            self._later(now + host.answer, start.number, host.fails)
            return
        self._breaks[start.number] = self._chooser.random() < host.fickle
        self._later(now + host.answer, start.number, "bytes", 0)

    def _next_chunk(self, number: int, size: int, now: float) -> None:
        """``size`` bytes are here; what comes next, and when."""
        start = self._running[number]
        host = self.hosts[start.endpoint]
        if size >= MAX_PIECE:
            self._later(now, number, "bad" if host.lies else "good")
            return
        if self._breaks[number] and size > CHUNK:
            self._later(now, number, "broken")
            return
        if host.freeze is not None and self._lines[start.line] + size + CHUNK > host.freeze:
            self._later(now + DEADLINE, number, "silent")
            return
        at = now + CHUNK / host.rate
        if self._link is not None:
            self._link_free = max(self._link_free, at) + CHUNK / self._link
            at = self._link_free
        if at > self._began[number] + DEADLINE:
            self._later(self._began[number] + DEADLINE, number, "silent")
        else:
            self._later(at, number, "bytes", size + CHUNK)

    def _later(self, at: float, number: int, what: str, size: int = 0) -> None:
        heapq.heappush(self._events, (at, self._chooser.random(), number, what, size))

    def _happen(self, number: int, what: str, size: int, now: float) -> None:
        start = self._running.get(number)
        if start is None:  # stopped meanwhile; the real shell may be late by one event as well
            self.plan.received(number, size, now)
            return
        if what == "connected":
            self.plan.connected(number, now)
            return
        if what == "bytes":
            self.story.sent += min(size, CHUNK)
            self.plan.received(number, size, now)
            self._next_chunk(number, size, now)
            return
        del self._running[number]
        if what == "good":
            self._lines[start.line] += MAX_PIECE
            if self.plan.verified(number, now):
                assert start.piece not in self.story.gave, "two outcomes"
                self.story.gave[start.piece] = start.endpoint
            return
        if what != ABSENT:
            del self._lines[start.line]
        if what == "bad":
            self._liars.add(start.endpoint)
            self.plan.wrong(number)
        else:
            self.plan.failed(number, what, now)
