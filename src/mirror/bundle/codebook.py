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
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mirror.bundle.wire import Cursor, Writer
from mirror.errors import FormatError
from mirror.limits import MAX_CODEBOOK_STRING

ONE_BYTE: Final = 96
TWO_BYTE: Final = 32 * 256
_FIRST: Final = 0x80
_LEAD: Final = _FIRST + ONE_BYTE
_ESCAPE: Final = "\x0e"

# What may become a code: the start of a link, a run of tags, a character of a script without
# spaces, a word with the space before it.
_UNIT: Final = (
    r'<a href="https?://(?:www\.)?'
    r"|(?:</?[a-z0-9]+>\n?)+"
    r"| ?[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    r"| ?[^\W\d_]+"
)
_CODED: Final = re.compile(_UNIT + r"|\x0e|[^\x00-\x7f]")
_UNITS: Final = re.compile(_UNIT)
_ABOVE_ASCII: Final = re.compile(r"[^\x00-\x7f]")
# Coded bytes seen as Latin-1 text, so that one pass of the regex engine does the work.
_CODES: Final = re.compile(
    "\x0e(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})"
    "|[\xe0-\xff][\x00-\xff]|[\x80-\xdf]|\x0e|[\xe0-\xff]"
)

# A string must earn its place: it costs about 0.6 bytes a character in the compressed dictionary,
# and of what a code saves before compression only a fifth is left behind zstd. Measured minimum,
# flat within a factor of two (BUNDLE decisions in FORMAT.md section 9).
_LEAST_GAIN: Final = 24


@dataclass(frozen=True, slots=True)
class Codebook:
    """The strings of the codes, in the order of rules 2 and 3."""

    strings: tuple[str, ...]
    _codes: dict[str, str] = field(init=False, repr=False, compare=False)
    _texts: dict[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes = {text: _code(index) for index, text in enumerate(self.strings)}
        object.__setattr__(self, "_codes", codes)
        object.__setattr__(self, "_texts", {code: text for text, code in codes.items()})

    def encode(self, text: str) -> bytes:
        """``text`` in codes. Always decodes back to ``text``."""
        return _CODED.sub(self._encode_token, text).encode("latin-1")

    def decode(self, coded: bytes) -> str:
        """The text that ``coded`` stands for.

        Raises:
            FormatError: Rule 5.
        """
        return _CODES.sub(self._decode_code, coded.decode("latin-1"))

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

    def _decode_code(self, match: re.Match[str]) -> str:
        code = match.group()
        text = self._texts.get(code)
        if text is not None:
            return text
        if code[0] == _ESCAPE and len(code) > 1:
            try:
                return code[1:].encode("latin-1").decode()
            except UnicodeDecodeError as error:
                raise FormatError("A text has a damaged character.", code="codebook") from error
        raise FormatError("A text uses a code that its codebook does not have.", code="codebook")


def train(texts: Iterable[str]) -> Codebook:
    """The codebook that saves most on ``texts``; the same for the same texts in any order."""
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
    earning = (token for token, gain in gains.items() if gain >= _LEAST_GAIN)
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


def write(codebook: Codebook, writer: Writer) -> None:
    """Append the codebook to a dictionary (FORMAT.md section 4)."""
    writer.number(len(codebook.strings))
    for text in codebook.strings:
        writer.text(text)


def parse(cursor: Cursor) -> Codebook:
    """The codebook at ``cursor``.

    Raises:
        FormatError: A string is empty, too long, twice there, or holds a control character.
    """
    count = cursor.number(ONE_BYTE + TWO_BYTE)
    strings = tuple(cursor.text(MAX_CODEBOOK_STRING) for _ in range(count))
    if len(set(strings)) != count or "" in strings or any(map(_has_control, strings)):
        raise FormatError("A codebook has an empty, repeated or forbidden string.", code="codebook")
    return Codebook(strings)


def _has_control(text: str) -> bool:
    return any(character < " " and character != "\n" for character in text)


def _code(index: int) -> str:
    if index < ONE_BYTE:
        return chr(_FIRST + index)
    lead, second = divmod(index - ONE_BYTE, 256)
    return chr(_LEAD + lead) + chr(second)
