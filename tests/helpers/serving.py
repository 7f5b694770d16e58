"""A node on loopback for tests, and a peer who speaks to it byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from mirror.clock import SystemClock
from mirror.node.config import Address, Serve
from mirror.node.door import Patience
from mirror.node.serve import Node
from mirror.store.tree import Tree

HERE = Address("127.0.0.1", 0)
# Long enough for a busy machine, where a test expects an answer.
DEADLINE = 20.0


# Runs a story on each event loop: the fixture of conftest.py.
Play = Callable[[Coroutine[None, None, None]], None]


class QuickClock(SystemClock):
    """The device's clock, on which nobody sleeps long."""

    async def sleep(self, seconds: float) -> None:
        """Sleep a moment."""
        await asyncio.sleep(min(seconds, 0.02))


@dataclass(frozen=True)
class Reply:
    """An answer as it came: status, headers in order with lower-case names, body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The value of the header ``name``; None when it is not there."""
        found = [value for key, value in self.headers if key == name]
        assert len(found) < 2, "a header twice"
        return found[0] if found else None


@dataclass
class Peer:
    """One connection to a server."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Send ``data`` as it is."""
        try:
            self.writer.write(data)
        except RuntimeError as error:  # uvloop's way to say that the connection is gone
            raise ConnectionResetError from error
        await asyncio.wait_for(self.writer.drain(), DEADLINE)

    async def ask(self, path: str, *, method: str = "GET", more: str = "") -> Reply:
        """Send a whole request with the headers ``more`` and take the answer."""
        await self.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{more}\r\n".encode("latin-1"))
        return await self.reply(has_body=method != "HEAD")

    async def reply(self, *, has_body: bool = True) -> Reply:
        """The next answer."""
        async with asyncio.timeout(DEADLINE):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
            headers = tuple((name.lower(), value) for name, value in (line.split(": ", 1) for line in lines))
            length = int(dict(headers)["content-length"]) if has_body else 0
            return Reply(int(status.split()[1]), headers, await self.reader.readexactly(length))

    async def rest(self) -> bytes:
        """All that still comes until the server ends the connection, also when it resets it."""
        got = bytearray()
        async with asyncio.timeout(DEADLINE):
            try:
                while chunk := await self.reader.read(1 << 16):
                    got += chunk
            except ConnectionError:
                pass
        return bytes(got)

    async def is_closed(self) -> bool:
        """True once the server has ended the connection, without a byte more."""
        return await self.rest() == b""


@asynccontextmanager
async def serving(
    folder: Path, *, patience: Patience | None = None, **changed: object
) -> AsyncIterator[Node]:
    """A node that serves the tree in ``folder`` on a free port of loopback."""
    settings = Serve(**({"listen": (HERE,)} | changed))  # type: ignore[arg-type]
    async with Node(Tree(folder), settings, QuickClock(), patience=patience) as node:
        yield node


@asynccontextmanager
async def connected(address: Address, **how: object) -> AsyncIterator[Peer]:
    """A connection to ``address``; ``how`` as for ``asyncio.open_connection``."""
    reader, writer = await asyncio.open_connection(address.host, address.port, **how)  # type: ignore[arg-type]
    try:
        yield Peer(reader, writer)
    finally:
        writer.transport.abort()


async def ask(address: Address, path: str, *, method: str = "GET", more: str = "") -> Reply:
    """One request on a connection of its own."""
    async with connected(address) as peer:
        return await peer.ask(path, method=method, more=more)


def trusting_anyone() -> ssl.SSLContext:
    """TLS as a client that looks at no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write ``files`` below ``folder``."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


async def until(is_so: Callable[[], bool] | Callable[[], Awaitable[bool]], what: str) -> None:
    """Return once ``is_so``; fail with ``what`` when it takes too long."""
    async with asyncio.timeout(DEADLINE):
        while True:
            said = is_so()
            if said if isinstance(said, bool) else await said:
                return
            await asyncio.sleep(0.01)
    raise AssertionError(what)
