"""The cover site of a node, byte for byte as nginx from Debian's package answers for the same folder."""

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helpers.certificates import write_certificate
from helpers.covering import nginx, shown, site, speak
from helpers.coverrequests import MORE, ONE, get
from helpers.serving import DEADLINE, HERE
from mirror.clock import SystemClock
from mirror.node.config import Address, Cover, Rotation, Serve
from mirror.node.serve import Node, new_event_loop
from mirror.store.tree import Tree

AT_ONCE = 24
NEXT = get("/notes.txt")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # nginx's workers are another user when we are root
        yield site(Path(place) / "site")


async def answers(address: Address, stories: Sequence[tuple[bytes, ...]]) -> list[bytes]:
    """What comes back for each of ``stories``, on a connection of its own."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(story: tuple[bytes, ...]) -> bytes:
        async with room:
            return shown(await speak(address, *story), address)

    return list(await asyncio.gather(*map(one, stories)))


def compare(
    folder: Path, place: Path, server: str, more: str, factory: Callable[[], asyncio.AbstractEventLoop]
) -> list[tuple[tuple[bytes, ...], bytes, bytes]]:
    """The stories that are answered otherwise, with nginx's answer and ours."""
    secret = place / "secret"
    secret.write_text("ab" * 32)
    secret.chmod(0o600)

    async def story() -> list[tuple[tuple[bytes, ...], bytes, bytes]]:
        settings = Serve(listen=(HERE,))
        cover, rotation = Cover(folder, server), Rotation(secret)
        node = Node(Tree(place / "tree"), settings, SystemClock(), rotation=rotation, cover=cover)
        with nginx(folder, more) as theirs:
            async with node:
                ours = node.addresses[0]
                alone = [(each,) for each in ONE]
                said = await answers(theirs, alone)
                # What gets no answer yet gets none by waiting either.
                followed = [(each, NEXT) for each, answer in zip(ONE, said, strict=True) if answer]
                stories = [*alone, *followed, *MORE]
                expected = said + await answers(theirs, stories[len(alone) :])
                given = await answers(ours, stories)
        return [each for each in zip(stories, expected, given, strict=True) if each[1] != each[2]]

    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(story())


@pytest.mark.parametrize(
    ("server", "more"), [("nginx", "server_tokens off;"), ("nginx/{version}", "")], ids=["plain", "version"]
)
def test_every_request_is_answered_as_by_nginx(folder: Path, tmp_path: Path, server: str, more: str) -> None:
    """Once on Python's event loop, and with its version shown on the one that the node prefers."""
    factory = asyncio.new_event_loop if server == "nginx" else new_event_loop
    if "{" in server:
        with nginx(folder, more) as address:
            answer = asyncio.run(speak(address, get("/")))
        server = answer.split(b"Server: ")[1].split(b"\r\n")[0].decode()
        assert server.startswith("nginx/")
    different = compare(folder, tmp_path, server, more, factory)
    assert len(ONE) > 1_000
    assert different[:3] == []


def test_plain_requests_on_a_port_for_tls_are_answered_as_by_nginx(folder: Path, tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)
    lines = f"ssl_certificate {chain}; ssl_certificate_key {key};"
    settings = Serve(listen=(HERE,), certificate=chain, key=key)
    stories = [
        (each,)
        for each in (
            get("/"), get("/none"), get("/none", method="HEAD"), b"GET /\r\n", b"\r\n", b"x", b"\x80",
            b"GET / HTTP/1.1\r\n\r\n", b"GET /a b\r\n", get("/", "User-Agent: Chrome/1\r\n"),
            get("/") + NEXT, b"\x16\x03\x01",
        )
    ]  # fmt: skip

    async def story() -> tuple[list[bytes], list[bytes]]:
        node = Node(Tree(tmp_path / "tree"), settings, SystemClock(), cover=Cover(folder))
        with nginx(folder, tls=lines) as theirs:
            async with node:
                return await answers(theirs, stories), await answers(node.addresses[0], stories)

    expected, given = asyncio.run(story())
    assert b"sent to HTTPS port" in expected[0]
    assert [each for each in zip(stories, expected, given, strict=True) if each[1] != each[2]] == []


ENDS = [
    get("/", "Connection: close\r\n"),
    get("/", "Connection: close\r\nContent-Length: 5\r\n") + b"hello",
    get("/", "Connection: close\r\nContent-Length: 0\r\n"),
    get("/", "Connection: close\r\nContent-Length: 5\r\n", method="POST") + b"hello",
    get("/", "Connection: close\r\nTransfer-Encoding: chunked\r\n", method="POST") + b"0\r\n\r\n",
    get("/", "Transfer-Encoding: chunked\r\n", method="POST") + b"zz\r\n",
    get("/", "Connection: close\r\n") + get("/"),
    get("/", version="HTTP/1.0"),
    get("/", "Transfer-Encoding: gzip\r\n"),
    get("/", method="TRACE"),
    get("/", 'If-Match: "x"\r\n'),
    b"GET /\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n",
    b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    b"x",
    b"GET /" + b"a" * 9_000,
]


def how_it_ends(address: Address, request: bytes) -> str:
    """Whether who goes on sending after the end is reset, as on loopback happens within the call."""
    with socket.create_connection((address.host, address.port), DEADLINE) as peer:
        peer.sendall(request)
        try:
            while peer.recv(1 << 16):
                pass
        except ConnectionError:
            return "reset"
        try:
            for _ in range(3):
                peer.send(b"more\r\n")
        except OSError:
            return "ended, then reset"
        return "ended, and what comes is taken"


def test_connections_end_as_with_nginx(folder: Path, tmp_path: Path) -> None:
    async def story() -> tuple[list[str], list[str]]:
        node = Node(Tree(tmp_path / "tree"), Serve(listen=(HERE,)), SystemClock(), cover=Cover(folder))
        with nginx(folder) as theirs:
            async with node:
                return (
                    [await asyncio.to_thread(how_it_ends, theirs, each) for each in ENDS],
                    [await asyncio.to_thread(how_it_ends, node.addresses[0], each) for each in ENDS],
                )

    expected, given = asyncio.run(story())
    assert len(set(expected)) > 1
    assert [each for each in zip(ENDS, expected, given, strict=True) if each[1] != each[2]] == []
