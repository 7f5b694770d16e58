"""The page of a mirror in Firefox: reading, gates, leaving and search, by mouse and by keyboard."""

import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from helpers.bidi import Firefox, Person, Tab
from helpers.firefox_reading import DIALOG, LINK, act, article, front, proceed, reads, view
from helpers.keeping import EMPTY, STORES
from helpers.reading_room import TELLTALE, notices_of
from helpers.stage import Site, lying

FRAME = "(code) => { const inside = document.querySelector('iframe').contentDocument; return eval(code); }"


def done(tab: Tab) -> list[str]:
    return list(tab.evaluate("() => done"))


@pytest.fixture
def reading(tab: Tab, site: Site) -> Tab:
    """An article of the publication, opened."""
    front(tab, site.page)
    article(tab, "Fourth story")
    return tab


def field(person: Person, site: Site) -> Tab:
    """A page of somebody else's, with a field that has the focus."""
    tab = person.tab()
    page = b"<!doctype html><title>t</title><textarea></textarea>"
    alter, site.alter = site.alter, lambda path, body: page if path == "field.html" else body
    tab.goto(f"{site.address}field.html")
    site.alter = alter
    tab.click("textarea")
    return tab


def copied(person: Person, site: Site, text: str) -> None:
    """Have ``text`` on the clipboard, which is one for all people."""
    tab = field(person, site)
    tab.type(text)
    tab.press("Control+a", "Control+c")
    tab.close()


def pasted(person: Person, site: Site) -> str:
    """What the clipboard holds, as somebody would see it: pasted into a field of another page."""
    tab = field(person, site)
    tab.press("Control+v")
    text = str(tab.evaluate("() => document.querySelector('textarea').value"))
    tab.close()
    return text


def test_it_verifies_and_reads_and_writes_nothing(tab: Tab, site: Site, firefox: Firefox) -> None:
    front(tab, site.page)
    article(tab, "First story")
    reads(tab, TELLTALE)
    assert tab.frame().url == "about:srcdoc"
    assert tab.evaluate(STORES) == EMPTY
    assert tab.url == site.page
    assert tab.evaluate("() => document.title") == "News"
    assert {each.method for each in site.asked} == {"GET"}
    assert not any("cookie" in map(str.lower, each.headers) for each in site.asked)
    assert {each.partition(":")[0] for each in firefox.requests} <= {"http", "blob", "data", "about"}


def test_what_a_mirror_changed_is_never_shown(tab: Tab, site: Site) -> None:
    site.alter = lambda path, body: lying(path, body) if path.startswith("m/") else body
    tab.goto(site.page)
    tab.see("h1", "Nothing could be opened")
    assert TELLTALE not in tab.evaluate("() => document.body.innerText")


def test_links_in_the_frame_ask_first_by_mouse_and_by_keyboard(tab: Tab, site: Site) -> None:
    front(tab, site.page)
    article(tab, "A story with links")
    reads(tab, "The bakers left a note")
    before = len(site.asked)
    inside = tab.frame()
    inside.click("[role=link]", "the file")
    proceed(tab)  # the gate's question; then the page's own
    tab.see(DIALOG, "archive.example")
    assert done(tab) == []
    tab.press("Escape")
    tab.see(DIALOG, count=0)
    # The link still has the focus, inside the frame: Enter goes there.
    tab.has_focus("iframe")
    tab.press("Enter")
    proceed(tab)
    tab.see(DIALOG, "archive.example")
    tab.click(f"{DIALOG} .quiet")
    tab.until("() => done.length")
    assert done(tab) == ["open https://archive.example/file"]
    # They are listed under the text too.
    tab.click(".text summary")
    tab.see(".text li button", "https://archive.example/file")
    tab.see(".text li button", "mailto:desk@news.example")
    assert len(site.asked) == before


@pytest.mark.parametrize("key", ["Enter", "Escape"])
def test_enter_and_escape_go_back(
    reading: Tab, person: Person, site: Site, firefox: Firefox, key: str
) -> None:
    copied(person, site, "before")
    reading.front()
    for name in ("Pass on …", "Copy link", "Copy text", "Keep on this device", "Save as a file", "Print"):
        act(reading, name)
        # The alternative stands before what could happen; the safe answer is the first and has the focus.
        first = "() => document.querySelector('dialog :is(.safer, .summary, .what, .standing)').className"
        assert reading.evaluate(first) == "safer"
        reading.has_focus(f"{DIALOG} .answers button:first-of-type")
        reading.press(key)
        reading.see(DIALOG, count=0)
    assert done(reading) == []
    assert reading.evaluate(STORES) == EMPTY
    assert list(firefox.downloads.iterdir()) == []
    assert pasted(person, site) == "before"


def test_what_was_let_through_happens(reading: Tab, person: Person, site: Site, firefox: Firefox) -> None:
    act(reading, "Copy link")
    proceed(reading)
    reading.see("[role=status]", "Copied")
    assert pasted(person, site) == "https://news.example/4"
    reading.front()
    act(reading, "Pass on …")
    proceed(reading)
    proceed(reading)
    reading.until("() => done.length")
    act(reading, "Print")
    proceed(reading)
    reading.until("() => done.length > 1")
    act(reading, "Save as a file")
    proceed(reading)
    shared, printed = done(reading)
    assert shared.startswith("share Fourth story")
    assert "walked over the bridge" in printed
    file = saved(firefox.downloads, reading)
    text = file.read_text("utf-8")
    file.unlink()
    assert "Fourth story" in text
    assert "127.0.0.1" not in shared + printed + text


def saved(folder: Path, tab: Tab) -> Path:
    """The file that was saved, once it is whole."""

    def is_there() -> bool:
        return any(each.stat().st_size for each in folder.glob("*.txt")) and not any(folder.glob("*.part"))

    waited(tab, is_there)
    [file] = folder.glob("*.txt")
    return file


def waited(tab: Tab, holds: Callable[[], bool]) -> None:
    """Let the browser go on until ``holds``."""
    for _ in range(400):
        if holds():
            return
        tab.evaluate("() => new Promise((done) => setTimeout(done, 25))")
    raise AssertionError("it did not happen within ten seconds")


def words_of(sheet: Path, tab: Tab) -> str:
    """The Latin words on what was printed, once it is whole; the sheet is thrown away."""
    waited(tab, lambda: sheet.exists() and sheet.read_bytes().rstrip().endswith(b"%%EOF"))
    words = ""
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", sheet.read_bytes(), re.DOTALL):
        with suppress(zlib.error):
            for shown in re.findall(rb"(\(.*?\))Tj|\[(.*?)\]TJ", zlib.decompress(stream), re.DOTALL):
                words += b"".join(re.findall(rb"\((.*?)\)", b"".join(shown))).decode("latin-1") + " "
    sheet.unlink()
    return words


def test_what_is_printed_is_the_article_and_no_address(firefox: Firefox, site: Site) -> None:
    with firefox.person() as person:
        tab = person.tab()
        site.alter = lambda path, body: b"<!doctype html><p>plain" if path == "plain.html" else body
        tab.goto(f"{site.address}plain.html")
        tab.evaluate("() => print()")
        # So the browser writes the address on a sheet, and it would be seen here.
        assert f"127.0.0.1:{site.port}" in words_of(firefox.sheet, tab)
        front(tab, site.page)
        article(tab, "Fourth story")
        act(tab, "Print")
        proceed(tab)
        words = words_of(firefox.sheet, tab)
        assert "walked over the bridge" in words
        assert "127.0.0.1" not in words
        tab.see(".paper", count=0)
        # The browser's own menu prints an empty sheet, and an address on none.
        tab.evaluate("() => print()")
        assert words_of(firefox.sheet, tab) == ""


def test_the_keyboards_own_ways_pass_the_gate(reading: Tab, person: Person, site: Site) -> None:
    reads(reading, "walked over the bridge")
    copied(person, site, "before")
    reading.front()
    for where, what in ((reading, "h1"), (reading.frame(), "p")):
        where.click(what, times=3)
        reading.press("Control+c")
        reading.see(DIALOG)
        reading.press("Escape")
        reading.see(DIALOG, count=0)
        reading.press("Control+p")
        reading.see(DIALOG)
        reading.press("Escape")
        reading.see(DIALOG, count=0)
    assert done(reading) == []
    assert pasted(person, site) == "before"


@pytest.mark.parametrize("where", ["page", "frame", "dialog"])
def test_three_shifts_leave_at_once(reading: Tab, where: str) -> None:
    reads(reading, "walked over the bridge")
    if where == "frame":
        reading.frame().click("p")
        reading.has_focus("iframe")
    if where == "dialog":
        act(reading, "Copy text")
    reading.press("Shift", "Shift", "Shift")
    reading.until("() => location.href === 'about:blank'")
    assert reading.evaluate("() => document.body.innerText") == ""


def test_the_button_leaves_and_nothing_stays_on_the_screen(reading: Tab) -> None:
    left = "() => { document.querySelector('.leave').click(); return document.body.innerText; }"
    assert reading.evaluate(left) == ""
    reading.until("() => location.href === 'about:blank'")
    # The browser's "back" does not bring the text again: the entry before it is the page, from its beginning.
    reading.back()
    reading.see(LINK, "First story")
    assert reading.evaluate("() => document.querySelectorAll('iframe').length") == 0


def test_capital_letters_do_not_leave(tab: Tab, site: Site) -> None:
    front(tab, site.page)
    tab.click("nav button", "Search")
    proceed(tab)
    tab.has_focus("[type=search]")
    tab.press("Shift+A", "Shift+B", "Shift+C", "Shift+D")
    assert tab.evaluate("() => document.querySelector('[type=search]').value") == "ABCD"
    assert tab.url == site.page


def test_search_finds_as_one_types(tab: Tab, site: Site) -> None:
    front(tab, site.page)
    tab.click("nav button", "Search")
    proceed(tab)
    tab.has_focus("[type=search]")
    tab.type("FÓURTH")
    tab.see(".results li", count=1)
    tab.fill("[type=search]", "bakers street")
    tab.see(".results li", count=0)  # only headlines are here
    tab.click("main button", "Search in the texts too")
    tab.see(".results li", count=2)
    tab.see(".results mark")
    tab.fill("[type=search]", "wrong")  # it was withdrawn
    tab.see(".results li", count=0)


def test_the_browsers_back_goes_back_inside(reading: Tab, site: Site) -> None:
    view(reading, "About", "What this protects")
    reading.back()
    reading.see("h1", "Fourth story")
    reading.back()
    reading.see(LINK, "First story")
    assert reading.url == site.page


def test_the_keyboard_alone_reads_and_goes_back(tab: Tab, site: Site) -> None:
    front(tab, site.page)
    tab.evaluate("() => document.querySelector('header button').focus()")
    tab.see("header button", "Skip to the news")
    tab.press("Enter")
    tab.has_focus("main")
    at_link = "() => document.activeElement.matches('main [role=link]')"
    for _ in range(12):
        tab.press("Tab")
        if tab.evaluate(at_link):
            break
    assert tab.evaluate(at_link)
    title = str(tab.evaluate("() => document.activeElement.innerText"))
    tab.press("Enter")
    # The heading of the new view has the focus, so that a screen reader begins there.
    tab.has_focus("h1", title)
    tab.press("Shift+Tab")
    tab.press("Enter")
    tab.see(LINK, title)


def test_another_language_and_another_channel_turn_the_page_around(tab: Tab, site: Site) -> None:
    front(tab, site.page)
    view(tab, "Settings", "Settings")
    for language, heading, direction in (("ru", "Настройки", "ltr"), ("fa", "تنظیمات", "rtl")):
        tab.choose("main select", language)
        tab.see("h1", heading)
        assert tab.evaluate("() => document.documentElement.dir") == direction
    tab.click("main .back")
    tab.choose("main select", "fa")
    tab.click(LINK, "نانوایان روی پل")
    reads(tab, "شب بازگشتند")
    direction = "getComputedStyle(inside.querySelector('p')).direction"
    assert tab.evaluate(FRAME.replace("eval(code)", direction), "") == "rtl"


def test_without_notices_nothing_but_reading_is_open(
    tab: Tab, site: Site, carried: Mapping[str, bytes]
) -> None:
    notices = notices_of(carried)
    site.alter = lambda path, body: None if path in notices else body
    tab.goto(site.page)
    article(tab, "First story")
    tab.see(".acts .closed")
    tab.see(".acts button", count=0)
    tab.see("nav button", count=2)
    tab.press("Control+p")
    tab.see(f"{DIALOG} .answers button", count=1)
    tab.press("Enter")
    tab.see(DIALOG, count=0)
    assert done(tab) == []
