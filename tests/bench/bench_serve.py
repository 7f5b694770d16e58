"""What one answer costs a server: our node, aiohttp's own static files, nginx; CPU, not wall clock.

Each server runs in a process of its own over the same tree of 10 KiB pieces, asked for in turn. The
rounds of all servers are interleaved, so that a busy machine is unfair to all alike. CPU is that of
the server's processes (user and system). Load comes from wrk where there is one, else from a small
generator in Python; which of them is in the output.

Budgets, beyond which the exit status is 1: at least 4 times cheaper than aiohttp's static files, at
most 8 times as dear as nginx. Wall clock and absolute times are not judged.
"""

import argparse
import asyncio
import hashlib
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

SRC = Path(__file__).parents[2] / "src"
PIECES = 500
SIZE = 10_240
CONNECTIONS = 32
LEAST_GAIN_ON_STATIC = 4.0
MOST_OF_NGINX = 8.0

STATIC = """
import asyncio, sys
from aiohttp import web
try:
    from uvloop import new_event_loop
except ImportError:
    new_event_loop = asyncio.new_event_loop

async def main():
    app = web.Application()
    app.router.add_static("/", sys.argv[1])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.sleep(3600)

with asyncio.Runner(loop_factory=new_event_loop) as runner:
    runner.run(main())
"""
NGINX = """
worker_processes 1;
daemon off;
pid nginx.pid;
error_log /dev/null emerg;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=10000 inactive=60s;
    client_body_temp_path tmp;
    proxy_temp_path tmp;
    fastcgi_temp_path tmp;
    uwsgi_temp_path tmp;
    scgi_temp_path tmp;
    default_type application/octet-stream;
    server {{
        listen 127.0.0.1:{port};
        root {tree};
        add_header Cache-Control "public, max-age=31536000, immutable, no-transform";
        add_header Access-Control-Allow-Origin "*";
        add_header X-Content-Type-Options nosniff;
    }}
}}
"""
ROTATE = """
local paths = {}
for line in io.lines("PATHS") do paths[#paths + 1] = line end
local at = 0
request = function()
    at = at % #paths + 1
    return wrk.format("GET", paths[at], {HEADERS})
end
"""


@dataclass
class Server:
    """A running server: where it answers, its process, the CPU microseconds per answer of each round."""

    name: str
    url: str
    process: "subprocess.Popen[str]"
    rounds: list[float] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        """User and system time of the process and its children."""
        pids = [self.process.pid]
        children = Path(f"/proc/{pids[0]}/task/{pids[0]}/children").read_text().split()
        ticks = 0
        for pid in (*pids, *map(int, children)):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")


def make_tree(folder: Path) -> list[str]:
    """Pieces on disk, the same each time; their paths."""
    chance = Random(1)
    paths = []
    for _ in range(PIECES):
        data = chance.randbytes(SIZE)
        name = hashlib.sha256(data).hexdigest()
        path = folder / "p" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        paths.append(f"/p/{name[:2]}/{name}")
    return paths


@contextmanager
def running(command: list[str], name: str, url: str | None = None) -> Iterator[Server]:
    """A server, whose first line ends in its address unless ``url`` is it."""
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    )
    assert process.stdout is not None
    try:
        yield Server(name, (url or process.stdout.readline().split()[-1]).rstrip("/"), process)
    finally:
        process.terminate()
        process.communicate()


def servers(stack: ExitStack, folder: Path) -> list[Server]:
    """All servers there are."""
    tree = folder / "tree"
    node = [sys.executable, "-m", "mirror", "node", "run"]
    small = folder / "small.toml"
    small.write_text(f'tree = "{tree}"\n[serve]\nlisten = ["127.0.0.1:0"]\ncache_mebibytes = 1\n')
    found = [
        stack.enter_context(running([*node, "--tree", str(tree), "--listen", "127.0.0.1:0"], "node")),
        stack.enter_context(running([*node, "--config", str(small)], "node_cold")),
        stack.enter_context(running([sys.executable, "-c", STATIC, str(tree)], "static")),
    ]
    nginx = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if nginx:
        port = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(port=port, tree=tree))
        command = [nginx, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "/dev/null"]
        found.append(stack.enter_context(running(command, "nginx", f"http://127.0.0.1:{port}")))
        time.sleep(0.3)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def load(server: Server, paths: list[str], seconds: float, folder: Path, *, is_fresh: bool) -> int:
    """Ask for ``seconds``; how many answers came. ``is_fresh``: a new connection for each."""
    if shutil.which("wrk"):
        return wrk(server, paths, seconds, folder, is_fresh=is_fresh)
    return asyncio.run(ask_all(server, paths, seconds, is_fresh=is_fresh))


def wrk(server: Server, paths: list[str], seconds: float, folder: Path, *, is_fresh: bool) -> int:
    listed, script = folder / "paths", folder / "rotate.lua"
    listed.write_text("\n".join(paths))
    headers = '["Connection"] = "close"' if is_fresh else ""
    script.write_text(ROTATE.replace("PATHS", str(listed)).replace("HEADERS", headers))
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}s", "-s", str(script), server.url],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "Non-2xx" not in done, done
    return next(int(line.split()[0]) for line in done.splitlines() if "requests in" in line)


async def ask_all(server: Server, paths: list[str], seconds: float, *, is_fresh: bool) -> int:
    host, port = server.url.removeprefix("http://").split(":")
    end = time.monotonic() + seconds
    count = 0

    async def ask(start: int) -> None:
        nonlocal count
        reader = writer = None
        at = start
        while time.monotonic() < end:
            if reader is None or writer is None:
                reader, writer = await asyncio.open_connection(host, int(port))
            close = "Connection: close\r\n" if is_fresh else ""
            writer.write(f"GET {paths[at % PIECES]} HTTP/1.1\r\nHost: x\r\n{close}\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            await reader.readexactly(SIZE)
            count += 1
            at += CONNECTIONS
            if is_fresh:
                writer.close()
                reader = None
        if writer:
            writer.close()

    await asyncio.gather(*(ask(start) for start in range(CONNECTIONS)))
    return count


def measure(rounds: int, seconds: float) -> dict[str, object]:
    """All figures, as one flat object."""
    facts: dict[str, object] = {
        "piece_bytes": SIZE,
        "connections": CONNECTIONS,
        "rounds": rounds,
        "generator": "wrk" if shutil.which("wrk") else "asyncio",
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs, Python {platform.python_version()}",
    }
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        folder = Path(scratch)
        folder.chmod(0o755)  # nginx's worker is another user where we are root
        paths = make_tree(folder / "tree")
        found = servers(stack, folder)
        for server in found:
            load(server, paths, 1, folder, is_fresh=False)
        middle: dict[str, float] = {}
        for kind, is_fresh in (("kept", False), ("fresh", True)):
            for server in found:
                server.rounds.clear()
            for _ in range(rounds):
                for server in found:
                    before = server.cpu_seconds()
                    answers = load(server, paths, seconds, folder, is_fresh=is_fresh)
                    server.rounds.append((server.cpu_seconds() - before) / answers * 1e6)
            for server in found:
                name = f"{server.name}_{kind}"
                middle[name] = statistics.median(server.rounds)
                for what, value in (
                    ("min", min(server.rounds)),
                    ("median", middle[name]),
                    ("max", max(server.rounds)),
                ):
                    facts[f"{name}_us_{what}"] = round(value, 1)
        for kind in ("kept", "fresh"):
            facts[f"static_to_node_{kind}"] = round(middle[f"static_{kind}"] / middle[f"node_{kind}"], 2)
            if f"nginx_{kind}" in middle:
                facts[f"node_to_nginx_{kind}"] = round(middle[f"node_{kind}"] / middle[f"nginx_{kind}"], 2)
        facts["is_within_budget"] = (
            middle["static_kept"] / middle["node_kept"] >= LEAST_GAIN_ON_STATIC
            and middle["node_kept"] / middle.get("nginx_kept", middle["node_kept"]) <= MOST_OF_NGINX
        )
    return facts


def main() -> int:
    parser = argparse.ArgumentParser(description="What one answer costs a server, in CPU time.")
    parser.add_argument("--json", action="store_true", help="print one JSON object (always so)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2.0)
    options = parser.parse_args()
    facts = measure(options.rounds, options.seconds)
    print(json.dumps(facts, indent=None if options.json else 2))
    return 0 if facts["is_within_budget"] else 1


if __name__ == "__main__":
    sys.exit(main())
