"""Takes out of a body what is not the article, and says what it took.

1. Each block is one of: *widget* or picture's *size* (never text, goes wherever it stands), *label*
   (a label or a sentence of the page's frame; goes before the first and after the last paragraph only,
   because inside a text the same words may be a heading), *about* (the publisher on itself), *credit*,
   or text.
2. The tail begins after the last block of text. In it, credit lines become credits; labels, frame and
   about go.
3. Designations' footers (``designation.py``) go and are reported. Up to three blocks between the end of
   the article (a credit, a picture's size) and such a footer are the publisher on itself.
4. If nothing would be left, nothing is taken out: a short text is not boilerplate.
5. All that goes stands in ``removed``, in order.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from mirror import limits
from mirror.articles import labels, phrases
from mirror.articles.blocks import BREAK, Block, Leaf, is_blank, link_share
from mirror.articles.characters import one_line
from mirror.articles.designation import DesignationFound, Footer, find_footers, is_statement, plain
from mirror.articles.fold import without_stray_rules
from mirror.articles.runs import paragraphs


class Part(Enum):
    """What a block is of a page."""

    TEXT = auto()
    NEUTRAL = auto()  # pictures and rules: they stay, and neither begin nor end a text
    WIDGET = auto()
    SIZE = auto()
    LABEL = auto()
    ABOUT = auto()
    CREDIT = auto()
    BYLINE = auto()
    NOTICE = auto()


_MAX_LABEL: Final = 80  # characters
_MAX_FRAME: Final = 200
_MAX_ABOUT: Final = 700
_MAX_CREDIT: Final = 250
_MAX_BETWEEN: Final = 3  # blocks between the end of an article and a footer
_EDGES: Final = " \t\xa0.,:;!|·•●▪◦‣○*-–—→←»›«‹>+#()[]"
_SIZE_BEHIND: Final = re.compile(r"\s*[•●▪◦‣○∙|·]\s*([^•●▪◦‣○∙|·]+)$")
_PARTS: Final = re.compile(r"\s*[|·•/,]\s*|\n")
_LONG_LINE: Final = 60  # characters; lines of verse are shorter
_PROMO_SHARE: Final = 0.2  # of the characters are links
_LINES: Final = ("p", "h2", "h3", "h4")
_MAX_NAME_WORDS: Final = 9
_APART: Final = (Part.WIDGET, Part.SIZE, Part.CREDIT, Part.ABOUT)
_ENDS: Final = (Part.SIZE, Part.CREDIT, Part.ABOUT)
_NEVER: Final = (Part.WIDGET, Part.SIZE, Part.NOTICE, Part.BYLINE)  # inside the text neither
_NAME: Final = re.compile(
    r"[^\W\d_a-zа-яёіїєґў][\w.'’-]*|(?:and|и|і|та|й|ды|ve|&|,|for|de|van|von|al|bin)", re.UNICODE
)


@dataclass(frozen=True, slots=True)
class Stripped:
    """A body without boilerplate, and what was taken out of it."""

    blocks: tuple[Block, ...]
    byline: str = ""
    credits: tuple[str, ...] = ()
    designations: tuple[DesignationFound, ...] = ()
    removed: tuple[str, ...] = ()


def part_of(text: str) -> Part:
    """What a block with this text is, wherever it stands."""
    flat = plain(text)
    bare = flat.strip(_EDGES).casefold()
    if not bare:
        return Part.LABEL if text.strip() and len(text) <= _MAX_LABEL else Part.TEXT
    if len(bare) <= _MAX_LABEL:
        if phrases.IMAGE_SIZE.fullmatch(bare):
            return Part.SIZE
        if bare in labels.WIDGETS:
            return Part.WIDGET
        if _is_label(bare) or _are_labels(text):
            return Part.LABEL
    if len(flat) <= _MAX_FRAME and phrases.FRAME.fullmatch(flat):
        return Part.LABEL
    if len(flat) <= _MAX_CREDIT and (phrases.CREDIT.match(flat) or phrases.AGENCIES.fullmatch(flat)):
        return Part.CREDIT
    if len(flat) <= _MAX_ABOUT and _is_about(flat):
        return Part.ABOUT
    return Part.TEXT


def _is_label(bare: str) -> bool:
    return bare in labels.LABELS or bare in labels.WIDGETS


def _are_labels(text: str) -> bool:
    """A row or a list of nothing but labels and picture sizes."""
    parts = [part.strip(_EDGES).casefold() for part in _PARTS.split(plain_lines(text))]
    parts = [part for part in parts if part]
    if all(_is_label(part) or phrases.IMAGE_SIZE.fullmatch(part) for part in parts):
        return True
    words = [word.strip(_EDGES).casefold() for word in text.split()]
    return len(words) > 1 and all(word in labels.LABELS for word in words if word)


def plain_lines(text: str) -> str:
    """``plain`` for each line."""
    return "\n".join(plain(line) for line in text.split("\n"))


def _is_about(flat: str) -> bool:
    return bool(re.search(r"\d", flat)) and any(
        all(word.search(flat) for word in row) for row in phrases.ABOUT
    )


def strip(blocks: Iterable[Block], *, from_web: bool = False) -> Stripped:
    """The article without what is not the article.

    Args:
        blocks: The body as the source has it.
        from_web: Whether the source is a web page or a feed, where lines that lead to other articles or
            ask for a subscription stand between the paragraphs.
    """
    given = [part for block in blocks for part in split_lines(_without_sizes(block))]
    texts = [block.text for block in given]
    parts = [_part(block, from_web=from_web) for block in given]
    footers = find_footers(texts, [_after_end(parts, index) for index in range(len(parts))])
    found = tuple(one for footer in footers for one in footer.found)
    for footer in footers:
        _mark(parts, footer)
    byline = _take_byline(parts, texts)
    first, last = _span(parts)
    if first > last:  # rule 4
        return Stripped(tuple(given), designations=tuple(replace(one, in_body=True) for one in found))
    kept: list[Block] = []
    credited: list[str] = []
    removed: list[str] = []
    for index, (block, text, part) in enumerate(zip(given, texts, parts, strict=True)):
        inside = first <= index <= last
        if part in (Part.TEXT, Part.NEUTRAL) or (inside and part not in _NEVER):
            kept.append(block)
        elif part is Part.CREDIT:
            credited.append(one_line(text, limits.MAX_LINE))
        elif part not in (Part.NOTICE, Part.BYLINE):
            removed.append(text)
    return Stripped(
        tuple(without_stray_rules(kept)), byline, tuple(dict.fromkeys(credited)), found, tuple(removed)
    )


def _part(block: Block, *, from_web: bool) -> Part:
    if block.tag in ("hr", "figure") or (is_blank(block.text) and any(block.images())):
        return Part.NEUTRAL
    part = part_of(block.text)
    if part is Part.TEXT and from_web and len(block.text) <= _MAX_FRAME and block.tag in _LINES:
        share = link_share(block)
        if (share and phrases.SEE_ALSO.match(block.text)) or (
            share > _PROMO_SHARE and phrases.PROMO.search(block.text)
        ):
            return Part.WIDGET
    return part


def _after_end(parts: Sequence[Part], index: int) -> bool:
    """Whether a block just before this one ends an article, and an article stands before that."""
    before = range(max(0, index - _MAX_BETWEEN - 1), index)
    ends = [at for at in before if parts[at] in _ENDS]
    return bool(ends) and Part.TEXT in parts[: ends[0]]


def _mark(parts: list[Part], footer: Footer) -> None:
    """Rule 3: the footer's blocks, and those between the end of the article and the footer."""
    if footer.found[0].in_body:
        return
    parts[footer.start : footer.end] = [Part.NOTICE] * (footer.end - footer.start)
    if _after_end(parts, footer.start):
        between = range(max(0, footer.start - _MAX_BETWEEN - 1), footer.start)
        end = next(at for at in between if parts[at] in _ENDS)
        for at in range(end, footer.start):
            parts[at] = Part.ABOUT if parts[at] is Part.TEXT else parts[at]


def _take_byline(parts: list[Part], texts: Sequence[str]) -> str:
    """The names of a byline that stands before the text, which is marked as such."""
    first = next((index for index, part in enumerate(parts) if part is Part.TEXT), None)
    names = "" if first is None else byline_of(texts[first])
    if first is None or not names or parts.count(Part.TEXT) == 1:
        return ""
    parts[first] = Part.BYLINE
    return names


def byline_of(text: str) -> str:
    """The names in a line like "By Jane Doe", or nothing where it is a sentence."""
    found = phrases.BYLINE.fullmatch(plain(text)) if len(text) <= _MAX_LABEL * 2 else None
    if found is None:
        return ""
    names = found.group("names").strip()
    has_colon = bool(re.search(r"[:：]", found.group()[: found.start("names") - found.start()]))
    named = all(_NAME.fullmatch(word.strip(",")) for word in names.split())
    return (
        one_line(names, limits.MAX_LINE)
        if has_colon or (named and len(names.split()) <= _MAX_NAME_WORDS)
        else ""
    )


def _span(parts: Sequence[Part]) -> tuple[int, int]:
    """The first and last block of text; credits before any text count as text."""
    first = next((at for at, part in enumerate(parts) if part in (Part.TEXT, Part.CREDIT)), len(parts))
    last = next((at for at in range(len(parts) - 1, -1, -1) if parts[at] is Part.TEXT), -1)
    return first, last


def _without_sizes(block: Block) -> Block:
    """The block without a picture's size as its caption or behind a bullet at its end."""
    if block.tag == "figure":
        kept = tuple(child for child in block.children if part_of(child.text) is not Part.SIZE)
        return replace(block, children=kept)
    last = block.leaves[-1] if block.tag == "p" and block.leaves else None
    if last is None or last.image is not None:
        return block
    found = _SIZE_BEHIND.search(last.text[-_MAX_LABEL:])
    if found is None or not phrases.IMAGE_SIZE.fullmatch(found.group(1)) or found.start() == 0:
        return block
    cut = replace(last, text=last.text[: len(last.text) - len(found.group())])
    return replace(block, leaves=(*block.leaves[:-1], cut))


def split_lines(block: Block) -> list[Block]:
    """A paragraph whose lines are paragraphs, or partly not text, as one block for each stretch."""
    if block.tag != "p" or not any(leaf.is_break for leaf in block.leaves):
        return [block]
    lines: list[list[Leaf]] = [[]]
    for leaf in block.leaves:
        if leaf.is_break:
            lines.append([])
        else:
            lines[-1].append(leaf)
    texts = ["".join(leaf.text for leaf in line) for line in lines]
    long = sorted(map(len, texts))[len(texts) // 2] >= _LONG_LINE and len(lines) > 2
    apart = [long or is_statement(text) or part_of(text) in _APART for text in texts]
    if not any(apart):
        return [block]
    stretches: list[list[Leaf]] = []
    for index, line in enumerate(lines):
        if index and not apart[index] and not apart[index - 1]:
            stretches[-1].extend([Leaf(BREAK), *line])
        else:
            stretches.append(list(line))
    return [replace(block, leaves=leaves) for stretch in stretches for leaves in paragraphs(stretch)]


def credits_below(blocks: Iterable[Block]) -> tuple[str, ...]:
    """The credit lines among blocks that stand under an article."""
    return tuple(
        one_line(block.text, limits.MAX_LINE) for block in blocks if part_of(block.text) is Part.CREDIT
    )


def page_designations(blocks: Sequence[Block]) -> tuple[DesignationFound, ...]:
    """The designations in the footers of a whole page, wherever on the page they stand."""
    given = [part for block in blocks for part in split_lines(block)]
    parts = [_part(block, from_web=True) for block in given]
    ends = [_after_end(parts, index) for index in range(len(parts))]
    footers = find_footers([block.text for block in given], ends, anywhere=True)
    return tuple(one for footer in footers for one in footer.found if not one.in_body)
