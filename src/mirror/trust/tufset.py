"""The verified-metadata state machine of TUF, with our errors and our additions.

``TrustedMetadataSet`` of python-tuf is private and has changed within a patch release, so this is
the only module that knows it; ``tests/core/test_trust_tufset.py`` is the contract we rely on, and
the version is pinned. What is added here, by the numbers of ``RULES.md``:

R3   A threshold is met by different public keys, not by different key ids.
R4   A snapshot of another version than the timestamp says is refused before it is looked at, since
     python-tuf would keep it for its rollback check and then refuse the right one.
R5   A file that says which role it was signed for is accepted for that role only.
R13  Expiry is judged at the instant we give, or not at all (``PINNED``).
"""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from tuf.api.exceptions import (
    BadVersionNumberError,
    EqualVersionNumberError,
    ExpiredMetadataError,
    LengthOrHashMismatchError,
    RepositoryError,
    UnsignedMetadataError,
)
from tuf.api.metadata import Metadata, Root, Snapshot, Targets, Timestamp
from tuf.api.serialization import DeserializationError, SerializationError
from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet
from tuf.ngclient.config import EnvelopeType

from mirror.errors import FormatError, MirrorError, TrustError
from mirror.trust.metadata import FIELD, METADATA, distinct_signers, moment, parse

T = TypeVar("T")

PINNED: Final = None  # as a reference: nothing is expired; the caller judges expiry itself
_NOT_TARGETS: Final = frozenset({Root.type, Timestamp.type, Snapshot.type})

BAD_SIGNATURE: Final = "bad-signature"
EQUAL_VERSION: Final = "equal-version"
EXPIRED: Final = "expired"
NOT_AS_SIGNED: Final = "not-as-signed"
NOT_NAMED: Final = "not-named"
ROLLED_BACK: Final = "rolled-back"
WRONG_ROLE: Final = "wrong-role"
WRONG_VERSION: Final = "wrong-version"


class TrustedSet:
    """The metadata accepted so far; every ``add_…`` verifies, then keeps, or raises and keeps not.

    Exception to the rule: an expired timestamp, or a stored snapshot that the timestamp has moved
    past, raises and is kept for rollback checks only, as the specification wants it.
    """

    def __init__(self, root: bytes, reference: int | None) -> None:
        """Trust ``root``; judge expiry at ``reference``, or not at all (``PINNED``).

        Raises:
            FormatError: ``metadata``.
            TrustError: The root is not signed by itself.
        """
        parsed = parse(root)
        self._set = _translated(lambda: TrustedMetadataSet(root, EnvelopeType.METADATA))
        self._set.reference_time = moment(0) if reference is PINNED else moment(reference)
        self._enough(self._set.root, Root.type, parsed)
        self.roles: dict[tuple[str, str], Targets] = {}  # (role, delegating role) → accepted metadata

    @property
    def root(self) -> Root:
        """The trusted root."""
        return self._set.root

    @property
    def timestamp(self) -> Timestamp:
        """The accepted timestamp; ``KeyError`` before there is one."""
        return self._set.timestamp

    @property
    def snapshot(self) -> Snapshot:
        """The accepted snapshot; ``KeyError`` before there is one."""
        return self._set.snapshot

    def role(self, name: str) -> Targets:
        """The last accepted targets metadata ``name``; ``IndexError`` if there is none."""
        return [signed for (role, _), signed in self.roles.items() if role == name][-1]

    def add_root(self, data: bytes) -> Root:
        """Step to the next root. Raises as all ``add_…`` do: ``FormatError`` or ``TrustError``."""
        metadata = self._opened(data, Root.type)
        if metadata.signed.version != self.root.version + 1:
            raise TrustError("not the next root", code=WRONG_VERSION)
        self._enough(self.root, Root.type, metadata)
        self._enough(metadata.signed, Root.type, metadata)
        return _translated(lambda: self._set.update_root(data))

    def add_timestamp(self, data: bytes) -> Timestamp:
        """Accept a timestamp; also raises ``equal-version`` and ``rolled-back``."""
        self._enough(self.root, Timestamp.type, self._opened(data, Timestamp.type))
        return _translated(lambda: self._set.update_timestamp(data))

    def add_snapshot(self, data: bytes, *, is_stored: bool = False) -> Snapshot:
        """Accept the snapshot the timestamp names, or load a stored one for rollback checks."""
        metadata = self._opened(data, Snapshot.type)
        if not is_stored and metadata.signed.version != self.timestamp.snapshot_meta.version:
            raise TrustError("not the snapshot the timestamp names", code=WRONG_VERSION)  # R4
        self._enough(self.root, Snapshot.type, metadata)
        return _translated(lambda: self._set.update_snapshot(data, trusted=is_stored))

    def add_targets(self, data: bytes, role: str, parent: str) -> Targets:
        """Accept targets metadata ``role`` as delegated by ``parent``."""
        if role in _NOT_TARGETS or (role == Targets.type) != (parent == Root.type):
            raise TrustError("a name that cannot be delegated", code=WRONG_ROLE)  # R5
        metadata = self._opened(data, role)
        named = self.snapshot.meta.get(f"{role}.json")
        if named is None:
            raise TrustError("the snapshot does not name this role", code=NOT_NAMED)
        if metadata.signed.version != named.version:
            raise TrustError("not the version the snapshot names", code=WRONG_VERSION)
        self._enough(self.root if parent == Root.type else self.role(parent), role, metadata)
        self.roles[role, parent] = _translated(lambda: self._set.update_delegated_targets(data, role, parent))
        return self.roles[role, parent]

    def _opened(self, data: bytes, role: str) -> Metadata[Any]:
        metadata = parse(data)
        if metadata.signed.type != (role if role in _NOT_TARGETS else Targets.type):
            raise FormatError("metadata of another kind", code=METADATA)
        ours = metadata.signed.unrecognized_fields.get(FIELD)
        if isinstance(ours, dict) and ours.get("role", role) != role:
            raise TrustError("signed for another role", code=WRONG_ROLE)  # R5
        return metadata

    def _enough(self, delegator: Root | Targets, role: str, metadata: Metadata[Any]) -> None:
        def count() -> tuple[int, int]:
            return len(distinct_signers(delegator, role, metadata)), delegator.get_delegated_role(
                role
            ).threshold

        signed, threshold = _translated(count)
        if signed < threshold:  # R3
            raise TrustError("not signed by enough different keys", code=BAD_SIGNATURE)


def _translated(step: Callable[[], T]) -> T:
    """What ``step`` returns, with python-tuf's exceptions turned into ours."""
    try:
        return step()
    except (DeserializationError, SerializationError) as error:
        raise FormatError("not a metadata file", code=METADATA) from error
    except MirrorError:
        raise
    except EqualVersionNumberError as error:
        raise TrustError("the same version again", code=EQUAL_VERSION) from error
    except BadVersionNumberError as error:
        raise TrustError("an older version than one already seen", code=ROLLED_BACK) from error
    except ExpiredMetadataError as error:
        raise TrustError("the statement has expired", code=EXPIRED) from error
    except LengthOrHashMismatchError as error:
        raise TrustError("not the file that was signed", code=NOT_AS_SIGNED) from error
    except UnsignedMetadataError as error:
        raise TrustError("not signed by enough keys", code=BAD_SIGNATURE) from error
    except RepositoryError as error:
        raise TrustError("the metadata contradicts itself", code=NOT_AS_SIGNED) from error
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm) as error:
        # A parsed file whose parts have the wrong types only fails when it is used.
        raise FormatError("not a metadata file", code=METADATA) from error
