"""Mirrors for a real browser: static sites on loopback that can be told, at any moment, to misbehave.

Each has a port, and so an origin, of its own; ``http://127.0.0.1`` is a secure context to browsers. What was
asked for is kept: method, path and headers, to see what a reader gives away.
"""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

_TYPES: Final = {"html": "text/html; charset=utf-8", "js": "text/javascript; charset=utf-8"}

# What a site does with a request for a path: the body to send, or None for 404.
Behaviour = Callable[[str, bytes | None], bytes | None]


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Site:
    """One mirror: ``tree`` by path. Change the fields while it runs."""

    tree: Mapping[str, bytes]
    prefix: str = ""
    alter: Behaviour | None = None
    status: int | None = None  # instead of 200 or 404
    headers: dict[str, str] = field(default_factory=dict)
    below: tuple[str, ...] = ("",)  # where ``headers`` are sent
    hangs: bool = False  # connections are taken and never answered
    asked: list[Asked] = field(default_factory=list)
    port: int = 0
    _server: ThreadingHTTPServer | None = None
    _open: set[socket.socket] = field(default_factory=set)
    _release: threading.Event = field(default_factory=threading.Event)

    @property
    def address(self) -> str:
        """The mirror's base address."""
        return f"http://127.0.0.1:{self.port}/{self.prefix}"

    @property
    def page(self) -> str:
        """Where a browser finds the reader."""
        return f"{self.address}r/index.html"

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [each.path.removeprefix("/").removeprefix(self.prefix) for each in self.asked]

    def start(self) -> None:
        """Listen, on the port that it had before."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def setup(self) -> None:
                site._open.add(self.request)
                super().setup()

            def finish(self) -> None:
                site._open.discard(self.request)
                with suppress(OSError):
                    super().finish()

            def do_GET(self) -> None:
                site.answer(self)

            # CONNECT is what a proxy is asked for https.
            do_HEAD = do_POST = do_OPTIONS = do_CONNECT = do_GET  # noqa: N815 - names of http.server

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self._release.clear()
        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def behave(self) -> None:
        """Be an honest mirror again, as from the beginning."""
        self.alter = self.status = None
        self.headers, self.below, self.hangs = {}, ("",), False
        self._release.set()
        self._release = threading.Event()
        self.asked.clear()
        if self._server is None:
            self.start()

    def stop(self) -> None:
        """Refuse connections from now on; those that are open end."""
        if self._server is not None:
            self._release.set()
            self._server.shutdown()
            self._server.server_close()
            for each in tuple(self._open):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
            self._server = None

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """What a thread of the server does with one request."""
        self.asked.append(Asked(handler.command, handler.path, dict(handler.headers)))
        if self.hangs:
            handler.close_connection = True
            self._release.wait(60)
            return
        path = handler.path.partition("?")[0].removeprefix("/")
        inside = path.removeprefix(self.prefix) if path.startswith(self.prefix) else ""
        body = self.tree.get(inside + "index.html" if inside.endswith("/") else inside)
        if self.alter is not None:
            body = self.alter(inside, body)
        status = self.status or (404 if body is None else 200)
        data = b"Not found\n" if body is None else body
        handler.send_response_only(status)
        kind = _TYPES.get(inside.rpartition(".")[2], "application/octet-stream")
        fields = {"Content-Type": kind, "Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
        more = self.headers if inside.startswith(self.below) else {}
        for name, value in {**fields, **more, "Content-Length": str(len(data))}.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            try:
                handler.wfile.write(data)
            except (TimeoutError, BrokenPipeError, ConnectionResetError):
                handler.close_connection = True


@contextmanager
def sites(tree: Mapping[str, bytes], count: int, prefix: str = "") -> Iterator[list[Site]]:
    """So many mirrors of ``tree``, each on a free port."""
    made = [Site(tree, prefix) for _ in range(count)]
    try:
        for each in made:
            each.start()
        yield made
    finally:
        for each in made:
            each.stop()


def lying(path: str, body: bytes | None) -> bytes | None:
    """Pieces and metadata with one bit changed; the reader's own page as it is."""
    if body is None or not path.startswith(("p/", "m/")):
        return body
    middle = len(body) // 2
    return body[:middle] + bytes([body[middle] ^ 1]) + body[middle + 1 :]


def block_page(path: str, body: bytes | None) -> bytes | None:
    """The same page for everything, with status 200."""
    return b"<!doctype html><title>Blocked</title><h1>This site is blocked by decision no. 1</h1>"
