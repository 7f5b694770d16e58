"""Answers that are not what the mirror said: a small HTTP/1.1 in the middle. Pure: bytes in, bytes out.

Only what the readers' requests and a static mirror's answers need: requests without bodies, answers with
``Content-Length``. Each answer is taken whole, changed, and sent on.
"""

import gzip
from collections import deque
from http import HTTPStatus
from typing import Final

from net.scenario import Way

_END: Final = b"\r\n\r\n"
_MAX_HEAD: Final = 64 << 10
PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Access is restricted</title></head>"
    b"<body><h1>This site is blocked by decision of the authorities.</h1></body></html>\n"
)
BLOCK_PAGE: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b"
    % (len(PAGE), PAGE)
)


class Requests:
    """Takes the heads of requests out of a stream."""

    def __init__(self) -> None:
        self._data = bytearray()

    def receive(self, data: bytes) -> list[tuple[str, str]]:
        """The methods and paths (without the leading slash) of the requests that ``data`` completes."""
        self._data += data
        found = []
        while (end := self._data.find(_END)) >= 0:
            method, path = bytes(self._data[:end]).split(b" ", 2)[:2]
            found.append((method.decode("latin-1"), path.decode("latin-1").removeprefix("/")))
            del self._data[: end + len(_END)]
        return found


class Rewriter:
    """Changes the answers of one connection as ``way`` says.

    ``finished`` is set when the connection must end after what was returned; ``endless`` when zeros follow.
    """

    def __init__(self, way: Way) -> None:
        self._way = way
        self._requests = Requests()
        self._asked: deque[tuple[str, str]] = deque()
        self._data = bytearray()
        self.finished = False
        self.endless = False

    def asked(self, data: bytes) -> None:
        """The reader sent ``data``; it goes on unchanged."""
        self._asked += self._requests.receive(data)

    def answered(self, data: bytes) -> bytes:
        """What goes to the reader now that the server sent ``data``.

        Raises:
            ValueError: The server's answer is none that this understands.
        """
        self._data += data
        out = bytearray()
        while not (self.finished or self.endless):
            end = self._data.find(_END)
            if end < 0:
                if len(self._data) > _MAX_HEAD:
                    raise ValueError("an answer without end of its head")
                break
            method, path = self._asked[0] if self._asked else ("GET", "")
            status, headers = _head(bytes(self._data[:end]))
            size = _size(method, status, headers)
            if len(self._data) < end + len(_END) + size:
                break
            if self._asked:
                self._asked.popleft()
            body = bytes(self._data[end + len(_END) : end + len(_END) + size])
            start = bytes(self._data[: self._data.index(b"\r\n")])
            whole = bytes(self._data[: end + len(_END) + size])
            del self._data[: len(whole)]
            out += self._changed(start, headers, body, path) if status == HTTPStatus.OK and body else whole
        return bytes(out)

    def _changed(self, start: bytes, headers: dict[bytes, bytes], body: bytes, path: str) -> bytes:
        way = self._way
        if way.gzip:
            body = gzip.compress(body, mtime=0)
            headers[b"Content-Encoding"] = b"gzip"
        if way.alter == "all" or (way.alter == "pieces" and path.startswith("p/")):
            middle = len(body) // 2
            body = body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]
        headers[b"Content-Length"] = b"%d" % max(0, len(body) + way.wrong_length)
        if way.truncate_after is not None and len(body) > way.truncate_after:
            body = body[: way.truncate_after]
            self.finished = True
        if way.endless:
            del headers[b"Content-Length"]
            headers[b"Connection"] = b"close"  # a body without length ends with its connection
            self.endless = True
        lines = b"".join(b"%b: %b\r\n" % pair for pair in headers.items())
        return start + b"\r\n" + lines + b"\r\n" + body


def _head(head: bytes) -> tuple[int, dict[bytes, bytes]]:
    """Status and headers, with names in the usual spelling."""
    first, *lines = head.split(b"\r\n")
    pairs = (line.split(b":", 1) for line in lines)
    return int(first.split(b" ")[1]), {name.strip().title(): value.strip() for name, value in pairs}


def _size(method: str, status: int, headers: dict[bytes, bytes]) -> int:
    if (
        method == "HEAD"
        or status < HTTPStatus.OK
        or status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    ):
        return 0
    if b"Content-Length" not in headers:
        raise ValueError("an answer that does not say how long it is")
    return int(headers[b"Content-Length"])
