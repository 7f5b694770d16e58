"""Files that are there whole or not at all, on a disk that fills up, loses power or is not ours alone.

Rules:

1. A file is written under a name nobody reads, flushed to the disk, then renamed. A reader sees the
   old bytes or the new ones.
2. A rename is sure only once its folder was flushed too. Whatever must not be there before
   something else is, waits for that.
3. One process writes at a time, and holds a lock while it does. A dead process holds none.
4. Whatever the system refuses is a ``StorageError`` that says what to do and names no path.
"""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from mirror.errors import StorageError

FULL: Final = "disk-full"
READ_ONLY: Final = "disk-read-only"
LOCKED: Final = "store-locked"

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


@contextmanager
def told() -> Iterator[None]:
    """Turn what the system refuses into a ``StorageError`` (rule 4).

    Raises:
        StorageError: ``disk-full``, ``disk-read-only``, or ``storage`` for anything else.
    """
    try:
        yield
    except OSError as error:
        raise _storage_error(error) from error


def _storage_error(error: OSError) -> StorageError:
    if error.errno in _FULL:
        return StorageError("The disk is full: make room, then try again.", code=FULL)
    if error.errno in _READ_ONLY:
        return StorageError("This folder cannot be written to by this user.", code=READ_ONLY)
    return StorageError(f"The disk refused an operation: {error.strerror or 'unknown reason'}.")


def make_folder(path: Path, *, mode: int = 0o755) -> None:
    """Make the folder ``path`` and those above it, where they are missing."""
    with told():
        path.mkdir(mode=mode, parents=True, exist_ok=True)


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write ``data`` to ``path``, which must not exist, and flush it to the disk.

    After an error ``path`` does not exist, unless the disk refuses even that.
    """
    with told():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            with suppress(OSError):
                os.unlink(path)
            raise


def rename(source: Path, target: Path) -> None:
    """Put ``source`` in the place of ``target``, which may exist, in one step (rule 1)."""
    with told():
        os.replace(source, target)


def flush_folder(path: Path) -> None:
    """Make sure of what was renamed into or removed from the folder ``path`` (rule 2)."""
    with told():
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove(path: Path) -> bool:
    """Remove the file ``path``; False when there was none."""
    with told():
        try:
            os.unlink(path)
        except FileNotFoundError:
            return False
    return True


@contextmanager
def locked(path: Path, *, mode: int = 0o644) -> Iterator[None]:
    """Hold the lock file ``path`` (rule 3); the file itself stays.

    Raises:
        StorageError: ``store-locked``: another process holds it.
    """
    with told():
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        with told():
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StorageError(
                    "Another program is writing to this folder: wait for it to end.", code=LOCKED
                ) from None
        yield
    finally:
        os.close(descriptor)
