"""Each rule has a code, an example that breaks just it, and a line in NOTICES.md."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from helpers.notices import DAY, NOW, ROOT, choice, choice_text, library, shipped
from mirror.errors import SourceError
from mirror.notices.lint import Finding, lint_catalogue, lint_choice
from mirror.notices.load import Library, load_library, load_publication_notices
from mirror.notices.model import (
    Act,
    Catalogue,
    Clause,
    Confidence,
    Designation,
    Penalty,
    State,
    Status,
    Unit,
)
from mirror.notices.render import lint, publish

RU = library().catalogue.designation("ru-undesirable")
KOAP = library().catalogue.penalty("ru-koap-20.33")
NOTICES = ROOT / "src" / "mirror" / "notices"


def with_ru(**changes: Any) -> Catalogue:
    return with_designation(replace(RU, **changes))


def with_designation(designation: Designation) -> Catalogue:
    catalogue = choice("ru-undesirable").catalogue
    kept = [each for each in catalogue.designations if each.id != designation.id]
    return replace(catalogue, designations=tuple(sorted([*kept, designation], key=lambda each: each.id)))


def with_act(act: Act, **changes: Any) -> Catalogue:
    return with_ru(acts={**RU.acts, act: replace(RU.acts[act], **changes)})


def with_penalty(**changes: Any) -> Catalogue:
    catalogue = choice("ru-undesirable").catalogue
    changed: tuple[Penalty, ...] = tuple(
        replace(each, **changes) if each.id == KOAP.id else each for each in catalogue.penalties
    )
    return replace(catalogue, penalties=changed)


def with_generic(**changes: Any) -> Catalogue:
    return with_designation(replace(library().catalogue.designation("generic"), **changes))


def with_sources(**changes: Any) -> Catalogue:
    catalogue = choice("ru-undesirable").catalogue
    first, *others = catalogue.sources
    return replace(catalogue, sources=(replace(first, **changes), *others))


def uncontrolled() -> Catalogue:
    catalogue = choice("ru-undesirable").catalogue
    (ru,) = catalogue.jurisdictions
    return replace(catalogue, jurisdictions=(replace(ru, effective_control=False),))


BROKEN: list[tuple[str, Callable[[], Catalogue]]] = [
    ("no-source", lambda: with_ru(sources=())),
    ("no-source", lambda: with_penalty(sources=())),
    ("act-without-source", lambda: with_act(Act.SAVE, sources=())),
    ("act-without-source", lambda: with_act(Act.READ, sources=())),
    ("bad-range", lambda: with_penalty(min=15001)),
    ("bad-range", lambda: with_penalty(min=0, max=0)),
    ("bad-range", lambda: with_penalty(min=None, max=None)),
    ("bad-range", lambda: with_penalty(currency=None)),
    ("bad-range", lambda: with_penalty(unit=Unit.DAY)),
    ("empty-audience", lambda: with_ru(audience=())),
    ("empty-audience", lambda: with_ru(audience=(Clause(located="RU"), Clause()))),
    ("punished-without-penalty", lambda: with_act(Act.SHARE_PUBLIC, penalties=())),
    ("lawful-with-penalty", lambda: with_act(Act.READ, penalties=(KOAP.id,))),
    ("act-without-alternative", lambda: with_act(Act.SAVE, instead=None)),
    ("high-without-counsel", lambda: with_ru(confidence=Confidence.HIGH, reviewed_by=("native:a",))),
    (
        "repealed-without-reviewers",
        lambda: with_ru(status=Status.REPEALED, reviewed_by=("native:a", "native:a")),
    ),
    ("dates-out-of-order", lambda: with_ru(registered=date(2024, 2, 1))),
    ("dates-out-of-order", lambda: with_ru(reviewed=date(2027, 2, 23))),
    ("no-next-review", lambda: with_ru(next_review=None)),
    ("control-not-stated", uncontrolled),
    ("generic-with-facts", lambda: with_generic(audience=(Clause(located="RU"),))),
    ("dangling-source", lambda: with_act(Act.SAVE, sources=("nowhere",))),
    ("dangling-penalty", lambda: with_act(Act.SAVE, penalties=("nowhere",))),
    ("dangling-jurisdiction", lambda: with_ru(jurisdiction="RO")),
    ("duplicate-id", lambda: replace(with_ru(), designations=(RU, RU))),
]
SUSPECT: list[tuple[str, Callable[[], Catalogue]]] = [
    ("review-overdue", lambda: with_ru(reviewed=date(2025, 1, 1), next_review=date(2026, 1, 1))),
    ("source-undated", lambda: with_sources(published=None)),
    ("source-without-address", lambda: with_sources(url=None)),
]


def news(catalogue: Catalogue) -> set[tuple[str, bool]]:
    """The codes that the whole choice does not have already."""
    before = lint_catalogue(choice("ru-undesirable").catalogue, NOW)
    after = list(lint_catalogue(catalogue, NOW))
    for finding in before:
        if finding in after:
            after.remove(finding)
    return {(finding.code, finding.is_error) for finding in after}


@pytest.mark.parametrize(("code", "make"), BROKEN)
def test_each_broken_rule_is_an_error(code: str, make: Callable[[], Catalogue]) -> None:
    assert news(make()) == {(code, True)}


@pytest.mark.parametrize(("code", "make"), SUSPECT)
def test_each_suspicion_is_a_warning(code: str, make: Callable[[], Catalogue]) -> None:
    assert news(make()) == {(code, False)}


def test_the_shipped_templates_have_no_error() -> None:
    assert [finding for finding in lint_catalogue(library().catalogue, NOW) if finding.is_error] == []


def test_a_template_goes_on_only_with_two_reviewers_and_someone_responsible() -> None:
    def codes(responsible: str | None, *reviewers: str) -> set[str]:
        return {finding.code for finding in lint_choice([replace(RU, reviewed_by=reviewers)], responsible)}

    assert codes("x", "counsel:a", "native:b") == set()
    assert codes("x", "editor:a", "native:b") == {"no-counsel"}
    assert codes(None, "counsel:a", "native:b") == {"on-without-responsible"}
    assert codes("x", "counsel:a") == {"on-without-reviewers"}
    assert codes("x", "counsel:a", "counsel:a") == {"on-without-reviewers"}
    generic = library().catalogue.designation("generic")
    assert list(lint_choice([generic], None)) == []


# --- rules about texts --------------------------------------------------------------------------------


def texts_lint(
    files: dict[str, str] | None = None, states: dict[str, Any] | None = None
) -> set[tuple[str, bool]]:
    """The codes about texts, of the Russian template with some files changed."""
    given: Library = load_library({**shipped(), **(files or {})})
    if states:
        given = replace(given, states={**given.states, **states})
    chosen = load_publication_notices(choice_text("ru-undesirable"), given)
    usual = {"no-counsel", "source-undated", "source-without-address"}
    return {(each.code, each.is_error) for each in lint(chosen, given, NOW) if each.code not in usual}


def edited(name: str, old: str, new: str) -> dict[str, str]:
    assert shipped()[name].count(old) == 1
    return {name: shipped()[name].replace(old, new)}


def state(kind: State, **changes: Any) -> dict[str, Any]:
    given = library().states["ru"]
    return {"ru": {**given, "common": replace(given["common"], state=kind, **changes)}}


def test_the_shipped_texts_have_no_finding() -> None:
    assert texts_lint() == set()


def test_english_must_be_whole() -> None:
    gone = edited("text/en/ru-undesirable.ftl", "label = Russia: “undesirable organization”\n", "")
    found = texts_lint(gone)
    assert ("missing-english", True) in found
    assert found <= {("missing-english", True), ("translation-outdated", False), ("translation-gap", False)}


def test_a_broken_english_text_is_an_error_and_a_broken_translation_a_warning() -> None:
    assert ("text-broken", True) in texts_lint(edited("text/en/common.ftl", "ui-more = ", "ui-more "))
    found = texts_lint(edited("text/ru/common.ftl", "ui-more = ", "ui-more "))
    assert found == {("text-broken", False), ("translation-gap", False)}


def test_a_translation_of_an_older_text_is_said() -> None:
    longer = {"text/en/common.ftl": shipped()["text/en/common.ftl"] + "# new\n"}
    assert texts_lint(longer) == {("translation-outdated", False)}


def test_a_translation_says_how_it_was_made_and_who_reviewed_it() -> None:
    assert texts_lint(states={"ru": {}}) == {("translation-without-state", True)}
    assert texts_lint(states=state(State.MISSING)) == {("translation-without-state", True)}
    assert texts_lint(states=state(State.NATIVE)) == {("review-without-reviewer", True)}
    assert texts_lint(states=state(State.NATIVE, reviewer="native:x", reviewed=date(2026, 11, 1))) == set()


def test_english_must_be_chosen() -> None:
    chosen = replace(choice("ru-undesirable"), languages=("ru",))
    assert ("missing-english", True) in {(each.code, each.is_error) for each in lint(chosen, library(), NOW)}


def test_an_error_stops_the_publication_with_its_code() -> None:
    chosen = replace(choice("ru-undesirable"), responsible=None)
    with pytest.raises(SourceError) as caught:
        publish(chosen, library(), publisher="example-press", edition=1, issued=NOW)
    assert caught.value.code == "on-without-responsible"


def test_warnings_are_handed_to_the_publisher() -> None:
    _, findings = publish(
        choice("ru-undesirable"), library(), publisher="example-press", edition=1, issued=NOW + 365 * DAY
    )
    assert "review-overdue" in {finding.code for finding in findings}
    assert not any(finding.is_error for finding in findings)


# --- codes and the document -----------------------------------------------------------------------------


def spelled() -> set[str]:
    """Every code that a finding is made with, read from the source."""
    found: set[str] = set()
    for name in ("lint.py", "render.py"):
        for node in ast.walk(ast.parse((NOTICES / name).read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == Finding.__name__
            ):
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
                else:
                    assert ast.unparse(first) == "f'dangling-{name}'"
                    found |= {f"dangling-{kind}" for kind in ("source", "penalty", "jurisdiction")}
    return found


def test_every_code_has_an_example_here() -> None:
    source = (ROOT / "tests/core/test_notices_lint.py").read_text("utf-8")
    assert len(spelled()) > 20
    assert sorted(code for code in spelled() if f'"{code}"' not in source) == []


def test_every_code_is_in_the_document() -> None:
    document = (NOTICES / "NOTICES.md").read_text("utf-8")
    source = (ROOT / "tests/core/test_notices_load.py").read_text("utf-8")
    loader = set(re.findall(r'^    \("([a-z-]+)", ', source, re.MULTILINE))
    assert "unknown-act" in loader
    assert sorted(code for code in spelled() | loader if f"`{code}`" not in document) == []
