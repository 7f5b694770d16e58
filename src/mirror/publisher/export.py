"""``*.mirror.zip``: what mirrors serve, as one file, proved before it is given a name.

The file is written beside its place, opened again, and read as a stranger would: from the first root
alone, with the reader's own verification, every edition whole. Only then does it get its name.
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

from mirror.bundle import edition, parcel, piece, program
from mirror.bundle.archive import Archive, open_archive, write_archive
from mirror.bundle.edition import Edition, Get
from mirror.client.edition import NOTICES_TARGET, PROGRAM_TARGET, head_target
from mirror.client.page import FRONT
from mirror.client.refresh import update
from mirror.clock import Clock, SystemClock
from mirror.errors import EndpointError, MirrorError, SourceError, StorageError
from mirror.limits import MAX_NOTICE_SET, MAX_PROGRAM
from mirror.model import Endpoint
from mirror.net import ABSENT, TOO_LONG, OneByOne
from mirror.notices import decode
from mirror.publisher.program import page_files
from mirror.publisher.published import current_edition, notices_digest, pieces_of, program_pieces
from mirror.publisher.workspace import Workspace
from mirror.store import atomic
from mirror.store.generations import MemoryGenerations
from mirror.trust.publication import Publication, tree
from mirror.trust.state import CHANNEL_PREFIX, channel_role
from mirror.trust.verified import Verified

SUFFIX: Final = ".mirror.zip"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds: editions by channel, files and bytes."""

    editions: Mapping[str, int]
    files: int
    bytes: int


def export(
    workspace: Workspace,
    out: Path,
    *,
    now: int,
    channels: Sequence[str] = (),
    with_images: bool = True,
    with_page: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Exported:
    """Write the editions in force to the file ``out``, whose name ends in ``.mirror.zip``.

    The caller holds the lock. The same release gives the same bytes.

    Args:
        workspace: The publication's folder.
        out: The file; replaced if it is there.
        now: When its freshness is judged.
        channels: Only these; empty: all that have an edition.
        with_images: Whether to carry pictures.
        with_page: Whether to carry the browser's reader.
        progress: Told the files written and their number.

    Raises:
        ConfigError: ``no-channel``.
        SourceError: ``export-name``; ``nothing-released``: a channel has no edition yet.
        LimitError: ``archive-size``.
        StorageError: The disk refused, or the tree is damaged; ``export-unproved``: what was written
            does not verify. ``out`` is as it was.
    """
    if not out.name.endswith(SUFFIX) or out.name == SUFFIX:
        raise SourceError(f"A bundle's name ends in {SUFFIX}, a page's in .html.", code="export-name")
    publication = workspace.publication()
    wanted = [workspace.config.channel(each).id for each in channels] or list(publication.channels)
    opened = {each: current_edition(workspace.tree, publication, each) for each in wanted}
    editions = {each: made for each, made in opened.items() if made is not None}
    if not editions or (channels and len(editions) < len(wanted)):
        raise SourceError("There is no edition to export yet: release one first.", code="nothing-released")
    metadata = {f"m/{name}": data for name, data in tree(publication).items() if _is_of(name, editions)}
    carried = [*_pieces(workspace, publication, editions, with_images)]
    if with_page:
        carried += program_pieces(workspace.tree, publication)
        metadata |= {
            path: data
            for path, data in page_files(workspace.tree, publication).items()
            if not path.startswith(FRONT) or path.removeprefix(FRONT).removesuffix(".html") in editions
        }
    names = sorted({*metadata, *map(piece.path_of, carried)})
    part = out.with_name(f".{out.name}.part")
    try:
        atomic.remove(part)
        with atomic.told(), part.open("xb") as file:
            write_archive(file, _entries(workspace, metadata, names, progress))
            file.flush()
            os.fsync(file.fileno())
        with atomic.told(), part.open("rb") as file:
            root = publication.roots[0]
            prove(file, root, editions, metadata, now=now, with_images=with_images, with_page=with_page)
            size = os.fstat(file.fileno()).st_size
        atomic.rename(part, out)
        atomic.flush_folder(out.parent)
    except BaseException:
        with suppress(MirrorError):
            atomic.remove(part)
        raise
    return Exported({each: made.manifest.number for each, made in editions.items()}, len(names), size)


def prove(
    file: BinaryIO,
    first_root: bytes,
    editions: Mapping[str, Edition],
    metadata: Mapping[str, bytes],
    *,
    now: int,
    with_images: bool = True,
    with_page: bool = True,
) -> None:
    """Return when ``file`` gives ``editions``, whole and as they are, to who trusts ``first_root``.

    ``metadata`` is what must be in it by path, though a reader may do with less.

    Raises:
        StorageError: ``export-unproved``.
    """
    try:
        archive = open_archive(file)
        get = _getter(archive)
        if any(archive.read(path) != data for path, data in metadata.items()):
            raise StorageError("some of the metadata is missing")
        for channel, wanted in editions.items():
            verified = asyncio.run(_verified(archive, first_root, channel, now))
            head = verified.target(head_target(channel))
            notices = verified.target(NOTICES_TARGET)
            if head is None or notices is None or edition.open_edition(head.sha256, get) != wanted:
                raise StorageError("another edition")
            decode(_carried(notices.sha256, get, MAX_NOTICE_SET))
            if with_page and (page := verified.target(PROGRAM_TARGET)) is not None:
                files = program.decode(_carried(page.sha256, get, MAX_PROGRAM))
                program.with_page(files, lambda part: edition.unseal(part, get))
                for part in program.read_parts(files).values():
                    edition.unseal(part, get)
            for digest in edition.image_pieces(wanted.articles().values()) if with_images else ():
                piece.check(digest, get(digest))
    except MirrorError as error:
        raise StorageError(
            "The bundle that was written does not verify, and was thrown away.", code="export-unproved"
        ) from error


class _InArchive(OneByOne):
    """``net.Transport`` over one opened archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        data = self._archive.read(path)
        if data is None:
            raise EndpointError("The bundle has no such file.", code=ABSENT)
        if len(data) > limit:
            raise EndpointError("A file of the bundle is too long.", code=TOO_LONG)
        return data


@dataclass(frozen=True, slots=True)
class _At(SystemClock):
    """A clock that stands at one instant."""

    instant: int

    def now(self) -> int:
        """Always the same."""
        return self.instant


async def _verified(archive: Archive, first_root: bytes, channel: str, now: int) -> Verified:
    clock: Clock = _At(now)
    return await update(
        MemoryGenerations(),
        first_root,
        [Endpoint("bundle", "file:///bundle")],
        _InArchive(archive),
        clock,
        wanted=[head_target(channel), NOTICES_TARGET, PROGRAM_TARGET],
        head=channel,
    )


def _getter(archive: Archive) -> Get:
    def get(digest: str) -> bytes:
        data = archive.read(piece.path_of(digest))
        if data is None:
            raise StorageError("a piece is missing")
        return data

    return get


def _carried(digest: str, get: Get, most: int) -> bytes:
    return edition.unseal(parcel.parse_list(digest, get(digest), most), get)


def _is_of(name: str, editions: Mapping[str, Edition]) -> bool:
    """Whether a file of ``m/`` belongs into an export of these channels."""
    if name.startswith("heads/"):
        return name.removeprefix("heads/") in editions
    role = name.removesuffix(".json").rpartition(".")[2]
    return not role.startswith(CHANNEL_PREFIX) or role in map(channel_role, editions)


def _pieces(
    workspace: Workspace, publication: Publication, editions: Mapping[str, Edition], with_images: bool
) -> Iterator[str]:
    get = pieces_of(workspace.tree)
    digest = notices_digest(publication)
    if digest is not None:
        yield from (digest, *parcel.parse_list(digest, get(digest), MAX_NOTICE_SET).digests)
    yield from chain.from_iterable(map(edition.text_pieces, editions.values()))
    if with_images:
        for made in editions.values():
            yield from edition.image_pieces(made.articles().values())


def _entries(
    workspace: Workspace,
    metadata: Mapping[str, bytes],
    names: Sequence[str],
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[str, bytes]]:
    get = pieces_of(workspace.tree)
    for done, name in enumerate(names, 1):
        yield name, metadata[name] if name in metadata else get(name.rpartition("/")[2])
        if progress:
            progress(done, len(names))
