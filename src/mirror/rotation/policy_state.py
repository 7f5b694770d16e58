"""What the splitting policy is told, remembers and answers. Plain data.

Readers and endpoints are numbers that the publisher gives: readers 0, 1, 2 ... in the order they
joined, endpoints any, each for one address for ever. A day is one call of ``policy.decide``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mirror.rotation.policy_tree import NOBODY

NOWHERE: Final = -1  # the endpoint of a cohort that has none
NONE: Final = -1  # the cohort of nobody
NEVER: Final = -1  # the days until what never happened
LATEST: Final = 4  # days: what takes longer is no late news but a patient informer


@dataclass(frozen=True, slots=True, order=True)
class Joined:
    """A reader joined, invited by ``inviter`` (``NOBODY``: by the publisher)."""

    reader: int
    inviter: int = NOBODY


@dataclass(frozen=True, slots=True, order=True)
class Added:
    """A fresh endpoint can be handed out: nobody knows it."""

    endpoint: int


@dataclass(frozen=True, slots=True, order=True)
class Lost:
    """An endpoint is gone, and no censor did it."""

    endpoint: int


@dataclass(frozen=True, slots=True, order=True)
class Blocked:
    """An endpoint was found blocked. It stays so: what a censor knows, he knows."""

    endpoint: int


@dataclass(frozen=True, slots=True, order=True)
class Revoked:
    """The publisher trusts a reader no more, nor whoever came through him: his branch is served no more."""

    reader: int


Event = Joined | Added | Lost | Blocked | Revoked


@dataclass(frozen=True, slots=True)
class Made:
    """A cohort: the ``branches`` below these readers, without what other cohorts hold of them.

    ``parent`` is the cohort it was cut from, or ``NONE``. A reader belongs to the cohort of the nearest
    such reader at or above him in the tree, and so does whoever he invites.
    """

    cohort: int
    parent: int
    branches: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A cohort is no more, or has lost branches: ``into`` are the cohorts cut from it."""

    cohort: int
    into: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Assigned:
    """From today the slip of ``cohort`` names ``endpoint``; ``NOWHERE`` while it must wait."""

    cohort: int
    endpoint: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """The cohort gets no endpoint any more, and neither does whoever its readers invite."""

    cohort: int


@dataclass(frozen=True, slots=True)
class Retired:
    """Nobody is sent to this endpoint any more."""

    endpoint: int


Decision = Made | Split | Assigned | Quarantined | Retired


@dataclass(frozen=True, slots=True)
class Settings:
    """How the policy for invited readers behaves. ``ROTATION.md`` and ``SIMULATION.md`` say why.

    ``opening`` is the share of the stock used at first, ``smallest`` the readers of the smallest cohort made
    before anything was blocked. ``reserve``, a share of all endpoints, and ``kept`` more stay in stock
    when cohorts that nobody blocked are cut: those above ``coarse`` times the readers for each
    endpoint. A blocked cohort is cut in ``parts``. It is a guest only while more than ``enough`` of the most
    endpoints that there ever were are in use: of those above, ``risks`` may be risked a day, for cohorts of
    at least ``worth_risk`` readers after at most ``risk_burns`` blocks. Readers who joined in the
    ``recent`` days up to a block, and guests who moved in within ``guest_days``, are blamed first.
    ``informers`` signs make an informer of a reader, whose branch is quarantined when it has at most
    ``dense`` other readers for each sign.
    """

    cap: int = 500  # readers of one endpoint: a small host carries them, and one block cuts off no more
    guests: int = 4  # cohorts of one endpoint: each block has few suspects
    opening: float = 0.5
    reserve: float = 0.15
    parts: int = 3
    smallest: int = 4
    recent: int = 1
    guest_days: int = 7
    informers: int = 2
    dense: int = 12
    risks: float = 0.3
    enough: float = 0.6
    risk_burns: int = 2
    worth_risk: int = 8
    kept: int = 10
    coarse: float = 1.9

    def __post_init__(self) -> None:
        if not (0 < self.opening <= 1 and 0 <= self.reserve < 1):
            raise ValueError("a share is between 0 and 1")
        if min(self.cap, self.guests, self.smallest, self.informers) < 1 or self.parts < 2:
            raise ValueError("a count of the policy is too small")
        if min(self.recent, self.guest_days, self.dense, self.risks, self.risk_burns) < 0:
            raise ValueError("a count of the policy is negative")


def days_late(soonest: int) -> int:
    """How many days later than the next morning blocks are noticed.

    ``soonest`` is the fewest days that ever passed from an endpoint's first reader to its block. Somebody
    acts at once in nearly every world, so this is soon exact.
    """
    return soonest - 1 if 1 <= soonest <= LATEST + 1 else 0


@dataclass(slots=True)
class Cohort:
    """Readers who are handed the same endpoint. ``since`` is the day they got it."""

    number: int
    parent: int
    members: list[int]
    endpoint: int = NOWHERE
    since: int = 0
    burns: int = 0  # blocks that it, or what it was cut from, was blamed for
    is_quarantined: bool = False

    def copy(self) -> "Cohort":
        """Another one that shares nothing with this one."""
        return Cohort(
            self.number,
            self.parent,
            self.members.copy(),
            self.endpoint,
            self.since,
            self.burns,
            self.is_quarantined,
        )


@dataclass(slots=True)
class State:
    """All that the policy remembers. Whoever holds it must not change it.

    ``inviter``, ``joined`` (a day) and ``cohort_of`` are by reader. ``stock`` are endpoints that nobody
    knows, ``used`` says which cohorts are on each of the others, and ``shared`` are those of them that
    someone outside its one cohort may know. ``gone`` never come back. ``located`` are the informers
    found beyond doubt. ``most`` is how many endpoints there were at most; for ``soonest`` see ``days_late``.
    """

    settings: Settings = field(default_factory=Settings)
    day: int = 0
    inviter: list[int] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)
    cohort_of: list[int] = field(default_factory=list)
    cohorts: dict[int, Cohort] = field(default_factory=dict)
    next_cohort: int = 0
    stock: list[int] = field(default_factory=list)
    used: dict[int, list[int]] = field(default_factory=dict)
    shared: set[int] = field(default_factory=set)
    gone: set[int] = field(default_factory=set)
    located: set[int] = field(default_factory=set)
    most: int = 0
    soonest: int = NEVER

    @property
    def late(self) -> int:
        """How many days later than the next morning blocks are noticed, as far as is known."""
        return days_late(self.soonest)

    def copy(self) -> "State":
        """Another one that shares nothing with this one that can change."""
        return State(
            self.settings,
            self.day,
            self.inviter.copy(),
            self.joined.copy(),
            self.cohort_of.copy(),
            {number: cohort.copy() for number, cohort in self.cohorts.items()},
            self.next_cohort,
            self.stock.copy(),
            {endpoint: cohorts.copy() for endpoint, cohorts in self.used.items()},
            self.shared.copy(),
            self.gone.copy(),
            self.located.copy(),
            self.most,
            self.soonest,
        )

    def make(self, members: Iterable[int], parent: int = NONE, burns: int = 0) -> Cohort:
        """A new cohort of ``members``, who leave the one they were in."""
        cohort = Cohort(self.next_cohort, parent, list(members), burns=burns)
        self.next_cohort += 1
        self.cohorts[cohort.number] = cohort
        for reader in cohort.members:
            self.cohort_of[reader] = cohort.number
        return cohort

    def take_from(self, cohort: Cohort, leaving: Iterable[int]) -> None:
        """``leaving`` are in ``cohort`` no more; without members it ends. They may know its endpoint."""
        out = set(leaving)
        cohort.members = [reader for reader in cohort.members if reader not in out]
        if cohort.endpoint != NOWHERE:
            self.shared.add(cohort.endpoint)
        if not cohort.members:
            self.leave(cohort)
            del self.cohorts[cohort.number]

    def leave(self, cohort: Cohort) -> None:
        """``cohort`` is on no endpoint; one that nobody is on is gone: some people know it."""
        endpoint, cohort.endpoint = cohort.endpoint, NOWHERE
        if endpoint in self.used:
            self.used[endpoint].remove(cohort.number)
            self.shared.add(endpoint)
            if not self.used[endpoint]:
                self.drop(endpoint)

    def drop(self, endpoint: int) -> list[Cohort]:
        """``endpoint`` is gone; the cohorts that were on it, which now have none."""
        homeless = [self.cohorts[number] for number in sorted(self.used.pop(endpoint, ()))]
        for cohort in homeless:
            cohort.endpoint = NOWHERE
        if endpoint in self.stock:
            self.stock.remove(endpoint)
        self.shared.discard(endpoint)
        self.gone.add(endpoint)
        return homeless

    def place(self, cohort: Cohort, endpoint: int) -> None:
        """``cohort`` is on ``endpoint`` from today, which is of the stock or used."""
        if endpoint in self.used:
            self.shared.add(endpoint)
            self.used[endpoint].append(cohort.number)
        else:
            self.stock.remove(endpoint)
            self.used[endpoint] = [cohort.number]
        cohort.endpoint, cohort.since = endpoint, self.day

    def load(self, endpoint: int) -> int:
        """How many readers are on a used endpoint."""
        return sum(len(self.cohorts[number].members) for number in self.used[endpoint])
