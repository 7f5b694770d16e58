"""Examining endpoints over real sockets: every fault is found for what it is, and only pieces of it tell."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from helpers import servers
from helpers.certificates import write_certificate
from helpers.newsroom import NOW
from helpers.publication import Press, article, press
from helpers.reading import SetClock
from mirror.client.diagnosis import Diagnosis, Finding, Way, diagnose
from mirror.client.doctor import Examined, examine
from mirror.client.waiting import Patience
from mirror.errors import FormatError
from mirror.model import Endpoint
from mirror.net import Transport
from mirror.net.anyhow import AnyTransport
from mirror.net.http import HttpTransport
from net import bed
from net.scenario import Link, Scenario
from net.scenario import Way as Path_

HASTY = Patience(connect=1.0, silent=1.0, whole=20.0)
LINK = Link(0.02)


@cache
def paper() -> Press:
    return press(6)


def look(
    *mirrors: Endpoint,
    transport: Transport,
    root: bytes | str | None = None,
    at: int = NOW,
    built: int = 0,
    patience: Patience = HASTY,
) -> Awaitable[Examined]:
    return examine(
        mirrors,
        paper().root if root is None else root,
        "ru",
        transport,
        SetClock(at),
        built=built,
        patience=patience,
    )


def over_bed(*ways: Path_, link: Link = LINK, patience: Patience = HASTY) -> tuple[Diagnosis, ...]:
    """What is found at the endpoints of a bed with these ways, before one honest server."""

    async def run() -> tuple[Diagnosis, ...]:
        async with servers.honest(paper().tree) as origin:
            parts = urlsplit(origin.url)
            assert parts.hostname
            assert parts.port
            async with (
                bed.Bed(Scenario("this", link, ways), (parts.hostname, parts.port)) as made,
                AnyTransport() as transport,
            ):
                examined = await look(*made.endpoints, transport=transport, patience=patience)
                return diagnose(examined.traces, Way())

    return asyncio.run(run())


def over_raw(*answers: servers.Answer, root: bytes | str | None = None) -> list[Finding]:
    async def run() -> list[Finding]:
        async with AsyncExitStack() as stack:
            made = [
                (await stack.enter_async_context(servers.raw(answer, f"mirror {number}"))).endpoint
                for number, answer in enumerate(answers, 1)
            ]
            transport = await stack.enter_async_context(AnyTransport())
            found = diagnose((await look(*made, transport=transport, root=root)).traces, Way())
            return [each.finding for each in found]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("way", "expected"),
    [
        (Path_(), Finding.WORKS),
        (Path_(blackhole=True), Finding.NOBODY_ANSWERS),
        (Path_(refuse=True), Finding.CONNECTION_REFUSED),
        (Path_(silent=True), Finding.SILENT),
        (Path_(block_page=True), Finding.BLOCK_PAGE),
        (Path_(alter="all"), Finding.ALTERED),
        (Path_(alter="pieces"), Finding.ALTERED),
        (Path_(truncate_after=3_000), Finding.BROKEN_OFF),
        (Path_(gzip=True), Finding.BROKEN_OFF),
        (Path_(wrong_length=5), Finding.BLOCK_PAGE),
        (Path_(endless=True), Finding.BLOCK_PAGE),
        (Path_(freeze_after=4_000), Finding.STALLS),
        (Path_(freeze_after=0), Finding.SILENT),
        (Path_(freeze_after=16_384), Finding.FREEZES),
        (Path_(rate=5_000), Finding.WORKS_SLOWLY),
    ],
)
def test_each_fault_is_found_for_what_it_is(way: Path_, expected: Finding) -> None:
    [found] = over_bed(way)
    assert found.finding is expected


@pytest.mark.parametrize("freeze", [12_000, 16_384, 20_000])
def test_what_a_connection_carried_before_it_froze_is_told(freeze: int) -> None:
    [found] = over_bed(Path_(freeze_after=freeze))
    assert found.finding is Finding.FREEZES
    assert found.freezes_after is not None
    assert freeze - 1_500 < found.freezes_after < freeze  # the heads of answers come on top


def test_one_slow_mirror_among_fast_ones_is_the_slow_one() -> None:
    found = over_bed(Path_(), Path_(rate=4_000), Path_())
    assert [each.finding for each in found] == [Finding.WORKS, Finding.WORKS_SLOWLY, Finding.WORKS]
    speed = found[1].bytes_per_second
    assert speed is not None
    assert 3_000 < speed < 5_000


def test_mirrors_that_share_a_slow_link_are_slow_and_not_dead() -> None:
    """Ten kilobytes each at once would fill the link for longer than anybody is waited for."""
    found = over_bed(*[Path_()] * 4, link=Link(0.1, down_bytes_per_second=7_500))
    assert {each.finding for each in found} == {Finding.WORKS_SLOWLY}


def test_a_slow_link_is_not_filled_with_all_mirrors_at_once() -> None:
    async def run() -> int:
        async with servers.raw(servers.tree_of(paper().tree)) as origin, AnyTransport() as transport:
            parts = urlsplit(origin.endpoint.url)
            assert parts.hostname
            assert parts.port
            scenario = Scenario("slow", Link(0.1, down_bytes_per_second=5_000), (Path_(),) * 8)
            async with bed.Bed(scenario, (parts.hostname, parts.port)) as made:
                examining = asyncio.ensure_future(look(*made.endpoints, transport=transport))
                await asyncio.wait({examining}, timeout=1.5)
                examining.cancel()
                await asyncio.wait({examining})
            return len(origin.heads)

    assert 1 <= asyncio.run(run()) < 8, "not one for each mirror"


def test_nobody_is_blamed_where_our_time_runs_out_on_a_busy_link() -> None:
    brief = Patience(connect=1.0, silent=1.0, whole=2.0)
    found = over_bed(Path_(), Path_(), link=Link(0.05, down_bytes_per_second=4_000), patience=brief)
    assert {each.finding for each in found} == {Finding.NOT_EXAMINED}
    [trickle] = over_bed(Path_(rate=500), patience=brief)
    assert trickle.finding is Finding.STALLS


def test_ten_dead_mirrors_cost_little_more_than_one() -> None:
    async def run() -> float:
        scenario = Scenario("dead", LINK, (Path_(blackhole=True),) * 10)
        async with bed.Bed(scenario, ("127.0.0.1", 1)) as made, AnyTransport() as transport:
            began = asyncio.get_running_loop().time()
            examined = await look(*made.endpoints, transport=transport)
            assert {each.finding for each in diagnose(examined.traces, Way())} == {Finding.NOBODY_ANSWERS}
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) < 5 * HASTY.connect  # one after the other would be ten of them, at least


def hidden(status: str) -> servers.Answer:
    return servers.saying(servers.response(status=status))


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (hidden("404 Not Found"), Finding.LACKS_FILES),
        (hidden("403 Forbidden"), Finding.LACKS_FILES),
        (hidden("451 Unavailable For Legal Reasons"), Finding.REFUSES),
        (hidden("500 Oops"), Finding.REFUSES),
        (servers.saying(servers.response(status="302 Found", location="http://x.example/")), Finding.REFUSES),
        (servers.saying(servers.response(b"<html>" + bytes(60_000))), Finding.BLOCK_PAGE),
        (servers.saying(servers.response(b"\xef\xbb\xbf\r\n<!DOCTYPE html>")), Finding.BLOCK_PAGE),
        (servers.saying(servers.response(b"")), Finding.BLOCK_PAGE),
        (servers.saying(servers.response(b"some other bytes")), Finding.ALTERED),
        (servers.resetting(), Finding.RESET_AT_REQUEST),
        (servers.resetting(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nabc"), Finding.BROKEN_OFF),
        (servers.silent(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nabc"), Finding.STALLS),
        (servers.saying(b"SSH-2.0-none\r\n"), Finding.RESET_AT_REQUEST),
    ],
)
def test_each_answer_is_found_for_what_it_is(answer: servers.Answer, expected: Finding) -> None:
    assert over_raw(answer) == [expected]


def changed(change: Callable[[str, bytes], bytes | None]) -> servers.Answer:
    """The honest tree, but for what ``change`` gives instead; None is no such file."""

    async def answer(path: str, writer: asyncio.StreamWriter) -> None:
        tree = paper().tree
        data = change(path, tree[path]) if path in tree else None
        body = servers.response(status="404 Not Found") if data is None else servers.response(data)
        writer.write(body)

    return answer


def test_a_page_in_the_place_of_pieces_alone_is_a_page() -> None:
    page = b"<html>blocked</html>"
    assert over_raw(changed(lambda path, data: page if path.startswith("p/") else data)) == [
        Finding.BLOCK_PAGE
    ]


@pytest.mark.parametrize("which", ["edition", "notices"])
def test_one_altered_piece_is_enough(which: str) -> None:
    name = paper().packed["ru"].head if which == "edition" else paper().notices_head

    def alter(path: str, data: bytes) -> bytes:
        return data[:-1] + b"\1" if path.endswith(name) else data

    assert over_raw(changed(alter)) == [Finding.ALTERED]


def test_metadata_by_its_own_names_will_do() -> None:
    assert over_raw(changed(lambda path, data: None if "heads/" in path else data)) == [Finding.WORKS]


def test_a_mirror_without_pieces_lacks_files() -> None:
    assert over_raw(changed(lambda path, data: None if path.startswith("p/") else data)) == [
        Finding.LACKS_FILES
    ]


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "channel-ru"])
def test_metadata_that_nobody_signed_is_altered(role: str) -> None:
    """Well-formed, with a signature of the right form that is not one."""

    def forge(path: str, data: bytes) -> bytes | None:
        if "heads/" in path:
            return None
        assert b'"sig":"' in data or role not in path
        return data.replace(b'"sig":"', b'"sig":"00') if role in path else data

    assert over_raw(changed(forge)) == [Finding.ALTERED]


def test_who_is_behind_is_known_by_the_others() -> None:
    old = Press()
    old.release("ru", [article(1)])
    before = dict(old.tree)
    old.later().release("ru", [article(1), article(2)])

    async def run() -> list[Finding]:
        async with (
            servers.honest(before, "mirror 1") as behind,
            servers.honest(old.tree, "mirror 2") as current,
            AnyTransport() as transport,
        ):
            both = await look(behind, current, transport=transport, root=old.root, at=old.room.now)
            alone = await look(behind, transport=transport, root=old.root, at=old.room.now)
            return [each.finding for examined in (both, alone) for each in diagnose(examined.traces, Way())]

    assert asyncio.run(run()) == [Finding.BEHIND, Finding.WORKS, Finding.WORKS]


def test_the_root_by_its_digest_alone() -> None:
    digest = sha256(paper().root).hexdigest()
    honest = servers.tree_of(paper().tree)
    forged = changed(lambda path, data: b"{}" if path.endswith("1.root.json") else data)
    found = over_raw(
        honest, forged, changed(lambda path, data: None if "root" in path else data), root=digest
    )
    assert found == [Finding.WORKS, Finding.ALTERED, Finding.LACKS_FILES]


def test_a_root_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(FormatError):
        over_raw(servers.tree_of(paper().tree), root=b"no root")


class Nowhere(AbstractResolver):
    """Knows no name."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """See ``AbstractResolver``."""
        raise OSError(None, "no such name")

    async def close(self) -> None:
        """See ``AbstractResolver``."""


def test_names_and_tls(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    async def hush(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await asyncio.sleep(20)
        finally:
            writer.close()

    async def run() -> list[Finding]:
        scenario = Scenario("hello", LINK, (Path_(rst_hello="*"),))
        async with AsyncExitStack() as stack:
            strange = await asyncio.start_server(hush, "127.0.0.1", 0, ssl=tls)
            mute = await asyncio.start_server(hush, "127.0.0.1", 0)
            made = await stack.enter_async_context(bed.Bed(scenario, ("127.0.0.1", 1)))
            transport = await stack.enter_async_context(AnyTransport(http=HttpTransport(resolver=Nowhere())))
            places = [made.addresses[0], *(each.sockets[0].getsockname() for each in (strange, mute))]
            mirrors = [
                Endpoint(f"mirror {number}", "https://news.example/", connect=f"{host}:{port}")
                for number, (host, port) in enumerate(places, 1)
            ]
            nameless = Endpoint("mirror 4", "https://news.example/")
            examined = await look(*mirrors, nameless, transport=transport)
            for server in (strange, mute):
                server.close()
            return [each.finding for each in diagnose(examined.traces, Way())]

    assert asyncio.run(run()) == [
        Finding.RESET_AT_HELLO,
        Finding.UNTRUSTED,
        Finding.SILENT_AT_HELLO,
        Finding.NO_NAME,
    ]


def test_a_folder_and_a_bundle_that_is_gone(tmp_path: Path) -> None:
    folder = paper().write_to(tmp_path / "tree")

    async def run() -> tuple[Diagnosis, ...]:
        async with AnyTransport() as transport:
            here = Endpoint("mirror 1", f"file://{folder}/")
            gone = Endpoint("mirror 2", f"file://{tmp_path}/gone.zip")
            odd = Endpoint("mirror 3", f"http://{'a' * 56}.onion/")
            return diagnose((await look(here, gone, odd, transport=transport)).traces, Way())

    found = asyncio.run(run())
    assert [each.finding for each in found] == [Finding.WORKS, Finding.NO_FILE, Finding.NO_WAY]
    assert found[0].bytes_per_second is None


@pytest.mark.parametrize(
    ("at", "built", "slow", "past"),
    [
        (NOW, 0, 0, False),
        (NOW - 86_400, 0, 86_400, False),
        (NOW - 86_400, NOW + 86_400, 2 * 86_400, False),
        (NOW + 400 * 86_400, 0, 0, True),
    ],
)
def test_the_clock_and_the_date(at: int, built: int, slow: int, past: bool) -> None:
    async def run() -> Examined:
        async with servers.honest(paper().tree) as mirror, AnyTransport() as transport:
            return await look(mirror, transport=transport, at=at, built=built)

    clues = asyncio.run(run()).clues
    assert clues.is_past_date is past
    assert slow - 60 <= max(clues.clock_slow_seconds, 0) <= slow + 60


def test_progress_counts_every_mirror() -> None:
    told: list[tuple[int, int]] = []

    async def run() -> None:
        async with servers.honest(paper().tree) as mirror, AnyTransport() as transport:
            dead = servers.nobody()
            await examine(
                (mirror, dead),
                paper().root,
                "ru",
                transport,
                SetClock(),
                patience=HASTY,
                progress=lambda done, total: told.append((done, total)),
            )

    asyncio.run(run())
    assert told == [(1, 2), (2, 2)]
