"""What a profile of Firefox holds on the disk after reading and leaving: searched for planted words.

Firefox writes down, every few seconds, what its tabs show and what was typed into them. On a page of somebody
else's the same is typed, and found: so the search sees.
"""

import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from helpers import firefox as fox
from helpers.bidi import Firefox, Tab
from helpers.firefox_reading import article, front, proceed, reads, view
from helpers.reading_room import TELLTALE
from helpers.stage import Site

PLAIN = (
    b"<!doctype html><title>t</title><input><textarea></textarea>"
    b"<label><input type=checkbox>box</label><select><option>one<option>two</select>"
)
# Where Firefox keeps the addresses that somebody went to.
KEEPERS = {
    "cookies.sqlite", "favicons.sqlite", "permissions.sqlite", "places.sqlite", "sessionstore-backups",
    "sessionstore.jsonlz4", "storage", "storage.sqlite",
}  # fmt: skip
SESSION = "sessionstore-backups/recovery.jsonlz4"
FIELDS = r'"formdata":.{,50}/r/index.html.{,200}'  # of the reader's page
MAGIC = b"mozLz40\0"


def unpacked(data: bytes) -> bytes:
    """What Firefox's own files of LZ4 (one block behind a magic and a length) hold; others as they are."""
    if not data.startswith(MAGIC):
        return data
    out = bytearray()
    at = len(MAGIC) + 4

    def length(least: int) -> int:
        nonlocal at
        total = least
        while least == 15:
            total += data[at]
            at += 1
            if data[at - 1] != 255:
                break
        return total

    while at < len(data):
        token = data[at]
        at += 1
        literals = length(token >> 4)
        out += data[at : at + literals]
        at += literals
        if at < len(data):
            back = int.from_bytes(data[at : at + 2], "little")
            at += 2
            for _ in range(length(token & 15) + 4):
                out.append(out[-back])
    return bytes(out)


def on_disk(folder: Path, word: str) -> list[str]:
    """The files below ``folder`` that hold ``word``."""
    forms = (word.encode(), word.encode("utf-16-le"))
    files = {each: unpacked(each.read_bytes()) for each in folder.rglob("*") if each.is_file()}
    return sorted(
        each.relative_to(folder).as_posix()
        for each, data in files.items()
        if any(form in data for form in forms)
    )


def written(tab: Tab, profile: Path, word: str) -> str:
    """What Firefox has written down of its tabs, once ``word`` is in it."""
    for _ in range(400):
        with suppress(FileNotFoundError):
            session = unpacked((profile / SESSION).read_bytes()).decode()
            if word in session:
                return session
        tab.evaluate("() => new Promise((done) => setTimeout(done, 25))")
    raise AssertionError(f"{word} was not written down")


def flushed(tab: Tab, firefox: Firefox, address: str) -> str:
    """What it has written down of ``tab``, if anything: once another tab is there, so is all of them."""
    told = firefox.call("browsingContext.create", type="tab", background=True)
    Tab(firefox, told["context"]).goto(address)
    return written(tab, firefox.profile, address)


def test_nothing_of_what_was_read_typed_or_chosen_reaches_the_disk(
    site: Site, elsewhere: Site, tmp_path: Path
) -> None:
    if fox.found() is None:
        pytest.skip("there is no Firefox on this machine")
    site.alter = lambda path, body: PLAIN if path.startswith("plain") else body
    with fox.launched(tmp_path, elsewhere.port, {"browser.sessionstore.interval": 200}) as firefox:
        tab, profile = firefox.tab, firefox.profile
        tab.goto(f"{site.address}plain1.html")
        tab.fill("input", "planted-in-a-line")
        tab.fill("textarea", "planted-in-an-area")
        tab.click("label")
        tab.choose("select", "two")
        written(tab, profile, "planted-in-a-line")
        session = flushed(tab, firefox, f"{site.address}plain2.html")
        assert '"formdata"' in session
        for word in ("planted-in-an-area", '"value":"two"', ":true"):
            assert word in session.partition('"formdata"')[2]
        front(tab, site.page)
        tab.choose("main select", "en")
        article(tab, "First story")
        reads(tab, TELLTALE)
        view(tab, "Settings", "Settings")
        tab.fill("#invitation", "canary-invitation")
        for box in ("main > div > label", "fieldset label"):
            tab.click(box)
        tab.choose("label:has([value=ZZ]) select", "RU")
        tab.choose("label:has([value=dark]) select", "dark")
        session = flushed(tab, firefox, f"{site.address}plain3.html")
        assert re.findall(FIELDS, session) == []
        tab.click("nav button", "Search")
        proceed(tab)
        tab.has_focus("[type=search]")
        tab.type("canary-search")
        session = flushed(tab, firefox, f"{site.address}plain4.html")
        assert re.findall(FIELDS, session) == []
        assert "canary" not in session
        tab.click("header .leave")
        tab.until("() => location.href === 'about:blank'")
    for word in (TELLTALE, "walked over the bridge", "First story", "canary-invitation", "canary-search"):
        assert on_disk(profile, word) == [], word
    # What Firefox keeps of addresses, and no page can prevent (WEB.md).
    visited = set(on_disk(profile, f"127.0.0.1:{site.port}"))
    assert "places.sqlite" in visited
    assert {each.partition("/")[0].removesuffix("-wal") for each in visited} <= KEEPERS
    with closing(sqlite3.connect(profile / "places.sqlite")) as history:
        titles = {title for (title,) in history.execute("SELECT title FROM moz_places")}
    assert not titles & {"First story", "Example News"}
