"""How long until a person reads in a browser, and what the reader's code weighs.

``python tests/bench/bench_reader.py [--json] [--runs N] [--articles N] [--only CASE]``

A real publication of the corpus's newest thousand articles, the reader's program that it signed, and the
distribution's Chromium, which measures itself: from the navigation until something was painted
(``reader/probe.js``). The cases, each described in its module below ``tests/bench/reader``:

- ``weight``: the code as it is transferred.
- ``cold``: from nothing over 400 ms and 64 kbit/s, next to the ideal (``network/ideal.py``).
- ``warm``: the kept reader with a library, where no mirror answers.
- ``file``: the edition in one file, and search as one types, next to ``kiwix-serve`` on a ZIM of the same
  articles; the runs of both alternate.

The share of signatures and digests is what the same checks take when they are done again, one after the
other, in the same page; ``percent_waited`` is how long some of them were waited for, decoding meanwhile too.

With ``--json``, one object a line for each figure. Status 1 where a median is above its target.
"""

import argparse
import asyncio
import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2] / "src"))
sys.path.insert(0, str(Path(__file__).parents[1]))

from playwright.async_api import Browser

from bench.network.edition import served
from bench.reader import chrome, weight
from bench.reader.cold import Cold
from bench.reader.figure import Figure, table
from bench.reader.kiwix import kiwix
from bench.reader.local import ASKED, ASKED_OF_MADE, Local
from bench.reader.newsstand import Newsstand, set_up
from bench.reader.warm import Warm
from helpers import chromium
from helpers.stage import sites

CASES = ("weight", "cold", "warm", "file")
ARTICLES = 1_000


@dataclass
class Bench:
    """What is measured, how often; ``folder`` is for what a run needs."""

    stand: Newsstand
    folder: Path
    runs: int

    async def measure(self, cases: Sequence[str]) -> list[Figure]:
        """The figures of ``cases``, in this order."""
        found = list(weight.figures(self.stand)) if "weight" in cases else []
        of_browsers = {"cold": self.cold, "warm": self.warm, "file": self.file}
        wanted = [measure for name, measure in of_browsers.items() if name in cases]
        if wanted:
            async with chrome.chromium() as browser:
                for measure in wanted:
                    found += await measure(browser)
        return found

    async def cold(self, browser: Browser) -> list[Figure]:
        """From nothing."""
        with served(self.stand.published, self.folder) as (_, origin):
            cold = Cold(self.stand, origin)
            for number in range(self.runs):
                await cold.run(browser)
                tell(f"cold {number + 1}/{self.runs}: {cold.visits[-1].headline:.2f} s")
        return list(cold.figures())

    async def warm(self, browser: Browser) -> list[Figure]:
        """With everything kept, and no mirror."""
        with sites(self.stand.tree, 1) as [site]:
            warm = Warm(site)
            await warm.keep(browser)
            for number in range(self.runs):
                for how, made in warm.runs.items():
                    await warm.run(how)
                    tell(f"warm {number + 1}/{self.runs}, {how}: {made[-1].counted:.0f} ms")
        return list(warm.figures())

    async def file(self, browser: Browser) -> list[Figure]:
        """From a file, and Kiwix."""
        with kiwix(self.stand, self.folder) as (address, started):
            asked = ASKED if self.stand.published.is_real else ASKED_OF_MADE
            both = Local(self.stand.file, address, asked)
            for number in range(self.runs):
                await both.run(browser)
                tell(f"file {number + 1}/{self.runs}: {both.opened[-1]:.0f} ms")
        start = [Figure("kiwix-serve, its own start", "ms", [started])] if address else []
        return [*both.figures(), *start]


def tell(text: str) -> None:
    """Say on standard error how it goes."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("--runs", type=int, default=5, help="of each case")
    parser.add_argument("--articles", type=int, default=ARTICLES, help="in the edition")
    parser.add_argument("--only", action="append", choices=CASES, help="one case; repeatable")
    options = parser.parse_args()
    cases = options.only or CASES
    if chromium.found() is None:
        tell("There is no Chromium on this machine: only the weight is measured.")
        cases = ["weight"]
    with TemporaryDirectory(prefix="bench-reader-") as place:
        folder = Path(place)
        tell(f"publishing {options.articles} articles")
        with redirect_stdout(sys.stderr):  # what the publisher's commands say
            stand = set_up(folder, options.articles)
        found = asyncio.run(Bench(stand, folder, options.runs).measure(cases))
    facts = {
        "articles": len(stand.sources),
        "text": "real" if stand.published.is_real else "made",
        "machine": f"{platform.machine()}, {os.cpu_count()} CPUs",
        "load": round(os.getloadavg()[0], 1),
    }
    if options.json:
        for figure in found:
            print(json.dumps(figure.row() | facts))
    else:
        print(f"{table(found)}\n{json.dumps(facts)}")
    return int(not all(figure.is_kept for figure in found))


if __name__ == "__main__":
    sys.exit(main())
