"""Whole editions over real sockets, one mirror hostile in every way we know, the other honest."""

import asyncio
import gzip
from collections.abc import Callable, Mapping

import pytest

from helpers import servers
from helpers.publication import Press, article, press
from mirror.client.edition import RemoteEdition, wanted
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.lines import Lines
from mirror.client.refresh import refresh
from mirror.client.report import Ledger, Part, Verdict
from mirror.model import Endpoint
from mirror.net.anyhow import AnyTransport
from mirror.net.http import HttpTransport
from mirror.trust.session import MetadataSession


@pytest.fixture(scope="module")
def paper() -> Press:
    made = Press()
    return made.release("ru", [article(number, words=900) for number in range(30)])


def pieces_only(
    change: Callable[[str, bytes], bytes | None],
) -> Callable[[Mapping[str, bytes]], servers.Answer]:
    """Honest about metadata; whole responses by ``change`` for pieces (None: the honest one)."""

    def make(tree: Mapping[str, bytes]) -> servers.Answer:
        async def answer(path: str, writer: asyncio.StreamWriter) -> None:
            data = change(path, tree.get(path, b"")) if path.startswith("p/") else None
            if data is None:
                await servers.tree_of(tree)(path, writer)
            else:
                writer.write(data)

        return answer

    return make


def for_pieces(hostile: servers.Answer) -> Callable[[Mapping[str, bytes]], servers.Answer]:
    def make(tree: Mapping[str, bytes]) -> servers.Answer:
        async def answer(path: str, writer: asyncio.StreamWriter) -> None:
            await (hostile if path.startswith("p/") else servers.tree_of(tree))(path, writer)

        return answer

    return make


BLOCK_PAGE = servers.response(b"<html>This site is blocked.</html>", content_type="text/html")
HOSTILE = {
    "flipped bit": (
        pieces_only(lambda _p, data: servers.response(data[:-1] + bytes([data[-1] ^ 1]))),
        Verdict.LIED,
    ),
    "another piece": (pieces_only(lambda _p, data: servers.response(bytes(len(data)))), Verdict.LIED),
    "block page": (for_pieces(servers.saying(BLOCK_PAGE)), Verdict.LIED),
    "oversized": (pieces_only(lambda _p, data: servers.response(data + bytes(20_000))), Verdict.LIED),
    "padded": (pieces_only(lambda _p, data: servers.response(data + bytes(2_560))), Verdict.LIED),
    "truncated, and says so": (pieces_only(lambda _p, data: servers.response(data[:-1])), Verdict.LIED),
    "cut off": (
        pieces_only(lambda _p, data: servers.response(data[:-1], content_length=str(len(data)))),
        Verdict.GOOD,
    ),
    "endless": (for_pieces(servers.endless(servers.response(content_length=""))), Verdict.LIED),
    "gzip": (
        pieces_only(lambda _p, data: servers.response(gzip.compress(data), content_encoding="gzip")),
        Verdict.GOOD,
    ),
    "404": (for_pieces(servers.saying(servers.response(status="404 No"))), Verdict.WITHHELD),
    "redirect": (
        for_pieces(servers.saying(servers.response(status="302 Found", location="http://127.0.0.1:1/"))),
        Verdict.GOOD,
    ),
    "reset": (for_pieces(servers.resetting()), Verdict.GOOD),
    "silent": (for_pieces(servers.silent()), Verdict.GOOD),
}


async def read(paper: Press, mirrors: list[Endpoint]) -> Ledger:
    ledger = Ledger([mirror.name for mirror in mirrors])
    async with AnyTransport(http=HttpTransport(read_seconds=0.3)) as transport:
        names = [mirror.name for mirror in mirrors]
        session = MetadataSession(paper.newcomer(), names, now=paper.room.now, wanted=wanted("ru"), head="ru")
        lines = Lines(mirrors, transport)
        verified = await refresh(session, lines, ledger)
        ledger.observed(verified.observations)
        fetcher = Pieces(mirrors, transport, MemoryHoldings(), ledger, lines)
        edition = await RemoteEdition.open(verified, "ru", fetcher)
        assert await edition.everything() == paper.editions["ru"]
    return ledger


@pytest.mark.parametrize("name", HOSTILE)
def test_the_edition_comes_whole_from_the_other_mirror(paper: Press, name: str) -> None:
    make, expected = HOSTILE[name]

    async def story() -> dict[str, Verdict]:
        async with (
            servers.raw(make(paper.tree), "hostile") as hostile,
            servers.honest(paper.tree, "honest") as good,
        ):
            # The first gives the metadata; the other has a connection that waits, and is asked for pieces.
            ledger = await read(paper, [good, hostile.endpoint])
            asked = [path for path in hostile.paths if path.startswith("p/")]
            # Out after its first lie; what it was asked at the same time had begun before.
            assert len(asked) <= (16 if expected is not Verdict.WITHHELD else 60)
            return {report.name: report.verdict for report in ledger.report()}

    assert asyncio.run(story()) == {"hostile": expected, "honest": Verdict.GOOD}


def test_a_dead_mirror_and_a_folder_are_enough_together(
    paper: Press, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = paper.write_to(tmp_path_factory.mktemp("stick"))
    mirrors = [servers.nobody(), Endpoint("stick", folder.as_uri() + "/")]
    ledger = asyncio.run(read(paper, mirrors))
    assert [report.verdict for report in ledger.report()] == [Verdict.FAILED, Verdict.GOOD]


def test_all_requests_look_alike_but_for_the_path(paper: Press) -> None:
    async def heads() -> set[bytes]:
        async with servers.raw(servers.tree_of(paper.tree)) as mirror:
            await read(paper, [mirror.endpoint])
            port = mirror.endpoint.url.rsplit(":", 1)[1].strip("/").encode()
            return {head.split(b" ", 2)[2].replace(port, b"PORT") for head in mirror.heads}

    assert len(asyncio.run(heads())) == 1


def test_bytes_are_counted_as_the_server_sent_them(paper: Press) -> None:
    async def story() -> tuple[int, int]:
        sent = 0

        def count(_path: str, data: bytes) -> bytes:
            nonlocal sent
            sent += len(data)
            return data

        async with servers.raw(servers.tree_of(paper.tree, count)) as mirror:
            ledger = await read(paper, [mirror.endpoint])
            assert ledger.cost().fetched[Part.CLUSTERS] > 0
            return ledger.cost().total, sent

    total, sent = asyncio.run(story())
    assert total == sent


def test_two_channels_do_not_mix() -> None:
    both = press(3, ("ru", "en"))

    async def story() -> None:
        async with servers.honest(both.tree) as mirror:
            await read(both, [mirror])

    asyncio.run(story())
