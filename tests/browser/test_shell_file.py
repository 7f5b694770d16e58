"""The one file: opened from a disk, with no server and no network; more only when it is asked for."""

from base64 import b64encode
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from helpers.playhouse import SAID, House
from helpers.reading_room import article, front, headline
from helpers.stage import Site, lying

SELF = "It cannot check itself"


@pytest.fixture
def asked(context: BrowserContext) -> list[str]:
    """Every address that anything in the browser asks for."""
    found: list[str] = []
    context.on("request", lambda request: found.append(request.url))
    return found


@pytest.fixture
def alone(context: BrowserContext) -> Iterator[Page]:
    """A page without a network."""
    context.set_offline(True)
    yield context.new_page()
    context.set_offline(False)


def test_it_is_read_without_any_network(alone: Page, asked: list[str], newsroom: House) -> None:
    front(alone, newsroom.page.as_uri())
    article(alone, "Second story")
    expect(alone.frame_locator("iframe").get_by_text(SAID)).to_be_visible()
    expect(alone.get_by_text(SELF)).to_be_visible()
    # Other channels and other languages' words are inside.
    alone.get_by_role("button", name="Settings").click()
    expect(alone.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    alone.locator("select").first.select_option("fa")
    expect(alone.get_by_role("heading", level=1, name="تنظیمات")).to_be_visible()
    assert {each.partition(":")[0] for each in asked} <= {"file", "blob", "data"}


def test_nothing_is_asked_of_anyone_while_nobody_asks_for_it(
    page: Page, asked: list[str], mirrors: list[Site], newsroom: House
) -> None:
    front(page, newsroom.page.as_uri())
    article(page, "First story")
    page.wait_for_load_state("networkidle")
    assert not [each for each in asked if each.startswith("http")]
    assert not any(each.asked for each in mirrors)


def test_it_fetches_newer_news_when_asked(page: Page, mirrors: list[Site], newsroom: House) -> None:
    for each in mirrors:
        each.tree = newsroom.newer
    front(page, newsroom.page.as_uri())
    page.get_by_role("button", name="Look for newer news").click()
    expect(headline(page, "Newer story")).to_be_visible(timeout=20_000)
    article(page, "Newer story")
    expect(page.frame_locator("iframe").get_by_text("The mill turns again.")).to_be_visible()
    # To mirrors it is nobody: no origin, no cookie, no address of a page, nothing asked beforehand.
    requests = [request for each in mirrors for request in each.asked]
    assert {request.method for request in requests} == {"GET"}
    assert {request.headers.get("Origin") for request in requests} == {"null"}
    assert not any({"Cookie", "Referer"} & request.headers.keys() for request in requests)
    assert not [path for each in mirrors for path in each.paths() if path.startswith("r/")]


def test_what_was_newer_takes_nothing_of_the_file_away(
    page: Page, mirrors: list[Site], newsroom: House
) -> None:
    for each in mirrors:
        each.tree = newsroom.newer
    front(page, newsroom.page.as_uri())
    page.get_by_role("button", name="Look for newer news").click()
    expect(headline(page, "Newer story")).to_be_visible(timeout=20_000)
    # Another channel is looked up in the file alone, which is as old as before.
    page.locator("select").select_option("ru")
    expect(headline(page, "Пекари на мосту")).to_be_visible()
    page.locator("select").select_option("en")
    expect(headline(page, "First story")).to_be_visible()


def test_mirrors_that_lie_to_it_are_not_believed(page: Page, mirrors: list[Site], newsroom: House) -> None:
    for each in mirrors:
        each.tree = newsroom.newer
        each.alter = lying
    front(page, newsroom.page.as_uri())
    page.get_by_role("button", name="Look for newer news").click()
    expect(headline(page, "First story")).to_be_visible(timeout=20_000)
    expect(headline(page, "Newer story")).to_have_count(0)


def test_a_bundle_that_is_chosen_opens(alone: Page, newsroom: House) -> None:
    front(alone, newsroom.page.as_uri())
    alone.get_by_role("button", name="Settings").click()
    expect(alone.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    alone.locator("input[type=file]").set_input_files(newsroom.bundle)
    expect(headline(alone, "Newer story")).to_be_visible(timeout=20_000)


DROP = """(base64) => {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], "news.mirror.zip"));
  for (const name of ["dragover", "drop"]) {
    document.body.dispatchEvent(new DragEvent(name, { dataTransfer, bubbles: true, cancelable: true }));
  }
}"""


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_bundle_that_is_dropped_opens_if_it_is_whole(
    alone: Page, newsroom: House, *, is_whole: bool
) -> None:
    front(alone, newsroom.page.as_uri())
    data = bytearray(newsroom.bundle.read_bytes())
    if not is_whole:
        data[len(data) // 2] ^= 1
        data[len(data) // 3] ^= 1
        del data[-40:]
    alone.evaluate(DROP, b64encode(data).decode())
    if is_whole:
        expect(headline(alone, "Newer story")).to_be_visible(timeout=20_000)
    else:
        # What was there before stays.
        expect(alone.get_by_role("status").filter(has_text="What came was damaged")).to_be_visible()
        expect(headline(alone, "First story")).to_be_visible()
        expect(headline(alone, "Newer story")).to_have_count(0)


def test_a_file_that_was_changed_inside_shows_nothing(alone: Page, newsroom: House) -> None:
    alone.goto(newsroom.changed().as_uri())
    expect(alone.get_by_role("heading", level=1, name="Nothing could be opened")).to_be_visible()
    expect(headline(alone, "Second story")).to_have_count(0)
