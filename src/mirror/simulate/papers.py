"""Settings and figures of published evaluations, run with our re-implementations.

A figure "appears" when ours is within the tolerance, which is wide where a paper says little of its
censors or measures something near to, but not the same as, what we count. SIMULATION.md says what differs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mirror.simulate import peers
from mirror.simulate.bounds import halving_burned
from mirror.simulate.engine import Result
from mirror.simulate.suite import Maker, run
from mirror.simulate.worlds import Setting

_SALMON: Final = Setting(edges=0, supply=0.0, stock=2_000)
_RBRIDGE: Final = Setting(readers=1_000, first=1_000, edges=0, supply=1.0, cap=40)
# As many endpoints as Theorem 3 allows: who halves must never wait.
_HALVING: Final = Setting(edges=0, informers=0.01, supply=0.0, stock=2 * halving_burned(10_000, 100))


@dataclass(frozen=True, slots=True)
class Published:
    """A figure of a paper: where, in which setting, and how ours must compare."""

    paper: str
    says: str
    setting: Setting
    make: Maker
    censor: str
    measure: Callable[[Result], float]
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A published figure and ours."""

    published: Published
    ours: float

    @property
    def appears(self) -> bool:
        """Whether ours is within the tolerance."""
        return self.published.least <= self.ours <= self.published.most


def _rarely_without(result: Result) -> float:
    """The mean share served, which is no more than the share of those who are never without."""
    return result.mean


def _never_blocked(result: Result) -> float:
    """Endpoints never blocked, as a share of those of the first day, from which nearly all burns come."""
    return max(0.0, 1 - result.burned[-1] / _RBRIDGE.stock)


def _salmon(share: float) -> tuple[Setting, Maker]:
    setting = Setting(edges=0, supply=0.0, stock=2_000, informers=share)
    return setting, lambda world, random: peers.Salmon(world, random, 10)


PUBLISHED: Final = (
    *(
        Published(
            paper="Salmon (PETS 2016)",
            says=f"at most 4 servers are lost to each agent ({share:.0%} of 10,000 users, 2,000 servers)",
            setting=_salmon(share)[0],
            make=_salmon(share)[1],
            censor="aggressive",
            measure=lambda result: result.burned_per_informer,
            least=0.0,
            most=4.0,
        )
        for share in (0.01, 0.05, 0.10)
    ),
    Published(
        paper="rBridge (NDSS 2013)",
        says="over 95 % of users are never thirsty (5 % agents, aggressive); tolerance 5 points",
        setting=_RBRIDGE,
        make=peers.RBridge,
        censor="aggressive",
        measure=_rarely_without,
        least=0.90,
        most=1.0,
    ),
    Published(
        paper="rBridge (NDSS 2013)",
        says="about 50 % of bridges are never blocked (5 % agents, aggressive); tolerance 15 points",
        setting=_RBRIDGE,
        make=peers.RBridge,
        censor="aggressive",
        measure=_never_blocked,
        least=0.35,
        most=0.65,
    ),
    Published(
        paper="Mahdian (FUN 2010), Theorem 3",
        says="k (1 + ceil(log2(n / k))) keys serve everybody always: 8 for each of 100 of 10,000; exact",
        setting=_HALVING,
        make=peers.Halving,
        censor="aggressive",
        measure=lambda result: result.burned_per_informer,
        least=1.0,
        most=halving_burned(10_000, 100) / 100,
    ),
    Published(
        paper="Mahdian (FUN 2010), Theorem 3",
        says="everybody honest is served in the end; exact",
        setting=_HALVING,
        make=peers.Halving,
        censor="aggressive",
        measure=lambda result: result.served[-1],
        least=1.0,
        most=1.0,
    ),
    Published(
        paper="Enemy at the Gateways (NDSS 2019)",
        says="with a static pool almost nobody is connected (5 % agents); tolerance: at most a fifth",
        setting=Setting(edges=0, supply=0.0),
        make=lambda world, random: peers.Enemy(world, random, most=50),
        censor="aggressive",
        measure=lambda result: result.served[-1],
        least=0.0,
        most=0.2,
    ),
)


def compare(seeds: Sequence[int]) -> Iterator[Comparison]:
    """Every published figure beside ours, the mean of the seeds."""
    for each in PUBLISHED:
        results = run(each.setting, each.make, each.censor, seeds)
        yield Comparison(each, sum(map(each.measure, results)) / len(results))
