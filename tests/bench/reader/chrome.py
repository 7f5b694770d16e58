"""A real Chromium that measures itself: when it had painted what, counted from the navigation."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page, async_playwright

from helpers import chromium as quiet

_PROBE: Final = Path(__file__).with_name("probe.js").read_text("utf-8")

HEADLINE: Final = "document.querySelector('main :is(h2, h3) [role=link]')"
PASSPHRASE: Final = "document.querySelector('main #passphrase')"
ARTICLE: Final = (
    "document.querySelector('main article.read iframe')?.contentDocument?.body?.textContent.trim()"
)


def probe(marks: Mapping[str, str], then: Mapping[str, str] | None = None) -> str:
    """The script that puts ``bench`` into a page: expressions that become true, and what is done then."""

    def functions(texts: Mapping[str, str]) -> str:
        return "{" + ", ".join(f"{name}: () => {text}" for name, text in texts.items()) + "}"

    return _PROBE.replace("MARKS)", f"{functions(marks)})").replace("= THEN", f"= {functions(then or {})}")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The distribution's Chromium, without a window."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=quiet.found(), args=list(quiet.QUIET))
        try:
            yield browser
        finally:
            await browser.close()


async def reached(page: Page, name: str, patience: float) -> float:
    """Milliseconds from the navigation to the mark ``name``; waits for it at most ``patience`` seconds."""
    await page.wait_for_function(f"() => bench.marks.{name}", timeout=patience * 1000, polling=50)
    return float(await page.evaluate(f"() => bench.marks.{name}"))


async def checks(page: Page, until: float) -> dict[str, Any]:
    """What ``probe.js`` says of the signatures and digests that were there ``until`` then."""
    made: dict[str, Any] = await page.evaluate(f"() => bench.checks({until})")
    return made
