"""``mirror reader``: headlines, articles, what was signed and by whom, and the acts behind the gate.

In memory unless the reader confirmed *save* after its notice: no file is looked for by itself, and
none is written, not even a log.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from mirror.cli import reader_acts, reader_doctor, reader_facts, reader_invite, reader_open, reader_report
from mirror.cli.invitations import add_invitation
from mirror.cli.reader_acts import SHARES
from mirror.cli.reader_run import Run, Tools, add_understanding, load_config, opened, say
from mirror.cli.ways import add_ways
from mirror.errors import MirrorError
from mirror.notices import Act

Command = Callable[[Run], Awaitable[int]]

_COMMANDS: Final[dict[str, Command]] = {
    "headlines": reader_facts.headlines,
    "show": reader_facts.show,
    "status": reader_facts.status,
    "notice": reader_facts.notice,
    "save": reader_acts.save,
    "share": reader_acts.share,
    "invite": reader_invite.invite,
    "open": reader_open.open_page,
    "report": reader_report.report,
}


def run(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """Run ``mirror reader`` with ``arguments``; the exit status. ``tools`` are this machine's by default.

    Raises:
        MirrorError: What ``cli.main`` turns into a sentence.
        SystemExit: ``--help`` (0), or arguments that are none (2).
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # an old terminal shows "?" rather than a traceback
            stream.reconfigure(errors="replace")
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.check_config is not None:
        load_config(Path(options.check_config))
        say("The configuration is in order.")
        return 0
    if options.command is None:
        parser.error("a command is needed; --help lists them")
    if options.command == "wipe":
        return reader_acts.wipe(options)
    try:
        return asyncio.run(_run(options, tools or Tools()))
    except BaseExceptionGroup as group:
        # A task group wraps even a single error; the first says what the person must know.
        errors = group.subgroup(MirrorError)
        raise _first(errors or group) from None


def options_of(arguments: Sequence[str]) -> argparse.Namespace:
    """What ``reader_run.opened`` is given for a command with these arguments."""
    return _parser().parse_args(arguments)


async def _run(options: argparse.Namespace, tools: Tools) -> int:
    if options.command == "doctor":  # before a session, which needs a mirror that works
        return await reader_doctor.doctor(options, tools)
    async with opened(options, tools) as session:
        return await _COMMANDS[options.command](session)


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mirror reader", description="Fetch, verify and read an edition.")
    parser.add_argument("--check-config", metavar="FILE", help="check a configuration and do nothing else")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    common = _common()

    def add(name: str, says: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=says, description=says, parents=[common])

    headlines = add("headlines", "the front page")
    headlines.add_argument("--all", action="store_true", help="everything there is to read")
    headlines.add_argument("--section", metavar="NAME", help="only this section")
    show = add("show", "one article")
    show.add_argument("article", metavar="ARTICLE", help="its number among the headlines, or its id")
    add("status", "who signed, when, how old, and what each mirror did")
    commands.add_parser("doctor", help=reader_doctor.HELP, description=reader_doctor.ABOUT, parents=[common])
    notice = add("notice", "more about what can be punished, from the signed notices")
    notice.add_argument(
        "designation", metavar="NAME", nargs="?", help="which one; without it they are listed"
    )
    save = add("save", "keep an article or the edition, after its notice")
    save.add_argument("article", metavar="ARTICLE", nargs="?", help="its number or its id")
    save.add_argument("--edition", action="store_true", help="the whole edition")
    save.add_argument("--pictures", action="store_true", help="its pictures too")
    save.add_argument("--to", metavar="FILE", help="not into the library but into this file, not encrypted")
    add_understanding(save, Act.SAVE, Act.EXPORT)
    share = add("share", "a text to pass on, after its notice")
    share.add_argument("article", metavar="ARTICLE", help="its number or its id")
    share.add_argument(
        "--how", choices=sorted(SHARES), default="public", help="to whom (default: %(default)s)"
    )
    add_understanding(share, *SHARES.values())
    invite = add("invite", reader_invite.HELP)
    reader_invite.add_options(invite)
    add_understanding(invite, Act.INVITE)
    local = add("open", reader_open.HELP)
    local.add_argument(
        "--port", type=int, default=0, metavar="PORT", help="on which port (default: a free one)"
    )
    local.add_argument("--browser", action="store_true", help="open it in the system's browser")
    report = add("report", reader_report.HELP)
    reader_report.add_options(report)
    add_understanding(report, Act.CONTACT)
    wipe = add("wipe", "remove what was kept, at once")
    wipe.add_argument(
        "--config-too",
        action="store_true",
        help="the configuration and the files of passphrase and invitation as well",
    )
    return parser


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--config", metavar="FILE", help="a reader's configuration; none is looked for")
    add_invitation(common)
    common.add_argument("--root", metavar="ROOT", help="whose news: the first root's SHA-256, or a root file")
    common.add_argument("--channel", metavar="NAME", help="which channel")
    common.add_argument(
        "--mirror", metavar="URL", action="append", help="where to ask; a folder or bundle as file:///..."
    )
    common.add_argument("--language", metavar="TAG", help="of notices (default: the system's)")
    common.add_argument("--library", metavar="FOLDER", help="where to keep what is saved, encrypted")
    common.add_argument("--passphrase-file", metavar="FILE", help="the library's, of mode 0600")
    common.add_argument("--json", action="store_true", help="facts as JSON on standard output")
    add_ways(common)
    about = common.add_argument_group(
        "about you",
        "Used to choose notices, on this device, and never stored; your shell may keep a history.",
    )
    about.add_argument("--located", metavar="PLACE", help="where you are, such as UA or UA-43")
    about.add_argument(
        "--citizen", metavar="CODES", action="append", help="your passports, such as RU,DE; or none"
    )
    about.add_argument(
        "--stateless-of", metavar="CODES", action="append", help="residence without passport; or none"
    )
    return common
