"""The tree as the place where pieces are held while an edition is fetched."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass

from mirror.bundle.piece import path_of
from mirror.store.tree import Tree, Writer


class TreeHoldings:
    """``client.fetch.Holdings`` in a tree that is being written.

    Whatever a run needs it asks for here first, so ``needed`` ends as the list of all pieces of what
    was walked, and ``added`` as how many of them were not there or were damaged.
    """

    def __init__(self, tree: Tree, writer: Writer) -> None:
        self.needed: set[str] = set()
        self.added = 0
        self._tree = tree
        self._writer = writer

    async def piece(self, name: str) -> bytes | None:
        """The piece as it lies on the disk; whoever asks checks it."""
        path = path_of(name)
        self.needed.add(path)
        return await asyncio.to_thread(self._tree.read, path)

    async def keep(self, name: str, data: bytes) -> None:
        """Put the verified piece onto the disk.

        Raises:
            StorageError: The disk refused.
        """
        await asyncio.to_thread(self._writer.put, {path_of(name): data})
        self.added += 1


@dataclass(frozen=True, slots=True)
class Last:
    """What the last commit left: the ``paths`` it named, the articles ``removed`` for harm.

    It may be lost: then nothing of an older edition is kept for readers who are in the middle of it.
    """

    paths: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    def encode(self) -> bytes:
        """As it lies on the disk."""
        return json.dumps({"paths": sorted(self.paths), "removed": sorted(self.removed)}).encode()

    @classmethod
    def parse(cls, data: bytes | None) -> "Last":
        """What ``encode`` gave; empty for anything else."""
        try:
            said = json.loads(data or b"")
            return cls(_texts(said["paths"]), _texts(said["removed"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return cls()


def _texts(values: Iterable[object]) -> frozenset[str]:
    return frozenset(value for value in values if isinstance(value, str))
