"""What a run learns of the network and of endpoints: each rule by itself, at exact instants."""

import pytest

from mirror.client.network import (
    ANSWER_HEAD,
    ANSWER_PATIENCE,
    CONNECT_PATIENCE,
    DEEPEST_QUEUE,
    FIRST_PENALTY,
    FIRST_RATE,
    FIRST_WINDOW,
    LEAST_PATIENCE,
    LEAST_WINDOW,
    LONGEST_CONNECT_PATIENCE,
    LONGEST_GAP,
    LONGEST_PATIENCE,
    LONGEST_PENALTY,
    NEW_RATE,
    OPEN_BYTES,
    PROBE_AFTER,
    PROBE_GROWTH,
    SAFE_BYTES,
    TLS_OPENING,
    Curtain,
    Fetched,
    Network,
    Smoothed,
    Standing,
)
from mirror.limits import MAX_FETCHES, MAX_PIECE


def gave(
    network: Network,
    name: str = "a",
    *,
    connect: float | None = None,
    answer: float = 0.1,
    took: float = 0.2,
    size: int = MAX_PIECE,
) -> None:
    network.gave(Fetched(name, connect, answer, took, size))


# --- endpoints -----------------------------------------------------------------------------------


def test_each_failure_in_a_row_doubles_the_rest_to_a_bound_and_a_good_answer_ends_the_row() -> None:
    network = Network(["a"])
    now, rests = 0.0, []
    for _ in range(10):
        assert network.may_ask("a", now)
        network.failed("a", now)
        free_at = network.endpoints["a"].free_at
        rests.append(free_at - now)
        assert not network.may_ask("a", free_at - 0.01)
        now = free_at
    assert rests == pytest.approx([min(FIRST_PENALTY * 2**row, LONGEST_PENALTY) for row in range(10)])
    gave(network)
    assert network.endpoints["a"].standing is Standing.PROVEN
    network.failed("a", now)
    assert network.endpoints["a"].free_at - now == FIRST_PENALTY


def test_what_fails_together_counts_once() -> None:
    network = Network(["a"])
    for _ in range(5):
        network.failed("a", 1.0)
    assert network.endpoints["a"].strikes == 1


def test_who_lied_is_out_whatever_it_does_next() -> None:
    network = Network(["a"])
    network.lied("a")
    gave(network)
    assert not network.may_ask("a", 1e9)
    network.failed("a", 0.0)
    assert network.endpoints["a"].standing is Standing.OUT


def test_the_quicker_and_less_busy_costs_less() -> None:
    network = Network(["a", "b"])
    gave(network, "a", took=0.4)
    gave(network, "b", took=0.2)
    assert network.cost("b") < network.cost("a")
    network.endpoints["b"].under_way = 5
    assert network.cost("b") > network.cost("a")


# --- how long to wait ----------------------------------------------------------------------------


def test_means_and_strays_are_smoothed_as_tcp_does() -> None:
    smoothed = Smoothed()
    smoothed.add(1.0)
    assert smoothed.most == 1.0 + 4 * 0.5
    smoothed.add(2.0)
    assert (smoothed.mean, smoothed.stray) == (1 + 1 / 8, 0.5 + 0.5 / 4)
    assert smoothed.most == smoothed.mean + 4 * smoothed.stray


def test_the_first_waits_are_fixed_and_the_next_are_learnt_of_all() -> None:
    network = Network(["a", "b"])
    assert (network.connect_patience("b"), network.patience("b")) == (CONNECT_PATIENCE, ANSWER_PATIENCE)
    gave(network, "a", connect=0.5, answer=2.0)
    assert network.connect_patience("b") == 1.5
    assert network.patience("b") == 6.0


def test_two_answers_of_its_own_tell_more_than_those_of_others() -> None:
    network = Network(["a", "b"])
    for _ in range(2):
        gave(network, "a", answer=2.0)
    for _ in range(9):
        gave(network, "b", answer=0.5)
    assert network.patience("a") == 2.0 + 4 * 0.75
    assert network.patience("b") < 1.0


def test_no_wait_is_learnt_that_is_too_short_or_too_long() -> None:
    network = Network(["a"])
    gave(network, connect=0.001, answer=0.001)
    assert network.connect_patience("a") == CONNECT_PATIENCE
    assert network.patience("a") == LEAST_PATIENCE
    network = Network(["a"])
    gave(network, connect=30.0, answer=30.0)
    assert network.connect_patience("a") == LONGEST_CONNECT_PATIENCE
    assert network.patience("a") == LONGEST_PATIENCE


def test_what_is_under_way_is_waited_for() -> None:
    network = Network(["a"])
    network.under_way = 5
    assert network.patience("a") == ANSWER_PATIENCE + 5 * MAX_PIECE / FIRST_RATE
    network.rate = 4_000.0
    assert network.patience("a") == ANSWER_PATIENCE + 5 * MAX_PIECE / 4_000


# --- the link ------------------------------------------------------------------------------------


def test_the_rate_is_that_of_bodies_that_come_and_is_smoothed() -> None:
    network = Network(["a"])
    network.flowed(1_000, 0.1)
    assert network.rate is None, "no answer is in its body"
    network.streams(1, 1.0)
    network.flowed(1_000, 1.1)
    assert network.rate == pytest.approx(10_000)
    network.flowed(2_000, 1.2)
    assert network.rate == pytest.approx(10_000 + NEW_RATE * 10_000)
    known = network.rate
    network.flowed(1_000, 1.2 + LONGEST_GAP + 0.1)
    assert network.rate == known, "a stall is not the link's rate"
    network.streams(-1, 3.0)
    network.flowed(1_000, 3.1)
    assert network.rate == known


def test_the_window_opens_by_one_until_there_is_a_queue_and_slowly_after_it() -> None:
    network = Network(["a"])
    gave(network)
    assert network.window == FIRST_WINDOW + 1
    gave(network, took=0.6)
    shrunk = (FIRST_WINDOW + 1) * 0.85
    assert network.window == pytest.approx(shrunk)
    gave(network)
    assert network.window == pytest.approx(shrunk + 1 / shrunk)
    for _ in range(200):
        gave(network, took=0.6)
    assert network.window == LEAST_WINDOW
    for _ in range(2_000):
        gave(network)
    assert network.window == MAX_FETCHES


def test_what_a_small_file_takes_says_nothing_of_the_link() -> None:
    network = Network(["a"])
    gave(network, size=MAX_PIECE // 2)
    assert network.window == FIRST_WINDOW
    gave(network, size=MAX_PIECE // 2 + 1)
    assert network.window == FIRST_WINDOW + 1


def test_pieces_on_new_and_on_kept_connections_are_measured_apart() -> None:
    network = Network(["a"])
    gave(network, took=0.2)
    gave(network, connect=0.3, took=0.6)
    assert network.window == FIRST_WINDOW + 2, "the first of its kind waited in no queue"


def test_a_slow_link_is_not_filled_for_longer_than_a_deadline() -> None:
    network = Network(["a"])
    assert network.room == FIRST_WINDOW
    network.rate = 4 * MAX_PIECE / DEEPEST_QUEUE
    assert network.room == 4
    network.rate = 1.0
    assert network.room == LEAST_WINDOW
    network.rate = 1e9
    assert network.room == FIRST_WINDOW


# --- the curtain ---------------------------------------------------------------------------------


def used(network: Network, size: int = MAX_PIECE, name: str = "a") -> int:
    """A line that has carried one answer, idle."""
    line = network.open_line(name)
    network.carried(line, size)
    return line


def curtain_of(network: Network) -> Curtain:
    """What is thought of the curtain now; a type checker would take the first answer for the last."""
    return network.curtain


def test_a_connection_is_filled_to_what_is_safe_openings_and_heads_included() -> None:
    network = Network(["a", "tls"], {"tls": TLS_OPENING})
    for name, opening in (("a", 0), ("tls", TLS_OPENING)):
        line = network.open_line(name)
        for count in range(1, 20):
            network.carried(line, 0)
            fits = opening + count * ANSWER_HEAD + MAX_PIECE + ANSWER_HEAD <= SAFE_BYTES
            assert (network.idle_line(name, may_probe=False) == line) is fits, (name, count)
            assert network.has_idle(name) is fits


def test_one_connection_at_a_time_is_sent_further_and_only_with_leave() -> None:
    network = Network(["a", "b"])
    first, second = used(network), used(network)
    other = used(network, name="b")
    assert network.idle_line("a", may_probe=False) is None
    assert network.idle_line("a", may_probe=True) == first
    assert network.idle_line("b", may_probe=True) is None
    network.lines[first].is_busy = True
    assert network.idle_line("a", may_probe=True) is None
    assert network.lines.keys() == {first, second, other}
    network.close_line(first)
    busy = used(network)
    network.lines[second].is_busy = True
    assert network.idle_line("a", may_probe=True) == busy
    network.lines[second].is_busy = False
    assert network.idle_line("a", may_probe=True) == busy, "the one that was begun with goes on"
    network.close_line(busy)
    assert network.idle_line("a", may_probe=True) == second
    network.lines[network.open_line("a")].is_busy = False
    assert network.idle_line("b", may_probe=True) is None
    network.close_line(second)
    assert network.idle_line("b", may_probe=True) == other, "a probe that is gone is none"


def test_a_connection_that_carried_far_more_opens_the_curtain() -> None:
    network = Network(["a"])
    line = used(network)
    assert curtain_of(network) is Curtain.UNKNOWN
    network.carried(line, OPEN_BYTES - network.lines[line].carried - ANSWER_HEAD)
    assert curtain_of(network) is Curtain.OPEN
    assert network.idle_line("a", may_probe=False) == line
    assert network.has_idle("a")
    assert not network.is_spent(line)


def test_only_a_kept_connection_that_stops_beyond_what_is_safe_shows_a_curtain() -> None:
    network = Network(["a", "tls"], {"tls": TLS_OPENING})
    assert not network.stopped(network.open_line("a"), MAX_PIECE - 1), "its first answer"
    assert not network.stopped(network.open_line("tls"), MAX_PIECE - 1)
    small = used(network, 1_000)
    assert not network.stopped(small, 2_000)
    assert curtain_of(network) is Curtain.UNKNOWN
    assert network.stopped(small, SAFE_BYTES - MAX_PIECE)
    assert curtain_of(network) is Curtain.FROZEN


def test_behind_a_curtain_a_spent_connection_is_not_used_again_until_a_probe_is_due() -> None:
    network = Network(["a"])
    assert network.stopped(used(network), 5_000)
    line = used(network)
    assert network.is_spent(line)
    assert network.idle_line("a", may_probe=True) is None
    for _ in range(PROBE_AFTER - 1):
        used(network)
    assert not network.is_spent(line)
    assert network.idle_line("a", may_probe=True) is not None


def test_each_probe_that_freezes_makes_the_next_one_rarer_and_one_that_passes_ends_that() -> None:
    network = Network(["a"])
    network.stopped(used(network), 5_000)
    for _ in range(PROBE_AFTER):
        used(network)
    probe = network.idle_line("a", may_probe=True)
    assert probe is not None
    assert not network.is_spent(probe)
    network.stopped(probe, 5_000)
    network.close_line(probe)
    for _ in range(PROBE_AFTER):
        used(network)
    assert network.idle_line("a", may_probe=True) is None
    for _ in range(PROBE_AFTER * (PROBE_GROWTH - 1)):
        used(network)
    probe = network.idle_line("a", may_probe=True)
    assert probe is not None
    network.carried(probe, OPEN_BYTES)
    assert curtain_of(network) is Curtain.OPEN
    frozen = used(network, 1_000)
    network.stopped(frozen, 5_000)
    for line in (probe, frozen):
        network.close_line(line)
    assert network.idle_line("a", may_probe=True) is None
    for _ in range(PROBE_AFTER):
        used(network)
    assert network.idle_line("a", may_probe=True) is not None


def test_behind_a_wider_curtain_connections_are_filled_to_its_width() -> None:
    network = Network(["a"])
    wide = used(network, 20_000)
    network.stopped(wide, 5_000)
    network.close_line(wide)
    assert network.safe == 20_000 + ANSWER_HEAD
    line = used(network, 9_000)
    assert network.idle_line("a", may_probe=False) == line, "10 240 more are within what that one carried"
    network.stopped(used(network, 1_000), 5_000)
    assert network.safe == SAFE_BYTES, "and no less than what was always safe"
