"""A node with paths and a site that speaks TLS itself: whatever is asked is answered, and at once."""

from pathlib import Path

import pytest

from helpers.certificates import write_certificate
from helpers.serving import HERE, Play, connected, trusting_anyone, write
from mirror.bundle.piece import name_of, path_of
from mirror.clock import SystemClock
from mirror.limits import WRITE_CHUNK
from mirror.node.config import Cover, Rotation, Serve
from mirror.node.serve import Node
from mirror.rotation.epochs import Calendar
from mirror.rotation.paths import path, path_key
from mirror.store.tree import Tree

SECRET = bytes(range(32))
PIECE = bytes(range(256)) * 40
FILES = {
    path_of(name_of(PIECE)): PIECE,
    "m/timestamp.json": b"statement",
    "r/js/core.js": b"export {}" * WRITE_CHUNK,
}
PAGE = b"0123456789" * WRITE_CHUNK


@pytest.fixture
def node(tmp_path: Path) -> Node:
    secret = tmp_path / "secret"
    secret.write_text(SECRET.hex())
    secret.chmod(0o600)
    write(tmp_path / "site", {"index.html": b"<p>hello", "large.txt": PAGE})
    chain, key = write_certificate(tmp_path)
    return Node(
        Tree(write(tmp_path / "tree", FILES)),
        Serve(listen=(HERE,), certificate=chain, key=key),
        SystemClock(),
        rotation=Rotation(secret),
        cover=Cover(tmp_path / "site"),
    )


def test_what_is_read_from_the_disk_is_answered_over_tls(play: Play, node: Node) -> None:
    """The answer is written when nothing is being read from the connection: nobody wakes it up again."""

    async def story() -> None:
        clock = SystemClock()
        today = path(path_key(SECRET, 3), Calendar().epoch(clock.now()))
        async with node, connected(node.addresses[0], ssl=trusting_anyone()) as peer:
            for _ in ("from the disk", "from memory"):
                for name, body in FILES.items():
                    reply = await peer.ask(f"/{today}/{name}")
                    assert (reply.status, reply.body) == (200, body)

    play(story())


def test_the_site_is_shown_over_tls_whatever_its_size(play: Play, node: Node) -> None:
    async def story() -> None:
        async with node, connected(node.addresses[0], ssl=trusting_anyone()) as peer:
            for name, body in (("", b"<p>hello"), ("large.txt", PAGE), ("", b"<p>hello")):
                reply = await peer.ask(f"/{name}")
                assert (reply.status, reply.body) == (200, body)
            assert (await peer.ask("/none")).status == 404

    play(story())
