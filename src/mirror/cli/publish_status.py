"""``mirror publish status | notices``: how the publication stands, and what it warns of."""

import argparse
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

from mirror.cli.publish_tools import Tools, role_fields, say, size, when, workspace_of
from mirror.cli.terminal import print_json
from mirror.errors import ConfigError, SourceError
from mirror.notices.lint import Finding
from mirror.notices.load import load_publication_notices
from mirror.notices.model import Designation
from mirror.publisher.articlefile import iso
from mirror.publisher.intake import designation_fields
from mirror.publisher.notices import load_notices
from mirror.publisher.notices_file import turn_off, turn_on
from mirror.publisher.status import ChannelFacts, Status, in_words
from mirror.publisher.status import status as find_status
from mirror.publisher.workspace import NOTICES, Workspace, place


def status(options: argparse.Namespace, tools: Tools) -> int:
    """Who signed, what expires, what is unreleased, what is wrong."""
    workspace = workspace_of(options)
    now = tools.clock.now()
    found = find_status(workspace, now=now)
    if options.json:
        print_json(_fields(workspace, found, now))
        return 0
    say(f"{workspace.config.name}   root {found.root_digest[:16]}…", "", "Who signed, and until when:")
    say(*_role_lines(found, now))
    say("", "Channels:", *map(_channel_line, found.channels))
    edition = f"edition {found.notices_edition} of {when(found.notices_issued)}"
    say(
        "",
        f"Notices: {edition if found.notices_edition else 'not released yet'}",
        f"  on: {', '.join(('generic', *found.notices_on))}",
        f"  off: {', '.join(found.notices_off) or 'none'}",
    )
    if found.warnings:
        say("", "To do:", *(f"  - {each}" for each in found.warnings))
    return 0


def _role_lines(found: Status, now: int) -> list[str]:
    width = max(len(each.signed.role) for each in found.roles)
    return [
        f"  {each.signed.role:<{width}}  {', '.join(each.signed.signed) or 'nobody'}"
        f" ({len(each.signed.signed)} signed, {each.signed.threshold} needed);"
        f" expires {when(each.expires)}, {in_words(each.expires - now)}"
        for each in found.roles
    ]


def _channel_line(channel: ChannelFacts) -> str:
    edition = "no edition yet"
    if channel.edition:
        edition = (
            f"edition {channel.edition} of {when(channel.released)}, {channel.articles} article(s),"
            f" {channel.pieces} pieces, {size(channel.bytes)}"
        )
    label = f"{channel.id} ({channel.language}) {channel.title}"
    return f"  {label}: {edition}; {channel.unreleased} unreleased change(s)"


def notices_list(options: argparse.Namespace, tools: Tools) -> int:
    """Show the templates, and which of them are on."""
    notices = load_notices(workspace_of(options))
    on = {each.id: each for each in notices.on}
    if options.json:
        print_json([_notice_fields(each, on.get(each.id)) for each in notices.templates])
        return 0
    say("generic          on: it always is")
    for each in notices.templates:
        chosen = on.get(each.id)
        review = f", next review {chosen.next_review}" if chosen else ""
        state = "on" if chosen else "off"
        say(f"{each.id:<16} {state}: {each.jurisdiction}, {each.subject}, {each.status}{review}")
    say("", f"Responsible: {notices.choice.responsible or 'nobody'}")
    return 0


def notices_lint(options: argparse.Namespace, tools: Tools) -> int:
    """Say what is wrong with what is turned on; exit status 3 where it could not be released."""
    findings = load_notices(workspace_of(options)).lint(tools.clock.now())
    if options.json:
        print_json([asdict(each) for each in findings])
    else:
        say(*(_finding(each) for each in findings))
        say(f"{sum(each.is_error for each in findings)} error(s), {len(findings)} finding(s).")
    return SourceError.exit_status if any(each.is_error for each in findings) else 0


def notices_on(options: argparse.Namespace, tools: Tools) -> int:
    """Turn a template on: somebody answers for it, and two people have reviewed it."""
    workspace = workspace_of(options)
    today = datetime.fromtimestamp(tools.clock.now(), tz=UTC).date()
    with workspace.lock():
        text = turn_on(
            workspace.notices_text(),
            options.id,
            responsible=options.responsible,
            reviewed_by=options.reviewed_by or (),
            reviewed=_date(options.reviewed) if options.reviewed else today,
            next_review=_date(options.next_review) if options.next_review else _in_half_a_year(today),
        )
        _keep(workspace, text, tools.clock.now())
    say(f"{options.id} is on. Readers see it with the next `mirror publish release`.")
    return 0


def notices_off(options: argparse.Namespace, tools: Tools) -> int:
    """Turn a template off."""
    workspace = workspace_of(options)
    with workspace.lock():
        _keep(workspace, turn_off(workspace.notices_text(), options.id), tools.clock.now())
    say(f"{options.id} is off. Readers no longer see it with the next `mirror publish release`.")
    return 0


def _keep(workspace: Workspace, text: str, now: int) -> None:
    """Write ``notices.toml``, unless it would break a rule that stops a release."""
    notices = load_notices(workspace)
    changed = replace(notices, choice=load_publication_notices(text, notices.library))
    for finding in changed.lint(now):
        if finding.is_error:
            raise SourceError(
                f"Notices, {finding.where}: {finding.says} Nothing was changed.", code=finding.code
            )
    place(workspace.folder / NOTICES, text.encode())


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigError("A date is written as YYYY-MM-DD.", code="bad-value") from error


def _in_half_a_year(today: date) -> date:
    return date.fromordinal(today.toordinal() + 182)


def _finding(each: Finding) -> str:
    return f"{'error' if each.is_error else 'look at'}: {each.where}: {each.says} [{each.code}]"


def _notice_fields(template: Designation, chosen: Designation | None) -> dict[str, Any]:
    return {
        "id": template.id,
        "jurisdiction": template.jurisdiction,
        "next_review": str(chosen.next_review) if chosen else None,
        "on": chosen is not None,
        "reviewed_by": list(chosen.reviewed_by) if chosen else [],
        "status": template.status.value,
        "subject": template.subject.value,
    }


def _fields(workspace: Workspace, found: Status, now: int) -> dict[str, Any]:
    return {
        "channels": [
            {**asdict(each), "released": iso(each.released) if each.edition else None}
            for each in found.channels
        ],
        "designations": [
            {
                **designation_fields([each.found])[0],
                "articles": list(each.articles),
                "covered": each.is_covered,
            }
            for each in found.designations
        ],
        "id": workspace.config.id,
        "name": workspace.config.name,
        "notices": {
            "edition": found.notices_edition,
            "findings": [asdict(each) for each in found.findings],
            "issued": iso(found.notices_issued) if found.notices_edition else None,
            "off": list(found.notices_off),
            "on": list(found.notices_on),
            "overdue": sorted({each.where for each in found.findings if each.code == "review-overdue"}),
        },
        "roles": [
            {
                **role_fields(each.signed),
                "expires": iso(each.expires),
                "expires_in_words": in_words(each.expires - now),
            }
            for each in found.roles
        ],
        "root_sha256": found.root_digest,
        "waiting": [role_fields(each) for each in found.waiting],
        "warnings": list(found.warnings),
    }
