"""How long the doctor waits, and what it sees meanwhile: one request, and all of them on one link.

Rules:

1. A wait ends when its time passes without a sign of life. Every stage and every byte is one, also those
   of other requests: on a slow link they hold one another up.
2. Nothing puts a wait off beyond its end in any case (``until``).
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from mirror.client.diagnosis import SLOW
from mirror.clock import Clock
from mirror.limits import DOCTOR_CONNECT_SECONDS, DOCTOR_SILENT_SECONDS, DOCTOR_WHOLE_SECONDS
from mirror.net import Stage

SLOW_LINK: Final = 2 * SLOW  # bytes a second
_BUSY_SECONDS: Final = 1.0  # since the last byte


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds: for a connection to stand, for the next byte on it, and for each half of an examination."""

    connect: float = DOCTOR_CONNECT_SECONDS
    silent: float = DOCTOR_SILENT_SECONDS
    whole: float = DOCTOR_WHOLE_SECONDS


@dataclass(slots=True)
class Traffic:
    """What came over all lines together, and who waits for more.

    ``is_slow``: so was the link when a full piece was last seen to come.
    """

    clock: Clock
    size: int = 0
    last_at: float = 0.0
    is_slow: bool = False
    waiting: list["Watcher"] = field(default_factory=list)
    alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    def came(self, size: int) -> None:
        """``size`` bytes more are here."""
        self.size += size
        self.last_at = self.clock.monotonic()
        for watcher in self.waiting:
            watcher.put_off()

    def is_busy(self) -> bool:
        """True while a slow link carries something."""
        now = self.clock.monotonic()
        if now - self.last_at > _BUSY_SECONDS:
            return False
        return any(watcher.sees_slow_link(now) for watcher in self.waiting)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """While the link is slow, one at a time."""
        if not self.is_slow:
            yield
            return
        async with self.alone:
            yield


@dataclass(slots=True, eq=False)
class Watcher:
    """``net.Watch`` of one request; every sign of life puts the end of waiting off.

    ``until`` is of the loop's clock: nothing puts it off further. ``seconds`` is how long it waits now.
    """

    clock: Clock
    patience: Patience
    traffic: Traffic
    until: float
    seconds: float
    begun: float = field(init=False)
    before: int = field(init=False)
    stages: dict[Stage, float] = field(default_factory=dict)
    size: int = 0
    first: tuple[float, int] | None = None  # when the first byte came, and what had come by then
    deadline: asyncio.Timeout = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.clock.monotonic()
        self.before = self.traffic.size
        self.deadline = asyncio.timeout_at(self._end())

    def reached(self, stage: Stage) -> None:
        """See ``net.Watch``."""
        self.stages[stage] = self.clock.monotonic() - self.begun
        stands = stage in (Stage.SECURED, Stage.ANSWERED)
        self.seconds = self.patience.silent if stands else self.patience.connect
        self.put_off()

    def received(self, size: int) -> None:
        """See ``net.Watch``."""
        self.size, came = size, size - self.size
        self.traffic.came(came)
        if self.first is None:
            self.first = self.clock.monotonic(), self.traffic.size

    def put_off(self) -> None:
        """Wait on: there was a sign of life."""
        # The library finishes a lookup of ours, and tells of it, also when the request was given up.
        if self in self.traffic.waiting and not self.deadline.expired():
            self.deadline.reschedule(self._end())

    def sees_slow_link(self, now: float) -> bool:
        """True when all that came since the first byte of this request came slowly."""
        if self.first is None:
            return False
        at, before = self.first
        return self.traffic.size - before < SLOW_LINK * (now - at)

    def _end(self) -> float:
        return min(asyncio.get_running_loop().time() + self.seconds, self.until)
