"""Printing what an adversary wrote, asking, and passphrases."""

import contextlib
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.cli import terminal
from mirror.errors import ConfigError

ATTACKS = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;new title\x07",
    "\x9b2J",
    "up\x1b[1A\x1b[2Kover",
    "back\x08\x08\x08\x08",
    "over\rwritten",
    "\u202eevil\u202c",
    "\ud800",
    "\x7f",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_reaches_the_terminal_that_it_would_obey(attack: str) -> None:
    shown = terminal.safe(attack)
    assert not set(shown) & set("\x1b\x9b\x07\x08\r\x7f\u202e\u202c\ud800")
    shown.encode()


@given(st.text())
def test_safe_text_holds_no_control_but_newline_and_tab(text: str) -> None:
    shown = terminal.safe(text)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert terminal.safe(shown) == shown


@given(st.text(alphabet="абв کتاب\u200c\u200e\u200f\n\t'é"))
def test_ordinary_text_of_any_script_is_not_touched(text: str) -> None:
    assert terminal.safe(text) == text


def test_isolates_stay_only_where_they_have_work_and_are_balanced() -> None:
    assert terminal.safe("a \u2068ب\u2069 c") == "a \u2068ب\u2069 c"
    assert terminal.safe("a \u2067ب\nc \u2066ب\u2069") == "a ب\nc \u2066ب\u2069"
    assert terminal.safe("ب\u2069\u2066") == "ب"
    assert terminal.safe("a \u2068b\u2069 c") == "a b c"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.booleans()))
def test_json_is_read_back_as_it_was_and_holds_no_control(value: dict[str, object]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        out = io.StringIO()
        patch.setattr("sys.stdout", out)
        terminal.print_json(value)
    assert json.loads(out.getvalue()) == value
    assert terminal.safe(out.getvalue()) == out.getvalue()


def test_json_is_sorted_and_readable(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.print_json({"b": "Мост", "a": 1})
    assert capsys.readouterr().out == '{\n  "a": 1,\n  "b": "Мост"\n}\n'


def test_a_question_goes_to_standard_error_and_the_end_of_input_is_no_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("  yes \n"))
    assert terminal.ask("Really\x1b[2J? ") == "yes"
    assert terminal.ask("Really? ") == ""
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Really\ufffd[2J? ")


def passphrase_file(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "passphrase"
    file.write_bytes(content)
    file.chmod(mode)
    return file


@pytest.mark.parametrize("content", [b"correct horse", b"correct horse\n", b"correct horse\r\nmore\n"])
def test_a_passphrase_is_the_first_line_of_its_file(tmp_path: Path, content: bytes) -> None:
    assert terminal.read_passphrase(passphrase_file(tmp_path, content), "") == b"correct horse"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_passphrase_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(ConfigError) as caught:
        terminal.read_passphrase(passphrase_file(tmp_path, b"secret\n", mode), "")
    assert caught.value.code == "passphrase-file"
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * 1025, b"x" * 5000, b"\xff\xfe"])
def test_what_is_no_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ConfigError) as caught:
        terminal.read_passphrase(passphrase_file(tmp_path, content), "")
    assert caught.value.code == "passphrase"


def test_the_longest_passphrase_is_taken(tmp_path: Path) -> None:
    longest = "ж".encode() * 512
    assert terminal.read_passphrase(passphrase_file(tmp_path, longest + b"\r\n"), "") == longest


def test_a_missing_file_is_a_sentence_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        terminal.read_passphrase(tmp_path / "nowhere", "")
    assert str(tmp_path) not in str(caught.value)


def test_without_a_file_and_a_terminal_nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("piped\n"))
    with pytest.raises(ConfigError) as caught:
        terminal.read_passphrase(None, "Passphrase: ")
    assert caught.value.code == "passphrase"


def test_at_a_terminal_the_passphrase_is_typed_without_echo() -> None:
    ours, theirs = os.openpty()
    script = """if True:
        from mirror.cli import terminal
        assert terminal.read_passphrase(None, "Passphrase: ") == b"hidden"
    """
    child = subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    os.close(theirs)
    seen = b""
    while b"Passphrase: " not in seen:
        seen += os.read(ours, 100)
    os.write(ours, b"hidden\n")
    status = child.wait(timeout=60)
    with contextlib.suppress(OSError):  # Linux says so where the other end is closed
        while chunk := os.read(ours, 1000):
            seen += chunk
    os.close(ours)
    assert status == 0, seen
    assert b"hidden" not in seen


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with terminal.progress("work") as tell:
        tell(1, 2)
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_appears_after_a_second_only(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, now = Screen(), [100.0]
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr("mirror.cli.terminal.time.monotonic", lambda: now[0])
    with terminal.progress("packing") as tell:
        now[0] += 0.9
        tell(1, 3)
        assert screen.getvalue() == ""
        now[0] += 0.2
        tell(2, 3)
    assert "packing" in screen.getvalue()
