"""Ids that stay: from what a source calls the article, never from what the article says.

An id is a readable slug and a short digest of the source's own key (a feed entry's guid, a page's
address, a file's path in its folder). Titles are corrected and dates are edited; an id made from
them would turn a correction into a second article. Nothing here depends on machine or locale.
"""

import base64
import hashlib
import re
import unicodedata
from typing import Final

from mirror.errors import SourceError
from mirror.model import ARTICLE_ID

_SLUG: Final = 60  # characters; with the digest well inside a file name on every system
_DIGEST: Final = 8  # base32 characters: 40 bits, and two ids also share a slug before they can clash


def article_id(kind: str, key: str) -> str:
    """The id for ``key`` in the namespace ``kind`` (``guid``, ``url`` or ``path``).

    Keys that differ only in Unicode normal form are the same key: file systems rewrite names.
    """
    key = unicodedata.normalize("NFC", key)
    digest = hashlib.sha256(f"{kind}\0{key}".encode("utf-8", "replace")).digest()
    tail = base64.b32encode(digest).decode("ascii").lower()[:_DIGEST]
    slug = _slug(key)
    return f"{slug}-{tail}" if slug else tail


def declared_id(text: str) -> str:
    """An id that a source gives itself, checked.

    Raises:
        SourceError: ``article-id``; not lower-case ASCII letters, digits, ``.``, ``_``, ``-``.
    """
    if not ARTICLE_ID.fullmatch(text):
        raise SourceError(
            "an article's own id is not made of a-z, 0-9, dot, underscore and hyphen", code="article-id"
        )
    return text


def _slug(key: str) -> str:
    """The last telling part of a path or address, in ASCII."""
    path = re.sub(r"[?#].*", "", re.sub(r"^[a-z][a-z0-9+.-]*:(//[^/]*)?", "", key, flags=re.IGNORECASE))
    parts = [re.sub(r"\.(html?|md|markdown|txt|xml|php|aspx?)$", "", part) for part in path.split("/")]
    ascii_parts = [
        re.sub(
            r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", part).encode("ascii", "ignore").decode().lower()
        )
        for part in parts
    ]
    telling = [part.strip("-") for part in ascii_parts if part.strip("-") not in ("", "index", "amp")]
    return telling[-1][:_SLUG].strip("-") if telling else ""
