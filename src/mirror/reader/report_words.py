"""What a report tells and to whom, in plain words, said before the gate of *contact*. Pure."""

from collections.abc import Sequence
from typing import Final

NOTHING: Final = (
    "Nothing to report: every endpoint that was handed to you, and that was asked in this run, answered."
)
UNKNOWN: Final = "Not heard long enough to tell: {}. --examine asks again, with more patience."
ALONE: Final = (
    "Nothing on the network answered in this run. That may be this device's connection rather than a block; "
    "`mirror reader doctor` tells more."
)
_HEAD: Final = (
    "Nothing depends on a report: your news and your next endpoints come without it. It is for the publisher "
    "and can be opened by nobody else. It tells:"
)
_SILENT: Final = "that {} did not answer, and so that you were handed these addresses;"
_WHEN: Final = "that it was on {} or about it (epoch {});"
_PLACE: Final = (
    "which invitation is yours. That is no name; but whoever gave it to you knows whom they gave it to, and "
    "the publisher may have written it down;"
)
_COUNTRY: Final = "that it was in {}, because you said --country."
_NO_COUNTRY: Final = "not where you are: --country was not given, and --located is never told."
_REST: Final = (
    "It says nothing else, and never what you read.\n"
    "The program sends nothing. You carry the report, over any way that the publisher reads. Whoever carries "
    "it, or looks on, sees 400 characters that look like a report, from whom they come, and when.\n"
    "Sending it is contacting the newsroom."
)
MADE: Final = "The line and the letters say the same. It is kept nowhere, and nothing was sent."
WRITTEN: Final = "Written, and kept nowhere else. Nothing was sent."


def tells(silent: Sequence[str], day: str, epoch: int, country: str) -> str:
    """All of it, a paragraph or an item of the list to a line; ``silent`` are names."""
    named = " and ".join(filter(None, (", ".join(silent[:-1]), silent[-1])))
    where = _COUNTRY.format(country) if country else _NO_COUNTRY
    items = (_SILENT.format(named), _WHEN.format(day, epoch), _PLACE, where)
    return "\n".join((_HEAD, *(f"  * {each}" for each in items), _REST))
