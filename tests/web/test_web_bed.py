"""The browser's reader in Node over the scenarios of the test bed: what is read is what was signed."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from helpers import servers
from helpers.newsroom import NOW
from helpers.node import Node, running
from helpers.publication import Press, article, press
from mirror.reader.session import BUILT
from net.bed import Bed
from net.scenario import Scenario, grown, load_scenarios

SCENARIOS = load_scenarios()
# Where heads drip at 200 bytes a second, a run whose first mirror does so waits for it, as Python's may (S4:
# a lead that comes is not cut off): nothing is lost but a minute.
NAMES = [name for name in SCENARIOS if "drip" not in name]
SECONDS = 90.0  # a test that hangs ends; nothing here depends on how long it takes


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


@pytest.fixture(scope="module")
def large() -> Press:
    """Some 20 pieces."""
    return Press().release(
        "ru", [article(n, words=900, published=NOW - n * 3_600, updated=NOW) for n in range(60)]
    )


@pytest.fixture(scope="module")
def small() -> Press:
    return press(6)


def read(node: Node, made: Press, scenario: Scenario) -> tuple[dict[str, Any], list[str]]:
    """Everything, with the notices; and the mirrors' addresses."""

    async def story() -> tuple[dict[str, Any], list[str]]:
        async with servers.honest(made.tree) as origin:
            place = urlsplit(origin.url)
            assert place.hostname is not None
            assert place.port is not None
            async with asyncio.timeout(SECONDS), Bed(scenario, (place.hostname, place.port)) as bed:
                addresses = [mirror.url for mirror in bed.endpoints]
                asked = {
                    "root": made.root.hex(),
                    "channel": "ru",
                    "now": NOW,
                    "built": BUILT,
                    "mirrors": addresses,
                    "deadlines": {"first": 30, "next": 20},
                    "steps": ["refresh", "headlines", "everything", "notices", "report", "waste", "close"],
                }
                said = await asyncio.to_thread(node.ask, "read", asked)
                return said, addresses

    return asyncio.run(story())


@pytest.mark.parametrize("name", NAMES)
def test_everything_comes_and_is_what_was_signed(node: Node, name: str, large: Press, small: Press) -> None:
    made = small if name == "throttled-32k" else large
    scenario = SCENARIOS[name]
    said, _ = read(node, made, scenario)
    signed = made.editions["ru"].articles()
    assert said["everything"]["ok"]["bodies"] == {each.id: each.body for each in signed.values()}
    assert said["notices"] == {"ok": {"edition": 1, "error": None}}
    liars = {f"mirror {place}" for place, way in enumerate(scenario.ways, 1) if way.alter}
    pages = {f"mirror {place}" for place, way in enumerate(scenario.ways, 1) if way.block_page}
    lied = {name for name, verdict, _ in said["report"]["ok"] if verdict == "lied"}
    assert lied <= liars | pages, "nobody is called a liar but liars"
    assert said["waste"]["ok"] <= 12 * 10_240


def test_among_a_hundred_the_living_are_found(node: Node, small: Press) -> None:
    """Of a longer list than a run asks of, the living stand among the first."""
    said, addresses = read(node, small, grown(24, 5))
    assert len(addresses) == 24
    assert len(said["everything"]["ok"]["bodies"]) == 6
