"""What answers at the end of a way: the real server, its answers changed where the way says so."""

import asyncio
from collections.abc import Callable

from net.answers import BLOCK_PAGE, Requests, Rewriter
from net.link import End
from net.scenario import Way
from net.wire import SEGMENT, Server, Silence, Wire


class Blocker:
    """Answers every request with the same page, and status 200."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._requests = Requests()

    def ask(self, data: bytes) -> None:
        """See ``Server``."""
        for _ in self._requests.receive(data):
            self._wire.say(BLOCK_PAGE)

    def go_on(self) -> None:
        """See ``Server``."""

    def stop(self) -> None:
        """See ``Server``."""


class Origin(asyncio.Protocol):
    """The real server. What it says is taken only while there is room on the wire."""

    def __init__(
        self,
        wire: Wire,
        address: tuple[str, int],
        rewriter: Rewriter | None,
        wrong: Callable[[ValueError], None],
    ) -> None:
        self._wire = wire
        self._rewriter = rewriter
        self._wrong = wrong
        self._backlog: list[bytes] = []  # asked before the connection stands
        self._transport: asyncio.Transport | None = None
        self._stopped = False
        self._paused = False
        self._connecting = asyncio.get_running_loop().create_task(self._connect(address))

    async def _connect(self, address: tuple[str, int]) -> None:
        try:
            await asyncio.get_running_loop().create_connection(lambda: self, *address)
        except OSError:
            self._wire.end(End.RST)  # as when a server behind a balancer is gone

    # --- as seen by the wire

    def ask(self, data: bytes) -> None:
        """See ``Server``."""
        if self._rewriter is not None:
            self._rewriter.asked(data)
        if self._transport is None:
            self._backlog.append(data)
        else:
            self._transport.write(data)

    def go_on(self) -> None:
        """See ``Server``."""
        if self._rewriter is not None and self._rewriter.endless:
            while self._wire.room > 0:
                self._wire.say(bytes(min(SEGMENT, self._wire.room)))
        elif self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def stop(self) -> None:
        """See ``Server``."""
        self._stopped = True
        self._connecting.cancel()
        if self._transport is not None:
            self._transport.abort()

    # --- as called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The server accepted."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._stopped:
            transport.abort()
            return
        for data in self._backlog:
            transport.write(data)
        self._backlog.clear()

    def data_received(self, data: bytes) -> None:
        """The server sent something."""
        if self._rewriter is not None:
            try:
                data = self._rewriter.answered(data)
            except ValueError as error:
                self._wrong(error)
                self._wire.end(End.RST)
                return
        self._wire.say(data)
        if self._rewriter is not None and self._rewriter.finished:
            self._wire.end()
        if self._wire.room <= 0 and self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()
        else:
            self.go_on()

    def connection_lost(self, error: Exception | None) -> None:
        """The server closed, or broke off."""
        if not self._stopped and not (self._rewriter is not None and self._rewriter.endless):
            self._wire.end(End.RST if error is not None else End.FIN)


def server_for(wire: Wire, way: Way, address: tuple[str, int], wrong: Callable[[ValueError], None]) -> Server:
    """What answers on ``way``; ``wrong`` is told when the real server's answers cannot be changed."""
    if way.silent:
        return Silence()
    if way.block_page:
        return Blocker(wire)
    return Origin(wire, address, Rewriter(way) if way.understands_http else None, wrong)
