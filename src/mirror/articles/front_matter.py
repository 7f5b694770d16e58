"""The facts at the head of a Markdown or text file: ``key = value`` in TOML, or ``key: value`` lines.

1. TOML stands between two lines ``+++``; the values are strings, dates, or lists of strings.
2. Between two lines ``---`` stands the small part of YAML that people write there: one ``key: value``
   on a line, a value in quotes or not, a list in brackets or as ``- item`` lines below its key.
   Anything else of YAML is refused rather than misread.
3. Keys are taken without regard to case; the ones we know have the names that site generators use.
   Others are left alone: they are that generator's business.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final

from mirror.errors import SourceError

_TOML: Final = re.compile(r"\A\ufeff?\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_YAML: Final = re.compile(
    r"\A\ufeff?---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)
_PAIR: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_-]{0,60})\s*:(?:\s+(.*))?$")
_ITEM: Final = re.compile(r"\s+-\s+(.*)$|-\s+(.*)$")
_MAX: Final = 64 << 10  # characters of front matter
# The first name is ours; the others are what Jekyll, Hugo, Pelican and WordPress exports call it.
_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "title": ("title",),
    "date": ("date", "published", "publishdate", "created"),
    "updated": ("updated", "lastmod", "modified", "last_modified_at"),
    "lang": ("lang", "language", "locale"),
    "byline": ("byline", "author", "authors"),
    "section": ("section", "category", "categories"),
    "summary": ("summary", "description", "excerpt", "subtitle"),
    "source": ("source", "canonical", "canonical_url", "url"),
    "credits": ("credits", "credit"),
}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The facts by our names, each a list of texts, and the text below them."""

    facts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    text: str = ""

    def get(self, name: str) -> str:
        """One fact as one text, or ``""``."""
        return ", ".join(self.facts.get(name, ()))


def split_front_matter(text: str) -> FrontMatter:
    """The front matter of ``text``, which may have none, and the rest.

    Raises:
        SourceError: ``front-matter``; it begins and is neither TOML nor ``key: value`` lines.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := _TOML.match(text[: 2 * _MAX]):
        values = _toml(found.group(1))
    elif found := _YAML.match(text[: 2 * _MAX]):
        if not _looks_like_pairs(found.group(1)):
            return FrontMatter(text=text)  # a text between two rules
        values = _yaml(found.group(1))
    else:
        return FrontMatter(text=text)
    facts: dict[str, tuple[str, ...]] = {}
    for name, spellings in _NAMES.items():
        facts[name] = next((values[spelling] for spelling in spellings if values.get(spelling)), ())
    return FrontMatter(facts, text[found.end() :])


def _toml(text: str) -> dict[str, tuple[str, ...]]:
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourceError("the front matter of a file is not TOML", code="front-matter") from error
    return {key.lower(): _texts(value) for key, value in values.items()}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value.strip(),) if value.strip() else ()
    if isinstance(value, datetime | date | time):
        return (value.isoformat(),)
    if isinstance(value, int | float):
        return (str(value),)
    if isinstance(value, list):
        return tuple(text for part in value for text in _texts(part))
    return ()


def _looks_like_pairs(text: str) -> bool:
    first = next(
        (line for line in text.split("\n") if line.strip() and not line.lstrip().startswith("#")), ""
    )
    return not first or bool(_PAIR.match(first))


def _yaml(text: str) -> dict[str, tuple[str, ...]]:
    values: dict[str, tuple[str, ...]] = {}
    key = ""
    for line in text.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if item := _ITEM.match(line):
            if not key:
                raise SourceError("the front matter of a file has an item without a key", code="front-matter")
            values[key] = (*values[key], *_scalar(item.group(1) or item.group(2)))
        elif pair := _PAIR.match(line):
            key = pair.group(1).lower()
            if key in values:
                raise SourceError("the front matter of a file has a key twice", code="front-matter")
            values[key] = _value((pair.group(2) or "").strip())
        elif not line[0].isspace():
            raise SourceError("a line of the front matter of a file is no key and value", code="front-matter")
        # An indented line that is no item belongs to a nested value, which we have no name for.
    return values


def _value(text: str) -> tuple[str, ...]:
    if text.startswith("[") and text.endswith("]"):
        return tuple(part for piece in text[1:-1].split(",") for part in _scalar(piece))
    if text in ("|", ">", "|-", ">-"):
        raise SourceError("the front matter of a file has a value over several lines", code="front-matter")
    return _scalar(text)


def _scalar(text: str) -> tuple[str, ...]:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    elif len(text) > 1 and text[0] == text[-1] == "'":
        text = text[1:-1].replace("''", "'")
    else:
        text = re.sub(r"\s+#.*$", "", text)
    return (text,) if text and text not in ("null", "~") else ()
