"""What it costs a publisher to open reports, honest and not.

``forged_deep`` is the worst that an informer can make: a report that names 14 nodes made up below his own
invitation, and is proved by nobody. CPU time of this process, the median of several runs.

    python tests/bench/bench_reports.py [--reports 200] [--json]

Ends with status 1 where the worst takes more than a minute for a whole file of them.
"""

import argparse
import json
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.rotation import EPOCH, PUBLICATION, SECRET, entrance
from mirror.errors import MirrorError
from mirror.limits import MAX_DEPTH, MAX_REPORT_FILE, REPORT_SIZE
from mirror.rotation import hpke, reports
from mirror.rotation.keys import KeyTree, NodePath
from mirror.rotation.reports import Branch, Nodes

RUNS = 5
BUDGET_SECONDS = 60.0
A_FILE = MAX_REPORT_FILE // (REPORT_SIZE // 3 * 4)  # reports in the largest file that is read
PRIVATE = bytes(range(200, 232))
PUBLIC = hpke.public_of(PRIVATE)
TREE = KeyTree(SECRET, PUBLICATION)
GIVEN: list[NodePath] = [(index,) for index in range(1_000)]
PROVED = "proved"


def made(path: NodePath, prover: NodePath, number: int) -> bytes:
    """A report of the reader at ``path``, proved by another."""
    said = reports.state(TREE.keyring(path), PUBLICATION, EPOCH, [entrance(1)])
    branch = Branch(TREE.branch(prover), PUBLICATION)
    return reports.seal(said, branch, PUBLICATION, PUBLIC, number.to_bytes(32, "big"))


def opened(datas: list[bytes], nodes: Nodes) -> Counter[str]:
    """How many were proved, or refused with which code."""
    found: Counter[str] = Counter()
    for data in datas:
        try:
            unproved = reports.open_report(data, PRIVATE, PUBLICATION)
            unproved.proved(nodes.find(unproved.unverified_statement.names)[1])
            found[PROVED] += 1
        except MirrorError as error:
            found[error.code] += 1
    return found


def milliseconds(datas: list[bytes], expect: str) -> float:
    """For each of ``datas``, all of which end in ``expect``."""
    nodes = Nodes(KeyTree(SECRET, PUBLICATION), GIVEN)
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        found = opened(datas, nodes)
        times.append((time.process_time() - start) / len(datas) * 1e3)
        assert found == {expect: len(datas)}
    return round(statistics.median(times), 3)


def measure(count: int) -> dict[str, float]:
    """The figures, each from ``count`` reports."""
    places: list[NodePath] = [(number % len(GIVEN),) for number in range(count)]
    friends = [tuple((number >> 4 * level) & 15 for level in range(3)) for number in range(count)]
    deep = [(7, *each, *([15] * (MAX_DEPTH - 4))) for each in friends]
    numbers = range(1, count + 1)
    return {
        "reports": count,
        "honest_milliseconds": milliseconds(
            [made(path, path, at) for path, at in zip(places, numbers, strict=True)], PROVED
        ),
        "garbage_milliseconds": milliseconds(
            [b"\x01" + at.to_bytes(REPORT_SIZE - 1, "big") for at in numbers], "report-unreadable"
        ),
        "forged_milliseconds": milliseconds(
            [made(path, (8, 1), at) for path, at in zip(places, numbers, strict=True)], "report-forged"
        ),
        "forged_deep_milliseconds": milliseconds(
            [made(path, (8, 1), at) for path, at in zip(deep, numbers, strict=True)], "report-forged"
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--reports", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    facts = measure(arguments.reports)
    facts["worst_file_seconds"] = round(facts["forged_deep_milliseconds"] * A_FILE / 1e3, 1)
    print(
        json.dumps(facts)
        if arguments.json
        else "\n".join(f"{name:>24} {value}" for name, value in facts.items())
    )
    return 0 if facts["worst_file_seconds"] <= BUDGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
