"""Connecting elsewhere and saying another name in TLS: what crosses the wire, and who is believed."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from helpers import servers
from helpers.tls import Hosts, Wire, wire_to
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import Transport
from mirror.net.address import endpoint
from mirror.net.http import HttpTransport

BODY = b"a body of some bytes"
REAL, FRONT = "news.example", "cdn.example"
Play = Callable[[Coroutine[None, None, None]], None]
Get = Callable[[Transport, Endpoint], Awaitable[bytes]]


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


@pytest.fixture(autouse=True)
def no_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is told where to connect looks no name up."""

    def refuse(host: str, *_: object, **__: object) -> None:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)


async def pooled(transport: Transport, mirror: Endpoint) -> bytes:
    return await transport.get(mirror, "p/aa/bb", limit=64)


async def by_line(transport: Transport, mirror: Endpoint) -> bytes:
    line = transport.line(mirror)
    try:
        return await line.get("p/aa/bb", limit=64)
    finally:
        await line.close()


def at(text: str) -> Endpoint:
    found = endpoint(text, 1)
    assert found is not None
    return found


def port_of(mirror: servers.Recorder) -> int:
    return int(mirror.endpoint.url.rsplit(":", 1)[1].strip("/"))


def between(mirror: servers.Recorder) -> AbstractAsyncContextManager[Wire]:
    return wire_to(port_of(mirror))


@pytest.mark.parametrize("get", [pooled, by_line])
def test_a_front_s_name_is_all_that_the_wire_shows(hosts: Hosts, play: Play, get: Get) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=hosts.server(FRONT)) as mirror,
            between(mirror) as wire,
            HttpTransport(tls=hosts.believing) as transport,
        ):
            fronted = at(f"https://{REAL}/base/#connect=127.0.0.1:{wire.port}&sni={FRONT}")
            assert await get(transport, fronted) == BODY
            assert hosts.names == [FRONT]
            assert FRONT.encode() in wire.sent[0]
            assert not any(REAL.encode() in sent for sent in wire.sent)
            # Inside, the request is the URL's, in the shape that every request has.
            head = b"GET /base/p/aa/bb HTTP/1.1\r\nHost: news.example\r\nUser-Agent: Mozilla/5.0\r\n"
            assert mirror.heads == [head + b"Accept: */*\r\nAccept-Encoding: identity\r\n\r\n"]

    play(story())


@pytest.mark.parametrize("get", [pooled, by_line])
def test_elsewhere_without_another_name_the_url_s_host_is_said_and_checked(
    hosts: Hosts, play: Play, get: Get
) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=hosts.server(REAL)) as mirror,
            HttpTransport(tls=hosts.believing) as transport,
        ):
            there = at(f"https://{REAL}:4430/#connect=127.0.0.1:{port_of(mirror)}")
            assert await get(transport, there) == BODY
            assert hosts.names == [REAL]
            assert b"\r\nHost: news.example:4430\r\n" in mirror.heads[0]

    play(story())


def test_without_tls_only_the_place_changes(play: Play) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY))) as mirror,
            HttpTransport() as transport,
        ):
            for port, host in ((f":{port_of(mirror)}", REAL), ("", f"{REAL}:{port_of(mirror)}")):
                assert await pooled(transport, at(f"http://{host}/#connect=127.0.0.1{port}")) == BODY
            assert [head.split(b"\r\n")[1] for head in mirror.heads] == [
                b"Host: news.example",
                f"Host: news.example:{port_of(mirror)}".encode(),
            ]

    play(story())


@pytest.mark.parametrize(
    ("certificate", "settings", "code"),
    [
        (REAL, f"&sni={FRONT}", "untrusted"),  # the name that was said is the one that is checked
        (FRONT, "", "untrusted"),
        ("other.example", f"&sni={FRONT}", "untrusted"),
        ("127.0.0.1", f"&sni={FRONT}", "untrusted"),
        ("127.0.0.1", "", "untrusted"),  # the place connected to proves nothing
    ],
)
def test_a_certificate_for_another_name_is_refused(
    hosts: Hosts, play: Play, certificate: str, settings: str, code: str
) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=hosts.server(certificate)) as mirror,
            HttpTransport(tls=hosts.believing) as transport,
        ):
            with pytest.raises(EndpointError) as caught:
                await pooled(transport, at(f"https://{REAL}/#connect=127.0.0.1:{port_of(mirror)}{settings}"))
            assert (caught.value.code, mirror.heads) == (code, [])

    play(story())


def test_two_names_at_one_place_never_share_a_connection(hosts: Hosts) -> None:
    """A connection that was checked for one name must not carry the other's requests."""

    async def keep(_path: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await asyncio.Event().wait()  # the connection stays, and would be used again

    async def story() -> None:
        async with (
            servers.raw(keep, tls=hosts.server(FRONT)) as mirror,
            HttpTransport(tls=hosts.believing) as transport,
        ):
            place = f"connect=127.0.0.1:{port_of(mirror)}"
            assert await pooled(transport, at(f"https://{FRONT}/#{place}")) == b"ok"
            with pytest.raises(EndpointError) as caught:
                await pooled(transport, at(f"https://{REAL}/#{place}"))
            assert caught.value.code == "untrusted"
            assert len(mirror.heads) == 1

    asyncio.run(story())


def test_an_address_for_a_host_needs_no_name_at_all(hosts: Hosts) -> None:
    async def story() -> None:
        async with (
            servers.raw(servers.saying(servers.response(BODY)), tls=hosts.server("127.0.0.1")) as mirror,
            HttpTransport(tls=hosts.believing) as transport,
        ):
            assert await pooled(transport, mirror.endpoint) == BODY
            assert hosts.names == [None]

    asyncio.run(story())


def test_a_place_that_is_none_is_unreachable() -> None:
    async def story() -> None:
        async with HttpTransport() as transport:
            for connect in ("a b", "127.0.0.1:0", "[::1", "x@127.0.0.1"):
                with pytest.raises(EndpointError) as caught:
                    await pooled(transport, Endpoint("mirror 1", "https://news.example/", connect))
                assert caught.value.code == "unreachable"

    asyncio.run(story())
