"""An event loop whose time only tests move: waiting costs nothing, and every instant is exact.

Whatever sleeps, sleeps in the loop's own seconds; when nobody can go on, time jumps to the next
timer. It stands while a thread of the loop's works. Only for coroutines that wait for nothing else outside.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class _Jumping(selectors.DefaultSelector):
    """A selector that never waits for time: it says how long it would have."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.outside = 0  # that many threads have work of ours

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.outside:  # only a thread can bring anything now
            return super().select(None)
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """``time()`` begins at 0."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """The virtual instant."""
        return self._jumping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Time stands until ``func`` has returned."""
        self._jumping.outside += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._returned)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:  # noqa: ASYNC109
        """Time stands meanwhile, and so no ``timeout`` passes."""
        self._jumping.outside += 1
        await super().shutdown_default_executor()
        self._jumping.outside -= 1

    def _returned(self, _future: object) -> None:
        self._jumping.outside -= 1


def play(story: Coroutine[Any, Any, T]) -> T:
    """Run ``story`` in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)


def elapsed() -> float:
    """Seconds since the story began."""
    return asyncio.get_running_loop().time()
