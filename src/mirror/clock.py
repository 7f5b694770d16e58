"""Time as an argument: the shells hold a ``Clock``, the core is given instants.

An instant is a whole number of seconds since 1970-01-01T00:00:00Z (``int``, Unix time, UTC).
"""

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What the shells need of time."""

    def now(self) -> int:
        """The device's idea of the current instant. It may be wrong by years."""

    def monotonic(self) -> float:
        """Seconds that only ever grow, for durations."""

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time."""


class SystemClock:
    """The device's clock."""

    def now(self) -> int:
        """The device's wall clock, in whole seconds."""
        return int(time.time())

    def monotonic(self) -> float:
        """The event loop's kind of time."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await asyncio.sleep(seconds)
