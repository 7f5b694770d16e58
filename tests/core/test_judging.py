"""When failed probes mean blocked: never on one failure, and never on anyone's word alone."""

from hypothesis import given
from hypothesis import strategies as st

from mirror.client.diagnosis import Finding
from mirror.publisher.judging import FEWER, IN_A_ROW, OUTSIDE, SPREAD_SECONDS, Probe, Standing, counts, judge

BAD = Finding.RESET_AT_HELLO
HOUR = 3_600


def row(
    count: int, vantage: str = "here", every: int = SPREAD_SECONDS, finding: Finding = BAD
) -> list[Probe]:
    return [Probe(number * every, vantage, finding) for number in range(count)]


def test_one_failure_says_nothing() -> None:
    assert judge([]) is Standing.UNPROBED
    assert judge(row(1)) is Standing.DOUBTFUL
    assert judge(row(IN_A_ROW - 1)) is Standing.DOUBTFUL
    assert judge(row(IN_A_ROW)) is Standing.BLOCKED


def test_failures_at_once_are_one_failure() -> None:
    assert judge(row(20, every=60)) is Standing.DOUBTFUL


def test_a_success_between_begins_anew() -> None:
    made = row(IN_A_ROW)
    made[1] = Probe(made[1].at, "here", Finding.WORKS)
    assert judge(made) is Standing.DOUBTFUL


def test_two_vantage_points_need_fewer() -> None:
    assert judge([*row(FEWER, "here"), *row(FEWER - 1, "there")]) is Standing.DOUBTFUL
    assert judge([*row(FEWER, "here"), *row(FEWER, "there")]) is Standing.BLOCKED


def test_what_is_down_for_everyone_is_no_block() -> None:
    assert judge([*row(9), Probe(0, OUTSIDE, BAD)]) is Standing.DOWN
    assert judge([*row(9), Probe(0, OUTSIDE, Finding.WORKS)]) is Standing.BLOCKED


def test_a_cover_site_is_no_block() -> None:
    for finding in (Finding.LACKS_FILES, Finding.REFUSES, Finding.BEHIND, Finding.ALTERED):
        assert judge(row(9, finding=finding)) in {Standing.AMISS, Standing.WORKS}


def test_a_run_in_which_nothing_worked_does_not_count() -> None:
    assert not counts([BAD, Finding.NO_NAME])
    assert counts([BAD, Finding.WORKS_SLOWLY])


probes = st.lists(
    st.builds(
        Probe,
        st.integers(0, 30 * HOUR),
        st.sampled_from(["here", "there", OUTSIDE]),
        st.sampled_from(Finding),
    ),
    max_size=20,
).map(lambda made: sorted(made, key=lambda each: each.at))


@given(probes)
def test_blocked_is_said_only_with_cause(made: list[Probe]) -> None:
    if judge(made) is Standing.BLOCKED:
        failed = [each for each in made if each.vantage != OUTSIDE and each.finding is not Finding.WORKS]
        assert len(failed) >= min(IN_A_ROW, 2 * FEWER)
