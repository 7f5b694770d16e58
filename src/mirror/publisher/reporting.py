"""What readers' reports amount to: something to look at, and never more.

Rules:

1. A report is a voice of the nearest invitation at or above it that the publisher gave. Whoever holds an
   invitation can make any number below it, and reports of all of them: they are one voice.
2. What is remembered is that a voice said of an endpoint, in an epoch, that it was silent: the second
   time counts nothing. So a replay counts nothing either, and what is remembered is bounded by what
   was handed out. The voice is written down as a keyed hash, so that a copy of the database does not
   tell which invitation reported.
3. A voice counts only for endpoints that were handed to it: to its cohort, to one that its cohort was cut
   from, or to newcomers.
4. Nothing is decided on reports. The policy is not told of them (``placing``), no endpoint is closed and
   none is probed by itself. They ask for a probe, until one was made.
"""

import hmac
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from mirror.errors import MirrorError, TrustError
from mirror.limits import REPORT_SECONDS
from mirror.publisher.judging import OUTSIDE
from mirror.publisher.placing import ASSIGNED, MADE_FROM, Part, cohort_of, homes, state_of
from mirror.publisher.roster import DOORWAY, Counted, Event, Facts, Happened, Known, Pool
from mirror.publisher.rotation import Opened
from mirror.rotation.keys import NodePath, derive
from mirror.rotation.paths import Entrance, path_key
from mirror.rotation.policy_state import State
from mirror.rotation.reports import Branch, Nodes, Statement, forged, open_report, parse

_VOICE_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class Proved:
    """A report that the reader at ``path`` made, or somebody above."""

    path: NodePath
    branch: Branch = field(repr=False)
    said: Statement


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of many reports: how many said something new, and why the others did not, by code."""

    noted: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Silence:
    """What reports ask to be looked at: ``voices`` say that an endpoint is silent.

    ``sent`` is how many are sent there now. ``countries`` counts the voices that said where.
    """

    voices: int
    sent: int
    countries: Mapping[str, int]


def take(opened: Opened, private: bytes, texts: Sequence[str], now: int) -> Taken:
    """Open reports and note what they say; what is refused leaves nothing behind.

    Raises:
        StorageError: As ``tables.told``; nothing was noted.
    """
    refused: Counter[str] = Counter()
    # All that takes long comes before the database is locked.
    proved = list(_proved(opened, private, texts, now, refused))
    noted = 0
    with opened.roster.change() as change:
        book = _Book(change.facts, derive(opened.tree.branch(()), b"mirror/1/voices", 32))
        for each in proved:
            try:
                change.note(book.news(each, now))
            except TrustError as error:
                refused[error.code] += 1
            else:
                noted += 1
    return Taken(noted, dict(sorted(refused.items())))


def silences(facts: Facts, now: int) -> dict[int, Silence]:
    """The endpoints in use of which somebody said something since they were last probed (rule 4)."""
    heard: dict[int, dict[str, str]] = {}
    for each in facts.events:
        if each.kind is Event.PROBED and each.note.partition(":")[0] != OUTSIDE:
            heard.pop(each.endpoint, None)
        elif each.kind is Event.REPORTED and each.at > now - REPORT_SECONDS:
            _, country, voice = each.note.split(":")
            heard.setdefault(each.endpoint, {})[voice] = country
    if not heard:
        return {}
    sent = _sent(facts)
    return {
        number: Silence(len(voices), sent.get(number, 0), Counter(filter(None, voices.values())))
        for number, voices in sorted(heard.items())
        if facts.endpoints[number].is_live
    }


def _proved(
    opened: Opened, private: bytes, texts: Sequence[str], now: int, refused: Counter[str]
) -> Iterator[Proved]:
    """The reports that somebody made who was invited; the others are counted as ``refused``."""
    nodes = Nodes(opened.tree, [each.path for each in opened.roster.facts().invitations])
    for text in texts:
        try:
            unproved = open_report(parse(text), private, opened.publication)
            unproved.check_epoch(opened.calendar, now)
            path, branch = nodes.find(unproved.unverified_statement.names)
            yield Proved(path, branch, unproved.proved(branch))
        except MirrorError as error:
            refused[error.code] += 1


class _Book:
    """What was handed to whom and what was heard already, to hold reports against."""

    def __init__(self, facts: Facts, voice_key: bytes) -> None:
        self._facts = facts
        self._voice_key = voice_key
        self._states: dict[Pool, State] = {pool: state_of(facts, pool) for pool in Pool}
        self._given = {each.path: each.number for each in facts.invitations}
        self._revoked = {each.path for each in facts.invitations if each.revoked}
        self._parts: dict[NodePath, list[tuple[Pool, Counted]]] = {}
        for pool, readers in facts.readers.items():
            for each in readers:
                if Part(each.part) is not Part.NONE:
                    self._parts.setdefault(each.path, []).append((pool, each))
        self._parents: dict[tuple[Pool, int], int] = {}
        self._sent: dict[tuple[Pool, int], set[int]] = {}
        self._heard: set[tuple[int, str]] = set()
        for event in facts.events:
            if event.kind is Event.REPORTED:
                self._heard.add((event.endpoint, _said_of(event.note)))
            elif event.kind is Event.DECIDED and event.note.startswith(MADE_FROM):
                self._parents[event.pool, event.cohort] = int(event.note.removeprefix(MADE_FROM))
            elif event.kind is Event.DECIDED and event.note == ASSIGNED:
                self._sent.setdefault((event.pool, event.cohort), set()).add(event.endpoint)
        self._handed: dict[tuple[Pool, int], list[tuple[Entrance, Known]]] = {}

    def news(self, report: Proved, now: int) -> list[Happened]:
        """What ``report`` says that was not said before, as events; it is remembered.

        Raises:
            TrustError: ``report-forged``: no invitation that was given is at or above it;
                ``report-revoked``; ``report-endpoint``: it names none that was handed to it;
                ``report-known``: none that is still in use; ``report-repeated``: nothing new.
        """
        if any(report.path[:depth] in self._revoked for depth in range(1, len(report.path) + 1)):
            raise TrustError("A report is of an invitation that was revoked.", code="report-revoked")
        voice = nearest(self._given, report.path)
        pool, part = self._part(report.path)
        cohort = cohort_of(self._facts, pool, self._states[pool], part)
        named = [
            known
            for entrance, known in self._entrances(pool, cohort)
            if report.branch.mark(entrance) in report.said.marks
        ]
        if not named:
            raise TrustError("A report names no endpoint that was handed to it.", code="report-endpoint")
        live = sorted({known.number for known in named if known.is_live})
        if not live:
            raise TrustError("A report names only endpoints that are not in use.", code="report-known")
        found = []
        for endpoint in live:
            note = f"{report.said.epoch}:{report.said.country}:{self._hash(voice, endpoint)}"
            if (endpoint, _said_of(note)) not in self._heard:
                self._heard.add((endpoint, _said_of(note)))
                found.append(Happened(0, now, Event.REPORTED, pool, endpoint, cohort=cohort, note=note))
        if not found:
            raise TrustError("A report says what was said before.", code="report-repeated")
        return found

    def _part(self, path: NodePath) -> tuple[Pool, Counted]:
        """Who of the policy's readers stands for ``path`` (``placing``, rule 1).

        Raises:
            TrustError: ``report-forged``: nobody does.
        """
        for depth in range(len(path), 0, -1):
            others = Part.FRIENDS if depth == len(path) else Part.OWN
            for pool, each in self._parts.get(path[:depth], ()):
                if Part(each.part) is not others:
                    return pool, each
        raise forged()

    def _entrances(self, pool: Pool, cohort: int) -> list[tuple[Entrance, Known]]:
        """What was ever handed to ``cohort`` (rule 3), endpoints that are gone included."""
        found = self._handed.get((pool, cohort))
        if found is None:
            found = self._handed[pool, cohort] = list(self._handed_out(pool, cohort))
        return found

    def _handed_out(self, pool: Pool, cohort: int) -> Iterator[tuple[Entrance, Known]]:
        line = {(Pool.OPEN, DOORWAY)}
        while cohort >= 0 and (pool, cohort) not in line:
            line.add((pool, cohort))
            cohort = self._parents.get((pool, cohort), -1)
        for seat in self._facts.seats:
            if (seat.pool, seat.cohort) in line:
                known = self._facts.endpoints[seat.endpoint]
                yield Entrance(known.declared.text, path_key(known.declared.secret, seat.seat)), known
        sent = set().union(*(self._sent.get(each, set()) for each in line))
        for known in self._facts.endpoints.values():
            # A static host has no seats: who was sent there is known from what was decided.
            if not known.declared.secret and (known.number in sent or known.declared.pool is Pool.OPEN):
                yield Entrance(known.declared.text), known

    def _hash(self, voice: int, endpoint: int) -> str:
        """A voice's name beside one endpoint (rule 2)."""
        text = f"{voice} {endpoint}".encode()
        return hmac.digest(self._voice_key, text, "sha256")[:_VOICE_SIZE].hex()


def _said_of(note: str) -> str:
    """Of what an event notes: the epoch and the voice; where it was said does not make it another word."""
    epoch, _, voice = note.split(":")
    return f"{epoch}:{voice}"


def nearest(given: Mapping[NodePath, int], path: NodePath) -> int:
    """The number of the nearest invitation at or above ``path`` that was given (rule 1).

    Raises:
        TrustError: ``report-forged``: none was.
    """
    for depth in range(len(path), 0, -1):
        if path[:depth] in given:
            return given[path[:depth]]
    raise forged()


def _sent(facts: Facts) -> dict[int, int]:
    """How many voices are sent to each endpoint now."""
    given = {each.path: each.number for each in facts.invitations}
    sent: dict[int, set[int]] = {}
    for pool in Pool:
        state = state_of(facts, pool)
        at = homes(state)
        for each in facts.readers[pool]:
            endpoint = at.get(cohort_of(facts, pool, state, each))
            if endpoint is not None and Part(each.part) is not Part.NONE:
                sent.setdefault(endpoint, set()).add(nearest(given, each.path))
    return {endpoint: len(voices) for endpoint, voices in sent.items()}
