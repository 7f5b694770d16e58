"""The server: a tree, given out over HTTP to whoever asks, with nothing known of them.

What it answers is in ``answers``, what it holds in memory in ``shelf``, whom it lets in and for how
long in ``door``, what it may say in ``log``. A second listener on loopback, off by default, tells
the operator how the node is.
"""

import asyncio
import errno
import resource
import signal
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from importlib import import_module
from typing import Final, Self

from aiohttp import web

from mirror.clock import Clock
from mirror.errors import ConfigError
from mirror.limits import STOP_SECONDS
from mirror.node.answers import ABSENT, BROKEN, MALFORMED, NO_METHOD, Answer, Content, report
from mirror.node.config import Address, Cover, Rotation, Serve
from mirror.node.counters import Counters
from mirror.node.cover.connection import Habits
from mirror.node.cover.door import CoverDoor
from mirror.node.door import Door, Doorway, Patience
from mirror.node.front import Front
from mirror.node.log import emit, quiet_loop
from mirror.node.shelf import Shelf
from mirror.node.tls import Certificate
from mirror.store.names import MAX_PATH, TIMESTAMP, Kind
from mirror.store.tree import Tree

_RELOAD_SECONDS: Final = 60.0
_OPERATORS: Final = 8  # connections to the metrics
_FILES: Final = 64  # descriptors for all that is no connection

_Find = Callable[[str], Awaitable[Content]]


class Node:
    """A mirror that serves ``tree``: ``async with`` it, then ``addresses`` says where."""

    def __init__(
        self,
        tree: Tree,
        settings: Serve,
        clock: Clock,
        *,
        patience: Patience | None = None,
        habits: Habits | None = None,
        rotation: Rotation | None = None,
        cover: Cover | None = None,
    ) -> None:
        self.counters = Counters()
        self.addresses: list[Address] = []
        self.metrics: Address | None = None
        self._settings = settings
        self._clock = clock
        self._patience = patience or Patience()
        self._shelf = Shelf(tree, settings.cache_bytes)
        self._certificate: Certificate | None = None
        if settings.certificate is not None and settings.key is not None:
            self._certificate = Certificate(settings.certificate, settings.key)
        self._habits = habits or Habits()
        self._front: Front | None = None
        if cover is not None or rotation is not None:
            self._front = Front(self._shelf, self.counters, clock, cover or Cover(), rotation)
        self._doors: list[Doorway] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._second = -1
        self._date = b""

    async def __aenter__(self) -> Self:
        try:
            public = self._public_door()
            self.addresses = [_listen(public, address, "listen") for address in self._settings.listen]
            if self._settings.metrics is not None:
                private = self._door(self._tell, _OPERATORS, None)
                self.metrics = _listen(private, self._settings.metrics, "metrics")
        except ConfigError:
            await self.__aexit__()
            raise
        self._tasks += [
            asyncio.create_task(self._shelf.keep_looking(self._clock)),
            asyncio.create_task(self._keep_reloading()),
        ]
        if self._front is not None:
            self._tasks.append(asyncio.create_task(self._front.keep_turning()))
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(door.close(STOP_SECONDS) for door in self._doors))
        if self._front is not None:
            self._front.write()
        self._shelf.close()

    def reload(self) -> None:
        """Take the certificate anew if it changed, and the cover site; forget the tree's files."""
        self._shelf.forget()
        if self._front is not None:
            self._front.reload()
        if self._certificate is not None:
            self._certificate.refresh()

    async def _keep_reloading(self) -> None:
        while self._certificate is not None:
            await self._clock.sleep(_RELOAD_SECONDS)
            self._certificate.refresh()

    def _public_door(self) -> Doorway:
        if self._front is None:
            return self._door(self._find, self._settings.connections, self._certificate)
        door = CoverDoor(
            self._front.respond,
            most=self._settings.connections,
            patience=self._patience,
            habits=self._habits,
            tls=self._certificate.context if self._certificate else None,
        )
        self._doors.append(door)
        return door

    def _door(self, find: _Find, most: int, certificate: Certificate | None) -> Door:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            door.is_asking(request)
            if request.method not in {"GET", "HEAD"}:
                return self._answer(request, NO_METHOD)
            path = request.raw_path
            if path[0] != "/" or len(path) > MAX_PATH + 1:
                return self._answer(request, ABSENT)
            return self._answer(request, await find(path[1:]))

        def refuse(request: web.BaseRequest, status: int) -> web.StreamResponse:
            return self._answer(request, MALFORMED if status < 500 else BROKEN, is_last=True)

        tls = certificate.context if certificate else None
        door = Door(handle, refuse, most=most, patience=self._patience, tls=tls)
        self._doors.append(door)
        return door

    def _answer(self, request: web.BaseRequest, given: Content, *, is_last: bool = False) -> Answer:
        # A body is not read: what follows it on this connection could not be told from it.
        is_last = is_last or request.body_exists or not request.keep_alive
        is_head = request.method == "HEAD"
        self.counters.count(given.what, 0 if is_head else len(given.body))
        return Answer(given, self._now(), is_head=is_head, is_last=is_last, seconds=self._patience.write)

    def _now(self) -> bytes:
        second = self._clock.now()
        if second != self._second:
            self._second = second
            self._date = f"Date: {formatdate(second, usegmt=True)}\r\n".encode("ascii")
        return self._date

    async def _find(self, path: str) -> Content:
        return self._shelf.at_hand(path) or await self._shelf.fetch(path)

    async def _tell(self, path: str) -> Content:
        """What the operator is told on loopback."""
        if path == "metrics":
            return report("200 OK", self.counters.text())
        if path == "health":
            if (await self._shelf.fetch(TIMESTAMP)).what == Kind.STATEMENT.value:
                return report("200 OK", "ok\n")
            return report("503 Service Unavailable", "no edition\n")
        return ABSENT


def _listen(door: Doorway, address: Address, key: str) -> Address:
    try:
        return Address(*door.listen(address.host, address.port))
    except OSError as error:
        why = {
            errno.EADDRINUSE: "is taken by another program",
            errno.EADDRNOTAVAIL: "is not an address of this machine",
            errno.EACCES: "needs a right that this user lacks: choose a port above 1023",
        }
        said = why.get(error.errno or 0, "cannot be listened on")
        raise ConfigError(f"An address in serve.{key} {said}.") from error


def allow_connections(count: int) -> None:
    """Raise this process's bound on open files so that ``count`` connections fit.

    Raises:
        ConfigError: The system does not let us.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _FILES
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise ConfigError("serve.connections is more than the open files that this system allows.")
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """uvloop's event loop where it is installed, Python's elsewhere."""
    try:
        loop = import_module("uvloop").new_event_loop()
    except ImportError:
        return asyncio.new_event_loop()
    assert isinstance(loop, asyncio.AbstractEventLoop)
    return loop


async def run(node: Node, ready: Callable[[Node], None]) -> None:
    """Serve until SIGTERM or SIGINT; SIGHUP reloads. ``ready`` is called once addresses are known.

    Raises:
        ConfigError: An address cannot be listened on.
    """
    loop = asyncio.get_running_loop()
    quiet_loop(loop)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, node.reload)
    async with node:
        ready(node)
        emit("serving")
        await stop.wait()
    emit("stopped")
