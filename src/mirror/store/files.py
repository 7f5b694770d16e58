"""Files that are whole or absent: atomic writing, bounded reading, one writer for a folder.

Rules:

1. A file is written beside its place, synced, and renamed into it: whoever reads sees the old bytes
   or the new ones, also after ``kill -9`` and after a power cut.
2. A failed or killed write leaves at most the file ``.NAME.part``, which the next write of the same
   name takes over. ``is_partial`` knows them.
3. Every ``OSError`` becomes a ``StorageError`` that says what was refused, and no path.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mirror.errors import LimitError, StorageError

DISK_FULL: Final = "disk-full"
LOCKED: Final = "locked"
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})
_PARTIAL: Final = ".part"


@contextmanager
def refusals() -> Iterator[None]:
    """Turn the ``OSError`` of whatever is done inside into a ``StorageError`` (rule 3).

    Raises:
        StorageError: ``disk-full``, or ``storage`` for anything else the system refused.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageError("The disk is full; what was stored before is whole.", code=DISK_FULL) from error
        raise StorageError(f"This machine refused a file operation: {error.strerror}.") from error


def write_file(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put ``data`` at ``path`` by rule 1; folders above it are made where they are missing.

    Raises:
        StorageError: ``path`` is as it was.
    """
    partial = path.with_name(f".{path.name}{_PARTIAL}")
    with refusals():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # Removed first: a partial file that a killed process left may have another mode.
            partial.unlink(missing_ok=True)
            handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            with open(handle, "wb", buffering=0) as file:
                view = memoryview(data)
                while view:
                    view = view[file.write(view) :]
                os.fsync(handle)
            os.replace(partial, path)
        except OSError:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the renames and removals in ``folder`` outlast a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_file(path: Path, limit: int) -> bytes | None:
    """What stands at ``path``; None where there is no such file.

    Raises:
        LimitError: It has more than ``limit`` bytes; no more than that were read.
        StorageError: It cannot be read.
    """
    with refusals():
        try:
            with path.open("rb") as file:
                data = file.read(limit + 1)
        except FileNotFoundError:
            return None
    if len(data) > limit:
        raise LimitError("A stored file is larger than it may be.")
    return data


def is_partial(path: Path) -> bool:
    """True for what a killed write left behind (rule 2)."""
    return path.name.startswith(".") and path.name.endswith(_PARTIAL)


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Hold ``folder`` for one writer; the system lets go of it when the process ends, however it ends.

    Raises:
        StorageError: ``locked``: another process holds it; nothing was waited for.
    """
    with refusals():
        handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StorageError("Another process is at work in this folder.", code=LOCKED) from error
        yield
    finally:
        os.close(handle)
