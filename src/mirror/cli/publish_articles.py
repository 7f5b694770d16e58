"""``mirror publish preview | add | withdraw | remove``: what the channels say."""

import argparse
import asyncio
import textwrap
from typing import Any

from mirror.articles import DesignationFound, Draft, Problem
from mirror.cli.publish_tools import Tools, channel_of, confirm, say, warn, when, workspace_of
from mirror.cli.terminal import print_json, progress
from mirror.publisher import intake, retract
from mirror.publisher.articlefile import iso
from mirror.publisher.intake import Entry, Intake, Kind, designation_fields
from mirror.publisher.sources import SourceResult, read_source

_SHOWN = 600  # characters of a text in a preview for people


def preview(options: argparse.Namespace, tools: Tools) -> int:
    """Show what would be taken from a source; needs no publication."""
    result = _read(options.source, options.language, with_images=False)
    if options.json:
        print_json([_draft_fields(draft) for draft in result.drafts])
        warn(f"{_place(each)}{each.message} [{each.code}]" for each in result.problems)
        return 0
    for draft in result.drafts:
        say("", f"{draft.title}", f"  id {draft.id}, {draft.language}, {_published(draft)}")
        if draft.summary:
            say(f"  {draft.summary}")
        text = draft.body_text
        cut = text if len(text) <= _SHOWN else f"{text[:_SHOWN].rsplit(' ', 1)[0]} … ({len(text)} characters)"
        say(textwrap.indent(cut, "    "))
        say(*(f"  Credit: {each}" for each in draft.credits))
        say(*_problem_lines(draft.problems), *_designation_lines(draft.designations))
    say("", f"{len(result.drafts)} article(s).", *_problem_lines(result.problems))
    _say_loudly([each for draft in result.drafts for each in draft.designations])
    return 0


def add(options: argparse.Namespace, tools: Tools) -> int:
    """Take a source's articles into a channel."""
    workspace = workspace_of(options)
    channel = channel_of(workspace, options)
    language = workspace.config.channel(channel).language
    taken = _read(
        options.source, language, with_images=workspace.config.images.carry and not options.no_images
    )
    with workspace.lock():
        with progress("Preparing") as tell:
            planned = intake.plan(
                workspace,
                channel,
                taken,
                now=tools.clock.now(),
                correction=options.correction or "",
                restore=options.restore,
                progress=tell,
            )
        if not options.json:
            _say_intake(planned)
        if planned.changes:
            confirm(f"Take {len(planned.changes)} article(s) into {channel}?", is_given=options.yes)
        intake.store(workspace, planned)
    if options.json:
        print_json(_intake_fields(planned))
    elif planned.changes:
        say(f"Taken into {channel}. Readers get it with the next `mirror publish release`.")
    else:
        say("Nothing new.")
    return 0


def withdraw(options: argparse.Namespace, tools: Tools) -> int:
    """Withdraw an article, with a reason that readers see."""
    workspace = workspace_of(options)
    with workspace.lock():
        article = retract.withdraw(
            workspace, options.id, options.reason, now=tools.clock.now(), channel=options.channel or ""
        )
    say(f"Withdrawn: {article.title}", "Copies say so with the next `mirror publish release`.")
    return 0


def remove(options: argparse.Namespace, tools: Tools) -> int:
    """Remove an article because it endangers someone."""
    workspace = workspace_of(options)
    with workspace.lock():
        article = retract.find(workspace, options.id, options.channel or "")
        say(f"To be removed: {article.title}")
        confirm("Destroy its text here, and have mirrors and libraries destroy it?", is_given=options.yes)
        retract.remove(
            workspace,
            article.id,
            now=tools.clock.now(),
            channel=article.channel,
            title=options.title or retract.REMOVED_TITLE,
        )
    say("Removed here. Mirrors destroy it once you run `mirror publish release`: do it now.")
    return 0


def _read(source: str, language: str, *, with_images: bool) -> SourceResult:
    with progress("Reading") as tell:
        return asyncio.run(
            read_source(source, default_language=language, progress=tell, with_images=with_images)
        )


def _published(draft: Draft) -> str:
    return "no date" if draft.published is None else when(draft.published)


def _draft_fields(draft: Draft) -> dict[str, Any]:
    return {
        "body_text": draft.body_text,
        "byline": draft.byline,
        "credits": list(draft.credits),
        "designations": designation_fields(draft.designations),
        "id": draft.id,
        "images": len(draft.images),
        "language": draft.language,
        "problems": _problem_fields(draft.problems),
        "published": None if draft.published is None else iso(draft.published),
        "removed": list(draft.removed),
        "section": draft.section,
        "source": draft.source,
        "summary": draft.summary,
        "title": draft.title,
        "updated": None if draft.updated is None else iso(draft.updated),
    }


def _problem_fields(problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    return [{"code": each.code, "message": each.message, "where": each.where} for each in problems]


def _intake_fields(planned: Intake) -> dict[str, Any]:
    return {
        "articles": [
            {
                "designations": designation_fields(entry.designations),
                "id": entry.id,
                "problems": _problem_fields(entry.problems),
                "title": entry.title,
                "what": entry.kind.value,
            }
            for entry in planned.entries
        ],
        "channel": planned.channel,
        "problems": _problem_fields(planned.problems),
    }


def _say_intake(planned: Intake) -> None:
    for entry in planned.entries:
        if entry.kind is not Kind.UNCHANGED:
            say(f"{entry.kind.value:>9}  {entry.title}", f"           {entry.id}")
        say(*(f"         {each}" for each in _problem_lines(entry.problems)))
    counts = [f"{planned.count(kind)} {kind.value}" for kind in Kind if planned.count(kind)]
    say(", ".join(counts) + ".", *_problem_lines(planned.problems))
    _say_loudly([each for entry in _told(planned) for each in entry.designations])


def _told(planned: Intake) -> tuple[Entry, ...]:
    return tuple(entry for entry in planned.entries if entry.kind is not Kind.UNCHANGED)


def _place(problem: Problem) -> str:
    return f"{problem.where}: " if problem.where else ""


def _problem_lines(problems: tuple[Problem, ...]) -> list[str]:
    return [f"  Look at: {_place(each)}{each.message} [{each.code}]" for each in problems]


def _designation_lines(found: tuple[DesignationFound, ...]) -> list[str]:
    lines = []
    for each in found:
        where = each.jurisdiction or "country not recognised"
        kept = "left in the text" if each.in_body else "taken out of the text"
        lines.append(f"  DESIGNATION ({each.kind}, {where}; {kept}):")
        lines.append(textwrap.indent(each.text, "    | "))
    return lines


def _say_loudly(found: list[DesignationFound]) -> None:
    if not found:
        return
    kinds = sorted({f"{each.kind} ({each.jurisdiction or 'country not recognised'})" for each in found})
    say(
        "",
        f"NOTICE TO REVIEW: {len(found)} designation(s) stated in these articles: {', '.join(kinds)}.",
        "Readers' safety depends on them. They are no part of the text; readers are warned by a notice",
        "that somebody answers for: see `mirror publish notices list`.",
    )
