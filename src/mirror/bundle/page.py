"""Pages: the articles of one day or of a few, with what a list of headlines needs.

A page is compressed without a dictionary, so that headlines never wait for one. Its articles stand
in the order of their records in the page's clusters.

Source: FORMAT.md section 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirror.bundle import record
from mirror.bundle.dictionary import Dictionary
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.limits import MAX_ARTICLES, MAX_CLUSTER_RAW, MAX_TITLE
from mirror.model import Article, PieceList, State

_STATES: Final = tuple(State)
_MAX_NAME: Final = 256  # bytes of an id, a language tag or a section's name in UTF-8
_MAX_TABLE: Final = 4_096  # languages or sections of one page


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
        for _ in range(cursor.number(MAX_ARTICLES))
    )
    listed = parse_listed(cursor, channel)
    cursor.end()
    if sum(cluster.articles for cluster in clusters) != len(listed):
        raise FormatError("A page's clusters do not hold its articles.", code="page")
    return Page(listed, clusters)


def write_listed(writer: Writer, articles: Sequence[Article]) -> None:
    """Append the columns of ``articles``: everything a headline needs."""
    languages = sorted({article.language for article in articles})
    sections = sorted({article.section for article in articles})
    writer.number(len(articles))
    for table in (languages, sections):
        writer.number(len(table))
        for name in table:
            writer.text(name)
    for article in articles:
        writer.text(article.id)
    for article in articles:
        writer.text(article.title)
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


def parse_listed(cursor: Cursor, channel: str) -> tuple[Article, ...]:
    """The articles at ``cursor``, without body, summary, credits and images.

    Raises:
        FormatError: Not canonical, or an article that the model refuses.
    """
    count = cursor.number(MAX_ARTICLES)
    languages, sections = _table(cursor), _table(cursor)
    ids = [cursor.line(_MAX_NAME) for _ in range(count)]
    titles = [cursor.line(MAX_TITLE * 4) for _ in range(count)]
    published: list[int] = []
    for _ in range(count):
        published.append((published[-1] if published else 0) + cursor.signed())
    updated = [start + cursor.number() for start in published]
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


def encode_cluster(articles: Sequence[Article], dictionary: Dictionary | None) -> bytes:
    """The raw bytes of a cluster: its records, in the dictionary's codes or in plain UTF-8."""
    text = "".join(map(record.encode, articles))
    return dictionary.codebook.encode(text) if dictionary else text.encode()


def decode_cluster(
    raw: bytes, listed: Sequence[Article], dictionary: Dictionary | None
) -> tuple[Article, ...]:
    """The articles of a cluster, complete.

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


def _table(cursor: Cursor) -> list[str]:
    names = [cursor.line(_MAX_NAME) for _ in range(cursor.number(_MAX_TABLE))]
    if names != sorted(set(names)):
        raise FormatError("A table of names is not sorted.", code="page")
    return names
