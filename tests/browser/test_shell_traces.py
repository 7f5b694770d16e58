"""What a profile on a disk holds after reading and leaving: searched for planted words, byte by byte.

The twin test keeps the same words without a library's encryption, and finds them: so the search sees.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, BrowserType, Page, expect

from helpers.playhouse import House, keep_program
from helpers.reading_room import TELLTALE, article, front
from helpers.stage import Site

# The words of an article, and of an invitation that somebody was given.
INVITATION = "canary-in-the-fragment"


def on_disk(folder: Path, word: str) -> list[str]:
    """The files below ``folder`` that hold ``word``, as bytes of UTF-8 or of UTF-16."""
    forms = (word.encode(), word.encode("utf-16-le"))
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(form in data for form in forms):
                found.append(path.relative_to(folder).as_posix())
    return found


class Profile:
    """A browser whose profile is ``folder``, as a person has one; after ``close`` all of it is written."""

    def __init__(self, folder: Path, kind: BrowserType, arguments: Mapping[str, object]) -> None:
        self.folder = folder
        self._kind = kind
        self._arguments = arguments
        self._context: BrowserContext | None = None

    def open(self) -> Page:
        arguments = {key: self._arguments[key] for key in ("executable_path", "args")}
        self._context = self._kind.launch_persistent_context(self.folder, **arguments)  # type: ignore[arg-type]
        return self._context.pages[0]

    def close(self) -> None:
        if self._context is not None:
            self._context.close()
            self._context = None


@pytest.fixture
def profile(
    browser_type: BrowserType, browser_type_launch_args: dict[str, object], tmp_path: Path
) -> Iterator[Profile]:
    made = Profile(tmp_path / "profile", browser_type, browser_type_launch_args)
    yield made
    made.close()


def read(page: Page, address: str) -> None:
    front(page, address)
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()


def test_in_memory_nothing_of_what_was_read_reaches_the_disk(
    profile: Profile, origin: Site, mirrors: list[Site]
) -> None:
    page = profile.open()
    page.goto(f"{origin.page}#{INVITATION}")
    expect(page.get_by_role("heading", level=1, name="Nothing could be opened")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()
    page.get_by_role("button", name="Leave at once").click()
    page.wait_for_url("about:blank")
    profile.close()
    for word in (TELLTALE, "walked over the bridge", "First story", "Second story"):
        assert on_disk(profile.folder, word) == [], word
    # Mirrors that the page asked besides leave nothing, not even their addresses.
    for each in mirrors:
        assert each.asked
        assert on_disk(profile.folder, f"127.0.0.1:{each.port}") == []
    # What the browser itself keeps of its address bar, and no page can prevent (WEB.md): that it was visited.
    assert on_disk(profile.folder, f"127.0.0.1:{origin.port}")
    with closing(sqlite3.connect(profile.folder / "Default" / "History")) as history:
        visited = {url for (url,) in history.execute("SELECT url FROM urls")}
        titles = {title for (title,) in history.execute("SELECT title FROM urls")}
    assert {url.partition("#")[0] for url in visited} <= {origin.page, "about:blank"}
    assert not titles & {"First story", "Example News"}


# Where a browser keeps the addresses that somebody went to. No page can take anything out of there.
ADDRESSES = (
    "History",
    "Sessions/",
    "Favicons",
    "Shortcuts",
    "Top Sites",
    "Network Action Predictor",
    "ukm_db",
)


def test_an_invitation_in_a_link_is_where_the_browser_keeps_addresses_and_nowhere_else(
    profile: Profile, origin: Site
) -> None:
    page = profile.open()
    page.goto(f"{origin.page}#{INVITATION}")
    expect(page.get_by_role("heading", level=1, name="Nothing could be opened")).to_be_visible()
    assert page.url == origin.page
    profile.close()
    found = on_disk(profile.folder, INVITATION)
    assert found  # WEB.md says so, and what to do instead
    assert [each for each in found if not any(place in each for place in ADDRESSES)] == []


def test_an_invitation_that_is_pasted_is_nowhere(profile: Profile, origin: Site) -> None:
    page = profile.open()
    front(page, origin.page)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    field = page.get_by_label("Have you got a newer invitation?")
    field.fill(f"mirror:{INVITATION}")
    page.get_by_role("button", name="Use it").click()
    expect(page.get_by_text("This invitation cannot be used")).to_be_visible()
    profile.close()
    assert on_disk(profile.folder, INVITATION) == []


def test_after_a_wipe_nothing_is_left_of_a_library_and_of_the_reader(profile: Profile, origin: Site) -> None:
    page = profile.open()
    read(page, origin.page)
    page.locator(".acts").get_by_role("button", name="Keep on this device").click()
    page.locator("dialog[open] .answers .quiet").click()
    page.get_by_label("Passphrase", exact=True).fill("a lantern in the fog")
    page.get_by_label("The same once more").fill("a lantern in the fog")
    page.locator("dialog[open]").get_by_role("button", name="Make the library").click()
    expect(page.get_by_role("status").filter(has_text="Kept on this device")).to_be_visible(timeout=20_000)
    keep_program(page)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_role("button", name="Wipe everything").first.click()
    page.locator("dialog[open]").get_by_role("button", name="Wipe everything").click()
    page.wait_for_url("about:blank")
    profile.close()
    for word in (TELLTALE, "First story", "a lantern in the fog"):
        assert on_disk(profile.folder, word) == [], word


def test_the_search_finds_what_is_kept_unencrypted(profile: Profile, origin: Site, newsroom: House) -> None:
    page = profile.open()
    read(page, origin.page)
    # What a careless page would do with an article and an invitation.
    page.evaluate(
        """async ([text, invitation]) => {
          localStorage.kept = invitation;
          const cache = await caches.open("careless");
          await cache.put("/kept", new Response(text));
          await new Promise((done) => {
            const request = indexedDB.open("careless");
            request.onupgradeneeded = () => request.result.createObjectStore("texts");
            request.onsuccess = () => {
              const transaction = request.result.transaction("texts", "readwrite");
              transaction.objectStore("texts").put(text, 1);
              transaction.oncomplete = done;
            };
          });
        }""",
        [f"The bakers of {TELLTALE} street", INVITATION],
    )
    page.goto(f"{origin.page}?{INVITATION}2")
    profile.close()
    places = "\n".join(on_disk(profile.folder, TELLTALE))
    assert "Service Worker/CacheStorage" in places
    assert "IndexedDB" in places
    assert "Local Storage" in "\n".join(on_disk(profile.folder, INVITATION))
    assert "Default/History" in on_disk(profile.folder, f"{INVITATION}2")
