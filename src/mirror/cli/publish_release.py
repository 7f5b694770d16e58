"""``mirror publish release | sign | channel | heartbeat | export``: from the folder to the tree."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from mirror.cli.publish_tools import (
    Passphrases,
    Tools,
    confirm,
    role_fields,
    say,
    signers_in_words,
    size,
    slip_fields,
    slips_in_words,
    warn,
    warn_of_slips,
    when,
    workspace_of,
)
from mirror.cli.terminal import print_json, progress
from mirror.errors import ConfigError, SourceError, TrustError
from mirror.limits import MAX_KEY_FILE, MAX_METADATA
from mirror.publisher import release as releases
from mirror.publisher.articlefile import iso
from mirror.publisher.export import export as write_export
from mirror.publisher.export_html import SUFFIX as HTML
from mirror.publisher.export_html import export_html
from mirror.publisher.heartbeat import heartbeat as beat
from mirror.publisher.keyring import at_hand
from mirror.publisher.release import Plan
from mirror.publisher.settle import check_clock, settle
from mirror.publisher.slipmaking import Pages
from mirror.publisher.workspace import Workspace, bounded, place
from mirror.trust import ceremony, changes
from mirror.trust.keys import open_key, public_key
from mirror.trust.metadata import content, instant
from mirror.trust.publication import Publication

PAYLOAD = ".payload.json"
SIGNATURE = ".sig"


def release(options: argparse.Namespace, tools: Tools) -> int:
    """Release what has changed, or go on with the release that waits for signatures."""
    workspace = workspace_of(options)
    with workspace.lock():
        publication = _ready(workspace, options, tools)
        if options.discard:
            dropped = workspace.drop_pending()
            say("Dropped the release that waited." if dropped else "No release waits for signatures.")
            return 0
        plan = releases.waiting(workspace, publication)
        if plan is not None and (options.channel or options.top or options.renew):
            raise ConfigError(
                "A release waits for signatures and cannot be changed: finish it, or drop it with --discard.",
                code="release-waits",
            )
        if plan is not None:
            warn(["Going on with the release that waits; what was added since is not in it."])
        elif options.merge:
            raise ConfigError("No release waits for signatures.", code="nothing-waits")
        else:
            with progress("Packing") as tell:
                plan = releases.plan(
                    workspace,
                    publication,
                    now=tools.clock.now(),
                    channels=options.channel or (),
                    top=options.top or (),
                    renew=options.renew,
                    progress=tell,
                )
        if plan is None:
            return _nothing_new(options)
        return _carry_out(workspace, plan, options, tools)


def channel(options: argparse.Namespace, tools: Tools) -> int:
    """Sign a channel that was added to publication.toml."""
    workspace = workspace_of(options)
    signing = workspace.config.signing_of(options.id)
    with workspace.lock():
        publication = _ready(workspace, options, tools)
        if workspace.pending.load() is not None:
            raise ConfigError("A release waits for signatures: finish it first.", code="release-waits")
        draft = changes.add_channel(
            publication,
            options.id,
            workspace.held(signing),
            now=tools.clock.now(),
            lifetimes=workspace.config.lifetimes,
        )
        return _carry_out(workspace, Plan(draft, {}, ()), options, tools)


def sign(options: argparse.Namespace, tools: Tools) -> int:
    """Sign exported payloads with one key, on a machine that may be offline."""
    payloads = {Path(each): bounded(Path(each), MAX_METADATA, "The payload") for each in options.payload}
    for payload in payloads.values():
        _say_facts(payload)
    key = bounded(Path(options.key), MAX_KEY_FILE, "The key file")
    name = public_key(key).name
    confirm(f"Sign with the key of {name}?", is_given=options.yes)
    signer = open_key(key, Passphrases.of(options).get(name))
    for path, payload in payloads.items():
        out = (Path(options.out) if options.out else path.parent) / f"{path.name}.{name}{SIGNATURE}"
        place(out, ceremony.detached_sign(payload, signer))
        say(f"Signed: {out.name}")
    return 0


def heartbeat(options: argparse.Namespace, tools: Tools) -> int:
    """Sign the timestamp again."""
    workspace = workspace_of(options)
    with workspace.lock():
        online, press = Passphrases.of(options).online(workspace, tools)
        publication, pages = beat(
            workspace, online, now=tools.clock.now(), clock_checked=options.clock_checked, press=press
        )
    expires = instant(content(publication.roles["timestamp"]).expires)
    if options.json:
        facts = {"current_until": iso(expires), "version": publication.version("timestamp")}
        print_json(facts | slip_fields(pages))
    else:
        say(f"Signed: what was released is current until {when(expires)}.")
        say(*slips_in_words(pages))
    warn_of_slips(pages)
    return 0


def export(options: argparse.Namespace, tools: Tools) -> int:
    """Write the editions in force into one file."""
    workspace = workspace_of(options)
    out = Path(options.out)
    channels = options.channel or ()
    now = tools.clock.now()
    with workspace.lock():
        settle(workspace, workspace.publication())
        with progress("Writing and verifying") as tell:
            if (options.format or out.suffix) in ("html", HTML):
                made = export_html(workspace, out, now=now, channels=channels, progress=tell)
            else:
                made = write_export(
                    workspace,
                    out,
                    now=now,
                    channels=channels,
                    with_images=not options.text_only,
                    progress=tell,
                )
    if options.json:
        print_json({**asdict(made), "editions": dict(made.editions)})
    else:
        parts = ", ".join(f"{name} {number}" for name, number in made.editions.items())
        say(f"Wrote {out.name}: {parts}; {made.files} files, {size(made.bytes)}; opened again and verified.")
    return 0


def _ready(workspace: Workspace, options: argparse.Namespace, tools: Tools) -> Publication:
    """The newest metadata, with the clock checked and what a crash cut off completed."""
    publication = workspace.publication()
    check_clock(publication, tools.clock.now(), is_checked=options.clock_checked)
    settle(workspace, publication)
    return publication


def _carry_out(workspace: Workspace, plan: Plan, options: argparse.Namespace, tools: Tools) -> int:
    """Merge, sign, and finish or wait."""
    passphrases = Passphrases.of(options)
    plan = plan.merged(*_signatures(options.merge))
    plan = _signed_here(workspace, plan, options, passphrases)
    roles = plan.status(workspace)
    if not all(each.is_complete for each in roles) and (options.export_payload or options.merge):
        releases.wait(workspace, plan)
        exported = _export_payloads(plan, options.export_payload) if options.export_payload else []
        if options.json:
            print_json({"payloads": exported, "released": False, "roles": list(map(role_fields, roles))})
        else:
            say("The release waits for signatures:", *signers_in_words(roles))
            say(*(f"  to sign: {name}" for name in exported))
            say("Each holder runs `mirror publish sign PAYLOAD --key FILE`; then `release --merge FILE`.")
        return 0
    if all(each.is_complete for each in roles):
        online, press = passphrases.online(workspace, tools)
        with progress("Writing") as tell:
            publication, pages = releases.finish(
                workspace, plan, online, now=tools.clock.now(), progress=tell, press=press
            )
        _say_released(plan, publication, pages, options)
        warn_of_slips(pages)
        return 0
    raise TrustError(releases.below(roles), code="below-threshold")


def _signed_here(
    workspace: Workspace, plan: Plan, options: argparse.Namespace, passphrases: Passphrases
) -> Plan:
    """The plan with the signatures of the keys on this machine: those named, or as many as it needs."""
    if options.sign:
        return plan.signed(*(passphrases.signer(workspace, name) for name in dict.fromkeys(options.sign)))
    if options.export_payload or options.merge:
        return plan
    for name in at_hand(workspace, workspace.config.holders()):
        wanted = [each for each in plan.status(workspace) if not each.is_complete and name in each.missing]
        if wanted and passphrases.has(name):
            plan = plan.signed(passphrases.signer(workspace, name))
    return plan


def _signatures(paths: Sequence[str] | None) -> list[bytes]:
    """The signature files that ``--merge`` names, those of a folder in the order of their names."""
    files: list[Path] = []
    for each in map(Path, paths or ()):
        inside = sorted(each.glob(f"*{SIGNATURE}")) if each.is_dir() else [each]
        if not inside:
            raise SourceError("There is no signature in this folder.", code="missing-file")
        files += inside
    return [bounded(path, MAX_KEY_FILE, "A signature file") for path in files]


def _export_payloads(plan: Plan, folder: str) -> list[str]:
    names = []
    for role in plan.draft.roles:
        payload = ceremony.export_payload(plan.draft, role)
        names.append(f"{json.loads(payload)['version']}.{role}{PAYLOAD}")
        place(Path(folder) / names[-1], payload)
    return sorted(names)


def _say_facts(payload: bytes) -> None:
    facts = ceremony.facts_of(payload)
    say(
        "",
        f"{facts.role}, version {facts.version}",
        f"  issued {when(facts.issued)}, valid until {when(facts.expires)}",
        *(f"  {role}: {need} of {count} must sign" for role, (need, count) in facts.thresholds.items()),
        *(f"  says what {path} is ({size(length)})" for path, length in facts.targets.items()),
        f"  SHA-256 of these words: {sha256(payload).hexdigest()}",
    )


def _nothing_new(options: argparse.Namespace) -> int:
    if options.json:
        print_json({"released": False, "roles": []})
    else:
        say("Nothing has changed since the last release.")
    return 0


def _say_released(plan: Plan, publication: Publication, pages: Pages, options: argparse.Namespace) -> None:
    expires = instant(content(publication.roles["timestamp"]).expires)
    if options.json:
        facts: dict[str, Any] = {
            "channels": [asdict(each) for each in plan.changes],
            "current_until": iso(expires),
            "notices": plan.notices,
            "has_page": plan.has_page,
            "released": True,
            "renewed": list(plan.renewed),
            "warnings": [asdict(each) for each in plan.warnings],
        }
        print_json(facts | slip_fields(pages))
        return
    for each in plan.changes:
        say(
            f"{each.channel}: edition {each.number} with {each.articles} article(s); "
            f"{each.added} new, {each.changed} changed, {each.withdrawn} withdrawn, {each.removed} removed; "
            f"{each.pieces} new pieces, {size(each.bytes)}."
        )
    if plan.notices is not None:
        say(f"Notices: edition {plan.notices}.")
    if plan.has_page:
        say("The browser's reader is new.")
    if plan.renewed:
        say(f"Signed again: {', '.join(plan.renewed)}.")
    elif not plan.changes:
        say(f"Signed: {', '.join(sorted(plan.draft.roles))}.")
    say(*slips_in_words(pages))
    say(f"Released. Current until {when(expires)}; run `mirror publish heartbeat` every few days.")
    warn(f"Notices, {each.where}: {each.says}" for each in plan.warnings)
