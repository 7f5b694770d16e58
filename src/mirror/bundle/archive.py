"""``*.mirror.zip``: a mirror's tree as one file, written in exactly one way and read in no other.

Unpacked onto any host by any program it is a mirror; read in place it is a library. The same tree
gives the same bytes on every machine, in every time zone and locale.

Rules (FORMAT.md section 10):

1. Entries are stored, never compressed or encrypted: what an entry takes in the file is its size.
2. They stand in ascending order of their paths, without gaps, from the first byte of the file on;
   then the directory, then the end record, then nothing. So no two entries overlap or share a name.
3. Every header is what rule 2 and the entry's path, size and CRC-32 say; dates and attributes are
   fixed. ZIP64 appears exactly where a number does not fit without it.
4. A path is one that a mirror's tree can have (see ``store.names``, which a test compares), and no
   two differ in case only: they would be one file on some disks.
5. What the end record claims is checked against the size of the file before the directory is read,
   and what the directory claims before an entry is.

Source: PKWARE's APPNOTE.TXT 6.3.3, sections 4.3.7 to 4.3.16 and 4.5.3.
"""

import io
import re
import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_ARCHIVE, MAX_ARCHIVE_ENTRIES, MAX_PIECE, MAX_READER_FILE

_MAX_PATH: Final = 128
_READER_PAGE: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-])){0,60}"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,9})"
_PATH: Final = re.compile(
    r"p/([0-9a-f]{2})/\1[0-9a-f]{62}"
    r"|m/timestamp\.json|m/heads/[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
    r"|m/[1-9][0-9]{0,9}\.[a-z0-9][a-z0-9_-]{0,60}\.json"
    rf"|s/{_NUMBER}/{_NUMBER}"
    rf"|r/(?:{_READER_PAGE}/){{0,2}}{_READER_PAGE}"
)

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_END64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR: Final = struct.Struct("<4sIQI")
_LONGEST_ENTRY: Final = _CENTRAL.size + _MAX_PATH + 12
_PLAIN: Final = 20  # the version of ZIP that a reader must know
_ZIP64: Final = 45
_UNIX: Final = 3 << 8
_DATE: Final = 1 << 5 | 1  # 1980-01-01, the first day that ZIP knows, at 00:00
_MODE: Final = 0o100644 << 16  # an ordinary file
_FULL16: Final = 0xFFFF
_FULL32: Final = 0xFFFFFFFF


def write_archive(file: BinaryIO, entries: Iterable[tuple[str, bytes]]) -> None:
    """Write ``entries``, paths and bytes in ascending order of the paths, to ``file`` as an archive.

    ``file`` is only written to, from its current position on; entries are held one at a time.

    Raises:
        ValueError: A path is not one of a mirror's tree, or out of order.
        LimitError: An entry or the whole is larger than it may be.
    """
    directory = bytearray()
    before, at, count = "", 0, 0
    for path, data in entries:
        if path <= before or not _is_tree_path(path):
            raise ValueError("a path is not one of a mirror's tree, or out of order")
        crc = zlib.crc32(data)
        head = _local_header(path, crc, len(data))
        directory += _directory_entry(path, crc, len(data), at)
        at += len(head) + len(data)
        count += 1
        if len(data) > _bound(path) or count > MAX_ARCHIVE_ENTRIES or at + len(directory) > MAX_ARCHIVE:
            raise LimitError("This does not fit into one archive.", code="archive-size")
        file.write(head)
        file.write(data)
        before = path
    file.write(directory)
    file.write(_end_records(count, len(directory), at))


class Archive:
    """An archive, read in place: by one thread at a time, from a file that stays open."""

    def __init__(self, file: BinaryIO, directory: bytes, places: "array[int]") -> None:
        """Use ``open_archive``."""
        self._file = file
        self._directory = directory
        self._places = places

    def names(self) -> Iterator[str]:
        """The paths of its entries, in ascending order."""
        return map(self._name, range(len(self._places)))

    def read(self, path: str) -> bytes | None:
        """The bytes of the entry ``path``, unverified; None where the archive has none.

        Raises:
            FormatError: The entry is damaged, or its header is another than the directory says.
        """
        found = bisect_left(range(len(self._places)), path, key=self._name)
        if found == len(self._places) or self._name(found) != path:
            return None
        _, crc, size, at = _parse_entry(self._directory, self._places[found])
        head = _local_header(path, crc, size)
        self._file.seek(at)
        data = self._file.read(len(head) + size)
        if data[: len(head)] != head or len(data) != len(head) + size:
            raise _not_ours()
        if zlib.crc32(data[len(head) :]) != crc:
            raise FormatError("A file in the archive is damaged.", code="archive-crc")
        return data[len(head) :]

    def _name(self, index: int) -> str:
        return _parse_entry(self._directory, self._places[index])[0]


def open_archive(file: BinaryIO) -> Archive:
    """The archive that ``file`` holds, which can seek. Its directory is checked whole.

    Raises:
        FormatError: Code ``not-an-archive`` for any other file; ``archive-form`` where a rule of the
            module is broken, ``archive-path`` where it is rule 4.
        LimitError: ``archive-size``: the file, an entry or their number is above its bound.
    """
    total = file.seek(0, io.SEEK_END)
    if total > MAX_ARCHIVE:
        raise LimitError("The archive is larger than any may be.", code="archive-size")
    count, size, start = _parse_end(file, total)
    file.seek(start)
    directory = file.read(size)
    places: array[int] = array("Q")
    at = expected = 0
    before = ""
    folded: set[str] = set()
    for _ in range(count):
        path, crc, length, offset = _parse_entry(directory, at)
        if not _is_tree_path(path) or path.lower() in folded:
            raise FormatError("The archive holds a path that no mirror's tree has.", code="archive-path")
        if length > _bound(path):
            raise LimitError("The archive holds a file that is larger than it may be.", code="archive-size")
        entry = _directory_entry(path, crc, length, offset)
        if directory[at : at + len(entry)] != entry or offset != expected or path <= before:
            raise _not_ours()
        if path.startswith("r/"):  # no other path has capitals
            folded.add(path.lower())
        places.append(at)
        at += len(entry)
        expected += _LOCAL.size + len(path) + length
        before = path
    if at != size or expected != start:
        raise _not_ours()
    return Archive(file, directory, places)


def _is_tree_path(path: str) -> bool:
    return len(path) <= _MAX_PATH and _PATH.fullmatch(path) is not None


def _bound(path: str) -> int:
    return MAX_READER_FILE if path.startswith("r/") else MAX_PIECE


def _local_header(path: str, crc: int, size: int) -> bytes:
    return (
        _LOCAL.pack(b"PK\x03\x04", _PLAIN, 0, 0, 0, _DATE, crc, size, size, len(path), 0)
        + path.encode()  # ASCII by rule 4
    )


def _directory_entry(path: str, crc: int, size: int, at: int) -> bytes:
    name = path.encode()
    extra = struct.pack("<2HQ", 1, 8, at) if at >= _FULL32 else b""
    version = _ZIP64 if extra else _PLAIN
    fixed = _CENTRAL.pack(
        b"PK\x01\x02",
        _UNIX | version,
        version,
        0,  # flags
        0,  # stored
        0,  # 00:00
        _DATE,
        crc,
        size,
        size,
        len(name),
        len(extra),
        0,  # comment
        0,  # disk
        0,  # internal attributes
        _MODE,
        min(at, _FULL32),
    )
    return fixed + name + extra


def _end_records(count: int, size: int, start: int) -> bytes:
    """What follows a directory of ``count`` entries and ``size`` bytes that begins at ``start``."""
    shown = min(count, _FULL16)
    end = _END.pack(b"PK\x05\x06", 0, 0, shown, shown, min(size, _FULL32), min(start, _FULL32), 0)
    if count < _FULL16 and size < _FULL32 and start < _FULL32:
        return end
    end64 = _END64.pack(
        b"PK\x06\x06", _END64.size - 12, _UNIX | _ZIP64, _ZIP64, 0, 0, count, count, size, start
    )
    return end64 + _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1) + end


def _parse_end(file: BinaryIO, total: int) -> tuple[int, int, int]:
    """How many entries the directory has, its size and its place; all fit into ``total`` bytes."""
    longest = _END64.size + _LOCATOR.size + _END.size
    file.seek(max(0, total - longest))
    tail = file.read(longest)
    if len(tail) < _END.size or tail[-_END.size :][:4] != b"PK\x05\x06":
        raise FormatError("This file is not a bundle, or it is cut off.", code="not-an-archive")
    _, _, _, count, _, size, start, _ = _END.unpack(tail[-_END.size :])
    if count == _FULL16 or _FULL32 in (size, start):
        if len(tail) < longest or tail[:4] != b"PK\x06\x06":
            raise _not_ours()
        *_, count, size, start = _END64.unpack(tail[: _END64.size])
    if count > MAX_ARCHIVE_ENTRIES:
        raise LimitError("The archive holds more files than any may.", code="archive-size")
    if size > count * _LONGEST_ENTRY:
        raise _not_ours()
    end = _end_records(count, size, start) if start + size <= total else b""
    if not end or start + size + len(end) != total or tail[-len(end) :] != end:
        raise _not_ours()
    return count, size, start


def _parse_entry(directory: bytes, at: int) -> tuple[str, int, int, int]:
    """Path, CRC-32, size and offset of the directory's entry at ``at``, as claimed."""
    fixed = directory[at : at + _CENTRAL.size]
    if len(fixed) != _CENTRAL.size:
        raise _not_ours()
    *_, crc, size, _, path_length, extra_length, _, _, _, _, offset = _CENTRAL.unpack(fixed)
    at += _CENTRAL.size
    path = directory[at : at + path_length].decode("latin-1")
    if offset == _FULL32 and extra_length:
        offset = int.from_bytes(directory[at + path_length + 4 : at + path_length + 12], "little")
    return path, crc, size, offset


def _not_ours() -> FormatError:
    return FormatError("The archive is damaged, or another program wrote it.", code="archive-form")
