"""An encrypted folder: records under labels, of which a finder sees neither names nor contents.

On disk::

    VAULT            how the passphrase opens the key; one line of JSON, without anything of the reader
    LOCK             held while something is written
    <32 hex digits>  one record each; the name is a keyed digest of its label

Rules:

1. The key of everything is random; the passphrase (Argon2id or scrypt) only seals it. Without the
   file ``VAULT`` the records are noise, which makes wiping quick.
2. A record is ChaCha20-Poly1305 with a random nonce and its own name as associated data, so that no
   record can be moved to another's place.
3. What is inside is filled up to a multiple of ``_STEP``, which takes any piece: all pieces look
   alike, though their sizes differ. All files carry the same date.
4. A record that does not open is as good as none: a damaged disk loses one piece, not the library.
5. Files are written whole or not at all. Blocking: asynchronous callers run it in a thread.

What a finder still sees: that there is such a folder, how large it is, when the folder changed.
"""

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from mirror.errors import FormatError, StorageError, TrustError
from mirror.limits import MAX_KEY_FILE, MAX_PIECE, MAX_RECORD
from mirror.store import atomic
from mirror.trust.keys import ARGON2ID, Kdf

HEADER: Final = "VAULT"
LOCK: Final = "LOCK"
RECORD_NAME: Final = re.compile(r"[0-9a-f]{32}")
TEMPORARY: Final = ".new"
DAMAGED: Final = "library-damaged"
_TYPE: Final = "mirror-vault"
_NONCE: Final = 12
_TAG: Final = 16
_LENGTH: Final = 4
_STEP: Final = MAX_PIECE + _LENGTH
_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")

Random = Callable[[int], bytes]


class Vault:
    """An opened vault. Use ``create`` or ``open_vault``."""

    def __init__(self, folder: Path, key: bytes, random: Random) -> None:
        self._folder = folder
        self._random = random
        self._cipher = ChaCha20Poly1305(_derived(key, b"content"))
        self._naming = _derived(key, b"names")

    def read(self, label: str) -> bytes | None:
        """The record ``label``; None when there is none that opens (rule 4)."""
        name = self._name(label)
        try:
            with (self._folder / name).open("rb") as file:
                sealed = file.read(MAX_RECORD + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"The library cannot be read: {error.strerror}.") from error
        try:
            padded = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], name.encode())
        except (InvalidTag, ValueError):
            return None
        length = int.from_bytes(padded[:_LENGTH], "big")
        return padded[_LENGTH : _LENGTH + length]

    def write(self, label: str, data: bytes) -> None:
        """Put ``data`` into the place of the record ``label``.

        Raises:
            StorageError: The disk refused; the record is as it was.
        """
        name = self._name(label)
        padded = len(data).to_bytes(_LENGTH, "big") + data
        padded += bytes(-len(padded) % _STEP)
        nonce = self._random(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, padded, name.encode())
        if len(sealed) > MAX_RECORD:
            raise ValueError("a record of a bounded size")
        _replace(self._folder / name, sealed)

    def remove(self, label: str) -> None:
        """Remove the record ``label``, if there is one."""
        atomic.remove(self._folder / self._name(label))

    def tidy(self, labels: Iterable[str]) -> None:
        """Remove every record but ``labels``, and what writes that were cut off left."""
        kept = set(map(self._name, labels))
        with atomic.told():
            names = os.listdir(self._folder)
        for name in names:
            if is_record(name) and name not in kept:
                atomic.remove(self._folder / name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock while several records are written; what was renamed is sure after it.

        Raises:
            StorageError: ``store-locked``: another process writes.
        """
        with atomic.locked(self._folder / LOCK, mode=0o600):
            yield
            atomic.flush_folder(self._folder)

    def _name(self, label: str) -> str:
        return hmac.new(self._naming, label.encode(), hashlib.sha256).hexdigest()[:32]


def create(folder: Path, passphrase: str, random: Random = os.urandom, kdf: Kdf = ARGON2ID) -> Vault:
    """Make the folder and in it a vault that ``passphrase`` opens.

    Raises:
        StorageError: ``library-exists``: there is one; or the disk refuses.
    """
    if exists(folder):
        raise StorageError("There is a library in that folder already.", code="library-exists")
    key, salt, nonce = random(32), random(16), random(_NONCE)
    header = {
        "_type": _TYPE,
        "version": 1,
        "kdf": {"name": kdf.name, "memory": kdf.memory, "passes": kdf.passes, "lanes": kdf.lanes},
        "salt": salt.hex(),
        "nonce": nonce.hex(),
    }
    sealed = ChaCha20Poly1305(kdf.derive(passphrase, salt)).encrypt(nonce, key, _canonical(header))
    atomic.make_folder(folder, mode=0o700)
    _replace(folder / HEADER, _canonical(header | {"sealed": sealed.hex()}) + b"\n")
    atomic.flush_folder(folder)
    return Vault(folder, key, random)


def open_vault(folder: Path, passphrase: str, random: Random = os.urandom) -> Vault:
    """The vault in ``folder``.

    Raises:
        StorageError: ``library-missing``: there is none.
        FormatError: ``library-damaged``: its header is not as we write it, or asks for more memory
            or passes than we spend.
        TrustError: ``library-passphrase``: the passphrase does not open it.
    """
    header, sealed, kdf = _parse(_read_header(folder))
    secret = kdf.derive(passphrase, bytes.fromhex(header["salt"]))
    try:
        key = ChaCha20Poly1305(secret).decrypt(bytes.fromhex(header["nonce"]), sealed, _canonical(header))
    except InvalidTag as error:
        raise TrustError("The passphrase does not open the library.", code="library-passphrase") from error
    return Vault(folder, key, random)


def is_record(name: str) -> bool:
    """True when a vault's records have names like ``name``, or like it while they are written."""
    return RECORD_NAME.fullmatch(name.removesuffix(TEMPORARY)) is not None


def exists(folder: Path) -> bool:
    """True when there is a vault in ``folder``, whole or not."""
    return os.path.lexists(folder / HEADER)


def _derived(key: bytes, purpose: bytes) -> bytes:
    # The key is uniform, so that one keyed digest is all the derivation it needs (NIST SP 800-108).
    return hmac.new(key, b"mirror vault " + purpose, hashlib.sha256).digest()


def _replace(path: Path, data: bytes) -> None:
    new = path.with_name(path.name + TEMPORARY)
    atomic.remove(new)  # of a write that was cut off
    atomic.write_new(new, data, mode=0o600)
    with suppress(OSError):  # rule 3; some file systems have no dates to set
        os.utime(new, (0, 0))
    atomic.rename(new, path)


def _read_header(folder: Path) -> bytes:
    try:
        with (folder / HEADER).open("rb") as file:
            return file.read(MAX_KEY_FILE + 1)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StorageError("There is no library in that folder.", code="library-missing") from error
    except OSError as error:
        raise StorageError(f"The library cannot be read: {error.strerror}.") from error


def _parse(data: bytes) -> tuple[dict[str, Any], bytes, Kdf]:
    """The header without what it seals, what it seals, and what opening it costs."""
    try:
        header = json.loads(data)
        if not isinstance(header, dict) or _canonical(header) + b"\n" != data:
            raise ValueError("not as we write it")
        sealed = header.pop("sealed")
        if header.keys() != {"_type", "version", "kdf", "salt", "nonce"} or header["_type"] != _TYPE:
            raise ValueError("another kind of file")
        if header["version"] != 1 or header["kdf"].keys() != {"name", "memory", "passes", "lanes"}:
            raise ValueError("another version")
        sizes = {"salt": 16, "nonce": _NONCE}
        if any(not _HEX.fullmatch(header[name]) or len(header[name]) != 2 * sizes[name] for name in sizes):
            raise ValueError("a length")
        if len(bytes.fromhex(sealed)) != 32 + _TAG:
            raise ValueError("a length")
        if any(type(header["kdf"][name]) is not int for name in ("memory", "passes", "lanes")):
            raise ValueError("no whole number")
        kdf = Kdf(**header["kdf"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FormatError("The library's header is damaged.", code=DAMAGED) from error
    return header, bytes.fromhex(sealed), kdf


def _canonical(value: dict[str, Any]) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
