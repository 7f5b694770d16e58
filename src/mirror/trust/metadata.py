"""Metadata as values: read, write, and who signed it. python-tuf's public interface only."""

from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from securesystemslib.signer import Key, Signature, SSlibKey
from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import Metadata, MetaFile, Root, Signed, Targets
from tuf.api.serialization import DeserializationError
from tuf.api.serialization.json import JSONSerializer

from mirror.errors import FormatError
from mirror.limits import MAX_INSTANT

S = TypeVar("S", bound=Signed)

FIELD: Final = "x-mirror"  # our signed field in every role: {"issued": instant, "role": name}
ROTATION: Final = "x-mirror-rotation"  # in the top targets role: what ``rotation.settings`` writes
METADATA: Final = "metadata"  # the code of a FormatError: not metadata
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)


def instant(moment: datetime) -> int:
    """The instant of an aware ``datetime``."""
    return int((moment - BEGINNING).total_seconds())


def moment(at: int) -> datetime:
    """The aware ``datetime`` of an instant, held between 1970 and 9999."""
    return datetime.fromtimestamp(min(max(at, 0), MAX_INSTANT), tz=UTC)


def issued_of(signed: Signed) -> int:
    """When the publisher says ``signed`` was issued; 0 when it does not say, or says nonsense.

    R11: a statement cannot have been issued after its own expiry.
    """
    ours = signed.unrecognized_fields.get(FIELD)
    at = ours.get("issued") if isinstance(ours, dict) else None
    if type(at) is not int or not 0 <= at <= instant(signed.expires):
        return 0
    return at


def is_as_signed(meta: MetaFile, data: bytes) -> bool:
    """True when ``data`` has the length and the digests that ``meta`` names, if it names any."""
    try:
        meta.verify_length_and_hashes(data)
    except LengthOrHashMismatchError:
        return False
    return True


def parse(data: bytes) -> Metadata[Any]:
    """The metadata in ``data``, unverified.

    Raises:
        FormatError: ``metadata``: not TUF metadata.
    """
    try:
        return Metadata.from_bytes(data)
    except DeserializationError as error:
        raise FormatError("not a metadata file", code=METADATA) from error


def content(data: bytes) -> Signed:
    """The signed part of ``data``, unverified; ``FormatError`` as ``parse``."""
    signed = parse(data).signed
    assert isinstance(signed, Signed)
    return signed


def read(data: bytes, kind: type[S]) -> S:
    """The signed part of ``data``, unverified.

    Raises:
        FormatError: ``metadata``: not metadata, or of another kind.
    """
    signed = content(data)
    if not isinstance(signed, kind):
        raise FormatError("metadata of another kind", code=METADATA)
    return signed


def key_material(key: Key) -> bytes:
    """Bytes that are equal exactly when two ``Key`` objects hold the same public key.

    The text of a key is no proof of difference: hex has two cases and PEM has free line breaks.
    """
    if isinstance(key, SSlibKey):
        try:
            if key.keytype == "ed25519":
                return b"ed25519:" + bytes.fromhex(key.keyval["public"])
            loaded = load_pem_public_key(key.keyval["public"].encode())
            return loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            pass
    return repr((key.keytype, key.scheme, sorted(key.keyval.items()))).encode()


def distinct_signers(delegator: Root | Targets, role: str, metadata: Metadata[Any]) -> tuple[str, ...]:
    """The key ids of ``role`` that signed ``metadata``, one for each public key (R3), in order."""
    result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
    by_key: dict[bytes, str] = {}
    for keyid, key in result.signed.items():
        by_key.setdefault(key_material(key), keyid)
    return tuple(by_key.values())


def pack(signed: Signed, signatures: dict[str, Signature] | None = None) -> bytes:
    """The file that carries ``signed``: compact JSON, the same bytes for the same content."""
    return Metadata[Any](signed, signatures).to_bytes(JSONSerializer(compact=True))
