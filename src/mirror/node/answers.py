"""Answers: the same bytes for every reader, written to the connection as they are.

Rules:

1. A request is its method and its path. Nothing else that a peer sends is looked at, kept or
   answered to: no condition, no range, no encoding, no cookie.
2. Headers depend on the kind of the path alone. There is no name or version of a program among
   them, no tag, no instant of a file.
3. What is served is no document to a browser: ``nosniff``, and a type of its own only for pages of
   the browser's reader.
4. A peer that does not read is not waited for: each chunk must go within ``WRITE_SECONDS``. What it
   has not taken lies in the kernel, bounded, and not with us: the write buffer's limit is zero.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from mirror.limits import WRITE_CHUNK
from mirror.node.door import cut
from mirror.store.names import Kind

_BYTES: Final = "application/octet-stream"
_PLAIN: Final = "text/plain; charset=utf-8"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "txt": _PLAIN,
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
    "woff2": "font/woff2",
}
_FOREVER: Final = "public, max-age=31536000, immutable, no-transform"
# A cache on the way (a CDN, an operator's proxy) would make readers believe in an old statement.
_NOW: Final = "no-store, no-transform"


@dataclass(frozen=True, slots=True)
class Content:
    """A body with all of its head but the date; ``what`` names it for the counters."""

    what: str
    head: bytes
    body: bytes
    is_lasting: bool = False


def content(path: str, kind: Kind, body: bytes) -> Content:
    """What answers a request for the file ``body`` at ``path``."""
    media_type = _TYPES.get(path.rpartition(".")[2], _BYTES) if kind is Kind.PAGE else _BYTES
    fields = {
        "Content-Type": media_type,
        "Cache-Control": _FOREVER if kind.is_immutable else _NOW,
        # Readers in browsers come from pages of other mirrors. There are no credentials to protect.
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
    }
    return _content(kind.value, "200 OK", fields, body, is_lasting=kind.is_immutable)


def _content(
    what: str, status: str, fields: dict[str, str], body: bytes, *, is_lasting: bool = False
) -> Content:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", ""]).encode("ascii")
    return Content(what, head, body, is_lasting)


def plain(what: str, status: str, **fields: str) -> Content:
    """A short text that says ``status``, as any web server has it."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    every = {"Content-Type": _PLAIN, "Cache-Control": _NOW, "Access-Control-Allow-Origin": "*", **named}
    return _content(what, status, every, f"{status}\n".encode("ascii"))


def report(status: str, text: str) -> Content:
    """What an operator is told: ``text``, to nobody else."""
    return _content("report", status, {"Content-Type": _PLAIN, "Cache-Control": _NOW}, text.encode("ascii"))


ABSENT: Final = plain("absent", "404 Not Found")
NO_METHOD: Final = plain("refused", "405 Method Not Allowed", Allow="GET, HEAD")
MALFORMED: Final = plain("refused", "400 Bad Request")
BROKEN: Final = plain("fault", "503 Service Unavailable")


class Answer(web.StreamResponse):
    """One answer to one request. aiohttp asks it for ``prepare``, ``write_eof``, ``keep_alive``.

    It writes its own head: building one with aiohttp's took half of the time of an answer, and
    names the program.
    """

    def __init__(self, given: Content, date: bytes, *, is_head: bool, is_last: bool, seconds: float) -> None:
        super().__init__()
        self._given = given
        self._date = date
        self._is_head = is_head
        self._is_last = is_last
        self._seconds = seconds

    @property
    def keep_alive(self) -> bool:
        """False when the connection ends with this answer."""
        return not self._is_last

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Write all of it.

        Raises:
            ConnectionError: The peer is gone, or was not reading and is gone now.
        """
        transport = request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError
        given = self._given
        close = b"Connection: close\r\n\r\n" if self._is_last else b"\r\n"
        body = b"" if self._is_head else given.body
        transport.write(b"".join((given.head, self._date, close, body[:WRITE_CHUNK])))
        at = WRITE_CHUNK
        while True:
            if transport.get_write_buffer_size():
                try:
                    async with asyncio.timeout(self._seconds):
                        await request.writer.drain()
                except TimeoutError:
                    cut(transport)
                    raise ConnectionResetError from None
            if at >= len(body):
                return None
            transport.write(body[at : at + WRITE_CHUNK])
            at += WRITE_CHUNK

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""
