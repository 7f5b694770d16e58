"""Reports: which of his own endpoints did not answer a reader, sealed for the publisher alone.

Rules (ROTATION.md section 10):

1. A report has ``REPORT_SIZE`` bytes, whatever is in it, and is sealed for the key that is signed
   offline. Whoever carries it learns that it is one, and no more.
2. It says an epoch, the reader's node, which of the entrances handed to him were silent, and a country
   where he chose to say one. An entrance is named by a *mark* under a key of his own branch: only who
   knows the branch and the address can tell which it is.
3. It is proved with a key of the branch key. So it can only come from whoever holds that invitation,
   or one above it: nobody reports in another branch's name. It proves nothing to anybody else, since
   the publisher could have made it as well.
4. Publication and epoch are sealed and proved with it. What opens is strict: one spelling, and zeros
   to the end.
5. What opens is believed to be nobody's (``Unproved``) before its proof was checked.

Nothing depends on reports: what the publisher makes of them is in ``publisher.reporting``.
"""

import hmac
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from mirror.errors import FormatError, TrustError
from mirror.limits import MAX_DEPTH, MAX_EPOCH, MAX_FRIENDS, MAX_REPORTED, REPORT_SECONDS, REPORT_SIZE
from mirror.rotation import hpke, spelling
from mirror.rotation.binary import Cursor, written
from mirror.rotation.epochs import ACCEPTED_SKEW, Calendar
from mirror.rotation.keys import (
    PUBLICATION_SIZE,
    Keyring,
    KeyTree,
    NodePath,
    Place,
    Scope,
    child_key,
    derive,
    slip_key,
)
from mirror.rotation.paths import Entrance

VERSION: Final = 1
CONTENT_SIZE: Final = REPORT_SIZE - 1 - hpke.OVERHEAD
NAME_SIZE: Final = 8
MARK_SIZE: Final = 8
_PROOF_SIZE: Final = 16
_DOMAIN: Final = b"mirror/1/report"
_NOWHERE: Final = b"\0\0"
_COUNTRY: Final = re.compile("[A-Z]{2}")
_LINE_LENGTH: Final = REPORT_SIZE // 3 * 4
_FORMAT: Final = "report-format"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a report says. ``country`` is two capital letters, or empty.

    ``names`` are those of the nodes on the way from the root, which itself is left out; the last one is
    the reader's own. ``marks`` are the silent entrances, in ascending order.
    """

    epoch: int
    country: str
    names: tuple[bytes, ...] = field(repr=False)
    marks: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.epoch <= MAX_EPOCH or not is_country(self.country or "XX"):
            raise ValueError("an epoch or a country")
        if len(self.names) > MAX_DEPTH or {len(each) for each in self.names} - {NAME_SIZE}:
            raise ValueError("the names of nodes")
        if not 1 <= len(self.marks) <= MAX_REPORTED or {len(each) for each in self.marks} != {MARK_SIZE}:
            raise ValueError("the marks of entrances")
        if sorted(set(self.marks)) != list(self.marks):
            raise ValueError("marks that are not in order")

    def encode(self) -> bytes:
        """The bytes that are proved."""
        return b"".join(
            (
                self.epoch.to_bytes(4, "big"),
                self.country.encode("ascii") or _NOWHERE,
                bytes([len(self.names)]),
                *self.names,
                bytes([len(self.marks)]),
                *self.marks,
            )
        )


class Branch:
    """What only holders of a branch key, and whoever is above them, can make (rule 3)."""

    def __init__(self, branch: bytes, publication: bytes) -> None:
        if len(publication) != PUBLICATION_SIZE:
            raise ValueError("a publication of another size")
        keys = derive(branch, b"mirror/1/report-keys", 64)
        self._proof_key, self._mark_key = keys[:32], keys[32:]
        self._bound = _DOMAIN + publication

    def mark(self, entrance: Entrance) -> bytes:
        """How a report names ``entrance`` (rule 2)."""
        text = written((entrance,))[1:]
        return hmac.digest(self._mark_key, b"mirror/1/mark" + text, "sha256")[:MARK_SIZE]

    def proof(self, statement: Statement) -> bytes:
        """What shows that the reader of this branch says ``statement``."""
        return hmac.digest(self._proof_key, self._bound + statement.encode(), "sha256")[:_PROOF_SIZE]


@dataclass(frozen=True, slots=True)
class Unproved:
    """A report that opened: anybody may have sealed it (rule 5)."""

    unverified_statement: Statement
    _proof: bytes = field(repr=False)

    def check_epoch(self, calendar: Calendar, now: int) -> None:
        """Refuse a report of another time than about ``now``, the publisher's instant.

        Raises:
            TrustError: ``report-old``; ``report-ahead``: the clock of its device is wrong by more than an
                epoch.
        """
        epoch = self.unverified_statement.epoch
        if epoch > calendar.epoch(now) + ACCEPTED_SKEW:
            raise TrustError("A report is of an epoch to come.", code="report-ahead")
        if calendar.begins(epoch + 1) + REPORT_SECONDS <= now:
            raise TrustError("A report is too old to count.", code="report-old")

    def proved(self, branch: Branch) -> Statement:
        """What the reader of ``branch`` says.

        Raises:
            TrustError: ``report-forged``: he does not.
        """
        statement = self.unverified_statement
        if not hmac.compare_digest(self._proof, branch.proof(statement)):
            raise forged()
        return statement


class Nodes:
    """The publisher's view: which node a report names. ``given`` are the nodes that it gave away."""

    def __init__(self, tree: KeyTree, given: Collection[NodePath]) -> None:
        self._tree = tree
        self._known = {(path[:-1], name(tree.slip_key(Place(path)))): path for path in given if path}

    def find(self, names: Iterable[bytes]) -> tuple[NodePath, Branch]:
        """The node with these names, and what its reports are proved with.

        Nodes that readers gave away are searched among the friends of each node on the way, since the
        publisher never heard of them; nothing is remembered of those, however many reports name them.

        Raises:
            TrustError: ``report-forged``: there is no such node.
        """
        path: NodePath = ()
        branch = self._tree.branch(())
        for each in names:
            if (known := self._known.get((path, each))) is not None:
                path, branch = known, self._tree.branch(known)
                continue
            index = _friend(branch, each)
            path, branch = (*path, index), child_key(branch, index)
        return path, Branch(branch, self._tree.publication)


def name(subtree: bytes) -> bytes:
    """The name of the node with this SUBTREE key, in the reports of everyone at or below it."""
    return derive(subtree, b"mirror/1/name", NAME_SIZE)


def is_country(text: str) -> bool:
    """Whether ``text`` has the form of a country's code (ISO 3166): two capital letters."""
    return _COUNTRY.fullmatch(text) is not None


def state(
    keyring: Keyring, publication: bytes, epoch: int, silent: Iterable[Entrance], country: str = ""
) -> Statement:
    """What the reader with ``keyring`` says: these entrances were ``silent`` in ``epoch``.

    Raises:
        ValueError: None was, or more than ``MAX_REPORTED``; or ``country`` is none.
    """
    branch = Branch(keyring.branch, publication)
    names = tuple(name(keyring.subtree(depth)) for depth in range(1, keyring.depth + 1))
    return Statement(epoch, country, names, tuple(sorted({branch.mark(each) for each in silent})))


def seal(statement: Statement, branch: Branch, publication: bytes, public: bytes, fresh: bytes) -> bytes:
    """``statement``, proved and sealed: ``REPORT_SIZE`` bytes for the holder of ``public``.

    ``fresh`` are 32 random bytes, never used before.

    Raises:
        FormatError: ``rotation-settings``: ``public`` is no key.
    """
    content = (statement.encode() + branch.proof(statement)).ljust(CONTENT_SIZE, b"\0")
    try:
        return bytes([VERSION]) + hpke.seal(content, public, _DOMAIN + publication, fresh)
    except ValueError as error:
        raise FormatError("What is signed about reports is no key.", code="rotation-settings") from error


def open_report(data: bytes, private: bytes, publication: bytes) -> Unproved:
    """The report in ``data``, which may be anybody's.

    Raises:
        FormatError: ``report-size``; ``report-version``: of a newer program; ``report-unreadable``: not
            sealed for this key and publication, or altered; ``report-format``: what was sealed is none.
    """
    if len(data) != REPORT_SIZE:
        raise FormatError("A report does not have the size of one.", code="report-size")
    if data[0] != VERSION:
        raise FormatError("A report has a form that this program does not know.", code="report-version")
    content = hpke.open_sealed(data[1:], private, _DOMAIN + publication)
    if content is None:
        raise FormatError("A report was not sealed for this publication.", code="report-unreadable")
    cursor = Cursor(content, _FORMAT)
    epoch, country = cursor.number(4), cursor.take(len(_NOWHERE))
    names = tuple(cursor.take(NAME_SIZE) for _ in range(cursor.number(1)))
    marks = tuple(cursor.take(MARK_SIZE) for _ in range(cursor.number(1)))
    proof = cursor.take(_PROOF_SIZE)
    if any(cursor.rest()):
        raise cursor.broken()
    try:
        where = "" if country == _NOWHERE else country.decode("ascii")
        return Unproved(Statement(epoch, where, names, marks), proof)
    except ValueError as error:
        raise cursor.broken() from error


def parse(text: str) -> bytes:
    """The bytes of a report in a line or in letters, as ``spelling`` writes them.

    Raises:
        FormatError: ``report-damaged``: a character is missing, too much or wrong; of right ones too few
            or too many are ``open_report``'s to refuse.
    """
    packed = "".join(text.split())  # mail programs break lines
    try:
        return spelling.from_line(packed) if len(packed) == _LINE_LENGTH else spelling.from_letters(text)
    except ValueError as error:
        raise FormatError(
            "A report is not whole: a character is missing or wrong.", code="report-damaged"
        ) from error


def apart(text: str) -> list[str]:
    """The reports in ``text``: a whole line is one, and so are lines together up to an empty one."""
    found: list[str] = []
    block: list[str] = []
    for each in (*map(str.strip, text.splitlines()), ""):
        is_whole = len(each) == _LINE_LENGTH
        if (is_whole or not each) and block:
            found.append("\n".join(block))
            block = []
        if is_whole:
            found.append(each)
        elif each:
            block.append(each)
    return found


def forged() -> TrustError:
    """The error for a report that nobody who was invited made."""
    return TrustError("A report is of nobody who was invited here.", code="report-forged")


def _friend(branch: bytes, wanted: bytes) -> int:
    for index in range(MAX_FRIENDS):
        if name(slip_key(child_key(branch, index), Scope.SUBTREE)) == wanted:
            return index
    raise forged()
