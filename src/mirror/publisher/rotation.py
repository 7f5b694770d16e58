"""A publication's rotation, opened: its keys, its database, and what is signed offline about it.

Sealed keys, all under the online passphrase: ``keys/slips.key`` signs slip pages, and readers take it
because ``targets`` names it; ``keys/invitations.key`` is the root of the tree of keys. The first can be
replaced by signing ``targets`` again. The second cannot: without it every invitation is lost. Where the
publisher takes reports there is a third, ``keys/reports.key``, which opens them, with its public half in
``keys/reports.public``; it can be replaced like the first, and reports for the old one are lost.
"""

from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from securesystemslib.signer import Signer
from sqlalchemy import Engine
from tuf.api.metadata import Targets

from mirror.errors import ConfigError, FormatError, SourceError, StorageError, TrustError
from mirror.limits import MAX_KEY_FILE
from mirror.publisher.config import Rotation
from mirror.publisher.database import Roster
from mirror.publisher.keyring import Randomness, open_named, public_pem
from mirror.publisher.placing import places
from mirror.publisher.roster import Pool
from mirror.publisher.tables import open_engine, prepare
from mirror.publisher.vault import Vault
from mirror.publisher.workspace import Workspace, bounded, place
from mirror.rotation import hpke
from mirror.rotation.epochs import Calendar
from mirror.rotation.keys import KeyTree, derive
from mirror.rotation.looking import bits_for, crowded
from mirror.rotation.settings import PUBLIC_KEY_SIZE, REPORT_KEY_SIZE, Settings
from mirror.trust.keys import NONCE_BYTES, SALT_BYTES, SEED_BYTES, Kdf, open_seed, seal_key, signer_of
from mirror.trust.metadata import ROTATION, key_material, read
from mirror.trust.publication import Publication

SLIPS: Final = "slips"
INVITATIONS: Final = "invitations"
REPORTS: Final = "reports"
# From when on a new number of pages counts: those of this epoch and the next may have been read.
_AHEAD: Final = 2
_MAX_STEPS: Final = 4
# The fewest pages, as a power of two: 320 records, so that neither a small number of cohorts shows nor a
# day of many invitations waits for more pages to be signed. A mirror carries 320 kB.
_LEAST_BITS: Final = 4


@dataclass(frozen=True, slots=True)
class Opened:
    """A publication's rotation with its secrets; ``repr`` shows none.

    ``publication`` is the SHA-256 of the first root; ``tree`` the tree of keys.
    """

    roster: Roster = field(repr=False)
    tree: KeyTree = field(repr=False)
    publication: bytes
    config: Rotation

    @property
    def calendar(self) -> Calendar:
        """The publication's epochs."""
        return Calendar(self.config.epoch_seconds)


@dataclass(frozen=True, slots=True)
class Press:
    """What makes slip pages: an opened rotation, and the key that signs them."""

    opened: Opened
    signer: Signer = field(repr=False)

    @property
    def public(self) -> bytes:
        """The raw public half."""
        return bytes.fromhex(self.signer.public_key.keyval["public"])

    def sign(self, message: bytes) -> bytes:
        """``pages.Sign``."""
        return bytes.fromhex(self.signer.sign(message).signature)


def is_set_up(workspace: Workspace) -> bool:
    """Whether the publication hands out endpoints at all."""
    return workspace.key_file(INVITATIONS).is_file()


def lacks_keys(workspace: Workspace) -> bool:
    """Whether ``set_up`` has something to make: at first, and after a key of slips was taken away."""
    return not all(workspace.key_file(name).is_file() for name in (SLIPS, INVITATIONS))


def set_up(workspace: Workspace, passphrase: str, randomness: Randomness, kdf: Kdf) -> None:
    """Make the two keys, where they are missing; a crash in between is made up for by the next call."""
    for name in (SLIPS, INVITATIONS):
        if workspace.key_file(name).is_file():
            continue
        seed, salt, nonce = randomness(SEED_BYTES), randomness(SALT_BYTES), randomness(NONCE_BYTES)
        if name == SLIPS:
            place(workspace.folder / "keys" / f"{name}.pub", public_pem(signer_of(seed)))
        place(
            workspace.key_file(name), seal_key(seed, passphrase, salt, nonce, name=name, kdf=kdf), mode=0o600
        )


def open_rotation(workspace: Workspace, passphrase: str, randomness: Randomness) -> Opened:
    """The rotation of a publication that ``set_up`` was called for.

    Raises:
        ConfigError: ``no-rotation``: there is none; ``database-file``, ``epoch-changed``.
        TrustError: ``key-passphrase``.
        FormatError: ``key-damaged``.
        StorageError: The database: ``roster``, ``roster-busy``, ``roster-damaged``, ``roster-other``.
    """
    if not is_set_up(workspace):
        raise ConfigError("No endpoint was added yet: `mirror endpoints add`.", code="no-rotation")
    secret = _seed(workspace, INVITATIONS, passphrase)
    digest = _digest(workspace)
    vault = Vault(secret, digest, randomness)
    return Opened(
        Roster(_engine(workspace), vault), KeyTree(secret, digest), digest, workspace.config.rotation
    )


def open_press(workspace: Workspace, passphrase: str, randomness: Randomness) -> Press | None:
    """The same with the key of slips; None where the publication hands out no endpoints.

    Raises: as ``open_rotation``, and as ``keyring.open_named``.
    """
    if not is_set_up(workspace):
        return None
    opened = open_rotation(workspace, passphrase, randomness)
    return Press(opened, open_named(workspace, SLIPS, passphrase))


def take_reports(workspace: Workspace, passphrase: str, randomness: Randomness, kdf: Kdf) -> bytes:
    """Make the key that reports are sealed for, where there is none; its public half.

    The next release signs it. A crash in between is made up for by the next call.

    Raises: as ``open_reports``.
    """
    if not workspace.key_file(REPORTS).is_file():
        seed, salt, nonce = randomness(SEED_BYTES), randomness(SALT_BYTES), randomness(NONCE_BYTES)
        sealed = seal_key(seed, passphrase, salt, nonce, name=REPORTS, kdf=kdf)
        place(workspace.key_file(REPORTS), sealed, mode=0o600)
    public = hpke.public_of(_report_key(workspace, passphrase))
    place(_report_file(workspace), public.hex().encode() + b"\n")
    return public


def open_reports(workspace: Workspace, passphrase: str) -> bytes:
    """The private key that opens reports.

    Raises:
        ConfigError: ``no-reports``: this publication takes none.
        FormatError: ``key-damaged``.
        TrustError: ``key-passphrase``; ``key-swapped``: ``keys/reports.public`` is another key's.
    """
    public = report_key(workspace)
    if not public or not workspace.key_file(REPORTS).is_file():
        raise ConfigError(
            "This publication takes no reports: `mirror endpoints reports --take`.", code="no-reports"
        )
    private = _report_key(workspace, passphrase)
    if hpke.public_of(private) != public:
        raise TrustError(
            f"keys/{REPORTS}.key holds another key than keys/{REPORTS}.public.", code="key-swapped"
        )
    return private


def report_key(workspace: Workspace) -> bytes:
    """The public key that reports are sealed for, as it lies in ``keys``; empty: none are taken.

    Raises:
        FormatError: ``key-damaged``.
    """
    file = _report_file(workspace)
    if not file.is_file():
        return b""
    try:
        key = bytes.fromhex(bounded(file, MAX_KEY_FILE, "a public key").decode("ascii").strip())
    except ValueError as error:
        raise FormatError(f"keys/{REPORTS}.public is no key.", code="key-damaged") from error
    if len(key) != REPORT_KEY_SIZE:
        raise FormatError(f"keys/{REPORTS}.public is no key.", code="key-damaged")
    return key


def signed_settings(publication: Publication) -> Settings | None:
    """What ``targets`` says about rotation; None where it says nothing.

    Raises:
        FormatError: ``rotation-settings``.
    """
    value = read(publication.roles[Targets.type], Targets).unrecognized_fields.get(ROTATION)
    return None if value is None else Settings.from_json(value)


def wanted_settings(workspace: Workspace, publication: Publication, now: int) -> Settings | None:
    """What ``targets`` should say; None where there is nothing to say. Needs no passphrase.

    The keys of slips and reports as they lie in ``keys``, and room for twice the slips there are: pages are
    never made fewer, and more of them count from the epoch after the next.

    Raises:
        ConfigError, StorageError: As ``open_rotation``.
        LimitError: ``slips-crowded``: more slips than the largest number of pages holds.
    """
    key = next((each for each in workspace.public_keys() if each.name == SLIPS), None)
    if key is None or not is_set_up(workspace):
        return None
    raw = key_material(key.key).removeprefix(b"ed25519:")
    if len(raw) != PUBLIC_KEY_SIZE:
        raise FormatError(f"keys/{SLIPS}.pub is no Ed25519 key.", code="key-damaged")
    reports = report_key(workspace)
    before = signed_settings(publication)
    facts = Roster(_engine(workspace), None).facts()
    spots = [each for pool in Pool for each in places(facts, pool)]
    bits = max(_LEAST_BITS, bits_for(2 * (len(spots) + len(crowded(spots)))))
    epoch = workspace.config.rotation.epoch_seconds
    at = Calendar(epoch).epoch(now)
    if before is None:
        return Settings((raw,), ((0, bits),), epoch, reports)
    keys = before.keys if raw in before.keys else (raw,)
    if before.bits(at + _AHEAD) >= bits:
        return Settings(keys, before.pages, epoch, reports)
    steps = [(start, each) for start, each in before.pages if start < at + _AHEAD][-(_MAX_STEPS - 1) :]
    return Settings(keys, (*steps, (at + _AHEAD, bits)), epoch, reports)


def _seed(workspace: Workspace, name: str, passphrase: str) -> bytes:
    """The 32 bytes in the sealed key ``name``."""
    try:
        return open_seed(bounded(workspace.key_file(name), MAX_KEY_FILE, f"keys/{name}.key"), passphrase)
    except FormatError as error:
        raise FormatError(
            f"keys/{name}.key is damaged, or is no key: bring it back from its copy.", code=error.code
        ) from error
    except TrustError as error:
        raise TrustError(f"The passphrase does not open keys/{name}.key.", code=error.code) from error
    except SourceError as error:
        raise StorageError(str(error), code=error.code) from error


def _report_key(workspace: Workspace, passphrase: str) -> bytes:
    """The private key of reports: not the seed itself, whose file names another public half."""
    return derive(
        _seed(workspace, REPORTS, passphrase), b"mirror/1/reports" + _digest(workspace), hpke.KEY_SIZE
    )


def _report_file(workspace: Workspace) -> Path:
    return workspace.folder / "keys" / f"{REPORTS}.public"


def _engine(workspace: Workspace) -> Engine:
    config = workspace.config.rotation
    database = workspace.folder / config.database if config.database else None
    engine = open_engine(database, database_file(workspace))
    prepare(engine, _digest(workspace).hex(), config.epoch_seconds)
    return engine


def database_file(workspace: Workspace) -> Path:
    """Where the database lies, unless the configuration names another."""
    return workspace.folder / "state" / "rotation" / "roster.sqlite3"


def _digest(workspace: Workspace) -> bytes:
    return sha256(workspace.publication().roots[0]).digest()
