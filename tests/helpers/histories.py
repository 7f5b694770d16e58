"""Histories of a service that hands out endpoints, and how the policy answers them."""

from hypothesis import strategies as st

from mirror.rotation.policy import decide
from mirror.rotation.policy_state import (
    NOWHERE,
    Added,
    Blocked,
    Decision,
    Event,
    Joined,
    Lost,
    Revoked,
    Settings,
    State,
)
from mirror.rotation.policy_tree import NOBODY

SMALL = Settings(cap=12, smallest=2, kept=1, guest_days=1, guests=2)


def told(state: State, *events: Event) -> State:
    return decide(state, events)[0]


def run(days: list[list[Event]], how: Settings = SMALL) -> tuple[State, list[tuple[Decision, ...]]]:
    state, answers = State(how), []
    for events in days:
        state, decisions = decide(state, events)
        answers.append(decisions)
    return state, answers


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Some days of some service: arrivals, endpoints, losses, blocks, revocations."""
    days: list[list[Event]] = []
    readers = endpoints = 0
    gone: set[int] = set()
    for _ in range(draw(st.integers(1, 8))):
        events: list[Event] = []
        for _ in range(draw(st.integers(0, 25 if readers else 40))):
            events.append(Joined(readers, draw(st.integers(NOBODY, readers - 1))))
            readers += 1
        for _ in range(draw(st.integers(0, 8))):
            events.append(Added(endpoints))
            endpoints += 1
        there = [each for each in range(endpoints) if each not in gone]
        hit = draw(st.sets(st.sampled_from(there), max_size=4)) if there else set()
        deaths: list[type[Lost] | type[Blocked]] = [Lost, Blocked, Blocked]
        events.extend(draw(st.sampled_from(deaths))(endpoint) for endpoint in sorted(hit))
        gone |= hit
        if readers and draw(st.integers(0, 3)) == 0:
            events.extend(map(Revoked, sorted(draw(st.sets(st.integers(0, readers - 1), max_size=2)))))
        days.append(events)
    return days


def chain(count: int) -> list[Event]:
    return [Joined(reader, reader - 1) for reader in range(count)]


def whole(state: State) -> None:
    """The rules of ``policy``, on a state."""
    members = [reader for cohort in state.cohorts.values() for reader in cohort.members]
    assert sorted(members) == list(range(len(state.inviter)))
    for number, cohort in state.cohorts.items():
        assert cohort.members, "a cohort has somebody"
        assert all(state.cohort_of[reader] == number for reader in cohort.members)
        assert (cohort.endpoint != NOWHERE) == any(number in on for on in state.used.values())
        assert not (cohort.is_quarantined and cohort.endpoint != NOWHERE)
        if cohort.endpoint != NOWHERE:
            assert number in state.used[cohort.endpoint]
    assert not state.gone & state.used.keys()
    assert not state.gone & set(state.stock)
    assert not state.used.keys() & set(state.stock)
    assert all(len(set(on)) == len(on) for on in state.used.values())
