"""Names over HTTPS against a real resolver: good answers, every kind of bad one, and no other way."""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TypeVar

import dns.flags
import dns.message
import dns.rcode
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from helpers import resolving, servers
from helpers.resolving import Resolving, saying
from helpers.tls import Hosts
from mirror.errors import ConfigError, EndpointError
from mirror.model import Endpoint
from mirror.net.doh import HttpsResolver, Trouble, question, read_answer
from mirror.net.http import HttpTransport
from mirror.net.names import CachingResolver, Found

T = TypeVar("T")
GOOD = "QNAME 60 IN A 192.0.2.1"
BOTH = (GOOD, "QNAME 90 IN A 192.0.2.2", "QNAME 45 IN AAAA 2001:db8::1")


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


@pytest.fixture(autouse=True)
def system_lookups(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The system's resolver answers with a liar's address, and keeps what it was asked."""
    asked: list[object] = []

    def lookup(host: object, *_more: object, **_named: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.66", 443))]

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, lookup)
    return asked


def with_resolver(
    hosts: Hosts,
    answer: resolving.Answer,
    story: Callable[[HttpsResolver, Resolving], Coroutine[None, None, T]],
    seconds: float = 10,
) -> T:
    async def run() -> T:
        async with resolving.resolving(hosts, answer) as server:
            asker = HttpsResolver(server.address, tls=hosts.believing, seconds=seconds)
            try:
                return await story(asker, server)
            finally:
                await asker.close()

    return asyncio.run(run())


def addresses(
    hosts: Hosts, answer: resolving.Answer, family: socket.AddressFamily = socket.AF_UNSPEC
) -> list[str]:
    async def story(asker: HttpsResolver, _server: Resolving) -> list[str]:
        found = await asker.resolve("news.example", 443, family)
        assert all((each["hostname"], each["port"]) == ("news.example", 443) for each in found)
        kinds = {socket.AF_INET: ".", socket.AF_INET6: ":"}
        assert all(kinds[socket.AddressFamily(each["family"])] in each["host"] for each in found)
        return [each["host"] for each in found]

    return with_resolver(hosts, answer, story)


def failure(hosts: Hosts, answer: resolving.Answer) -> tuple[str, int | None, Trouble | None]:
    async def story(asker: HttpsResolver, _server: Resolving) -> tuple[str, int | None, Trouble | None]:
        with pytest.raises(OSError, match=r"resolver|name has no address") as caught:
            await asker.resolve("news.example", 443, socket.AF_UNSPEC)
        assert "example" not in str(caught.value)
        assert "127.0.0.1" not in str(caught.value)
        return type(caught.value).__name__, caught.value.errno, asker.trouble

    return with_resolver(hosts, answer, story)


NO_ANSWER = ("_NoAnswerError", None, Trouble.BROKEN)


def test_both_families_are_asked_and_ipv4_comes_first(hosts: Hosts) -> None:
    assert addresses(hosts, saying(*BOTH)) == ["192.0.2.1", "192.0.2.2", "2001:db8::1"]
    assert addresses(hosts, saying(*BOTH), socket.AF_INET) == ["192.0.2.1", "192.0.2.2"]
    assert addresses(hosts, saying(*BOTH), socket.AF_INET6) == ["2001:db8::1"]


def test_one_family_is_enough(hosts: Hosts) -> None:
    assert addresses(hosts, saying(GOOD)) == ["192.0.2.1"]
    assert addresses(hosts, saying("QNAME 60 IN AAAA 2001:db8::1")) == ["2001:db8::1"]


def test_one_family_s_bad_answer_does_not_take_the_other_s(hosts: Hosts) -> None:
    good = saying(GOOD)

    def answer(data: bytes) -> bytes:
        return good(data) if b"\x00\x01\x00\x01" in data[12:40] else b"garbage"

    assert addresses(hosts, answer) == ["192.0.2.1"]


def test_aliases_are_followed_inside_of_the_answer(hosts: Hosts) -> None:
    chain = ("QNAME 60 IN CNAME a.cdn.example.", "a.cdn.example. 60 IN CNAME b.cdn.example.")
    assert addresses(hosts, saying(*chain, "b.cdn.example. 60 IN A 192.0.2.1")) == ["192.0.2.1"]


@pytest.mark.parametrize(
    "records",
    [
        ("other.example. 60 IN A 192.0.2.1",),  # a record for another name
        ("QNAME 60 IN CNAME a.example.", "b.example. 60 IN A 192.0.2.1"),  # the chain ends elsewhere
        ("QNAME 60 IN CNAME a.example.",),
        (),
    ],
)
def test_records_for_other_names_are_no_addresses(hosts: Hosts, records: tuple[str, ...]) -> None:
    assert failure(hosts, saying(*records)) == ("gaierror", socket.EAI_NONAME, None)


@pytest.mark.parametrize(
    "records",
    [
        ("QNAME 60 IN CNAME QNAME",),
        ("QNAME 60 IN CNAME a.example.", "a.example. 60 IN CNAME QNAME"),
        ("QNAME 60 IN CNAME 0.example.", *(f"{n}.example. 60 IN CNAME {n + 1}.example." for n in range(40))),
    ],
)
def test_a_loop_of_aliases_ends(hosts: Hosts, records: tuple[str, ...]) -> None:
    assert failure(hosts, saying(*records)) == NO_ANSWER


def test_what_the_resolver_could_not_find_out_is_not_its_trouble(hosts: Hosts) -> None:
    nothing = saying(rcode=dns.rcode.NXDOMAIN)
    assert failure(hosts, nothing) == ("gaierror", socket.EAI_NONAME, None)
    for rcode in (dns.rcode.SERVFAIL, dns.rcode.REFUSED, dns.rcode.NOTIMP):
        # Not even when addresses come with it.
        assert failure(hosts, saying(GOOD, rcode=rcode)) == ("gaierror", socket.EAI_AGAIN, None)
    assert failure(hosts, saying(GOOD, rcode=dns.rcode.NXDOMAIN)) == NO_ANSWER


def another_name(message: dns.message.Message) -> None:
    message.question = dns.message.make_query("other.example.", message.question[0].rdtype).question


def another_type(message: dns.message.Message) -> None:
    message.question = dns.message.make_query(message.question[0].name, "MX").question


def no_question(message: dns.message.Message) -> None:
    message.question = []


def another_id(message: dns.message.Message) -> None:
    message.id = 17


def no_response(message: dns.message.Message) -> None:
    message.flags &= ~dns.flags.QR


def truncated(message: dns.message.Message) -> None:
    message.flags |= dns.flags.TC


@pytest.mark.parametrize(
    "change", [another_name, another_type, no_question, another_id, no_response, truncated]
)
def test_an_answer_to_another_question_is_none(
    hosts: Hosts, change: Callable[[dns.message.Message], None]
) -> None:
    assert failure(hosts, saying(GOOD, change=change)) == NO_ANSWER


def test_a_failure_that_names_no_question_is_none(hosts: Hosts) -> None:
    assert failure(hosts, saying(rcode=dns.rcode.SERVFAIL, change=no_question)) == NO_ANSWER


def page(status: int = 200, **headers: str) -> resolving.Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    good = saying(GOOD)

    def answer(data: bytes) -> web.Response:
        return web.Response(status=status, body=good(data), headers=named)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        page(200, content_type="text/html"),  # a block page, whatever stands in it
        page(200),
        page(302, content_type=resolving.TYPE, location="https://127.0.0.1:1/dns-query"),
        page(403, content_type=resolving.TYPE),
        page(500, content_type=resolving.TYPE),
        page(200, content_type=resolving.TYPE, content_encoding="gzip"),
        lambda _data: b"",
        lambda _data: b"<html>Blocked</html>",
        lambda data: data,  # the question itself
        lambda data: saying(GOOD)(data)[:-1],
        lambda data: saying(GOOD)(data) + b"\0",
        saying(
            *(f"QNAME 60 IN A 192.0.2.{n}" for n in range(256)),
            *(f"QNAME 60 IN A 198.51.100.{n}" for n in range(256)),
        ),
        lambda _data: bytes(1 << 20),
    ],
)
def test_what_is_no_whole_answer_is_none(hosts: Hosts, answer: resolving.Answer) -> None:
    assert failure(hosts, answer) == NO_ANSWER


def test_a_whole_answer_of_any_bytes_is_one_or_none() -> None:
    query = question("news.example", socket.AF_INET)
    good = saying(GOOD, "QNAME 60 IN CNAME a.example.")(query.to_wire())
    cuts = st.integers(0, len(good))

    @given(
        st.binary(max_size=80)
        | st.builds(lambda a, b, c: good[:a] + b + good[c:], cuts, st.binary(max_size=4), cuts)
    )
    def check(data: bytes) -> None:
        answer = read_answer(data, query)
        assert answer is None or all(socket.inet_aton(each) for each in answer.addresses)

    check()


def test_silence_ends_and_nobody_there_is_told(hosts: Hosts) -> None:
    async def story() -> None:
        async with servers.raw(servers.silent(), tls=hosts.server("127.0.0.1")) as mute:
            for url, seconds in ((mute.endpoint.url, 0.2), ("https://127.0.0.1:1/", 10)):
                asker = HttpsResolver(url, tls=hosts.believing, seconds=seconds)
                with pytest.raises(OSError, match="gives no answer"):
                    await asker.resolve("news.example")
                assert asker.trouble is Trouble.UNREACHABLE
                await asker.close()

    asyncio.run(story())


def test_a_stranger_is_not_told_the_name(hosts: Hosts) -> None:
    async def story() -> None:
        async with resolving.resolving(hosts, saying(GOOD), host="192.0.2.7") as stranger:
            asker = HttpsResolver(stranger.address, tls=hosts.believing)
            with pytest.raises(OSError, match="gives no answer"):
                await asker.resolve("news.example")
            assert (asker.trouble, stranger.asked) == (Trouble.UNTRUSTED, [])
            await asker.close()

    asyncio.run(story())


@pytest.mark.parametrize(
    "address",
    [
        "",
        "dns.example",
        "https://dns.example/dns-query",  # would have to be looked up first
        "https://dns.example/dns-query#sni=other.example",
        "https://dns.example/dns-query#connect=other.example",
        "https://192.0.2.1/dns-query#connect=dns.example",
        "http://192.0.2.1/dns-query",
        "https://192.0.2.1/dns-query{?dns}?x=1",
        "https://me@192.0.2.1/dns-query",
        "https://3221225985/dns-query",
        "https://192.0.513/dns-query",
        "https://[192.0.2.1]/dns-query",
        "https://192.0.2.1:0x50/dns-query",
        "file:///dns-query",
        "https://192.0.2.1/#connect=192.0.2.2&connect=192.0.2.3",
    ],
)
def test_a_resolver_that_must_be_looked_up_is_refused(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        HttpsResolver(address)
    assert caught.value.code == "resolver-address"
    assert "192" not in str(caught.value)
    assert "example" not in str(caught.value)


def test_a_resolver_may_have_a_name_that_is_not_looked_up(hosts: Hosts, system_lookups: list[object]) -> None:
    async def story() -> None:
        async with resolving.resolving(hosts, saying(GOOD), host="front.example") as server:
            where = f"#connect=127.0.0.1:{server.port}&sni=front.example"
            asker = HttpsResolver("https://dns.example/dns-query" + where, tls=hosts.believing)
            assert (await asker.resolve("news.example"))[0]["host"] == "192.0.2.1"
            assert dict(server.asked[0].headers)[b"Host"] == b"dns.example"
            await asker.close()

    asyncio.run(story())
    assert (hosts.names, system_lookups) == (["front.example"], [])


def test_every_question_has_one_shape(hosts: Hosts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")

    async def story(asker: HttpsResolver, server: Resolving) -> None:
        for name in ("a.example", "News.Example", "long-" + "x" * 50 + ".example", "a.example"):
            await asker.resolve(name, 443, socket.AF_UNSPEC)
        assert len({each.headers for each in server.asked}) == 1
        assert server.asked[0].headers == (
            (b"Host", f"127.0.0.1:{server.port}".encode()),
            (b"User-Agent", b"Mozilla/5.0"),
            (b"Accept", b"application/dns-message"),
            (b"Accept-Encoding", b"identity"),
            (b"Content-Type", b"application/dns-message"),
            (b"Content-Length", b"128"),
        )
        assert {(each.method, each.path) for each in server.asked} == {("POST", "/dns-query")}
        for each in server.asked:
            query = dns.message.from_wire(each.body)
            assert (query.id, query.flags, len(each.body)) == (0, dns.flags.RD, 128)
            assert (len(query.question), query.options[0].otype) == (1, 12)
        assert "news.example A" in server.names

    def answer(data: bytes) -> web.Response:
        return web.Response(
            body=saying(GOOD)(data), content_type=resolving.TYPE, headers={"Set-Cookie": "reader=17; Path=/"}
        )

    with_resolver(hosts, answer, story)


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "a.localhost",
        "printer.local",
        "a" * 56 + ".onion",
        "x.invalid",
        "127.1",
        "a b",
        "a..b",
        "",
    ],
)
def test_a_name_of_one_machine_or_network_is_not_sent(hosts: Hosts, name: str) -> None:
    async def story(asker: HttpsResolver, server: Resolving) -> None:
        with pytest.raises(socket.gaierror):
            await asker.resolve(name)
        assert server.asked == []

    with_resolver(hosts, saying(GOOD), story)


def test_no_connection_carries_more_than_freezes(hosts: Hosts) -> None:
    async def story(asker: HttpsResolver, server: Resolving) -> None:
        for start in (0, 10):
            await asyncio.gather(
                *(asker.resolve(f"a{start + n}.example", 0, socket.AF_UNSPEC) for n in range(10))
            )
        assert len(server.asked) == 40
        peers = [each.peer for each in server.asked]
        assert max(peers.count(peer) for peer in peers) <= 8
        assert len(set(peers)) >= 5

    with_resolver(hosts, saying(GOOD), story)


def test_a_kept_connection_that_was_closed_is_replaced(hosts: Hosts) -> None:
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = saying(GOOD)(await reader.readexactly(128))
        heads.append(head)
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: %d\r\n\r\n"
            % len(body)
        )
        writer.write(body)
        await writer.drain()
        await reader.read(1)  # the next question comes, and is not answered
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=hosts.server("127.0.0.1"))
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        asker = HttpsResolver(url, tls=hosts.believing)
        for _ in range(3):
            assert len(await asker.resolve("news.example")) == 1
        await asker.close()
        server.close()
        await server.wait_closed()
        assert len(heads) == 3

    asyncio.run(story())


class Told:
    """A watch that keeps the stages."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def reached(self, stage: str) -> None:
        self.stages.append(stage)

    def received(self, size: int) -> None:
        pass


def test_a_fetch_asks_the_resolver_and_never_the_system(hosts: Hosts, system_lookups: list[object]) -> None:
    async def story() -> None:
        body = servers.saying(servers.response(b"news"))
        async with (
            servers.raw(body, tls=hosts.server("news.example")) as mirror,
            resolving.resolving(hosts, saying("QNAME 60 IN A 127.0.0.1")) as server,
            HttpTransport(
                tls=hosts.believing, resolver=HttpsResolver(server.address, tls=hosts.believing)
            ) as transport,
        ):
            there = Endpoint("mirror 1", mirror.endpoint.url.replace("127.0.0.1", "news.example"))
            line, told = transport.line(there), Told()
            assert await line.get("p/aa/bb", limit=9, watch=told) == b"news"
            assert await transport.get(there, "p/aa/bb", limit=9) == b"news"
            assert server.names == {"news.example A", "news.example AAAA"}
            assert len(server.asked) == 2  # remembered for both
            # The resolver's own connection, of the same program and TLS, is not told.
            assert told.stages == ["named", "connected", "secured", "answered"]

    asyncio.run(story())
    assert system_lookups == []


def test_a_resolver_that_fails_is_never_replaced_by_the_system(
    hosts: Hosts, system_lookups: list[object]
) -> None:
    async def code(transport: HttpTransport) -> str:
        async with transport:
            with pytest.raises(EndpointError) as caught:
                await transport.get(Endpoint("mirror 1", "http://news.example:1/"), "p/aa/bb", limit=9)
            return caught.value.code

    async def story() -> None:
        for answer in (lambda _data: b"garbage", saying(rcode=dns.rcode.SERVFAIL), saying(), page(302)):
            async with resolving.resolving(hosts, answer) as server:
                asker = HttpsResolver(server.address, tls=hosts.believing)
                assert await code(HttpTransport(tls=hosts.believing, resolver=asker)) == "unreachable"
        gone = HttpsResolver("https://127.0.0.1:1/", tls=hosts.believing)
        assert await code(HttpTransport(resolver=gone)) == "unreachable"
        assert system_lookups == []
        # Without one the system is asked: this test would see it.
        assert await code(HttpTransport(connect_seconds=0.1)) == "unreachable"
        assert system_lookups == ["news.example"]

    asyncio.run(story())


@pytest.mark.parametrize(("claimed", "held"), [(0, 30), (60, 60), (86_400, 300)])
def test_an_answer_holds_as_long_as_it_says_within_bounds(hosts: Hosts, claimed: int, held: int) -> None:
    async def story(asker: HttpsResolver, server: Resolving) -> None:
        loop, passed, cached = asyncio.get_running_loop(), 0.0, CachingResolver(asker)
        real = loop.time
        loop.time = lambda: real() + passed  # type: ignore[method-assign]
        try:
            for seconds, questions in ((0.0, 1), (held - 2.0, 1), (held + 2.0, 2)):
                passed = seconds
                found = await cached.resolve("news.example")
                assert isinstance(found, Found)
                assert (found.seconds, len(server.asked)) == (claimed, questions)
        finally:
            loop.time = real  # type: ignore[method-assign]

    with_resolver(hosts, saying(f"QNAME {claimed} IN A 192.0.2.1"), story)


def test_trouble_is_that_of_the_last_time(hosts: Hosts) -> None:
    first = [b"garbage", b"garbage"]

    def answer(data: bytes) -> bytes:
        return first.pop() if first else saying(GOOD)(data)

    async def story(asker: HttpsResolver, _server: Resolving) -> None:
        with pytest.raises(OSError, match="gives no answer"):
            await asker.resolve("news.example", 0, socket.AF_UNSPEC)
        assert asker.trouble is Trouble.BROKEN
        assert await asker.resolve("news.example")
        assert asker.trouble is None

    with_resolver(hosts, answer, story)
