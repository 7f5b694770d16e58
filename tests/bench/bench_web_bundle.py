"""How fast the browser's core opens an edition, in Node: every piece checked, every article decoded.

``python tests/bench/bench_web_bundle.py --corpus DIR [--json]``, where DIR is as for ``bench_bundle.py``.
Milliseconds of the processor, so that other work on the machine counts little; ``first`` is in a fresh
process, where nothing is compiled yet. Status 1 where opening all articles costs more than ``GROWTH``
times as much for a character as opening half of them: the publisher's input decides how much there is.
"""

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.bench_bundle import CHANNEL, NOW, load
from helpers.bundle_vectors import packed
from helpers.node import running
from mirror.bundle import pack
from mirror.model import Article

ROUNDS: Final = 11
GROWTH: Final = 1.4


def measured(articles: Sequence[Article]) -> dict[str, Any]:
    """One edition of ``articles``, opened in a Node of its own."""
    made = pack.pack(articles, pack.Facts(CHANNEL, "Example News", 1, NOW, "0" * 64))
    pieces = {name: packed(data) for name, data in made.pieces.items()}
    with running() as node:
        answer = node.ask("bundle-timed", {"head": made.head, "pieces": pieces, "rounds": ROUNDS})
    found = {"articles": len(articles), "pieces": len(pieces), "characters": answer["characters"]}
    for name in ("checking", "opening"):
        first, *warm = answer[name]
        found[name] = {
            "first": round(first, 1),
            "min": round(min(warm), 1),
            "median": round(statistics.median(warm), 1),
            "max": round(max(warm), 1),
        }
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--json", action="store_true", help="print JSON (it is JSON in any case)")
    corpus = parser.parse_args().corpus
    articles = load(corpus).articles
    half, whole = measured(articles[::2]), measured(articles)
    growth = (whole["opening"]["median"] / whole["characters"]) / (
        half["opening"]["median"] / half["characters"]
    )
    print(
        json.dumps(
            {
                "case": f"open-in-node-{corpus.name}",
                "unit": "cpu ms",
                "half": half,
                "whole": whole,
                "growth_per_character": round(growth, 2),
                "rounds": ROUNDS,
                "machine": f"{platform.machine()} {platform.system()}",
            }
        )
    )
    return int(growth > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
