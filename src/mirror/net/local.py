"""Bytes from a mirror that lies on this machine: a folder, or one ``.mirror.zip`` read in place.

Rules:

1. Only names that a mirror's tree can have are looked for: no ``..``, nothing absolute, no symbolic
   link anywhere below the folder, nothing but ordinary files. A stick that somebody handed over must
   not make the program read this machine's own files.
2. Files are opened without waiting, so that a named pipe cannot hold the reader.
3. An archive is read in the one form that ``bundle.archive`` knows, or not at all.
4. All of it happens in threads: a stick can be slow.
5. Nothing is ever written, not even beside the file.
"""

import asyncio
import errno
import os
import re
import stat
import threading
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final
from urllib.parse import unquote, urlsplit

from mirror.bundle.archive import Archive, open_archive
from mirror.errors import EndpointError, FormatError
from mirror.model import Endpoint
from mirror.net import ABSENT, BROKEN, REFUSED, TOO_LONG, UNREACHABLE, OneByOne

_PATH: Final = re.compile(
    r"(?:[A-Za-z0-9_%-][A-Za-z0-9_.%-]{0,127}/){0,3}[A-Za-z0-9_%-][A-Za-z0-9_.%-]{0,127}"
)
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})


class LocalTransport(OneByOne):
    """``net.Transport`` for endpoints with a ``file:`` URL: ``async with LocalTransport() as it``.

    An archive is opened and checked at the first request, and stays open until the end.
    """

    def __init__(self) -> None:
        self._archives: dict[Path, _OpenArchive] = {}

    async def __aenter__(self) -> "LocalTransport":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for archive in self._archives.values():
            await asyncio.to_thread(archive.close)
        self._archives.clear()

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        if not _PATH.fullmatch(path):
            raise EndpointError("No mirror's tree has a file of that name.", code=REFUSED)
        place = path_of(endpoint.url)
        if place.suffix != ".zip":
            return await asyncio.to_thread(_read, place, path, limit)
        archive = self._archives.setdefault(place, _OpenArchive(place))
        return await asyncio.to_thread(archive.read, path, limit)


class _OpenArchive:
    """An archive that several threads ask; opened when the first one does."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._file: BinaryIO | None = None
        self._archive: Archive | None = None

    def read(self, path: str, limit: int) -> bytes:
        """The entry ``path``; raises as ``net.Transport.get``."""
        try:
            with self._lock:
                data = self._opened().read(path)
        except OSError:
            raise EndpointError("The archive cannot be read.", code=BROKEN) from None
        except FormatError as error:
            raise EndpointError("The archive is damaged.", code=BROKEN) from error
        if data is None:
            raise EndpointError("The archive does not have this file.", code=ABSENT)
        if len(data) > limit:
            raise EndpointError("The file is longer than it may be.", code=TOO_LONG)
        return data

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._file is not None:
                self._file.close()

    def _opened(self) -> Archive:
        if self._archive is None:
            if self._file is None:
                self._file = _open_file(self._place)
            self._archive = open_archive(self._file)
        return self._archive


def _open_file(place: Path) -> BinaryIO:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        raise EndpointError("The archive cannot be opened.", code=UNREACHABLE) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise EndpointError("The archive is no ordinary file.", code=UNREACHABLE)
    return os.fdopen(descriptor, "rb")


def path_of(url: str) -> Path:
    """The path that a ``file:`` URL names.

    Raises:
        EndpointError: ``unreachable``: it names another machine, or no absolute path.
    """
    parts = urlsplit(url)
    path = unquote(parts.path, errors="surrogateescape")
    if (
        parts.scheme != "file"
        or parts.netloc not in ("", "localhost")
        or not path.startswith("/")
        or "\0" in path
    ):
        raise EndpointError("This is no file of this machine.", code=UNREACHABLE)
    return Path(path)


def _read(folder: Path, path: str, limit: int) -> bytes:
    *above, name = path.split("/")
    opened: list[int] = []
    try:
        opened.append(_open_root(folder))
        for segment in above:
            opened.append(os.open(segment, _FOLDER | os.O_NOFOLLOW, dir_fd=opened[-1]))
        opened.append(os.open(name, _FILE, dir_fd=opened[-1]))
        if not stat.S_ISREG(os.fstat(opened[-1]).st_mode):
            raise EndpointError("The mirror has no ordinary file there.", code=REFUSED)
        data = _read_open(opened[-1], limit)
    except OSError as error:
        code = ABSENT if error.errno in _NOT_THERE else REFUSED if error.errno == errno.ELOOP else BROKEN
        raise EndpointError("The mirror's folder does not give this file.", code=code) from None
    finally:
        for descriptor in opened:
            os.close(descriptor)
    return data


def _open_root(folder: Path) -> int:
    try:
        return os.open(folder, _FOLDER)
    except OSError:
        # The path may name a person or a stick: it stays out of what is raised.
        raise EndpointError("The mirror's folder cannot be opened.", code=UNREACHABLE) from None


def _read_open(descriptor: int, limit: int) -> bytes:
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise EndpointError("The file is longer than it may be.", code=TOO_LONG)
    return data
