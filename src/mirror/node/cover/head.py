"""The head of a request, read as nginx reads it: byte by byte, and refused at the same byte.

Rules:

1. What is wrong is answered as soon as it is there, not when the line or the head is whole: who
   speaks TLS to a plain port gets an answer to the first byte.
2. A head lies in one buffer of ``SMALL`` bytes, then in up to ``MOST`` of ``LARGE``; a line never lies
   in two. What does not fit is 414 in the request line, and 494 (said as 400) after it.
3. Fields with a name of other characters than letters, digits and hyphens do not exist.
4. A path is decoded, its dots and double slashes are resolved, before it names a file. ``target`` is
   what was sent: paths of a mirror are compared with that.

Bytes in, values out. Source: nginx 1.22 as packaged by Debian 12, with which ``tests/live`` compares.
"""

import re
from dataclasses import dataclass, field
from typing import Final

SMALL: Final = 1_024  # client_header_buffer_size
LARGE: Final = 8_192  # large_client_header_buffers
MOST: Final = 4

NINE: Final = 9  # the version of a request that names none
TEN: Final = 1_000
ELEVEN: Final = 1_001

TOO_LONG: Final = 494

_METHOD: Final = rb"[A-Z_-]+"
_CHARACTER: Final = rb"[^\x00-\x20\x7f]"
_SCHEME: Final = rb"[A-Za-z][A-Za-z0-9+.-]*"
_LITERAL: Final = rb"\[[0-9A-Za-z:.~_!$&'()*+,;=-]*"
_NAME: Final = rb"[A-Za-z0-9.-]*"
# Leading zeros count for nothing, and three digits may follow.
_MINOR: Final = rb"0*[0-9]{0,3}"

_LINE: Final = re.compile(
    rb"(?P<method>" + _METHOD + rb") +"
    rb"(?:(?P<origin>/" + _CHARACTER + rb"*)(?= |\r?\n)"
    rb"|" + _SCHEME + rb"://(?P<host>" + _LITERAL + rb"\]|" + _NAME + rb")(?::[0-9]*)?"
    rb"(?:(?P<rest>[/?]" + _CHARACTER + rb"*)(?= |\r?\n)|(?= )))"
    rb"(?: +HTTP/1\.(?P<minor>(?=[0-9])" + _MINOR + rb") *| *)\r?\n"
)


def _nested(*parts: bytes) -> bytes:
    """A pattern of every beginning of ``parts``, one after the other."""
    pattern = b""
    for part in reversed(parts):
        pattern = b"(?:" + part + pattern + b")?"
    return pattern


_VERSION: Final = _nested(rb" +", *(re.escape(bytes([each])) for each in b"HTTP/1."), _MINOR, rb" *", rb"\r")
_ENDED: Final = rb"(?:" + _VERSION + rb"| *\r)"
_BEGUN: Final = re.compile(
    _nested(
        _METHOD,
        rb" +",
        rb"(?:/" + _CHARACTER + rb"*" + _ENDED + rb"|" + _SCHEME
        + _nested(
            rb":", rb"/", rb"/",
            rb"(?:" + _LITERAL
            + rb"|(?:" + _LITERAL + rb"\]|" + _NAME + rb")(?::[0-9]*)?"
            rb"(?:[/?]" + _CHARACTER + rb"*" + _ENDED + rb"|(?: +\r?|" + _VERSION + rb"))?)",
        )
        + rb")",
    )
)  # fmt: skip
_OTHER_VERSION: Final = re.compile(
    _METHOD + rb" +(?:/|" + _SCHEME + rb"://)" + _CHARACTER + rb"* +HTTP/(?:[2-9]|1[0-9])"
)
_FIELD: Final = re.compile(rb"(?P<name>[^\x00-\x20\x7f:]+)(?:: *(?P<value>[^\x00\r\n]*))?\r*\n")
_BEGUN_FIELD: Final = re.compile(rb"(?:[^\x00-\x20\x7f:]+(?::[^\x00\r\n]*)?\r*|\r)?")
_KNOWN_NAME: Final = re.compile(rb"[A-Za-z0-9-]+")
# A second one of these is refused; of others the first is taken.
_ONCE: Final = frozenset(
    b"host if-modified-since if-unmodified-since if-match if-none-match content-length content-range if-range"
    b" transfer-encoding expect authorization".split()
)


@dataclass(slots=True)
class Head:
    """What was asked, as far as it came. ``fault`` is a status, 0 when there is nothing wrong.

    ``version`` is major * 1000 + minor. ``host`` is what a redirection is to name.
    """

    method: bytes = b""
    target: bytes = b""
    path: bytes = b""
    arguments: bytes = b""
    version: int = TEN
    host: bytes = b""
    fields: dict[bytes, bytes] = field(default_factory=dict)
    keeps: bool | None = None
    fault: int = 0
    is_body_broken: bool = False

    @property
    def asks_to_keep(self) -> bool:
        """True when the connection is to stay after the answer."""
        return not self.fault and (self.version > TEN if self.keeps is None else self.keeps)


class Parser:
    """Takes one head from the beginning of a buffer that grows."""

    def __init__(self) -> None:
        self._head = Head()
        self._has_line = False
        self._room = SMALL
        self._used = 0
        self._buffers = 0

    def take(self, data: bytearray) -> Head | None:
        """The head, removed from ``data``; None: more has to come. With a fault it is not whole."""
        while True:
            if not self._has_line:
                self._skip(data)
            end = data.find(b"\n", 0, LARGE) + 1
            line = bytes(data[: end or LARGE])
            if end and not self._has_line:
                is_good = self._request_line(line)
            elif end:
                is_good = self._field(line)
            else:
                is_good = (_BEGUN_FIELD if self._has_line else _BEGUN).fullmatch(line) is not None
            if not is_good:
                if not self._has_line:
                    self._blame(line)
                self._head.fault = self._head.fault or 400
                return self._head
            if not self._fits(line, is_whole=bool(end)):
                self._head.fault = TOO_LONG if self._has_line else 414
                return self._head
            if not end:
                return None
            del data[:end]
            if self._has_line and line in {b"\r\n", b"\n"}:
                self._check()
                return self._head
            self._has_line = True
            if self._head.version == NINE:
                return self._head

    def _skip(self, data: bytearray) -> None:
        """Empty lines before a request are nothing."""
        blank = len(data) - len(data.lstrip(b"\r\n"))
        del data[:blank]
        self._used = (self._used + blank) % self._room

    def _fits(self, line: bytes, *, is_whole: bool) -> bool:
        """Rule 2."""
        while self._used + len(line) - is_whole >= self._room:
            if self._room - self._used >= LARGE or self._buffers == MOST:
                return False
            self._buffers += 1
            self._room, self._used = LARGE, 0
        if is_whole:
            self._used += len(line)
        return True

    # --- the request line -----------------------------------------------------------------------

    def _request_line(self, line: bytes) -> bool:
        match = _LINE.fullmatch(line)
        if match is None:
            return False
        head = self._head
        head.method = match["method"]
        head.version = NINE if match["minor"] is None else TEN + int(match["minor"])
        if head.version == NINE and head.method != b"GET":
            return False
        host, rest = match["host"], match["origin"] or match["rest"] or b"/"
        head.target = rest if host is None else b""
        before = rest.partition(b"#")[0]
        head.arguments = before.partition(b"?")[2]
        path = resolved(rest if rest[:1] == b"/" else b"/" + rest)
        if path is None or (host is not None and not self._names(host)):
            return False
        head.path = path
        return True

    def _blame(self, line: bytes) -> None:
        method = re.match(_METHOD + b"(?= )", line)
        self._head.method = method[0] if method else b""
        if _OTHER_VERSION.match(line):
            self._head.fault = 505

    def _names(self, text: bytes) -> bool:
        """Take a host; False: it is none."""
        host = host_of(text)
        if host is None:
            return False
        self._head.host = self._head.host or host
        return True

    # --- fields ---------------------------------------------------------------------------------

    def _field(self, line: bytes) -> bool:
        if line in {b"\r\n", b"\n"}:
            return True
        match = _FIELD.fullmatch(line)
        if match is None:
            return False
        if not _KNOWN_NAME.fullmatch(match["name"]):
            return True  # rule 3
        name, value = match["name"].lower(), (match["value"] or b"").rstrip(b" ")
        if name in self._head.fields:
            if name in _ONCE:
                return False
        else:
            self._head.fields[name] = value
        if name == b"host":
            return self._names(value)
        if name == b"connection":
            said = value.lower()
            if b"close" in said:
                self._head.keeps = False
            elif b"keep-alive" in said:
                self._head.keeps = True
        return True

    def _check(self) -> None:
        """What has to fit together once the head is whole."""
        head, fields = self._head, self._head.fields
        length, coding = fields.get(b"content-length"), fields.get(b"transfer-encoding")
        is_chunked = coding is not None and coding.lower() == b"chunked"
        lacks_host = b"host" not in fields and head.version > TEN
        if lacks_host or (length is not None and number(length) is None):
            head.fault = 400
        elif coding is not None and (head.version < ELEVEN or is_chunked):
            head.fault = 400 if head.version < ELEVEN or length is not None else 0
        elif coding is not None:
            head.fault = 501
        if not head.fault and head.method in {b"TRACE", b"CONNECT"}:
            head.fault = 405


def number(text: bytes) -> int | None:
    """A count of bytes; None when ``text`` is none, or more than 63 bits hold."""
    digits = text.lstrip(b"0")
    if not text.isdigit() or len(digits) > 19:
        return None
    value = int(digits or b"0")
    return value if value < 1 << 63 else None


def host_of(text: bytes) -> bytes | None:
    """The name in a Host field or an absolute target, in lower case, without port; None: refused."""
    if not text or b".." in text or re.search(rb"[/\x00-\x20\x7f]", text):
        return None
    if text[:1] == b"[" and b"]" in text:
        host = text[: text.index(b"]") + 1]
    else:
        host = text.partition(b":")[0] if text[:1] != b"[" else text
    host = host.removesuffix(b".")
    return host.lower() or None


def resolved(raw: bytes) -> bytes | None:
    """The path that ``raw`` (up to the first ``?`` or ``#``) names; None: it leads nowhere (rule 4)."""
    if not re.search(rb"[%#?]|//|/\.", raw):
        return raw
    made: list[bytes] = []
    segment = bytearray()
    at, size = 0, len(raw)
    if raw[:1] == b"/":
        at = 1
    while at <= size:
        end = at == size or raw[at] in b"?#"
        character = b"/" if end else raw[at : at + 1]
        is_literal = False
        if character == b"%":
            digits = raw[at + 1 : at + 3]
            if not re.fullmatch(rb"[0-9A-Fa-f]{2}", digits) or digits == b"00":
                return None
            character = bytes([int(digits, 16)])
            is_literal = character in {b"%", b"#", b"?"}
            at += 2
        if character == b"/" and not is_literal:
            if not _closed(made, segment, is_last=end):
                return None
            segment = bytearray()
        else:
            segment += character
        if end:
            break
        at += 1
    return b"/" + b"/".join(made)


def _closed(made: list[bytes], segment: bytearray, *, is_last: bool) -> bool:
    """Add a segment to ``made``, where an empty one at the end stands for a folder."""
    name = bytes(segment)
    if name == b"..":
        if not made:
            return False
        made.pop()
        if is_last:
            made.append(b"")
    elif name in {b"", b"."}:
        if is_last:
            made.append(b"")
    else:
        made.append(name)
    return True
