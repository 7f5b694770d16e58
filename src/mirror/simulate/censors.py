"""Six censors: which informers tell what they know on which day.

An informer who acts has everything blocked that he was ever handed, the same day. Blocked stays blocked.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from mirror.simulate.worlds import Bools, Ints

ASLEEP_DAYS: Final = 60
EVENT_DAY: Final = 90
DAILY_CHANCE: Final = 0.02
STAGGER_FROM: Final = 30
STAGGER_DAYS: Final = 30

Acting = Callable[[int], Bools]  # the day -> which informers act


def aggressive(joined: Ints, random: np.random.Generator) -> Acting:
    """Everybody acts every day."""
    return lambda day: joined <= day


def conservative(joined: Ints, random: np.random.Generator) -> Acting:
    """Everybody acts on one day in fifty, by chance."""
    return lambda day: (joined <= day) & (random.random(len(joined)) < DAILY_CHANCE)


def sleeper(joined: Ints, random: np.random.Generator) -> Acting:
    """Everybody waits for 60 days after joining, then acts every day."""
    return lambda day: joined + ASLEEP_DAYS <= day


def event(joined: Ints, random: np.random.Generator) -> Acting:
    """Nobody acts before day 90, then everybody every day."""
    return lambda day: (joined <= day) & (day >= EVENT_DAY)


def mixed(joined: Ints, random: np.random.Generator) -> Acting:
    """Half are aggressive, half are sleepers."""
    wakes = joined + np.where(random.permutation(len(joined)) % 2 == 0, ASLEEP_DAYS, 0)
    return lambda day: wakes <= day


def stagger(joined: Ints, random: np.random.Generator) -> Acting:
    """From day 30 one thirtieth of the informers more each day: what a careful statistician would do."""
    wakes = np.maximum(joined, STAGGER_FROM + random.permutation(len(joined)) % STAGGER_DAYS)
    return lambda day: wakes <= day


CENSORS: Final[dict[str, Callable[[Ints, np.random.Generator], Acting]]] = {
    "aggressive": aggressive,
    "conservative": conservative,
    "sleeper": sleeper,
    "event": event,
    "mixed": mixed,
    "stagger": stagger,
}
