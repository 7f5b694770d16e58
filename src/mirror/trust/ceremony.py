"""Signing a draft: by keys at hand, or by detached signatures from machines that are never online.

The way of a detached signature: ``export_payload`` gives the bytes that are to be signed, a holder
reads ``facts_of`` them on an offline machine and makes a ``detached_sign``, ``merge_signature``
checks it and puts it into the draft; ``status`` says who signed and who is missing; ``commit``
refuses a draft below its thresholds, makes the online snapshot and timestamp, and gives the next
publication. ``heartbeat`` is a commit of nothing: the timestamp again, with a later expiry.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from securesystemslib.signer import Key, Signature, Signer
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Snapshot, Targets, Timestamp
from tuf.api.serialization import SerializationError

from mirror.errors import FormatError, TrustError
from mirror.limits import MAX_KEY_FILE
from mirror.trust.keys import PublicKey, verify
from mirror.trust.lint import lint
from mirror.trust.metadata import (
    FIELD,
    content,
    distinct_signers,
    instant,
    issued_of,
    moment,
    pack,
    parse,
    read,
)
from mirror.trust.publication import DEFAULT_LIFETIMES, ONLINE, Draft, Lifetimes, Publication, stamp
from mirror.trust.state import file_of

_TYPE: Final = "mirror-signature"
_FIELDS: Final = frozenset({"_type", "version", "keyid", "payload", "sig"})


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """Who signed one role of a draft, by the names of their keys (or the start of the key's id).

    A new root appears twice: ``by`` is ``"previous root"`` for the holders of the root before, who
    must agree, and ``"root"`` for its own. Otherwise ``by`` is the role that delegates.
    """

    role: str
    version: int
    by: str
    threshold: int
    signed: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """True when enough different keys signed."""
        return len(self.signed) >= self.threshold


@dataclass(frozen=True, slots=True)
class PayloadFacts:
    """What a holder is about to sign, for showing it to him; read from the payload itself."""

    role: str
    version: int
    issued: int
    expires: int
    thresholds: Mapping[str, tuple[int, int]]  # role → (how many must sign, of how many)
    targets: Mapping[str, int]  # path → length


def sign(draft: Draft, *signers: Signer) -> Draft:
    """Return ``draft`` with the signature of each signer on every role he holds.

    Raises:
        TrustError: ``not-a-holder``: a signer holds none of the roles.
    """
    holders = {role: _holders(draft, role) for role in draft.roles}
    files = {role: parse(data) for role, data in draft.roles.items()}
    for signer in signers:
        held = [role for role in files if signer.public_key.keyid in holders[role]]
        if not held:
            raise TrustError("this key may sign none of the changed roles", code="not-a-holder")
        for role in held:
            files[role].sign(signer, append=True)
    return replace(draft, roles={role: pack(file.signed, file.signatures) for role, file in files.items()})


def export_payload(draft: Draft, role: str) -> bytes:
    """Return the bytes that the holders of ``role`` sign: its canonical JSON, readable by people.

    Raises:
        TrustError: ``no-role``: the draft does not change this role.
    """
    if role not in draft.roles:
        raise TrustError("the draft does not change this role", code="no-role")
    return bytes(parse(draft.roles[role]).signed_bytes)


def facts_of(payload: bytes) -> PayloadFacts:
    """Return what ``payload`` says, for a holder to compare before he signs.

    Raises:
        FormatError: ``payload``: not the canonical payload of a role of ours.
    """
    signed, role = _opened(payload)
    thresholds: dict[str, tuple[int, int]] = {}
    targets: dict[str, int] = {}
    if isinstance(signed, Root):
        thresholds = {name: (each.threshold, len(each.keyids)) for name, each in signed.roles.items()}
    elif isinstance(signed, Targets):
        targets = {path: target.length for path, target in signed.targets.items()}
        roles = (signed.delegations.roles or {}) if signed.delegations else {}
        thresholds = {name: (each.threshold, len(each.keyids)) for name, each in roles.items()}
    return PayloadFacts(role, signed.version, issued_of(signed), instant(signed.expires), thresholds, targets)


def detached_sign(payload: bytes, signer: Signer) -> bytes:
    """Return a signature file over an exported payload; needs nothing else of the publication.

    Raises:
        FormatError: ``payload``: not a payload of ours. A key never signs what it cannot read.
    """
    _opened(payload)
    signature = signer.sign(payload)
    fields = {
        "_type": _TYPE,
        "version": 1,
        "keyid": signature.keyid,
        "payload": hashlib.sha256(payload).hexdigest(),
        "sig": signature.signature,
    }
    return _canonical(fields) + b"\n"


def merge_signature(draft: Draft, data: bytes) -> Draft:
    """Return ``draft`` with a detached signature put where it belongs.

    Raises:
        FormatError: ``signature``: not a signature file.
        TrustError: ``other-payload``: it signs something else than this draft; ``not-a-holder``;
            ``bad-signature``: it does not verify.
    """
    fields = _signature_fields(data)
    payloads = {hashlib.sha256(export_payload(draft, role)).hexdigest(): role for role in draft.roles}
    role = payloads.get(fields["payload"])
    if role is None:
        raise TrustError("the signature is over another draft", code="other-payload")
    keyid = fields["keyid"]
    key = _holders(draft, role).get(keyid)
    if key is None:
        raise TrustError("this key may not sign this role", code="not-a-holder")
    metadata = parse(draft.roles[role])
    if not verify(key, bytes.fromhex(fields["sig"]), metadata.signed_bytes):
        raise TrustError("the signature does not verify", code="bad-signature")
    metadata.signatures[keyid] = Signature(keyid, fields["sig"])
    return replace(draft, roles={**draft.roles, role: pack(metadata.signed, metadata.signatures)})


def status(draft: Draft, known: Iterable[PublicKey] = ()) -> tuple[RoleStatus, ...]:
    """Return who signed each changed role and who is missing; ``known`` gives the keys their names."""
    names = {each.keyid: each.name for each in known}
    found: list[RoleStatus] = []
    for role, data in draft.roles.items():
        metadata = parse(data)
        for by, delegator in _authorities(draft, role):
            signed = distinct_signers(delegator, role, metadata)
            missing = [keyid for keyid in _keys(delegator, role) if keyid not in signed]
            found.append(
                RoleStatus(
                    role,
                    metadata.signed.version,
                    by,
                    delegator.get_delegated_role(role).threshold,
                    tuple(names.get(keyid, keyid[:8]) for keyid in signed),
                    tuple(names.get(keyid, keyid[:8]) for keyid in missing),
                )
            )
    return tuple(found)


def rebase(draft: Draft, publication: Publication) -> Draft:
    """Return ``draft`` on top of a newer publication, its signatures kept.

    A ceremony may take days, and heartbeats go on meanwhile.

    Raises:
        TrustError: ``stale-draft``: a role of the draft was changed in the meantime.
    """
    for role, data in draft.roles.items():
        if content(data).version != publication.version(role) + 1:
            raise TrustError("the draft's roles were changed in the meantime", code="stale-draft")
    return Draft(publication, draft.roles)


def commit(
    draft: Draft, online: Sequence[Signer], *, now: int, lifetimes: Lifetimes = DEFAULT_LIFETIMES
) -> Publication:
    """Return the publication that ``draft`` makes: with a new timestamp, and a snapshot if need be.

    Args:
        draft: Signed; ``rebase`` it first if anything was published since it was made.
        online: The signers of snapshot and timestamp.
        now: When it is issued.
        lifetimes: See ``Lifetimes``.

    Raises:
        TrustError: ``below-threshold``: a role has too few signatures; ``clock-behind``: ``now`` is
            before the last statement; or the code of a fatal ``Fault``.
    """
    for each in status(draft):
        if not each.is_complete:
            raise TrustError(
                f"{each.role} has {len(each.signed)} of the {each.threshold} signatures it needs",
                code="below-threshold",
            )
    base = draft.base
    roots = base.roots if base is not None else ()
    if Root.type in draft.roles:
        roots = (*roots, draft.roles[Root.type])
    roles = {**(base.roles if base is not None else {}), **draft.roles}
    roles.pop(Root.type, None)
    if base is not None and now < issued_of(content(base.roles[Timestamp.type])):
        raise TrustError("this machine's clock is behind the last statement", code="clock-behind")
    meta = {
        file_of(role): MetaFile(
            content(data).version, len(data), {"sha256": hashlib.sha256(data).hexdigest()}
        )
        for role, data in sorted(roles.items())
        if role not in ONLINE
    }
    root = read(roots[-1], Root)
    old = roles.get(Snapshot.type)
    if old is None or not _is_good_snapshot(root, old, meta, now + lifetimes.timestamp):
        snapshot = Snapshot(_next(old), expires=moment(now), meta=meta)
        roles[Snapshot.type] = _signed_online(root, snapshot, online, now, lifetimes)
    data = roles[Snapshot.type]
    named = MetaFile(content(data).version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})
    timestamp = Timestamp(_next(roles.get(Timestamp.type)), expires=moment(now), snapshot_meta=named)
    roles[Timestamp.type] = _signed_online(root, timestamp, online, now, lifetimes)
    publication = Publication(roots, roles)
    for fault in lint(publication, now=now, previous=base):
        if fault.is_fatal:
            raise TrustError(f"{fault.role}: {fault.sentence}", code=fault.code)
    return publication


def heartbeat(
    publication: Publication,
    online: Sequence[Signer],
    *,
    now: int,
    lifetimes: Lifetimes = DEFAULT_LIFETIMES,
) -> Publication:
    """Return ``publication`` with a timestamp that expires later; raises as ``commit``.

    The snapshot is signed again when it would expire before the new timestamp.
    """
    return commit(Draft(publication, {}), online, now=now, lifetimes=lifetimes)


def _is_good_snapshot(root: Root, data: bytes, meta: dict[str, MetaFile], until: int) -> bool:
    """True when the old snapshot still says all, lives long enough, and has its signatures."""
    old = read(data, Snapshot)
    enough = len(distinct_signers(root, Snapshot.type, parse(data))) >= root.roles[Snapshot.type].threshold
    return old.meta == meta and instant(old.expires) >= until and enough


def _next(old: bytes | None) -> int:
    return 1 if old is None else content(old).version + 1


def _signed_online(
    root: Root, signed: Snapshot | Timestamp, online: Sequence[Signer], now: int, lifetimes: Lifetimes
) -> bytes:
    stamp(signed, signed.type, now, lifetimes)
    metadata = Metadata[Any](signed)
    for signer in online:
        if signer.public_key.keyid in root.roles[signed.type].keyids:
            metadata.sign(signer, append=True)
    if len(distinct_signers(root, signed.type, metadata)) < root.roles[signed.type].threshold:
        raise TrustError(f"{signed.type} lacks the signatures of its online keys", code="below-threshold")
    return pack(signed, metadata.signatures)


def _authorities(draft: Draft, role: str) -> list[tuple[str, Root | Targets]]:
    """Who has a say over ``role``: for a new root, the root before it and itself."""
    if role != Root.type:
        return [(draft.parent(role), draft.delegator(role))]
    before: list[tuple[str, Root | Targets]] = [("previous root", draft.base.root)] if draft.base else []
    return [*before, (Root.type, read(draft.roles[Root.type], Root))]


def _keys(delegator: Root | Targets, role: str) -> dict[str, Key]:
    return {keyid: delegator.get_key(keyid) for keyid in delegator.get_delegated_role(role).keyids}


def _holders(draft: Draft, role: str) -> dict[str, Key]:
    """All who may sign ``role``, by key id."""
    return {
        keyid: key
        for _, delegator in _authorities(draft, role)
        for keyid, key in _keys(delegator, role).items()
    }


def _opened(payload: bytes) -> tuple[Signed, str]:
    """The content and the role of an exported payload."""
    try:
        # Canonical JSON, as TUF has it, leaves the line breaks of a PEM key unescaped: strict=False.
        fields = json.loads(payload, strict=False)
        metadata = parse(json.dumps({"signatures": [], "signed": fields}).encode())
        role = metadata.signed.unrecognized_fields[FIELD]["role"]
        if metadata.signed_bytes != payload or not isinstance(role, str):
            raise FormatError("not the canonical payload of a role", code="payload")
    except (FormatError, SerializationError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise FormatError("not a payload to sign", code="payload") from error
    return metadata.signed, role


def _canonical(fields: Mapping[str, object]) -> bytes:
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def _signature_fields(data: bytes) -> dict[str, str]:
    try:
        fields = json.loads(data) if len(data) <= MAX_KEY_FILE else None
        if not isinstance(fields, dict) or fields.keys() != _FIELDS or _canonical(fields) + b"\n" != data:
            raise ValueError("not as we write it")
        if (fields.pop("_type"), fields.pop("version")) != (_TYPE, 1):
            raise ValueError("of another version")
        if any(
            not isinstance(value, str) or bytes.fromhex(value).hex() != value for value in fields.values()
        ):
            raise ValueError("not hexadecimal")
    except (ValueError, TypeError, RecursionError) as error:
        raise FormatError("not a signature file", code="signature") from error
    return fields
