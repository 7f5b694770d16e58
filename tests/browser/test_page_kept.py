"""What is kept is read at once, whatever the mirrors do; what is newer takes its place when it is whole."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from helpers.newsdesk import desk, files_of
from helpers.reading_room import article, front, headline
from helpers.stage import Site, sites

PASSPHRASE = "a lantern in the fog"
SOON_MS = 15_000  # a silent mirror is waited for twice as long, and a slow machine takes its time too
Trees = tuple[Mapping[str, bytes], Mapping[str, bytes]]


def _published(base: Path) -> Trees:
    made = desk(base)
    made.add(made.story(1, title="First story"))
    made.release()
    before = files_of(made.folder / "tree")
    made.later().add(made.story(2, title="Second story"))
    made.release()
    return before, files_of(made.folder / "tree")


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> Trees:
    """What mirrors have before and after a release."""
    with ThreadPoolExecutor() as pool:  # commands start an event loop, and the browser's driver has one here
        return pool.submit(_published, tmp_path_factory.mktemp("newsroom")).result()


def keep(page: Page) -> None:
    """Keep the edition in a library that is made for it."""
    page.locator(".acts").get_by_role("button", name="Keep on this device").click()
    page.locator("dialog[open] .answers .quiet").click()
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_label("The same once more").fill(PASSPHRASE)
    page.locator("dialog[open]").get_by_role("button", name="Make the library").click()
    expect(page.get_by_role("status").filter(has_text="Kept on this device")).to_be_visible(timeout=20_000)


@pytest.fixture
def silent(page: Page, trees: Trees) -> Iterator[tuple[Site, threading.Event]]:
    """A reader kept the first edition and opened it again; the mirror, which has the second, keeps silent."""
    let_go = threading.Event()

    def held(_path: str, body: bytes | None) -> bytes | None:
        let_go.wait(60)
        return body

    with sites(trees[0], 1) as [site]:
        front(page, site.page)
        article(page, "First story")
        keep(page)
        page.reload()
        field = page.get_by_label("Passphrase", exact=True)
        field.fill(PASSPHRASE)
        site.tree, site.alter = trees[1], held
        page.get_by_role("button", name="Open it").click()
        expect(headline(page, "First story")).to_be_visible(timeout=SOON_MS)
        yield site, let_go
        let_go.set()


def test_a_silent_link_does_not_keep_from_what_is_kept(page: Page, silent: tuple[Site, object]) -> None:
    expect(page.locator(".fresh")).to_contain_text("No mirror was heard")
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text("walked over the bridge")).to_be_visible(timeout=SOON_MS)


def test_what_is_newer_takes_its_place(page: Page, silent: tuple[Site, threading.Event]) -> None:
    silent[1].set()
    expect(headline(page, "Second story")).to_be_visible()
    expect(page.locator(".fresh")).not_to_contain_text("No mirror was heard")


def test_whoever_reads_is_not_disturbed(page: Page, silent: tuple[Site, threading.Event]) -> None:
    article(page, "First story")
    page.evaluate("() => { document.querySelector('iframe').dataset.same = 'yes'; }")
    count = "performance.getEntriesByType('resource').length"
    before = page.evaluate(count)
    silent[1].set()
    page.wait_for_function(f"() => {count} > {before} + 1")
    expect(page.locator("iframe[data-same=yes]")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(headline(page, "Second story")).to_be_visible()


def test_whoever_asks_for_news_meanwhile_gets_what_he_asked_for(
    page: Page, silent: tuple[Site, threading.Event]
) -> None:
    page.get_by_role("button", name="Look for newer news").click()
    silent[1].set()
    expect(headline(page, "Second story")).to_be_visible()
