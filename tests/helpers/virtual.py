"""An event loop whose time only tests move: waiting costs nothing, and every instant is exact.

Whatever sleeps, sleeps in the loop's own seconds; when nobody can go on, time jumps to the next
timer. Only for coroutines that wait for nothing outside of the loop.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """A selector that never waits for time: it says how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready:
            return ready
        if timeout is None:  # no timer: only a thread can bring anything now
            return super().select(None)
        self.now += max(timeout, 0.0)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """The virtual instant."""
        return self._jumping.now


def play(story: Coroutine[Any, Any, T]) -> T:
    """Run ``story`` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)


def elapsed() -> float:
    """Seconds since the story began."""
    return asyncio.get_running_loop().time()
