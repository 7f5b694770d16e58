"""The figures of the browser's reader can be had: one tiny run of each case, and the arithmetic around it."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from bench.bench_reader import Bench
from bench.reader import cold
from bench.reader.figure import Figure, table
from bench.reader.local import ASKED_OF_MADE
from bench.reader.newsstand import Newsstand, set_up
from helpers import chromium
from net.scenario import Link


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsstand]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MIRROR_DATA", raising=False)  # reading a corpus takes longer than this may
        yield set_up(tmp_path_factory.mktemp("stand"), 6)


def test_every_case_is_measured(stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    if chromium.found() is None:
        pytest.skip("there is no Chromium on this machine")
    monkeypatch.setattr(cold.Cold, "link", Link(0.01, 5_000_000))
    monkeypatch.setattr("bench.reader.warm.WAYS", ("refused",))  # silence takes its time
    with TemporaryDirectory() as folder:  # not pytest's, which a server's workers may not enter
        found = asyncio.run(Bench(stand, Path(folder), 1).measure(("weight", "cold", "warm", "file")))
    figures = {figure.case: figure for figure in found}
    for case in (
        "code of a first visit",
        "cold start to the first headline",
        "cold start to the first article",
        "cold start, signatures and digests",
        "warm start offline (refused), to headlines",
        "file to headlines",
        "file, search as one types, a letter",
    ):
        assert min(figures[case].values) > 0, case
    first = figures["cold start to the first headline"]
    assert first.median > json.loads(json.dumps(first.row()))["ideal_seconds"] > 0.05
    # What the ideal has to carry is carried, with little besides.
    assert first.facts["requests"] in range(len(stand.published.files("visit")), 30)
    assert len(figures["file, search as one types, a letter"].values) == sum(map(len, ASKED_OF_MADE))


def test_the_weight_is_that_of_what_a_first_visit_asks_for(stand: Newsstand, tmp_path: Path) -> None:
    figures = {each.case: each for each in asyncio.run(Bench(stand, tmp_path, 1).measure(("weight",)))}
    assert figures["code, its largest file"].is_kept
    first = figures["code until the headlines"].median
    assert first == sum(len(stand.tree[path]) for step in stand.published.steps["visit"][:2] for path in step)
    parts = sum(each.median for case, each in figures.items() if case.startswith("code in parts: "))
    assert figures["code, all parts"].median == first + parts
    assert first < figures["code of a first visit"].median < first + parts


def test_a_target_is_of_the_median() -> None:
    kept, missed = Figure("x", "ms", [9, 1, 2], 2.0), Figure("y", "ms", [9, 3, 2], 2.0)
    assert (kept.is_kept, missed.is_kept) == (True, False)
    assert (missed.row()["median"], missed.row()["is_within_target"]) == (3, False)
    assert Figure("z", "ms", [1]).row()["is_within_target"] is None
    assert table([kept, missed]).count("MISSED") == 1
