"""Time tells nothing: a node's cover site with rotation on and off, and its right and wrong paths.

Requests are interleaved, one of each kind in a random order, each kind over a connection of its own. For
each pair of kinds the two-sample Kolmogorov-Smirnov statistic is printed with its p-value: below 0.01 a
prober with as many samples tells them apart. nginx is there to be honest about: it is told apart by time.

    python tests/bench/bench_cover.py [--rounds 4000]
"""

# ruff: noqa: E402 - run as a file, it finds its helpers itself

import argparse
import json
import math
import random
import socket
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).parents[2] / name) for name in ("src", "tests")]

from helpers.covering import nginx, site
from helpers.coverrequests import get
from mirror.node.config import Address
from mirror.rotation.paths import path, path_key

SECRET = bytes(range(32))
USED = path(path_key(SECRET, 3), 1)
KINDS = {
    "page": get("/notes.txt"),
    "absent": get("/none/of/these/names/at/all"),
    "wrong path": get("/" + "a" * 24 + "/m/timestamp.json"),
    "used path": get(f"/{USED}/m/timestamp.json"),
}


def smirnov(one: list[float], two: list[float]) -> tuple[float, float]:
    """The statistic of two samples and its asymptotic p-value (Smirnov 1948)."""
    every = sorted([(value, 0) for value in one] + [(value, 1) for value in two])
    seen, largest = [0, 0], 0.0
    for place, (value, which) in enumerate(every):
        seen[which] += 1
        if place + 1 == len(every) or every[place + 1][0] != value:
            largest = max(largest, abs(seen[0] / len(one) - seen[1] / len(two)))
    root = math.sqrt(len(one) * len(two) / (len(one) + len(two)))
    scaled = (root + 0.12 + 0.11 / root) * largest
    terms = ((-1) ** (k - 1) * math.exp(-2 * k * k * scaled * scaled) for k in range(1, 101))
    return largest, min(1.0, max(0.0, 2 * sum(terms))) if scaled > 0.2 else 1.0


def started(stack: ExitStack, place: Path, name: str, more: str) -> Address:
    """A node of its own process."""
    config = place / f"{name}.toml"
    config.write_text(f'tree = "tree"\n[serve]\nlisten = ["127.0.0.1:0"]\n[cover]\nfolder = "site"\n{more}')
    process = stack.enter_context(
        subprocess.Popen(
            [sys.executable, "-m", "mirror", "node", "run", "--config", str(config)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
            text=True,
        )
    )
    stack.callback(process.terminate)
    assert process.stdout is not None
    port = process.stdout.readline().rstrip("/\n").rpartition(":")[2]
    return Address("127.0.0.1", int(port))


def measured(addresses: dict[str, Address], rounds: int) -> dict[tuple[str, str], list[float]]:
    """Microseconds to the first bytes of each answer, by server and kind."""
    pairs = [(server, kind) for server in addresses for kind in KINDS]
    found: dict[tuple[str, str], list[float]] = {pair: [] for pair in pairs}
    peers: dict[tuple[str, str], socket.socket] = {}
    order = random.Random(1)  # an order, not a secret
    for number in range(rounds):
        order.shuffle(pairs)
        for server, kind in pairs:
            if number % 900 == 0:  # a connection has 1,000 requests
                if old := peers.pop((server, kind), None):
                    old.close()
                where = addresses[server]
                peers[server, kind] = socket.create_connection((where.host, where.port), 10)
            peer = peers[server, kind]
            began = time.perf_counter_ns()
            peer.sendall(KINDS[kind])
            peer.recv(1 << 16)
            found[server, kind].append((time.perf_counter_ns() - began) / 1_000)
    for peer in peers.values():
        peer.close()
    return {pair: times[20:] for pair, times in found.items()}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=4_000)
    parser.add_argument("--json", action="store_true", help="as always")
    options = parser.parse_args()
    with ExitStack() as stack:
        place = Path(stack.enter_context(TemporaryDirectory()))
        place.chmod(0o755)
        site(place / "site")
        (place / "tree").mkdir()
        (place / "secret").write_text(SECRET.hex())
        (place / "secret").chmod(0o600)
        addresses = {
            "rotation on": started(stack, place, "on", '[rotation]\nsecret = "secret"\n'),
            "rotation off": started(stack, place, "off", ""),
            "rotation off again": started(stack, place, "again", ""),
            "nginx": stack.enter_context(nginx(place / "site")),
        }
        times = measured(addresses, options.rounds)
    result: dict[str, object] = {"rounds": options.rounds, "median_microseconds": {}, "pairs": {}}
    result["median_microseconds"] = {
        f"{server}, {kind}": round(statistics.median(each), 1) for (server, kind), each in times.items()
    }
    pairs = [(("rotation on", kind), ("rotation off", kind)) for kind in KINDS]
    # Two nodes alike: what two processes differ by anyway.
    pairs += [(("rotation off", kind), ("rotation off again", kind)) for kind in KINDS]
    pairs += [
        ((server, "wrong path"), (server, kind)) for server in addresses for kind in ("used path", "absent")
    ]
    pairs += [(("rotation on", "absent"), ("nginx", "absent"))]
    result["pairs"] = {
        f"{' '.join(one)} / {' '.join(two)}": dict(
            zip(("statistic", "p"), (round(x, 4) for x in smirnov(times[one], times[two])), strict=True)
        )
        for one, two in pairs
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
