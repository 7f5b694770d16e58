"""The shell around the plan, in virtual time: deadlines, interruption at any instant, nothing twice."""

import asyncio
import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import virtual
from mirror.bundle.piece import name_of, path_of
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.lines import Lines
from mirror.client.network import Curtain, Fetched
from mirror.client.report import Ledger, Part, Verdict
from mirror.errors import EndpointError, StorageError, UnreachableError
from mirror.limits import MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR, MAX_PIECE
from mirror.model import Endpoint
from mirror.net import BROKEN, SILENT, Stage, Watch

RTT = 0.1
DEADLINE = 40.0
CONNECT_DEADLINE = 10.0


def piece_of(number: int) -> bytes:
    """Bytes of a full piece; only their digest is looked at here."""
    return hashlib.sha256(b"%d" % number).digest() * (MAX_PIECE // 32)


TREE = {path_of(name_of(data)): data for data in map(piece_of, range(40))}
NAMES = [name_of(data) for data in map(piece_of, range(40))]


@dataclass
class Host:
    """``freeze``: bytes of one connection after which nothing comes; ``dead``: no connection ever.

    ``connect``, ``think`` and ``step``: seconds until it connects, answers, and sends each part.
    """

    tree: Mapping[str, bytes] = field(default_factory=lambda: TREE)
    dead: bool = False
    freeze: int | None = None
    connect: float = RTT
    think: float = RTT
    step: float = 0.001


class Hosts:
    """A transport over hosts in virtual time that counts what is open."""

    def __init__(self, **hosts: Host) -> None:
        self.hosts = hosts
        self.asked: list[tuple[str, str]] = []
        self.open = 0
        self.most = 0
        self.broken: set[str] = set()

    @property
    def endpoints(self) -> list[Endpoint]:
        return [Endpoint(name, "http://x/") for name in self.hosts]

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        return await self.line(endpoint).get(path, limit=limit)

    def line(self, endpoint: Endpoint) -> "HostLine":
        return HostLine(self, endpoint.name)


class HostLine:
    def __init__(self, hosts: Hosts, name: str) -> None:
        self.hosts = hosts
        self.name = name
        self.carried = 0
        self.is_open = False
        self.is_closed = False

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        assert not self.is_closed, "a closed line is asked"
        host = self.hosts.hosts[self.name]
        self.hosts.asked.append((self.name, path))
        try:
            async with asyncio.timeout(DEADLINE if self.is_open else CONNECT_DEADLINE):
                if not self.is_open:
                    self.is_open = True
                    self.hosts.open += 1
                    self.hosts.most = max(self.hosts.most, self.hosts.open)
                    await asyncio.sleep(1e9 if host.dead else host.connect)
                    if watch:
                        watch.reached(Stage.SECURED)
                await asyncio.sleep(host.think)
                if self.name in self.hosts.broken:
                    raise EndpointError("no", code=BROKEN)
                if watch:
                    watch.reached(Stage.ANSWERED)
                for size in range(2_560, MAX_PIECE + 1, 2_560):
                    if host.freeze is not None and self.carried + size > host.freeze:
                        await asyncio.sleep(1e9)
                    await asyncio.sleep(host.step)
                    if watch:
                        watch.received(size)
        except TimeoutError:
            raise EndpointError("no", code=SILENT) from None
        self.carried += MAX_PIECE
        return host.tree[path]

    async def close(self) -> None:
        if self.is_open and not self.is_closed:
            self.hosts.open -= 1
        self.is_closed = True


def pieces_over(hosts: Hosts, holdings: MemoryHoldings | None = None) -> tuple[Pieces, Lines, Ledger]:
    lines = Lines(hosts.endpoints, hosts)
    ledger = Ledger(list(hosts.hosts))
    return Pieces(hosts.endpoints, hosts, holdings or MemoryHoldings(), ledger, lines), lines, ledger


def test_everything_comes_over_several_mirrors_at_once() -> None:
    async def story() -> None:
        hosts = Hosts(a=Host(), b=Host(), c=Host(dead=True))
        pieces, lines, ledger = pieces_over(hosts)
        seen: list[tuple[int, int]] = []
        found = await pieces.get(NAMES, Part.CLUSTERS, lambda *told: seen.append(told))
        assert found == {name: TREE[path_of(name)] for name in NAMES}
        assert seen == [(number, 40) for number in range(1, 41)]
        assert virtual.elapsed() < 15 * RTT
        assert ledger.cost().fetched == {Part.CLUSTERS: 40 * MAX_PIECE}
        assert {each.name: each.verdict for each in ledger.report()} == {
            "a": Verdict.GOOD,
            "b": Verdict.GOOD,
            "c": Verdict.FAILED,
        }
        await lines.close_all()
        assert hosts.open == 0
        assert hosts.most <= MAX_CONNECTIONS

    virtual.play(story())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 2.0), min_size=1, max_size=4), st.sampled_from([None, 16_384]))
def test_whenever_it_is_interrupted_nothing_verified_is_fetched_again(
    moments: list[float], freeze: int | None
) -> None:
    async def story() -> None:
        holdings = MemoryHoldings()
        fetched: Counter[str] = Counter()
        for moment in [*moments, None]:
            hosts = Hosts(a=Host(freeze=freeze), b=Host(freeze=freeze), c=Host(dead=True))
            pieces, lines, _ = pieces_over(hosts, holdings)
            before = asyncio.all_tasks()
            held = set(holdings.pieces)
            task = asyncio.create_task(pieces.get(NAMES, Part.CLUSTERS))
            if moment is None:
                assert await task == {name: TREE[path_of(name)] for name in NAMES}
            else:
                await asyncio.sleep(moment)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            assert asyncio.all_tasks() == before, "something is left running"
            assert lines.network.under_way == 0
            assert not any(line.is_busy for line in lines.network.lines.values())
            assert not {path_of(name) for name in held} & {path for _, path in hosts.asked}
            fetched.update(set(holdings.pieces) - held)
            await lines.close_all()
            assert hosts.open == 0, "a connection is left"
        assert fetched == dict.fromkeys(NAMES, 1)

    virtual.play(story())


def test_behind_a_curtain_nothing_is_lost_but_a_moment() -> None:
    async def story() -> None:
        hosts = Hosts(a=Host(freeze=16_384), b=Host(freeze=16_384))
        pieces, lines, _ = pieces_over(hosts)
        await pieces.get(NAMES, Part.CLUSTERS)
        assert lines.network.curtain is Curtain.FROZEN
        assert virtual.elapsed() < 2.5
        await lines.close_all()

    virtual.play(story())


def test_a_liar_is_named_and_its_bytes_go_to_nobody() -> None:
    async def story() -> None:
        lies = {path: data[:-1] + b"!" for path, data in TREE.items()}
        holdings = MemoryHoldings()
        hosts = Hosts(a=Host(lies), b=Host())
        pieces, lines, ledger = pieces_over(hosts, holdings)
        await pieces.get(NAMES, Part.CLUSTERS)
        assert hosts.open == len(lines.network.lines), "its connection is closed"
        assert {name: TREE[path_of(name)] for name in NAMES} == dict(holdings.pieces)
        [report] = [each for each in ledger.report() if each.name == "a"]
        assert report.verdict is Verdict.LIED
        assert [each.code for each in report.evidence] == ["wrong-piece"], "it is not called silent besides"

    virtual.play(story())


def test_the_head_of_an_answer_ends_who_has_none_and_not_who_has_one_too() -> None:
    async def story() -> None:
        hosts = Hosts(dead=Host(dead=True), slow=Host(step=0.2))
        pieces, _, _ = pieces_over(hosts)
        seen: list[int] = []
        asyncio.get_running_loop().call_later(0.4, lambda: seen.append(hosts.open))
        asyncio.get_running_loop().call_later(0.5, lambda: seen.append(hosts.open))
        await pieces.get(NAMES[:1], Part.HEAD)
        assert seen == [2, 1], "at 0.45 the second one answers"
        hosts = Hosts(slow=Host(connect=0.35, step=0.1), quick=Host())
        pieces, _, ledger = pieces_over(hosts)
        await pieces.get(NAMES[:1], Part.HEAD)
        assert [name for name, _ in hosts.asked] == ["slow", "quick"]
        assert [each.evidence for each in ledger.report()] == [(), ()], "nobody was silent"

    virtual.play(story())


def test_who_is_connected_is_given_time_to_answer() -> None:
    async def story() -> None:
        hosts = Hosts(a=Host(think=0.8), b=Host())
        pieces, _, _ = pieces_over(hosts)
        await pieces.get(NAMES[:1], Part.HEAD)
        assert [name for name, _ in hosts.asked] == ["a"]

    virtual.play(story())


def test_bytes_of_who_is_overtaken_are_counted_as_wasted() -> None:
    async def story() -> None:
        hosts = Hosts(a=Host(freeze=3_000), b=Host())
        pieces, lines, ledger = pieces_over(hosts)
        await pieces.get(NAMES[:1], Part.HEAD)
        assert ledger.cost().wasted == 2_560
        assert hosts.open == len(lines.network.lines) == 1

    virtual.play(story())


def test_what_this_run_fetched_is_not_counted_as_held_before() -> None:
    async def story() -> None:
        hosts = Hosts(a=Host())
        pieces, _, ledger = pieces_over(hosts)
        for _ in range(2):
            await pieces.get(NAMES[:1], Part.HEAD)
        assert len(hosts.asked) == 1
        assert ledger.cost().held == {}

    virtual.play(story())


def test_who_breaks_off_is_forgiven_when_it_is_back() -> None:
    """All mirrors break for two seconds: a piece is not given up for that."""

    async def story() -> None:
        hosts = Hosts(a=Host(), b=Host())
        hosts.broken = {"a", "b"}
        pieces, _, _ = pieces_over(hosts)
        asyncio.get_running_loop().call_later(2.0, hosts.broken.clear)
        assert len(await pieces.get(NAMES[:1], Part.HEAD)) == 1
        pieces, _, _ = pieces_over(hosts)
        await pieces.get(NAMES[1:2], Part.HEAD)
        hosts.broken = {"a", "b"}
        asyncio.get_running_loop().call_later(5.0, hosts.broken.clear)
        assert len(await pieces.get(NAMES, Part.CLUSTERS)) == 40

    virtual.play(story())


def test_what_nobody_gives_is_explained_without_a_name() -> None:
    async def story() -> None:
        bad = dict.fromkeys(TREE, b"<html>")
        hosts = Hosts(a=Host(dead=True), b=Host(bad), c=Host(dead=True))
        pieces, _, _ = pieces_over(hosts)
        with pytest.raises(UnreachableError) as caught:
            await pieces.get(NAMES[:2], Part.HEAD)
        assert caught.value.code == "piece-unreachable"
        assert "2 silent; 1 gave other bytes" in str(caught.value)
        assert virtual.elapsed() < 5 * CONNECT_DEADLINE

    virtual.play(story())


def test_two_sets_at_the_same_time_share_what_is_open() -> None:
    async def story() -> None:
        hosts = Hosts(a=Host())
        pieces, _, _ = pieces_over(hosts)
        async with asyncio.TaskGroup() as group:
            group.create_task(pieces.get(NAMES[:20], Part.CLUSTERS))
            group.create_task(pieces.get(NAMES[20:], Part.IMAGES))
        assert virtual.elapsed() < 12 * RTT, "neither waits for a timer when the other makes room"
        assert hosts.most <= 12

    virtual.play(story())


class Gated:
    """A transport whose answers come when the test lets them, each path by itself."""

    def __init__(self) -> None:
        self.gates: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.asked: list[str] = []

    async def get(self, endpoint: Endpoint, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        self.asked.append(path)
        await self.gates[path].wait()
        return TREE[path]

    def line(self, endpoint: Endpoint) -> "GatedLine":
        return GatedLine(self, endpoint)


@dataclass
class GatedLine:
    hosts: Gated
    endpoint: Endpoint

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        return await self.hosts.get(self.endpoint, path, limit=limit, watch=watch)

    async def close(self) -> None:
        pass


def test_a_piece_that_two_give_at_one_instant_is_handed_on_once() -> None:
    async def story() -> None:
        hosts = Gated()
        endpoints = [Endpoint(name, "http://x/") for name in ("a", "b")]
        ledger = Ledger(["a", "b"])
        pieces = Pieces(endpoints, hosts, MemoryHoldings(), ledger)
        asyncio.get_running_loop().call_later(0.5, hosts.gates[path_of(NAMES[0])].set)
        seen: list[tuple[int, int]] = []
        await pieces.get(NAMES[:1], Part.HEAD, lambda *told: seen.append(told))
        assert len(hosts.asked) == 2
        assert seen == [(1, 1)]
        assert ledger.cost().fetched == {Part.HEAD: MAX_PIECE}
        assert ledger.cost().wasted == MAX_PIECE

    virtual.play(story())


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_what_one_set_gives_free_another_takes_at_once(is_interrupted: bool) -> None:
    """A mirror that is asked for all it may be: one answer, or the end of that set, makes room."""

    async def story() -> None:
        hosts = Gated()
        endpoints = [Endpoint("a", "http://x/")]
        lines, ledger = Lines(endpoints, hosts), Ledger(["a"])
        lines.network.gave(Fetched("a", None, 0.1, 0.1, MAX_PIECE))
        lines.network.window = MAX_CONNECTIONS
        pieces = Pieces(endpoints, hosts, MemoryHoldings(), ledger, lines)
        many = NAMES[:MAX_CONNECTIONS_PER_MIRROR]
        first = asyncio.create_task(pieces.get(many, Part.CLUSTERS))
        await asyncio.sleep(0.1)
        hosts.gates[path_of(NAMES[-1])].set()
        second = asyncio.create_task(pieces.get(NAMES[-1:], Part.HEAD))
        await asyncio.sleep(0.1)
        assert len(hosts.asked) == len(many), "there is no room"
        if is_interrupted:
            first.cancel()
        else:
            hosts.gates[path_of(many[0])].set()
        await second
        assert virtual.elapsed() == pytest.approx(0.2)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert lines.bells == set()

    virtual.play(story())


def test_an_error_of_the_holdings_ends_everything_and_comes_out_as_it_is() -> None:
    class Full(MemoryHoldings):
        async def keep(self, name: str, data: bytes) -> None:
            raise StorageError("The disk is full.", code="disk-full")

    async def story() -> None:
        hosts = Hosts(a=Host(), b=Host())
        pieces, lines, _ = pieces_over(hosts, Full())
        before = asyncio.all_tasks()
        with pytest.raises(StorageError):
            await pieces.get(NAMES, Part.CLUSTERS)
        assert asyncio.all_tasks() == before
        assert lines.network.under_way == 0

    virtual.play(story())
