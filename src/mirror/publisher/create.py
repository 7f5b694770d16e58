"""A new publication: its keys, its first metadata, its folder.

Everything is made in memory first. The folder is written in an order in which a crash leaves either
a folder that ``create`` takes up again, or a whole publication: the kept metadata comes last but
for the tree, which any later command completes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from securesystemslib.signer import Signer

from mirror.errors import ConfigError, TrustError
from mirror.publisher.config import ONLINE_KEYS, PublicationConfig, Signing, write
from mirror.publisher.keyring import Randomness, check_passphrases, make_key, passphrase_name, public_pem
from mirror.publisher.settle import settle
from mirror.publisher.workspace import CONFIG, NOTICES, Workspace, place
from mirror.store import atomic
from mirror.trust import ceremony
from mirror.trust.changes import new_publication
from mirror.trust.keys import ARGON2ID, Kdf, PublicKey
from mirror.trust.publication import Holders

_UNFINISHED: Final = "state/unfinished"
# No honest clock shows less: this program did not exist.
EARLIEST: Final = 1_767_225_600  # 2026-01-01T00:00:00Z
FIRST_NOTICES: Final = """\
# Which notices this publication shows. The generic one is always on. A template of the catalogue is
# turned on by `mirror publish notices on ID --responsible NAME ...`, once somebody answers for it
# and two people, one of them counsel, have reviewed it; `mirror publish notices list` shows them.
schema = 1
"""


@dataclass(frozen=True, slots=True)
class Created:
    """A new publication: its folder, the digest of its first root, the names of its keys."""

    workspace: Workspace
    root_digest: str
    holders: tuple[str, ...]


def create(
    folder: Path,
    config: PublicationConfig,
    passphrases: Mapping[str, str],
    *,
    now: int,
    randomness: Randomness,
    kdf: Kdf = ARGON2ID,
    notices: str = FIRST_NOTICES,
    progress: Callable[[int, int], None] | None = None,
) -> Created:
    """Make a publication in ``folder``, which is empty, missing, or left by a ``create`` that ended early.

    Args:
        folder: Where.
        config: What it is.
        passphrases: For every holder by name, and for ``online``.
        now: When its first root is issued.
        randomness: Gives that many random bytes.
        kdf: What it costs to try a passphrase.
        notices: The first ``notices.toml``.
        progress: Told the keys made and their number.

    Raises:
        ConfigError: ``folder-not-empty``, ``already-initialized``, ``passphrase-shared``.
        TrustError: ``clock-behind``: the clock shows a time before this program existed.
        LimitError: More channels and keys than the metadata can name.
        StorageError: The disk refused; run it again.
    """
    workspace = Workspace(folder, config)
    check_folder(workspace)
    check_passphrases(passphrases)
    if now < EARLIEST:
        raise TrustError(
            "This machine's clock shows a time before this program existed: set it right.",
            code="clock-behind",
        )
    files: dict[str, bytes] = {}
    signers: dict[str, Signer] = {}
    names = (*config.holders(), *ONLINE_KEYS)
    for done, name in enumerate(names, 1):
        data, signers[name] = make_key(name, passphrases[passphrase_name(name)], randomness, kdf)
        files[f"keys/{name}.key"] = data
        files[f"keys/{name}.pub"] = public_pem(signers[name])
        if progress:
            progress(done, len(names))
    offline = [signers[name] for name in config.holders()]
    online = [signers[name] for name in ONLINE_KEYS]
    draft = new_publication(
        root=_held(config.signing, signers),
        targets=_held(config.signing, signers),
        snapshot=_held(Signing(("snapshot",), 1), signers),
        timestamp=_held(Signing(("timestamp",), 1), signers),
        notices=_held(config.signing, signers),
        reader=_held(config.signing, signers),
        channels={each.id: _held(config.signing_of(each.id), signers) for each in config.channels},
        now=now,
        lifetimes=config.lifetimes,
    )
    publication = ceremony.commit(ceremony.sign(draft, *offline), online, now=now, lifetimes=config.lifetimes)
    with workspace.lock():
        place(folder / _UNFINISHED, b"")
        for path, data in files.items():
            place(folder / path, data, mode=0o600 if path.endswith(".key") else 0o644)
        place(folder / CONFIG, write(config).encode())
        place(folder / NOTICES, notices.encode())
        workspace.keep(publication)
        settle(workspace, publication)
        atomic.remove(folder / _UNFINISHED)
    return Created(workspace, sha256(publication.roots[0]).hexdigest(), config.holders())


def check_folder(workspace: Workspace) -> None:
    """Return when a publication can be made in the folder, which is made where it is missing.

    Raises:
        ConfigError: ``already-initialized``, ``folder-not-empty``.
        StorageError: The disk refused.
    """
    if workspace.metadata.load() is not None:
        raise ConfigError("There is a publication in this folder already.", code="already-initialized")
    with atomic.told():
        is_ours = (workspace.folder / _UNFINISHED).exists()
        names = {path.name for path in workspace.folder.iterdir()} if workspace.folder.exists() else set()
        if not is_ours and not names <= {"state"}:  # killed before it could say so
            raise ConfigError("A new publication needs an empty folder.", code="folder-not-empty")
    atomic.make_folder(workspace.folder)


def _held(signing: Signing, signers: Mapping[str, Signer]) -> Holders:
    keys = tuple(PublicKey(name, signers[name].public_key) for name in signing.holders)
    return Holders(keys, signing.threshold)
