"""What ``deploy`` gives an operator, tried: real nginx and real Caddy serve a signed tree."""

import asyncio
import json
import os
import re
import ssl
import stat
import sys
from collections.abc import Iterator
from email.utils import formatdate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from helpers.canaries import ADDRESS, CANARIES, PATH, PIECE, sung, visit
from helpers.certificates import write_certificate
from helpers.publication import Press, article
from helpers.serving import HERE, Reply, ask, connected, serving, trusting_anyone, write
from helpers.shipped import DEPLOY, NAMES, Change, Shipped, shipped, with_options
from mirror.client.edition import RemoteEdition, wanted
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.lines import Lines
from mirror.client.refresh import refresh
from mirror.client.report import Ledger, Verdict
from mirror.net.http import HttpTransport
from mirror.node.config import Address
from mirror.trust.session import MetadataSession

SUFFIXES = "css html js json png svg txt wasm webmanifest woff2 xml".split()
SECRET = b"no part of the tree"
SOCKET = "s/7/5"  # nobody can open it as a file
TRAPS = (
    "secret",
    "m/secret",
    "m/root.json",
    "m/01.root.json",
    "m/heads/.ru",
    "p/AB/" + "AB" * 32,
    "r/.hidden",
    "r/a..b",
    "r/a/b/c/d",
    "s/00/1",
    ".mirror/lock",
)


@pytest.fixture(scope="module")
def paper() -> Press:
    return Press().release("ru", [article(number, words=900) for number in range(30)])


@pytest.fixture(scope="module")
def tree(paper: Press) -> Iterator[Path]:
    """A mirror's tree with every kind of path, and files beside it that are nobody's business."""
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)  # nginx's workers are another user when we are root
        folder = paper.write_to(Path(place) / "tree")
        write(folder, {PATH: PIECE, "s/7/3": b"slips"} | {f"r/page.{each}": b"page" for each in SUFFIXES})
        write(folder, {"r/js/core.v2/mirror-1.js": b"export {}" * 20_000} | dict.fromkeys(TRAPS, SECRET))
        (folder / "s/7/4").symlink_to(folder / "s/7/3")
        os.mknod(folder / SOCKET, stat.S_IFSOCK | 0o666)
        yield folder


@pytest.fixture(scope="module", params=NAMES)
def server(request: pytest.FixtureRequest, tree: Path) -> Iterator[Shipped]:
    with shipped(request.param, tree) as running:
        yield running


async def read(paper: Press, server: Shipped, transport: HttpTransport) -> Ledger:
    """Read the whole edition from ``server`` with the real client."""
    mirrors = [server.endpoint]
    names = [mirror.name for mirror in mirrors]
    ledger = Ledger(names)
    async with transport:
        session = MetadataSession(paper.newcomer(), names, now=paper.room.now, wanted=wanted("ru"), head="ru")
        lines = Lines(mirrors, transport)
        verified = await refresh(session, lines, ledger)
        ledger.observed(verified.observations)
        fetcher = Pieces(mirrors, transport, MemoryHoldings(), ledger, lines)
        edition = await RemoteEdition.open(verified, "ru", fetcher)
        assert await edition.everything() == paper.editions["ru"]
    return ledger


def test_a_reader_gets_the_edition_verified(paper: Press, server: Shipped) -> None:
    ledger = asyncio.run(read(paper, server, HttpTransport()))
    assert [report.verdict for report in ledger.report()] == [Verdict.GOOD]
    assert ledger.cost().total > 0
    assert ledger.cost().wasted == 0


def with_tls(name: str, folder: Path) -> Change:
    """Turns TLS on: nginx's options; for Caddy files, since no authority can reach this machine."""
    chain, key = write_certificate(folder)

    def change(text: str) -> str:
        if name == "Caddy":
            text = text.replace("\tadmin off", "\tadmin off\n\tauto_https disable_redirects")
            return text.replace("\troot *", f"\ttls {chain} {key}\n\troot *")
        text = with_options(text)
        assert "ssl_buffer_size" in text
        kept = [line for line in text.split("\n") if "listen 80" not in line and "listen [::]" not in line]
        text = "\n".join(kept).replace("/etc/mirror/certificate.pem", str(chain))
        return text.replace("/etc/mirror/key.pem", str(key))

    return change


@pytest.mark.parametrize("name", NAMES)
def test_a_reader_gets_it_over_tls_too(paper: Press, tree: Path, name: str, tmp_path: Path) -> None:
    async def story(server: Shipped) -> None:
        await read(paper, server, HttpTransport(tls=trusting_anyone()))
        async with connected(server.address, ssl=trusting_anyone()) as peer:
            assert (await peer.ask(f"/{PATH}")).body == PIECE
            tls = peer.writer.get_extra_info("ssl_object")
            assert tls.version() == "TLSv1.3"
            assert name == "Caddy" or not tls.session.has_ticket, "a ticket tells who comes back"
        older = trusting_anyone()
        older.maximum_version = ssl.TLSVersion.TLSv1_2
        async with connected(server.address, ssl=older) as peer:
            tls = peer.writer.get_extra_info("ssl_object")
            assert name == "Caddy" or not (tls.session.has_ticket or tls.session.id), "so does a session"

    with shipped(name, tree, with_tls(name, tmp_path), "https") as server:
        asyncio.run(story(server))


# --- as our node ----------------------------------------------------------------------------------


def shown(reply: Reply) -> tuple[int, dict[str, str], bytes]:
    """An answer without the instant, what nginx says of itself, and whether the connection stays."""
    headers = dict(reply.headers)
    assert len(headers) == len(reply.headers), "a header twice"
    assert headers.pop("date").endswith(" GMT")
    assert headers.pop("server", "nginx") == "nginx", "without a version"
    assert headers.pop("connection", "close") in {"close", "keep-alive"}
    return reply.status, headers, reply.body


def compare(tree: Path, server: Shipped, path: str, **how: str) -> Reply:
    """The answer of ``server``, which is that of our node."""

    async def story() -> tuple[Reply, Reply]:
        async with serving(tree) as node:
            return await ask(node.addresses[0], path, **how), await ask(server.address, path, **how)

    ours, theirs = asyncio.run(story())
    assert shown(theirs) == shown(ours)
    return theirs


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_kind_of_path_is_answered_as_by_our_node(
    paper: Press, tree: Path, server: Shipped, method: str
) -> None:
    paths = [PATH, "m/timestamp.json", "m/heads/ru", "m/1.root.json", "m/1.snapshot.json", "s/7/3"]
    paths += [f"r/page.{suffix}" for suffix in SUFFIXES] + ["r/js/core.v2/mirror-1.js"]

    async def story() -> None:
        async with (
            serving(tree) as node,
            connected(node.addresses[0]) as ours,
            connected(server.address) as theirs,
        ):
            for path in paths:
                expected = shown(await ours.ask(f"/{path}", method=method))
                assert expected[0] == 200
                assert shown(await theirs.ask(f"/{path}", method=method)) == expected

    asyncio.run(story())
    assert set(paths) & set(paper.tree) >= {"m/timestamp.json", "m/heads/ru", "m/1.root.json"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/m",
        "/m/",
        "/m/heads",
        "/p/" + PATH[2:4],
        "/r/",
        "/r/js",
        "/r/js/core.v2",
        *(f"/{trap}" for trap in TRAPS),
        "/m/99.root.json",
        "/p/00/" + "0" * 64,
        f"/{PATH}?a=b",
        f"/{PATH}?",
        f"/{PATH}#a",
        f"/{PATH}/",
        f"/{PATH}%20",
        f"//{PATH}",
        f"/./{PATH}",
        f"/m/../{PATH}",
        f"/p//{PATH[2:]}",
        "/m/../secret",
        "/m/%2e%2e/secret",
        "/m/..%2fsecret",
        "/r/..%2fsecret",
        "/%6d/timestamp.json",
        "/m/timestamp%2ejson",
        "/m/timestamp.json;a",
        "/m/timestamp.json%0a",
        "/m/timestamp.json.",
        "/M/timestamp.json",
        "/m\\timestamp.json",
        "/r/" + "a" * 300,
    ],
)
def test_nothing_else_exists(tree: Path, server: Shipped, path: str) -> None:
    reply = compare(tree, server, path)
    assert reply.status == 404
    assert reply.header("x-content-type-options") is None
    assert b"no part" not in reply.body


@pytest.mark.parametrize(
    "path",
    [
        "/../secret",
        "/../../../../etc/passwd",
        "/r/..%2f..%2fsecret",
        "/m/timestamp.json%00",
        "/%zz",
        "http://x/secret",
        "secret",
    ],
)
def test_what_a_server_takes_for_no_request_gives_nothing_either(server: Shipped, path: str) -> None:
    async def story() -> bytes:
        async with connected(server.address) as peer:
            await peer.send(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            return await peer.rest()

    assert asyncio.run(story())[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 404"}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PROPFIND", "TRACE"])
def test_other_methods_are_refused(tree: Path, server: Shipped, method: str) -> None:
    reply = compare(tree, server, f"/{PATH}", method=method)
    assert reply.status == 405
    assert reply.header("allow") == "GET, HEAD"
    assert asyncio.run(ask(server.address, "/secret", method=method)).status == 405


def test_no_header_of_a_request_changes_an_answer(tree: Path, server: Shipped) -> None:
    more = "".join(
        f"{line}\r\n"
        for line in (
            "User-Agent: x",
            "Cookie: a=b",
            "Range: bytes=0-1",
            "If-None-Match: *",
            "Accept-Encoding: gzip, br, zstd",
            "Accept: text/html",
            "Origin: https://x.example",
            "Accept-Language: ru",
        )
    )

    async def story() -> None:
        async with connected(server.address) as peer:
            for path in (f"/{PATH}", "/m/timestamp.json", "/r/js/core.v2/mirror-1.js", "/secret"):
                instant = formatdate((tree / path[1:]).stat().st_mtime, usegmt=True)
                loud = await peer.ask(path, more=f"{more}If-Modified-Since: {instant}\r\n")
                assert shown(loud) == shown(await peer.ask(path))

    asyncio.run(story())


def test_what_changes_in_the_tree_is_given_at_once(server: Shipped, tree: Path) -> None:
    file = tree / "m/heads/en"

    async def story() -> None:
        async with connected(server.address) as peer:
            for data in (b"head 1", b"head of another length"):
                file.with_suffix(".new").write_bytes(data)
                file.with_suffix(".new").replace(file)
                assert (await peer.ask("/m/heads/en")).body == data
            file.unlink()
            assert (await peer.ask("/m/heads/en")).status == 404

    asyncio.run(story())


def test_a_file_at_fault_is_not_called_absent(server: Shipped) -> None:
    reply = asyncio.run(ask(server.address, f"/{SOCKET}"))
    assert (reply.status, reply.body) == (503, b"503 Service Unavailable\n")
    assert reply.header("cache-control") == "no-store, no-transform"


def test_nginx_compares_the_shelf_and_follows_no_link(tree: Path) -> None:
    """Caddy cannot: its expressions have no back references."""
    misplaced = f"p/00/{'ab' * 32}"
    write(tree, {misplaced: SECRET})
    with shipped("nginx", tree) as server:
        assert compare(tree, server, f"/{misplaced}").status == 404
        assert asyncio.run(ask(server.address, "/s/7/4")).status == 503


# --- nothing about readers ------------------------------------------------------------------------


async def be_seen(server: Shipped) -> None:
    """Be a reader who can be told apart by everything, also at a file that cannot be opened."""
    tls = trusting_anyone() if server.scheme == "https" else None
    await visit(server.address.port, tls)
    agent = f"User-Agent: {CANARIES['agent']}\r\n"
    async with connected(server.address, local_addr=(ADDRESS, 0), ssl=tls) as peer:
        assert (await peer.ask(f"/{SOCKET}", more=agent)).status == 503


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_written_of_a_reader(tree: Path, name: str, scheme: str, tmp_path: Path) -> None:
    change = with_tls(name, tmp_path) if scheme == "https" else None
    with shipped(name, tree, change, scheme) as server:
        asyncio.run(be_seen(server))
        assert sung(server.kept()) == set()


def instead_of(protection: str, said: str) -> Change:
    """Takes a protection away."""

    def change(text: str) -> str:
        assert protection in text
        return text.replace(protection, said)

    return change


EVERYTHING = {"address", "agent", "referer", "query", "path", "piece"}


@pytest.mark.parametrize(
    ("name", "change", "leak"),
    [
        ("nginx", instead_of("access_log off;", "access_log {tmp}/access;"), EVERYTHING),
        ("nginx", instead_of("error_log /dev/null emerg;", "error_log {tmp}/error crit;"), {"address"}),
        ("Caddy", instead_of("output discard", "output stderr\n\t\tlevel DEBUG"), {"address", "agent"}),
        ("Caddy", instead_of("\troot *", "\tlog {\n\t\toutput stderr\n\t}\n\troot *"), EVERYTHING),
    ],
)
def test_without_a_protection_it_is(
    tree: Path, tmp_path: Path, name: str, change: Change, leak: set[str]
) -> None:
    """So the canaries sing, also in a file that lies elsewhere."""
    with shipped(name, tree, lambda text: change(text).replace("{tmp}", str(tmp_path))) as server:
        asyncio.run(be_seen(server))
        assert leak <= sung(server.kept())


# --- the container --------------------------------------------------------------------------------


def test_the_health_check_asks_the_node(tmp_path: Path) -> None:
    written = re.search(
        r"^HEALTHCHECK .*\\\n  CMD (\[.*\])$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE
    )
    assert written is not None
    program, *arguments = json.loads(written[1])
    assert program == "/opt/mirror/bin/python"

    async def check(address: Address) -> int:
        said = [text.replace("9180", str(address.port)) for text in arguments]
        process = await asyncio.create_subprocess_exec(
            sys.executable, *said, stderr=asyncio.subprocess.DEVNULL
        )
        return await process.wait()

    async def story() -> None:
        async with serving(tmp_path, metrics=HERE) as node:
            assert node.metrics is not None
            assert await check(node.metrics) == 1
            write(tmp_path, {"m/timestamp.json": b"statement"})
            assert await check(node.metrics) == 0
            address = node.metrics
        assert await check(address) == 1

    asyncio.run(story())
