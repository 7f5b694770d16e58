"""Reading and writing the few fields that invitations and slips are made of.

Numbers are big-endian and of fixed size. An entrance is one byte of flags, one of length, the
address without its scheme, and the path key where there is one (ROTATION.md section 5).
"""

from collections.abc import Sequence
from typing import Final

from mirror.errors import FormatError
from mirror.limits import MAX_ENTRANCES
from mirror.rotation.paths import PATH_KEY_SIZE, Entrance

_HAS_KEY: Final = 1
_IS_PLAIN: Final = 2  # http, as onion services are reached


class Cursor:
    """Takes fields from ``data`` one after the other; ``code`` is that of every error."""

    def __init__(self, data: bytes, code: str) -> None:
        self._data = data
        self._at = 0
        self.code = code

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes.

        Raises:
            FormatError: There are fewer.
        """
        if size > len(self._data) - self._at:
            raise self.broken()
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        """The next number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "big")

    def rest(self) -> bytes:
        """All that was not taken yet."""
        return self.take(len(self._data) - self._at)

    def entrances(self) -> tuple[Entrance, ...]:
        """A list of entrances, at most ``MAX_ENTRANCES``."""
        count = self.number(1)
        if count > MAX_ENTRANCES:
            raise self.broken()
        return tuple(self._entrance() for _ in range(count))

    def _entrance(self) -> Entrance:
        flags = self.number(1)
        if flags & ~(_HAS_KEY | _IS_PLAIN):
            raise self.broken()
        scheme = b"http://" if flags & _IS_PLAIN else b"https://"
        text = scheme + self.take(self.number(1))
        key = self.take(PATH_KEY_SIZE) if flags & _HAS_KEY else b""
        try:
            return Entrance(text.decode("ascii"), key)
        except ValueError as error:
            raise self.broken() from error

    def broken(self) -> FormatError:
        """The error to raise for a field that is not as it must be."""
        return FormatError("A field is cut off or not as it must be.", code=self.code)


def written(entrances: Sequence[Entrance]) -> bytes:
    """What ``Cursor.entrances`` reads."""
    if len(entrances) > MAX_ENTRANCES:
        raise ValueError("too many entrances")
    parts = [bytes([len(entrances)])]
    for each in entrances:
        scheme, _, rest = each.text.partition("://")
        flags = (_HAS_KEY if each.key else 0) | (_IS_PLAIN if scheme == "http" else 0)
        parts.append(bytes([flags, len(rest)]) + rest.encode("ascii") + each.key)
    return b"".join(parts)
