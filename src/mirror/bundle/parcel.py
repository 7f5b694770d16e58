"""A parcel: one signed file larger than a piece, named by a piece that lists its pieces.

The release signs the name of the list; the list names the rest. Notices travel like this.

Source: FORMAT.md section 3.
"""

from dataclasses import dataclass
from typing import Final

from mirror.bundle import piece
from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.model import PieceList

MAGIC: Final = b"mirror-parcel\x01"
_MAX_LIST: Final = 16_384  # a list of MAX_PIECES digests of 32 bytes, with room


@dataclass(frozen=True, slots=True)
class Parcel:
    """``head`` is the name of the list's piece; ``pieces`` holds all of them by name."""

    head: str
    pieces: dict[str, bytes]


def seal(raw: bytes) -> Parcel:
    """Compress, cut and list ``raw``.

    Raises:
        LimitError: It takes more pieces than a list may name.
    """
    sealed = piece.seal(raw)
    writer = Writer()
    writer.raw(MAGIC)
    writer.piece_list(sealed.pieces)
    listing = piece.seal(writer.bytes())
    pieces = dict(zip(sealed.pieces.digests, sealed.data, strict=True))
    return Parcel(listing.pieces.digests[0], {**pieces, listing.pieces.digests[0]: listing.data[0]})


def parse_list(digest: str, data: bytes, most: int) -> PieceList:
    """The pieces of the parcel whose list is the piece ``data``, named ``digest``.

    ``most`` bounds the raw length, in bytes.

    Raises:
        FormatError: Another piece, another format, or not canonical.
        LimitError: The parcel is larger than ``most``.
    """
    cursor = Cursor(piece.open_single(piece.check(digest, data), _MAX_LIST))
    if cursor.raw(len(MAGIC)) != MAGIC:
        raise FormatError("This is not a parcel that this program can open.", code="not-a-parcel")
    pieces = cursor.piece_list(most)
    cursor.end()
    return pieces
