"""A kept reader and newer code: signed by the ``reader`` role, taken whole, run from the next start on."""

from typing import Final

from playwright.sync_api import BrowserContext, Page, expect

from helpers.playhouse import House, eventually, is_newer, keep_program, opened, reopened
from helpers.reading_room import front
from helpers.stage import Site
from mirror.bundle.piece import path_of

NEWER: Final = "A newer version of this reader"


def kept(context: BrowserContext, origin: Site) -> Page:
    page = opened(context, origin.page)
    keep_program(page)
    page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    return page


def said_newer(page: Page) -> None:
    expect(page.get_by_role("status").filter(has_text=NEWER)).to_be_visible(timeout=20_000)


def asked_for_code(site: Site) -> bool:
    return any(path.endswith("reader.json") for path in site.paths())


def test_a_signed_one_runs_from_the_next_start_on(
    context: BrowserContext, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    page = kept(context, origin)
    origin.stop()  # it comes from any mirror
    for each in mirrors:
        each.tree = newsroom.newer
    reopened(page, "Newer story")
    said_newer(page)
    assert not is_newer(page)
    reopened(page, "Newer story")
    assert is_newer(page)
    # A mirror that shows the release before, which has not expired, brings the older program not back.
    for each in mirrors:
        each.tree = newsroom.first
        each.asked.clear()
    reopened(page)
    eventually(page, lambda: any(map(asked_for_code, mirrors)))
    page.wait_for_load_state("networkidle")
    reopened(page)
    assert is_newer(page)


def test_nobody_is_asked_for_code_while_nothing_is_kept(
    page: Page, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    for each in (origin, *mirrors):
        each.tree = newsroom.newer
    front(page, origin.page, "Newer story")
    page.wait_for_load_state("networkidle")
    assert not any(map(asked_for_code, (origin, *mirrors)))


def test_what_a_mirror_puts_in_the_page_s_place_is_never_looked_at(
    context: BrowserContext, origin: Site
) -> None:
    page = kept(context, origin)
    evil = b"<!doctype html><title>News</title><h1>Not signed by anyone</h1>"
    origin.alter = lambda path, body: evil if path.startswith("r/") and path != "r/sw.js" else body
    for _ in range(2):
        reopened(page)
    assert "r/index.html" not in origin.paths()[origin.paths().index("m/timestamp.json") :][1:]
    # Whoever does not have it kept gets what the mirror gives: no page can prevent that (WEB.md).
    stranger = context.browser
    assert stranger is not None
    with stranger.new_context() as other:
        newcomer = other.new_page()
        newcomer.goto(origin.page)
        expect(newcomer.get_by_role("heading", name="Not signed by anyone")).to_be_visible()


def test_one_that_breaks_off_leaves_the_old_one_whole(
    context: BrowserContext, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    page = kept(context, origin)
    origin.stop()
    gone = path_of(max(newsroom.program(newsroom.newer) - newsroom.program()))
    for each in mirrors:
        each.tree = {path: data for path, data in newsroom.newer.items() if path != gone}
    reopened(page, "Newer story")
    expect(page.locator("nav button")).to_have_count(3)
    eventually(page, lambda: any(gone in each.paths() for each in mirrors))
    page.wait_for_load_state("networkidle")
    reopened(page, "Newer story")
    assert not is_newer(page)
    for each in mirrors:
        each.tree = newsroom.newer
    reopened(page, "Newer story")
    said_newer(page)
    reopened(page, "Newer story")
    assert is_newer(page)


def test_it_does_not_wait_for_an_origin_that_swallows_everything(
    context: BrowserContext, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    page = kept(context, origin)
    origin.hangs = True
    for each in mirrors:
        each.tree = newsroom.newer
    # The browser has begun to look for another worker there, and will not come back from it.
    page.evaluate("() => { void navigator.serviceWorker.getRegistration().then((each) => each.update()); }")
    reopened(page, "Newer story")
    said_newer(page)
    reopened(page, "Newer story")
    assert is_newer(page)


def test_a_tab_that_runs_the_old_one_keeps_all_of_it(
    context: BrowserContext, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    page = kept(context, origin)
    other = opened(context, origin.page)
    for each in (origin, *mirrors):
        each.tree = newsroom.newer
    reopened(page, "Newer story")
    said_newer(page)
    context.set_offline(True)
    other.get_by_role("button", name="Settings").click()
    expect(other.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    other.locator("select").first.select_option("ru")
    expect(other.get_by_role("heading", level=1, name="Настройки")).to_be_visible()
