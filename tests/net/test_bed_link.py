"""The link with real sockets: round trips, rates shared by connections, and what a close leaves behind."""

import asyncio
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from helpers.certificates import write_certificate
from net.bed import Bed
from net.ports import Port
from net.scenario import Link, Scenario, Way
from net.visit import PIECE, TREE, now, on_time, request, took, visited, visitor

FAR = Link(0.2)
NARROW = Link(0.05, down_bytes_per_second=400_000)


def test_a_fresh_connection_costs_two_round_trips_and_a_kept_one_one() -> None:
    async def story() -> None:
        async with visited(Way(), Way(extra_rtt_seconds=0.1), link=FAR) as bed:
            for address, rtt in zip(bed.addresses, (0.2, 0.3), strict=True):
                async with visitor(address) as reader:
                    for ideal in (2 * rtt, rtt, rtt):
                        before = now() if reader.arrivals else reader.began
                        reader.ask("m/head")
                        await reader.head()
                        assert on_time(reader.arrivals[-1][0] - before, ideal)
                        await reader.exactly(len(TREE["m/head"]))

    asyncio.run(story())


def test_a_handshake_that_had_time_to_end_is_not_charged_again() -> None:
    async def story() -> None:
        async with visited(Way(), link=FAR) as bed, visitor(bed.addresses[0]) as reader:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.some(), 0.25)  # nothing comes unasked
            before = now()
            reader.ask("m/head")
            await reader.head()
            assert on_time(reader.arrivals[0][0] - before, 0.2)

    asyncio.run(story())


def test_tls_passes_and_costs_a_round_trip_more(tmp_path: Path) -> None:
    certificate, key = write_certificate(tmp_path)
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(certificate, key)
    ours = ssl.create_default_context(cafile=str(certificate))

    async def story() -> None:
        async def answer(_request: web.Request) -> web.Response:
            return web.Response(body=PIECE)

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_side).start()
        address = runner.addresses[0][:2]
        try:
            async with Bed(Scenario("tls", FAR, (Way(),)), address) as bed:
                async with visitor(bed.addresses[0], ours, "localhost") as reader:
                    reader.ask("p/piece")
                    _, body = await reader.answer()
                    assert on_time(reader.arrivals[0][0] - reader.began, 3 * 0.2)
                assert body == PIECE
                assert bed.meter.down > len(PIECE) + 500  # a certificate, too
        finally:
            await runner.cleanup()

    asyncio.run(story())


@pytest.mark.parametrize("flows", [1, 4])
def test_connections_share_the_rate_of_the_link(flows: int) -> None:
    async def story() -> None:
        async with visited(Way(), Way(), link=NARROW) as bed:
            began = now()
            each = await asyncio.gather(*(took(bed.addresses[number % 2], "big") for number in range(flows)))
            ideal = 2 * 0.05 + bed.meter.down / 400_000
            assert on_time(now() - began, ideal)
            assert min(each) > 0.8 * ideal  # nobody overtook the others

    asyncio.run(story())


def test_at_no_moment_more_came_than_the_link_lets_through() -> None:
    async def story() -> None:
        async with visited(Way(), link=NARROW) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("big")
            await reader.answer()
            # Twice 50 ms, and from then on 400 kB/s.
            got = 0
            for at, size in reader.arrivals:
                got += size
                assert got <= (at - reader.began - 0.1) * 400_000 + 1

    asyncio.run(story())


def test_the_way_up_has_its_rate_too() -> None:
    async def story() -> None:
        async def swallow(stream: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await stream.readexactly(100_000)
            writer.write(b"done")
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(swallow, "127.0.0.1", 0)
        async with server:
            scenario = Scenario("up", Link(0.05, up_bytes_per_second=200_000), (Way(),))
            address = server.sockets[0].getsockname()
            async with Bed(scenario, address) as bed, visitor(bed.addresses[0]) as reader:
                reader.writer.write(bytes(100_000))
                assert await reader.exactly(4) == b"done"
                assert on_time(now() - reader.began, 0.1 + 100_000 / 200_000)
                assert bed.meter.total.up == 100_000

    asyncio.run(story())


def test_a_slow_way_is_slow_for_each_connection() -> None:
    async def story() -> None:
        async with visited(Way(rate=50_000), link=Link(0.05, 1_000_000)) as bed:
            for both in await asyncio.gather(*(took(bed.addresses[0], "p/piece") for _ in range(3))):
                size = bed.meter.down / 3
                assert on_time(both, 0.1 + size / 50_000)

    asyncio.run(story())


def test_a_drip_comes_byte_by_byte() -> None:
    async def story() -> None:
        async with visited(Way(rate=20.0)) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("p/piece")
            for number in range(1, 9):
                assert len(await reader.some()) == 1
                assert on_time(now() - reader.began, number / 20)

    asyncio.run(story())


def test_what_was_sent_before_the_reader_left_still_takes_the_link() -> None:
    async def story() -> None:
        link = replace(NARROW, queue_bytes=60_000)
        window = 60_000 + 0.05 * 400_000
        async with visited(Way(), link=link) as bed:
            async with visitor(bed.addresses[0]) as leaver:
                leaver.ask("big")
                await leaver.exactly(100_000)
                left = now()
            before = bed.meter.total.dropped
            async with visitor(bed.addresses[0]) as reader:
                reader.writer.write(request("m/head"))
                await reader.answer()
                waited = now() - left
            dropped = bed.meter.total.dropped - before
            assert 0.5 * window <= dropped <= window  # and not the 300,000 bytes that nobody had sent
            # What is on the way to the queue in a round trip may pass while the handshake goes on.
            assert waited >= (dropped - 2 * 0.05 * 400_000) / 400_000
            assert waited >= 0.1

    asyncio.run(story())


def test_what_a_slow_server_had_not_sent_when_the_reader_left_does_not_come() -> None:
    async def story() -> None:
        async with visited(Way(rate=20_000, extra_rtt_seconds=0.3)) as bed:
            async with visitor(bed.addresses[0]) as leaver:
                leaver.ask("big")
                await leaver.some()
            sent_for = now() - leaver.began - 0.3  # the handshake: then the server has the request
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.Event().wait(), 0.6)  # all that was sent is through
            total = bed.meter.total
            assert total.dropped > 0
            assert total.down + total.dropped <= sent_for * 20_000

    asyncio.run(story())


def test_segments_are_not_held_back_for_more() -> None:
    """Nagle's algorithm would add 40 ms to every answer that does not come at once."""

    async def story() -> None:
        accepted: asyncio.Future[socket.socket] = asyncio.get_running_loop().create_future()

        class Accepting(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                accepted.set_result(transport.get_extra_info("socket"))

        port = Port("127.0.0.1")
        try:
            await port.listen(Accepting)
            async with visitor(port.address):
                taken = await asyncio.wait_for(accepted, 10)
                assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                await asyncio.sleep(0)
        finally:
            port.close()

    asyncio.run(story())


def test_bytes_and_connections_are_counted_to_the_last() -> None:
    async def story() -> None:
        async with visited(Way(), Way(), link=Link(0.01)) as bed:
            got = [0, 0]
            for number, visits in ((0, 3), (1, 1)):
                for _ in range(visits):
                    async with visitor(bed.addresses[number]) as reader:
                        reader.ask("p/piece")
                        await reader.answer()
                        got[number] += sum(size for _, size in reader.arrivals)
            first, second = bed.meter.endpoints
            assert (first.down, second.down) == tuple(got)
            assert (first.up, second.up) == (3 * len(request("p/piece")), len(request("p/piece")))
            assert (first.connections, second.connections) == (3, 1)
            assert (bed.meter.down, bed.meter.connections) == (sum(got), 4)
            bed.meter.reset()
            assert (bed.meter.down, bed.meter.up, bed.meter.connections) == (0, 0, 0)

    asyncio.run(story())
