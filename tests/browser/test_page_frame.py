"""Strangers' text in its frame: whatever stands in a body, nothing runs, is fetched, or leads away."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from helpers.stage import Site, sites
from helpers.strangers import ATTACKS, ATTRIBUTES, ELEMENTS, INSIDE, PAGE, PLANT, POLICY, program


@pytest.fixture
def site() -> Iterator[Site]:
    with sites({"index.html": PAGE, "show.js": program()}, 1) as [made]:
        made.headers = {"Content-Security-Policy": POLICY}
        yield made


@pytest.mark.parametrize("is_without", [False, True], ids=["sanitizer", "no-sanitizer"])
def test_nothing_runs_and_nothing_is_fetched(page: Page, site: Site, *, is_without: bool) -> None:
    for name, attack in ATTACKS.items():
        page.goto(f"{site.address}index.html")
        before = len(site.asked)
        body = attack.replace("AT", f"{site.address}x")
        links = page.evaluate("([body, isWithout]) => show(body, isWithout)", [body, is_without])
        assert all(link.startswith(("https://", "http://", "mailto:")) for link in links), name
        frame = page.frame_locator("iframe")
        expect(frame.locator("body")).to_contain_text("a")
        # Whatever can be pressed is pressed.
        for each in frame.locator("p, [role=link], button").all():
            each.dispatch_event("click")
        found = page.evaluate(INSIDE)
        assert set(found[0]) <= ELEMENTS, name
        assert set(found[1]) <= ATTRIBUTES, name
        assert found[2] == "about:srcdoc", name
        assert page.evaluate("window.pwned") is None, name
        assert len(page.context.pages) == 1, name
        assert len(site.asked) == before, name
        assert frame.get_by_text("inside").count() == 0, name


def test_the_policy_of_the_frame_holds_without_the_copy(page: Page, site: Site) -> None:
    """The second wall: even markup that got in would run nothing and fetch nothing."""
    page.goto(f"{site.address}index.html")
    page.evaluate("() => show('<p>a</p>', false)")
    before = len(site.asked)
    page.evaluate(PLANT, site.address)
    page.wait_for_function("document.querySelector('iframe').contentDocument.querySelector('img').complete")
    assert page.evaluate("window.pwned") is None
    assert len(site.asked) == before


def test_the_sandbox_holds_without_any_policy(browser: Browser, site: Site) -> None:
    """The third wall: a browser without content policies runs no script in the frame either."""
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{site.address}index.html")
        page.evaluate("() => show('<p>a</p>', false)")
        run = """() => {
          const frame = document.querySelector("iframe");
          frame.contentDocument.body.insertAdjacentHTML("beforeend", "<svg onload='parent.pwned=1'></svg>");
          const script = frame.contentDocument.createElement("script");
          script.textContent = "parent.pwned = 1";
          frame.contentDocument.body.append(script);
        }"""
        page.evaluate(run)
        assert page.evaluate("window.pwned") is None


def test_what_is_of_the_subset_is_shown_as_it_is(page: Page, site: Site) -> None:
    page.goto(f"{site.address}index.html")
    body = (
        '<p dir="rtl" lang="fa">سلام <em>b</em><sup>2</sup></p><h2>c</h2><ul><li>d</li></ul>'
        "<blockquote><p>e</p></blockquote><table><tbody><tr><th>f</th><td>g</td></tr></tbody></table>"
        '<pre>h\n i</pre><figure><img src="image:0" alt="x"><figcaption>j</figcaption></figure>'
        '<p><a href="https://a.example/?x=1&amp;y=2">k</a> <a href="mailto:x@a.example">l</a></p><hr>'
    )
    links = page.evaluate("(body) => show(body, false)", body)
    assert links == ["https://a.example/?x=1&y=2", "mailto:x@a.example"]
    frame = page.frame_locator("iframe")
    expect(frame.locator("p").first).to_have_attribute("lang", "fa")
    expect(frame.get_by_role("button", name="picture 0")).to_be_visible()
    for name in ("em", "sup", "h2", "li", "blockquote p", "th", "td", "pre", "figcaption", "hr"):
        assert frame.locator(name).count() == 1, name
    # A link tells the page, by mouse and by keyboard, and leads nowhere.
    frame.get_by_role("link", name="k").click()
    frame.get_by_role("link", name="l").press("Enter")
    assert page.evaluate("window.said") == links
    assert len(page.context.pages) == 1


def test_the_frame_is_as_high_as_its_text(page: Page, site: Site) -> None:
    page.goto(f"{site.address}index.html")
    page.evaluate("() => show('<p>word </p>'.repeat(80), false)")
    fits = (
        "() => { const f = document.querySelector('iframe'), b = f.contentDocument.body;"
        " return f.clientHeight > 500 && Math.abs(f.clientHeight - b.getBoundingClientRect().height) < 2 }"
    )
    page.wait_for_function(fits)
    page.set_viewport_size({"width": 320, "height": 600})
    page.evaluate("document.querySelector('iframe').contentDocument.documentElement.style.fontSize = '200%'")
    page.wait_for_function(fits)
