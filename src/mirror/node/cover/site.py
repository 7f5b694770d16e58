"""The cover site's folder, held in memory: the same work for every file, and none on the disk.

Rules:

1. Files are looked up by the decoded path, exactly. Links are followed where they lead to files.
2. A tag and an instant are those of the file on the disk, as nginx makes them. Copy the folder with
   its times (``cp -a``) where two servers are to answer alike.
3. The folder is looked at again when the node is told to (SIGHUP). A file that cannot be read then is
   not there.
"""

import os
import stat
import zlib
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import Final

from mirror.errors import ConfigError
from mirror.limits import MAX_COVER, MAX_COVER_FILES
from mirror.node.cover.types import TYPES, UNKNOWN

DEFAULT: Final = Path(__file__).parent / "default"
_INDEXES: Final = ("index.html", "index.htm", "index.nginx-debian.html")
HTML: Final = b"text/html"


@dataclass(frozen=True, slots=True)
class File:
    """One file, with what its answers say of it. ``packed`` is its gzip form, for pages only."""

    body: bytes
    media_type: bytes
    modified: int
    tag: bytes
    packed: bytes | None

    @property
    def instant(self) -> bytes:
        """``modified`` as HTTP writes it."""
        return formatdate(self.modified, usegmt=True).encode("ascii")


class Site:
    """The files and folders below ``folder``.

    Raises:
        ConfigError: It cannot be read, or is larger than a cover site need be.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[bytes, File] = {}
        self.folders: set[bytes] = set()
        self.load()

    def load(self) -> None:
        """Read the folder (rule 3); after an error what was held stays."""
        files: dict[bytes, File] = {}
        folders: set[bytes] = set()
        if not self._folder.is_dir():
            raise ConfigError("The folder cover.folder cannot be read.")
        room = MAX_COVER
        for place, _, names in os.walk(self._folder, followlinks=True):
            relative = os.fsencode(os.path.relpath(place, self._folder))
            base = b"/" if relative == b"." else b"/" + relative + b"/"
            folders.add(base)
            for name in names:
                path = Path(place) / name
                try:
                    facts = path.stat()
                    if not stat.S_ISREG(facts.st_mode):
                        continue
                    room -= facts.st_size
                    if room < 0 or len(files) >= MAX_COVER_FILES:
                        raise ConfigError("The folder cover.folder is larger than a cover site may be.")
                    body = path.read_bytes()
                except OSError:
                    continue
                files[base + os.fsencode(name)] = _file(name, body, int(facts.st_mtime))
        self.files, self.folders = files, folders

    def index(self, folder: bytes) -> File | None:
        """The page of a folder, whose path ends in ``/``."""
        found = (self.files.get(folder + name.encode()) for name in _INDEXES)
        return next((file for file in found if file is not None), None)


def _file(name: str, body: bytes, modified: int) -> File:
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    media_type = TYPES.get(ending, UNKNOWN).encode()
    tag = f'"{modified:x}-{len(body):x}"'.encode()
    return File(body, media_type, modified, tag, packed(body) if media_type == HTML else None)


def packed(body: bytes) -> bytes | None:
    """``body`` as nginx's gzip filter makes it by default; None where it leaves it alone."""
    if len(body) < 20:
        return None
    window, memory = 15, 8
    while window > 9 and len(body) < (1 << (window - 1)) - 262:
        window, memory = window - 1, memory - 1
    packer = zlib.compressobj(1, zlib.DEFLATED, 16 + window, max(memory, 1))
    return packer.compress(body) + packer.flush()
