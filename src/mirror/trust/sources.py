"""What the sources of one session gave, owe and did: the shelf of unverified bytes, and the notes.

Nothing here is trusted. Bytes lie on the shelf until the session has tried them; a note says what
one source did with one file, and no source is ever blamed for what another one gave.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mirror.errors import FormatError, LimitError, MirrorError, UnreachableError
from mirror.limits import MAX_PIECE
from mirror.trust import tufset
from mirror.trust.heads import unpack_head
from mirror.trust.metadata import METADATA
from mirror.trust.state import LIES, Kind, Observation

ABSENT: Final = "absent"  # the code of a clean "no such file"
UNASKED: Final = "unasked"  # the driver did not ask, or did not wait: says nothing of the source
_TOO_LONG: Final = "too-long"
# A source that failed like this is not asked again in this session: each time costs a deadline.
_SILENT: Final = frozenset({"silent", "unreachable", "untrusted"})
_ROOT_FILE: Final = re.compile(r"([1-9][0-9]{0,9})\.root\.json")
_NO_ROOT: Final = 10**10  # above any version a file name carries
_KIND_OF_CODE: Final = {
    METADATA: Kind.MALFORMED,
    tufset.ROLLED_BACK: Kind.ROLLED_BACK,
    tufset.WRONG_VERSION: Kind.WRONG_VERSION,
}


def head_path(channel: str) -> str:
    """The name, in ``m/``, of the file with all metadata that a reader of ``channel`` needs."""
    return f"heads/{channel}"


Answer = bytes | str  # a body, or the code of the failure


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: fetch ``path`` (below ``m/``) from ``source``, at most ``limit`` bytes."""

    source: str
    path: str
    limit: int


class Sources:
    """The sources of one session, the best liked first."""

    def __init__(
        self, names: Sequence[str], candidates: Mapping[str, Mapping[str, bytes]], *, is_strict: bool
    ) -> None:
        self.names = tuple(dict.fromkeys(names))
        self.has_answered = False  # any source gave any bytes
        self._is_strict = is_strict
        self._shelf: dict[str, dict[str, bytes]] = {name: {} for name in self.names}
        self._headed: set[str] = set()
        self._last_root: dict[str, int] = {}
        for name, files in candidates.items():
            self._unpack(name, files)
        self._silent: set[str] = set()
        self._vain: set[tuple[str, str]] = set()
        self._notes: dict[Observation, None] = {}

    @property
    def notes(self) -> tuple[Observation, ...]:
        """What was observed, each once, in order."""
        return tuple(self._notes)

    def ranked(self, givers: Sequence[str]) -> list[str]:
        """All sources; ``givers`` before the others, the truthful before liars."""
        return sorted(self.names, key=lambda name: (name not in givers, self._lies(name)))

    def may_ask(self, name: str, path: str) -> bool:
        """True when asking ``name`` for ``path`` could bring something new."""
        return name not in self._silent and (name, path) not in self._vain and path not in self._shelf[name]

    def given(self, path: str) -> Iterator[tuple[str, bytes]]:
        """Who has given a file for ``path``, and what; unverified."""
        return ((name, files[path]) for name, files in self._shelf.items() if path in files)

    def take(self, ask: Ask, answer: Answer, *, is_owed: bool = False) -> bytes | None:
        """Shelve what came for ``ask``; or note why nothing did (``is_owed``: it should have it).

        Raises:
            UnreachableError: In a strict session, for anything but a body.
        """
        if isinstance(answer, bytes):
            self._shelf[ask.source][ask.path] = answer
            return answer
        if self._is_strict:
            raise UnreachableError("the source did not give a file", code=answer)
        if answer == UNASKED:
            return None
        self._vain.add((ask.source, ask.path))
        if answer in _SILENT:
            self._silent.add(ask.source)
        if answer == _TOO_LONG:
            self.note(ask.source, Kind.OVERSIZED, ask.path)
        elif answer != ABSENT:
            self.note(ask.source, Kind.UNREACHABLE, ask.path)
        elif is_owed:
            self.note(ask.source, Kind.WITHHELD, ask.path)
        return None

    def is_headed(self, name: str) -> bool:
        """True when the head of ``name`` is here or was asked for."""
        return name in self._headed

    def ask_head(self, name: str, channel: str) -> Ask:
        """The request for a head; made once per source."""
        self._headed.add(name)
        return Ask(name, head_path(channel), MAX_PIECE)

    def take_head(self, ask: Ask, answer: Answer) -> bool:
        """Unpack a head onto the shelf, below what was given by name; False with a note if it is none."""
        body = self.take(ask, answer)
        if body is None:
            return False
        try:
            files = unpack_head(body)
        except FormatError as error:
            self.blame(ask.source, ask.path, error)
            return False
        self._unpack(ask.source, files)
        return True

    def _unpack(self, name: str, files: Mapping[str, bytes]) -> None:
        self._headed.add(name)
        self._shelf[name] = {**files, **self._shelf[name]}
        found = [int(match[1]) for path in files if (match := _ROOT_FILE.fullmatch(path))]
        self._last_root[name] = max(found, default=_NO_ROOT)

    def says_last_root(self, name: str, version: int) -> bool:
        """True when the head of ``name`` carries a root that is no newer: as good as a 404 for the next."""
        return self._last_root.get(name, _NO_ROOT) <= version

    def tries(self, name: str, path: str, step: Callable[[], object]) -> bool:
        """True when ``step`` accepts; else a note against ``name``, or the error when strict."""
        try:
            step()
        except MirrorError as error:
            if self._is_strict:
                raise
            self.blame(name, path, error)
            return False
        return True

    def blame(self, name: str, path: str, error: MirrorError) -> None:
        """Note what ``error`` says of the bytes that ``name`` gave for ``path``."""
        kind = _KIND_OF_CODE.get(error.code, Kind.INVALID)
        if isinstance(error, LimitError):
            kind = Kind.OVERSIZED
        elif isinstance(error, FormatError):
            kind = Kind.MALFORMED
        self.note(name, kind, path)

    def note(self, name: str, kind: Kind, file: str) -> None:
        """Remember an observation."""
        self._notes[Observation(name, kind, file)] = None

    def _lies(self, name: str) -> int:
        return sum(note.source == name and note.kind in LIES for note in self._notes)
