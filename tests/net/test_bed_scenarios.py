"""Scenarios as data: what stands in the file is what is meant, and mistakes are refused."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from helpers import servers
from net.bed import Bed
from net.scenario import Flapping, Link, Scenario, Way, grown, load_scenarios
from net.visit import PIECE, TREE, address_of, now, visitor

WORKING = Way()


def test_the_scenarios_are_what_their_names_say() -> None:
    known = load_scenarios()
    assert [name for name in known if not name.startswith("heldout-")] == [
        "open",
        "freeze-16k",
        "throttled-32k",
        "dead-60",
        "dead-80-liar",
        "dns-poisoned",
        "flapping",
    ]
    assert sum(name.startswith("heldout-") for name in known) == 4
    kinds = {name: Counter(scenario.ways) for name, scenario in known.items()}
    assert kinds["open"] == {WORKING: 10}
    assert kinds["freeze-16k"] == {Way(freeze_after=16_384): 10}
    assert kinds["throttled-32k"] == {WORKING: 10}
    assert kinds["dead-60"] == {Way(blackhole=True): 6, WORKING: 4}
    assert kinds["dead-80-liar"] == {Way(blackhole=True): 8, Way(alter="pieces"): 1, WORKING: 1}
    assert kinds["dns-poisoned"] == {Way(block_page=True): 9, WORKING: 1}
    assert known["open"].link == Link(0.1, 1_000_000, 1_000_000)
    assert known["throttled-32k"].link == Link(0.3, 4_000, None)
    links = {known[name].link for name in ("open", "freeze-16k", "dead-60", "dead-80-liar", "dns-poisoned")}
    assert len(links) == 1


def test_the_order_is_the_same_each_time_and_the_dead_are_liked() -> None:
    ways = load_scenarios()["dead-80-liar"].ways
    assert ways == load_scenarios()["dead-80-liar"].ways
    assert [ways.index(way) for way in (Way(), Way(alter="pieces"))] == [4, 7]
    assert [way.blackhole for way in load_scenarios()["dead-60"].ways] == [True] * 6 + [False] * 4


def test_flapping_ways_are_apart() -> None:
    ways = load_scenarios()["flapping"].ways
    flapping = [way.flapping for way in ways if way.flapping]
    assert len(flapping) == len(ways) == 10
    for tenths in range(60):
        up = sum(each.until_change(tenths / 10 + 0.01)[0] for each in flapping)
        assert up == 5


def test_a_flap_says_how_long_it_stays() -> None:
    flapping = Flapping(3, 2, phase_seconds=1)
    assert flapping.until_change(0) == (True, 2)
    assert flapping.until_change(2) == (False, 2)
    assert flapping.until_change(4) == (True, 3)


def test_every_scenario_has_a_way_that_gives_pieces() -> None:
    """Otherwise it could show nothing about a client but that it gives up."""

    def able(way: Way) -> bool:
        enough = all(cut is None or cut > 11_000 for cut in (way.freeze_after, way.rst_after))
        fast = way.rate is None or way.rate > 2_000
        return enough and fast and not (way.understands_http or way.blackhole or way.refuse or way.silent)

    for name, scenario in load_scenarios().items():
        assert any(able(way) for way in scenario.ways), name
    assert not able(Way(gzip=True))


def test_a_grown_scenario_has_as_many_as_asked_and_is_the_same_each_time() -> None:
    for count, working in ((10, 5), (100, 5), (1_000, 5), (3, 3)):
        made = grown(count, working)
        assert len(made.ways) == count
        assert made.ways.count(WORKING) == working
        assert made == grown(count, working)
    dead = Counter(way for way in grown(1_005, 5).ways if way != WORKING)
    assert sorted(dead.values()) == [250] * 4
    assert grown(100, 5, seed=2).ways != grown(100, 5).ways
    with pytest.raises(ValueError, match="between"):
        grown(3, 4)


def test_a_thousand_endpoints_open_and_answer() -> None:
    async def story() -> None:
        began = now()
        scenario = grown(1_000, 5)
        async with (
            servers.honest(TREE) as server,
            Bed(scenario, address_of(server.url)) as bed,
        ):
            assert now() - began < 10
            assert len(set(bed.urls)) == 1_000
            assert [endpoint.name for endpoint in bed.endpoints][:2] == ["mirror 1", "mirror 2"]
            for address, way in zip(bed.addresses, scenario.ways, strict=True):
                if way == WORKING:
                    async with visitor(address) as reader:
                        reader.ask("p/piece")
                        assert (await reader.answer())[1] == PIECE

    asyncio.run(story())


LINK = "[link.x]\nrtt_seconds = 0.1\n"
ONE = '[[scenario]]\nname = "a"\nlink = "x"\n'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LINK + ONE + "way = [{ freeze = 3 }]", "a: .*freeze"),
        (LINK + ONE + "way = [{ rate = 0 }]", "a: the rate"),
        (LINK + ONE + "way = [{ rst_after = 0 }]", "a: a number of bytes"),
        (LINK + ONE + 'way = [{ alter = "some" }]', "a: .*alter"),
        (LINK + ONE + "way = [{ blackhole = true, gzip = true }]", "nobody answers"),
        (LINK + ONE + "way = [{ blackhole = true, silent = true }]", "one manner"),
        (LINK + ONE + "way = [{ silent = true, gzip = true }]", "cannot be changed"),
        (LINK + ONE + "way = [{ count = 0 }]", "a: count"),
        (LINK + ONE + "way = []", "a way"),
        (LINK + ONE + 'shuffle = "x"\nway = [{}]', "a: shuffle"),
        (LINK + ONE + "typo = 1\nway = [{}]", "a: unknown"),
        (LINK + ONE.replace('"x"', '"y"') + "way = [{}]", "no known link"),
        (LINK + (ONE + "way = [{}]\n") * 2, "twice"),
        ("[link.x]\nrtt_seconds = -1\n" + ONE + "way = [{}]", "link.x: rtt_seconds"),
        ("[link.x]\nrtt_seconds = 0\ndown_bytes_per_second = 0\n" + ONE + "way = [{}]", "link.x: the rate"),
        (LINK + ONE + "way = [{ flapping = { up_seconds = 0, down_seconds = 1 } }]", "flapping"),
        ("typo = 1\n" + LINK + ONE + "way = [{}]", "unknown tables"),
    ],
)
def test_mistakes_in_scenarios_are_refused(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "scenarios.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=why):
        load_scenarios(file)


def test_a_good_file_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "scenarios.toml"
    file.write_text(LINK + ONE + "way = [{ count = 2 }, { gzip = true }]", "utf-8")
    assert load_scenarios(file) == {"a": Scenario("a", Link(0.1), (Way(), Way(), Way(gzip=True)))}
