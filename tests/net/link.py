"""One direction of the access link: a queue that all connections share, first come, first served.

Rules:

1. What is put in has a moment at which it comes to the link. It waits for what came before, then takes
   ``size / rate`` seconds, and is handed over when its last byte is through.
2. Those moments are computed, never measured: lateness of the event loop delays one parcel, and adds up
   to nothing. Nothing is ever handed over early.
3. What its sender had not sent when its connection was closed does not come; what was sent takes its
   time on the link, and is handed over to nobody.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from heapq import heappop, heappush
from math import inf


class End(Enum):
    """What ends a connection, in its place among the bytes."""

    FIN = auto()
    RST = auto()


Load = bytes | End


@dataclass(slots=True, eq=False)
class Flow:
    """One connection's use of one direction."""

    hand_over: Callable[[Load], None]
    closed_at: float = inf  # of the loop's clock


Parcel = tuple[float, int, float, Load, Flow]  # when it comes, number, when it was sent, what, whose


class Lane:
    """A queue served at ``bytes_per_second``; None is at once, in the order in which things come."""

    def __init__(self, bytes_per_second: float | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._seconds_per_byte = 0.0 if bytes_per_second is None else 1 / bytes_per_second
        self._coming: list[Parcel] = []  # a heap: ways differ in how long they are
        self._leaving: deque[tuple[float, Load, Flow]] = deque()
        self._free_at = 0.0
        self._numbers = 0
        self._timer: asyncio.TimerHandle | None = None

    def put(self, flow: Flow, load: Load, *, comes_at: float, sent_at: float) -> None:
        """Let ``load`` come to the link at ``comes_at``; its sender lets go of it at ``sent_at`` (rule 3)."""
        self._numbers += 1
        heappush(self._coming, (comes_at, self._numbers, sent_at, load, flow))
        if self._timer is None or comes_at < self._timer.when():
            self._arm()

    def close(self) -> None:
        """Forget everything."""
        if self._timer is not None:
            self._timer.cancel()
        self._coming.clear()
        self._leaving.clear()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        heads = [queue[0][0] for queue in (self._coming, self._leaving) if queue]
        if heads:
            self._timer = self._loop.call_at(min(heads), self._serve)

    def _serve(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._coming and self._coming[0][0] <= now:
            comes_at, _, sent_at, load, flow = heappop(self._coming)
            if sent_at > flow.closed_at:
                continue
            size = 0 if isinstance(load, End) else len(load)
            self._free_at = max(comes_at, self._free_at) + size * self._seconds_per_byte  # rule 2
            self._leaving.append((self._free_at, load, flow))
        while self._leaving and self._leaving[0][0] <= now:
            _, load, flow = self._leaving.popleft()
            flow.hand_over(load)
        self._arm()
