"""Time tells nothing: a node with paths that change, and the same cover site served without them.

One process serves three nodes: rotation on, off, and off again, which is what two nodes that are alike
differ by. It is started anew several times, since two processes of one program differ by more than
anything looked for here. Each round sends one request of each kind to each server in a random order, all
over the same connection; all kinds but the page are heads of one length.

For each pair: the two-sample Kolmogorov-Smirnov statistic and the Mann-Whitney test with their p-values, the
chance that an answer of the first takes longer than one of the second (0.5: alike), the difference of
the medians, and the smallest delay that, added to the second, either test would have seen. ``told apart`` are
the pairs that must be alike and have a p-value below 0.01 divided by the number of tests (Bonferroni); then
the status is 1. nginx is there to be honest about: it is told apart by time.

    python tests/bench/bench_cover.py [--rounds 4000] [--processes 6]
"""

# ruff: noqa: E402 - run as a file, it finds its helpers itself

import argparse
import asyncio
import json
import math
import random
import socket
import statistics
import subprocess
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import AsyncExitStack, ExitStack
from itertools import cycle, islice, pairwise, permutations
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).parents[2] / name) for name in ("src", "tests")]

from helpers.covering import nginx, site
from helpers.coverrequests import get
from mirror.clock import SystemClock
from mirror.node.config import Address, Cover, Rotation, Serve
from mirror.node.serve import Node, new_event_loop
from mirror.rotation.epochs import Calendar
from mirror.rotation.paths import path, path_key
from mirror.store.tree import Tree

SECRET = bytes(range(32))
SERVERS = ("on", "off", "off again")
SLIPS = 2_000  # pages that the rotating node carries
ALPHA = 0.01
STATEMENT = "m/timestamp.json"


def kinds() -> dict[str, bytes]:
    """What is asked. All but the page are equally long, and none but the last is a path of now."""
    epoch = Calendar().epoch(SystemClock().now())
    used = path(path_key(SECRET, 31), epoch)
    first, last = ("b" if used[at] == "a" else "a" for at in (0, -1))
    segments = {
        "random path": "q7d" * 8,
        "first character wrong": first + used[1:],
        "last character wrong": used[:-1] + last,
        "expired path": path(path_key(SECRET, 31), epoch - 2),
        "coming path": path(path_key(SECRET, 31), epoch + 2),
        "used path": used,
    }
    # As many folders as a path, in names of other lengths.
    asked = {"page": get("/notes.txt"), "absent": get(f"/{'a' * 25}/{STATEMENT[:-1]}")}
    asked |= {kind: get(f"/{segment}/{STATEMENT}") for kind, segment in segments.items()}
    assert len({len(request) for kind, request in asked.items() if kind != "page"}) == 1
    return asked


BUSY = {"on": "on, readers between", "off": "off, as many requests"}
WRONG = (
    "absent",
    "random path",
    "first character wrong",
    "last character wrong",
    "expired path",
    "coming path",
)


def serve(place: Path, names: Sequence[str]) -> None:
    """A node for each of ``names`` in this process; their ports on standard output, until input ends."""
    settings, clock = Serve(listen=(Address("127.0.0.1", 0),)), SystemClock()
    cover = Cover(place / "site")

    async def story() -> None:
        async with AsyncExitStack() as stack:
            for name in names:
                tree, rotation = ("tree", Rotation(place / "secret")) if name == "on" else ("none", None)
                node = Node(Tree(place / tree), settings, clock, rotation=rotation, cover=cover)
                await stack.enter_async_context(node)
                print(node.addresses[0].port, flush=True)
            await asyncio.to_thread(sys.stdin.read)

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(story())


class Asking:
    """One connection to a server; it ends itself before the server does, after 1,000 requests."""

    def __init__(self, where: Address) -> None:
        self._where = where
        self._left = 0
        self._peer: socket.socket | None = None

    def microseconds(self, request: bytes) -> float:
        """Until the first bytes of the answer to ``request``."""
        if not self._left:
            self.close()
            self._peer = socket.create_connection((self._where.host, self._where.port), 10)
            self._peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._left = 900
            for _ in range(10):
                self.microseconds(request)
        assert self._peer is not None
        self._left -= 1
        began = time.perf_counter_ns()
        self._peer.sendall(request)
        self._peer.recv(1 << 16)
        return (time.perf_counter_ns() - began) / 1_000

    def close(self) -> None:
        """End the connection."""
        if self._peer is not None:
            self._peer.close()


Times = dict[tuple[str, str], list[float]]


def measure(
    addresses: dict[str, Address],
    requests: dict[str, bytes],
    rounds: int,
    order: random.Random,
    found: Times,
) -> None:
    """Add ``rounds`` of each kind and server to ``found``."""
    asked = [(server, kind) for server in addresses for kind in requests]
    peers = {server: Asking(where) for server, where in addresses.items()}
    for number in range(rounds + 50):
        order.shuffle(asked)
        for server, kind in asked:
            spent = peers[server].microseconds(requests[kind])
            if number >= 50:  # what came before was to get warm
                found.setdefault((server, kind), []).append(spent)
    for peer in peers.values():
        peer.close()


def smirnov(one: Sequence[float], two: Sequence[float], delay: float = 0.0) -> tuple[float, float]:
    """The statistic of two sorted samples, ``two`` delayed, and its asymptotic p-value (Smirnov 1948)."""
    largest = 0.0
    for sample, other, moved in ((one, two, -delay), (two, one, delay)):
        for value in sample:
            mine = bisect_right(sample, value) / len(sample)
            largest = max(largest, abs(mine - bisect_right(other, value + moved) / len(other)))
    root = math.sqrt(len(one) * len(two) / (len(one) + len(two)))
    scaled = (root + 0.12 + 0.11 / root) * largest
    terms = ((-1) ** (k - 1) * math.exp(-2 * k * k * scaled * scaled) for k in range(1, 101))
    return largest, min(1.0, max(0.0, 2 * sum(terms))) if scaled > 0.2 else 1.0


def whitney(one: Sequence[float], two: Sequence[float], delay: float = 0.0) -> tuple[float, float]:
    """The chance that ``one`` is longer than ``two``, delayed, and the p-value (Mann and Whitney 1947)."""
    wins = sum((bisect_left(two, value - delay) + bisect_right(two, value - delay)) / 2 for value in one) / (
        len(one) * len(two)
    )
    deviation = math.sqrt((len(one) + len(two) + 1) / (12 * len(one) * len(two)))
    return wins, math.erfc(abs(wins - 0.5) / deviation / math.sqrt(2))


def smallest_seen(one: Sequence[float], two: Sequence[float], level: float) -> float:
    """The smallest further delay of ``two`` in microseconds, to a twentieth, that a test would have seen."""
    low, high = 0.0, 100.0
    while high - low > 0.05:
        middle = (low + high) / 2
        if min(smirnov(one, two, middle)[1], whitney(one, two, middle)[1]) < level:
            high = middle
        else:
            low = middle
    return high


def pairs() -> dict[tuple[tuple[str, str], tuple[str, str]], bool]:
    """What is compared, and whether it must be alike."""
    alike = [(("on", one), ("on", two)) for one, two in pairwise(WRONG)]
    alike += [(("on", kind), ("off", kind)) for kind in ("page", *WRONG)]
    control = [(("off", kind), ("off again", kind)) for kind in ("page", *WRONG)]
    other = [((BUSY["on"], "absent"), (BUSY["off"], "absent"))]
    other += [((BUSY["on"], "used path"), (BUSY["on"], "random path"))]
    other += [(("on", kind), ("nginx", kind)) for kind in ("page", "absent")]
    return dict.fromkeys(alike, True) | dict.fromkeys(control + other, False)


def compared(times: Times) -> dict[str, dict[str, float | bool]]:
    """The figures of each pair."""
    sorted_times = {key: sorted(each) for key, each in times.items()}
    level = ALPHA / (2 * sum(pairs().values()))
    shown: dict[str, dict[str, float | bool]] = {}
    for (first, second), must_be_alike in pairs().items():
        one, two = sorted_times[first], sorted_times[second]
        statistic, smirnov_p = smirnov(one, two)
        longer, whitney_p = whitney(one, two)
        shown[f"{', '.join(first)} / {', '.join(second)}"] = {
            "smirnov": round(statistic, 4),
            "smirnov_p": round(smirnov_p, 5),
            "longer": round(longer, 4),
            "whitney_p": round(whitney_p, 5),
            "median_difference": round(statistics.median(one) - statistics.median(two), 2),
            "smallest_seen": round(smallest_seen(one, two, level), 2),
            "told_apart": must_be_alike and min(smirnov_p, whitney_p) < level,
        }
    return shown


def main() -> int:
    """Print the figures as JSON; 1 when what must be alike was told apart."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4_000, help="of each kind, over all processes")
    parser.add_argument("--processes", type=int, default=6, help="how often the nodes are started")
    parser.add_argument("--json", action="store_true", help="as always")
    parser.add_argument("--serve", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(Path(options.serve[0]), options.serve[1:])
        return 0
    times: Times = {}
    order = random.Random(1)  # an order, not a secret
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory()))
        place.chmod(0o755)
        site(place / "site")
        for name in ("tree/m", "tree/s/1", "none"):
            (place / name).mkdir(parents=True)
        (place / "tree" / STATEMENT).write_bytes(b"statement")
        for number in range(SLIPS):
            (place / f"tree/s/1/{number}").write_bytes(bytes(10_240))
        (place / "secret").write_text(SECRET.hex())
        (place / "secret").chmod(0o600)
        theirs = stack.enter_context(nginx(place / "site"))
        # Which node is made first makes tenths of a microsecond.
        for names in islice(cycle(permutations(SERVERS)), options.processes):
            command = [sys.executable, __file__, "--serve", str(place), *names]
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as process:
                assert process.stdin is not None
                assert process.stdout is not None
                addresses = {name: Address("127.0.0.1", int(process.stdout.readline())) for name in names}
                asked, rounds = kinds(), options.rounds // options.processes
                alone = {kind: asked[kind] for kind in ("page", *WRONG)}
                measure(addresses | {"nginx": theirs}, alone, rounds, order, times)
                mixed = {kind: asked[kind] for kind in ("absent", "random path", "used path")}
                busy = {name: addresses[server] for server, name in BUSY.items()}
                measure(busy, mixed, rounds, order, times)
                process.stdin.close()
    medians = {", ".join(key): round(statistics.median(each), 1) for key, each in times.items()}
    found = compared(times)
    told_apart = [name for name, figures in found.items() if figures["told_apart"]]
    print(
        json.dumps(
            {
                "rounds": options.rounds,
                "processes": options.processes,
                "median_microseconds": medians,
                "pairs": found,
                "told_apart": told_apart,
            }
        )
    )
    return 1 if told_apart else 0


if __name__ == "__main__":
    sys.exit(main())
