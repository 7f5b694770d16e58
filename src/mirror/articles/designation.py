"""Statements that a state declared a publisher undesirable, a foreign agent, or extremist.

Publishers put them under their articles because the readers' safety depends on them. They are no
part of the article, and they must never be lost: what is taken out of a body is given back whole, as
a notice for the publisher to review.

1. A *statement* names what was declared (``UNDESIRABLE``, …) and that it was (``DECLARED``).
2. A *warning* addresses the reader and names acts and penalties ("If you are in …, you could face
   fines for sharing …").
3. A statement at the beginning or the end of a text is a footer, not news, when a warning follows
   within two blocks or is part of it; when it follows what ends an article (a credit, a caption, the
   publisher's words about itself) or stands before "to find out more"; or when it is the whole last
   block: one sentence without a date. One in words that the law forces (``FORCED``) is a footer
   wherever it stands. Everything else is an article that reports on a designation.
4. The footer runs from the statement over the warnings and "find out more" that follow.
5. A statement that a warning follows elsewhere, or that stands in the last two blocks and fails rule 3,
   stays in the body and is reported all the same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mirror.articles import phrases

_MARKS: Final = re.compile("[\"'«»„“”‟‘’‚‹›*_]+")
_SPACES: Final = re.compile(r"\s+")
_MAX_STATEMENT: Final = 1_500  # characters; footers with the law's reference reach 600
_MAX_MORE: Final = 160
_MAX_LONE: Final = 220
_EDGE: Final = 4  # blocks before or after a footer: labels, a copyright line, related links
_SENTENCES: Final = re.compile(r"(?<=[.!?。！？])\s+(?=\S)")


class Kind(StrEnum):
    """What a state declared somebody to be."""

    UNDESIRABLE = "undesirable-organization"
    FOREIGN_AGENT = "foreign-agent"
    EXTREMIST = "extremist"


_TERMS: Final = {
    Kind.UNDESIRABLE: phrases.UNDESIRABLE,
    Kind.FOREIGN_AGENT: phrases.FOREIGN_AGENT,
    Kind.EXTREMIST: phrases.EXTREMIST,
}


@dataclass(frozen=True, slots=True)
class DesignationFound:
    """A designation that a source states, for the publisher to review.

    ``text`` is the whole footer, its blocks parted by blank lines. ``jurisdiction`` is the ISO 3166
    code of the one country named, or None: it is a guess for a person to confirm. ``in_body`` says
    that the text was left in the article because it may be news.
    """

    kind: Kind
    text: str
    jurisdiction: str | None
    in_body: bool = False


@dataclass(frozen=True, slots=True)
class Footer:
    """A designation's footer among blocks: ``start`` to ``end`` (exclusive)."""

    start: int
    end: int
    found: tuple[DesignationFound, ...]


def plain(text: str) -> str:
    """Text as the phrases are matched: without quotation marks, white space collapsed."""
    return _SPACES.sub(" ", _MARKS.sub("", text)).strip()


def find_footers(texts: Sequence[str], after_end: Sequence[bool], *, anywhere: bool = False) -> list[Footer]:
    """The designations stated among the blocks of a text.

    Args:
        texts: The text of each block.
        after_end: For each block, whether the block before it ends an article (rule 3).
        anywhere: Whether a footer may stand in the middle too, as on a page with other things below it.
    """
    plains = [plain(text[:_MAX_STATEMENT]) for text in texts]
    footers: list[Footer] = []
    at = 0
    while at < len(texts):
        kinds = _kinds(plains[at]) if len(texts[at]) <= _MAX_STATEMENT else ()
        end = _end(plains, at) if kinds else at + 1
        if kinds:
            own = plains[at:end]
            at_edge = anywhere or at < _EDGE or end + _EDGE >= len(texts)
            warned = any(map(_is_warning, own))
            if _is_footer(
                own, at_edge=at_edge, after_end=after_end[at], is_last=at > 0 and end == len(texts)
            ):
                footers.append(_footer(texts, at, end, kinds, in_body=False))
            elif warned or end >= len(texts) - 1:
                footers.append(_footer(texts, at, end, kinds, in_body=True))
        at = end
    return footers


def is_statement(text: str) -> bool:
    """Whether this text says that somebody was designated."""
    return len(text) <= _MAX_STATEMENT and bool(_kinds(plain(text)))


def _footer(texts: Sequence[str], start: int, end: int, kinds: Sequence[Kind], *, in_body: bool) -> Footer:
    text = "\n\n".join(texts[start:end])
    where = _jurisdiction([plain(part) for part in texts[start:end]])
    return Footer(start, end, tuple(DesignationFound(kind, text, where, in_body) for kind in kinds))


def _kinds(text: str) -> tuple[Kind, ...]:
    if not phrases.DECLARED.search(text):
        return ()
    return tuple(kind for kind, term in _TERMS.items() if term.search(text))


def _is_warning(text: str) -> bool:
    return bool(
        phrases.ADDRESSED.search(text) and phrases.ACTS.search(text) and phrases.PENALTIES.search(text)
    )


def _is_more(text: str) -> bool:
    return len(text) <= _MAX_MORE and bool(phrases.MORE.search(text))


def _end(plains: Sequence[str], start: int) -> int:
    """Where the footer that starts with a statement ends (rule 4); one plain block may stand between."""
    end = start + 1
    while end < len(plains):
        if _is_warning(plains[end]) or _is_more(plains[end]) or _kinds(plains[end]):
            end += 1
        elif end + 1 < len(plains) and _is_warning(plains[end + 1]):
            end += 2
        else:
            break
    return end


def _is_footer(own: Sequence[str], *, at_edge: bool, after_end: bool, is_last: bool) -> bool:
    if phrases.FORCED.search(own[0]):
        return True
    if not at_edge:
        return False
    if after_end or any(map(_is_warning, own)) or any(map(_is_more, own[1:])):
        return True
    short = len(own) == 1 and len(own[0]) <= _MAX_LONE and not re.search(r"\d", own[0])
    return is_last and short and len(_SENTENCES.split(own[0])) == 1


def _jurisdiction(plains: Sequence[str]) -> str | None:
    """The one country that the statement names; failing that, the one that the warnings name."""
    for text in (plains[0], " ".join(plains[1:])):
        found = [code for code, name in phrases.COUNTRIES.items() if name.search(text)]
        if found:
            return found[0] if len(found) == 1 else None
    return None
