"""Which endpoint each cohort gets. Pure; the rules are in SIMULATION.md.

R1. Who waits and is too many is cut: on the first day over the ``opening`` share of the stock.
R6. Large cohorts that caused few blocks come first. They get fresh endpoints while there are any; then
    they move in as guests where few readers are, never with other newcomers, never above the cap.
    A cohort of at least ``worth_risk`` readers that was blamed at most ``risk_burns`` times may be a guest
    too, while there are more than ``enough`` of the endpoints that there were at most: a day, ``risks``
    of those above.
R7. While more than the ``reserve`` is in stock, the largest cohorts are cut before anybody blocks them;
    those that outgrew the cap also without it.
"""

import heapq
from math import ceil

from mirror.rotation.policy_state import NOWHERE, Cohort, State
from mirror.rotation.policy_tree import Tree


def house(state: State, tree: Tree) -> None:
    """Give every cohort that waits an endpoint, as far as there are any."""
    _thin(state)
    _open(state, tree)
    waiting = [
        each for each in state.cohorts.values() if each.endpoint == NOWHERE and not each.is_quarantined
    ]
    waiting.sort(key=lambda cohort: (-len(cohort.members) / (1 + cohort.burns), cohort.number))
    hosts: list[tuple[int, int]] | None = None
    risks = _risks(state)
    for cohort in waiting:
        if state.stock:
            state.place(cohort, state.stock[0])
            continue
        if cohort.burns:
            if risks < 1 or not _is_worth(state, cohort):
                continue
            risks -= 1
        if hosts is None:
            hosts = _hosts(state)
        _move_in(state, cohort, hosts)
    _cut_ahead(state, tree)


def _thin(state: State) -> None:
    """Send the last guest of each endpoint that grew above the cap to another one, while there is stock."""
    room = len(state.stock)
    for endpoint in [each for each, cohorts in state.used.items() if len(cohorts) > 1]:
        if room and state.load(endpoint) > state.settings.cap:
            state.leave(state.cohorts[state.used[endpoint][-1]])
            room -= 1


def _open(state: State, tree: Tree) -> None:
    """Cut those who wait and are too many for one endpoint (R1)."""
    settings = state.settings
    for cohort in [each for each in state.cohorts.values() if each.endpoint == NOWHERE]:
        most = settings.cap
        if not cohort.is_quarantined and not state.used:
            share = len(cohort.members) / max(1, int(len(state.stock) * settings.opening))
            most = min(most, max(settings.smallest, ceil(share)))
        if not cohort.is_quarantined and len(cohort.members) > most:
            wanted = ceil(len(cohort.members) / most)
            parts = tree.cut(cohort.members, wanted)
            while max(map(len, parts)) > settings.cap:  # parts differ in size: see ``Tree.cut``
                wanted += 1
                parts = tree.cut(cohort.members, wanted)
            del state.cohorts[cohort.number]
            for members in parts:
                state.make(members, cohort.number, cohort.burns)


def _hosts(state: State) -> list[tuple[int, int]]:
    """Endpoints that take guests, with their readers, the emptiest first: a heap."""
    newest = state.day - state.settings.guest_days
    hosts = [
        (state.load(endpoint), endpoint)
        for endpoint, cohorts in state.used.items()
        if len(cohorts) < state.settings.guests
        and all(state.cohorts[each].since < newest for each in cohorts)
    ]
    heapq.heapify(hosts)
    return hosts


def _risks(state: State) -> int:
    """How many cohorts that were blamed may move in as guests today (R6)."""
    state.most = max(state.most, len(state.used) + len(state.stock))
    return int(state.settings.risks * (len(state.used) - state.settings.enough * state.most))


def _is_worth(state: State, cohort: Cohort) -> bool:
    """True when ``cohort``, which was blamed, is worth the risk of an endpoint that others are on (R6)."""
    settings = state.settings
    return cohort.burns <= settings.risk_burns and len(cohort.members) >= settings.worth_risk


def _move_in(state: State, cohort: Cohort, hosts: list[tuple[int, int]]) -> None:
    """Make ``cohort`` the guest of the emptiest of ``hosts``, if it fits; one newcomer a host."""
    if not hosts:
        return
    load, endpoint = hosts[0]
    if load + len(cohort.members) <= state.settings.cap:
        heapq.heappop(hosts)
        state.place(cohort, endpoint)


def _cut_ahead(state: State, tree: Tree) -> None:
    """Cut the largest cohorts while the stock is above the reserve (R7)."""
    settings = state.settings
    endpoints = len(state.used) + len(state.stock)
    spare = len(state.stock) - ceil(settings.reserve * endpoints) - settings.kept
    served = [each for each in state.cohorts.values() if each.endpoint != NOWHERE]
    readers = sum(len(cohort.members) for cohort in served)
    aim = max(settings.smallest, settings.coarse * readers / max(1, endpoints))
    served.sort(key=lambda cohort: (-len(cohort.members), cohort.number))
    for cohort in served[: len(state.stock)]:
        over = len(cohort.members) - settings.cap
        if over <= 0 and (spare <= 0 or len(cohort.members) <= aim):
            return
        spare -= 1
        parts = 2 if over <= settings.cap // 3 else 2 * ceil(len(cohort.members) / settings.cap)
        leaving = tree.cut(cohort.members, parts)[-1]
        state.take_from(cohort, leaving)
        state.place(state.make(leaving, cohort.number, cohort.burns), state.stock[0])
