"""Publish time: from the publication's choice and Fluent texts to finished sentences.

Every sentence that a reader can be shown is made here, once, for every language; a reader's
program substitutes nothing. The rules:

1. English is whole, or nothing is published. In other languages what is missing is a recorded gap.
2. Numbers, dates, currencies and countries come from the data, through ``locales``.
3. Whom a designation concerns is built from its audience clauses, so text and data cannot differ.
4. The same input gives the same bytes under any locale and time zone of the machine.

Only the publisher's side imports this module (it needs Fluent and Babel).
"""

import hashlib
from collections.abc import Iterator, Mapping

from mirror.errors import SourceError
from mirror.notices.fluent import Resource, Sentences, parse, pseudo
from mirror.notices.keys import common_keys, message_of, penalties_of, required_keys
from mirror.notices.lint import Finding, lint_catalogue, lint_choice
from mirror.notices.load import Library, PublicationNotices
from mirror.notices.locales import PSEUDO, Words, words_of
from mirror.notices.model import (
    COMMON,
    SCHEMA,
    SOURCE_LANGUAGE,
    Catalogue,
    Clause,
    Designation,
    NoticeSet,
    Penalty,
    Source,
    State,
    Status,
    Texts,
    Translation,
)


def publish(
    choice: PublicationNotices, library: Library, *, publisher: str, edition: int, issued: int
) -> tuple[NoticeSet, tuple[Finding, ...]]:
    """Return the set of notices to sign, and the warnings the publisher should see.

    ``edition`` must be higher than that of every set published before; ``issued`` is the instant
    of the release. The result depends on nothing else.

    Raises:
        SourceError: A rule that is an error is broken; ``code`` is that rule's code.
        ConfigError: ``unknown-language``: a language has no locale data.
    """
    findings = lint(choice, library, issued)
    for finding in findings:
        if finding.is_error:
            raise SourceError(f"notices, {finding.where}: {finding.says}", code=finding.code)
    notices = NoticeSet(
        SCHEMA,
        publisher,
        edition,
        issued,
        choice.stale_after_days,
        choice.catalogue,
        dict(_languages(choice, library)),
        dict(choice.bridge),
        choice.responsible,
    )
    return notices, findings


def lint(choice: PublicationNotices, library: Library, now: int) -> tuple[Finding, ...]:
    """Return every broken rule of what a publication turned on: data, choice and texts."""
    return (
        *lint_catalogue(choice.catalogue, now),
        *lint_choice(choice.catalogue.designations, choice.responsible),
        *_lint_texts(choice, library),
    )


def digest(text: str) -> str:
    """The SHA-256 under which ``translations.toml`` names the English file a text follows."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _parts(catalogue: Catalogue) -> tuple[str, ...]:
    return (COMMON, *(each.id for each in catalogue.designations))


def _lint_texts(choice: PublicationNotices, library: Library) -> Iterator[Finding]:
    if SOURCE_LANGUAGE not in choice.languages:
        yield Finding("missing-english", "languages", "English must be among the languages.")
        return
    for tag in choice.languages:
        for part in _parts(choice.catalogue):
            if part in library.texts[tag]:  # else its keys are gaps, below
                yield from _lint_file(library, tag, part)
    for tag, texts in _languages(choice, library):
        for key in texts.gaps:
            if tag == SOURCE_LANGUAGE:
                yield Finding("missing-english", key, "The English text is missing or could not be finished.")
            else:
                yield Finding("translation-gap", f"{tag}, {key}", "The text is missing.", is_error=False)


def _lint_file(library: Library, tag: str, part: str) -> Iterator[Finding]:
    where = f"{tag}/{part}.ftl"
    for problem in parse(library.texts[tag][part]).problems:
        yield Finding("text-broken", where, f"{problem}.", is_error=tag == SOURCE_LANGUAGE)
    if tag == SOURCE_LANGUAGE:
        return
    given = library.states.get(tag, {}).get(part)
    if given is None or given.state is State.MISSING:
        yield Finding("translation-without-state", where, "translations.toml does not say how it was made.")
        return
    if given.state in (State.NATIVE, State.COUNSEL) and (given.reviewer is None or given.reviewed is None):
        yield Finding("review-without-reviewer", where, "A reviewed text names who reviewed it and when.")
    if given.source != digest(library.texts[SOURCE_LANGUAGE].get(part, "")):
        says = "It follows another version of the English text; readers are told."
        yield Finding("translation-outdated", where, says, is_error=False)


def _languages(choice: PublicationNotices, library: Library) -> Iterator[tuple[str, Texts]]:
    """Yield every language's texts, by tag."""
    english = library.texts[SOURCE_LANGUAGE]
    tags = sorted({*choice.languages, *([PSEUDO] if choice.pseudo else [])})
    for tag in tags:
        is_own = tag in (SOURCE_LANGUAGE, PSEUDO)
        files = english if is_own else library.texts[tag]
        states = {}
        for part in _parts(choice.catalogue):
            source = digest(english.get(part, ""))
            own = State.HUMAN if tag == SOURCE_LANGUAGE else State.MACHINE
            given = Translation(own, source) if is_own else library.states.get(tag, {}).get(part)
            states[part] = given or Translation(State.MISSING, source)
        resources = {part: parse(text) for part, text in files.items()}
        if tag == PSEUDO:
            resources = {part: pseudo(resource) for part, resource in resources.items()}
        found = _Renderer(choice.catalogue, words_of(tag), resources).texts()
        gaps = tuple(sorted(required_keys(choice.catalogue) - found.keys()))
        yield tag, Texts(words_of(tag).direction, states, found, gaps)


class _Renderer:
    """Makes the sentences of one language."""

    def __init__(self, catalogue: Catalogue, words: Words, resources: Mapping[str, Resource]) -> None:
        self._catalogue, self._words = catalogue, words
        empty = Resource({})
        common = resources.get(COMMON, empty)
        self._common = Sentences(words.plural_locale, [common])
        self._own = {
            each.id: Sentences(words.plural_locale, [common, resources.get(each.id, empty)])
            for each in catalogue.designations
        }

    def texts(self) -> dict[str, str]:
        """Every sentence that could be finished, by key."""
        made = {key: self._common.format(message_of(key)) for key in common_keys(self._catalogue)}
        made["ui.checked"] = self._checked()
        for source in self._catalogue.sources:
            made[f"s.{source.id}"] = self._source(source)
        for each in self._catalogue.designations:
            made |= self._designation(each)
        return {key: made[key] or "" for key in sorted(made) if made[key] is not None}

    def _designation(self, each: Designation) -> dict[str, str | None]:
        own = self._own[each.id]
        try:
            dates = {
                name: self._words.date(day)
                for name in ("decided", "registered", "upheld")
                if (day := getattr(each, name)) is not None
            }
        except LookupError:
            dates = {}  # the sentences that name a date are then missing, not wrong
        made = {f"d.{each.id}.{name}": own.format(name, dates) for name in ("label", "what", "info")}
        if not each.is_generic:
            made[f"d.{each.id}.who"] = self._who(each)
        for id_ in penalties_of(each):
            made[f"d.{each.id}.p.{id_}"] = self._penalty(own, self._catalogue.penalty(id_))
        return made

    def _who(self, each: Designation) -> str | None:
        audience = self._join("or", [self._clause(clause) for clause in each.audience])
        return self._fill("who", {"audience": audience})

    def _clause(self, clause: Clause) -> str | None:
        phrases = []
        if clause.located is not None:
            controls = self._catalogue.jurisdiction(clause.located).effective_control
            phrases.append(self._country("located-control" if controls else "located", clause.located))
        if clause.citizen is not None:
            phrases.append(self._country("citizen", clause.citizen))
        if clause.stateless_resident is not None:
            phrases.append(self._country("stateless", clause.stateless_resident))
        return self._join("and", phrases)

    def _country(self, message: str, code: str) -> str | None:
        try:
            return self._common.format(message, {"code": code, "name": self._words.territory(code)})
        except LookupError:
            return None

    def _penalty(self, own: Sentences, penalty: Penalty) -> str | None:
        statute = own.format(penalty.statute)
        if penalty.article is not None:
            statute = self._fill("statute-article", {"statute": statute, "article": penalty.article})
        facts = {
            "kind": self._common.format(f"kind-{penalty.kind}"),
            "step": self._common.format(f"step-{penalty.step}"),
            "statute": statute,
        }
        try:
            facts["date"] = self._words.partial_date(penalty.as_of)
        except LookupError:
            return None
        if penalty.min is None and penalty.max is None:
            return self._fill("penalty-bare", facts)
        return self._fill("penalty", {**facts, "amount": self._amount(penalty)})

    def _amount(self, penalty: Penalty) -> str | None:
        most = penalty.max if penalty.max is not None else penalty.min or 0
        if penalty.currency is not None:
            unit: str | None = self._words.currency(penalty.currency, most)
        else:
            unit = self._common.format(f"unit-{penalty.unit}", {"max": most})
        facts = {"unit": unit}
        if penalty.min is not None:
            facts["from"] = self._words.number(penalty.min)
        if penalty.max is not None:
            facts["to"] = self._words.number(penalty.max)
        form = "range" if len(facts) == 3 else "up-to" if "to" in facts else "from"
        return self._fill(f"amount-{form}", facts)

    def _source(self, source: Source) -> str | None:
        facts: dict[str, str | None] = {
            "title": source.title,
            "kind": self._common.format(f"source-kind-{source.kind}"),
        }
        if source.published is None:
            return self._fill("source-undated", facts)
        try:
            facts["date"] = self._words.partial_date(source.published)
        except LookupError:
            return None
        return self._fill("source", facts)

    def _checked(self) -> str | None:
        codes = {
            each.jurisdiction
            for each in self._catalogue.designations
            if not each.is_generic and each.status is not Status.REPEALED
        }
        if not codes:
            return self._common.format("ui-checked-none")
        try:
            names: list[str | None] = [self._words.territory(code) for code in sorted(codes)]
        except LookupError:
            return None
        return self._fill("ui-checked", {"countries": self._join("list", names)})

    def _join(self, message: str, phrases: list[str | None]) -> str | None:
        joined, *others = phrases or [None]
        for phrase in others:
            joined = self._fill(message, {"first": joined, "second": phrase})
        return joined

    def _fill(self, message: str, facts: Mapping[str, str | None]) -> str | None:
        """The sentence with the facts in it, or ``None`` if it wants one that is missing."""
        # A fact that is missing is not given: the sentence that wants it is missing, too.
        return self._common.format(message, {name: fact for name, fact in facts.items() if fact is not None})
