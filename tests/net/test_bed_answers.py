"""Answers that are not what the mirror said, as bytes, over sockets, and to the real client."""

import asyncio
import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import servers
from mirror.errors import EndpointError
from mirror.net import BROKEN, SILENT, TOO_LONG, UNREACHABLE
from mirror.net.http import HttpTransport
from net.answers import PAGE, Rewriter
from net.bed import Bed
from net.scenario import Link, Scenario, Way
from net.visit import AT_ONCE, PIECE, TREE, address_of, request, visited, visitor

FLIPPED = PIECE[: len(PIECE) // 2] + bytes([PIECE[len(PIECE) // 2] ^ 1]) + PIECE[len(PIECE) // 2 + 1 :]


async def fetched(way: Way, path: str = "p/piece") -> tuple[bytes, bytes]:
    async with visited(way, link=Link(0.01, 5_000_000)) as bed, visitor(bed.addresses[0]) as reader:
        answers = []
        for _ in range(2):  # the connection is kept
            reader.ask(path)
            answers.append(await reader.answer())
        assert answers[0][1] == answers[1][1]
        return answers[0]


def test_a_block_page_is_a_page_with_status_200_for_everything() -> None:
    async def story() -> None:
        for path in ("p/piece", "m/head", "nothing"):
            head, body = await fetched(Way(block_page=True), path)
            assert head.startswith(b"HTTP/1.1 200 ")
            assert b"text/html" in head
            assert body == PAGE

    asyncio.run(story())


def test_one_bit_is_flipped_of_pieces_or_of_everything() -> None:
    async def story() -> None:
        assert (await fetched(Way(alter="pieces")))[1] == FLIPPED
        assert (await fetched(Way(alter="pieces"), "m/head"))[1] == TREE["m/head"]
        assert (await fetched(Way(alter="all"), "m/head"))[1] != TREE["m/head"]

    asyncio.run(story())


def test_gzip_encodes_and_says_so() -> None:
    async def story() -> None:
        head, body = await fetched(Way(gzip=True))
        assert b"content-encoding: gzip" in head.lower()
        assert gzip.decompress(body) == PIECE

    asyncio.run(story())


def test_a_truncated_body_ends_the_connection() -> None:
    async def story() -> None:
        async with visited(Way(truncate_after=5_000)) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("m/head")  # shorter: untouched
            assert (await reader.answer())[1] == TREE["m/head"]
            reader.ask("p/piece")
            head = await reader.head()
            assert b"content-length: 10240\r\n" in head.lower()
            assert await reader.rest() == PIECE[:5_000]

    asyncio.run(story())


def test_an_endless_body_is_endless_and_does_not_run_ahead() -> None:
    link = Link(0.01, 5_000_000)

    async def story() -> None:
        async with visited(Way(endless=True), link=link) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("p/piece")
            assert b"content-length" not in (await reader.head()).lower()
            assert await reader.exactly(len(PIECE)) == PIECE
            assert await reader.exactly(1_000_000) == bytes(1_000_000)
            assert bed.meter.down < 1_100_000 + link.queue_bytes + 5_000_000 * 0.01 + 1_000_000

    asyncio.run(story())


@pytest.mark.parametrize("wrong", [100, -100, -20_000])
def test_a_wrong_length_is_said_and_the_body_is_as_it_was(wrong: int) -> None:
    async def story() -> None:
        async with visited(Way(wrong_length=wrong)) as bed, visitor(bed.addresses[0]) as reader:
            reader.ask("p/piece")
            head = await reader.head()
            assert f"content-length: {max(0, len(PIECE) + wrong)}\r\n".encode() in head.lower()
            assert await reader.exactly(len(PIECE)) == PIECE

    asyncio.run(story())


@pytest.mark.parametrize(
    ("way", "code"),
    [
        (Way(blackhole=True), UNREACHABLE),
        (Way(refuse=True), UNREACHABLE),
        (Way(silent=True), SILENT),
        (Way(freeze_after=4_000), SILENT),
        (Way(rst_after=4_000), BROKEN),
        (Way(truncate_after=4_000), BROKEN),
        (Way(gzip=True), BROKEN),
        (Way(endless=True), TOO_LONG),
        (Way(wrong_length=100), SILENT),
    ],
    ids=str,
)
def test_the_real_client_says_what_a_way_did(way: Way, code: str) -> None:
    async def story() -> None:
        async with (
            visited(way) as bed,
            HttpTransport(connect_seconds=0.3, read_seconds=0.3) as transport,
        ):
            with pytest.raises(EndpointError) as raised:
                await transport.get(bed.endpoints[0], "p/piece", limit=len(PIECE) + 200)
            assert raised.value.code == code

    asyncio.run(story())


def test_missing_files_stay_missing() -> None:
    async def story() -> None:
        async with (
            visited(Way(alter="all", gzip=True, wrong_length=-1)) as bed,
            visitor(bed.addresses[0]) as reader,
        ):
            reader.ask("p/nothing")
            assert (await reader.head()).startswith(b"HTTP/1.1 404 ")

    asyncio.run(story())


def test_a_server_that_cannot_be_rewritten_is_not_taken_for_a_fault() -> None:
    async def story() -> None:
        chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        async with servers.raw(servers.saying(chunked)) as server:
            scenario = Scenario("chunked", AT_ONCE, (Way(gzip=True),))
            bed = await Bed(scenario, address_of(server.endpoint.url)).__aenter__()
            async with visitor(bed.addresses[0]) as reader:
                reader.ask("p/piece")
                with pytest.raises(ConnectionResetError):
                    await reader.some()
            with pytest.raises(ValueError, match="cannot be changed"):
                await bed.__aexit__(None, None, None)

    asyncio.run(story())


CHANGES = [
    Way(alter="pieces"),
    Way(gzip=True),
    Way(wrong_length=3),
    Way(truncate_after=7),
    Way(endless=True),
    Way(gzip=True, alter="all", wrong_length=-2),
]


@given(st.sampled_from(CHANGES), st.lists(st.integers(0, 400), max_size=12), st.integers(0, 120))
def test_how_the_network_cut_the_bytes_makes_no_difference(way: Way, cuts: list[int], asked_cut: int) -> None:
    asked = request("p/one") + request("m/two") + request("p/three")
    said = servers.response(b"first body") + servers.response(b"", "404 No") + servers.response(b"third" * 20)

    def rewritten(pieces: list[bytes], asked_parts: list[bytes]) -> tuple[bytes, bool, bool]:
        rewriter = Rewriter(way)
        for part in asked_parts:
            rewriter.asked(part)
        out = b"".join(rewriter.answered(each) for each in pieces)
        return out, rewriter.finished, rewriter.endless

    edges = [0, *sorted(min(cut, len(said)) for cut in cuts), len(said)]
    pieces = [said[start:end] for start, end in pairwise(edges)]
    whole = rewritten([said], [asked])
    assert rewritten(pieces, [asked[:asked_cut], asked[asked_cut:]]) == whole
    assert whole[0]
