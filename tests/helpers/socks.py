"""A SOCKS5 server (RFC 1928, RFC 1929) that remembers what it was asked, and misbehaves as a test wants."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from mirror.net.ways import Proxy

OPEN, PASSWORD, NOBODY = 0, 2, 0xFF
_IPV4, _NAME, _IPV6 = 1, 3, 4


class Step(Enum):
    """Where a conversation can end."""

    GREETING = "greeting"
    CREDENTIALS = "credentials"
    REQUEST = "request"


@dataclass(frozen=True)
class Asked:
    """One request to connect: who it said it was (both empty: nobody), and where to; as it was sent."""

    user: str
    password: str
    host: str
    port: int
    is_name: bool


@dataclass
class Manners:
    """How a server behaves. ``picks`` chooses a method of those offered; ``lets_in`` judges passwords.

    ``names`` says where names lead; others are unknown. ``reply`` replaces the answer to a request.
    ``dies_at`` and ``silent_at`` are steps whose answer never comes. ``cut_after`` bytes of a mirror's
    answer the connection is reset.
    """

    picks: Callable[[bytes], int] = lambda offered: PASSWORD if PASSWORD in offered else OPEN
    lets_in: Callable[[str, str], bool] = lambda _user, _password: True
    names: Mapping[str, int] = field(default_factory=dict)
    reply: int | None = None
    dies_at: Step | None = None
    silent_at: Step | None = None
    cut_after: int | None = None


@dataclass
class SocksServer:
    """A running server: where it is, and what it heard."""

    proxy: Proxy
    manners: Manners
    greetings: list[bytes] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client, from the greeting to the end of the connection."""
        manners = self.manners
        _, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        self.greetings.append(offered)
        await self._step(Step.GREETING, writer)
        method = manners.picks(offered)
        writer.write(bytes([5, method]))
        user = password = ""
        if method == PASSWORD:
            user, password = await self._credentials(reader)
            await self._step(Step.CREDENTIALS, writer)
            is_in = manners.lets_in(user, password)
            writer.write(bytes([1, 0 if is_in else 1]))
            if not is_in:
                return
        elif method == NOBODY:
            return
        host, port, is_name = await self._request(reader)
        self.asked.append(Asked(user, password, host, port, is_name))
        await self._step(Step.REQUEST, writer)
        if is_name and manners.reply is None:
            host, port = "127.0.0.1", manners.names.get(host, 0)
        if manners.reply is not None or port == 0:
            writer.write(bytes([5, manners.reply or 4, 0, _IPV4]) + bytes(6))
            return
        writer.write(bytes([5, 0, 0, _IPV4]) + bytes(6))
        await self._relay(host, port, reader, writer)

    async def _step(self, step: Step, writer: asyncio.StreamWriter) -> None:
        if self.manners.dies_at is step:
            writer.transport.abort()
            raise ConnectionAbortedError
        if self.manners.silent_at is step:
            await asyncio.Event().wait()

    async def _credentials(self, reader: asyncio.StreamReader) -> tuple[str, str]:
        assert await reader.readexactly(1) == b"\1"
        user = await reader.readexactly((await reader.readexactly(1))[0])
        password = await reader.readexactly((await reader.readexactly(1))[0])
        return user.decode("ascii"), password.decode("ascii")

    async def _request(self, reader: asyncio.StreamReader) -> tuple[str, int, bool]:
        assert await reader.readexactly(3) == b"\5\1\0"
        kind = (await reader.readexactly(1))[0]
        if kind == _NAME:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode("ascii")
        else:
            host = str(ipaddress.ip_address(await reader.readexactly({_IPV4: 4, _IPV6: 16}[kind])))
        return host, int.from_bytes(await reader.readexactly(2), "big"), kind == _NAME

    async def _relay(
        self, host: str, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        there, thither = await asyncio.open_connection(host, port)
        back = asyncio.create_task(_copy(there, writer, self.manners.cut_after))
        try:
            await _copy(reader, thither, None)
            await back
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            thither.close()


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter, cut_after: int | None) -> None:
    passed = 0
    with suppress(ConnectionError):
        while data := await source.read(4_096):
            if cut_after is not None and passed + len(data) > cut_after:
                to.write(data[: cut_after - passed])
                await to.drain()
                to.transport.abort()
                return
            to.write(data)
            await to.drain()
            passed += len(data)
        to.write_eof()


@asynccontextmanager
async def socks_server(manners: Manners | None = None) -> AsyncIterator[SocksServer]:
    """A server on loopback."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await server.converse(reader, writer)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server = SocksServer(Proxy("127.0.0.1", port), manners or Manners())
    try:
        yield server
    finally:
        listening.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listening.wait_closed()
