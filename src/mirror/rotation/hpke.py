"""Sealing one message for the holder of an X25519 key: HPKE in base mode (RFC 9180).

The suite is DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; one message for each key, so its
number is always 0, and there is no associated data. Written out here because the library's own draws
its chance itself, and the core takes it as an argument; the tests hold it against the library's.
"""

import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

KEY_SIZE: Final = 32  # of a private and of a public key
OVERHEAD: Final = KEY_SIZE + 16  # the sender's key for this message, and the tag
_KEM: Final = b"KEM" + (0x0020).to_bytes(2, "big")
_SUITE: Final = b"HPKE" + b"".join(each.to_bytes(2, "big") for each in (0x0020, 0x0001, 0x0002))
_BASE: Final = b"\x00"  # the mode


def public_of(private: bytes) -> bytes:
    """The public half of a private key."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal(message: bytes, public: bytes, info: bytes, fresh: bytes) -> bytes:
    """``message`` for the holder of ``public``: ``OVERHEAD`` bytes longer.

    ``fresh`` are ``KEY_SIZE`` random bytes, never used before; ``info`` says what this is for.

    Raises:
        ValueError: ``public`` is no key.
    """
    ours = X25519PrivateKey.from_private_bytes(fresh)
    shared = ours.exchange(X25519PublicKey.from_public_bytes(public))
    sent = ours.public_key().public_bytes_raw()
    key, nonce = _schedule(shared, sent + public, info)
    return sent + AESGCM(key).encrypt(nonce, message, None)


def open_sealed(sealed: bytes, private: bytes, info: bytes) -> bytes | None:
    """The message in ``sealed``; None: it was not sealed for this key and purpose, or was altered."""
    ours = X25519PrivateKey.from_private_bytes(private)
    sent, rest = sealed[:KEY_SIZE], sealed[KEY_SIZE:]
    try:
        # Points of small order, whose secret everybody knows, are a ValueError too (RFC 9180, 7.1.4).
        shared = ours.exchange(X25519PublicKey.from_public_bytes(sent))
        key, nonce = _schedule(shared, sent + ours.public_key().public_bytes_raw(), info)
        return AESGCM(key).decrypt(nonce, rest, None)
    except (ValueError, InvalidTag):
        return None


def _schedule(shared: bytes, both: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and nonce of the one message (RFC 9180, sections 4.1 and 5.1)."""
    secret = _expand(_extract(_KEM, b"", b"eae_prk", shared), _KEM, b"shared_secret", both, 32)
    context = _BASE + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    base = _extract(_SUITE, secret, b"secret", b"")
    return _expand(base, _SUITE, b"key", context, 32), _expand(base, _SUITE, b"base_nonce", context, 12)


def _extract(suite: bytes, salt: bytes, label: bytes, key: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + key, "sha256")


def _expand(secret: bytes, suite: bytes, label: bytes, info: bytes, size: int) -> bytes:
    labeled = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(hashes.SHA256(), size, labeled).derive(secret)
