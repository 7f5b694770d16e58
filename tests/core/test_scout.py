"""The scout in virtual time, without a session: whom it asks, how long it waits, whom it gives up."""

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.client.network import (
    ANSWER_PATIENCE,
    CONNECT_PATIENCE,
    TLS_OPENING,
    Fetched,
    Network,
)
from mirror.client.scout import (
    ABANDONED_AFTER,
    FULL_GRACE_SECONDS,
    GRACE_SECONDS,
    LEAST_LEAD_SECONDS,
    LONE_LEAD_SECONDS,
    NEXT_GRACE_SECONDS,
    WITNESSES,
    Abandon,
    Begin,
    Scout,
)
from mirror.limits import MAX_CONNECTIONS
from mirror.net import SILENT, UNASKED

DEADLINE = 20.0  # of the transport


@dataclass(frozen=True)
class Source:
    """Seconds until it connects, and from then to its answer; None: never."""

    connect: float | None = 0.1
    answer: float | None = 0.1
    is_good: bool = True


GOOD = Source()
DEAD = Source(connect=None)
MUTE = Source(answer=None)
BAD = Source(is_good=False)


@dataclass
class Round:
    """What came of one round: instants by the number of the request."""

    sent: dict[int, float] = field(default_factory=dict)
    answered: dict[int, float] = field(default_factory=dict)
    abandoned: dict[int, tuple[float, str]] = field(default_factory=dict)
    most: int = 0  # sources with a request under way
    at: float = 0.0


def play(
    sources: Sequence[Source],
    *,
    network: Network | None = None,
    led: bool = True,
    requests: int = 1,
    vouched: Iterable[str] = (),
    everyone: bool = False,
) -> Round:
    """One round over ``sources``, called m0, m1 and so on; m0 has the lead, the others ``requests`` each."""
    network = network or Network(f"m{place}" for place in range(len(sources)))
    places = [place for place in range(len(sources)) for _ in range(1 if led and place == 0 else requests)]
    names = [f"m{place}" for place in places]
    scout = Scout(network, names, [0] if led and places else [], vouched, everyone=everyone)
    story, now, steps = Round(), 0.0, 0
    events: list[tuple[float, int, str]] = []
    running: set[int] = set()
    while True:
        for action in scout.decide(now):
            if isinstance(action, Abandon):
                assert action.number not in story.answered.keys() | story.abandoned.keys(), "two outcomes"
                story.abandoned[action.number] = now, action.code
                running.discard(action.number)
                continue
            assert isinstance(action, Begin)
            assert action.number not in story.sent, "sent twice"
            story.sent[action.number] = now
            running.add(action.number)
            source = sources[places[action.number]]
            if source.connect is None:
                heapq.heappush(events, (now + DEADLINE, action.number, "failed"))
                continue
            heapq.heappush(events, (now + source.connect, action.number, "connected"))
            is_mute = source.answer is None
            answer = DEADLINE if source.answer is None else source.answer
            what = "failed" if is_mute or not source.is_good else "good"
            heapq.heappush(events, (now + source.connect + answer, action.number, what))
        story.most = max(story.most, len({places[number] for number in running}))
        if scout.is_done:
            break
        steps += 1
        assert steps < 5_000, "this does not end"
        wake = scout.wake(now)
        assert wake >= now
        now = min(wake, events[0][0]) if events else wake
        while events and events[0][0] <= now:
            _, number, what = heapq.heappop(events)
            if number not in running:
                continue
            if what == "connected":
                scout.connected(number, now)
            else:
                running.discard(number)
                story.answered[number] = now
                scout.answered(number, now, is_good=what == "good")
    assert story.answered.keys() | story.abandoned.keys() == set(range(len(places))), "all have an outcome"
    story.at = now
    return story


def proven(network: Network, *names: str) -> Network:
    for name in names:
        network.gave(Fetched(name, None, 0.1, 0.1, 100))
    return network


def near(seconds: float) -> object:
    return pytest.approx(seconds)


# --- whatever happens ----------------------------------------------------------------------------

seconds = st.sampled_from([0.0, 0.1, 0.7, 2.0, 6.0])
source = st.builds(Source, connect=st.none() | seconds, answer=st.none() | seconds, is_good=st.booleans())


@settings(max_examples=200, deadline=None)
@given(st.lists(source, max_size=60), st.booleans(), st.sampled_from([1, 2]), st.booleans(), st.booleans())
def test_whatever_sources_do_each_request_has_one_outcome_and_the_round_ends(
    sources: list[Source], led: bool, requests: int, everyone: bool, secured: bool
) -> None:
    names = [f"m{place}" for place in range(len(sources))]
    network = Network(names, dict.fromkeys(names, TLS_OPENING) if secured else None)
    story = play(sources, network=network, led=led, requests=requests, everyone=everyone)
    assert story.at < 4 * DEADLINE
    good = [each for each in sources if each.is_good and each.connect == each.answer == 0.1]
    if good and not (led and sources[0] == GOOD):
        assert any(sources[number_of(sources, led, requests, each)].is_good for each in story.answered)


def number_of(sources: Sequence[Source], led: bool, requests: int, number: int) -> int:
    """The place of the source that request ``number`` is to."""
    places = [place for place in range(len(sources)) for _ in range(1 if led and place == 0 else requests)]
    return places[number]


# --- S1: whom to ask -----------------------------------------------------------------------------


def test_s1_the_lead_and_a_few_witnesses_are_asked_and_nobody_else() -> None:
    story = play([GOOD] * 8)
    assert story.sent == dict.fromkeys(range(1 + WITNESSES), 0.0)
    assert story.at == near(0.2)
    assert {story.abandoned[number] for number in range(3, 8)} == {(story.at, UNASKED)}


def test_s1_each_that_is_late_is_joined_by_another() -> None:
    """As many more each time as wait in vain: the lead counts among them."""
    story = play([DEAD] * 40)
    times = Counter(round(at / CONNECT_PATIENCE) for at in story.sent.values())
    assert [times[beat] for beat in range(5)] == [3, 3, 6, 12, 8]
    assert story.most == MAX_CONNECTIONS


def test_s1_a_bad_answer_is_no_witness_and_joined_at_once() -> None:
    story = play([BAD] * 3 + [GOOD] * 8)
    assert {number for number, at in story.sent.items() if at == near(0.2)} == {3, 4, 5}
    assert story.at == near(0.4 + NEXT_GRACE_SECONDS) or story.at == near(0.4)
    story = play([Source(answer=0.5), BAD, BAD, GOOD, GOOD])
    assert story.answered.keys() == {0, 1, 2, 3, 4}, "others showed whether there is anything newer"


def test_s1_once_the_lead_is_here_those_who_are_connected_suffice() -> None:
    story = play([GOOD, Source(answer=1.15), Source(answer=1.15), GOOD, GOOD])
    assert story.sent.keys() == {0, 1, 2}
    story = play([GOOD, DEAD, DEAD, GOOD, GOOD])
    assert story.sent.keys() == {0, 1, 2, 3, 4}, "nobody is connected: others are asked"
    assert {3, 4} <= story.answered.keys()


def test_s1_where_a_connection_is_dear_requests_to_one_source_follow_each_other() -> None:
    names = ["m0", "m1", "m2"]
    plain = play([GOOD] * 3, requests=2)
    assert set(plain.sent.values()) == {0.0}
    dear = play([GOOD] * 3, requests=2, network=Network(names, dict.fromkeys(names, TLS_OPENING)))
    assert dear.sent == {0: 0.0, 1: 0.0, 3: 0.0, 2: near(0.2), 4: near(0.2)}


def test_s1_behind_the_lead_s_own_bytes_a_witness_is_not_late() -> None:
    scout = Scout(Network(["a", "b", "c", "d"]), ["a", "b", "c", "d"], [0], ())
    assert scout.decide(0.0) == [Begin(0), Begin(1), Begin(2)]
    for number in range(3):
        scout.connected(number, 0.1)
    for beat in range(1, 30):
        scout.received(0, 100 * beat, 0.1 * beat)
        assert scout.decide(0.1 * beat) == []
    assert scout.decide(2.95 + ANSWER_PATIENCE) == [Begin(3)]


def test_s1_who_is_connected_is_given_more_time_than_who_is_not() -> None:
    scout = Scout(Network(["a", "b", "c", "d"]), ["a", "b", "c", "d"], [0], ())
    scout.decide(0.0)
    for number in range(3):
        scout.connected(number, 0.1)
    assert scout.decide(0.1 + CONNECT_PATIENCE) == []
    assert scout.decide(0.1 + ANSWER_PATIENCE) == [Begin(3)]


def test_s1_room_is_made_for_those_who_wait_to_be_asked() -> None:
    story = play([DEAD] * 60 + [GOOD])
    assert story.most <= MAX_CONNECTIONS
    assert 60 in story.answered
    assert story.sent[60] < 3 * ABANDONED_AFTER


def test_s1_nobody_makes_room_for_nobody() -> None:
    """As many as may be asked at once, all slow: each is heard."""
    slow = Source(answer=ABANDONED_AFTER + 2)
    story = play([slow] * MAX_CONNECTIONS, led=False, everyone=True)
    assert len(story.answered) == MAX_CONNECTIONS


# --- S2 and S5: in which order, and in later rounds ---------------------------------------------


def test_s2_who_has_answered_comes_first_and_who_failed_last() -> None:
    network = proven(Network([f"m{place}" for place in range(5)]), "m4")
    network.failed("m1", 0.0)
    assert play([GOOD] * 5, network=network).sent.keys() == {0, 4, 2}


def test_s5_a_later_round_asks_only_who_has_answered() -> None:
    story = play([GOOD] * 5, led=False, vouched=["m3"])
    assert story.sent.keys() == {3}
    story = play([GOOD] + [DEAD] * 3 + [GOOD], vouched=["m4"])
    assert story.sent.keys() == {0, 4}


def test_s5_a_round_with_nobody_to_ask_ends_at_once() -> None:
    story = play([GOOD] * 2, led=False, vouched=["elsewhere"])
    assert (story.at, story.sent) == (0.0, {})
    assert story.abandoned == dict.fromkeys(range(2), (0.0, UNASKED))


# --- S3: how long the others get -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("witnesses", "end"),
    [
        ([MUTE, MUTE], 0.2 + GRACE_SECONDS),
        ([GOOD, MUTE], 0.2 + NEXT_GRACE_SECONDS),
        ([GOOD, GOOD], 0.2),
        ([MUTE, Source(answer=0.8)], 0.9),
    ],
)
def test_s3_the_grace_is_short_and_shorter_once_a_witness_was_heard(
    witnesses: list[Source], end: float
) -> None:
    assert play([GOOD, *witnesses]).at == near(end)


def test_s3_who_was_asked_in_another_s_place_is_not_waited_for_when_that_one_came() -> None:
    """All are late, others are asked, and then the first come after all: that is enough."""
    story = play([Source(answer=1.4), Source(answer=1.2), Source(answer=1.2), MUTE, MUTE, MUTE])
    assert story.sent.keys() == set(range(6))
    assert story.at == near(1.5)


def test_s3_what_a_witness_still_has_to_say_is_heard() -> None:
    names = ["m0", "m1", "m2"]
    network = Network(names, dict.fromkeys(names, TLS_OPENING))
    story = play([GOOD] * 3, requests=2, network=network)
    assert story.answered.keys() == set(range(5))


def test_s3_an_answer_that_does_not_vouch_makes_no_witness() -> None:
    """No newer root says nothing of what is newest: the grace is that of nobody heard."""
    scout = Scout(Network(["a", "b", "c"]), ["a", "b", "c"], [0], ())
    scout.decide(0.0)
    for number in (0, 1, 2):
        scout.connected(number, 0.1)
    scout.answered(0, 0.2, is_good=True)
    scout.answered(1, 0.2, is_good=True, vouches=False)
    assert scout.decide(0.2 + NEXT_GRACE_SECONDS) == []
    assert scout.decide(0.2 + GRACE_SECONDS) == [Abandon(2, SILENT)]


def test_s3_while_nobody_has_answered_well_whoever_is_left_is_waited_for() -> None:
    story = play([BAD, Source(answer=5.0)])
    assert story.answered == {0: near(0.2), 1: near(5.1)}


def test_s3_who_is_cut_off_early_is_not_said_to_be_silent() -> None:
    story = play([Source(answer=0.9), GOOD, GOOD, MUTE])
    assert story.abandoned[3][1] == UNASKED
    story = play([GOOD, GOOD, MUTE])
    assert story.abandoned == {2: (near(0.2 + NEXT_GRACE_SECONDS), UNASKED)}, "the usual wait is longer"
    story = play([GOOD, DEAD, DEAD])
    assert {code for _, code in story.abandoned.values()} == {SILENT}


# --- S4: a lead that does not come ---------------------------------------------------------------


def test_s4_a_silent_lead_is_given_up_for_a_witness() -> None:
    story = play([MUTE, GOOD, DEAD])
    assert story.abandoned[0] == (near(0.1 + LEAST_LEAD_SECONDS), SILENT)
    story = play([MUTE, Source(answer=0.9), DEAD])
    assert story.abandoned[0] == (near(0.1 + 2 * 1.0), SILENT), "twice what the witness took"


def test_s4_a_lead_without_a_connection_is_given_up_as_soon_as_that_is_late() -> None:
    story = play([DEAD, GOOD, GOOD])
    assert story.abandoned[0] == (near(CONNECT_PATIENCE), SILENT)


def test_s4_a_lead_that_is_coming_is_given_the_usual_wait() -> None:
    scout = Scout(Network(["a", "b"]), ["a", "b"], [0], ())
    scout.decide(0.0)
    scout.connected(0, 0.1)
    scout.connected(1, 0.1)
    scout.received(0, 2_560, 0.2)
    scout.answered(1, 0.2, is_good=True)
    assert scout.decide(0.2 + LEAST_LEAD_SECONDS) == []
    assert Abandon(0, SILENT) in scout.decide(0.2 + ANSWER_PATIENCE)


def test_s4_a_single_request_waits_as_long_as_it_must_unless_another_is_known_to_answer() -> None:
    names = ["m0", "m1"]
    alone = play([MUTE], network=Network(names))
    assert alone.answered == {0: near(0.1 + DEADLINE)}
    other = play([MUTE], network=proven(Network(names), "m1"))
    assert other.abandoned == {0: (near(0.1 + LONE_LEAD_SECONDS), SILENT)}
    liar = proven(Network(names), "m1")
    liar.lied("m1")
    assert play([MUTE], network=liar).answered == {0: near(0.1 + DEADLINE)}
    own = proven(Network(names), "m0")
    assert play([MUTE], network=own).answered == {0: near(0.1 + DEADLINE)}


# --- S6: everyone --------------------------------------------------------------------------------


def test_s6_everyone_is_asked_at_once_up_to_the_cap() -> None:
    story = play([GOOD] * 20, everyone=True)
    assert set(story.sent.values()) == {0.0}
    assert story.answered.keys() == set(range(20))
    story = play([GOOD] * (MAX_CONNECTIONS + 5), everyone=True)
    assert story.most == MAX_CONNECTIONS
    assert len(story.answered) == MAX_CONNECTIONS + 5


def test_s6_the_slow_get_a_longer_grace_that_ends() -> None:
    story = play([GOOD, GOOD, MUTE, Source(answer=2.9)], everyone=True)
    assert story.at == near(0.2 + FULL_GRACE_SECONDS)
    assert story.answered.keys() == {0, 1, 3}
    assert story.abandoned == {2: (near(story.at), SILENT)}


def test_s6_a_lead_that_comes_slowly_is_not_cut_off() -> None:
    scout = Scout(Network(["a", "b"]), ["a", "b"], [0], (), everyone=True)
    scout.decide(0.0)
    scout.connected(0, 0.1)
    scout.connected(1, 0.1)
    scout.answered(1, 0.2, is_good=True)
    for beat in range(1, 20):
        scout.received(0, beat * 100, 0.5 * beat)
        assert scout.decide(0.5 * beat) == []
    scout.answered(0, 10.0, is_good=True)
    assert scout.is_done


# --- out of turn ---------------------------------------------------------------------------------


def test_news_of_a_request_that_ended_changes_nothing() -> None:
    scout = Scout(Network(["a"]), ["a"], [0], ())
    scout.decide(0.0)
    scout.answered(0, 0.1, is_good=True)
    scout.connected(0, 0.2)
    scout.received(0, 100, 0.2)
    scout.answered(0, 0.2, is_good=False)
    assert scout.is_done
    assert scout.decide(0.3) == []
