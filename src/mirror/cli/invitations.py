"""An invitation as a reader gives it (file, input, link), and what it says instead of options."""

import argparse
import hashlib
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final

from mirror.cli import terminal
from mirror.errors import ConfigError, FormatError
from mirror.limits import MAX_CODE_FILE
from mirror.reader.config import ReaderConfig, RootDigest
from mirror.reader.guide import Guide
from mirror.reader.session import read_root
from mirror.rotation.invitation import SCHEME, Invitation, parse

_STDIN: Final = "-"
_MAX_FILE: Final = 8 << 10  # bytes; the text form in a file with a few words of white space has 1.5 kB
# What pictures begin with, also those of kinds that are not opened.
_PICTURES: Final = (b"\x89PNG", b"\xff\xd8\xff", b"RIFF", b"GIF8", b"BM", b"<svg", b"<?xml", b"%PDF")
_HISTORY: Final = (
    "An invitation on the command line stays in the shell's history: a file, or - for standard input, does "
    "not."
)


def add_invitation(parser: argparse.ArgumentParser) -> None:
    """Add the option that ``invited`` reads."""
    parser.add_argument(
        "--invitation",
        metavar="FILE",
        help="an invitation, in the place of --root, --channel and --mirror: a file with its link, text or "
        "QR picture, - for standard input; or the link itself, which then stays in the shell's history",
    )


def is_file(given: str) -> bool:
    """True when ``given`` names a file, rather than standard input or a link."""
    return given != _STDIN and not _is_link(given)


def invited(
    options: argparse.Namespace, config: ReaderConfig, now: int
) -> tuple[ReaderConfig, Invitation | None]:
    """The configuration with what the invitation says, and the invitation; None where none is given.

    ``now`` is the best instant known. ``mirrors`` stays what it was: see ``reader.guide``.

    Raises:
        ConfigError: ``invitation-file``, ``invitation-picture``, ``invitation-channel``.
        FormatError, LimitError: As ``rotation.invitation.parse``, or ``rotation.scanning.scan``.
        TrustError: ``invitation-foreign``: ``root`` is another publication's; ``invitation-expired``.
    """
    given = options.invitation
    if given is None and config.invitation is None:
        return config, None
    if given is not None and _is_link(given):
        print(terminal.safe(_HISTORY), file=sys.stderr)
        invitation = parse(given)
    elif given == _STDIN:
        invitation = _read(sys.stdin.buffer)
    else:
        invitation = _from_file(Path(given) if given is not None else Path(config.invitation or ""))
    invitation.check(_held(config), now)
    if config.channel and config.channel != invitation.channel:
        raise ConfigError(
            "The invitation is to another channel than the one that was named.", code="invitation-channel"
        )
    root = config.root or RootDigest(invitation.publication.hex())
    return replace(config, root=root, channel=invitation.channel), invitation


def with_mirrors(config: ReaderConfig, guide: Guide | None, now: int) -> ReaderConfig:
    """``config`` with the mirrors that an invited reader asks, before those that were named."""
    return config if guide is None else replace(config, mirrors=guide.mirrors(now, config.mirrors))


def _is_link(given: str) -> bool:
    return given.startswith((SCHEME, "https://", "http://"))


def _held(config: ReaderConfig) -> bytes | None:
    """The publication that ``config`` names."""
    if config.root is None:
        return None
    if isinstance(config.root, RootDigest):
        return bytes.fromhex(config.root.digest)
    return hashlib.sha256(read_root(Path(config.root.path))).digest()


def _from_file(path: Path) -> Invitation:
    try:
        with path.open("rb") as file:
            return _read(file)
    except OSError as error:
        raise ConfigError(
            f"The file of the invitation cannot be read: {error.strerror}.", code="invitation-file"
        ) from error


def _read(file: BinaryIO) -> Invitation:
    data = file.read(_MAX_FILE + 1)
    if data.lstrip().startswith(_PICTURES):
        # Imported here: who gives a link does not wait for what decodes pictures.
        scanning = import_module("mirror.rotation.scanning")
        scanned: Invitation = scanning.scan(data + file.read(MAX_CODE_FILE + 1 - len(data)))
        return scanned
    try:
        return parse(data.decode("ascii"))
    except UnicodeDecodeError as error:
        raise FormatError(
            "The invitation is not whole: a letter is missing or wrong.", code="invitation-damaged"
        ) from error
