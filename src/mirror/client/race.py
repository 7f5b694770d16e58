"""A set of files fetched as ``plan`` decides: the asynchronous shell that obeys it.

Rules:

1. Every request runs in one task group: when the race ends, by success, failure or cancellation,
   nothing is left running and no connection that was in use stays open.
2. Every wait ends: the plan says when to look again, and each transport has its deadlines.
3. What comes is checked here before anybody sees it. What is right is handed on at once and counted
   once; what comes after it is thrown away unseen.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from mirror.client.lines import Bell, Lines
from mirror.client.plan import Close, GiveUp, Plan, Start, Stop
from mirror.client.report import STALE, Ledger, Part
from mirror.net import ABSENT, SILENT, Stage

Take = Callable[[str, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Errand:
    """One file to fetch: its path on every mirror, the most bytes it has, what tells it from others,
    and what it is for.

    ``is_honest`` tells what an honest mirror may give in its place: counts as if it had no such file.
    """

    path: str
    limit: int
    is_right: Callable[[bytes], bool]
    part: Part
    is_honest: Callable[[bytes], bool] = field(default=lambda _data: False)


class Race:
    """One race for ``errands`` (by any name); ``take`` gets each file as it is verified."""

    def __init__(self, lines: Lines, ledger: Ledger, errands: Mapping[str, Errand], take: Take) -> None:
        self._lines = lines
        self._ledger = ledger
        self._errands = errands
        self._take = take
        self._plan = Plan(lines.network, errands)
        self._bell = Bell()
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._failures: dict[str, int] | None = None

    async def run(self) -> dict[str, int] | None:
        """Fetch. None when everything came; otherwise what the endpoints did instead, by code.

        Raises:
            MirrorError: What ``take`` raised; nothing is under way any more.
        """
        self._lines.bells.add(self._bell)
        with ungrouped():
            async with asyncio.TaskGroup() as group:
                try:
                    while True:
                        await self._obey(group)
                        if self._plan.is_done:
                            break
                        await self._bell.wait(self._plan.wake(self._bell.now()))
                finally:
                    self._lines.bells.discard(self._bell)
                    self._plan.cancel()
                    self._lines.ring()
        return self._failures

    async def _obey(self, group: asyncio.TaskGroup) -> None:
        for action in self._plan.decide(self._bell.now()):
            match action:
                case Start():
                    self._tasks[action.number] = group.create_task(self._attempt(action))
                case Stop():
                    self._tasks.pop(action.number).cancel()
                    self._ledger.threw_away(action.received)
                    if action.is_late:
                        self._ledger.failed(action.endpoint, self._errands[action.piece].part, SILENT)
                case Close():
                    await self._lines.close(action.line)
                case GiveUp():
                    self._failures = self._failures or {}
                    for code, count in action.failures.items():
                        self._failures[code] = max(self._failures.get(code, 0), count)

    async def _attempt(self, start: Start) -> None:
        errand = self._errands[start.piece]

        def told(what: Stage | int) -> None:
            now = self._bell.now()
            if what is Stage.SECURED:
                self._plan.connected(start.number, now)
            elif isinstance(what, int) or what is Stage.ANSWERED:
                size = what if isinstance(what, int) else 0
                if self._plan.received(start.number, size, now):
                    self._bell.ring()

        answer = await self._lines.ask(start.line, start.endpoint, errand.path, errand.limit, told)
        self._tasks.pop(start.number, None)
        self._lines.ring()
        if isinstance(answer, str):
            self._ledger.failed(start.endpoint, errand.part, answer)
            self._plan.failed(start.number, answer, self._bell.now())
        elif not errand.is_right(answer) and errand.is_honest(answer):
            self._ledger.threw_away(len(answer))
            self._ledger.failed(start.endpoint, errand.part, STALE)
            self._plan.failed(start.number, ABSENT, self._bell.now())
        elif not errand.is_right(answer):
            self._ledger.lied(start.endpoint, errand.part, len(answer))
            self._plan.wrong(start.number)
            await self._lines.close(start.line)
        elif self._plan.verified(start.number, self._bell.now()):
            self._ledger.gave(start.endpoint, errand.part, len(answer))
            await self._take(start.piece, answer)
        else:
            self._ledger.threw_away(len(answer))


@contextmanager
def ungrouped() -> Generator[None]:
    """Let the first error out of the groups that task groups wrap even a single one in."""
    try:
        yield
    except BaseExceptionGroup as group:
        inner: BaseException = group
        while isinstance(inner, BaseExceptionGroup):
            inner = inner.exceptions[0]
        raise inner from None
