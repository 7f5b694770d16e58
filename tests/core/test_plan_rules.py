"""Single decisions of the plan, each at an exact instant: what hosts do is told to it by hand."""

import random
from collections import Counter

import pytest

from helpers.simulated import Host, Simulation
from mirror.client.network import CONNECT_PATIENCE, FIRST_PENALTY, Curtain, Fetched, Network, Standing
from mirror.client.plan import (
    ABANDONED_AFTER,
    DESPAIR_EACH,
    DESPAIR_SECONDS,
    EXPLORED_AT_ONCE,
    LEAST_SHARE,
    MANY_WAITING,
    TRIES,
    WRONG,
    Action,
    GiveUp,
    Plan,
    Start,
    Stop,
)
from mirror.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR, MAX_FETCHES, MAX_PIECE
from mirror.net import BROKEN, SILENT, TOO_LONG


def names(count: int) -> list[str]:
    return [f"m{place}" for place in range(count)]


def pieces(count: int) -> list[str]:
    return [f"piece {number}" for number in range(count)]


def prove(network: Network, *which: str, took: float = 0.2) -> Network:
    for name in which:
        network.gave(Fetched(name, None, 0.1, took, MAX_PIECE))
    return network


def started(actions: list[Action]) -> list[Start]:
    return [action for action in actions if isinstance(action, Start)]


def stopped(actions: list[Action]) -> list[Stop]:
    return [action for action in actions if isinstance(action, Stop)]


def only(actions: list[Action]) -> Start:
    (start,) = started(actions)
    return start


def standing(network: Network, name: str) -> Standing:
    return network.endpoints[name].standing


# --- P1, P3: who is asked again ------------------------------------------------------------------


def test_p1_an_answer_longer_than_a_piece_is_a_lie() -> None:
    network = Network(["a"])
    plan = Plan(network, ["x"])
    plan.failed(only(plan.decide(0.0)).number, TOO_LONG, 0.1)
    assert standing(network, "a") is Standing.OUT
    assert plan.decide(0.1) == [GiveUp("x", {WRONG: 1})]


def test_p3_who_was_stopped_has_not_been_tried() -> None:
    """One is overtaken again and again by another that then breaks off: its own tries are not used up."""
    network = Network(["slow", "breaks"])
    plan, now = Plan(network, ["x"]), 0.0
    running: dict[str, Start] = {}
    counts: Counter[str] = Counter()
    for _ in range(30):
        for action in plan.decide(now):
            assert not isinstance(action, GiveUp)
            if isinstance(action, Start):
                running[action.endpoint] = action
                counts[action.endpoint] += 1
            elif isinstance(action, Stop):
                del running[action.endpoint]
        if "breaks" in running:
            number = running["breaks"].number
            if "slow" in running:
                plan.received(number, 1, now)
                assert [stop.endpoint for stop in stopped(plan.decide(now))] == ["slow"]
                del running["slow"]
            plan.failed(number, BROKEN, now)
            del running["breaks"]
        now += 1.0
    assert counts["breaks"] == TRIES
    assert counts["slow"] >= TRIES
    plan.verified(running["slow"].number, now)
    assert plan.is_done


def test_p3_one_late_attempt_is_blamed_once() -> None:
    network = Network(["a"])
    plan = Plan(network, ["x"])
    start = only(plan.decide(0.0))
    plan.connected(start.number, 0.1)
    plan.decide(0.1 + network.patience("a"))
    assert network.endpoints["a"].strikes == 1
    plan.failed(start.number, SILENT, 40.0)
    assert network.endpoints["a"].strikes == 1


# --- P4: two for one piece -----------------------------------------------------------------------


def test_p4_one_endpoint_is_not_asked_twice_at_a_time_for_a_piece() -> None:
    plan = Plan(Network(["a"]), ["x"])
    only(plan.decide(0.0))
    for beat in range(1, 50):
        assert plan.decide(beat * CONNECT_PATIENCE) == []


def test_p4_bytes_that_trickle_are_overtaken_and_the_trickle_goes_on() -> None:
    """Never quiet for long, but far slower than this network is."""
    network = prove(Network(["a", "b"]), "a", "b")
    network.rate = 1e6
    plan = Plan(network, ["x"])
    slow = only(plan.decide(0.0))
    plan.connected(slow.number, 0.0)
    actions: list[Action] = []
    beat = 0
    while not actions:
        beat += 1
        assert beat < 20
        plan.received(slow.number, 10 * beat, 0.1 * beat)
        actions = plan.decide(0.1 * beat)
    quick = only(actions)
    assert (slow.endpoint, quick.endpoint, stopped(actions)) == ("a", "b", [])
    assert standing(network, "a") is Standing.SLOW, "others are asked for the next piece"
    now = 0.1 * beat + 0.1
    assert plan.verified(quick.number, now)
    (stop,) = stopped(plan.decide(now))
    assert (stop.number, stop.received, stop.is_late) == (slow.number, 10 * beat, True)


def test_p4_who_was_beaten_without_ever_connecting_has_failed() -> None:
    network = Network(["a", "b"])
    plan = Plan(network, ["x"])
    first = only(plan.decide(0.0))
    second = only(plan.decide(CONNECT_PATIENCE))
    assert standing(network, "a") is Standing.NEW, "late is not yet failed"
    plan.received(second.number, 1, 0.5)
    assert [stop.number for stop in stopped(plan.decide(0.5))] == [first.number]
    assert standing(network, "a") is Standing.SLOW


def test_p4_a_connection_told_of_twice_makes_nobody_punctual() -> None:
    network = Network(["a"])
    plan = Plan(network, ["x"])
    start = only(plan.decide(0.0))
    plan.connected(start.number, 0.1)
    plan.decide(5.0)
    assert network.under_way == 0
    plan.connected(start.number, 5.0)
    assert network.under_way == 0


# --- P7: whom to ask first -----------------------------------------------------------------------


def test_p7_the_last_pieces_try_others_and_the_first_do_not() -> None:
    network = prove(Network(names(10)), "m0")
    starts = started(Plan(network, pieces(40)).decide(0.0))
    assert len(starts) == network.room
    tried = [start for start in starts if start.endpoint != "m0"]
    assert sorted(start.piece for start in tried) == sorted(pieces(40)[-EXPLORED_AT_ONCE:])
    assert len({start.endpoint for start in tried}) == EXPLORED_AT_ONCE


def test_p7_where_few_pieces_wait_nobody_is_tried() -> None:
    network = prove(Network(names(10)), "m0")
    starts = started(Plan(network, pieces(MANY_WAITING - 1)).decide(0.0))
    assert [start.endpoint for start in starts] == ["m0"] * (MANY_WAITING - 1)


def test_p7_a_connection_that_waits_is_used_first() -> None:
    network = prove(Network(["a", "b"]), "a", "b")
    line = network.open_line("b")
    start = only(Plan(network, ["x"]).decide(0.0))
    assert (start.endpoint, start.line) == ("b", line)


def test_p7_who_failed_less_often_comes_first() -> None:
    network = Network(["a", "b"])
    for now in (0.0, 100.0):
        network.failed("a", now)
    network.failed("b", 100.0)
    assert only(Plan(network, ["x"]).decide(1_000.0)).endpoint == "b"


def test_p7_who_was_not_asked_for_the_piece_comes_before_who_was() -> None:
    network = Network(["a", "b"])
    network.failed("b", 0.0)
    plan = Plan(network, ["x"])
    first = only(plan.decide(0.0))
    plan.failed(first.number, BROKEN, 0.0)
    assert (first.endpoint, only(plan.decide(2 * FIRST_PENALTY)).endpoint) == ("a", "b")


# --- P8: how many --------------------------------------------------------------------------------


def test_p8_one_endpoint_gets_its_share_where_several_answer_and_more_where_it_is_alone() -> None:
    network = prove(Network(names(4)), "m1", "m2", "m3", took=30.0)
    prove(network, "m0", took=0.1)
    network.window = MAX_FETCHES
    starts = started(Plan(network, pieces(40)).decide(0.0))
    assert Counter(start.endpoint for start in starts)["m0"] == LEAST_SHARE
    alone = prove(Network(["m0"]), "m0")
    alone.window = MAX_FETCHES
    assert len(started(Plan(alone, pieces(40)).decide(0.0))) == MAX_CONNECTIONS_PER_MIRROR


def test_p8_no_more_goes_on_than_the_network_has_room_for() -> None:
    network = prove(Network(names(8)), *names(8))
    network.window = 5
    assert len(started(Plan(network, pieces(40)).decide(0.0))) == 5


def test_p8_where_room_is_short_the_quietest_makes_it_and_is_blamed() -> None:
    network = Network(names(MAX_CONNECTIONS + 8))
    plan, beat = Plan(network, ["x"]), 0
    starts: list[Start] = []
    while len(starts) < MAX_CONNECTIONS:
        starts += started(plan.decide(beat * CONNECT_PATIENCE))
        beat += 1
    now = beat * CONNECT_PATIENCE
    assert now < ABANDONED_AFTER
    assert plan.decide(now) == [], "late is not quiet for long"
    actions = plan.decide(now + ABANDONED_AFTER)
    assert [stop.number for stop in stopped(actions)] == [start.number for start in starts[:8]]
    assert len(started(actions)) == 8
    assert {standing(network, start.endpoint) for start in starts[:8]} == {Standing.SLOW}


# --- P9: when nothing helps ----------------------------------------------------------------------


def test_p9_a_piece_that_nobody_was_asked_for_is_explained_by_what_they_did_before() -> None:
    network = Network(["a"])
    plan = Plan(network, pieces(3))
    plan.wrong(only(plan.decide(0.0)).number)
    given_up = [action for _ in pieces(3) for action in plan.decide(0.1)]
    assert given_up == [GiveUp(piece, {WRONG: 1}) for piece in pieces(3)]


@pytest.mark.parametrize("count", [1, 100])
def test_p9_silence_is_despaired_of_later_the_longer_the_list_and_called_so(count: int) -> None:
    plan = Plan(Network(names(count)), ["x"])
    plan.decide(0.0)
    end = DESPAIR_SECONDS + DESPAIR_EACH * count
    assert not [action for action in plan.decide(end - 0.01) if isinstance(action, GiveUp)]
    (given_up,) = [action for action in plan.decide(end) if isinstance(action, GiveUp)]
    assert set(given_up.failures) == {SILENT}


def test_p9_a_link_that_brings_bytes_is_not_despaired_of() -> None:
    story = Simulation([Host()] * 2, pieces(60), random.Random(1), link=4_000.0).run()
    assert story.at > 2 * DESPAIR_SECONDS
    assert not story.given_up


# --- the curtain ---------------------------------------------------------------------------------


@pytest.mark.parametrize("is_told", [False, True])
def test_what_the_curtain_stopped_is_not_the_endpoint_s_fault(is_told: bool) -> None:
    """Quiet, or broken off by the network: the piece comes again at once, over a new connection."""
    network = prove(Network(["a"]), "a")
    line = network.open_line("a")
    network.carried(line, 2_000)
    plan = Plan(network, ["x"])
    start = only(plan.decide(0.0))
    assert start.line == line
    plan.received(start.number, 1, 0.1)
    plan.received(start.number, 6_000, 0.2)
    if is_told:
        plan.failed(start.number, BROKEN, 0.3)
        actions = plan.decide(0.3)
    else:
        actions = plan.decide(0.2 + network.patience("a"))
        assert [stop.number for stop in stopped(actions)] == [start.number]
    assert network.curtain is Curtain.FROZEN
    assert standing(network, "a") is Standing.PROVEN
    again = only(actions)
    assert (again.endpoint, again.line != line) == ("a", True)
