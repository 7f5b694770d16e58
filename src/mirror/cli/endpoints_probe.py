"""``mirror endpoints probe``: ask endpoints as a reader would, over any way out, and note what happens."""

import argparse
import asyncio
import re

from mirror.cli.publish_tools import Passphrases, Tools, channel_of, say, warn, workspace_of
from mirror.cli.terminal import print_json
from mirror.cli.ways import onion_warning, way_error, way_of, ways_of
from mirror.errors import ConfigError, UnreachableError
from mirror.net.anyhow import AnyTransport
from mirror.net.ways import DIRECT, Ways
from mirror.publisher import probing
from mirror.publisher.judging import Standing, counts, judge, probes
from mirror.publisher.probing import Probed
from mirror.publisher.roster import Facts, Known

_VANTAGE = re.compile("[a-z0-9][a-z0-9-]{0,19}")


def probe(options: argparse.Namespace, tools: Tools) -> int:
    """Ask, judge, note; and close what is blocked by the rule of several failures."""
    if not _VANTAGE.fullmatch(options.vantage):
        raise ConfigError("--from wants a word of a-z, 0-9 and -.", code="usage")
    ways = ways_of(options, DIRECT)
    workspace = workspace_of(options)
    channel = channel_of(workspace, options)
    root = workspace.publication().roots[0]
    opened = Passphrases.of(options).rotation(workspace, tools)
    chosen = _chosen(opened.roster.facts(), options.number)
    with opened.roster.change() as change:
        facts = probing.seats_for_probes(change, chosen, tools.clock.now())
    if said := onion_warning([each.endpoint for each in chosen], ways):
        warn([said])
    now = tools.clock.now()
    epoch = opened.calendar.epoch(now)
    made = asyncio.run(_ask(facts, chosen, epoch, root=root, channel=channel, ways=ways, tools=tools))
    with opened.roster.change() as change:
        blocked = probing.record(change, made, options.vantage, now)
    seen = probes(opened.roster.facts().events)
    rows = [
        {
            "cover": each.cover or ("answers" if each.known.declared.secret else "not expected"),
            "finding": each.finding.value,
            "name": each.known.name,
            "number": each.known.number,
            "standing": judge(seen.get(each.known.number, [])).value,
        }
        for each in made
    ]
    is_counted = counts(each.finding for each in made)
    if options.json:
        print_json({"blocked": [each.number for each in blocked], "counted": is_counted, "endpoints": rows})
    else:
        for row in rows:
            say(f"{row['name']}: {row['finding']}; cover site {row['cover']}; so far {row['standing']}")
        say(*(f"{each.name} is blocked: the policy is told of it next." for each in blocked))
        say(
            *(
                f"{row['name']} seems down: `mirror endpoints remove {row['number']}`."
                for row in rows
                if row["standing"] == Standing.DOWN
            )
        )
    if not is_counted:
        raise UnreachableError(
            "Nothing worked from here, which says more about this network than about the endpoints:"
            " nothing was noted.",
            code="probe-void",
        )
    return 0


def _chosen(facts: Facts, numbers: list[int]) -> list[Known]:
    live = {each.number: each for each in facts.endpoints.values() if each.is_live}
    if not live.keys() >= set(numbers):
        raise ConfigError("No endpoint of this number is in use.", code="no-endpoint")
    chosen = [live[number] for number in dict.fromkeys(numbers)] or list(live.values())
    if not chosen:
        raise ConfigError("There is no endpoint to ask.", code="no-endpoint")
    return chosen


async def _ask(
    facts: Facts, chosen: list[Known], epoch: int, *, root: bytes, channel: str, ways: Ways, tools: Tools
) -> tuple[Probed, ...]:
    way, patience = way_of(ways)
    async with AnyTransport(ways, tools.randomness) as transport:
        made = await probing.probe(
            facts,
            chosen,
            epoch,
            root=root,
            channel=channel,
            transport=transport,
            clock=tools.clock,
            way=way,
            patience=patience,
        )
        if (trouble := way_error(transport)) is not None:
            raise trouble
    return made
