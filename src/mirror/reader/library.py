"""A reader's library: what was saved by choice, and what must be remembered to trust what comes.

Everything lies in a vault. Records:

``state``            the root, the metadata last verified, the clock floor, the highest notices seen
``handed``           what was handed out for an invitation last: endpoints, and where to look for slips
``shelf``            which editions, articles and pieces are here
``article C/ID``     one article, as it was when it was saved
``piece NAME``       one piece of a saved edition or of the notices in force

The state, and with an invitation what was handed out, is written whenever something was verified;
everything else only by ``save_…``, which the
caller calls after the gate. Order of a save: pieces, then the shelf, then what is no longer needed
goes. So a save that was cut off leaves the edition before it whole.
"""

import asyncio
import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from mirror.bundle import page as pages
from mirror.bundle import record
from mirror.bundle.wire import Cursor, Writer
from mirror.client.fetch import Progress
from mirror.client.slips import Handed
from mirror.errors import FormatError, MirrorError
from mirror.limits import MAX_RECORD
from mirror.model import Article
from mirror.reader.vault import DAMAGED, Vault
from mirror.trust.state import Stored

_STATE: Final = "state"
_HANDED: Final = "handed"
_SHELF: Final = "shelf"
_NOTICES: Final = "notices"  # among the pieces; no channel may be called so


@dataclass(frozen=True, slots=True)
class NoticesSeen:
    """The publisher's id in his notices, and the highest edition of them that was seen."""

    publisher: str
    edition: int


@dataclass(frozen=True, slots=True)
class State:
    """What must be remembered to trust what comes: the root this reader began from, what was verified
    last, and the notices seen."""

    first_root: bytes
    stored: Stored
    seen: NoticesSeen


@dataclass(frozen=True, slots=True)
class SavedEdition:
    """A saved edition: its head's name, its number, when it was known to be the newest."""

    channel: str
    head: str
    number: int
    as_of: int


@dataclass(frozen=True, slots=True)
class SavedArticle:
    """A saved article, from which edition, and when that was known to be the newest."""

    article: Article
    edition: int
    as_of: int


@dataclass(frozen=True, slots=True)
class _Shelf:
    editions: tuple[SavedEdition, ...] = ()
    articles: tuple[tuple[str, str], ...] = ()  # channel, id
    pieces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by channel, and of the notices

    def labels(self) -> Iterator[str]:
        """The labels of every record there should be."""
        yield from (_STATE, _HANDED, _SHELF)
        yield from (_article_label(*each) for each in self.articles)
        yield from (_piece_label(name) for names in self.pieces.values() for name in names)


class Library:
    """What one reader keeps, in an opened vault. It holds pieces: see ``client.fetch.Holdings``."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._shelf = _read_shelf(vault.read(_SHELF))

    # --- trust ----------------------------------------------------------------------------------

    def state(self) -> State | None:
        """What was verified last; None when nothing was.

        Raises:
            FormatError: ``library-damaged``, ``stored-trust``.
        """
        data = self._vault.read(_STATE)
        if data is None:
            return None
        fields = _object(data)
        try:
            files = {name: base64.b64decode(text, validate=True) for name, text in fields["files"].items()}
            first_root = base64.b64decode(fields["first_root"], validate=True)
            seen = NoticesSeen(**fields["notices"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged() from error
        return State(first_root, Stored.from_files(files), seen)

    def keep_state(self, state: State, notices: Mapping[str, bytes]) -> None:
        """Remember what was verified, for the next run; ``notices`` are the pieces of those in force."""
        files = {name: _text(data) for name, data in state.stored.to_files().items()}
        fields = {"first_root": _text(state.first_root), "files": files, "notices": asdict(state.seen)}
        with self._vault.writing():
            if tuple(notices) != self._shelf.pieces.get(_NOTICES):
                self._write_pieces(notices)
                self._put(replace(self._shelf, pieces={**self._shelf.pieces, _NOTICES: tuple(notices)}))
            self._vault.write(_STATE, json.dumps(fields).encode())

    def handed(self, tag: str) -> Handed | None:
        """What was handed out last for the invitation of that tag (``rotation.keys.tag``); None: nothing.

        Raises:
            FormatError: ``library-damaged``.
        """
        data = self._vault.read(_HANDED)
        fields = {} if data is None else _object(data)
        try:
            return Handed.from_json(fields["handed"]) if fields and fields["tag"] == tag else None
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise _damaged() from error

    def keep_handed(self, tag: str, handed: Handed) -> None:
        """Remember what was handed out, in the place of what any invitation brought before."""
        with self._vault.writing():
            self._vault.write(_HANDED, json.dumps({"tag": tag, "handed": handed.to_json()}).encode())

    # --- pieces ---------------------------------------------------------------------------------

    async def piece(self, name: str) -> bytes | None:
        """See ``client.fetch.Holdings``."""
        return await asyncio.to_thread(self._vault.read, _piece_label(name))

    async def keep(self, name: str, data: bytes) -> None:
        """Nothing: what is only read is not kept."""

    # --- what was saved -------------------------------------------------------------------------

    @property
    def editions(self) -> tuple[SavedEdition, ...]:
        """The saved editions, one of a channel at most."""
        return self._shelf.editions

    def edition(self, channel: str) -> SavedEdition | None:
        """The saved edition of ``channel``."""
        return next((each for each in self._shelf.editions if each.channel == channel), None)

    def save_edition(
        self, saved: SavedEdition, pieces: Mapping[str, bytes], progress: Progress | None = None
    ) -> None:
        """Keep an edition in the place of its channel's last one; ``pieces`` is all of it.

        Raises:
            StorageError: The disk refused; the edition before is whole.
        """
        with self._vault.writing():
            self._write_pieces(pieces, progress)
            others = tuple(each for each in self._shelf.editions if each.channel != saved.channel)
            names = {**self._shelf.pieces, saved.channel: tuple(pieces)}
            self._put(replace(self._shelf, editions=(*others, saved), pieces=names))

    def articles(self) -> Iterator[SavedArticle]:
        """The saved articles, in the order of saving; one that does not open is left out."""
        for channel, article_id in self._shelf.articles:
            saved = self.article(channel, article_id)
            if saved is not None:
                yield saved

    def article(self, channel: str, article_id: str) -> SavedArticle | None:
        """The saved article of that id; None when there is none that opens."""
        if (channel, article_id) not in self._shelf.articles:
            return None
        data = self._vault.read(_article_label(channel, article_id))
        return None if data is None else _parse_article(data)

    def save_article(self, saved: SavedArticle) -> None:
        """Keep an article, in the place of what was saved of it before."""
        key = saved.article.channel, saved.article.id
        with self._vault.writing():
            self._vault.write(_article_label(*key), _encode_article(saved))
            self._put(replace(self._shelf, articles=tuple(dict.fromkeys((*self._shelf.articles, key)))))

    def drop_articles(self, channel: str, ids: Iterable[str]) -> int:
        """Destroy the saved copies of articles; how many there were."""
        gone = {(channel, each) for each in ids} & set(self._shelf.articles)
        if gone:
            kept = tuple(each for each in self._shelf.articles if each not in gone)
            with self._vault.writing():
                self._put(replace(self._shelf, articles=kept))
        return len(gone)

    def _write_pieces(self, pieces: Mapping[str, bytes], progress: Progress | None = None) -> None:
        for done, (name, data) in enumerate(pieces.items(), 1):
            if self._vault.read(_piece_label(name)) != data:
                self._vault.write(_piece_label(name), data)
            if progress:
                progress(done, len(pieces))

    def _put(self, shelf: _Shelf) -> None:
        """Make ``shelf`` the one that holds, then let go of what it does not name."""
        fields = {
            "editions": [asdict(each) for each in shelf.editions],
            "articles": [list(each) for each in shelf.articles],
            "pieces": {channel: list(names) for channel, names in shelf.pieces.items()},
        }
        self._vault.write(_SHELF, json.dumps(fields).encode())
        self._shelf = shelf
        self._vault.tidy(shelf.labels())


def _article_label(channel: str, article_id: str) -> str:
    return f"article {channel}/{article_id}"


def _piece_label(name: str) -> str:
    return f"piece {name}"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _damaged() -> FormatError:
    return FormatError("The library is damaged.", code=DAMAGED)


def _object(data: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(data)
    except ValueError as error:
        raise _damaged() from error
    if not isinstance(fields, dict):
        raise _damaged()
    return fields


def _read_shelf(data: bytes | None) -> _Shelf:
    if data is None:
        return _Shelf()
    fields = _object(data)
    try:
        return _Shelf(
            tuple(SavedEdition(**each) for each in fields["editions"]),
            tuple((channel, article_id) for channel, article_id in fields["articles"]),
            {channel: tuple(names) for channel, names in fields["pieces"].items()},
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged() from error


def _encode_article(saved: SavedArticle) -> bytes:
    writer = Writer()
    writer.number(saved.edition)
    writer.number(saved.as_of)
    writer.text(saved.article.channel)
    pages.write_listed(writer, [saved.article])
    writer.text(record.encode(saved.article))
    return writer.bytes()


def _parse_article(data: bytes) -> SavedArticle | None:
    cursor = Cursor(data)
    try:
        edition, as_of, channel = cursor.number(), cursor.number(), cursor.text(MAX_RECORD)
        [listed] = pages.parse_listed(cursor, channel, 1)
        [text] = record.split(cursor.text(MAX_RECORD), 1)
        cursor.end()
        return SavedArticle(record.decode(text, listed), edition, as_of)
    except (MirrorError, ValueError):
        return None
