"""Bytes of a source as text.

A byte order mark decides. Then text that is valid UTF-8 is UTF-8: that does not happen by chance,
and declarations outlive the conversion of a site. Then what the transport or the document declares.
Only where all of these fail is the encoding guessed. The publisher is told of every guess, and of
every declaration that was wrong.
"""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from charset_normalizer import from_bytes

from mirror.errors import SourceError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark begins it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Names pages use for what browsers read as a Windows encoding (WHATWG Encoding, 4.2).
_SAID_FOR: Final = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "ks_c-5601-1987": "cp949",
}
# Python knows codecs that are no text encodings (rot13, zlib, …) and ones that run instructions of
# the sender (utf-7, escapes); only these are taken.
_TEXT: Final = re.compile(
    r"utf-8|utf-16(-[bl]e)?|utf-32(-[bl]e)?|cp(437|86[0-9]|874|932|949|950|125[0-8])|koi8-[rtu]|iso8859-[0-9]{1,2}"
    r"|gb18030|big5(hkscs)?|euc_j.+|iso2022_jp.*|mac-cyrillic|mac-roman|kz1048|ptcp154|tis-620|hz"
)
_META: Final = re.compile(rb"""<meta[^>]{1,200}?charset\s*=\s*["']?\s*([a-z0-9_:.-]{2,40})""", re.IGNORECASE)
_XML: Final = re.compile(rb"""^\s{0,20}<\?xml[^>]{1,200}?encoding\s*=\s*["']([A-Za-z0-9_:.-]{2,40})""")
_HEAD: Final = 4_096  # bytes in which a declaration must stand; browsers look at 1,024
_SAMPLE: Final = 1 << 18  # bytes the guess is made from


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, its encoding, and whether that was neither marked nor rightly declared."""

    text: str
    encoding: str
    guessed: bool = False


def decode(data: bytes, declared: str | None = None) -> Decoded:
    """The text of ``data``.

    Args:
        data: The bytes of a document.
        declared: What the transport says of the encoding, if it says anything.

    Raises:
        SourceError: ``encoding``; no encoding gives text.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return Decoded(data[len(mark) :].decode(name, "replace"), name)
    said = _known(declared) or _declared(data)
    for name in ("utf-8",) if said is None else ("utf-8", said):
        text = _try(data, name)
        if text is not None:
            return Decoded(text, name, guessed=said not in (None, name) and not text.isascii())
    return _guess(data)


def _known(name: str | None) -> str | None:
    if not name:
        return None
    try:
        found = codecs.lookup(name.strip()).name
    except (LookupError, ValueError):
        return None
    found = _SAID_FOR.get(found, found)
    return found if _TEXT.fullmatch(found) else None


def _declared(data: bytes) -> str | None:
    found = _XML.match(data[:_HEAD]) or _META.search(data[:_HEAD])
    name = _known(found.group(1).decode("ascii")) if found else None
    # The declaration could be read byte by byte, so it is no two-byte encoding, whatever it says.
    return "utf-8" if name is not None and name.startswith(("utf-16", "utf-32")) else name


def _try(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except UnicodeError:
        return None
    return None if "\x00" in text else text


def _guess(data: bytes) -> Decoded:
    if b"\x00" in data:  # UTF-16 without a mark, as editors on Windows write it, or no text at all
        for name in ("utf-16-le", "utf-16-be"):
            text = _try(data, name) if len(data) % 2 == 0 else None
            if text is not None and sum(map(str.isprintable, text)) > 0.9 * len(text):
                return Decoded(text, name, guessed=True)
        raise SourceError("a file holds bytes that are not text", code="encoding")
    best = from_bytes(data[:_SAMPLE]).best()
    found = None if best is None else _known(best.encoding)
    guessed = "" if found is None else data.decode(found, "replace")
    if found is None or guessed.count("\ufffd") > 0.01 * len(guessed):
        raise SourceError("the encoding of a file is neither declared nor recognisable", code="encoding")
    return Decoded(guessed, found, guessed=True)
