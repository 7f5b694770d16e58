"""In Firefox: ``mirror reader open``, the front page without scripts, and plain http by a name."""

import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256

import pytest

from helpers import firefox as fox
from helpers.bidi import Firefox, Tab
from helpers.firefox_reading import article, front, reads, ready, view
from helpers.playhouse import SAID, House
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


def test_loopback_reads_over_the_program_and_asks_nobody_else(
    tab: Tab, firefox: Firefox, address: str, origin: Site, mirrors: list[Site]
) -> None:
    front(tab, address)
    article(tab, "Second story")
    reads(tab, SAID)
    base = address.removesuffix("r/")
    assert all(each.startswith((base, "blob:", "data:", "about:")) for each in firefox.requests)
    assert not any(each.asked for each in mirrors)
    # The mirror behind sees the program, never the browser.
    assert origin.asked
    assert not any("Firefox" in str(each.headers) for each in origin.asked)
    # Nothing can be kept there.
    tab.see(".acts button", "Copy text")
    tab.see(".acts button", "Keep on this device", count=0)
    view(tab, "Settings", "Settings")
    tab.see("main button", "Make it work without a network", count=0)
    # It goes on with what it had when the mirror is gone.
    origin.stop()
    tab.reload()
    ready(tab)


def test_other_pages_get_nothing_of_loopback(tab: Tab, address: str, origin: Site) -> None:
    origin.alter = lambda path, body: b"<!doctype html><title>x</title><body>" if path == "x.html" else body
    tab.goto(f"{origin.address}x.html")
    said = "(address) => fetch(address).then(({ status }) => status, (error) => error.name)"
    assert tab.evaluate(said, address) == "TypeError"
    framed = "(src) => document.body.append(Object.assign(document.createElement('iframe'), { src }))"
    tab.evaluate(framed, address)
    inside = tab.frame()
    inside.until("() => document.readyState === 'complete'")
    assert inside.evaluate("() => document.querySelectorAll('nav').length") == 0
    # Nor one that knows the address, and leads the browser there.
    tab.evaluate("(address) => { location.href = address; }", address)
    tab.see("body", "There is nothing here.")


@pytest.fixture(scope="module")
def plain(elsewhere: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    """A Firefox in which somebody turned scripts off."""
    if fox.found() is None:
        pytest.skip("there is no Firefox on this machine")
    folder = tmp_path_factory.mktemp("firefox-plain")
    with fox.launched(folder, elsewhere.port, {"javascript.enabled": False}) as made:
        yield made


def test_without_scripts_the_front_page_is_a_link_away(plain: Firefox, origin: Site) -> None:
    with plain.person() as person:
        tab = person.tab(320, 640)
        tab.goto(origin.page)
        for words in ("Without scripts nothing can be checked", "Без скриптов", "بدون اسکریپت"):
            tab.see("noscript p", words)
        tab.see("progress", count=0)
        tab.click("noscript a")
        tab.see("h2", "Пекари на мосту")
        tab.click("a", "English")
        tab.see("h2", "Second story")
        tab.see("p", SAID)
        tab.see("body", "Nothing on it was checked by your device")
        tab.see("body", "people are punished for sharing")
        tab.click("a", "فارسی")
        tab.see("html[dir=rtl] body", "دستگاه شما هیچ چیز آن را بررسی نکرده است")
    asked = [path for path in origin.paths() if path != "favicon.ico"]
    assert asked == ["r/index.html", *(f"r/front/{each}.html" for each in ("ru", "en", "fa"))]


def test_plain_http_by_a_name_says_that_nothing_can_be_checked(
    tab: Tab, elsewhere: Site, newsroom: House
) -> None:
    elsewhere.tree = newsroom.first
    tab.goto("http://news.example/r/index.html")
    assert tab.evaluate("() => [isSecureContext, crypto.subtle === undefined]") == [False, True]
    for words in ("cannot check anything here", "ничего не может проверить", "نمی‌تواند چیزی را بررسی کند"):
        tab.see("body", words)
    # Nothing is even asked for: no piece, no metadata.
    paths = [each.path.removeprefix("http://news.example/") for each in elsewhere.asked]
    assert "r/index.html" in paths
    assert not [path for path in paths if path.startswith(("p/", "m/"))]
