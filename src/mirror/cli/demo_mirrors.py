"""The mirrors of the demonstration, all on loopback: an honest node, one that tampers, a dead one.

The honest one is the node of this program. The other two are what a reader meets outside.
"""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from mirror.clock import SystemClock
from mirror.node.config import Address, Serve
from mirror.node.serve import Node
from mirror.store.tree import Tree

_ANY_PORT = Address("127.0.0.1", 0)


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Where the three answer, or do not: base addresses."""

    tampering: str
    dead: str
    honest: str

    def addresses(self) -> tuple[str, str, str]:
        """All three, the best liked first. The reader asks the others at the same time."""
        return self.honest, self.tampering, self.dead


@contextmanager
def running(tree: Path) -> Iterator[Mirrors]:
    """Serve ``tree`` while the ``with`` lasts; afterwards nothing listens any more."""
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    ready: list[Mirrors] = []

    async def serve() -> None:
        async with (
            Node(Tree(tree), Serve(listen=(_ANY_PORT,)), SystemClock()) as node,
            _Tampering(tree) as port,
        ):
            honest = node.addresses[0].port
            ready.append(Mirrors(_address(port), _address(_free_port()), _address(honest)))
            started.set()
            await stop.wait()

    with ThreadPoolExecutor(1, "demo mirrors") as threads:
        served = threads.submit(loop.run_until_complete, serve())
        served.add_done_callback(lambda _: started.set())
        started.wait()
        try:
            if ready:
                yield ready[0]
        finally:
            loop.call_soon_threadsafe(stop.set)
            served.result()
            loop.close()


class _Tampering:
    """A server of the tree that changes one bit of every piece: ``async with`` gives its port."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree
        self._runner = web.ServerRunner(web.Server(self._answer), access_log=None)

    async def __aenter__(self) -> int:
        await self._runner.setup()
        site = web.TCPSite(self._runner, _ANY_PORT.host, 0)
        await site.start()
        return int(self._runner.addresses[0][1])

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        body = await asyncio.to_thread(Tree(self._tree).read, request.path[1:])
        if body is None:
            return web.Response(status=404)
        if request.path.startswith("/p/"):
            body = body[:99] + bytes([body[99] ^ 1]) + body[100:]
        return web.Response(body=body)


def _free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as unused:
        unused.bind((_ANY_PORT.host, 0))
        return int(unused.getsockname()[1])


def _address(port: int) -> str:
    return f"http://{_ANY_PORT.host}:{port}/"
