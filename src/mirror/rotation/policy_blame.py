"""Who is blamed for a block, what is cut, and who is given up. Pure; the rules are in SIMULATION.md.

R3. Newcomers first. If guests moved in less than ``guest_days`` ago with cohorts that were there
    longer, the guests are blamed. If readers joined a cohort within ``recent`` days of the block, they
    alone are cut out of it; how late blocks are noticed is measured (``days_late``). Whoever is not
    blamed moves on whole.
R4. A blamed cohort is cut along the tree. One reader who was alone on an endpoint that nobody else
    ever knew, and it was blocked, is an informer: there is nobody else.
R5. Informers invite informers. A reader is taken for one when ``informers`` of those he invited are, or
    have informers below them; he himself counts too. His branch is quarantined whole if it has at most
    ``dense`` other readers for each of these signs. Many informers below one of the invited are one
    sign: they say that this one is the first of them, not his inviter.
R8. Who is revoked is out with his branch, and is no sign of anything: no cut, no blame, no informer. Where
    his endpoint was found blocked on the same day, he alone is blamed: the others move on whole.
"""

from collections.abc import Iterable, Sequence

from mirror.rotation.policy_state import NEVER, NOWHERE, Cohort, State
from mirror.rotation.policy_tree import NOBODY, Tree


def judge(state: State, blocked: Sequence[int], tree: Tree) -> None:
    """Take the ``blocked`` endpoints out of use and cut the cohorts that are blamed."""
    for endpoint in blocked:
        # Where the first cohort has left, this is too soon: then all is as if news were never late.
        age = state.day - min(state.cohorts[number].since for number in state.used[endpoint])
        state.soonest = age if state.soonest == NEVER else min(age, state.soonest)
    located: list[int] = []
    for endpoint in blocked:
        was_shared = endpoint in state.shared
        suspects = _suspects(state, state.drop(endpoint))
        for cohort in suspects:
            if len(cohort.members) == 1 and not was_shared:
                located += cohort.members
                cohort.is_quarantined = True
            else:
                _cut(state, cohort, tree)
    state.located.update(located)
    for informer in located:
        _quarantine_around(state, informer, tree)


def revoke(state: State, revoked: Iterable[int], tree: Tree) -> set[int]:
    """Take the branches of the ``revoked`` out (R8); the endpoints that they were on.

    Whoever stays there is known not to be the only one who knows it (``State.take_from``).
    """
    out = {reader for top in revoked for reader in tree.branch(top)}
    endpoints: set[int] = set()
    for number in sorted({state.cohort_of[reader] for reader in out}):
        cohort = state.cohorts[number]
        if cohort.is_quarantined:
            continue
        endpoints.add(cohort.endpoint)
        leaving = [reader for reader in cohort.members if reader in out]
        if len(leaving) == len(cohort.members):
            state.leave(cohort)
        else:
            state.take_from(cohort, leaving)
            cohort = state.make(leaving, number, cohort.burns)
        cohort.is_quarantined = True
    return endpoints - {NOWHERE}


def _suspects(state: State, cohorts: list[Cohort]) -> list[Cohort]:
    """Those of the ``cohorts`` of a blocked endpoint that are blamed (R3)."""
    long_ago = state.day - state.settings.guest_days
    if min((cohort.since for cohort in cohorts), default=state.day) < long_ago:
        guests = [cohort for cohort in cohorts if cohort.since >= long_ago]
        return guests or cohorts
    return cohorts


def _cut(state: State, cohort: Cohort, tree: Tree) -> None:
    """Cut a blamed cohort (R3, R4); of one reader, who may be innocent, nothing is left to cut."""
    newest = state.day - state.settings.recent - state.late
    recent: list[int] = []
    for reader in sorted(cohort.members):
        # Whoever came after the block goes with his inviter: branches stay whole.
        came_before = state.joined[reader] < state.day - state.late
        if state.joined[reader] >= newest and (came_before or state.inviter[reader] in recent):
            recent.append(reader)
    if recent and len(recent) < len(cohort.members) and cohort.since < newest:
        burns = cohort.burns + 1
        state.take_from(cohort, recent)
        state.make(recent, cohort.number, burns)
        return
    count = len(cohort.members)
    if count == 1:
        cohort.burns += 1
        return
    # Under twice the parts a cut in two costs fewer endpoints than it finds; a last handful is told apart.
    parts = state.settings.parts
    wanted = parts if count > 2 * parts else count if count <= parts else 2
    del state.cohorts[cohort.number]
    for members in tree.cut(cohort.members, wanted):
        state.make(members, cohort.number, cohort.burns + 1)


def _quarantine_around(state: State, informer: int, tree: Tree) -> None:
    """Quarantine the dense branches above ``informer`` (R5)."""
    settings = state.settings
    signs = _signs(state, tree)
    top = tree.inviter[informer]
    while top != NOBODY:
        count = len(signs[top]) + (top in state.located)
        free = [
            reader for reader in tree.branch(top) if not state.cohorts[state.cohort_of[reader]].is_quarantined
        ]
        if len(free) > settings.dense * len(state.located):
            return  # and so are all branches above
        if free and count >= settings.informers and len(free) <= settings.dense * count:
            quarantine(state, free)
        top = tree.inviter[top]


def _signs(state: State, tree: Tree) -> dict[int, set[int]]:
    """By reader above an informer: whom he invited that is one or has one below."""
    signs: dict[int, set[int]] = {}
    for informer in state.located:
        reader = informer
        while (above := tree.inviter[reader]) != NOBODY and reader not in signs.setdefault(above, set()):
            signs[above].add(reader)
            reader = above
    return signs


def quarantine(state: State, readers: Sequence[int]) -> None:
    """``readers`` leave their cohorts and get no endpoint any more."""
    leaving: dict[int, list[int]] = {}
    for reader in readers:
        leaving.setdefault(state.cohort_of[reader], []).append(reader)
    for number, members in leaving.items():
        state.take_from(state.cohorts[number], members)
    state.make(readers, max(leaving)).is_quarantined = True
