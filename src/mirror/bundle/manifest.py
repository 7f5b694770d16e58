"""The head piece: an edition's manifest and front page in one piece, which the release signs.

The front page holds the newest headlines with their summaries and, whole, as many top stories as
the piece still takes: one request after the metadata, and a newcomer reads.

The table of contents names all dictionaries and pages. Its newest part stands in the head; older
parts are sealed, and stay as they are, so that a daily update costs the same after nine years.

Source: FORMAT.md section 7.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mirror.bundle import page as pages
from mirror.bundle import record
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.limits import (
    MAX_ARTICLES,
    MAX_CONTENTS,
    MAX_CONTENTS_RAW,
    MAX_DICTIONARIES,
    MAX_DICTIONARY_RAW,
    MAX_FRONT,
    MAX_HEAD_RAW,
    MAX_INSTANT,
    MAX_LINE,
    MAX_PAGE_RAW,
    MAX_SUMMARY,
)
from mirror.model import CHANNEL_ID, Article, PieceList

MAGIC: Final = b"mirror-edition\x01"
_MAX_CHANNEL: Final = 32
DAY: Final = 86_400
_MAX_DAY: Final = MAX_INSTANT // DAY


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page in the table of contents: its pieces, its first and last day, how many articles.

    A day is the number of days since 1970-01-01, UTC.
    """

    pieces: PieceList
    first_day: int
    last_day: int
    articles: int


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents, or a part of it.

    A page's clusters name dictionaries by their place in the whole table. Pages stand in the order
    in which they were packed: a later page's word on an article holds.
    """

    dictionaries: tuple[PieceList, ...] = ()
    pages: tuple[PageRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Front:
    """Headlines: ``listed`` with their ``summaries``, top stories first, then newest first;
    ``stories`` are the whole articles of some of them."""

    listed: tuple[Article, ...] = ()
    summaries: tuple[str, ...] = ()
    stories: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True)
class Manifest:
    """An edition as it is signed.

    ``previous`` is the name of the previous edition's head piece, or empty for the first; a fork
    shows in it. ``notices`` is the digest of the notices in force when it was released, or empty.
    ``earlier`` are the sealed parts of the table of contents, which ``contents`` continues.
    """

    channel: str
    name: str
    number: int
    created: int
    previous: str
    notices: str
    earlier: tuple[PieceList, ...]
    contents: Contents
    front: Front


def encode(manifest: Manifest) -> bytes:
    """The head piece's bytes, before compression.

    Raises:
        ValueError: A fact is one that no reader would accept.
    """
    if len(manifest.name) > MAX_LINE or manifest.created > MAX_INSTANT:
        raise ValueError("a publication's name or an edition's instant is impossible")
    writer = Writer()
    writer.raw(MAGIC)
    writer.line(manifest.channel)
    writer.line(manifest.name)
    writer.number(manifest.number)
    writer.number(manifest.created)
    writer.data(bytes.fromhex(manifest.previous))
    writer.data(bytes.fromhex(manifest.notices))
    writer.number(len(manifest.earlier))
    for pieces in manifest.earlier:
        writer.piece_list(pieces)
    _write_contents(writer, manifest.contents)
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
    channel = cursor.line(_MAX_CHANNEL)
    if not CHANNEL_ID.fullmatch(channel):
        raise FormatError("An edition's channel has no valid name.", code="manifest")
    name, number, created = cursor.line(MAX_LINE), cursor.number(), cursor.number(MAX_INSTANT)
    previous, notices = _digest(cursor), _digest(cursor)
    earlier = tuple(cursor.piece_list(MAX_CONTENTS_RAW) for _ in range(cursor.number(MAX_CONTENTS)))
    contents, front = _parse_contents(cursor), _parse_front(cursor, channel)
    cursor.end()
    return Manifest(channel, name, number, created, previous, notices, earlier, contents, front)


def encode_contents(contents: Contents) -> bytes:
    """The bytes of a part of the table of contents that lies outside the head."""
    writer = Writer()
    _write_contents(writer, contents)
    return writer.bytes()


def parse_contents(raw: bytes) -> Contents:
    """The part of the table of contents that ``raw`` holds.

    Raises:
        FormatError: Not canonical.
    """
    cursor = Cursor(raw)
    contents = _parse_contents(cursor)
    cursor.end()
    return contents


def join(parts: Iterable[Contents]) -> Contents:
    """The whole table of contents, from its parts in order.

    Raises:
        FormatError: It is larger than any may be, or names a page twice.
    """
    listed = tuple(parts)
    dictionaries = tuple(pieces for part in listed for pieces in part.dictionaries)
    table = tuple(page for part in listed for page in part.pages)
    if len(dictionaries) > MAX_DICTIONARIES or len(table) > MAX_ARTICLES:
        raise FormatError("A table of contents is too long.", code="contents")
    # One page named many times would cost its decoding each time.
    if len({page.pieces.digests for page in table}) != len(table):
        raise FormatError("A table of contents names a page twice.", code="contents")
    return Contents(dictionaries, table)


def _write_contents(writer: Writer, contents: Contents) -> None:
    writer.number(len(contents.dictionaries))
    for pieces in contents.dictionaries:
        writer.piece_list(pieces)
    writer.number(len(contents.pages))
    for page in contents.pages:
        writer.piece_list(page.pieces)
        writer.number(page.first_day)
        writer.number(page.last_day - page.first_day)
        writer.number(page.articles)


def _parse_contents(cursor: Cursor) -> Contents:
    dictionaries = tuple(
        cursor.piece_list(MAX_DICTIONARY_RAW) for _ in range(cursor.number(MAX_DICTIONARIES))
    )
    table = []
    for _ in range(cursor.number(MAX_ARTICLES)):
        pieces, first, span = cursor.piece_list(MAX_PAGE_RAW), cursor.number(_MAX_DAY), cursor.number()
        articles = cursor.number(MAX_ARTICLES)
        if first + span > _MAX_DAY or articles == 0:
            raise FormatError("A table of contents names a page that cannot be.", code="contents")
        table.append(PageRef(pieces, first, first + span, articles))
    return Contents(dictionaries, tuple(table))


def _write_front(writer: Writer, front: Front) -> None:
    pages.write_listed(writer, front.listed)
    for summary in front.summaries:
        writer.line(summary)
    places = {article.id: place for place, article in enumerate(front.listed)}
    writer.number(len(front.stories))
    for story in front.stories:
        writer.number(places[story.id])
        writer.text(record.encode(story))


def _parse_front(cursor: Cursor, channel: str) -> Front:
    listed = pages.parse_listed(cursor, channel, MAX_FRONT)
    if len({article.id for article in listed}) != len(listed):
        raise FormatError("A front page repeats a headline.", code="front")
    summaries = tuple(cursor.line(MAX_SUMMARY) for _ in listed)
    stories: dict[int, Article] = {}
    for _ in range(cursor.number(len(listed))):
        place = cursor.number(len(listed) - 1)
        if place in stories:
            raise FormatError("A front page tells a story twice.", code="front")
        [text] = record.split(cursor.text(MAX_HEAD_RAW), 1)
        stories[place] = record.decode(text, listed[place])
    return Front(listed, summaries, tuple(stories.values()))


def _digest(cursor: Cursor) -> str:
    digest = cursor.data(32)
    if len(digest) not in (0, 32):
        raise FormatError("A digest does not have 32 bytes.", code="manifest")
    return digest.hex()
