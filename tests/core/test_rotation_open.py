"""The sieve for open entry: what holds after every day, and what it learns."""

from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.rotation.policy_open import Group, OpenSettings, OpenState, decide_open, estimate
from mirror.rotation.policy_state import (
    NONE,
    NOWHERE,
    Added,
    Assigned,
    Blocked,
    Decision,
    Event,
    Joined,
    Lost,
    Made,
    Quarantined,
    Revoked,
)

SMALL = OpenSettings(cap=5, crowd=4, pilot=0.5)


@st.composite
def histories(draw: st.DrawFn) -> list[list[Event]]:
    """Some days of open entry."""
    days: list[list[Event]] = []
    readers = endpoints = 0
    gone: set[int] = set()
    for _ in range(draw(st.integers(1, 12))):
        events: list[Event] = []
        arrivals, fresh = draw(st.integers(0, 15)), draw(st.integers(0, 5))
        events += [Joined(reader) for reader in range(readers, readers + arrivals)]
        events += [Added(endpoint) for endpoint in range(endpoints, endpoints + fresh)]
        readers, endpoints = readers + arrivals, endpoints + fresh
        there = [each for each in range(endpoints) if each not in gone]
        hit = draw(st.sets(st.sampled_from(there), max_size=4)) if there else set()
        gone |= hit
        deaths: list[type[Lost] | type[Blocked]] = [Lost, Blocked, Blocked]
        events.extend(draw(st.sampled_from(deaths))(endpoint) for endpoint in sorted(hit))
        if readers and draw(st.integers(0, 3)) == 0:
            events.extend(map(Revoked, sorted(draw(st.sets(st.integers(0, readers - 1), max_size=2)))))
        days.append(events)
    return days


def run(days: list[list[Event]]) -> tuple[OpenState, list[tuple[Decision, ...]]]:
    state, answers = OpenState(SMALL), []
    for events in days:
        state, decisions = decide_open(state, events)
        answers.append(decisions)
    return state, answers


@settings(max_examples=100, deadline=None)
@given(histories())
def test_nobody_is_in_two_groups_and_no_endpoint_above_its_cap_or_dead(days: list[list[Event]]) -> None:
    state, gone = OpenState(SMALL), set()
    for events in days:
        state, _ = decide_open(state, events)
        gone |= {each.endpoint for each in events if isinstance(each, Lost | Blocked)}
        assert {each.reader for each in events if isinstance(each, Revoked)} <= state.given_up
        members = [reader for group in state.groups.values() for reader in group.members]
        assert len(members) == len(set(members))
        assert {reader for reader, group in enumerate(state.group_of) if group != NONE} == set(members)
        assert not gone & (state.used.keys() | set(state.stock))
        assert all(len(state.on(endpoint)) <= SMALL.cap for endpoint in state.used)
        assert all(state.used.values())
        assert not state.given_up & set(members)
        assert all(-1 <= chance < 1 for chance in state.suspicion)


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_within_a_day_never_matters(days: list[list[Event]], random: object) -> None:
    shuffled = [sorted(events, key=lambda _: random.random()) for events in days]  # type: ignore[attr-defined]
    first, answers = run(days)
    second, others = run([*shuffled[:-1], shuffled[-1] * 2])
    assert asdict(first) == asdict(second)
    assert answers == others


@settings(max_examples=60, deadline=None)
@given(histories())
def test_what_was_is_left_alone(days: list[list[Event]]) -> None:
    before, _ = run(days[:-1])
    kept = asdict(before)
    decide_open(before, days[-1])
    assert asdict(before) == kept


@settings(max_examples=60, deadline=None)
@given(histories())
def test_decisions_alone_tell_the_publisher_everything(days: list[list[Event]]) -> None:
    group_of: dict[int, int] = {}
    endpoint_of: dict[int, int] = {}
    quarantined: set[int] = set()
    state = OpenState(SMALL)
    for events in days:
        state, decisions = decide_open(state, events)
        for each in decisions:
            match each:
                case Made(number, _, readers):
                    group_of |= dict.fromkeys(readers, number)
                case Assigned(number, endpoint):
                    endpoint_of[number] = endpoint
                case Quarantined(number):
                    quarantined.add(number)
                case _:
                    pass
        for reader, group in enumerate(state.group_of):
            told = endpoint_of.get(group_of.get(reader, NONE), NOWHERE)
            assert told == (state.groups[group].endpoint if group != NONE else NOWHERE)
        assert {reader for reader, group in group_of.items() if group in quarantined} == state.given_up


def test_who_was_alone_on_a_blocked_endpoint_is_not_served_again() -> None:
    state, _ = decide_open(OpenState(SMALL), [Joined(0), *map(Added, range(20))])
    state, _ = decide_open(state, [Blocked(state.groups[state.group_of[0]].endpoint)])
    for _ in range(5):
        state, _ = decide_open(state, [])
    assert state.given_up == {0}
    assert state.group_of == [NONE]


def test_without_blocks_everybody_is_let_in() -> None:
    state, _ = decide_open(OpenState(SMALL), [*map(Joined, range(60)), *map(Added, range(40))])
    assert 0 < sum(group != NONE for group in state.group_of) <= 30 + SMALL.crowd
    for _ in range(30):
        state, _ = decide_open(state, [])
    assert NONE not in state.group_of


@given(st.floats(0.001, 0.2), st.integers(1, 60))
def test_the_estimate_finds_the_share_it_was_made_from(share: float, size: int) -> None:
    trials, expected = 5_000, 1 - (1 - share) ** size
    hits = round(trials * expected)
    if 20 < hits < trials - 20:
        found = estimate([(True, size)] * hits + [(False, size)] * (trials - hits), 0.0)
        assert found == pytest.approx(share, rel=0.3)


def test_the_estimate_without_blocks_is_the_guess() -> None:
    assert estimate([(False, 50)] * 9, 0.002) == 0.002
    assert estimate([], 0.002) == 0.002


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([Joined(5)], id="a number is left out"),
        pytest.param([Joined(0)], id="a reader joins twice"),
        pytest.param([Added(1)], id="added twice"),
        pytest.param([Added(3)], id="added after a loss"),
        pytest.param([Blocked(9)], id="blocked, never added"),
    ],
)
def test_events_that_cannot_be_are_refused(events: list[Event]) -> None:
    state, _ = decide_open(OpenState(SMALL), [Joined(0), *map(Added, range(4))])
    state, _ = decide_open(state, [Lost(3)])
    with pytest.raises(ValueError, match=r"endpoint|readers"):
        decide_open(state, events)


@pytest.mark.parametrize(("soonest", "guests_alone"), [(1, True), (3, False)])
def test_who_came_after_a_block_is_not_suspected(soonest: int, guests_alone: bool) -> None:
    """Guests of two days ago did it when blocks are noticed at once, and cannot have when they never are."""
    state = OpenState(
        OpenSettings(reserve=0.0),
        day=10,
        suspicion=[0.1, 0.1],
        group_of=[0, 1],
        was_blamed=[False, False],
        was_tried=[True, True],
        groups={0: Group(0, (0,), 7, 1), 1: Group(1, (1,), 7, 9)},
        next_group=2,
        used={7: [0, 1]},
        soonest=soonest,
    )
    after, _ = decide_open(state, [Blocked(7)])
    assert after.late == soonest - 1
    host, guest = after.suspicion
    if guests_alone:
        assert guest > host
    else:
        assert guest == 0.1
        assert host > 0.99


@pytest.mark.parametrize(("ages", "late"), [([3, 2, 1, 2], [2, 1, 0, 0]), ([9, 2], [0, 1]), ([5], [4])])
def test_how_late_blocks_are_noticed_is_learnt(ages: list[int], late: list[int]) -> None:
    """What takes long says nothing: it may be a patient informer."""
    state = OpenState(day=50)
    for age, expected in zip(ages, late, strict=True):
        reader = len(state.suspicion)
        state.suspicion.append(0.1)
        state.group_of.append(reader)
        state.was_blamed.append(False)
        state.was_tried.append(True)
        state.groups[reader] = Group(reader, (reader,), reader, state.day + 1 - age)
        state.used[reader] = [reader]
        state, _ = decide_open(state, [Blocked(reader)])
        assert state.late == expected


def test_trials_that_are_not_over_count_for_the_estimate() -> None:
    """One block among many groups of the first day says that few inform, not that all do."""
    how = OpenSettings(cap=50, pilot=1.0, reserve=0.0, guess=0.01, pace=0.1)
    state, _ = decide_open(OpenState(how), [*map(Joined, range(400)), *map(Added, range(40))])
    assert len(state.used) > 10
    state, _ = decide_open(state, [Blocked(min(state.used)), *map(Added, range(40, 50))])
    blamed = [reader for reader in range(400) if state.was_blamed[reader]]
    assert blamed
    assert all(state.group_of[reader] != NONE for reader in blamed)
    assert all(state.suspicion[reader] < 0.2 for reader in blamed)
