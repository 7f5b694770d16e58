"""The roster: a publication's endpoints, invitations and what happened, as values.

``database`` reads and writes them. ``Facts`` is one consistent picture of all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mirror.errors import ConfigError
from mirror.model import Endpoint
from mirror.net.address import endpoint as parse_address
from mirror.rotation.keys import NodePath
from mirror.rotation.lint import Listed
from mirror.rotation.paths import Entrance, path_key

DOORWAY: Final = -1  # the "cohort" of the seat that first invitations lead to


class Pool(StrEnum):
    """Endpoints and readers that never mix: a leak of open links costs nothing that was invited."""

    INVITED = "invited"
    OPEN = "open"


class Event(StrEnum):
    """What happened; only ever added."""

    JOINED = "joined"
    ADDED = "added"
    LOST = "lost"
    BLOCKED = "blocked"
    PROBED = "probed"
    REVOKED = "revoked"
    DECIDED = "decided"  # what the policy answered
    REPORTED = "reported"  # what a reader said: see ``reporting``


@dataclass(frozen=True, slots=True)
class Declared:
    """An endpoint as its operator declares it. ``text`` as in ``Entrance``; ``secret`` empty: no paths."""

    text: str = field(repr=False)
    secret: bytes = field(default=b"", repr=False)
    provider: str = ""
    jurisdiction: str = ""
    addresses: tuple[str, ...] = field(default=(), repr=False)
    pool: Pool = Pool.INVITED


@dataclass(frozen=True, slots=True)
class Known:
    """An endpoint of the roster; instants, 0 where it did not happen."""

    number: int
    declared: Declared
    added: int
    lost: int = 0
    blocked: int = 0

    @property
    def name(self) -> str:
        """Its local name, safe to show."""
        return f"endpoint {self.number}"

    @property
    def is_live(self) -> bool:
        """True when readers may be sent there."""
        return not (self.lost or self.blocked)

    @property
    def endpoint(self) -> Endpoint:
        """Its address as a value, under its local name."""
        return endpoint_of(self.declared.text, self.name)

    @property
    def listed(self) -> Listed:
        """What ``rotation.lint`` compares."""
        each = self.declared
        return Listed(self.endpoint, each.provider, each.jurisdiction, each.addresses)


@dataclass(frozen=True, slots=True)
class Given:
    """An invitation that the publisher gave. ``label`` is the publisher's own word for whom."""

    number: int
    path: NodePath
    label: str = field(repr=False)
    pool: Pool
    created: int
    expires: int
    revoked: int = 0


@dataclass(frozen=True, slots=True)
class Seat:
    """A path key's number at an endpoint, and the cohort that got it. ``until`` 0: still in use."""

    endpoint: int
    seat: int
    pool: Pool
    cohort: int
    since: int
    until: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """One of the policy's readers; ``part`` is a ``placing.Part``."""

    reader: int
    inviter: int
    path: NodePath
    part: str


@dataclass(frozen=True, slots=True)
class Happened:
    """One event; -1 where it is about no such thing. ``note`` is a code, never a value."""

    number: int
    at: int
    kind: Event
    pool: Pool
    endpoint: int = -1
    reader: int = -1
    cohort: int = -1
    note: str = ""


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """The policy's memory of one pool, as ``placing`` wrote it down."""

    epoch: int
    seen: int
    state: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything, as of one instant of the database."""

    endpoints: Mapping[int, Known]
    invitations: tuple[Given, ...]
    readers: Mapping[Pool, tuple[Counted, ...]]
    seats: tuple[Seat, ...]
    events: tuple[Happened, ...]
    policies: Mapping[Pool, PolicyRow]
    epochs: Mapping[int, tuple[str, bool]]

    def invitation(self, label: str) -> Given:
        """The invitation of that label.

        Raises:
            ConfigError: ``no-invitation``.
        """
        for each in self.invitations:
            if each.label == label:
                return each
        raise ConfigError(
            "No invitation has this label: `mirror invite tree` shows them.", code="no-invitation"
        )

    def seated(self) -> dict[tuple[int, Pool, int], int]:
        """The seat of every cohort at every endpoint where it has one now."""
        return {(each.endpoint, each.pool, each.cohort): each.seat for each in self.seats if not each.until}

    def entrance(
        self,
        endpoint: int,
        pool: Pool,
        cohort: int,
        seated: Mapping[tuple[int, Pool, int], int] | None = None,
    ) -> Entrance | None:
        """How the readers of a cohort enter an endpoint; None while they have no seat there.

        ``seated`` spares whoever asks for many the search.
        """
        declared = self.endpoints[endpoint].declared
        if not declared.secret:
            return Entrance(declared.text)
        seat = (self.seated() if seated is None else seated).get((endpoint, pool, cohort))
        return None if seat is None else Entrance(declared.text, path_key(declared.secret, seat))


def endpoint_of(text: str, name: str) -> Endpoint:
    """The endpoint at ``text``, under a local name.

    Raises:
        ValueError: It is no address.
    """
    found = parse_address(text, 0)
    if found is None:
        raise ValueError("not an address")
    return Endpoint(name, found.url, found.connect, found.sni)


def text_of(path: NodePath) -> str:
    """A node's path as a column has it: ``"3.0.17"``, empty for the root."""
    return ".".join(map(str, path))


def path_of(text: str) -> NodePath:
    """What ``text_of`` gave."""
    return tuple(map(int, text.split("."))) if text else ()
