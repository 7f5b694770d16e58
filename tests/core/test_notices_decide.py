"""The decision table, cell by cell, and the properties that no data may break."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.notices import ABROAD, DAY, NOW, TEMPLATES, UNKNOWN, notice_set, only, ru_only
from mirror.notices import Act, Level, NoticeSet, ReaderContext, Standing, Truth, decide
from mirror.notices.decide import HELD_ACTS, applies, level_of
from mirror.notices.model import (
    ActRule,
    Catalogue,
    Clause,
    Confidence,
    Designation,
    Jurisdiction,
    Penalty,
    PenaltyKind,
    Status,
    Step,
    Subject,
)

N, I, C, H, O = Level.NONE, Level.INLINE, Level.CONFIRM, Level.HOLD, Level.OFF  # noqa: E741
COLUMNS = (Act.READ, Act.SHARE_PUBLIC, Act.REACT, Act.SAVE, Act.CONTACT, Act.DONATE, Act.RELAY, Act.SUBSCRIBE)
CONCERNED = (I, H, C, C, H, O, H, C)
NOBODY: frozenset[str] = frozenset()
ROWS = {
    "nothing known": (UNKNOWN, CONCERNED),
    "in RU, nothing else known": (ReaderContext(located="RU"), CONCERNED),
    "in RU, German passport": (ReaderContext("RU", frozenset({"DE"}), NOBODY), CONCERNED),
    "abroad, RU passport": (ReaderContext("DE", frozenset({"RU"}), NOBODY), CONCERNED),
    "abroad, dual": (ReaderContext("DE", frozenset({"RU", "DE"}), NOBODY), CONCERNED),
    "abroad, citizenship unknown": (ReaderContext("DE", None, NOBODY), CONCERNED),
    "abroad, stateless resident": (ReaderContext("DE", NOBODY, frozenset({"RU"})), CONCERNED),
    "place unknown, nothing else applies": (ReaderContext(None, frozenset({"DE"}), NOBODY), CONCERNED),
    "residence unknown, nothing else applies": (ReaderContext("DE", frozenset({"DE"}), None), CONCERNED),
    "surely none of these": (ABROAD, (N, I, N, N, N, N, N, N)),
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("column", range(len(COLUMNS)))
def test_each_cell_of_the_decision_table(row: str, column: int) -> None:
    context, levels = ROWS[row]
    assert decide(ru_only(), context, COLUMNS[column], NOW).level is levels[column]


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("context", [UNKNOWN, ABROAD])
def test_without_notices_only_reading_stays(act: Act, context: ReaderContext) -> None:
    decision = decide(None, context, act, NOW)
    assert decision.level is (I if act is Act.READ else O)
    assert decision.is_builtin


def test_the_columns_stand_for_what_the_template_says() -> None:
    acts = ru_only().catalogue.designation("ru-undesirable").acts
    assert acts[Act.SAVE].standing is Standing.CLAIMED
    assert acts[Act.SHARE_PUBLIC].standing is Standing.PUNISHED
    assert acts[Act.READ].standing is Standing.REPORTED_LAWFUL
    assert Act.SUBSCRIBE not in acts


def test_an_unlisted_act_is_risky_and_says_that_nobody_checked() -> None:
    decision = decide(ru_only(), UNKNOWN, Act.INVITE, NOW)
    assert decision.level is C
    assert decision.nothing_checked
    assert not decide(ru_only(), ABROAD, Act.INVITE, NOW).nothing_checked


def test_reading_of_the_audience_as_and_would_drop_people() -> None:
    """Why the template says OR: with the literal AND two kinds of readers fall from hold."""
    ru = ru_only().catalogue.designation("ru-undesirable")
    literal = replace(
        ru,
        audience=(Clause(located="RU", citizen="RU"), Clause(located="RU", stateless_resident="RU")),
    )
    narrow = replace(ru_only(), catalogue=replace(ru_only().catalogue, designations=(literal,)))
    for context in (ROWS["abroad, RU passport"][0], ROWS["in RU, German passport"][0]):
        assert decide(ru_only(), context, Act.SHARE_PUBLIC, NOW).level is H
        assert decide(narrow, context, Act.SHARE_PUBLIC, NOW).level is I
    both = ReaderContext("RU", frozenset({"RU"}), NOBODY)
    assert decide(narrow, both, Act.SHARE_PUBLIC, NOW).level is H


@pytest.mark.parametrize(
    ("place", "truth"),
    [
        ("RU", Truth.YES),
        ("RU-MOW", Truth.YES),
        ("UA-43", Truth.MAYBE),
        ("UA", Truth.MAYBE),
        ("UA-30", Truth.NO),
        ("DE", Truth.NO),
    ],
)
def test_places_under_control_are_not_ruled_out(place: str, truth: Truth) -> None:
    catalogue = ru_only().catalogue
    context = ReaderContext(place, frozenset({"UA"}), NOBODY)
    assert applies(catalogue, catalogue.designations[0], context) is truth


def test_the_generic_notice_asks_once_and_keeps_a_line_for_everyone() -> None:
    generic = only(notice_set(), "generic")
    assert decide(generic, UNKNOWN, Act.READ, NOW).level is I
    assert {decide(generic, UNKNOWN, act, NOW).level for act in Act if act is not Act.READ} == {C}
    assert decide(generic, ABROAD, Act.READ, NOW).level is N
    assert {decide(generic, ABROAD, act, NOW).level for act in Act if act is not Act.READ} == {I}


def test_age_adds_a_remark_and_changes_no_level() -> None:
    for context in (UNKNOWN, ABROAD):
        for act in Act:
            fresh = decide(ru_only(), context, act, NOW)
            old = decide(ru_only(), context, act, NOW + 3650 * DAY)
            assert (fresh.level, fresh.may_be_out_of_date) == (old.level, False)
            assert old.may_be_out_of_date is bool(old.concerns)


def test_a_set_is_old_after_its_days() -> None:
    lasting = replace(ru_only(), stale_after_days=30)  # the review is due later
    assert not decide(lasting, UNKNOWN, Act.SAVE, NOW + 30 * DAY).may_be_out_of_date
    assert decide(lasting, UNKNOWN, Act.SAVE, NOW + 30 * DAY + 1).may_be_out_of_date


def test_an_overdue_review_is_said_from_the_day_after() -> None:
    due = ru_only().catalogue.designations[0].next_review
    assert due == date(2027, 2, 22)
    midnight = (due.toordinal() - date(1970, 1, 1).toordinal()) * DAY
    whole = replace(ru_only(), stale_after_days=3650)
    assert not decide(whole, UNKNOWN, Act.SAVE, midnight + DAY - 1).may_be_out_of_date
    assert decide(whole, UNKNOWN, Act.SAVE, midnight + DAY).may_be_out_of_date


@pytest.mark.parametrize("status", Status)
def test_only_a_repeal_ends_a_warning(status: Status) -> None:
    changed = replace(ru_only().catalogue.designations[0], status=status)
    notices = replace(ru_only(), catalogue=replace(ru_only().catalogue, designations=(changed,)))
    expected = N if status is Status.REPEALED else H
    assert decide(notices, UNKNOWN, Act.SHARE_PUBLIC, NOW).level is expected


def test_the_gravest_standing_is_the_standing() -> None:
    notices = notice_set(*TEMPLATES)
    assert decide(notices, UNKNOWN, Act.CONTACT, NOW).standing is Standing.PUNISHED  # Iran
    assert decide(notices, UNKNOWN, Act.SAVE, NOW).standing is Standing.CLAIMED
    assert decide(notices, UNKNOWN, Act.SHARE_PUBLIC, NOW).past_counts
    assert decide(notices, ABROAD, Act.SHARE_PUBLIC, NOW).recipient_risk


@pytest.mark.parametrize("bad", ["ru", "RUS", "RU-", "R", "UA-4343", "ru-RU", "", "RU\n"])
def test_a_context_takes_codes_only(bad: str) -> None:
    with pytest.raises(ValueError, match="code"):
        ReaderContext(located=bad)
    with pytest.raises(ValueError, match="code"):
        ReaderContext(citizenships=frozenset({bad}))


def test_a_context_does_not_show_itself() -> None:
    text = repr(ReaderContext("RU", frozenset({"BY"}), frozenset({"KG"})))
    assert not any(code in text for code in ("RU", "BY", "KG"))


# --- properties, over data that nobody wrote --------------------------------------------------------

COUNTRIES = ("RU", "BY", "DE", "UA")
PLACES = (*COUNTRIES, "UA-43", "UA-30", "RU-MOW")
PENALTIES = tuple(Penalty(f"p-{kind}", kind, Step.FIRST, "statute-x", "2024") for kind in PenaltyKind)
JURISDICTIONS = (Jurisdiction("BY"), Jurisdiction("RU", True, ("UA-43",)))

maybe_country = st.none() | st.sampled_from(COUNTRIES)
clauses = st.builds(Clause, maybe_country, maybe_country, maybe_country).filter(lambda c: c != Clause())
rules = st.builds(
    ActRule,
    st.sampled_from(Standing),
    st.lists(st.sampled_from([each.id for each in PENALTIES]), unique=True).map(tuple),
    instead=st.just("alt-read-on"),
    past_counts=st.booleans(),
    recipient_risk=st.booleans(),
)
acts = st.dictionaries(st.sampled_from(Act), rules)
named = st.builds(
    Designation,
    st.sampled_from(["a", "b", "c", "d"]),
    st.sampled_from(["RU", "BY"]),
    st.sampled_from(Subject),
    st.sampled_from(Status),
    st.sampled_from(Confidence),
    acts,
    audience=st.lists(clauses, min_size=1, max_size=3).map(tuple),
    next_review=st.none() | st.dates(date(2020, 1, 1), date(2030, 1, 1)),
)
generic = st.builds(
    Designation,
    st.just("generic"),
    st.just("001"),
    st.just(Subject.CONTENT_CLASS),
    st.just(Status.IN_FORCE),
    st.just(Confidence.MEDIUM),
    acts,
)
contexts = st.builds(
    ReaderContext,
    st.none() | st.sampled_from(PLACES),
    st.none() | st.frozensets(st.sampled_from(COUNTRIES)),
    st.none() | st.frozensets(st.sampled_from(COUNTRIES), max_size=1),
)


def a_set(designations: list[Designation]) -> NoticeSet:
    by_id = {each.id: each for each in designations}
    return replace(
        ru_only(),
        catalogue=Catalogue(tuple(by_id[id_] for id_ in sorted(by_id)), JURISDICTIONS, PENALTIES, ()),
    )


sets = st.lists(named | generic, max_size=4).map(a_set)
instants = st.integers(0, 2**34)


@given(sets, contexts, st.sampled_from(Act), st.integers(0, 7))
def test_knowing_less_never_lowers_a_gate(
    notices: NoticeSet, context: ReaderContext, act: Act, forgotten: int
) -> None:
    less = ReaderContext(
        None if forgotten & 1 else context.located,
        None if forgotten & 2 else context.citizenships,
        None if forgotten & 4 else context.stateless_resident_of,
    )
    assert decide(notices, less, act, NOW).level >= decide(notices, context, act, NOW).level


@given(sets, st.sampled_from(["UA-43", "UA-30", "RU-MOW"]), contexts, st.sampled_from(Act))
def test_a_coarser_place_never_lowers_a_gate(
    notices: NoticeSet, place: str, context: ReaderContext, act: Act
) -> None:
    fine = replace(context, located=place)
    coarse = replace(context, located=place[:2])
    assert decide(notices, coarse, act, NOW).level >= decide(notices, fine, act, NOW).level


@given(sets, named | generic, contexts, st.sampled_from(Act))
def test_adding_a_designation_never_lowers_a_gate(
    notices: NoticeSet, more: Designation, context: ReaderContext, act: Act
) -> None:
    have = [each for each in notices.catalogue.designations if each.id != more.id]
    assert (
        decide(a_set([*have, more]), context, act, NOW).level >= decide(a_set(have), context, act, NOW).level
    )


@given(sets, contexts, st.sampled_from(Act), instants, instants)
def test_time_changes_no_level_and_takes_no_remark_away(
    notices: NoticeSet, context: ReaderContext, act: Act, first: int, second: int
) -> None:
    early = decide(notices, context, act, min(first, second))
    late = decide(notices, context, act, max(first, second))
    assert early.level is late.level
    assert early.may_be_out_of_date <= late.may_be_out_of_date


@given(sets, contexts, st.sampled_from(Act))
def test_no_set_that_verified_is_stricter_than_none(
    notices: NoticeSet, context: ReaderContext, act: Act
) -> None:
    assert decide(None, context, act, NOW).level >= decide(notices, context, act, NOW).level


@given(sets, contexts)
def test_reading_is_never_more_than_labelled(notices: NoticeSet, context: ReaderContext) -> None:
    assert decide(notices, context, Act.READ, NOW).level <= I


@given(
    st.sampled_from(Act),
    st.sampled_from(Standing),
    st.lists(st.sampled_from(PENALTIES)),
    st.sampled_from(PENALTIES),
)
def test_another_penalty_never_lowers_a_level(
    act: Act, standing: Standing, penalties: list[Penalty], more: Penalty
) -> None:
    assert level_of(act, standing, (*penalties, more)) >= level_of(act, standing, tuple(penalties))


@given(sets, st.sampled_from(Act))
def test_maybe_gates_like_yes(notices: NoticeSet, act: Act) -> None:
    """Who says all countries at once is surely concerned by everything that may concern anyone."""
    everything = frozenset(COUNTRIES)
    for designation in notices.catalogue.designations:
        if designation.is_generic or designation.audience[0].located:
            continue
        one = a_set([designation])
        surely = ReaderContext("DE", everything, everything)
        if applies(one.catalogue, designation, surely) is Truth.YES:
            assert decide(one, surely, act, NOW).level is decide(one, UNKNOWN, act, NOW).level


@pytest.mark.parametrize("kind", PenaltyKind)
def test_what_takes_freedom_or_is_not_verified_is_held(kind: PenaltyKind) -> None:
    light = {PenaltyKind.FINE, PenaltyKind.LABOUR, PenaltyKind.CONFISCATION}
    penalty = next(each for each in PENALTIES if each.kind is kind)
    assert level_of(Act.SAVE, Standing.CLAIMED, (penalty,)) is (C if kind in light else H)


@given(clauses, contexts, st.integers(0, 7))
def test_knowing_less_never_rules_anyone_out(clause: Clause, context: ReaderContext, forgotten: int) -> None:
    designation = replace(ru_only().catalogue.designation("ru-undesirable"), audience=(clause,))
    catalogue = Catalogue(jurisdictions=JURISDICTIONS)
    if applies(catalogue, designation, context) is not Truth.NO:
        less = ReaderContext(
            None if forgotten & 1 else context.located,
            None if forgotten & 2 else context.citizenships,
            None if forgotten & 4 else context.stateless_resident_of,
        )
        assert applies(catalogue, designation, less) is not Truth.NO


def test_what_cannot_be_undone_is_held() -> None:
    assert {Act.SHARE_PUBLIC, Act.CONTACT, Act.RELAY, Act.DONATE, Act.EMBED} == HELD_ACTS
