"""Plain text as an article: which line breaks part paragraphs, and which line is the title.

1. Blank lines part blocks. Without any, every line is a block.
2. Inside a block a line break is only a wrap where the writer's program put it: the next word would
   not have fit into the text's width. Otherwise lines are paragraphs of their own.
3. Lines that start with a bullet are items of a list.
4. The title is the first line before the text that is no label, byline, credit or date; labels and
   short lines before it are boilerplate.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from mirror.articles.blocks import Block, Leaf
from mirror.articles.boilerplate import Part, byline_of, part_of
from mirror.articles.characters import clean_text, one_line
from mirror.articles.dates import instant
from mirror.articles.designation import is_statement
from mirror.articles.runs import paragraphs as lines

_BLANK: Final = re.compile(r"\n[ \t\xa0]*(?:\n[ \t\xa0]*)+")
# No dash but the hyphen: in many languages a dash opens what somebody says.
_BULLET: Final = re.compile(r"[ \t\xa0]*[•●▪◦‣○∙*-][ \t\xa0]+(?=\S)")
_BROKEN_WORD: Final = re.compile(r"\w-$")  # programs also wrap behind the hyphen of a word
_SPACES: Final = re.compile(r"[ \t]+")
_WIDEST: Final = 120  # characters; programs wrap at 60 to 100
_NARROWEST: Final = 40
_MAX_TITLE: Final = 250
_TITLE_WORDS: Final = 3
_MAX_HEADLINE: Final = 100
_FEWEST_LINES: Final = 3
_MOST: Final = 0.7
_LEAD: Final = 8  # lines among which the title must stand
_EDGES: Final = " \t\xa0"
_STOPS: Final = (".", "。", "।", ":", ";")
_CJK: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Lines:
    """A plain text: its title, or nothing, the date that stands below it, the rest as blocks."""

    title: str
    blocks: tuple[Block, ...]
    published: int | None = None
    removed: tuple[str, ...] = ()


def read(text: str) -> Lines:
    """The title and the blocks of a plain text."""
    paragraphs = split(text)
    at = title_at(paragraphs)
    if at is None:
        return Lines("", tuple(to_blocks(paragraphs)))
    before = paragraphs[:at]
    kept = [line for line in before if byline_of(line) or is_statement(line)]
    dates = [when for line in (*before, *paragraphs[at + 1 : at + 3]) if (when := instant(line)) is not None]
    rest = [*kept, *(line for line in paragraphs[at + 1 :] if not dates or instant(line) is None)]
    removed = tuple(line for line in before if line not in kept)
    return Lines(paragraphs[at], tuple(to_blocks(rest)), dates[0] if dates else None, removed)


def split(text: str) -> list[str]:
    """The paragraphs of a plain text, each on one line; items keep their bullet."""
    stretches = [
        [line.rstrip() for line in stretch.split("\n") if line.strip()]
        for stretch in _BLANK.split(clean_text(text))
    ]
    width = _width(stretches)
    paragraphs: list[list[str]] = []
    for stretch in stretches:
        for index, line in enumerate(stretch):
            flat = _SPACES.sub(" ", line).strip(_EDGES)
            if not index or not _is_wrapped(stretch[index - 1], line, width):
                paragraphs.append([flat])
            elif _BROKEN_WORD.search(paragraphs[-1][-1][-2:]):
                paragraphs[-1].append(flat)
            else:
                paragraphs[-1] += [" ", flat]
    return [text for parts in paragraphs if (text := "".join(parts))]


def _width(stretches: Sequence[Sequence[str]]) -> int:
    """The width to which the text is wrapped, or 0 where its line breaks are the author's."""
    lengths = sorted(len(line) for stretch in stretches for line in stretch)
    if len(lengths) < _FEWEST_LINES:
        return 0
    width = lengths[-1 - len(lengths) // 50]  # a long address may stick out
    pairs = [pair for stretch in stretches for pair in pairwise(stretch) if not _begins(*pair)]
    wraps = sum(_is_wrapped(line, following, width) for line, following in pairs)
    return width if _NARROWEST <= width <= _WIDEST and wraps > _MOST * len(pairs) else 0


def _is_wrapped(line: str, following: str, width: int) -> bool:
    """Whether the break after ``line`` is a wrap: the next word did not fit."""
    if not width or _begins(line, following):
        return False
    return len(line) + 1 + len(following.split(None, 1)[0]) > width


def _begins(line: str, following: str) -> bool:
    """Whether a line begins a paragraph by its look: with a bullet, or indented below one that is not."""
    indented = following[0].isspace() and not line[0].isspace() and not _BULLET.match(line)
    return indented or bool(_BULLET.match(following))


def to_blocks(paragraphs: Sequence[str]) -> list[Block]:
    """Paragraphs as blocks; neighbours that start with a bullet as one list."""
    blocks: list[Block] = []
    for text in paragraphs:
        bullet = _BULLET.match(text)
        seen = lines([Leaf(text if bullet is None else text[bullet.end() :])])
        if bullet is None or not seen:
            blocks.extend(Block("p", leaves) for leaves in seen)
            continue
        item = Block("li", seen[0])
        if blocks and blocks[-1].tag == "ul":
            blocks[-1] = Block("ul", children=(*blocks[-1].children, item))
        else:
            blocks.append(Block("ul", children=(item,)))
    return blocks


def headline(blocks: Sequence[Block]) -> str:
    """The beginning of a text, to stand for the title that it lacks."""
    text = next((block.text for block in blocks if block.text.strip()), "")
    return one_line(text.split("\n")[0], _MAX_HEADLINE)


def take_title(blocks: Sequence[Block]) -> tuple[str, list[Block], tuple[str, ...]]:
    """The title that stands among the first blocks, the other blocks, and the labels before it."""
    at = title_at([block.text for block in blocks])
    if at is None:
        return "", list(blocks), ()
    before = [block for block in blocks[:at] if part_of(block.text) is Part.TEXT]
    removed = tuple(block.text for block in blocks[:at] if part_of(block.text) is not Part.TEXT)
    return blocks[at].text, [*before, *blocks[at + 1 :]], removed


def title_at(paragraphs: Sequence[str]) -> int | None:
    """Where the title stands: rule 4."""
    short: int | None = None
    for index, text in enumerate(paragraphs[:_LEAD]):
        if part_of(text) in (Part.WIDGET, Part.LABEL) or byline_of(text) or is_statement(text):
            continue
        if instant(text) is not None:
            continue
        if index + 1 == len(paragraphs) or len(text) > _MAX_TITLE or text.endswith(_STOPS):
            break
        if len(text.split()) >= _TITLE_WORDS or len(_CJK.findall(text)) > _TITLE_WORDS:
            return index
        short = index
    return short
