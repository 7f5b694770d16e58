"""ZIP files with any one field wrong, made without the code under test."""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

NAMES = (b"m/heads/ru", b"m/timestamp.json", b"r/index.html")


@dataclass(frozen=True)
class Entry:
    """One entry; what is None follows from the rest. ``local_*`` stand in the local header only."""

    path: bytes
    data: bytes = b"hello"
    flags: int = 0
    method: int = 0
    time: int = 0
    date: int = 33
    made_by: int = 3 << 8 | 20
    version: int = 20
    crc: int | None = None
    size: int | None = None
    stored_size: int | None = None
    attributes: int = 0o100644 << 16
    extra: bytes = b""
    comment: bytes = b""
    disk: int = 0
    at: int | None = None
    local_path: bytes | None = None
    local_flags: int | None = None
    local_size: int | None = None
    local_extra: bytes = b""
    after: bytes = b""


def entries(*names: bytes) -> list[Entry]:
    return [Entry(name) for name in names or NAMES]


def forged(
    made: Sequence[Entry],
    *,
    before: bytes = b"",
    gap: bytes = b"",
    after: bytes = b"",
    comment: bytes = b"",
    count: int | None = None,
    size: int | None = None,
    start: int | None = None,
    disk: int = 0,
) -> bytes:
    """The ZIP file of ``made``, with junk and claims as asked for."""
    body, directory = bytearray(before), bytearray()
    for entry in made:
        at = len(body) if entry.at is None else entry.at
        crc = zlib.crc32(entry.data) if entry.crc is None else entry.crc
        length = len(entry.data) if entry.size is None else entry.size
        stored = len(entry.data) if entry.stored_size is None else entry.stored_size
        local_path = entry.path if entry.local_path is None else entry.local_path
        local_size = stored if entry.local_size is None else entry.local_size
        flags = entry.flags if entry.local_flags is None else entry.local_flags
        body += struct.pack("<4s5H", b"PK\3\4", entry.version, flags, entry.method, entry.time, entry.date)
        body += struct.pack("<3I2H", crc, local_size, length, len(local_path), len(entry.local_extra))
        body += local_path + entry.local_extra + entry.data + entry.after
        directory += struct.pack("<4s3H", b"PK\1\2", entry.made_by, entry.version, entry.flags)
        directory += struct.pack("<3H3I", entry.method, entry.time, entry.date, crc, stored, length)
        directory += struct.pack("<3H", len(entry.path), len(entry.extra), len(entry.comment))
        directory += struct.pack("<2H2I", entry.disk, 0, entry.attributes, at)
        directory += entry.path + entry.extra + entry.comment
    body += gap
    place = len(body) if start is None else start
    many = len(made) if count is None else count
    body += directory
    body += struct.pack("<4s4H", b"PK\5\6", disk, disk, many, many)
    body += struct.pack("<2IH", len(directory) if size is None else size, place, len(comment))
    return bytes(body + comment + after)
