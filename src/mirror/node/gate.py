"""The gate: which requests are for the mirror, and which are to see the cover site.

Rules:

1. Every request costs the same here: the first segment of its path is compared with every path of
   every seat, whatever it is, also where the node has no secret. Then nobody knows the paths.
2. A path is compared as it was sent, before any decoding.
3. Paths change with the epoch, at a moment of our own and never within a request.
4. Visits are counted by epoch and seat, in memory, and leave it only as totals rounded up.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Final

from mirror.limits import MAX_EPOCH
from mirror.rotation.epochs import Calendar
from mirror.rotation.paths import PATH_LENGTH, Accepted, accepted

_NONE: Final = "-" * PATH_LENGTH  # no path has this character
_KEPT: Final = 14  # epochs whose counts stay in memory
STEP: Final = 50


class Gate:
    """The paths of a node with ``secret``; without one, of a secret that is thrown away."""

    def __init__(
        self, secret: bytes | None, calendar: Calendar, now: int, closed: Collection[int] = ()
    ) -> None:
        self.is_open = secret is not None
        self._secret = secret or secrets.token_bytes(32)
        self._calendar = calendar
        self._closed = closed
        self.visits: Counter[tuple[int, int]] = Counter()
        self._epoch = -1
        self._accepted = Accepted((), ())
        self.turn(now)

    def turn(self, now: int) -> bool:
        """Take the paths of the epoch that ``now`` lies in (rule 3); True: it is another one."""
        epoch = self._calendar.epoch(now)
        if epoch == self._epoch:
            return False
        self._epoch = epoch
        self._accepted = accepted(self._secret, epoch, self._closed)
        for old in [key for key in self.visits if not epoch - _KEPT < key[0] <= MAX_EPOCH]:
            del self.visits[old]
        return True

    def admit(self, target: bytes) -> tuple[int, str] | None:
        """The seat that ``target`` was given to and the path below it; None: the cover site."""
        segment, mark, rest = target[1:].decode("latin-1").partition("/")
        is_like = len(segment) == PATH_LENGTH and bool(mark) and target[:1] == b"/"
        seat = self._accepted.seat(segment if is_like else _NONE)  # rule 1
        return None if seat is None or not self.is_open else (seat, rest)

    def count(self, seat: int) -> None:
        """One more answer to who came by ``seat``."""
        self.visits[self._epoch, seat] += 1

    def totals(self) -> dict[str, dict[str, int]]:
        """Visits by epoch and seat, rounded up."""
        shown: dict[str, dict[str, int]] = {}
        for (epoch, seat), count in sorted(self.visits.items()):
            shown.setdefault(str(epoch), {})[str(seat)] = rounded_up(count)
        return shown


def rounded_up(count: int) -> int:
    """``count`` up to the next multiple of ``STEP``."""
    return -(-count // STEP) * STEP


def added(
    old: Mapping[str, Mapping[str, int]], new: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, int]]:
    """The totals of both, of the newest epochs only."""
    every: dict[str, dict[str, int]] = {}
    for epoch, seats in (*old.items(), *new.items()):
        sums = every.setdefault(epoch, {})
        for seat, count in seats.items():
            sums[seat] = sums.get(seat, 0) + count
    return {epoch: every[epoch] for epoch in sorted(every, key=int)[-_KEPT:]}
