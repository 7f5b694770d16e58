"""The heartbeat: the timestamp signed again, so that readers know the news is still current."""

from collections.abc import Sequence

from securesystemslib.signer import Signer

from mirror.publisher.rotation import Press
from mirror.publisher.settle import check_clock, put_and_keep, settle
from mirror.publisher.slipmaking import Pages, make_slips
from mirror.publisher.workspace import Workspace
from mirror.trust import ceremony
from mirror.trust.publication import Publication


def heartbeat(
    workspace: Workspace,
    online: Sequence[Signer],
    *,
    now: int,
    clock_checked: bool = False,
    press: Press | None = None,
) -> tuple[Publication, Pages]:
    """Sign the timestamp again at ``now`` (and the snapshot where it is old), and put it into the tree.

    Needs the online keys alone; with ``press``, slips are made and published with it. Completes a
    release that a crash cut off.

    Raises:
        TrustError: ``clock-behind``, ``clock-ahead``; ``below-threshold``: these are not the online
            keys; or something else has expired. Nothing was changed.
        StorageError: The disk refused; the old statement or the new one stands.
    """
    publication = workspace.publication()
    check_clock(publication, now, is_checked=clock_checked)
    renewed = ceremony.heartbeat(publication, online, now=now, lifetimes=workspace.config.lifetimes)
    # First what a crash cut off: the pages laid ready for it would give way to those of this statement.
    settle(workspace, publication)
    pages = make_slips(press, workspace.tree, renewed, now) if press else Pages()
    put_and_keep(workspace, renewed, {}, pages=pages.changed)
    return renewed, pages
