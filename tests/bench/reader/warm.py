"""Offline: a reader who kept both the program and a library on the device opens it where no mirror answers.

The mirror's server is stopped (*refused*: what a device without any network is told at once), or takes every
connection and never answers (*silent*: a link that swallows packets). The passphrase is deliberate work
(PBKDF2, 600,000 rounds) and takes a person's time to type, so it is counted by itself: *to headlines* is from
the navigation to the field for it, and from its submission to the headlines, without the derivation.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from playwright.async_api import Browser, BrowserContext, Page, expect

from bench.reader import chrome
from bench.reader.figure import Figure
from helpers.stage import Site

TARGET_MS: Final = 300
WAYS: Sequence[str] = ("refused", "silent")
PASSPHRASE: Final = "a lantern in the fog"


@dataclass
class Run:
    """Milliseconds of one warm start."""

    to_field: float
    to_headlines: float
    derivation: float

    @property
    def counted(self) -> float:
        """What the program takes, without the derivation."""
        return self.to_field + self.to_headlines - self.derivation


@dataclass
class Warm:
    """Warm starts of the reader of ``site``, kept once by ``keep``."""

    site: Site
    patience: float = 60.0
    runs: dict[str, list[Run]] = field(default_factory=lambda: {how: [] for how in WAYS})
    context: BrowserContext | None = None

    async def keep(self, browser: Browser) -> None:
        """A first visit with the mirror there: the edition into a library, the program into the cache."""
        self.context = await browser.new_context(locale="en")
        page = await self.context.new_page()
        await page.goto(self.site.page)
        await expect(page.locator("nav button")).to_have_count(3, timeout=self.patience * 1000)
        await page.get_by_role("button", name="Settings").click()
        await _offered(page, "Keep on this device")
        await page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
        await page.get_by_label("The same once more").fill(PASSPHRASE)
        await page.get_by_role("button", name="Make the library").click()
        await _told(page, "Kept on this device", self.patience)
        await _offered(page, "Make it work without a network")
        await _told(page, "It will open without a network", self.patience)
        await page.close()

    async def run(self, how: str) -> None:
        """One more start without a mirror."""
        assert self.context is not None
        self.site.stop()
        self.site.hangs = how == "silent"
        if self.site.hangs:
            self.site.start()
        try:
            page = await self.context.new_page()
            await page.add_init_script(
                chrome.probe({"field": chrome.PASSPHRASE, "headline": chrome.HEADLINE})
                + "addEventListener('submit', (event) => { bench.submitted ??= event.timeStamp; }, true);"
            )
            await page.goto(self.site.page)
            to_field = await chrome.reached(page, "field", self.patience)
            await page.locator("#passphrase").fill(PASSPHRASE)
            await page.keyboard.press("Enter")
            there = await chrome.reached(page, "headline", self.patience)
            submitted = float(await page.evaluate("() => bench.submitted"))
            derivation = float(await page.evaluate("() => bench.derived()"))
            await page.close()
        finally:
            await asyncio.to_thread(self.site.stop)
        self.runs[how].append(Run(to_field, there - submitted, derivation))

    def figures(self) -> Iterator[Figure]:
        """By how the mirror is not there."""
        for how, runs in self.runs.items():
            if not runs:
                continue
            start = f"warm start offline ({how})"
            yield Figure(f"{start}, to headlines", "ms", [each.counted for each in runs], TARGET_MS)
            yield Figure(f"{start}, navigation to passphrase", "ms", [each.to_field for each in runs])
            yield Figure(f"{start}, passphrase to headlines", "ms", [each.to_headlines for each in runs])
            yield Figure(f"{start}, of that PBKDF2", "ms", [each.derivation for each in runs])


async def _offered(page: Page, name: str) -> None:
    """Choose an act, and say at its gate that it is meant."""
    await page.get_by_role("button", name=name).first.click()
    await page.locator("dialog[open] .answers .quiet").click()


async def _told(page: Page, text: str, patience: float) -> None:
    await expect(page.get_by_role("status").filter(has_text=text)).to_be_visible(timeout=patience * 1000)
