"""Whom to ask for a piece next: plain failover over several mirrors. Pure, without IO or clock.

A plan is told what happened and answers what to do. It serves one run of one program, for all
pieces together, so that what one piece learns of a mirror helps the next. Rules:

P1  A mirror that gave wrong bytes is not asked again, for anything: it is out.
P2  A mirror that says it lacks a piece is not asked for that piece again.
P3  After any other failure a mirror may be asked for the piece once more, when the others were tried.
P4  A mirror that failed ``STRIKES`` times with nothing good in between is out: each try can cost a
    deadline. Requests that were under way together fail together: they count once.
P5  First those without failures since their last good answer, then those with fewest requests under
    way, then the order that the caller likes. So a dead mirror delays a few pieces, not each one.
P6  When nobody is left for a piece, the plan gives up on that piece only.

Racing, stalls and back-off come later and change the rules here, not the shell that obeys.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from mirror.net import ABSENT, FAILURES

ATTEMPTS: Final = 2  # P3: a connection that breaks is common; the same mirror breaking twice is not bad luck
STRIKES: Final = 3  # P4


@dataclass(frozen=True, slots=True)
class Try:
    """Ask ``mirror``, by its local name; it counts as under way until ``gave``, ``failed`` or ``lied``."""

    mirror: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody is left to ask for this piece; ``tried`` requests were made for it."""

    tried: int


class Out(StrEnum):
    """Why a mirror is not asked any more."""

    WRONG_BYTES = "wrong-bytes"
    FAILING = "failing"


class Failover:
    """The plan of one run over ``mirrors`` (local names, the best liked first)."""

    def __init__(self, mirrors: Sequence[str]) -> None:
        self._order = {name: place for place, name in enumerate(dict.fromkeys(mirrors))}
        self._under_way: Counter[str] = Counter()
        self._strikes: Counter[str] = Counter()
        self._tries: Counter[tuple[str, str]] = Counter()
        self._asked: dict[tuple[str, str], int] = {}  # when, counted in actions
        self._struck: Counter[str] = Counter()  # the last action before the last strike
        self._actions = 0
        self._lacking: set[tuple[str, str]] = set()
        self._out: dict[str, Out] = {}

    @property
    def out(self) -> dict[str, Out]:
        """The mirrors that are not asked any more, and why."""
        return dict(self._out)

    def next_action(self, piece: str) -> Try | GiveUp:
        """What to do for ``piece``, which nobody gave yet."""
        able = [name for name in self._order if self._may_ask(name, piece)]
        if not able:
            return GiveUp(sum(self._tries[name, piece] for name in self._order))
        name = min(able, key=lambda name: self._rank(name, piece))
        self._actions += 1
        self._asked[name, piece] = self._actions
        self._under_way[name] += 1
        self._tries[name, piece] += 1
        return Try(name)

    def gave(self, mirror: str) -> None:
        """``mirror`` gave the right bytes."""
        self._under_way[mirror] -= 1
        self._strikes[mirror] = 0

    def lied(self, mirror: str) -> None:
        """``mirror`` gave other bytes than the piece's (P1)."""
        self._under_way[mirror] -= 1
        self._out[mirror] = Out.WRONG_BYTES

    def failed(self, mirror: str, piece: str, code: str) -> None:
        """``mirror`` gave nothing; ``code`` is one of ``net.FAILURES`` (P2 to P4)."""
        if code not in FAILURES:
            raise ValueError("an unknown failure")
        self._under_way[mirror] -= 1
        if self._asked[mirror, piece] > self._struck[mirror]:
            self._strikes[mirror] += 1
            self._struck[mirror] = self._actions
        if code == ABSENT:
            self._lacking.add((mirror, piece))
        elif self._strikes[mirror] >= STRIKES:
            self._out.setdefault(mirror, Out.FAILING)

    def _may_ask(self, name: str, piece: str) -> bool:
        return (
            name not in self._out
            and (name, piece) not in self._lacking
            and self._tries[name, piece] < ATTEMPTS
        )

    def _rank(self, name: str, piece: str) -> tuple[int, int, int, int]:
        return self._tries[name, piece], self._strikes[name], self._under_way[name], self._order[name]
