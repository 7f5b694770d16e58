"""The installable page when its origin is gone: dead, swallowing, lying, blocked, seized; and in two tabs."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from helpers.keeping import CACHED, IS_CONTROLLED, WORKERS
from helpers.playhouse import SAID, House, keep_program, opened, reopened
from helpers.reading_room import article, front, headline
from helpers.stage import Site, block_page, lying, sites
from mirror.bundle.piece import path_of


def kept(context: BrowserContext, origin: Site) -> Page:
    """A page whose program is kept, in control of its worker."""
    page = opened(context, origin.page)
    keep_program(page)
    page.wait_for_function(IS_CONTROLLED)
    return page


def read(page: Page) -> None:
    """Read an article that was not read before."""
    article(page, "Second story")
    expect(page.frame_locator("iframe").get_by_text(SAID)).to_be_visible()


def test_keeping_passes_its_gate_and_keeps_all_of_the_program_and_nothing_of_the_news(
    page: Page, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    for each in (origin, *mirrors):  # nobody tells which program is signed now: what runs is kept
        each.alter = lambda path, body: None if path.endswith("reader.json") else body
    front(page, origin.page)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_role("button", name="Make it work without a network").click()
    page.locator("dialog[open] [data-first]").click()
    assert page.evaluate(CACHED) == []
    assert page.evaluate(WORKERS) == []
    page.get_by_role("button", name="Back").click()
    keep_program(page)
    assert page.evaluate(WORKERS) == [f"{origin.address}r/"]
    found = set(page.evaluate(CACHED))
    # The page, its pieces, and those of its parts: other languages' words.
    assert found == {"r/index.html", *map(path_of, newsroom.program())}
    read(page)
    assert set(page.evaluate(CACHED)) == found
    # Offered once; and what it is now is said.
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    expect(page.get_by_role("button", name="Make it work without a network")).to_have_count(0)


def test_what_all_readers_need_is_unpacked_once(
    context: BrowserContext, origin: Site, newsroom: House
) -> None:
    """And nothing that would tell a language."""
    page = kept(context, origin)
    reopened(page)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.locator("select").first.select_option("fa")
    expect(page.get_by_role("heading", level=1, name="تنظیمات")).to_be_visible()
    raw = (
        "async () => (await (await caches.open('reader')).keys())"
        ".filter(({url}) => url.includes('/raw/')).length"
    )
    page.wait_for_function(f"({raw})().then((count) => count >= 3)")
    reopened(page)
    assert page.evaluate(raw) == 3, "the program and the two parts that follow it"
    asked = page.evaluate("performance.getEntriesByType('resource').map(({name}) => name)")
    assert not {each[-64:] for each in asked} & newsroom.program()
    # What is not whole is not used: the pieces are there still.
    page.evaluate(
        """async () => {
          const cache = await caches.open("reader");
          for (const { url } of await cache.keys()) {
            if (url.includes("/raw/")) await cache.put(url, new Response("not whole"));
          }
        }"""
    )
    origin.stop()
    reopened(page)
    read(page)


def test_a_browser_hears_of_an_icon_only_after_the_warning(page: Page, origin: Site) -> None:
    front(page, origin.page)
    linked = page.locator("link[rel=manifest], link[rel=apple-touch-icon]")
    expect(linked).to_have_count(0)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_role("button", name="Put on the home screen").click()
    page.locator("dialog[open] [data-first]").click()
    expect(linked).to_have_count(0)
    page.get_by_role("button", name="Put on the home screen").click()
    page.locator("dialog[open] .answers .quiet").click()
    expect(linked).to_have_count(2)
    said = page.evaluate(
        """async () => {
          const { href } = document.querySelector("link[rel=manifest]");
          const manifest = await (await fetch(href)).json();
          const picture = await fetch(new URL(manifest.icons[0].src, href));
          const icon = await createImageBitmap(await picture.blob());
          const start = await fetch(new URL(manifest.start_url, href));
          return [manifest.name, icon.width, icon.height, start.status, start.url];
        }"""
    )
    # Nothing that tells what it is of.
    assert said == ["News", 192, 192, 200, origin.page]


def test_a_dead_origin(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    origin.stop()
    reopened(page)
    read(page)
    # Words of another language are there too, without a network.
    context.set_offline(True)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.locator("select").first.select_option("fa")
    expect(page.get_by_role("heading", level=1, name="تنظیمات")).to_be_visible()


def test_without_keeping_a_dead_origin_is_dead(page: Page, origin: Site) -> None:
    front(page, origin.page)
    origin.stop()
    with pytest.raises(Error, match="ERR_CONNECTION_REFUSED"):
        page.goto(origin.page)


def test_an_origin_that_swallows_everything(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    origin.hangs = True
    page.close()
    page = opened(context, origin.page)
    read(page)
    # Again, now that the browser waits for that origin's worker: nothing here waits with it.
    reopened(page)
    read(page)


def test_an_origin_that_swallows_everything_and_a_worker_that_was_stopped(
    context: BrowserContext, origin: Site
) -> None:
    page = kept(context, origin)
    origin.hangs = True
    session = context.new_cdp_session(page)
    session.send("ServiceWorker.enable")
    session.send("ServiceWorker.stopAllWorkers")
    reopened(page)
    read(page)


def test_an_origin_that_lies_is_found_out_and_the_news_is_read(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    origin.alter = lying
    origin.asked.clear()
    reopened(page)
    read(page)
    assert [path for path in origin.paths() if path.startswith("m/")]
    page.get_by_role("button", name="About").click()
    expect(page.locator("li.lied")).to_have_count(1)


def test_an_origin_that_answers_everything_with_a_block_page(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    origin.alter = block_page
    reopened(page)
    reopened(page)
    read(page)
    assert "r/sw.js" in origin.paths()


def test_an_origin_that_denies_or_redirects_everything(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    for status in (404, 410, 302):
        origin.status = status
        origin.headers = {"Location": "/blocked"} if status == 302 else {}
        reopened(page)
    read(page)


WIPING = {"Clear-Site-Data": '"*"'}


def test_an_answer_that_asks_to_clear_the_site_does_not(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    origin.headers, origin.below = WIPING, ("m/", "p/")
    reopened(page)
    read(page)
    assert "r/index.html" in page.evaluate(CACHED)
    # The browser does obey, where a request carries what it keeps for the origin: as ours never do.
    page.evaluate("async (address) => { await fetch(address, { cache: 'reload' }); }", f"{origin.address}m/x")
    page.wait_for_function(f"async () => (await ({CACHED})()).length === 0")


def test_two_tabs_of_which_one_keeps_and_one_wipes(context: BrowserContext, origin: Site) -> None:
    other = opened(context, origin.page)
    page = kept(context, origin)
    reopened(other)
    origin.stop()
    reopened(page)
    reopened(other)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_role("button", name="Wipe everything").click()
    page.locator("dialog[open]").get_by_role("button", name="Wipe everything").click()
    page.wait_for_url("about:blank")
    # What is open goes on; nothing is left of what was kept.
    read(other)
    assert other.evaluate(CACHED) == []
    assert other.evaluate(WORKERS) == []


def test_each_private_window_begins_with_nothing(browser: Browser, origin: Site) -> None:
    with browser.new_context() as private:
        kept(private, origin)
    with browser.new_context() as private:
        page = opened(private, origin.page)
        assert page.evaluate(CACHED) == []
        keep_program(page)
        origin.stop()
        reopened(page)


def test_a_path_that_changes_with_the_epoch(context: BrowserContext, origin: Site) -> None:
    with sites(origin.tree, 1, prefix="abcdefghijklmnopqrstuvwx/") as [rotating]:
        page = kept(context, rotating)
        assert page.evaluate(WORKERS) == [f"{rotating.address}r/"]
        # The next epoch: the old path gives the cover site, as every other path.
        rotating.alter = block_page
        page.close()
        page = opened(context, rotating.page)
        read(page)
        # What lies beside the path is no business of the worker's.
        page.goto(f"{rotating.address}cover.html")
        expect(page.get_by_role("heading", name="This site is blocked")).to_be_visible()


def test_the_page_for_browsers_without_scripts_stays_what_it_is(
    context: BrowserContext, origin: Site
) -> None:
    page = kept(context, origin)
    page.goto(f"{origin.address}r/front/en.html")
    expect(page.get_by_role("heading", level=2, name="First story")).to_be_visible()


# The browser looks for another worker, as it does by itself after each visit; it may have found it by then.
UPDATE = """async () => {
  const [registered] = await navigator.serviceWorker.getRegistrations();
  await registered.update();
}"""
# What opens at the page's address, asked of whichever worker rules there; a navigation meanwhile hangs in
# Chromium now and then.
SEIZED = """() => fetch(location.href, { signal: AbortSignal.timeout(2000) })
  .then((answer) => answer.text())
  .then((text) => text === "seized", () => false)"""


def test_another_worker_from_the_same_origin_takes_over_at_once(
    context: BrowserContext, origin: Site
) -> None:
    """No page can prevent it, and WEB.md says so: who holds the origin holds what opens there."""
    page = kept(context, origin)
    seized = b'addEventListener("fetch", (e) => e.respondWith(new Response("seized")));'
    seized += b'addEventListener("install", () => skipWaiting());'
    origin.alter = lambda path, body: seized if path == "r/sw.js" else body
    page.reload()
    page.evaluate(UPDATE)
    page.wait_for_function(SEIZED, polling=100)


def test_with_a_library_everything_is_read_without_any_network(context: BrowserContext, origin: Site) -> None:
    page = kept(context, origin)
    article(page, "First story")
    page.locator(".acts").get_by_role("button", name="Keep on this device").click()
    page.locator("dialog[open] .answers .quiet").click()
    page.get_by_label("Passphrase", exact=True).fill("a lantern in the fog")
    page.get_by_label("The same once more").fill("a lantern in the fog")
    page.locator("dialog[open]").get_by_role("button", name="Make the library").click()
    expect(page.get_by_role("status").filter(has_text="Kept on this device")).to_be_visible(timeout=20_000)
    context.set_offline(True)
    page.reload()
    page.get_by_label("Passphrase", exact=True).fill("a lantern in the fog")
    page.get_by_role("button", name="Open it").click()
    expect(headline(page, "First story")).to_be_visible(timeout=20_000)
    read(page)
