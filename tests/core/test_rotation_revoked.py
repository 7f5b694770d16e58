"""Revocations: who is out is out with his branch, and nothing burns, nobody is cut or suspected for it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.histories import SMALL, chain, histories, run, told, whole
from mirror.rotation.policy import decide
from mirror.rotation.policy_state import (
    NOWHERE,
    Added,
    Blocked,
    Event,
    Joined,
    Revoked,
    State,
)
from mirror.rotation.policy_tree import NOBODY, Tree


@settings(max_examples=60, deadline=None)
@given(histories())
def test_who_was_revoked_is_never_served_nor_whom_he_brought(days: list[list[Event]]) -> None:
    state, revoked = State(SMALL), set[int]()
    for events in days:
        state, _ = decide(state, events)
        revoked |= {each.reader for each in events if isinstance(each, Revoked)}
        for reader in range(len(state.inviter)):
            at = reader
            while at != NOBODY and at not in revoked:
                at = state.inviter[at]
            if at in revoked:
                assert state.cohorts[state.cohort_of[reader]].is_quarantined


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_revoking_burns_nothing_cuts_nobody_and_suspects_nobody(
    days: list[list[Event]], data: st.DataObject
) -> None:
    before, _ = run(days)
    if not before.inviter:
        return
    top = data.draw(st.integers(0, len(before.inviter) - 1))
    without = told(before)
    after = told(before, Revoked(top))
    whole(after)
    out = set(Tree(before.inviter).branch(top))
    assert after.located == without.located
    for number, cohort in before.cohorts.items():
        rest = [reader for reader in cohort.members if reader not in out]
        if rest and cohort.endpoint != NOWHERE and len(rest) < len(cohort.members):
            now = after.cohorts[number]
            assert now.burns == cohort.burns
            assert not now.is_quarantined
            assert now.endpoint in (cohort.endpoint, NOWHERE)  # it may be sent away as a guest is
            assert set(now.members) <= set(rest)  # what outgrew its share may be cut ahead, as ever
    alone = {
        endpoint
        for endpoint, on in before.used.items()
        if out.issuperset(reader for number in on for reader in before.cohorts[number].members)
    }
    assert after.gone - without.gone <= alone, "only what nobody else was on is not handed out again"


def test_who_is_left_with_a_revoked_reader_is_no_informer_when_the_endpoint_is_blocked_later() -> None:
    how = replace(SMALL, smallest=2, opening=1.0, dense=0)
    state = told(State(how), Joined(0), Joined(1, 0), *map(Added, range(9)))
    assert state.cohort_of == [0, 0]
    state = told(state, Revoked(1))
    state = told(state, Blocked(state.cohorts[state.cohort_of[0]].endpoint))
    assert state.located == set()
    assert not state.cohorts[state.cohort_of[0]].is_quarantined


@pytest.mark.parametrize("is_revoked", [True, False])
def test_on_the_day_of_a_block_a_revoked_reader_alone_is_blamed(is_revoked: bool) -> None:
    state = told(State(replace(SMALL, dense=0, smallest=4)), *chain(8), *map(Added, range(4)))
    cohort = state.cohorts[state.cohort_of[7]]
    others = [reader for reader in cohort.members if reader != 7]
    assert len(others) > 1
    state = told(state, Blocked(cohort.endpoint), *([Revoked(7)] if is_revoked else []), Added(9))
    assert (cohort.number in state.cohorts) is is_revoked
    if is_revoked:
        rest = state.cohorts[cohort.number]
        assert (rest.members, rest.burns) == (others, 0)
        assert rest.endpoint not in (NOWHERE, cohort.endpoint)
    assert state.cohorts[state.cohort_of[7]].is_quarantined is is_revoked
    assert state.located == set()


@pytest.mark.parametrize("reader", [-1, 8])
def test_nobody_is_revoked_who_never_joined(reader: int) -> None:
    state = told(State(SMALL), *chain(8))
    with pytest.raises(ValueError, match="never joined"):
        decide(state, [Revoked(reader)])
