"""Pages: the articles of one day or of a few, with what a list of headlines needs.

A page is compressed without a dictionary, so that headlines never wait for one. Its articles stand
in the order of their records in the page's clusters; nothing in a page is empty.

Source: FORMAT.md section 6.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirror.bundle import record
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import (
    MAX_ARTICLES,
    MAX_CLUSTER_RAW,
    MAX_INSTANT,
    MAX_LINE,
    MAX_PAGE_CLUSTERS,
    MAX_PAGE_NAMES,
    MAX_TITLE,
)
from mirror.model import Article, PieceList, State

# Their order is the format's.
_STATES: Final = (State.LIVE, State.CORRECTED, State.WITHDRAWN, State.REMOVED)
_MAX_ID: Final = 128
# The shape of a BCP 47 tag; it reaches HTML's ``lang`` and file names of notices.
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,8}")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Some articles' records: its pieces, its dictionary (1-based index, 0: none), its articles."""

    pieces: PieceList
    dictionary: int
    articles: int


@dataclass(frozen=True, slots=True)
class Page:
    """Articles as listed (no body yet), and the clusters that complete them, in the same order."""

    listed: tuple[Article, ...]
    clusters: tuple[Cluster, ...]


def encode(page: Page) -> bytes:
    """The page's bytes, before compression."""
    writer = Writer()
    writer.number(len(page.clusters))
    for cluster in page.clusters:
        writer.piece_list(cluster.pieces)
        writer.number(cluster.dictionary)
        writer.number(cluster.articles)
    write_listed(writer, page.listed)
    return writer.bytes()


def parse(raw: bytes, channel: str, dictionaries: int) -> Page:
    """The page that ``raw`` holds; ``dictionaries`` is how many its manifest names.

    Raises:
        FormatError: Not canonical, or clusters and articles do not add up.
    """
    cursor = Cursor(raw)
    clusters = tuple(
        Cluster(cursor.piece_list(MAX_CLUSTER_RAW), cursor.number(dictionaries), cursor.number(MAX_ARTICLES))
        for _ in range(cursor.number(MAX_PAGE_CLUSTERS))
    )
    listed = parse_listed(cursor, channel, MAX_ARTICLES)
    cursor.end()
    counts = [cluster.articles for cluster in clusters]
    if not listed or sum(counts) != len(listed) or 0 in counts:
        raise FormatError("A page's clusters do not hold its articles.", code="page")
    return Page(listed, clusters)


def write_listed(writer: Writer, articles: Sequence[Article]) -> None:
    """Append the columns of ``articles``: everything a headline needs.

    Raises:
        ValueError: A title, section, language or instant is one that no reader would accept.
    """
    if any(not _LANGUAGE.fullmatch(a.language) or a.updated > MAX_INSTANT for a in articles):
        raise ValueError("an article has an impossible language or instant")
    if any(len(a.title) > MAX_TITLE or len(a.section) > MAX_LINE for a in articles):
        raise ValueError("an article's title or section is too long")
    languages = sorted({article.language for article in articles})
    sections = sorted({article.section for article in articles})
    if max(len(languages), len(sections)) > MAX_PAGE_NAMES:
        raise ValueError("a page has too many sections or languages")
    writer.number(len(articles))
    for table in (languages, sections):
        writer.number(len(table))
        for name in table:
            writer.line(name)
    for article in articles:
        writer.line(article.id)
    for article in articles:
        writer.line(article.title)
    before = 0
    for article in articles:
        writer.signed(article.published - before)
        before = article.published
    for article in articles:
        writer.number(article.updated - article.published)
    for article in articles:
        writer.number(languages.index(article.language))
    for article in articles:
        writer.number(sections.index(article.section))
    for article in articles:
        writer.number(_STATES.index(article.state))


def parse_listed(cursor: Cursor, channel: str, most: int) -> tuple[Article, ...]:
    """At most ``most`` articles at ``cursor``, without body, summary, credits and images.

    Raises:
        FormatError: Not canonical, or an article that the model refuses.
    """
    count = cursor.number(most)
    languages, sections = _names(cursor), _names(cursor)
    if not all(map(_LANGUAGE.fullmatch, languages)):
        raise FormatError("A page names something that is no language.", code="page")
    ids = [cursor.line(_MAX_ID) for _ in range(count)]
    titles = [cursor.line(MAX_TITLE) for _ in range(count)]
    published: list[int] = []
    for _ in range(count):
        published.append((published[-1] if published else 0) + cursor.signed())
    updated = [start + cursor.number() for start in published]
    if any(instant > MAX_INSTANT for instant in updated):
        raise FormatError("A page lists an instant beyond the year 9999.", code="page")
    of_language = [cursor.number(len(languages) - 1) for _ in range(count)]
    of_section = [cursor.number(len(sections) - 1) for _ in range(count)]
    of_state = [cursor.number(len(_STATES) - 1) for _ in range(count)]
    if set(of_language) != set(range(len(languages))) or set(of_section) != set(range(len(sections))):
        raise FormatError("A page names a language or section that no article has.", code="page")
    try:
        return tuple(
            Article(
                id=ids[i],
                channel=channel,
                language=languages[of_language[i]],
                title=titles[i],
                body="",
                published=published[i],
                updated=updated[i],
                section=sections[of_section[i]],
                state=_STATES[of_state[i]],
            )
            for i in range(count)
        )
    except ValueError as error:
        raise FormatError("A page lists an article that cannot be.", code="page") from error


def cluster_text(articles: Sequence[Article]) -> str:
    """The text of a cluster: its articles' records.

    Raises:
        ValueError: An article cannot be written as a record.
        LimitError: It is longer than a cluster may be.
    """
    text = "".join(map(record.encode, articles))
    if len(text) > MAX_CLUSTER_RAW:
        raise LimitError("An article is too long to be carried.", code="article-too-long")
    return text


def decode_cluster(
    raw: bytes, listed: Sequence[Article], dictionary: Dictionary | None
) -> tuple[Article, ...]:
    """The articles of a cluster, complete: ``raw`` is in the dictionary's codes, or plain UTF-8.

    Raises:
        FormatError: The text or a record is damaged.
    """
    if dictionary:
        text = dictionary.codebook.decode(raw)
    else:
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            raise FormatError("A cluster is not UTF-8.", code="utf-8") from error
    records = record.split(text, len(listed))
    return tuple(map(record.decode, records, listed))


def by_cluster(page: Page) -> list[tuple[Cluster, tuple[Article, ...]]]:
    """Each cluster of ``page`` with the articles it holds, as listed."""
    pairs: list[tuple[Cluster, tuple[Article, ...]]] = []
    start = 0
    for cluster in page.clusters:
        pairs.append((cluster, page.listed[start : start + cluster.articles]))
        start += cluster.articles
    return pairs


def _names(cursor: Cursor) -> list[str]:
    names = [cursor.line(MAX_LINE) for _ in range(cursor.number(MAX_PAGE_NAMES))]
    if names != sorted(set(names)):
        raise FormatError("A table of names is not sorted.", code="page")
    return names
