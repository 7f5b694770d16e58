"""The splitting policy: what holds after every day, whatever happens."""

from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.histories import SMALL, chain, histories, run, told, whole
from mirror.rotation.policy import decide
from mirror.rotation.policy_state import (
    NONE,
    NOWHERE,
    Added,
    Assigned,
    Blocked,
    Event,
    Joined,
    Lost,
    Made,
    Quarantined,
    Retired,
    Settings,
    Split,
    State,
)
from mirror.rotation.policy_tree import NOBODY, Tree


@settings(max_examples=60, deadline=None)
@given(histories())
def test_every_day_leaves_everybody_in_one_cohort_and_nobody_on_a_dead_endpoint(
    days: list[list[Event]],
) -> None:
    state, gone = State(SMALL), set()
    for events in days:
        state, decisions = decide(state, events)
        gone |= {each.endpoint for each in events if isinstance(each, Lost | Blocked)}
        whole(state)
        assert gone <= state.gone
        assert all(each.endpoint not in gone for each in decisions if isinstance(each, Assigned))


@settings(max_examples=60, deadline=None)
@given(histories())
def test_whoever_moves_finds_room(days: list[list[Event]]) -> None:
    # Readers join cohorts by themselves, so only what the policy hands out that day is bounded by it.
    state = State(SMALL)
    for events in days:
        state, decisions = decide(state, events)
        for each in decisions:
            if isinstance(each, Assigned) and each.endpoint != NOWHERE:
                assert state.load(each.endpoint) <= SMALL.cap
                assert len(state.used[each.endpoint]) <= SMALL.guests


@settings(max_examples=60, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_within_a_day_never_matters(days: list[list[Event]], random: object) -> None:
    shuffled = [sorted(events, key=lambda _: random.random()) for events in days]  # type: ignore[attr-defined]
    first, answers = run(days)
    second, others = run([*shuffled[:-1], shuffled[-1] * 2])
    assert asdict(first) == asdict(second)
    assert answers == others


@settings(max_examples=50, deadline=None)
@given(histories())
def test_what_was_is_left_alone(days: list[list[Event]]) -> None:
    before, _ = run(days[:-1])
    kept = asdict(before)
    decide(before, days[-1])
    assert asdict(before) == kept


@settings(max_examples=60, deadline=None)
@given(histories())
def test_decisions_alone_tell_the_publisher_everything(days: list[list[Event]]) -> None:
    """Branches, assignments and quarantine, as decided, give each reader's endpoint."""
    inviter: list[int] = []
    cohort_at: dict[int, int] = {}  # a branch's top -> its cohort
    endpoint_of: dict[int, int] = {}
    quarantined: set[int] = set()
    state = State(SMALL)
    for events in days:
        state, decisions = decide(state, events)
        inviter += [each.inviter for each in sorted(e for e in events if isinstance(e, Joined))]
        for each in decisions:
            match each:
                case Made(cohort, _, branches):
                    cohort_at |= dict.fromkeys(branches, cohort)
                    endpoint_of[cohort] = NOWHERE
                case Assigned(cohort, endpoint):
                    endpoint_of[cohort] = endpoint
                case Quarantined(cohort):
                    quarantined.add(cohort)
                case Split() | Retired():
                    pass
        for reader in range(len(inviter)):
            at = reader
            while at not in cohort_at:
                at = inviter[at]
            cohort = cohort_at[at]
            assert cohort == state.cohort_of[reader]
            assert endpoint_of[cohort] == state.cohorts[cohort].endpoint
            assert (cohort in quarantined) == state.cohorts[cohort].is_quarantined


@settings(max_examples=60, deadline=None)
@given(histories())
def test_every_split_is_along_the_tree(days: list[list[Event]]) -> None:
    """A cut divides a cohort into ranges of the layout, or takes newcomers or revoked branches out of it."""
    state = State(replace(SMALL, dense=0, recent=0))
    for events in days:
        before = state
        state, decisions = decide(before, events)
        tree = Tree(state.inviter)
        for each in decisions:
            if isinstance(each, Split):
                # Newcomers, whom R3 takes out of their cohort, are scattered over it.
                parts = [
                    state.cohorts[number].members
                    for number in (each.cohort, *each.into)
                    if number in state.cohorts
                    and not state.cohorts[number].is_quarantined
                    and min(state.joined[reader] for reader in state.cohorts[number].members) < state.day
                ]
                spans = sorted((min(at), max(at)) for at in ([tree.position[r] for r in p] for p in parts))
                assert all(left[1] < right[0] for left, right in pairwise(spans))


@given(st.data())
def test_the_layout_holds_every_branch_as_a_range(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60))
    inviter = [data.draw(st.integers(NOBODY, reader - 1)) for reader in range(count)]
    tree = Tree(inviter)
    assert sorted(tree.order) == list(range(count))

    def is_below(reader: int, top: int) -> bool:
        while reader not in (NOBODY, top):
            reader = inviter[reader]
        return reader == top

    for top in range(count):
        assert tree.branch(top)[0] == top
        assert sorted(tree.branch(top)) == [each for each in range(count) if is_below(each, top)]
    parts = data.draw(st.integers(1, 8))
    cut = tree.cut(range(count), parts)
    assert [reader for part in cut for reader in part] == tree.order
    assert len(cut) == min(parts, count)
    assert all(cut)
    assert max(map(len, cut)) <= 1.5 * count / len(cut) + 1


def test_an_informer_alone_is_found_and_only_he() -> None:
    state = State(replace(SMALL, dense=0))
    state = told(state, *chain(16), *map(Added, range(100)))
    for _ in range(12):
        cohort = state.cohorts[state.cohort_of[7]]
        if cohort.is_quarantined:
            break
        state = told(state, Blocked(cohort.endpoint))
    assert state.located == {7}
    assert [reader for c in state.cohorts.values() if c.is_quarantined for reader in c.members] == [7]
    assert all(cohort.endpoint != NOWHERE for cohort in state.cohorts.values() if not cohort.is_quarantined)


def test_nobody_is_located_on_an_endpoint_that_another_may_know() -> None:
    # Readers 0 and 1 are alone; there is one endpoint for both, which is then blocked.
    how = Settings(cap=12, smallest=1, opening=1.0, guest_days=0)
    state = told(State(how), Joined(0), Added(0))
    state = told(state, Joined(1))
    state = told(state)
    assert state.cohorts[state.cohort_of[1]].endpoint == 0
    state = told(state, Blocked(0), Added(1), Added(2))
    assert state.located == set()
    assert not any(cohort.is_quarantined for cohort in state.cohorts.values())
    # Now each has his own: the next block is proof.
    state = told(state, Blocked(state.cohorts[state.cohort_of[1]].endpoint))
    assert state.located == {1}


def test_the_invited_share_the_fate_of_their_inviter() -> None:
    state = State(replace(SMALL, dense=0))
    state = told(state, Joined(0), *map(Added, range(40)))
    state = told(state, Blocked(state.cohorts[0].endpoint))
    assert state.located == {0}
    state = told(state, Joined(1, 0), Joined(2, 1))
    assert state.cohort_of[1] == state.cohort_of[2] == state.cohort_of[0]


def test_a_newcomer_is_blamed_before_those_who_were_there() -> None:
    state = told(State(SMALL), *chain(8), *map(Added, range(60)))
    for _ in range(10):
        state = told(state)
    cohort = state.cohort_of[0]
    state = told(state, Joined(8, 0))
    state = told(state, Blocked(state.cohorts[cohort].endpoint))
    assert state.cohorts[state.cohort_of[8]].members == [8]
    assert 8 not in state.cohorts[cohort].members
    assert state.cohorts[cohort].burns == 0


def test_dense_branches_are_quarantined_and_sparse_ones_are_not() -> None:
    for dense, expected in ((12, True), (2, False)):
        how = Settings(cap=50, smallest=2, kept=1, dense=dense, recent=0, informers=2)
        tree = [Joined(0), *(Joined(reader, 0) for reader in range(1, 60))]
        # Reader 60 invites ten; two of them tell.
        tree += [Joined(60, 0), *(Joined(reader, 60) for reader in range(61, 71))]
        state = told(State(how), *tree, *map(Added, range(200)))
        for informer in (62, 68):
            for _ in range(10):
                cohort = state.cohorts[state.cohort_of[informer]]
                if cohort.is_quarantined:
                    break
                state = told(state, Blocked(cohort.endpoint))
        assert {62, 68} <= state.located
        assert state.cohorts[state.cohort_of[65]].is_quarantined is expected
        assert not state.cohorts[state.cohort_of[10]].is_quarantined


@pytest.mark.parametrize(("days", "guests_alone"), [(0, True), (9, False)])
def test_a_guest_is_blamed_before_his_hosts_while_he_is_new(days: int, guests_alone: bool) -> None:
    how = Settings(cap=12, smallest=1, opening=1.0, guest_days=2)
    state = told(State(how), *chain(8), Added(0), Added(1))
    for _ in range(5):
        state = told(state)
    state = told(state, Joined(8), Joined(9, 8))
    shared = state.cohorts[state.cohort_of[8]].endpoint
    (host,) = set(state.used[shared]) - {state.cohort_of[8]}
    members = state.cohorts[host].members.copy()
    for _ in range(days):
        state = told(state)
    state = told(state, Blocked(shared), *map(Added, range(2, 10)))
    assert [state.cohorts[state.cohort_of[reader]].members for reader in (8, 9)] == [[8], [9]]
    assert (host in state.cohorts) is guests_alone
    if guests_alone:
        assert state.cohorts[host].members == members
        assert state.cohorts[host].burns == 0


def test_a_guest_goes_only_where_there_is_room() -> None:
    how = Settings(cap=12, smallest=1, opening=1.0, guest_days=2)
    state = told(State(how), *chain(10), Added(0))
    for _ in range(5):
        state = told(state)
    state = told(state, Joined(10), Joined(11, 10), Joined(12, 11))
    assert state.cohorts[state.cohort_of[10]].endpoint == NOWHERE
    state = told(state, Joined(13))
    assert state.cohorts[state.cohort_of[13]].endpoint == 0


@pytest.mark.parametrize(("guests", "has_room"), [(2, False), (3, True)])
def test_an_endpoint_has_few_suspects(guests: int, has_room: bool) -> None:
    state = State(Settings(cap=12, smallest=1, opening=1.0, guest_days=1, guests=guests))
    state = told(state, *chain(4), Added(0))
    for reader in (4, 5):
        for _ in range(4):
            state = told(state)
        state = told(state, Joined(reader))
    assert state.cohorts[state.cohort_of[4]].endpoint == 0
    assert (state.cohorts[state.cohort_of[5]].endpoint == 0) is has_room


def test_informers_elsewhere_do_not_make_a_branch_dense() -> None:
    how = Settings(cap=50, smallest=2, kept=1, dense=2, recent=0)
    tree = [Joined(0), *(Joined(reader, 0) for reader in range(1, 60))]
    tree += [Joined(60, 0), *(Joined(reader, 60) for reader in range(61, 71))]
    state = told(State(how), *tree, *map(Added, range(300)))
    for informer in (10, 20, 30, 40, 50, 62, 68):
        while not state.cohorts[state.cohort_of[informer]].is_quarantined:
            state = told(state, Blocked(state.cohorts[state.cohort_of[informer]].endpoint))
    assert state.located == {10, 20, 30, 40, 50, 62, 68}
    assert {r for c in state.cohorts.values() if c.is_quarantined for r in c.members} == state.located


def test_many_informers_below_one_do_not_condemn_his_inviter() -> None:
    # 0 invited 1, an honest reader; 1 invited 2, an informer, who invited seven more, and ten honest ones.
    how = Settings(cap=50, smallest=2, kept=1, dense=12, recent=0)
    tree = [Joined(0), Joined(1, 0), Joined(2, 1), *(Joined(reader, 2) for reader in range(3, 10))]
    tree += [Joined(reader, 1) for reader in range(10, 20)]
    state = told(State(how), *tree, *map(Added, range(300)))
    informers = range(2, 10)
    for _ in range(20):
        on = {state.cohorts[state.cohort_of[reader]].endpoint for reader in informers} - {NOWHERE}
        state = told(state, *map(Blocked, sorted(on)))
    given_up = {r for c in state.cohorts.values() if c.is_quarantined for r in c.members}
    assert given_up == set(informers)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([Joined(2, 0)], id="a number is left out"),
        pytest.param([Joined(0, 0)], id="a reader joins twice"),
        pytest.param([Joined(1, 1)], id="invited by oneself"),
        pytest.param([Joined(1, -2)], id="invited by no number"),
        pytest.param([Added(0)], id="added twice"),
        pytest.param([Added(3)], id="added after a block"),
        pytest.param([Blocked(9)], id="blocked, never added"),
        pytest.param([Lost(9)], id="lost, never added"),
    ],
)
def test_events_that_cannot_be_are_refused(events: list[Event]) -> None:
    state = told(State(SMALL), Joined(0), *map(Added, range(4)))
    state = told(state, Lost(3))
    with pytest.raises(ValueError, match=r"endpoint|readers"):
        decide(state, events)


def test_a_block_told_twice_or_of_what_was_lost_changes_nothing() -> None:
    state = told(State(SMALL), *chain(8), *map(Added, range(20)))
    state = told(state, Blocked(state.cohorts[state.cohort_of[0]].endpoint))
    again, decisions = decide(state, [Blocked(each) for each in state.gone])
    assert decisions == ()
    assert asdict(again) == asdict(replace(state, day=state.day + 1))


def test_made_cohorts_name_the_cohort_they_were_cut_from() -> None:
    state, answers = run([[*chain(16), *map(Added, range(20))]], replace(SMALL, smallest=4))
    made = [each for each in answers[0] if isinstance(each, Made)]
    assert sorted(top for each in made for top in each.branches) == sorted(
        Tree(state.inviter).tops(c.members)[0] for c in state.cohorts.values()
    )
    first = state.cohort_of[0]
    after, decisions = decide(state, [Blocked(state.cohorts[first].endpoint)])
    parents = {each.parent for each in decisions if isinstance(each, Made)}
    assert parents == {first}
    assert {each.cohort for each in decisions if isinstance(each, Split)} == {first}
    assert NONE not in parents
    assert first not in after.cohorts


@pytest.mark.parametrize(
    "wrong",
    [{"opening": 0.0}, {"reserve": 1.0}, {"cap": 0}, {"parts": 1}, {"recent": -1}, {"informers": 0}],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"policy|share"):
        replace(SMALL, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("late", [0, 2])
def test_how_late_blocks_are_noticed_is_learnt(late: int) -> None:
    """Once one block was told as soon as it could be, those who came after the next one are not blamed."""
    state = State(Settings(cap=50, smallest=6, opening=1.0))
    people = [Joined(0), *(Joined(reader, 0) for reader in range(1, 12))]
    state = told(state, *people, *map(Added, range(4)))
    first, second = sorted(state.used)
    for _ in range(late):
        state = told(state)
    state = told(state, Blocked(first))
    assert state.late == late
    while state.day < 20:
        state = told(state)
    host = state.used[second][0]
    inviter = state.cohorts[host].members[0]
    suspect = len(state.inviter)
    state = told(state, Joined(suspect, inviter))  # on the day of the block
    later = range(suspect + 1, suspect + 2 + late)
    for reader in later[:-1]:
        state = told(state, Joined(reader, inviter))
    state = told(state, Joined(later[-1], inviter), Blocked(second))
    assert state.cohorts[state.cohort_of[suspect]].members == [suspect]
    assert {state.cohort_of[reader] for reader in later} == {host}


@pytest.mark.parametrize(("added", "guests"), [(6, 0), (8, 0), (16, 1), (32, 3)])
def test_who_was_blamed_is_a_guest_only_while_there_are_endpoints_to_risk(added: int, guests: int) -> None:
    how = Settings(cap=200, smallest=30, opening=1.0, guest_days=2, kept=99)
    people = [Joined(0), *(Joined(reader, 0) for reader in range(1, 30 * added))]
    state = told(State(how), *people, *map(Added, range(added)))
    for _ in range(4):
        state = told(state)
    assert not state.stock
    state = told(state, Blocked(min(state.used)))
    blamed = [cohort for cohort in state.cohorts.values() if cohort.burns]
    assert [len(cohort.members) for cohort in blamed] == [10, 10, 10]
    assert sum(cohort.endpoint != NOWHERE for cohort in blamed) == guests
