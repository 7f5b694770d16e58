"""Whoever runs the network's resolver learns nothing from a reader with a proxy."""

import asyncio
import ipaddress
import json
import os
import socket
import subprocess
import sys
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

from helpers import leaking, servers
from helpers.socks import Manners, socks_server
from helpers.tls import Hosts
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net.http import HttpTransport
from mirror.net.socks import Gate, ProxyNames, SocksConnector
from mirror.net.ways import Proxy

BODY = b"what the mirror holds"
PATH = "p/aa/bb"
_ENTER = """
mount --bind "$1/resolv.conf" /etc/resolv.conf
mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
exec "$2" "$3"
"""
UNSHARE = ("unshare", "--map-root-user", "--net", "--mount")


@cache
def can_unshare() -> bool:
    return subprocess.run([*UNSHARE, "true"], check=False, capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What crossed the wire of a namespace while a reader's command ran in it, in several ways."""
    if not can_unshare():
        pytest.skip("this kernel does not let us make a network namespace")
    folder = tmp_path_factory.mktemp("etc")
    (folder / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (folder / "nsswitch.conf").write_text("hosts: files dns\n")
    tests = Path(leaking.__file__).parents[1]
    ran = subprocess.run(
        [*UNSHARE, "sh", "-ec", _ENTER, "sh", str(folder), sys.executable, leaking.__file__],
        env={**os.environ, "PYTHONPATH": f"{tests.parent / 'src'}:{tests}"},
        check=False,
        capture_output=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr.decode()
    made: dict[str, Any] = json.loads(ran.stdout)
    return made


LOOKS = ("", "browser ")  # as what we are, and with --camouflage


@pytest.mark.parametrize("way", ["direct", "browser"])
def test_without_a_proxy_the_names_are_seen(seen: dict[str, Any], way: str) -> None:
    # The canary sings: else the other tests would prove nothing.
    assert seen[way]["names"] == [leaking.PLAIN, leaking.SECURE]
    assert seen[way]["proxied"] == []


@pytest.mark.parametrize("look", LOOKS)
def test_with_a_proxy_no_packet_asks_for_a_name(seen: dict[str, Any], look: str) -> None:
    ran = seen[look + "proxy"]
    assert ran["status"] == 0, ran["told"]
    assert ran["lookups"] == 0
    assert ran["proxied"] == sorted(each.partition("://")[2].rstrip("/") for each in seen["mirrors"])


@pytest.mark.parametrize("look", LOOKS)
def test_with_a_resolver_too_it_is_asked_through_the_proxy(seen: dict[str, Any], look: str) -> None:
    ran = seen[look + "both"]
    assert ran["status"] == 0, ran["told"]
    assert ran["lookups"] == 0
    # The resolver's address, and the addresses that it gave for the mirrors.
    ports = [each.rpartition(":")[2].rstrip("/") for each in seen["mirrors"]]
    assert set(ran["proxied"]) == {seen["resolver"], *(f"127.0.0.1:{port}" for port in ports)}
    assert {each.partition(" ")[0] for each in ran["resolved"]} == {leaking.PLAIN, leaking.SECURE}


@pytest.mark.parametrize("look", LOOKS)
def test_with_a_resolver_alone_the_system_s_is_not_asked(seen: dict[str, Any], look: str) -> None:
    ran = seen[look + "resolved"]
    assert ran["status"] == 0, ran["told"]
    assert (ran["lookups"], ran["proxied"]) == (0, [])


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names that this process asks the system for; addresses are not counted."""
    names: list[str] = []
    real = socket.getaddrinfo

    def spying(host: Any, *given: Any, **named: Any) -> Any:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            names.append(host)
        return real(host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", spying)
    for other in ("gethostbyname", "gethostbyname_ex"):
        monkeypatch.setattr(socket, other, lambda host, other=other: names.append(f"{other} {host}"))
    return names


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_only_the_proxy_s_own_name_is_looked_up(scheme: str, tmp_path: Path, looked_up: list[str]) -> None:
    hosts = Hosts(tmp_path)

    async def story() -> list[str]:
        tls = hosts.server("mirror.test") if scheme == "https" else None
        async with servers.raw(servers.saying(servers.response(BODY)), tls=tls) as mirror:
            names = {"mirror.test": int(mirror.endpoint.url.rstrip("/").rpartition(":")[2])}
            async with socks_server(Manners(names=names)) as server:
                gate = Gate(Proxy("localhost", server.proxy.port), bytes)
                connectors = partial(SocksConnector, gate)
                async with HttpTransport(
                    tls=hosts.believing, resolver=ProxyNames(), connectors=connectors
                ) as transport:
                    endpoint = Endpoint("mirror 1", f"{scheme}://mirror.test/")
                    assert await transport.get(endpoint, PATH, limit=64) == BODY
                    assert await transport.line(endpoint).get(PATH, limit=64) == BODY
            return [each.host for each in server.asked]

    assert asyncio.run(story()) == ["mirror.test"] * 2
    assert set(looked_up) == {"localhost"}


def test_a_connector_that_aiohttp_no_longer_asks_connects_to_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    # As if a later aiohttp had renamed the method that SocksConnector replaces.
    monkeypatch.delattr(SocksConnector, "_wrap_create_connection")

    async def story() -> tuple[str, int]:
        async with servers.raw(servers.saying(servers.response(BODY))) as mirror:
            gate = Gate(Proxy("127.0.0.1", 1), bytes)
            async with HttpTransport(
                resolver=ProxyNames(), connectors=partial(SocksConnector, gate)
            ) as transport:
                with pytest.raises(EndpointError) as caught:
                    await transport.get(mirror.endpoint, PATH, limit=64)
            return caught.value.code, len(mirror.heads)

    assert asyncio.run(story()) == ("unreachable", 0)
