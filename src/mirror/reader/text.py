"""An article as text: paragraphs, lists, quotations, tables and pictures laid out in lines.

The body is the closed subset that the sanitizer writes, read here by a lenient parser: whatever
stands in it becomes text, and nothing becomes a command. What is printed is made safe once more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from mirror.model import Article, Image, State
from mirror.reader.wrapping import wrap

_HEADINGS: Final = {"h2": "## ", "h3": "### ", "h4": "#### "}
_BLOCKS: Final = frozenset(
    "p h2 h3 h4 ul ol li blockquote pre hr table thead tbody tr th td figure figcaption".split()
)


def body_lines(article: Article, width: int) -> list[str]:
    """The body of ``article`` in lines, and after it the addresses it links to."""
    layout = _Layout(article.images)
    layout.feed(article.body)
    layout.close()
    lines: list[str] = []
    for block in layout.finished():
        if lines and not block.is_tight:
            lines.append("")
        if block.is_verbatim:
            lines += [block.rest + line for line in block.text.split("\n")]
        else:
            lines += wrap(block.text, width, block.first, block.rest)
    if layout.links:
        lines.append("")
        # Not cut: an address in two lines cannot be copied.
        lines += [f"[{number}] {link}" for number, link in enumerate(layout.links, 1)]
    return lines


def plain_body(article: Article) -> str:
    """The body of ``article`` as text without line breaks inside of paragraphs."""
    return "\n".join(body_lines(article, 1 << 30))


def state_words(article: Article) -> str:
    """What a reader must know of the article's state; empty when it simply stands."""
    match article.state:
        case State.CORRECTED:
            return "Corrected after it appeared; see the end."
        case State.WITHDRAWN:
            return "Withdrawn by the publisher: do not rely on copies of it."
        case State.REMOVED:
            return "Removed by the publisher because it endangers someone: destroy copies of it."
        case _:
            return ""


@dataclass(slots=True)
class _Block:
    """One paragraph to be: what begins its first line and the others, and what it says."""

    first: str = ""
    rest: str = ""
    text: str = ""
    is_tight: bool = False  # no empty line before it
    is_verbatim: bool = False


@dataclass(slots=True)
class _List:
    """An open list: how many items it has so far; None where they are not numbered."""

    number: int | None


@dataclass(slots=True)
class _Frame:
    """What encloses the text at this point of the body."""

    lists: list[_List] = field(default_factory=list)
    quotes: int = 0
    pre: int = 0


class _Layout(HTMLParser):
    """Collects blocks."""

    def __init__(self, images: tuple[Image, ...]) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self._images = images
        self._blocks: list[_Block] = []
        self._open: _Block | None = None
        self._frame = _Frame()
        self._item = ""  # the mark of a list item whose text has not begun
        self._hrefs: list[str] = []
        self._cells = 0

    def finished(self) -> Iterator[_Block]:
        """The blocks that say something."""
        for block in self._blocks:
            text = block.text if block.is_verbatim else _squeezed(block.text)
            if text.strip():
                block.text = text.strip("\n")
                yield block

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._start_block(tag)
        elif tag == "br":
            self._text("\n")
        elif tag == "img":
            self._text(self._picture(values))
        elif tag == "a":
            self._hrefs.append(values.get("href", ""))
        elif tag in ("sup", "sub"):
            self._text("^" if tag == "sup" else "_")

    def handle_endtag(self, tag: str) -> None:
        frame = self._frame
        if tag in ("ul", "ol") and frame.lists:
            frame.lists.pop()
        elif tag == "blockquote":
            frame.quotes = max(0, frame.quotes - 1)
        elif tag == "pre":
            frame.pre = max(0, frame.pre - 1)
        elif tag == "a" and self._hrefs:
            self._link(self._hrefs.pop())
        if tag in _BLOCKS and tag not in ("td", "th"):
            self._open = None
            self._item = "" if tag == "li" else self._item

    def handle_data(self, data: str) -> None:
        if self._open is not None or data.strip():
            self._text(data)

    def _start_block(self, tag: str) -> None:
        frame = self._frame
        if tag in ("td", "th"):
            self._cells += 1
            if self._cells > 1:
                self._text(" | ")
            return
        self._open = None
        if tag == "tr":
            self._cells = 0
        elif tag in ("ul", "ol"):
            frame.lists.append(_List(0 if tag == "ol" else None))
        elif tag == "li":
            self._item = self._mark()
        elif tag == "blockquote":
            frame.quotes += 1
        elif tag == "pre":
            frame.pre += 1
        elif tag == "hr":
            self._text("* * *")
            self._open = None
        if tag in _HEADINGS:
            self._begin(_HEADINGS[tag])
        elif tag == "tr":
            self._begin("", is_tight=bool(self._blocks))

    def _mark(self) -> str:
        if not self._frame.lists:
            return "• "
        last = self._frame.lists[-1]
        if last.number is None:
            return "• "
        last.number += 1
        return f"{last.number}. "

    def _begin(self, mark: str = "", *, is_tight: bool = False) -> _Block:
        frame = self._frame
        indent = "│ " * frame.quotes + "  " * max(0, len(frame.lists) - 1)
        if frame.pre:
            indent += "    "
        first = indent + (self._item or ("  " if frame.lists else "")) + mark
        rest = indent + ("  " if frame.lists else "")
        block = _Block(first, rest, is_tight=is_tight or bool(self._item), is_verbatim=frame.pre > 0)
        self._item = ""
        self._open = block
        self._blocks.append(block)
        return block

    def _text(self, text: str) -> None:
        block = self._open or self._begin()
        # A line break of the source is a space; one that is meant comes alone, from <br>.
        block.text += text if self._frame.pre or text == "\n" else text.replace("\n", " ")

    def _link(self, href: str) -> None:
        if href and not href.startswith("#"):
            if href not in self.links:
                self.links.append(href)
            self._text(f" [{self.links.index(href) + 1}]")

    def _picture(self, values: dict[str, str]) -> str:
        said = values.get("alt", "")
        number = values.get("src", "").removeprefix("image:")
        if number.isascii() and number.isdigit() and int(number) < len(self._images):
            image = self._images[int(number)]
            said = " · ".join(part for part in (image.alt or said, image.credit) if part)
        return f"[picture: {said}]" if said else "[picture]"


def _squeezed(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.split("\n"))
