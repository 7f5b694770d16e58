"""The configurations in ``deploy`` for a mirror that is not to be found, tried with real nginx and Caddy."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helpers.covering import nginx, shown, site, speak
from helpers.coverrequests import MORE, ONE, get
from helpers.serving import HERE, write
from helpers.shipped import DEPLOY, Change, Shipped, shipped
from mirror.bundle.piece import name_of, path_of
from mirror.cli import node as cli
from mirror.clock import SystemClock
from mirror.node.config import Address, Cover, Rotation, Serve
from mirror.node.serve import Node
from mirror.rotation.paths import path, path_key
from mirror.store.tree import Tree

SECRET = bytes(range(32))
PIECE = bytes(range(256)) * 40
FILES = {
    path_of(name_of(PIECE)): PIECE,
    "m/timestamp.json": b"statement",
    "m/heads/ru": b"head",
    "m/1.root.json": b"root",
    "s/7/3": b"slips",
    "r/index.html": b"<p>reader</p>" * 9,
    "secret": b"no part of the tree",
}
PUBLIC = [name for name in FILES if name != "secret"]


def now_path(days: int = 0, seat: int = 4) -> str:
    return path(path_key(SECRET, seat), SystemClock().now() // 86_400 + days)


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        site(place / "site")
        write(place / "tree", FILES)
        (place / "secret").write_text(SECRET.hex())
        (place / "secret").chmod(0o600)
        (place / "node.toml").write_text('tree = "tree"\n[rotation]\nsecret = "secret"\n')
        yield place


def config(place: Path, name: str, capsys: pytest.CaptureFixture[str], *changes: tuple[str, str]) -> Change:
    """The file ``name`` of ``deploy``, with our places in it and the paths that the program prints."""
    kind = "nginx" if name.startswith("nginx") else "caddy"
    assert cli.run(["paths", "--format", kind, "--config", str(place / "node.toml")]) == 0
    paths = place / f"{kind}-paths"
    paths.write_text(capsys.readouterr().out)
    text = (DEPLOY / name).read_text()
    known = [("/etc/nginx/mirror-paths.conf", str(paths)), ("/etc/caddy/mirror-paths\n", f"{paths}\n")]
    for old, new in [*known, ("/var/www/html", str(place / "site")), *changes]:
        text = text.replace(old, new)
    return lambda _: text


async def all_of(address: Address, stories: list[tuple[bytes, ...]]) -> list[bytes]:
    room = asyncio.Semaphore(24)

    async def one(story: tuple[bytes, ...]) -> bytes:
        async with room:
            return shown(await speak(address, *story), address)

    return list(await asyncio.gather(*map(one, stories)))


async def both(
    plain: Address, ours: Address, stories: list[tuple[bytes, ...]]
) -> tuple[list[bytes], list[bytes]]:
    """The answers of both; at the same time, as nginx waits long before it gives some up."""
    expected, given = await asyncio.gather(all_of(plain, stories), all_of(ours, stories))
    return expected, given


async def asked(server: Shipped, target: str) -> bytes:
    """The answer to one request; Caddy gives up for who closes the own side at once."""
    request = get(target, "Connection: close\r\n")
    return shown(await speak(server.address, request, is_over=False), server.address)


def check_mirror(server: Shipped) -> None:
    async def story() -> None:
        for days in (-1, 0, 1):
            for name in PUBLIC:
                answer = await asked(server, f"/{now_path(days)}/{name}")
                assert answer.startswith(b"HTTP/1.1 200 OK\r\n"), name
                assert answer.endswith(FILES[name]), name
                assert b"etag" not in answer.lower()
                assert b"last-modified" not in answer.lower()
        for target in (
            f"/{now_path(-2)}/m/timestamp.json",
            f"/{now_path(2)}/m/timestamp.json",
            f"/{now_path().upper()}/m/timestamp.json",
            f"//{now_path()}/m/timestamp.json",
            f"/%{ord(now_path()[0]):x}{now_path()[1:]}/m/timestamp.json",
            f"/{now_path()}/m/timestamp.json?a",
            f"/{now_path()}/m/2.root.json",
            f"/{now_path()}/secret",
            f"/{now_path()}/",
            "/m/timestamp.json",
            "/.mirror/m/timestamp.json",
        ):
            assert await asked(server, target) == await asked(server, "/none/x"), target

    asyncio.run(story())


def test_nginx_shows_the_site_and_below_a_path_of_now_the_tree(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with shipped("nginx", place / "tree", config(place, "nginx-cover.conf", capsys)) as server:
        check_mirror(server)
        with nginx(place / "site") as plain:
            stories = [*((each,) for each in ONE), *MORE]
            expected, given = asyncio.run(both(plain, server.address, stories))
    assert [s for s, one, two in zip(stories, expected, given, strict=True) if one != two] == []


def test_caddy_shows_the_site_and_below_a_path_of_now_the_node(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def behind(ready: Callable[[Address], None]) -> None:
        rotation, cover = Rotation(place / "secret"), Cover(place / "site")
        settings = Serve(listen=(HERE,))
        node = Node(Tree(place / "tree"), settings, SystemClock(), rotation=rotation, cover=cover)
        async with node:
            await asyncio.to_thread(ready, node.addresses[0])

    def ready(address: Address) -> None:
        socket = f"unix/{place}/admin.sock"
        changes = (("127.0.0.1:8080", str(address)), ("unix//run/caddy/admin.sock", socket))
        change = config(place, "Caddyfile-cover", capsys, *changes)
        with shipped("Caddy", place / "tree", change) as server:
            check_mirror(server)

    asyncio.run(behind(ready))
