"""The splitting policy for invited readers: events in, decisions out. Pure.

Cut along the invitation tree, let the invited inherit their inviter's cohort, and split a cohort whose
endpoint was blocked: most of the gain lies in these three rules. ``policy_blame`` and
``policy_homes`` hold the others; SIMULATION.md says what each of them is worth. The publisher runs
``decide`` once a day, and the simulator runs the same.

Rules that hold after every day:

1. Every reader is in exactly one cohort; a cohort is on at most one endpoint.
2. No endpoint has more readers than its cap, and none that was blocked or lost is handed out again.
3. The order of a day's events does not matter, and the same events give the same decisions.
4. A quarantined cohort is on no endpoint, and stays so. Who was revoked is in one.
"""

from collections.abc import Iterable

from mirror.rotation.policy_blame import judge, revoke
from mirror.rotation.policy_homes import house
from mirror.rotation.policy_state import (
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
    Split,
    State,
)
from mirror.rotation.policy_tree import NOBODY, Tree


def decide(state: State, events: Iterable[Event]) -> tuple[State, tuple[Decision, ...]]:
    """The state after one more day with ``events``, and what is to be done.

    It is called for each day, also for one without events. A block that is noticed late is told on the
    day it is noticed. ``state`` itself stays as it is.

    Raises:
        ValueError: A reader's number is not the next one or he is invited by nobody there; an
            endpoint is added twice or again; one is lost or blocked that was never added; a reader is
            revoked who never joined.
    """
    after = state.copy()
    after.day += 1
    told = set(events)
    _join(after, sorted(each for each in told if isinstance(each, Joined)))
    for endpoint in sorted(each.endpoint for each in told if isinstance(each, Added)):
        if endpoint in after.gone or endpoint in after.used or endpoint in after.stock:
            raise ValueError("an endpoint is added twice")
        after.stock.append(endpoint)
    blocked = sorted(each.endpoint for each in told if isinstance(each, Blocked))
    lost = sorted(each.endpoint for each in told if isinstance(each, Lost))
    known = after.gone.union(after.used, after.stock)
    if not known.issuperset(blocked) or not known.issuperset(lost):
        raise ValueError("an endpoint is gone that was never added")
    tree = Tree(after.inviter)
    revoked = sorted(each.reader for each in told if isinstance(each, Revoked))
    if any(not 0 <= reader < len(after.inviter) for reader in revoked):
        raise ValueError("a reader is revoked who never joined")
    accused = revoke(after, revoked, tree)
    # Both lost and blocked is blocked: someone told.
    judge(after, [each for each in blocked if each in after.used and each not in accused], tree)
    for endpoint in (*lost, *blocked):
        after.drop(endpoint)
    house(after, tree)
    return after, tuple(_difference(state, after, tree))


def _join(state: State, arrivals: Iterable[Joined]) -> None:
    """Readers join the cohorts of their inviters; the publisher's own make one cohort a day."""
    own: list[int] = []
    for arrival in arrivals:
        if arrival.reader != len(state.inviter) or not NOBODY <= arrival.inviter < arrival.reader:
            raise ValueError("readers are numbered as they join, inviters first")
        state.inviter.append(arrival.inviter)
        state.joined.append(state.day)
        if arrival.inviter == NOBODY:
            state.cohort_of.append(NOWHERE)
            own.append(arrival.reader)
            if len(own) == 1:
                state.make(own)
            else:
                state.cohorts[state.cohort_of[own[0]]].members.append(arrival.reader)
                state.cohort_of[arrival.reader] = state.cohort_of[own[0]]
        else:
            cohort = state.cohorts[state.cohort_of[arrival.inviter]]
            cohort.members.append(arrival.reader)
            state.cohort_of.append(cohort.number)


def _difference(before: State, after: State, tree: Tree) -> Iterable[Decision]:
    """What was decided, as the difference of two states."""
    made = [cohort for number, cohort in after.cohorts.items() if number >= before.next_cohort]
    into: dict[int, list[int]] = {}
    for cohort in made:
        into.setdefault(cohort.parent, []).append(cohort.number)
        yield Made(cohort.number, cohort.parent, tree.tops(cohort.members))
    for number in sorted(into.keys() & before.cohorts.keys()):
        yield Split(number, tuple(into[number]))
    for number, cohort in sorted(after.cohorts.items()):
        old = before.cohorts.get(number)
        if cohort.is_quarantined and not (old and old.is_quarantined):
            yield Quarantined(number)
        if cohort.endpoint != (old.endpoint if old else NOWHERE):
            yield Assigned(number, cohort.endpoint)
    for endpoint in sorted(before.used.keys() - after.used.keys()):
        yield Retired(endpoint)
