"""What a few requests say of an endpoint, and all endpoints of a network: one finding each, always."""

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.client.advice import CAUTIOUS, Advice, Clues, Conclusion, Pattern, conclude
from mirror.client.diagnosis import (
    GOOD,
    OUTCOMES,
    PAGE,
    WORKING,
    Attempt,
    Diagnosis,
    Finding,
    Trace,
    Way,
    diagnose,
)
from mirror.limits import MAX_PIECE
from mirror.net import ABSENT, BROKEN, REFUSED, SILENT, TOO_LONG, UNREACHABLE, UNTRUSTED, Stage

N, C, S, A = Stage.NAMED, Stage.CONNECTED, Stage.SECURED, Stage.ANSWERED
HEAD = Attempt(GOOD, 0.5, {N: 0.0, C: 0.1, S: 0.2, A: 0.3}, MAX_PIECE)
PIECE = Attempt(GOOD, 0.3, {A: 0.1}, MAX_PIECE, carried=MAX_PIECE, is_piece=True)

seconds = st.floats(0, 60, allow_nan=False)
attempts = st.builds(
    Attempt,
    outcome=st.sampled_from(sorted(OUTCOMES)),
    seconds=seconds,
    stages=st.dictionaries(st.sampled_from(Stage), seconds),
    size=st.integers(0, MAX_PIECE),
    carried=st.integers(0, 50_000),
    others=st.integers(0, 500_000),
    is_piece=st.booleans(),
)
traces = st.builds(
    Trace,
    name=st.text(max_size=9),
    attempts=st.lists(attempts, max_size=6).map(tuple),
    version=st.none() | st.integers(1, 5),
    is_local=st.booleans(),
    has_way=st.booleans(),
)
ways = st.builds(Way, st.booleans(), st.booleans(), st.booleans())
diagnoses = st.lists(
    st.builds(
        Diagnosis,
        name=st.sampled_from(["mirror 1", "mirror 2", "mirror 3"]),
        finding=st.sampled_from(Finding),
        is_local=st.booleans(),
    ),
    max_size=12,
)
clues = st.builds(Clues, st.integers(-100, 10_000), st.booleans())


def failed(outcome: str, *stages: Stage, after: float = 0.5, size: int = 0, carried: int = 0) -> Attempt:
    return Attempt(outcome, after, dict.fromkeys(stages, 0.1), size, carried)


def finding(*made: Attempt, version: int | None = None, way: Way | None = None, local: bool = False) -> str:
    """What is found where this happened, next to a mirror that shows version 5."""
    other = Trace("other", (HEAD, PIECE), 5)
    return diagnose([Trace("this", made, version, local), other], way or Way())[0].finding.value


@given(st.lists(traces, max_size=5), ways)
def test_every_trace_gets_one_finding(made: list[Trace], way: Way) -> None:
    found = diagnose(made, way)
    assert [each.name for each in found] == [each.name for each in made]
    for trace, each in zip(made, found, strict=True):
        assert each.finding in Finding
        if each.finding in WORKING:
            assert trace.version is not None, "without proof nothing works"
        if each.finding is Finding.FREEZES:
            assert each.freezes_after is not None


@given(st.lists(traces, max_size=5), ways)
def test_wrong_bytes_are_never_called_working(made: list[Trace], way: Way) -> None:
    for trace, each in zip(made, diagnose(made, way), strict=True):
        if any(attempt.outcome in {"altered", PAGE, TOO_LONG} for attempt in trace.attempts):
            assert each.finding in {Finding.ALTERED, Finding.BLOCK_PAGE, Finding.NO_WAY}


@given(diagnoses, ways, clues, st.randoms(use_true_random=False))
def test_the_order_of_endpoints_changes_nothing(
    found: list[Diagnosis], way: Way, seen: Clues, chance: Random
) -> None:
    mixed = found.copy()
    chance.shuffle(mixed)
    here, there = conclude(found, way, seen), conclude(mixed, way, seen)
    assert sorted(here.liars) == sorted(there.liars)
    assert replace(here, liars=()) == replace(there, liars=())


@given(diagnoses, ways, clues)
def test_advice_is_never_missing_and_ways_around_only_where_nothing_current_is_read(
    found: list[Diagnosis], way: Way, seen: Clues
) -> None:
    said = conclude(found, way, seen)
    assert said.patterns
    assert said.advice
    assert list(said.advice) == [each for each in Advice if each in said.advice]
    assert said.is_cautious == bool(CAUTIOUS & set(said.advice))
    if said.current:
        assert not said.is_cautious
    if way.is_proxied:
        assert not {Advice.OTHER_WAY, Advice.OTHER_RESOLVER} & set(said.advice)
    assert (Advice.LEAVE_OUT in said.advice) == bool(said.liars)


@pytest.mark.parametrize(
    ("attempt", "expected"),
    [
        (failed(UNREACHABLE), "no-name"),
        (failed(SILENT, after=8), "no-name"),
        (failed(UNREACHABLE, N), "connection-refused"),
        (failed(UNREACHABLE, N, after=3.1), "connection-refused"),  # a router, after ARP gave up
        (failed(UNREACHABLE, N, after=10), "nobody-answers"),
        (failed(SILENT, N, after=1), "nobody-answers"),
        (failed(UNREACHABLE, N, C), "reset-at-hello"),
        (failed(BROKEN, N, C), "reset-at-hello"),
        (failed(SILENT, N, C, after=8), "silent-at-hello"),
        (failed(UNREACHABLE, N, C, after=10), "silent-at-hello"),
        (failed(UNTRUSTED, N, C), "untrusted"),
        (failed(BROKEN, N, C, S), "reset-at-request"),
        (failed(SILENT, N, C, S), "silent"),
        (failed(SILENT, N, C, S, A, size=900), "stalls"),
        (failed(BROKEN, N, C, S, A, size=900), "broken-off"),
        (failed(REFUSED, N, C, S, A), "refuses"),
        (failed(ABSENT, N, C, S, A), "lacks-files"),
        (failed(TOO_LONG, N, C, S, A), "block-page"),
        (failed(PAGE, N, C, S, A, size=300), "block-page"),
        (failed("altered", N, C, S, A, size=300), "altered"),
    ],
)
def test_where_the_first_request_ends_is_the_finding(attempt: Attempt, expected: str) -> None:
    assert finding(attempt) == expected
    assert finding(failed(ABSENT, N, C, S, A), attempt) == expected


@pytest.mark.parametrize(
    ("attempt", "way", "expected"),
    [
        (failed(UNREACHABLE), Way(is_proxied=True), "no-proxy"),
        (failed(UNREACHABLE, N), Way(is_proxied=True), "no-proxy"),
        (failed(UNREACHABLE, N, C), Way(is_proxied=True), "reset-at-hello"),
    ],
)
def test_what_a_way_hides_is_not_guessed(attempt: Attempt, way: Way, expected: str) -> None:
    assert finding(attempt, way=way) == expected


def test_a_mirror_that_gives_all_of_the_newest_works() -> None:
    assert finding(HEAD, PIECE, version=5) == "works"
    assert finding(HEAD, version=5) == "works"


def test_old_news_is_behind_also_where_it_is_slow_or_incomplete() -> None:
    assert finding(HEAD, PIECE, version=4) == "behind"
    assert finding(HEAD, replace(PIECE, seconds=9.0), version=4) == "behind"
    assert finding(HEAD, failed(ABSENT, A), replace(PIECE, outcome=ABSENT), version=4) == "behind"
    assert finding(HEAD, replace(PIECE, outcome=ABSENT), version=5) == "lacks-files"


def frozen(outcome: str = SILENT, rescue: str = GOOD) -> tuple[Attempt, ...]:
    stopped = Attempt(outcome, 6.0, {}, 5_760, carried=MAX_PIECE, is_piece=True)
    return HEAD, stopped, replace(HEAD, outcome=rescue, is_piece=True)


def test_a_connection_that_stops_where_a_fresh_one_goes_on_freezes() -> None:
    [found] = diagnose([Trace("this", frozen(), 5)], Way())
    assert (found.finding, found.freezes_after) == (Finding.FREEZES, 16_000)
    assert finding(*frozen(BROKEN), version=5) == "freezes"


def test_where_the_fresh_one_stops_too_nothing_freezes() -> None:
    assert finding(*frozen(rescue=SILENT), version=5) == "stalls"
    assert finding(*frozen(rescue=BROKEN), version=5) == "broken-off"
    assert finding(*frozen()[:2], version=5) == "silent"


def test_slow_is_judged_together_with_what_came_from_others() -> None:
    slow = replace(PIECE, seconds=2.0)
    assert finding(replace(HEAD, seconds=2.2), slow, version=5) == "works-slowly"
    assert finding(HEAD, replace(slow, others=90_000), version=5) == "works"


def test_small_pieces_over_a_far_way_are_not_slow() -> None:
    assert finding(HEAD, replace(PIECE, size=2_560, seconds=0.7), version=5) == "works"


def test_fast_and_then_slow_on_one_connection_is_throttled() -> None:
    slow = replace(PIECE, seconds=3.0)
    assert finding(HEAD, slow, version=5) == "throttled"
    elsewhere = replace(slow, carried=0)
    assert finding(HEAD, elsewhere, version=5) == "works-slowly"


def test_nothing_of_this_device_is_said_of_the_network() -> None:
    assert finding(failed(UNREACHABLE, after=0.0), local=True) == "no-file"
    assert finding(failed(BROKEN, after=0.0), local=True) == "no-file"
    assert told(*["no-file"] * 3, local=True).patterns == (Pattern.SINGLE,)


def test_nothing_asked_is_nothing_found() -> None:
    assert finding() == "not-examined"


def told(
    *findings: str,
    way: Way | None = None,
    slow: int = 0,
    past: bool = False,
    local: bool = False,
) -> Conclusion:
    found = [
        Diagnosis(f"mirror {number}", Finding(each), is_local=local)
        for number, each in enumerate(findings, 1)
    ]
    return conclude(found, way or Way(), Clues(slow, past))


def codes(them: Iterable[str]) -> str:
    return " ".join(them)


@pytest.mark.parametrize(
    ("findings", "patterns", "advice"),
    [
        ("works works", "clear", "read-on"),
        ("works silent", "single", "read-on"),
        ("works altered", "liars", "read-on leave-out"),
        ("freezes freezes works", "freezes", "read-on"),
        ("works-slowly throttled no-name", "slows", "text-first"),
        ("works reset-at-hello silent-at-hello", "hellos", "read-on"),
        ("behind works", "single", "read-on"),
        ("behind no-name", "single", "later other-way other-mirrors bundle-file"),
        (
            "no-name no-name nobody-answers",
            "cut-off names",
            "check-connection later other-resolver other-way other-mirrors bundle-file",
        ),
        (
            "nobody-answers connection-refused",
            "cut-off",
            "check-connection later other-way other-mirrors bundle-file",
        ),
        (
            "block-page block-page",
            "pages",
            "sign-in later other-resolver other-way other-mirrors bundle-file",
        ),
        (
            "untrusted untrusted silent silent",
            "intercepted silence",
            "later other-resolver other-way other-mirrors bundle-file",
        ),
        (
            "reset-at-hello reset-at-request",
            "hellos",
            "later other-look other-way other-mirrors bundle-file",
        ),
    ],
)
def test_what_all_of_them_say_and_what_to_try(findings: str, patterns: str, advice: str) -> None:
    said = told(*findings.split())
    assert (codes(said.patterns), codes(said.advice)) == (patterns, advice)


def test_what_is_in_use_already_is_not_advised() -> None:
    blocked = ("no-name", "no-name", "reset-at-hello", "reset-at-hello")
    assert {Advice.OTHER_RESOLVER, Advice.OTHER_LOOK} <= set(told(*blocked).advice)
    used = told(*blocked, way=Way(has_resolver=True, is_camouflaged=True)).advice
    assert not {Advice.OTHER_RESOLVER, Advice.OTHER_LOOK} & set(used)
    assert Advice.OTHER_WAY in used
    proxied = told("no-proxy", "no-proxy", way=Way(is_proxied=True))
    assert codes(proxied.patterns) == "proxy-fails"
    assert codes(proxied.advice) == "check-proxy later other-mirrors bundle-file"


def test_a_wrong_clock_comes_first() -> None:
    said = told("untrusted", "untrusted", slow=90_000)
    assert (said.patterns[0], said.advice[0]) == (Pattern.WRONG_CLOCK, Advice.SET_CLOCK)
    assert told("works", slow=200).patterns == (Pattern.CLEAR,)
    assert told("works", past=True).patterns == (Pattern.PAST_DATE,)


def test_counts_and_liars() -> None:
    said = told("works", "behind", "altered", "silent", "freezes")
    assert (said.working, said.current, said.total, said.liars) == (3, 2, 5, ("mirror 3",))


def test_an_outcome_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="outcome"):
        Attempt("odd", 1.0)
