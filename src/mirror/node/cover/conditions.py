"""Conditions, ranges and packing of a request, read as nginx reads them.

What our own client never sends, and a prober does. Source: nginx 1.22 as packaged by Debian 12.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final

from mirror.node.cover.head import ELEVEN, Head, number
from mirror.node.cover.site import File

Fields = Mapping[bytes, bytes]

_MONTHS: Final = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_TIME: Final = rb"(?P<h>[0-9]{2}):(?P<m>[0-9]{2}):(?P<s>[0-9]{2})"
_FORMS: Final = (
    re.compile(rb"[^,]*, *(?P<d>[0-9]{2}) (?P<mon>[A-Z][a-z]{2}) (?P<y>[0-9]{4}) " + _TIME, re.DOTALL),
    re.compile(rb"[^,]*, *(?P<d>[0-9]{2})-(?P<mon>[A-Z][a-z]{2})-(?P<yy>[0-9]{2}) " + _TIME, re.DOTALL),
    re.compile(
        rb"[^, ]* (?P<mon>[A-Z][a-z]{2}) (?P<d>[ 0-9][0-9]) " + _TIME + rb" (?P<y>[0-9]{4})", re.DOTALL
    ),
)
_RANGE: Final = re.compile(rb" *(?:([0-9]+) *- *([0-9]*)|-([0-9]+)) *(?:,|$)")


def instant(text: bytes) -> int | None:
    """The instant in ``text``, in any of the three forms of HTTP; None when it is none."""
    for form in _FORMS:
        if match := form.match(text):
            found = match.groupdict()
            if match["mon"] not in _MONTHS:
                return None
            if found.get("yy") is not None:
                year = int(found["yy"])
                year += 2000 if year < 70 else 1900
            else:
                year = int(found["y"])
            month = _MONTHS.index(match["mon"]) + 1
            day, hour, minute, second = (int(match[name]) for name in ("d", "h", "m", "s"))
            try:
                return int(datetime(year, month, day, hour, minute, second, tzinfo=UTC).timestamp())
            except (ValueError, OverflowError):
                return None
    return None


def precondition_fails(fields: Fields, file: File) -> bool:
    """If-Unmodified-Since and If-Match."""
    if (said := fields.get(b"if-unmodified-since")) is not None and (instant(said) or -1) < file.modified:
        return True
    said = fields.get(b"if-match")
    return said is not None and not _matches(said, file.tag, is_weak=False)


def is_unchanged(fields: Fields, file: File) -> bool:
    """If-Modified-Since and If-None-Match: both must hold, where both are there."""
    since, tags = fields.get(b"if-modified-since"), fields.get(b"if-none-match")
    if since is None and tags is None:
        return False
    if since is not None and instant(since) != file.modified:
        return False
    return tags is None or _matches(tags, file.tag, is_weak=True)


def _matches(said: bytes, tag: bytes, *, is_weak: bool) -> bool:
    if said == b"*":
        return True
    at = 0
    while at < len(said):
        if is_weak and len(said) - at > 2 and said[at : at + 2] == b"W/":
            at += 2
        if len(tag) > len(said) - at:
            return False
        if said.startswith(tag, at):
            after = said[at + len(tag) :].lstrip(b" \t")
            if not after or after[:1] == b",":
                return True
            at = len(said) - len(after)
        at = said.find(b",", at)
        if at < 0:
            return False
        at = len(said) - len(said[at:].lstrip(b" \t,"))
    return False


def may_range(fields: Fields, file: File) -> bool:
    """True when a Range field is to be looked at."""
    said = fields.get(b"range")
    if said is None or len(said) < 7 or said[:6].lower() != b"bytes=":
        return False
    condition = fields.get(b"if-range")
    if condition is None:
        return True
    if len(condition) >= 2 and condition.endswith(b'"'):
        return condition == file.tag
    return instant(condition) == file.modified


def ranges(fields: Fields, size: int) -> list[tuple[int, int]] | None:
    """The parts asked for, as (start, end); empty: none can be given; None: the whole file is."""
    text = fields[b"range"][6:]
    found: list[tuple[int, int]] = []
    for spans in _spans(text):
        if spans is None:
            return []
        first, last, suffix = spans
        if suffix is not None:
            start, end = max(size - suffix, 0), size
        else:
            start, end = first, size if last is None or last >= size else last + 1
        if start < end:
            found.append((start, end))
        elif start == 0:
            return None
    if sum(end - start for start, end in found) > size:
        return None
    return found


def _spans(text: bytes) -> Iterator[tuple[int, int | None, int | None] | None]:
    """First, last and suffix of each part; None for what is no part, which ends it."""
    at = 0
    while True:
        match = _RANGE.match(text, at)
        if match is None:
            yield None
            return
        first, last, suffix = (None if not digits else number(digits) for digits in match.groups())
        if any(digits and number(digits) is None for digits in match.groups()):
            yield None
            return
        yield first or 0, last, suffix
        at = match.end()
        if text[at - 1 : at] != b",":
            return


def takes_gzip(head: Head) -> bool:
    """Whether a page is packed for this request."""
    fields = head.fields
    if head.version < ELEVEN or head.method == b"HEAD" or b"via" in fields:
        return False
    said = fields.get(b"accept-encoding", b"")
    word = re.search(rb"(?:^|[ ,])gzip", said, re.IGNORECASE)
    return word is not None and _is_wanted(said[word.end() :])


def _is_wanted(after: bytes) -> bool:
    """Read what follows the word: its weight, where it has one."""
    match = re.match(rb" *(?:(?P<more>;)|,|$)", after)
    if match is None:
        return False
    if not match["more"]:
        return True
    rest = after[match.end() :].lstrip(b" ")
    if not rest:
        return True
    weight = re.match(rb"[qQ]=(?P<whole>[01])(?:[ ,]|$|\.(?P<part>[0-9]*)(?:[ ,]|$))", rest)
    if weight is None:
        return False
    part = weight["part"] or b""
    total = 100 * int(weight["whole"]) + sum(int(chr(digit)) for digit in part)
    return 0 < total <= 100 and len(part) <= 3
