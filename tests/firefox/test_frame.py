"""Strangers' text in its frame in Firefox: nothing runs, is fetched, or leads away; a link tells the page."""

from collections.abc import Iterator

import pytest

from helpers.bidi import Tab
from helpers.stage import Site, sites
from helpers.strangers import ATTACKS, ATTRIBUTES, ELEMENTS, INSIDE, PAGE, PLANT, POLICY, program

SHOW = "([body, isWithout]) => show(body, isWithout)"


@pytest.fixture
def site() -> Iterator[Site]:
    with sites({"index.html": PAGE, "show.js": program()}, 1) as [made]:
        made.headers = {"Content-Security-Policy": POLICY}
        yield made


@pytest.mark.parametrize("is_without", [False, True], ids=["sanitizer", "no-sanitizer"])
def test_nothing_runs_and_nothing_is_fetched(tab: Tab, site: Site, *, is_without: bool) -> None:
    for name, attack in ATTACKS.items():
        tab.goto(f"{site.address}index.html")
        tab.until("() => 'show' in window")
        body = attack.replace("AT", f"{site.address}x")
        links = tab.evaluate(SHOW, [body, is_without])
        assert all(link.startswith(("https://", "http://", "mailto:")) for link in links), name
        tab.evaluate(
            """() => {
              const inside = document.querySelector("iframe").contentDocument;
              for (const each of inside.querySelectorAll("p, [role=link], button")) each.click();
            }"""
        )
        elements, attributes, address = tab.evaluate(INSIDE)
        assert set(elements) <= ELEMENTS, name
        assert set(attributes) <= ATTRIBUTES, name
        assert address == "about:srcdoc", name
        assert (
            tab.evaluate(
                "() => [window.pwned, document.querySelector('iframe').contentDocument.body.textContent]"
            )[0]
            is None
        ), name
        text = tab.evaluate("() => document.querySelector('iframe').contentDocument.body.innerText")
        assert "a" in text, name
        assert "inside" not in text, name
    assert {path for path in site.paths() if path != "favicon.ico"} == {"index.html", "show.js"}


def test_the_policy_of_the_frame_holds_without_the_copy(tab: Tab, site: Site) -> None:
    """The second wall: even markup that got in would run nothing and fetch nothing."""
    site.headers = {}  # the page's own policy, which holds for the frame too, is another wall
    tab.goto(f"{site.address}index.html")
    tab.until("() => 'show' in window")
    tab.evaluate(SHOW, ["<p>a</p>", False])
    before = len(site.asked)
    tab.evaluate(PLANT, site.address)
    tab.until("() => document.querySelector('iframe').contentDocument.querySelector('img').complete")
    assert tab.evaluate("() => window.pwned") is None
    assert len(site.asked) == before


def test_links_and_keys_reach_the_page_from_a_frame_without_scripts(tab: Tab, site: Site) -> None:
    tab.goto(f"{site.address}index.html")
    tab.until("() => 'show' in window")
    body = '<p><a href="https://a.example/?x=1&amp;y=2">k</a> <a href="mailto:x@a.example">l</a></p>'
    links = tab.evaluate(SHOW, [body, False])
    assert links == ["https://a.example/?x=1&y=2", "mailto:x@a.example"]
    inside = tab.frame()
    inside.click("[role=link]", "k")
    tab.press("Tab", "Enter")
    tab.until("() => said.length > 1")
    assert tab.evaluate("() => said") == links


def test_the_frame_is_as_high_as_its_text(tab: Tab, site: Site) -> None:
    tab.goto(f"{site.address}index.html")
    tab.until("() => 'show' in window")
    tab.evaluate(SHOW, ["<p>word </p>" * 80, False])
    fits = """() => {
      const frame = document.querySelector("iframe");
      const { height } = frame.contentDocument.body.getBoundingClientRect();
      return frame.clientHeight > 500 && Math.abs(frame.clientHeight - height) < 2;
    }"""
    tab.until(fits)
    tab.evaluate(
        "() => { document.querySelector('iframe').contentDocument.documentElement.style.fontSize = '200%'; }"
    )
    tab.until(fits)
