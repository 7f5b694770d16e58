"""The signed metadata brought back from a tree: after a lost disk, or a backup that is too old.

Mirrors have all that was ever signed and is in force. It is taken only after the reader's own
verification, from the first root that the publisher knows by its digest, and only if it is not older
than what is kept here: versions that were published are spent for ever.
"""

import shutil
from hashlib import sha256

from tuf.api.metadata import Root, Snapshot, Timestamp

from mirror.client.edition import NOTICES_TARGET, PROGRAM_TARGET, head_target
from mirror.errors import MirrorError, StorageError, TrustError
from mirror.publisher.published import needed_pieces
from mirror.publisher.workspace import Workspace
from mirror.store import atomic
from mirror.store.tree import Tree
from mirror.trust.metadata import read
from mirror.trust.publication import Publication
from mirror.trust.session import MetadataSession
from mirror.trust.state import Stored, file_of


def recover(workspace: Workspace, root_digest: str, *, now: int) -> Publication:
    """Make the metadata in the publication's tree the newest; the caller holds the lock.

    ``root_digest`` is the SHA-256 of the first root in hex, as ``init`` printed it.

    Raises:
        TrustError: ``recover-other``: the tree's first root has another digest; ``recover-older``:
            newer metadata is kept here; or the tree's metadata does not verify.
        StorageError: ``recover-incomplete``: the tree lacks metadata; ``tree-damaged``: a piece.
    """
    found = _in_tree(workspace, root_digest, now)
    try:
        kept = workspace.publication().version(Timestamp.type)
    except MirrorError:
        kept = None  # lost or damaged: that is what this is for
    if kept is not None and kept > found.version(Timestamp.type):
        raise TrustError("Newer metadata is kept here than the tree has.", code="recover-older")
    needed_pieces(workspace.tree, found)
    if kept is None:
        with atomic.told():
            shutil.rmtree(workspace.folder / "state" / "metadata", ignore_errors=True)
    workspace.keep(found)
    return found


def _in_tree(workspace: Workspace, root_digest: str, now: int) -> Publication:
    tree = workspace.tree
    roots = _roots(tree)
    if not roots or sha256(roots[0]).hexdigest() != root_digest.lower():
        raise TrustError("The tree's first root is not the one of that digest.", code="recover-other")
    wanted = [
        NOTICES_TARGET,
        PROGRAM_TARGET,
        *(head_target(channel.id) for channel in workspace.config.channels),
    ]
    session = MetadataSession(Stored(roots[0]), ["tree"], now=now, wanted=wanted, head=None)
    while asks := session.requests():
        for ask in asks:
            data = tree.read(f"m/{ask.path}")
            if data is None:
                session.failed(ask, "absent")
            else:
                session.received(ask, data)
    files = dict(session.result().files)
    files.pop(file_of(Root.type))
    if not read(files[file_of(Snapshot.type)], Snapshot).meta.keys() <= files.keys():
        raise StorageError("The tree lacks some of its metadata.", code="recover-incomplete")
    return Publication(roots, {name.removesuffix(".json"): data for name, data in files.items()})


def _roots(tree: Tree) -> tuple[bytes, ...]:
    roots: list[bytes] = []
    while (data := tree.read(f"m/{file_of(Root.type, len(roots) + 1)}")) is not None:
        roots.append(data)
    return tuple(roots)
