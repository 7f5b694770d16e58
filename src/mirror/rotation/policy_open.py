"""The policy for open entry, where nobody vouches for anybody: sieve readers by what gets blocked. Pure.

Without a tree a cut tells nothing, so each reader has a suspicion: the chance that he informs. It is
for a small, expendable pool; who reads an open link should be invited by somebody.

Rules:

S1. Nobody knows at first how many inform. The first ``pilot`` share of readers is let in, then twice as many
    a day while few of the newest groups are blocked. From the groups that were blocked within ``guest_days``,
    and those that were not so far, comes an estimate of the share of informers, which is everybody's
    suspicion at first.
S2. Groups are so small that ``risk`` informers are expected in each, the least suspected first. They get
    endpoints from the stock down to the ``reserve``, then move in where few readers are and nobody is
    new: guests.
S3. A blocked endpoint makes all on it suspects (Bayes' rule). The blame between guests and those who were
    there is shared as experience says: how often endpoints with guests are blocked, and those without.
S4. Who stays ``guest_days`` without a block is suspected less: by the share of informers who act at once,
    which the blame of S3 measures. If informers sleep, time clears nobody.
S5. Several blocks on a day among endpoints without guests mean that sleepers woke: everybody on the
    blocked ones is suspected at least as the share of the blocked ones says.
S6. No more blocks are risked in a day than endpoints come in, and an eighth (``1 / pace``) of those to spare.
S7. Who is suspected above ``limit`` is not served any more, nor is who was revoked.
S8. How late blocks are noticed is measured (``days_late``). Who came to an endpoint too late to have caused
    its block is not blamed, and trials last so much longer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, prod
from typing import Final

from mirror.rotation.policy_state import (
    NEVER,
    NONE,
    NOWHERE,
    Added,
    Assigned,
    Blocked,
    Decision,
    Event,
    Joined,
    Lost,
    Made,
    Quarantined,
    Retired,
    Revoked,
    days_late,
)

_UNKNOWN: Final = -1.0  # the suspicion of who was never on an endpoint
_TRIALS: Final = 150  # of the newest groups, for the estimate of S1
_LATELY: Final = 0.95  # what yesterday's experience weighs in S3: it fades in some three weeks
_MOST: Final = 0.999  # suspicion never reaches certainty: it is divided by what is left
_CLEAR: Final = 1e-3  # below this suspicion readers move in larger groups


@dataclass(frozen=True, slots=True)
class OpenSettings:
    """How the sieve behaves; see the rules. ``crowd`` readers are many for one endpoint."""

    cap: int = 500
    reserve: float = 0.2
    pilot: float = 0.2
    pace: float = 8.0
    risk: float = 0.25
    guest_days: int = 2
    crowd: int = 60
    limit: float = 0.9
    guess: float = 0.002  # the share of informers before anything was blocked
    host_worth: float = 0.15  # what an endpoint with readers counts among those to spare
    small_share: float = 0.4  # of the newest groups blocked: then more are let in


@dataclass(frozen=True, slots=True)
class Group:
    """Readers who came to an endpoint together; it ends when they leave it."""

    number: int
    members: tuple[int, ...]
    endpoint: int
    since: int


@dataclass(slots=True)
class OpenState:
    """All that the sieve remembers; lists are by reader. Whoever holds it must not change it."""

    settings: OpenSettings = field(default_factory=OpenSettings)
    day: int = 0
    suspicion: list[float] = field(default_factory=list)
    group_of: list[int] = field(default_factory=list)
    was_blamed: list[bool] = field(default_factory=list)  # and not cleared since
    was_tried: list[bool] = field(default_factory=list)
    groups: dict[int, Group] = field(default_factory=dict)
    next_group: int = 0
    stock: list[int] = field(default_factory=list)
    used: dict[int, list[int]] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    given_up: set[int] = field(default_factory=set)
    came: int = 0  # endpoints that came after the first day
    window: float = 0.0
    soonest: int = NEVER  # the fewest days from an endpoint's first reader to its block (S8)
    trials: list[tuple[bool, int]] = field(default_factory=list)  # blocked or not, how many readers
    blocked_with_guests: float = 0.0
    days_with_guests: float = 0.0
    blocked_without: float = 0.0
    days_without: float = 0.0
    blamed_guests: float = 0.0
    blamed: float = 0.0

    def copy(self) -> "OpenState":
        """Another one that shares nothing with this one that can change."""
        values = {name: getattr(self, name) for name in self.__slots__}
        fresh = {name: value.copy() for name, value in values.items() if isinstance(value, list | dict | set)}
        fresh["used"] = {endpoint: groups.copy() for endpoint, groups in self.used.items()}
        return OpenState(**values | fresh)

    @property
    def late(self) -> int:
        """The days until a block is noticed beyond the next morning, as far as is known (S8)."""
        return days_late(self.soonest)

    @property
    def newest(self) -> int:
        """The first day of those whose trial is not over: groups that came since then are guests."""
        return self.day - self.settings.guest_days - self.late

    def on(self, endpoint: int) -> list[int]:
        """The readers on a used endpoint."""
        return [reader for number in self.used[endpoint] for reader in self.groups[number].members]


def decide_open(state: OpenState, events: Iterable[Event]) -> tuple[OpenState, tuple[Decision, ...]]:
    """The state after one more day with ``events``, and what is to be done; as ``policy.decide``.

    Inviters are ignored. A cohort is decided anew whenever readers move: one that is ``Assigned``
    ``NOWHERE`` is no more. ``Quarantined`` names cohorts of one reader.

    Raises:
        ValueError: As for ``policy.decide``.
    """
    after = state.copy()
    after.day += 1
    told = set(events)
    for joined in sorted(each for each in told if isinstance(each, Joined)):
        if joined.reader != len(after.suspicion):
            raise ValueError("readers are numbered as they join")
        after.suspicion.append(_UNKNOWN)
        after.group_of.append(NONE)
        after.was_blamed.append(False)
        after.was_tried.append(False)
    for endpoint in sorted(each.endpoint for each in told if isinstance(each, Added)):
        if endpoint in after.gone or endpoint in after.used or endpoint in after.stock:
            raise ValueError("an endpoint is added twice")
        after.stock.append(endpoint)
        after.came += after.day > 1
    blocked = sorted({each.endpoint for each in told if isinstance(each, Blocked)})
    lost = sorted({each.endpoint for each in told if isinstance(each, Lost)})
    if not after.gone.union(after.used, after.stock).issuperset((*blocked, *lost)):
        raise ValueError("an endpoint is gone that was never added")
    revoked = {each.reader for each in told if isinstance(each, Revoked)}
    if any(not 0 <= reader < len(after.suspicion) for reader in revoked):
        raise ValueError("a reader is revoked who never joined")
    for reader in sorted(revoked):
        _revoke(after, reader)
    _learn(after, [endpoint for endpoint in blocked if endpoint in after.used])
    for endpoint in (*lost, *blocked):
        _drop(after, endpoint)
    _hand_out(after)
    return after, tuple(_difference(state, after))


def estimate(trials: Sequence[tuple[bool, int]], least: float) -> float:
    """The share of informers that best explains which groups, of how many readers, were blocked (S1)."""
    hits = sum(was_blocked for was_blocked, _ in trials)
    if not hits:
        return least
    low, high = 1e-5, 0.5
    for _ in range(22):  # halvings: to seven digits
        middle = (low + high) / 2
        if sum(1 - (1 - middle) ** count for _, count in trials) < hits:
            low = middle
        else:
            high = middle
    return max(low, least)


def _learn(state: OpenState, blocked: Sequence[int]) -> None:
    """What a day's blocks, and the lack of them, say of each reader (S3 to S5)."""
    before = state.newest - 1  # yesterday's
    for endpoint in blocked:
        age = state.day - min(state.groups[number].since for number in state.used[endpoint])
        state.soonest = age if state.soonest == NEVER else min(age, state.soonest)
    newest, too_new = state.newest, state.day - state.late  # S8
    is_blocked = set(blocked)
    has_guests = {
        endpoint: any(newest <= state.groups[number].since < too_new for number in groups)
        for endpoint, groups in state.used.items()
    }
    settled = [(each in is_blocked, len(state.on(each))) for each, guests in has_guests.items() if not guests]
    woken = estimate(settled, 0.0) if sum(hit for hit, _ in settled) > 2 else 0.0
    guests_share = _experience(state, has_guests, is_blocked)
    for endpoint in blocked:
        _blame(state, endpoint, newest, guests_share, woken)
        _drop(state, endpoint)
    at_once = (state.blamed_guests + 2) / (state.blamed + 2.5)
    for group in state.groups.values():
        if before <= group.since < newest:
            for reader in group.members:
                chance = state.suspicion[reader]
                state.suspicion[reader] = chance * (1 - at_once) / (1 - chance * at_once)
                state.was_blamed[reader] = False
            _tried(state, group.members, was_blocked=False)
    del state.trials[:-_TRIALS]


def _experience(state: OpenState, has_guests: dict[int, bool], blocked: set[int]) -> float:
    """The share of the blame that guests get (S3), with today's experience."""
    for name in (
        "blocked_with_guests",
        "days_with_guests",
        "blocked_without",
        "days_without",
        "blamed_guests",
        "blamed",
    ):
        setattr(state, name, getattr(state, name) * _LATELY)
    for endpoint, guests in has_guests.items():
        if guests:
            state.days_with_guests += 1
            state.blocked_with_guests += endpoint in blocked
        else:
            state.days_without += 1
            state.blocked_without += endpoint in blocked
    with_guests = (state.blocked_with_guests + 0.5) / (state.days_with_guests + 1)
    share = max(0.0, 1 - state.blocked_without / (state.days_without + 1) / with_guests)
    state.blamed += len(blocked)
    state.blamed_guests += share * sum(has_guests[endpoint] for endpoint in blocked)
    return share


def _blame(state: OpenState, endpoint: int, newest: int, guests_share: float, woken: float) -> None:
    """Suspect those on a blocked endpoint (S3, S5)."""
    guests: list[int] = []
    hosts: list[int] = []
    for number in state.used[endpoint]:
        group = state.groups[number]
        if group.since < state.day - state.late:  # S8: the others came after the block
            (guests if group.since >= newest else hosts).extend(group.members)
    for reader in hosts:
        state.suspicion[reader] = max(state.suspicion[reader], woken)
    shares = [(guests, guests_share), (hosts, 1 - guests_share)]
    if not (guests and hosts):
        shares = [(guests + hosts, 1.0)]
    for readers, share in shares:
        any_informs = max(1e-9, 1 - prod(1 - state.suspicion[reader] for reader in readers))
        for reader in readers:
            state.suspicion[reader] = min(_MOST, state.suspicion[reader] * share / any_informs)
    for reader in guests or hosts:
        state.was_blamed[reader] = True
    _tried(state, guests + hosts, was_blocked=True)


def _tried(state: OpenState, readers: Sequence[int], *, was_blocked: bool) -> None:
    """A group's first trial has ended: it counts for the estimate (S1)."""
    first = [reader for reader in readers if not state.was_tried[reader]]
    if first:
        state.trials.append((was_blocked, len(first)))
        for reader in first:
            state.was_tried[reader] = True


def _drop(state: OpenState, endpoint: int) -> None:
    """``endpoint`` is gone, and with it the groups on it."""
    for number in state.used.pop(endpoint, ()):
        for reader in state.groups.pop(number).members:
            state.group_of[reader] = NONE
    if endpoint in state.stock:
        state.stock.remove(endpoint)
    state.gone.add(endpoint)


def _revoke(state: OpenState, reader: int) -> None:
    """``reader`` is served no more (S7), and those who came with him are no other than before."""
    state.given_up.add(reader)
    number, state.group_of[reader] = state.group_of[reader], NONE
    if number == NONE:
        return
    group = state.groups[number]
    members = tuple(each for each in group.members if each != reader)
    if members:
        state.groups[number] = Group(number, members, group.endpoint, group.since)
        return
    del state.groups[number]
    state.used[group.endpoint].remove(number)
    if not state.used[group.endpoint]:
        _drop(state, group.endpoint)


def _hand_out(state: OpenState) -> None:
    """Place those who have no endpoint, as far as is wise (S2, S6, S7)."""
    how = state.settings
    trials = state.trials + list(_pending(state))
    share = estimate(trials[-_TRIALS:], how.guess)
    waiting = list(_waiting(state, share))
    if not waiting:
        return
    endpoints = len(state.stock) + len(state.used)
    served = 1 - len(waiting) / len(state.suspicion)
    free = max(0, len(state.stock) - int(how.reserve * endpoints * served))
    supply = state.came / (state.day - 1) if state.day > 1 else 0.0
    to_spare = free + max(0, len(state.used) - 10) * how.host_worth
    budget = supply + to_spare / how.pace
    room = _let_in(state, trials)
    hosts = _hosts(state)
    most = ceil(len(waiting) / max(1, free or len(hosts)))
    spent = 0.0
    at = 0
    while at < len(waiting) and (free or hosts):
        chance = waiting[at][0]
        limit = min(how.cap, how.crowd if chance <= _CLEAR else most)
        group: list[int] = []
        expected, alive = 0.0, 1.0
        for each, _, reader in waiting[at : at + max(1, limit)]:
            if group and (expected + each > how.risk or each >= 2 * chance + _CLEAR):
                break
            group.append(reader)
            expected += each
            alive *= 1 - each
        if spent and spent + 1 - alive > budget:
            return
        at += len(group)
        fresh = sum(state.suspicion[reader] == _UNKNOWN for reader in group)
        if fresh and room <= 0:
            continue
        if free:
            endpoint, free = state.stock.pop(0), free - 1
        else:
            endpoint = hosts.pop(0)
            if len(state.on(endpoint)) + len(group) > how.cap:
                return
        room -= fresh
        spent += 1 - alive
        for each, _, reader in waiting[at - len(group) : at]:
            state.suspicion[reader] = each
        _place(state, group, endpoint)


def _waiting(state: OpenState, share: float) -> Iterator[tuple[float, bool, int]]:
    """Those without an endpoint who may get one, the least suspected first.

    Each as his suspicion, whether he was on an endpoint before, and his number.
    """
    waiting = []
    for reader, group in enumerate(state.group_of):
        if group == NONE and reader not in state.given_up:
            chance = state.suspicion[reader]
            if chance > state.settings.limit:
                state.given_up.add(reader)
                continue
            # Blame from before anything was known of the share of informers was too small.
            if chance == _UNKNOWN or (state.was_blamed[reader] and chance < share):
                chance = share
            waiting.append((chance, state.was_tried[reader], reader))
    yield from sorted(waiting)


def _pending(state: OpenState) -> Iterator[tuple[bool, int]]:
    """First trials under way, not blocked so far: without them every early trial would be a hit (S1)."""
    for group in state.groups.values():
        if state.newest <= group.since < state.day - state.late:
            count = sum(not state.was_tried[reader] for reader in group.members)
            if count:
                yield False, count


def _let_in(state: OpenState, trials: Sequence[tuple[bool, int]]) -> float:
    """How many readers may come to their first endpoint today (S1)."""
    how = state.settings
    if not state.window:
        state.window = max(1.0, how.pilot * len(state.suspicion))
        return state.window
    newest = [was_blocked for was_blocked, _ in trials[-20:]]
    hit = sum(newest) / len(newest) if newest else 0.0
    if hit < how.small_share:
        state.window = min(2 * state.window, 1e9)
    elif hit > how.small_share + 0.2:
        state.window = max(state.window / 2, 20.0)
    return state.window


def _hosts(state: OpenState) -> list[int]:
    """Used endpoints that can take guests, the emptiest first."""
    newest = state.newest
    loads = sorted(
        (len(state.on(endpoint)), endpoint)
        for endpoint, groups in state.used.items()
        if all(state.groups[number].since < newest for number in groups)
    )
    return [endpoint for load, endpoint in loads if load < 2 * state.settings.crowd]


def _place(state: OpenState, members: Sequence[int], endpoint: int) -> None:
    group = Group(state.next_group, tuple(members), endpoint, state.day)
    state.next_group += 1
    state.groups[group.number] = group
    state.used.setdefault(endpoint, []).append(group.number)
    for reader in members:
        state.group_of[reader] = group.number


def _difference(before: OpenState, after: OpenState) -> Iterator[Decision]:
    """What was decided, as the difference of two states."""
    for number in sorted(before.groups.keys() - after.groups.keys()):
        yield Assigned(number, NOWHERE)
    for number in sorted(after.groups.keys() - before.groups.keys()):
        group = after.groups[number]
        yield Made(number, NONE, tuple(sorted(group.members)))
        yield Assigned(number, group.endpoint)
    for reader in sorted(after.given_up - before.given_up):
        number, after.next_group = after.next_group, after.next_group + 1
        yield Made(number, NONE, (reader,))
        yield Quarantined(number)
    for endpoint in sorted(before.used.keys() - after.used.keys()):
        yield Retired(endpoint)
