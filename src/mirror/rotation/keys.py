"""The tree of keys: who can open what, without anybody being asked.

Rules (ROTATION.md section 2):

1. Every invitation is a node of one tree. A node's *branch key* gives everything at and below it:
   the branch keys of its children, and the two *slip keys* of each node.
2. The slip key OWN of a node opens what is for its reader alone; the slip key SUBTREE opens what is
   for everyone at or below it. Whoever is invited gets the SUBTREE keys of all nodes above, and
   nothing else of them.
3. Derivation is HKDF-SHA256: from a child's keys nothing can be learnt of its parent's branch key,
   of a sibling's keys, or of the OWN key of any node above.
4. Labels end where a fixed number of bytes begins, so no two derivations have the same input.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mirror.limits import MAX_DEPTH, MAX_INDEX

KEY_SIZE: Final = 16  # bytes of branch and slip keys: 128 bits, and short enough for a QR code
SECRET_SIZE: Final = 32  # bytes of the publisher's secret
PUBLICATION_SIZE: Final = 32  # bytes of a publication's name: SHA-256 of its first root
_TAG_SIZE: Final = 8

NodePath = tuple[int, ...]
"""A node as the publisher names it: the indexes from the root, which is ``()``."""


class Scope(Enum):
    """For whom a slip is sealed; the values are the labels of the derivation."""

    OWN = b"mirror/1/own"  # the reader of one invitation
    SUBTREE = b"mirror/1/subtree"  # that reader, and whoever was invited below


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What one slip is sealed for: a node and how far below it. A cohort is one or more of them."""

    path: NodePath
    is_subtree: bool = True

    @property
    def scope(self) -> Scope:
        """Which of the node's slip keys."""
        return Scope.SUBTREE if self.is_subtree else Scope.OWN

    def covers(self, path: NodePath) -> bool:
        """True when the reader at ``path`` can open slips for this place."""
        return path[: len(self.path)] == self.path if self.is_subtree else path == self.path


def derive(key: bytes, info: bytes, size: int = KEY_SIZE) -> bytes:
    """HKDF-SHA256 (RFC 5869) without salt: ``size`` bytes for the purpose ``info``."""
    return HKDF(hashes.SHA256(), size, None, info).derive(key)


def root_key(secret: bytes, publication: bytes) -> bytes:
    """The branch key of the root: the publisher's alone, and of one publication."""
    if len(secret) != SECRET_SIZE or len(publication) != PUBLICATION_SIZE:
        raise ValueError("a secret or a publication of another size")
    return derive(secret, b"mirror/1/root" + publication)


def child_key(branch: bytes, index: int) -> bytes:
    """The branch key of child ``index`` (0 to ``MAX_INDEX``)."""
    if not 0 <= index <= MAX_INDEX:
        raise ValueError("an index out of bounds")
    return derive(branch, b"mirror/1/child" + index.to_bytes(2, "big"))


def slip_key(branch: bytes, scope: Scope) -> bytes:
    """One of the two slip keys of the node with this branch key."""
    return derive(branch, scope.value)


def tag(branch: bytes) -> str:
    """A public name of a node, 16 hexadecimal digits: reveals neither its keys nor its place."""
    return derive(branch, b"mirror/1/tag", _TAG_SIZE).hex()


@dataclass(frozen=True, slots=True)
class Keyring:
    """What the reader of one invitation holds.

    ``ancestors`` are the SUBTREE keys of the nodes above, the root's first: as many as the node is
    deep. All keys have ``KEY_SIZE`` bytes.
    """

    branch: bytes = field(repr=False)
    ancestors: tuple[bytes, ...] = field(repr=False)

    def __post_init__(self) -> None:
        if {len(key) for key in (self.branch, *self.ancestors)} != {KEY_SIZE}:
            raise ValueError("a key of another size")
        if len(self.ancestors) > MAX_DEPTH:
            raise ValueError("too deep")

    @property
    def depth(self) -> int:
        """Steps below the root."""
        return len(self.ancestors)

    def subtree(self, depth: int) -> bytes:
        """The SUBTREE key of the node at ``depth`` (0 to ``self.depth``) on the way to this one."""
        return (*self.ancestors, slip_key(self.branch, Scope.SUBTREE))[depth]

    def slip_keys(self) -> tuple[bytes, ...]:
        """Every slip key this reader can open something with; the most particular first."""
        own = slip_key(self.branch, Scope.OWN)
        return (own, slip_key(self.branch, Scope.SUBTREE), *reversed(self.ancestors))

    def child(self, index: int) -> "Keyring":
        """What the reader of child ``index`` holds.

        Raises:
            ValueError: The index is out of bounds, or this node is at ``MAX_DEPTH``.
        """
        above = (*self.ancestors, slip_key(self.branch, Scope.SUBTREE))
        return Keyring(child_key(self.branch, index), above)


class KeyTree:
    """The publisher's view: the keys of any node by its path. Remembers what it derived.

    ``decoy_key`` makes the decoys of slip pages; whoever held it could tell slips from decoys.
    """

    def __init__(self, secret: bytes, publication: bytes) -> None:
        self.publication = publication
        self.decoy_key = derive(secret, b"mirror/1/decoys" + publication, 32)
        self._branches: dict[NodePath, bytes] = {(): root_key(secret, publication)}
        self._slip_keys: dict[Place, bytes] = {}

    def branch(self, path: NodePath) -> bytes:
        """The branch key of the node at ``path``."""
        if len(path) > MAX_DEPTH:
            raise ValueError("too deep")
        key = self._branches.get(path)
        if key is None:
            key = self._branches[path] = child_key(self.branch(path[:-1]), path[-1])
        return key

    def slip_key(self, place: Place) -> bytes:
        """The key that slips for ``place`` are sealed with."""
        key = self._slip_keys.get(place)
        if key is None:
            key = self._slip_keys[place] = slip_key(self.branch(place.path), place.scope)
        return key

    def keyring(self, path: NodePath) -> Keyring:
        """What goes into the invitation of the node at ``path``."""
        above = tuple(self.slip_key(Place(path[:depth])) for depth in range(len(path)))
        return Keyring(self.branch(path), above)
