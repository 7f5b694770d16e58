"""What a node holds in memory of its tree: what is asked for most, and never longer than true.

Rules:

1. Files that never change stay until the room is needed, those unused for longest first.
2. Files that change stay until the next look at the tree, ``LOOK_SECONDS`` at most.
3. At that look, when the tree's stamp has changed, everything goes: what was removed for harm is
   not given out from memory. What was being read meanwhile is given out once and not kept.
4. The disk is read in threads. One file is read once for all who wait for it.
5. A piece that the disk has damaged is not given out: readers would take us for a liar, and never
   ask us again. The next sync repairs it.
"""

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mirror.bundle.piece import name_of
from mirror.clock import Clock
from mirror.errors import StorageError
from mirror.node.answers import ABSENT, BROKEN, Content, content
from mirror.store.names import Kind, kind_of
from mirror.store.tree import Stamp, Tree

LOOK_SECONDS: Final = 2.0
# Threads that read: more do not help one disk, and each holds a stack.
_READERS: Final = 4
_OVERHEAD: Final = 600  # bytes of memory that one file costs beside its own


class Shelf:
    """The tree's files as answers. ``room`` bounds the memory of what is kept, in bytes."""

    def __init__(self, tree: Tree, room: int) -> None:
        self._tree = tree
        self._room = room
        self._used = 0
        self._lasting: OrderedDict[str, Content] = OrderedDict()
        self._passing: dict[str, Content] = {}
        self._reading: dict[str, asyncio.Task[Content]] = {}
        self._stamp: Stamp = tree.stamp()
        self._pool = ThreadPoolExecutor(_READERS, "tree")

    def at_hand(self, path: str) -> Content | None:
        """The answer for ``path`` if it is in memory."""
        found = self._lasting.get(path)
        if found is None:
            return self._passing.get(path)
        self._lasting.move_to_end(path)
        return found

    async def fetch(self, path: str) -> Content:
        """The answer for ``path``: the file, or that there is none, or that the disk is at fault."""
        kind = kind_of(path)
        if kind is None:
            return ABSENT
        task = self._reading.get(path)
        if task is None:
            task = self._reading[path] = asyncio.create_task(self._read(path, kind))
        return await asyncio.shield(task)

    async def look(self) -> None:
        """Rules 2 and 3."""
        stamp = await asyncio.get_running_loop().run_in_executor(self._pool, self._tree.stamp)
        if stamp != self._stamp:
            self._stamp = stamp
            self.forget()
        self._passing.clear()

    def forget(self) -> None:
        """Hold nothing any more."""
        self._lasting.clear()
        self._passing.clear()
        self._reading.clear()
        self._used = 0

    async def keep_looking(self, clock: Clock) -> None:
        """Look at the tree, for ever."""
        while True:
            await clock.sleep(LOOK_SECONDS)
            await self.look()

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _read(self, path: str, kind: Kind) -> Content:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        try:
            body = await loop.run_in_executor(self._pool, self._load, path, kind)
        except StorageError:
            return BROKEN
        finally:
            is_true = self._reading.get(path) is task  # rule 3
            if is_true:
                del self._reading[path]
        if body is None:
            return ABSENT
        made = content(path, kind, body)
        if is_true:
            self._keep(path, made)
        return made

    def _load(self, path: str, kind: Kind) -> bytes | None:
        body = self._tree.read(path)
        if body is not None and kind is Kind.PIECE and name_of(body) != path.rpartition("/")[2]:
            raise StorageError("A piece on this machine's disk is damaged.")  # rule 5
        return body

    def _keep(self, path: str, made: Content) -> None:
        if not made.is_lasting:
            self._passing[path] = made
            return
        self._lasting[path] = made
        self._used += len(made.body) + _OVERHEAD
        while self._used > self._room:
            _, gone = self._lasting.popitem(last=False)
            self._used -= len(gone.body) + _OVERHEAD
