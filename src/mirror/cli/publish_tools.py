"""What the publisher's commands share: the outside world as values, passphrases, small prints."""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from securesystemslib.signer import Signer

from mirror.cli.terminal import ask, progress, read_passphrase, safe
from mirror.clock import Clock, SystemClock
from mirror.errors import ConfigError, GateError
from mirror.publisher.keyring import ONLINE, open_named, open_online
from mirror.publisher.rotation import Opened, Press, open_press, open_rotation
from mirror.publisher.slipmaking import Pages
from mirror.publisher.workspace import Workspace, open_workspace
from mirror.trust.ceremony import RoleStatus
from mirror.trust.keys import ARGON2ID, Kdf

YES = ("y", "yes")


@dataclass(frozen=True, slots=True)
class Tools:
    """Time, randomness and the cost of a passphrase: tests and the demonstration give their own.

    ``is_local_allowed`` takes endpoints on this machine, which nobody elsewhere could reach: no option
    sets it, and only the demonstration does.
    """

    clock: Clock = field(default_factory=SystemClock)
    randomness: Callable[[int], bytes] = os.urandom
    kdf: Kdf = ARGON2ID
    is_local_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Passphrases:
    """Passphrases by the name of their key: from files, or typed."""

    files: Mapping[str, Path]

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Passphrases":
        """Those of ``--passphrase-file NAME=FILE``.

        Raises:
            ConfigError: ``passphrase-file``: not in this form, or a name twice.
        """
        files: dict[str, Path] = {}
        for each in options.passphrase_file or ():
            name, separator, path = each.partition("=")
            if not (name and separator and path) or name in files:
                raise ConfigError(
                    "--passphrase-file wants NAME=FILE, each name once.", code="passphrase-file"
                )
            files[name] = Path(path)
        return cls(files)

    def has(self, name: str) -> bool:
        """Whether the passphrase can be had without anybody typing something unasked."""
        return name in self.files or sys.stdin.isatty()

    def get(self, name: str) -> str:
        """The passphrase of ``name``; raises as ``terminal.read_passphrase``."""
        return read_passphrase(self.files.get(name), f"Passphrase of {name}: ").decode()

    def chosen(self, name: str) -> str:
        """A new passphrase for ``name``, typed twice where it is typed.

        Raises:
            ConfigError: ``passphrase``: the two differ.
        """
        first = self.get(name)
        if (
            name not in self.files
            and read_passphrase(None, f"Passphrase of {name}, again: ").decode() != first
        ):
            raise ConfigError("The two passphrases differ.", code="passphrase")
        return first

    def online(self, workspace: Workspace, tools: Tools) -> tuple[tuple[Signer, ...], Press | None]:
        """The signers of snapshot and timestamp; and what makes slips, where endpoints are handed out."""
        passphrase = self.get(ONLINE)
        with progress("Opening the online keys") as tell:
            return open_online(workspace, passphrase, tell), open_press(
                workspace, passphrase, tools.randomness
            )

    def rotation(self, workspace: Workspace, tools: Tools) -> Opened:
        """The publication's rotation, opened."""
        return open_rotation(workspace, self.get(ONLINE), tools.randomness)

    def signer(self, workspace: Workspace, name: str) -> Signer:
        """The signer of the key ``name``."""
        return open_named(workspace, name, self.get(name))


def slips_in_words(pages: Pages) -> list[str]:
    """What was made of slips with a statement: a line, or none."""
    if not pages.changed:
        return []
    return [f"Slips: {pages.slips}; {len(pages.changed)} page(s) are new or changed."]


def slip_fields(pages: Pages) -> dict[str, Any]:
    """The same for JSON, only where the publication hands out endpoints."""
    if not pages.changed and not pages.slips and not pages.refused:
        return {}
    return {"slips": {"changed_pages": len(pages.changed), "refused": pages.refused, "slips": pages.slips}}


def warn_of_slips(pages: Pages) -> None:
    """Say why no slips were made with a statement, if none were."""
    sentences = {
        "slips-unsigned": "No slips were made: `mirror publish release` must sign their key first.",
        "slips-crowded": "No slips were made: they need more pages, which `mirror publish release` signs.",
        "slip-too-long": "No slips were made: an endpoint's address is too long.",
    }
    if pages.refused:
        warn([f"{sentences[pages.refused]} [{pages.refused}]"])


def workspace_of(options: argparse.Namespace) -> Workspace:
    """The publication that ``--publication`` names."""
    return open_workspace(Path(options.publication))


def channel_of(workspace: Workspace, options: argparse.Namespace) -> str:
    """The channel that ``--channel`` names, or the only one there is.

    Raises:
        ConfigError: ``channel-needed``, ``no-channel``.
    """
    if options.channel:
        return workspace.config.channel(options.channel).id
    if len(workspace.config.channels) > 1:
        raise ConfigError(
            "The publication has several channels: name one with --channel.", code="channel-needed"
        )
    return workspace.config.channels[0].id


def confirm(question: str, *, is_given: bool) -> None:
    """Return when the person says yes, or said so with ``--yes``.

    Raises:
        GateError: ``not-confirmed``: anything else, also where nobody can be asked.
    """
    if is_given:
        return
    if not sys.stdin.isatty():
        raise GateError("Nobody was there to confirm this: use --yes.", code="not-confirmed")
    if ask(f"{question} [y/N] ").lower() not in YES:
        raise GateError("Nothing was done.", code="not-confirmed")


def say(*lines: str) -> None:
    """Print lines, safe for a terminal."""
    for each in lines:
        print(safe(each))


def warn(lines: Iterable[str]) -> None:
    """Print lines to standard error, safe for a terminal."""
    for each in lines:
        print(safe(each), file=sys.stderr)


def when(at: int) -> str:
    """An instant for people."""
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")


def size(count: int) -> str:
    """A number of bytes for people."""
    if count < 10_000:
        return f"{count} bytes"
    return f"{count / 1_000:,.0f} kB" if count < 10_000_000 else f"{count / 1_000_000:,.1f} MB"


def signers_in_words(roles: Sequence[RoleStatus]) -> list[str]:
    """Who signed what, one line for each role."""
    width = max((len(each.role) for each in roles), default=0)
    return [
        f"  {each.role:<{width}}  {len(each.signed)} of {each.threshold} needed: "
        f"{', '.join(each.signed) or 'nobody'} signed"
        + (f"; {', '.join(each.missing)} could" if each.missing and not each.is_complete else "")
        for each in roles
    ]


def role_fields(each: RoleStatus) -> dict[str, Any]:
    """Who signed a role, as JSON has it."""
    return {
        "by": each.by,
        "complete": each.is_complete,
        "missing": list(each.missing),
        "role": each.role,
        "signed": list(each.signed),
        "threshold": each.threshold,
        "version": each.version,
    }
