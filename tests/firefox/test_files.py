"""The one file in Firefox, opened from a disk under its own policy for files; bundles given to it."""

from base64 import b64encode

import pytest

from helpers.bidi import Firefox, Person, Tab
from helpers.firefox_reading import LINK, article, front, keep_edition, proceed, reads, ready, unlock, view
from helpers.playhouse import SAID, House
from helpers.stage import Site, lying

DROP = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "news.mirror.zip"));
  for (const name of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture
def alone(person: Person) -> Tab:
    """A tab without a network."""
    person.cut_off()
    return person.tab()


def test_it_is_read_and_searched_without_any_network(alone: Tab, firefox: Firefox, newsroom: House) -> None:
    front(alone, newsroom.page.as_uri())
    alone.see("footer", "It cannot check itself")
    article(alone, "Second story")
    reads(alone, SAID)
    # The whole edition is here: search looks into the texts at once.
    alone.click("nav button", "Search")
    proceed(alone)
    alone.has_focus("[type=search]")
    alone.type("mill stood")
    alone.see(".results li", count=1)
    # Other languages' words are inside.
    view(alone, "Settings", "Settings")
    alone.choose("main select", "fa")
    alone.see("h1", "تنظیمات")
    assert {each.partition(":")[0] for each in firefox.requests} <= {"file", "blob", "data", "about"}


def test_nothing_is_asked_of_anyone_while_nobody_asks_for_it(
    tab: Tab, firefox: Firefox, mirrors: list[Site], newsroom: House
) -> None:
    front(tab, newsroom.page.as_uri())
    article(tab, "First story")
    assert not [each for each in firefox.requests if each.startswith("http")]
    assert not any(each.asked for each in mirrors)


def test_it_fetches_newer_news_when_asked(tab: Tab, mirrors: list[Site], newsroom: House) -> None:
    for each in mirrors:
        each.tree = newsroom.newer
    front(tab, newsroom.page.as_uri())
    tab.click("main button", "Look for newer news")
    ready(tab, "Newer story")
    article(tab, "Newer story")
    reads(tab, "The mill turns again.")
    # To mirrors it is nobody: no origin, no cookie, no address of a page, nothing asked beforehand.
    requests = [request for each in mirrors for request in each.asked]
    assert {request.method for request in requests} == {"GET"}
    assert {request.headers.get("Origin") for request in requests} == {"null"}
    assert not any({"Cookie", "Referer"} & request.headers.keys() for request in requests)


def test_mirrors_that_lie_to_it_are_not_believed(tab: Tab, mirrors: list[Site], newsroom: House) -> None:
    for each in mirrors:
        each.tree, each.alter = newsroom.newer, lying
    front(tab, newsroom.page.as_uri())
    tab.click("main button", "Look for newer news")
    tab.until("() => !document.querySelector('main progress')")
    ready(tab)
    tab.see(LINK, "Newer story", count=0)
    assert any(each.asked for each in mirrors)


def test_a_bundle_that_is_chosen_opens(alone: Tab, newsroom: House) -> None:
    front(alone, newsroom.page.as_uri())
    view(alone, "Settings", "Settings")
    alone.give("input[type=file]", newsroom.bundle)
    ready(alone, "Newer story")


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_bundle_that_is_dropped_opens_if_it_is_whole(
    alone: Tab, newsroom: House, *, is_whole: bool
) -> None:
    front(alone, newsroom.page.as_uri())
    data = bytearray(newsroom.bundle.read_bytes())
    if not is_whole:
        data[len(data) // 2] ^= 1
        data[len(data) // 3] ^= 1
        del data[-40:]
    alone.evaluate(DROP, b64encode(data).decode())
    if is_whole:
        ready(alone, "Newer story")
    else:
        # What was there before stays.
        alone.see("[role=status]", "What came was damaged")
        alone.see(LINK, "First story")
        alone.see(LINK, "Newer story", count=0)


def test_a_file_that_was_changed_inside_shows_nothing(alone: Tab, newsroom: House) -> None:
    alone.goto(newsroom.changed().as_uri())
    alone.see("h1", "Nothing could be opened")
    alone.see(LINK, count=0)


def test_a_file_has_a_library_of_its_own(alone: Tab, newsroom: House) -> None:
    front(alone, newsroom.page.as_uri())
    article(alone, "First story")
    keep_edition(alone)
    alone.reload()
    unlock(alone)
    other = newsroom.folder / "other.html"
    other.write_bytes(newsroom.page.read_bytes())
    front(alone, other.as_uri())
    assert alone.evaluate("async () => (await indexedDB.databases()).length") == 0


def test_the_policy_for_files_is_the_browsers_own(tab: Tab, newsroom: House) -> None:
    """So that what these tests see is what people see: no file reads another."""
    front(tab, newsroom.page.as_uri())
    said = "(address) => fetch(address).then(() => 'read', (error) => error.name)"
    assert tab.evaluate(said, newsroom.bundle.as_uri()) == "TypeError"
