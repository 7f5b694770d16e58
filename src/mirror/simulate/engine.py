"""The run of a strategy in a world under a censor: one step is one day.

Order of a day: hosts are lost overnight, fresh ones come, readers join, the strategy is told of all
this and of the blocks noticed, and hands out; informers learn; those who act have everything blocked
that they ever learnt; then, at the end of the day, honest readers with an endpoint that still works
are counted.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mirror.simulate.censors import CENSORS
from mirror.simulate.worlds import Bools, Ints, World

NONE = -1


@dataclass(frozen=True, slots=True)
class Morning:
    """What a strategy is told: numbers of readers and endpoints, all new since the day before."""

    day: int
    joined: Ints
    added: Ints
    lost: Ints
    blocked: Ints


class Strategy(Protocol):
    """Hands out endpoints."""

    def step(self, morning: Morning) -> Ints:
        """Who holds what today: a row of endpoints for each reader, ``NONE`` where there is none.

        The array has as many rows as the world has readers; it belongs to the strategy.
        """
        ...


class Watcher(Strategy, Protocol):
    """A strategy that can say how many readers it has given up."""

    def given_up(self) -> Bools:
        """Which readers it will not serve again."""
        ...


@dataclass(frozen=True, slots=True)
class Result:
    """What happened. ``served`` is the share of honest readers with a live endpoint, by day."""

    served: tuple[float, ...]
    burned: tuple[int, ...]  # blocked endpoints so far, by day
    informers: int
    given_up: float  # share of honest readers given up at the end, where the strategy says so

    @property
    def mean(self) -> float:
        """The mean of ``served`` over all days."""
        return sum(self.served) / len(self.served)

    @property
    def burned_per_informer(self) -> float:
        """Endpoints blocked at the end for each informer."""
        return self.burned[-1] / max(1, self.informers)


def play(world: World, censor: str, strategy: Strategy, random: np.random.Generator) -> Result:
    """Run ``strategy`` to the end of the world's days; ``random`` is the censor's and the hosts'."""
    setting = world.setting
    informers = np.flatnonzero(world.is_informer)
    honest = ~world.is_informer
    acting = CENSORS[censor](world.joined[informers], random)
    most = setting.stock + int(setting.supply * setting.days) + 1
    alive = np.zeros(most + 1, dtype=np.bool_)  # the last one is for NONE, never alive
    learnt = np.zeros((len(informers), most + 1), dtype=np.bool_)
    late: list[Ints] = [np.empty(0, dtype=np.int64)] * (setting.late + 1)
    served: list[float] = []
    burned: list[int] = []
    there = 0
    blocked_so_far = 0
    for day in range(1, setting.days + 1):
        lost = (
            np.flatnonzero(alive & (random.random(most + 1) < setting.loss)) if setting.loss else late[0][:0]
        )
        alive[lost] = False
        total = setting.stock + int(setting.supply * (day - 1) + 1e-9)
        added = np.arange(there, total)
        alive[added], there = True, total
        joined = np.flatnonzero(world.joined == day)
        holds = strategy.step(Morning(day, joined, added, lost, late.pop(0)))
        mine = holds[informers]
        learnt[np.arange(len(informers))[:, None], mine] = True
        blocked = np.flatnonzero(learnt[acting(day)].any(axis=0) & alive)
        alive[blocked] = False
        late.append(blocked)
        blocked_so_far += len(blocked)
        present = honest & (world.joined <= day)
        served.append(float(alive[holds[present]].any(axis=1).sum() / present.sum()))
        burned.append(blocked_so_far)
    up = strategy.given_up() if hasattr(strategy, "given_up") else np.zeros(len(honest), dtype=np.bool_)
    return Result(tuple(served), tuple(burned), len(informers), float(up[honest].mean()))
