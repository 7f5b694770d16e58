"""The plan in virtual time: what it may never do, whatever hosts do; and how it copes with each."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.simulated import DEADLINE, Host, Simulation, Story
from mirror.client.attempt import ENDS, STEPS, Event, Step
from mirror.client.network import (
    CURTAINS,
    PROBE_AFTER,
    STANDINGS,
    Curtain,
    Deed,
    Fetched,
    Network,
    Sight,
    Standing,
)
from mirror.client.plan import DESPAIR_SECONDS, TRIES, TRIES_SILENT, WRONG, GiveUp, Plan, Start, Stop
from mirror.limits import MAX_CONNECTIONS, MAX_PIECE
from mirror.net import ABSENT, FAILURES

DEAD = Host(connect=None)
GOOD = Host()
LIAR = Host(lies=True)


def pieces(count: int) -> list[str]:
    return [f"piece {number}" for number in range(count)]


def play(
    hosts: list[Host], count: int = 1, *, link: float | None = None, network: Network | None = None
) -> Story:
    return Simulation(hosts, pieces(count), random.Random(1), link=link, network=network).run()


# --- whatever happens ----------------------------------------------------------------------------

seconds = st.sampled_from([0.0, 0.01, 0.1, 0.5, 2.0, 9.0])
hosts = st.builds(
    Host,
    connect=st.none() | seconds,
    answer=seconds,
    rate=st.sampled_from([100.0, 500.0, 4_000.0, 50_000.0, 1e6, 1e9]),
    lies=st.booleans(),
    fails=st.sampled_from(["", "", "", *sorted(FAILURES - {"too-long"})]),
    freeze=st.sampled_from([None, None, 3_000, 11_000, 16_384, 21_000, 40_000]),
    fickle=st.sampled_from([0.0, 0.0, 0.3, 1.0]),
)
links = st.sampled_from([None, 4_000.0, 30_000.0, 1e6])


@settings(max_examples=300, deadline=None)
@given(st.lists(hosts, max_size=12), st.integers(0, 30), links, st.randoms(use_true_random=False))
def test_whatever_hosts_do_each_piece_has_one_outcome_and_no_cap_is_passed(
    found: list[Host], count: int, link: float | None, chooser: random.Random
) -> None:
    """``Simulation`` asserts at each step; the order within an instant is the chooser's."""
    story = Simulation(found, pieces(count), chooser, link=link).run()
    assert len(story.gave) + len(story.given_up) == count


@settings(max_examples=150, deadline=None)
@given(st.lists(hosts, max_size=8), st.integers(1, 30), st.randoms(use_true_random=False))
def test_where_one_good_host_is_every_piece_comes(
    others: list[Host], count: int, chooser: random.Random
) -> None:
    found = [*others, GOOD]
    chooser.shuffle(found)
    story = Simulation(found, pieces(count), chooser).run()
    assert not story.given_up
    for name in story.gave.values():
        assert not found[int(name[1:])].lies


@settings(max_examples=60, deadline=None)
@given(st.lists(hosts.filter(lambda host: not host.is_good), min_size=1, max_size=5), st.integers(1, 5))
def test_what_is_given_up_is_explained(found: list[Host], count: int) -> None:
    story = play(found, count)
    for failures in story.given_up.values():
        assert failures.keys() <= FAILURES | {WRONG}
        assert sum(failures.values()) <= len(found)
    if all(not host.fickle and host.freeze is None for host in found):
        assert all(story.given_up.values()) or story.gave


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_events_out_of_turn_do_no_harm(data: st.DataObject) -> None:
    """Events of attempts that ended, twice, before their time: nothing is told twice, nothing raises."""
    network = Network(["a", "b", "c"])
    plan = Plan(network, pieces(4))
    now, known, ended = 0.0, [1], set[str]()
    for _ in range(data.draw(st.integers(5, 60))):
        now += data.draw(st.sampled_from([0.0, 0.0, 0.3, 5.0]))
        for action in plan.decide(now):
            if isinstance(action, Start):
                known.append(action.number)
                assert action.piece not in ended
            elif isinstance(action, GiveUp):
                assert action.piece not in ended
                ended.add(action.piece)
        number = data.draw(st.sampled_from([*known, 99]))
        what = data.draw(st.sampled_from(["connected", "bytes", "good", "bad", "silent", "absent"]))
        if what == "connected":
            plan.connected(number, now)
        elif what == "bytes":
            plan.received(number, data.draw(st.integers(0, MAX_PIECE)), now)
        elif what == "good":
            plan.verified(number, now)
        elif what == "bad":
            plan.wrong(number)
        else:
            plan.failed(number, what, now)
    plan.cancel()
    assert plan.is_done
    assert network.under_way == 0
    assert not any(line.is_busy for line in network.lines.values())


def test_the_tables_are_whole() -> None:
    assert STANDINGS.keys() == {(standing, deed) for standing in Standing for deed in Deed}
    assert CURTAINS.keys() == {(curtain, sight) for curtain in Curtain for sight in Sight}
    assert {step for step, _ in STEPS} == set(Step) - ENDS
    for step in set(Step) - ENDS:
        assert {STEPS[step, event] for event in Event if (step, event) in STEPS} >= ENDS
    assert {STANDINGS[Standing.OUT, deed] for deed in Deed} == {Standing.OUT}


def test_an_unknown_failure_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="failure"):
        Plan(Network(["a"]), ["x"]).failed(1, "bored", 0.0)


# --- rules ---------------------------------------------------------------------------------------


def test_p1_a_liar_is_asked_once_and_what_it_still_sends_is_not_waited_for() -> None:
    story = play([LIAR, LIAR, Host(connect=0.2)], 30)
    assert set(story.gave.values()) == {"m2"}
    network = Network(["a", "b"])
    plan = Plan(network, pieces(6))
    network.gave(Fetched("a", 0.1, 0.1, 0.1, 100))
    first = [action for action in plan.decide(0.0) if isinstance(action, Start) and action.endpoint == "a"]
    assert len(first) > 1
    plan.wrong(first[0].number)
    stopped = {action.number for action in plan.decide(0.1) if isinstance(action, Stop)}
    assert stopped == {start.number for start in first[1:]}


def test_p2_who_lacks_a_piece_is_not_asked_for_it_again_and_keeps_its_standing() -> None:
    story = play([Host(fails=ABSENT)], 3)
    assert story.asked == {"m0": 3}
    assert story.given_up["piece 0"] == {ABSENT: 1}
    network = Network(["a"])
    plan = Plan(network, ["x"])
    (start,) = plan.decide(0.0)
    assert isinstance(start, Start)
    plan.failed(start.number, ABSENT, 0.1)
    assert network.may_ask("a", 0.1)


@pytest.mark.parametrize("code", sorted(FAILURES - {ABSENT, "too-long"}))
def test_p3_other_failures_are_forgiven_and_not_for_ever(code: str) -> None:
    story = play([Host(fails=code)], 1)
    assert story.given_up["piece 0"] == {code: 1}
    assert story.asked == {"m0": TRIES_SILENT if code == "silent" else TRIES}
    assert story.at > 0.5
    story = play([Host(fickle=0.5)], 40)
    assert len(story.gave) > 30


def test_p4_the_one_that_crawls_is_overtaken() -> None:
    slow = Host(rate=100.0)
    assert play([slow, GOOD], 1).at < 8
    network = Network(["m0", "m1"])
    assert play([slow, GOOD], 12, network=network).at < 8
    assert network.endpoints["m0"].standing is Standing.SLOW


def test_p4_a_race_is_decided_by_the_first_byte() -> None:
    """Two connect late; only one of them sends a whole piece."""
    story = play([Host(connect=0.4), Host(connect=0.4)], 1, link=4_000.0)
    assert story.asked == {"m0": 1, "m1": 1}
    assert story.sent <= MAX_PIECE + 2_560


def test_p5_a_narrow_link_is_waited_for_and_nothing_is_sent_twice() -> None:
    story = play([GOOD] * 10, 16, link=4_000.0)
    assert story.sent == 16 * MAX_PIECE
    assert story.at < 1.05 * 16 * MAX_PIECE / 4_000


def test_p6_the_living_one_is_found_among_the_dead() -> None:
    for place in range(10):
        found = [DEAD] * 10
        found[place] = GOOD
        assert play(found, 1).at < 1.75 + 0.3, place
    times = [play([DEAD] * count + [GOOD], 1).at for count in (9, 29, 99)]
    assert times[-1] < DEADLINE / 2
    assert times == sorted(times)


def test_p7_work_is_spread_and_nobody_is_forgotten() -> None:
    story = play([GOOD] * 8, 120)
    assert set(story.gave.values()) == {f"m{place}" for place in range(8)}


def test_p7_the_quicker_get_more() -> None:
    story = play([Host(rate=20_000.0), Host(rate=20_000.0), GOOD], 60)
    given_by_quick = sum(name == "m2" for name in story.gave.values())
    assert given_by_quick > 30


def test_p8_many_dead_never_take_all_connections() -> None:
    story = play([DEAD] * 200 + [GOOD], 40)
    assert len(story.gave) == 40
    assert story.most <= MAX_CONNECTIONS


def test_p9_nobody_at_all() -> None:
    assert play([], 2).given_up == {"piece 0": {}, "piece 1": {}}
    story = play([DEAD, LIAR, Host(fails=ABSENT)], 1)
    assert story.given_up["piece 0"] == {"silent": 1, WRONG: 1, ABSENT: 1}


def test_p9_a_network_that_dies_is_not_waited_for_piece_by_piece() -> None:
    story = play([Host(fails="unreachable")] * 3, 500)
    assert len(story.given_up) == 500
    assert story.at < DESPAIR_SECONDS + 10


def test_an_interrupted_plan_leaves_nothing_busy() -> None:
    network = Network(["a", "b"])
    plan = Plan(network, pieces(5))
    starts = [action for action in plan.decide(0.0) if isinstance(action, Start)]
    assert {stop.number for stop in plan.cancel()} == {start.number for start in starts}
    assert plan.is_done
    assert (network.under_way, network.lines) == (0, {})


# --- the curtain ---------------------------------------------------------------------------------


def test_behind_a_curtain_each_piece_gets_a_connection_and_all_come() -> None:
    network = Network([f"m{place}" for place in range(5)])
    story = play([Host(freeze=16_384)] * 5, 90, network=network)
    assert len(story.gave) == 90
    assert network.curtain is Curtain.FROZEN
    assert story.connections < 110
    free = play([Host()] * 5, 90)
    assert story.at < 2.5 * free.at


def test_without_a_curtain_connections_are_kept() -> None:
    network = Network([f"m{place}" for place in range(5)])
    story = play([GOOD] * 5, 90, network=network)
    assert network.curtain is Curtain.OPEN
    assert story.connections < 40


def test_a_curtain_that_lifts_is_noticed() -> None:
    network = Network([f"m{place}" for place in range(3)])
    seen = []
    for hosts_now, count in (([Host(freeze=16_384)] * 3, 40), ([GOOD] * 3, 8 * PROBE_AFTER)):
        play(hosts_now, count, network=network)
        seen.append(network.curtain)
    assert seen == [Curtain.FROZEN, Curtain.OPEN]


def test_a_wider_curtain_is_used_to_its_width() -> None:
    network = Network(["m0", "m1"])
    story = play([Host(freeze=60_000)] * 2, 120, network=network)
    assert len(story.gave) == 120
    assert story.connections < 60


def test_one_piece_is_never_risked_behind_an_unknown_curtain() -> None:
    """The first pieces of a run, one at a time, as for a first article: no wait for a frozen one."""
    network = Network(["m0"])
    for _ in range(3):
        assert play([Host(freeze=16_384)], 1, network=network).at < 0.5
