"""The head of a channel: the newest metadata a reader of it needs, in one file of fixed size.

``m/heads/<channel>`` saves a returning reader five round trips. It is the one mutable file besides
``timestamp.json`` and cannot be content-addressed, since it carries the statement that names
everything else. Nothing in it is trusted: a session takes its files as if a mirror had served each
by name, in the order TUF wants.

Layout, ``MAX_PIECE`` bytes in all: one zstd frame (content size declared, no dictionary, no
checksum), then one skippable frame of zero bytes that fills the rest. The frame holds::

    "MHD1"  u8 count  then, per file in strictly ascending order of name:
            u8 length of name, name (ASCII), u24 length of data, data

Integers are big-endian. What ``unpack_head`` accepts has exactly one meaning: no duplicate, no
trailing byte, no second frame.
"""

from collections.abc import Mapping
from typing import Final

import zstandard

from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_METADATA, MAX_METADATA_HEAD_FILES, MAX_METADATA_HEAD_RAW, MAX_PIECE

_MAGIC: Final = b"MHD1"
_SKIPPABLE: Final = b"\x50\x2a\x4d\x18"
_LEVEL: Final = 19
_MAX_WINDOW: Final = 1 << 21  # as pieces: what one reader's decoder takes, every reader's must
_DAMAGED: Final = "head"


def pack_head(files: Mapping[str, bytes]) -> bytes:
    """Return the head that carries ``files`` (file name in ``m/`` → bytes), ``MAX_PIECE`` bytes long.

    Raises:
        LimitError: ``head-too-large``: they do not fit; leave one out and try again.
        ValueError: A name is not ASCII, or empty, or longer than 255 bytes.
    """
    body = bytearray(_MAGIC)
    body.append(_bounded(len(files), MAX_METADATA_HEAD_FILES))
    for name in sorted(files):
        label, data = name.encode("ascii"), files[name]
        if not 0 < len(label) < 256:
            raise ValueError("a file name of 1 to 255 bytes")
        body += bytes([len(label)]) + label
        body += _bounded(len(data), MAX_METADATA).to_bytes(3, "big") + data
    _bounded(len(body), MAX_METADATA_HEAD_RAW)
    frame = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=False).compress(bytes(body))
    room = MAX_PIECE - len(frame) - 8
    if len(frame) == MAX_PIECE:
        return frame
    if room < 0:
        raise LimitError("the metadata does not fit into a head", code="head-too-large")
    return frame + _SKIPPABLE + room.to_bytes(4, "little") + bytes(room)


def pack_fitting(files: Mapping[str, bytes], *extras: Mapping[str, bytes]) -> bytes:
    """Return the head of ``files`` and of the first of ``extras`` that fits beside them, or of none.

    Raises:
        LimitError: ``head-too-large``: not even ``files`` fit.
    """
    for extra in extras:
        try:
            return pack_head({**files, **extra})
        except LimitError:
            continue
    return pack_head(files)


def unpack_head(data: bytes) -> dict[str, bytes]:
    """Return the files of a head, all of them unverified.

    Allocates at most ``MAX_METADATA_HEAD_RAW`` bytes whatever ``data`` claims.

    Raises:
        LimitError: ``head``: the head, its content, a file or their number is above its bound.
        FormatError: ``head``: anything else that ``pack_head`` would not have written.
    """
    if len(data) != MAX_PIECE:
        raise FormatError("a head has one fixed size", code=_DAMAGED)
    end = _frame_length(data)
    _check_padding(data[end:])
    try:
        # The declared size was checked, and a one-shot decoder refuses to write past it.
        body = zstandard.ZstdDecompressor().decompress(data[:end])
    except zstandard.ZstdError as error:
        raise FormatError("the head does not decompress", code=_DAMAGED) from error
    if body[:4] != _MAGIC or len(body) < 5:
        raise FormatError("not a head", code=_DAMAGED)
    count, at = body[4], 5
    if count > MAX_METADATA_HEAD_FILES:
        raise LimitError("too many files in a head", code=_DAMAGED)
    files: dict[str, bytes] = {}
    last = b""
    for _ in range(count):
        size_at = at + 1 + (body[at] if at < len(body) else 0)
        start = size_at + 3
        end = start + int.from_bytes(body[size_at:start], "big")
        if end - start > MAX_METADATA:
            raise LimitError("a file in a head is too long", code=_DAMAGED)
        label = body[at + 1 : size_at]
        if not label.isascii() or label <= last:
            raise FormatError("the names in a head are not in order", code=_DAMAGED)
        files[label.decode("ascii")] = body[start:end]
        last, at = label, end
    if at != len(body):  # also past the end, when a length says more than there is
        raise FormatError("a head ends with its last file", code=_DAMAGED)
    return files


def _bounded(number: int, bound: int) -> int:
    if number > bound:
        raise LimitError("the metadata does not fit into a head", code="head-too-large")
    return number


def _frame_length(data: bytes) -> int:
    """The length of the zstd frame ``data`` begins with, from its block headers (RFC 8878, 3.1.1)."""
    try:
        header = zstandard.get_frame_parameters(data)
        at = zstandard.frame_header_size(data)
    except zstandard.ZstdError as error:
        raise FormatError("the head is not a zstd frame", code=_DAMAGED) from error
    if header.dict_id or header.has_checksum or header.content_size == zstandard.CONTENTSIZE_UNKNOWN:
        raise FormatError("the head's frame is not of our kind", code=_DAMAGED)
    if header.content_size > MAX_METADATA_HEAD_RAW:
        raise LimitError("the head claims to be too large", code=_DAMAGED)
    if header.window_size > _MAX_WINDOW:
        raise FormatError("the head's frame needs too much memory", code=_DAMAGED)
    while True:
        if at + 3 > len(data):
            raise FormatError("the head breaks off", code=_DAMAGED)
        block = int.from_bytes(data[at : at + 3], "little")
        at += 3 + (1 if block >> 1 & 3 == 1 else block >> 3)  # a repeated byte is stored once
        if block & 1:
            break
    if at > len(data):
        raise FormatError("the head breaks off", code=_DAMAGED)
    return at


def _check_padding(tail: bytes) -> None:
    if tail and (
        tail[:4] != _SKIPPABLE or int.from_bytes(tail[4:8], "little") != len(tail) - 8 or any(tail[8:])
    ):
        raise FormatError("the head's padding is not one frame of zeros", code=_DAMAGED)
