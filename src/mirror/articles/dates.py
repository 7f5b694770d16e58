"""Instants from the ways in which feeds, pages and authors write them.

A time without a zone is taken as UTC, a date without a time as its first second, a year or a month
as its first day: what orders articles must not depend on the machine that reads them.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from mirror import limits

_PARTIAL: Final = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
_MAX: Final = 60  # characters; the longest form in use has 37


def instant(text: str | None) -> int | None:
    """Unix seconds for an ISO 8601 or RFC 822 date and time, or None where it is neither."""
    text = (text or "").strip()
    if not text or len(text) > _MAX:
        return None
    try:
        return _seconds(_parsed(text))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _parsed(text: str) -> datetime:
    if found := _PARTIAL.fullmatch(text):
        year, month, day = (int(part) if part else 1 for part in found.groups())
        return datetime(year, month, day, tzinfo=UTC)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)


def _seconds(when: datetime) -> int | None:
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    seconds = int(when.timestamp())
    return seconds if 0 <= seconds <= limits.MAX_INSTANT else None
