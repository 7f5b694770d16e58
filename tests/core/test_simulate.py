"""The simulator: worlds are what they say, days are counted as told, bounds hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mirror.simulate import peers
from mirror.simulate.bounds import entropy_burned, halving_burned, least_burned, most_served
from mirror.simulate.censors import CENSORS, EVENT_DAY, STAGGER_DAYS, STAGGER_FROM
from mirror.simulate.deployed import Deployed, DeployedOpen
from mirror.simulate.engine import NONE, Morning, Strategy, play
from mirror.simulate.suite import PEERS, TREE_PEERS, Maker, figures, run
from mirror.simulate.suite import cells as all_cells
from mirror.simulate.worlds import NOBODY, Ints, Setting, World, draw

SMALL = Setting(readers=600, first=600, edges=4, days=30, stock=30, supply=1.0, cap=100)
OPEN = Setting(readers=600, first=600, edges=0, days=30, stock=30, supply=1.0, cap=100)


def world_of(setting: Setting, seed: int = 1) -> World:
    return draw(setting, np.random.default_rng(seed))


class Everyone(Strategy):
    """Everybody on the endpoint of his number, as far as there are any; keeps what it was told."""

    def __init__(self, world: World) -> None:
        self.mornings: list[Morning] = []
        self.holds = np.full((len(world.inviter), 1), NONE, dtype=np.int64)

    def step(self, morning: Morning) -> Ints:
        self.mornings.append(morning)
        for reader in morning.joined:
            if reader < 10:
                self.holds[reader, 0] = reader
        return self.holds


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.integers(1, 30), st.floats(0.02, 0.3))
def test_a_tree_has_as_many_attack_edges_as_asked(seed: int, edges: int, share: float) -> None:
    world = world_of(Setting(readers=300, first=50, daily=7, informers=share, edges=edges), seed)
    informers = np.flatnonzero(world.is_informer)
    assert len(informers) == round(share * 300)
    assert not world.is_informer[0]
    above = world.inviter[1:]
    assert ((above >= 0) & (above < np.arange(1, 300))).all()
    assert world.inviter[0] == NOBODY
    crossing = world.is_informer[1:] & ~world.is_informer[above]
    assert crossing.sum() == min(edges, len(informers))
    assert not (~world.is_informer[1:] & world.is_informer[above]).any()
    assert (np.diff(world.joined) >= 0).all()
    assert (np.bincount(world.joined)[1:] <= 50).all()


def test_open_entry_has_no_inviters_and_settings_that_make_no_sense_are_refused() -> None:
    assert (world_of(OPEN).inviter == NOBODY).all()
    for wrong in ({"readers": 0}, {"first": 9, "daily": 0}, {"informers": 1.0}, {"edges": -1}, {"late": -1}):
        with pytest.raises(ValueError, match=r"world|join|negative"):
            Setting(**wrong)


def test_censors_act_when_they_say() -> None:
    joined = np.array([1, 1, 50, 50], dtype=np.int64)

    def days(censor: str) -> list[list[bool]]:
        acting = CENSORS[censor](joined, np.random.default_rng(1))
        return [acting(day).tolist() for day in range(1, 181)]

    def first(censor: str) -> list[int]:
        return [next((day for day, acts in enumerate(days(censor), 1) if acts[who]), 999) for who in range(4)]

    assert first("aggressive") == [1, 1, 50, 50]
    assert first("sleeper") == [61, 61, 110, 110]
    assert first("event") == [EVENT_DAY] * 4
    assert sorted(first("mixed")) in ([1, 50, 61, 110], [1, 1, 110, 110], [50, 50, 61, 61])
    assert all(STAGGER_FROM <= day < STAGGER_FROM + STAGGER_DAYS for day in first("stagger")[:2])
    acted = sum(acts[0] for acts in days("conservative"))
    assert 0 < acted < 20
    assert not any(acts[2] for acts in days("conservative")[:49])


@pytest.mark.parametrize("late", [0, 2])
def test_a_day_is_counted_after_its_blocks_and_they_are_told_later(late: int) -> None:
    setting = Setting(readers=10, first=10, informers=0.3, edges=0, days=6, stock=8, supply=1.0, late=late)
    world = world_of(setting)
    strategy = Everyone(world)
    result = play(world, "aggressive", strategy, np.random.default_rng(1))
    # Each is on an endpoint of his own: 0 to 7 are there on day 1, number 8 on day 2, and so on.
    informers = set(np.flatnonzero(world.is_informer).tolist())
    honest = set(range(10)) - informers
    for day in range(6):
        there = {reader for reader in honest if reader < 8 + day}
        assert result.served[day] == pytest.approx(len(there) / len(honest))
        assert result.burned[day] == len([reader for reader in informers if reader < 8 + day])
        known = {reader for reader in informers if reader < 8 + day - 1 - late}
        told = {int(each) for morning in strategy.mornings[: day + 1] for each in morning.blocked}
        assert told == (known if day > late else set())


def test_lost_hosts_serve_nobody() -> None:
    setting = Setting(readers=10, first=10, informers=0.0, edges=0, days=9, stock=10, supply=0.0, loss=0.3)
    world = world_of(setting)
    strategy = Everyone(world)
    result = play(world, "aggressive", strategy, np.random.default_rng(1))
    gone = 0
    for served, morning in zip(result.served, strategy.mornings, strict=True):
        gone += len(morning.lost)
        assert served == pytest.approx(1 - gone / 10)
    assert result.burned[-1] == 0
    assert gone


EVERYBODY: dict[str, Maker] = {
    "deployed": lambda world, random: Deployed(world),
    "open": lambda world, random: DeployedOpen(world),
    **PEERS,
    **TREE_PEERS,
    "Salmon along the tree": lambda world, random: peers.Salmon(world, random, 10, by_tree=True),
}


class Checked(Strategy):
    """Passes on what another strategy hands out, after looking at it."""

    def __init__(self, inner: Strategy, world: World, most: int) -> None:
        self.inner, self.world, self.most = inner, world, most
        self.works: set[int] = set()

    def step(self, morning: Morning) -> Ints:
        self.works |= set(morning.added.tolist())
        self.works -= set(morning.lost.tolist()) | set(morning.blocked.tolist())
        holds = self.inner.step(morning)
        held = holds[holds != NONE]
        assert set(held.tolist()) <= self.works
        assert (holds[self.world.joined > morning.day] == NONE).all()
        if len(held):
            assert np.bincount(held).max() <= self.most
        return holds


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("censor", ["aggressive", "conservative", "event"])
def test_no_strategy_hands_out_what_does_not_work_or_to_whom_is_not_there(name: str, censor: str) -> None:
    setting = Setting(
        readers=400, first=200, daily=10, edges=5, days=100, stock=20, supply=0.5, loss=0.01, cap=100
    )
    world = world_of(setting)
    inner = EVERYBODY[name](world, np.random.default_rng(2))
    most = 100 if name in ("deployed", "open") else 10_000
    result = play(world, censor, Checked(inner, world, most), np.random.default_rng(3))
    assert all(0 <= share <= 1 for share in result.served)
    assert list(result.burned) == sorted(result.burned)


def test_the_same_seed_gives_the_same_run_and_another_one_does_not() -> None:
    make: Maker = lambda world, random: Deployed(world)  # noqa: E731 - typed
    first, second, other = (run(SMALL, make, "mixed", [seed]) for seed in (1, 1, 2))
    assert first == second
    assert first != other


@pytest.mark.parametrize("censor", CENSORS)
def test_the_deployed_policy_serves_nearly_all_and_gives_up_nearly_none(censor: str) -> None:
    setting = Setting(readers=1_000, first=1_000, informers=0.05, edges=5, stock=60, supply=1.0, days=100)
    (result,) = run(setting, lambda world, random: Deployed(world), censor, [3])
    assert result.mean > 0.95
    assert result.given_up <= 0.01


@pytest.mark.parametrize("name", ["open", "Salmon-like", "Mahdian", "random"])
def test_nobody_beats_the_bound_without_a_tree(name: str) -> None:
    setting = Setting(readers=1_000, first=1_000, informers=0.2, edges=0, stock=20, supply=0.5, days=60)
    results = run(setting, EVERYBODY[name], "aggressive", range(4))
    assert sum(result.mean for result in results) / 4 <= most_served(setting) + 0.02


def test_bounds_are_what_the_papers_say() -> None:
    assert halving_burned(10_000, 100) == 800
    assert halving_burned(10_000, 500) == 3_000
    assert entropy_burned(10_000, 500) == pytest.approx(340, abs=10)
    assert entropy_burned(10_000, 100) == pytest.approx(117, abs=5)
    assert least_burned(Setting(edges=0)) == 1.0
    assert least_burned(Setting(edges=25)) == 0.05
    assert most_served(Setting(edges=0, days=1)) == pytest.approx(200 / 500)
    assert most_served(Setting(edges=0, informers=0.0)) == 1.0


def test_figures_are_the_mean_and_the_worst_of_the_censors() -> None:
    tiny = Setting(readers=100, first=100, edges=1, days=5, stock=10)
    cells = list(all_cells({"w": tiny}, {"s": EVERYBODY["deployed"]}, [1]))
    assert [cell.censor for cell in cells] == list(CENSORS)
    found = {figure.figure: figure for figure in figures(cells)}
    assert found["mean"].value == pytest.approx(sum(cell.mean for cell in cells) / 6)
    assert found["worst"].value == min(cell.mean for cell in cells)
    assert all(figure.holds is None for figure in found.values())
