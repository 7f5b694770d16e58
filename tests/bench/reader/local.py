"""Without a network: the edition in a file, next to ``kiwix-serve`` on a ZIM of the same articles.

Both read from the disk, in the same browser, one after the other in each run. For us "start" is the file's
address typed in; for Kiwix it is the address of its server, which has already started (how long that takes is
a figure of its own). Kiwix checks no signature and has its index made beforehand.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import quote

from playwright.async_api import Browser, Page

from bench.reader import chrome
from bench.reader.cold import share
from bench.reader.figure import Figure
from bench.reader.kiwix import NAME

OPEN_MS: Final = 1_000
KEY_MS: Final = 50
# Typed letter by letter: a word and a pair that many articles have, and what none has.
ASKED: Final = ("kernel", "release notes", "xyzzy")
ASKED_OF_MADE: Final = ("river", "bridge over", "xyzzy")
_KIWIX_MAIN: Final = "document.querySelector('a.headline')"
_KIWIX_FOUND: Final = "document.querySelector('.results li a')"


@dataclass
class Local:
    """Runs of both; ``kiwix`` is the base address of its server, or nothing where it is not installed."""

    file: Path
    kiwix: str = ""
    asked: tuple[str, ...] = ASKED
    patience: float = 60.0
    opened: list[float] = field(default_factory=list)
    everything: list[float] = field(default_factory=list)
    keys: list[float] = field(default_factory=list)
    checks: list[tuple[float, Mapping[str, float]]] = field(default_factory=list)
    kiwix_opened: list[float] = field(default_factory=list)
    kiwix_found: list[float] = field(default_factory=list)

    async def run(self, browser: Browser) -> None:
        """One more run of each."""
        context = await browser.new_context(locale="en")
        try:
            page = await context.new_page()
            await page.add_init_script(chrome.probe({"headline": chrome.HEADLINE}))
            await page.goto(self.file.as_uri())
            headline = await chrome.reached(page, "headline", self.patience)
            self.opened.append(headline)
            self.checks.append((headline, await chrome.checks(page, headline)))
            await self._search(page)
        finally:
            await context.close()
        if self.kiwix:
            self.kiwix_opened.append(await self._kiwix(browser, "", _KIWIX_MAIN))
            for asked in self.asked[:-1]:
                where = f"search?content={NAME}&pattern={quote(asked)}"
                self.kiwix_found.append(await self._kiwix(browser, where, _KIWIX_FOUND))

    async def _search(self, page: Page) -> None:
        """Pass the gate, type, and take the time of each letter, measured in the page."""
        await page.locator("nav button").first.click()
        await page.locator("dialog[open] .answers .quiet").click()
        began = time.monotonic()
        field_ = page.get_by_role("searchbox")
        await field_.wait_for(timeout=self.patience * 1000)
        self.everything.append((time.monotonic() - began) * 1000)
        for asked in self.asked:
            for count, letter in enumerate(asked, 1):
                await page.keyboard.press("Space" if letter == " " else letter)
                await page.wait_for_function(f"() => bench.keys.length === {count}")
            self.keys += await page.evaluate("() => bench.keys.splice(0)")
            await field_.fill("")
            await page.wait_for_function("() => bench.keys.splice(0).length")

    async def _kiwix(self, browser: Browser, where: str, mark: str) -> float:
        context = await browser.new_context(locale="en")
        try:
            page = await context.new_page()
            await page.add_init_script(chrome.probe({"there": mark}))
            await page.goto(self.kiwix + (where or NAME))
            return await chrome.reached(page, "there", self.patience)
        finally:
            await context.close()

    def figures(self) -> Iterator[Figure]:
        """Ours, Kiwix's, and ours to Kiwix's."""
        if not self.opened:
            return
        size = {"bytes": self.file.stat().st_size}
        yield Figure("file to headlines", "ms", self.opened, OPEN_MS, size)
        yield share("file to headlines", self.checks)
        yield Figure("file, from the gate to a search in all texts", "ms", self.everything)
        slow = {
            "letters": ", ".join(self.asked),
            "percentile_95": round(sorted(self.keys)[len(self.keys) * 19 // 20], 1),
        }
        yield Figure("file, search as one types, a letter", "ms", self.keys, KEY_MS, slow)
        if self.kiwix_opened:
            yield Figure("kiwix-serve, to its main page", "ms", self.kiwix_opened)
            yield Figure("kiwix-serve, a page of search results", "ms", self.kiwix_found)
            pairs = [one / other for one, other in zip(self.opened, self.kiwix_opened, strict=True)]
            yield Figure("file to kiwix-serve, headlines", "ratio", pairs)
            found = median(self.keys) / median(self.kiwix_found)
            yield Figure("file to kiwix-serve, search", "ratio of medians", [found])
