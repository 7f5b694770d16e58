"""What every command shares: safe printing, JSON, progress, questions and passphrases.

Rules:

1. Text that came from a mirror, a feed or a file is printed through ``safe`` only: a title must not
   move the cursor, change colours, retitle the window or answer for the person at the keyboard.
2. Facts go to standard output; questions and progress go to standard error, so that facts can be
   piped while a question is seen.
3. Nothing answers for a person: at the end of input a question is answered with the empty string,
   and every question takes that as "no".
"""

import getpass
import json
import os
import re
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mirror.errors import ConfigError
from mirror.limits import MAX_PASSPHRASE

if TYPE_CHECKING:
    from rich.progress import Progress

# Controls of both sets (a terminal obeys U+009B like ESC [), lone surrogates (no encoding has them)
# and the embeddings and overrides of direction, which can turn a name or a number around.
_UNSAFE: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\ufeff]")
_BREAKS: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_ISOLATE: Final = re.compile("[\u2066-\u2069]")
# The blocks of scripts that run from right to left (Hebrew to Arabic Extended, their presentation
# forms, the historic ones and Adlam), and the mark that says so.
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# What JSON may hold unescaped and a terminal may not see.
_UNSAFE_IN_JSON: Final = re.compile(r"[\x7f-\x9f\ud800-\udfff\u2028-\u202e\u2066-\u2069\ufeff]")
_SHOWN_AFTER_SECONDS: Final = 1.0


def safe(text: str) -> str:
    """``text`` without control characters but newline and tab; what was one shows as U+FFFD.

    Direction isolates stay in lines that hold right-to-left text and where they are balanced, so that
    what follows keeps its own direction. Elsewhere they have no work to do, and terminals that do not
    know them draw boxes.
    """
    lines = _UNSAFE.sub("\ufffd", _BREAKS.sub("\n", text)).split("\n")
    return "\n".join(
        line if _RIGHT_TO_LEFT.search(line) and _is_balanced(line) else _ISOLATE.sub("", line)
        for line in lines
    )


def print_json(value: object) -> None:
    """Print ``value`` to standard output: sorted keys, one spelling, UTF-8 as it is."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, indent=2)
    print(_UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text))


def ask(prompt: str) -> str:
    """The line that is typed after ``prompt``; empty at the end of input."""
    print(safe(prompt), end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        print(file=sys.stderr)
    return line.strip()


def read_passphrase(file: Path | None, prompt: str) -> bytes:
    """A passphrase as UTF-8: the first line of ``file``, or typed without echo.

    Raises:
        ConfigError: ``passphrase-file``: the file cannot be read, or others can read it too;
            ``passphrase``: empty, too long, not UTF-8, or there is nobody to type it.
    """
    if file is not None:
        line = _first_line(file)
    elif sys.stdin.isatty():
        # surrogateescape: what the terminal sent that is not UTF-8 is refused below.
        line = getpass.getpass(safe(prompt), stream=sys.stderr).encode(errors="surrogateescape")
    else:
        raise ConfigError(
            "A passphrase is needed: run this at a terminal, or name a passphrase file.", code="passphrase"
        )
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise ConfigError("The passphrase is not UTF-8.", code="passphrase") from error
    if not 0 < len(line) <= MAX_PASSPHRASE:
        raise ConfigError("The passphrase is empty or too long.", code="passphrase")
    return line


def _first_line(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            # Of the open file, not of its name: what is judged is what is read.
            if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
                raise ConfigError(
                    "Others may read the passphrase file: give it mode 0600.", code="passphrase-file"
                )
            line = stream.readline(MAX_PASSPHRASE + 3)
    except OSError as error:
        raise ConfigError(
            f"The passphrase file cannot be read: {error.strerror}.", code="passphrase-file"
        ) from error
    return line.removesuffix(b"\n").removesuffix(b"\r")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A function to be told (done, total); a bar on standard error for what takes over a second.

    Nothing is shown where standard error is not a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    bar = _Bar(label)
    try:
        yield bar.update
    finally:
        bar.close()


class _Bar:
    """A bar that appears late, so that quick work does not flicker."""

    def __init__(self, label: str) -> None:
        self._label = safe(label)
        self._started = time.monotonic()
        self._shown: Progress | None = None

    def update(self, done: int, total: int) -> None:
        """Show ``done`` of ``total``."""
        if self._shown is None:
            if time.monotonic() - self._started < _SHOWN_AFTER_SECONDS:
                return
            self._shown = _rich_bar()
            self._shown.add_task(self._label, total=total)
            self._shown.start()
        self._shown.update(self._shown.task_ids[0], completed=done, total=total)

    def close(self) -> None:
        """Remove the bar."""
        if self._shown is not None:
            self._shown.stop()


def _rich_bar() -> "Progress":
    # Loading rich takes 60 ms and most commands end before a bar is wanted.
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    return Progress(console=Console(stderr=True), transient=True)


def _is_balanced(line: str) -> bool:
    depth = 0
    for mark in _ISOLATE.findall(line):
        depth += -1 if mark == "\u2069" else 1
        if depth < 0:
            return False
    return depth == 0
