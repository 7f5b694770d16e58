"""Canonical numbers, bytes and strings, written and read back exactly.

Rules (FORMAT.md section 1):

1. A number is an unsigned LEB128 varint of the fewest bytes, at most 2**53 - 1 (JavaScript's).
2. Bytes and strings are preceded by their length in bytes; strings are UTF-8.
3. Signed numbers are zigzag: 0, -1, 1, -2, ... become 0, 1, 2, 3, ...
4. A line is a string without control characters (C0, DEL, C1) or line separators.
5. Nothing may follow the last field.
"""

import re
from typing import Final

from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECES, PIECE_SIZES
from mirror.model import PieceList

MAX_NUMBER: Final = 2**53 - 1
# What no text of ours holds: C0 without tab and newline, DEL, C1 (terminals obey U+009B).
CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NOT_IN_A_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Writer:
    """Collects fields; ``bytes()`` gives what was written."""

    def __init__(self) -> None:
        self._parts = bytearray()

    def number(self, value: int) -> None:
        """Append ``value``, 0 to 2**53 - 1."""
        if not 0 <= value <= MAX_NUMBER:
            raise ValueError("number out of range")
        while value > 0x7F:
            self._parts.append(value & 0x7F | 0x80)
            value >>= 7
        self._parts.append(value)

    def signed(self, value: int) -> None:
        """Append ``value`` as zigzag."""
        self.number(value * 2 if value >= 0 else -value * 2 - 1)

    def raw(self, data: bytes) -> None:
        """Append ``data`` without its length: the field has a fixed size."""
        self._parts += data

    def data(self, data: bytes) -> None:
        """Append ``data`` after its length."""
        self.number(len(data))
        self._parts += data

    def text(self, text: str) -> None:
        """Append ``text`` as UTF-8 after its length in bytes."""
        self.data(text.encode())

    def line(self, text: str) -> None:
        """Append ``text`` by rule 4.

        Raises:
            ValueError: It is no line: the articles layer lets none such through.
        """
        if _NOT_IN_A_LINE.search(text):
            raise ValueError("a line holds a control character")
        self.text(text)

    def piece_list(self, pieces: PieceList) -> None:
        """Append a list of pieces (FORMAT.md section 2)."""
        self.number(pieces.raw_length)
        self.number(len(pieces.digests))
        self.number(PIECE_SIZES.index(pieces.last_size))
        for digest in pieces.digests:
            self._parts += bytes.fromhex(digest)

    def bytes(self) -> bytes:
        """All that was appended so far."""
        return bytes(self._parts)


class Cursor:
    """Reads fields in order; anything not canonical is a ``FormatError``."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, most: int = MAX_NUMBER) -> int:
        """The next number, at most ``most``.

        Raises:
            LimitError: It is larger than ``most``.
            FormatError: It is cut off or not in its shortest form.
        """
        value = shift = 0
        while True:
            byte = self.raw(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
            if shift > 49:
                raise FormatError("A number is too long.", code="number")
        if byte == 0 and shift:
            raise FormatError("A number is not in its shortest form.", code="number")
        if value > most:
            raise LimitError("A number is larger than its bound.")
        return value

    def signed(self) -> int:
        """The next zigzag number."""
        value = self.number()
        return value >> 1 if value & 1 == 0 else -(value + 1 >> 1)

    def raw(self, length: int) -> bytes:
        """The next ``length`` bytes."""
        end = self._at + length
        if end > len(self._data):
            raise FormatError("The data ends too early.", code="truncated")
        chunk = self._data[self._at : end]
        self._at = end
        return chunk

    def data(self, most: int) -> bytes:
        """Bytes after their length, which is at most ``most``."""
        return self.raw(self.number(most))

    def text(self, most: int) -> str:
        """A string of at most ``most`` bytes of UTF-8."""
        try:
            return self.data(most).decode()
        except UnicodeDecodeError as error:
            raise FormatError("A string is not UTF-8.", code="utf-8") from error

    def line(self, most: int) -> str:
        """A line of at most ``most`` characters (rule 4)."""
        text = self.text(most * 4)
        if len(text) > most:
            raise LimitError("A name or a title is longer than any may be.")
        if _NOT_IN_A_LINE.search(text):
            raise FormatError("A name or a title holds a control character.", code="control-character")
        return text

    def piece_list(self, most_raw: int) -> PieceList:
        """A list of pieces that decompress to 1 to ``most_raw`` bytes."""
        raw_length = self.number(most_raw)
        count = self.number(MAX_PIECES)
        if count == 0 or raw_length == 0:
            raise FormatError("A list of pieces carries nothing.", code="piece-list")
        last_size = PIECE_SIZES[self.number(len(PIECE_SIZES) - 1)]
        digests = tuple(self.raw(32).hex() for _ in range(count))
        return PieceList(raw_length, digests, last_size)

    def end(self) -> None:
        """Require that nothing follows."""
        if self._at != len(self._data):
            raise FormatError("Bytes follow the last field.", code="trailing")
