"""The door of a node with a cover site."""

import asyncio
import socket
import ssl
from typing import Final

from mirror.node.cover.connection import Connection, Habits, Respond
from mirror.node.door import Doorway, Patience, cut

_HANDSHAKE: Final = 0x16
_OLD_HELLO: Final = 0x80


class CoverDoor(Doorway):
    """Takes connections in for ``respond``. On a port for TLS, plain HTTP gets the answer of nginx."""

    def __init__(
        self,
        respond: Respond,
        *,
        most: int,
        patience: Patience,
        habits: Habits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(most=most, patience=patience, tls=tls)
        self._respond = respond
        self._habits = habits
        self._present: set[Connection] = set()

    def _protocol(self) -> Connection:
        return Connection(self, self._respond, self._habits, cut, is_tls=self._tls is not None)

    def _astray(self) -> Connection:
        return Connection(self, self._respond, self._habits, cut, is_astray=True)

    async def _let_go(self, seconds: float) -> None:
        for connection in list(self._present):
            connection.close()
        await asyncio.gather(*(connection.shutdown(seconds) for connection in list(self._present)))

    def connection_made(self, handler: Connection, transport: asyncio.Transport) -> None:
        """Called by the protocol when its connection stands."""
        self._present.add(handler)
        self._has_entered(handler, transport)

    def connection_lost(self, handler: Connection, exc: BaseException | None = None) -> None:
        """Called by the protocol when its connection is gone."""
        self._present.discard(handler)
        self._has_left(handler)

    def is_asking(self, handler: Connection) -> None:
        """Note that this connection has a request: it leaves last."""
        self._asks(handler)

    async def _let_in(self, connection: socket.socket) -> None:
        if self._tls is None:
            await super()._let_in(connection)
            return
        try:
            async with asyncio.timeout(self._habits.head):
                first = await _first_byte(connection)
        except (OSError, TimeoutError, asyncio.CancelledError):
            connection.close()
            return
        if not first or first[0] == _HANDSHAKE or first[0] & _OLD_HELLO:
            await super()._let_in(connection)
            return
        try:
            await asyncio.get_running_loop().connect_accepted_socket(self._astray, connection)
        except (OSError, asyncio.CancelledError):
            connection.close()


async def _first_byte(connection: socket.socket) -> bytes:
    """What the peer sends first, left where it is; empty when it sends nothing more."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()

    def come() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(connection, come)
    try:
        await ready
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)
