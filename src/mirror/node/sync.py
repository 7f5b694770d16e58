"""Syncing: a tree is brought to the newest edition that can be had whole, or stays as it was.

Rules:

1. A node believes mirrors no more than a reader does: the same session verifies the metadata, the
   same fetcher the pieces, and what lies on the disk is checked like what comes.
2. Only what is lacking or damaged is fetched. Pieces lie on the disk as soon as they are verified,
   named by nothing: a sync that is cut off is continued by the next.
3. All channels change in one commit, when everything of all of them is there (see ``store.tree``).
   At any failure the old edition stays, whole.
4. What the commit before this one named is kept once more, for readers who are in the middle of it.
   Unless an article was removed for harm: then nothing stays that the new edition does not need.
5. Slip pages go along with the statement (``slips``), and never hold it up.
6. A node remembers the newest statement it saw, in ``.mirror/trust``, also when it could not have
   all of it: no later sync goes back behind it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mirror.bundle.manifest import Manifest
from mirror.client.edition import (
    NOTICES_TARGET,
    PROGRAM_TARGET,
    RemoteEdition,
    fetch_notices,
    fetch_program,
    head_target,
)
from mirror.client.fetch import Metered, Pieces
from mirror.client.metadata import Mirrors, fetch_roots, metadata_files
from mirror.client.page import page_files
from mirror.client.refresh import update
from mirror.client.report import Cost, Ledger, MirrorReport
from mirror.clock import Clock
from mirror.errors import ConfigError, UnreachableError
from mirror.limits import MAX_METADATA
from mirror.net import Transport
from mirror.node.config import Sync
from mirror.node.holdings import Last, TreeHoldings
from mirror.node.slips import fetch_slips
from mirror.node.walk import walk
from mirror.notices import decode
from mirror.store.generations import DiskGenerations
from mirror.store.names import TIMESTAMP, Kind, kind_of
from mirror.store.tree import Tree
from mirror.trust.state import Freshness
from mirror.trust.verified import Verified

Progress = Callable[[str, int, int], None]

_TRUST: Final = "trust"
_SPREAD: Final = 0.25  # of the pause between two syncs, to both sides: mirrors must not march in step


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync did.

    ``editions`` is the number of each channel's edition (0: none was released); ``added`` counts
    pieces that were lacking or damaged, ``dropped`` files that are not needed any more. ``is_purged``:
    an article was removed for harm, and nothing of it was kept. ``is_changed``: there was a commit.
    """

    is_changed: bool
    is_purged: bool
    editions: Mapping[str, int]
    added: int
    dropped: int
    freshness: Freshness
    mirrors: tuple[MirrorReport, ...]
    cost: Cost


def read_root(settings: Sync) -> bytes:
    """The root that the configuration names; unverified.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        with settings.root.open("rb") as file:
            return file.read(MAX_METADATA + 1)
    except OSError as error:
        raise ConfigError(f"The file sync.root cannot be read: {error.strerror}.") from error


async def sync(
    tree: Tree, settings: Sync, transport: Transport, clock: Clock, progress: Progress | None = None
) -> SyncReport:
    """Bring ``tree`` to the newest edition. ``progress`` is told (channel, done, total) in pages.

    Raises:
        ConfigError, StorageError: As they say. ``store-locked``: another sync is running.
        UnreachableError: No mirror answered, or none gave something that is needed.
        TrustError, FormatError: What mirrors gave cannot be believed, or not be opened.
    """
    first = read_root(settings)
    with tree.writing() as writer:
        ledger = Ledger([mirror.name for mirror in settings.mirrors])
        metered = Metered(transport, ledger)
        verified = await update(
            DiskGenerations(tree.private / _TRUST),
            first,
            settings.mirrors,
            transport,
            clock,
            wanted=[*map(head_target, settings.channels), NOTICES_TARGET, PROGRAM_TARGET],
            head=settings.channels[0],
            ledger=ledger,
        )
        ledger.observed(verified.observations)
        if not verified.freshness.is_checked:
            raise UnreachableError("No mirror showed a genuine statement; the tree stays as it was.")
        holdings = TreeHoldings(tree, writer)
        fetcher = Pieces(settings.mirrors, transport, holdings, ledger)
        roots = await fetch_roots(first, verified, tree.read, Mirrors(settings.mirrors, metered, ledger))
        editions, removed, pages = await _fetch(verified, settings, fetcher, progress or _silent)
        files = {**pages, **metadata_files(verified, roots, settings.channels)}
        slips = await fetch_slips(verified, first, tree, Mirrors(settings.mirrors, metered, ledger))
        last = Last.parse(await asyncio.to_thread(tree.remembered))
        now = Last(frozenset(holdings.needed | files.keys()), removed)
        is_purged = not removed <= last.removed
        drop = await asyncio.to_thread(_superfluous, tree, now, last, is_purged=is_purged)
        drop |= slips.dropped
        is_changed = bool(drop or holdings.added or slips.changed) or not await asyncio.to_thread(
            _has, tree, files
        )
        if is_changed:
            if slips.changed:
                await asyncio.to_thread(writer.stage, files[TIMESTAMP], slips.changed)
            await asyncio.to_thread(writer.commit, files, drop)
        if now != last:
            await asyncio.to_thread(writer.remember, now.encode())
    return SyncReport(
        is_changed=is_changed,
        is_purged=is_purged,
        editions=editions,
        added=holdings.added,
        dropped=len(drop),
        freshness=verified.freshness,
        mirrors=ledger.report(),
        cost=ledger.cost(),
    )


async def keep_syncing(
    once: Callable[[], Awaitable[None]], every_seconds: int, clock: Clock, jitter: Callable[[], float]
) -> None:
    """Do ``once``, and again after ``every_seconds`` or so, for ever; ``jitter`` gives 0 to 1."""
    while True:
        await once()
        await clock.sleep(every_seconds * (1 + _SPREAD * (2 * jitter() - 1)))


async def _fetch(
    verified: Verified, settings: Sync, fetcher: Pieces, progress: Progress
) -> tuple[dict[str, int], frozenset[str], dict[str, bytes]]:
    """Everything of every channel, the notices and the browser's reader.

    The editions' numbers, the articles removed, and the pages of ``r/`` by path.
    """
    editions: dict[str, int] = {}
    removed: set[str] = set()
    manifests: list[Manifest] = []
    notices = None
    if verified.target(NOTICES_TARGET) is not None:
        notices = decode((await fetch_notices(verified, fetcher)).raw)
    program = await fetch_program(verified, fetcher)
    for channel in settings.channels:
        if verified.target(head_target(channel)) is None:
            editions[channel] = 0
            continue

        def tell(done: int, total: int, channel: str = channel) -> None:
            progress(channel, done, total)

        remote = await RemoteEdition.open(verified, channel, fetcher)
        walked = await walk(remote, fetcher, with_images=settings.with_images, progress=tell)
        editions[channel] = walked.number
        manifests.append(remote.manifest)
        removed.update(f"{channel}/{article}" for article in walked.removed)
    pages = page_files(*program, manifests, notices) if program is not None else {}
    return editions, frozenset(removed), pages


def _superfluous(tree: Tree, now: Last, last: Last, *, is_purged: bool) -> set[str]:
    """What is to be dropped (rule 4); roots and pages of the browser's reader never are, slips elsewhere."""
    if now.paths == last.paths and not is_purged:
        return set()
    # The head of a channel that is not carried any more would go stale.
    spared = {Kind.METADATA} if is_purged else {Kind.METADATA, Kind.PIECE}
    kept = {path for path in last.paths if kind_of(path) in spared}
    found = (path for path in tree.paths() if path not in now.paths and path not in kept)
    return {path for path in found if kind_of(path) is not Kind.SLIP and not path.endswith(".root.json")}


def _has(tree: Tree, files: Mapping[str, bytes]) -> bool:
    return all(tree.read(path) == data for path, data in files.items())


def _silent(_channel: str, _done: int, _total: int) -> None:
    """Nobody is told."""
