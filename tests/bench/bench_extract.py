"""How well the text of real news pages is found, beside plain trafilatura on the same pages.

The measure is that of the public article-extraction benchmark: bags of shingles of four words per page,
precision and recall averaged over the pages, F1 of the two averages. CPU seconds are of this process.

    python tests/bench/bench_extract.py --data DIR [--json]

DIR holds ``html/ID.html`` and ``ground-truth.json`` (ID to an object with ``articleBody``).
"""

import argparse
import json
import logging
import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import trafilatura

from mirror.articles import take_file

_WORD = re.compile(r"\w+")
_SHINGLE = 4


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The bag of word shingles of a text; one shorter shingle where it has fewer words."""
    words = _WORD.findall(text)
    starts = range(max(1, len(words) - _SHINGLE + 1)) if words else range(0)
    return Counter(tuple(words[start : start + _SHINGLE]) for start in starts)


def page_scores(wanted: str, found: str) -> tuple[float | None, float | None]:
    """Precision and recall of one page; None where there is nothing to divide by."""
    true, made = shingles(wanted), shingles(found)
    hits = sum((true & made).values())
    precision = hits / sum(made.values()) if made else None
    recall = hits / sum(true.values()) if true else None
    return precision, recall


def score(
    pages: Mapping[str, bytes], truth: Mapping[str, str], find: Callable[[bytes], str]
) -> dict[str, float]:
    """The averages of one extractor over all pages."""
    started = time.process_time()
    results = [page_scores(truth[name], find(data)) for name, data in pages.items()]
    seconds = time.process_time() - started
    precision = statistics.mean(value for value, _ in results if value is not None)
    recall = statistics.mean(value for _, value in results if value is not None)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4),
        "cpu_seconds": round(seconds, 2),
    }


def ours(data: bytes) -> str:
    """The body that the publisher would take from a page."""
    drafts = take_file("page.html", data).drafts
    return drafts[0].body_text if drafts else ""


def plain(data: bytes) -> str:
    """What trafilatura gives as it comes."""
    return trafilatura.extract(data) or ""


def main() -> None:
    """Measure both on the same pages and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usual = Path(os.environ.get("MIRROR_DATA", "data"), "extraction")
    parser.add_argument(
        "--data",
        type=Path,
        default=usual,
        help="folder with html/ and ground-truth.json; by default extraction/ in MIRROR_DATA",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if arguments.data == usual and not usual.exists():
        print("not run, it measures labelled pages and MIRROR_DATA has none", file=sys.stderr)
        print("{}")
        return
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    truth = {
        name: entry["articleBody"]
        for name, entry in json.loads((arguments.data / "ground-truth.json").read_text("utf-8")).items()
    }
    pages = {name: (arguments.data / "html" / f"{name}.html").read_bytes() for name in truth}
    result = {"pages": len(pages), **score(pages, truth, ours)}
    baseline = score(pages, truth, plain)
    result |= {f"trafilatura_{name}": value for name, value in baseline.items()}
    if arguments.json:
        print(json.dumps(result))
        return
    print(f"{'':12} {'prec.':>8} {'recall':>8} {'f1':>8} {'cpu s':>6}   ({len(pages)} pages)")
    for label, row in (("ours", result), ("trafilatura", baseline)):
        scores = " ".join(f"{row[name]:8.4f}" for name in ("precision", "recall", "f1"))
        print(f"{label:12} {scores} {row['cpu_seconds']:6.2f}")


if __name__ == "__main__":
    main()
