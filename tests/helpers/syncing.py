"""A node's tree on disk, synced with mirrors in memory that belong to a test's own publication."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from helpers.memory import Behaviour, MemoryTransport
from helpers.publication import Press
from helpers.publication import press as new_press
from mirror.clock import SystemClock
from mirror.node.config import Sync
from mirror.node.sync import SyncReport, sync
from mirror.store.tree import Tree


@dataclass
class At(SystemClock):
    """A device's clock that stands still, and notes how long it was asked to sleep."""

    instant: int
    slept: list[float] = field(default_factory=list)

    def now(self) -> int:
        return self.instant

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0 if seconds > 60 else seconds)


@dataclass
class Place:
    """A node's tree, and how it is synced with mirrors of a publication."""

    folder: Path
    root: bytes
    channels: tuple[str, ...] = ("ru",)
    with_images: bool = True
    asked: list[str] = field(default_factory=list)

    @property
    def tree(self) -> Tree:
        return Tree(self.folder / "tree")

    def sync(
        self,
        trees: Mapping[str, Mapping[str, bytes]] | Press,
        behaviours: Mapping[str, Behaviour] | None = None,
        *,
        now: int | None = None,
    ) -> SyncReport:
        """One sync; ``asked`` are then the paths of pieces and roots that were asked for."""
        if isinstance(trees, Press):
            now = now or trees.room.now
            trees = {"mirror 1": trees.tree}
        transport = MemoryTransport(trees, behaviours or {})
        self.folder.mkdir(exist_ok=True)
        (self.folder / "root.json").write_bytes(self.root)
        settings = Sync(
            self.folder / "root.json", tuple(transport.mirrors), self.channels, self.with_images, 900
        )
        try:
            return asyncio.run(sync(self.tree, settings, transport, At(now or 0)))
        finally:
            self.asked = [path for _, path in transport.asked]

    def files(self) -> dict[str, bytes]:
        """The tree as it lies there, without what is private to the node."""
        read = {path: self.tree.read(path) for path in self.tree.paths()}
        return {path: data for path, data in read.items() if data is not None}

    def pieces_asked(self) -> list[str]:
        return [path for path in self.asked if path.startswith("p/")]


@cache
def _made(count: int, channels: tuple[str, ...]) -> Press:
    return new_press(count, channels)


def press(count: int = 6, channels: tuple[str, ...] = ("ru",)) -> Press:
    """A publication of the test's own; making one anew takes longer than most tests."""
    return deepcopy(_made(count, channels))


def place(folder: Path, made: Press, *channels: str) -> Place:
    return Place(folder / "node", made.root, channels or ("ru",))
