"""The shell around the scout, and the connections of a run, in virtual time."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from helpers import virtual
from helpers.newsroom import Mirror, Newsroom, copy_of, garbling
from mirror.client.lines import Lines
from mirror.client.network import Standing
from mirror.client.refresh import refresh
from mirror.client.report import Ledger
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import ABSENT, BROKEN, REFUSED, Stage, Watch
from mirror.trust.session import MetadataSession
from mirror.trust.verified import Verified

FOREVER = 1e9
CHUNK = 500


@dataclass
class Host:
    """A mirror, and the seconds until it connects, answers (by a part of the path), and sends each part."""

    mirror: Mirror
    connect: float = 0.1
    think: Mapping[str, float] = field(default_factory=dict)
    step: float = 0.0
    code: str = ""


class Hosts:
    """A transport that says each stage, and counts what is open."""

    def __init__(self, **hosts: Host) -> None:
        self.hosts = hosts
        self.asked: list[tuple[str, str]] = []
        self.open: Counter[str] = Counter()

    @property
    def endpoints(self) -> list[Endpoint]:
        return [Endpoint(name, "http://x/") for name in self.hosts]

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        return await self.line(endpoint).get(path, limit=limit)

    def line(self, endpoint: Endpoint) -> "HostLine":
        return HostLine(self, endpoint.name)


@dataclass
class HostLine:
    hosts: Hosts
    name: str
    is_open: bool = False

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        host = self.hosts.hosts[self.name]
        self.hosts.asked.append((self.name, path))
        if not self.is_open:
            self.is_open = True
            self.hosts.open[self.name] += 1
            await asyncio.sleep(host.connect)
            if watch:
                watch.reached(Stage.SECURED)
        await asyncio.sleep(next((wait for part, wait in host.think.items() if part in path), 0.1))
        answer = host.code or host.mirror.answer(path.removeprefix("m/"))
        if isinstance(answer, str):
            raise EndpointError("no", code=answer)
        for size in range(CHUNK, len(answer) + CHUNK, CHUNK):
            await asyncio.sleep(host.step)
            if watch:
                watch.received(min(size, len(answer)))
        return answer

    async def close(self) -> None:
        self.hosts.open[self.name] -= self.is_open
        self.is_open = False


def refreshed(hosts: Hosts, room: Newsroom) -> tuple[Verified, Lines, float]:
    """What a newcomer read, his connections, and the seconds it took."""

    async def story() -> tuple[Verified, Lines, float]:
        names = list(hosts.hosts)
        session = MetadataSession(room.newcomer(), names, now=room.now, wanted=("ru/head",), head="ru")
        lines = Lines(hosts.endpoints, hosts)
        read = await refresh(session, lines, Ledger(names))
        return read, lines, virtual.elapsed()

    read, lines, seconds = virtual.play(story())
    assert not any(line.is_busy for line in lines.network.lines.values())
    opened = Counter(line.endpoint for line in lines.network.lines.values())
    assert +hosts.open == opened, "what is open is known, and nothing else is open"
    return read, lines, seconds


def standings(lines: Lines) -> dict[str, Standing]:
    return {name: facts.standing for name, facts in lines.network.endpoints.items()}


# --- what the network learns ---------------------------------------------------------------------


def test_who_was_late_has_failed_and_who_was_cut_off_or_not_asked_has_not() -> None:
    room = Newsroom()
    mute = Host(copy_of(room), think={"": FOREVER})
    hosts = Hosts(a=Host(copy_of(room)), b=Host(copy_of(room)), c=mute, d=Host(copy_of(room)))
    _, lines, seconds = refreshed(hosts, room)
    assert standings(lines) == {
        "a": Standing.PROVEN,
        "b": Standing.PROVEN,
        "c": Standing.NEW,
        "d": Standing.NEW,
    }
    assert seconds == pytest.approx(0.45)
    dead = Host(copy_of(room), connect=FOREVER)
    hosts = Hosts(a=Host(copy_of(room)), b=dead, c=dead, d=Host(copy_of(room)), e=Host(copy_of(room)))
    _, lines, _ = refreshed(hosts, room)
    assert [standings(lines)[name] for name in "bcd"] == [Standing.SLOW, Standing.SLOW, Standing.PROVEN]


@pytest.mark.parametrize("code", ["", REFUSED, BROKEN])
def test_who_failed_or_gave_what_is_surely_none_has_failed(code: str) -> None:
    room = Newsroom()
    bad = Host(garbling(room.files, "timestamp"), code=code)
    _, lines, _ = refreshed(Hosts(a=Host(copy_of(room)), b=bad), room)
    assert standings(lines) == {"a": Standing.PROVEN, "b": Standing.SLOW}


def test_what_comes_between_answers_is_not_the_rate_of_the_link() -> None:
    room = Newsroom()
    _, lines, seconds = refreshed(Hosts(a=Host(copy_of(room), step=0.1)), room)
    known = lines.network.rate
    assert known is not None
    lines.network.flowed(100, seconds + 0.1)
    assert lines.network.rate == known


# --- what the scout is told ----------------------------------------------------------------------


def test_no_newer_root_is_no_word_on_what_is_newest() -> None:
    """The roots are answered at once, the timestamps late: that one is not cut off for the roots."""
    room = Newsroom()
    old = copy_of(room)
    room.later().release("ru")
    slow = {"timestamp": 0.9}
    hosts = Hosts(a=Host(old), b=Host(copy_of(room), think=slow), c=Host(copy_of(room), think=slow))
    assert refreshed(hosts, room)[0].versions["timestamp"] == 2


@pytest.mark.parametrize(("think", "step"), [(0.45, 0.0), (0.1, 0.3)])
def test_a_head_that_is_on_its_way_is_waited_for(think: float, step: float) -> None:
    """Connected and thinking, or sending slowly: the witnesses were quicker, and are not asked for it."""
    room = Newsroom()
    lead = Host(copy_of(room), think={"heads": think}, step=step)
    hosts = Hosts(a=lead, b=Host(copy_of(room)), c=Host(copy_of(room)))
    refreshed(hosts, room)
    assert [name for name, path in hosts.asked if path == "m/heads/ru"] == ["a"]


# --- connections ---------------------------------------------------------------------------------


def test_a_connection_outlives_a_clean_no_and_nothing_else() -> None:
    room = Newsroom()

    async def story() -> None:
        hosts = Hosts(a=Host(copy_of(room)), b=Host(copy_of(room), code=BROKEN))
        lines = Lines(hosts.endpoints, hosts)
        assert await lines.ask(1, "a", "m/none", 99, lambda _: None) == ABSENT
        assert hosts.open["a"] == 1
        assert await lines.ask(2, "b", "m/timestamp.json", 99, lambda _: None) == BROKEN
        assert hosts.open["b"] == 0
        task = asyncio.create_task(lines.ask(3, "a", "m/timestamp.json", 99, lambda _: None))
        await asyncio.sleep(0.15)
        assert hosts.open["a"] == 2
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert hosts.open["a"] == 1
        await lines.close_all()
        assert +hosts.open == Counter()

    virtual.play(story())


def test_whom_a_run_does_not_like_it_does_not_ask() -> None:
    hosts = Hosts(a=Host(copy_of(Newsroom())), b=Host(copy_of(Newsroom())), c=Host(copy_of(Newsroom())))
    lines = Lines(hosts.endpoints, hosts)
    lines.prefer(["c", "a"])
    facts = lines.network.endpoints
    assert facts["c"].place < facts["a"].place
    assert not lines.network.may_ask("b", 1e9)
    assert lines.network.may_ask("a", 0.0)


def test_what_tls_costs_is_known_of_each_endpoint() -> None:
    endpoints = [Endpoint("plain", "http://x/"), Endpoint("tls", "https://x/")]
    network = Lines(endpoints, Hosts()).network
    assert network.endpoints["plain"].opening == 0
    assert network.endpoints["tls"].opening > 0
