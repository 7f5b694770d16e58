"""The files of ``m/`` that a mirror serves, out of what a session verified."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tuf.api.metadata import Root, Snapshot, Targets, Timestamp

from mirror.client.report import Ledger, Part
from mirror.errors import EndpointError, FormatError, MirrorError, TrustError
from mirror.limits import MAX_METADATA
from mirror.model import Endpoint
from mirror.net import Transport
from mirror.store.names import TIMESTAMP, kind_of
from mirror.trust.heads import pack_fitting
from mirror.trust.state import NOTICES_ROLE, channel_role, file_of
from mirror.trust.tufset import PINNED, TrustedSet
from mirror.trust.verified import Verified

_FOLDER = "m/"


def metadata_files(
    verified: Verified, roots: Mapping[str, bytes], channels: Sequence[str]
) -> dict[str, bytes]:
    """Metadata and statements by path: ``roots``, what ``verified`` holds, and the channels' heads.

    Raises:
        FormatError: ``metadata-names``: the publication does not name its files as a tree does.
    """
    files = {TIMESTAMP: verified.files[file_of(Timestamp.type)], **roots}
    for role, version in verified.versions.items():
        if role not in (Timestamp.type, Root.type):
            files[_FOLDER + file_of(role, version)] = verified.files[file_of(role)]
    for channel in channels:
        head = _head(verified, channel)
        if head is not None:
            files[f"{_FOLDER}heads/{channel}"] = head
    if not verified.is_consistent or any(kind_of(path) is None for path in files):
        raise FormatError(
            "The publication's metadata is not named as in a mirror's tree.", code="metadata-names"
        )
    return files


def _head(verified: Verified, channel: str) -> bytes | None:
    """The head of ``channel`` as the publisher packs it; None where nobody signs for the channel."""
    signs = channel_role(channel)
    parent = next((parent for role, parent in verified.roles if role == signs), None)
    if parent is None:
        return None

    def named(*roles: str) -> dict[str, bytes]:
        held = (role for role in roles if role in verified.versions)
        return {
            file_of(role, None if role == Timestamp.type else verified.versions[role]): verified.files[
                file_of(role)
            ]
            for role in held
        }

    needed = named(Timestamp.type, Snapshot.type, Targets.type, parent, signs)
    return pack_fitting(needed, named(NOTICES_ROLE, Root.type), named(NOTICES_ROLE))


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Whom to ask, how, and where to write down what they did."""

    endpoints: Sequence[Endpoint]
    transport: Transport
    ledger: Ledger


async def fetch_roots(
    first: bytes, verified: Verified, held: Callable[[str], bytes | None], mirrors: Mirrors
) -> dict[str, bytes]:
    """Every root from ``first`` to the verified one, by path: whoever was away for long needs them all.

    Each is verified by the one before. What ``held`` gives for a path is taken first.

    Raises:
        TrustError: ``roots-missing``: no mirror gave one; or ``first`` is of another publication.
    """
    trusted = TrustedSet(first, PINNED)
    newest = verified.versions[Root.type]
    path = _FOLDER + file_of(Root.type, trusted.root.version)
    roots = {path: first}
    while trusted.root.version < newest:
        path = _FOLDER + file_of(Root.type, trusted.root.version + 1)
        own = (held(path), verified.files[file_of(Root.type)])
        found = next((data for data in own if data is not None and _follows(trusted, data)), None)
        roots[path] = found or await _next(path, trusted, mirrors)
    if roots[path] != verified.files[file_of(Root.type)]:
        raise TrustError("The configured root does not lead to this publication.", code="roots-missing")
    return roots


async def _next(path: str, trusted: TrustedSet, mirrors: Mirrors) -> bytes:
    for mirror in mirrors.endpoints:
        try:
            data = await mirrors.transport.get(mirror, path, limit=MAX_METADATA)
        except EndpointError as error:
            mirrors.ledger.failed(mirror.name, Part.METADATA, error.code)
            continue
        if _follows(trusted, data):
            return data
        mirrors.ledger.lied(mirror.name, Part.METADATA, len(data))
    raise TrustError("No mirror gave the roots that lead to the newest one.", code="roots-missing")


def _follows(trusted: TrustedSet, data: bytes) -> bool:
    try:
        trusted.add_root(data)
    except MirrorError:
        return False
    return True
