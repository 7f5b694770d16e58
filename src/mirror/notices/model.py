"""The data of notices: what a state declared, whom it concerns, what each act risks.

The classes are read by ``shape`` from the catalogue and from the signed set; a field's annotation
carries its bounds. Nothing here is prose: every sentence a reader sees lies in ``NoticeSet``,
finished, one table of texts per language. The fields are explained in ``NOTICES.md``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import Annotated, Final, TypeVar

from mirror.limits import MAX_NOTICE_TEXT
from mirror.notices.shape import PARTIAL_DATE, Absent, Must

SCHEMA: Final = 1
WORLD: Final = "001"  # the jurisdiction of a notice that names no country (UN M49, CLDR "world")
COMMON: Final = "common"  # the part of the texts that every designation uses
SOURCE_LANGUAGE: Final = "en"  # texts are written in English first; the others follow it

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?", re.ASCII)
# Names a part: also a file of texts and the middle of a text's key, so without dots.
_PART: Final = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,38}[a-z0-9])?", re.ASCII)
_FLUENT_ID: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}", re.ASCII)
_COUNTRY: Final = re.compile(r"[A-Z]{2}", re.ASCII)
_PLACE: Final = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", re.ASCII)
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}", re.ASCII)
_REVIEWER: Final = re.compile(r"(editor|native|counsel):[a-z0-9-]{1,40}", re.ASCII)
_TEXT_KEY: Final = re.compile(r"[a-z]+\.[A-Za-z0-9._-]{1,160}", re.ASCII)
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_URL: Final = re.compile(r"https?://[\x21-\x7e]{1,500}", re.ASCII)
# Controls, lone surrogates, direction overrides, line separators, a byte order mark, braces.
_FORBIDDEN: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2028\u2029\ufeff{}]")
_ISOLATE: Final = re.compile("[\u2066-\u2069]")
_INVISIBLE: Final = "\n \u00a0\u200b\u200c\u200d\u200e\u200f\u2066\u2067\u2068\u2069"
_MAX_AMOUNT: Final = 10**12  # no fine in any currency is larger; fits a JavaScript number


def is_finished_text(text: str) -> bool:
    """Whether ``text`` can be shown as it is: not blank, no controls, bidi isolates balanced.

    Direction overrides are refused because they can turn a number or a name around; a place that
    was not filled would show as a brace, so braces are refused too.
    """
    depth = 0
    for mark in _ISOLATE.findall(text):
        depth += -1 if mark == "\u2069" else 1
        if depth < 0:
            return False
    return depth == 0 and not _FORBIDDEN.search(text) and bool(text.strip(_INVISIBLE))


def _matches(pattern: re.Pattern[str], says: str) -> Must:
    return Must(lambda text: pattern.fullmatch(text) is not None, says)


def _within(least: int, most: int) -> Must:
    return Must(lambda number: least <= number <= most, f"from {least} to {most}", "out-of-range")


_LINE: Final = Must(
    lambda t: len(t) <= 300 and "\n" not in t and is_finished_text(t), "one short line of text"
)

Id = Annotated[str, _matches(_ID, "a short lower-case id")]
PartId = Annotated[str, _matches(_PART, "a short lower-case id without dots")]
AlternativeId = Annotated[str, _matches(re.compile(r"alt-[a-z0-9-]{1,40}", re.ASCII), "alt- and a name")]
FluentId = Annotated[str, _matches(_FLUENT_ID, "the id of a message")]
Country = Annotated[str, _matches(_COUNTRY, "a country code of two capital letters")]
Place = Annotated[str, _matches(_PLACE, "a country code, or one of its subdivisions (ISO 3166-2)")]
Language = Annotated[str, _matches(_LANGUAGE, "a BCP 47 language tag")]
Reviewer = Annotated[str, _matches(_REVIEWER, "a role and a name, as in counsel:ru-1")]
TextKey = Annotated[str, _matches(_TEXT_KEY, "the key of a text")]
Digest = Annotated[str, _matches(_DIGEST, "a SHA-256 in hexadecimal")]
Line = Annotated[str, _LINE]
FinishedText = Annotated[
    str,
    Must(lambda t: len(t) <= MAX_NOTICE_TEXT and is_finished_text(t), "a finished text of a bounded size"),
]
Amount = Annotated[int, _within(0, _MAX_AMOUNT)]
Instant = Annotated[int, _within(0, 2**40)]
PartialDate = Annotated[str, PARTIAL_DATE]


class Act(StrEnum):
    """What a reader may be about to do. Each passes the gate before anything happens."""

    READ = "read"
    SEARCH = "search"
    SHARE_PUBLIC = "share_public"
    SHARE_PRIVATE = "share_private"
    COPY_LINK = "copy_link"
    REACT = "react"
    COMMENT = "comment"
    SAVE = "save"  # every copy that outlives the session, our own cache included
    EXPORT = "export"
    SUBSCRIBE = "subscribe"
    CONTACT = "contact"
    DONATE = "donate"
    EMBED = "embed"
    RELAY = "relay"  # passing editions on from the reader's device
    INVITE = "invite"


class Standing(StrEnum):
    """What the sources say of an act. Never more than they say."""

    PUNISHED = "punished"  # the law or the courts punish it, by a source
    CLAIMED = "claimed"  # the publisher or officials say so; no case was found
    UNCLEAR = "unclear"
    REPORTED_LAWFUL = "reported-lawful"


class Level(IntEnum):
    """How high the gate is."""

    NONE = 0
    INLINE = 1  # a line beside the act
    CONFIRM = 2  # a question; the safe answer is the large one
    HOLD = 3  # two steps, and only for this session
    OFF = 4  # not offered


class Subject(StrEnum):
    """What a designation names."""

    PUBLISHER = "publisher"
    SERVICE = "service"
    LISTED_OUTLET = "listed-outlet"
    CONTENT_CLASS = "content-class"
    TOOL = "tool"


class Status(StrEnum):
    """Whether a designation is in force. Only ``repealed`` ends a warning."""

    IN_FORCE = "in-force"
    ANNOUNCED = "announced"
    SUSPENDED = "suspended"
    REPEALED = "repealed"


class Confidence(StrEnum):
    """How well a designation is attested."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class SourceKind(StrEnum):
    """Who says it."""

    OFFICIAL = "official"
    STATE_PRESS = "state-press"
    PRESS = "press"
    PUBLISHER = "publisher"
    RIGHTS_GROUP = "rights-group"


class PenaltyKind(StrEnum):
    """What a penalty takes."""

    FINE = "fine"
    LABOUR = "labour"
    DETENTION = "detention"
    IMPRISONMENT = "imprisonment"
    CONFISCATION = "confiscation"
    DEATH = "death"
    UNVERIFIED = "unverified"  # an article of a criminal law is named, its sanction was not verified


class Step(StrEnum):
    """When a penalty applies."""

    FIRST = "first"
    REPEAT = "repeat"
    ANY = "any"  # no milder step comes first


class Unit(StrEnum):
    """What an amount that is not money counts."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    BASE_UNIT = "base-unit"


class State(StrEnum):
    """How far a translation was checked, in rising order."""

    MISSING = "missing"
    MACHINE = "machine"
    HUMAN = "human"
    NATIVE = "native"
    COUNSEL = "counsel"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from; ``seen`` is the day on which somebody read it there."""

    id: Id
    kind: SourceKind
    title: Line
    seen: date
    published: PartialDate | None = None
    url: Annotated[str, _matches(_URL, "an http(s) address")] | None = None


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """Whose law. ``controls``: places outside the country, wholly or partly under its control."""

    id: Country
    effective_control: bool = False
    controls: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Penalty:
    """One penalty for a private person; amounts are whole units of ``currency`` or ``unit``."""

    id: Id
    kind: PenaltyKind
    step: Step
    statute: FluentId
    as_of: Annotated[str, PARTIAL_DATE, Absent("no-as-of")]
    sources: tuple[Id, ...] = ()
    article: (
        Annotated[str, Must(lambda t: len(t) <= 30 and is_finished_text(t), "an article number")] | None
    ) = None
    min: Amount | None = None
    max: Amount | None = None
    currency: Annotated[str, Must(lambda t: re.fullmatch("[A-Z]{3}", t), "a currency code")] | None = None
    unit: Unit | None = None


@dataclass(frozen=True, slots=True)
class Clause:
    """One way of being concerned: everything that is named must hold (an AND)."""

    located: Country | None = None
    citizen: Country | None = None
    stateless_resident: Country | None = None


@dataclass(frozen=True, slots=True)
class ActRule:
    """What one designation means for one act. ``instead`` is the safer alternative."""

    standing: Standing
    penalties: tuple[Id, ...] = ()
    sources: tuple[Id, ...] = ()
    instead: AlternativeId | None = None
    past_counts: bool = False
    recipient_risk: bool = False


@dataclass(frozen=True, slots=True)
class Designation:
    """What one state declared; ``audience`` is an OR of clauses, empty only for ``WORLD``."""

    id: Annotated[PartId, Must(lambda t: t != COMMON, "another id than common")]
    jurisdiction: Annotated[
        str, Must(lambda t: t == WORLD or _COUNTRY.fullmatch(t), "a country code, or 001")
    ]
    subject: Subject
    status: Status
    confidence: Confidence
    acts: Mapping[Act, ActRule]
    sources: tuple[Id, ...] = ()
    audience: tuple[Clause, ...] = ()
    decided: date | None = None
    registered: date | None = None
    upheld: date | None = None
    reviewed: date | None = None
    reviewed_by: tuple[Reviewer, ...] = ()
    next_review: date | None = None

    @property
    def is_generic(self) -> bool:
        """Whether this is the notice that names no country."""
        return self.jurisdiction == WORLD


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Designations and what they refer to, each list sorted by id."""

    designations: tuple[Designation, ...] = ()
    jurisdictions: tuple[Jurisdiction, ...] = ()
    penalties: tuple[Penalty, ...] = ()
    sources: tuple[Source, ...] = ()

    def jurisdiction(self, id_: str) -> Jurisdiction:
        """The jurisdiction of that id; one that was not described controls nothing abroad."""
        return next((each for each in self.jurisdictions if each.id == id_), Jurisdiction(id_))

    def designation(self, id_: str) -> Designation:
        """The designation of that id (``KeyError`` if there is none)."""
        return _find(self.designations, id_)

    def penalty(self, id_: str) -> Penalty:
        """The penalty of that id (``KeyError`` if there is none)."""
        return _find(self.penalties, id_)

    def source(self, id_: str) -> Source:
        """The source of that id (``KeyError`` if there is none)."""
        return _find(self.sources, id_)


@dataclass(frozen=True, slots=True)
class Translation:
    """How far one part's texts in one language were checked, and which English text they follow.

    ``source`` is the SHA-256 of that English file; a different English file makes it outdated.
    """

    state: State
    source: Digest
    reviewer: Reviewer | None = None
    reviewed: date | None = None


@dataclass(frozen=True, slots=True)
class Texts:
    """Every finished sentence in one language. ``gaps`` are the keys without a sentence."""

    direction: Annotated[str, Must(lambda t: t in ("ltr", "rtl"), "ltr or rtl")]
    parts: Mapping[PartId, Translation]
    texts: Mapping[TextKey, FinishedText]
    gaps: tuple[TextKey, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeSet:
    """All that an edition carries of notices: the data, and every text in every language.

    ``edition`` only grows; ``issued`` is an instant; after ``stale_after_days`` everything may be
    out of date. ``bridge`` names, per language, the languages its readers are shown instead.
    """

    schema: Annotated[int, _within(SCHEMA, SCHEMA)]
    publisher: Id
    edition: Annotated[int, _within(1, 2**40)]
    issued: Instant
    stale_after_days: Annotated[int, _within(1, 3650)]
    catalogue: Catalogue
    languages: Mapping[Language, Texts]
    bridge: Mapping[Language, tuple[Language, ...]] = field(default_factory=dict)
    responsible: Line | None = None


_Named = TypeVar("_Named", Designation, Penalty, Source)


def _find(entries: tuple[_Named, ...], id_: str) -> _Named:
    for each in entries:
        if each.id == id_:
            return each
    raise KeyError(id_)
