"""Epochs: numbered spans of time, all of one length, counted from 1970-01-01T00:00:00Z.

Rules (ROTATION.md section 3):

1. The number of an epoch is the instant divided by the length in seconds, rounded down.
2. Slips are made for the epoch of the publisher's clock and for the next one, at every release and
   heartbeat. So whoever knows the newest signed instant knows which two exist, and a reader asks
   for no other, whatever the device's clock says.
3. Paths are accepted for the previous, the current and the next epoch: a clock that is wrong by up
   to one epoch costs nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mirror.limits import MAX_EPOCH, MAX_EPOCH_SECONDS, MIN_EPOCH_SECONDS

DAY: Final = 86_400
# How far a path's epoch may lie from the node's own (rule 3).
ACCEPTED_SKEW: Final = 1


@dataclass(frozen=True, slots=True)
class Calendar:
    """A publication's epochs; ``seconds`` is the length of each, a day unless it says otherwise."""

    seconds: int = DAY

    def __post_init__(self) -> None:
        if not MIN_EPOCH_SECONDS <= self.seconds <= MAX_EPOCH_SECONDS:
            raise ValueError("the length of an epoch is out of bounds")

    def epoch(self, instant: int) -> int:
        """The number of the epoch that ``instant`` lies in."""
        return min(max(instant, 0) // self.seconds, MAX_EPOCH)

    def begins(self, epoch: int) -> int:
        """The first instant of ``epoch``."""
        return epoch * self.seconds

    def around(self, instant: int) -> tuple[int, ...]:
        """Previous, current and next epoch (rule 3); without a previous one at the beginning of time."""
        return around(self.epoch(instant))

    def published(self, issued: int) -> tuple[int, int]:
        """The epochs that a publisher has made slips for who signed something at ``issued`` (rule 2)."""
        epoch = self.epoch(issued)
        return epoch, min(epoch + 1, MAX_EPOCH)

    def to_ask(self, now: int, issued: int) -> int:
        """The epoch whose slips a reader asks for: ``now`` by the device, held to what exists (rule 2).

        ``issued`` is the newest signed instant that the reader knows of.
        """
        first, last = self.published(issued)
        return min(max(self.epoch(now), first), last)

    def to_enter(self, now: int, instants: Iterable[int]) -> tuple[int, ...]:
        """The epochs whose paths to try at an endpoint, the likeliest first.

        The device's clock first; then the newest of the signed ``instants`` known, where that is an
        epoch that the path of the first would not be accepted in: so a clock that is wrong by years
        shuts nobody out who has seen a recent statement.
        """
        device, signed = self.epoch(now), self.epoch(max(instants, default=0))
        if signed > device:
            # Time never lies before a signed instant, so here the device is wrong.
            return (signed,) if signed - device <= ACCEPTED_SKEW else (signed, device)
        is_near = device - signed <= ACCEPTED_SKEW or not signed
        return (device,) if is_near else (device, signed)


def around(epoch: int) -> tuple[int, ...]:
    """The previous epoch, ``epoch`` and the next one, in order, as far as they exist."""
    return tuple(
        each for each in range(epoch - ACCEPTED_SKEW, epoch + ACCEPTED_SKEW + 1) if 0 <= each <= MAX_EPOCH
    )
