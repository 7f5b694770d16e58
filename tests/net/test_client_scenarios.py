"""The reader's client over every scenario of the bed: what is read is what was signed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from helpers import servers
from helpers.newsroom import NOW
from helpers.publication import Press, article, press
from mirror.bundle.edition import Edition
from mirror.client.report import Verdict
from mirror.clock import SystemClock
from mirror.errors import TrustError, UnreachableError
from mirror.net.http import HttpTransport
from mirror.reader.config import RootFile
from mirror.reader.session import ReaderSession
from net.bed import Bed
from net.scenario import Link, Scenario, Way, grown, load_scenarios

SCENARIOS = load_scenarios()
SECONDS = 90.0  # a test that hangs ends; nothing here depends on how long it takes
QUICK = Link(rtt_seconds=0.01)


class At(SystemClock):
    """The device's clock, at the day of the edition."""

    def now(self) -> int:
        """That day."""
        return NOW


@pytest.fixture(scope="module")
def large() -> Press:
    """Some 20 pieces: enough that connections are used again."""
    return Press().release(
        "ru", [article(n, words=900, published=NOW - n * 3_600, updated=NOW) for n in range(60)]
    )


@pytest.fixture(scope="module")
def small() -> Press:
    return press(6)


@asynccontextmanager
async def reading(
    made: Press, scenario: Scenario, folder: Path, read_seconds: float = 20.0
) -> AsyncIterator[tuple[ReaderSession, Bed]]:
    """A reader's session over a bed before one honest server."""
    root = folder / "root.json"
    root.write_bytes(made.root)
    async with servers.honest(made.tree) as origin:
        address = urlsplit(origin.url)
        assert address.hostname is not None
        assert address.port is not None
        async with (
            Bed(scenario, (address.hostname, address.port)) as bed,
            HttpTransport(read_seconds=read_seconds) as transport,
        ):
            yield ReaderSession(RootFile(root), "ru", bed.endpoints, transport, At()), bed


def read(made: Press, scenario: Scenario, folder: Path) -> tuple[Edition, ReaderSession]:
    """Everything, with the notices."""

    async def story() -> tuple[Edition, ReaderSession]:
        async with asyncio.timeout(SECONDS), reading(made, scenario, folder) as (session, _):
            await session.refresh()
            remote = await session.edition()
            await session.take_notices()
            return await remote.everything(), session

    return asyncio.run(story())


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "throttled-32k"])
def test_everything_comes_and_is_what_was_signed(name: str, large: Press, tmp_path: Path) -> None:
    edition, session = read(large, SCENARIOS[name], tmp_path)
    assert edition == large.editions["ru"]
    assert session.notices is not None


def test_a_narrow_link_brings_it_too_and_hardly_a_byte_twice(small: Press, tmp_path: Path) -> None:
    edition, session = read(small, SCENARIOS["throttled-32k"], tmp_path)
    assert edition == small.editions["ru"]
    assert session.ledger.cost().wasted == 0
    assert {each.verdict for each in session.ledger.report()} <= {Verdict.GOOD, Verdict.UNASKED}


def test_liars_are_named_and_nobody_else_is(large: Press, tmp_path: Path) -> None:
    scenario = SCENARIOS["dead-80-liar"]
    _, session = read(large, scenario, tmp_path)
    liars = {f"mirror {place}" for place, way in enumerate(scenario.ways, 1) if way.alter}
    lied = {each.name for each in session.ledger.report() if each.verdict is Verdict.LIED}
    assert len(liars) == 1
    assert lied <= liars
    assert session.ledger.cost().wasted <= 8 * 10_240, "a liar is not asked again"


def test_among_a_hundred_the_living_are_found(small: Press, tmp_path: Path) -> None:
    edition, _ = read(small, grown(100, 5, link=QUICK), tmp_path)
    assert edition == small.editions["ru"]


@pytest.mark.parametrize(
    "way",
    [
        Way(refuse=True),
        Way(block_page=True),
        Way(alter="all"),
        Way(gzip=True),
        Way(wrong_length=50),
        Way(wrong_length=-50),
        Way(truncate_after=900),
        Way(endless=True),
        Way(rst_after=900),
    ],
    ids=lambda way: next(name for name in way.__slots__ if getattr(way, name) != getattr(Way(), name)),
)
def test_where_all_do_it_nothing_is_shown_and_it_ends(way: Way, small: Press, tmp_path: Path) -> None:
    async def story() -> None:
        scenario = Scenario("all", QUICK, (way,) * 4)
        async with asyncio.timeout(SECONDS), reading(small, scenario, tmp_path, 2.0) as (session, _):
            with pytest.raises((TrustError, UnreachableError)):
                await session.refresh()

    asyncio.run(story())


@pytest.mark.parametrize("pieces", [1, 5, 9])
def test_an_interrupted_reader_fetches_only_what_is_missing(
    pieces: int, large: Press, tmp_path: Path
) -> None:
    class Enough(Exception):
        pass

    def stop(done: int, _total: int) -> None:
        if done >= pieces:
            raise Enough

    async def story() -> None:
        async with (
            asyncio.timeout(SECONDS),
            reading(large, SCENARIOS["freeze-16k"], tmp_path) as (session, bed),
        ):
            await session.refresh()
            remote = await session.edition()
            with pytest.raises(Enough):
                await remote.everything(stop)
            held = set(session.holdings.pieces)
            bed.meter.reset()
            fetched = session.ledger.cost().total
            assert await remote.everything() == large.editions["ru"]
            missing = set(session.holdings.pieces) - held
            size = sum(len(session.holdings.pieces[name]) for name in missing)
            assert session.ledger.cost().total - fetched >= size
            assert bed.meter.down < size + 20 * 10_240, "what froze on the way, and no more"
            assert not {name for name in held if name not in session.holdings.pieces}

    asyncio.run(story())
