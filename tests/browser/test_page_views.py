"""Every view, in four languages: no finding of axe-core, no sideways scrolling, the right direction."""

from collections.abc import Callable, Mapping
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from helpers.axe import LOOK, SCRIPT, problems
from helpers.stage import Site

Scheme = Literal["light", "dark"]


def _press(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


def _type(page: Page) -> None:
    expect(page.locator("[type=search]")).to_be_focused()
    language = page.evaluate("document.documentElement.lang")
    page.keyboard.type({"en": "a", "fa": "ن"}.get(language, "п"))  # the first channel's news are Russian


_article = _press("main [role=link]")
_proceed = _press("dialog[open] .answers .quiet")
# How to come to each view from the one before it, the first from the front page: a load for each would take
# most of the time. Buttons by their places, as their words are in four languages; then what it alone shows.
VIEWS: Mapping[str, tuple[tuple[Callable[[Page], None], ...], str]] = {
    "front": ((), "main .first"),
    "article": ((_article,), "main .text iframe"),
    "gate": ((_press(".acts button"),), "dialog[open] .answers"),
    "notice": ((_press("dialog[open] .link"),), "main .read:not(:has(.text)) h1"),
    "settings": ((_press("nav button:nth-child(2)"),), "main .choice"),
    "about": ((_press("nav button:nth-child(3)"),), "main div > .listed"),
    "search": ((_press("nav button:nth-child(1)"), _proceed, _type), "main .results li"),
    "wipe": ((_press("footer .danger"),), "dialog[open] .danger"),
}


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    expect(page.locator("nav button")).to_have_count(3)
    return page


@pytest.mark.parametrize(
    ("language", "scheme"),
    [("en", "light"), ("en", "dark"), ("ru", "light"), ("fa", "dark"), ("zh-CN", "light")],
)
def test_every_view_can_be_used_by_everyone(
    browser: Browser, site: Site, language: str, scheme: Scheme
) -> None:
    viewport: ViewportSize = {"width": 320, "height": 640}
    with browser.new_context(locale=language, color_scheme=scheme, viewport=viewport) as context:
        page = opened(context, site.page)
        page.evaluate(SCRIPT)
        for name, (steps, shown) in VIEWS.items():
            assert page.locator(shown).count() == 0 or not steps, name
            for step in steps:
                step(page)
            expect(page.locator(shown).first).to_be_visible()
            assert problems(page.evaluate(LOOK)) == [], name
            width = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.lang]")
            assert width[0] <= viewport["width"], name
            assert width[1][:2] == language[:2], name
            assert page.evaluate("document.documentElement.dir") == ("rtl" if language == "fa" else "ltr")


def test_the_keyboard_alone_reads_and_goes_back(page: Page, site: Site) -> None:
    page.goto(site.page)
    expect(page.locator("nav button")).to_have_count(3)
    # What skips the navigation is first, and shows itself where the keyboard comes to it.
    skip = page.locator("header button").first
    skip.focus()
    expect(skip).to_have_text("Skip to the news")
    box = skip.bounding_box()
    assert box is not None
    assert box["height"] > 20
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    link = page.locator("main [role=link]").first
    for _ in range(12):
        page.keyboard.press("Tab")
        if link.evaluate("(each) => each === document.activeElement"):
            break
    expect(link).to_be_focused()
    title = link.inner_text()
    page.keyboard.press("Enter")
    # The heading of the new view has the focus, so that a screen reader begins there.
    expect(page.get_by_role("heading", level=1, name=title)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(link).to_be_visible()


def test_choices_reach_the_text_in_the_frame(page: Page, site: Site) -> None:
    page.goto(site.page)
    expect(page.locator("nav button")).to_have_count(3)
    shown = """() => {
      const inside = document.querySelector("iframe").contentDocument;
      const style = inside.defaultView.getComputedStyle(inside.documentElement);
      return [parseFloat(style.fontSize), style.backgroundColor];
    }"""
    page.locator("main [role=link]").first.click()
    expect(page.frame_locator("iframe").locator("p").first).to_be_visible()
    before = page.evaluate(shown)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_label("Text size").select_option(label="150%")
    page.get_by_label("Colours").select_option(label="Dark")
    page.get_by_role("button", name="Back").click()
    expect(page.frame_locator("iframe").locator("p").first).to_be_visible()
    after = page.evaluate(shown)
    assert after[0] == pytest.approx(1.5 * before[0])
    assert after[1] != before[1]


def test_another_language_is_spoken_at_once_and_english_where_its_words_are_not_to_be_had(
    page: Page, site: Site
) -> None:
    page.goto(site.page)
    expect(page.locator("nav button")).to_have_count(3)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.locator("select").first.select_option("fa")
    expect(page.get_by_role("heading", level=1, name="تنظیمات")).to_be_visible()
    assert page.evaluate("document.documentElement.dir") == "rtl"
    site.alter = lambda _path, _body: None
    page.locator("select").first.select_option("uk")
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.lang") == "en"


def test_search_finds_as_one_types(page: Page, site: Site) -> None:
    page.goto(site.page)
    expect(page.locator("nav button")).to_have_count(3)
    page.get_by_role("button", name="Search").click()
    _proceed(page)
    field = page.get_by_role("searchbox")
    field.press_sequentially("FÓURTH")
    expect(page.locator(".results li")).to_have_count(1)
    field.fill("bakers street")
    expect(page.locator(".results li")).to_have_count(0)  # only headlines are here
    page.get_by_role("button", name="Search in the texts too").click()
    expect(page.locator(".results li")).to_have_count(2)
    expect(page.locator(".results mark").first).to_be_visible()
    # What was withdrawn is not found.
    field.fill("wrong")
    expect(page.locator(".results li")).to_have_count(0)


def test_what_was_withdrawn_is_gone_and_why_is_said(page: Page, site: Site) -> None:
    page.goto(site.page)
    expect(page.locator("nav button")).to_have_count(3)
    page.get_by_role("button", name="All headlines").click()
    page.get_by_role("link", name="A story that was wrong").click()
    expect(page.locator(".state.withdrawn")).to_be_visible()
    expect(page.get_by_text("Nobody was on the bridge.")).to_be_visible()
    assert page.locator("iframe").count() == 0
    assert page.locator(".acts").count() == 0


def test_a_channel_changes_the_news_and_its_direction(page: Page, site: Site) -> None:
    page.goto(site.page)
    expect(page.locator("nav button")).to_have_count(3)
    page.get_by_label("Channel").select_option("fa")
    link = page.get_by_role("link", name="نانوایان روی پل")
    expect(link).to_have_attribute("lang", "fa")
    link.click()
    text = page.frame_locator("iframe").locator("p").first
    expect(text).to_be_visible()
    assert text.evaluate("(each) => getComputedStyle(each).direction") == "rtl"


# To which edge of what is around it the first line of a block is nearer.
SIDE = """(each) => {
  const words = document.createTreeWalker(each, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  const boxes = [];
  while (words.nextNode()) {
    range.selectNodeContents(words.currentNode);
    boxes.push(...range.getClientRects());
  }
  const line = boxes.filter((box) => box.top < boxes[0].bottom);
  const all = each.parentElement.getBoundingClientRect();
  const before = Math.min(...line.map(({ left }) => left)) - all.left;
  const after = all.right - Math.max(...line.map(({ right }) => right));
  return Math.abs(before - after) < 1 ? "neither" : before < after ? "left" : "right";
}"""


@pytest.mark.parametrize(("language", "channel", "side"), [("fa", "ru", "left"), ("en", "fa", "right")])
def test_a_text_stands_on_the_side_where_its_script_begins(
    browser: Browser, showroom: Site, language: str, channel: str, side: str
) -> None:
    viewport: ViewportSize = {"width": 1280, "height": 800}
    with browser.new_context(locale=language, viewport=viewport) as context:
        page = opened(context, showroom.page)
        page.locator("main select").select_option(channel)
        expect(page.locator(f"main [role=link][lang={channel}]").first).to_be_visible()
        for part in (".first", ".headlines li >> nth=0", ".headlines li >> nth=-1"):
            for block in page.locator(part).locator("h2, h3, p").all():
                assert block.evaluate(SIDE) == side, block.text_content()
        sections = page.locator(".headlines > h2")
        first, last = sections.first.bounding_box(), sections.last.bounding_box()
        assert first is not None
        assert last is not None
        assert (first["x"] < last["x"]) == (side == "left")  # columns too run as the news is read
        _article(page)
        expect(page.frame_locator("iframe").locator("p").first).to_be_visible()
        for block in page.locator("article > :is(.section, h1, .lead, p.dim, h2 + p[dir])").all():
            assert block.evaluate(SIDE) == side, block.text_content()
        text = page.frame_locator("iframe").locator("p").first
        assert text.evaluate("(each) => getComputedStyle(each).direction") == (
            "rtl" if side == "right" else "ltr"
        )
