"""The two files of a node whose paths change: its secret, and the rounded totals of visits.

Rules:

1. The secret is hexadecimal, at least ``MIN_SECRET`` bytes, in a file that only its owner can read:
   whoever has it can find this endpoint's paths for ever.
2. Totals are written when an epoch is over and when the node stops, never between; they hold epochs,
   seats and multiples of 50.
"""

import json
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from mirror.errors import ConfigError
from mirror.limits import MAX_COUNTERS
from mirror.rotation.paths import MIN_SECRET
from mirror.store.atomic import remove, rename, write_new

_SIZE: Final = 32  # bytes of a secret that we make
_MOST: Final = 256  # characters of a file that holds one

Totals = dict[str, dict[str, int]]


def read_secret(path: Path) -> bytes:
    """The secret in the file ``path``.

    Raises:
        ConfigError: It cannot be read, others can read it, or it holds no secret.
    """
    try:
        with path.open("rb") as file:
            facts = os.fstat(file.fileno())
            data = file.read(_MOST + 1)
    except OSError as error:
        raise ConfigError(f"The file rotation.secret cannot be read: {error.strerror}.") from error
    if stat.S_IMODE(facts.st_mode) & 0o077:
        raise ConfigError("The file rotation.secret can be read by others: give it the mode 0600.")
    try:
        secret = bytes.fromhex(data.decode("ascii").strip())
    except ValueError as error:
        raise ConfigError("The file rotation.secret does not hold a secret.") from error
    if not MIN_SECRET <= len(secret) <= _MOST // 2:
        raise ConfigError("The file rotation.secret does not hold a secret.")
    return secret


def make_secret(path: Path) -> None:
    """Write a new secret to ``path``, which must not exist.

    Raises:
        ConfigError: It exists, or cannot be written.
    """
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_SIZE) + "\n")
    except OSError as error:
        raise ConfigError(f"The secret cannot be written: {error.strerror}.") from error


def read_totals(path: Path) -> Totals:
    """The totals in the file ``path``; none where there is no such file, or it is damaged."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_COUNTERS + 1)
        value = json.loads(data)
        return {
            str(int(epoch)): {str(int(seat)): int(count) for seat, count in seats.items()}
            for epoch, seats in value.items()
        }
    except (OSError, ValueError, AttributeError, TypeError, RecursionError):
        return {}


def write_totals(path: Path, totals: Totals) -> None:
    """Replace the file ``path``, readable by its owner alone.

    Raises:
        StorageError: The disk refused.
    """
    data = json.dumps(totals, sort_keys=True, indent=1).encode() + b"\n"
    new = path.with_name(path.name + ".new")
    remove(new)
    write_new(new, data, mode=0o600)
    rename(new, path)
