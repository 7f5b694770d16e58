"""The body as values: blocks of leaves, and their one spelling as HTML.

A body is a list of ``Block``. A block holds either leaves (text, line breaks, images, each with the
inline elements around it) or other blocks. Every rule of the closed subset that concerns what may
stand inside what is a rule on how these values are built (``markup.py``); this module only writes
them down, always in the same way: no optional tag left out, no white space between blocks,
attributes in a fixed order, and only ``& < > "`` escaped.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

BREAK: Final = "\n"  # the text of a leaf that is a <br>; elsewhere white space is collapsed to spaces

_INVISIBLE: Final = re.compile("[\\s\u200b-\u200f\u061c\u2060-\u2064\u202a-\u202e\u2066-\u2069]+")

Inline = tuple[str, str]  # the tag, and the address of an <a> or ""


@dataclass(frozen=True, slots=True)
class DraftImage:
    """A picture as the source names it: an address, or a path relative to the source's folder."""

    reference: str
    alt: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A stretch of text, a line break or an image, with the inline elements around it."""

    text: str
    path: tuple[Inline, ...] = ()
    image: DraftImage | None = None

    @property
    def is_break(self) -> bool:
        """Whether this is a ``<br>``."""
        return self.text == BREAK and self.image is None


@dataclass(frozen=True, slots=True)
class Block:
    """One block element. ``leaves`` and ``children`` are not both filled, but for a figure.

    A figure's leaves are its images and its only child may be a ``figcaption``.
    """

    tag: str
    leaves: tuple[Leaf, ...] = ()
    children: tuple["Block", ...] = ()
    direction: str = ""
    language: str = ""
    hint: str = field(default="", compare=False)  # the source's class, id and role, for the boilerplate rules

    @property
    def text(self) -> str:
        """All the text inside, with blocks, cells and breaks separated by newlines."""
        own = "".join(leaf.text for leaf in self.leaves)
        parts = [own, *(child.text for child in self.children)]
        return "\n".join(part for part in parts if part)

    def images(self) -> Iterator[DraftImage]:
        """The images inside, in order."""
        for leaf in self.leaves:
            if leaf.image is not None:
                yield leaf.image
        for child in self.children:
            yield from child.images()


def is_blank(text: str) -> bool:
    """Whether nothing of ``text`` would be seen."""
    return not _INVISIBLE.sub("", text)


def link_share(block: Block) -> float:
    """How much of a block's text is links, from 0 to 1."""
    total, linked = _counted(block)
    return linked / total if total else 0.0


def _counted(block: Block) -> tuple[int, int]:
    total = sum(len(leaf.text) for leaf in block.leaves)
    linked = sum(len(leaf.text) for leaf in block.leaves if any(tag == "a" for tag, _ in leaf.path))
    for child in block.children:
        inner_total, inner_linked = _counted(child)
        total, linked = total + inner_total, linked + inner_linked
    return total, linked


def render(blocks: Iterable[Block]) -> tuple[str, tuple[DraftImage, ...]]:
    """The canonical HTML of ``blocks`` and the images it numbers ``image:0``, ``image:1``, …

    The same reference twice is one image with one number.
    """
    numbers: dict[str, int] = {}
    images: list[DraftImage] = []
    out: list[str] = []
    for block in blocks:
        for image in block.images():
            if image.reference not in numbers:
                numbers[image.reference] = len(images)
                images.append(image)
        _write(block, numbers, out)
    return "".join(out), tuple(images)


def _write(block: Block, numbers: dict[str, int], out: list[str]) -> None:
    attributes = f' dir="{block.direction}"' if block.direction else ""
    if block.language:
        attributes += f' lang="{block.language}"'
    out.append(f"<{block.tag}{attributes}>")
    if block.tag == "hr":
        return
    _write_leaves(block.leaves, numbers, out, preformatted=block.tag == "pre")
    for child in block.children:
        _write(child, numbers, out)
    out.append(f"</{block.tag}>")


def _write_leaves(
    leaves: Sequence[Leaf], numbers: dict[str, int], out: list[str], *, preformatted: bool
) -> None:
    around: tuple[Inline, ...] = ()
    for leaf in leaves:
        shared = shared_prefix(around, leaf.path)
        out.extend(f"</{tag}>" for tag, _ in reversed(around[shared:]))
        out.extend(
            f'<a href="{_quoted(address)}">' if tag == "a" else f"<{tag}>"
            for tag, address in leaf.path[shared:]
        )
        around = leaf.path
        if leaf.image is not None:
            number = numbers[leaf.image.reference]
            out.append(f'<img src="image:{number}" alt="{_quoted(leaf.image.alt)}">')
        elif leaf.is_break and not preformatted:
            out.append("<br>")
        else:
            out.append(escape(leaf.text, quote=False))
    out.extend(f"</{tag}>" for tag, _ in reversed(around))


def _quoted(value: str) -> str:
    return escape(value, quote=False).replace('"', "&quot;")


def shared_prefix(one: tuple[Inline, ...], other: tuple[Inline, ...]) -> int:
    """How many leading elements two paths share."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count
