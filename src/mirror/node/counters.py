"""What a node counts: how much, never who, what or when. Shown rounded.

Exact counters, read often, tell when one request came. Rounded ones still tell an operator whether
the node is used, refused or blocked.
"""

from collections import Counter
from typing import Final

_COARSE: Final = 100
_MEGABYTE: Final = 1_000_000


class Counters:
    """Answers and refusals by kind, bytes sent; since the process began."""

    def __init__(self) -> None:
        self.events: Counter[str] = Counter()
        self.bytes = 0

    def count(self, event: str, sent: int = 0) -> None:
        """One more ``event``, which cost ``sent`` bytes of body."""
        self.events[event] += 1
        self.bytes += sent

    def text(self) -> str:
        """The counters in the text format that Prometheus reads, rounded."""
        events = sorted(self.events.items())
        lines = [f'mirror_events{{kind="{kind}"}} {rounded(count)}' for kind, count in events]
        return "\n".join([*lines, f"mirror_sent_bytes {self.bytes // _MEGABYTE * _MEGABYTE}", ""])


def rounded(count: int) -> int:
    """``count`` down to whole hundreds, and to two digits where that is coarser."""
    digits = len(str(count))
    step = max(_COARSE, int("1" + "0" * (digits - 2)))
    return count // step * step
