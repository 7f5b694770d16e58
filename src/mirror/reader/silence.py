"""Which of the endpoints that were handed to a reader did not answer: what a report may say. Pure.

Rules:

1. An endpoint that gave one genuine thing answered, over whichever of its addresses.
2. It is silent where something was asked and nothing of ours came: no connection, no answer, an answer
   that breaks off, somebody else in its place. A cover site, or a mirror that lacks files, answers: its
   publisher knows why.
3. What was not asked, or not waited for, is unknown, and is not reported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from mirror.client.diagnosis import BLOCKING, Diagnosis, Finding
from mirror.client.report import MISSING_PIECE, MirrorReport, Verdict
from mirror.model import Endpoint
from mirror.net import ABSENT
from mirror.net.address import text_of
from mirror.reader.guide import Guide
from mirror.rotation.paths import Entrance
from mirror.trust.state import Kind

_MISSING: Final = frozenset({ABSENT, MISSING_PIECE, Kind.WITHHELD.value})


class Heard(StrEnum):
    """What is known of one endpoint."""

    ANSWERED = "answered"
    SILENT = "silent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Door:
    """An endpoint that was handed out, and the mirrors of this run that are its addresses."""

    entrance: Entrance = field(repr=False)
    mirrors: tuple[Endpoint, ...]

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.mirrors[0].name

    def heard(self, of: Mapping[str, Heard]) -> Heard:
        """What is known of it, where ``of`` says it of its mirrors by name (rule 1)."""
        found = {of.get(each.name, Heard.UNKNOWN) for each in self.mirrors}
        return next(each for each in Heard if each in found)


def doors(guide: Guide, mirrors: Iterable[Endpoint]) -> tuple[Door, ...]:
    """The endpoints that were handed to this reader, by invitation or slip, among ``mirrors``."""
    found: dict[Entrance, tuple[Endpoint, ...]] = {}
    for mirror in mirrors:
        entrance = guide.doors.get(text_of(mirror))
        if entrance is not None:
            found[entrance] = (*found.get(entrance, ()), mirror)
    return tuple(Door(entrance, each) for entrance, each in found.items())


def of_run(reports: Iterable[MirrorReport]) -> dict[str, Heard]:
    """What a run tells of each mirror, without anybody asked for it."""
    return {each.name: _of_mirror(each) for each in reports}


def of_examination(found: Iterable[Diagnosis]) -> dict[str, Heard]:
    """What an examination tells of each mirror."""
    return {each.name: _of_finding(each.finding) for each in found}


def _of_mirror(report: MirrorReport) -> Heard:
    if report.verdict is Verdict.UNASKED:
        return Heard.UNKNOWN
    if report.verdict is Verdict.LIED:  # or somebody on the way did
        return Heard.SILENT
    is_silent = not report.bytes and {each.code for each in report.evidence} - _MISSING
    return Heard.SILENT if is_silent else Heard.ANSWERED


def _of_finding(finding: Finding) -> Heard:
    if finding in BLOCKING:
        return Heard.SILENT
    unknown = (Finding.NOT_EXAMINED, Finding.NO_PROXY, Finding.NO_WAY, Finding.NO_FILE)
    return Heard.UNKNOWN if finding in unknown else Heard.ANSWERED
