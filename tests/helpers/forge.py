"""Metadata of any kind, right or wrong, signed with real keys: by a publisher, a thief or a fool.

Nothing here goes through our publisher, which would refuse most of it: files are plain JSON values.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from securesystemslib.formats import encode_canonical
from securesystemslib.signer import CryptoSigner

from helpers.newsroom import NOW
from mirror.errors import LimitError
from mirror.trust.heads import pack_head

DAY: Final = 86_400
Json = dict[str, Any]


@cache
def secret(name: str) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
    """The private key of that name: on P-256 when it begins with ``p``, else Ed25519."""
    seed = hashlib.sha256(name.encode()).digest()
    if name.startswith("p"):
        return ec.derive_private_key(int.from_bytes(seed, "big") >> 1, ec.SECP256R1())
    return Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(frozen=True, slots=True)
class Pen:
    """A key as one file names it: ``alias`` writes the same public key another way, under another id."""

    name: str
    alias: int = 0

    @property
    def key(self) -> Json:
        """The key as metadata has it."""
        return _written(self.name, self.alias)

    @property
    def keyid(self) -> str:
        """Another one for every spelling."""
        return hashlib.sha256(json.dumps(self.key).encode()).hexdigest()

    def sign(self, payload: bytes) -> Json:
        """The signature as metadata has it; always the same, so that a failing example fails again."""
        key = secret(self.name)
        if isinstance(key, Ed25519PrivateKey):
            return {"keyid": self.keyid, "sig": key.sign(payload).hex()}
        return {
            "keyid": self.keyid,
            "sig": key.sign(payload, ec.ECDSA(SHA256(), deterministic_signing=True)).hex(),
        }


@cache
def _written(name: str, alias: int) -> Json:
    made = json.loads(json.dumps(CryptoSigner(secret(name)).public_key.to_dict()))
    public = made["keyval"]["public"]
    if alias and "BEGIN" in public:
        made["keyval"]["public"] = public.replace("\n", "\r\n" if alias == 1 else " \n")
    elif alias:
        made["keyval"]["public"] = public.upper() if alias == 1 else f"{public[:2]} {public[2:]}"
    return dict(made)


def sealed(signed: Json, pens: Sequence[Pen]) -> bytes:
    """The file that carries ``signed``, signed by ``pens``."""
    canonical = encode_canonical(signed)
    assert canonical is not None
    signatures = {pen.keyid: pen.sign(canonical.encode()) for pen in pens}
    return json.dumps({"signatures": list(signatures.values()), "signed": signed}).encode()


def date(at: int) -> str:
    """An instant as metadata has it."""
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def named(data: bytes, version: int) -> Json:
    """What a snapshot says of a file."""
    return {"version": version, "length": len(data), "hashes": {"sha256": hashlib.sha256(data).hexdigest()}}


@dataclass
class Forge:
    """A publication made by hand. ``files`` is ``m/`` with all that was ever published."""

    holders: dict[str, tuple[tuple[Pen, ...], int]]  # role → who may sign it, and how many must
    now: int = NOW
    files: dict[str, bytes] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    editions: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in ("root", "targets", "channel-ru", "notices"):
            self.publish(role)
        self.publish("snapshot", "timestamp")

    @property
    def root(self) -> bytes:
        """The first root."""
        return self.files["1.root.json"]

    def publish(
        self,
        *roles: str,
        change: Callable[[Json], None] = lambda _signed: None,
        pens: Sequence[Pen] | None = None,
    ) -> "Forge":
        """Sign and keep the next version of each role; ``change`` spoils it before ``pens`` sign."""
        for role in roles:
            before = self.holders[role][0]
            self.versions[role] = self.versions.get(role, 0) + 1
            signed = self._signed(role)
            change(signed)
            data = sealed(signed, before if pens is None else pens)
            self.files[self._name(role)] = data
        return self

    def rotate(self, role: str, pens: tuple[Pen, ...], threshold: int) -> "Forge":
        """A new root that gives ``role`` to others, signed by old and new holders of the root."""
        before = self.holders["root"][0]
        self.holders[role] = pens, threshold
        return self.publish("root", pens=(*before, *self.holders["root"][0]))

    def _name(self, role: str) -> str:
        return "timestamp.json" if role == "timestamp" else f"{self.versions[role]}.{role}.json"

    def _signed(self, role: str) -> Json:
        kind = role if role in ("root", "snapshot", "timestamp") else "targets"
        common = {
            "_type": kind,
            "version": self.versions[role],
            "spec_version": "1.0.31",
            "expires": date(self.now + (14 if role == "timestamp" else 300) * DAY),
            "x-mirror": {"issued": self.now, "role": role},
        }
        return (
            common
            | {
                "root": self._root,
                "targets": self._targets,
                "snapshot": self._snapshot,
                "timestamp": self._timestamp,
            }.get(role, lambda: self._channel(role))()
        )

    def _held(self, roles: Sequence[str]) -> tuple[Json, dict[str, Json]]:
        keys = {pen.keyid: pen.key for role in roles for pen in self.holders[role][0]}
        return keys, {
            role: {"keyids": [pen.keyid for pen in self.holders[role][0]], "threshold": self.holders[role][1]}
            for role in roles
        }

    def _root(self) -> Json:
        keys, roles = self._held(["root", "targets", "snapshot", "timestamp"])
        return {"consistent_snapshot": True, "keys": keys, "roles": roles}

    def _targets(self) -> Json:
        keys, roles = self._held(["channel-ru", "notices"])
        paths = {"channel-ru": ["ru/*"], "notices": ["notices/*"]}
        delegations = [
            {"name": role, "terminating": True, "paths": paths[role], **held} for role, held in roles.items()
        ]
        return {"targets": {}, "delegations": {"keys": keys, "roles": delegations}}

    def _channel(self, role: str) -> Json:
        path = {"channel-ru": "ru/head", "notices": "notices/set"}[role]
        data = f"{role} {self.versions[role]}".encode()
        digest = hashlib.sha256(data).hexdigest()
        return {"targets": {path: {"length": len(data), "hashes": {"sha256": digest}}}}

    def _snapshot(self) -> Json:
        roles = ("targets", "channel-ru", "notices")
        meta = {f"{role}.json": named(self.files[self._name(role)], self.versions[role]) for role in roles}
        return {"meta": meta}

    def _timestamp(self) -> Json:
        version = self.versions["snapshot"]
        return {"meta": {"snapshot.json": named(self.files[self._name("snapshot")], version)}}

    def tree(self) -> dict[str, bytes]:
        """``files`` as they are now, with a head where they fit into one."""
        carried = {self._name(role): self.files[self._name(role)] for role in self.versions}
        with suppress(LimitError):
            return self.files | {"heads/ru": pack_head(carried)}
        return dict(self.files)
