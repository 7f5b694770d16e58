"""Pieces: what is transferred, named by its own bytes, padded to few sizes.

Rules (FORMAT.md section 2):

1. A piece has one of ``limits.PIECE_SIZES`` bytes; its name is the SHA-256 of them.
2. Larger things are one zstd frame, followed by one skippable frame of zeros as padding where
   needed, cut every ``MAX_PIECE`` bytes; only the last piece may be shorter.
3. The frame declares its content size, and it is the signed one; it names no dictionary, has no
   checksum (the pieces' names are one) and needs a window of at most 2 MiB.
4. Digest first, then the frame's outline, then decompression into exactly the signed length:
   nothing unverified reaches a decoder, and no frame makes it allocate more than was signed.
5. Nothing else may stand before, between or after the two frames, and the padding is the least
   that gives allowed sizes: a frame has one way to be padded.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import zstandard

from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECE, MAX_PIECES, PIECE_SIZES
from mirror.model import PieceList

_MAGIC: Final = b"\x28\xb5\x2f\xfd"  # RFC 8878 section 3.1.1
_SKIPPABLE: Final = b"\x50\x2a\x4d\x18"  # RFC 8878 section 3.1.2
_SKIPPABLE_HEADER: Final = 8
_BLOCK_HEADER: Final = 3
_RLE_BLOCK: Final = 1
_RESERVED_BLOCK: Final = 3
# 2**21 covers the largest cluster; browsers accept up to 2**23.
_WINDOW_LOG: Final = 21
# Above 19 the gain was under 0.1 % on every corpus, for up to twice the time.
_LEVEL: Final = 19


@dataclass(frozen=True, slots=True)
class Sealed:
    """A value as pieces: the list that names them, and their bytes in order."""

    pieces: PieceList
    data: tuple[bytes, ...]


def name_of(data: bytes) -> str:
    """The name of a piece: SHA-256 of its transferred bytes, lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def path_of(digest: str) -> str:
    """Where a mirror's tree holds the piece: ``p/<aa>/<sha256>``."""
    return f"p/{digest[:2]}/{digest}"


def compress(raw: bytes, content: bytes = b"") -> bytes:
    """One zstd frame of ``raw``, after the dictionary content ``content``."""
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _LEVEL, window_log=_WINDOW_LOG, write_content_size=True, write_checksum=False, write_dict_id=False
    )
    return zstandard.ZstdCompressor(
        compression_params=parameters, dict_data=_as_dictionary(content)
    ).compress(raw)


def pad(frame: bytes) -> bytes:
    """``frame`` with a skippable frame behind it, so that it cuts into allowed sizes."""
    rest = len(frame) % MAX_PIECE
    sizes = (0, *PIECE_SIZES, *(MAX_PIECE + size for size in PIECE_SIZES))
    # A gap of 1 to 7 bytes cannot hold a skippable frame: the next size is taken.
    gap = next(s - rest for s in sizes if s == rest or s - rest >= _SKIPPABLE_HEADER)
    if gap:
        zeros = gap - _SKIPPABLE_HEADER
        frame += _SKIPPABLE + zeros.to_bytes(4, "little") + bytes(zeros)
    return frame


def seal(raw: bytes, content: bytes = b"") -> Sealed:
    """Compress, pad and cut ``raw``, which is not empty.

    Raises:
        LimitError: It takes more than ``MAX_PIECES`` pieces.
    """
    if not raw:
        raise ValueError("nothing to seal")
    frame = pad(compress(raw, content))
    data = tuple(frame[i : i + MAX_PIECE] for i in range(0, len(frame), MAX_PIECE))
    if len(data) > MAX_PIECES:
        raise LimitError("Too large to be carried: it takes too many pieces.", code="too-many-pieces")
    return Sealed(PieceList(len(raw), tuple(map(name_of, data)), len(data[-1])), data)


def check(digest: str, data: bytes) -> bytes:
    """``data``, which is the piece named ``digest``.

    Raises:
        LimitError: It is larger than any piece.
        FormatError: Its size is not a piece's, or its digest is another.
    """
    if len(data) > MAX_PIECE:
        raise LimitError("A piece is larger than any piece may be.", code="piece-oversized")
    if len(data) not in PIECE_SIZES:
        raise FormatError("A piece does not have the size of a piece.", code="piece-size")
    if name_of(data) != digest:
        raise FormatError("A piece is not the one that was asked for.", code="piece-digest")
    return data


def unseal(pieces: PieceList, data: Sequence[bytes], content: bytes = b"") -> bytes:
    """What ``pieces`` carries, from its pieces' bytes in order.

    ``content`` is the content of the dictionary it was compressed with, if any. Every digest is
    checked here again: a caller that fetched with ``check`` loses 7 microseconds a piece.

    Raises:
        FormatError: A piece is missing, another one, or of the wrong size; the frame is damaged,
            declares another length than signed, or something else than its padding follows it.
    """
    if len(data) != len(pieces.digests):
        raise FormatError("Some of the pieces are missing.", code="piece-missing")
    for digest, piece in zip(pieces.digests, data, strict=True):
        check(digest, piece)
    if any(len(piece) != MAX_PIECE for piece in data[:-1]) or len(data[-1]) != pieces.last_size:
        raise FormatError("A piece does not have the size that was signed.", code="piece-size")
    return open_frame(b"".join(data), pieces.raw_length, content)


def open_frame(padded: bytes, raw_length: int, content: bytes = b"") -> bytes:
    """The content of one frame with padding; ``raw_length`` is exact and bounds the allocation.

    Raises:
        FormatError: As for ``unseal``, codes ``frame``, ``frame-length`` and ``padding``.
    """
    if _declared_length(padded) != raw_length:
        raise FormatError("A frame declares another length than was signed.", code="frame-length")
    frame = padded[: frame_end(padded)]
    if padded != pad(frame):
        raise FormatError("Something else than its padding follows a frame.", code="padding")
    try:
        # In one go: the output is allocated once, at the signed length, whatever the blocks claim
        # (four bytes of a hostile frame can stand for 128 KiB).
        return zstandard.ZstdDecompressor(dict_data=_as_dictionary(content)).decompress(frame)
    except zstandard.ZstdError as error:
        raise FormatError("A frame is damaged.", code="frame") from error


def open_single(data: bytes, most: int) -> bytes:
    """The content of a piece that is a whole frame, of which no length was signed.

    Raises:
        LimitError: The frame declares more than ``most`` bytes.
        FormatError: As for ``unseal``.
    """
    declared = _declared_length(data)
    if declared > most:
        raise LimitError("A frame declares more than its bound.", code="frame-length")
    return open_frame(data, declared)


def _declared_length(padded: bytes) -> int:
    """The content size in the frame's header; checks the rest of rule 3."""
    try:
        header = zstandard.get_frame_parameters(padded)
    except zstandard.ZstdError as error:
        raise FormatError("A frame is damaged.", code="frame") from error
    # The library also takes skippable and legacy frames for a beginning.
    if (
        padded[:4] != _MAGIC
        or header.content_size in (0, zstandard.CONTENTSIZE_UNKNOWN)
        or header.dict_id
        or header.has_checksum
        or header.window_size > 1 << _WINDOW_LOG
    ):
        raise FormatError("A frame is not of the kind that pieces hold.", code="frame")
    return header.content_size


def frame_end(padded: bytes) -> int:
    """Where the frame that ``padded`` begins with ends, by its block headers (RFC 8878, 3.1.1.2).

    Raises:
        FormatError: It is cut off, or has a block of no known kind.
    """
    at = zstandard.frame_header_size(padded)
    last = False
    while not last:
        header = int.from_bytes(padded[at : at + _BLOCK_HEADER], "little")
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        at += _BLOCK_HEADER + (1 if kind == _RLE_BLOCK else size)
        if at > len(padded) or kind == _RESERVED_BLOCK:
            raise FormatError("A frame is cut off or damaged.", code="frame")
    return at


def _as_dictionary(content: bytes) -> zstandard.ZstdCompressionDict | None:
    if not content:
        return None
    return zstandard.ZstdCompressionDict(content, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
