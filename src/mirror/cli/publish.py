"""``mirror publish``: make, sign and release editions. See ``publisher/PUBLISHING.md``."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from mirror.cli import publish_articles, publish_release, publish_setup, publish_status
from mirror.cli.publish_tools import Tools

Command = Callable[[argparse.Namespace, Tools], int]

__all__ = ["Tools", "run"]


def run(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """Run ``mirror publish`` with ``arguments``; the exit status.

    ``tools`` replaces the clock, the randomness and the cost of passphrases, for tests and the
    demonstration.

    Raises:
        MirrorError: What ``cli.main`` turns into a sentence.
        SystemExit: ``--help`` (0), or arguments that are none (2).
    """
    options = _parser().parse_args(arguments)
    if options.check_config is not None:
        return publish_setup.check_config(Path(options.check_config))
    if options.command is None:
        _parser().error("a command is needed; --help lists them")
    command: Command = options.command
    return command(options, tools or Tools())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mirror publish", description="Make, sign and release editions.")
    parser.add_argument(
        "--check-config",
        metavar="PATH",
        nargs="?",
        const=".",
        help="say whether publication.toml (or a folder's) can be read, and end",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_setup(commands)
    _add_articles(commands)
    _add_release(commands)
    _add_status(commands)
    return parser


_Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def _command(
    commands: _Commands, name: str, command: Command, about: str, *shared: str
) -> argparse.ArgumentParser:
    """A subcommand with those of the shared options that it has."""
    parser = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
    parser.set_defaults(command=command)
    if "publication" in shared:
        parser.add_argument(
            "--publication", metavar="FOLDER", default=".", help="the publication's folder (default: here)"
        )
    if "json" in shared:
        parser.add_argument("--json", action="store_true", help="print facts as JSON")
    if "yes" in shared:
        parser.add_argument("--yes", action="store_true", help="confirm without being asked")
    if "passphrases" in shared:
        parser.add_argument(
            "--passphrase-file",
            metavar="NAME=FILE",
            action="append",
            help="the passphrase of a key, in a file of mode 0600; 'online' for snapshot and timestamp",
        )
    if "clock" in shared:
        parser.add_argument(
            "--clock-checked", action="store_true", help="the clock is right, however late it seems"
        )
    if "channel" in shared:
        parser.add_argument("--channel", metavar="ID", help="the channel, where there are several")
    if "channels" in shared:
        parser.add_argument("--channel", metavar="ID", action="append", help="only this channel (repeatable)")
    return parser


def _add_setup(commands: _Commands) -> None:
    init = _command(commands, "init", publish_setup.init, "make a publication", "json", "passphrases")
    init.add_argument("folder", metavar="FOLDER", help="an empty or new folder")
    init.add_argument(
        "--config", metavar="FILE", help="a publication.toml to begin with, instead of the options below"
    )
    init.add_argument("--name", help="the name that readers see")
    init.add_argument("--id", help="a short name for machines (default: publication)")
    init.add_argument(
        "--channel", metavar="ID=LANGUAGE[=TITLE]", action="append", help="one language or desk (repeatable)"
    )
    init.add_argument("--keys", metavar="NAME,NAME,...", help="the people who sign")
    init.add_argument(
        "--threshold", type=int, metavar="N", help="how many of them must (default: more than half)"
    )
    key = _command(
        commands, "key", publish_setup.key, "make the key of a new holder", "publication", "passphrases"
    )
    key.add_argument("name", metavar="NAME", help="as publication.toml names the holder")
    about = "bring the signed metadata back from the tree, after a loss"
    recover = _command(commands, "recover", publish_setup.recover, about, "publication")
    recover.add_argument(
        "--root", metavar="SHA256", required=True, help="of the first root, as init printed it"
    )


def _add_articles(commands: _Commands) -> None:
    about = "show what would be taken from a folder, a file or an address; needs no publication"
    preview = _command(commands, "preview", publish_articles.preview, about, "json")
    preview.add_argument("source", metavar="SOURCE", type=_source)
    preview.add_argument(
        "--language", metavar="TAG", default="en", help="of what declares none (default: en)"
    )
    about = "take a source's articles into a channel"
    add = _command(commands, "add", publish_articles.add, about, "publication", "json", "yes", "channel")
    add.add_argument("source", metavar="SOURCE", type=_source)
    add.add_argument("--correction", metavar="TEXT", help="what was corrected in the one changed article")
    add.add_argument("--restore", action="store_true", help="take what was withdrawn again")
    add.add_argument("--no-images", action="store_true", help="leave pictures out")
    about = "withdraw an article for an editorial reason; copies say so"
    withdraw = _command(commands, "withdraw", publish_articles.withdraw, about, "publication", "channel")
    withdraw.add_argument("id", metavar="ID")
    withdraw.add_argument("--reason", metavar="TEXT", required=True, help="why, in the article's language")
    about = "remove an article because it endangers someone; copies are destroyed"
    remove = _command(commands, "remove", publish_articles.remove, about, "publication", "channel", "yes")
    remove.add_argument("id", metavar="ID")
    remove.add_argument(
        "--title", metavar="TEXT", help="what stands in the title's place (default: [removed])"
    )


def _add_release(commands: _Commands) -> None:
    shared = ("publication", "json", "passphrases", "clock")
    about = "sign and publish what has changed"
    release = _command(commands, "release", publish_release.release, about, *shared, "channels")
    release.add_argument(
        "--top", metavar="ID", action="append", help="a story that front pages tell first (repeatable)"
    )
    release.add_argument("--renew", action="store_true", help="sign again also what only expires")
    release.add_argument("--discard", action="store_true", help="drop the release that waits for signatures")
    about = "sign a channel that was added to publication.toml"
    channel = _command(commands, "channel", publish_release.channel, about, *shared)
    channel.add_argument("id", metavar="ID")
    for each in (release, channel):
        each.add_argument(
            "--sign", metavar="NAME", action="append", help="a key of this machine to sign with (repeatable)"
        )
        each.add_argument(
            "--export-payload", metavar="DIR", help="write what is to be signed elsewhere, and wait"
        )
        each.add_argument(
            "--merge", metavar="FILE", nargs="+", help="signatures made elsewhere, or a folder of them"
        )
    about = "sign exported payloads with one key; needs no publication and no network"
    sign = _command(commands, "sign", publish_release.sign, about, "passphrases", "yes")
    sign.add_argument("payload", metavar="PAYLOAD", nargs="+")
    sign.add_argument("--key", metavar="FILE", required=True, help="the sealed key")
    sign.add_argument("--out", metavar="DIR", help="where signatures go (default: beside the payload)")
    _command(
        commands,
        "heartbeat",
        publish_release.heartbeat,
        "say again that what was released is current",
        *shared,
    )
    about = "write the editions in force into one *.mirror.zip"
    export = _command(commands, "export", publish_release.export, about, "publication", "json", "channels")
    export.add_argument("out", metavar="OUT", help="its name ends in .mirror.zip, or in .html")
    export.add_argument(
        "--format",
        choices=["zip", "html"],
        help="a bundle, or a page with the text inside that any browser opens (default: by the name)",
    )
    export.add_argument("--text-only", action="store_true", help="leave pictures out; a page has none")


def _add_status(commands: _Commands) -> None:
    about = "say who signed, what expires, what is unreleased, what is wrong"
    _command(commands, "status", publish_status.status, about, "publication", "json")
    notices = commands.add_parser("notices", help="which notices are on, and what is wrong with them")
    inner = notices.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _command(
        inner,
        "list",
        publish_status.notices_list,
        "show the templates, and which are on",
        "publication",
        "json",
    )
    _command(
        inner, "lint", publish_status.notices_lint, "say what is wrong with what is on", "publication", "json"
    )
    on = _command(inner, "on", publish_status.notices_on, "turn a template on", "publication")
    on.add_argument("id", metavar="ID")
    on.add_argument("--responsible", metavar="NAME", help="who answers for what is turned on")
    on.add_argument(
        "--reviewed-by", metavar="ROLE:NAME", action="append", help="editor:NAME, counsel:NAME (at least two)"
    )
    on.add_argument("--reviewed", metavar="YYYY-MM-DD", help="when they did (default: today)")
    on.add_argument("--next-review", metavar="YYYY-MM-DD", help="default: in half a year")
    off = _command(inner, "off", publish_status.notices_off, "turn a template off", "publication")
    off.add_argument("id", metavar="ID")


def _source(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("an empty source")
    return text
