"""``mirror simulate`` as it is typed, over small worlds."""

import json
import sys
from pathlib import Path

import pytest

from mirror.cli import main
from mirror.simulate import papers, suite
from mirror.simulate.worlds import Setting

TREE = Setting(readers=120, first=40, daily=5, edges=2, days=20, stock=20)
OPEN = Setting(readers=120, first=120, edges=0, days=20, stock=20)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suite, "WORLDS", {"a tree": TREE, "open entry": OPEN})
    monkeypatch.setattr(suite, "TARGETS", {"a tree": (0.5, 0.4, 9.0), "open entry": (2.0, 0.0, 0.0)})


def test_json_is_one_line_for_each_figure(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["simulate", "--suite", "standard", "--json", "--seeds", "1"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {(line["world"], line["strategy"], line["figure"]): line for line in lines if "figure" in line}
    assert found["a tree", "mirror", "mean"]["at_least"] == 0.5
    assert found["a tree", "mirror", "mean"]["holds"] is True
    assert found["open entry", "mirror", "mean"]["holds"] is False
    assert found["open entry", "Salmon-like", "worst"]["holds"] is None
    assert found["open entry", "bound B1, aggressive", "mean"]["value"] <= 1
    assert ("a tree", "Mahdian along the tree", "mean") in found
    assert ("open entry", "Mahdian along the tree", "mean") not in found
    cells = [line for line in lines if "censor" in line]
    assert len(cells) == 6 * (9 + 8)
    assert status == 1, "a promise is missed"


def test_the_table_marks_a_missed_promise(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "1", "--no-peers"]) == 1
    tree, opened = capsys.readouterr().out.split("\n\n")[1:]
    assert tree.startswith("a tree")
    assert "!" not in tree
    assert "200.0" not in opened
    assert opened.splitlines()[2].split()[1].endswith("!")


def test_variants_change_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--suite", "variants", "--json", "--seeds", "1"]) == 1
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["world"].split("; ")[1] for line in lines} == set(suite.VARIANTS)
    found = {(line["world"], line["strategy"], line["figure"]): line for line in lines if "figure" in line}
    # What is promised of a world is promised of its variants, and their own bounds stand beside.
    assert found["a tree; half the supply", "mirror", "mean"]["at_least"] == 0.5
    assert found["open entry; half the supply", "mirror", "mean"]["holds"] is False
    whole, half = (
        found[f"open entry; {name}", "bound B1, aggressive", "mean"]["value"]
        for name in ("0.5 % of hosts lost a day", "half the supply")
    )
    assert half <= whole
    changed = [change(TREE) for change in suite.VARIANTS.values()]
    assert [(each.late, each.loss, each.supply) for each in changed] == [(2, 0, 2), (0, 0.005, 2), (0, 0, 1)]


def test_plots_are_written_twice_and_are_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for folder in ("a", "b"):
        main(["simulate", "--seeds", "1", "--no-peers", "--plots", str(tmp_path / folder)])
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert names == ["a-tree.png", "a-tree.svg", "open-entry.png", "open-entry.svg"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / names[0]).read_bytes().startswith(b"\x89PNG")


def test_papers_say_whether_a_figure_appears(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = papers.PUBLISHED[0]
    never = papers.Published("P", "s", OPEN, one.make, "aggressive", lambda result: 7.0, 0.0, 1.0)
    always = papers.Published("P", "s", OPEN, one.make, "aggressive", lambda result: 1.0, 0.0, 1.0)
    monkeypatch.setattr(papers, "PUBLISHED", (never, always))
    assert main(["simulate", "--suite", "papers", "--json", "--seeds", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["appears"] for line in lines] == [False, True]
    assert main(["simulate", "--suite", "papers", "--seeds", "1"]) == 0
    assert "does not appear" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["numpy", "matplotlib"])
def test_without_the_extra_it_says_what_to_install(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for name in [each for each in sys.modules if each.split(".")[0] == missing or "simulate" in each]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    if missing == "numpy":
        assert main(["simulate", "--suite", "papers"]) == 2
    else:
        from mirror.simulate import suite as again

        monkeypatch.setattr(again, "WORLDS", {"a tree": TREE})
        monkeypatch.setattr(again, "TARGETS", {})
        assert main(["simulate", "--no-peers", "--seeds", "1", "--plots", str(tmp_path)]) == 2
    assert "[simulate-missing]" in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-1", "x", "1.5", ""])
def test_a_seed_that_is_none_is_refused(seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["simulate", f"--seeds={seed}"])
    assert caught.value.code == 2
    assert "a seed is a whole number" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_to_is_told_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(suite, "standard", None)  # not to be come to
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        assert main(["simulate", "--no-peers", "--plots", str(place)]) == 2
        assert "[simulate-plots]" in capsys.readouterr().err
