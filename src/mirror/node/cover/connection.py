"""One connection of a node with a cover site: what comes in, when it is answered, how it ends.

Rules, as nginx has them by default:

1. A first head has ``HEAD_SECONDS``, a later one as long from its first byte, and ``KEEP_SECONDS`` to
   begin. Whoever takes longer is left without a word.
2. Requests sent ahead are answered in order. A body is not wanted: the answer goes out, then the body
   is read to its end, with ``PAUSE_SECONDS`` for each pause and ``LINGER_SECONDS`` in all.
3. At the end, where something came that was not read, the own side is closed first, and the rest
   thrown away for as long; elsewhere both at once.
4. After ``MOST_REQUESTS`` or ``MOST_SECONDS`` the next answer is the last.
5. What is asked under a path of the mirror is found elsewhere; only that may take time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol, cast

from mirror.limits import WRITE_CHUNK, WRITE_SECONDS
from mirror.node.cover.answer import PLAIN_TO_TLS, Place, Reply
from mirror.node.cover.body import Body
from mirror.node.cover.head import Head, Parser

MOST_REQUESTS: Final = 1_000
MOST_SECONDS: Final = 3_600.0
# Bytes read ahead of what is answered; a head has 33 kB at most.
_AHEAD: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Habits:
    """How long peers may take (rules 1 and 2), in seconds."""

    head: float = 60.0
    keep: float = 75.0
    pause: float = 5.0
    linger: float = 30.0
    write: float = WRITE_SECONDS


Respond = Callable[[Head, Place, bool], Reply | Awaitable[Reply]]


class Hall(Protocol):
    """Who counts connections: the door."""

    def connection_made(self, handler: "Connection", transport: asyncio.Transport) -> None:
        """It stands."""

    def connection_lost(self, handler: "Connection", exc: BaseException | None = None) -> None:
        """It is gone."""

    def is_asking(self, handler: "Connection") -> None:
        """It has a request."""


class Connection(asyncio.Protocol):
    """``respond`` answers; ``cut`` ends a connection whose peer does not read."""

    def __init__(
        self,
        hall: Hall,
        respond: Respond,
        habits: Habits,
        cut: Callable[[asyncio.Transport], None],
        *,
        is_tls: bool = False,
        is_astray: bool = False,
    ) -> None:
        self._hall = hall
        self._respond = respond
        self._habits = habits
        self._cut = cut
        self._is_tls = is_tls
        self._is_astray = is_astray  # plain HTTP on a port for TLS
        self._loop = asyncio.get_running_loop()
        self._data = bytearray()
        self._parser: Parser | None = Parser()
        self._body: Body | None = None
        self._out: list[memoryview] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._requests = 0
        self._began = self._loop.time()
        self._until = 0.0
        self._keeps = True
        self._lingers = False
        self._is_stopping = False
        self._is_ending = False
        self._is_over = False  # the peer sends no more
        self._is_paused = False
        self._place = Place()

    # --- what the event loop calls --------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands."""
        # uvloop's is not one by its class.
        self._transport = transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("sockname") or ("localhost", 80)
        host = f"[{name[0]}]" if ":" in name[0] else str(name[0])
        self._place = Place(host.encode("ascii"), int(name[1]), self._is_tls)
        self._hall.connection_made(self, transport)
        self._wait(self._habits.head)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._wait(None)
        if self._task is not None:
            self._task.cancel()
        self._hall.connection_lost(self, exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._is_ending:
            self._linger()
            return
        if not self._data and self._parser is not None and self._requests:
            self._wait(self._habits.head)  # rule 1
        self._data += data
        if len(self._data) > _AHEAD:
            self._transport.pause_reading()
        self._go_on()

    def eof_received(self) -> bool:
        """The peer sends no more: what it asked is still answered."""
        self._is_over = True
        if self._is_ending or (self._task is None and not self._out):
            self._transport.close()
        return not self._is_tls

    def pause_writing(self) -> None:
        """The kernel takes no more."""
        self._is_paused = True
        self._wait(self._habits.write)

    def resume_writing(self) -> None:
        """The kernel takes more again."""
        self._is_paused = False
        self._go_on()

    # --- what the server calls ------------------------------------------------------------------

    def close(self) -> None:
        """Take no more requests."""
        self._is_stopping = True
        if self._task is None and not self._out and self._transport.get_write_buffer_size() == 0:
            self._transport.close()

    async def shutdown(self, seconds: float) -> None:
        """Let an answer under way end for ``seconds``."""
        if self._task is not None:
            await asyncio.wait({self._task}, timeout=seconds)
        self._transport.close()

    # --- requests -------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Do what can be done with what came."""
        while not self._is_paused and self._task is None and not self._transport.is_closing():
            if self._out:
                self._write()
            elif self._parser is not None:
                head = self._parser.take(self._data)
                if head is None:
                    break
                self._wait(None)
                self._parser = None
                self._answer(head)
            elif self._body is not None and not self._body.is_done:
                self._body.take(self._data)
                if self._body.is_broken or self._is_over:
                    self._transport.close()
                elif not self._body.is_done:
                    self._be_patient()
                    break
            elif not self._next():
                break
        if len(self._data) <= _AHEAD and not self._transport.is_closing():
            self._transport.resume_reading()

    def _answer(self, head: Head) -> None:
        if self._is_astray and not head.fault:
            head.fault = PLAIN_TO_TLS
        self._requests += 1
        self._hall.is_asking(self)
        self._body = None if head.fault else Body(head)
        if self._body is not None:
            self._body.take(self._data)
            self._keeps = not self._body.is_broken
            head.is_body_broken = self._body.is_broken
            self._lingers = self._body.is_announced and (self._body.is_done or self._body.is_broken)
            if self._body.is_broken:
                self._body = None
        may_keep = (
            self._keeps
            and not self._is_stopping
            and self._requests < MOST_REQUESTS
            and self._loop.time() - self._began < MOST_SECONDS
        )
        given = self._respond(head, self._place, may_keep)
        if isinstance(given, Reply):
            self._take(given)
        else:
            self._task = asyncio.ensure_future(self._take_later(given))

    async def _take_later(self, given: Awaitable[Reply]) -> None:
        try:
            reply = await given
        except asyncio.CancelledError:
            raise
        finally:
            self._task = None
        self._take(reply)
        self._go_on()

    def _take(self, reply: Reply) -> None:
        self._keeps = reply.keeps and not reply.is_cut
        if reply.is_cut:
            self._body = None
            self._data.clear()
        view = memoryview(reply.head + reply.body)
        self._out = [view[at : at + WRITE_CHUNK] for at in range(0, len(view), WRITE_CHUNK)]

    def _write(self) -> None:
        self._transport.write(self._out.pop(0))

    def _next(self) -> bool:
        """An answer went out, and the body of its request is read."""
        self._body = None
        self._until = 0.0
        if not self._keeps or self._is_stopping or (self._is_over and not self._data):
            self._end()
            return False
        self._parser = Parser()
        self._wait(self._habits.head if self._data else self._habits.keep)
        return True

    # --- the end --------------------------------------------------------------------------------

    def _end(self) -> None:
        """Rule 3."""
        self._wait(None)
        if not (self._data or self._lingers) or self._is_tls or self._is_over:
            self._transport.close()
            return
        self._is_ending = True
        self._data.clear()
        self._until = 0.0
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._be_patient()

    def _linger(self) -> None:
        self._be_patient()

    def _be_patient(self) -> None:
        """Wait for more of what is not wanted (rule 2)."""
        now = self._loop.time()
        self._until = self._until or now + self._habits.linger
        left = self._until - now
        if left <= 0:
            self._transport.close()
        else:
            self._wait(min(left, self._habits.pause))

    def _wait(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if seconds is None else self._loop.call_later(seconds, self._give_up)

    def _give_up(self) -> None:
        if self._is_paused:
            self._cut(self._transport)
        else:
            self._transport.close()
