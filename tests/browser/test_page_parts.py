"""Parts of the program: everyone fetches the same ones, after the news; who cannot have them is told so."""

import json
import re
from collections.abc import Mapping

import pytest
from playwright.sync_api import Page, expect

from helpers.reading_room import article, front, headline, later
from helpers.stage import Site
from mirror.bundle import edition, program
from mirror.model import PieceList

UNREACHABLE = "No mirror gave it"
BEHIND = "behind.js"  # articles, notices, acts, wiping
FOLLOWING = (BEHIND, "more.js")


def named(carried: Mapping[str, bytes]) -> tuple[set[str], dict[str, set[str]]]:
    """The paths of the program's pieces, and those of each part."""
    said = re.search(rb'id="program">(.*?)</script>', carried["r/index.html"])
    assert said is not None
    listed = json.loads(said[1])["program"]
    pieces = PieceList(listed["raw"], tuple(listed["pieces"]), listed["last"])
    raw = edition.unseal(pieces, lambda digest: carried[path(digest)])
    parts = program.read_parts(program.decode(raw))
    return {*map(path, pieces.digests)}, {name: {*map(path, each.digests)} for name, each in parts.items()}


def path(digest: str) -> str:
    return f"p/{digest[:2]}/{digest}"


def headlines(page: Page, site: Site) -> None:
    """Open the page, and wait for the headlines alone."""
    page.goto(site.page)
    expect(headline(page, "First story")).to_be_visible(timeout=20_000)


def without(site: Site, paths: set[str]) -> None:
    """Let nobody have these any more."""
    site.alter = lambda asked, body: None if asked in paths else body


def test_the_news_comes_before_the_parts_that_everyone_fetches(
    page: Page, site: Site, carried: Mapping[str, bytes]
) -> None:
    first, parts = named(carried)
    with page.expect_response(lambda response: response.url.endswith(tuple(parts["more.js"]))):
        front(page, site.page)
    article(page, "First story")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("quicksilver")
    page.locator(".acts").get_by_role("button", name="Print").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    asked = site.paths()
    assert first <= set(asked)
    assert not set(asked) & set().union(*(paths for name, paths in parts.items() if name not in FOLLOWING))
    # Nothing is asked for when something is done, which would tell; and the news did not wait.
    last = asked[-len(parts["more.js"]) :]
    assert set(last) == parts["more.js"]
    behind = [asked.index(each) for each in parts[BEHIND]]
    assert max(map(asked.index, first)) < min(behind)
    # Once: every part takes from the one before.
    assert all(asked.count(each) == 1 for name in FOLLOWING for each in parts[name])


def test_without_its_part_an_act_is_not_done_and_why_is_said(
    page: Page, site: Site, carried: Mapping[str, bytes]
) -> None:
    _, parts = named(carried)
    page.add_init_script("window.done = []; window.print = () => done.push('print')")
    page.clock.install()
    without(site, parts["more.js"])
    front(page, site.page)
    article(page, "First story")
    page.locator(".acts").get_by_role("button", name="Print").click()
    later(page, page.locator("[role=status]", has_text=UNREACHABLE))
    assert page.evaluate("done") == []
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.locator("nav button").nth(1).click()
    later(page, page.locator("main", has_text=UNREACHABLE))
    # Wiping came with the articles.
    page.locator("footer .danger").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    # What can be had again is there at once.
    site.alter = None
    page.locator("nav button").nth(1).click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()


def test_without_what_is_behind_the_headlines_they_stay_and_nothing_else_is_done(
    page: Page, site: Site, carried: Mapping[str, bytes]
) -> None:
    _, parts = named(carried)
    page.add_init_script("window.done = []; window.print = () => done.push('print')")
    page.clock.install()
    without(site, parts[BEHIND])
    headlines(page, site)
    # No act is offered, nor done by the keyboard; copying is stopped, as before every gate.
    expect(page.locator("nav button")).to_have_count(2)
    page.keyboard.press("Control+p")
    page.keyboard.press("Control+a")
    assert (
        page.evaluate(
            "document.body.dispatchEvent(new ClipboardEvent('copy', {cancelable: true, bubbles: true}))"
        )
        is False
    )
    assert page.evaluate("done") == []
    # Leaving needs nothing; the others say why they are not to be had.
    expect(page.locator("header .leave")).to_be_visible()
    page.locator("footer .danger").click()
    later(page, page.locator("[role=status]", has_text=UNREACHABLE))
    page.get_by_role("link", name="First story").click()
    later(page, page.locator("main", has_text=UNREACHABLE))
    page.get_by_role("button", name="Back").click()
    # What can be had again is there at once, and the notices with it, through which every act goes.
    site.alter = None
    article(page, "First story")
    expect(page.frame_locator("iframe").locator("body")).to_contain_text("quicksilver")
    page.locator(".acts").get_by_role("button", name="Print").click()
    expect(page.locator("dialog[open]")).to_be_visible()
    assert page.evaluate("done") == []


def test_a_failed_start_offers_other_ways_where_they_can_be_used(
    page: Page, site: Site, carried: Mapping[str, bytes]
) -> None:
    _, parts = named(carried)
    news = {each for each in carried if each.startswith("m/")}
    page.clock.install()
    without(site, news | parts["more.js"])
    page.goto(site.page)
    again = page.get_by_role("button", name="Try again")
    later(page, again)
    page.clock.run_for(20_000)
    expect(page.locator("input[type=file]")).to_have_count(0)
    without(site, news)
    again.click()
    later(page, page.locator("input[type=file]"))
    expect(page.locator("textarea")).to_be_visible()


@pytest.mark.parametrize("name", FOLLOWING)
def test_a_part_that_was_altered_is_never_run(
    page: Page, site: Site, carried: Mapping[str, bytes], name: str
) -> None:
    _, parts = named(carried)
    page.clock.install()
    site.alter = lambda asked, body: (
        body[:-1] + bytes([body[-1] ^ 1]) if body and asked in parts[name] else body
    )
    headlines(page, site)
    page.get_by_role("button", name="About").click()
    later(page, page.locator("main", has_text=UNREACHABLE))


def test_whoever_presses_again_is_asked_once(page: Page, site: Site) -> None:
    front(page, site.page)
    article(page, "First story")
    page.locator(".acts").get_by_role("button", name="Print").dblclick()
    expect(page.locator("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
