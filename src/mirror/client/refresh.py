"""Refreshing the metadata: an asynchronous shell around ``trust.session`` and ``scout``. It decides nothing.

Every request has a deadline, in the transport; when to ask and how long to wait is the scout's.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from mirror.client.lines import Bell, Lines
from mirror.client.network import Fetched
from mirror.client.race import ungrouped
from mirror.client.report import Ledger, Part
from mirror.client.scout import Abandon, Begin, Scout
from mirror.clock import Clock
from mirror.errors import StorageError
from mirror.limits import MAX_PIECE
from mirror.model import Endpoint
from mirror.net import ABSENT, UNASKED, Stage, Transport
from mirror.store.generations import CHANGED, GenerationStore
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import SessionLimits, Stored
from mirror.trust.verified import Verified

__all__ = ["refresh", "update"]

FOLDER: Final = "m/"
_TIMESTAMP: Final = "timestamp.json"
_WITNESSED: Final = (_TIMESTAMP, ".root.json")  # what several are asked for; the rest is one's to give


async def refresh(
    session: MetadataSession, lines: Lines, ledger: Ledger, *, everyone: bool = False
) -> Verified:
    """Drive ``session`` over ``lines`` (whose mirrors are its sources) until it ends, and return its result.

    ``everyone``: ask all mirrors and wait longer for the slow ones, so that each is judged.

    Raises:
        UnreachableError, TrustError, FormatError: As ``MetadataSession.result``.
    """
    vouched: set[str] = set()
    while asks := session.requests():
        with ungrouped():
            await _Round(session, asks, lines, ledger, vouched, everyone=everyone).run()
    return session.result()


async def update(
    store: GenerationStore,
    first_root: bytes,
    mirrors: Sequence[Endpoint],
    transport: Transport,
    clock: Clock,
    *,
    wanted: Sequence[str],
    head: str | None,
    ledger: Ledger | None = None,
    limits: SessionLimits | None = None,
) -> Verified:
    """Refresh from what ``store`` holds (or from ``first_root``), and store what was learnt.

    Asks every mirror. Also stores when the result is not current: that a newer statement was seen,
    and how late it is, must not be forgotten. Without any mirror this only judges what is stored.

    Raises:
        UnreachableError, TrustError: Nothing complete is stored and the mirrors did not give it.
        StorageError: The store cannot be read or written. ``store-damaged``: what was stored is
            lost, and with it the memory of the newest version seen; the caller decides.
        FormatError: ``stored-trust``: the same, of our own part of it.
    """
    generation = await asyncio.to_thread(store.load)
    stored = Stored(root=first_root) if generation is None else Stored.from_files(generation.files)
    names = [mirror.name for mirror in mirrors]
    session = MetadataSession(stored, names, now=clock.now(), wanted=wanted, head=head, limits=limits)
    lines = Lines(mirrors, transport)
    try:
        verified = await refresh(session, lines, ledger or Ledger(names), everyone=True)
    finally:
        await lines.close_all()
    if verified.stored != stored:
        after = 0 if generation is None else generation.number
        try:
            await asyncio.to_thread(store.commit, verified.stored.to_files(), after=after)
        except StorageError as error:
            if error.code != CHANGED:  # another process refreshed at the same time: as good as ours
                raise
    return verified


class _Round:
    """One round of a session: every ask is answered to the session before it ends."""

    def __init__(
        self,
        session: MetadataSession,
        asks: Sequence[Ask],
        lines: Lines,
        ledger: Ledger,
        vouched: set[str],
        *,
        everyone: bool,
    ) -> None:
        self._session = session
        self._asks = asks
        self._lines = lines
        self._ledger = ledger
        self._vouched = vouched
        leads = [number for number, ask in enumerate(asks) if not ask.path.endswith(_WITNESSED)]
        self._has_timestamps = any(ask.path == _TIMESTAMP for ask in asks)
        sources = [ask.source for ask in asks]
        self._scout = Scout(lines.network, sources, leads, frozenset(vouched), everyone=everyone)
        self._bell = Bell()
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                for action in self._scout.decide(self._bell.now()):
                    match action:
                        case Begin(number):
                            self._tasks[number] = group.create_task(self._request(number))
                        case Abandon(number, code):
                            if number in self._tasks:
                                self._tasks[number].cancel()
                                if code != UNASKED:
                                    self._lines.network.failed(self._asks[number].source, self._bell.now())
                            self._session.failed(self._asks[number], code)
                if self._scout.is_done:
                    return
                await self._bell.wait(self._scout.wake(self._bell.now()))

    async def _request(self, number: int) -> None:
        """Send one request, and tell the network, the scout and the session how it went."""
        ask, network = self._asks[number], self._lines.network
        line = network.idle_line(ask.source, may_probe=False)
        is_new = line is None
        if line is None:
            line = network.open_line(ask.source)
        network.lines[line].is_busy = True
        timing = _Timing(self._bell.now(), is_new=is_new)

        def told(what: Stage | int) -> None:
            now = self._bell.now()
            timing.told(what, now)
            if isinstance(what, int):
                if timing.received:
                    network.flowed(what - timing.received, now)
                else:
                    network.streams(1, now)
                timing.received = what
                self._scout.received(number, what, now)
            elif what is Stage.SECURED:
                self._scout.connected(number, now)

        try:
            answer = await self._lines.ask(line, ask.source, FOLDER + ask.path, ask.limit, told)
        except BaseException:
            network.close_line(line)
            raise
        finally:
            if timing.received:
                network.streams(-1, self._bell.now())
        now = self._bell.now()
        is_good = self._session.may_be_genuine(ask, answer) if isinstance(answer, bytes) else answer == ABSENT
        vouches = ask.path == _TIMESTAMP or not self._has_timestamps
        self._scout.answered(number, now, is_good=is_good, vouches=vouches)
        self._bell.ring()
        if isinstance(answer, bytes) or answer == ABSENT:
            network.lines[line].is_busy = False
            network.carried(line, 0 if isinstance(answer, str) else len(answer))
        else:
            network.close_line(line)
            network.failed(ask.source, now)
        if isinstance(answer, bytes):
            if is_good:
                network.gave(timing.fetched(ask.source, len(answer), now))
                self._vouched.add(ask.source)
            else:
                network.failed(ask.source, now)
            self._ledger.gave(ask.source, Part.METADATA, len(answer))
            self._session.received(ask, answer)
            return
        self._session.failed(ask, answer)


class _Timing:
    """When one request got how far."""

    def __init__(self, now: float, *, is_new: bool) -> None:
        self._began = self._asked = now
        self._first: float | None = None
        self._is_new = is_new
        self.received = 0

    def told(self, what: Stage | int, now: float) -> None:
        if what is Stage.SECURED:
            self._asked = now
        elif self._first is None and (what is Stage.ANSWERED or isinstance(what, int)):
            self._first = now

    def fetched(self, source: str, size: int, now: float) -> Fetched:
        first = now if self._first is None else self._first
        return Fetched(
            source,
            connect=self._asked - self._began if self._is_new else None,
            answer=first - self._asked,
            took=now - self._asked,
            size=min(size, MAX_PIECE),
        )
