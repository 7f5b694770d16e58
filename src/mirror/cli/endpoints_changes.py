"""``mirror endpoints add | import | remove | split``: what changes the roster."""

import argparse
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mirror.cli.publish_tools import Passphrases, Tools, confirm, say, warn, workspace_of
from mirror.cli.terminal import print_json
from mirror.errors import ConfigError, SourceError
from mirror.limits import MAX_ENDPOINT_LIST
from mirror.publisher.endpoint_lists import Reason, declare, lint_declared, read_list, words
from mirror.publisher.keyring import ONLINE, open_online
from mirror.publisher.placing import Answer, ask, carry_out
from mirror.publisher.roster import Declared, Event, Facts, Known, Pool
from mirror.publisher.rotation import Opened, lacks_keys, open_rotation, set_up
from mirror.publisher.workspace import Workspace, bounded
from mirror.rotation.paths import MIN_SECRET
from mirror.rotation.policy_state import NOWHERE, Assigned, Made, Quarantined, Retired, Split
from mirror.store import atomic

_SECRET_BYTES = 32
_LATER = (
    "The policy is told with the first heartbeat or release of the next epoch;"
    " `mirror endpoints split` asks it at once."
)


def add(options: argparse.Namespace, tools: Tools) -> int:
    """Add one endpoint."""
    workspace = workspace_of(options)
    entry: dict[str, object] = {"url": options.address, "provider": options.provider}
    entry |= {"jurisdiction": options.jurisdiction, "addresses": options.ip}
    declared = declare(entry, Pool(options.pool), is_local_allowed=tools.is_local_allowed)
    with workspace.lock():
        opened = open_or_set_up(workspace, options, tools)
        with opened.roster.change() as change:
            known = list(change.facts.endpoints.values())
            faults = lint_declared(
                [declared],
                [each.listed for each in known if each.is_live],
                _brands(opened),
                is_local_allowed=tools.is_local_allowed,
            )
            _refuse([reason for reason, is_fatal in faults if is_fatal], known)
            secret = _secret(options.secret_file, tools) if options.secret_file else b""
            _check_unused(secret, known)
            whole = Declared(
                declared.text,
                secret,
                declared.provider,
                declared.jurisdiction,
                declared.addresses,
                declared.pool,
            )
            [number] = change.add_endpoints([whole], tools.clock.now())
    _say_warnings([reason for reason, is_fatal in faults if not is_fatal], known)
    if options.json:
        print_json({"added": [number]})
        return 0
    say(f"Added: endpoint {number}. {_LATER}")
    return 0


def import_list(options: argparse.Namespace, tools: Tools) -> int:
    """Add a whole list, or nothing of it."""
    workspace = workspace_of(options)
    data = bounded(Path(options.file), MAX_ENDPOINT_LIST, "The list")
    with workspace.lock():
        opened = open_or_set_up(workspace, options, tools)
        with opened.roster.change() as change:
            known = list(change.facts.endpoints.values())
            taken = read_list(
                data,
                origin=options.origin,
                pool=Pool(options.pool),
                known=[each.listed for each in known if each.is_live],
                brands=_brands(opened),
            )
            _refuse(taken.reasons, known)
            numbers = change.add_endpoints(taken.declared, tools.clock.now())
    _say_warnings(taken.warnings, known)
    if options.json:
        print_json({"added": numbers})
        return 0
    say(f"Added: {len(numbers)} endpoint(s), {numbers[0]} to {numbers[-1]}. {_LATER}")
    return 0


def remove(options: argparse.Namespace, tools: Tools) -> int:
    """Close an endpoint: lost, or blocked."""
    workspace = workspace_of(options)
    with workspace.lock():
        opened = Passphrases.of(options).rotation(workspace, tools)
        known = opened.roster.facts().endpoints.get(options.number)
        if known is None or not known.is_live:
            raise ConfigError("No endpoint of this number is in use.", code="no-endpoint")
        what = "blocked by a censor, and split its cohort" if options.blocked else "gone"
        confirm(f"Note {known.name} as {what}?", is_given=options.yes)
        with opened.roster.change() as change:
            kind = Event.BLOCKED if options.blocked else Event.LOST
            change.close_endpoint(known, kind, tools.clock.now(), "operator")
    if options.json:
        print_json({"removed": known.number, "blocked": options.blocked})
    else:
        say(f"Removed: {known.name}. {_LATER}")
    return 0


def split(options: argparse.Namespace, tools: Tools) -> int:
    """Show what the policy would do, and do it once that was confirmed."""
    workspace = workspace_of(options)
    with workspace.lock():
        opened = Passphrases.of(options).rotation(workspace, tools)
        now = tools.clock.now()
        answers = _answers(opened.roster.facts(), opened, now)
        if not any(each.decisions for each in answers):
            if options.json:
                print_json({"decisions": [], "done": False})
            else:
                say("The policy would change nothing.")
            return 0
        if not options.json:
            for each in answers:
                say(*_answer_lines(each))
        confirm("Do this now?", is_given=options.yes)
        with opened.roster.change() as change:
            # Decided again on what is true now: between the question and this, nothing may have slipped in.
            for fresh, shown in zip(_answers(change.facts, opened, now), answers, strict=True):
                if fresh.decisions != shown.decisions:
                    raise ConfigError("Something happened meanwhile: look again.", code="split-changed")
                if fresh.decisions:
                    carry_out(change, fresh, opened.calendar, now)
    if options.json:
        print_json({"decisions": [line for each in answers for line in _answer_fields(each)], "done": True})
    else:
        say("Done. Readers hear of it with the next `mirror publish heartbeat` or release.")
    return 0


def open_or_set_up(workspace: Workspace, options: argparse.Namespace, tools: Tools) -> Opened:
    """The publication's rotation; its keys are made where it has none yet."""
    passphrase = Passphrases.of(options).get(ONLINE)
    if lacks_keys(workspace):
        open_online(workspace, passphrase)  # the same passphrase, or slips could not be made later
        set_up(workspace, passphrase, tools.randomness, tools.kdf)
        warn(
            (
                "Made keys/slips.key: `mirror publish release` signs it, until then readers get no slips.",
                "Keep a copy of keys/invitations.key: without it every invitation is lost.",
            )
        )
    return open_rotation(workspace, passphrase, tools.randomness)


def _answers(facts: Facts, opened: Opened, now: int) -> list[Answer]:
    found = (ask(facts, pool, opened.calendar, now, at_once=True) for pool in Pool)
    return [each for each in found if each is not None]


def _answer_lines(answer: Answer) -> list[str]:
    lines = [f"{answer.pool.value} pool, {answer.told} event(s):"] if answer.decisions else []
    for each in answer.decisions:
        match each:
            case Made(cohort, _, branches):
                lines.append(f"  cohort {cohort}: made of {len(branches)} branch(es)")
            case Split(cohort, into):
                lines.append(f"  cohort {cohort}: split, into {', '.join(map(str, into))}")
            case Assigned(cohort, endpoint):
                where = "waits for an endpoint" if endpoint == NOWHERE else f"to endpoint {endpoint}"
                lines.append(f"  cohort {cohort}: {where}")
            case Quarantined(cohort):
                lines.append(f"  cohort {cohort}: gets no endpoint any more")
            case Retired(endpoint):
                lines.append(f"  endpoint {endpoint}: nobody is sent there any more")
    return lines


def _answer_fields(answer: Answer) -> list[dict[str, Any]]:
    return [
        {"pool": answer.pool.value, "what": type(each).__name__.lower()}
        | {name: getattr(each, name) for name in ("cohort", "endpoint", "into") if hasattr(each, name)}
        for each in answer.decisions
    ]


def _brands(opened: Opened) -> Sequence[str]:
    return opened.config.domains


def _refuse(reasons: Sequence[Reason], known: Sequence[Known]) -> None:
    """Refuse with every reason.

    Raises:
        SourceError: ``endpoints-refused``.
    """
    if reasons:
        names = [each.name for each in known if each.is_live]
        warn(words(reasons, names))
        raise SourceError(
            f"Nothing was added: {len(reasons)} reason(s), all said above.", code="endpoints-refused"
        )


def _check_unused(secret: bytes, known: Sequence[Known]) -> None:
    """Refuse the secret of another endpoint, also of one that is out of use.

    Both would have the same paths: whoever was sent to one could show that the other is a mirror.

    Raises:
        ConfigError: ``secret-used``.
    """
    for each in known:
        if secret and secret == each.declared.secret:
            raise ConfigError(
                f"This is the secret of {each.name}: whoever knows a path there would find this one too.",
                code="secret-used",
            )


def _say_warnings(reasons: Sequence[Reason], known: Sequence[Known]) -> None:
    warn(f"Look at {line}" for line in words(reasons, [each.name for each in known if each.is_live]))


def _secret(name: str, tools: Tools) -> bytes:
    """The secret in a file, which is made where it is missing.

    Raises:
        ConfigError: ``secret-file``: it holds none, or others can read it.
        StorageError: The disk refused.
    """
    path = Path(name)
    refused = ConfigError(
        f"The secret's file must hold at least {MIN_SECRET} bytes in hexadecimal and be of mode 0600.",
        code="secret-file",
    )
    if not path.exists():
        secret = tools.randomness(_SECRET_BYTES)
        atomic.write_new(path, secret.hex().encode() + b"\n", mode=0o600)
        return secret
    try:
        with path.open("rb") as stream:
            is_private = not stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077
            secret = bytes.fromhex(stream.read(257).decode("ascii").strip())
    except (OSError, ValueError) as error:
        raise refused from error
    if not is_private or not MIN_SECRET <= len(secret) <= 128:
        raise refused
    return secret
