"""Mirrors on loopback, honest and hostile: real sockets, ports that the system chooses.

``honest`` is an aiohttp server of a tree. ``raw`` answers with whatever a test writes, byte for
byte, and keeps every request as it came in. Each gives an ``Endpoint``.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from aiohttp import web

from mirror.model import Endpoint

Answer = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Recorder:
    """The endpoint of a running mirror, and the requests it got: whole heads, in order."""

    endpoint: Endpoint
    heads: list[bytes] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """The paths asked for, without the leading slash."""
        return [head.split(b" ", 2)[1].decode().removeprefix("/") for head in self.heads]


@asynccontextmanager
async def honest(tree: Mapping[str, bytes], name: str = "mirror 1") -> AsyncIterator[Endpoint]:
    """A plain aiohttp server of ``tree``."""

    async def answer(request: web.Request) -> web.Response:
        data = tree.get(request.path.removeprefix("/"))
        return web.Response(status=404) if data is None else web.Response(body=data)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        yield Endpoint(name, f"http://127.0.0.1:{port}/")
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw(
    answer: Answer, name: str = "mirror 1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Recorder]:
    """A server that lets ``answer(path, writer)`` write the whole response, then closes."""
    tasks: set[asyncio.Task[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        writers.add(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            recorder.heads.append(head)
            await answer(head.split(b" ", 2)[1].decode().removeprefix("/"), writer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    recorder = Recorder(Endpoint(name, f"{'https' if tls else 'http'}://127.0.0.1:{port}/"))
    try:
        yield recorder
    finally:
        # A connection that is accepted while the server closes would be nobody's (CPython 3.11): first no
        # more are accepted, then whoever was gets his task.
        for sock in server.sockets:
            asyncio.get_running_loop().remove_reader(sock.fileno())
        for _ in range(10):
            await asyncio.sleep(0)
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:  # what nobody takes any more would keep it open
            writer.transport.abort()
        await asyncio.sleep(0)
        await server.wait_closed()


def response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A response as bytes; ``Content-Length`` is the body's unless ``headers`` say otherwise."""
    named = {"content-length": str(len(body)), "connection": "close"}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def saying(data: bytes) -> Answer:
    """Answers every request with ``data``, as it is."""

    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    return answer


def tree_of(tree: Mapping[str, bytes], change: Callable[[str, bytes], bytes] | None = None) -> Answer:
    """Serves ``tree``; ``change`` gives what is sent in a file's stead."""

    async def answer(path: str, writer: asyncio.StreamWriter) -> None:
        if path not in tree:
            writer.write(response(status="404 Not Found"))
        else:
            writer.write(response(change(path, tree[path]) if change else tree[path]))

    return answer


def endless(head: bytes) -> Answer:
    """After ``head``, zeros as long as somebody takes them."""

    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while not writer.is_closing():
            writer.write(bytes(4_096))
            await writer.drain()

    return answer


def resetting(data: bytes = b"") -> Answer:
    """Writes ``data``, then resets the connection."""

    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.transport.abort()

    return answer


def silent(data: bytes = b"") -> Answer:
    """Writes ``data``, then keeps the connection and says nothing more."""

    async def answer(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.Event().wait()

    return answer


def nobody() -> Endpoint:
    """An endpoint where nothing listens: port 1 is refused at once on loopback."""
    return Endpoint("mirror dead", "http://127.0.0.1:1/")
