"""The server's name in the first bytes of a TLS connection, as a censor's box reads it.

Sources: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3.
"""

from typing import Final

_HANDSHAKE: Final = 22  # type of record
_CLIENT_HELLO: Final = 1  # type of handshake message
_SERVER_NAME: Final = 0  # type of extension, and of the name in it
_MAX_HELLO: Final = 64 << 10  # longer ones are let through unread; real ones are under 2 kB


class _ShortError(Exception):
    """More bytes are needed."""


class _Bytes:
    """Takes numbers and vectors of TLS from the front."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        if self._at + size > len(self._data):
            raise _ShortError
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def vector(self, size_of_length: int) -> bytes:
        return self.take(self.number(size_of_length))

    def __bool__(self) -> bool:
        return self._at < len(self._data)


def server_name(data: bytes) -> str | None:
    """The name that a ClientHello at the start of ``data`` asks for; None while more bytes are needed.

    Empty where it names none, where it is broken, and where ``data`` is not TLS.
    """
    if not is_hello(data) or len(data) > _MAX_HELLO:
        return ""
    hello, whole = b"", False
    records = _Bytes(data)
    try:
        while not whole:  # a message may lie in several records
            kind = records.number(1)
            records.take(2)  # version: always an old one
            if kind != _HANDSHAKE:
                return ""
            hello += records.vector(2)
            whole = len(hello) >= 4 and len(hello) >= 4 + int.from_bytes(hello[1:4], "big")
    except _ShortError:
        return None
    if hello[0] != _CLIENT_HELLO:
        return ""
    try:
        return _name_in(_Bytes(hello[4 : 4 + int.from_bytes(hello[1:4], "big")]))
    except (_ShortError, UnicodeDecodeError):
        return ""


def is_hello(data: bytes) -> bool:
    """False when ``data`` cannot be the start of a ClientHello."""
    return all(have == want for have, want in zip(data[:2], (_HANDSHAKE, 3), strict=False))


def matches(name: str, wanted: str) -> bool:
    """True when ``name`` is ``wanted`` or below it; ``*`` is every name, also none."""
    name, wanted = name.lower().rstrip("."), wanted.lower()
    return wanted in ("*", name) or name.endswith("." + wanted)


def _name_in(hello: _Bytes) -> str:
    hello.take(2 + 32)  # version, random
    hello.vector(1)  # session
    hello.vector(2)  # cipher suites
    hello.vector(1)  # compression
    if not hello:
        return ""
    extensions = _Bytes(hello.vector(2))
    while extensions:
        kind, content = extensions.number(2), extensions.vector(2)
        if kind == _SERVER_NAME:
            names = _Bytes(_Bytes(content).vector(2))
            while names:
                kind_of_name, name = names.number(1), names.vector(2)
                if kind_of_name == _SERVER_NAME:
                    return name.decode("ascii")
    return ""
