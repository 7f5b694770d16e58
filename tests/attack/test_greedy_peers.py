"""Whoever holds on to a mirror: slow, greedy and silent peers, and the honest one beside them."""

import asyncio
import gc
import socket
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from helpers.certificates import write_certificate
from helpers.serving import DEADLINE, Peer, Play, ask, connected, serving, trusting_anyone, until, write
from mirror.bundle.piece import name_of, path_of
from mirror.limits import MAX_PIECE, SEND_BUFFER
from mirror.node.answers import MALFORMED, Answer
from mirror.node.config import Address
from mirror.node.door import Door, Patience
from mirror.node.serve import Node

PIECE = bytes(range(256)) * 40
PATH = path_of(name_of(PIECE))
REQUEST = f"GET /{PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
SHORT = Patience(handshake=0.25, idle=0.25, write=0.25)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", {PATH: PIECE, "m/timestamp.json": b"x"})


@asynccontextmanager
async def crowd(address: Address, count: int) -> AsyncIterator[list[Peer]]:
    """``count`` connections at once."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(connected(address)) for _ in range(count)]


async def honest(node: Node) -> None:
    """A reader is served."""
    assert (await ask(node.addresses[0], f"/{PATH}")).body == PIECE


@asynccontextmanager
async def deaf(address: Address) -> AsyncIterator[socket.socket]:
    """A connection that takes in as little as the system lets it, and reads nothing."""
    loop = asyncio.get_running_loop()
    with socket.socket() as peer:
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        peer.setblocking(False)
        await loop.sock_connect(peer, (address.host, address.port))
        yield peer


async def is_reset(peer: socket.socket) -> bool:
    """True when the server has given this connection up."""
    try:
        peer.send(b"\r\n")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


async def closed(peers: list[Peer]) -> int:
    """How many of them the server has sent away."""
    count = 0
    for peer in peers:
        try:
            async with asyncio.timeout(0.05):
                await peer.reader.read()
            count += 1
        except TimeoutError:
            pass
        except ConnectionError:
            count += 1
    return count


# --- slow ------------------------------------------------------------------------------------------


def test_heads_that_drip_in_are_cut_off(play: Play, folder: Path) -> None:
    async def drip(peer: Peer) -> None:
        head = b"GET / HTTP/1.1\r\nHost: x\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(1_000))
        try:
            for at in range(len(head)):
                await peer.send(head[at : at + 1])
                await asyncio.sleep(0.02)
        except ConnectionError:
            return
        pytest.fail("it was let to go on")

    async def story() -> None:
        async with (
            serving(folder, patience=SHORT) as node,
            crowd(node.addresses[0], 40) as peers,
            asyncio.TaskGroup() as group,
        ):
            for peer in peers:
                group.create_task(drip(peer))
            for _ in range(10):
                await honest(node)

    play(story())


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"G",
        REQUEST[:-2],
        REQUEST + REQUEST[:-2],
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nabc",
        b"CONNECT x:1 HTTP/1.1\r\nHost: x:1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n" * 100,
    ],
)
def test_nothing_holds_a_connection_open_without_asking(play: Play, folder: Path, start: bytes) -> None:
    async def story() -> None:
        async with serving(folder, patience=SHORT) as node, connected(node.addresses[0]) as peer:
            await peer.send(start)
            await peer.rest()
            await honest(node)

    play(story())


def test_a_handshake_that_never_comes_is_cut_off(play: Play, folder: Path, tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)

    async def story() -> None:
        async with serving(folder, patience=SHORT, certificate=chain, key=key) as node:
            async with connected(node.addresses[0]) as silent, connected(node.addresses[0]) as slow:
                await slow.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
                assert await silent.is_closed()
                assert await slow.is_closed()
            async with connected(node.addresses[0], ssl=trusting_anyone()) as peer:
                assert (await peer.ask(f"/{PATH}")).body == PIECE

    play(story())


# --- greedy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"GET /" + b"y" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X" * 20_000 + b": y\r\n\r\n",
    ],
)
def test_huge_heads_are_refused(play: Play, folder: Path, head: bytes) -> None:
    async def story() -> None:
        async with serving(folder) as node, connected(node.addresses[0]) as peer:
            await peer.send(head)
            reply = await peer.reply()
            assert (reply.status, reply.body) == (400, b"400 Bad Request\n")
            assert reply.header("server") is None
            assert await peer.is_closed()
            await honest(node)

    play(story())


def test_a_head_without_end_costs_no_memory(play: Play, folder: Path) -> None:
    async def pour(peer: Peer) -> None:
        try:
            await peer.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
            for _ in range(3_000):
                await peer.send(b"X: " + b"y" * 1_000 + b"\r\n")
        except ConnectionError:
            return
        pytest.fail("it was let to go on")

    async def story() -> None:
        async with serving(folder) as node, crowd(node.addresses[0], 5) as peers:
            await honest(node)
            gc.collect()
            tracemalloc.start()
            await asyncio.gather(*(pour(peer) for peer in peers))
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert peak < 4 << 20, "of 15 MB that were sent"

    play(story())


def test_a_flood_of_requests_that_nobody_reads_is_bounded(play: Play, folder: Path) -> None:
    async def pour(peer: socket.socket, requests: bytes) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    await asyncio.get_running_loop().sock_sendall(peer, requests)
        except ConnectionError:
            return

    async def story() -> None:
        async with serving(folder, patience=SHORT) as node:
            await honest(node)
            before = node.counters.events["piece"]
            async with deaf(node.addresses[0]) as peer:
                flood = asyncio.create_task(pour(peer, REQUEST * 1_000))
                await until(lambda: node.counters.events["piece"] > before, "it was never served")
                await honest(node)
                await flood
            made = (node.counters.events["piece"] - before) * MAX_PIECE
            # The kernel doubles what it is told, and the peer's own side takes some.
            assert made < 4 * SEND_BUFFER + 20 * MAX_PIECE
            await honest(node)

    play(story())


def test_a_peer_that_never_reads_is_given_up(play: Play, folder: Path) -> None:
    """Also one whose answers would fit what aiohttp or the event loop holds by default."""
    for page in (folder / "r" / "large.js",):
        write(folder, {f"r/{page.name}": bytes(3 << 20)})
    request = b"GET /r/large.js HTTP/1.1\r\nHost: x\r\n\r\n"

    async def story() -> None:
        async with serving(folder, patience=SHORT) as node:
            loop = asyncio.get_running_loop()
            async with deaf(node.addresses[0]) as peer:
                await loop.sock_sendall(peer, request)
                await until(lambda: is_reset(peer), "it is still waited for")
            await honest(node)
            # Whoever does read, and is slow, gets all of it.
            async with connected(node.addresses[0], limit=1 << 16) as slow:
                await slow.send(request)
                await slow.reader.readuntil(b"\r\n\r\n")
                got = 0
                while got < 3 << 20:
                    got += len(await slow.reader.read(1 << 16))
                    await asyncio.sleep(0.002)

    play(story())


def test_a_peer_that_reads_in_drops_is_given_up(play: Play, folder: Path) -> None:
    """It moves, so the kernel is content; at its pace an answer would hold the connection for minutes."""
    write(folder, {"r/large.js": bytes(3 << 20)})

    async def story() -> None:
        async with serving(folder, patience=SHORT) as node, deaf(node.addresses[0]) as peer:
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(peer, b"GET /r/large.js HTTP/1.1\r\nHost: x\r\n\r\n")
            got = 0
            async with asyncio.timeout(DEADLINE):
                while True:
                    await asyncio.sleep(0.05)
                    try:
                        drop = await loop.sock_recv(peer, 1_024)
                    except ConnectionError:
                        break
                    if not drop:
                        break
                    got += len(drop)
            assert got < 100_000, "the kernel went on"

    play(story())


def test_what_the_kernel_does_not_take_holds_the_answer(play: Play, folder: Path) -> None:
    """Else answers end while their bytes lie with us, and nothing watches over them any more."""

    async def story() -> None:
        seen: list[tuple[int, int]] = []

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            assert request.transport is not None
            seen.append(request.transport.get_write_buffer_limits())
            return refuse(request, 400)

        def refuse(_: web.BaseRequest, __: int) -> web.StreamResponse:
            return Answer(MALFORMED, b"", is_head=False, is_last=True, seconds=1)

        door = Door(handle, refuse, most=8, patience=SHORT)
        try:
            await ask(Address(*door.listen("127.0.0.1", 0)), "/")
        finally:
            await door.close(1)
        assert seen == [(0, 0)]

    play(story())


# --- many ------------------------------------------------------------------------------------------


def test_many_silent_connections_push_out_one_another(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with serving(folder, connections=16) as node, connected(node.addresses[0]) as reader:
            for _ in range(5):
                async with crowd(node.addresses[0], 7):
                    assert (await reader.ask(f"/{PATH}")).body == PIECE
            async with crowd(node.addresses[0], 30) as peers:
                await honest(node)
                assert await closed(peers) >= 30 - 16
            await honest(node)

    play(story())


def test_many_silent_handshakes_push_out_one_another(play: Play, folder: Path, tmp_path: Path) -> None:
    chain, key = write_certificate(tmp_path)

    async def story() -> None:
        async with (
            serving(folder, connections=8, certificate=chain, key=key) as node,
            crowd(node.addresses[0], 50) as peers,
            connected(node.addresses[0], ssl=trusting_anyone()) as peer,
        ):
            assert (await peer.ask(f"/{PATH}")).body == PIECE
            assert await closed(peers) >= 50 - 8

    play(story())


def test_running_out_of_descriptors_passes(play: Play, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """accept() fails for a while, as it does when the process has no descriptor left."""
    real, calls = socket.socket.accept, 0
    until_then = time.monotonic() + 0.1

    def accept(listener: socket.socket) -> object:
        nonlocal calls
        calls += 1
        if time.monotonic() < until_then:
            raise OSError(24, "Too many open files")
        return real(listener)

    async def story() -> None:
        async with serving(folder) as node:
            monkeypatch.setattr(socket.socket, "accept", accept)
            await honest(node)
            assert 2 <= calls < 20, "it spun"

    play(story())
