"""Pieces by name: from what is held, then from mirrors, each verified before anybody sees it.

The shell around ``plan``, which decides. Rules:

1. A piece is what its name says or it does not exist: its digest is checked here, as it comes.
2. At most ``MAX_FETCHES`` requests are under way; every one has its deadline, in the transport.
3. When one piece cannot be had, the others still are: what came is held, so that trying again
   fetches only what is missing.
4. Nothing is asked of anyone that is at hand.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol, assert_never

from mirror.bundle import piece
from mirror.client.plan import Failover, GiveUp, Try
from mirror.client.report import Ledger, Part
from mirror.errors import EndpointError, FormatError, UnreachableError
from mirror.limits import MAX_FETCHES, MAX_PIECE
from mirror.model import Endpoint
from mirror.net import TOO_LONG, Line, Transport

Progress = Callable[[int, int], None]


class Holdings(Protocol):
    """Where pieces lie that need no fetching. What it gives is checked like a mirror's."""

    async def piece(self, name: str) -> bytes | None:
        """The piece ``name``; None when it is not held."""

    async def keep(self, name: str, data: bytes) -> None:
        """Take the verified piece ``name``; holding it is up to the holdings."""


class MemoryHoldings:
    """Pieces held for this run: the reader's default. ``below`` is asked for what is not here."""

    def __init__(self, below: Holdings | None = None) -> None:
        self._pieces: dict[str, bytes] = {}
        self._below = below

    @property
    def pieces(self) -> Mapping[str, bytes]:
        """What was kept in this run."""
        return self._pieces

    async def piece(self, name: str) -> bytes | None:
        """See ``Holdings``."""
        data = self._pieces.get(name)
        return await self._below.piece(name) if data is None and self._below is not None else data

    async def keep(self, name: str, data: bytes) -> None:
        """See ``Holdings``."""
        self._pieces[name] = data


class Metered:
    """A transport that writes down what the metadata costs; pieces are counted where they are checked."""

    def __init__(self, transport: Transport, ledger: Ledger) -> None:
        self._transport = transport
        self._ledger = ledger

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        data = await self._transport.get(endpoint, path, limit=limit)
        if path.startswith("m/"):
            self._ledger.gave(endpoint.name, Part.METADATA, len(data))
        return data

    def line(self, endpoint: Endpoint) -> Line:
        """See ``net.Transport``."""
        return self._transport.line(endpoint)


class Pieces:
    """Fetches pieces in one run over ``mirrors``, the best liked first."""

    def __init__(
        self, mirrors: Sequence[Endpoint], transport: Transport, holdings: Holdings, ledger: Ledger
    ) -> None:
        self._mirrors = {mirror.name: mirror for mirror in mirrors}
        self._plan = Failover(tuple(self._mirrors))
        self._transport = transport
        self._holdings = holdings
        self._ledger = ledger
        self._counted: set[str] = set()

    async def get(
        self, names: Iterable[str], part: Part, progress: Progress | None = None
    ) -> dict[str, bytes]:
        """The pieces ``names``, each once; ``progress`` is told (done, total).

        Raises:
            UnreachableError: ``piece-unreachable``: no mirror gave some of them. Those that came
                are held.
        """
        wanted = tuple(dict.fromkeys(names))
        found: dict[str, bytes] = {}
        for name in wanted:
            data = await self._held(name)
            if data is not None:
                found[name] = data
                if name not in self._counted:  # what this run fetched was not at hand before
                    self._ledger.held(part, len(data))
                    self._counted.add(name)
        rest = iter([name for name in wanted if name not in found])
        missing = False

        async def work() -> None:
            nonlocal missing
            for name in rest:  # one iterator for all workers
                data = await self._fetch(name, part)
                if data is None:
                    missing = True
                    continue
                found[name] = data
                if progress:
                    progress(len(found), len(wanted))

        async with asyncio.TaskGroup() as group:
            for _ in range(min(MAX_FETCHES, len(wanted) - len(found))):
                group.create_task(work())
        if missing:
            raise UnreachableError(
                "No mirror gave all that is needed: try again later, or over other mirrors.",
                code="piece-unreachable",
            )
        return found

    async def _held(self, name: str) -> bytes | None:
        data = await self._holdings.piece(name)
        try:
            return None if data is None else piece.check(name, data)
        except FormatError:
            return None  # a damaged copy is as good as none

    async def _fetch(self, name: str, part: Part) -> bytes | None:
        while True:
            action = self._plan.next_action(name)
            match action:
                case Try(mirror):
                    data = await self._ask(mirror, name, part)
                    if data is not None:
                        self._counted.add(name)
                        await self._holdings.keep(name, data)
                        return data
                case GiveUp():
                    return None
                case _:
                    assert_never(action)

    async def _ask(self, mirror: str, name: str, part: Part) -> bytes | None:
        """The piece from one mirror; None after telling plan and ledger why not."""
        try:
            data = await self._transport.get(self._mirrors[mirror], piece.path_of(name), limit=MAX_PIECE)
        except EndpointError as error:
            self._ledger.failed(mirror, part, error.code)
            if error.code == TOO_LONG:
                self._plan.lied(mirror)
            else:
                self._plan.failed(mirror, name, error.code)
            return None
        try:
            piece.check(name, data)
        except FormatError:
            self._ledger.lied(mirror, part, len(data))
            self._plan.lied(mirror)
            return None
        self._ledger.gave(mirror, part, len(data))
        self._plan.gave(mirror)
        return data
