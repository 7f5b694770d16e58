"""The browser's plan and scout do what Python's do: the same actions at the same instants, to the last bit.

Hypothesis drives Python's, a tape remembers, and Node is told the same. The stories that Python's own
tests tell in virtual time are told to Node too, whole.
"""

import inspect
import random
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.test_plan import hosts, links, pieces
from core.test_scout import Source, source
from core.test_scout import play as play_scout
from helpers.node import Node, running
from helpers.simulated import Host, Simulation
from helpers.tape import Tape
from mirror.client.network import Fetched, Network
from mirror.client.plan import Plan, Start
from mirror.client.scout import Begin, Scout
from mirror.limits import MAX_PIECE


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


def stories(module: str) -> list[Callable[[], object]]:
    """Its tests that need nothing but themselves, hypothesis's left out."""
    found = inspect.getmembers(import_module(module), inspect.isfunction)
    return [
        test
        for name, test in found
        if name.startswith("test_")
        and not inspect.signature(test).parameters
        and not hasattr(test, "hypothesis")
        and test.__module__ == module
    ]


PLAYED = [
    test
    for module in (
        "test_plan",
        "test_plan_rules",
        "test_network",
        "test_scout",
        "test_race",
        "test_refresh_shell",
    )
    for test in stories(f"core.{module}")
]


def test_the_stories_are_many() -> None:
    assert len(PLAYED) >= 100


@pytest.mark.parametrize("story", PLAYED, ids=lambda story: f"{story.__module__[10:]}-{story.__name__[5:]}")
def test_a_story_is_told_alike(node: Node, story: Callable[[], object]) -> None:
    tape = Tape()
    with tape.running():
        story()
    tape.compare(node)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(hosts, max_size=12), st.integers(0, 30), links, st.randoms(use_true_random=False))
def test_whatever_hosts_do_both_plans_do_the_same(
    node: Node, found: list[Host], count: int, link: float | None, chooser: random.Random
) -> None:
    tape = Tape()
    with tape.running():
        Simulation(found, pieces(count), chooser, link=link).run()
    tape.compare(node)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_one_network_is_learnt_alike_by_several_plans(node: Node, data: st.DataObject) -> None:
    """What one set of pieces taught is what the next begins from."""
    tape = Tape()
    found = data.draw(st.lists(hosts, min_size=1, max_size=6))
    with tape.running():
        network = Network([f"m{place}" for place in range(len(found))], {"m0": 4_000})
        for _ in range(data.draw(st.integers(1, 3))):
            chooser = data.draw(st.randoms(use_true_random=False))
            Simulation(found, pieces(data.draw(st.integers(1, 12))), chooser, network=network).run()
    tape.compare(node)


@settings(max_examples=100)
@given(st.data())
def test_events_out_of_turn_move_both_plans_alike(node: Node, data: st.DataObject) -> None:
    """Of attempts that ended, twice, before their time, while the network learns from elsewhere."""
    tape = Tape()
    with tape.running():
        network = Network(["a", "b", "c"])
        plan = Plan(network, pieces(data.draw(st.integers(0, 6))))
        now, known = 0.0, [1]
        for _ in range(data.draw(st.integers(1, 60))):
            now += data.draw(st.sampled_from([0.0, 0.0, 0.1, 0.3, 5.0]) | st.floats(0, 3))
            known += [action.number for action in plan.decide(now) if isinstance(action, Start)]
            plan.wake(now)
            number = data.draw(st.sampled_from([*known, 99]))
            what = data.draw(
                st.sampled_from(["connected", "bytes", "good", "bad", "silent", "absent", "elsewhere"])
            )
            if what == "connected":
                plan.connected(number, now)
            elif what == "bytes":
                plan.received(number, data.draw(st.integers(0, MAX_PIECE)), now)
            elif what == "good":
                plan.verified(number, now)
            elif what == "bad":
                plan.wrong(number)
            elif what == "elsewhere":
                took = data.draw(st.floats(0, 5))
                network.gave(Fetched("b", data.draw(st.none() | st.just(took)), took / 2, took, MAX_PIECE))
            else:
                plan.failed(number, what, now)
        plan.cancel()
    tape.compare(node)


ways = st.fixed_dictionaries(
    {"led": st.booleans(), "requests": st.sampled_from([1, 2]), "everyone": st.booleans()}
)


@settings(max_examples=150)
@given(st.lists(source, max_size=60), ways, st.integers(0, 3), st.integers(0, 3))
def test_whatever_sources_do_both_scouts_do_the_same(
    node: Node, found: list[Source], how: dict[str, Any], vouched: int, proven: int
) -> None:
    tape = Tape()
    with tape.running():
        names = [f"m{place}" for place in range(len(found))]
        network = Network(names, dict.fromkeys(names[::3], 4_000))
        for name in names[:proven]:
            network.gave(Fetched(name, None, 0.1, 0.1, 100))
        play_scout(found, network=network, vouched=names[:vouched], **how)
    tape.compare(node)


@settings(max_examples=100)
@given(st.data())
def test_events_out_of_turn_move_both_scouts_alike(node: Node, data: st.DataObject) -> None:
    tape = Tape()
    with tape.running():
        network = Network(["a", "b", "c", "d"], {"b": 4_000})
        sources = data.draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=40))
        leads = data.draw(st.sets(st.integers(0, len(sources) - 1), max_size=2))
        scout = Scout(network, sources, leads, data.draw(st.sets(st.sampled_from("abcd"))))
        now, known = 0.0, [0]
        for _ in range(data.draw(st.integers(1, 40))):
            now += data.draw(st.sampled_from([0.0, 0.1, 0.25, 1.0, 4.0]))
            known += [action.number for action in scout.decide(now) if isinstance(action, Begin)]
            scout.wake(now)
            number = data.draw(st.sampled_from([*known, 99]))
            what = data.draw(st.sampled_from(["connected", "bytes", "good", "vain", "slow"]))
            if what == "connected":
                scout.connected(number, now)
            elif what == "bytes":
                scout.received(number, data.draw(st.integers(0, MAX_PIECE)), now)
            elif what == "slow":
                network.failed("c", now)
            else:
                scout.answered(number, now, is_good=what == "good", vouches=data.draw(st.booleans()))
    tape.compare(node)
