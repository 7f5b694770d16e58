"""Examining endpoints with ordinary requests: the shell around ``diagnosis``. It decides nothing.

Rules:

1. Only what a reader asks for anyway is asked, of nobody but the mirrors: the first root (by readers
   who know its digest only), the channel's head and what is missing of the metadata, the head piece,
   the notices' pieces. Over the same transport, so with the same bytes on the wire.
2. Each endpoint has a line of its own, so that it is known what one connection carried. Where a kept
   connection fails, the same is asked once more on a fresh one.
3. What comes is verified, or it counts for nothing. Nothing of it is kept.
4. Every wait ends: ``Patience``. Several endpoints are examined at a time, since the dead cost nothing
   but waiting.
5. On a slow link endpoints hold one another up. So they are begun one after the other, and not while a
   slow link is busy; there, pieces are asked for one at a time. Nobody is called silent while bytes
   come from another, and where our own time runs out while the link is busy, nobody is blamed.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from mirror.bundle import parcel, piece
from mirror.client.advice import Clues
from mirror.client.diagnosis import ALTERED, GOOD, PAGE, Attempt, Trace
from mirror.client.edition import NOTICES_TARGET, wanted
from mirror.client.waiting import SLOW_LINK, Patience, Traffic, Watcher
from mirror.clock import Clock
from mirror.errors import EndpointError, FormatError, MirrorError, TrustError
from mirror.limits import (
    MAX_METADATA,
    MAX_NOTICE_SET,
    MAX_PIECE,
    SLOWEST_BYTES_PER_SECOND,
)
from mirror.model import Endpoint
from mirror.net import ABSENT, BROKEN, SILENT, UNREACHABLE, Line, Stage, Transport
from mirror.trust.session import MetadataSession
from mirror.trust.state import LIES, State, Stored
from mirror.trust.verified import Verified

FIRST_ROOT: Final = "1.root.json"
# What one endpoint is made to send: a connection that survives this is not frozen. The freezes that are
# known come at 15 to 20 kB (net4people/bbs#490).
_ENOUGH: Final = 24_000
_AT_ONCE: Final = 10  # endpoints, rule 4
_STEP_SECONDS: Final = 0.2  # between beginnings, rule 5
_MOST_STEPS: Final = 50  # a mirror that trickles does not hold up the next one for longer
_MOST_REQUESTS: Final = 12  # for metadata; an honest mirror needs one, or ten without a head
_STOPPED: Final = frozenset({SILENT, BROKEN, UNREACHABLE})

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Examined:
    """What was seen at every endpoint, in their order, and what was learnt besides."""

    traces: tuple[Trace, ...]
    clues: Clues


async def examine(
    mirrors: Sequence[Endpoint],
    root: bytes | str,
    channel: str,
    transport: Transport,
    clock: Clock,
    *,
    built: int = 0,
    patience: Patience | None = None,
    progress: Progress | None = None,
) -> Examined:
    """Ask every one of ``mirrors``, and return how it went; failures are part of that.

    Args:
        mirrors: Of different names.
        root: The first root, or its SHA-256 in hex: then every mirror is asked for it.
        channel: Whose head is asked for.
        transport: Entered; it may have any way to the mirrors.
        clock: The device's; its instant is only compared, and believed never to be before ``built``.
        built: The least that the time can be, an instant.
        patience: Our own by default.
        progress: Told (endpoints done, endpoints).

    Raises:
        FormatError, TrustError: ``root`` is not a root that signs itself.
    """
    if isinstance(root, bytes):
        MetadataSession(Stored(root), (), now=clock.now())  # refused here and not once for each mirror
    slots = asyncio.Semaphore(_AT_ONCE)
    patience = patience or Patience()
    traffic = Traffic(clock)
    visits = [_Visit(mirror, transport, clock, patience, traffic) for mirror in mirrors]
    done = 0

    async def examine_one(visit: _Visit) -> None:
        nonlocal done
        async with slots:
            try:
                await visit.get_metadata(root, channel, built)
                if visit.verified is not None:
                    await visit.get_pieces(visit.verified, channel)
            finally:
                await visit.hang_up()
        done += 1
        if progress:
            progress(done, len(visits))

    async with asyncio.TaskGroup() as group:
        for visit in visits:
            group.create_task(examine_one(visit))
            for _ in range(_MOST_STEPS):
                await clock.sleep(min(_STEP_SECONDS, patience.silent / 10))
                if not traffic.is_busy():
                    break
    return Examined(tuple(visit.trace() for visit in visits), _clues(visits, clock.now(), built))


class _Visit:
    """One endpoint's examination. ``verified`` is what its metadata amounted to, if to anything."""

    def __init__(
        self, mirror: Endpoint, transport: Transport, clock: Clock, patience: Patience, traffic: Traffic
    ) -> None:
        self.verified: Verified | None = None
        self._mirror = mirror
        self._transport = transport
        self._clock = clock
        self._patience = patience
        self._traffic = traffic
        self._has_way = True
        self._is_local = mirror.url.startswith("file:")
        self._line: Line | None = None
        self._attempts: list[Attempt] = []
        self._carried = 0
        self._until = 0.0

    def trace(self) -> Trace:
        """What happened."""
        version = None if self.verified is None else self.verified.showed.get(self._mirror.name)
        return Trace(self._mirror.name, tuple(self._attempts), version, self._is_local, self._has_way)

    async def hang_up(self) -> None:
        """Close the connection, if there is one."""
        line, self._line, self._carried = self._line, None, 0
        if line is not None:
            await line.close()

    async def get_metadata(self, root: bytes | str, channel: str, built: int) -> None:
        """Ask for what proves the newest statement; ``verified`` afterwards, where it could be proved."""
        self._until = asyncio.get_running_loop().time() + self._patience.whole
        first = root if isinstance(root, bytes) else await self._first_root(root)
        if first is None:
            return
        name = self._mirror.name
        try:
            session = MetadataSession(
                Stored(first, floor=built),
                [name],
                now=self._clock.now(),
                wanted=wanted(channel),
                head=channel,
            )
        except MirrorError:  # of that digest, and no root: the reader was told a wrong one
            return
        given: dict[str, tuple[int, bytes]] = {}
        while asks := session.requests():
            for ask in asks:
                is_over = len(self._attempts) > _MOST_REQUESTS
                answer = SILENT if is_over else await self._ask("m/" + ask.path, ask.limit)
                if isinstance(answer, bytes):
                    given[ask.path] = len(self._attempts) - 1, answer
                    session.received(ask, answer)
                else:
                    session.failed(ask, answer)
        for lie in (each for each in session.observations if each.kind in LIES):
            # What a head holds has a name of its own, and came under the head's.
            place, body = given.get(lie.file) or next(iter(given.values()), (None, b""))
            if place is not None:
                self._blame(place, body)
        with suppress(MirrorError):
            self.verified = session.result()

    async def get_pieces(self, verified: Verified, channel: str) -> None:
        """Ask for pieces that ``verified`` names, until enough came or something failed."""
        self._until = asyncio.get_running_loop().time() + self._patience.whole
        notices = _digest(verified, NOTICES_TARGET)
        targets = [_digest(verified, path) for path in wanted(channel)]
        names = deque(dict.fromkeys(name for name in targets if name is not None))
        before = len(self._attempts)
        while names and not self._has_enough():
            name = names.popleft()
            waited = self._clock.monotonic()
            async with self._traffic.turn():
                self._until += self._clock.monotonic() - waited
                data = await self._ask(piece.path_of(name), MAX_PIECE, is_piece=True)
            if not isinstance(data, bytes):
                return
            try:
                piece.check(name, data)
                if name == notices:
                    names.extend(parcel.parse_list(name, data, MAX_NOTICE_SET).digests)
            except FormatError:
                self._blame(len(self._attempts) - 1, data)
                return
            if len(self._attempts) - before > _MOST_REQUESTS or self._is_local:
                return
            if not names:
                names.append(name)  # a small publication: what it has is asked for again

    def _has_enough(self) -> bool:
        """True when a connection carried enough, or stopped before; or all of them together did."""
        return sum(each.size for each in self._attempts) >= _ENOUGH or any(
            each.carried and each.outcome != GOOD for each in self._attempts
        )

    async def _first_root(self, digest: str) -> bytes | None:
        data = await self._ask("m/" + FIRST_ROOT, MAX_METADATA)
        if not isinstance(data, bytes):
            return None
        if hashlib.sha256(data).hexdigest() != digest:
            self._blame(len(self._attempts) - 1, data)
            return None
        return data

    async def _ask(self, path: str, limit: int, *, is_piece: bool = False) -> bytes | str:
        """The file, or why there is none (rule 2)."""
        answer = await self._ask_once(path, limit, is_piece)
        if isinstance(answer, str) and answer in _STOPPED and self._attempts and self._attempts[-1].carried:
            answer = await self._ask_once(path, limit, is_piece)
        return answer

    async def _ask_once(self, path: str, limit: int, is_piece: bool) -> bytes | str:
        if asyncio.get_running_loop().time() >= self._until:
            return SILENT  # of us: not something that the endpoint did
        if self._line is None:
            try:
                self._line = self._transport.line(self._mirror)
            except EndpointError as error:
                self._has_way = False
                return error.code
        wait = self._patience.silent if self._carried else self._patience.connect
        watcher = Watcher(self._clock, self._patience, self._traffic, self._until, wait)
        data = b""
        try:
            async with watcher.deadline:
                self._traffic.waiting.append(watcher)
                data = await self._line.get(path, limit=limit, watch=watcher)
            outcome = GOOD
        except TimeoutError:
            outcome = SILENT
        except EndpointError as error:
            outcome = error.code
        finally:
            self._traffic.waiting.remove(watcher)
        # A server may have closed a connection that was to be kept: then this was a fresh one.
        is_fresh = self._is_local or Stage.CONNECTED in watcher.stages
        carried = 0 if is_fresh else self._carried
        attempt = Attempt(
            outcome,
            self._clock.monotonic() - watcher.begun,
            watcher.stages,
            len(data) or watcher.size,
            carried,
            self._traffic.size - watcher.before - watcher.size,
            is_piece,
        )
        is_late = outcome == SILENT and asyncio.get_running_loop().time() >= self._until
        if not (is_late and attempt.link_bytes_per_second >= SLOWEST_BYTES_PER_SECOND):  # rule 5
            self._attempts.append(attempt)
        if outcome == GOOD and attempt.size >= MAX_PIECE:
            self._traffic.is_slow = attempt.link_bytes_per_second < SLOW_LINK
        self._carried = carried + attempt.size
        if outcome not in (GOOD, ABSENT):
            await self.hang_up()
        return data if outcome == GOOD else outcome

    def _blame(self, place: int, body: bytes) -> None:
        """The attempt at ``place`` brought ``body``, which is not what was signed."""
        outcome = PAGE if _is_page(body) else ALTERED
        self._attempts[place] = replace(self._attempts[place], outcome=outcome)


def _digest(verified: Verified, path: str) -> str | None:
    try:
        target = verified.target(path)
        return None if target is None else target.sha256
    except TrustError:  # its role is not to be had, or it was signed with another digest
        return None


def _is_page(body: bytes) -> bool:
    """True for what a browser shows: HTML, or empty. No metadata and no piece begins like that."""
    start = body[:1_024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    return not start or start.startswith(b"<") or b"<html" in start


def _clues(visits: Sequence[_Visit], now: int, built: int) -> Clues:
    """The clock, by the newest signed instant or the day of the build; and whether the newest lapsed."""
    seen = [visit.verified for visit in visits if visit.verified is not None]
    slow = max((each.freshness.skew_seconds for each in seen), default=0)
    newest = max((each.freshness for each in seen), key=lambda each: each.as_of, default=None)
    return Clues(max(slow, built - now), newest is not None and newest.state is not State.CURRENT)
