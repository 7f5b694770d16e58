"""``mirror invite``: invitations given, and taken back. See ``publisher/ROTATING.md``."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mirror.cli.endpoints import add_shared
from mirror.cli.endpoints_changes import open_or_set_up
from mirror.cli.publish_tools import Passphrases, Tools, channel_of, confirm, say, warn, when, workspace_of
from mirror.cli.terminal import print_json
from mirror.errors import ConfigError, MirrorError
from mirror.limits import MAX_DEPTH, MAX_FRIENDS
from mirror.publisher import inviting
from mirror.publisher.inviting import Wish
from mirror.publisher.placing import cohort_of, homes, state_of
from mirror.publisher.roster import Facts, Given, Pool
from mirror.publisher.workspace import place
from mirror.rotation import picture
from mirror.store import atomic

_MOST_DAYS = 3_650


def run(arguments: Sequence[str], tools: Tools | None = None) -> int:
    """Run ``mirror invite`` with ``arguments``; the exit status. ``tools`` as in ``cli.publish``."""
    parser = argparse.ArgumentParser(prog="mirror invite", description="Invitations given, and taken back.")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    make = commands.add_parser("new", help="give an invitation; it is shown once and kept nowhere")
    make.set_defaults(command=new)
    make.add_argument("--label", required=True, metavar="TEXT", help="your own word for whom it is")
    make.add_argument("--under", metavar="LABEL", default="", help="below this invitation")
    make.add_argument("--channel", metavar="ID", help="the channel, where there are several")
    make.add_argument(
        "--pool", choices=[pool.value for pool in Pool], help="'open' for a link that anybody may see"
    )
    make.add_argument(
        "--via", metavar="NUMBER", type=int, action="append", default=[], help="the endpoint to begin at"
    )
    make.add_argument("--days", type=int, metavar="N", help="valid for N days (default: for ever)")
    for name, what in (("out", "the link as text"), ("png", "the QR code"), ("svg", "the QR code, to print")):
        make.add_argument(f"--{name}", metavar="FILE", help=f"write {what} to a new file of mode 0600")
    tree = commands.add_parser("tree", help="show who was invited, by your labels")
    tree.set_defaults(command=shown)
    tree.add_argument("--json", action="store_true", help="print facts as JSON")
    take = commands.add_parser("revoke", help="no slips for an invitation and all below it")
    take.set_defaults(command=revoke)
    take.add_argument("label", metavar="LABEL")
    take.add_argument("--yes", action="store_true", help="confirm without being asked")
    for each in (make, tree, take):
        add_shared(each)
    options = parser.parse_args(arguments)
    status: int = options.command(options, tools or Tools())
    return status


@dataclass(frozen=True, slots=True)
class _Files:
    """The files to write, which must not exist."""

    out: Path | None
    png: Path | None
    svg: Path | None

    def check(self) -> None:
        named = [each for each in (self.out, self.png, self.svg) if each is not None]
        if any(each.exists() or each.is_symlink() for each in named) or len(set(named)) < len(named):
            raise ConfigError("A file for an invitation must not exist yet.", code="file-exists")

    def write(self, link: str) -> None:
        """Write the invitation, whole or not at all, for its owner only."""
        if self.out is not None:
            place(self.out, link.encode() + b"\n", mode=0o600)
        if self.png is not None:
            place(self.png, picture.png(link), mode=0o600)
        if self.svg is not None:
            place(self.svg, picture.svg(link), mode=0o600)

    def remove(self) -> None:
        """Remove what was written."""
        for path in (self.out, self.png, self.svg):
            if path is not None:
                atomic.remove(path)


def new(options: argparse.Namespace, tools: Tools) -> int:
    """Give an invitation: to the terminal, or to files of mode 0600."""
    files = _Files(*(Path(each) if each else None for each in (options.out, options.png, options.svg)))
    files.check()
    if not any((files.out, files.png, files.svg)) and not sys.stdout.isatty():
        raise ConfigError(
            "An invitation is shown at a terminal only: name a file with --out, --png or --svg.",
            code="invitation-not-shown",
        )
    if options.days is not None and not 1 <= options.days <= _MOST_DAYS:
        raise ConfigError(f"--days is between 1 and {_MOST_DAYS}.", code="usage")
    if options.under and options.pool:
        raise ConfigError("Below an invitation, the pool is its own.", code="usage")
    workspace = workspace_of(options)
    wish = Wish(
        options.label,
        channel_of(workspace, options),
        options.under,
        Pool(options.pool or Pool.INVITED),
        tuple(options.via),
        options.days or 0,
    )
    with workspace.lock():
        opened = open_or_set_up(workspace, options, tools)
        try:
            with opened.roster.change() as change:
                given, invitation = inviting.invite(change, opened, wish, tools.clock.now())
                link = invitation.link(workspace.config.rotation.page)
                files.write(link)
        except MirrorError:
            files.remove()  # what is not in the tree must not be handed over
            raise
    depth = len(given.path)
    if not any((files.out, files.png, files.svg)):
        print(picture.terminal(link))
        print("", link, "", invitation.text(), "", sep="\n")
    until = when(given.expires) if given.expires else "for ever"
    say(
        f"Invited: {given.label}, at depth {depth} of {MAX_DEPTH}; valid {until}.",
        f"They can invite {MAX_FRIENDS if depth < MAX_DEPTH else 0} others themselves.",
        "It is kept nowhere. Their first slip comes with the next epoch's first heartbeat or release.",
    )
    return 0


def shown(options: argparse.Namespace, tools: Tools) -> int:
    """The tree of invitations given."""
    facts = Passphrases.of(options).rotation(workspace_of(options), tools).roster.facts()
    found = sorted(facts.invitations, key=lambda each: each.path)
    if options.json:
        print_json({"invitations": [_fields(facts, each) for each in found]})
        return 0
    if not found:
        say("No invitation was given yet.")
    for each in found:
        say(f"{'  ' * (len(each.path) - 1)}{each.label}: {_standing(facts, each)}")
    return 0


def revoke(options: argparse.Namespace, tools: Tools) -> int:
    """Take a branch out."""
    workspace = workspace_of(options)
    with workspace.lock():
        opened = Passphrases.of(options).rotation(workspace, tools)
        facts = opened.roster.facts()
        top = facts.invitation(options.label)
        below = sum(each.path[: len(top.path)] == top.path for each in facts.invitations) - 1
        confirm(
            f"Send nobody of this branch anywhere any more ({below} invitation(s) below)?",
            is_given=options.yes,
        )
        with opened.roster.change() as change:
            gone = inviting.revoke(change, options.label, tools.clock.now())
    say(f"Revoked: {len(gone)} invitation(s). No slip is made for them from the next heartbeat on.")
    warn(["What they know they know: their cohort's endpoint stays as it is until it is blocked or removed."])
    return 0


def _standing(facts: Facts, given: Given) -> str:
    if inviting.is_revoked(facts, given.path):
        return "revoked"
    state = state_of(facts, given.pool)
    reader = next(each for each in facts.readers[given.pool] if each.path == given.path)
    cohort = cohort_of(facts, given.pool, state, reader)
    if cohort not in state.cohorts:
        return "not in a cohort before the next heartbeat"
    if state.cohorts[cohort].is_quarantined:
        return f"cohort {cohort}, which gets no endpoint any more"
    endpoint = homes(state).get(cohort)
    return f"cohort {cohort}, " + ("waits" if endpoint is None else f"at endpoint {endpoint}")


def _fields(facts: Facts, given: Given) -> dict[str, Any]:
    return {
        "created": given.created,
        "depth": len(given.path),
        "expires": given.expires,
        "label": given.label,
        "pool": given.pool.value,
        "revoked": inviting.is_revoked(facts, given.path),
        "standing": _standing(facts, given),
    }
