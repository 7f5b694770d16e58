"""Bytes as people pass them on: a line that fits into a link, or letters to type by hand.

What is read is strict, but for what hands and mail programs do to a text: case, white space and
hyphens between letters. There is one spelling, so what is read is written the same again.
"""

import re
from base64 import b32decode, b32encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Final

_GROUP: Final = 4  # letters; what one keeps in mind between two looks at a paper
_GROUPS_A_LINE: Final = 6
_TYPED: Final = re.compile(r"[A-Z2-7]+")
_LINE: Final = re.compile(r"[A-Za-z0-9_-]+")


def line(data: bytes) -> str:
    """base64url (RFC 4648) without padding."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def from_line(text: str) -> bytes:
    """What ``line`` gave.

    Raises:
        ValueError: Anything else.
    """
    if not _LINE.fullmatch(text):
        raise ValueError("a character that is none of ours")
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if line(data) != text:
        raise ValueError("another spelling")
    return data


def letters(data: bytes) -> str:
    """base32 without padding, in groups of four, six groups to a line."""
    whole = _base32(data)
    groups = [whole[i : i + _GROUP] for i in range(0, len(whole), _GROUP)]
    lines = (groups[i : i + _GROUPS_A_LINE] for i in range(0, len(groups), _GROUPS_A_LINE))
    return "\n".join("-".join(each) for each in lines)


def from_letters(text: str) -> bytes:
    """What ``letters`` gave, in any case, with any white space and hyphens between the letters.

    Raises:
        ValueError: Anything else.
    """
    typed = "".join(text.replace("-", " ").split())
    # Not all that upper() makes of other alphabets was a letter of ours before.
    if not typed.isascii() or not _TYPED.fullmatch(typed.upper()):
        raise ValueError("a character that is none of ours")
    typed = typed.upper()
    data = b32decode(typed + "=" * (-len(typed) % 8))
    if _base32(data) != typed:
        raise ValueError("another spelling")
    return data


def _base32(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=")
