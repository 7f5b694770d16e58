"""Which paths a mirror's tree has: a list of what is allowed, and nothing else exists.

A path is compared as it was sent: no decoding, no folding, no dots. So there is nothing to escape
from the tree with, and two spellings never name one file.

Source: design section 7.
"""

import re
from enum import Enum
from typing import Final


class Kind(Enum):
    """What a path of the tree names, which says how long it stays true."""

    PIECE = "piece"  # named by its digest: for ever the same
    METADATA = "metadata"  # its version is in its name: for ever the same
    SLIP = "slip"  # of its epoch; made again within it when a cohort is split
    STATEMENT = "statement"  # the newest word: changes with every edition and heartbeat
    PAGE = "page"  # of the reader for browsers: changes with the program

    @property
    def is_immutable(self) -> bool:
        """True when the path never names other bytes."""
        return self in _IMMUTABLE


_IMMUTABLE: Final = frozenset({Kind.PIECE, Kind.METADATA})
TIMESTAMP: Final = "m/timestamp.json"
# The longest are pieces, 69 characters, and pages of the reader.
MAX_PATH: Final = 128

_CHANNEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
_NUMBER: Final = r"(?:0|[1-9][0-9]{0,9})"
_SEGMENT: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-])){0,60}"
_PATHS: Final = re.compile(
    r"(?P<PIECE>p/([0-9a-f]{2})/\2[0-9a-f]{62})"
    rf"|(?P<STATEMENT>m/timestamp\.json|m/heads/{_CHANNEL})"
    r"|(?P<METADATA>m/[1-9][0-9]{0,9}\.[a-z0-9][a-z0-9_-]{0,60}\.json)"
    rf"|(?P<SLIP>s/{_NUMBER}/{_NUMBER})"
    rf"|(?P<PAGE>r/(?:{_SEGMENT}/){{0,2}}{_SEGMENT})"
)


def kind_of(path: str) -> Kind | None:
    """What ``path`` (relative, no leading ``/``) names; None when no tree has such a path."""
    if len(path) > MAX_PATH:
        return None
    match = _PATHS.fullmatch(path)
    return None if match is None or match.lastgroup is None else Kind[match.lastgroup]


def epoch_of(path: str) -> int | None:
    """The epoch that a slip page is of; None for every other path."""
    return int(path.split("/")[1]) if kind_of(path) is Kind.SLIP else None
