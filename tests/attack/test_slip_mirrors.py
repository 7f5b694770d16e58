"""Mirrors that an invited reader asks for slips, and that want him elsewhere, nowhere, or back.

Each story: the honest mirror, and that the reader moves; then one thing is changed, and he stays where
he was. The real program over real sockets.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from time import time

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from helpers import servers
from helpers.device import TRACED, Home, changes_in
from helpers.handing import Handing, handing
from helpers.servers import Recorder
from mirror.rotation.keys import Place
from mirror.rotation.paths import Entrance

READER = (1, 4)
NOWHERE = Entrance("http://127.0.0.1:1/")
Tree = Mapping[str, bytes]


@pytest.fixture(scope="module")
def desk() -> Handing:
    return handing(int(time()) - 5)


@pytest.fixture
def home(tmp_path: Path, desk: Handing) -> Home:
    return Home(tmp_path, desk.press)


class Mirrors:
    """What the reader was invited to, and what its slip names."""

    def __init__(self, home: Home, desk: Handing, first: Recorder, second: Recorder) -> None:
        self.home, self.desk, self.first, self.second = home, desk, first, second
        self.file = home.folder / "invitation"

    def invite(self, *urls: str) -> None:
        entrances = [Entrance(url) for url in urls or (self.first.endpoint.url,)]
        self.file.write_text(self.desk.invited(READER, entrances).text())

    @property
    def slips(self) -> list[str]:
        """The slip pages that were asked for."""
        return sorted(path for path in self.first.paths if path.startswith("s/"))


@asynccontextmanager
async def mirrors(
    home: Home, desk: Handing, change: Callable[[str, bytes], bytes] | None = None
) -> AsyncIterator[Mirrors]:
    """Two mirrors. ``change`` is done to what the first gives; a page of no bytes is missing."""
    tree: dict[str, bytes] = {}

    async def answer(path: str, writer: asyncio.StreamWriter) -> None:
        data = tree.get(path, b"")
        data = change(path, data) if change and data else data
        writer.write(servers.response(data) if data else servers.response(b"", "404 Not Found"))

    async with servers.raw(answer) as first, servers.raw(answer) as second:
        told = {Place((1,)): (Entrance(second.endpoint.url),), Place((2,)): (NOWHERE,)}
        desk.hand_out(told)
        tree.update(desk.press.tree)
        made = Mirrors(home, desk, first, second)
        made.invite()
        yield made


async def status(made: Mirrors, *more: str) -> str:
    """What ``mirror reader status`` prints."""
    ended = await made.home.plain("status", "--language", "en", "--invitation", str(made.file), *more)
    assert ended.status == 0, ended.err
    return ended.out


def test_the_story_and_what_is_written(home: Home, desk: Handing) -> None:
    """From a paper to the endpoint of the slip; the device is as it was before."""

    async def story() -> None:
        async with mirrors(home, desk) as made:
            before = home.state()
            ended = await home.plain("headlines", "--invitation", str(made.file), program=TRACED)
            assert ended.status == 0, ended.err
            assert "Example News" in ended.out
            text = made.file.read_bytes()
            for command in (["show", "1"], ["status"], ["invite", "--number", "1", "--i-understand-invite"]):
                more = await home.plain(*command, "--invitation", "-", program=TRACED, given=text)
                assert more.status == 0, more.err
                assert changes_in(more) == []
            assert changes_in(ended) == []
            assert home.state() == before
            assert "names other endpoints" in await status(made)
            # The twin: the same watch sees a library being written.
            secret = home.folder / "cwd" / "secret"
            secret.write_text("a passphrase\n")
            secret.chmod(0o600)
            kept = ["--library", "books", "--passphrase-file", "secret", "--i-understand-save"]
            ended = await home.plain("save", "1", "--invitation", str(made.file), *kept, program=TRACED)
            assert ended.status == 0, ended.err
            assert changes_in(ended)
            files = [data for name, (_, data) in home.state().items() if name.startswith("cwd/books")]
            port = made.second.endpoint.url.rsplit(":", 1)[1].strip("/").encode()
            assert not any(b"127.0.0.1:" + port in data for data in files)

    asyncio.run(story())


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def attacks(desk: Handing) -> dict[str, Tree]:
    """What is given in the place of each slip page."""
    told = {Place((1,)): (NOWHERE,)}
    honest = {path: data for path, data in desk.press.tree.items() if path.startswith("s/")}
    epoch = desk.epoch
    older = desk.world(told, epoch=epoch - 1).made().files
    thief = Ed25519PrivateKey.from_private_bytes(bytes(32))
    numbers = range(1 << desk.bits)
    return {
        "replayed from an older epoch": {f"s/{epoch}/{n}": older[f"s/{epoch - 1}/{n}"] for n in numbers},
        "of the epoch to come": {f"s/{epoch}/{n}": honest[f"s/{epoch + 1}/{n}"] for n in numbers},
        "swapped": {f"s/{epoch}/{n}": honest[f"s/{epoch}/{n ^ 1}"] for n in numbers},
        "of another publication": desk.world(told, publication=bytes(32)).made().files,
        "signed by another": desk.world(told, signer=thief).made().files,
        "of another number of pages": {
            path: data
            for path, data in desk.world(told, bits=desk.bits + 1).made().files.items()
            if path in honest
        },
        "altered": {path: flip(data, 5_000) for path, data in honest.items()},
        "altered in the signature": {path: flip(data, 40) for path, data in honest.items()},
        "cut short": {path: data[:-1] for path, data in honest.items()},
        "a block page": dict.fromkeys(honest, b"<html>This page is not available.</html>"),
        "nothing": dict.fromkeys(honest, b""),
    }


@pytest.mark.parametrize(
    "name",
    [
        "replayed from an older epoch",
        "of the epoch to come",
        "swapped",
        "of another publication",
        "signed by another",
        "of another number of pages",
        "altered",
        "altered in the signature",
        "cut short",
        "a block page",
        "nothing",
    ],
)
def test_what_is_not_this_reader_s_page_moves_nobody(home: Home, desk: Handing, name: str) -> None:
    given: dict[str, bytes] = {}

    async def story() -> None:
        async with mirrors(home, desk) as made:
            assert "names other endpoints" in await status(made)
            honest = made.slips
        async with mirrors(home, desk, given.get) as made:
            given.update(attacks(desk)[name])
            said = await status(made)
            assert "No mirror gave all of the pages" in said
            assert "names other endpoints" not in said
            assert made.slips == honest, "two requests, the same, whatever is given"
            assert made.second.heads == []
            is_lie = name != "nothing"
            assert ("LIED" in said) is is_lie
            # With an honest mirror beside it, nothing is lost.
            async with servers.honest(made.desk.press.tree) as good:
                made.invite(made.first.endpoint.url, good.url)
                assert "names other endpoints" in await status(made)

    asyncio.run(story())


def test_mirrors_that_each_serve_only_some_slips_are_enough_together(home: Home, desk: Handing) -> None:
    async def story() -> None:
        async with mirrors(home, desk) as made:
            await status(made)
            one, other = made.slips
        rest = {path: data for path, data in desk.press.tree.items() if path != other}
        async with (
            mirrors(home, desk, lambda path, data: b"" if path == one else data) as made,
            servers.honest(rest) as second,
        ):
            made.invite(made.first.endpoint.url, second.url)
            assert "names other endpoints" in await status(made)

    asyncio.run(story())
