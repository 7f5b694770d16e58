"""Strangers' text in its frame: whatever stands in a body, nothing runs, is fetched, or leads away."""

import subprocess
from collections.abc import Iterator
from functools import cache

import pytest
from playwright.sync_api import Browser, Page, expect

from helpers.node import WEB, node
from helpers.stage import Site, sites

# As the page's own (loader/index.html), but for the script, which is a file here.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src blob: data:; "
    "connect-src http: https:; frame-src 'self' blob:; base-uri 'none'; form-action 'none'"
)
ENTRY = """
import { framed } from "./page/frame.ts";
window.show = async (body, isWithout) => {
  if (isWithout) delete Element.prototype.setHTML;
  window.said = [];
  const calls = {
    link: (address) => window.said.push(address),
    picture: (index, made) =>
      Object.assign(made.createElement("button"), { textContent: `picture ${index}` }),
    hear: () => {},
  };
  const article = { id: "a", language: "en", body };
  const frame = await framed(article, "Text", calls, (element) => document.body.append(element));
  return frame.links;
};
"""
ELEMENTS = set(
    "html head meta body p h2 h3 h4 ul ol li blockquote pre table td th figure thead tbody tr figcaption "
    "code em strong sub sup br hr span button".split()
)
ATTRIBUTES = set("lang dir role tabindex data-to http-equiv content style".split())
RUN = "parent.pwned=1"
# One defect each, in a body that is whole otherwise. Every AT leads to the mirror, which would see a request.
ATTACKS = {
    "script": f"<p>a</p><script>{RUN};fetch('AT')</script>",
    "event": f'<p onclick="{RUN}" onmouseover="{RUN}">a</p>',
    "picture-event": f'<p>a<img src="image:0" onerror="{RUN}" onload="{RUN}"></p>',
    "picture": '<p>a<img src="AT.png"></p>',
    "picture-set": '<p>a<img src="image:0" srcset="AT.png 1x"></p>',
    "style": '<p style="background:url(AT.png)">a</p>',
    "styles": "<style>p{background:url(AT.png)}@import 'AT.css';</style><p>a</p>",
    "sheet": '<link rel="stylesheet" href="AT.css"><p>a</p>',
    "preload": '<link rel="preload" as="image" href="AT.png"><p>a</p>',
    "frame": '<iframe src="AT.html"></iframe><p>a</p>',
    "frame-text": f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe><p>a</p>',
    "object": '<object data="AT"></object><embed src="AT"><p>a</p>',
    "base": '<base href="AT"><p><a href="x">a</a></p>',
    "refresh": '<meta http-equiv="refresh" content="0;url=AT"><p>a</p>',
    "form": '<form action="AT"><button>a</button></form><p>a</p>',
    "field": f'<input autofocus onfocus="{RUN}"><p>a</p>',
    "svg": f'<svg onload="{RUN}"><image href="AT.png"/><text>inside</text></svg><p>a</p>',
    "math": f'<math><mtext><p>inside</p><img src=x onerror="{RUN}"></mtext></math><p>a</p>',
    "template": f"<template><p>inside</p><img src=x onerror={RUN}></template><p>a</p>",
    "video": '<video src="AT.mp4" poster="AT.png" autoplay></video><audio src="AT.mp3"></audio><p>a</p>',
    "script-link": f'<p><a href="javascript:{RUN}">a</a></p>',
    "data-link": f'<p><a href="data:text/html,<script>{RUN}</script>">a</a></p>',
    "link-more": '<p><a href="https://example.org" target="_top" ping="AT" download>a</a></p>',
    "noscript": f'<noscript><p title="</noscript><img src=x onerror={RUN}>">a</p></noscript><p>a</p>',
    "comment": f"<p>a</p><!--><img src=x onerror={RUN}>-->",
    "unclosed": f"<p>a<table><p><img src=x onerror={RUN}",
    "custom": f'<x-y onclick="{RUN}">inside</x-y><p is="x-y">a</p>',
    "names": '<p id="body" name="defaultView" class="leave" slot="x">a</p>',
}


@cache
def program() -> bytes:
    """``page/frame.ts`` with a function to call it by."""
    script = (
        "import { build } from 'esbuild'; import { readFileSync } from 'node:fs';"
        "const stdin = { contents: readFileSync(0, 'utf8'), resolveDir: '.', loader: 'ts' };"
        "const { outputFiles } = await build({ stdin, bundle: true, format: 'iife', write: false });"
        "process.stdout.write(outputFiles[0].text)"
    )
    command = [node(), "--input-type=module", "-e", script]
    made = subprocess.run(command, cwd=WEB, input=ENTRY.encode(), check=True, capture_output=True, timeout=60)
    return made.stdout


@pytest.fixture
def site() -> Iterator[Site]:
    page = b'<!doctype html><html lang="en"><title>t</title><body><script src="show.js"></script>'
    with sites({"index.html": page, "show.js": program()}, 1) as [made]:
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
        found = page.evaluate(
            """() => {
              const inside = document.querySelector("iframe").contentDocument;
              const all = [...inside.querySelectorAll("*")];
              const attributes = all.flatMap((each) => each.getAttributeNames());
              return [all.map((each) => each.localName), attributes, inside.URL];
            }"""
        )
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
    page.evaluate(
        """(at) => {
          const inside = document.querySelector("iframe").contentDocument;
          const script = inside.createElement("script");
          script.textContent = "parent.pwned = 1";
          inside.body.append(script);
          inside.body.insertAdjacentHTML("beforeend", `<img src="${at}x.png" onerror="parent.pwned=1">
            <iframe src="${at}x.html"></iframe><p style="background:url(${at}y.png)">b</p>`);
        }""",
        site.address,
    )
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
