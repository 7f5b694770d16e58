"""From any HTML to a small tree, read as a browser reads it.

1. ``nh3`` parses the HTML as browsers do and drops scripts, styles, forms' controls, embedded media,
   comments, and every element and attribute the subset has no use for.
2. What it writes is regular, so a grammar of one line reads it back.
3. Nesting is bounded first: browsers' algorithm takes quadratic time on it (100,000 open elements:
   20 s). Where the number of tags would allow that, libxml2, which is linear and knows a bound of
   256, reads the text before and writes it out with every element closed.
"""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Final

import lxml.etree
import lxml.html
import nh3

from mirror.articles.characters import clean_text
from mirror.errors import SourceError

_INLINE: Final = (
    "a abbr b bdi bdo big br cite code data del dfn em font i img ins kbd label mark q rp rt ruby "
    "s samp small "
    "span strike strong sub sup time tt u var wbr"
)
_BLOCKS: Final = (
    "address article aside blockquote caption center dd details dir div dl dt fieldset figcaption "
    "figure footer "
    "form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu ol p pre section summary table "
    "tbody td tfoot "
    "th thead tr ul"
)
INLINE_TAGS: Final = frozenset(_INLINE.split())
BLOCK_TAGS: Final = frozenset(_BLOCKS.split())
_DROPPED: Final = frozenset(
    "applet audio button canvas datalist dialog embed frameset head iframe map math meter nav "
    "noembed noframes "
    "noscript object optgroup option output progress script select style svg template textarea title "
    "video".split()
)
_IMAGE_SOURCES: Final = ("src", "data-src", "data-original", "data-lazy-src", "srcset", "data-srcset")
_CLEANER: Final = nh3.Cleaner(
    tags=INLINE_TAGS | BLOCK_TAGS,
    clean_content_tags=_DROPPED,
    attributes={
        "*": {"class", "dir", "id", "lang", "role", "itemprop"},
        "a": {"href"},
        "img": {"alt", "height", "width", *_IMAGE_SOURCES},
        "time": {"datetime"},
    },
    url_schemes={"http", "https", "mailto", "image"},
    link_rel=None,
)
_TOKEN: Final = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+="[^"]*")*)>|([^<]+)')
_ATTRIBUTE: Final = re.compile(r' ([a-z-]+)="([^"]*)"')
_VOID: Final = frozenset({"br", "hr", "img", "wbr"})
_FEW_TAGS: Final = 4_000  # even all nested, a browser's algorithm reads them in 40 ms
_MAX_DEPTH: Final = 200  # elements inside one another that we keep; deeper ones dissolve


@dataclass(slots=True)
class Element:
    """An element as ``nh3`` left it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)
    has_block: bool = False
    has_table: bool = False

    def elements(self) -> "list[Element]":
        """The children that are elements."""
        return [child for child in self.children if not isinstance(child, str)]

    def text(self) -> str:
        """All text inside, as it stands."""
        return "".join(child if isinstance(child, str) else child.text() for child in self.children)


def parse(html: str) -> Element:
    """The tree of ``html`` under one root ``div``.

    Raises:
        SourceError: ``html-nesting``; the elements are nested deeper than any real page's.
    """
    html = clean_text(html)
    if html.count("<") > _FEW_TAGS:
        html = _closed(html)
    return _read(_CLEANER.clean(html))


def parse_page(html: str) -> lxml.html.HtmlElement | None:
    """A whole page as libxml2 reads it, for its head and for the extractor; None for no element.

    Raises:
        SourceError: ``html-nesting``.
    """
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    data = clean_text(html).encode("utf-8", "replace")
    try:
        page = lxml.html.document_fromstring(data, parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError, AssertionError):
        page = None
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise SourceError("the elements of a page are nested too deeply", code="html-nesting")
    return page


def _closed(html: str) -> str:
    page = parse_page(html)
    return "" if page is None else lxml.html.tostring(page, encoding="unicode")


def _read(regular: str) -> Element:
    root = Element("div")
    stack = [root]
    dissolved = 0
    at = 0
    for token in _TOKEN.finditer(regular):
        assert token.start() == at, "nh3 writes regular HTML"
        at = token.end()
        closing, tag, attributes, text = token.groups()
        if text is not None:
            stack[-1].children.append(clean_text(unescape(text) if "&" in text else text))
        elif closing:
            if dissolved:
                dissolved -= 1
            else:
                stack.pop()
        elif len(stack) > _MAX_DEPTH and tag not in _VOID:
            dissolved += 1
            stack[-1].children.append(" ")
        else:
            element = Element(tag, _attributes(attributes))
            stack[-1].children.append(element)
            if tag in BLOCK_TAGS:
                _mark(stack, tag)
            if tag not in _VOID:
                stack.append(element)
    assert at == len(regular), "nh3 writes regular HTML"
    return root


def _mark(stack: list[Element], tag: str) -> None:
    """Tell the ancestors what they contain; stops where they know."""
    for ancestor in reversed(stack):
        if ancestor.has_block and (ancestor.has_table or tag != "table"):
            break
        ancestor.has_block = True
        ancestor.has_table = ancestor.has_table or tag == "table"


def _attributes(text: str) -> dict[str, str]:
    if not text:
        return {}
    return {name: unescape(value) for name, value in _ATTRIBUTE.findall(text)}


def image_reference(element: Element) -> str:
    """The address of an ``img``: its own, or the one a page's script would put there."""
    for name in _IMAGE_SOURCES:
        value = element.attributes.get(name, "").strip()
        if name.endswith("srcset"):
            value = value.split(",")[-1].strip().split(" ")[0]  # the last is by custom the largest
        if value:
            return value
    return ""
