"""The HTTP transport against real sockets: what is taken, what is refused, and what it tells."""

import asyncio
import logging
import ssl
from pathlib import Path

import pytest
from aiohttp import web

from helpers import servers
from helpers.certificates import write_certificate
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net.anyhow import AnyTransport
from mirror.net.http import HttpTransport, system_tls

BODY = b"a body of some bytes"
LIMIT = 64


def fetch(
    answer: servers.Answer, *, path: str = "p/aa/bb", limit: int = LIMIT, read_seconds: float = 5
) -> bytes:
    async def run() -> bytes:
        async with servers.raw(answer) as mirror, HttpTransport(read_seconds=read_seconds) as transport:
            return await transport.get(mirror.endpoint, path, limit=limit)

    return asyncio.run(run())


def code_of(answer: servers.Answer, *, limit: int = LIMIT, read_seconds: float = 5) -> str:
    with pytest.raises(EndpointError) as caught:
        fetch(answer, limit=limit, read_seconds=read_seconds)
    told = str(caught.value) + repr(caught.value)
    assert "127.0.0.1" not in told
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    return caught.value.code


@pytest.mark.parametrize(
    "data",
    [
        servers.response(BODY),
        servers.response(BODY, content_type="text/html; charset=nonsense"),
        servers.response(BODY, content_encoding="identity"),
        servers.response(b"14\r\n" + BODY + b"\r\n0\r\n\r\n", content_length="", transfer_encoding="chunked"),
        servers.response(BODY, content_length=""),  # ends with the connection
        servers.response(BODY, set_cookie="id=1", refresh="0; url=http://elsewhere.example/"),
    ],
)
def test_a_body_is_taken_as_it_was_sent(data: bytes) -> None:
    assert fetch(servers.saying(data)) == BODY


def test_a_body_may_be_as_long_as_the_limit_and_no_longer() -> None:
    assert fetch(servers.saying(servers.response(bytes(LIMIT)))) == bytes(LIMIT)
    assert code_of(servers.saying(servers.response(bytes(LIMIT + 1)))) == "too-long"


def test_the_limit_is_exact_where_no_length_is_declared() -> None:
    until_closed = servers.response(content_length="")
    assert fetch(servers.saying(until_closed + bytes(LIMIT))) == bytes(LIMIT)
    assert code_of(servers.saying(until_closed + bytes(LIMIT + 1))) == "too-long"


def test_a_declared_length_is_refused_before_anything_is_read() -> None:
    # The server sends nothing after the head: waiting for the body would end as "silent".
    assert code_of(servers.silent(servers.response(b"", content_length=str(LIMIT + 1)))) == "too-long"


@pytest.mark.parametrize(
    "head",
    [
        servers.response(content_length=""),
        servers.response(content_length="", transfer_encoding="chunked") + b"fffffff\r\n",
    ],
)
def test_an_endless_body_is_cut_at_the_limit(head: bytes) -> None:
    assert code_of(servers.endless(head)) == "too-long"


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone"])
def test_what_is_not_there_is_absent(status: str) -> None:
    assert code_of(servers.saying(servers.response(BODY, status=status))) == "absent"


@pytest.mark.parametrize(
    "status", ["500 Oops", "503 Busy", "429 Slow down", "401 No", "204 None", "206 Part", "304 Same"]
)
def test_any_other_status_is_a_refusal(status: str) -> None:
    body = b"" if status[:3] in ("204", "304") else BODY
    assert code_of(servers.saying(servers.response(body, status=status))) == "refused"


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Temporary", "308 Permanent"])
def test_a_redirect_is_never_followed(status: str) -> None:
    async def run() -> tuple[str, list[str]]:
        async with servers.raw(servers.saying(servers.response(BODY))) as other:
            there = servers.response(status=status, location=other.endpoint.url + "trap")
            async with servers.raw(servers.saying(there)) as mirror, HttpTransport() as transport:
                with pytest.raises(EndpointError) as caught:
                    await transport.get(mirror.endpoint, "m/timestamp.json", limit=LIMIT)
                return caught.value.code, other.paths

    assert asyncio.run(run()) == ("refused", [])


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd", "GZIP", "deflate, gzip"])
def test_an_added_encoding_is_refused(encoding: str) -> None:
    assert code_of(servers.saying(servers.response(BODY, content_encoding=encoding))) == "broken"


@pytest.mark.parametrize(
    "data",
    [
        servers.response(BODY, content_length=str(len(BODY) + 1)),
        servers.response(b"ff\r\n" + BODY, content_length="", transfer_encoding="chunked"),
        b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        b"not HTTP at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + b"y" * 20_000 + b"\r\n\r\n",
        b"",
    ],
)
def test_what_breaks_off_or_is_not_http_is_broken(data: bytes) -> None:
    assert code_of(servers.saying(data)) == "broken"


def test_a_reset_in_the_middle_is_broken() -> None:
    assert code_of(servers.resetting(servers.response(BODY, content_length="60"))) == "broken"


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200", servers.response(b"half", content_length="60")])
def test_silence_ends_at_the_deadline(sent: bytes) -> None:
    assert code_of(servers.silent(sent), read_seconds=0.1) == "silent"


def test_dripping_does_not_extend_the_whole_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mirror.net.http.SLOWEST_BYTES_PER_SECOND", 1_000_000)

    async def drip(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(servers.response(content_length="60"))
        while True:  # always within read_seconds
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async def run() -> str:
        async with (
            servers.raw(drip) as mirror,
            HttpTransport(connect_seconds=0.1, read_seconds=0.2) as transport,
        ):
            with pytest.raises(EndpointError) as caught:
                await transport.get(mirror.endpoint, "p/aa/bb", limit=LIMIT)
            return caught.value.code

    assert asyncio.run(run()) == "silent"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "https://127.0.0.1:1/",
        "http://name.invalid/",
        "http://[bad/",
        "http://:99999999/",
    ],
)
def test_no_connection_is_unreachable(url: str) -> None:
    async def run() -> EndpointError:
        async with HttpTransport() as transport:
            with pytest.raises(EndpointError) as caught:
                await transport.get(Endpoint("mirror 1", url), "p/aa/bb", limit=LIMIT)
            return caught.value

    error = asyncio.run(run())
    assert error.code == "unreachable"
    assert (error.__cause__, error.__context__) == (None, None)


def test_a_stranger_s_certificate_is_refused_and_a_known_one_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, private = write_certificate(tmp_path)
    key_log = tmp_path / "log"
    monkeypatch.setenv("SSLKEYLOGFILE", str(key_log))
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate, private)
    known = system_tls()
    known.load_verify_locations(certificate)

    async def run() -> tuple[str, bytes]:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(body=BODY)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side).start()
        mirror = Endpoint("mirror 1", f"https://localhost:{runner.addresses[0][1]}/")
        try:
            async with HttpTransport() as stranger:
                with pytest.raises(EndpointError) as caught:
                    await stranger.get(mirror, "p/aa/bb", limit=LIMIT)
            async with HttpTransport(tls=known) as friend:
                return caught.value.code, await friend.get(mirror, "p/aa/bb", limit=LIMIT)
        finally:
            await runner.cleanup()

    assert asyncio.run(run()) == ("untrusted", BODY)
    assert not key_log.exists()


def test_one_request_shape_and_nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1/")
    monkeypatch.setenv("LANG", "ru_RU.UTF-8")

    async def run() -> list[bytes]:
        cookie = servers.response(BODY, set_cookie="reader=17; Path=/", etag='"x"', last_modified="yesterday")
        async with servers.raw(servers.saying(cookie)) as mirror, HttpTransport() as transport:
            # By a name: aiohttp's own jar keeps no cookies of bare addresses, and would pass unseen.
            named = Endpoint("mirror 1", mirror.endpoint.url.replace("127.0.0.1", "localhost"))
            for path in ("m/timestamp.json", "m/timestamp.json", "p/aa/bb"):
                await transport.get(named, path, limit=LIMIT)
            port = mirror.endpoint.url.rsplit(":", 1)[1].strip("/").encode()
            return [head.replace(port, b"PORT") for head in mirror.heads]

    lines = [
        b"GET /%s HTTP/1.1",
        b"Host: localhost:PORT",
        b"User-Agent: Mozilla/5.0",
        b"Accept: */*",
        b"Accept-Encoding: identity",
        b"",
        b"",
    ]
    shape = b"\r\n".join(lines)
    assert asyncio.run(run()) == [
        shape % path for path in (b"m/timestamp.json", b"m/timestamp.json", b"p/aa/bb")
    ]


def test_nothing_is_logged(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    with caplog.at_level(logging.DEBUG):
        for answer in (servers.saying(b"garbage\r\n\r\n"), servers.resetting(b"HTTP/1.1 200 OK\r\n")):
            code_of(answer)
    said = caplog.text + "".join(capfd.readouterr())
    assert "127.0.0.1" not in said
    assert "p/aa/bb" not in said


def test_the_scheme_chooses_the_way(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "timestamp.json").write_bytes(BODY)

    async def run() -> list[bytes | str]:
        found: list[bytes | str] = []
        async with servers.honest({"m/timestamp.json": b"far"}) as far, AnyTransport() as transport:
            for url in (far.url, tmp_path.as_uri() + "/", "gopher://127.0.0.1/"):
                try:
                    found.append(await transport.get(Endpoint("m", url), "m/timestamp.json", limit=LIMIT))
                except EndpointError as error:
                    found.append(error.code)
        return found

    assert asyncio.run(run()) == [b"far", BODY, "unreachable"]
