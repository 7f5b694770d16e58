"""Every view in Firefox, on a narrow screen: no finding of axe-core, no sideways scrolling."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from helpers.axe import LOOK, SCRIPT, problems
from helpers.bidi import Firefox, Tab
from helpers.firefox_reading import DIALOG, LINK, proceed
from helpers.stage import Site

# Where somebody who wants to look at the views has them put.
PICTURES = os.environ.get("MIRROR_PICTURES")


def _press(selector: str) -> Callable[[Tab], None]:
    return lambda tab: tab.click(selector)


def _type(tab: Tab) -> None:
    tab.has_focus("[type=search]")
    tab.type("a")


def _text(tab: Tab) -> None:
    tab.see(".acts")
    tab.until("() => document.querySelector('iframe').contentDocument.body.innerText.length > 10")


_article = (_press(LINK), _text)
# How to come to each view from the front page: buttons by their places, as words are in three languages.
VIEWS: Mapping[str, tuple[Callable[[Tab], None], ...]] = {
    "front": (),
    "article": _article,
    "gate": (*_article, _press(".acts button")),
    "search": (_press("nav button:nth-child(1)"), proceed, _type),
    "settings": (_press("nav button:nth-child(2)"),),
    "about": (_press("nav button:nth-child(3)"),),
    "wipe": (_press("footer .danger"),),
}
ENDS = {"gate": DIALOG, "settings": "main .choice", "about": "main ul", "wipe": DIALOG}


# What is wider than its place, as far as it can be scrolled.
WIDE = """() => [document.documentElement, ...document.querySelectorAll(".scrolled, dialog, main")]
  .filter((each) => each.scrollWidth > each.clientWidth && getComputedStyle(each).overflowX !== "hidden")
  .map((each) => each.outerHTML.slice(0, 80))"""
TURNED = "() => [document.documentElement.lang, document.documentElement.dir]"


@pytest.mark.parametrize("language", ["en", "ru", "fa"])
def test_every_view_fits_and_can_be_used_by_everyone(firefox: Firefox, site: Site, language: str) -> None:
    with firefox.person(language) as person:
        for name, steps in VIEWS.items():
            tab = person.tab(320, 640)
            tab.goto(site.page)
            tab.see("nav button", count=3)
            for step in steps:
                step(tab)
            tab.see(ENDS.get(name, "main"))
            if PICTURES:
                Path(PICTURES, f"{language}-{name}.png").write_bytes(tab.picture())
            assert tab.evaluate(WIDE) == [], name
            assert tab.evaluate(TURNED) == [language, "rtl" if language == "fa" else "ltr"]
            if language == "fa":  # it takes a second for each view; Chromium has it look at all languages
                tab.evaluate(f"() => {{ {SCRIPT} }}")
                assert problems(tab.evaluate(LOOK)) == [], name
            tab.close()


@pytest.mark.parametrize("channel", ["en", "ru", "fa"])
def test_everyone_can_use_the_front_page_without_scripts(tab: Tab, origin: Site, channel: str) -> None:
    tab.goto(f"{origin.address}r/front/{channel}.html")
    tab.evaluate(f"() => {{ {SCRIPT} }}")
    assert problems(tab.evaluate(LOOK)) == []
