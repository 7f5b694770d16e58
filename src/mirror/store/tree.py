"""A mirror's tree in a folder: read by anyone at any time, changed by one writer, whole at every instant.

Rules:

1. Only the paths of ``names`` exist. What else lies in the folder is neither given out nor touched.
2. An edition enters in this order, each step flushed to the disk before the next begins: pieces;
   metadata with a version in its name; the heads and pages; ``m/timestamp.json``. So whoever follows a
   statement finds everything it names, and a crash at any write leaves the old edition or the new.
3. Only after that is dropped what the new edition no longer needs. What is to be dropped is written
   down before the statements change: if we crash in between, the next writer does it (a text that
   endangers someone must not survive in a forgotten file), and if the statements did not change, it
   is forgotten.
4. The folder ``.mirror`` beside ``m`` and ``p`` is ours: the lock, files half written, the list of
   rule 3, the stamp, what writers tell one another. It is no part of the tree and nobody serves it.
5. The stamp is replaced after everything else: whoever keeps files in memory forgets them when it
   changes.
6. Slip pages are laid ready in one file that names the statement they go with, and put in their places
   with it, before it. A crash in between leaves pages of both sorts, each of them whole and signed; the
   next commit of that statement completes them. What goes with a statement that never came is forgotten,
   and so is what the disk damaged.
"""

import errno
import hashlib
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mirror.limits import MAX_ARCHIVE_ENTRIES, MAX_PAGE_BITS, MAX_PIECE, MAX_READER_FILE
from mirror.store import atomic
from mirror.store.names import TIMESTAMP, Kind, kind_of

PRIVATE: Final = ".mirror"
_COMMITTED: Final = frozenset({Kind.METADATA, Kind.STATEMENT, Kind.PAGE})
_ABSENT: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO})

# A list of paths, such as of what is to be dropped: every piece of the largest edition.
_MAX_LIST: Final = MAX_ARCHIVE_ENTRIES * 80
# Slip pages of two epochs with their paths: at most 2 x 65,536 pages, and what indexes them.
_MAX_STAGED: Final = 2 * ((1 << MAX_PAGE_BITS) + 128) * (MAX_PIECE + 40)

_STAGED_HEAD: Final = 2 * 64 + 2  # two digests, a blank, a line's end

Stamp = tuple[int, int] | None


class Tree:
    """The tree in ``folder``. Reading takes no lock and needs no right to write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.private = folder / PRIVATE

    def read(self, path: str) -> bytes | None:
        """The bytes of ``path``, unverified; None where the tree has no such file.

        A file larger than its kind may be, a link, a device: all are no file of ours.

        Raises:
            StorageError: The disk refused to say.
        """
        kind = kind_of(path)
        if kind is None:
            return None
        limit = MAX_READER_FILE if kind is Kind.PAGE else MAX_PIECE
        return _read(self.folder / path, limit)

    def stamp(self) -> Stamp:
        """Another value after each commit (rule 5); None for a tree that no writer of ours made."""
        try:
            facts = os.stat(self.private / "stamp")
        except OSError:
            return None
        return facts.st_ino, facts.st_mtime_ns

    def remembered(self) -> bytes | None:
        """What the last writer wrote down for the next one; None where there is nothing."""
        return _read(self.private / "last", _MAX_LIST)

    def paths(self) -> Iterator[str]:
        """Every path of the tree except pages of the browser's reader, in no order."""
        for folder in ("m", "m/heads"):
            yield from self._names(folder)
        for shelf in _entries(self.folder / "p"):
            yield from self._names(f"p/{shelf}")
        for epoch in _entries(self.folder / "s"):
            yield from self._names(f"s/{epoch}")

    def _names(self, folder: str) -> Iterator[str]:
        for name in _entries(self.folder / folder):
            path = f"{folder}/{name}"
            if kind_of(path) is not None:
                yield path

    @contextmanager
    def writing(self) -> Iterator["Writer"]:
        """The writer of this tree, made anew where there is none; undoes what a crash left behind.

        Raises:
            StorageError: ``store-locked`` when another process writes; any of ``atomic``'s.
        """
        atomic.make_folder(self.private)
        with atomic.locked(self.private / "lock"):
            writer = Writer(self)
            writer.recover()
            try:
                yield writer
            finally:
                writer.clean()


class Writer:
    """The one who may change a tree; comes from ``Tree.writing``."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._new = tree.private / "new"
        self._drop = tree.private / "drop"
        self._pages = tree.private / "pages"
        self._unflushed: set[Path] = set()

    def put(self, pieces: Mapping[str, bytes]) -> None:
        """Add pieces, by path; nothing refers to them yet. The caller has checked their digests.

        Several threads may put at once, each piece one of them.

        Raises:
            StorageError: Those before the one that failed are there, and harmless.
            ValueError: A path is not that of a piece.
        """
        for path, data in pieces.items():
            if kind_of(path) is not Kind.PIECE:
                raise ValueError("not a piece")
            self._place(path, data)

    def stage(self, timestamp: bytes, pages: Mapping[str, bytes]) -> None:
        """Lay slip pages, by path, ready for the commit of the statement ``timestamp`` (rule 6).

        Raises:
            StorageError: Nothing was laid ready.
            ValueError: A path is not that of a slip page, or a page is too long.
        """
        if any(kind_of(path) is not Kind.SLIP or len(data) > MAX_PIECE for path, data in pages.items()):
            raise ValueError("not a slip page")
        lines = "\n".join(f"{path} {len(pages[path])}" for path in pages).encode()
        noted = b"".join((lines, b"\n\n", *pages.values()))
        self._replace(self._pages, _staged_for(timestamp, noted) + noted)
        self._flush()

    def commit(self, files: Mapping[str, bytes], drop: Collection[str] = ()) -> None:
        """Make ``files`` (metadata, statements and pages, by path) the newest word, then drop paths.

        All pieces that they name must have been put. The old edition or the new one is whole
        whenever this fails (rule 2); a drop that was cut off is done by the next writer (rule 3).

        Raises:
            StorageError: The disk refused.
            ValueError: There is no timestamp, a path may not be there, or is to be kept and dropped.
        """
        kinds = {path: kind_of(path) for path in files}
        if TIMESTAMP not in files or not set(kinds.values()) <= _COMMITTED:
            raise ValueError("not an edition's metadata")
        if any(kind_of(path) is None or path in files for path in drop):
            raise ValueError("not to be dropped")
        self._flush()
        if drop:
            lines = [hashlib.sha256(files[TIMESTAMP]).hexdigest(), *sorted(drop)]
            self._replace(self._drop, "\n".join(lines).encode())
        for path, kind in kinds.items():
            if kind is Kind.METADATA:
                self._place(path, files[path])
        for path, data in self._staged(files[TIMESTAMP]):
            self._place(path, data)
        self._flush()
        for path, kind in kinds.items():
            if kind in (Kind.STATEMENT, Kind.PAGE) and path != TIMESTAMP:
                self._place(path, files[path])
        self._flush()
        self._place(TIMESTAMP, files[TIMESTAMP])
        self._flush()
        atomic.remove(self._pages)
        self._remove(drop)
        atomic.remove(self._drop)
        self._restamp()

    def has_staged(self, timestamp: bytes) -> bool:
        """Whether pages are laid ready for the statement ``timestamp``."""
        return any(True for _ in self._staged(timestamp))

    def remember(self, data: bytes) -> None:
        """Write ``data`` down for the next writer; it may be lost."""
        self._replace(self.tree.private / "last", data)

    def recover(self) -> None:
        """Finish or forget what a crash interrupted (rule 3)."""
        self.clean()
        atomic.make_folder(self._new)
        listed = _read(self._drop, _MAX_LIST)
        if listed is None:
            return
        said, *paths = listed.decode("utf-8", "replace").split("\n")
        if said == hashlib.sha256(self.tree.read(TIMESTAMP) or b"").hexdigest():
            self._remove([path for path in paths if kind_of(path) is not None])
            self._restamp()
        atomic.remove(self._drop)

    def clean(self) -> None:
        """Remove files half written."""
        for name in _entries(self._new):
            atomic.remove(self._new / name)

    def _staged(self, timestamp: bytes) -> Iterator[tuple[str, bytes]]:
        """The pages that were laid ready for this statement; none where they are for another one."""
        data = _read(self._pages, _MAX_STAGED) or b""
        start = _staged_for(timestamp, memoryview(data)[_STAGED_HEAD:])
        if data[:_STAGED_HEAD] != start:
            return  # for another one, or damaged: the next time slips are made again
        lines, _, body = data[_STAGED_HEAD:].partition(b"\n\n")
        at = 0
        for path, _, size in (line.partition(" ") for line in lines.decode("ascii").split("\n")):
            yield path, body[at : at + int(size)]
            at += int(size)

    def _place(self, path: str, data: bytes) -> None:
        target = self.tree.folder / path
        if not target.parent.is_dir():
            atomic.make_folder(target.parent)
            self._unflushed.update((target.parent.parent, self.tree.folder))
        self._replace(target, data)

    def _replace(self, target: Path, data: bytes) -> None:
        scratch = self._new / target.name
        atomic.write_new(scratch, data)
        atomic.rename(scratch, target)
        self._unflushed.add(target.parent)

    def _remove(self, paths: Collection[str]) -> None:
        for path in paths:
            if atomic.remove(self.tree.folder / path):
                self._unflushed.add((self.tree.folder / path).parent)
        self._flush()

    def _restamp(self) -> None:
        self._replace(self.tree.private / "stamp", b"")
        self._flush()

    def _flush(self) -> None:
        while self._unflushed:
            atomic.flush_folder(self._unflushed.pop())


def _staged_for(timestamp: bytes, noted: bytes | memoryview) -> bytes:
    """How the file of rule 6 begins: the statement that ``noted`` goes with, and its own digest."""
    return f"{hashlib.sha256(timestamp).hexdigest()} {hashlib.sha256(noted).hexdigest()}\n".encode()


def _read(path: Path, limit: int) -> bytes | None:
    with atomic.told():
        try:
            # Without blocking: a pipe in the folder would hold us for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in _ABSENT:
                return None
            raise
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > limit:
                return None
            with open(descriptor, "rb", buffering=0, closefd=False) as file:
                return file.read(facts.st_size)
        finally:
            os.close(descriptor)


def _entries(folder: Path) -> list[str]:
    with atomic.told():
        try:
            return os.listdir(folder)
        except (FileNotFoundError, NotADirectoryError):
            return []
