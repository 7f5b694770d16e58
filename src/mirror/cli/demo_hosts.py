"""The endpoints of the demonstration: real nodes on loopback, with paths that change and cover sites.

Each can be blocked for good: its node is stopped, and who asks is refused a connection.
"""

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mirror.cli.demo_telling import Calendar
from mirror.clock import SystemClock
from mirror.node.config import Address, Cover, Rotation, Serve
from mirror.node.rotating import make_secret
from mirror.node.serve import Node
from mirror.store.tree import Tree

_ANY_PORT: Final = Address("127.0.0.1", 0)
# A node looks at the clock every few seconds, and here a day takes less than one.
_LOOK_SECONDS: Final = 0.02


class _Restless(Calendar):
    """The demonstration's calendar for nodes, which look at it more often."""

    def __init__(self, calendar: Calendar) -> None:
        super().__init__()
        self._calendar = calendar

    def now(self) -> int:
        """See ``Clock``."""
        return self._calendar.now()

    async def sleep(self, seconds: float) -> None:
        """See ``Clock``."""
        await super().sleep(min(seconds, _LOOK_SECONDS))


class Hosts:
    """The nodes, by their addresses."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._nodes: dict[str, Node] = {}

    def start(self, tree: Path, secrets: Sequence[Path], calendar: Calendar) -> tuple[str, ...]:
        """Start a node for each of ``secrets``, which are made; their addresses, in this order."""
        for secret in secrets:
            make_secret(secret)
            node = Node(
                Tree(tree),
                Serve(listen=(_ANY_PORT,)),
                _Restless(calendar),
                rotation=Rotation(secret),
                cover=Cover(),
            )
            self._do(node.__aenter__())
            self._nodes[f"http://{node.addresses[0]}/"] = node
        return tuple(self._nodes)[-len(secrets) :]

    def serve(self, tree: Path, count: int) -> tuple[str, ...]:
        """Start so many nodes without paths or cover, like any static host; their addresses."""
        for _ in range(count):
            node = Node(Tree(tree), Serve(listen=(_ANY_PORT,)), SystemClock())
            self._do(node.__aenter__())
            self._nodes[f"http://{node.addresses[0]}/"] = node
        return tuple(self._nodes)[-count:]

    def hear(self) -> None:
        """Let every node see that the tree has changed, now rather than a moment later."""
        for node in self._nodes.values():
            self._loop.call_soon_threadsafe(node.reload)
        self._do(asyncio.sleep(2 * _LOOK_SECONDS))  # and what day it is

    def block(self, address: str) -> None:
        """Nobody reaches ``address`` any more."""
        self._stop(address)

    def stop(self) -> None:
        """Stop what still runs."""
        for address in tuple(self._nodes):
            self._stop(address)

    def _stop(self, address: str) -> None:
        self._do(self._nodes.pop(address).__aexit__())

    def _do(self, work: Coroutine[object, object, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()


@contextmanager
def hosting() -> Iterator[Hosts]:
    """Nodes may run while the ``with`` lasts; afterwards nothing listens any more."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="demo hosts")
    thread.start()
    hosts = Hosts(loop)
    try:
        yield hosts
    finally:
        hosts.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
