"""The life of one attempt to get one piece from one endpoint. Pure: ``STEPS`` is all of it.

The diagram in ``FETCHING.md`` is made from ``STEPS``.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Step(StrEnum):
    """Where an attempt stands."""

    CONNECTING = "connecting"
    ASKED = "asked"  # connected; no byte of the answer yet
    RECEIVING = "receiving"
    QUIET = "quiet"  # nothing came for longer than is usual here
    CRAWLING = "crawling"  # bytes come, far too slowly
    VERIFIED = "verified"
    WRONG = "wrong"
    FAILED = "failed"
    STOPPED = "stopped"  # by us


class Event(StrEnum):
    """What happens to an attempt."""

    CONNECTED = "connected"
    BYTES = "bytes"
    LATE = "late"  # by our clock
    TOO_SLOW = "too slow"  # by our clock
    GOOD = "good"
    BAD = "bad"
    ERROR = "error"
    STOP = "stop"


ENDS: Final = frozenset({Step.VERIFIED, Step.WRONG, Step.FAILED, Step.STOPPED})
GOING: Final = frozenset({Step.CONNECTING, Step.ASKED, Step.RECEIVING})
_ENDINGS: Final = {
    Event.GOOD: Step.VERIFIED,
    Event.BAD: Step.WRONG,
    Event.ERROR: Step.FAILED,
    Event.STOP: Step.STOPPED,
}
STEPS: Final[Mapping[tuple[Step, Event], Step]] = {
    (Step.CONNECTING, Event.CONNECTED): Step.ASKED,
    (Step.CONNECTING, Event.LATE): Step.QUIET,
    (Step.ASKED, Event.BYTES): Step.RECEIVING,
    (Step.ASKED, Event.LATE): Step.QUIET,
    (Step.RECEIVING, Event.BYTES): Step.RECEIVING,
    (Step.RECEIVING, Event.LATE): Step.QUIET,
    (Step.RECEIVING, Event.TOO_SLOW): Step.CRAWLING,
    (Step.QUIET, Event.CONNECTED): Step.ASKED,
    (Step.QUIET, Event.BYTES): Step.RECEIVING,
    (Step.CRAWLING, Event.BYTES): Step.CRAWLING,
} | {(step, event): end for step in Step if step not in ENDS for event, end in _ENDINGS.items()}


@dataclass(slots=True)
class Attempt:
    """One request for one piece; instants in seconds."""

    number: int
    endpoint: str
    piece: str
    line: int
    started: float
    is_new_line: bool
    is_exploring: bool
    step: Step
    asked_at: float | None = None
    first_at: float | None = None
    last_at: float = 0.0  # when something last happened
    received: int = 0


@dataclass(slots=True)
class Need:
    """A piece that is not here yet."""

    attempts: dict[int, Attempt] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)
    lacking: set[str] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)  # the last one, by endpoint

    @property
    def is_served(self) -> bool:
        """True when an attempt goes on as expected."""
        return any(attempt.step in GOING for attempt in self.attempts.values())

    @property
    def is_received(self) -> bool:
        """True when bytes of it come."""
        return any(attempt.step is Step.RECEIVING for attempt in self.attempts.values())
