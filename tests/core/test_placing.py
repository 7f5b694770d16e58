"""From cohorts to places: nobody is left out, nobody is told two things, nobody reads another's slip."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.errors import StorageError
from mirror.limits import MAX_FRIENDS
from mirror.publisher import placing
from mirror.publisher.placing import Part, places, state_of
from mirror.publisher.roster import Counted, Event, Facts, Given, Happened, PolicyRow, Pool
from mirror.rotation.epochs import Calendar
from mirror.rotation.keys import NodePath, Place
from mirror.rotation.policy_state import Cohort, State

POOL = Pool.INVITED


@st.composite
def rosters(draw: st.DrawFn) -> Facts:
    """A tree of invitations with parts divided anyhow, in any cohorts, some revoked."""
    readers: list[Counted] = []
    cohort_of: list[int] = []

    def count(inviter: int, path: NodePath, part: Part) -> int:
        readers.append(Counted(len(readers), inviter, path, part))
        cohort_of.append(draw(st.integers(0, 3)))
        return len(readers) - 1

    paths: list[tuple[int, NodePath]] = [(-1, ())]
    for _ in range(draw(st.integers(0, 8))):
        inviter, above = draw(st.sampled_from(paths))
        taken = {path for _, path in paths}
        index = next(each for each in range(MAX_FRIENDS, 99) if (*above, each) not in taken)
        path = (*above, index)
        how = draw(st.sampled_from(("whole", "apart", "open")))
        reader = count(inviter, path, Part.BRANCH if how == "whole" else Part.OWN)
        paths.append((reader, path))
        if how != "whole":
            friends = count(reader, path, Part.FRIENDS if how == "apart" else Part.NONE)
            if how == "open":
                slots = [(*path, each) for each in range(MAX_FRIENDS)]
                paths.extend((count(friends, slot, Part.BRANCH), slot) for slot in slots)
    given_paths = [path for _, path in paths if path]
    revoked = draw(st.lists(st.sampled_from(given_paths), max_size=2)) if given_paths else []
    invitations = tuple(
        Given(number, path, str(number), POOL, 1, 0, revoked=1 if path in revoked else 0)
        for number, path in enumerate(given_paths)
    )
    state = State(
        inviter=[each.inviter for each in readers],
        joined=[1] * len(readers),
        cohort_of=cohort_of,
        cohorts={number: Cohort(number, -1, []) for number in range(4)},
    )
    policies = {POOL: PolicyRow(1, 0, placing._encoded(state))}
    return Facts({}, invitations, {POOL: tuple(readers), Pool.OPEN: ()}, (), (), policies, {})


def expected(facts: Facts, path: NodePath) -> int | None:
    """The cohort of the reader at ``path``, said by the rules alone; None where it gets no slip."""
    if any(each.revoked and path[: len(each.path)] == each.path for each in facts.invitations):
        return None
    cohorts = state_of(facts, POOL).cohort_of
    readers = facts.readers[POOL]
    for depth in range(len(path), 0, -1):
        here = [each for each in readers if each.path == path[:depth] and each.part != Part.NONE]
        if not here:
            continue
        wanted = (Part.BRANCH, Part.OWN) if depth == len(path) else (Part.BRANCH, Part.FRIENDS)
        found = [each for each in here if each.part in wanted]
        return cohorts[found[0].reader] if found else None
    return None


@given(rosters(), st.data())
def test_everybody_opens_what_is_theirs_and_nothing_else(facts: Facts, data: st.DataObject) -> None:
    found = places(facts, POOL)
    known = [each.path for each in facts.readers[POOL]]
    friend = st.integers(0, MAX_FRIENDS - 1)
    asked = [*known, *((*path, data.draw(friend)) for path in known), *((*p, 3, 2) for p in known)]
    for path in asked:
        opened = {cohort for place, cohort in found.items() if place.covers(path)}
        wanted = expected(facts, path)
        assert opened == (set() if wanted is None else {wanted})


@given(rosters())
def test_places_do_not_overlap(facts: Facts) -> None:
    found = sorted(places(facts, POOL))
    for place in found:
        for other in found:
            if place != other and place.is_subtree:
                assert not place.covers(other.path)


@given(rosters())
def test_the_policys_memory_comes_back(facts: Facts) -> None:
    state = state_of(facts, POOL)
    assert placing._decoded(placing._encoded(state)) == state


def test_one_cohort_needs_one_slip() -> None:
    readers = (Counted(0, -1, (0,), Part.BRANCH), Counted(1, 0, (0, 16), Part.BRANCH))
    state = State(inviter=[-1, 0], joined=[1, 1], cohort_of=[0, 0], cohorts={0: Cohort(0, -1, [0, 1])})
    policies = {POOL: PolicyRow(1, 0, placing._encoded(state))}
    facts = Facts({}, (), {POOL: readers, Pool.OPEN: ()}, (), (), policies, {})
    assert places(facts, POOL) == {Place((0,)): 0}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"cohorts": [[0, {"x": 1}]]}', '{"cohorts": 5}'])
def test_a_damaged_memory_is_said(text: str) -> None:
    facts = Facts({}, (), dict.fromkeys(Pool, ()), (), (), {POOL: PolicyRow(1, 0, text)}, {})
    with pytest.raises(StorageError) as caught:
        state_of(facts, POOL)
    assert caught.value.code == "roster-damaged"


def test_the_policy_is_asked_once_an_epoch_and_makes_up_for_silence() -> None:
    events = (Happened(1, 100, Event.ADDED, POOL, endpoint=1), Happened(2, 86_400 * 3, Event.LOST, POOL, 1))
    facts = Facts({}, (), dict.fromkeys(Pool, ()), (), events, {}, {})
    calendar = Calendar()
    first = placing.ask(replace(facts, events=events[:1]), POOL, calendar, 200)
    assert first is not None
    assert (first.after.day, first.told, first.after.stock) == (1, 1, [1])
    row = PolicyRow(0, 1, placing._encoded(first.after))
    later = replace(facts, policies={POOL: row})
    assert placing.ask(later, POOL, calendar, 300) is None
    assert placing.ask(later, POOL, calendar, 300, at_once=True) is not None
    away = placing.ask(later, POOL, calendar, 86_400 * 5)
    assert away is not None
    assert (away.after.day, away.after.stock) == (6, [])
    long_away = placing.ask(later, POOL, calendar, 86_400 * 5_000)
    assert long_away is not None
    assert long_away.after.day < 100
