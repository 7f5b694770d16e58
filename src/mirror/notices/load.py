"""The strict loader: from the text of files to the catalogue and a publication's choice.

Pure: it is given ``{name: text}``, the shell reads the disk. Names are those of ``config/notices``:
``catalogue.toml`` (defaults), ``translations.toml`` (states), ``text/LANGUAGE/PART.ftl`` (texts),
and any other ``NAME.toml`` (sources, jurisdictions, penalties, designations).

Every refusal is a ``ConfigError`` that names the file and the key, never the value, with a code
of ``NOTICES.md``.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, Final, TypeVar

from mirror.errors import ConfigError
from mirror.limits import MAX_NOTICE_FILE
from mirror.notices.lint import broken_references
from mirror.notices.model import (
    SCHEMA,
    Catalogue,
    Clause,
    Confidence,
    Designation,
    Id,
    Jurisdiction,
    Language,
    Line,
    PartId,
    Penalty,
    Reviewer,
    Source,
    Status,
    Translation,
)
from mirror.notices.shape import Must, Refused, read

T = TypeVar("T")

Schema = Annotated[int, Must(lambda n: n == SCHEMA, f"{SCHEMA}", "out-of-range")]
Days = Annotated[int, Must(lambda n: 1 <= n <= 3650, "from 1 to 3650 days", "out-of-range")]

_DEFAULTS: Final = "catalogue.toml"
_STATES: Final = "translations.toml"


@dataclass(frozen=True, slots=True)
class _Defaults:
    schema: Schema
    stale_after_days: Days
    bridge: Mapping[Language, tuple[Language, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Facts:
    schema: Schema
    source: tuple[Source, ...] = ()
    jurisdiction: tuple[Jurisdiction, ...] = ()
    penalty: tuple[Penalty, ...] = ()
    designation: tuple[Designation, ...] = ()


@dataclass(frozen=True, slots=True)
class _States:
    schema: Schema
    language: Mapping[Language, Mapping[PartId, Translation]]


@dataclass(frozen=True, slots=True)
class _TurnedOn:
    """A template that a publication turns on; what it names replaces what the template says."""

    template: Id
    reviewed_by: tuple[Reviewer, ...]
    reviewed: date
    next_review: date
    status: Status | None = None
    confidence: Confidence | None = None
    decided: date | None = None
    registered: date | None = None
    upheld: date | None = None
    audience: tuple[Clause, ...] | None = None
    sources: tuple[Id, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Choice:
    schema: Schema
    responsible: Line | None = None
    stale_after_days: Days | None = None
    languages: tuple[Language, ...] | None = None
    pseudo: bool = False
    bridge: Mapping[Language, tuple[Language, ...]] = field(default_factory=dict)
    on: tuple[_TurnedOn, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in the catalogue's folder: all templates, all texts, what was checked.

    ``texts`` is language → part → the Fluent file; ``states`` is language → part → state.
    """

    catalogue: Catalogue
    texts: Mapping[str, Mapping[str, str]]
    states: Mapping[str, Mapping[str, Translation]]
    bridge: Mapping[str, tuple[str, ...]]
    stale_after_days: int


@dataclass(frozen=True, slots=True)
class PublicationNotices:
    """What one publication turned on: a catalogue of only that, and how it is to be rendered."""

    catalogue: Catalogue
    languages: tuple[str, ...]
    bridge: Mapping[str, tuple[str, ...]]
    stale_after_days: int
    responsible: str | None
    pseudo: bool


def load_library(files: Mapping[str, str]) -> Library:
    """Return the whole catalogue from the texts of its files.

    Raises:
        ConfigError: A file is not TOML, has an unknown key, a wrong type, a value out of bounds,
            an id twice or a reference to nothing; or a file has a name that says nothing.
    """
    texts: dict[str, dict[str, str]] = {}
    facts = []
    for name in sorted(files):
        match name.split("/"):
            case ["text", language, part] if part.endswith(".ftl"):
                texts.setdefault(language, {})[part.removesuffix(".ftl")] = _bounded(name, files[name])
            case [only] if only.endswith(".toml") and only not in (_DEFAULTS, _STATES):
                facts.append(_toml(_Facts, name, files[name]))
            case [only] if only in (_DEFAULTS, _STATES):
                continue
            case _:
                raise ConfigError("a file of the notice catalogue has an unknown name", code="unknown-file")
    for name in (_DEFAULTS, _STATES):
        if name not in files:
            raise ConfigError(f"the notice catalogue lacks {name}", code="missing-file")
    defaults = _toml(_Defaults, _DEFAULTS, files[_DEFAULTS])
    catalogue = Catalogue(
        tuple(sorted((x for f in facts for x in f.designation), key=lambda x: x.id)),
        tuple(sorted((x for f in facts for x in f.jurisdiction), key=lambda x: x.id)),
        tuple(sorted((x for f in facts for x in f.penalty), key=lambda x: x.id)),
        tuple(sorted((x for f in facts for x in f.source), key=lambda x: x.id)),
    )
    for finding in broken_references(catalogue):
        raise ConfigError(f"notice catalogue, {finding.where}: {finding.says}", code=finding.code)
    states = _toml(_States, _STATES, files[_STATES]).language
    return Library(catalogue, texts, states, defaults.bridge, defaults.stale_after_days)


def load_publication_notices(text: str, library: Library) -> PublicationNotices:
    """Return what a publication's ``notices.toml`` turns on, from the templates of ``library``.

    The generic notice is always on. Nothing else is, unless it is named here; ``lint`` says whether
    someone took responsibility and two people reviewed it.

    Raises:
        ConfigError: As for ``load_library``; ``unknown-template`` for a template that is not there
            or is named twice, ``unknown-language`` for a language without texts.
    """
    choice = _toml(_Choice, "notices.toml", text)
    templates = {each.id: each for each in library.catalogue.designations}
    chosen = {each.id: each for each in templates.values() if each.is_generic}
    for turned_on in choice.on:
        if turned_on.template not in templates or turned_on.template in chosen:
            raise ConfigError(
                "notices.toml: key on.template names no template, or one that is on already",
                code="unknown-template",
            )
        chosen[turned_on.template] = _override(templates[turned_on.template], turned_on)
    languages = tuple(sorted(library.texts)) if choice.languages is None else tuple(sorted(choice.languages))
    if not set(languages) <= set(library.texts):
        raise ConfigError("notices.toml: key languages names one without texts", code="unknown-language")
    catalogue = _only(library.catalogue, tuple(chosen[id_] for id_ in sorted(chosen)))
    for finding in broken_references(catalogue):
        raise ConfigError(f"notices.toml, {finding.where}: {finding.says}", code=finding.code)
    return PublicationNotices(
        catalogue,
        languages,
        {**library.bridge, **choice.bridge},
        choice.stale_after_days or library.stale_after_days,
        choice.responsible,
        choice.pseudo,
    )


def _override(template: Designation, turned_on: _TurnedOn) -> Designation:
    names = ("status", "confidence", "decided", "registered", "upheld", "audience", "sources")
    named = {name: value for name in names if (value := getattr(turned_on, name)) is not None}
    return replace(
        template,
        reviewed_by=turned_on.reviewed_by,
        reviewed=turned_on.reviewed,
        next_review=turned_on.next_review,
        **named,
    )


def _only(whole: Catalogue, designations: tuple[Designation, ...]) -> Catalogue:
    """The designations with just what they refer to: what is off is not carried."""
    rules = [rule for each in designations for rule in each.acts.values()]
    penalty_ids = {id_ for rule in rules for id_ in rule.penalties}
    penalties = tuple(each for each in whole.penalties if each.id in penalty_ids)
    named = [each.sources for each in designations] + [rule.sources for rule in rules]
    named += [each.sources for each in penalties]
    source_ids = {id_ for ids in named for id_ in ids}
    countries = {each.jurisdiction for each in designations}
    countries |= {clause.located for each in designations for clause in each.audience if clause.located}
    return Catalogue(
        designations,
        tuple(each for each in whole.jurisdictions if each.id in countries),
        penalties,
        tuple(each for each in whole.sources if each.id in source_ids),
    )


def _toml(kind: type[T], name: str, text: str) -> T:
    try:
        value = tomllib.loads(_bounded(name, text))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{name} is not TOML", code="not-toml") from error
    try:
        return read(kind, value, name, native_dates=True)
    except Refused as refused:
        raise ConfigError(str(refused), code=refused.code) from refused


def _bounded(name: str, text: str) -> str:
    if len(text) > MAX_NOTICE_FILE:
        raise ConfigError(f"{name} is too large", code="too-large")
    return text
