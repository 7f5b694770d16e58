"""The article on a page: which of its blocks are the text.

1. trafilatura says which text is the article. It is asked for less than it can give (no comments) and
   its own structure is only the second choice, because it parts paragraphs at links and drops marks.
2. Its blocks are found again in the page as our own parser reads it, and those are taken: a block that
   it had parted is whole again, blocks that it had joined are parted, tables and quotations keep their
   form.
3. Quotations and pictures that stand between two blocks of the article belong to it.
4. Paragraphs that follow the last one found, in containers of the same classes as most of those
   found, belong to it too: pages part long articles around advertisements.
5. The headline is not the text; nor is the standfirst below it, which becomes the summary; nor is a
   line that is only the page's address.

The measurements behind each step are in ARTICLES.md.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import trafilatura
from lxml.etree import LxmlError
from lxml.html import HtmlElement

from mirror.articles.blocks import Block, link_share
from mirror.articles.links import clean_link
from mirror.articles.sanitize import to_blocks
from mirror.errors import SourceError

_WORDS: Final = re.compile(r"\w+")
_GAP: Final = 6  # blocks between two of the article among which quotations and pictures are looked for
_BETWEEN: Final = 4  # blocks of other kinds between the parts of one article
_BELOW: Final = 6  # blocks under an article among which its credit may stand
_FEWEST: Final = 3  # paragraphs that make a kind of container known
_FAR: Final = 60  # blocks; the next match lies nearer, or it is a repetition elsewhere on the page
_LONG: Final = 40  # characters; shorter ones are labels, or occur twice
_MOSTLY: Final = 0.5
_LEAD: Final = 6  # blocks among which the headline may be repeated
_ASIDE: Final = re.compile(
    r"\b(?:aside|footer|nav|related|promo|newsletter|share|social|advert|ads?|sponsor|comments?|sidebar|author|bio"
    r"|recommend\w*|teaser|widget|outbrain|taboola|popular|trending|subscribe|sign-?up)\b",
    re.IGNORECASE,
)
_STANDFIRST: Final = re.compile(
    r"sub-?(?:head|title|line)|\bdek\b|stand-?first|description|summary|excerpt|\bintro|tagline",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"https?://\S+")
# What trafilatura raises on pages that are no pages; its own errors have no common root.
_FOREIGN: Final = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
    LxmlError,
)


@dataclass(frozen=True, slots=True)
class Extracted:
    """The blocks of the article, the standfirst that stood above them, or ``""``, and the whole page.

    ``below`` are the first blocks under the article, where a credit may stand.
    """

    blocks: tuple[Block, ...]
    standfirst: str
    page: tuple[Block, ...]
    below: tuple[Block, ...]


def extract(
    page: HtmlElement,
    html: str,
    *,
    titles: Iterable[str],
    summary: str = "",
    base: str = "",
    image_base: str = "",
) -> Extracted:
    """The article on a page.

    Args:
        page: The page as libxml2 reads it; it is left as it was.
        html: The same page as text.
        titles: What the page calls the article.
        summary: What the page's head says the article is about.
        base: The address that links refer to, or ``""``.
        image_base: The same for images.

    Raises:
        SourceError: ``page-empty``; no text on the page is an article's.
    """
    whole = to_blocks(html, base=base, image_base=image_base)
    found = _ask(page)
    blocks, end = (
        _aligned(found, whole) if found else ([block for block in whole if _is_prose(block)], len(whole))
    )
    names = {key for title in titles if (key := text_key(title))}
    standfirst = ""
    kept: list[Block] = []
    for index, block in enumerate(blocks):
        if index < _LEAD and repeats(block, names):
            continue
        if index < _LEAD and not standfirst and _is_standfirst(block, text_key(summary)):
            standfirst = block.text
        elif not (block.tag == "p" and _ADDRESS.fullmatch(block.text) and clean_link(block.text) == base):
            kept.append(block)
    if not any(block.text.strip() for block in kept):
        raise SourceError("no article was found on a page", code="page-empty")
    return Extracted(tuple(kept), standfirst, tuple(whole), tuple(whole[end : end + _BELOW]))


def _ask(page: HtmlElement) -> list[Block]:
    # "fast" leaves out the comparison with two older extractors: it finds the same, and one of them
    # takes quadratic time (10,000 paragraphs: 50 s).
    try:
        html = trafilatura.extract(
            page,
            output_format="html",
            include_comments=False,
            include_formatting=True,
            include_links=True,
            fast=True,
        )
    except _FOREIGN:
        html = None
    return to_blocks(html) if html else []


def text_key(text: str) -> str:
    """A text by which it is known again whatever its spaces and punctuation."""
    return "".join(_WORDS.findall(text.casefold()))


def _aligned(found: Sequence[Block], whole: Sequence[Block]) -> tuple[list[Block], int]:
    """The blocks of ``whole`` that ``found`` means, and the place behind the last of them."""
    keys = [text_key(block.text) for block in whole]
    wanted = [text_key(block.text) for block in found]
    out: list[Block] = []
    hints: list[str] = []
    last: int | None = None
    at = 0
    while at < len(found):
        places, used = _places(wanted, at, keys, last)
        if not places:
            out.append(found[at])
        for place in places:
            if last is not None and place - last - 1 <= _GAP:
                out.extend(block for block in whole[last + 1 : place] if _belongs(block))
            out.append(whole[place])
            hints.append(whole[place].hint if whole[place].tag == "p" else "")
            last = place
        at += used
    end = 0 if last is None else last + 1
    more = _continued(whole, end, hints)
    return [*out, *(whole[place] for place in more)], (more[-1] + 1 if more else end)


def _continued(whole: Sequence[Block], start: int, hints: Sequence[str]) -> list[int]:
    """Rule 4: the places of paragraphs from ``start`` on that stand in the article's kind of container."""
    hint, count = Counter(filter(None, hints)).most_common(1)[0] if any(hints) else ("", 0)
    if count < _FEWEST or count < len(hints) / 2:
        return []
    more: list[int] = []
    others = 0
    for place in range(start, len(whole)):
        if whole[place].hint == hint and _is_prose(whole[place]):
            more.append(place)
            others = 0
        else:
            others += 1
            if others > _BETWEEN:
                break
    return more


def _places(
    wanted: Sequence[str], at: int, keys: Sequence[str], last: int | None
) -> tuple[Sequence[int], int]:
    """Where block ``at`` stands on the page, after ``last``, and how many found blocks that is.

    It may be one block of the page, several found blocks may be one of the page, or it may be several.
    """
    key = wanted[at]
    if not key:
        return (), 1
    start = 0 if last is None else last + 1
    stop = len(keys) if last is None else min(len(keys), start + _FAR)
    for place in range(start, stop):
        if keys[place] and key.startswith(keys[place]):
            if parts := _covered(key, keys, place):
                return parts, 1
        elif keys[place].startswith(key):
            used = len(_covered(keys[place], wanted, at, gap=0))
            if used:
                return (place,), used
    if stop < len(keys) and len(key) > _LONG:
        later = next((place for place in range(stop, len(keys)) if keys[place] == key), None)
        return (() if later is None else (later,)), 1
    return (), 1


def _covered(key: str, parts: Sequence[str], start: int, *, gap: int = _GAP) -> list[int]:
    """The places of those of ``parts``, from ``start`` on, that together are ``key``; or nothing.

    Up to ``gap`` others may stand between two of them.
    """
    places: list[int] = []
    length = skipped = 0
    for place in range(start, len(parts)):
        if length == len(key) or skipped > gap:
            break
        if parts[place] and key.startswith(parts[place], length):
            places.append(place)
            length += len(parts[place])
            skipped = 0
        else:
            skipped += 1
    return places if length == len(key) else []


def _belongs(block: Block) -> bool:
    """Whether a block between two of the article is one of its quotations or pictures (rule 3)."""
    if block.tag == "blockquote":
        return link_share(block) < _MOSTLY
    pictured = block.tag in ("figure", "p") and any(block.images())
    bare = block.tag == "figure" or not block.text.strip()
    return pictured and bare and not _ASIDE.search(block.hint)


def _is_prose(block: Block) -> bool:
    """Whether a block is a paragraph of some length, for pages on which nothing was found."""
    prose = block.tag in ("p", "blockquote", "pre") and len(block.text) > _LONG
    return prose and link_share(block) < _MOSTLY and not _ASIDE.search(block.hint)


def repeats(block: Block, names: set[str]) -> bool:
    """Whether a block only repeats what the article is called; ``names`` are ``text_key``s."""
    key = text_key(block.text)
    if not key or block.tag not in ("p", "h2", "h3", "h4"):
        return False
    return any(name == key or (name.startswith(key) and len(key) > len(name) / 2) for name in names)


def _is_standfirst(block: Block, summary: str) -> bool:
    heading = block.tag in ("h2", "h3", "h4")
    if summary and text_key(block.text) == summary:
        return heading or bool(_STANDFIRST.search(block.hint))
    return heading and bool(_STANDFIRST.search(block.hint.rpartition(" div ")[2]))
