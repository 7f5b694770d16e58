"""The head piece: an edition's manifest and front page in one piece, which the release signs.

The front page holds the newest headlines with their summaries and, whole, as many top stories as
the piece still takes: one request after the metadata, and a newcomer reads.

Source: FORMAT.md section 7.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirror.bundle import page as pages
from mirror.bundle import record
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.limits import MAX_ARTICLES, MAX_DICTIONARY_RAW, MAX_PAGE_RAW, MAX_PAGE_TABLE_RAW, MAX_SUMMARY
from mirror.model import CHANNEL_ID, Article, PieceList

MAGIC: Final = b"mirror-edition\x01"
_MAX_NAME: Final = 512
_MAX_DICTIONARIES: Final = 1_024
_MAX_FRONT: Final = 256


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page in the manifest: its pieces, the first and last day of its articles, how many.

    A day is the number of days since 1970-01-01, UTC.
    """

    pieces: PieceList
    first_day: int
    last_day: int
    articles: int


@dataclass(frozen=True, slots=True)
class Front:
    """Headlines, newest first: ``listed`` with their ``summaries``; ``stories`` are the whole
    articles of some of them."""

    listed: tuple[Article, ...]
    summaries: tuple[str, ...]
    stories: tuple[Article, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """An edition as it is signed.

    ``previous`` is the name of the previous edition's head piece, or empty for the first; a fork
    shows in it. ``notices`` is the digest of the notices in force when it was released, or empty.
    ``pages`` stand oldest first, and a later page's word on an article holds; it is ``None`` where
    the table of pages is too long for the head and lies in ``page_table``.
    """

    channel: str
    name: str
    number: int
    created: int
    previous: str
    notices: str
    dictionaries: tuple[PieceList, ...]
    front: Front
    pages: tuple[PageRef, ...] | None
    page_table: PieceList | None


def encode(manifest: Manifest) -> bytes:
    """The head piece's bytes, before compression."""
    writer = Writer()
    writer.raw(MAGIC)
    writer.text(manifest.channel)
    writer.text(manifest.name)
    writer.number(manifest.number)
    writer.number(manifest.created)
    writer.data(bytes.fromhex(manifest.previous))
    writer.data(bytes.fromhex(manifest.notices))
    writer.number(len(manifest.dictionaries))
    for pieces in manifest.dictionaries:
        writer.piece_list(pieces)
    if manifest.pages is not None:
        writer.number(0)
        _write_pages(writer, manifest.pages)
    elif manifest.page_table is not None:
        writer.number(1)
        writer.piece_list(manifest.page_table)
    else:
        raise ValueError("a manifest has pages or a table of them")
    _write_front(writer, manifest.front)
    return writer.bytes()


def parse(raw: bytes) -> Manifest:
    """The manifest that ``raw`` holds.

    Raises:
        FormatError: Another format or version (code ``version``), or not canonical.
    """
    cursor = Cursor(raw)
    magic = cursor.raw(len(MAGIC))
    if magic[:-1] != MAGIC[:-1]:
        raise FormatError("This is not an edition.", code="not-an-edition")
    if magic != MAGIC:
        raise FormatError("This edition is in a newer format: update the program.", code="version")
    channel = cursor.line(_MAX_NAME)
    if not CHANNEL_ID.fullmatch(channel):
        raise FormatError("An edition's channel has no valid name.", code="manifest")
    name, number, created = cursor.line(_MAX_NAME), cursor.number(), cursor.number()
    previous, notices = _digest(cursor), _digest(cursor)
    dictionaries = tuple(
        cursor.piece_list(MAX_DICTIONARY_RAW) for _ in range(cursor.number(_MAX_DICTIONARIES))
    )
    listed_pages, page_table = None, None
    if cursor.number(1) == 0:
        listed_pages = _parse_pages(cursor)
    else:
        page_table = cursor.piece_list(MAX_PAGE_TABLE_RAW)
    front = _parse_front(cursor, channel)
    cursor.end()
    return Manifest(
        channel,
        name,
        number,
        created,
        previous,
        notices,
        dictionaries,
        front,
        listed_pages,
        page_table,
    )


def encode_page_table(table: Sequence[PageRef]) -> bytes:
    """The bytes of a table of pages that lies outside the head, before compression."""
    writer = Writer()
    _write_pages(writer, table)
    return writer.bytes()


def parse_page_table(raw: bytes) -> tuple[PageRef, ...]:
    """The table of pages that ``raw`` holds.

    Raises:
        FormatError: Not canonical.
    """
    cursor = Cursor(raw)
    table = _parse_pages(cursor)
    cursor.end()
    return table


def _write_pages(writer: Writer, table: Sequence[PageRef]) -> None:
    writer.number(len(table))
    for page in table:
        writer.piece_list(page.pieces)
        writer.number(page.first_day)
        writer.number(page.last_day - page.first_day)
        writer.number(page.articles)


def _parse_pages(cursor: Cursor) -> tuple[PageRef, ...]:
    table = []
    for _ in range(cursor.number(MAX_ARTICLES)):
        pieces, first = cursor.piece_list(MAX_PAGE_RAW), cursor.number()
        table.append(PageRef(pieces, first, first + cursor.number(), cursor.number(MAX_ARTICLES)))
    return tuple(table)


def _write_front(writer: Writer, front: Front) -> None:
    pages.write_listed(writer, front.listed)
    for summary in front.summaries:
        writer.text(summary)
    places = {article.id: place for place, article in enumerate(front.listed)}
    writer.number(len(front.stories))
    for story in front.stories:
        writer.number(places[story.id])
        writer.text(record.encode(story))


def _parse_front(cursor: Cursor, channel: str) -> Front:
    listed = pages.parse_listed(cursor, channel)
    if len(listed) > _MAX_FRONT or len({article.id for article in listed}) != len(listed):
        raise FormatError("A front page has too many or repeated headlines.", code="front")
    summaries = tuple(cursor.line(MAX_SUMMARY * 4) for _ in listed)
    stories = []
    for _ in range(cursor.number(len(listed))):
        place = cursor.number(len(listed) - 1)
        [text] = record.split(cursor.text(MAX_PAGE_RAW), 1)
        stories.append(record.decode(text, listed[place]))
    if len({story.id for story in stories}) != len(stories):
        raise FormatError("A front page tells a story twice.", code="front")
    return Front(listed, summaries, tuple(stories))


def _digest(cursor: Cursor) -> str:
    digest = cursor.data(32)
    if len(digest) not in (0, 32):
        raise FormatError("A digest does not have 32 bytes.", code="manifest")
    return digest.hex()
