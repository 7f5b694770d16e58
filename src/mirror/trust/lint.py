"""What is wrong with a publication although every signature is right: checked before it leaves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tuf.api.metadata import Root, Targets, Timestamp

from mirror.limits import MAX_METADATA, MAX_VERSION_JUMP
from mirror.trust.metadata import content, instant, key_material
from mirror.trust.publication import DAY, ONLINE, Publication

MAX_LIFETIME: Final = 5 * 365 * DAY  # a key stolen from a drawer after that must be worth nothing


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong. ``is_fatal``: it must not be published; else: look at it soon."""

    code: str
    role: str
    sentence: str
    is_fatal: bool = True


def lint(publication: Publication, *, now: int, previous: Publication | None = None) -> tuple[Fault, ...]:
    """Return what is wrong with ``publication`` at ``now``, and as a successor of ``previous``."""
    return (
        *_keys(publication),
        *_expiries(publication, now),
        *_versions(publication, previous),
        *_sizes(publication),
    )


def _delegations(publication: Publication) -> Iterator[tuple[Root | Targets, str]]:
    """Every role with the metadata that delegates it."""
    root = publication.root
    yield from ((root, role) for role in root.roles)
    for name in publication.roles:
        signed = content(publication.roles[name])
        if isinstance(signed, Targets) and signed.delegations is not None:
            yield from ((signed, role) for role in signed.delegations.roles or {})


def _keys(publication: Publication) -> Iterator[Fault]:
    online: set[bytes] = set()
    offline: list[tuple[str, set[bytes]]] = []
    for delegator, role in _delegations(publication):
        entry = delegator.get_delegated_role(role)
        keys = {key_material(delegator.get_key(keyid)) for keyid in entry.keyids}
        if len(keys) < len(entry.keyids):
            yield Fault("duplicate-key", role, "one public key stands under two key ids")
        if entry.threshold > len(keys):
            yield Fault("threshold", role, "the threshold is above the number of keys")
        if role == Root.type and entry.threshold == 1:
            yield Fault("single-holder", role, "one person alone can replace every key", is_fatal=False)
        if role in ONLINE:
            online |= keys
        else:
            offline.append((role, keys))
    for role, keys in offline:
        if keys & online:
            yield Fault(
                "online-key", role, "a key that lies on a server may also sign what must stay offline"
            )


def _expiries(publication: Publication, now: int) -> Iterator[Fault]:
    files = {Root.type: publication.roots[-1], **publication.roles}
    expiries = {role: instant(content(data).expires) for role, data in files.items()}
    for role, expires in expiries.items():
        if expires <= now:
            yield Fault("expired-role", role, "the role has expired and must be signed again")
        elif expires > now + MAX_LIFETIME:
            yield Fault("expiry-too-far", role, "the role would stay valid for more than five years")
        elif expires < expiries[Timestamp.type]:
            yield Fault("expires-soon", role, "the role expires before the timestamp does", is_fatal=False)


def _versions(publication: Publication, previous: Publication | None) -> Iterator[Fault]:
    if previous is None:
        return
    if (
        publication.roots[: len(previous.roots)] != previous.roots
        or len(publication.roots) > len(previous.roots) + 1
    ):
        yield Fault("version-jump", Root.type, "the roots are not those before, and at most one more")
    for role, data in previous.roles.items():
        step = publication.version(role) - previous.version(role)
        if step < 0 or step > MAX_VERSION_JUMP or (step == 0 and publication.roles[role] != data):
            yield Fault("version-jump", role, "the version goes back, stands still under a change, or leaps")


def _sizes(publication: Publication) -> Iterator[Fault]:
    for role, data in {Root.type: publication.roots[-1], **publication.roles}.items():
        if len(data) > MAX_METADATA:
            yield Fault(
                "metadata-too-large", role, "the file is larger than a piece: readers would refuse it"
            )
