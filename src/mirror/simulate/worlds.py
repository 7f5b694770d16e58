"""Worlds to try a policy in: who joins when, under whom, and who is an informer.

Rules:

1. Readers are numbered from 0 in the order they join; an inviter always joins before the invited.
2. Informers are spread evenly over the arrivals; the first reader is honest.
3. In an invitation tree every honest reader is invited by an honest reader drawn evenly from those
   already there (a random recursive tree). ``edges`` informers are invited by honest readers too, drawn
   the same way: the attack edges. All other informers are invited by informers. Honest people
   do not accept invitations from informers.
4. With open entry nobody is invited by anybody.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Setting:
    """What a world is made from. Shares are of 1, days count from 1.

    ``edges`` is the number of attack edges; 0 is open entry. ``first`` readers join on day 1 and
    ``daily`` on each later day until there are ``readers``. ``stock`` endpoints are there on day 1,
    ``supply`` more come each day (a fraction adds up). ``loss`` is the share of hosts lost a day, ``late``
    the days until a block is noticed beyond the next morning, ``cap`` the most readers of an endpoint.
    """

    readers: int = 10_000
    informers: float = 0.05
    edges: int = 25
    first: int = 10_000
    daily: int = 0
    days: int = 180
    stock: int = 200
    supply: float = 2.0
    cap: int = 500
    loss: float = 0.0
    late: int = 0

    def __post_init__(self) -> None:
        if not (0 < self.first <= self.readers and self.days > 0 and 0 <= self.informers < 1):
            raise ValueError("a world has readers, days and a share of informers below 1")
        if self.first < self.readers and self.daily <= 0:
            raise ValueError("not everybody would ever join")
        if self.edges < 0 or self.stock < 0 or self.supply < 0 or self.cap < 1 or self.late < 0:
            raise ValueError("a count is negative")


@dataclass(frozen=True, slots=True)
class World:
    """A drawn world; the arrays are by reader's number."""

    setting: Setting
    inviter: Ints
    joined: Ints
    is_informer: Bools


def draw(setting: Setting, random: np.random.Generator) -> World:
    """A world of this ``setting``."""
    readers = setting.readers
    informers = round(setting.informers * readers)
    is_informer = np.zeros(readers, dtype=np.bool_)
    is_informer[1 + random.choice(readers - 1, size=informers, replace=False)] = True
    late = np.arange(readers) - setting.first
    joined = np.where(late < 0, 1, 2 + late // max(1, setting.daily))
    inviter = np.full(readers, NOBODY, dtype=np.int64)
    if setting.edges:
        _invite(inviter, is_informer, min(setting.edges, informers), random)
    return World(setting, inviter, joined, is_informer)


def _invite(inviter: Ints, is_informer: Bools, edges: int, random: np.random.Generator) -> None:
    """Draw everybody's inviter, as in rule 3."""
    informers = np.flatnonzero(is_informer)
    if edges:
        # The first informer has no other one to be invited by.
        through_edge = {int(informers[0]), *map(int, random.permutation(informers[1:])[: edges - 1])}
    else:
        through_edge = set()
    honest_ahead: list[int] = []
    informers_ahead: list[int] = []
    draws = random.random(len(inviter))
    for reader, draw_of in enumerate(draws):
        informer = bool(is_informer[reader])
        pool = informers_ahead if informer and reader not in through_edge else honest_ahead
        if pool:
            inviter[reader] = pool[int(draw_of * len(pool))]
        (informers_ahead if informer else honest_ahead).append(reader)
