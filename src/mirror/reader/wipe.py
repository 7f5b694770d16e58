"""Removing what was kept, quickly, and saying what that cannot do.

The file that seals the key goes first, overwritten where the disk allows it: without it the rest is
noise, even if the machine is taken away in the middle. Only files of ours are touched, by their
names; links are removed and never followed.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mirror.errors import StorageError
from mirror.reader.vault import HEADER, LOCK, TEMPORARY, is_record

LIMITS: Final = (
    "What this cannot do: flash memory, backups and snapshots may still hold the encrypted bytes, which "
    "need the passphrase; the terminal's window and its scrollback, the shell's history, swap and the "
    "other person's device are not this program's; that something was wiped can be seen."
)


@dataclass(frozen=True, slots=True)
class Wiped:
    """How many files went, and whether the folder went too (it stays when others' files are in it)."""

    files: int
    is_folder_gone: bool


def wipe_library(folder: Path) -> Wiped:
    """Remove the library in ``folder``; no passphrase is needed.

    Raises:
        StorageError: ``wipe-incomplete``: the disk refused to let go of a file. As many as possible
            are gone.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return Wiped(0, is_folder_gone=True)
    except OSError as error:
        raise StorageError(f"The library's folder cannot be opened: {error.strerror}.") from error
    try:
        names = [name for name in os.listdir(descriptor) if _is_ours(name)]
        names.sort(key=lambda name: not name.startswith(HEADER))
        gone = sum(_remove(name, descriptor) for name in names)
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    with suppress(OSError):
        folder.rmdir()
    if gone < len(names):
        raise StorageError(
            f"{len(names) - gone} files of the library could not be removed; {gone} are gone.",
            code="wipe-incomplete",
        )
    return Wiped(gone, is_folder_gone=not os.path.lexists(folder))


def wipe_file(path: Path) -> bool:
    """Overwrite and remove one file, such as a configuration; False when there was none.

    Raises:
        StorageError: ``wipe-incomplete``.
    """
    if not os.path.lexists(path):
        return False
    if not _remove(str(path), None):
        raise StorageError("A file could not be removed.", code="wipe-incomplete")
    return True


def _is_ours(name: str) -> bool:
    return name.removesuffix(TEMPORARY) in (HEADER, LOCK) or is_record(name)


def _remove(name: str, folder: int | None) -> bool:
    """Remove a file; the small ones that matter are overwritten first."""
    if not is_record(name):
        with suppress(OSError):
            file = os.open(name, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                os.write(file, bytes(min(os.fstat(file).st_size, 1 << 20)))
                os.fsync(file)
            finally:
                os.close(file)
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    return True
