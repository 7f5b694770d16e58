"""The rules that the notice data must keep, each with a stable code.

``lint_catalogue`` looks at the data alone; what concerns texts is in ``texts_lint`` of ``render``,
what concerns the publication's choice in ``lint_choice``. A finding is an error (nothing is
published) or a warning (published, and said). Codes are listed in ``NOTICES.md``.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from mirror.notices.model import (
    Act,
    ActRule,
    Catalogue,
    Confidence,
    Designation,
    Penalty,
    PenaltyKind,
    Standing,
    Status,
)

_MEASURED = frozenset({PenaltyKind.FINE, PenaltyKind.LABOUR, PenaltyKind.DETENTION, PenaltyKind.IMPRISONMENT})
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule: its code, where, a sentence, and whether it stops a publication."""

    code: str
    where: str
    says: str
    is_error: bool = True


def lint_catalogue(catalogue: Catalogue, now: int) -> tuple[Finding, ...]:
    """Return every broken rule of the data; ``now`` is an instant, for overdue reviews."""
    today = date.fromordinal(date(1970, 1, 1).toordinal() + now // _DAY)
    return (
        *broken_references(catalogue),
        *(finding for each in catalogue.penalties for finding in _penalty(each)),
        *(finding for each in catalogue.designations for finding in _designation(each, today)),
        *_sources(catalogue),
    )


def broken_references(catalogue: Catalogue) -> Iterator[Finding]:
    """Yield each id that stands twice, and each that is named but not there."""
    lists = {
        "source": [each.id for each in catalogue.sources],
        "penalty": [each.id for each in catalogue.penalties],
        "jurisdiction": [each.id for each in catalogue.jurisdictions],
        "designation": [each.id for each in catalogue.designations],
    }
    for name, ids in lists.items():
        if len(set(ids)) != len(ids):
            yield Finding("duplicate-id", f"{name}s", "An id stands there twice.")
    known = {name: frozenset(ids) for name, ids in lists.items()}

    def dangling(name: str, where: str, wanted: Iterable[str]) -> Iterator[Finding]:
        if not known[name].issuperset(wanted):
            yield Finding(f"dangling-{name}", where, f"It names a {name} that is not there.")

    for penalty in catalogue.penalties:
        yield from dangling("source", penalty.id, penalty.sources)
    for each in catalogue.designations:
        yield from dangling("source", each.id, each.sources)
        if not each.is_generic:
            yield from dangling("jurisdiction", each.id, [each.jurisdiction])
        for act, rule in each.acts.items():
            yield from dangling("source", f"{each.id}.{act}", rule.sources)
            yield from dangling("penalty", f"{each.id}.{act}", rule.penalties)


def lint_choice(designations: Iterable[Designation], responsible: str | None) -> Iterator[Finding]:
    """Yield what is missing before a publication may turn these designations on."""
    named = [each for each in designations if not each.is_generic]
    if named and responsible is None:
        yield Finding(
            "on-without-responsible", "responsible", "Nobody takes responsibility for what is turned on."
        )
    for each in named:
        if len(set(each.reviewed_by)) < 2:
            yield Finding("on-without-reviewers", each.id, "It needs two reviewers before it is turned on.")
        if not any(reviewer.startswith("counsel:") for reviewer in each.reviewed_by):
            yield Finding("no-counsel", each.id, "No counsel has reviewed it.", is_error=False)


def _penalty(penalty: Penalty) -> Iterator[Finding]:
    if not penalty.sources:
        yield Finding("no-source", penalty.id, "A penalty needs a source.")
    has_amount = penalty.min is not None or penalty.max is not None
    has_measure = (penalty.currency is not None) + (penalty.unit is not None)
    if has_amount != (penalty.kind in _MEASURED) or has_measure != has_amount:
        yield Finding(
            "bad-range",
            penalty.id,
            "A measured penalty has an amount in one currency or unit; others have none.",
        )
    elif penalty.min is not None and penalty.max is not None and penalty.min > penalty.max:
        yield Finding("bad-range", penalty.id, "The smallest amount is above the largest.")
    elif has_amount and max(penalty.min or 0, penalty.max or 0) == 0:
        yield Finding("bad-range", penalty.id, "A penalty of nothing is no penalty.")


def _designation(each: Designation, today: date) -> Iterator[Finding]:
    where = each.id
    if not each.sources and not each.is_generic:
        yield Finding("no-source", where, "A designation needs a source.")
    if each.is_generic:
        if each.audience or any(rule.penalties or rule.recipient_risk for rule in each.acts.values()):
            yield Finding(
                "generic-with-facts", where, "A notice without a country names no audience or penalty."
            )
    elif not each.audience or any(clause == type(clause)() for clause in each.audience):
        yield Finding(
            "empty-audience", where, "It must say whom it concerns, and each clause must say something."
        )
    if each.confidence is Confidence.HIGH and not any(r.startswith("counsel:") for r in each.reviewed_by):
        yield Finding("high-without-counsel", where, "High confidence needs a reviewer who is counsel.")
    if each.status is Status.REPEALED and (len(set(each.reviewed_by)) < 2 or not each.sources):
        yield Finding("repealed-without-reviewers", where, "A repeal needs a source and two reviewers.")
    dates = [day for day in (each.decided, each.registered, each.upheld) if day is not None]
    reviews = [day for day in (each.reviewed, each.next_review) if day is not None]
    if any(dates[0] > day for day in dates[1:]) or reviews != sorted(reviews):
        yield Finding("dates-out-of-order", where, "A later step has an earlier date.")
    if not each.is_generic and each.next_review is None:
        yield Finding("no-next-review", where, "It must say when it is reviewed next.")
    if each.next_review is not None and each.next_review < today:
        yield Finding("review-overdue", where, "Its review is overdue; readers are told.", is_error=False)
    for act, rule in each.acts.items():
        yield from _rule(each, act, rule)


def _rule(each: Designation, act: Act, rule: ActRule) -> Iterator[Finding]:
    where = f"{each.id}.{act}"
    if rule.standing is Standing.PUNISHED and not rule.penalties:
        yield Finding("punished-without-penalty", where, "A punished act names at least one penalty.")
    if rule.standing is Standing.REPORTED_LAWFUL and rule.penalties:
        yield Finding("lawful-with-penalty", where, "An act that is reported as lawful has no penalty.")
    if rule.standing is not Standing.UNCLEAR and not rule.sources:
        yield Finding("act-without-source", where, "What is said of an act needs a source.")
    if rule.instead is None and act is not Act.READ:
        yield Finding("act-without-alternative", where, "An act needs a safer alternative.")


def _sources(catalogue: Catalogue) -> Iterator[Finding]:
    for source in catalogue.sources:
        if source.published is None:
            yield Finding("source-undated", source.id, "When it appeared is not known.", is_error=False)
        if source.url is None:
            yield Finding("source-without-address", source.id, "Nobody can look it up.", is_error=False)
    for each in catalogue.jurisdictions:
        if each.controls and not each.effective_control:
            yield Finding("control-not-stated", each.id, "Places it controls need effective_control = true.")
