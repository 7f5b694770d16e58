"""Text that is safe to show: no control characters, no terminal escapes, no runaway direction.

1. Terminal escape sequences go as a whole, then every control character but tab and newline.
2. Characters that are never text go too: noncharacters, lone surrogates, U+FEFF, and the soft
   hyphen, which breaks search and shows as a stray hyphen in many terminals.
3. Joiners (U+200C, U+200D), direction marks (U+200E, U+200F, U+061C) and no-break spaces stay:
   Persian, Arabic and Russian need them.
4. In one-line texts (titles, bylines) an embedding or isolate that is not closed goes, because it
   would reorder whatever a screen shows after it; overrides (U+202D, U+202E) always go, because
   their only use in a headline is to disguise it.
"""

import re
from typing import Final

# ESC or CSI introduced sequences; an unterminated one loses its introducer only, never the text
# behind it. The bound keeps a run of introducers from costing quadratic time.
_ESCAPES: Final = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]{0,512}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]{0,8}[0-~]"
)
_SPACES: Final = re.compile("[\x0b\x0c\x85\u2028\u2029]")
_NEVER_TEXT: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_WHITESPACE: Final = re.compile(r"\s+")
_BIDI: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_CLOSERS: Final = {
    "\u202a": "\u202c",
    "\u202b": "\u202c",
    "\u2066": "\u2069",
    "\u2067": "\u2069",
    "\u2068": "\u2069",
}


def clean_text(text: str) -> str:
    """``text`` without escapes and control characters; newlines are ``\\n``, tabs stay."""
    if "\x1b" in text or "\x9b" in text or "\x90" in text or "\x9d" in text:
        text = _ESCAPES.sub("", text)
    text = _SPACES.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n"))
    return _NEVER_TEXT.sub("", text)


def one_line(text: str, limit: int | None = None) -> str:
    """``text`` on one line for titles, bylines and labels, at most ``limit`` characters.

    A longer text is cut at a word where one is near, and ends in an ellipsis.
    """
    line = _WHITESPACE.sub(lambda found: "\xa0" if found.group() == "\xa0" else " ", clean_text(text)).strip()
    if limit is not None and len(line) > limit:
        cut = line[: limit - 1]
        space = cut.rfind(" ", max(0, limit - 60))
        line = (cut[:space] if space > 0 else cut).rstrip() + "…"
    return balanced(line)


def balanced(line: str) -> str:
    """``line`` without direction overrides and without embeddings or isolates left open."""
    if not _BIDI.search(line):
        return line
    drop: set[int] = set()
    still_open: list[tuple[int, str]] = []
    for found in _BIDI.finditer(line):
        character = found.group()
        if character in _CLOSERS:
            still_open.append((found.start(), _CLOSERS[character]))
        elif still_open and still_open[-1][1] == character:
            still_open.pop()
        else:
            drop.add(found.start())  # an override, or an end without a beginning
    drop.update(place for place, _ in still_open)
    return "".join(character for place, character in enumerate(line) if place not in drop)
