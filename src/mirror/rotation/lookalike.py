"""Domains that look alike: one skeleton for names that an eye takes for one another.

After Unicode Technical Standard 39 (Unicode Security Mechanisms), section 4: decompose, drop marks,
replace what looks like another letter by that letter. The table holds the letters that are used to
imitate Latin names, and the pairs of ASCII that fonts do not keep apart; it is not the standard's
whole one. It is for showing to a person, not for proving that names are different.
"""

import unicodedata
from typing import Final

# Each Latin letter or digit, and what looks like it: Cyrillic, Greek, Armenian, and Latin beyond ASCII.
_ALIKE: Final = {
    "a": "аαɑ",
    "b": "Ьƅ",
    "c": "сϲ",
    "d": "ԁժɗ",
    "e": "еҽє",
    "g": "ɡցԍ",
    "h": "һհ",
    "i": "іιıɩ",
    "j": "јϳ",
    "k": "кκ",
    "l": "ӏ1ɭⅼ",
    "m": "мⅿ",
    "n": "пոռη",
    "o": "оοօ0ο",
    "p": "рρ",
    "q": "ԛզ",
    "r": "гɼ",
    "s": "ѕ",
    "t": "тτ",
    "u": "υսʋ",
    "v": "νѵⅴ",
    "w": "ԝωшա",
    "x": "хχⅹ",
    "y": "уүγ",
    "z": "ᴢ",
}
_TABLE: Final = str.maketrans({odd: letter for letter, odds in _ALIKE.items() for odd in odds})
_PAIRS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"))
_SCRIPTS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN")


def skeleton(domain: str) -> str:
    """What ``domain`` (as it is sent, ASCII) looks like; the same for two that look alike."""
    text = domain
    if "xn--" in domain:
        marked = unicodedata.normalize("NFKD", shown(domain)).casefold()
        text = "".join(each for each in marked if not unicodedata.combining(each))
    text = text.translate(_TABLE)
    for pair, letter in _PAIRS:
        text = text.replace(pair, letter)
    return text


def shown(domain: str) -> str:
    """``domain`` as a browser may show it: its ``xn--`` labels decoded (RFC 3492), where they can be."""
    return ".".join(map(_shown, domain.split(".")))


def is_mixed(domain: str) -> bool:
    """True when one label mixes alphabets that share letters' shapes: no honest name does."""
    return "xn--" in domain and any(len(_scripts(label)) > 1 for label in shown(domain).split("."))


def _shown(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except ValueError:
        return label


def _scripts(label: str) -> set[str]:
    names = (unicodedata.name(each, "") for each in label if each.isalpha())
    return {script for name in names for script in _SCRIPTS if name.startswith(script)}
