"""What Firefox keeps by choice: the program with its worker, the edition in a library; and its end."""

import pytest

from helpers.bidi import BidiError, Firefox, Person, Tab
from helpers.firefox_reading import (
    DIALOG,
    LINK,
    article,
    front,
    keep_edition,
    keep_program,
    reads,
    ready,
    unlock,
    view,
)
from helpers.keeping import CACHED, EMPTY, FILL, STORES, WORKERS
from helpers.playhouse import MARK, SAID, House
from helpers.stage import Site, block_page, lying
from mirror.bundle.piece import path_of


@pytest.fixture
def kept(tab: Tab, origin: Site) -> Tab:
    """A page whose program is kept, in control of its worker."""
    front(tab, origin.page)
    keep_program(tab)
    return tab


def again(tab: Tab) -> None:
    tab.reload()
    ready(tab)


def test_all_of_the_program_is_kept_and_nothing_of_the_news(
    tab: Tab, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    for each in (origin, *mirrors):  # nobody tells which program is signed now: what runs is kept
        each.alter = lambda path, body: None if path.endswith("reader.json") else body
    front(tab, origin.page)
    assert tab.evaluate(STORES) == EMPTY
    keep_program(tab)
    assert tab.evaluate(WORKERS) == [f"{origin.address}r/"]
    assert set(tab.evaluate(CACHED)) == {"r/index.html", *map(path_of, newsroom.program())}
    article(tab, "Second story")
    reads(tab, SAID)
    assert set(tab.evaluate(CACHED)) == {"r/index.html", *map(path_of, newsroom.program())}


def test_a_dead_origin_and_words_of_another_language(kept: Tab, person: Person, origin: Site) -> None:
    origin.stop()
    again(kept)
    article(kept, "Second story")
    reads(kept, SAID)
    person.cut_off()
    view(kept, "Settings", "Settings")
    kept.choose("main select", "fa")
    kept.see("h1", "تنظیمات")


def test_without_keeping_a_dead_origin_is_dead(tab: Tab, origin: Site) -> None:
    front(tab, origin.page)
    origin.stop()
    with pytest.raises(BidiError, match="NS_ERROR_CONNECTION_REFUSED"):
        tab.goto(origin.page)


def test_an_origin_that_swallows_everything(kept: Tab, person: Person, origin: Site) -> None:
    origin.hangs = True
    kept.close()
    tab = person.tab()
    front(tab, origin.page)
    article(tab, "Second story")
    reads(tab, SAID)
    # Again, now that the browser waits for that origin's worker: nothing here waits with it.
    again(tab)
    article(tab, "Second story")
    reads(tab, SAID)


@pytest.mark.parametrize("behaviour", [lying, block_page])
def test_an_origin_that_lies_or_is_blocked(kept: Tab, origin: Site, behaviour: object) -> None:
    origin.alter = behaviour  # type: ignore[assignment]
    origin.asked.clear()
    again(kept)
    again(kept)
    article(kept, "Second story")
    reads(kept, SAID)
    assert [path for path in origin.paths() if path.startswith("m/")]


def test_an_answer_that_asks_to_clear_the_site_does(kept: Tab, origin: Site) -> None:
    """Firefox obeys also where nothing of the reader's was sent; WEB.md says so. What is open reads on."""
    origin.headers, origin.below = {"Clear-Site-Data": '"*"'}, ("m/", "p/")
    again(kept)
    kept.until(f"async () => (await ({CACHED})()).length === 0")
    origin.stop()
    article(kept, "Second story")
    reads(kept, SAID)


def test_another_worker_from_the_same_origin_takes_over_at_once(kept: Tab, origin: Site) -> None:
    """No page can prevent it, and WEB.md says so: who holds the origin holds what opens there."""
    seized = b'addEventListener("fetch", (e) => e.respondWith(new Response("seized")));'
    seized += b'addEventListener("install", () => skipWaiting());'
    origin.alter = lambda path, body: seized if path == "r/sw.js" else body
    kept.evaluate("async () => (await navigator.serviceWorker.getRegistrations())[0].update().then(() => 1)")
    kept.until("async () => (await (await fetch(location.href)).text()) === 'seized'")
    kept.reload()
    kept.see("body", "seized")


def test_a_newer_program_that_is_signed_runs_from_the_next_start_on(
    kept: Tab, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    for each in (origin, *mirrors):
        each.tree = newsroom.newer
    kept.reload()
    ready(kept, "Newer story")
    kept.see("[role=status]", "A newer version of this reader")
    assert not kept.evaluate(f"() => {MARK} === ''")
    kept.reload()
    ready(kept, "Newer story")
    kept.until(f"() => {MARK} === ''")


def test_with_a_library_everything_is_read_without_any_network(
    kept: Tab, person: Person, origin: Site, mirrors: list[Site]
) -> None:
    article(kept, "First story")
    keep_edition(kept)
    # A finder reads nothing of it.
    person.cut_off()
    for each in (origin, *mirrors):
        each.stop()
    kept.reload()
    kept.see("[type=password]")
    kept.fill("[type=password]", "not the lantern")
    kept.click("main button", "Open it")
    kept.see("[role=alert]", "This passphrase does not open the library.")
    unlock(kept)
    kept.see(".fresh", "No mirror was heard")
    article(kept, "Second story")
    reads(kept, SAID)


def test_a_wipe_empties_all_six_stores_and_leaves(kept: Tab, firefox: Firefox, origin: Site) -> None:
    article(kept, "First story")
    keep_edition(kept)
    kept.evaluate(FILL)
    assert all(count > 0 for count in kept.evaluate(STORES).values())
    kept.click("footer button", "Wipe everything")
    kept.see(DIALOG, "It cannot remove the address")
    kept.click(f"{DIALOG} button", "Wipe everything")
    kept.until("() => location.href === 'about:blank'")
    kept.goto(f"{origin.address}r/front/en.html")
    assert kept.evaluate(STORES) == EMPTY


def test_two_tabs_of_which_one_wipes(kept: Tab, person: Person, origin: Site) -> None:
    other = person.tab()
    front(other, origin.page)
    origin.stop()
    kept.front()
    kept.click("footer button", "Wipe everything")
    kept.click(f"{DIALOG} button", "Wipe everything")
    kept.until("() => location.href === 'about:blank'")
    # What is open goes on; nothing is left of what was kept.
    other.front()
    article(other, "Second story")
    reads(other, SAID)
    assert other.evaluate(CACHED) == []
    assert other.evaluate(WORKERS) == []
    other.see(LINK, count=0)
