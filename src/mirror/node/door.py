"""The door: how connections come in, how many there may be, and when one has to go.

Rules:

1. At most ``connections`` at a time, those that still shake hands included. When one more comes,
   the one that has been without a request for longest leaves: holding many open and silent costs
   an attacker its own connections first, and honest readers only when it also asks like them.
2. A handshake has ``HANDSHAKE_SECONDS``, a request head ``IDLE_SECONDS`` from the end of the answer
   before it, a chunk of an answer ``WRITE_SECONDS``. A body of a request is not read.
3. The peer's address is dropped as the connection comes in; nothing here or above asks for it.
4. What a library would say of a request that is none (with its bytes, and from whom) is counted
   and not said.
"""

import asyncio
import errno
import os
import socket
import ssl
import struct
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from mirror.limits import (
    HANDSHAKE_SECONDS,
    IDLE_SECONDS,
    MAX_HEADER_FIELD,
    MAX_HEADER_FIELDS,
    MAX_REQUEST_LINE,
    SEND_BUFFER,
    WRITE_SECONDS,
)

Handle = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

# Out of file descriptors or memory: accepting again at once would only spin.
_SPENT: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
_PAUSE_SECONDS: Final = 0.2
_BACKLOG: Final = 1_024
_NO_LINGER: Final = struct.pack("ii", 1, 0)
_AT_ONCE: Final = 64  # connections taken in before others have their turn


@dataclass(frozen=True, slots=True)
class Patience:
    """How long peers may take (rule 2), in seconds."""

    handshake: float = HANDSHAKE_SECONDS
    idle: float = IDLE_SECONDS
    write: float = WRITE_SECONDS


def cut(transport: asyncio.Transport) -> None:
    """End a connection at once: what the peer has not taken is thrown away, by the kernel too.

    An ordinary end would leave up to ``SEND_BUFFER`` with the kernel, for a peer that takes it in
    drops, and nobody would count that connection any more.
    """
    try:
        with socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    except OSError:
        pass  # it is gone already
    transport.abort()


class _Handler(web.RequestHandler):
    """aiohttp's protocol of one connection, which says nothing (rule 4)."""

    __slots__ = ("door",)
    door: "Door"

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what is no request, or to a fault of ours; the last of its connection."""
        return self.door.on_fault(request, status)

    def log_exception(self, *args: Any, **kw: Any) -> None:
        """Not said (rule 4)."""

    def log_debug(self, *args: Any, **kw: Any) -> None:
        """Not said (rule 4)."""


class Doorway(ABC):
    """Takes connections in and bounds them, whatever is spoken; ``_protocol`` makes one for each."""

    def __init__(self, *, most: int, patience: Patience, tls: ssl.SSLContext | None = None) -> None:
        self._most = most
        self._patience = patience
        self._tls = tls
        self._arriving: dict[asyncio.Task[None], None] = {}
        self._open: OrderedDict[asyncio.BaseProtocol, asyncio.Transport] = OrderedDict()
        self._listening: list[socket.socket] = []
        self._pauses: dict[socket.socket, asyncio.TimerHandle] = {}

    def __len__(self) -> int:
        """How many connections there are."""
        return len(self._open) + len(self._arriving)

    @abstractmethod
    def _protocol(self) -> asyncio.BaseProtocol:
        """The protocol for one connection."""

    @abstractmethod
    async def _let_go(self, seconds: float) -> None:
        """Ask all connections to end, and wait ``seconds`` for answers under way."""

    def _has_entered(self, protocol: asyncio.BaseProtocol, transport: asyncio.Transport) -> None:
        # All that the kernel does not take at once pauses the answer (see answers, rule 4). TLS pauses who
        # reaches the upper limit, the others who exceed it: with 0 it would pause after every answer, and
        # nothing would let it go on.
        transport.set_write_buffer_limits(high=0 if self._tls is None else 1, low=0)
        self._open[protocol] = transport

    def _has_left(self, protocol: asyncio.BaseProtocol) -> None:
        self._open.pop(protocol, None)

    def _asks(self, protocol: asyncio.BaseProtocol) -> None:
        """Note that this connection has a request: it leaves last (rule 1)."""
        with suppress(KeyError):
            self._open.move_to_end(protocol)

    def listen(self, host: str, port: int) -> tuple[str, int]:
        """Take connections at an address; which it is, with the port that was free where 0 was asked.

        Raises:
            OSError: The address is taken, not ours, or not for us.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        listener.setblocking(False)
        # Connections take these over from the listener. What was written and not taken in time is
        # given up by the kernel too.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        milliseconds = int(self._patience.write * 1_000)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)
        self._listening.append(listener)
        bound = listener.getsockname()
        return bound[0], bound[1]

    async def close(self, seconds: float) -> None:
        """Take no more in; let answers under way end for ``seconds``, then cut them off."""
        for listener in self._listening:
            pause = self._pauses.pop(listener, None)
            if pause is not None:
                pause.cancel()
            else:
                asyncio.get_running_loop().remove_reader(listener)
            listener.close()
        self._listening.clear()
        for task in list(self._arriving):
            task.cancel()
        await self._let_go(seconds)
        for transport in list(self._open.values()):
            cut(transport)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = listener.accept()  # rule 3
            except OSError as error:
                if error.errno in _SPENT:
                    loop = asyncio.get_running_loop()
                    loop.remove_reader(listener)
                    self._pauses[listener] = loop.call_later(_PAUSE_SECONDS, self._resume, listener)
                return
            if len(self) >= self._most:
                self._send_away()
            connection.setblocking(False)
            task = asyncio.create_task(self._let_in(connection))
            self._arriving[task] = None
            task.add_done_callback(self._has_come)

    def _resume(self, listener: socket.socket) -> None:
        del self._pauses[listener]
        asyncio.get_running_loop().add_reader(listener, self._accept, listener)

    def _has_come(self, task: asyncio.Task[None]) -> None:
        self._arriving.pop(task, None)

    def _send_away(self) -> None:
        """Rule 1. Those who only shake hands have waited longest when they are the most."""
        if len(self._arriving) > len(self._open):
            task = next(iter(self._arriving))
            del self._arriving[task]
            task.cancel()
        elif self._open:
            _, transport = self._open.popitem(last=False)
            cut(transport)

    async def _let_in(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            if self._tls is None:
                await loop.connect_accepted_socket(self._protocol, connection)
                return
            async with asyncio.timeout(self._patience.handshake):
                await loop.connect_accepted_socket(self._protocol, connection, ssl=self._tls)
        except (OSError, TimeoutError, asyncio.CancelledError):
            connection.close()


class Door(Doorway, web.Server):
    """Takes connections in for ``handle``; ``on_fault`` answers what never becomes a request."""

    def __init__(
        self,
        handle: Handle,
        on_fault: Callable[[web.BaseRequest, int], web.StreamResponse],
        *,
        most: int,
        patience: Patience,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        web.Server.__init__(self, handle)
        Doorway.__init__(self, most=most, patience=patience, tls=tls)
        self.on_fault = on_fault

    def _protocol(self) -> web.RequestHandler:
        handler = _Handler(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._patience.idle,
            access_log=None,  # type: ignore[arg-type]  # aiohttp's way to say: none
            max_line_size=MAX_REQUEST_LINE,
            max_field_size=MAX_HEADER_FIELD,
            max_headers=MAX_HEADER_FIELDS,
            lingering_time=0,
            tcp_keepalive=False,  # idle connections end sooner
            auto_decompress=False,
        )
        handler.door = self
        return handler

    async def _let_go(self, seconds: float) -> None:
        self.pre_shutdown()
        await self.shutdown(seconds)

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Called by the protocol when its connection stands."""
        super().connection_made(handler, transport)
        self._has_entered(handler, transport)

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Called by the protocol when its connection is gone."""
        super().connection_lost(handler, exc)
        self._has_left(handler)

    def is_asking(self, request: web.BaseRequest) -> None:
        """Note that this connection has a request: it leaves last (rule 1)."""
        self._asks(request.protocol)
