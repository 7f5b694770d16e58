"""TLS on loopback for tests: servers of any name, and a client that believes them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from helpers.certificates import write_certificate
from mirror.net.http import system_tls


@dataclass
class Hosts:
    """Certificates for hosts, and the names that clients said to their servers, in order."""

    folder: Path
    names: list[str | None] = field(default_factory=list)
    believing: ssl.SSLContext = field(default_factory=system_tls)
    written: dict[str, tuple[Path, Path]] = field(default_factory=dict)

    def server(self, host: str, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
        """A server's context for ``host``, a name or an address; ``believing`` takes its certificate.

        One certificate for each host: OpenSSL would take the first of two with one subject.
        """
        if host not in self.written:
            folder = self.folder / f"host-{len(self.written)}"
            folder.mkdir()
            self.written[host] = write_certificate(folder, host)
            self.believing.load_verify_locations(self.written[host][0])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.written[host])
        context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


@dataclass
class Wire:
    """What crossed a wire: the port to connect to, and each connection's bytes from the client."""

    port: int = 0
    sent: list[bytearray] = field(default_factory=list)


@asynccontextmanager
async def wire_to(place: int | Path) -> AsyncIterator[Wire]:
    """A relay to a port of loopback, or to a socket's file, that keeps what clients sent."""
    wire = Wire()
    tasks: set[asyncio.Task[None]] = set()

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, kept: bytearray) -> None:
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                kept += data
                sink.write(data)
                await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        wire.sent.append(bytearray())
        if isinstance(place, int):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", place)
        else:
            far_reader, far_writer = await asyncio.open_unix_connection(str(place))
        with suppress(asyncio.CancelledError):
            await asyncio.gather(
                pump(reader, far_writer, wire.sent[-1]), pump(far_reader, writer, bytearray())
            )
        far_writer.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    wire.port = server.sockets[0].getsockname()[1]
    try:
        yield wire
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
