"""Mirrors in a network of their own, some of whose addresses the kernel drops SYNs to.

The reader's program runs in one network namespace, made by ``inside``; ``mirrors`` makes a second one from
there, joined to the first by a pair of virtual Ethernet devices, and starts this module in it as a program:
a plain static server of a folder at many addresses, behind rules of nftables. No root is needed where the
kernel lets anybody make namespaces. When the processes end, the kernel takes everything away.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

NO_NAMESPACES: Final = "this kernel gives us no network namespaces"
PROGRAMS: Final = ("unshare", "ip", "nft")
UNSHARE: Final = ("unshare", "--map-root-user", "--net")
_READER: Final = "10.99.0.254"
_PORT: Final = 80
_SECONDS: Final = 60  # for any one program; all take milliseconds
RULES: Final = """
table inet bed {{
    counter dropped {{ }}
    chain incoming {{
        type filter hook input priority filter; policy accept;
        ip daddr {{ {addresses} }} tcp flags & (syn | ack) == syn counter name dropped drop
    }}
}}
"""


def lacking() -> str | None:
    """Why this machine cannot do it, as a sentence; None where it can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)}"
    rules = RULES.format(addresses="192.0.2.1")
    trial = f"ip link add reader type veth peer name mirrors && unshare --net true && nft '{rules}'"
    done = subprocess.run([*UNSHARE, "sh", "-c", trial], capture_output=True, check=False, timeout=_SECONDS)
    return None if done.returncode == 0 else NO_NAMESPACES


def inside(*command: str) -> subprocess.CompletedProcess[str]:
    """Run ``command`` in a new network namespace; its output is text."""
    return subprocess.run([*UNSHARE, *command], capture_output=True, text=True, check=False, timeout=_SECONDS)


def address(number: int) -> str:
    """The address of mirror ``number``, from 1."""
    return f"10.99.0.{number}"


class Mirrors:
    """The running mirrors: ``urls``, and after ``stop`` how many SYNs were ``dropped``."""

    def __init__(self, folder: Path, count: int, dropped: Sequence[int]) -> None:
        self.urls = tuple(f"http://{address(number)}/" for number in range(1, count + 1))
        self.dropped = 0
        self._process = subprocess.Popen(
            [
                *("unshare", "--net", sys.executable, __file__, str(folder), str(count)),
                ",".join(map(str, dropped)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def start(self) -> None:
        """Join the two networks; returns when the mirrors answer."""
        self._read("made")
        peer = ("peer", "name", "mirrors", "netns", str(self._process.pid))
        _ip("link", "add", "reader", "type", "veth", *peer)
        _ip("addr", "add", f"{_READER}/24", "dev", "reader")
        _ip("link", "set", "reader", "up")
        self._say("joined")
        self._read("serving")

    def stop(self) -> None:
        """End the server and its network."""
        if self._process.poll() is None:
            self._say("enough")
            self.dropped = int(self._read("dropped"))

    def kill(self) -> None:
        """Leave nothing behind, whatever happened."""
        with self._process as process:
            process.kill()

    def _say(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def _read(self, word: str) -> str:
        assert self._process.stdout is not None
        said, _, rest = self._process.stdout.readline().partition(" ")
        if said.strip() != word:
            raise RuntimeError(f"the mirrors' process did not say that it has {word}")
        return rest.strip()


@contextmanager
def mirrors(folder: Path, count: int, dropped: Sequence[int]) -> Iterator[Mirrors]:
    """``count`` mirrors of ``folder``; SYNs to those numbered in ``dropped`` vanish. Only ``inside``."""
    made = Mirrors(folder, count, dropped)
    try:
        made.start()
        yield made
        made.stop()
    finally:
        made.kill()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the library calls it
        pass


def _serve(folder: str, count: int, dropped: Sequence[int]) -> None:
    """The other end: runs in the mirrors' network."""
    _tell("made")
    sys.stdin.readline()
    for number in range(1, count + 1):
        _ip("addr", "add", f"{address(number)}/24", "dev", "mirrors")
    _ip("link", "set", "mirrors", "up")
    if dropped:
        _run("nft", RULES.format(addresses=", ".join(map(address, dropped))))
    with ThreadingHTTPServer(("", _PORT), partial(_Handler, directory=folder)) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        _tell("serving")
        sys.stdin.readline()
        _tell(f"dropped {_dropped() if dropped else 0}")
        server.shutdown()


def _tell(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _dropped() -> int:
    listed = json.loads(_run("nft", "-j", "list", "counter", "inet", "bed", "dropped"))
    return sum(each["counter"]["packets"] for each in listed["nftables"] if "counter" in each)


def _ip(*arguments: str) -> None:
    _run("ip", *arguments)


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode:
        raise RuntimeError(f"{command[0]} {command[1]}: {done.stderr.strip()}")
    return done.stdout


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]), [int(number) for number in sys.argv[3].split(",") if number])
