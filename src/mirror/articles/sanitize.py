"""Any HTML in, one spelling of the closed subset out; and that subset as plain text.

The subset is ``p h2 h3 h4 ul ol li blockquote pre code em strong sub sup br hr a img table thead
tbody tr th td figure figcaption``; ``a`` has ``href`` (http, https, mailto), ``img`` has ``src``
(``image:N``) and ``alt``, blocks may have ``dir`` and ``lang``. Nothing else is ever written.

``sanitize(sanitize(x).body).body == sanitize(x).body`` for every ``x``.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from typing import Final

from mirror.articles.blocks import Block, DraftImage, Leaf, is_blank, render
from mirror.articles.fold import Folder
from mirror.articles.language import direction
from mirror.articles.tree import parse

ALLOWED_TAGS: Final = frozenset(
    "a blockquote br code em figcaption figure h2 h3 h4 hr img li ol p pre strong sub sup table "
    "tbody td th thead "
    "tr ul".split()
)
# Text and attributes have their "<" escaped, so this finds elements only.
_IMAGE: Final = re.compile(r'<img src="image:([0-9]{1,9})" alt="[^"]*">')


@dataclass(frozen=True, slots=True)
class Clean:
    """A sanitized body and the images it names, ``image:N`` being ``images[N]``."""

    body: str
    images: tuple[DraftImage, ...] = ()


def sanitize(html: str, *, base: str = "", language: str | None = None) -> Clean:
    """The canonical body of any HTML.

    Args:
        html: A document or a fragment, as text.
        base: The address that relative links and images refer to; without it relative links lose
            their ``href``, and relative images keep their path as reference.
        language: The article's language: marks on blocks that only repeat it are left out.

    Raises:
        SourceError: ``html-nesting``; nested deeper than any real page.
    """
    return written(to_blocks(html, base=base, image_base=base), language=language)


def to_blocks(html: str, *, base: str = "", image_base: str = "") -> list[Block]:
    """The blocks of any HTML, for the passes that look at them before they are written."""
    return Folder(base, image_base).fold(parse(html))


def written(blocks: Iterable[Block], *, language: str | None = None) -> Clean:
    """The blocks as a canonical body."""
    if language is not None:
        blocks = [_without_marks(block, language, direction(language)) for block in blocks]
    return Clean(*render(blocks))


def keep_images(body: str, keep: Container[int]) -> tuple[str, tuple[int, ...]]:
    """The canonical ``body`` without the images whose number is not in ``keep``.

    For the publisher, once it knows which pictures could be fetched and encoded. The others are
    numbered anew: the second value gives, for each new number, the old one.
    """

    def kept(found: re.Match[str]) -> str:
        return found.group() if int(found.group(1)) in keep else ""

    clean = sanitize(_IMAGE.sub(kept, body))
    return clean.body, tuple(int(image.reference.removeprefix("image:")) for image in clean.images)


def _without_marks(block: Block, language: str, way: str) -> Block:
    own = "" if block.language == language else block.language
    drop = block.direction == way and not own
    children = (
        block.children if own else tuple(_without_marks(child, language, way) for child in block.children)
    )
    return replace(block, language=own, direction="" if drop else block.direction, children=children)


def to_text(body: str, *, show_images: bool = False) -> str:
    """The body as plain text: blocks parted by a blank line, no control character but newline.

    Items stand on their own lines with a bullet or number, cells with a bar between them. Images and
    their captions are left out, or, where ``show_images``, an image stands as its description in
    brackets. The order of characters is the logical
    one; a terminal or a page lays out right-to-left text itself.
    """
    return blocks_to_text(to_blocks(body), show_images=show_images)


def blocks_to_text(blocks: Iterable[Block], *, show_images: bool = False) -> str:
    """The blocks as plain text, as ``to_text`` gives it."""
    parts = (_block_text(block, show_images) for block in blocks)
    return "\n\n".join(part for part in parts if not is_blank(part))


def _leaves_text(leaves: Iterable[Leaf], show_images: bool) -> str:
    out = []
    for leaf in leaves:
        if leaf.image is None:
            out.append(leaf.text)
        elif show_images and leaf.image.alt:
            out.append(f"[{leaf.image.alt}]")
    return "".join(out).replace("\t", "    ")


def _block_text(block: Block, show_images: bool) -> str:
    if block.tag == "hr":
        return "* * *"
    if block.tag == "figure" and not show_images:
        return ""  # what a caption says of a picture that is not shown, nobody can follow
    if block.tag in ("ul", "ol"):
        lines = []
        for number, item in enumerate(block.children, 1):
            mark = "• " if block.tag == "ul" else f"{number}. "
            text = _inner_text(item, show_images).replace("\n", "\n" + " " * len(mark))
            lines.append(mark + text)
        return "\n".join(lines)
    if block.tag == "table":
        rows = (row for part in block.children for row in part.children)
        return "\n".join(
            " | ".join(_inner_text(cell, show_images).replace("\n", " ") for cell in row.children)
            for row in rows
        )
    return _inner_text(block, show_images)


def _inner_text(block: Block, show_images: bool) -> str:
    own = _leaves_text(block.leaves, show_images)
    parts = [own, *(_block_text(child, show_images) for child in block.children)]
    joint = "\n" if block.tag in ("li", "figure", "td", "th") else "\n\n"
    return joint.join(part for part in parts if not is_blank(part))
