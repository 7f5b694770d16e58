"""One connection of the reader through the bed: the reader's socket, the link, and what a way does to bytes.

Rules:

1. A round trip is charged on the way down, for every byte: the server's side runs ahead by the time that a
   request would take to come there, which nobody on the reader's side can tell from the truth.
2. The handshake's round trip is charged to what the reader sends first: before it is over, nothing of that
   comes to the link.
3. What may be under way to the reader, sent and not yet in his socket, is what the link itself holds in a
   round trip and a queue; the server is read no faster.
4. When the reader closes, also only his half, the connection is closed: what was not sent is dropped.
"""

import asyncio
import socket
import struct
from collections import deque
from typing import Final, Protocol

from net.hello import matches, server_name
from net.link import End, Flow, Lane, Load
from net.meter import Count
from net.scenario import Link, Way

SEGMENT: Final = 1_460  # bytes of payload in one Ethernet frame
_UNLIMITED_WINDOW: Final = 1 << 20  # of a link without a rate: bounds memory
_ROOM_PART: Final = 16  # the server is read again when this part of the window is free: some segments
_AHEAD_SECONDS: Final = 0.05  # the grain in which a slow way sends, and how far it is computed ahead


class Server(Protocol):
    """What answers at the end of a way."""

    def ask(self, data: bytes) -> None:
        """The reader sent ``data``."""

    def go_on(self) -> None:
        """There is room for more (``Wire.room``)."""

    def stop(self) -> None:
        """The reader is gone, or can get nothing more. Called once or more."""


class Silence:
    """Takes everything and says nothing."""

    def ask(self, data: bytes) -> None:
        """See ``Server``."""

    def go_on(self) -> None:
        """See ``Server``."""

    def stop(self) -> None:
        """See ``Server``."""


class Wire(asyncio.Protocol):
    """One accepted connection. ``server`` must be set before the first byte comes."""

    def __init__(
        self, link: Link, way: Way, count: Count, lanes: tuple[Lane, Lane], wires: "set[Wire]"
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._way = way
        self._count = count
        self._down_lane, self._up_lane = lanes
        self._wires = wires
        self._rtt = link.rtt_seconds + way.extra_rtt_seconds
        self._window = _window(link, self._rtt)
        self._segment = SEGMENT
        if way.rate is not None:
            self._segment = max(1, min(SEGMENT, int(way.rate * _AHEAD_SECONDS)))
            self._window = min(self._window, int(way.rate * (self._rtt + _AHEAD_SECONDS)) + self._segment)
        elif link.down_bytes_per_second is None:
            self._segment = self._window  # nothing to share
        self._up_window = link.queue_bytes
        self._down, self._up = Flow(self._came_down), Flow(self._came_up)
        self._outbox: deque[memoryview] = deque()
        self._waiting = 0  # bytes in the outbox
        self._under_way = 0  # rule 3
        self._up_under_way = 0
        self._said = 0
        self._sender_free_at = 0.0  # of a way with a rate
        self._ends: End | None = None  # when the outbox is empty
        self._mute = False  # nothing more goes down
        self._hello: bytearray | None = bytearray() if way.rst_hello else None
        self._transport: asyncio.Transport | None = None
        self._opened_at = 0.0
        self.server: Server = Silence()

    # --- the reader's socket

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The reader connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        # So that resume_writing comes whenever something had been left waiting.
        transport.set_write_buffer_limits(high=0)
        self._opened_at = self._loop.time() + self._rtt
        self._count.connections += 1
        self._wires.add(self)

    def data_received(self, data: bytes) -> None:
        """The reader sent ``data``: it goes up the link."""
        self._count.up += len(data)
        self._up_under_way += len(data)
        now = self._loop.time()
        self._up_lane.put(self._up, data, comes_at=max(now, self._opened_at), sent_at=now)  # rule 2
        if self._up_under_way >= self._up_window and self._transport is not None:
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """The reader closed, or will send nothing more: rule 4."""
        self._close_flows()

    def resume_writing(self) -> None:
        """The reader reads again."""
        self._go_on()

    def connection_lost(self, error: Exception | None) -> None:
        """The reader is gone."""
        self._close_flows()
        self._wires.discard(self)

    def _close_flows(self) -> None:
        now = self._loop.time()
        self._down.closed_at = min(self._down.closed_at, now)
        self._up.closed_at = -1.0  # what waits in the reader's own queue goes with him
        self._outbox.clear()
        self._waiting = 0
        self.server.stop()

    # --- the server's side

    @property
    def room(self) -> int:
        """How many bytes the server may say now."""
        return 0 if self._mute or self._ends else self._window - self._waiting - self._flight

    @property
    def _flight(self) -> int:
        """Bytes of rule 3: on the link, or left in the bed by a reader whose socket is full."""
        assert self._transport is not None
        return self._under_way + self._transport.get_write_buffer_size()

    def say(self, data: bytes) -> None:
        """Send ``data`` to the reader; beyond ``room``, it waits here."""
        if self._closed or self._ends or not data:
            return
        self._outbox.append(memoryview(data))
        self._waiting += len(data)
        self._send()

    def end(self, how: End = End.FIN) -> None:
        """Close after what was said, or reset."""
        if self._ends is None:
            self._ends = how
            self._send()

    def reset(self) -> None:
        """Reset now, whatever is under way."""
        transport = self._transport
        if transport is not None:
            raw: socket.socket = transport.get_extra_info("socket")
            if not transport.is_closing():
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()

    @property
    def _closed(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _send(self) -> None:
        """Give to the link what may be under way, as far as the way lets it."""
        while self._outbox and not self._mute and (free := self._window - self._flight) > 0:
            first = self._outbox.popleft()
            size = min(len(first), self._segment, free)
            for cut in (self._way.freeze_after, self._way.rst_after):
                if cut is not None:
                    size = min(size, cut - self._said)
            if size < len(first):
                self._outbox.appendleft(first[size:])
            self._waiting -= size
            if size:
                self._put(bytes(first[:size]))
            self._cut()
        if self._ends and not self._outbox and not self._mute:
            self._mute = True
            self._put(self._ends)

    def _cut(self) -> None:
        """Freeze or reset, when it is time."""
        if self._said == self._way.rst_after:
            self._mute = True
            self._put(End.RST)
        elif self._said == self._way.freeze_after:
            self._mute = True
        if self._mute:
            self._outbox.clear()
            self._waiting = 0
            self.server.stop()

    def _put(self, load: Load) -> None:
        now = self._loop.time()
        sent_at = now
        if isinstance(load, bytes):
            self._said += len(load)
            self._under_way += len(load)
        if self._way.rate is not None:
            size = len(load) if isinstance(load, bytes) else 0
            sent_at = max(now, self._sender_free_at) + size / self._way.rate
            self._sender_free_at = sent_at
        self._down_lane.put(self._down, load, comes_at=sent_at + self._rtt, sent_at=sent_at)  # rule 1

    # --- the far ends of the link

    def _came_down(self, load: Load) -> None:
        if isinstance(load, bytes):
            self._under_way -= len(load)
            if self._closed:
                self._count.dropped += len(load)
                return
            assert self._transport is not None
            self._count.down += len(load)
            self._transport.write(load)
            self._go_on()
        elif load is End.RST:
            self.reset()
        elif self._transport is not None:
            self._transport.close()

    def _go_on(self) -> None:
        if self._closed:
            return
        self._send()
        if self.room >= self._window // _ROOM_PART:
            self.server.go_on()

    def _came_up(self, load: Load) -> None:
        if not isinstance(load, bytes) or self._closed:
            return
        self._up_under_way -= len(load)
        if self._up_under_way < self._up_window and self._transport is not None:
            self._transport.resume_reading()
        if self._hello is not None:
            self._hello += load
            name = server_name(bytes(self._hello))
            if name is None:
                return
            if matches(name, self._way.rst_hello) and self._hello[:1] == b"\x16":
                self.reset()
                return
            load, self._hello = bytes(self._hello), None
        if not self._mute:
            self.server.ask(load)


def _window(link: Link, rtt: float) -> int:
    if link.down_bytes_per_second is None:
        return max(_UNLIMITED_WINDOW, link.queue_bytes)
    return int(link.down_bytes_per_second * rtt) + link.queue_bytes
