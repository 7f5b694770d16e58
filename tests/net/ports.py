"""Addresses on loopback: one that listens, one that refuses, and one that never answers a SYN."""

import asyncio
import socket
from collections.abc import Callable
from typing import Final

_SYN_SENT: Final = 2  # tcpi_state: the first byte of TCP_INFO
_BACKLOG: Final = 512
_TURNS: Final = 4  # of the event loop, from accepting a socket to ``connection_made``


class Port:
    """One address, held as long as this lives, whether or not anybody listens: nobody else can get it.

    As long as nobody listens, the kernel refuses connections.
    """

    def __init__(self, host: str) -> None:
        self._holder = _bound(host, 0)
        self.address: tuple[str, int] = self._holder.getsockname()
        self._server: asyncio.Server | None = None
        self._stuffing: list[socket.socket] = []

    async def listen(self, factory: Callable[[], asyncio.Protocol]) -> None:
        """Accept connections from now on."""
        listener = _bound(*self.address)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(factory, sock=listener, backlog=_BACKLOG)

    async def rest(self) -> None:
        """Accept nobody for now, and return when those that were accepted have their protocols.

        asyncio forgets who was being accepted when a server is closed, and never closes that socket.
        """
        if self._server is not None:
            for listener in self._server.sockets:
                asyncio.get_running_loop().remove_reader(listener.fileno())
            for _ in range(_TURNS):
                await asyncio.sleep(0)

    def refuse(self) -> None:
        """Accept nobody any more; the kernel refuses. Connections that were accepted stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def blackhole(self) -> None:
        """Answer no SYN from now on: the queue of who waits to be accepted is full, and nobody accepts.

        Raises:
            RuntimeError: The kernel still answers.
        """
        self._holder.listen(0)
        for _ in range(8):
            probe = socket.socket()
            self._stuffing.append(probe)
            probe.setblocking(False)
            probe.connect_ex(self.address)
            # On loopback, the kernel has answered before connect_ex returns, if it ever does.
            if probe.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _SYN_SENT:
                self._stuffing.pop().close()
                return
        raise RuntimeError("this kernel answers SYNs although the queue is full")

    def close(self) -> None:
        """Give the address back."""
        self.refuse()
        for probe in self._stuffing:
            probe.close()
        self._holder.close()


def _bound(host: str, port: int) -> socket.socket:
    # With the protocol named, asyncio turns Nagle's algorithm off: it would hold segments back for 40 ms.
    made = socket.socket(proto=socket.IPPROTO_TCP)
    # Two sockets may be bound to one address while at most one of them listens.
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, port))
    return made
