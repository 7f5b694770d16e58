"""The deployed policy as a strategy of the simulator: the very code that the publisher runs."""

from collections.abc import Iterator

import numpy as np

from mirror.rotation.policy import decide
from mirror.rotation.policy_open import OpenSettings, OpenState, decide_open
from mirror.rotation.policy_state import Added, Blocked, Event, Joined, Lost, Settings, State
from mirror.simulate.engine import NONE, Morning
from mirror.simulate.worlds import Bools, Ints, World


def events_of(morning: Morning, inviter: Ints) -> Iterator[Event]:
    """What a morning says, as the policy is told it."""
    for reader in morning.joined.tolist():
        yield Joined(reader, int(inviter[reader]))
    for endpoint in morning.added.tolist():
        yield Added(endpoint)
    for endpoint in morning.lost.tolist():
        yield Lost(endpoint)
    for endpoint in morning.blocked.tolist():
        yield Blocked(endpoint)


class Deployed:
    """The policy for invited readers."""

    def __init__(self, world: World, settings: Settings | None = None) -> None:
        self._inviter = world.inviter
        self._holds = np.full((len(world.inviter), 1), NONE, dtype=np.int64)
        self.state = State(settings or Settings(cap=world.setting.cap))

    def step(self, morning: Morning) -> Ints:
        """Tell the policy; what its cohorts are on."""
        self.state, _ = decide(self.state, events_of(morning, self._inviter))
        state = self.state
        endpoint_of = {number: cohort.endpoint for number, cohort in state.cohorts.items()}
        self._holds[: len(state.cohort_of), 0] = [endpoint_of[number] for number in state.cohort_of]
        return self._holds

    def given_up(self) -> Bools:
        """Whom the policy has quarantined."""
        up = np.zeros(len(self._inviter), dtype=np.bool_)
        cohorts = self.state.cohorts
        up[: len(self.state.cohort_of)] = [cohorts[each].is_quarantined for each in self.state.cohort_of]
        return up


class DeployedOpen:
    """The policy for open entry."""

    def __init__(self, world: World, settings: OpenSettings | None = None) -> None:
        self._inviter = world.inviter
        self._holds = np.full((len(world.inviter), 1), NONE, dtype=np.int64)
        self.state = OpenState(settings or OpenSettings(cap=world.setting.cap))

    def step(self, morning: Morning) -> Ints:
        """Tell the policy; what its groups are on."""
        self.state, _ = decide_open(self.state, events_of(morning, self._inviter))
        self._holds[:] = NONE
        for group in self.state.groups.values():
            self._holds[list(group.members), 0] = group.endpoint
        return self._holds

    def given_up(self) -> Bools:
        """Whom the policy does not serve any more."""
        up = np.zeros(len(self._inviter), dtype=np.bool_)
        up[sorted(self.state.given_up)] = True
        return up
