"""Signing keys as files of the publication's folder: made, opened, and their public halves kept."""

from collections.abc import Callable, Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from securesystemslib.signer import Signer

from mirror.errors import ConfigError, FormatError, SourceError, TrustError
from mirror.limits import MAX_KEY_FILE
from mirror.publisher.config import ONLINE_KEYS
from mirror.publisher.workspace import Workspace, bounded
from mirror.trust.keys import NONCE_BYTES, SALT_BYTES, SEED_BYTES, Kdf, open_key, seal_key, signer_of

Randomness = Callable[[int], bytes]
ONLINE: Final = "online"  # one passphrase opens both online keys: they lie on one machine


def passphrase_name(key: str) -> str:
    """Under which name the passphrase of a key is asked for: the online keys share one."""
    return ONLINE if key in ONLINE_KEYS else key


def make_key(name: str, passphrase: str, randomness: Randomness, kdf: Kdf) -> tuple[bytes, Signer]:
    """A new sealed key file and its signer; draws seed, salt and nonce, in this order."""
    seed, salt, nonce = randomness(SEED_BYTES), randomness(SALT_BYTES), randomness(NONCE_BYTES)
    return seal_key(seed, passphrase, salt, nonce, name=name, kdf=kdf), signer_of(seed)


def public_pem(signer: Signer) -> bytes:
    """The public half of a key made here, as PEM."""
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    key = Ed25519PublicKey.from_public_bytes(raw)
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def open_named(workspace: Workspace, name: str, passphrase: str) -> Signer:
    """The signer of the key called ``name`` in the publication's folder.

    Raises:
        ConfigError: ``key-missing``: its file is not here.
        FormatError: ``key-damaged``.
        TrustError: ``key-passphrase``; ``key-swapped``: the file holds another key than ``NAME.pub``.
    """
    try:
        data = bounded(workspace.key_file(name), MAX_KEY_FILE, f"keys/{name}.key")
    except SourceError as error:
        raise ConfigError(f"{error} Its holder may have it elsewhere.", code="key-missing") from error
    try:
        signer = open_key(data, passphrase)
    except FormatError as error:
        raise FormatError(
            f"keys/{name}.key is damaged, or is no key: bring it back from its copy.", code=error.code
        ) from error
    except TrustError as error:
        raise TrustError(f"The passphrase does not open keys/{name}.key.", code=error.code) from error
    known = {each.name: each.keyid for each in workspace.public_keys()}
    if known.get(name, signer.public_key.keyid) != signer.public_key.keyid:
        raise TrustError(f"keys/{name}.key holds another key than keys/{name}.pub.", code="key-swapped")
    return signer


def open_online(
    workspace: Workspace, passphrase: str, progress: Callable[[int, int], None] | None = None
) -> tuple[Signer, ...]:
    """The signers of snapshot and timestamp; raises as ``open_named``."""
    signers = []
    for name in ONLINE_KEYS:
        signers.append(open_named(workspace, name, passphrase))
        if progress:
            progress(len(signers), len(ONLINE_KEYS))
    return tuple(signers)


def at_hand(workspace: Workspace, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of ``names`` whose key files lie in the folder."""
    return tuple(name for name in names if workspace.key_file(name).is_file())


def check_passphrases(passphrases: Mapping[str, str]) -> None:
    """Refuse one passphrase for two holders: who knows it would be both of them.

    Raises:
        ConfigError: ``passphrase-shared``.
    """
    if len(set(passphrases.values())) < len(passphrases):
        raise ConfigError(
            "Two keys have the same passphrase: each holder needs their own.", code="passphrase-shared"
        )
