"""``mirror endpoints status | lint``: how things stand. No reader is counted: nobody knows them."""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import Any

from mirror.cli.endpoints_reports import silence_fields, silence_lines
from mirror.cli.publish_tools import Passphrases, Tools, say, when, workspace_of
from mirror.cli.terminal import print_json
from mirror.publisher.endpoint_lists import SENTENCES
from mirror.publisher.judging import judge, probes
from mirror.publisher.placing import homes, state_of
from mirror.publisher.reporting import silences
from mirror.publisher.roster import Facts, Known, Pool
from mirror.rotation.lint import Fault, Policy, lint_list, lint_set


def status(options: argparse.Namespace, tools: Tools) -> int:
    """A line for every endpoint, and the sums."""
    opened = Passphrases.of(options).rotation(workspace_of(options), tools)
    facts = opened.roster.facts()
    rows = _rows(facts)
    sums = Counter(row["standing"] for row in rows)
    states = {pool: state_of(facts, pool) for pool in Pool}
    waiting = sum(
        each.endpoint < 0 and not each.is_quarantined
        for state in states.values()
        for each in state.cohorts.values()
    )
    quarantined = sum(each.is_quarantined for state in states.values() for each in state.cohorts.values())
    cohorts = sum(len(state.cohorts) for state in states.values())
    now = tools.clock.now()
    if options.json:
        facts_said: dict[str, Any] = {"cohorts": cohorts, "quarantined": quarantined, "waiting": waiting}
        facts_said["silent"] = silence_fields(silences(facts, now))
        print_json(
            facts_said | {"endpoints": rows, "invitations": len(facts.invitations), "sums": dict(sums)}
        )
        return 0
    head = ("endpoint", "pool", "standing", "cohorts", "probes", "provider", "law", "added")
    keys = ("name", "pool", "standing", "cohorts", "probes", "provider", "jurisdiction")
    table = [(*(str(row[key]) for key in keys), when(row["added"])[:10]) for row in rows]
    say(*_columns([head, *table]))
    if options.show_addresses:
        say("", *(f"{each.name}  {each.declared.text}" for each in facts.endpoints.values()))
    parts = ", ".join(f"{count} {name}" for name, count in sorted(sums.items())) or "none"
    say(
        "",
        f"Endpoints: {parts}.",
        f"Cohorts: {cohorts}, of which {waiting} wait for an endpoint and {quarantined} get none any more.",
        f"Invitations given: {len(facts.invitations)}.",
        *silence_lines(facts, now),
    )
    return 0


def lint(options: argparse.Namespace, tools: Tools) -> int:
    """What is wrong with the endpoints in use, and what the newcomers' ones share; 0 also then."""
    opened = Passphrases.of(options).rotation(workspace_of(options), tools)
    known = [each for each in opened.roster.facts().endpoints.values() if each.is_live]
    listed = [each.listed for each in known]
    faults = lint_list(listed, opened.config.domains)
    # What newcomers begin with is handed out together; the rest is one endpoint for each cohort, where
    # too much in one hand is a matter of how many fall together.
    shared = lint_set(listed, _tenth(len(known)))
    found = [*faults, *shared]
    if options.json:
        print_json({"findings": [_fields(each, known) for each in found]})
        return 0
    names = [each.name for each in known]
    for each in found:
        other = f" (see {names[each.other]})" if each.other is not None else ""
        level = "error" if each.is_fatal and not each.code.startswith("shared-") else "look at"
        say(f"{level}: {names[each.number]}: {SENTENCES[each.code]}{other} [{each.code}]")
    if not found:
        say("Nothing was found.")
    return 0


def _tenth(count: int) -> Policy:
    """At most a tenth of all endpoints, and one at least, may fall with one registrar, host or network;
    a quarter with one jurisdiction."""
    tenth = max(1, count // 10)
    return Policy(tenth, tenth, tenth, max(2, count // 4))


def _rows(facts: Facts) -> list[dict[str, Any]]:
    seen = probes(facts.events)
    used: Counter[int] = Counter()
    for pool in Pool:
        used.update(homes(state_of(facts, pool)).values())
    return [
        {
            "added": each.added,
            "cohorts": used[each.number],
            "jurisdiction": each.declared.jurisdiction or "-",
            "name": each.name,
            "number": each.number,
            "pool": each.declared.pool.value,
            "probes": judge(seen.get(each.number, [])).value,
            "provider": each.declared.provider or "-",
            "standing": _standing(each, used[each.number]),
        }
        for each in facts.endpoints.values()
    ]


def _standing(known: Known, cohorts: int) -> str:
    if known.blocked:
        return "burned"
    if known.lost:
        return "lost"
    return "in use" if cohorts else "spare"


def _columns(table: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(f"{each:<{width}}" for each, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    ]


def _fields(fault: Fault, known: Sequence[Known]) -> dict[str, Any]:
    other = None if fault.other is None else known[fault.other].number
    return {"code": fault.code, "endpoint": known[fault.number].number, "other": other}
