"""From accepted metadata to a verdict: how fresh, as of when, signed by whom, what to store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tuf.api.metadata import Root, Snapshot, Timestamp

from mirror.errors import FormatError, TrustError
from mirror.trust.metadata import distinct_signers, instant, issued_of, parse
from mirror.trust.state import Freshness, Observation, State, Stored, file_of
from mirror.trust.tufset import PINNED, TrustedSet
from mirror.trust.verified import Signers, Verified


@dataclass(frozen=True, slots=True)
class Offer:
    """A genuine timestamp, and the sources that show it (none: it is from our own store)."""

    sources: tuple[str, ...]
    data: bytes
    payload: bytes
    version: int
    issued: int

    def shown_also_by(self, sources: tuple[str, ...]) -> "Offer":
        """The same offer with more sources."""
        return replace(self, sources=(*self.sources, *sources))


def offer_of(data: bytes, root: bytes, sources: tuple[str, ...]) -> Offer:
    """The offer in ``data``, if it is a timestamp that ``root`` stands behind; expiry is not looked at.

    Raises:
        FormatError, TrustError: It is not.
    """
    trusted = TrustedSet(root, PINNED)
    signed = trusted.add_timestamp(data)
    # R11: an online key may not push our clock past what the offline keys vouch for.
    issued = min(issued_of(signed), instant(trusted.root.expires))
    return Offer(sources, data, parse(data).signed_bytes, signed.version, issued)


def verdict(
    trusted: TrustedSet,
    *,
    files: Mapping[str, bytes],
    stored: Stored,
    root: bytes,
    shown: Sequence[Offer],
    missed: Sequence[Offer],
    device_now: int,
    has_answered: bool,
    observations: tuple[Observation, ...],
    delegation_limit: int,
) -> Verified:
    """What a session ends with. ``missed``: genuine and newer statements that stayed incomplete."""
    roles = dict(trusted.roles)
    top: tuple[Root | Timestamp | Snapshot, ...] = (trusted.root, trusted.timestamp, trusted.snapshot)
    parents = {signed.type: Root.type for signed in top} | dict(roles.keys())  # role → who delegates to it
    expiries = {instant(signed.expires) for signed in (*top, *roles.values())}
    floor = _floor(stored, root, shown)
    reference = max(device_now, floor)  # R12
    expires = min(expiries)
    is_expired = expires <= reference
    stamp_expired = instant(trusted.timestamp.expires) <= reference
    if missed or (stamp_expired and has_answered):  # R14
        state = State.HELD_BACK
    elif is_expired:
        state = State.OLD
    else:
        state = State.CURRENT
    freshness = Freshness(
        state=state,
        as_of=issued_of(trusted.timestamp),
        expires=expires,
        old_since=expires if is_expired else None,
        reference=reference,
        skew_seconds=max(0, floor - device_now),
        is_checked=bool(shown),
    )
    newest = max(missed, key=lambda offer: offer.version, default=None)
    is_news = newest is not None and newest.payload != parse(files[file_of(Timestamp.type)]).signed_bytes
    return Verified(
        files=files,
        versions={s.type: s.version for s in top} | {role: s.version for (role, _), s in roles.items()},
        signers={
            role: _signers(trusted, parent, role, files[file_of(role)]) for role, parent in parents.items()
        },
        freshness=freshness,
        observations=observations,
        showed={source: offer.version for offer in shown for source in offer.sources},
        stored=Stored(
            root=root,
            files=files,
            pending=newest.data if newest is not None and is_news else None,
            floor=floor,
        ),
        is_consistent=bool(trusted.root.consistent_snapshot),
        delegation_limit=delegation_limit,
        roles=roles,
    )


def _floor(stored: Stored, root: bytes, shown: Sequence[Offer]) -> int:
    """R10, R12: the newest signed instant, forgotten with the key that signed it."""
    own = [data for data in (stored.files.get(file_of(Timestamp.type)), stored.pending) if data is not None]
    issued = [offer.issued for offer in shown]
    is_revoked = False
    for data in own:
        try:
            issued.append(offer_of(data, root, ()).issued)
        except TrustError:
            is_revoked = True
        except FormatError:  # a damaged store says nothing about keys
            continue
    return max(issued, default=0) if is_revoked else max([stored.floor, *issued])


def _signers(trusted: TrustedSet, parent: str, role: str, data: bytes) -> Signers:
    delegator = trusted.root if parent == Root.type else trusted.role(parent)
    asked = delegator.get_delegated_role(role)
    return Signers(distinct_signers(delegator, role, parse(data)), asked.threshold, len(asked.keyids))
