"""A node's configuration: one TOML file, one frozen value. See ``config/node.toml``."""

import ipaddress
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mirror.errors import ConfigError
from mirror.limits import (
    MAX_CHANNELS,
    MAX_CONFIG,
    MAX_EPOCH_SECONDS,
    MAX_MIRRORS,
    MAX_SEATS,
    MIN_EPOCH_SECONDS,
)
from mirror.model import CHANNEL_ID, Endpoint
from mirror.net.address import endpoint
from mirror.net.ways import DIRECT, KEYS, Ways, ways
from mirror.node.cover.site import DEFAULT
from mirror.rotation.epochs import DAY, Calendar
from mirror.settings import Table, read

_ADDRESS: Final = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<four>[0-9.]+)):(?P<port>[0-9]{1,5})")
_SERVER: Final = re.compile(r"nginx(?:/[0-9]{1,3}(?:\.[0-9]{1,3}){2})?")


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen: an IP address and a port (0: any that is free)."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """True when only this machine can connect."""
        return ipaddress.ip_address(self.host).is_loopback

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Serve:
    """How to serve. ``certificate`` and ``key`` are both there or both not."""

    listen: tuple[Address, ...] = (Address("127.0.0.1", 8080),)
    connections: int = 512
    cache_bytes: int = 64 << 20
    certificate: Path | None = None
    key: Path | None = None
    metrics: Address | None = None


@dataclass(frozen=True, slots=True)
class Sync:
    """What to fetch from where. ``root`` is the publication's root of trust, got from the publisher."""

    root: Path
    mirrors: tuple[Endpoint, ...]
    channels: tuple[str, ...]
    with_images: bool = True
    every_seconds: int = 900
    ways: Ways = DIRECT


@dataclass(frozen=True, slots=True)
class Rotation:
    """Paths that change: ``secret`` is the file with this endpoint's secret (``rotating``).

    ``closed`` are the seats that nobody is sent to any more. ``counters`` is the file for rounded
    totals of visits; None: nothing is written.
    """

    secret: Path
    calendar: Calendar = field(default_factory=Calendar)
    closed: tuple[int, ...] = ()
    counters: Path | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What is shown to everyone else: a folder, by a server that calls itself ``server``."""

    folder: Path = DEFAULT
    server: str = "nginx"


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """A node: its tree, how it serves, and what it syncs (None: somebody else fills the tree).

    Without ``rotation`` it is a public mirror; with it there is always a cover site.
    """

    tree: Path
    serve: Serve
    sync: Sync | None
    rotation: Rotation | None = None
    cover: Cover | None = None


def parse(data: bytes, folder: Path) -> NodeConfig:
    """The configuration ``data``; relative paths in it start from ``folder``.

    Raises:
        ConfigError: Names the key, never its value.
    """
    top = read(data)
    tree = folder / top.text("tree")
    serve = _serve(top.table("serve"), folder)
    sync = _sync(top.table("sync"), folder) if top.has("sync") else None
    rotation = _rotation(top.table("rotation"), folder) if top.has("rotation") else None
    has_cover = top.has("cover") or rotation is not None
    cover = _cover(top.table("cover"), folder) if has_cover else None
    top.end()
    return NodeConfig(tree, serve, sync, rotation, cover)


def address(text: str) -> Address | None:
    """The address in ``text``, such as ``127.0.0.1:8080`` or ``[::]:443``; None when it is none."""
    match = _ADDRESS.fullmatch(text)
    if match is None or int(match["port"]) > 65_535:
        return None
    try:
        return Address(str(ipaddress.ip_address(match["six"] or match["four"])), int(match["port"]))
    except ValueError:
        return None


def _serve(table: Table, folder: Path) -> Serve:
    default = Serve()
    listen = [address(text) for text in table.texts("listen", tuple(map(str, default.listen)))]
    if not listen or None in listen:
        raise table.wrong("listen", "holds what is not an IP address and a port")
    certificate, key = (table.text(name, "") for name in ("certificate", "key"))
    if bool(certificate) != bool(key):
        raise table.wrong("certificate" if certificate else "key", "needs the other one of the two")
    metrics = None
    if said := table.text("metrics", ""):
        metrics = address(said)
        if metrics is None or not metrics.is_loopback:
            raise table.wrong("metrics", "is not a loopback address and a port")
    serve = Serve(
        listen=tuple(each for each in listen if each is not None),
        connections=table.number("connections", default.connections, least=8, most=100_000),
        cache_bytes=table.number("cache_mebibytes", default.cache_bytes >> 20, least=1, most=1 << 20) << 20,
        certificate=folder / certificate if certificate else None,
        key=folder / key if key else None,
        metrics=metrics,
    )
    table.end()
    return serve


def _rotation(table: Table, folder: Path) -> Rotation:
    counters = table.text("counters", "")
    rotation = Rotation(
        secret=folder / table.text("secret"),
        calendar=Calendar(
            table.number("epoch_seconds", DAY, least=MIN_EPOCH_SECONDS, most=MAX_EPOCH_SECONDS)
        ),
        closed=table.numbers("closed_seats", least=0, most=MAX_SEATS - 1),
        counters=folder / counters if counters else None,
    )
    table.end()
    return rotation


def _cover(table: Table, folder: Path) -> Cover:
    default = Cover()
    place = table.text("folder", "")
    cover = Cover(folder / place if place else default.folder, table.text("server", default.server))
    if not _SERVER.fullmatch(cover.server):
        raise table.wrong("server", "is not nginx, or nginx/ and a version")
    table.end()
    return cover


def _sync(table: Table, folder: Path) -> Sync:
    sync = sync_settings(
        folder / table.text("root"),
        table.texts("mirrors"),
        table.texts("channels"),
        with_images=table.flag("images", True),
        every_seconds=table.number("every_seconds", 900, least=60, most=DAY),
    )
    out = ways({key: table.text(key) for key in KEYS if table.has(key)}, table.wrong)
    table.end()
    return replace(sync, ways=out)


def sync_settings(
    root: Path,
    mirrors: tuple[str, ...],
    channels: tuple[str, ...],
    *,
    with_images: bool = True,
    every_seconds: int = 900,
) -> Sync:
    """What to sync, from texts that somebody wrote.

    Raises:
        ConfigError: A mirror has no address that can be asked, a channel no name; or there are none.
    """
    endpoints = [endpoint(text, number) for number, text in enumerate(mirrors, 1)]
    if None in endpoints or not 0 < len(endpoints) <= MAX_MIRRORS:
        raise ConfigError("In the configuration, sync.mirrors does not hold addresses of mirrors.")
    if not 0 < len(channels) <= MAX_CHANNELS or not all(map(CHANNEL_ID.fullmatch, channels)):
        raise ConfigError("In the configuration, sync.channels does not hold names of channels.")
    if len(set(channels)) != len(channels):
        raise ConfigError("In the configuration, sync.channels names a channel twice.")
    return Sync(
        root=root,
        mirrors=tuple(each for each in endpoints if each is not None),
        channels=channels,
        with_images=with_images,
        every_seconds=every_seconds,
    )


def load(path: Path) -> NodeConfig:
    """The configuration in the file ``path``, whose folder relative paths start from.

    Raises:
        ConfigError: The file cannot be read, or ``parse`` refuses it.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG + 1)
    except OSError as error:
        raise ConfigError(f"The configuration file cannot be read: {error.strerror}.") from error
    return parse(data, path.parent)
