"""A browser's look through a SOCKS5 proxy: what the proxy is told, and whose fault a failure is."""

import asyncio
from os import urandom

import pytest

from helpers import servers
from helpers.socks import NOBODY, OPEN, Manners, SocksServer, Step, socks_server
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net.camouflage import camouflaged
from mirror.net.socks import Gate, Trouble
from mirror.net.ways import Proxy

pytest.importorskip("curl_cffi")
BODY = b"what the mirror holds"
PATH = "p/aa/bb"


async def ask(
    manners: Manners, *hosts: str, path: str = PATH, seconds: float = 5.0
) -> tuple[list[bytes | str], SocksServer, Trouble | None]:
    """What mirrors at ``hosts`` give through such a proxy, one after the other."""
    async with servers.honest({PATH: BODY}) as mirror:
        manners.names = dict.fromkeys(hosts, int(mirror.url.rstrip("/").rpartition(":")[2]))
        async with socks_server(manners) as server:
            gate = Gate(server.proxy, urandom)
            got: list[bytes | str] = []
            async with camouflaged(gate=gate, connect_seconds=seconds, read_seconds=seconds) as transport:
                for host in hosts:
                    try:
                        got.append(await transport.get(Endpoint("mirror", f"http://{host}/"), path, limit=64))
                    except EndpointError as error:
                        got.append(error.code)
            return got, server, gate.health.trouble


def test_names_and_other_credentials_for_each_host_go_to_the_proxy() -> None:
    got, server, trouble = asyncio.run(ask(Manners(), "one.invalid", "two.invalid"))
    assert (got, trouble) == ([BODY, BODY], None)
    assert [(each.host, each.port, each.is_name) for each in server.asked] == [
        ("one.invalid", 80, True),
        ("two.invalid", 80, True),
    ]
    assert len({each.user for each in server.asked} - {""}) == 2


def test_a_mirror_that_lacks_a_file_is_no_trouble_of_the_proxy() -> None:
    got, _, trouble = asyncio.run(ask(Manners(), "one.invalid", path="p/cc/dd"))
    assert (got, trouble) == (["absent"], None)


@pytest.mark.parametrize("reply", range(1, 9))
def test_what_the_proxy_says_of_a_mirror_is_the_mirror_s_failure(reply: int) -> None:
    got, _, trouble = asyncio.run(ask(Manners(reply=reply), "one.invalid"))
    assert (got, trouble) == (["unreachable"], None)


@pytest.mark.parametrize(
    ("manners", "trouble"),
    [
        (Manners(picks=lambda _: NOBODY), Trouble.REFUSED),
        (Manners(dies_at=Step.GREETING), Trouble.REFUSED),
        (Manners(silent_at=Step.GREETING), Trouble.SILENT),
        (Manners(silent_at=Step.REQUEST), Trouble.SILENT),
    ],
)
def test_what_the_proxy_does_to_us_is_its_own_trouble(manners: Manners, trouble: Trouble) -> None:
    got, _, seen = asyncio.run(ask(manners, "one.invalid", seconds=0.3))
    assert (got, seen) == (["unreachable"], trouble)


def test_a_proxy_that_refuses_a_made_up_user_is_told_none_the_next_time() -> None:
    manners = Manners(lets_in=lambda _user, _password: False)
    got, server, trouble = asyncio.run(ask(manners, "one.invalid", "two.invalid"))
    assert (got, trouble) == (["unreachable", BODY], None)
    assert server.greetings[-1] == bytes([OPEN])
    assert server.asked[-1].user == ""


def test_nobody_there() -> None:
    async def story() -> Trouble | None:
        gate = Gate(Proxy("127.0.0.1", 1), bytes)
        async with camouflaged(gate=gate) as transport:
            with pytest.raises(EndpointError):
                await transport.get(Endpoint("mirror", "http://one.invalid/"), PATH, limit=64)
        return gate.health.trouble

    assert asyncio.run(story()) is Trouble.UNREACHABLE
