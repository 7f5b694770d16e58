"""A whole HTML page as a draft.

1. A *plain document* holds an article and nothing else: one ``article`` element with no text outside
   it, or a body of text elements only. It is taken whole: what its author wrote is what is carried.
2. Any other page is the article's surroundings too; the article is looked for (``extract.py``).
3. In both, boilerplate goes, credits are told apart, and designations are reported; on other pages
   they are looked for on the whole page, because an extractor drops footers without a word.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import lxml.etree
from lxml.html import HtmlElement

from mirror import limits
from mirror.articles import plaintext
from mirror.articles.assemble import assemble, without_title
from mirror.articles.blocks import Block
from mirror.articles.boilerplate import (
    Stripped,
    byline_of,
    credits_below,
    page_designations,
    split_lines,
    strip,
)
from mirror.articles.characters import one_line
from mirror.articles.dates import instant
from mirror.articles.draft import Draft
from mirror.articles.encoding import Decoded
from mirror.articles.extract import Extracted, extract
from mirror.articles.fold import Folder
from mirror.articles.page_meta import PageMeta, headline, read_meta, without_site
from mirror.articles.plaintext import take_title
from mirror.articles.tree import Element, parse, parse_page
from mirror.errors import SourceError

_META_CLASSES: Final = frozenset({"author", "byline", "date", "dateline", "meta", "published"})
_MAX_META: Final = 200  # characters
_MAX_SECTION: Final = 60
_LEAD: Final = 4  # elements among which the line about the article stands
_PARTS: Final = re.compile(r"\s*[·•|]\s*")
_TEXT_TAGS: Final = frozenset(
    "a abbr article b bdi bdo blockquote body br caption cite code dd del dfn dl dt em figcaption "
    "figure h1 h2 h3 h4 h5 "
    "h6 hr html i img ins kbd li main mark ol p pre q s samp section small span strong sub sup "
    "table tbody td tfoot th "
    "thead time tr tt u ul var wbr".split()
)
_UNSEEN: Final = frozenset({"head", "link", "meta", "noscript", "script", "style", "template", "title"})


@dataclass(frozen=True, slots=True)
class Line:
    """What the line under a plain document's title says."""

    published: int | None = None
    byline: str = ""
    section: str = ""


def read_page(decoded: Decoded, *, ident: str, base: str = "", where: str = "") -> Draft:
    """The draft of the article on a page.

    Args:
        decoded: The page's text.
        ident: The draft's id.
        base: The page's own address, or ``""`` for a file: its images lie beside it.
        where: Which source this is, for problems.

    Raises:
        SourceError: ``page-empty``, ``article-empty``, ``article-size``, ``html-nesting``.
    """
    page = parse_page(decoded.text)
    if page is None:
        raise SourceError("a page holds no element", code="page-empty")
    meta = read_meta(page, base)
    headings = [
        text for heading in page.iter("h1") if (text := one_line(heading.text_content(), limits.MAX_TITLE))
    ]
    links = base or meta.address
    if is_plain(page):
        title, line, stripped = _whole(decoded.text, meta, links=links, images=base)
        summary = meta.summary
    else:
        title, line = headline(meta, headings), Line()
        found = extract(
            page,
            decoded.text,
            titles=(*meta.titles, *headings),
            summary=meta.summary,
            base=links,
            image_base=base,
        )
        blocks: Sequence[Block] = found.blocks
        if not title:
            title, blocks, _ = take_title([part for block in blocks for part in split_lines(block)])
        stripped = _with_page(strip(blocks, from_web=True), found)
        summary = one_line(found.standfirst, limits.MAX_SUMMARY) or meta.summary
    draft = assemble(
        stripped, ident=ident, title=title, language=meta.language, where=where, guessed=decoded.guessed
    )
    return replace(
        draft,
        summary=summary if summary != draft.title else "",
        byline=draft.byline or line.byline or meta.byline,
        section=line.section or meta.section,
        published=meta.published if line.published is None else line.published,
        updated=meta.updated,
        source=links,
    )


def is_plain(page: HtmlElement) -> bool:
    """Whether a page is a document with an article and nothing else (rule 1)."""
    body = page.find("body")
    if body is None:
        return False
    articles = list(page.iter("article"))
    if len(articles) == 1:
        outside = _seen_text(body, skip=articles[0])
        return not outside.strip()
    return not articles and all(
        element.tag in _TEXT_TAGS for element in body.iter() if element.tag not in _UNSEEN
    )


def _seen_text(element: HtmlElement, *, skip: HtmlElement) -> str:
    """The text that a browser shows of ``element``, but for that of ``skip``."""
    parts: list[str] = []
    inside = 0
    for event, node in lxml.etree.iterwalk(element, events=("start", "end")):
        hides = node is skip or node.tag in _UNSEEN
        if event == "start":
            inside += hides
            parts.append("" if inside else node.text or "")
        else:
            inside -= hides
            parts.append("" if inside or node is element else node.tail or "")
    return "".join(parts)


def _whole(html: str, meta: PageMeta, *, links: str, images: str) -> tuple[str, Line, Stripped]:
    """The title, the line about the article, and the stripped body of a plain document."""
    root = parse(html)
    article = next(_descendants(root, "article"), root)
    title, line = "", Line()
    for parent, element in list(_leading(article)):
        if element.tag == "h1" and not title:
            title = one_line(element.text(), limits.MAX_TITLE)
            parent.children.remove(element)
        elif line == Line() and (found := _about(element)) is not None:
            line = found
            parent.children.remove(element)
    blocks = Folder(links, images).fold(article)
    title = title or (without_site(meta.titles[0], meta.site) if meta.titles else "")
    removed: tuple[str, ...] = ()
    if len(blocks) == 1 and blocks[0].tag == "pre":  # a plain text that somebody wrapped
        blocks = plaintext.to_blocks(plaintext.split(blocks[0].text))
    if not title:
        title, blocks, removed = take_title([part for block in blocks for part in split_lines(block)])
    stripped = strip(without_title(blocks, title))
    return one_line(title, limits.MAX_TITLE), line, replace(stripped, removed=(*removed, *stripped.removed))


def _descendants(element: Element, tag: str) -> Iterator[Element]:
    for child in element.elements():
        if child.tag == tag:
            yield child
        yield from _descendants(child, tag)


def _leading(article: Element) -> Iterator[tuple[Element, Element]]:
    """The first elements of an article with their parents, those of a header one by one."""
    for child in article.elements()[:_LEAD]:
        if child.tag in ("header", "hgroup", "div", "section"):
            yield from _leading(child)
        else:
            yield article, child


def _about(element: Element) -> Line | None:
    """What the line under the title says, or None where this is no such line."""
    classes = set(element.attributes.get("class", "").lower().split())
    text = one_line(element.text())
    if (
        element.tag not in ("p", "time")
        or (element.tag == "p" and not classes & _META_CLASSES)
        or len(text) > _MAX_META
    ):
        return None
    times = [element] if element.tag == "time" else list(_descendants(element, "time"))
    published = next(
        (when for time in times if (when := instant(time.attributes.get("datetime"))) is not None), None
    )
    shown = {one_line(time.text()) for time in times}
    rest = [part for part in _PARTS.split(text) if part and part not in shown and instant(part) is None]
    words = ", ".join(rest)
    if times or classes & {"author", "byline"}:
        return Line(published, byline=byline_of(words) or words)
    return Line(published, section=words) if len(words) <= _MAX_SECTION else None


def _with_page(stripped: Stripped, found: Extracted) -> Stripped:
    """Rule 3: what the page says around the article."""
    known = {one.kind for one in stripped.designations}
    more = tuple(one for one in page_designations(found.page) if one.kind not in known)
    credited = tuple(dict.fromkeys((*stripped.credits, *credits_below(found.below))))
    return replace(stripped, designations=(*stripped.designations, *more), credits=credited)
