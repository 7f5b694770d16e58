"""What slips cost a publisher and a reader: making an epoch's pages, making them again, finding one's own.

Each slip is a cohort of its own, in a random recursive tree: the worst that splitting can lead to. CPU
seconds are of this process.

    python tests/bench/bench_rotation.py [--cohorts 100000] [--json]

Ends with status 1 where making takes more than 60 s, or a change of one slip more than a page and the index.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from helpers.rotation import KEY, NOW, PUBLICATION, SECRET, SIGNER, entrance
from mirror.limits import MAX_DEPTH, MAX_ENDPOINTS
from mirror.model import Endpoint
from mirror.rotation.keys import KeyTree, NodePath, Place
from mirror.rotation.lint import Listed, lint_list
from mirror.rotation.looking import bits_for, crowded, look
from mirror.rotation.making import Handout, make_pages
from mirror.rotation.pages import find_slip, open_page, pages_of

EPOCH = 20_780
BUDGET_SECONDS = 60.0
READERS = 200
Value = TypeVar("Value")


def spent(work: Callable[[], Value]) -> tuple[Value, float]:
    """What ``work`` gives, and the CPU seconds that it took."""
    start = time.process_time()
    value = work()
    return value, round(time.process_time() - start, 3)


def readers(count: int) -> list[NodePath]:
    """The nodes of a random recursive tree, each invited by one of those before it."""
    chance = random.Random(4)
    found: list[NodePath] = [()]
    children = [0]
    while len(found) <= count:
        inviter = chance.randrange(len(found))
        if len(found[inviter]) < MAX_DEPTH:
            found.append((*found[inviter], children[inviter]))
            children[inviter] += 1
            children.append(0)
    return found[1:]


def measure(count: int) -> dict[str, float]:
    """The figures for ``count`` cohorts."""
    tree = KeyTree(SECRET, PUBLICATION)
    slips = {
        Place(path, is_subtree=False): (entrance(at % 200),) * 3 for at, path in enumerate(readers(count))
    }
    nodes, crowded_seconds = spent(lambda: crowded(slips))
    bits = bits_for(len(slips) + len(nodes))
    handout = Handout(EPOCH, slips, nodes, nodes, EPOCH + 1)
    made, first = spent(lambda: make_pages(handout, tree, bits, issued=NOW, sign=SIGNER.sign))
    place = sorted(slips)[count // 2]
    moved = Handout(EPOCH, slips | {place: (entrance(999),)}, nodes, nodes, EPOCH + 1)
    again, second = spent(
        lambda: make_pages(moved, tree, bits, issued=NOW + 1, sign=SIGNER.sign, before=made.files)
    )
    chosen = random.Random(5).sample(sorted(slips), min(READERS, count))
    rings = [tree.keyring(place.path) for place in chosen]

    def find_all() -> int:
        found = 0
        for place, ring in zip(chosen, rings, strict=True):
            names = pages_of(ring, look(place.path, nodes), EPOCH, bits)
            opened = [open_page(made.files[name.path], name, PUBLICATION, [KEY]) for name in names]
            slip = find_slip(opened, ring, PUBLICATION)
            found += slip is not None and slip.entrances == slips[place]
        return found

    found, finding = spent(find_all)
    listed = [
        Listed(Endpoint("m", f"https://m{at}.host{at}.co.uk/"), f"p{at % 300}", "NL", (f"9.{at % 256}.1.1",))
        for at in range(MAX_ENDPOINTS)
    ]
    _, linting = spent(lambda: lint_list(listed))
    return {
        "cohorts": count,
        "crowded_nodes": len(nodes),
        "files": len(made.files),
        "megabytes": round(sum(map(len, made.files.values())) / 1e6, 1),
        "make_seconds": round(first + crowded_seconds, 3),
        "again_seconds": second,
        "changed_files": len(again.changed),
        "readers_served_share": found / len(chosen),
        "reader_milliseconds": round(finding / len(chosen) * 1e3, 2),
        "lint_seconds": linting,
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cohorts", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    facts = measure(arguments.cohorts)
    print(
        json.dumps(facts)
        if arguments.json
        else "\n".join(f"{name:>22} {value}" for name, value in facts.items())
    )
    is_good = facts["make_seconds"] <= BUDGET_SECONDS and facts["readers_served_share"] == 1
    return 0 if is_good and facts["changed_files"] <= 2 else 1


if __name__ == "__main__":
    sys.exit(main())
