"""Fetching a reader's two slip pages: an asynchronous shell around ``slips``. It decides nothing."""

import asyncio
from functools import partial

from mirror.client.fetch import Pieces
from mirror.client.race import Errand
from mirror.client.report import Part
from mirror.client.slips import Finding, Handed, asking, learnt, settings_of
from mirror.limits import MAX_PIECE, SLIPS_SECONDS
from mirror.rotation.invitation import Invitation
from mirror.trust.verified import Verified


async def refresh_slips(
    invitation: Invitation, handed: Handed, verified: Verified, fetcher: Pieces, now: int
) -> tuple[Handed, Finding]:
    """What this reader is handed now, and how it went; ``now`` is the device's instant.

    Nothing raises: without a slip, what was handed before stays. Takes at most ``SLIPS_SECONDS``.
    """
    settings = settings_of(verified)
    if settings is None:
        return handed, Finding.NOT_SIGNED
    if not verified.freshness.is_checked:
        return handed, Finding.NOT_ASKED
    asked = asking(handed, invitation, settings, now, verified.freshness.as_of)
    given: dict[str, bytes] = {}
    errands = {
        name.path: Errand(
            name.path, MAX_PIECE, partial(asked.is_right, name), Part.SLIPS, partial(asked.is_honest, name)
        )
        for name in asked.names
    }
    try:
        async with asyncio.timeout(SLIPS_SECONDS):
            await fetcher.files(errands, given.__setitem__)
    except TimeoutError:
        pass
    return learnt(asked, given)
