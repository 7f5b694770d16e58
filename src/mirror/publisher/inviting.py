"""Invitations that the publisher gives: a place in the tree of keys, a label, and the first entrances.

Rules:

1. Below an invitation, the numbers under ``MAX_FRIENDS`` are its reader's own to give; the publisher's
   begin above them. So nobody ever gets a place twice.
2. A newcomer begins with the endpoint of the cohort above, where there is one. Whoever is invited by
   nobody begins at endpoints that may be lost: those named, or those of the pool of open links.
3. Revoking an invitation revokes the branch below it: no slip is made for it any more, and the policy
   counts it no more. What its readers know already, they know.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mirror.errors import ConfigError, LimitError
from mirror.limits import MAX_DEPTH, MAX_FRIENDS, MAX_INDEX, MAX_NAME
from mirror.publisher.database import Change
from mirror.publisher.placing import Part, cohort_of, homes, looks_now, state_of
from mirror.publisher.roster import DOORWAY, Counted, Event, Facts, Given, Happened, Known, Pool
from mirror.publisher.rotation import Opened
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import NodePath
from mirror.rotation.lint import lint_set
from mirror.rotation.looking import look
from mirror.rotation.paths import Entrance

_ENTRANCES: Final = 2  # of a newcomer: one, and another when it fails; each is one more to lose


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. ``under`` is the label of the invitation above, or empty; ``via`` are numbers
    of endpoints; ``days`` until it expires, 0 for never."""

    label: str = field(repr=False)
    channel: str
    under: str = field(default="", repr=False)
    pool: Pool = Pool.INVITED
    via: tuple[int, ...] = ()
    days: int = 0


def invite(change: Change, opened: Opened, wish: Wish, now: int) -> tuple[Given, Invitation]:
    """Give an invitation: what is kept of it, and what is handed over and kept nowhere.

    Raises:
        ConfigError: ``invitation-label``, ``no-invitation``, ``invitation-revoked``,
            ``invitation-no-entrance``, ``no-endpoint``.
        LimitError: ``invitation-too-deep``, ``invitations-full``, ``invitation-too-long``.
    """
    facts = change.facts
    check_label(facts, wish.label)
    above = facts.invitation(wish.under) if wish.under else None
    pool = above.pool if above else wish.pool
    if above is not None and is_revoked(facts, above.path):
        raise ConfigError("The invitation above was revoked.", code="invitation-revoked")
    path = _next_path(facts, above.path if above else ())
    readers = facts.readers[pool]
    inviter = -1
    if above is not None:
        inviter = next(
            each.reader for each in readers if each.path == above.path and each.part in _THEMSELVES
        )
    entrances = _entrances(change, pool, readers[inviter] if above else None, wish.via, now)
    expires = now + wish.days * 86_400 if wish.days else 0
    given = Given(
        max((each.number for each in facts.invitations), default=0) + 1, path, wish.label, pool, now, expires
    )
    invitation = Invitation(
        opened.publication,
        wish.channel,
        opened.tree.keyring(path),
        entrances,
        now,
        expires,
        opened.config.epoch_seconds,
        look(path, looks_now(facts, opened.calendar.epoch(now))),
    )
    invitation.encode()  # refused before anything is kept
    change.add_invitation(given)
    change.add_readers(pool, [Counted(len(readers), inviter, path, Part.BRANCH)], now)
    return given, invitation


def revoke(change: Change, label: str, now: int) -> tuple[Given, ...]:
    """Revoke an invitation and every one below it; those that were not revoked before.

    Raises:
        ConfigError: ``no-invitation``.
    """
    facts = change.facts
    top = facts.invitation(label)
    branch = tuple(
        each for each in facts.invitations if each.path[: len(top.path)] == top.path and not each.revoked
    )
    change.revoke(branch, now)
    counted = {each.path: each.reader for each in reversed(facts.readers[top.pool])}  # the first of each
    change.note(
        Happened(0, now, Event.REVOKED, top.pool, reader=counted[each.path], note=f"invitation-{each.number}")
        for each in branch
    )
    return branch


def is_revoked(facts: Facts, path: NodePath) -> bool:
    """Whether an invitation at or above ``path`` was revoked."""
    return any(each.revoked and path[: len(each.path)] == each.path for each in facts.invitations)


def check_label(facts: Facts, label: str) -> None:
    """Refuse a label that is none or that is taken.

    Raises:
        ConfigError: ``invitation-label``.
    """
    if not label.strip() or label != label.strip() or len(label) > MAX_NAME or not label.isprintable():
        raise ConfigError(
            f"A label is one plain line of at most {MAX_NAME} characters.", code="invitation-label"
        )
    if any(each.label == label for each in facts.invitations):
        raise ConfigError("There is an invitation of this label.", code="invitation-label")


_THEMSELVES: Final = frozenset({Part.BRANCH.value, Part.OWN.value})


def _next_path(facts: Facts, above: NodePath) -> NodePath:
    if len(above) >= MAX_DEPTH:
        raise LimitError("Nobody can be invited below this invitation.", code="invitation-too-deep")
    first = MAX_FRIENDS if above else 0  # rule 1
    taken = [each.path[-1] for each in facts.invitations if each.path[:-1] == above]
    index = max((each + 1 for each in taken), default=first)
    if index > MAX_INDEX:
        raise LimitError("No more can be invited here: invite below an invitation.", code="invitations-full")
    return (*above, index)


def _entrances(
    change: Change, pool: Pool, inviter: Counted | None, via: Sequence[int], now: int
) -> tuple[Entrance, ...]:
    """Where the newcomer begins (rule 2)."""
    facts = change.facts
    if inviter is not None and not via:
        state = state_of(facts, pool)
        cohort = cohort_of(facts, pool, state, inviter)
        endpoint = homes(state).get(cohort, -1)
        entrance = None if endpoint < 0 else facts.entrance(endpoint, pool, cohort)
        if entrance is not None and facts.endpoints[endpoint].is_live:
            return (entrance,)
    chosen = [_live(facts, number) for number in dict.fromkeys(via)] or _doorways(facts)
    if not chosen:
        raise ConfigError(
            "No endpoint can be given to a newcomer: name one with --via, or add some with --pool open.",
            code="invitation-no-entrance",
        )
    for each in chosen:
        if each.declared.secret and facts.entrance(each.number, Pool.OPEN, DOORWAY) is None:
            change.seat(each.number, Pool.OPEN, DOORWAY, now)
    after = change.again().facts
    found = (after.entrance(each.number, Pool.OPEN, DOORWAY) for each in chosen)
    return tuple(each for each in found if each is not None)


def _live(facts: Facts, number: int) -> Known:
    known = facts.endpoints.get(number)
    if known is None or not known.is_live:
        raise ConfigError("No endpoint of this number can be used.", code="no-endpoint")
    return known


def _doorways(facts: Facts) -> list[Known]:
    """Two live endpoints of the open pool that share as little as possible; the newest first."""
    live = [each for each in facts.endpoints.values() if each.is_live and each.declared.pool is Pool.OPEN]
    chosen: list[Known] = []
    for each in sorted(live, key=lambda known: -known.number):
        if len(chosen) < _ENTRANCES and not lint_set([known.listed for known in (*chosen, each)]):
            chosen.append(each)
    return chosen
