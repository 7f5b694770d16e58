"""What an observer sees of the transport that looks like a browser, and how it goes through a proxy."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import pytest

from helpers import servers
from helpers.socks import Manners, Step, socks_server
from helpers.tls import Hosts, wire_to
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import Transport
from mirror.net.address import endpoint
from mirror.net.anyhow import AnyTransport
from mirror.net.camouflage import camouflaged
from mirror.net.http import HttpTransport
from mirror.net.socks import Gate, Trouble
from mirror.net.ways import Look, Proxy, Ways

BODY = b"a body of some bytes"
LIMIT = 64
SRC = Path(__file__).parents[2] / "src"


@pytest.fixture
def hosts(tmp_path: Path) -> Hosts:
    return Hosts(tmp_path)


def at(text: str) -> Endpoint:
    found = endpoint(text, 1)
    assert found is not None
    return found


def port_of(mirror: servers.Recorder) -> int:
    return int(mirror.endpoint.url.rsplit(":", 1)[1].strip("/"))


@dataclass
class Hello:
    """A ClientHello, by RFC 8446 section 4.1.2: what fingerprints such as JA3 and JA4 are made of."""

    ciphers: list[int]
    extensions: dict[int, bytes]

    @classmethod
    def read(cls, data: bytes) -> "Hello":
        assert data[0] == 22, "a handshake"
        assert data[5] == 1, "a ClientHello"
        rest = data[5 + 4 + 2 + 32 :]  # record, message, version, random
        rest = rest[1 + rest[0] :]  # session
        size = int.from_bytes(rest[:2], "big")
        ciphers = [int.from_bytes(rest[2 + n : 4 + n], "big") for n in range(0, size, 2)]
        rest = rest[2 + size :]
        rest = rest[1 + rest[0] + 2 :]  # compression, length of extensions
        extensions: dict[int, bytes] = {}
        while len(rest) >= 4:
            kind, size = int.from_bytes(rest[:2], "big"), int.from_bytes(rest[2:4], "big")
            extensions[kind] = rest[4 : 4 + size]
            rest = rest[4 + size :]
        return cls(ciphers, extensions)

    @property
    def alpn(self) -> list[bytes]:
        """The protocols offered inside."""
        rest, names = self.extensions.get(16, b"\0\0")[2:], []
        while rest:
            names.append(rest[1 : 1 + rest[0]])
            rest = rest[1 + rest[0] :]
        return names

    @property
    def traits(self) -> tuple[object, ...]:
        """What does not change from one handshake to the next: without GREASE, and without order."""
        kinds = sorted(kind for kind in self.extensions if not is_grease(kind))
        return tuple(each for each in self.ciphers if not is_grease(each)), tuple(kinds), tuple(self.alpn)


def is_grease(value: int) -> bool:
    """RFC 8701: values that a browser makes up so that servers stay tolerant."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


async def hello_of(transport: Transport, port: int) -> Hello:
    async with wire_to(port) as wire:
        mirror = at(f"https://news.example/#connect=127.0.0.1:{wire.port}")
        assert await transport.get(mirror, "p/aa/bb", limit=LIMIT) == BODY
        return Hello.read(bytes(wire.sent[0]))


def test_the_handshake_is_a_browser_s_and_the_same_for_all_readers(hosts: Hosts) -> None:
    async def story() -> None:
        tls = hosts.server("news.example")
        authorities = hosts.written["news.example"][0]
        async with servers.raw(servers.saying(servers.response(BODY)), tls=tls) as mirror:
            hellos = []
            for _ in range(4):
                async with camouflaged(authorities=authorities) as transport:
                    hellos.append(await hello_of(transport, port_of(mirror)))
            async with HttpTransport(tls=hosts.believing) as transport:
                ours = await hello_of(transport, port_of(mirror))
        first = hellos[0]
        assert first.alpn == [b"h2", b"http/1.1"]
        assert is_grease(first.ciphers[0])
        assert any(map(is_grease, first.extensions))
        assert first.ciphers[1:4] == [0x1301, 0x1302, 0x1303]
        # 27: compressed certificates, 17613: settings of HTTP/2, 65037: encrypted hello (or its GREASE).
        assert {27, 17613, 65037} <= first.extensions.keys()
        assert {each.traits for each in hellos} == {first.traits}
        assert len({tuple(each.extensions) for each in hellos}) > 1  # Chrome shuffles them
        # The transport that does not hide what it is differs in each of these.
        assert b"h2" not in ours.alpn
        assert not any(map(is_grease, [*ours.ciphers, *ours.extensions]))
        assert ours.traits[0] != first.traits[0]
        assert ours.traits[1] != first.traits[1]

    asyncio.run(story())


NGINX = """
daemon off; pid {folder}/pid; error_log stderr crit; worker_processes 1;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  server {{
    listen unix:{folder}/sock ssl http2; server_name news.example;
    ssl_certificate {certificate}; ssl_certificate_key {private};
    location / {{ add_header x-protocol $server_protocol; return 200 "$server_protocol $http_host"; }}
    location /gone {{ return 404; }}
    location /long {{ return 200 "{long}"; }}
    location /cut {{ proxy_pass http://127.0.0.1:1; }}
  }}
}}
"""


@asynccontextmanager
async def nginx(hosts: Hosts, folder: Path) -> AsyncIterator[int]:
    """A real server of HTTP/2; the port it is reached at."""
    program = which("nginx") or which("nginx", path="/usr/sbin")
    if program is None:
        pytest.skip("nginx is not installed")
    hosts.server("news.example")
    certificate, private = hosts.written["news.example"]
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(folder=folder, certificate=certificate, private=private, long="x" * (LIMIT + 1))
    )
    process = await asyncio.create_subprocess_exec(program, "-e", "stderr", "-c", str(config))

    try:
        async with asyncio.timeout(20):
            while not (folder / "sock").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.01)
        async with wire_to(folder / "sock") as wire:
            yield wire.port
    finally:
        process.terminate()
        await process.wait()


def test_http_2_keeps_the_same_contract(hosts: Hosts, tmp_path: Path) -> None:
    async def story() -> None:
        async with nginx(hosts, tmp_path) as port:
            place = f"connect=127.0.0.1:{port}"
            mirror = at(f"https://news.example/#{place}")
            fronted = at(f"https://hidden.example/#{place}&sni=news.example")
            async with camouflaged(authorities=hosts.written["news.example"][0]) as transport:
                line = transport.line(mirror)
                for _ in range(2):
                    assert await line.get("any", limit=LIMIT) == b"HTTP/2.0 news.example"
                # Inside, the mirror's own name; outside, the front's.
                assert await transport.get(fronted, "any", limit=LIMIT) == b"HTTP/2.0 hidden.example"
                for path, code in (("gone", "absent"), ("long", "too-long"), ("cut", "refused")):
                    with pytest.raises(EndpointError) as caught:
                        await line.get(path, limit=LIMIT)
                    assert caught.value.code == code
                assert await line.get("any", limit=LIMIT) == b"HTTP/2.0 news.example"
                await line.close()

    asyncio.run(story())


def gate_to(proxy: Proxy) -> Gate:
    return Gate(proxy, bytes)


def test_names_go_to_the_proxy_and_so_does_what_the_endpoint_says(
    hosts: Hosts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "*")

    async def story() -> None:
        tls = hosts.server("front.example")
        async with servers.raw(servers.saying(servers.response(BODY)), tls=tls) as mirror:
            port = port_of(mirror)
            names = {"front.example": port, "edge.example": port}
            async with (
                socks_server(Manners(names=names)) as server,
                camouflaged(
                    gate=gate_to(server.proxy), authorities=hosts.written["front.example"][0]
                ) as transport,
            ):
                for text, asked in (
                    ("https://front.example/", ("front.example", 443, True)),
                    (
                        "https://news.example/#connect=edge.example:8443&sni=front.example",
                        ("edge.example", 8443, True),
                    ),
                    (
                        f"https://news.example/#connect=127.0.0.1:{port}&sni=front.example",
                        ("127.0.0.1", port, False),
                    ),
                ):
                    assert await transport.get(at(text), "p/aa/bb", limit=LIMIT) == BODY
                    last = server.asked[-1]
                    assert (last.host, last.port, last.is_name) == asked
                    assert len(last.user) == 32
                assert hosts.names == ["front.example"] * 3

    asyncio.run(story())


@pytest.mark.parametrize(
    ("manners", "trouble"),
    [
        (Manners(reply=5), None),  # the mirror refused: not the proxy's trouble
        (Manners(reply=4), None),
        (Manners(lets_in=lambda _user, _password: False), Trouble.REFUSED),
        (Manners(picks=lambda _offered: 0xFF), Trouble.REFUSED),
        (Manners(dies_at=Step.GREETING), Trouble.REFUSED),
        (None, Trouble.UNREACHABLE),
    ],
)
def test_what_the_proxy_does_is_told_from_what_the_mirror_does(
    manners: Manners | None, trouble: Trouble | None
) -> None:
    async def story() -> None:
        async with socks_server(manners) as server:
            gate = gate_to(server.proxy if manners else Proxy("127.0.0.1", 1))
            async with camouflaged(gate=gate) as transport:
                with pytest.raises(EndpointError) as caught:
                    await transport.get(Endpoint("m", "http://news.example/"), "p/aa/bb", limit=LIMIT)
            assert (caught.value.code, gate.health.trouble) == ("unreachable", trouble)

    asyncio.run(story())


def test_the_reader_s_choice_of_looks_chooses_the_transport() -> None:
    async def story() -> None:
        async with servers.raw(servers.saying(servers.response(BODY))) as mirror:
            for look, told in ((Look.PLAIN, b"Mozilla/5.0\r\n"), (Look.BROWSER, b"Chrome/150")):
                async with AnyTransport(Ways(look=look)) as transport:
                    assert await transport.get(mirror.endpoint, "p/aa/bb", limit=LIMIT) == BODY
                assert told in mirror.heads[-1]

    asyncio.run(story())


def test_no_key_log_is_written(hosts: Hosts, tmp_path: Path) -> None:
    """The library's TLS would write its keys to where a variable says, for anyone to read along."""
    script = """if True:
        import asyncio, sys
        from pathlib import Path
        from mirror.model import Endpoint
        {load}
        async def main():
            from mirror.net.camouflage import camouflaged
            async with camouflaged(authorities=Path(sys.argv[1])) as transport:
                await transport.get(Endpoint("m", sys.argv[2]), "x", limit=64)
        asyncio.run(main())
    """

    async def secrets(load: str) -> int:
        log = tmp_path / "keys"
        log.unlink(missing_ok=True)
        async with servers.raw(
            servers.saying(servers.response(BODY)), tls=hosts.server("127.0.0.1")
        ) as mirror:
            certificate = str(hosts.written["127.0.0.1"][0])
            run = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", script.format(load=load), certificate, mirror.endpoint.url),
                env={"PYTHONPATH": str(SRC), "SSLKEYLOGFILE": str(log)},
            )
            assert await run.wait() == 0
        return log.read_text().count("SECRET") if log.exists() else 0

    async def story() -> None:
        assert await secrets("") == 0
        assert (
            await secrets("from curl_cffi import Curl; Curl()") > 0
        )  # begun before we could: it would be seen

    asyncio.run(story())
