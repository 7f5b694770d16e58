"""The figures of hostile networks can be had: one tiny run of our client, and the arithmetic around it."""

import asyncio
import json
from pathlib import Path

import pytest

from bench.bench_network import Bench, chosen
from bench.network import report, trial
from bench.network.edition import METADATA, Published, publish
from bench.network.ideal import ideal
from bench.network.peers import Job, metalink
from bench.network.report import OURS
from bench.network.trial import Mark, Outcome
from net.scenario import Link, Scenario, Way

QUICK_LINK = Link(rtt_seconds=0.01, down_bytes_per_second=5_000_000)


@pytest.fixture(scope="module")
def published() -> Published:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MIRROR_DATA", raising=False)  # reading a corpus takes longer than this may
        return publish(6)


def test_our_client_is_measured(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.bench_network.publish", lambda _pieces: published)
    bench = Bench([OURS], runs=1, patience=20)
    bench.run([Scenario("open-tiny", QUICK_LINK, (Way(), Way(refuse=True)))])
    found = {figure.name: figure for figure in bench.figures}
    assert set(found) == {"headline", "front", "behind", "whole"}
    for figure in found.values():
        assert figure.completed == 1, figure.outcomes
        facts = json.loads(json.dumps(figure.facts()))
        assert facts["seconds_median"] < facts["seconds_with_start_median"]
        assert facts["bytes_down"] > facts["body_bytes"] > 0
        assert facts["connections"] > 0
        assert facts["cpu_seconds_per_verified_mb"] > 0
    assert {budget.figure.name for budget in report.budgets(bench.figures)} == {"front", "behind", "whole"}
    assert "open-tiny" in report.table(bench.figures)
    assert bench.facts["server"] in {"nginx", "node"}


def test_a_network_that_gives_nothing_ends_in_time(published: Published, tmp_path: Path) -> None:
    """And no process is left: its pipe is at its end, and a warning about it would fail the test."""
    place = trial.Place(published, ("127.0.0.1", 1), tmp_path)
    silent = Scenario("dead-silent", QUICK_LINK, (Way(silent=True),))
    outcome = asyncio.run(trial.ours(place, silent, "front", 0.3))
    assert (outcome.marks, outcome.why) == ({}, "too slow")


# --- the ideal -------------------------------------------------------------------------------------


def seconds(published: Published, task: str, *ways: Way, rate: float | None = None) -> float | None:
    heads = dict.fromkeys(published.tree, 100)
    found = ideal(Scenario("x", Link(0.1, rate), ways), published, heads, task)
    return round(found.seconds, 6) if found else None


def test_the_ideal_counts_round_trips(published: Published) -> None:
    assert seconds(published, "front", Way()) == 0.3
    assert seconds(published, "behind", Way()) == 0.5
    assert seconds(published, "front", Way(freeze_after=16_384)) == 0.4
    assert seconds(published, "front", Way(freeze_after=30_000)) == 0.3
    assert seconds(published, "behind", Way(freeze_after=12_000)) == 0.8
    assert seconds(published, "front", Way(extra_rtt_seconds=0.1)) == 0.6


def test_the_ideal_counts_bytes(published: Published) -> None:
    wire = published.size("front") + 200
    assert seconds(published, "front", Way(), rate=1_000) == round(0.3 + wire / 1_000, 6)
    assert seconds(published, "front", Way(rate=1_000)) == round(0.3 + wire / 1_000, 6)


def test_the_oracle_knows_who_is_good(published: Published) -> None:
    bad = [
        Way(blackhole=True),
        Way(silent=True),
        Way(block_page=True),
        Way(alter="pieces"),
        Way(rst_after=99),
    ]
    assert seconds(published, "front", *bad, Way(extra_rtt_seconds=0.1), Way()) == 0.3
    assert seconds(published, "front", *bad) is None


def test_steps_name_every_file_once(published: Published) -> None:
    assert published.steps["whole"][0] == (METADATA,)
    names = [path for step in published.steps["whole"] for path in step]
    assert len(names) == len(set(names))
    assert set(published.files("behind")) <= set(names)
    assert set(names) <= set(published.tree)


# --- what is made of runs --------------------------------------------------------------------------


def figures(client: str, times: list[float | None], scenario: str, published: Published) -> report.Figure:
    marks = [None if each is None else Mark(each, 1, 1, 1) for each in times]
    outcomes = [Outcome({"front": mark} if mark else {}, "" if mark else "too slow") for mark in marks]
    clean = Scenario("x", Link(0.1), (Way(),))
    least = ideal(clean, published, dict.fromkeys(published.tree, 100), "front")
    [made] = [
        figure
        for figure in report.figures(
            scenario, client, {"front": outcomes}, dict.fromkeys(published.steps, least), {"front": 20_480}
        )
        if figure.name == "front"
    ]
    return made


def test_budgets_are_of_the_median_and_the_best_peer(published: Published) -> None:
    ours = figures(OURS, [1.0, 2.0, 9.0], "dead-60", published)
    slow = figures("aria2c", [5.0, 6.0, 7.0], "dead-60", published)
    never = figures("curl", [0.1, None, 0.1], "dead-60", published)  # it did not always complete
    first, second = report.budgets([ours, slow, never])
    assert (first.limit, first.is_kept) == (2 + 1.5 * 0.3, True)
    assert (second.limit, second.is_kept) == (3.0, True)
    lost = report.budgets([ours, figures("aria2c", [3.0, 3.0, 3.0], "dead-60", published)])
    assert [budget.is_kept for budget in lost] == [True, False]
    failed = figures(OURS, [1.0, None, None], "open", published)
    [budget] = report.budgets([failed])
    assert (budget.is_kept, budget.facts()["measured_seconds"]) == (False, None)
    assert "LOST to curl" in report.table([ours, never])


def test_files_are_judged_by_their_bytes(tmp_path: Path) -> None:
    job = Job({"a": b"one", "b": b"two", "c": b"three", "d": b"four"}, (), tmp_path, tmp_path)
    for name, data in (("0", b"one"), ("1", b"tow"), ("2", b"")):
        (tmp_path / name).write_bytes(data)
    assert job.right() == (1, 1, 2)


def test_a_metalink_names_every_mirror() -> None:
    text = metalink([(7, "p/x", b"data")], ["http://127.0.0.1:1/", "http://127.0.0.2:1/"])
    assert text.count("<url ") == 2
    assert 'name="7"' in text
    assert text.count("3a6eb0790f39ac87c94f3856b2dd2c5d110e6811602261a9a923d3bb23adc8b7") == 2


def test_every_scenario_of_the_promises_is_there() -> None:
    names = [scenario.name for scenario in chosen([], is_quick=False)]
    for kind in ("open", "throttled", "freeze", "dead-60", "dead-80", "heldout", "grown-1000"):
        assert any(name.startswith(kind) for name in names), kind
