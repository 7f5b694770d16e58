"""The demonstration does what it tells, in order, and leaves nothing."""

import tempfile
import threading
from pathlib import Path

import pytest

from mirror.cli import demo, main


def test_the_demonstration_tells_the_whole_story_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = set(threading.enumerate())
    assert main(["demo"]) == 0
    told = capsys.readouterr().out
    moments = [
        "NOTICE TO REVIEW",
        "channel-en needs 2 signatures",
        "(exit status 5)",
        "en: edition 1 with 6 article(s)",
        "mirror 2 lied",
        "Tell someone in person",
        "(exit status 8)",
        "mirror 1: gave what it was asked for",
        "mirror 2: LIED",
        "mirror 3: did not answer",
        "en: edition 2 with 6 article(s); 0 new, 1 changed",
        "Corrected after it appeared",
        "files of the library are gone",
        "opened again and verified",
        "Водители автобусов",
    ]
    places = [told.find(moment) for moment in moments]
    assert -1 not in places, moments[places.index(-1)]
    assert places == sorted(places)
    assert list(tmp_path.iterdir()) == []
    assert set(threading.enumerate()) <= before


def test_the_files_can_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.run(["--keep", str(tmp_path / "kept")]) == 0
    assert (tmp_path / "kept" / "news" / "tree" / "m" / "timestamp.json").is_file()
    assert str(tmp_path / "kept") in capsys.readouterr().out


def test_a_step_that_goes_otherwise_fails_the_demonstration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mirror.cli.publish.run", lambda *_: 7)
    with pytest.raises(RuntimeError, match="expected exit status 0 and saw 7"):
        demo.run(["--keep", str(tmp_path / "kept")])
