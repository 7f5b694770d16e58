"""Through a SOCKS5 proxy: what it is told, what still holds, and whose fault a failure is."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from helpers import servers
from helpers.socks import NOBODY, OPEN, PASSWORD, Manners, SocksServer, Step, socks_server
from helpers.tls import Hosts
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import Stage
from mirror.net.anyhow import AnyTransport
from mirror.net.http import HttpTransport
from mirror.net.socks import Gate, ProxyNames, SocksConnector, Trouble
from mirror.net.ways import Proxy, Ways

BODY = b"what the mirror holds"
PATH = "p/aa/bb"
SECONDS = 5.0


def counting() -> Callable[[int], bytes]:
    """Randomness that never repeats, and is the same in each run."""
    given = iter(range(256))
    return lambda size: bytes([next(given)]) * size


def gate_to(proxy: Proxy) -> Gate:
    return Gate(proxy, counting())


def through(gate: Gate, *, hosts: Hosts | None = None, seconds: float = SECONDS) -> HttpTransport:
    """The usual transport through ``gate``, with deadlines that tests can wait for."""
    return HttpTransport(
        connect_seconds=seconds,
        read_seconds=seconds,
        tls=hosts.believing if hosts else None,
        resolver=ProxyNames(),
        connectors=partial(SocksConnector, gate),
    )


def port_of(endpoint: Endpoint) -> int:
    return int(endpoint.url.rstrip("/").rpartition(":")[2])


async def ask(
    manners: Manners, *, seconds: float = SECONDS
) -> tuple[bytes | str, SocksServer, Trouble | None]:
    """What asking one mirror called ``mirror.invalid`` through such a proxy gives."""
    async with servers.honest({PATH: BODY}) as mirror:
        manners.names = {"mirror.invalid": port_of(mirror)}
        async with (
            socks_server(manners) as server,
            through(gate := gate_to(server.proxy), seconds=seconds) as transport,
        ):
            try:
                got: bytes | str = await transport.get(
                    Endpoint("mirror 1", "http://mirror.invalid/"), PATH, limit=64
                )
            except EndpointError as error:
                got = error.code if (error.__cause__, error.__context__) == (None, None) else "chained"
            return got, server, gate.health.trouble


def test_the_name_goes_to_the_proxy(play: Callable[..., None]) -> None:
    async def story() -> None:
        got, server, trouble = await ask(Manners())
        assert (got, trouble) == (BODY, None)
        assert [(each.host, each.port, each.is_name) for each in server.asked] == [
            ("mirror.invalid", 80, True)
        ]

    play(story())


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_an_address_goes_to_the_proxy_as_an_address(host: str) -> None:
    async def story() -> SocksServer:
        async with (
            socks_server(Manners(reply=5)) as server,
            through(gate_to(server.proxy)) as transport,
        ):
            with pytest.raises(EndpointError):
                await transport.get(Endpoint("mirror 1", f"http://{host}:99/"), PATH, limit=64)
            return server

    asked = asyncio.run(story()).asked
    assert [(each.host, each.port, each.is_name) for each in asked] == [(host.strip("[]"), 99, False)]


def test_each_host_gets_credentials_of_its_own_and_keeps_them() -> None:
    async def story() -> SocksServer:
        async with servers.honest({PATH: BODY}) as mirror:
            names = dict.fromkeys(("one.invalid", "two.invalid"), port_of(mirror))
            async with (
                socks_server(Manners(names=names)) as server,
                through(gate_to(server.proxy)) as transport,
            ):
                for name in (*names, *names):
                    line = transport.line(Endpoint(name, f"http://{name}/"))
                    assert await line.get(PATH, limit=64) == BODY
                    await line.close()
            return server

    server = asyncio.run(story())
    assert server.greetings == [bytes([OPEN, PASSWORD])] * 4
    said = {host: {(each.user, each.password) for each in server.asked if each.host == host}
            for host in ("one.invalid", "two.invalid")}  # fmt: skip
    assert [len(each) for each in said.values()] == [1, 1]
    assert not said["one.invalid"] & said["two.invalid"]
    assert all(len(user) == len(password) == 32 for pairs in said.values() for user, password in pairs)


def test_two_transports_do_not_say_the_same_to_the_proxy() -> None:
    async def story() -> SocksServer:
        async with socks_server(Manners(reply=5)) as server:
            for _ in range(2):
                async with AnyTransport(Ways(server.proxy)) as transport:
                    with pytest.raises(EndpointError):
                        await transport.get(Endpoint("mirror 1", "http://one.invalid/"), PATH, limit=64)
            return server

    first, second = asyncio.run(story()).asked
    assert first.user != second.user


def test_given_credentials_are_used_for_every_host() -> None:
    async def story() -> SocksServer:
        manners = Manners(lets_in=lambda user, password: (user, password) == ("anna", "word"), reply=5)
        async with socks_server(manners) as server:
            proxy = Proxy(server.proxy.host, server.proxy.port, "anna", "word")
            async with through(gate := gate_to(proxy)) as transport:
                for name in ("one", "two"):
                    with pytest.raises(EndpointError):
                        await transport.get(Endpoint(name, f"http://{name}.invalid/"), PATH, limit=64)
                assert gate.health.trouble is None
            return server

    assert [(each.user, each.password) for each in asyncio.run(story()).asked] == [("anna", "word")] * 2


def test_a_proxy_without_passwords_is_used_without() -> None:
    got, server, trouble = asyncio.run(ask(Manners(picks=lambda _: OPEN)))
    assert (got, trouble, server.asked[0].user) == (BODY, None, "")


def test_a_proxy_that_refuses_a_made_up_user_is_asked_once_more_without() -> None:
    got, server, trouble = asyncio.run(ask(Manners(lets_in=lambda _user, _password: False)))
    assert (got, trouble) == (BODY, None)
    assert server.greetings == [bytes([OPEN, PASSWORD]), bytes([OPEN])]


def test_credentials_that_were_given_are_never_left_out() -> None:
    async def story() -> tuple[SocksServer, Trouble | None]:
        async with socks_server(Manners(lets_in=lambda _user, _password: False)) as server:
            proxy = Proxy(server.proxy.host, server.proxy.port, "anna", "word")
            async with through(gate := gate_to(proxy)) as transport:
                with pytest.raises(EndpointError) as caught:
                    await transport.get(Endpoint("mirror 1", "http://one.invalid/"), PATH, limit=64)
                assert caught.value.code == "unreachable"
                return server, gate.health.trouble

    server, trouble = asyncio.run(story())
    assert (len(server.greetings), server.asked, trouble) == (1, [], Trouble.REFUSED)


def test_a_proxy_that_dies_in_the_handshake_does_not_cost_the_isolation() -> None:
    _, server, trouble = asyncio.run(ask(Manners(dies_at=Step.CREDENTIALS)))
    assert (server.greetings, trouble) == ([bytes([OPEN, PASSWORD])], Trouble.REFUSED)


# 0xF0 and above are Tor's, where Tor Browser asks for them.
@pytest.mark.parametrize("reply", [*range(1, 9), 0xF0, 0xF7])
def test_what_the_proxy_says_of_a_mirror_is_the_mirror_s_failure(reply: int) -> None:
    got, server, trouble = asyncio.run(ask(Manners(reply=reply)))
    assert (got, trouble, len(server.asked)) == ("unreachable", None, 1)


@pytest.mark.parametrize(
    ("manners", "trouble"),
    [
        (Manners(picks=lambda _: NOBODY), Trouble.REFUSED),
        (Manners(picks=lambda _: 1), Trouble.REFUSED),  # a method that was not offered
        (Manners(dies_at=Step.GREETING), Trouble.REFUSED),
        (Manners(dies_at=Step.REQUEST), Trouble.REFUSED),
        (Manners(silent_at=Step.GREETING), Trouble.SILENT),
        (Manners(silent_at=Step.CREDENTIALS), Trouble.SILENT),
        (Manners(silent_at=Step.REQUEST), Trouble.SILENT),
    ],
)
def test_what_the_proxy_does_to_us_is_its_own_trouble(manners: Manners, trouble: Trouble) -> None:
    got, _, seen = asyncio.run(ask(manners, seconds=0.3))
    assert (got, seen) == ("unreachable", trouble)


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\x05", b""])
def test_something_else_that_listens_there_is_no_proxy(says: bytes) -> None:
    async def story() -> Trouble | None:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(64)
            writer.write(says)
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with (
            server,
            through(gate := gate_to(Proxy("127.0.0.1", server.sockets[0].getsockname()[1]))) as transport,
        ):
            with pytest.raises(EndpointError):
                await transport.get(Endpoint("mirror 1", "http://one.invalid/"), PATH, limit=64)
            return gate.health.trouble

    assert asyncio.run(story()) is Trouble.REFUSED


@pytest.mark.parametrize("host", ["127.0.0.1", "proxy.invalid"])
def test_nobody_there(host: str) -> None:
    async def story() -> tuple[str, Trouble | None]:
        async with through(gate := gate_to(Proxy(host, 1))) as transport:
            with pytest.raises(EndpointError) as caught:
                await transport.get(Endpoint("mirror 1", "http://one.invalid/"), PATH, limit=64)
            return caught.value.code, gate.health.trouble

    assert asyncio.run(story()) == ("unreachable", Trouble.UNREACHABLE)


def test_a_proxy_that_works_again_is_in_no_trouble() -> None:
    async def story() -> list[Trouble | None]:
        async with (
            socks_server(Manners(dies_at=Step.GREETING, reply=4)) as server,
            through(gate := gate_to(server.proxy)) as transport,
        ):
            seen = [gate.health.trouble]
            for step in (Step.GREETING, None):
                server.manners.dies_at = step
                with pytest.raises(EndpointError):
                    await transport.get(Endpoint("mirror 1", "http://one.invalid/"), PATH, limit=64)
                seen.append(gate.health.trouble)
            return seen

    assert asyncio.run(story()) == [None, Trouble.REFUSED, None]


def test_an_answer_that_the_proxy_cuts_off_is_broken() -> None:
    got, _, trouble = asyncio.run(ask(Manners(cut_after=170)))
    assert (got, trouble) == ("broken", None)


@pytest.mark.parametrize("host", ["a" * 64 + ".invalid", ".".join(["a" * 60] * 5)])
def test_a_name_that_socks_cannot_carry_is_the_mirror_s_failure(host: str) -> None:
    async def story() -> tuple[str, Trouble | None]:
        async with socks_server() as server, through(gate := gate_to(server.proxy)) as transport:
            with pytest.raises(EndpointError) as caught:
                await transport.get(Endpoint("mirror 1", f"http://{host}/"), PATH, limit=64)
            return caught.value.code, gate.health.trouble

    assert asyncio.run(story()) == ("unreachable", None)


def test_tls_through_a_proxy_is_with_the_mirror(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)

    async def story() -> list[bytes | str]:
        context = hosts.server("mirror.invalid")
        async with servers.raw(servers.saying(servers.response(BODY)), tls=context) as mirror:
            names = dict.fromkeys(("mirror.invalid", "other.invalid"), port_of(mirror.endpoint))
            async with socks_server(Manners(names=names)) as server:
                got: list[bytes | str] = []
                for trusting, host in (
                    (hosts, "mirror.invalid"),
                    (hosts, "other.invalid"),
                    (None, "mirror.invalid"),
                ):
                    async with through(gate := gate_to(server.proxy), hosts=trusting) as transport:
                        try:
                            got.append(
                                await transport.get(Endpoint("mirror 1", f"https://{host}/"), PATH, limit=64)
                            )
                        except EndpointError as error:
                            got.append(error.code)
                        assert gate.health.trouble is None
                return got

    assert asyncio.run(story()) == [BODY, "untrusted", "untrusted"]
    assert hosts.names == ["mirror.invalid", "other.invalid", "mirror.invalid"]


def test_lines_keep_their_own_connections_and_tell_how_far_they_got(tmp_path: Path) -> None:
    hosts = Hosts(tmp_path)

    class Watch:
        def __init__(self) -> None:
            self.stages: list[Stage] = []

        def reached(self, stage: Stage) -> None:
            self.stages.append(stage)

        def received(self, size: int) -> None:
            pass

    async def story() -> tuple[int, list[Stage], list[Stage]]:
        context = hosts.server("mirror.invalid")
        body = servers.response(BODY, connection="keep-alive")
        async with servers.raw(servers.saying(body), tls=context) as mirror:
            names = {"mirror.invalid": port_of(mirror.endpoint)}
            async with socks_server(Manners(names=names)) as server:
                async with through(gate_to(server.proxy), hosts=hosts) as transport:
                    first, second = Watch(), Watch()
                    lines = [transport.line(Endpoint("mirror 1", "https://mirror.invalid/")) for _ in "ab"]
                    await lines[0].get(PATH, limit=64, watch=first)
                    await lines[1].get(PATH, limit=64, watch=second)
                return len(server.asked), first.stages, second.stages

    whole = [Stage.NAMED, Stage.CONNECTED, Stage.SECURED, Stage.ANSWERED]
    assert asyncio.run(story()) == (2, whole, whole)


def test_an_onion_address_is_asked_of_no_resolver() -> None:
    async def story() -> str:
        async with AnyTransport() as transport:
            with pytest.raises(EndpointError) as caught:
                await transport.get(Endpoint("mirror 1", f"http://{'a' * 56}.onion/"), PATH, limit=64)
            return caught.value.code

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("socket.getaddrinfo", lambda *_, **__: pytest.fail("a name was looked up"))
        assert asyncio.run(story()) == "unreachable"


def test_an_onion_address_goes_to_the_proxy_and_not_to_another_resolver() -> None:
    class Below(AbstractResolver):
        asked: ClassVar[list[str]] = []

        async def resolve(
            self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
        ) -> list[ResolveResult]:
            self.asked.append(host)
            return await ProxyNames().resolve(host, port, family)

        async def close(self) -> None:
            pass

    async def story() -> list[str]:
        names = ProxyNames(Below())
        return [(await names.resolve(host))[0]["host"] for host in ("a.Onion.", "b.onion", "onion.example")]

    assert asyncio.run(story()) == ["a.Onion.", "b.onion", "onion.example"]
    assert Below.asked == ["onion.example"]
