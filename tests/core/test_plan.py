"""The failover policy: whom it asks, whom it leaves, and that it always ends."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.client.plan import ATTEMPTS, STRIKES, Failover, GiveUp, Out, Try
from mirror.net import ABSENT, FAILURES, SILENT

NAMES = ("m1", "m2", "m3", "m4")
GOOD, LIE = "good", "lie"
OUTCOMES = (GOOD, LIE, *sorted(FAILURES))


def run(plan: Failover, piece: str, outcome: str) -> str | None:
    """One request for ``piece`` that ends as ``outcome``; who was asked, None when it gave up."""
    action = plan.next_action(piece)
    if isinstance(action, GiveUp):
        return None
    tell(plan, action.mirror, piece, outcome)
    return action.mirror


def tell(plan: Failover, mirror: str, piece: str, outcome: str) -> None:
    if outcome == GOOD:
        plan.gave(mirror)
    elif outcome == LIE:
        plan.lied(mirror)
    else:
        plan.failed(mirror, piece, outcome)


def test_the_best_liked_is_asked_first_and_work_is_spread() -> None:
    plan = Failover(NAMES)
    assert [plan.next_action(f"p{i}") for i in range(5)] == [Try(name) for name in (*NAMES, "m1")]


def test_a_liar_is_never_asked_again() -> None:
    plan = Failover(NAMES)
    assert run(plan, "p", LIE) == "m1"
    assert plan.out == {"m1": Out.WRONG_BYTES}
    assert {run(plan, f"p{i}", GOOD) for i in range(20)} == {"m2"}


def test_who_lacks_a_piece_is_not_asked_for_it_again_but_for_others() -> None:
    plan = Failover(("m1",))
    assert run(plan, "p", ABSENT) == "m1"
    assert plan.next_action("p") == GiveUp(1)
    assert run(plan, "other", GOOD) == "m1"


def test_a_failure_is_tried_again_after_the_others() -> None:
    plan = Failover(("m1", "m2"))
    asked = [run(plan, "p", SILENT) for _ in range(5)]
    assert asked == ["m1", "m2", "m1", "m2", None]


def test_a_failing_mirror_comes_last_until_it_gives_something() -> None:
    plan = Failover(("m1", "m2"))
    assert run(plan, "p", SILENT) == "m1"
    assert [run(plan, f"q{i}", GOOD) for i in range(3)] == ["m2"] * 3
    assert [run(plan, "r", ABSENT), run(plan, "r", GOOD)] == ["m2", "m1"]
    assert run(plan, "s", GOOD) == "m1"


def test_strikes_put_a_mirror_out_and_a_good_answer_forgives() -> None:
    plan = Failover(("m1",))
    for i in range(STRIKES - 1):
        run(plan, f"p{i}", SILENT)
    run(plan, "q", GOOD)
    for i in range(STRIKES - 1):
        run(plan, f"r{i}", SILENT)
    assert plan.out == {}
    run(plan, "s", SILENT)
    assert plan.out == {"m1": Out.FAILING}
    assert plan.next_action("t") == GiveUp(0)


def test_absence_alone_puts_nobody_out() -> None:
    plan = Failover(("m1",))
    for i in range(10 * STRIKES):
        assert run(plan, f"p{i}", ABSENT) == "m1"
    assert plan.out == {}


def test_what_fails_together_counts_once() -> None:
    plan = Failover(("m1",))
    for i in range(8):
        assert plan.next_action(f"p{i}") == Try("m1")
    for i in range(8):
        plan.failed("m1", f"p{i}", SILENT)
    assert plan.out == {}


def test_an_unknown_failure_is_a_mistake_of_ours() -> None:
    plan = Failover(("m1",))
    plan.next_action("p")
    with pytest.raises(ValueError, match="unknown"):
        plan.failed("m1", "p", "nonsense")


@given(st.data())
def test_whatever_happens_the_rules_hold(data: st.DataObject) -> None:
    plan = Failover(NAMES)
    pieces = [f"p{i}" for i in range(data.draw(st.integers(1, 6)))]
    under_way: list[tuple[str, str]] = []
    tries: Counter[tuple[str, str]] = Counter()
    lacking, liars, done = set(), set(), set()
    for _ in range(200):
        open_pieces = [p for p in pieces if p not in done and p not in {each for _, each in under_way}]
        if under_way and (not open_pieces or data.draw(st.booleans())):
            mirror, piece = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
            outcome = data.draw(st.sampled_from(OUTCOMES))
            tell(plan, mirror, piece, outcome)
            if outcome == GOOD:
                done.add(piece)
            elif outcome == LIE:
                liars.add(mirror)
            elif outcome == ABSENT:
                lacking.add((mirror, piece))
        elif open_pieces:
            piece = data.draw(st.sampled_from(open_pieces))
            action = plan.next_action(piece)
            if isinstance(action, GiveUp):
                able = {n for n in NAMES if n not in plan.out and (n, piece) not in lacking}
                assert all(tries[name, piece] == ATTEMPTS for name in able)
                done.add(piece)
                continue
            assert action.mirror not in liars | plan.out.keys()
            assert (action.mirror, piece) not in lacking
            tries[action.mirror, piece] += 1
            assert tries[action.mirror, piece] <= ATTEMPTS
            under_way.append((action.mirror, piece))
    assert set(pieces) == done  # 200 steps are more than any course of 6 pieces takes
    assert {name for name, why in plan.out.items() if why is Out.WRONG_BYTES} == liars


@given(st.data(), st.integers(0, 3))
def test_one_mirror_that_always_answers_is_enough(data: st.DataObject, honest: int) -> None:
    plan = Failover(NAMES)
    for i in range(30):
        while isinstance(action := plan.next_action(f"p{i}"), Try):
            if action.mirror == NAMES[honest]:
                plan.gave(action.mirror)
                break
            outcome = data.draw(st.sampled_from(OUTCOMES))
            tell(plan, action.mirror, f"p{i}", outcome)
            if outcome == GOOD:
                break
        assert isinstance(action, Try)
