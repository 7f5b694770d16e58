"""Whoever asks a mirror for what is not the tree's: nothing but the tree is ever given out."""

import itertools
from pathlib import Path

from helpers.serving import Peer, Play, connected, serving, write
from mirror.bundle.piece import name_of, path_of

PIECE = bytes(range(256)) * 40
PATH = path_of(name_of(PIECE))
SECRET = b"a secret that lies beside the tree"
FILES = {PATH: PIECE, "m/timestamp.json": b"statement", "r/index.html": b"page"}

PLACES = (
    "secret",
    "../secret",
    ".mirror/trust/floor",
    "m/secret",
    "m/.secret",
    "r/.secret",
    "r/a/b/c/secret",
)
WRAPPINGS = (
    "/{}",
    "//{}",
    "/./{}",
    "/m/../{}",
    "/m/%2e%2e/{}",
    "/m/..%2f{}",
    "/m/..%5c{}",
    "/m\\..\\{}",
    "/m/..;/{}",
    "/m/heads/ru/../../../{}",
    "/r/../../../../../../{}",
    "/r/..%c0%af{}",
    "/r/.%00./{}",
    "/%2e/{}",
    "/{}/",
    "/{}%00.json",
    "/{}?.json",
    "/{}#.json",
    "/{};.json",
    "/{}.",
    "/{}%20",
    "/{}::$DATA",
    "http://127.0.0.1/{}",
    "file:///{}",
    "{}",
    "*{}",
)
NAMED = (PATH, "m/timestamp.json", "r/index.html")


def tree(folder: Path) -> Path:
    write(folder, {"secret": SECRET})
    write(folder / "tree", FILES)
    write(folder / "tree", {place: SECRET for place in PLACES if not place.startswith("..")})
    write(folder / "tree", {path.replace("/", "%2f"): SECRET for path in NAMED})
    return folder / "tree"


async def answer(peer: Peer, path: str) -> bytes:
    await peer.send(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode("latin-1"))
    reply = await peer.reply()
    assert (reply.status, reply.body) in ((404, b"404 Not Found\n"), (400, b"400 Bad Request\n")), path
    return reply.body


def test_no_spelling_leads_out_of_the_tree(play: Play, tmp_path: Path) -> None:
    folder = tree(tmp_path)
    asked = [wrapping.format(place) for wrapping, place in itertools.product(WRAPPINGS, PLACES)]
    # Also other spellings of what is there: one file has one name.
    asked += [
        wrapping.format(path)
        for wrapping in WRAPPINGS
        for path in (*NAMED, *(path.upper() for path in NAMED), *(path.replace("/", "%2f") for path in NAMED))
        if wrapping.format(path)[1:] not in NAMED
    ]
    assert len(asked) > 300

    async def story() -> None:
        async with serving(folder) as node:
            for path in asked:
                async with connected(node.addresses[0]) as peer:
                    await answer(peer, path)
            async with connected(node.addresses[0]) as peer:
                for path in NAMED:
                    assert (await peer.ask(f"/{path}")).body == FILES[path]

    play(story())


def test_overlong_and_strange_targets(play: Play, tmp_path: Path) -> None:
    folder = tree(tmp_path)
    asked = [
        "/" + "m/" * 3_000,
        "/" + "a" * 8_000,
        "/p/" + "0" * 4_000,
        "/%",
        "/%zz",
        "/\x7f",
        "/\xff\xfe",
        "/ \t",
    ]

    async def story() -> None:
        async with serving(folder) as node:
            for path in asked:
                async with connected(node.addresses[0]) as peer:
                    await answer(peer, path)
            for path in ("\0", "/m/timestamp.json\0", "/m/timestamp.json\r", "/m/\n/secret"):
                async with connected(node.addresses[0]) as peer:
                    await answer(peer, path)

    play(story())
