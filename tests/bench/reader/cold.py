"""From nothing, over a bad link: a mirror's address typed into a browser that never saw it.

The link is the test bed's (``tests/net``): 400 ms of round trip and 64 kbit/s in both directions, before a
static mirror on plain http (loopback counts as secure). TLS would add a round trip to every connection, to
the ideal as well.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from playwright.async_api import Browser

from bench.network.ideal import Ideal, head_sizes, ideal
from bench.reader import chrome
from bench.reader.figure import Figure
from bench.reader.newsstand import PAGE, Newsstand
from net.bed import Bed
from net.scenario import Link, Scenario, Way

LINK: Final = Link(rtt_seconds=0.4, down_bytes_per_second=8_000, up_bytes_per_second=8_000)
FACTOR: Final = 1.5
TRIPS: Final = "connection; page; program; metadata with the root; head piece"


@dataclass
class Visit:
    """One cold start, in seconds and bytes of the link."""

    headline: float
    article: float
    down: int
    up: int
    connections: int
    asked: list[str]
    checks: Mapping[str, float]


@dataclass
class Cold:
    """Cold starts over ``link``, before the server at ``origin``."""

    stand: Newsstand
    origin: tuple[str, int]
    link: Link = LINK
    patience: float = 120.0
    visits: list[Visit] = field(default_factory=list)
    least: Ideal | None = None

    async def run(self, browser: Browser) -> None:
        """One more visit, with a browser's memory empty."""
        scenario = Scenario("cold", self.link, (Way(),))
        if self.least is None:
            heads = await head_sizes(self.stand.published, self.origin)
            self.least = ideal(scenario, self.stand.published, heads, "visit")
        marks = {"headline": chrome.HEADLINE, "article": chrome.ARTICLE}
        then = {"headline": f"{chrome.HEADLINE}.click()"}
        context = await browser.new_context(locale="en")
        async with Bed(scenario, self.origin) as bed:
            try:
                page = await context.new_page()
                await page.add_init_script(chrome.probe(marks, then))
                asked: list[str] = []
                page.on("request", lambda request: asked.append(request.url))
                await page.goto(f"{bed.urls[0]}{PAGE}", timeout=self.patience * 1000)
                headline = await chrome.reached(page, "headline", self.patience)
                counted, until_then = (
                    bed.meter.total,
                    [each for each in asked if each.startswith(bed.urls[0])],
                )
                article = await chrome.reached(page, "article", self.patience)
                checks = await chrome.checks(page, headline)
            finally:
                await context.close()
        self.visits.append(
            Visit(
                headline / 1000,
                article / 1000,
                counted.down,
                counted.up,
                counted.connections,
                until_then,
                checks,
            )
        )

    def figures(self) -> Iterator[Figure]:
        """To the first headline and the first article, and what the checks cost of the former."""
        if not self.visits or self.least is None:
            return
        last, least = self.visits[-1], self.least.seconds
        headlines = [each.headline for each in self.visits]
        facts = {
            "ideal_seconds": round(least, 3),
            "ideal_ratio": round(median(headlines) / least, 3),
            "ideal_formula": self.least.formula,
            "ideal_trips": TRIPS,
            "bytes_down": last.down,
            "bytes_up": last.up,
            "connections": last.connections,
            "requests": len(last.asked),
        }
        yield Figure("cold start to the first headline", "s", headlines, FACTOR * least, facts)
        yield Figure("cold start to the first article", "s", [each.article for each in self.visits])
        yield share("cold start", [(each.headline * 1000, each.checks) for each in self.visits])


def share(what: str, runs: list[tuple[float, Mapping[str, float]]]) -> Figure:
    """Of the milliseconds until the headlines, the part that signatures and digests take."""
    _, last = runs[-1]
    facts = {
        "signatures": last["verify"],
        "digests": last["digest"],
        "milliseconds": round(last["alone"], 2),
        "percent_waited": round(median(100 * checks["waited"] / total for total, checks in runs), 2),
    }
    shares = [100 * checks["alone"] / total for total, checks in runs]
    return Figure(f"{what}, signatures and digests", "% of the time", shares, None, facts)
