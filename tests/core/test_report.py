"""Verdicts on mirrors, and the sums of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.client.report import Ledger, Part, Verdict
from mirror.net import FAILURES
from mirror.trust.state import LIES, Kind, Observation


def verdict(*codes: str, has_given: bool = True) -> Verdict:
    ledger = Ledger(["m1"])
    for code in codes:
        if code in FAILURES:
            ledger.failed("m1", Part.CLUSTERS, code)
        else:
            ledger.observed([Observation("m1", Kind(code), "timestamp.json")])
    if has_given:
        ledger.gave("m1", Part.METADATA, 10)
    [report] = ledger.report()
    return report.verdict


@pytest.mark.parametrize("kind", sorted(LIES))
def test_a_lie_outweighs_everything(kind: Kind) -> None:
    assert verdict(kind, "silent", "stale", "withheld", "fork") is Verdict.LIED


@pytest.mark.parametrize(
    ("codes", "has_given", "expected"),
    [
        ((), True, Verdict.GOOD),
        ((), False, Verdict.UNASKED),
        (("silent",), False, Verdict.FAILED),
        (("silent",), True, Verdict.GOOD),
        (("absent",), True, Verdict.WITHHELD),
        (("absent", "stale"), True, Verdict.BEHIND),
        (("absent", "rolled-back"), True, Verdict.BEHIND),
        (("withheld", "stale"), True, Verdict.WITHHELD),
        (("fork", "withheld"), True, Verdict.FORKED),
        (("too-long",), True, Verdict.LIED),
        (("unreachable",), False, Verdict.FAILED),
    ],
)
def test_verdicts(codes: tuple[str, ...], has_given: bool, expected: Verdict) -> None:
    assert verdict(*codes, has_given=has_given) is expected


def test_evidence_is_kept_once_and_in_order() -> None:
    ledger = Ledger(["m1", "m2"])
    for _ in range(3):
        ledger.lied("m1", Part.HEAD, 5)
        ledger.failed("m1", Part.PAGES, "absent")
    first, second = ledger.report()
    assert [(each.code, each.about) for each in first.evidence] == [
        ("wrong-piece", "head"),
        ("missing-piece", "pages"),
    ]
    assert (second.verdict, second.evidence) == (Verdict.UNASKED, ())
    assert ledger.cost().wasted == 15


@given(st.lists(st.tuples(st.sampled_from(["m1", "m2"]), st.sampled_from(list(Part)), st.integers(0, 9999))))
def test_the_total_is_all_that_was_given(given_: list[tuple[str, Part, int]]) -> None:
    ledger = Ledger(["m1", "m2"])
    for mirror, part, size in given_:
        ledger.gave(mirror, part, size)
        ledger.held(part, size)
    cost = ledger.cost()
    assert cost.total == sum(cost.held.values()) == sum(size for _, _, size in given_)
    assert sum(report.bytes for report in ledger.report()) == cost.total
