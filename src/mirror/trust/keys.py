"""Signing keys: sealed at rest under a passphrase, opened to sign, and their public halves.

A key file is one line of canonical JSON. Its public half can be read by anyone; the private half
is sealed with ChaCha20-Poly1305 under a key that Argon2id (or scrypt) makes from the passphrase,
with everything else in the file as associated data. ``check`` is a plain SHA-256 of the rest: it
tells a damaged copy from a wrong passphrase, which the cipher alone cannot.

Hardware keys come in through securesystemslib's own signers; what is needed of them here is their
public half, as PEM.
"""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError
from securesystemslib.signer import CryptoSigner, Key, Signature, Signer, SSlibKey

from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import MAX_KDF_MEMORY, MAX_KDF_PASSES, MAX_KEY_FILE, MAX_PASSPHRASE

__all__ = [
    "ARGON2ID",
    "SCRYPT",
    "Kdf",
    "PublicKey",
    "key_name",
    "open_key",
    "open_seed",
    "public_key",
    "public_key_from_pem",
    "seal_key",
    "signer_of",
    "verify",
]

SEED_BYTES: Final = 32
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12
DAMAGED: Final = "key-damaged"
_TYPE: Final = "mirror-key"
_CIPHER: Final = "chacha20-poly1305"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_FIELDS: Final = frozenset(
    {"_type", "version", "name", "keyid", "public", "kdf", "cipher", "nonce", "sealed", "check"}
)


@dataclass(frozen=True, slots=True)
class Kdf:
    """How costly it is to try one passphrase.

    ``memory`` is in KiB, ``passes`` over it, ``lanes`` side by side. For scrypt: N = memory, r = 8,
    p = lanes, and ``passes`` is 1.
    """

    name: str
    memory: int
    passes: int
    lanes: int

    def __post_init__(self) -> None:
        if self.name not in ("argon2id", "scrypt"):
            raise ValueError("an unknown key derivation")
        if not 1 <= self.lanes <= 16 or not 1 <= self.passes <= MAX_KDF_PASSES:
            raise ValueError("passes or lanes out of bounds")
        if not 8 * self.lanes <= self.memory <= MAX_KDF_MEMORY >> 10:
            raise ValueError("memory out of bounds")
        if self.name == "scrypt" and (self.passes != 1 or self.memory & (self.memory - 1)):
            raise ValueError("scrypt takes a power of two of memory, and one pass")

    def derive(self, passphrase: str, salt: bytes) -> bytes:
        """The 32-byte key; takes about a second at the default cost.

        Raises:
            LimitError: ``key-passphrase``: the passphrase is too long.
        """
        # The same letters typed on another system may be other code points.
        secret = unicodedata.normalize("NFC", passphrase).encode()
        if len(secret) > MAX_PASSPHRASE:
            raise LimitError("the passphrase is too long", code="key-passphrase")
        if self.name == "scrypt":
            return Scrypt(salt=salt, length=32, n=self.memory, r=8, p=self.lanes).derive(secret)
        return Argon2id(
            salt=salt, length=32, iterations=self.passes, lanes=self.lanes, memory_cost=self.memory
        ).derive(secret)


# 256 MiB and 3 passes: about a second on a laptop, and what a graphics card is worst at.
ARGON2ID: Final = Kdf("argon2id", memory=256 << 10, passes=3, lanes=4)
# Where the installed OpenSSL has no Argon2 (before 3.2): 256 MiB.
SCRYPT: Final = Kdf("scrypt", memory=256 << 10, passes=1, lanes=1)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public half of a key, and what its holder calls it (a local label, never published)."""

    name: str
    key: Key

    def __post_init__(self) -> None:
        key_name(self.name)

    @property
    def keyid(self) -> str:
        """Its id in the metadata: the SHA-256 of its canonical form."""
        return str(self.key.keyid)


def key_name(name: str) -> str:
    """Return ``name`` if a key may be called so: lower-case ASCII letters, digits, ``.``, ``_``, ``-``.

    Raises:
        ValueError: It may not.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("a key's name is of lower-case letters, digits, dots and dashes")
    return name


def signer_of(seed: bytes) -> Signer:
    """The Ed25519 signer of a 32-byte seed."""
    if len(seed) != SEED_BYTES:
        raise ValueError("a seed of 32 bytes")
    return CryptoSigner(Ed25519PrivateKey.from_private_bytes(seed))


def seal_key(
    seed: bytes, passphrase: str, salt: bytes, nonce: bytes, *, name: str, kdf: Kdf = ARGON2ID
) -> bytes:
    """Return the key file that holds ``seed`` under ``passphrase``.

    Args:
        seed: 32 random bytes: the Ed25519 private key.
        passphrase: Not empty; Unicode is normalized (NFC).
        salt: 16 random bytes, fresh for this file.
        nonce: 12 random bytes, fresh for this file.
        name: See ``key_name``.
        kdf: The cost; the file says it.

    Raises:
        ValueError: A length or the name is wrong, or the passphrase is empty.
        LimitError: The passphrase is too long.
    """
    if len(salt) != SALT_BYTES or len(nonce) != NONCE_BYTES or not passphrase:
        raise ValueError("a salt of 16 bytes, a nonce of 12 and a passphrase")
    key = signer_of(seed).public_key
    header = {
        "_type": _TYPE,
        "version": 1,
        "name": key_name(name),
        "keyid": key.keyid,
        "public": key.keyval["public"],
        "kdf": {
            "name": kdf.name,
            "memory": kdf.memory,
            "passes": kdf.passes,
            "lanes": kdf.lanes,
            "salt": salt.hex(),
        },
        "cipher": _CIPHER,
        "nonce": nonce.hex(),
    }
    sealed = ChaCha20Poly1305(kdf.derive(passphrase, salt)).encrypt(nonce, seed, _canonical(header))
    body = header | {"sealed": sealed.hex()}
    return _canonical(body | {"check": _check(body)}) + b"\n"


def open_key(data: bytes, passphrase: str) -> Signer:
    """Return the signer in a key file; raises as ``open_seed``."""
    return signer_of(open_seed(data, passphrase))


def open_seed(data: bytes, passphrase: str) -> bytes:
    """Return the 32 secret bytes in a key file.

    Raises:
        FormatError: ``key-damaged``: not a whole key file.
        LimitError: The file asks for more memory or passes than we spend.
        TrustError: ``key-passphrase``: the passphrase does not open it.
    """
    fields = _parse(data)
    kdf = _kdf(fields)
    header = {name: value for name, value in fields.items() if name not in ("sealed", "check")}
    secret = kdf.derive(passphrase, bytes.fromhex(fields["kdf"]["salt"]))
    try:
        return ChaCha20Poly1305(secret).decrypt(
            bytes.fromhex(fields["nonce"]), bytes.fromhex(fields["sealed"]), _canonical(header)
        )
    except InvalidTag as error:
        raise TrustError("the passphrase does not open this key", code="key-passphrase") from error


def public_key(data: bytes) -> PublicKey:
    """Return the public half in a key file; needs no passphrase, and proves nothing about its origin.

    Raises:
        FormatError: ``key-damaged``.
    """
    fields = _parse(data)
    return PublicKey(fields["name"], _ed25519(fields["public"]))


def public_key_from_pem(pem: bytes, name: str) -> PublicKey:
    """Return the public half of a key held elsewhere (a hardware token): Ed25519 or ECDSA P-256.

    Raises:
        FormatError: ``key-damaged``: not a PEM public key of these two kinds.
    """
    try:
        key = load_pem_public_key(pem[:MAX_KEY_FILE])
    except (ValueError, UnsupportedAlgorithm) as error:
        raise FormatError("not a public key in PEM form", code=DAMAGED) from error
    is_p256 = isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
    if not is_p256 and not isinstance(key, Ed25519PublicKey):
        raise FormatError("only Ed25519 and ECDSA P-256 keys are used", code=DAMAGED)
    return PublicKey(name, SSlibKey.from_crypto(key))


def verify(key: Key, signature: bytes, payload: bytes) -> bool:
    """True when ``signature`` over ``payload`` is by ``key`` (Ed25519 or ECDSA P-256)."""
    try:
        key.verify_signature(Signature(key.keyid, signature.hex()), payload)
    except UnverifiedSignatureError:
        return False
    return True


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def _check(body: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(body)).hexdigest()


def _ed25519(public: str) -> SSlibKey:
    return SSlibKey.from_crypto(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)))


def _parse(data: bytes) -> dict[str, Any]:
    """The fields of a whole key file, all of the right shape; the cost is not judged here."""
    if len(data) > MAX_KEY_FILE:
        raise LimitError("the key file is too long", code=DAMAGED)
    try:
        fields = json.loads(data)
        if not isinstance(fields, dict) or fields.keys() != _FIELDS or _canonical(fields) + b"\n" != data:
            raise ValueError("not as we write it")
        body = {name: value for name, value in fields.items() if name != "check"}
        if fields["check"] != _check(body) or (fields["_type"], fields["version"]) != (_TYPE, 1):
            raise ValueError("damaged, or of another version")
        if fields["cipher"] != _CIPHER or fields["kdf"].keys() != {
            "name",
            "memory",
            "passes",
            "lanes",
            "salt",
        }:
            raise ValueError("another cipher")
        lengths = (("public", 32), ("nonce", NONCE_BYTES), ("sealed", SEED_BYTES + 16))
        values = [(fields[name], length) for name, length in lengths] + [(fields["kdf"]["salt"], SALT_BYTES)]
        if any(bytes.fromhex(value).hex() != value or len(value) != 2 * length for value, length in values):
            raise ValueError("a value of the wrong length")
        if _ed25519(fields["public"]).keyid != fields["keyid"] or not isinstance(fields["name"], str):
            raise ValueError("the key id is another key's")
        key_name(fields["name"])
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError("the key file is damaged, or is none", code=DAMAGED) from error
    return fields


def _kdf(fields: dict[str, Any]) -> Kdf:
    asked = fields["kdf"]
    numbers = [asked[name] for name in ("memory", "passes", "lanes")]
    if any(type(number) is not int for number in numbers) or not isinstance(asked["name"], str):
        raise FormatError("the key file is damaged, or is none", code=DAMAGED)
    try:
        return Kdf(asked["name"], *numbers)
    except ValueError as error:
        raise LimitError("the key file asks for more than we spend on opening it", code="key-cost") from error
