"""The heartbeat: the timestamp signed again, so that readers know the news is still current."""

from collections.abc import Sequence

from securesystemslib.signer import Signer

from mirror.publisher.settle import check_clock, settle
from mirror.publisher.workspace import Workspace
from mirror.trust import ceremony
from mirror.trust.publication import Publication


def heartbeat(
    workspace: Workspace, online: Sequence[Signer], *, now: int, clock_checked: bool = False
) -> Publication:
    """Sign the timestamp again at ``now`` (and the snapshot where it is old), and put it into the tree.

    Needs the online keys alone. Completes a release that a crash cut off.

    Raises:
        TrustError: ``clock-behind``, ``clock-ahead``; ``below-threshold``: these are not the online
            keys; or something else has expired. Nothing was changed.
        StorageError: The disk refused; the old statement or the new one stands.
    """
    publication = workspace.publication()
    check_clock(publication, now, is_checked=clock_checked)
    renewed = ceremony.heartbeat(publication, online, now=now, lifetimes=workspace.config.lifetimes)
    workspace.keep(renewed)
    settle(workspace, renewed)
    return renewed
