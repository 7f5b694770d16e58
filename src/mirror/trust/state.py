"""The values of the trust layer: what is stored, what was observed, what was verified.

Times are instants (whole Unix seconds, UTC). File names are those of ``m/`` without a version, as
the conformance contract wants them: ``root.json``, ``timestamp.json``, ``snapshot.json``,
``targets.json``, and ``<role>.json`` with the role's name percent-encoded.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import MAX_DELEGATIONS, MAX_METADATA, MAX_ROOT_ROTATIONS

NOTICES_ROLE: Final = "notices"
READER_ROLE: Final = "reader"  # signs the program of the browser's reader, and nothing of what is read
# Roles beside the channels that name targets, by the first part of their paths. No channel has their names.
NAMED_ROLES: Final = frozenset({NOTICES_ROLE, READER_ROLE})
CHANNEL_PREFIX: Final = "channel-"
GROUP_PREFIX: Final = "channels-"


def channel_role(channel: str) -> str:
    """The name of the role that signs for ``channel``."""
    return CHANNEL_PREFIX + channel


def file_of(role: str, version: int | None = None) -> str:
    """The name of ``role``'s metadata file, with the version where it has one in its name."""
    name = quote(role, safe="") + ".json"
    return name if version is None else f"{version}.{name}"


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """The most bytes of each kind of file, and the longest chains, a session accepts."""

    root: int = MAX_METADATA
    timestamp: int = MAX_METADATA
    snapshot: int = MAX_METADATA
    targets: int = MAX_METADATA
    root_rotations: int = MAX_ROOT_ROTATIONS
    delegations: int = MAX_DELEGATIONS


# What generic TUF clients allow; for talking to repositories that are not ours.
STANDARD_LIMITS: Final = SessionLimits(root=512_000, timestamp=16_384, snapshot=2_000_000, targets=5_000_000)


class Kind(StrEnum):
    """What a source did. Only those in ``LIES`` cannot happen to an honest mirror that lags."""

    STALE = "stale"  # genuine, but older than what another source (or our store) has
    ROLLED_BACK = "rolled-back"  # genuine, but older than the generation we already hold
    WITHHELD = "withheld"  # shows a statement, does not give a file it names
    UNREACHABLE = "unreachable"  # silent, broken, refused, no connection
    INVALID = "invalid-signature"  # not signed by whom it must be, or not what was signed
    WRONG_VERSION = "wrong-version"  # another version than the file's name or the statement says
    MALFORMED = "malformed"  # not metadata at all
    OVERSIZED = "oversized"  # longer than the bound or than what was signed
    FORK = "fork"  # a second, different, genuine statement of the same version: keep as evidence


LIES: Final = frozenset({Kind.INVALID, Kind.WRONG_VERSION, Kind.MALFORMED, Kind.OVERSIZED})


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing a source did with one file. ``file`` is a name in ``m/``, safe to show."""

    source: str
    kind: Kind
    file: str

    @property
    def is_lie(self) -> bool:
        """True when no honest mirror could have done it, however far behind."""
        return self.kind in LIES


class State(StrEnum):
    """How fresh what is shown is. Nothing is ever deleted for being old."""

    CURRENT = "current"
    OLD = "old"  # genuine; no mirror said anything newer
    HELD_BACK = "held-back"  # a newer statement exists or must exist, and did not reach us


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh, as of when, and what the clocks say.

    ``as_of`` is when the shown statement was issued (0 if it does not say); ``expires`` the
    earliest expiry of all it stands on; ``old_since`` that same instant once it has passed;
    ``reference`` the instant it was judged at; ``skew_seconds`` how far the device's clock lags
    behind the newest signed instant (0 when it does not). ``is_checked``: at least one source
    showed a genuine statement in this very session.
    """

    state: State
    as_of: int
    expires: int
    old_since: int | None
    reference: int
    skew_seconds: int
    is_checked: bool


@dataclass(frozen=True, slots=True)
class TargetInfo:
    """What was signed of one target: its length in bytes and its digests (lower-case hex)."""

    path: str
    length: int
    hashes: Mapping[str, str]

    @property
    def sha256(self) -> str:
        """The SHA-256, hex.

        Raises:
            TrustError: ``no-sha256``: the publisher signed only other digests.
        """
        try:
            return self.hashes["sha256"]
        except KeyError:
            raise TrustError("the signed target has no SHA-256", code="no-sha256") from None

    def verify(self, data: bytes) -> None:
        """Return when ``data`` is the target: right length, and every signed digest matches.

        Raises:
            LimitError: The length is another.
            TrustError: ``target-hash``: a digest differs, is of an unknown kind, or there is none.
        """
        if len(data) != self.length:
            raise LimitError("the target is not as long as was signed")
        for algorithm, digest in self.hashes.items():
            if algorithm not in ("sha256", "sha384", "sha512"):
                raise TrustError("the target was signed with an unknown digest", code="target-hash")
            if hashlib.new(algorithm, data).hexdigest() != digest:
                raise TrustError("the target is not what was signed", code="target-hash")
        if not self.hashes:
            raise TrustError("the target was signed without a digest", code="target-hash")


@dataclass(frozen=True, slots=True)
class Stored:
    """What a reader or a node keeps between sessions; a ``store`` generation holds it.

    ``root`` is the newest trusted root. ``files`` is the last complete generation, with the root
    it was verified under as ``root.json`` (empty for a newcomer). ``pending`` is the newest
    genuine timestamp that could not be completed yet: it is what unmasks a mirror that later
    pretends it never was. ``floor`` is the newest signed instant seen. ``floor`` and ``pending``
    never come from the device's clock, so a clock set wrong for a day does no lasting harm.
    """

    root: bytes
    files: Mapping[str, bytes] = field(default_factory=dict)
    pending: bytes | None = None
    floor: int = 0

    def to_files(self) -> dict[str, bytes]:
        """One flat mapping for a generation store; ``from_files`` undoes it."""
        out = {f"trusted/{name}": data for name, data in self.files.items()}
        out["root.json"] = self.root
        out["floor"] = b"%d\n" % self.floor
        if self.pending is not None:
            out["pending.json"] = self.pending
        return out

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> "Stored":
        """What ``to_files`` gave, out of a mapping that may hold other files too.

        Raises:
            FormatError: ``stored-trust``: a part is missing or is not as we write it.
        """
        try:
            root, line = files["root.json"], files["floor"]
        except KeyError:
            raise FormatError("the stored trust state is not complete", code="stored-trust") from None
        digits = line.removesuffix(b"\n")
        if not digits.isdigit() or len(digits) > 12 or b"%d\n" % int(digits) != line:
            raise FormatError("the stored clock floor is not a number", code="stored-trust")
        trusted = {
            name.removeprefix("trusted/"): data for name, data in files.items() if name.startswith("trusted/")
        }
        return cls(root=root, files=trusted, pending=files.get("pending.json"), floor=int(digits))
