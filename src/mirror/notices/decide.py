"""The decision: how high the gate before one act is, for what is known about a reader.

Pure: data, answers, an act and an instant in, a ``Decision`` out. The rules:

1. An unanswered question is *maybe*; *maybe* gates like *yes*. So knowing less never lowers a gate.
2. Designations add up: the level is the highest of all, so adding one never lowers a gate.
3. An act that a designation does not list was checked by nobody: it is risky, not safe.
4. Reading is never more than labelled. News that is hidden protects nobody.
5. What the reader does to others counts for readers whom no law reaches: where the receiver may
   be at risk, a line stays.
6. Age adds a remark and changes nothing else; only ``repealed`` ends a warning.
7. Without a set that verified (missing, altered, older) every act but reading is off.

Nothing here stores or sends what it was told about the reader.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum
from typing import Final

from mirror.notices.model import (
    Act,
    Catalogue,
    Clause,
    Designation,
    Jurisdiction,
    Level,
    NoticeSet,
    Penalty,
    PenaltyKind,
    Standing,
    Status,
)

# These make the reader a distributor, a correspondent or a donor, and cannot be undone.
HELD_ACTS: Final = frozenset({Act.SHARE_PUBLIC, Act.CONTACT, Act.DONATE, Act.EMBED, Act.RELAY})
# Penalties that take freedom or life. One whose size is unknown counts as grave.
GRAVE: Final = frozenset(
    {PenaltyKind.DETENTION, PenaltyKind.IMPRISONMENT, PenaltyKind.DEATH, PenaltyKind.UNVERIFIED}
)
_DAY: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
_PLACE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)


class Truth(IntEnum):
    """Three-valued logic: AND is ``min``, OR is ``max``."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class ReaderContext:
    """What a reader chose to answer. ``None`` is "not answered"; an empty set is "none".

    ``located`` is an ISO 3166 country (``UA``) or subdivision (``UA-43``); the others are countries.
    Held in memory only, and hidden from ``repr``: a stored citizenship is evidence.
    """

    located: str | None = field(default=None, repr=False)
    citizenships: frozenset[str] | None = field(default=None, repr=False)
    stateless_resident_of: frozenset[str] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.located is not None and not _PLACE.fullmatch(self.located):
            raise ValueError("a place is a country code or one of its subdivisions")
        for answer in (self.citizenships, self.stateless_resident_of):
            if answer is not None and not all(_COUNTRY.fullmatch(code) for code in answer):
                raise ValueError("a country code has two capital letters")

    @property
    def is_complete(self) -> bool:
        """Whether every question was answered."""
        return None not in (self.located, self.citizenships, self.stateless_resident_of)


@dataclass(frozen=True, slots=True)
class Concern:
    """What one designation adds to the gate before an act.

    ``applies`` is ``NO`` where only the receiver is at risk (rule 5) or a notice names no country.
    ``standing`` is ``None`` where nobody checked the act (rule 3).
    """

    designation: str
    applies: Truth
    level: Level
    standing: Standing | None = None
    penalties: tuple[str, ...] = ()
    instead: str | None = None
    past_counts: bool = False
    recipient_risk: bool = False
    may_be_out_of_date: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The level of the gate and why, the highest concern first, the generic notice after its equals.

    ``is_builtin``: there was no set to decide from; nothing may be kept on disk.
    """

    act: Act
    level: Level
    concerns: tuple[Concern, ...] = ()
    may_be_out_of_date: bool = False
    is_builtin: bool = False

    @property
    def standing(self) -> Standing | None:
        """The gravest standing of all concerns; ``None`` if nothing was checked."""
        order = list(Standing)
        known = [concern.standing for concern in self.concerns if concern.standing is not None]
        return min(known, key=order.index, default=None)

    @property
    def nothing_checked(self) -> bool:
        """Whether some designation says nothing of this act."""
        return any(c.standing is None and c.applies is not Truth.NO for c in self.concerns)

    @property
    def past_counts(self) -> bool:
        """Whether what was done earlier can count too."""
        return any(concern.past_counts for concern in self.concerns)

    @property
    def recipient_risk(self) -> bool:
        """Whether the person it is sent to may be at risk."""
        return any(concern.recipient_risk for concern in self.concerns)


def decide(notices: NoticeSet | None, context: ReaderContext, act: Act, now: int) -> Decision:
    """Return the gate before ``act``; ``now`` is an instant, ``None`` is "no set that verified"."""
    if notices is None:  # rule 7
        return Decision(act, Level.INLINE if act is Act.READ else Level.OFF, is_builtin=True)
    is_old = now > notices.issued + notices.stale_after_days * _DAY
    # The generic notice last: what names a country says more.
    designations = sorted(notices.catalogue.designations, key=lambda each: (each.is_generic, each.id))
    found = [_concern(notices.catalogue, each, context, act, now) for each in designations]
    concerns = sorted((each for each in found if each is not None), key=lambda each: -each.level)
    return Decision(
        act,
        max((concern.level for concern in concerns), default=Level.NONE),  # rule 2
        tuple(concerns),
        may_be_out_of_date=bool(concerns) and (is_old or any(c.may_be_out_of_date for c in concerns)),
    )


def applies(catalogue: Catalogue, designation: Designation, context: ReaderContext) -> Truth:
    """Whether the designation concerns a reader who answered ``context`` (rule 1).

    A notice that names no country may concern everyone until every question is answered.
    """
    if designation.is_generic:
        return Truth.NO if context.is_complete else Truth.MAYBE
    return max((_clause(catalogue, clause, context) for clause in designation.audience), default=Truth.MAYBE)


def level_of(act: Act, standing: Standing | None, penalties: tuple[Penalty, ...]) -> Level:
    """The gate for someone a designation may concern; ``None`` is an act it does not list."""
    if act is Act.READ or standing is Standing.REPORTED_LAWFUL:  # rule 4
        return Level.INLINE
    if standing is None:  # rule 3
        return Level.CONFIRM
    if act is Act.DONATE and standing is Standing.PUNISHED:
        return Level.OFF
    if act in HELD_ACTS or any(penalty.kind in GRAVE for penalty in penalties):
        return Level.HOLD
    return Level.CONFIRM


def _concern(
    catalogue: Catalogue, designation: Designation, context: ReaderContext, act: Act, now: int
) -> Concern | None:
    if designation.status is Status.REPEALED:  # rule 6
        return None
    truth = applies(catalogue, designation, context)
    rule = designation.acts.get(act)
    if truth is Truth.NO:
        return _for_others(designation, act, now)
    standing = None if rule is None else rule.standing
    penalties = () if rule is None else rule.penalties
    level = level_of(act, standing, tuple(catalogue.penalty(each) for each in penalties))
    if designation.is_generic:
        level = min(level, Level.CONFIRM)  # it names no country and no penalty: one question is enough
    return Concern(
        designation.id,
        truth,
        level,
        standing,
        penalties,
        instead=None if rule is None else rule.instead,
        past_counts=rule is not None and rule.past_counts,
        recipient_risk=rule is not None and rule.recipient_risk,
        may_be_out_of_date=_is_overdue(designation, now),
    )


def _for_others(designation: Designation, act: Act, now: int) -> Concern | None:
    """What stays for a reader who is surely not concerned (rule 5)."""
    rule = designation.acts.get(act)
    if designation.is_generic:
        # Every question was answered, but no list of checked countries is complete: one line stays.
        if rule is None or act is Act.READ:
            return None
        return Concern(designation.id, Truth.NO, Level.INLINE, rule.standing, instead=rule.instead)
    if rule is None or not rule.recipient_risk:
        return None
    return Concern(
        designation.id,
        Truth.NO,
        Level.INLINE,
        recipient_risk=True,
        may_be_out_of_date=_is_overdue(designation, now),
    )


def _clause(catalogue: Catalogue, clause: Clause, context: ReaderContext) -> Truth:
    parts = []
    if clause.located is not None:
        parts.append(_located(catalogue.jurisdiction(clause.located), context.located))
    if clause.citizen is not None:
        parts.append(_is_among(clause.citizen, context.citizenships))
    if clause.stateless_resident is not None:
        parts.append(_is_among(clause.stateless_resident, context.stateless_resident_of))
    return min(parts, default=Truth.MAYBE)


def _located(jurisdiction: Jurisdiction, place: str | None) -> Truth:
    if place is None:
        return Truth.MAYBE
    country = place.partition("-")[0]
    if country == jurisdiction.id:
        return Truth.YES
    # A controlled subdivision may be controlled in part; a country that has one was not told apart.
    if place in jurisdiction.controls or any(
        each.partition("-")[0] == place for each in jurisdiction.controls
    ):
        return Truth.MAYBE
    return Truth.MAYBE if country in jurisdiction.controls else Truth.NO


def _is_among(country: str, answer: frozenset[str] | None) -> Truth:
    if answer is None:
        return Truth.MAYBE
    return Truth.YES if country in answer else Truth.NO


def _is_overdue(designation: Designation, now: int) -> bool:
    due = designation.next_review
    return due is not None and now >= (due.toordinal() - _EPOCH + 1) * _DAY
