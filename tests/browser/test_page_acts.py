"""The gate before every act of a browser: nothing happens before it, and the safe answer is the nearest."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from helpers.reading_room import article, front, headline, notices_of
from helpers.stage import Site


@pytest.fixture
def reading(page: Page, context: BrowserContext, site: Site) -> Page:
    """An article of the publication, opened; what is shared, printed or downloaded is written down."""
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.add_init_script(
        "window.done = []; window.print = () => done.push('print');"
        "navigator.share = async (what) => void done.push('share ' + what.text);"
        "window.open = (address) => void done.push('open ' + address);"
    )
    front(page, site.page)
    article(page, "Fourth story")
    return page


def clipboard(page: Page) -> str:
    return str(page.evaluate("navigator.clipboard.readText()"))


def dialog(page: Page) -> Locator:
    return page.locator("dialog[open]")


def done(page: Page) -> list[str]:
    return list(page.evaluate("done"))


def act(page: Page, name: str) -> None:
    page.locator(".acts").get_by_role("button", name=name).click()
    expect(dialog(page)).to_be_visible()


def proceed(page: Page) -> None:
    dialog(page).locator(".answers .quiet").click()


ACTS = ("Pass on …", "Copy link", "Copy text", "Keep on this device", "Save as a file", "Print")


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_enter_and_escape_go_back(reading: Page, key: str) -> None:
    page = reading
    page.evaluate("navigator.clipboard.writeText('before')")
    for name in (*ACTS, "On the publisher’s site"):
        act(page, name)
        # The alternative stands before what could happen, and the safe answer before the other.
        texts = dialog(page).locator(".safer, .summary, .what, .standing").first
        expect(texts).to_have_class("safer")
        expect(dialog(page).locator(".answers button").first).to_be_focused()
        page.keyboard.press(key)
        expect(dialog(page)).to_have_count(0)
        assert done(page) == [], name
        assert clipboard(page) == "before", name
        assert page.evaluate("indexedDB.databases()") == [], name


def test_what_was_let_through_happens(reading: Page) -> None:
    page = reading
    act(page, "Copy link")
    proceed(page)
    expect(page.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    assert clipboard(page) == "https://news.example/4"
    act(page, "Copy text")
    proceed(page)
    page.wait_for_function("async () => (await navigator.clipboard.readText()).includes('by night')")
    assert "Fourth story" in clipboard(page)
    act(page, "Print")
    proceed(page)
    page.wait_for_function("() => done.length")
    with page.expect_download() as given:
        act(page, "Save as a file")
        proceed(page)
    text = Path(given.value.path()).read_text("utf-8")
    assert "Fourth story" in text
    assert given.value.suggested_filename == "text.txt"
    assert done(page) == ["print"]
    assert "127.0.0.1" not in text + clipboard(page)


def test_a_held_act_asks_twice_and_a_double_click_answers_once(reading: Page) -> None:
    page = reading
    act(page, "Pass on …")
    first = dialog(page).locator(".question").inner_text()
    dialog(page).locator(".answers .quiet").dblclick()
    expect(dialog(page).locator(".question")).not_to_have_text(first)
    expect(dialog(page).locator(".answers button").first).to_be_focused()
    assert done(page) == []
    proceed(page)
    page.wait_for_function("() => done.length")
    [shared] = done(page)
    assert shared.startswith("share Fourth story")
    assert "127.0.0.1" not in shared
    # What was answered is not kept: the next time asks again, from the beginning.
    act(page, "Pass on …")
    expect(dialog(page).locator(".question")).to_have_text(first)


def test_the_keyboards_own_ways_pass_the_gate(reading: Page) -> None:
    page = reading
    page.evaluate("navigator.clipboard.writeText('before')")
    for where in (page.locator("h1"), page.frame_locator("iframe").locator("p").first):
        where.click(click_count=3)
        page.keyboard.press("Control+c")
        expect(dialog(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)
        page.keyboard.press("Control+p")
        expect(dialog(page)).to_be_visible()
        page.keyboard.press("Escape")
        expect(dialog(page)).to_have_count(0)
    assert clipboard(page) == "before"
    assert done(page) == []


def test_the_browsers_own_menu_prints_an_empty_sheet(reading: Page) -> None:
    page = reading
    page.emulate_media(media="print")
    shown = "() => [...document.body.children].filter((each) => each.offsetHeight > 0).length"
    assert page.evaluate(shown) == 0
    page.emulate_media(media="screen")
    assert page.evaluate(shown) > 0
    # What passed the gate is on the sheet while it is printed, and gone afterwards.
    page.evaluate("() => { window.print = () => done.push(document.querySelector('.paper').innerText) }")
    act(page, "Print")
    proceed(page)
    page.wait_for_function("() => done.length")
    [sheet] = done(page)
    assert "Fourth story" in sheet
    assert "walked over the bridge" in sheet
    assert page.locator(".paper").count() == 0


def test_no_link_leads_away_without_a_word(reading: Page, site: Site) -> None:
    page = reading
    page.get_by_role("button", name="Back").click()
    article(page, "A story with links")
    before = len(site.asked)
    page.frame_locator("iframe").get_by_role("link", name="the file").click()
    proceed(page)  # the gate's question; then the page's own
    expect(dialog(page)).to_contain_text("archive.example")
    assert done(page) == []
    page.keyboard.press("Enter")
    expect(dialog(page)).to_have_count(0)
    assert done(page) == []
    page.frame_locator("iframe").get_by_role("link", name="the file").press("Enter")
    proceed(page)
    dialog(page).locator(".quiet").click()
    page.wait_for_function("() => done.length")
    assert done(page) == ["open https://archive.example/file"]
    assert len(site.asked) == before


def test_without_notices_nothing_but_reading_is_open(
    page: Page, site: Site, carried: Mapping[str, bytes]
) -> None:
    """A mirror that strips the notices closes the acts; it does not open them."""
    page.add_init_script("window.done = []; window.print = () => done.push('print')")
    notices = notices_of(carried)
    site.alter = lambda path, body: None if path in notices else body
    page.goto(site.page)
    expect(headline(page, "First story")).to_be_visible()
    article(page, "First story")
    expect(page.locator(".acts .closed")).to_be_visible()
    assert page.locator(".acts button").count() == 0
    assert page.locator("nav button").count() == 2
    page.keyboard.press("Control+p")
    expect(dialog(page)).to_be_visible()
    assert dialog(page).locator(".answers button").count() == 1
    page.keyboard.press("Enter")
    assert done(page) == []
    # Settings offer no library either.
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    assert page.get_by_role("button", name="Keep on this device").count() == 0


def test_answers_choose_the_notices_and_go_nowhere(reading: Page, site: Site) -> None:
    page = reading
    before = len(site.asked)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_label("Where are you?").select_option(label="Somewhere else")
    for box in page.get_by_label("None of these").all():
        box.check()
    page.get_by_role("button", name="Use these answers").click()
    expect(page.locator(".acts")).to_be_visible()
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert page.evaluate("indexedDB.databases()") == []
    assert len(site.asked) == before
