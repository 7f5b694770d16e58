"""A reader's configuration: one TOML file, one frozen value. See ``config/reader.toml``.

Pure: bytes in, values out. Nothing is looked for in a usual place, and nothing must be configured:
everything here can be said on the command line, so that nothing has to lie on the device.
"""

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from mirror.errors import ConfigError
from mirror.limits import MAX_READER_MIRRORS
from mirror.model import CHANNEL_ID, Endpoint
from mirror.net.address import endpoint
from mirror.net.ways import DIRECT, KEYS, Ways, ways
from mirror.settings import Table, read

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True)
class RootFile:
    """The root of trust lies in a file."""

    path: PurePath


@dataclass(frozen=True, slots=True)
class RootDigest:
    """The root of trust is the first root, of which only the SHA-256 (hex) is known."""

    digest: str


Root = RootFile | RootDigest


@dataclass(frozen=True, slots=True)
class LibraryPlace:
    """Where a library is kept, once the reader has chosen to keep one.

    ``passphrase_file`` is None where the passphrase is typed.
    """

    folder: PurePath
    passphrase_file: PurePath | None = None


@dataclass(frozen=True, slots=True)
class ReaderConfig:
    """What a reader needs to know. ``library`` is None for memory only, the default.

    ``invitation`` is the file of one, which says what ``root``, ``channel`` and ``mirrors`` leave out.
    ``language`` is a BCP 47 tag, or empty for the system's.
    """

    root: Root | None = None
    channel: str = ""
    mirrors: tuple[Endpoint, ...] = field(default=())
    language: str = ""
    library: LibraryPlace | None = None
    ways: Ways = DIRECT
    invitation: PurePath | None = None


def parse(data: bytes, folder: PurePath) -> ReaderConfig:
    """The configuration ``data``; relative paths in it start from ``folder``.

    Raises:
        ConfigError: Names the key, never its value.
    """
    top = read(data)
    config = ReaderConfig(
        root=_root(top, folder) if top.has("root") else None,
        channel=_matching(top, "channel", CHANNEL_ID, "is not the name of a channel"),
        mirrors=_mirrors(top),
        language=_matching(top, "language", _LANGUAGE, "is not the tag of a language"),
        library=_library(top.table("library"), folder) if top.has("library") else None,
        invitation=folder / top.text("invitation") if top.has("invitation") else None,
        ways=ways({key: top.text(key) for key in KEYS if top.has(key)}, top.wrong),
    )
    top.end()
    return config


def root_of(text: str, folder: PurePath) -> Root:
    """The root of trust that ``text`` names: 64 hexadecimal digits, or a path from ``folder``."""
    return RootDigest(text.lower()) if _DIGEST.fullmatch(text.lower()) else RootFile(folder / text)


def mirrors_of(addresses: tuple[str, ...]) -> tuple[Endpoint, ...] | None:
    """The mirrors at ``addresses``, named by their places; None when one is no address."""
    found = [endpoint(text, number) for number, text in enumerate(addresses, 1)]
    return None if None in found else tuple(each for each in found if each is not None)


def is_language(text: str) -> bool:
    """True when ``text`` has the form of a BCP 47 tag."""
    return _LANGUAGE.fullmatch(text) is not None


def _root(top: Table, folder: PurePath) -> Root:
    return root_of(top.text("root"), folder)


def _matching(top: Table, key: str, pattern: re.Pattern[str], why: str) -> str:
    text = top.text(key, "")
    if text and not pattern.fullmatch(text):
        raise top.wrong(key, why)
    return text


def _mirrors(top: Table) -> tuple[Endpoint, ...]:
    found = mirrors_of(top.texts("mirrors", ()))
    if found is None:
        raise top.wrong("mirrors", "holds what is not the address of a mirror")
    if len(found) > MAX_READER_MIRRORS:
        raise top.wrong("mirrors", "holds more mirrors than are asked")
    return found


def _library(table: Table, folder: PurePath) -> LibraryPlace:
    file = table.text("passphrase_file", "")
    place = LibraryPlace(folder / table.text("folder"), folder / file if file else None)
    table.end()
    return place


def complete(config: ReaderConfig) -> tuple[Root, str]:
    """The root and the channel of ``config``.

    Raises:
        ConfigError: ``incomplete``: one of them, or every mirror, is missing.
    """
    if config.root is None:
        raise ConfigError("Say whose news: --root, or root in the configuration.", code="incomplete")
    if not config.channel:
        raise ConfigError("Say which channel: --channel, or channel in the configuration.", code="incomplete")
    if not config.mirrors and config.library is None:
        raise ConfigError("Say where to ask: --mirror, or mirrors in the configuration.", code="incomplete")
    return config.root, config.channel
