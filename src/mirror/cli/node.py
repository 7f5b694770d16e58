"""``mirror node``: serve a tree, bring it to the newest edition, take an edition out of a file."""

import argparse
import asyncio
import random
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

from mirror.bundle.archive import open_archive
from mirror.cli.terminal import print_json, progress, safe
from mirror.cli.ways import add_ways, blaming_way, ways_of
from mirror.client.report import MirrorReport, Verdict
from mirror.clock import Clock, SystemClock
from mirror.errors import ConfigError, MirrorError, SourceError
from mirror.model import Endpoint
from mirror.net.anyhow import AnyTransport
from mirror.node import config as configs
from mirror.node.config import NodeConfig, Rotation, Serve, Sync
from mirror.node.cover.site import DEFAULT, Site
from mirror.node.log import quiet
from mirror.node.rotating import make_secret, read_secret, read_totals
from mirror.node.serve import Node, allow_connections, new_event_loop
from mirror.node.serve import run as serve
from mirror.node.sync import Progress, SyncReport, keep_syncing, read_root, sync
from mirror.node.tls import Certificate
from mirror.rotation.paths import accepted
from mirror.store.names import TIMESTAMP
from mirror.store.tree import Tree
from mirror.trust.state import State
from mirror.trust.tufset import PINNED, TrustedSet

_VERDICTS: Final = {
    Verdict.LIED: "lied: it gave bytes that no honest mirror has",
    Verdict.FORKED: "showed a second genuine statement of one version: tell the publisher",
    Verdict.WITHHELD: "did not give what it must have",
    Verdict.BEHIND: "is behind the others",
    Verdict.FAILED: "did not answer as a mirror would",
    Verdict.GOOD: "gave what was asked",
    Verdict.UNASKED: "was not needed",
}
_FRESHNESS: Final = {
    State.CURRENT: "The edition is current.",
    State.OLD: "The edition is genuine but old: its statement has expired, and no mirror had a newer one.",
    State.HELD_BACK: "Something is held back: there is or must be a newer statement, and none came whole.",
}

_SAME_COVER: Final = (
    "The cover site is the one that comes with this program: whoever knows it finds every node that "
    "shows it. Put a site of your own in cover.folder."
)


def run(arguments: Sequence[str], clock: Clock | None = None) -> int:
    """Run ``mirror node`` with ``arguments``; the exit status. ``clock`` is the device's by default.

    Raises:
        MirrorError: What ``cli.main`` turns into a sentence.
        SystemExit: ``--help`` (0), or arguments that are none (2).
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.check_config is not None:
        return _check_config(Path(options.check_config))
    if options.command is None:
        parser.error("a command is needed; --help lists them")
    command: Callable[[argparse.Namespace, Clock], int] = options.command
    return command(options, clock or SystemClock())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mirror node", description="Serve and sync a mirror.")
    parser.add_argument("--check-config", metavar="FILE", help="say whether FILE can be used, and end")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    serving = commands.add_parser("run", help="serve a tree", description="Serve a tree until told to stop.")
    serving.set_defaults(command=_run)
    place = serving.add_mutually_exclusive_group(required=True)
    place.add_argument("--config", metavar="FILE", type=Path, help="a configuration, see config/node.toml")
    place.add_argument(
        "--tree", metavar="DIR", type=Path, help="a mirror's tree; everything else as by default"
    )
    serving.add_argument(
        "--listen",
        metavar="HOST:PORT",
        action="append",
        help="an IP address and a port, 0 for any that is free; instead of the configured ones",
    )

    syncing = commands.add_parser(
        "sync",
        help="bring a tree to the newest edition",
        description="Fetch what is lacking from other mirrors, verify all of it, switch over in one step.",
    )
    syncing.set_defaults(command=_sync)
    _add_source(syncing)
    syncing.add_argument(
        "--mirror", metavar="URL", action="append", default=[], help="a mirror to fetch from (with --tree)"
    )
    syncing.add_argument("--repeat", action="store_true", help="go on, every sync.every_seconds or so")
    add_ways(syncing)

    secret = commands.add_parser(
        "secret",
        help="make an endpoint's secret",
        description="Write a new secret, which its paths are made of.",
    )
    secret.set_defaults(command=_secret)
    secret.add_argument("file", metavar="FILE", type=Path, help="a file that does not exist yet")

    counting = commands.add_parser(
        "counters",
        help="show the rounded totals of visits",
        description="Show visits by epoch and seat, rounded up to 50. Nothing else about them is known.",
    )
    counting.set_defaults(command=_counters)
    counting.add_argument("--config", metavar="FILE", type=Path, required=True)
    counting.add_argument("--json", action="store_true", help="print facts as JSON")

    paths = commands.add_parser(
        "paths",
        help="print the paths of now, for a web server in front",
        description="Print a file that nginx or Caddy includes: the paths of three epochs.",
    )
    paths.set_defaults(command=_paths)
    paths.add_argument("--config", metavar="FILE", type=Path, required=True)
    paths.add_argument("--format", choices=("nginx", "caddy"), default="nginx", help="for which server")

    importing = commands.add_parser(
        "import",
        help="take an edition out of a *.mirror.zip",
        description="Verify a *.mirror.zip like a mirror, and bring a tree to its edition.",
    )
    importing.set_defaults(command=_import)
    importing.add_argument("file", metavar="FILE", type=Path)
    _add_source(importing)
    return parser


def _add_source(parser: argparse.ArgumentParser) -> None:
    place = parser.add_mutually_exclusive_group(required=True)
    place.add_argument("--config", metavar="FILE", type=Path, help="a configuration, see config/node.toml")
    place.add_argument("--tree", metavar="DIR", type=Path, help="the tree; then --root and --channel too")
    parser.add_argument(
        "--root", metavar="FILE", type=Path, help="the publication's root, from its publisher"
    )
    parser.add_argument("--channel", metavar="NAME", action="append", default=[], help="a channel to carry")
    parser.add_argument("--no-images", action="store_true", help="carry texts only (with --tree)")
    parser.add_argument("--json", action="store_true", help="print facts as JSON")


# --- run ------------------------------------------------------------------------------------------


def _run(options: argparse.Namespace, clock: Clock) -> int:
    config = configs.load(options.config) if options.config else NodeConfig(options.tree, Serve(), None)
    settings = config.serve
    if options.listen:
        listen = [configs.address(text) for text in options.listen]
        if None in listen:
            raise ConfigError("--listen takes an IP address and a port, such as 127.0.0.1:8080.")
        settings = replace(settings, listen=tuple(each for each in listen if each))
    tree = Tree(config.tree)
    allow_connections(settings.connections)
    node = Node(tree, settings, clock, rotation=config.rotation, cover=config.cover)
    if config.cover is not None and config.cover.folder == DEFAULT:
        print(_SAME_COVER, file=sys.stderr)
    if tree.read(TIMESTAMP) is None:
        print("There is no edition in this tree yet; it is served once there is.", file=sys.stderr)

    def ready(node: Node) -> None:
        scheme = "https" if settings.certificate else "http"
        for address in node.addresses:
            print(f"serving on {scheme}://{address}/", flush=True)
        if node.metrics is not None:
            print(f"metrics on http://{node.metrics}/metrics", flush=True)

    quiet()
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(serve(node, ready))
    return 0


# --- rotation -------------------------------------------------------------------------------------


def _secret(options: argparse.Namespace, _clock: Clock) -> int:
    make_secret(options.file)
    print("The secret is written. The publisher needs a copy, over a way that nobody reads.")
    return 0


def _rotation(path: Path) -> Rotation:
    rotation = configs.load(path).rotation
    if rotation is None:
        raise ConfigError("The configuration has no table rotation.")
    return rotation


def _counters(options: argparse.Namespace, _clock: Clock) -> int:
    rotation = _rotation(options.config)
    if rotation.counters is None:
        raise ConfigError("In the configuration, rotation.counters is not there: nothing is counted.")
    totals = read_totals(rotation.counters)
    if options.json:
        print_json({"epoch_seconds": rotation.calendar.seconds, "visits": totals})
        return 0
    for epoch, seats in totals.items():
        print(
            f"epoch {epoch}: " + ", ".join(f"seat {seat} at most {count:,}" for seat, count in seats.items())
        )
    if not totals:
        print("Nothing was written yet: it is when an epoch is over.")
    return 0


def _paths(options: argparse.Namespace, clock: Clock) -> int:
    rotation = _rotation(options.config)
    epoch = rotation.calendar.epoch(clock.now())
    known = sorted(accepted(read_secret(rotation.secret), epoch, rotation.closed).taken)
    if options.format == "nginx":
        print("\n".join(f'"{path}" 1;' for path in known))
    else:
        expression = f"^/({'|'.join(known)})/"
        print(f"@mirror {{\n\tmethod GET HEAD\n\tvars_regexp {{http.request.orig_uri}} {expression}\n}}")
    return 0


# --- sync and import ------------------------------------------------------------------------------


def _sync(options: argparse.Namespace, clock: Clock) -> int:
    tree, settings = _settings(options, options.mirror)

    async def once(transport: AnyTransport) -> None:
        with _Bars() as told, blaming_way(transport):
            done = await sync(tree, settings, transport, clock, told)
        _tell(done, as_json=options.json)

    async def go() -> None:
        async with AnyTransport(ways_of(options, settings.ways)) as transport:
            if not options.repeat:
                await once(transport)
                return

            async def bravely() -> None:
                try:
                    await once(transport)
                except ConfigError:
                    raise
                except MirrorError as error:  # the tree stays as it was; the next time may do better
                    print(f"mirror: {error} [{error.code}]", file=sys.stderr, flush=True)

            await keep_syncing(bravely, settings.every_seconds, clock, random.random)

    asyncio.run(go())
    return 0


def _import(options: argparse.Namespace, clock: Clock) -> int:
    bundle = _bundle(options.file)
    tree, settings = _settings(options, [bundle.url])
    settings = replace(settings, mirrors=(bundle,))

    async def go() -> SyncReport:
        with _Bars() as told:
            async with AnyTransport() as transport:
                return await sync(tree, settings, transport, clock, told)

    _tell(asyncio.run(go()), as_json=options.json)
    return 0


def _bundle(file: Path) -> Endpoint:
    """The endpoint of a bundle, or of a folder that one was unpacked into.

    Raises:
        SourceError: ``bundle``: it cannot be read, or has another ending.
        FormatError: It is not a bundle, or damaged in its form.
    """
    if not file.is_dir():
        if file.suffix != ".zip":
            raise SourceError("A bundle's name ends in .mirror.zip.", code="bundle")
        try:
            with file.open("rb") as opened:
                open_archive(opened)
        except OSError as error:
            raise SourceError(f"The bundle cannot be read: {error.strerror}.", code="bundle") from error
    return Endpoint("bundle", file.resolve().as_uri() + ("/" if file.is_dir() else ""))


def _settings(options: argparse.Namespace, mirrors: Sequence[str]) -> tuple[Tree, Sync]:
    """The tree and what to sync, from the configuration or from the options that stand for it."""
    if options.config:
        config = configs.load(options.config)
        if config.sync is None:
            raise ConfigError("The configuration has no table sync.")
        return Tree(config.tree), config.sync
    if options.root is None:
        raise ConfigError("With --tree, --root names the publication's root.")
    settings = configs.sync_settings(
        options.root, tuple(mirrors), tuple(options.channel), with_images=not options.no_images
    )
    return Tree(options.tree), settings


class _Bars:
    """A bar for each channel, one after the other."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._channel = ""
        self._update: Callable[[int, int], None] | None = None

    def __enter__(self) -> Progress:
        return self._told

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _told(self, channel: str, done: int, total: int) -> None:
        if channel != self._channel or self._update is None:
            self._stack.close()
            self._channel = channel
            self._update = self._stack.enter_context(progress(f"Fetching {channel}"))
        self._update(done, total)


def _tell(done: SyncReport, *, as_json: bool) -> None:
    if as_json:
        print_json(_facts(done))
        return
    for channel, number in done.editions.items():
        print(f"{channel}: edition {number}" if number else f"{channel}: nothing was released yet")
    print(_FRESHNESS[done.freshness.state])
    held = sum(done.cost.held.values())
    print(f"Fetched {done.cost.total:,} bytes; {held:,} bytes were here and are whole.")
    print(f"{done.added:,} pieces were lacking or damaged, {done.dropped:,} files were dropped.")
    if done.is_purged:
        print("An article was removed because it endangers someone: nothing of it was kept.")
    if not done.is_changed:
        print("The tree did not change.")
    for mirror in done.mirrors:
        print(safe(f"{mirror.name} {_VERDICTS[mirror.verdict]} ({mirror.bytes:,} bytes){_why(mirror)}"))


def _why(mirror: MirrorReport) -> str:
    said = ", ".join(f"{each.code} of {each.about}" for each in mirror.evidence)
    return f": {said}" if said else ""


def _facts(done: SyncReport) -> dict[str, object]:
    return {
        "is_changed": done.is_changed,
        "is_purged": done.is_purged,
        "editions": dict(done.editions),
        "pieces_added": done.added,
        "files_dropped": done.dropped,
        "freshness": asdict(done.freshness),
        "bytes": {
            "total": done.cost.total,
            "fetched": dict(done.cost.fetched),
            "held": dict(done.cost.held),
            "wasted": done.cost.wasted,
        },
        "mirrors": [asdict(mirror) for mirror in done.mirrors],
    }


# --- the configuration ----------------------------------------------------------------------------


def _check_config(path: Path) -> int:
    config = configs.load(path)
    allow_connections(config.serve.connections)
    if config.serve.certificate is not None and config.serve.key is not None:
        Certificate(config.serve.certificate, config.serve.key)
    if config.rotation is not None:
        read_secret(config.rotation.secret)
    if config.cover is not None:
        Site(config.cover.folder)
        if config.cover.folder == DEFAULT:
            print(_SAME_COVER, file=sys.stderr)
    if config.sync is not None:
        try:
            TrustedSet(read_root(config.sync), PINNED)
        except ConfigError:
            raise
        except MirrorError as error:
            raise ConfigError("The file sync.root is not a root that signs itself.") from error
    print("The configuration can be used.")
    return 0
