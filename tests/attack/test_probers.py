"""Whoever probes a mirror whose paths change: with old, foreign and nearly right paths, they see a site."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest

from helpers.covering import shown, site, speak
from helpers.coverrequests import get
from helpers.serving import HERE, Play, connected, until, write
from helpers.steps import steps
from mirror.bundle.piece import name_of, path_of
from mirror.clock import SystemClock
from mirror.errors import ConfigError
from mirror.node.config import Cover, Rotation, Serve
from mirror.node.counters import Counters
from mirror.node.cover.answer import Place
from mirror.node.cover.connection import Habits
from mirror.node.cover.head import Head, Parser
from mirror.node.front import Front
from mirror.node.gate import Gate, added, rounded_up
from mirror.node.rotating import read_secret, read_totals
from mirror.node.serve import Node
from mirror.node.shelf import Shelf
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.paths import PATH_LENGTH, Accepted, path, path_key
from mirror.store.tree import Tree

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
EPOCH = 20_000
PIECE = bytes(range(256)) * 40
PIECE_PATH = path_of(name_of(PIECE))
STATEMENT = "m/timestamp.json"
SEAT = 5


class Day(SystemClock):
    """A clock that stands in the middle of an epoch, and hardly sleeps."""

    def __init__(self, epoch: int = EPOCH) -> None:
        self.epoch = epoch

    def now(self) -> int:
        return self.epoch * DAY + DAY // 2

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


def epoch_path(epoch: int = EPOCH, *, secret: bytes = SECRET, seat: int = SEAT) -> str:
    return path(path_key(secret, seat), epoch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "tree", {PIECE_PATH: PIECE, STATEMENT: b"statement", "r/index.html": b"<p>reader"})
    site(tmp_path / "site")
    secret = tmp_path / "secret"
    secret.write_text(SECRET.hex() + "\n")
    secret.chmod(0o600)
    return tmp_path


@asynccontextmanager
async def hidden(folder: Path, clock: Day, **changed: object) -> AsyncIterator[Node]:
    """A node whose paths change, before the site in ``folder``."""
    rotation = Rotation(folder / "secret", **changed)  # type: ignore[arg-type]
    settings = Serve(listen=(HERE,))
    cover = Cover(folder / "site")
    async with Node(Tree(folder / "tree"), settings, clock, rotation=rotation, cover=cover) as node:
        yield node


async def asked(node: Node, *requests: bytes) -> bytes:
    return shown(await speak(node.addresses[0], *requests), node.addresses[0])


def test_paths_of_three_epochs_lead_to_the_mirror(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with hidden(folder, Day()) as node:
            for epoch in (EPOCH - 1, EPOCH, EPOCH + 1):
                answer = await asked(node, get(f"/{epoch_path(epoch)}/{PIECE_PATH}"))
                assert answer.startswith(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: *\r\n")
                assert answer.endswith(PIECE)
                head = await asked(node, get(f"/{epoch_path(epoch)}/{STATEMENT}", method="HEAD"))
                assert b"Content-Length: 9\r\n" in head
                assert head.endswith(b"\r\n\r\n")
            both = (
                get(f"/{epoch_path()}/{STATEMENT}") + get(f"/{epoch_path()}/{PIECE_PATH}") + get("/notes.txt")
            )
            answer = await asked(node, both)
            assert answer.count(b"HTTP/1.1 200 OK") == 3
            assert answer.endswith(b"0123456789")

    play(story())


GOOD = epoch_path()
CHANGED = ("a" if GOOD[7] != "a" else "b").join((GOOD[:7], GOOD[8:]))
PROBES = {
    "no prefix": f"/{STATEMENT}",
    "a piece without prefix": f"/{PIECE_PATH}",
    "two epochs old": f"/{epoch_path(EPOCH - 2)}/{STATEMENT}",
    "two epochs early": f"/{epoch_path(EPOCH + 2)}/{STATEMENT}",
    "another endpoint's": f"/{epoch_path(secret=OTHER)}/{STATEMENT}",
    "a seat that is closed": f"/{epoch_path(seat=9)}/{STATEMENT}",
    "one character changed": f"/{CHANGED}/{STATEMENT}",
    "one character short": f"/{GOOD[:-1]}/{STATEMENT}",
    "one character long": f"/{GOOD}a/{STATEMENT}",
    "upper case": f"/{GOOD.upper()}/{STATEMENT}",
    "percent-encoded": f"/%{ord(GOOD[0]):02x}{GOOD[1:]}/{STATEMENT}",
    "percent-encoded slash": f"/{GOOD}%2f{STATEMENT}",
    "percent-encoded file": f"/{GOOD}/m/timestamp%2ejson",
    "double slash before": f"//{GOOD}/{STATEMENT}",
    "double slash after": f"/{GOOD}//{STATEMENT}",
    "dot segment before": f"/./{GOOD}/{STATEMENT}",
    "dot segment after": f"/{GOOD}/./{STATEMENT}",
    "out and in": f"/{GOOD}/x/../{STATEMENT}",
    "twice": f"/{GOOD}/{GOOD}/{STATEMENT}",
    "alone": f"/{GOOD}",
    "alone with a slash": f"/{GOOD}/",
    "a folder of the tree": f"/{GOOD}/m/",
    "an unknown file": f"/{GOOD}/m/9.root.json",
    "a piece that is not there": f"/{GOOD}/{path_of(name_of(b'x'))}",
    "no path of a tree": f"/{GOOD}/index.html",
    "a query": f"/{GOOD}/{STATEMENT}?a=b",
    "an empty query": f"/{GOOD}/{STATEMENT}?",
    "a fragment": f"/{GOOD}/{STATEMENT}#a",
    "absolute": f"http://bees.example/{GOOD}/{STATEMENT}",
    "out of the prefix": f"/{GOOD}/../none",
}


@pytest.mark.parametrize("probe", PROBES)
def test_everything_else_is_the_sites_own_answer(play: Play, folder: Path, probe: str) -> None:
    async def story() -> None:
        async with hidden(folder, Day(), closed=(9,)) as node:
            for method in ("GET", "HEAD", "POST", "OPTIONS", "FOO"):
                expected = await asked(node, get("/none/at/all", method=method))
                assert expected.startswith(b"HTTP/1.1 404 ")
                assert await asked(node, get(PROBES[probe], method=method)) == expected
            # The same requests, one character less, are answered: so nothing above was true by accident.
            assert (await asked(node, get(f"/{GOOD}/{STATEMENT}"))).endswith(b"statement")

    play(story())


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO"])
def test_a_right_path_with_another_method_is_the_sites_too(play: Play, folder: Path, method: str) -> None:
    async def story() -> None:
        async with hidden(folder, Day()) as node:
            expected = await asked(node, get("/none", method=method))
            assert await asked(node, get(f"/{GOOD}/{STATEMENT}", method=method)) == expected

    play(story())


def test_a_path_is_replayed_after_its_epochs(play: Play, folder: Path) -> None:
    clock = Day()

    async def story() -> None:
        async with hidden(folder, clock) as node:
            request = get(f"/{GOOD}/{STATEMENT}")
            assert (await asked(node, request)).endswith(b"statement")
            front = node._front
            assert front is not None
            clock.epoch += 1
            front.gate.turn(clock.now())
            assert (await asked(node, request)).endswith(b"statement"), "the epoch before is accepted"
            clock.epoch += 1
            front.gate.turn(clock.now())
            assert await asked(node, request) == await asked(node, get("/none"))

    play(story())


def test_no_answer_of_the_mirror_says_more_than_one_of_the_site(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with hidden(folder, Day()) as node:
            ours = await asked(node, get(f"/{GOOD}/{STATEMENT}"))
            theirs = await asked(node, get("/notes.txt"))
            named = [line.split(b":")[0] for line in ours.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
            assert named[:3] == [line.split(b":")[0] for line in theirs.split(b"\r\n")[1:4]]
            assert not {name.lower() for name in named} & {b"etag", b"via", b"x-powered-by", b"last-modified"}

    play(story())


# --- slow, silent and deaf peers ------------------------------------------------------------------

SHORT = Habits(head=0.2, keep=0.2, pause=0.2, linger=0.4, write=0.2)


@asynccontextmanager
async def impatient(folder: Path) -> AsyncIterator[Node]:
    """A node with a cover site that does not wait long."""
    settings = Serve(listen=(HERE,))
    cover, rotation = Cover(folder / "site"), Rotation(folder / "secret")
    async with Node(
        Tree(folder / "tree"), settings, Day(), habits=SHORT, rotation=rotation, cover=cover
    ) as node:
        yield node


@pytest.mark.parametrize(
    "start", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"\r\n", b"GET /" + b"a" * 5_000]
)
def test_who_sends_no_whole_head_is_left_without_a_word(play: Play, folder: Path, start: bytes) -> None:
    async def story() -> None:
        async with impatient(folder) as node, connected(node.addresses[0]) as peer:
            await peer.send(start)
            assert await peer.is_closed()

    play(story())


@pytest.mark.parametrize(
    "body", ["Content-Length: 100\r\n", "Transfer-Encoding: chunked\r\n"], ids=["counted", "chunked"]
)
def test_a_body_that_never_comes_is_not_waited_for(play: Play, folder: Path, body: str) -> None:
    async def story() -> None:
        async with impatient(folder) as node, connected(node.addresses[0]) as peer:
            await peer.send(get("/notes.txt", body))
            assert (await peer.reply()).body == b"0123456789"
            assert await peer.is_closed()

    play(story())


def test_who_says_nothing_more_is_left(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with impatient(folder) as node, connected(node.addresses[0]) as peer:
            assert (await peer.ask("/notes.txt")).body == b"0123456789"
            assert await peer.is_closed()

    play(story())


def test_who_asks_ahead_and_does_not_read_holds_little(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with impatient(folder) as node:
            with socket.socket() as deaf:
                deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
                deaf.setblocking(False)
                where = node.addresses[0]
                await asyncio.get_running_loop().sock_connect(deaf, (where.host, where.port))

                def is_cut() -> bool:
                    try:
                        deaf.send(get("/bees.jpg") * 50)
                    except BlockingIOError:
                        return False
                    except ConnectionError:
                        return True
                    return False

                await until(is_cut, "it may hold on")
            assert b"0123456789" in await asked(node, get("/notes.txt"))

    play(story())


# --- the same work for everyone -------------------------------------------------------------------


class Counting(Accepted):
    """Counts how often it is asked, and with how many characters."""

    asked: ClassVar[list[int]] = []

    def seat(self, segment: str) -> int | None:
        self.asked.append(len(segment))
        return super().seat(segment)


@pytest.mark.parametrize("secret", [SECRET, None], ids=["with rotation", "without"])
def test_every_request_costs_the_same_comparisons(secret: bytes | None) -> None:
    gate = Gate(secret, Calendar(), EPOCH * DAY)
    held = gate._accepted
    assert len(held.paths) == 64 * 3
    gate._accepted = Counting(held.paths, held.seats)
    targets = [probe.encode() for probe in PROBES.values()] + [b"", b"/", b"x", b"/" + b"\xff" * 24 + b"/m"]
    targets.append(f"/{GOOD}/{STATEMENT}".encode())
    for target in targets:
        Counting.asked.clear()
        gate.admit(target)
        assert Counting.asked == [PATH_LENGTH], target


LIKE = {
    "random": "q7d" * 8,
    "first character": ("a" if GOOD[0] != "a" else "b") + GOOD[1:],
    "last character": GOOD[:-1] + ("a" if GOOD[-1] != "a" else "b"),
    "other alphabet": "A1" * 12,
    "two epochs old": epoch_path(EPOCH - 2),
    "two epochs early": epoch_path(EPOCH + 2),
    "another endpoint's": epoch_path(secret=OTHER),
    "a seat that is closed": epoch_path(seat=9),
}


def front(folder: Path, *, rotates: bool) -> Front:
    rotation = Rotation(folder / "secret", closed=(9,)) if rotates else None
    shelf = Shelf(Tree(folder / "tree"), 1 << 20)
    return Front(shelf, Counters(), Day(), Cover(folder / "site"), rotation)


def head_of(target: str) -> Head:
    head = Parser().take(bytearray(get(target)))
    assert isinstance(head, Head)
    return head


def test_every_wrong_path_costs_what_it_costs_the_site_alone(folder: Path) -> None:
    """The same operations in the same order, from a request's head to its answer."""
    ours, alone = front(folder, rotates=True), front(folder, rotates=False)
    work = {}
    for name, segment in LIKE.items():
        head = head_of(f"/{segment}/{STATEMENT}")
        for server, each in (("rotating", ours), ("alone", alone)):
            each.respond(head, Place(), True)  # what is done once a second is done
            work[name, server] = steps(partial(each.respond, head, Place(), True))
    expected = work["random", "alone"]
    assert len(expected) > 2_000
    assert [key for key, each in work.items() if each != expected] == []
    # And the page of the site that everybody sees.
    page = head_of("/notes.txt")
    shown = [steps(partial(each.respond, page, Place(), True)) for each in (ours, alone)]
    assert shown[0] == shown[1]


def test_without_a_secret_nobody_knows_a_path() -> None:
    gate = Gate(None, Calendar(), EPOCH * DAY)
    for known in gate._accepted.paths:
        assert gate.admit(f"/{known}/m".encode()) is None
    assert set(Gate(None, Calendar(), 0)._accepted.paths).isdisjoint(
        Gate(None, Calendar(), 0)._accepted.paths
    )


# --- secrets and counters -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mode", "said"),
    [
        (SECRET.hex(), 0o640, "mode 0600"),
        (SECRET.hex(), 0o604, "mode 0600"),
        (SECRET.hex()[:30], 0o600, "does not hold a secret"),
        (SECRET.hex() + "x", 0o600, "does not hold a secret"),
        ("", 0o600, "does not hold a secret"),
        (None, 0o600, "cannot be read"),
    ],
)
def test_a_secret_that_is_none_or_not_secret_is_refused(
    tmp_path: Path, text: str | None, mode: int, said: str
) -> None:
    file = tmp_path / "secret"
    if text is not None:
        file.write_text(text)
        file.chmod(mode)
    with pytest.raises(ConfigError) as caught:
        read_secret(file)
    assert said in str(caught.value)
    assert SECRET.hex()[:8] not in str(caught.value)


def test_counts_leave_memory_only_as_rounded_totals_of_epochs(play: Play, folder: Path) -> None:
    clock = Day()
    file = folder / "counters.json"

    async def story() -> None:
        async with hidden(folder, clock, counters=file) as node:
            for _ in range(3):
                await asked(node, get(f"/{GOOD}/{STATEMENT}"))
            await asked(node, get(f"/{epoch_path(seat=7)}/{STATEMENT}"))
            await asked(node, get("/notes.txt"))
            assert not file.exists(), "nothing is written while the epoch lasts"
        assert read_totals(file) == {str(EPOCH): {"5": 50, "7": 50}}
        assert file.stat().st_mode & 0o777 == 0o600
        async with hidden(folder, clock, counters=file) as node:
            await asked(node, get(f"/{GOOD}/{STATEMENT}"))
        assert read_totals(file) == {str(EPOCH): {"5": 100, "7": 50}}
        async with hidden(folder, clock) as node:  # off by default
            await asked(node, get(f"/{GOOD}/{STATEMENT}"))
        assert json.loads(file.read_text()) == {str(EPOCH): {"5": 100, "7": 50}}

    play(story())


@pytest.mark.parametrize(("exact", "said"), [(0, 0), (1, 50), (50, 50), (51, 100), (1_234, 1_250)])
def test_totals_are_rounded_up(exact: int, said: int) -> None:
    assert rounded_up(exact) == said


def test_only_the_newest_epochs_are_kept() -> None:
    many = {str(epoch): {"1": 50} for epoch in range(100)}
    assert list(added(many, {"99": {"1": 50}})) == [str(epoch) for epoch in range(86, 100)]
    assert added(many, {"99": {"1": 50}})["99"] == {"1": 100}
