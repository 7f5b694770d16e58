"""The node's server: what it gives out, and that it is the same for everyone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509

from helpers.certificates import write_certificate
from helpers.serving import HERE, Play, ask, connected, serving, trusting_anyone, until, write
from mirror.bundle.piece import name_of, path_of
from mirror.clock import SystemClock
from mirror.errors import ConfigError
from mirror.limits import MAX_PIECE
from mirror.node.config import Address, Serve
from mirror.node.counters import Counters, rounded
from mirror.node.serve import Node, allow_connections
from mirror.store.tree import Tree

PIECE = bytes(range(256)) * 40
PATH = path_of(name_of(PIECE))
FILES = {
    PATH: PIECE,
    "m/timestamp.json": b"statement 1",
    "m/heads/ru": b"head 1",
    "m/1.root.json": b"root",
    "s/7/3": b"slips",
    "r/index.html": b"<!doctype html>",
    "r/js/core.js": b"export {}" * 20_000,
    "secret": b"no part of the tree",
    ".mirror/lock": b"",
}
COMMON = {"access-control-allow-origin": "*", "x-content-type-options": "nosniff"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", FILES)


@pytest.mark.parametrize(
    ("path", "media_type", "is_lasting"),
    [
        (PATH, "application/octet-stream", True),
        ("m/1.root.json", "application/octet-stream", True),
        ("s/7/3", "application/octet-stream", False),
        ("m/timestamp.json", "application/octet-stream", False),
        ("m/heads/ru", "application/octet-stream", False),
        ("r/index.html", "text/html; charset=utf-8", False),
        ("r/js/core.js", "text/javascript; charset=utf-8", False),
    ],
)
def test_a_file_is_given_with_few_headers(
    play: Play, folder: Path, path: str, media_type: str, is_lasting: bool
) -> None:
    async def story() -> None:
        async with serving(folder) as node, connected(node.addresses[0]) as peer:
            cold = await peer.ask(f"/{path}")
            head = await peer.ask(f"/{path}", method="HEAD")
            warm = await peer.ask(f"/{path}")  # a body after HEAD would be taken for this answer
        assert (cold.status, cold.body) == (200, FILES[path])
        cached = "public, max-age=31536000, immutable, no-transform"
        expected = COMMON | {
            "content-type": media_type,
            "cache-control": cached if is_lasting else "no-store, no-transform",
            "content-length": str(len(FILES[path])),
        }
        for reply in (cold, warm, head):
            given = dict(reply.headers)
            assert given.pop("date").endswith(" GMT")
            assert given == expected
        assert (warm.body, head.body) == (cold.body, b"")

    play(story())


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/secret", "GET", 404),
        ("/.mirror/lock", "GET", 404),
        (f"/{path_of(name_of(b'another'))}", "GET", 404),
        ("/m/2.root.json", "GET", 404),
        ("/r/", "GET", 404),
        (f"/{PATH}?a=b", "GET", 404),
        (f"/{PATH}", "POST", 405),
        (f"/{PATH}", "OPTIONS", 405),
        (f"/{PATH}", "DELETE", 405),
        (f"/{PATH}", "PROPFIND", 405),
    ],
)
def test_everything_else_is_refused_alike(
    play: Play, folder: Path, path: str, method: str, status: int
) -> None:
    async def story() -> None:
        async with serving(folder) as node:
            reply = await ask(node.addresses[0], path, method=method)
        assert reply.status == status
        assert reply.body == {404: b"404 Not Found\n", 405: b"405 Method Not Allowed\n"}[status]
        extra = {"allow"} if status == 405 else set()
        expected = {"date", "content-type", "content-length", "cache-control", "access-control-allow-origin"}
        assert {name for name, _ in reply.headers} == expected | extra
        assert reply.header("cache-control") == "no-store, no-transform"

    play(story())


def test_no_header_of_a_request_changes_an_answer(play: Play, folder: Path) -> None:
    more = "".join(
        f"{line}\r\n"
        for line in (
            "User-Agent: x",
            "Cookie: a=b",
            "Range: bytes=0-1",
            "If-None-Match: *",
            "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT",
            "Accept-Encoding: gzip, br, zstd",
            "Accept: text/html",
            "Origin: https://x.example",
            "Accept-Language: ru",
            "Expect: 100-continue",
        )
    )

    async def story() -> None:
        async with serving(folder) as node, connected(node.addresses[0]) as peer:
            replies = await peer.ask(f"/{PATH}"), await peer.ask(f"/{PATH}", more=more)
        plain, loud = ([pair for pair in reply.headers if pair[0] != "date"] for reply in replies)
        assert plain == loud
        assert replies[0].body == replies[1].body == PIECE

    play(story())


def test_requests_with_a_body_or_an_old_protocol_end_the_connection(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with serving(folder) as node:
            for request in (
                f"GET /{PATH} HTTP/1.0\r\n\r\n",
                f"GET /{PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                f"GET /{PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n",
                f"GET /{PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
            ):
                async with connected(node.addresses[0]) as peer:
                    await peer.send(request.encode())
                    reply = await peer.reply()
                    assert (reply.status, reply.body) == (200, PIECE)
                    assert reply.header("connection") == "close"
                    assert await peer.is_closed()

    play(story())


def test_what_is_removed_from_the_tree_is_forgotten_at_the_next_look(play: Play, folder: Path) -> None:
    tree = Tree(folder)
    statement = {"m/timestamp.json": b"statement 2", "m/heads/ru": b"head 2"}

    async def story() -> None:
        async with serving(folder) as node, connected(node.addresses[0]) as peer:
            assert (await peer.ask(f"/{PATH}")).status == 200
            assert (await peer.ask("/m/timestamp.json")).body == b"statement 1"
            with tree.writing() as writer:
                writer.commit(statement, {PATH})
            assert not (folder / PATH).exists()

            async def is_gone() -> bool:
                return (await peer.ask(f"/{PATH}")).status == 404

            await until(is_gone, "a removed piece is still given out")
            assert (await peer.ask("/m/timestamp.json")).body == b"statement 2"

    play(story())


def test_statements_are_read_anew_where_no_writer_of_ours_made_the_tree(play: Play, folder: Path) -> None:
    async def story() -> None:
        async with serving(folder) as node, connected(node.addresses[0]) as peer:
            assert (await peer.ask("/m/timestamp.json")).body == b"statement 1"
            (folder / "m" / "timestamp.json").write_bytes(b"statement 2")

            async def is_new() -> bool:
                return (await peer.ask("/m/timestamp.json")).body == b"statement 2"

            await until(is_new, "an old statement is still given out")

    play(story())


def test_memory_is_bounded_and_unused_files_go_first(play: Play, tmp_path: Path) -> None:
    pieces = [bytes([number]) * MAX_PIECE for number in range(120)]
    paths = [path_of(name_of(piece)) for piece in pieces]
    folder = write(tmp_path, dict(zip(paths, pieces, strict=True)))

    async def story() -> None:
        async with serving(folder, cache_bytes=1 << 20) as node, connected(node.addresses[0]) as peer:
            for path, piece in zip(paths, pieces, strict=True):
                assert (await peer.ask(f"/{path}")).body == piece
                assert (await peer.ask(f"/{paths[0]}")).body == pieces[0]
            for file in folder.rglob("*"):
                if file.is_file():
                    file.unlink()
            held = [path for path in paths if (await peer.ask(f"/{path}")).status == 200]
        assert 90 <= len(held) <= (1 << 20) // MAX_PIECE
        assert paths[0] in held
        assert paths[-1] in held
        assert paths[1] not in held

    play(story())


def test_a_disk_at_fault_is_not_called_an_absent_file(
    play: Play, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def refuse(path: object, flags: int, *rest: object, **named: object) -> int:
        if str(path).endswith(PATH):
            raise OSError(5, "Input/output error")
        return real(path, flags, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "open", refuse)

    async def story() -> None:
        async with serving(folder) as node:
            assert (await ask(node.addresses[0], f"/{PATH}")).status == 503

    play(story())


@pytest.mark.parametrize("damaged", [PIECE[:-1], b"", bytes(len(PIECE))])
def test_a_damaged_piece_is_not_given_out(play: Play, folder: Path, damaged: bytes) -> None:
    (folder / PATH).write_bytes(damaged)

    async def story() -> None:
        async with serving(folder) as node:
            assert (await ask(node.addresses[0], f"/{PATH}")).status == 503
            (folder / PATH).write_bytes(PIECE)
            assert (await ask(node.addresses[0], f"/{PATH}")).body == PIECE

    play(story())


def test_metrics_and_health_are_apart_and_rounded(play: Play, tmp_path: Path) -> None:
    folder = write(tmp_path / "tree", {PATH: PIECE})

    async def story() -> None:
        async with serving(folder, metrics=HERE) as node:
            assert node.metrics is not None
            for _ in range(3):
                assert (await ask(node.addresses[0], f"/{PATH}")).status == 200
            assert (await ask(node.addresses[0], "/metrics")).status == 404
            assert (await ask(node.addresses[0], "/health")).status == 404
            assert (await ask(node.metrics, f"/{PATH}")).status == 404
            assert (await ask(node.metrics, "/health")).status == 503
            write(folder, {"m/timestamp.json": b"x"})
            assert (await ask(node.metrics, "/health")).body == b"ok\n"
            text = (await ask(node.metrics, "/metrics")).body.decode()
            assert 'mirror_events{kind="piece"} 0\n' in text
            assert "mirror_sent_bytes 0\n" in text
            node.counters.events["piece"] = 1_234
            text = (await ask(node.metrics, "/metrics")).body.decode()
            assert 'mirror_events{kind="piece"} 1200\n' in text
        async with serving(folder) as node:
            assert node.metrics is None

    play(story())


@pytest.mark.parametrize(
    ("exact", "shown"), [(0, 0), (99, 0), (100, 100), (1_299, 1_200), (12_999, 12_000), (987_654, 980_000)]
)
def test_counters_show_two_digits(exact: int, shown: int) -> None:
    assert rounded(exact) == shown
    counters = Counters()
    counters.events["piece"] = exact
    counters.bytes = exact * 1_000
    assert f" {shown}\n" in counters.text()
    assert counters.text().endswith("000000\n") or counters.text().endswith(" 0\n")


def test_addresses_that_cannot_be_used_are_named_by_their_key(play: Play, tmp_path: Path) -> None:
    async def story() -> None:
        async with serving(tmp_path) as node:
            taken = node.addresses[0]
            for settings, said in (
                (Serve(listen=(HERE, taken)), "serve.listen is taken"),
                (Serve(listen=(Address("192.0.2.1", 0),)), "serve.listen is not an address of this machine"),
                (Serve(listen=(HERE,), metrics=taken), "serve.metrics is taken"),
            ):
                with pytest.raises(ConfigError) as caught:
                    async with Node(Tree(tmp_path), settings, SystemClock()):
                        pytest.fail("it listens")
                assert said in str(caught.value)
                assert str(taken.port) not in str(caught.value)

    play(story())
    with pytest.raises(ConfigError, match=r"serve\.connections"):
        allow_connections(1 << 40)


# --- TLS ------------------------------------------------------------------------------------------


async def shown(address: Address) -> tuple[str, bytes]:
    """The name in the certificate that the server shows, and a piece."""
    async with connected(address, ssl=trusting_anyone()) as peer:
        tls = peer.writer.get_extra_info("ssl_object")
        certificate = x509.load_der_x509_certificate(tls.getpeercert(binary_form=True))
        reply = await peer.ask(f"/{PATH}")
        assert not tls.session.has_ticket, "a ticket tells who comes back"
        return certificate.subject.rfc4514_string(), reply.body


def test_tls_takes_a_renewed_certificate_and_keeps_the_old_one_while_it_is_half_written(
    play: Play, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain, key = write_certificate(tmp_path, "first.example")

    async def story() -> None:
        async with serving(folder, certificate=chain, key=key) as node:
            assert await shown(node.addresses[0]) == ("CN=first.example", PIECE)
            (tmp_path / "other").mkdir()
            new_chain, new_key = write_certificate(tmp_path / "other", "second.example")
            new_chain.replace(chain)
            node.reload()
            assert await shown(node.addresses[0]) == ("CN=first.example", PIECE)
            new_key.replace(key)
            node.reload()
            assert await shown(node.addresses[0]) == ("CN=second.example", PIECE)
            chain.unlink()
            node.reload()
            assert await shown(node.addresses[0]) == ("CN=second.example", PIECE)
            # Someone who speaks no TLS, and someone who leaves in the middle, harm nobody.
            for noise in (f"GET /{PATH} HTTP/1.1\r\n\r\n".encode(), b"\x16\x03\x01"):
                async with connected(node.addresses[0]) as peer:
                    await peer.send(noise)
            assert await shown(node.addresses[0]) == ("CN=second.example", PIECE)

    play(story())
    assert capsys.readouterr().err.split() == [
        "certificate-refused",
        "certificate-loaded",
        "certificate-refused",
    ]


@pytest.mark.parametrize("fault", ["absent", "damaged", "of another key", "with a passphrase"])
def test_certificates_that_cannot_be_used_are_refused_at_the_start(tmp_path: Path, fault: str) -> None:
    chain, key = write_certificate(tmp_path, "a.example")
    match fault:
        case "absent":
            key.unlink()
        case "damaged":
            chain.write_bytes(chain.read_bytes()[:-40])
        case "of another key":
            (tmp_path / "other").mkdir()
            _, key = write_certificate(tmp_path / "other", "b.example")
        case _:
            encrypted = subprocess.run(
                ["openssl", "ec", "-in", str(key), "-aes256", "-passout", "pass:x"],
                capture_output=True,
                check=True,
            ).stdout
            key.write_bytes(encrypted)
    with pytest.raises(ConfigError, match=r"serve\.certificate and serve\.key"):
        Node(Tree(tmp_path), Serve(listen=(HERE,), certificate=chain, key=key), SystemClock())


# --- the process ----------------------------------------------------------------------------------

STANDALONE = """
import asyncio, sys
from pathlib import Path
from mirror.clock import SystemClock
from mirror.node.config import Address, Serve
from mirror.node.serve import Node, new_event_loop, run
from mirror.store.tree import Tree

async def main():
    node = Node(Tree(Path(sys.argv[1])), Serve(listen=(Address("127.0.0.1", 0),)), SystemClock())
    await run(node, lambda node: print(node.addresses[0].port, flush=True))

with asyncio.Runner(loop_factory=new_event_loop) as runner:
    runner.run(main())
"""


def test_sigterm_ends_it_with_answers_under_way_given(play: Play, folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STANDALONE, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    try:
        assert process.stdout is not None
        address = Address("127.0.0.1", int(process.stdout.readline()))

        async def story() -> None:
            async with connected(address) as idle, connected(address) as busy:
                assert (await idle.ask(f"/{PATH}")).body == PIECE
                process.send_signal(signal.SIGHUP)
                assert (await busy.ask(f"/{PATH}")).body == PIECE
                process.send_signal(signal.SIGTERM)
                assert await idle.is_closed()

        play(story())
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, out, err.split()) == (0, "", ["serving", "stopped"])
