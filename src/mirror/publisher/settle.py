"""Bringing the tree to what the signed metadata says: the last step of every change.

Rules:

1. What is true is ``state/metadata``. The pieces it names were put into the tree before it was
   kept, so the tree can always be completed from it alone.
2. Settling twice does nothing the second time; whoever takes up work after a crash settles first.
3. Slip pages are laid ready before the statement is kept (``store.tree``, rule 6), and only one
   statement's at a time. So what was kept and is not settled is settled before the next is signed.
4. Old pieces and old metadata go only after the new statement stands (``store.tree``, rule 3).
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

from tuf.api.metadata import Root, Snapshot, Timestamp

from mirror.bundle import piece
from mirror.errors import TrustError
from mirror.limits import MAX_CLOCK_LEAP
from mirror.publisher.program import page_files
from mirror.publisher.published import needed_pieces
from mirror.publisher.workspace import Workspace
from mirror.rotation.epochs import ACCEPTED_SKEW, Calendar
from mirror.store.names import TIMESTAMP, epoch_of
from mirror.store.tree import Tree
from mirror.trust.metadata import content, instant, issued_of, read
from mirror.trust.publication import Publication, tree

_VERSIONED: Final = re.compile(r"m/([1-9][0-9]*)\.(.+)\.json")


def put_and_keep(
    workspace: Workspace,
    publication: Publication,
    pieces: Mapping[str, bytes],
    progress: Callable[[int, int], None] | None = None,
    pages: Mapping[str, bytes] | None = None,
) -> None:
    """Make ``publication`` the newest, with the ``pieces`` (by name) that it is the first to need.

    ``pages`` are slip pages by path: they are in their places when the statement is.

    Raises:
        StorageError: Before the metadata was kept nothing has changed; after that, the next change
            completes this one.
    """
    with workspace.tree.writing() as writer:
        for done, (digest, data) in enumerate(pieces.items(), 1):
            writer.put({piece.path_of(digest): data})
            if progress:
                progress(done, len(pieces))
        if pages:
            writer.stage(publication.roles[Timestamp.type], pages)
    workspace.keep(publication)
    settle(workspace, publication)


def settle(workspace: Workspace, publication: Publication) -> bool:
    """Make the tree say what ``publication`` says; False where it did already.

    Raises:
        StorageError: The disk refused, or ``tree-damaged``; mirrors find the old statement or the new.
    """
    files = {f"m/{name}": data for name, data in tree(publication).items()}
    files = {**page_files(workspace.tree, publication), **files}
    with workspace.tree.writing() as writer:  # also does what a crash left to be done
        is_said = all(workspace.tree.read(path) == data for path, data in files.items())
        if is_said and not writer.has_staged(files[TIMESTAMP]):
            return False
        drop = _unneeded(workspace.tree, publication, files)
        writer.commit(files, drop=[*drop, *_past(workspace, publication)])
    return True


def is_settled(workspace: Workspace, publication: Publication) -> bool:
    """Whether mirrors find the newest statement in the tree."""
    return workspace.tree.read(TIMESTAMP) == publication.roles[Timestamp.type]


def check_clock(publication: Publication, now: int, *, is_checked: bool) -> None:
    """Refuse to sign at an instant that this machine's clock has probably wrong.

    Raises:
        TrustError: ``clock-behind``: before the last statement; ``clock-ahead``: long after it, or
            after the root expired, and nobody said that the clock was checked.
    """
    last = issued_of(content(publication.roles[Timestamp.type]))
    if now < last:
        raise TrustError(
            "This machine's clock is behind the last statement: set it right, then try again.",
            code="clock-behind",
        )
    late = now - last > MAX_CLOCK_LEAP or instant(publication.root.expires) <= now
    if late and not is_checked:
        raise TrustError(
            "By this machine's clock the last statement is months old. Readers believe a signed time for"
            " good: check the clock, then try again with --clock-checked.",
            code="clock-ahead",
        )


def _unneeded(old: Tree, publication: Publication, files: Mapping[str, bytes]) -> list[str]:
    """The paths of the tree that nothing in force, and nothing just before it, needs."""
    before = old.read(TIMESTAMP)
    if before is not None and read(before, Timestamp).snapshot_meta.version == publication.version(
        Snapshot.type
    ):
        return []  # a heartbeat: nothing but the timestamp is new
    needed = {piece.path_of(digest) for digest in needed_pieces(old, publication)}
    return sorted(
        path
        for path in old.paths()
        if path not in files and path not in needed and not _is_recent(path, publication)
    )


def _past(workspace: Workspace, publication: Publication) -> list[str]:
    """Slip pages of epochs that no reader asks for any more: older than the one before this."""
    issued = issued_of(content(publication.roles[Timestamp.type]))
    least = Calendar(workspace.config.rotation.epoch_seconds).epoch(issued) - ACCEPTED_SKEW
    return sorted(path for path in workspace.tree.paths() if (epoch_of(path) or least) < least)


def _is_recent(path: str, publication: Publication) -> bool:
    """Metadata that somebody in the middle of the statement before may still ask for; every root."""
    match = _VERSIONED.fullmatch(path)
    if match is None:
        return not path.startswith(("m/", "p/"))
    role = match[2]
    return role == Root.type or int(match[1]) >= publication.version(role) - 1
