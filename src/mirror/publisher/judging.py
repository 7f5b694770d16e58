"""When failed probes mean that an endpoint is blocked. Pure.

A false "blocked" costs more than a late one: the endpoint is burned, a cohort is cut, and innocent
readers are blamed. Anybody who can make a probe fail once could otherwise burn what he likes. So:

J1  One failure says nothing. ``IN_A_ROW`` of them from one vantage point, with no success between,
    over at least ``SPREAD_SECONDS``; or ``FEWER`` in a row from each of two vantage points.
J2  A run in which nothing at all worked says something about the network it was made in, and nothing
    about an endpoint: it is not counted.
J3  Only what censors do counts: silence, resets, refused connections, false names and certificates,
    pages in a file's place. A mirror that is old, lacks files or shows its cover site is not blocked.
J4  Where a probe from outside of the censor's reach failed last, the host is down: *lost*, and no
    censor did it. The operator says so; nothing is decided alone.

After the rule of a quorum and an independent probe, in the design's research; the numbers are ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mirror.client.diagnosis import BLOCKING, WORKING, Finding
from mirror.publisher.roster import Event, Happened

IN_A_ROW: Final = 3
FEWER: Final = 2
SPREAD_SECONDS: Final = 6 * 3_600  # longer than most outages of a host
OUTSIDE: Final = "outside"


class Standing(StrEnum):
    """What the probes of an endpoint amount to."""

    UNPROBED = "unprobed"
    WORKS = "works"
    DOUBTFUL = "doubtful"  # failed, and not often enough (J1)
    AMISS = "amiss"  # answers, and not as it should (J3)
    DOWN = "down"  # also from outside (J4)
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe: when, from which vantage point, and what was found."""

    at: int
    vantage: str
    finding: Finding


def probes(events: Iterable[Happened]) -> dict[int, list[Probe]]:
    """The probes among ``events`` by endpoint, in their order."""
    found: dict[int, list[Probe]] = {}
    for each in events:
        if each.kind is Event.PROBED:
            vantage, _, finding = each.note.partition(":")
            found.setdefault(each.endpoint, []).append(Probe(each.at, vantage, Finding(finding)))
    return found


def note_of(vantage: str, finding: Finding) -> str:
    """A probe as an event notes it."""
    return f"{vantage}:{finding.value}"


def counts(run: Iterable[Finding]) -> bool:
    """Whether a run over several endpoints tells anything about them (J2)."""
    return any(each in WORKING for each in run)


def judge(made: Sequence[Probe]) -> Standing:
    """What the probes of one endpoint amount to."""
    if not made:
        return Standing.UNPROBED
    rows = {vantage: _row(made, vantage) for vantage in {each.vantage for each in made}}
    outside = rows.pop(OUTSIDE, [])
    if not any(rows.values()):
        if outside:
            return Standing.DOWN if len(outside) >= FEWER else Standing.DOUBTFUL
        last = made[-1].finding
        return Standing.WORKS if last in WORKING else Standing.AMISS
    if outside:
        return Standing.DOWN
    is_long = any(len(row) >= IN_A_ROW and row[-1].at - row[0].at >= SPREAD_SECONDS for row in rows.values())
    is_wide = sum(len(row) >= FEWER for row in rows.values()) >= 2
    return Standing.BLOCKED if is_long or is_wide else Standing.DOUBTFUL


def _row(made: Sequence[Probe], vantage: str) -> list[Probe]:
    """The failures from ``vantage`` since anything else was seen from there."""
    row: list[Probe] = []
    for each in made:
        if each.vantage == vantage:
            row = [*row, each] if each.finding in BLOCKING else []
    return row
