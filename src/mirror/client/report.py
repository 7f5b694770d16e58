"""What every mirror did in one run, and what it cost: evidence as data, kept in memory only.

Nothing here holds an address or the name of a piece: mirrors go by their local names, and a piece
by what it was for. Words are made of it by whoever shows it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mirror.net import ABSENT, TOO_LONG
from mirror.trust.state import LIES, Observation
from mirror.trust.state import Kind as Seen

WRONG_PIECE: Final = "wrong-piece"  # bytes of a name that are not the name's: altered, or a block page
OVERSIZED_PIECE: Final = "oversized-piece"  # more than any piece has; often a block page
MISSING_PIECE: Final = "missing-piece"  # shows a statement, says it has no such piece
STALE: Final = Seen.STALE.value  # a genuine file, but older than what was seen of it


class Part(StrEnum):
    """What bytes are for."""

    METADATA = "metadata"
    HEAD = "head"
    CONTENTS = "contents"
    PAGES = "pages"
    DICTIONARIES = "dictionaries"
    CLUSTERS = "clusters"
    NOTICES = "notices"
    IMAGES = "images"
    SLIPS = "slips"
    PROGRAM = "program"


class Verdict(StrEnum):
    """What is to be thought of a mirror after this run, the worst first."""

    LIED = "lied"  # gave what no honest mirror has: altered by it, or on the way to us
    FORKED = "forked"  # showed a second genuine statement of one version: the publisher's key was misused
    WITHHELD = "withheld"  # did not give what it must have
    BEHIND = "behind"  # showed something genuine and older
    FAILED = "failed"  # no connection, silence, refusals
    GOOD = "good"  # gave what was asked
    UNASKED = "unasked"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing a mirror did: a code, and about which metadata file or which ``Part``.

    ``code`` is a ``trust.state.Kind``, a failure of ``net``, or one of this module.
    """

    mirror: str
    code: str
    about: str


@dataclass(frozen=True, slots=True)
class MirrorReport:
    """One mirror's run. ``evidence`` holds each thing once; ``bytes`` counts what was good."""

    name: str
    verdict: Verdict
    pieces: int
    bytes: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes of bodies by ``Part``: ``fetched`` from mirrors, ``held`` before and used again.

    ``wasted`` were sent by mirrors and thrown away. Headers and the handshakes of connections are
    not counted: they depend on hosts.
    """

    fetched: Mapping[Part, int]
    held: Mapping[Part, int]
    wasted: int

    @property
    def total(self) -> int:
        """All that came over the network."""
        return sum(self.fetched.values()) + self.wasted


_LIED: Final = frozenset({*LIES, WRONG_PIECE, OVERSIZED_PIECE})
_BEHIND: Final = frozenset({Seen.STALE, Seen.ROLLED_BACK})


@dataclass(slots=True)
class Ledger:
    """Collects evidence and bytes in one run over ``mirrors`` (local names)."""

    mirrors: Sequence[str]
    _evidence: dict[Evidence, None] = field(default_factory=dict)
    _gave: dict[str, Counter[Part]] = field(default_factory=dict)
    _pieces: Counter[str] = field(default_factory=Counter)
    _held: Counter[Part] = field(default_factory=Counter)
    _wasted: int = 0

    def met(self, mirror: str) -> None:
        """``mirror`` is one of the mirrors from now on."""
        self.mirrors = (*self.mirrors, mirror)

    def observed(self, observations: Iterable[Observation]) -> None:
        """Take what a metadata session observed."""
        for each in observations:
            self._note(each.source, each.kind.value, each.file)

    def gave(self, mirror: str, part: Part, size: int) -> None:
        """``mirror`` gave ``size`` bytes that were right."""
        self._gave.setdefault(mirror, Counter())[part] += size
        self._pieces[mirror] += part is not Part.METADATA

    def lied(self, mirror: str, part: Part, size: int) -> None:
        """``mirror`` gave ``size`` bytes that are not the piece's."""
        self._wasted += size
        self._note(mirror, WRONG_PIECE, part)

    def failed(self, mirror: str, part: Part, code: str) -> None:
        """``mirror`` gave nothing; ``code`` as in ``net.FAILURES``."""
        ours = {ABSENT: MISSING_PIECE, TOO_LONG: OVERSIZED_PIECE}
        if part is Part.SLIPS:
            del ours[ABSENT]  # no mirror has to carry slips
        self._note(mirror, ours.get(code, code), part)

    def threw_away(self, size: int) -> None:
        """``size`` bytes came that nobody waited for any more."""
        self._wasted += size

    def held(self, part: Part, size: int) -> None:
        """``size`` bytes were at hand and need no fetching."""
        self._held[part] += size

    def cost(self) -> Cost:
        """What the run cost so far."""
        fetched: Counter[Part] = sum(self._gave.values(), Counter())
        return Cost(dict(fetched), dict(self._held), self._wasted)

    def report(self) -> tuple[MirrorReport, ...]:
        """Every mirror's run so far, in the order the mirrors were given."""
        return tuple(self._of(name) for name in self.mirrors)

    def _note(self, mirror: str, code: str, about: str) -> None:
        self._evidence[Evidence(mirror, code, about)] = None

    def _of(self, name: str) -> MirrorReport:
        evidence = tuple(each for each in self._evidence if each.mirror == name)
        size = sum(self._gave.get(name, Counter()).values())
        verdict = _verdict({each.code for each in evidence}, has_given=size > 0)
        return MirrorReport(name, verdict, self._pieces[name], size, evidence)


def _verdict(codes: set[str], *, has_given: bool) -> Verdict:
    if codes & _LIED:
        return Verdict.LIED
    if Seen.FORK in codes:
        return Verdict.FORKED
    if Seen.WITHHELD in codes:
        return Verdict.WITHHELD
    if codes & _BEHIND:  # then it cannot have the newest pieces either
        return Verdict.BEHIND
    if MISSING_PIECE in codes:
        return Verdict.WITHHELD
    if codes and not has_given:
        return Verdict.FAILED
    return Verdict.GOOD if has_given else Verdict.UNASKED
