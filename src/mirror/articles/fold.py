"""From a tree to blocks: what may stand inside what, decided once.

The rules, in the order in which they bite:

1. Inline text that stands alone becomes a paragraph; two line breaks end one.
2. Containers without meaning here (div, section, span, …) dissolve; their direction and language
   pass to the blocks inside. An inline element around blocks passes to the text inside them.
3. h1 becomes h2, h5 and h6 become h4.
4. A list holds items only; an item or cell with one plain paragraph holds its text directly.
5. A table that contains tables, or has one cell, is layout and dissolves.
6. A figure is images and one caption; any other figure dissolves.
7. White space is collapsed across element borders, except in ``pre``; what would not be seen goes.
8. Containers nested deeper than ``MAX_BLOCK_NESTING`` dissolve.

Each rule leaves its own output alone, so that folding what ``blocks.render`` wrote changes nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urljoin

from mirror import limits
from mirror.articles import phrases
from mirror.articles.blocks import BREAK, Block, DraftImage, Inline, Leaf, is_blank
from mirror.articles.characters import clean_text, one_line
from mirror.articles.language import declared
from mirror.articles.links import clean_link
from mirror.articles.runs import joined, paragraphs, preformatted
from mirror.articles.tree import INLINE_TAGS, Element, image_reference

_MEANING: Final = {
    **dict.fromkeys(("b", "strong"), "strong"),
    **dict.fromkeys(("cite", "dfn", "em", "i", "var"), "em"),
    **dict.fromkeys(("code", "kbd", "samp", "tt"), "code"),
    "sub": "sub",
    "sup": "sup",
}
_HEADINGS: Final = {"h1": "h2", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4"}
_LISTS: Final = {"ul": "ul", "menu": "ul", "dir": "ul", "ol": "ol"}
_MAX_PATH: Final = 8  # inline elements inside one another; a text has use for three
_QUOTES: Final = ("“", "”")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the document we are."""

    path: tuple[Inline, ...] = ()
    depth: int = 0
    direction: str = ""
    language: str = ""
    hint: str = ""

    def within(self, element: Element) -> "_Place":
        """Inside a container that dissolves."""
        direction, language = _marks(element)
        return replace(
            self,
            direction=direction or self.direction,
            language=language or self.language,
            hint=f"{self.hint} {_hint(element)}".strip()[-200:],
        )

    def under(self) -> "_Place":
        """Inside a block that stays and carries the marks itself."""
        return _Place(depth=self.depth + 1, path=self.path)


class Folder:
    """Folds trees into blocks.

    ``base`` is the address that relative links refer to, ``image_base`` the one for images, where
    known: a page saved into a folder has its links at its site and its pictures beside it.
    """

    def __init__(self, base: str = "", image_base: str = "") -> None:
        self._base = base
        self._image_base = image_base

    def fold(self, root: Element) -> list[Block]:
        """The blocks of a whole tree."""
        return without_stray_rules(self._flow(root.children, _Place()))

    def _flow(self, nodes: Iterable[Element | str], place: _Place) -> list[Block]:
        out: list[Block] = []
        run: list[Leaf] = []
        items: list[Block] = []
        for node in nodes:
            if isinstance(node, str):
                if items and is_blank(node):
                    continue
                self._end_items(items, out, place)
                run.append(Leaf(node, place.path))
                continue
            if node.tag in INLINE_TAGS and not node.has_block:
                self._end_items(items, out, place)
                run.extend(self._inline(node, place.path))
                continue
            out.extend(_paragraphs("p", run, place))
            run.clear()
            if node.tag == "li" and place.depth < limits.MAX_BLOCK_NESTING:
                items.extend(self._item(node, place))
                continue
            self._end_items(items, out, place)
            out.extend(self._block(node, place))
        self._end_items(items, out, place)
        out.extend(_paragraphs("p", run, place))
        return out

    @staticmethod
    def _end_items(items: list[Block], out: list[Block], place: _Place) -> None:
        """Items outside a list form one."""
        if items:
            out.append(Block("ul", children=tuple(items), direction=place.direction, language=place.language))
            items.clear()

    def _block(self, element: Element, place: _Place) -> list[Block]:
        tag = element.tag
        if tag in INLINE_TAGS:
            return self._flow(element.children, replace(place, path=self._wrapped(element, place.path)))
        inside = place.within(element)
        if tag == "hr":
            return [Block("hr")]
        if tag in _HEADINGS or tag == "p":
            return self._text_block(_HEADINGS.get(tag, "p"), element, inside)
        if tag == "dt":
            return self._flow(element.children, replace(inside, path=_added(inside.path, ("strong", ""))))
        if tag == "pre":
            leaves = preformatted(self._pre_leaves(element, inside.path))
            return [_made("pre", inside, leaves=leaves)] if leaves else []
        if place.depth >= limits.MAX_BLOCK_NESTING:
            return self._flow(element.children, inside)
        if tag in _LISTS:
            return self._list(element, inside)
        if tag == "table":
            return self._table(element, inside)
        if tag == "figure":
            return self._figure(element, inside)
        if tag == "blockquote":
            children = without_stray_rules(self._flow(element.children, inside.under()))
            return [_made("blockquote", inside, children=children)] if children else []
        return self._flow(element.children, inside)

    def _text_block(self, tag: str, element: Element, place: _Place) -> list[Block]:
        if element.has_block:  # headings may hold containers, and these paragraphs
            content = self._flow(element.children, place)
            return [replace(block, tag=tag) if block.tag == "p" else block for block in content]
        leaves = [leaf for node in element.children for leaf in self._leaves(node, place.path)]
        return _paragraphs(tag, leaves, place)

    def _leaves(self, node: Element | str, path: tuple[Inline, ...]) -> list[Leaf]:
        return [Leaf(node, path)] if isinstance(node, str) else self._inline(node, path)

    def _inline(self, element: Element, path: tuple[Inline, ...]) -> list[Leaf]:
        if element.tag == "br":
            return [Leaf(BREAK, path)]
        if element.tag == "img":
            image = self._image(element)
            return [] if image is None else [Leaf("", path, image)]
        path = self._wrapped(element, path)
        leaves = [leaf for node in element.children for leaf in self._leaves(node, path)]
        if element.tag == "q":
            return [Leaf(_QUOTES[0], path), *leaves, Leaf(_QUOTES[1], path)]
        return leaves

    def _wrapped(self, element: Element, path: tuple[Inline, ...]) -> tuple[Inline, ...]:
        if element.tag == "a":
            address = clean_link(element.attributes.get("href", ""), self._base)
            if not address or any(tag == "a" for tag, _ in path):
                return path
            return _added(path, ("a", address))
        tag = _MEANING.get(element.tag)
        return path if tag is None else _added(path, (tag, ""))

    def _image(self, element: Element) -> DraftImage | None:
        sizes = [element.attributes.get(name, "") for name in ("width", "height")]
        if any(size in ("0", "1") for size in sizes):
            return None  # a counter of readers, not a picture
        reference = clean_text(image_reference(element)).strip()
        if self._image_base and not reference.startswith("image:"):
            try:
                reference = urljoin(self._image_base, reference)
            except ValueError:
                return None
        if not reference or len(reference) > limits.MAX_LINK:
            return None
        return DraftImage(reference, one_line(element.attributes.get("alt", ""), limits.MAX_ALT))

    def _item(self, element: Element, place: _Place) -> list[Block]:
        """The item of a list that stands at ``place``."""
        inside = _Place(path=place.path, depth=place.depth).within(element)
        content = without_stray_rules(self._flow(element.children, inside.under()))
        return [_holding("li", content, inside)] if content else []

    def _list(self, element: Element, place: _Place) -> list[Block]:
        items: list[Block] = []
        for node in element.children:
            if isinstance(node, str):
                if not is_blank(node):
                    items.extend(self._item(Element("li", children=[node]), place))
            elif node.tag == "li":
                items.extend(self._item(node, place))
            elif node.tag in _LISTS and items:
                nested = self._block(node, place.under())
                content = [*_content(items[-1]), *nested]
                items[-1] = replace(items[-1], leaves=(), children=tuple(content)) if nested else items[-1]
            else:
                items.extend(self._item(Element("li", children=[node]), place))
        return [_made(_LISTS[element.tag], place, children=items)] if items else []

    def _table(self, element: Element, place: _Place) -> list[Block]:
        if any(child.has_table for child in element.elements()):
            return self._flow(_cells(element), place)
        before: list[Block] = []
        groups: dict[str, list[Block]] = {"thead": [], "tbody": []}
        self._rows(element, "tbody", place, groups, before)
        rows = [*groups["thead"], *groups["tbody"]]
        cells = [cell for row in rows for cell in row.children]
        full = [cell for cell in cells if cell.leaves or cell.children]
        if len(cells) <= 1 or not full:
            return [*before, *(_paragraph_of(block, place) for cell in full for block in _content(cell))]
        parts = [Block(name, children=tuple(group)) for name, group in groups.items() if group]
        return [*before, _made("table", place, children=parts)]

    def _rows(
        self, element: Element, group: str, place: _Place, groups: dict[str, list[Block]], before: list[Block]
    ) -> None:
        for node in element.elements():
            if node.tag in ("thead", "tbody", "tfoot"):
                self._rows(node, "thead" if node.tag == "thead" else "tbody", place, groups, before)
            elif node.tag == "tr":
                cells = [self._cell(cell, place) for cell in node.elements() if cell.tag in ("td", "th")]
                if cells:
                    groups[group].append(Block("tr", children=tuple(cells)))
            else:
                before.extend(self._flow([node], place))

    def _cell(self, element: Element, place: _Place) -> Block:
        inside = _Place(path=place.path, depth=place.depth).within(element)
        return _holding(
            element.tag, without_stray_rules(self._flow(element.children, inside.under())), inside
        )

    def _figure(self, element: Element, place: _Place) -> list[Block]:
        captions = [child for child in element.elements() if child.tag == "figcaption"]
        rest = [child for child in element.children if isinstance(child, str) or child.tag != "figcaption"]
        inner = place.under()
        content = self._flow(rest, inner)
        caption = [block for child in captions for block in self._flow([child], inner)]
        pictures = [leaf for block in content for leaf in block.leaves if leaf.image is not None]
        only_pictures = all(
            not block.children and block.tag == "p" and is_blank(block.text) for block in content
        )
        if not pictures or not only_pictures:
            return [_paragraph_of(block, place) for block in (*content, *caption)]
        leaves = joined(_lines(caption))
        named = phrases.IMAGE_CREDIT.search("".join(leaf.text for leaf in leaves))
        if named is not None:
            name = one_line(named.group("name").strip(" .)]"), limits.MAX_ALT)
            pictures = [_credited(leaf, name) for leaf in pictures]
        below = (Block("figcaption", leaves),) if leaves else ()
        return [_made("figure", place, leaves=pictures, children=below)]

    def _pre_leaves(self, element: Element, path: tuple[Inline, ...]) -> list[Leaf]:
        leaves: list[Leaf] = []
        for node in element.children:
            if isinstance(node, str):
                leaves.append(Leaf(node, path))
            elif node.tag == "br":
                leaves.append(Leaf("\n", path))
            elif node.tag in INLINE_TAGS:
                leaves.extend(self._pre_leaves(node, self._wrapped(node, path)))
            else:
                leaves.extend([*self._pre_leaves(node, path), Leaf("\n", path)])
        return leaves


def _marks(element: Element) -> tuple[str, str]:
    direction = element.attributes.get("dir", "").strip().lower()
    language = declared(element.attributes.get("lang", "")) or ""
    return (direction if direction in ("ltr", "rtl", "auto") else ""), language


def _hint(element: Element) -> str:
    names = [element.attributes.get(name, "") for name in ("class", "id", "role", "itemprop")]
    words = " ".join(name for name in names if name)
    return f"{element.tag} {words}"[:100] if words or element.tag in ("footer", "aside", "header") else ""


def _credited(leaf: Leaf, name: str) -> Leaf:
    return leaf if leaf.image is None else replace(leaf, image=replace(leaf.image, credit=name))


def _added(path: tuple[Inline, ...], element: Inline) -> tuple[Inline, ...]:
    return path if element in path or len(path) >= _MAX_PATH else (*path, element)


def _made(tag: str, place: _Place, *, leaves: Iterable[Leaf] = (), children: Iterable[Block] = ()) -> Block:
    return Block(tag, tuple(leaves), tuple(children), place.direction, place.language, place.hint)


def _holding(tag: str, content: Sequence[Block], place: _Place) -> Block:
    """An item or cell: the text itself where it is one plain paragraph, else the blocks."""
    if len(content) == 1 and content[0].tag == "p" and not content[0].direction and not content[0].language:
        return _made(tag, place, leaves=content[0].leaves)
    return _made(tag, place, children=content)


def _content(block: Block) -> tuple[Block, ...]:
    """What an item or cell holds, as blocks."""
    return (Block("p", block.leaves),) if block.leaves else block.children


def _paragraph_of(block: Block, place: _Place) -> Block:
    """A block that left its container, with the marks it would lose."""
    if block.tag == "hr":
        return block
    return replace(
        block, direction=block.direction or place.direction, language=block.language or place.language
    )


def _cells(element: Element) -> list[Element | str]:
    """The contents of a layout table, in order, each cell on its own."""
    found: list[Element | str] = []
    for child in element.elements():
        if child.tag in ("td", "th", "caption"):
            found.append(
                Element("div", child.attributes, child.children, has_block=True, has_table=child.has_table)
            )
        else:
            found.extend(_cells(child))
    return found


def without_stray_rules(blocks: list[Block]) -> list[Block]:
    """Blocks without rules at the edges and without two in a row."""
    kept: list[Block] = []
    for block in blocks:
        if block.tag != "hr" or (kept and kept[-1].tag != "hr"):
            kept.append(block)
    if kept and kept[-1].tag == "hr":
        kept.pop()
    return kept


def _paragraphs(tag: str, run: Sequence[Leaf], place: _Place) -> list[Block]:
    """The run as blocks of ``tag``: one, or more where two line breaks stand together."""
    return [_made(tag, place, leaves=leaves) for leaves in paragraphs(run)] if run else []


def _lines(blocks: Iterable[Block]) -> list[tuple[Leaf, ...]]:
    """The text of all blocks, line by line, without images."""
    lines: list[tuple[Leaf, ...]] = []
    for block in blocks:
        lines.extend(paragraphs([leaf for leaf in block.leaves if leaf.image is None]))
        lines.extend(_lines(block.children))
    return lines
