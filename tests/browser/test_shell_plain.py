"""Before anything of the reader runs: no script, a curtain over the first load, and plain http by a name."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from helpers.axe import LOOK, SCRIPT, problems
from helpers.playhouse import SAID, House
from helpers.reading_room import article, front, headline
from helpers.stage import Site, lying
from net.bed import Bed
from net.scenario import Link, Scenario, Way


@pytest.fixture
def without_scripts(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640}) as context:
        yield context


def test_without_scripts_the_front_page_is_a_link_away(without_scripts: BrowserContext, origin: Site) -> None:
    page = without_scripts.new_page()
    page.goto(origin.page)
    said = page.locator("noscript p")
    for place, words in enumerate(("Without scripts nothing can be checked", "Без скриптов", "بدون اسکریپت")):
        expect(said.nth(place)).to_contain_text(words)
        expect(said.nth(place)).to_be_visible()
    assert not page.locator("progress").is_visible()
    page.locator("noscript a").first.click()
    expect(page.get_by_role("heading", level=2, name="Пекари на мосту")).to_be_visible()
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=2, name="Second story")).to_be_visible()
    expect(page.get_by_text(SAID)).to_be_visible()
    expect(page.get_by_text("Nothing on it was checked by your device")).to_be_visible()
    expect(page.get_by_text("people are punished for sharing")).to_be_visible()
    page.get_by_role("link", name="فارسی").click()
    expect(page.get_by_text("دستگاه شما هیچ چیز آن را بررسی نکرده است")).to_be_visible()
    assert page.locator("html").get_attribute("dir") == "rtl"
    asked = [path for path in origin.paths() if path != "favicon.ico"]
    assert asked == ["r/index.html", *(f"r/front/{each}.html" for each in ("ru", "en", "fa"))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everyone_can_use_the_front_page(
    browser: Browser, origin: Site, scheme: Literal["light", "dark"]
) -> None:
    with browser.new_context(
        color_scheme=scheme, bypass_csp=True, viewport={"width": 320, "height": 640}
    ) as context:
        page = context.new_page()
        for channel in ("en", "ru", "fa"):
            page.goto(f"{origin.address}r/front/{channel}.html")
            page.evaluate(SCRIPT)
            assert problems(page.evaluate(LOOK)) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 320


@contextmanager
def bed(scenario: Scenario, site: Site) -> Iterator[str]:
    """A hostile network before ``site``, in a thread of its own; the address to go to."""
    ready: Future[tuple[str, Callable[[], object]]] = Future()

    async def run() -> None:
        ended = asyncio.Event()
        async with Bed(scenario, ("127.0.0.1", site.port)) as made:
            loop = asyncio.get_running_loop()
            ready.set_result((made.urls[0], lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    address, end = ready.result(10)
    try:
        yield address
    finally:
        end()
        thread.join()


@pytest.mark.parametrize("keeps", [False, True], ids=["connection-each", "connections-kept"])
def test_the_first_load_comes_through_where_connections_freeze(
    context: BrowserContext, origin: Site, mirrors: list[Site], *, keeps: bool
) -> None:
    for each in mirrors:
        each.stop()  # there is this one way, and nothing else
    if not keeps:
        origin.headers = {"Connection": "close"}
    with bed(Scenario("curtain", Link(0.05), (Way(freeze_after=16_384),)), origin) as address:
        page = context.new_page()
        page.set_default_timeout(90_000)
        page.goto(f"{address}r/index.html", wait_until="commit")
        expect(headline(page, "First story")).to_be_visible(timeout=90_000)
        page.close()


def test_a_mirror_that_lies_about_the_program_is_left_for_one_that_does_not(
    context: BrowserContext, origin: Site
) -> None:
    origin.alter = lying
    page = context.new_page()
    front(page, origin.page)
    article(page, "Second story")
    expect(page.frame_locator("iframe").get_by_text(SAID)).to_be_visible()


def test_plain_http_by_a_name_says_that_nothing_can_be_checked(
    launch_browser: Callable[..., Browser],
    browser_type_launch_args: dict[str, list[str]],
    origin: Site,
    newsroom: House,
) -> None:
    rules = "--host-resolver-rules=MAP news.example 127.0.0.1"
    with launch_browser(args=[*browser_type_launch_args["args"], rules]) as browser:
        page = browser.new_page()
        page.goto(f"http://news.example:{origin.port}/r/index.html")
        assert page.evaluate("[isSecureContext, crypto.subtle === undefined]") == [False, True]
        for words in (
            "cannot check anything here",
            "ничего не может проверить",
            "نمی‌تواند چیزی را بررسی کند",
        ):
            expect(page.get_by_text(words)).to_be_visible()
        assert SAID not in page.content()
        # Nothing is even asked for: no piece, no metadata.
        assert not [path for path in origin.paths() if path.startswith(("p/", "m/"))]
