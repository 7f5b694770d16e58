"""What a way does to connections and to bytes, each seen by a reader who looks at every byte."""

import asyncio
import gc
import socket
import ssl
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import web

from helpers.certificates import write_certificate
from net.bed import Bed
from net.scenario import Flapping, Link, Scenario, Way
from net.visit import AT_ONCE, PIECE, TREE, Visitor, now, on_time, request, visited, visitor

SOON = 0.3  # seconds after which nothing is taken for nothing; what comes, comes within milliseconds


async def nothing_comes(reader: Visitor) -> bool:
    try:
        await asyncio.wait_for(reader.some(), SOON)
    except TimeoutError:
        return True
    return False


def test_a_blackhole_hangs_in_connect() -> None:
    async def story() -> None:
        async with visited(Way(blackhole=True), Way()) as bed:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(asyncio.open_connection(*bed.addresses[0]), SOON)
            async with visitor(bed.addresses[1]) as reader:  # the others are there
                reader.ask("p/piece")
                assert (await reader.answer())[1] == PIECE
            assert bed.meter.endpoints[0].connections == 0

    asyncio.run(story())


def test_a_refusing_way_refuses() -> None:
    async def story() -> None:
        async with visited(Way(refuse=True)) as bed:
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*bed.addresses[0])

    asyncio.run(story())


def test_a_silent_way_takes_everything_and_says_nothing() -> None:
    async def story() -> None:
        async with visited(Way(silent=True)) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("p/piece")
            assert await nothing_comes(reader)
            assert (bed.meter.total.up, bed.meter.total.down) == (len(request("p/piece")), 0)

    asyncio.run(story())


@pytest.mark.parametrize("size", [1, 300, 16_384, 100_000])
@pytest.mark.parametrize("link", [AT_ONCE, Link(0.02, 2_000_000)], ids=["at once", "link"])
def test_a_freeze_comes_after_so_many_bytes_and_the_connection_stays(size: int, link: Link) -> None:
    async def story() -> None:
        async with visited(Way(freeze_after=size), Way(), link=link) as bed:
            async with visitor(bed.addresses[1]) as reader:
                reader.ask("big")
                wanted = await reader.exactly(size)
            async with visitor(bed.addresses[0]) as reader:
                reader.ask("big")
                assert (await reader.exactly(size))[-100:] == wanted[-100:]
                assert await nothing_comes(reader)
                reader.ask("m/head")
                assert await nothing_comes(reader)
                assert bed.meter.endpoints[0].down == size
            async with visitor(bed.addresses[0]) as reader:  # a fresh connection has its own count
                reader.ask("big")
                await reader.exactly(size)

    asyncio.run(story())


def test_a_freeze_counts_all_answers_of_a_connection_and_outlives_the_server() -> None:
    async def story() -> None:
        async with visited(Way(freeze_after=16_384)) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("p/piece")
            head, body = await reader.answer()
            assert body == PIECE
            reader.writer.write(request("p/piece").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            await reader.exactly(16_384 - len(head) - len(body))
            assert await nothing_comes(reader)

    asyncio.run(story())


@pytest.mark.parametrize("size", [1, 5_000, 40_000])
def test_a_reset_comes_after_so_many_bytes(size: int) -> None:
    async def story() -> None:
        async with visited(Way(rst_after=size), link=Link(0.02, 2_000_000)) as bed:
            async with visitor(bed.addresses[0]) as reader:
                reader.ask("big")
                await reader.exactly(size)
                with pytest.raises(ConnectionResetError):
                    await reader.some()
            assert bed.meter.down == size

    asyncio.run(story())


def test_a_clean_end_is_no_reset() -> None:
    async def story() -> None:
        async with visited(Way(), link=Link(0.02, 2_000_000)) as bed, visitor(bed.addresses[0]) as reader:
            reader.writer.write(request("p/piece").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            assert (await reader.rest()).endswith(b"\r\n\r\n" + PIECE)

    asyncio.run(story())


def test_a_flapping_way_resets_and_refuses_and_comes_back() -> None:
    flapping = Flapping(up_seconds=0.6, down_seconds=0.6, phase_seconds=0.6)

    async def connect(address: tuple[str, int]) -> None:
        """Until it is taken: at most the time that it is down."""
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection(*address)
                except ConnectionRefusedError:  # at once, without a turn of the event loop
                    await asyncio.sleep(0)
                    continue
                writer.transport.abort()
                return

    async def story() -> None:
        began = now()
        async with visited(Way(flapping=flapping)) as bed:
            for _ in range(2):
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection(*bed.addresses[0])
                await connect(bed.addresses[0])
                assert now() - began >= 0.6
                async with visitor(bed.addresses[0]) as reader:
                    reader.ask("p/piece")
                    assert (await reader.answer())[1] == PIECE
                    with pytest.raises(ConnectionResetError):
                        await reader.some()
            assert on_time(now() - began, 4 * 0.6)

    asyncio.run(story())


def test_a_reset_at_the_hello_hits_the_name_and_no_other(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate, key)
    ours = ssl.create_default_context(cafile=str(certificate))
    ours.check_hostname = False

    async def story() -> None:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(body=PIECE)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side).start()
        try:
            ways = (Way(rst_hello="news.example"), Way(rst_hello="*"))
            async with Bed(Scenario("sni", AT_ONCE, ways), runner.addresses[0][:2]) as bed:
                for way, name in ((0, "news.example"), (0, "cdn.News.example"), (1, "other.example")):
                    with pytest.raises((ConnectionResetError, ssl.SSLError)):
                        async with visitor(bed.addresses[way], ours, name):
                            pass
                for name in ("other.example", "badnews.example", "news.example.org"):
                    async with visitor(bed.addresses[0], ours, name) as reader:
                        reader.ask("p/piece")
                        assert (await reader.answer())[1] == PIECE
                assert [count.down for count in bed.meter.endpoints][1] == 0
        finally:
            await runner.cleanup()

    asyncio.run(story())


def test_without_tls_a_reset_at_the_hello_does_nothing() -> None:
    async def story() -> None:
        async with visited(Way(rst_hello="*")) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("m/head")
            assert (await reader.answer())[1] == TREE["m/head"]

    asyncio.run(story())


async def nothing_happens() -> None:
    """The time in which something would have."""
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), SOON / 3)


@pytest.mark.parametrize("link", [AT_ONCE, Link(0.0, 1e8, queue_bytes=8_000)], ids=["at once", "short queue"])
def test_a_reader_who_does_not_read_stops_the_server(link: Link) -> None:
    """Nothing is lost, and no memory fills, while a reader lets his socket fill up."""
    size = 20_000_000

    async def story() -> None:
        tree = {"huge": bytes(size)}
        async with visited(Way(), link=link, tree=tree) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("huge")
            head = await reader.head()
            reader.pause()
            before = -1
            async with asyncio.timeout(20):
                while before < bed.meter.down or before < 1_000_000:  # until the sockets are full
                    before = bed.meter.down
                    await nothing_happens()
            assert bed.meter.down < size
            reader.resume()
            await asyncio.wait_for(reader.exactly(size), 20)
            assert bed.meter.down == size + len(head)

    asyncio.run(story())


def test_no_server_behind_is_a_reset() -> None:
    async def story() -> None:
        async with (
            Bed(Scenario("nobody", AT_ONCE, (Way(),)), ("127.0.0.1", 1)) as bed,
            visitor(bed.addresses[0]) as reader,
        ):
            with pytest.raises(ConnectionResetError):
                await reader.some()

    asyncio.run(story())


@pytest.mark.parametrize("turns", range(4))
def test_who_is_being_accepted_when_the_bed_ends_leaves_nothing_open(turns: int) -> None:
    """However far asyncio has come with it; what is left open would be a warning, which fails the test."""

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as origin:
            async with Bed(Scenario("plain", Link(0.05), (Way(),)), origin.getsockname()) as bed:
                readers = [socket.create_connection(bed.addresses[0]) for _ in range(3)]
                for _ in range(turns):
                    await asyncio.sleep(0)
            for each in readers:
                each.close()

    asyncio.run(story())
    gc.collect()
