"""Languages as BCP 47 tags, and the direction in which their script runs.

1. A language is what the source declares (``html lang``, ``xml:lang``, the feed's ``language``,
   front matter, an index) or the publisher's default. It is never guessed from the words: a wrong
   guess would pick the wrong notice.
2. A tag is kept in its canonical form (``iw`` is ``he``, ``en_us`` is ``en-US``); one that names no
   language is refused.
3. Direction follows the script, the tag's own or the likely one of the language.
"""

import re
from functools import lru_cache
from typing import Final, Literal

import langcodes

from mirror.errors import SourceError

Direction = Literal["ltr", "rtl"]

# ISO 15924 codes of the scripts that run from right to left (Unicode 15.1).
_RTL_SCRIPTS: Final = frozenset(
    "Adlm Arab Aran Armi Avst Chrs Cprt Elym Hatr Hebr Hung Khar Lydi Mand Mani Mend Merc Mero Narb Nbat "
    "Nkoo Orkh Ougr Palm Phli Phlp Phnx Prti Rohg Samr Sarb Sogd Sogo Syrc Syre Syrj Syrn Thaa Yezi".split()
)
# Languages whose likely script langcodes' data lacks or gives as Latin.
_SCRIPTS: Final = {"azb": "Arab", "ckb": "Arab", "glk": "Arab", "mzn": "Arab", "lrc": "Arab", "yi": "Hebr"}
_SHAPE: Final = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}")
# "no language", "several", "not a language", "uncoded": valid tags, but no notice can follow them.
_NO_LANGUAGE: Final = frozenset({"und", "mul", "zxx", "mis"})


@lru_cache(maxsize=1024)
def _find(tag: str) -> langcodes.Language | None:
    if not _SHAPE.fullmatch(tag):
        return None
    try:
        language = langcodes.Language.get(tag)
        known = language.is_valid() and language.language and language.language not in _NO_LANGUAGE
    except (ValueError, LookupError):
        return None
    return language if known else None


def canonical(tag: str) -> str:
    """The canonical BCP 47 form of ``tag``.

    Raises:
        SourceError: ``language-unknown``; the tag names no language.
    """
    found = declared(tag)
    if found is None:
        raise SourceError("a language tag names no known language", code="language-unknown")
    return found


def declared(tag: str | None) -> str | None:
    """The canonical form of what a source declares, or None where that names no language."""
    language = _find(tag.strip()) if tag else None
    return None if language is None else str(language.to_tag())


def direction(tag: str) -> Direction:
    """``rtl`` or ``ltr`` for a BCP 47 tag; an unknown tag counts as ``ltr``."""
    language = _find(tag)
    if language is None:
        return "ltr"
    script = language.script or _SCRIPTS.get(language.language or "") or language.maximize().script
    return "rtl" if script in _RTL_SCRIPTS else "ltr"
