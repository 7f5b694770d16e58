"""``mirror endpoints``: where mirrors answer, and who is sent where. See ``publisher/ROTATING.md``."""

import argparse
from collections.abc import Callable, Sequence
from typing import Final

from mirror.cli import endpoints_changes, endpoints_probe, endpoints_reports, endpoints_shown
from mirror.cli.publish_tools import Tools
from mirror.cli.ways import add_ways
from mirror.publisher.roster import Pool

Command = Callable[[argparse.Namespace, Tools], int]

_POOLS: Final = [pool.value for pool in Pool]


def run(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """Run ``mirror endpoints`` with ``arguments``; the exit status. ``tools`` as in ``cli.publish``."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    return command(options, tools or Tools())


def add_shared(parser: argparse.ArgumentParser) -> None:
    """The options that every command of ``endpoints`` and ``invite`` has."""
    parser.add_argument(
        "--publication", metavar="FOLDER", default=".", help="the publication's folder (default: here)"
    )
    parser.add_argument(
        "--passphrase-file",
        metavar="NAME=FILE",
        action="append",
        help="online=FILE: the passphrase of the online keys, in a file of mode 0600",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mirror endpoints", description="Where mirrors answer, and who is sent where."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, does: Command, about: str, *, has_json: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, description=about[0].upper() + about[1:] + ".")
        made.set_defaults(command=does)
        add_shared(made)
        if has_json:
            made.add_argument("--json", action="store_true", help="print facts as JSON")
        return made

    add = command("add", endpoints_changes.add, "add one endpoint")
    add.add_argument("address", metavar="ADDRESS", help="https://..., perhaps with #connect= and sni=")
    add.add_argument(
        "--secret-file", metavar="FILE", help="the endpoint's secret, as its node has it; made where missing"
    )
    add.add_argument("--provider", default="", help="whose machine it is")
    add.add_argument("--jurisdiction", default="", metavar="XX", help="whose law it is under, two letters")
    add.add_argument("--ip", metavar="IP", action="append", default=[], help="what its name stands for")
    taken = command("import", endpoints_changes.import_list, "add a list of endpoints, all or none")
    taken.add_argument("file", metavar="FILE", help="JSON or Metalink 4")
    taken.add_argument("--origin", metavar="URL", default="", help="your site, in a list of several")
    for each in (add, taken):
        each.add_argument("--pool", choices=_POOLS, default=Pool.INVITED.value, help="for whom it is")
    remove = command("remove", endpoints_changes.remove, "send nobody to an endpoint any more")
    remove.add_argument("number", metavar="NUMBER", type=int)
    remove.add_argument("--blocked", action="store_true", help="a censor blocks it (default: it is gone)")
    remove.add_argument("--yes", action="store_true", help="confirm without being asked")
    status = command("status", endpoints_shown.status, "show every endpoint and how things stand")
    status.add_argument("--show-addresses", action="store_true", help="addresses too; not for screenshots")
    command("lint", endpoints_shown.lint, "say what would be lost together, and what looks alike")
    split = command("split", endpoints_changes.split, "show what the policy would do now, and do it")
    split.add_argument("--yes", action="store_true", help="confirm without being asked")
    probe = command("probe", endpoints_probe.probe, "ask endpoints as a reader would, and note what happens")
    probe.add_argument("number", metavar="NUMBER", type=int, nargs="*", help="only these")
    probe.add_argument("--channel", metavar="ID", help="the channel, where there are several")
    probe.add_argument(
        "--from",
        dest="vantage",
        metavar="NAME",
        default="here",
        help="where this is asked from, a word; 'outside' for out of the censor's reach (default: here)",
    )
    add_ways(probe)
    reports = command("reports", endpoints_reports.reports, "open what readers report of silent endpoints")
    reports.add_argument(
        "file",
        metavar="FILE",
        nargs="*",
        help="reports as readers sent them, any number; - for standard input",
    )
    reports.add_argument(
        "--take",
        action="store_true",
        help="begin to take reports: make their key, which the next release signs",
    )
    return parser
