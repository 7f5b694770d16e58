"""What a page says about its article outside the text: JSON-LD, Open Graph, ``meta``, ``time``, ``lang``.

The statements that are made for machines come first, because they are about this article; what
stands in the text may be about another. Nothing is believed that does not parse.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import Final

from lxml.html import HtmlElement

from mirror import limits
from mirror.articles.boilerplate import byline_of
from mirror.articles.characters import one_line
from mirror.articles.dates import instant
from mirror.articles.language import declared
from mirror.articles.links import web_address

_MAX_JSON: Final = 1 << 20  # characters of one JSON-LD block; with the full text inside, 100,000
_MAX_DEPTH: Final = 6
_SEPARATORS: Final = (" | ", " - ", " – ", " — ", " :: ", " · ", " » ", " / ")


@dataclass(frozen=True, slots=True)
class PageMeta:
    """The facts of a page's head. Texts are on one line; what is not stated is empty or None."""

    titles: tuple[str, ...] = ()
    site: str = ""
    summary: str = ""
    byline: str = ""
    section: str = ""
    language: str | None = None
    published: int | None = None
    updated: int | None = None
    address: str = ""


def read_meta(page: HtmlElement, base: str = "") -> PageMeta:
    """The facts that ``page`` states; ``base`` is its own address where known."""
    named = _named(page)
    linked = next(_articles(page), {})
    # Many sites escape twice what stands in a script.
    titles = (
        unescape(_text(linked.get("headline"))),
        named.get("og:title", ""),
        named.get("twitter:title", ""),
    )
    head = page.findtext(".//title") or ""
    canonical = next(
        (link.get("href", "") for link in page.iter("link") if link.get("rel") == "canonical"), ""
    )
    address = named.get("og:url", "") or canonical
    return PageMeta(
        titles=tuple(
            dict.fromkeys(line for title in (*titles, head) if (line := one_line(title, limits.MAX_TITLE)))
        ),
        site=one_line(named.get("og:site_name", ""), limits.MAX_LINE),
        summary=one_line(
            named.get("og:description") or named.get("description") or _text(linked.get("description")),
            limits.MAX_SUMMARY,
        ),
        byline=_byline(linked, named),
        section=one_line(
            _text(linked.get("articleSection")) or named.get("article:section", ""), limits.MAX_LINE
        ),
        language=_language(page, linked, named),
        published=_first_instant(
            _text(linked.get("datePublished")), named.get("article:published_time"), *_times(page)
        ),
        updated=_first_instant(_text(linked.get("dateModified")), named.get("article:modified_time")),
        address=web_address(address, base) if address else "",
    )


def headline(meta: PageMeta, headings: list[str]) -> str:
    """The article's title: the heading that the page's head confirms, else the head's own."""
    known = [title.casefold() for title in meta.titles]
    for heading in headings:
        if heading and any(heading.casefold() in title or title in heading.casefold() for title in known):
            return heading
    if meta.titles and meta.titles != (meta.titles[-1],):
        return without_site(meta.titles[0], meta.site)
    first = next(filter(None, headings), "")
    return first or (without_site(meta.titles[0], meta.site) if meta.titles else "")


def without_site(title: str, site: str) -> str:
    """A title without the site's name behind it."""
    for separator in _SEPARATORS:
        start, found, end = title.rpartition(separator)
        if found and site and end.strip().casefold() == site.casefold():
            return start.strip()
    return title


def _named(page: HtmlElement) -> dict[str, str]:
    named: dict[str, str] = {}
    for element in page.iter("meta"):
        name = (
            (element.get("property") or element.get("name") or element.get("http-equiv") or "")
            .strip()
            .lower()
        )
        content = (element.get("content") or "").strip()
        if name and content:
            named.setdefault(name, content)
    return named


def _articles(page: HtmlElement) -> Iterator[Mapping[str, object]]:
    """The JSON-LD objects that are articles."""
    for script in page.iter("script"):
        text = script.text or ""
        if "ld+json" not in (script.get("type") or "") or len(text) > _MAX_JSON:
            continue
        try:
            value = json.loads(text, strict=False)
        except (ValueError, RecursionError):
            continue
        yield from _objects(value, _MAX_DEPTH)


def _objects(value: object, depth: int) -> Iterator[Mapping[str, object]]:
    if depth == 0:
        return
    if isinstance(value, list):
        for part in value:
            yield from _objects(part, depth - 1)
    elif isinstance(value, dict):
        kinds = value.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if any(
            isinstance(kind, str) and kind.endswith(("Article", "BlogPosting", "Report")) for kind in kinds
        ):
            yield value
        for name in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _objects(value.get(name), depth - 1)


def _text(value: object) -> str:
    """A JSON-LD value as text: itself, its name, or those of its parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return _text(value.get("name"))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value[:8])))
    return ""


def _byline(linked: Mapping[str, object], named: Mapping[str, str]) -> str:
    for text in (_text(linked.get("author")), named.get("article:author", ""), named.get("author", "")):
        if text and "://" not in text and "@" not in text:
            return byline_of(text) or one_line(text, limits.MAX_LINE)
    return ""


def _language(page: HtmlElement, linked: Mapping[str, object], named: Mapping[str, str]) -> str | None:
    html = next(page.iter("html"), page)
    spoken = (
        html.get("lang"),
        html.get("{http://www.w3.org/XML/1998/namespace}lang") or html.get("xml:lang"),
        _text(linked.get("inLanguage")),
        named.get("og:locale"),
        named.get("content-language"),
    )
    return next(filter(None, map(declared, spoken)), None)


def _times(page: HtmlElement) -> list[str]:
    """The ``time`` of publication: one that says so, else the only one, else the first of an article."""
    times = [time for time in page.iter("time") if time.get("datetime")]
    for time in times:
        if time.get("itemprop") == "datePublished" or time.get("pubdate") is not None:
            return [str(time.get("datetime"))]
    inside = [time for time in times if next(time.iterancestors("article"), None) is not None]
    chosen = inside[:1] or (times if len(times) == 1 else [])
    return [str(time.get("datetime")) for time in chosen]


def _first_instant(*texts: str | None) -> int | None:
    return next((when for text in texts if (when := instant(text)) is not None), None)
