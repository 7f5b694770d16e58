"""Generations: a whole set of files at a time, swapped in atomically; the last whole one stays.

A generation is a number and a mapping of names to bytes. ``commit`` either makes the new one the
current one or leaves the old one, whatever happens in between: kill -9, a full disk, a pulled plug.
On disk::

    CURRENT          the number of the current generation, one line
    LOCK             held while a commit runs; the kernel frees it with the process
    g-17/MANIFEST    "sha256 length name" for every file, sorted
    g-17/<name>      names percent-encoded, so that none leaves the folder

Steps of a commit: write ``g-18`` (each file, the manifest last, then the folder, flushed), rename a new
``CURRENT`` over the old one, remove what is older than ``g-17``. The one rename decides; a commit that
did not end leaves a folder that ``CURRENT`` does not name, and the next one removes it. Blocking:
asynchronous callers run it in a thread.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote

from mirror.errors import StorageError
from mirror.store import atomic

__all__ = ["DiskGenerations", "Generation", "GenerationStore", "MemoryGenerations"]

CHANGED: Final = "store-changed"
DAMAGED: Final = "store-damaged"
_CURRENT: Final = "CURRENT"
_LOCK: Final = "LOCK"
_MANIFEST: Final = "MANIFEST"
_FOLDER: Final = re.compile(r"g-([1-9][0-9]{0,14})")
_LINE: Final = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,14}) ([!-~]{1,240})")
_UNSAFE: Final = re.compile(r"[^a-z0-9._-]|^\.")
_PRIVATE: Final = 0o700  # what someone reads is nobody else's business
_PRIVATE_FILE: Final = 0o600


@dataclass(frozen=True, slots=True)
class Generation:
    """A whole set of files, and its number (1 and up; each commit's is higher)."""

    number: int
    files: Mapping[str, bytes] = field(repr=False)


class GenerationStore(Protocol):
    """Where generations are kept."""

    def load(self) -> Generation | None:
        """Return the current generation; None when there never was one.

        Raises:
            StorageError: ``store-damaged``: there was one, and no whole one is left; or the
                place cannot be read.
        """

    def commit(self, files: Mapping[str, bytes], *, after: int) -> Generation:
        """Make ``files`` the current generation, and return it.

        Args:
            files: All of it; nothing of the generation before is carried over. Names are text of
                any kind, ``/`` included.
            after: The number of the generation these files were made from (0: none), so that of
                two commits at a time the second one fails rather than undoing the first.

        Raises:
            StorageError: ``store-changed``: the current one is not ``after``; ``store-locked``,
                ``disk-full``, ``disk-read-only``, ``storage``. The one before is whole.
            ValueError: A name is empty or too long.
        """


class MemoryGenerations:
    """Generations that vanish with the process: the reader's default."""

    def __init__(self) -> None:
        self._current: Generation | None = None

    def load(self) -> Generation | None:
        """See ``GenerationStore``."""
        return self._current

    def commit(self, files: Mapping[str, bytes], *, after: int) -> Generation:
        """See ``GenerationStore``."""
        _encoded(files)
        _check_after(self._current, after)
        self._current = Generation(after + 1, dict(files))
        return self._current


class DiskGenerations:
    """Generations in a folder, which is made if need be; see the module."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self) -> Generation | None:
        """See ``GenerationStore``."""
        with atomic.told():
            return self._newest()

    def commit(self, files: Mapping[str, bytes], *, after: int) -> Generation:
        """See ``GenerationStore``."""
        encoded = _encoded(files)
        atomic.make_folder(self._folder, mode=_PRIVATE)
        with atomic.locked(self._folder / _LOCK, mode=_PRIVATE_FILE), atomic.told():
            _check_after(self._newest(), after)
            number = max(self._numbers(), default=0) + 1
            self._clear(keep={after})
            try:
                self._write(number, encoded)
            except (OSError, StorageError):
                # Give the disk back what a failed commit took: it may be full for that reason.
                with suppress(OSError, StorageError):
                    self._clear(keep={after, self._current_number() or after})
                raise
            with suppress(OSError):  # the commit stands; the next one clears up
                self._clear(keep={after, number})
        return Generation(number, dict(files))

    def _write(self, number: int, encoded: Mapping[str, bytes]) -> None:
        folder = self._folder / f"g-{number}"
        atomic.make_folder(folder, mode=_PRIVATE)
        lines: list[str] = []
        for name, data in encoded.items():
            atomic.write_new(folder / name, data, mode=_PRIVATE_FILE)
            lines.append(f"{hashlib.sha256(data).hexdigest()} {len(data)} {name}\n")
        atomic.write_new(folder / _MANIFEST, "".join(lines).encode("ascii"), mode=_PRIVATE_FILE)
        atomic.flush_folder(folder)
        atomic.flush_folder(self._folder)
        pointer = self._folder / f"{_CURRENT}.tmp"
        atomic.write_new(pointer, b"%d\n" % number, mode=_PRIVATE_FILE)
        atomic.rename(pointer, self._folder / _CURRENT)
        atomic.flush_folder(self._folder)

    def _clear(self, keep: set[int]) -> None:
        """Remove every generation not in ``keep``, and what commits left half done."""
        kept = {f"g-{number}" for number in keep}
        for name in os.listdir(self._folder):
            if name.startswith("g-") and name not in kept:
                shutil.rmtree(self._folder / name)
        atomic.remove(self._folder / f"{_CURRENT}.tmp")

    def _numbers(self) -> list[int]:
        """The numbers of the generations on disk, highest first."""
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return sorted((int(match[1]) for name in names if (match := _FOLDER.fullmatch(name))), reverse=True)

    def _newest(self) -> Generation | None:
        """The generation ``CURRENT`` names, or else the newest whole one."""
        numbers, current = self._numbers(), self._current_number()
        for number in sorted(numbers, key=lambda number: number != current):
            files = self._read(self._folder / f"g-{number}")
            if files is not None:
                return Generation(number, files)
        if current is None:  # no commit ever ended
            return None
        raise StorageError("No stored generation is whole: fetch anew.", code=DAMAGED)

    def _current_number(self) -> int | None:
        """What ``CURRENT`` says: None when there is none, 0 when it is damaged."""
        try:
            line = (self._folder / _CURRENT).read_bytes()
        except FileNotFoundError:
            return None
        return int(line) if re.fullmatch(rb"[1-9][0-9]{0,14}\n", line) else 0

    def _read(self, folder: Path) -> dict[str, bytes] | None:
        """The files of a generation; None when it is not whole."""
        files: dict[str, bytes] = {}
        try:
            *lines, end = (folder / _MANIFEST).read_bytes().decode("ascii").split("\n")
            for line in lines:
                match = _LINE.fullmatch(line)
                path = folder / match[3] if match else folder
                if match is None or path.stat().st_size != int(match[2]):
                    return None
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() != match[1]:
                    return None
                files[unquote(match[3])] = data
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, UnicodeDecodeError):
            return None
        return None if end else files


def _encoded(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files under names that are one path component each, sorted."""
    encoded = {_file_name(name): data for name, data in files.items()}
    if not all(0 < len(name) <= 240 for name in encoded):
        raise ValueError("a file name of 1 to 240 bytes, encoded")
    return dict(sorted(encoded.items()))


def _file_name(name: str) -> str:
    """``name`` percent-encoded; capitals too, so that none is ``MANIFEST`` or differs only by case."""
    return _UNSAFE.sub(lambda match: "".join(f"%{byte:02x}" for byte in match[0].encode()), name)


def _check_after(current: Generation | None, after: int) -> None:
    if after != (0 if current is None else current.number):
        raise StorageError("The stored generation was replaced meanwhile: try again.", code=CHANGED)
