"""The codebook: frequent strings of a language as one or two bytes, before compression.

Words with the space before them, runs of tags and the letters of other scripts become codes, so
that zstd sees a text of half the length with the same history. On our corpora this saves 8 to 14 %
behind a dictionary; a reader decodes it with one table.

Rules (FORMAT.md section 4):

1. Bytes 0x00 to 0x7F other than 0x0E stand for themselves (ASCII).
2. 0x80 to 0xDF stand for the strings 0 to 95 of the codebook.
3. 0xE0 to 0xFF and the byte after it, any byte, stand for the strings 96 to 8,287:
   ``96 + (first - 0xE0) * 256 + second``.
4. 0x0E and the UTF-8 of one character above U+007F stand for that character.
5. Anything else is damage: an unknown code, half a code, an unused escape.
6. An empty string retires its code, which is then unknown: strings that only a text removed for
   harm used are taken out so, and every other text keeps its bytes (see ``redact``).
7. A text has at most ``MAX_CLUSTER_RAW`` characters, counted before it is put together: a byte may
   stand for 48.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mirror.bundle.wire import CONTROL, Cursor, Writer
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_CLUSTER_RAW, MAX_CODEBOOK_STRING

ONE_BYTE: Final = 96
TWO_BYTE: Final = 32 * 256
_FIRST: Final = 0x80
_LEAD: Final = _FIRST + ONE_BYTE
_ESCAPE: Final = "\x0e"

# Letters and marks by range, not by ``\w``: that class grows with each release of Unicode, and two
# publishers with different Pythons must make the same codebook. The joiners belong to Persian words.
_LETTERS: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u0386\u0388-\u0481\u0483-\u0556\u0560-\u0588"
    "\u0591-\u05bd\u05bf-\u05f2\u0610-\u061a\u0620-\u0669\u066e-\u06d3\u06d5-\u06ff\u0710-\u0963\u0966-\u0dff"
    "\u0f18-\u0fbc\u10a0-\u10fa\u10fc-\u135f\u1380-\u167f\u1e00-\u1fff\u200c\u200d\u2c00-\u2dff"
    "\ua640-\ua69f\ua720-\uabff\ufb00-\ufdff\ufe70-\ufefc"
)
# Scripts without spaces: a character is a unit of its own.
_UNSPACED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# What may become a code: the start of a link, a run of tags, a character of a script without
# spaces, a word with the space before it.
_UNIT: Final = (
    r'<a href="https?://(?:www\.)?'
    r"|(?:</?[a-z0-9]+>\n?)+"
    rf"| ?[{_UNSPACED}]"
    rf"| ?[{_LETTERS}]+"
)
_CODED: Final = re.compile(_UNIT + r"|\x0e|[^\x00-\x7f]")
_UNITS: Final = re.compile(_UNIT)
_ABOVE_ASCII: Final = re.compile(r"[^\x00-\x7f]")
# Coded bytes seen as Latin-1 text, so that one pass of the regex engine does the work: runs that stand
# for themselves, characters, two-byte codes, one-byte codes, and what is damage wherever it stands.
_CODES: Final = re.compile(
    "[\x00-\x0d\x0f-\x7f]+"
    "|\x0e(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
    "|[\xe0-\xff][\x00-\xff]|[\x80-\xdf]|\x0e|[\xe0-\xff]"
)
_PLAIN: Final = re.compile("[\x00-\x0d\x0f-\x7f]")


@dataclass(frozen=True, slots=True)
class Codebook:
    """The strings of the codes, in the order of rules 2 and 3."""

    strings: tuple[str, ...]
    _codes: dict[str, str] = field(init=False, repr=False, compare=False)
    _texts: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes = {text: _code(index) for index, text in enumerate(self.strings) if text}
        object.__setattr__(self, "_codes", codes)
        object.__setattr__(self, "_texts", {code: text for text, code in codes.items()})

    def encode(self, text: str) -> bytes:
        """``text`` in codes. Always decodes back to ``text``."""
        return _CODED.sub(self._encode_token, text).encode("latin-1")

    def decode(self, coded: bytes) -> str:
        """The text that ``coded`` stands for.

        Raises:
            FormatError: Rule 5.
            LimitError: Rule 7; nothing larger was held.
        """
        tokens = _CODES.findall(coded.decode("latin-1"))
        texts = self._texts
        odd = {token for token in set(tokens) if token not in texts and not _PLAIN.match(token)}
        if odd:
            texts = texts | {token: _decode_character(token) for token in odd}
        parts = [texts.get(token, token) for token in tokens]
        if sum(map(len, parts)) > MAX_CLUSTER_RAW:
            raise LimitError("A text is longer than any may be.", code="text-length")
        return "".join(parts)

    def _encode_token(self, match: re.Match[str]) -> str:
        token = match.group()
        code = self._codes.get(token)
        if code is not None:
            return code
        if token.isascii() and token != _ESCAPE:
            return token
        return "".join(self._encode_character(character) for character in token)

    def _encode_character(self, character: str) -> str:
        if character == _ESCAPE:
            raise ValueError("control characters are not text")
        if character.isascii():
            return character
        return self._codes.get(character) or _ESCAPE + character.encode().decode("latin-1")


def _decode_character(code: str) -> str:
    if code[0] != _ESCAPE or len(code) == 1:
        raise FormatError("A text uses a code that its codebook does not have.", code="codebook")
    try:
        return code[1:].encode("latin-1").decode()
    except UnicodeDecodeError as error:
        raise FormatError("A text has a damaged character.", code="codebook") from error


def train(texts: Iterable[str], least_gain: float) -> Codebook:
    """The codebook that saves most on ``texts``; the same for the same texts in any order.

    A string is taken when it saves at least ``least_gain`` bytes before compression.
    """
    tokens: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    for text in texts:
        tokens.update(_UNITS.findall(text))
        if not text.isascii():
            characters.update(_ABOVE_ASCII.findall(text))
    gains = {
        token: count * (len(token) - 1.6) - 2 * len(token)
        for token, count in tokens.items()
        if len(token) > 1 and len(token.encode()) <= MAX_CODEBOOK_STRING
    }
    gains.update((c, count * (len(c.encode()) - 0.2)) for c, count in characters.items())
    earning = (token for token, gain in gains.items() if gain >= least_gain)
    chosen = sorted(earning, key=lambda token: (-gains[token], token))[: ONE_BYTE + TWO_BYTE]
    uses = _uses(frozenset(chosen), tokens, characters)
    ranked = sorted(chosen, key=lambda token: (-uses[token], token))
    # The two-byte strings stand sorted: their dictionary compresses to two thirds.
    return Codebook((*ranked[:ONE_BYTE], *sorted(ranked[ONE_BYTE:])))


def _uses(chosen: frozenset[str], tokens: Counter[str], characters: Counter[str]) -> Counter[str]:
    """How often each chosen string is coded, now that longer ones have taken their share."""
    uses: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for token, count in tokens.items():
        if token in chosen:
            uses[token] += count
            for character in _ABOVE_ASCII.findall(token):
                covered[character] += count
    for character, count in characters.items():
        if character in chosen:
            uses[character] += max(0, count - covered[character])
    return uses


def units(text: str) -> set[str]:
    """The strings of ``text`` that a codebook might code."""
    return {*_UNITS.findall(text), *_ABOVE_ASCII.findall(text)}


def write(codebook: Codebook, writer: Writer) -> None:
    """Append the codebook to a dictionary (FORMAT.md section 4)."""
    writer.number(len(codebook.strings))
    for text in codebook.strings:
        writer.text(text)


def parse(cursor: Cursor) -> Codebook:
    """The codebook at ``cursor``.

    Raises:
        FormatError: A string is too long, twice there, or holds a control character.
    """
    count = cursor.number(ONE_BYTE + TWO_BYTE)
    strings = tuple(cursor.text(MAX_CODEBOOK_STRING) for _ in range(count))
    used = [text for text in strings if text]
    if len(set(used)) != len(used) or any(map(CONTROL.search, used)):
        raise FormatError("A codebook has a repeated or forbidden string.", code="codebook")
    return Codebook(strings)


def _code(index: int) -> str:
    if index < ONE_BYTE:
        return chr(_FIRST + index)
    lead, second = divmod(index - ONE_BYTE, 256)
    return chr(_LEAD + lead) + chr(second)
