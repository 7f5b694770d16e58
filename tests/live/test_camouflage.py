"""The transport that looks like a browser: the same contract, on the same hostile servers."""

import asyncio
import gzip
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import pytest

from helpers import resolving, servers
from helpers.tls import Hosts, wire_to
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import Stage
from mirror.net.address import endpoint
from mirror.net.browser import BrowserTransport
from mirror.net.camouflage import camouflaged
from mirror.net.doh import HttpsResolver

T = TypeVar("T")
BODY = b"a body of some bytes"
LIMIT = 64
ZIPPED = gzip.compress(BODY)
REAL, FRONT = "news.example", "cdn.example"


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


@pytest.fixture(autouse=True)
def hostile_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1/")


def fetch(answer: servers.Answer, *, limit: int = LIMIT, read_seconds: float = 5) -> bytes:
    async def run() -> bytes:
        async with servers.raw(answer) as mirror, camouflaged(read_seconds=read_seconds) as transport:
            return await transport.get(mirror.endpoint, "p/aa/bb", limit=limit)

    return asyncio.run(run())


def code_of(answer: servers.Answer, *, limit: int = LIMIT, read_seconds: float = 5) -> str:
    with pytest.raises(EndpointError) as caught:
        fetch(answer, limit=limit, read_seconds=read_seconds)
    assert "127.0.0.1" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    return caught.value.code


@pytest.mark.parametrize(
    "data",
    [
        servers.response(BODY),
        servers.response(BODY, content_type="text/html; charset=nonsense"),
        servers.response(BODY, content_encoding="identity"),
        servers.response(b"14\r\n" + BODY + b"\r\n0\r\n\r\n", content_length="", transfer_encoding="chunked"),
        servers.response(BODY, content_length=""),
        b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n" + servers.response(BODY),
    ],
)
def test_a_body_is_taken_as_it_was_sent(data: bytes) -> None:
    assert fetch(servers.saying(data)) == BODY


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (servers.saying(servers.response(bytes(LIMIT + 1))), "too-long"),
        (servers.silent(servers.response(b"", content_length=str(LIMIT + 1))), "too-long"),
        (servers.saying(servers.response(content_length="") + bytes(LIMIT + 1)), "too-long"),
        (servers.endless(servers.response(content_length="")), "too-long"),
        (
            servers.endless(
                servers.response(content_length="", transfer_encoding="chunked") + b"fffffff\r\n"
            ),
            "too-long",
        ),
        (servers.saying(servers.response(BODY, status="404 Not Found")), "absent"),
        (servers.saying(servers.response(BODY, status="403 Forbidden")), "absent"),
        (servers.saying(servers.response(BODY, status="410 Gone")), "absent"),
        (servers.saying(servers.response(BODY, status="500 Oops")), "refused"),
        (servers.saying(servers.response(BODY, status="429 Slow down")), "refused"),
        (servers.saying(servers.response(BODY, status="206 Part")), "refused"),
        (servers.saying(servers.response(BODY, content_encoding="gzip")), "broken"),
        (servers.saying(servers.response(BODY, content_encoding="zstd")), "broken"),
        (servers.saying(servers.response(BODY, content_encoding="br, identity")), "broken"),
        (servers.saying(servers.response(BODY, content_length=str(len(BODY) + 1))), "broken"),
        (
            servers.saying(
                servers.response(b"ff\r\n" + BODY, content_length="", transfer_encoding="chunked")
            ),
            "broken",
        ),
        (servers.saying(servers.response(ZIPPED, content_length="", transfer_encoding="gzip")), "broken"),
        (servers.saying(b"not HTTP at all\r\n\r\n"), "broken"),
        (servers.saying(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 40_000 + b"\r\n\r\n"), "broken"),
        (servers.saying(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 40_000 + b"\r\n"), "broken"),
        (servers.saying(b""), "broken"),
        (servers.resetting(servers.response(BODY, content_length="60")), "broken"),
    ],
)
def test_what_is_no_whole_file_is_refused_by_its_code(answer: servers.Answer, code: str) -> None:
    assert code_of(answer) == code


def test_an_encoding_that_hides_in_a_folded_header_is_seen() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding:\r\n gzip\r\nContent-Length: %d\r\n\r\n" % len(ZIPPED)
    assert code_of(servers.saying(head + ZIPPED)) == "broken"


def test_the_limit_is_exact() -> None:
    assert fetch(servers.saying(servers.response(bytes(LIMIT)))) == bytes(LIMIT)
    assert fetch(servers.saying(servers.response(content_length="") + bytes(LIMIT))) == bytes(LIMIT)


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200", servers.response(b"half", content_length="60")])
def test_silence_ends_at_the_deadline(sent: bytes) -> None:
    assert code_of(servers.silent(sent), read_seconds=0.1) == "silent"


def test_dripping_does_not_extend_the_whole_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirror.net.browser.SLOWEST_BYTES_PER_SECOND", 1_000_000)

    async def drip(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(servers.response(content_length="60"))
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def run() -> str:
        async with (
            servers.raw(drip) as mirror,
            camouflaged(connect_seconds=0.1, read_seconds=0.2) as transport,
        ):
            with pytest.raises(EndpointError) as caught:
                await transport.get(mirror.endpoint, "p/aa/bb", limit=LIMIT)
            return caught.value.code

    assert asyncio.run(run()) == "silent"


def test_a_redirect_is_never_followed() -> None:
    async def run() -> None:
        async with servers.raw(servers.saying(servers.response(BODY))) as other:
            there = servers.response(status="302 Found", location=other.endpoint.url + "trap")
            async with servers.raw(servers.saying(there)) as mirror, camouflaged() as transport:
                with pytest.raises(EndpointError) as caught:
                    await transport.get(mirror.endpoint, "m/timestamp.json", limit=LIMIT)
                assert (caught.value.code, other.paths) == ("refused", [])

    asyncio.run(run())


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "http://name.invalid/", "http://[bad/", "http://:99999/"],
)
def test_no_connection_is_unreachable(url: str) -> None:
    async def run() -> None:
        async with camouflaged() as transport:
            with pytest.raises(EndpointError) as caught:
                await transport.get(Endpoint("mirror 1", url), "p/aa/bb", limit=LIMIT)
            assert caught.value.code == "unreachable"

    asyncio.run(run())


class Told:
    """A watch that keeps what it is told."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.sizes: list[int] = []

    def reached(self, stage: Stage) -> None:
        self.stages.append(stage)

    def received(self, size: int) -> None:
        self.sizes.append(size)


async def ask(transport: BrowserTransport, mirror: Endpoint) -> tuple[list[Stage], str]:
    told, line = Told(), transport.line(mirror)
    try:
        await line.get("p/aa/bb", limit=LIMIT, watch=told)
    except EndpointError as error:
        return told.stages, error.code
    finally:
        await line.close()
    return told.stages, ""


ALL = [Stage.NAMED, Stage.CONNECTED, Stage.SECURED, Stage.ANSWERED]


def test_a_line_is_one_connection_and_says_how_far_it_got(hosts: Hosts) -> None:
    peers: list[object] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peers.append(writer.get_extra_info("peername"))
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def story() -> None:
        for tls in (hosts.server("localhost"), None):
            peers.clear()
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
            url = f"{'https' if tls else 'http'}://localhost:{server.sockets[0].getsockname()[1]}/"
            async with camouflaged(authorities=hosts.written["localhost"][0]) as transport:
                lines = [transport.line(Endpoint("mirror 1", url)) for _ in range(2)]
                for line in lines:
                    first, second = Told(), Told()
                    assert await line.get("a", limit=9, watch=first) == b"ok"
                    assert await line.get("b", limit=9, watch=second) == b"ok"
                    assert (first.stages, second.stages) == (ALL, [Stage.ANSWERED])
                    assert first.sizes[-1] == 2
                assert len(peers) == 2  # each line its own
                await lines[0].close()
                await lines[0].close()
            server.close()
            await server.wait_closed()

    asyncio.run(story())


def test_refused_reset_and_stranger_are_told_apart(hosts: Hosts) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        await asyncio.sleep(0)
        writer.transport.abort()

    async def story() -> None:
        async with camouflaged() as transport:
            refused = await ask(transport, Endpoint("mirror 1", "https://127.0.0.1:1/"))
            assert refused == ([Stage.NAMED], "unreachable")
            server = await asyncio.start_server(reset, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            cut = await ask(transport, Endpoint("mirror 1", f"https://127.0.0.1:{port}/"))
            assert cut == ([Stage.NAMED, Stage.CONNECTED], "unreachable")
            server.close()
            await server.wait_closed()
            async with servers.raw(
                servers.saying(servers.response(BODY)), tls=hosts.server("127.0.0.1")
            ) as mirror:
                stranger = await ask(transport, mirror.endpoint)
                assert stranger == ([Stage.NAMED, Stage.CONNECTED], "untrusted")

    asyncio.run(story())


def test_cancelling_closes_the_connection(hosts: Hosts) -> None:
    async def story() -> None:
        arrived, left = asyncio.Event(), asyncio.Event()

        async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            arrived.set()
            await reader.read()
            left.set()
            writer.close()

        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        mirror = Endpoint("mirror 1", f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        async with camouflaged() as transport:
            line = transport.line(mirror)
            asking = asyncio.create_task(line.get("a", limit=9))
            await asyncio.wait_for(arrived.wait(), 10)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await asyncio.wait_for(left.wait(), 10)
            await line.close()
        server.close()
        await server.wait_closed()

    asyncio.run(story())


def test_every_request_is_the_browser_s_and_nothing_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")
    monkeypatch.setenv("TZ", "Europe/Minsk")

    async def run() -> list[bytes]:
        cookie = servers.response(BODY, set_cookie="reader=17; Path=/", etag='"x"', last_modified="yesterday")
        async with servers.raw(servers.saying(cookie)) as mirror, camouflaged() as transport:
            named = Endpoint("mirror 1", mirror.endpoint.url.replace("127.0.0.1", "localhost"))
            for path in ("m/timestamp.json", "m/timestamp.json", "p/aa/bb"):
                await transport.get(named, path, limit=LIMIT)
            await ask(transport, named)
            return [head.split(b" ", 2)[2] for head in mirror.heads]

    shapes = set(asyncio.run(run()))
    assert len(shapes) == 1
    shape = shapes.pop().lower()
    assert b"chrome/150.0.0.0" in shape
    assert b"\r\naccept-encoding: identity\r\n" in shape
    assert b"\r\naccept-language: en-us,en;q=0.9\r\n" in shape  # the browser's as delivered, and nobody's own
    for told in (b"cookie", b"range", b"if-", b"referer", b"authorization", b"curl", b"h2c", b"ru"):
        assert told not in shape.replace(b"true", b"")


def test_a_front_s_name_is_all_that_the_wire_shows(hosts: Hosts) -> None:
    async def story() -> None:
        mirror_tls = hosts.server(FRONT)
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=mirror_tls) as mirror,
            wire_to(port_of(mirror)) as wire,
            camouflaged(authorities=hosts.written[FRONT][0]) as transport,
        ):
            fronted = at(f"https://{REAL}/base/#connect=127.0.0.1:{wire.port}&sni={FRONT}")
            assert await transport.get(fronted, "p/aa/bb", limit=LIMIT) == BODY
            assert hosts.names == [FRONT]
            assert not any(REAL.encode() in sent for sent in wire.sent)
            assert b"\r\nHost: news.example\r\n" in mirror.heads[0]
            other = at(f"https://{REAL}/#connect=127.0.0.1:{wire.port}")
            with pytest.raises(EndpointError) as caught:
                await transport.get(other, "p/aa/bb", limit=LIMIT)
            assert caught.value.code == "untrusted"

    asyncio.run(story())


def at(text: str) -> Endpoint:
    found = endpoint(text, 1)
    assert found is not None
    return found


def port_of(mirror: servers.Recorder) -> int:
    return int(mirror.endpoint.url.rsplit(":", 1)[1].strip("/"))


def test_names_come_from_the_resolver(hosts: Hosts) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=hosts.server(REAL)) as mirror,
            resolving.resolving(hosts, resolving.saying("QNAME 60 IN A 127.0.0.1")) as server,
            camouflaged(
                resolver=HttpsResolver(server.address, tls=hosts.believing),
                authorities=hosts.written[REAL][0],
            ) as transport,
        ):
            there = at(f"https://{REAL}:{port_of(mirror)}/")
            assert await transport.get(there, "p/aa/bb", limit=LIMIT) == BODY
            assert server.names == {f"{REAL} A", f"{REAL} AAAA"}

    asyncio.run(story())


def test_without_the_extra_a_sentence_says_what_to_install(tmp_path: Path) -> None:
    script = """if True:
        import sys
        sys.modules["curl_cffi"] = None
        from mirror.errors import ConfigError
        from mirror.net.camouflage import camouflaged
        try:
            camouflaged()
        except ConfigError as error:
            print(error.code, error)
    """
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    )
    assert run.stdout.startswith("camouflage-missing ")
    assert "pip install 'mirror[camouflage]'" in run.stdout
