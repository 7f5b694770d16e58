"""What reading leaves behind: nothing by default, nothing readable in a library, nothing after a wipe."""

import pytest
from playwright.sync_api import Locator, Page, expect

from helpers.keeping import EMPTY, FILL, STORES
from helpers.reading_room import TELLTALE, article, front, headline
from helpers.stage import Site

PASSPHRASE = "a lantern in the fog"
# Every record of every database, as text: bytes one by one, so that what is readable is found.
RECORDS = """async () => {
  const told = (request) => new Promise((done) => { request.onsuccess = () => done(request.result); });
  const all = [];
  for (const { name } of await indexedDB.databases()) {
    const base = await told(indexedDB.open(name));
    for (const store of base.objectStoreNames) {
      const records = base.transaction(store).objectStore(store);
      const keys = await told(records.getAllKeys());
      const values = await told(base.transaction(store).objectStore(store).getAll());
      const text = (value) => value instanceof Uint8Array
        ? Array.from(value, (byte) => String.fromCharCode(byte)).join("")
        : JSON.stringify(value);
      keys.forEach((key, place) => all.push([String(key), text(values[place])]));
    }
    base.close();
  }
  return all;
}"""


def button(page: Page, name: str) -> Locator:
    return page.locator("dialog[open]").get_by_role("button", name=name)


def keep(page: Page) -> None:
    """Make a library, and keep the edition in it."""
    page.locator(".acts").get_by_role("button", name="Keep on this device").click()
    page.locator("dialog[open] .answers .quiet").click()
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_label("The same once more").fill(PASSPHRASE)
    button(page, "Make the library").click()
    expect(page.get_by_role("status").filter(has_text="Kept on this device")).to_be_visible(timeout=20_000)


def test_reading_writes_nothing(page: Page, site: Site) -> None:
    front(page, site.page)
    entries = page.evaluate("history.length")
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_label("Colours").select_option(label="Dark")
    page.get_by_role("button", name="Back").click()
    expect(page.get_by_role("heading", level=1, name="First story")).to_be_visible()
    page.get_by_role("button", name="Back").click()
    expect(headline(page, "First story")).to_be_visible()
    article(page, "Fourth story")
    assert page.evaluate(STORES) == EMPTY
    # The address and the window say nothing, and the history holds the one address twice at most.
    assert page.url == site.page
    assert page.title() == "News"
    assert page.evaluate("history.length") - entries <= 1
    assert {each.method for each in site.asked} == {"GET"}
    assert not any("cookie" in map(str.lower, each.headers) for each in site.asked)


def test_the_browsers_back_goes_back_inside(page: Page, site: Site) -> None:
    front(page, site.page)
    article(page, "First story")
    page.get_by_role("button", name="About").click()
    expect(page.get_by_role("heading", level=1, name="What this protects")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", level=1, name="First story")).to_be_visible()
    page.go_back()
    expect(headline(page, "First story")).to_be_visible()
    assert page.url == site.page


def test_an_invitation_behind_the_address_is_nowhere_afterwards(page: Page, site: Site) -> None:
    page.goto(f"{site.page}#not-an-invitation")
    expect(page.get_by_role("heading", level=1, name="Nothing could be opened")).to_be_visible()
    assert page.url == site.page
    assert not any("not-an-invitation" in each.path + str(each.headers) for each in site.asked)


def test_a_library_opens_with_its_passphrase_and_tells_a_finder_nothing(page: Page, site: Site) -> None:
    front(page, site.page)
    article(page, "First story")
    keep(page)
    records = page.evaluate(RECORDS)
    assert len(records) > 3
    names = [name for name, _ in records if name != "0"]
    assert all(len(name) == 32 and set(name) <= set("0123456789abcdef") for name in names)
    # Not one readable word: of the news, of trust, of pieces, of the reader. And pieces look alike.
    text = "\n".join(value for _, value in records)
    for word in (
        TELLTALE,
        "First story",
        "Example News",
        "timestamp",
        "piece",
        "mirror",
        "127.0.0.1",
        "channel",
    ):
        assert word not in text
    sizes = {len(value) for name, value in records if name != "0"}
    assert all((size - 28) % 10_244 == 0 for size in sizes)
    # The next visit: a wrong passphrase says so; the right one reads, also when no mirror answers.
    page.reload()
    field = page.get_by_label("Passphrase", exact=True)
    field.fill("not the lantern")
    page.get_by_role("button", name="Open it").click()
    expect(page.get_by_role("alert")).to_have_text("This passphrase does not open the library.")
    site.status = 503
    field.fill(PASSPHRASE)
    page.get_by_role("button", name="Open it").click()
    expect(headline(page, "First story")).to_be_visible(timeout=30_000)
    expect(page.locator(".fresh")).to_contain_text("No mirror was heard")
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()


def test_going_back_from_the_passphrase_makes_nothing(page: Page, site: Site) -> None:
    front(page, site.page)
    article(page, "First story")
    page.locator(".acts").get_by_role("button", name="Keep on this device").click()
    page.locator("dialog[open] .answers .quiet").click()
    page.get_by_label("Passphrase", exact=True).fill("short")
    button(page, "Make the library").click()
    expect(page.get_by_role("alert")).to_have_text("At least eight characters, please.")
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    button(page, "Make the library").click()
    expect(page.get_by_role("alert")).to_have_text("The two are not the same.")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    assert page.evaluate(STORES) == EMPTY


def test_a_wipe_empties_all_six_stores_and_leaves(page: Page, site: Site) -> None:
    front(page, site.page)
    article(page, "First story")
    keep(page)
    page.evaluate(FILL)
    assert all(count > 0 for count in page.evaluate(STORES).values())
    page.get_by_role("button", name="Wipe everything").click()
    expect(page.locator("dialog[open]")).to_contain_text("It cannot remove the address")
    button(page, "Wipe everything").click()
    page.wait_for_url("about:blank")
    page.goto(f"{site.address}r/front/en.html")
    assert page.evaluate(STORES) == EMPTY


@pytest.mark.parametrize("where", ["page", "frame", "dialog"])
def test_three_shifts_leave_at_once(page: Page, site: Site, where: str) -> None:
    front(page, site.page)
    article(page, "First story")
    if where == "frame":
        page.frame_locator("iframe").locator("p").first.click()
    if where == "dialog":
        page.locator(".acts button").first.click()
        expect(page.locator("dialog[open]")).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Shift")
    page.wait_for_url("about:blank")
    assert page.evaluate("document.body.innerText") == ""


def test_capital_letters_do_not_leave(page: Page, site: Site) -> None:
    front(page, site.page)
    page.get_by_role("button", name="Search").click()
    page.locator("dialog[open] .answers .quiet").click()
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    for letter in ("Shift+A", "Shift+B", "Shift+C", "Shift+D"):
        page.keyboard.press(letter)
    expect(field).to_have_value("ABCD")
    assert page.url == site.page


def test_the_button_leaves_and_nothing_stays_on_the_screen(page: Page, site: Site) -> None:
    front(page, site.page)
    article(page, "First story")
    # Also where the next page never comes: what was on the screen is gone within the same task.
    page.evaluate("() => { window.left = [] ; }")
    emptied = page.evaluate(
        """() => {
          document.querySelector(".leave").click();
          return document.body.innerText + document.querySelectorAll("iframe, dialog").length;
        }"""
    )
    assert emptied == "0"
    page.wait_for_url("about:blank")
