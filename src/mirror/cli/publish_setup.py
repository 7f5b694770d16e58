"""``mirror publish init | key | --check-config``: a publication's beginnings."""

import argparse
from pathlib import Path

from mirror.cli.publish_tools import Passphrases, Tools, say, workspace_of
from mirror.cli.terminal import print_json, progress
from mirror.errors import ConfigError
from mirror.publisher.config import Channel, PublicationConfig, Signing, parse, write
from mirror.publisher.create import check_folder, create
from mirror.publisher.keyring import ONLINE, make_key, public_pem
from mirror.publisher.notices import load_notices
from mirror.publisher.recover import recover as bring_back
from mirror.publisher.workspace import CONFIG, NOTICES, Workspace, place, read_config


def init(options: argparse.Namespace, tools: Tools) -> int:
    """Make a publication: keys, root of trust, channels, an empty tree."""
    config = _config(options)
    folder = Path(options.folder)
    check_folder(Workspace(folder, config))  # before anybody types eight passphrases
    asked = Passphrases.of(options)
    passphrases = {name: asked.chosen(name) for name in (*config.holders(), ONLINE)}
    with progress("Making keys") as tell:
        made = create(
            folder,
            config,
            passphrases,
            now=tools.clock.now(),
            randomness=tools.randomness,
            kdf=tools.kdf,
            progress=tell,
        )
    if options.json:
        print_json({"holders": list(made.holders), "root_sha256": made.root_digest})
        return 0
    signing = config.signing
    say(
        f"{config.name} is set up: {signing.threshold} of {len(signing.holders)} sign"
        f" ({', '.join(signing.holders)}).",
        "",
        "What to keep where:",
        *(f"  keys/{name}.key    {name} takes it away, with a copy elsewhere" for name in made.holders),
        "  keys/snapshot.key, keys/timestamp.key    stay here: heartbeats need them",
        "  everything else    a backup after each release; see PUBLISHING.md",
        "",
        "What readers need besides the address of a mirror, over a way that they trust:",
        "  tree/m/1.root.json, or its SHA-256:",
        f"  {made.root_digest}",
        "",
        "Next: mirror publish add SOURCE --channel CHANNEL, then mirror publish release.",
    )
    return 0


def key(options: argparse.Namespace, tools: Tools) -> int:
    """Make one more key, for a new channel's desk."""
    workspace = workspace_of(options)
    with workspace.lock():
        if (workspace.folder / "keys" / f"{options.name}.pub").exists() or workspace.key_file(
            options.name
        ).exists():
            raise ConfigError("There is a key of that name.", code="key-exists")
        if options.name not in workspace.config.holders():
            raise ConfigError("publication.toml names no such holder.", code="no-holder")
        passphrase = Passphrases.of(options).chosen(options.name)
        data, signer = make_key(options.name, passphrase, tools.randomness, tools.kdf)
        place(workspace.key_file(options.name), data, mode=0o600)
        place(workspace.folder / "keys" / f"{options.name}.pub", public_pem(signer))
    say(f"Made keys/{options.name}.key and keys/{options.name}.pub.")
    return 0


def recover(options: argparse.Namespace, tools: Tools) -> int:
    """Bring the signed metadata back from the tree."""
    workspace = workspace_of(options)
    with workspace.lock():
        publication = bring_back(workspace, options.root, now=tools.clock.now())
    say(
        f"Brought back: timestamp {publication.version('timestamp')}, {len(publication.channels)} channel(s)."
    )
    return 0


def check_config(path: Path) -> int:
    """Say whether a publication's configuration can be read, and its notices where they are beside it."""
    file = path / CONFIG if path.is_dir() else path
    config = read_config(file)
    if (file.parent / NOTICES).is_file():
        load_notices(Workspace(file.parent, config))
    say(
        f"{config.name}: {len(config.channels)} channel(s),"
        f" {config.signing.threshold} of {len(config.signing.holders)} sign. The configuration can be read."
    )
    return 0


def _config(options: argparse.Namespace) -> PublicationConfig:
    """The configuration from a file, or from options; both pass the same strict reader."""
    given = (options.name, options.channel, options.keys, options.threshold, options.id)
    if options.config:
        if any(each is not None for each in given):
            raise ConfigError("Give either --config or the other options, not both.", code="usage")
        return read_config(Path(options.config))
    if None in (options.name, options.channel, options.keys):
        raise ConfigError("init wants --name, --channel and --keys, or --config.", code="usage")
    holders = tuple(options.keys.split(","))
    threshold = options.threshold if options.threshold is not None else len(holders) // 2 + 1
    config = PublicationConfig(
        id=options.id or "publication",
        name=options.name,
        channels=tuple(_channel(each, options.name) for each in options.channel),
        signing=Signing(holders, threshold),
    )
    return parse(write(config).encode("utf-8", "replace"))


def _channel(text: str, name: str) -> Channel:
    channel_id, separator, rest = text.partition("=")
    language, _, title = rest.partition("=")
    if not separator:
        raise ConfigError("--channel wants ID=LANGUAGE or ID=LANGUAGE=TITLE.", code="usage")
    return Channel(channel_id, language, title or name)
