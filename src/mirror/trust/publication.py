"""The metadata of a publication as a value: complete, or a draft of its next state.

Pure: a ``Publication`` is a value, complete and signed; ``changes`` makes a ``Draft`` of it, which
``ceremony`` lets people sign and turns into the next ``Publication``. ``tree`` gives the files of
``m/``.

Roles: ``root`` (threshold), ``targets`` (threshold; delegates, names no target itself), one
``channel-<id>`` per channel (paths ``<id>/*``), ``notices`` (paths ``notices/*``), ``reader`` (paths
``reader/*``; a publication may lack it), and the online ``snapshot`` and ``timestamp``. Where the
delegations no longer fit into ``targets``, further ones go into groups ``channels-1``, ``channels-2``,
..., which the keys of ``targets`` sign and which ``targets`` delegates exactly the paths of their
channels (RULES.md, R15).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tuf.api.metadata import Root, Signed, Snapshot, Targets, Timestamp

from mirror.errors import FormatError, TrustError
from mirror.trust.heads import pack_fitting
from mirror.trust.keys import PublicKey
from mirror.trust.metadata import FIELD, content, key_material, moment, parse, read
from mirror.trust.state import GROUP_PREFIX, NAMED_ROLES, NOTICES_ROLE, channel_role, file_of

DAY: Final = 86_400
ONLINE: Final = (Snapshot.type, Timestamp.type)


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How many seconds each kind of role is valid after it was signed.

    The long ones let readers go on when the publisher is silenced; the timestamp is what a frozen
    reader notices: two weeks, to be renewed every few days (``heartbeat``).
    """

    root: int = 730 * DAY
    targets: int = 365 * DAY
    channel: int = 365 * DAY
    notices: int = 365 * DAY
    snapshot: int = 60 * DAY
    timestamp: int = 14 * DAY

    def of(self, role: str) -> int:
        """The lifetime of ``role``."""
        if role == Root.type:
            return self.root
        if role == Snapshot.type:
            return self.snapshot
        if role == Timestamp.type:
            return self.timestamp
        if role in NAMED_ROLES:
            return self.notices
        return self.targets if role == Targets.type or role.startswith(GROUP_PREFIX) else self.channel


DEFAULT_LIFETIMES: Final = Lifetimes()


@dataclass(frozen=True, slots=True)
class Holders:
    """Who may sign a role, and how many of them must.

    Raises:
        TrustError: ``duplicate-key``, ``duplicate-name`` or ``threshold``: fewer keys than the
            threshold, or none.
    """

    keys: tuple[PublicKey, ...]
    threshold: int = 1

    def __post_init__(self) -> None:
        if len({key_material(each.key) for each in self.keys}) < len(self.keys):
            raise TrustError("one public key is given twice", code="duplicate-key")
        if len({each.name for each in self.keys}) < len(self.keys):
            raise TrustError("two keys have the same name", code="duplicate-name")
        if not 1 <= self.threshold <= len(self.keys):
            raise TrustError("the threshold is not between one and the number of keys", code="threshold")


@dataclass(frozen=True, slots=True)
class Publication:
    """A complete, signed set: every root, oldest first, and the newest file of each other role."""

    roots: tuple[bytes, ...] = field(repr=False)
    roles: Mapping[str, bytes] = field(repr=False)

    @property
    def root(self) -> Root:
        """The newest root."""
        return read(self.roots[-1], Root)

    @property
    def channels(self) -> tuple[str, ...]:
        """The ids of the channels, in order."""
        prefix = channel_role("")
        return tuple(sorted(role.removeprefix(prefix) for role in self.roles if role.startswith(prefix)))

    def version(self, role: str) -> int:
        """The version of ``role``; 0 if there is no such role."""
        if role == Root.type:
            return len(self.roots)
        return int(parse(self.roles[role]).signed.version) if role in self.roles else 0

    def to_files(self) -> dict[str, bytes]:
        """For keeping: ``<n>.root.json`` for every root, ``<role>.json`` for the rest."""
        roots = {file_of(Root.type, number): data for number, data in enumerate(self.roots, 1)}
        return roots | {file_of(role): data for role, data in self.roles.items()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Publication":
        """What ``to_files`` gave.

        Raises:
            FormatError: ``metadata``: a root is missing, or a file is no metadata.
        """
        roots: list[bytes] = []
        while (data := files.get(file_of(Root.type, len(roots) + 1))) is not None:
            roots.append(data)
        rest = {name: data for name, data in files.items() if not name.endswith("." + file_of(Root.type))}
        if not roots or len(roots) + len(rest) != len(files) or any("." not in name for name in rest):
            raise FormatError("the kept metadata is not complete", code="metadata")
        for data in files.values():
            parse(data)
        return cls(tuple(roots), {name.removesuffix(".json"): data for name, data in rest.items()})


@dataclass(frozen=True, slots=True)
class Draft:
    """A change on its way to being signed: the changed roles, on top of ``base`` (None: the first)."""

    base: Publication | None = field(repr=False)
    roles: Mapping[str, bytes]

    def signed(self, role: str) -> Signed | None:
        """The newest content of ``role``, changed or not."""
        if role in self.roles:
            return content(self.roles[role])
        if self.base is None:
            return None
        if role == Root.type:
            return self.base.root
        return content(self.base.roles[role]) if role in self.base.roles else None

    def parents(self) -> Iterator[str]:
        """``targets`` and the groups: all roles that may delegate, in order."""
        yield Targets.type
        number = 1
        while self.signed(f"{GROUP_PREFIX}{number}") is not None:
            yield f"{GROUP_PREFIX}{number}"
            number += 1

    def parent(self, role: str) -> str:
        """The role that says who may sign ``role``.

        Raises:
            TrustError: ``no-role``: nothing delegates to it.
        """
        if role in (Root.type, Targets.type, *ONLINE):
            return Root.type
        for parent in self.parents():
            signed = self.signed(parent)
            assert isinstance(signed, Targets)
            if signed.delegations and role in (signed.delegations.roles or {}):
                return parent
        raise TrustError("the publication has no such role", code="no-role")

    def delegator(self, role: str) -> Root | Targets:
        """The metadata of ``parent(role)``; the newest, also where that is changed itself."""
        signed = self.signed(self.parent(role))
        assert isinstance(signed, Root | Targets)
        return signed


def stamp(signed: Signed, role: str, now: int, lifetimes: Lifetimes) -> None:
    """Write into ``signed`` for which role and when it was issued, and when it expires."""
    signed.unrecognized_fields[FIELD] = {"issued": now, "role": role}
    signed.expires = moment(now + lifetimes.of(role))


def tree(publication: Publication) -> dict[str, bytes]:
    """Return the files of ``m/`` by name, heads included.

    Versioned names never change their content. The heads and ``timestamp.json`` do: they come last
    and are to be replaced last, in this order.
    """
    named = {file_of(Root.type, number): data for number, data in enumerate(publication.roots, 1)}
    for role, data in publication.roles.items():
        named[file_of(role, None if role == Timestamp.type else publication.version(role))] = data
    heads = {f"heads/{channel}": head(publication, channel) for channel in publication.channels}
    timestamp = {file_of(Timestamp.type): named.pop(file_of(Timestamp.type))}
    return named | heads | timestamp


def head(publication: Publication, channel: str) -> bytes:
    """Return the head of ``channel``: all a reader of it needs, in one piece.

    What does not fit is left to be asked by name: the root first, then the notices (R7).

    Raises:
        LimitError: ``head-too-large``: even so it does not fit.
        TrustError: ``no-role``: no such channel.
    """
    role = channel_role(channel)
    draft = Draft(publication, {})
    roles = dict.fromkeys((Timestamp.type, Snapshot.type, Targets.type, draft.parent(role), role))
    files = {
        file_of(name, None if name == Timestamp.type else publication.version(name)): publication.roles[name]
        for name in roles
    }
    notices = {file_of(NOTICES_ROLE, publication.version(NOTICES_ROLE)): publication.roles[NOTICES_ROLE]}
    root = {file_of(Root.type, len(publication.roots)): publication.roots[-1]}
    return pack_fitting(files, notices | root, notices)
