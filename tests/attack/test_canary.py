"""Canaries: a marker in everything that tells who a reader is, then a search of all that was written.

The same requests go to aiohttp's own server first: there the canaries sing, or the search is deaf.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.canaries import FILES, PATH, PIECE, sung, visit
from helpers.certificates import write_certificate
from helpers.serving import trusting_anyone, write
from mirror.limits import MAX_PIECE
from mirror.model import Endpoint
from mirror.net.http import HttpTransport


@dataclass
class Server:
    """A server in a process of its own, all of whose files lie in ``folder``."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    port: int


@contextmanager
def process(folder: Path, *arguments: str) -> Iterator[Server]:
    """Run Python with ``arguments``; the first line it prints ends in a port, and maybe a slash."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONASYNCIODEBUG": "1",  # the most talkative that a process can be
        "PYTHONWARNINGS": "always",
        "HOME": str(home),
        "TMPDIR": str(home),
    }
    with (folder / "out").open("wb") as out, (folder / "err").open("wb") as err:
        started = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", *arguments],
            stdout=subprocess.PIPE,
            stderr=err,
            env=environment,
            cwd=home,
        )
        assert started.stdout is not None
        try:
            line = started.stdout.readline()
            assert line, (folder / "err").read_text()
            yield Server(started, folder, int(line.decode().strip().rstrip("/").rsplit(":", 1)[-1]))
            started.send_signal(signal.SIGTERM)
            out.write(started.communicate(timeout=30)[0])
        finally:
            started.kill()
            started.wait()
            started.stdout.close()


def written(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` except those of the tree, whose names and bytes are everybody's."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        and path.relative_to(folder).as_posix() not in {f"home/tree/{name}" for name in FILES}
    }


def heard(folder: Path) -> set[str]:
    """Which canaries are to be found in what was written."""
    found = written(folder)
    assert "err" in found
    return sung(b"\n".join([*found.values(), *(name.encode() for name in found)]))


def node(folder: Path, *, with_tls: bool) -> list[str]:
    """The arguments of our node over a tree in ``folder``, with all that it can have turned on."""
    write(folder / "home" / "tree", FILES)
    lines = ['tree = "tree"', "[serve]", 'listen = ["127.0.0.1:0"]', 'metrics = "127.0.0.1:0"']
    if with_tls:
        write_certificate(folder / "home")
        lines += ['certificate = "cert.pem"', 'key = "key.pem"']
    (folder / "home" / "node.toml").write_text("\n".join(lines))
    return ["-m", "mirror", "node", "run", "--config", "node.toml"]


@pytest.mark.parametrize("with_tls", [False, True])
def test_our_node_writes_nothing_of_a_reader(tmp_path: Path, with_tls: bool) -> None:
    arguments = node(tmp_path, with_tls=with_tls)
    with process(tmp_path, *arguments) as server:
        headers = asyncio.run(visit(server.port, trusting_anyone() if with_tls else None))
        server.process.send_signal(signal.SIGHUP)
    assert server.process.returncode == 0
    assert heard(tmp_path) == set()
    # What it did write is its own life.
    said = (tmp_path / "err").read_text().split("\n")
    assert "serving" in said
    assert "stopped" in said
    assert not {name.lower() for name in headers} & {"server", "set-cookie", "etag", "last-modified", "via"}


def test_the_real_client_tells_nothing_to_be_written(tmp_path: Path) -> None:
    """The request of a reader of ours holds no canary to begin with; and is served."""
    arguments = node(tmp_path, with_tls=False)
    with process(tmp_path, *arguments) as server:

        async def story() -> bytes:
            async with HttpTransport() as transport:
                endpoint = Endpoint("m", f"http://127.0.0.1:{server.port}/")
                return await transport.get(endpoint, PATH, limit=MAX_PIECE)

        assert asyncio.run(story()) == PIECE
    assert heard(tmp_path) == set()


DEFAULT = """
import asyncio, logging, signal, sys
from aiohttp import web

async def main():
    async def answer(request):
        return web.Response(body=b"x")
    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, **({"access_log": None} if "quiet" in sys.argv else {}))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    print(f"127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()

if "quiet" not in sys.argv:
    logging.basicConfig(level=logging.INFO)
asyncio.run(main())
"""


def test_the_default_sings(tmp_path: Path) -> None:
    with process(tmp_path, "-c", DEFAULT) as server:
        headers = asyncio.run(visit(server.port, None))
    assert {"address", "agent", "referer", "query", "path", "piece"} <= heard(tmp_path)
    assert "aiohttp" in headers["Server"]


def test_the_default_without_access_log_still_sings(tmp_path: Path) -> None:
    """The line that aiohttp's documentation offers is not enough: faults are logged with addresses."""
    with process(tmp_path, "-c", DEFAULT, "quiet") as server:
        asyncio.run(visit(server.port, None))
    assert {"address", "malformed"} <= heard(tmp_path)
