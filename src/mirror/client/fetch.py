"""Pieces by name: from what is held, then from mirrors, each verified before anybody sees it.

``race`` fetches them, as ``plan`` decides. Rules:

1. A piece is what its name says or it does not exist: its digest is checked as it comes.
2. When one piece cannot be had, or everything is interrupted, what came is held: trying again
   fetches only what is missing.
3. Nothing is asked of anyone that is at hand.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Final, Protocol

from mirror.bundle import piece
from mirror.client.lines import Lines
from mirror.client.plan import WRONG
from mirror.client.race import Errand, Race
from mirror.client.report import Ledger, Part
from mirror.errors import FormatError, UnreachableError
from mirror.limits import MAX_PIECE
from mirror.model import Endpoint
from mirror.net import ABSENT, BROKEN, REFUSED, SILENT, UNREACHABLE, UNTRUSTED, Line, Transport

Progress = Callable[[int, int], None]

_WORDS: Final = {
    ABSENT: "without it",
    BROKEN: "broke off",
    REFUSED: "refused",
    SILENT: "silent",
    UNREACHABLE: "out of reach",
    UNTRUSTED: "taken by somebody else",
    WRONG: "gave other bytes",
}


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
    """Fetches pieces in one run over ``mirrors``, the best liked first.

    ``lines`` are the connections of the run, where it has some already.
    """

    def __init__(
        self,
        mirrors: Sequence[Endpoint],
        transport: Transport,
        holdings: Holdings,
        ledger: Ledger,
        lines: Lines | None = None,
    ) -> None:
        self._lines = lines or Lines(mirrors, transport)
        self._holdings = holdings
        self._ledger = ledger
        self._counted: set[str] = set()

    async def get(
        self, names: Iterable[str], part: Part, progress: Progress | None = None
    ) -> dict[str, bytes]:
        """The pieces ``names``, each once; ``progress`` is told (done, total).

        Raises:
            UnreachableError: ``piece-unreachable``: no mirror gave some of them; says what the
                mirrors did instead. Those that came are held.
        """
        return await self.get_all(dict.fromkeys(names, part), progress)

    async def get_all(
        self,
        wanted: Mapping[str, Part],
        progress: Progress | None = None,
        arrived: Callable[[str, bytes], None] | None = None,
    ) -> dict[str, bytes]:
        """As ``get``, for several parts at once, the most urgent first; ``arrived`` is told each piece."""
        found: dict[str, bytes] = {}

        def take_in(name: str, data: bytes) -> None:
            found[name] = data
            if arrived:
                arrived(name, data)

        for name, part in wanted.items():
            data = await self._held(name)
            if data is not None:
                take_in(name, data)
                if name not in self._counted:  # what this run fetched was not at hand before
                    self._ledger.held(part, len(data))
                    self._counted.add(name)

        async def take(name: str, data: bytes) -> None:
            self._counted.add(name)
            await self._holdings.keep(name, data)
            take_in(name, data)
            if progress:
                progress(len(found), len(wanted))

        errands = {
            name: Errand(piece.path_of(name), MAX_PIECE, partial(_is_piece, name), part)
            for name, part in wanted.items()
            if name not in found
        }
        failures = await Race(self._lines, self._ledger, errands, take).run() if errands else None
        if failures is not None:
            raise UnreachableError(
                f"No mirror gave all that is needed ({failure_words(failures)}): try again later, "
                "or over other mirrors.",
                code="piece-unreachable",
            )
        return found

    async def file(
        self, path: str, limit: int, is_right: Callable[[bytes], bool], part: Part
    ) -> bytes | None:
        """The one file at ``path`` that ``is_right``, from whoever gives it first; None: nobody did."""
        given: dict[str, bytes] = {}
        await self.files({path: Errand(path, limit, is_right, part)}, given.__setitem__)
        return given.get(path)

    async def files(self, errands: Mapping[str, Errand], arrived: Callable[[str, bytes], None]) -> None:
        """Fetch what is no piece; ``arrived`` is told the name of an errand and its file, as it comes."""

        async def take(name: str, data: bytes) -> None:
            arrived(name, data)

        await Race(self._lines, self._ledger, errands, take).run()

    async def _held(self, name: str) -> bytes | None:
        data = await self._holdings.piece(name)
        return data if data is not None and _is_piece(name, data) else None  # damaged is as good as none


def failure_words(failures: Mapping[str, int]) -> str:
    """What mirrors did instead of giving a piece, for a person: counts, without a name."""
    said = [f"{count} {_WORDS.get(code, code)}" for code, count in sorted(failures.items())]
    return "; ".join(said) or "none is left to ask"


def _is_piece(name: str, data: bytes) -> bool:
    try:
        piece.check(name, data)
    except FormatError:
        return False
    return True
