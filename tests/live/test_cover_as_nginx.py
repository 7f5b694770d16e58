"""The cover site of a node, byte for byte as nginx from Debian's package answers for the same folder."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helpers.covering import nginx, shown, site, speak
from helpers.coverrequests import MORE, ONE, get
from helpers.serving import HERE
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
