"""Asking endpoints as a reader would, and noting what the network did to each.

Each endpoint is asked over its epoch path for what every reader asks for (``client.doctor``), and over
its bare address for the cover site that everyone else gets. Nothing is verified less than a reader
does. A probe has a seat of its own, so that a path seen in a prober's hands is not taken for ours.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mirror.client.diagnosis import Diagnosis, Finding, Way, diagnose
from mirror.client.doctor import examine
from mirror.client.waiting import Patience
from mirror.clock import Clock
from mirror.errors import EndpointError
from mirror.limits import MAX_PIECE
from mirror.model import Endpoint
from mirror.net import TOO_LONG, Transport
from mirror.publisher.database import Change
from mirror.publisher.judging import Standing, counts, judge, note_of, probes
from mirror.publisher.roster import Event, Facts, Happened, Known, Pool, endpoint_of
from mirror.rotation.paths import Entrance

PROBER: Final = -2  # the "cohort" of the prober's seats


@dataclass(frozen=True, slots=True)
class Probed:
    """One endpoint's probe. ``cover`` is a failure's code, empty where the cover site answered."""

    known: Known
    finding: Finding
    cover: str = ""


def seats_for_probes(change: Change, chosen: Sequence[Known], now: int) -> Facts:
    """Give the prober a seat at each of ``chosen`` where it lacks one; the facts afterwards."""
    for each in chosen:
        if each.declared.secret and change.facts.entrance(each.number, Pool.OPEN, PROBER) is None:
            change.seat(each.number, Pool.OPEN, PROBER, now)
    return change.again().facts


async def probe(
    facts: Facts,
    chosen: Sequence[Known],
    epoch: int,
    *,
    root: bytes,
    channel: str,
    transport: Transport,
    clock: Clock,
    way: Way,
    patience: Patience | None = None,
) -> tuple[Probed, ...]:
    """Ask each of ``chosen``; failures are what is found, not raised."""
    doors = [_door(facts, each, epoch) for each in chosen]
    examined = await examine(doors, root, channel, transport, clock, patience=patience)
    found: tuple[Diagnosis, ...] = diagnose(examined.traces, way)
    return tuple(
        [
            Probed(known, each.finding, await _cover(known, transport))
            for known, each in zip(chosen, found, strict=True)
        ]
    )


def record(change: Change, made: Sequence[Probed], vantage: str, now: int) -> list[Known]:
    """Note the probes, unless nothing worked at all; the endpoints that are blocked by them.

    A blocked endpoint is closed: the policy is told of it next.
    """
    if not counts(each.finding for each in made):
        return []
    change.note(
        Happened(
            0,
            now,
            Event.PROBED,
            each.known.declared.pool,
            endpoint=each.known.number,
            note=note_of(vantage, each.finding),
        )
        for each in made
    )
    facts = change.again().facts
    seen = probes(facts.events)
    blocked = [
        each.known
        for each in made
        if facts.endpoints[each.known.number].is_live and judge(seen[each.known.number]) is Standing.BLOCKED
    ]
    for each in blocked:
        change.again().close_endpoint(each, Event.BLOCKED, now, "probes")
    return blocked


def _door(facts: Facts, known: Known, epoch: int) -> Endpoint:
    entrance = facts.entrance(known.number, Pool.OPEN, PROBER) or Entrance(known.declared.text)
    return endpoint_of(entrance.address(epoch), known.name)


async def _cover(known: Known, transport: Transport) -> str:
    """Why the cover site did not answer; empty when it did, or where there is none to expect."""
    if not known.declared.secret:
        return ""
    try:
        await transport.get(known.endpoint, "", limit=MAX_PIECE)
    except EndpointError as error:
        return "" if error.code == TOO_LONG else error.code
    return ""
