"""A publication's channels, as a reader of one of them meets them."""

from pathlib import Path

import pytest

from helpers.publication import press
from helpers.reading import Reader


@pytest.fixture
def reader(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Reader:
    return Reader(press(2), capsys, monkeypatch, tmp_path)


def test_a_channel_without_an_edition_is_a_sentence(reader: Reader) -> None:
    assert reader.run("headlines", "--channel", "en") == 5
    assert "[no-edition]" in reader.told
    assert reader.run("status", "--channel", "en") == 0
    assert "released nothing" in reader.said


def test_two_channels_are_read_apart(reader: Reader) -> None:
    reader.press = press(2, ("ru", "en"))
    reader.mirrors("m1")
    reader.root.write_bytes(reader.press.root)
    english = reader.facts("headlines", "--channel", "en")["headlines"]
    assert {each["id"] for each in english} == {"en-story-0", "en-story-1"}
