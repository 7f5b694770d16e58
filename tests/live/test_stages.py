"""How far a request got, told truthfully: refused, reset at the first word of TLS, stranger, silent."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path

import pytest

from helpers import servers
from helpers.tls import Hosts
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import Stage
from mirror.net.http import HttpTransport

BODY = b"a body of some bytes"
Play = Callable[[Coroutine[None, None, None]], None]
ALL = [Stage.NAMED, Stage.CONNECTED, Stage.SECURED, Stage.ANSWERED]


class Seen:
    """A watch that keeps what it is told, and lets a test wait for a stage."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.sizes: list[int] = []
        self.events = {stage: asyncio.Event() for stage in Stage}

    def reached(self, stage: Stage) -> None:
        self.stages.append(stage)
        self.events[stage].set()

    def received(self, size: int) -> None:
        self.sizes.append(size)


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


async def ask(transport: HttpTransport, mirror: Endpoint) -> tuple[list[Stage], str]:
    seen, line = Seen(), transport.line(mirror)
    try:
        await line.get("p/aa/bb", limit=64, watch=seen)
    except EndpointError as error:
        return seen.stages, error.code
    finally:
        await line.close()
    return seen.stages, ""


def named(mirror: Endpoint, host: str = "localhost") -> Endpoint:
    return Endpoint("mirror 1", mirror.url.replace("127.0.0.1", host))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_every_stage_once_and_none_again_on_a_kept_connection(hosts: Hosts, play: Play, host: str) -> None:
    async def keep(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            await keep("", writer)

    async def story() -> None:
        for tls in (hosts.server(host), None):
            server = await asyncio.start_server(_until_gone(serve), "127.0.0.1", 0, ssl=tls)
            port = server.sockets[0].getsockname()[1]
            url = f"{'https' if tls else 'http'}://{host}:{port}/"
            async with HttpTransport(tls=hosts.believing) as transport:
                line, first, second = transport.line(Endpoint("mirror 1", url)), Seen(), Seen()
                await line.get("a", limit=9, watch=first)
                await line.get("b", limit=9, watch=second)
                await line.close()
                assert (first.stages, second.stages) == (ALL, [Stage.ANSWERED])
                assert first.sizes[-1] == 2
            server.close()
            await server.wait_closed()

    play(story())


def _until_gone(
    serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return guarded


def test_refused_is_told_from_reset_at_the_first_word_of_tls(play: Play) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)  # the ClientHello is here
        writer.transport.abort()

    async def story() -> None:
        async with HttpTransport() as transport:
            refused = await ask(transport, Endpoint("mirror 1", "https://127.0.0.1:1/"))
            server = await asyncio.start_server(reset, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            cut = await ask(transport, Endpoint("mirror 1", f"https://127.0.0.1:{port}/"))
            server.close()
            await server.wait_closed()
        assert refused == ([Stage.NAMED], "unreachable")
        assert cut == ([Stage.NAMED, Stage.CONNECTED], "unreachable")

    play(story())


def test_a_stranger_is_connected_and_never_secured(hosts: Hosts, play: Play) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=hosts.server("other.example")) as mirror,
            HttpTransport(tls=hosts.believing) as transport,
        ):
            assert await ask(transport, mirror.endpoint) == ([Stage.NAMED, Stage.CONNECTED], "untrusted")

    play(story())


def test_connected_is_told_while_tls_is_still_waited_for(play: Play) -> None:
    async def mute(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()  # until the client leaves
        _writer.close()

    async def story() -> None:
        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with HttpTransport() as transport:
            line, seen = transport.line(Endpoint("mirror 1", f"https://127.0.0.1:{port}/")), Seen()
            asking = asyncio.create_task(line.get("a", limit=9, watch=seen))
            await asyncio.wait_for(seen.events[Stage.CONNECTED].wait(), 10)
            assert seen.stages == [Stage.NAMED, Stage.CONNECTED]
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await line.close()
        server.close()
        await server.wait_closed()

    play(story())


def test_no_such_name_is_no_stage_and_a_remembered_name_is_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def lookup(host: str, *more: object, **named: object) -> object:
        asked.append(host)
        if host != "news.example":
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    port = 0

    async def story() -> None:
        nonlocal port
        async with (
            servers.raw(servers.saying(servers.response(BODY))) as mirror,
            HttpTransport() as transport,
        ):
            port = int(mirror.endpoint.url.rsplit(":", 1)[1].strip("/"))
            assert await ask(transport, named(mirror.endpoint, "gone.example")) == ([], "unreachable")
            for _ in range(2):
                assert await ask(transport, named(mirror.endpoint, "news.example")) == (ALL, "")
        assert asked == ["gone.example", "news.example"]

    asyncio.run(story())
