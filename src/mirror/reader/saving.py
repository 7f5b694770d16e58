"""What a reader keeps after the gate: in his library, or in a file he names."""

import asyncio
import io
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mirror.bundle.archive import write_archive
from mirror.bundle.edition import Edition, image_pieces, text_pieces
from mirror.client.export import fetch_roots, mirror_tree
from mirror.client.fetch import Progress
from mirror.client.report import Part
from mirror.errors import UnreachableError
from mirror.model import Article, State
from mirror.reader.library import Library, SavedArticle, SavedEdition
from mirror.reader.session import ReaderSession
from mirror.store import atomic


async def save_edition(
    session: ReaderSession, library: Library, *, pictures: bool, progress: Progress | None = None
) -> Edition:
    """Fetch the whole edition, keep it in ``library``, and destroy copies of what was removed.

    Raises:
        UnreachableError: Some of it could not be had; what was saved before is whole.
        StorageError: The disk refused; what was saved before is whole.
    """
    edition, pieces = await _whole(session, pictures=pictures, progress=progress)
    await session.keep_state(library)
    manifest = edition.manifest
    saved = SavedEdition(session.channel, edition.head, manifest.number, session.verified.freshness.as_of)
    await asyncio.to_thread(library.save_edition, saved, pieces, progress)
    removed = [each.id for each in edition.articles().values() if each.state is State.REMOVED]
    await asyncio.to_thread(library.drop_articles, session.channel, removed)
    return edition


async def save_article(session: ReaderSession, library: Library, article: Article) -> None:
    """Keep ``article``, as it is now, in ``library``."""
    await session.keep_state(library)
    number = (await session.edition()).manifest.number
    as_of = session.saved.as_of if session.saved else session.verified.freshness.as_of
    saved = SavedArticle(article, number, as_of)
    await asyncio.to_thread(library.save_article, saved)


async def export_edition(
    session: ReaderSession, path: Path, *, pictures: bool, progress: Progress | None = None
) -> int:
    """Write the whole edition to ``path`` as a bundle file that proves itself; its size in bytes.

    Raises:
        UnreachableError: Some of it could not be had.
        StorageError: The disk refused; ``path`` is as it was.
    """
    _, pieces = await _whole(session, pictures=pictures, progress=progress)
    roots = await fetch_roots(session.verified, session.first_root, session.mirrors, session.transport)
    names = (*pieces, *session.notice_pieces)
    tree = await mirror_tree(session.verified, roots, names, session.fetcher)
    file = io.BytesIO()
    write_archive(file, tree.items())
    await asyncio.to_thread(write_file, path, file.getvalue())
    return len(file.getvalue())


def write_file(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, which others cannot read, whole or not at all.

    Raises:
        StorageError: The disk refused; ``path`` is as it was.
    """
    new = path.with_name(path.name + ".new")
    try:
        atomic.write_new(new, data, mode=0o600)
        atomic.rename(new, path)
    except BaseException:
        with suppress(OSError):
            new.unlink(missing_ok=True)
        raise


async def _whole(
    session: ReaderSession, *, pictures: bool, progress: Progress | None
) -> tuple[Edition, Mapping[str, bytes]]:
    """The edition, and all of its pieces by name."""
    remote = await session.edition()
    if session.saved is not None:
        raise UnreachableError("The newest edition cannot be had now.", code="piece-unreachable")
    edition = await remote.everything(progress)
    names = list(text_pieces(edition))
    if pictures:
        articles = list(edition.articles().values())
        await remote.images(articles, progress)
        names += image_pieces(articles)
    pieces = await session.fetcher.get(names, Part.CLUSTERS)
    return edition, pieces
