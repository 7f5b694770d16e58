"""``mirror reader open`` in a real browser: the same reader, over the ways of the program on this machine."""

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from helpers.playhouse import SAID, House
from helpers.reading_room import article, front, headline
from helpers.stage import Site


@pytest.fixture
def address(newsroom: House, origin: Site) -> Iterator[str]:
    """What the command printed; it is interrupted as a person would."""
    command = [sys.executable, "-m", "mirror", "reader", "open", "--root", sha256(newsroom.root).hexdigest()]
    command += ["--channel", "en", "--mirror", origin.address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(2)
            assert process.wait(20) == 0


def test_it_reads_over_the_program_and_asks_nobody_else(
    context: BrowserContext, address: str, origin: Site, mirrors: list[Site]
) -> None:
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    front(page, address)
    article(page, "Second story")
    expect(page.frame_locator("iframe").get_by_text(SAID)).to_be_visible()
    base = address.removesuffix("r/")
    assert all(each.startswith((base, "blob:", "data:", "about:")) for each in asked)
    assert not any(each.asked for each in mirrors)
    # The mirror behind sees the program, never the browser.
    assert origin.asked
    assert not any(name.startswith("Sec-") for each in origin.asked for name in each.headers)


def test_nothing_is_kept_there(page: Page, address: str) -> None:
    front(page, address)
    article(page, "First story")
    expect(page.locator(".acts").get_by_role("button", name="Copy text")).to_be_visible()
    expect(page.get_by_role("button", name="Keep on this device")).to_have_count(0)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    expect(page.get_by_role("button", name="Wipe everything")).to_be_visible()
    for name in ("Keep on this device", "Make it work without a network", "Put on the home screen"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_other_pages_in_the_browser_get_nothing(page: Page, address: str, origin: Site) -> None:
    origin.alter = lambda path, body: b"<!doctype html><title>x</title>" if path == "x.html" else body
    page.goto(f"{origin.address}x.html")
    said = page.evaluate(
        "(address) => fetch(address).then((answer) => answer.status, (error) => error.name)", address
    )
    assert said == "TypeError"
    # Also to one that knows the address, and leads the browser there or frames it.
    page.evaluate("(address) => { location.href = address; }", address)
    page.wait_for_url(address)
    expect(page.locator("body")).to_have_text("There is nothing here.")
    page.goto(f"{origin.address}x.html")
    page.evaluate(
        "(src) => document.body.append(Object.assign(document.createElement('iframe'), { src }))", address
    )
    expect(page.frame_locator("iframe").locator("nav button")).to_have_count(0)
    # Nor does it open for who guesses.
    guessed = page.goto(address.replace(address.split("/")[3], "0" * 32))
    assert guessed is not None
    assert guessed.status == 404


def test_it_goes_on_with_what_it_had_when_the_mirror_is_gone(page: Page, address: str, origin: Site) -> None:
    front(page, address)
    origin.stop()
    page.reload()
    expect(headline(page, "First story")).to_be_visible(timeout=20_000)
