"""Slip pages that a node carries along: all of two epochs, and it can open none of them.

Rules:

1. What a page must be signed with, and how many there are, comes from the verified ``targets``; which
   epochs there are, from the verified timestamp. A mirror decides nothing of it.
2. The newest index that any mirror shows is the one to follow, and never one older than our own: a page
   is made again when a cohort is split. What it names and the tree lacks is fetched, from any mirror.
3. A page that nobody gives stays as it was, or is missing, and the sync goes on: news does not wait for
   slips. The next sync asks again.
4. Pages of epochs that no reader asks for any more are dropped.
"""

import asyncio
from dataclasses import dataclass
from hashlib import sha256

from tuf.api.metadata import Timestamp

from mirror.client.metadata import Mirrors
from mirror.client.report import Part
from mirror.client.slips import settings_of
from mirror.errors import EndpointError, MirrorError
from mirror.limits import MAX_FETCHES, MAX_PIECE
from mirror.model import Endpoint
from mirror.net import ABSENT
from mirror.rotation.epochs import ACCEPTED_SKEW
from mirror.rotation.pages import Name, Page, digest, index_pages, open_page, slip_pages
from mirror.rotation.settings import Settings
from mirror.store.names import epoch_of
from mirror.store.tree import Tree
from mirror.trust.metadata import content, issued_of
from mirror.trust.state import file_of
from mirror.trust.verified import Verified


@dataclass(frozen=True, slots=True)
class Carried:
    """Pages that are new or changed, by path, and the paths of those to drop."""

    changed: dict[str, bytes]
    dropped: frozenset[str]


async def fetch_slips(verified: Verified, first_root: bytes, tree: Tree, mirrors: Mirrors) -> Carried:
    """What of the slip pages in ``tree`` is to be changed after ``verified`` was."""
    settings = settings_of(verified)
    if settings is None:
        return Carried({}, frozenset())
    issued = issued_of(content(verified.files[file_of(Timestamp.type)]))
    epochs = settings.calendar.published(issued)
    carrier = _Carrier(settings, sha256(first_root).digest(), tree, mirrors)
    changed: dict[str, bytes] = {}
    for epoch in dict.fromkeys(epochs):
        changed |= await carrier.epoch(epoch)
    least = epochs[0] - ACCEPTED_SKEW
    past = await asyncio.to_thread(
        lambda: frozenset(path for path in tree.paths() if (epoch_of(path) or least) < least)
    )
    return Carried(changed, past)


class _Carrier:
    """Fetches one publication's pages."""

    def __init__(self, settings: Settings, publication: bytes, tree: Tree, mirrors: Mirrors) -> None:
        self._settings = settings
        self._publication = publication
        self._tree = tree
        self._mirrors = mirrors
        self._slots = asyncio.Semaphore(MAX_FETCHES)

    async def epoch(self, epoch: int) -> dict[str, bytes]:
        """The pages of ``epoch`` that the tree lacks or has older."""
        bits = self._settings.bits(epoch)
        changed: dict[str, bytes] = {}
        wanted: list[tuple[Name, bytes]] = []
        pages = iter(slip_pages(epoch, bits))
        for name in index_pages(epoch, bits):
            index = await self._index(name, changed)
            if index is None:
                return {}  # without it nobody knows what belongs together
            # The index comes first: at its end there may be fewer names than digests.
            wanted += [(page, each) for each, page in zip(index.digests, pages, strict=False)]
        fetched = await asyncio.gather(*(self._page(name, each) for name, each in wanted))
        return changed | {name.path: data for (name, _), data in zip(wanted, fetched, strict=True) if data}

    async def _index(self, name: Name, changed: dict[str, bytes]) -> Page | None:
        """The newest index page that a mirror or the tree has (rule 2)."""
        own = await asyncio.to_thread(self._tree.read, name.path)
        newest = self._opened(own, name)
        for mirror in self._mirrors.endpoints:
            data = await self._get(mirror, name)
            found = self._opened(data, name)
            if data and found is None:
                self._mirrors.ledger.lied(mirror.name, Part.METADATA, len(data))
            if found is not None and data and (newest is None or found.issued > newest.issued):
                newest = found
                changed[name.path] = data
        return newest

    async def _page(self, name: Name, expected: bytes) -> bytes | None:
        """The page that the index names; None where the tree has it, or nobody does (rule 3)."""
        async with self._slots:
            own = await asyncio.to_thread(self._tree.read, name.path)
            if own is not None and digest(own) == expected:
                return None
            for mirror in self._mirrors.endpoints:
                data = await self._get(mirror, name)
                if data and digest(data) == expected and self._opened(data, name) is not None:
                    return data
        return None

    async def _get(self, mirror: Endpoint, name: Name) -> bytes:
        try:
            data = await self._mirrors.transport.get(mirror, name.path, limit=MAX_PIECE)
        except EndpointError as error:
            if error.code != ABSENT:  # a mirror need not carry slips
                self._mirrors.ledger.failed(mirror.name, Part.METADATA, error.code)
            return b""
        return data

    def _opened(self, data: bytes | None, name: Name) -> Page | None:
        if not data:
            return None
        try:
            return open_page(data, name, self._publication, self._settings.keys)
        except MirrorError:
            return None
