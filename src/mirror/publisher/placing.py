"""From the policy's answers to places in the tree of keys: who opens which slip.

Rules:

1. The publisher hears of the invitations it gave, never of those that readers pass on. So one of the
   policy's readers stands for a *part* of the tree: an invitation with the whole branch of friends
   below it, until that branch must be cut.
2. When such a reader is alone in its cohort, the next cut would go through it: it becomes two, the one
   who was invited and all of its friends together; friends alone become ``MAX_FRIENDS`` branches. That
   costs one endpoint more for a lone informer, and keeps his friends served.
3. A cohort's places never overlap another's: where somebody below a node is in another cohort, or
   was revoked, the node's own slip and one for each of its friends are written in the place of the
   one for the whole branch.
4. What was revoked gets no slip at all, at once. The policy is told with the other events: it counts
   those readers no more, and blames nobody.
5. The policy is asked once for each epoch, and told what happened since. A publisher who was away
   answers for the epochs missed, one after the other.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Final

from mirror.errors import StorageError
from mirror.limits import MAX_DEPTH, MAX_FRIENDS
from mirror.publisher.database import Change
from mirror.publisher.roster import Counted, Event, Facts, Happened, PolicyRow, Pool
from mirror.rotation.epochs import Calendar
from mirror.rotation.keys import NodePath, Place
from mirror.rotation.looking import Crowded
from mirror.rotation.paths import Entrance
from mirror.rotation.policy import decide
from mirror.rotation.policy_state import (
    NOWHERE,
    Added,
    Assigned,
    Blocked,
    Cohort,
    Decision,
    Joined,
    Lost,
    Made,
    Quarantined,
    Retired,
    Revoked,
    Split,
    State,
)
from mirror.rotation.policy_state import Event as Told

# Epochs that are made up for after a silence. The policy's longest memory is a fraction of it.
_MOST_MISSED: Final = 60
# Notes of decisions that are read again: which cohort another was cut from, and where it was sent.
MADE_FROM: Final = "made-from-"
ASSIGNED: Final = "assigned"
_REVOKED: Final = -2
_NOBODY: Final = -1


class Part(StrEnum):
    """What one of the policy's readers stands for (rule 1)."""

    BRANCH = "branch"  # an invitation and everybody below it
    OWN = "own"  # an invitation alone
    FRIENDS = "friends"  # everybody that its reader invited
    NONE = "none"  # nobody any more: others stand for its branches


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy answered for one pool; ``told`` is how many events it was told."""

    pool: Pool
    before: State
    after: State
    decisions: tuple[Decision, ...]
    told: int


def state_of(facts: Facts, pool: Pool) -> State:
    """The policy's memory of ``pool``.

    Raises:
        StorageError: ``roster-damaged``.
    """
    row = facts.policies.get(pool)
    return State() if row is None else _decoded(row.state)


def due(facts: Facts, pool: Pool, epoch: int) -> bool:
    """Whether the policy was not asked yet for ``epoch``."""
    row = facts.policies.get(pool)
    return row is None or row.epoch < epoch


def ask(facts: Facts, pool: Pool, calendar: Calendar, now: int, *, at_once: bool = False) -> Answer | None:
    """What the policy answers for the epochs up to that of ``now`` (rule 5); None: it was asked already.

    ``at_once`` asks it again in an epoch for which it has answered. Changes nothing.
    """
    row = facts.policies.get(pool)
    epoch = calendar.epoch(now)
    first = epoch if row is None else row.epoch + 1
    if first > epoch and not at_once:
        return None
    seen = 0 if row is None else row.seen
    inviter = {each.reader: each.inviter for each in facts.readers[pool]}
    pending = [each for each in facts.events if each.pool is pool and each.number > seen]
    before = after = state_of(facts, pool)
    decisions: list[Decision] = []
    told = 0
    last = max(first, epoch)
    for day in range(max(first, last - _MOST_MISSED), last + 1):
        now_told = [each for each in pending if day == last or calendar.epoch(each.at) <= day]
        pending = [each for each in pending if day != last and calendar.epoch(each.at) > day]
        events = [found for each in now_told if (found := _told(each, inviter)) is not None]
        after, decided = decide(after, events)
        decisions += decided
        told += len(events)
    return Answer(pool, before, after, tuple(decisions), told)


def carry_out(change: Change, answer: Answer, calendar: Calendar, now: int) -> None:
    """Keep ``answer``: the policy's memory, the seats, the parts that were alone (rule 2)."""
    pool, facts = answer.pool, change.facts
    old, new = homes(answer.before), homes(answer.after)
    for cohort in sorted(old.keys() | new.keys()):
        was, is_now = old.get(cohort, NOWHERE), new.get(cohort, NOWHERE)
        if was == is_now:
            continue
        if was != NOWHERE:
            change.unseat(was, pool, cohort, now)
        if is_now != NOWHERE and facts.endpoints[is_now].declared.secret:
            change.seat(is_now, pool, cohort, now)
    change.note(_noted(each, pool, now) for each in answer.decisions)
    row = facts.policies.get(pool)
    epoch = max(calendar.epoch(now), row.epoch + 1 if row else 0)
    seen = max((each.number for each in facts.events), default=0)
    change.keep_policy(pool, PolicyRow(epoch, seen, _encoded(answer.after)))
    _expand(change, answer, now)


def cohort_of(facts: Facts, pool: Pool, state: State, reader: Counted) -> int:
    """The cohort of one of the policy's readers; its inviter's while the policy was not told of it."""
    readers = facts.readers[pool]
    while reader.reader >= len(state.cohort_of):
        if reader.inviter < 0:
            return _NOBODY
        reader = readers[reader.inviter]
    return state.cohort_of[reader.reader]


def places(facts: Facts, pool: Pool) -> dict[Place, int]:
    """The places of every cohort (rule 3), also of those that have no endpoint now."""
    state = state_of(facts, pool)
    revoked = {each.path for each in facts.invitations if each.revoked}
    nodes: dict[NodePath, _Node] = {}
    for each in facts.readers[pool]:
        part = Part(each.part)
        if part is Part.NONE:
            nodes.setdefault(each.path, _Node())
            continue
        is_revoked = any(each.path[:depth] in revoked for depth in range(1, len(each.path) + 1))
        cohort = _REVOKED if is_revoked else cohort_of(facts, pool, state, each)
        node = nodes.setdefault(each.path, _Node())
        if part in (Part.BRANCH, Part.OWN):
            node.own = cohort
        if part in (Part.BRANCH, Part.FRIENDS):
            node.friends = cohort
    for path in sorted(nodes, key=len, reverse=True):  # children before those above them
        node = nodes[path]
        node.whole = _whole(node)
        above = nodes.get(path[:-1])
        if above is not None:
            above.below[path] = node
    found: dict[Place, int] = {}
    for path, node in nodes.items():
        if path[:-1] not in nodes:
            _write(path, node, found)
    return {place: cohort for place, cohort in found.items() if cohort not in (_REVOKED, _NOBODY)}


def slips(facts: Facts) -> dict[Place, tuple[Entrance, ...]]:
    """What each place is told, for ``making.Handout``: nothing where a cohort has no endpoint."""
    found: dict[Place, tuple[Entrance, ...]] = {}
    seated = facts.seated()
    for pool in Pool:
        here = homes(state_of(facts, pool))
        for place, cohort in places(facts, pool).items():
            endpoint = here.get(cohort, NOWHERE)
            entrance = None if endpoint == NOWHERE else facts.entrance(endpoint, pool, cohort, seated)
            if entrance is not None and facts.endpoints[endpoint].is_live:
                found[place] = (entrance,)
    return found


def looks_now(facts: Facts, epoch: int) -> Crowded:
    """By which crowded nodes readers look in ``epoch``: as the last slips told them."""
    kept = max((each for each in facts.epochs if each <= epoch), default=None)
    return frozenset() if kept is None else read_crowded(facts.epochs[kept][0])


def write_crowded(nodes: Crowded) -> str:
    """Crowded nodes as a column has them."""
    return json.dumps(sorted(nodes), separators=(",", ":"))


def read_crowded(text: str) -> Crowded:
    """What ``write_crowded`` gave."""
    return frozenset(tuple(path) for path in json.loads(text))


def homes(state: State) -> dict[int, int]:
    """The endpoint of every cohort that has one."""
    return {number: cohort.endpoint for number, cohort in state.cohorts.items() if cohort.endpoint != NOWHERE}


class _Node:
    """One invitation's part of the tree, while places are written."""

    __slots__ = ("below", "friends", "own", "whole")

    def __init__(self) -> None:
        self.own: int | None = None
        self.friends: int | None = None
        self.below: dict[NodePath, _Node] = {}
        self.whole: int | None = None  # the one cohort that everybody here is in


def _whole(node: _Node) -> int | None:
    below = {each.whole for each in node.below.values()}
    has_all = sum(path[-1] < MAX_FRIENDS for path in node.below) == MAX_FRIENDS
    friends = below if node.friends is None and has_all else below | {node.friends}
    return node.own if friends <= {node.own} else None


def _write(path: NodePath, node: _Node, found: dict[Place, int]) -> None:
    if node.whole is not None:
        found[Place(path)] = node.whole
        return
    if node.own is not None:
        found[Place(path, is_subtree=False)] = node.own
    if node.friends is not None and len(path) < MAX_DEPTH:
        for index in range(MAX_FRIENDS):
            found[Place((*path, index))] = node.friends
    for child, each in node.below.items():
        _write(child, each, found)


def _expand(change: Change, answer: Answer, now: int) -> None:
    """Divide the parts that are alone in their cohort (rule 2)."""
    readers = change.facts.readers[answer.pool]
    count = len(readers)
    for cohort in answer.after.cohorts.values():
        standing = [each for each in cohort.members if Part(readers[each].part) is not Part.NONE]
        if len(standing) != 1 or cohort.is_quarantined:
            continue
        alone = readers[standing[0]]
        if len(alone.path) >= MAX_DEPTH:
            continue
        if Part(alone.part) is Part.BRANCH:
            change.set_part(answer.pool, alone.reader, Part.OWN)
            more = [Counted(count, alone.reader, alone.path, Part.FRIENDS)]
        elif Part(alone.part) is Part.FRIENDS:
            change.set_part(answer.pool, alone.reader, Part.NONE)
            more = [
                Counted(count + index, alone.reader, (*alone.path, index), Part.BRANCH)
                for index in range(MAX_FRIENDS)
            ]
        else:
            continue
        change.add_readers(answer.pool, more, now)
        count += len(more)


def _told(event: Happened, inviter: Mapping[int, int]) -> Told | None:
    match event.kind:
        case Event.JOINED:
            return Joined(event.reader, inviter[event.reader])
        case Event.ADDED:
            return Added(event.endpoint)
        case Event.LOST:
            return Lost(event.endpoint)
        case Event.BLOCKED:
            return Blocked(event.endpoint)
        case Event.REVOKED if event.reader != _NOBODY:
            return Revoked(event.reader)
        case Event.PROBED | Event.REVOKED | Event.DECIDED | Event.REPORTED:
            return None  # what readers say is never told to the policy: anybody invited can say anything


def _noted(decision: Decision, pool: Pool, now: int) -> Happened:
    """A decision as an event, for people who ask later why."""
    match decision:
        case Made(cohort, parent, _):
            return Happened(0, now, Event.DECIDED, pool, cohort=cohort, note=f"{MADE_FROM}{parent}")
        case Split(cohort, into):
            return Happened(0, now, Event.DECIDED, pool, cohort=cohort, note=f"split-in-{len(into)}")
        case Assigned(cohort, endpoint):
            note = "waits" if endpoint == NOWHERE else ASSIGNED
            return Happened(0, now, Event.DECIDED, pool, endpoint, cohort=cohort, note=note)
        case Quarantined(cohort):
            return Happened(0, now, Event.DECIDED, pool, cohort=cohort, note="quarantined")
        case Retired(endpoint):
            return Happened(0, now, Event.DECIDED, pool, endpoint, note="retired")


def _encoded(state: State) -> str:
    values: dict[str, Any] = {}
    for field in fields(state):
        value = getattr(state, field.name)
        match value:
            case set():
                values[field.name] = sorted(value)
            case dict():
                values[field.name] = [
                    [key, asdict(each) if isinstance(each, Cohort) else each] for key, each in value.items()
                ]
            case int() | list():
                values[field.name] = value
            case _:
                pass  # how the policy behaves is the program's, not the database's
    return json.dumps(values, separators=(",", ":"))


def _decoded(text: str) -> State:
    state = State()
    try:
        values = dict(json.loads(text))
        if "cohort_of" not in values:
            raise KeyError("cohort_of")
        for field in fields(state):
            if field.name not in values:
                continue  # the policy has learnt to remember more since
            value = values[field.name]
            match getattr(state, field.name):
                case set():
                    value = set(value)
                case dict() if field.name == "cohorts":
                    value = {int(key): Cohort(**each) for key, each in value}
                case dict():
                    value = {int(key): each for key, each in value}
                case _:
                    pass
            setattr(state, field.name, value)
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError("What the policy remembers is damaged.", code="roster-damaged") from error
    return state
