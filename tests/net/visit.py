"""Help for the bed's own tests: a bed in front of an honest server, and a reader who looks at every byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from helpers import servers
from net.bed import Bed
from net.scenario import Link, Scenario, Way

PIECE: Final = bytes(range(256)) * 40  # 10,240 bytes, each unlike its neighbours
TREE: Final = {"p/piece": PIECE, "m/head": b"{}" * 50, "big": PIECE * 40}
AT_ONCE: Final = Link(0.0)


@asynccontextmanager
async def visited(*ways: Way, link: Link = AT_ONCE, tree: Mapping[str, bytes] = TREE) -> AsyncIterator[Bed]:
    """A bed with ``ways`` in front of an honest server of ``tree``."""
    async with (
        servers.honest(tree) as server,
        Bed(Scenario("test", link, ways), address_of(server.url)) as bed,
    ):
        yield bed


def address_of(url: str) -> tuple[str, int]:
    """Host and port of ``url``."""
    host, port = url.split("/")[2].rsplit(":", 1)
    return host, int(port)


@dataclass(slots=True)
class Visitor:
    """One connection of a reader. ``arrivals`` keeps when and how much came: seconds of the loop, bytes."""

    stream: asyncio.StreamReader
    writer: asyncio.StreamWriter
    began: float
    arrivals: list[tuple[float, int]]

    def ask(self, path: str) -> None:
        """Send a request; the answer is not waited for."""
        self.writer.write(request(path))

    def pause(self) -> None:
        """Read nothing until ``resume``: the kernel's buffers fill."""
        assert isinstance(self.writer.transport, asyncio.Transport)
        self.writer.transport.pause_reading()

    def resume(self) -> None:
        """Read again."""
        assert isinstance(self.writer.transport, asyncio.Transport)
        self.writer.transport.resume_reading()

    async def some(self, most: int = 1 << 20) -> bytes:
        """What comes next; empty at the end."""
        data = await self.stream.read(most)
        self.arrivals.append((now(), len(data)))
        return data

    async def exactly(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        got = bytearray()
        while len(got) < size:
            data = await self.some(size - len(got))
            assert data, f"ended after {len(got)} of {size} bytes"
            got += data
        return bytes(got)

    async def rest(self) -> bytes:
        """Everything until the connection ends."""
        got = bytearray()
        while data := await self.some():
            got += data
        return bytes(got)

    async def head(self) -> bytes:
        """The head of the next answer."""
        head = await self.stream.readuntil(b"\r\n\r\n")
        self.arrivals.append((now(), len(head)))
        return head

    async def answer(self) -> tuple[bytes, bytes]:
        """Head and body of the next answer, by its Content-Length."""
        head = await self.head()
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return head, await self.exactly(size)


@asynccontextmanager
async def visitor(
    address: tuple[str, int], tls: ssl.SSLContext | None = None, name: str | None = None
) -> AsyncIterator[Visitor]:
    """Connect to ``address``; with ``tls``, as to the host ``name``."""
    began = now()
    stream, writer = await asyncio.open_connection(*address, ssl=tls, server_hostname=name)
    try:
        yield Visitor(stream, writer, began, [])
    finally:
        writer.transport.abort()


async def took(address: tuple[str, int], path: str) -> float:
    """Seconds that one file takes over a connection of its own."""
    async with visitor(address) as reader:
        reader.ask(path)
        await reader.answer()
        return now() - reader.began


def request(path: str) -> bytes:
    """A request for ``path``."""
    return f"GET /{path} HTTP/1.1\r\nHost: mirror\r\n\r\n".encode()


def now() -> float:
    """The event loop's clock."""
    return asyncio.get_running_loop().time()


def on_time(took_seconds: float, ideal: float) -> bool:
    """True when something was never faster than ``ideal``, and not much slower.

    On an idle machine it is 1 to 4 ms slower. Tests run on shared machines with two cores, so the bound is
    wide; how exact the bed is stands in test_bed_lane.py, in virtual time.
    """
    return ideal <= took_seconds <= 1.5 * ideal + 0.1
