"""Text in the columns of a terminal: words, wide letters, and what must not turn its neighbours around.

A line's direction is left to the terminal. What is put beside other text is set ``apart``, so that a
Persian title does not turn around the number before it.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_WIDE: Final = frozenset("WF")
_WITHOUT_COLUMN: Final = frozenset({"Mn", "Me", "Cf"})
_LEAST_WIDTH: Final = 20
_LEAD: Final = re.compile(r" *(?:[-*] )?")
_ISOLATES: Final = dict.fromkeys(range(0x2066, 0x206A))


def apart(text: str) -> str:
    """``text`` on one line, in a direction of its own."""
    return f"\u2068{' '.join(text.translate(_ISOLATES).split())}\u2069"


def columns(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    return len(text) if text.isascii() else sum(map(_column, text))


def wrap(text: str, width: int, first: str = "", rest: str = "", *, is_apart: bool = False) -> list[str]:
    """``text`` in lines of at most ``width`` columns; ``first`` and ``rest`` begin them.

    ``is_apart`` sets the text of each line apart from what begins it.

    Breaks at spaces, and within words only where they are longer than a line or written without
    spaces (Chinese, Japanese). A line break in ``text`` stays. No line has room for less than
    ``_LEAST_WIDTH`` columns, whatever ``width`` says.
    """
    room = max(width - max(columns(first), columns(rest)), _LEAST_WIDTH)
    lines = [line for part in text.split("\n") for line in _filled(part, room)]
    lines = list(map(apart, lines)) if is_apart else lines
    return [(rest if place else first) + line for place, line in enumerate(lines)]


def wrap_lists(text: str, width: int) -> str:
    """``text`` wrapped line by line; what follows a list's mark stays under its first word."""
    lines: list[str] = []
    for line in text.split("\n"):
        lead = _LEAD.match(line)
        mark = lead.group() if lead else ""
        lines += wrap(line[len(mark) :], width, mark, " " * len(mark)) if line else [""]
    return "\n".join(lines)


def _filled(text: str, room: int) -> Iterator[str]:
    line, used = "", 0
    for glue, word in _words(text, room):
        size = columns(word)
        if line and used + len(glue) + size > room:
            yield line
            line, used = word, size
        elif line:
            line, used = line + glue + word, used + len(glue) + size
        else:
            line, used = word, size
    yield line


def _words(text: str, room: int) -> Iterator[tuple[str, str]]:
    """What may not be broken, none longer than ``room``, each after a space or nothing."""
    for word in text.split():
        glue = " "
        for part in _parts(word, room):
            yield glue, part
            glue = ""


def _parts(word: str, room: int) -> Iterator[str]:
    """``word`` cut before and after wide letters, and wherever it is longer than ``room``."""
    part, used = "", 0
    for letter in word:
        size = _column(letter)
        if part and size and (size == 2 or used + size > room or _column(part[-1]) == 2):
            yield part
            part, used = "", 0
        part, used = part + letter, used + size
    yield part


def _column(letter: str) -> int:
    if unicodedata.category(letter) in _WITHOUT_COLUMN:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in _WIDE else 1
