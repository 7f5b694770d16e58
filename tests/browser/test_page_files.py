"""Editions in files: the page that is one file, opened from disk, and a bundle opened in a page."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from helpers.reading_room import TELLTALE, article, exported, front, headline, tree
from helpers.stage import Site


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("newsroom")


@pytest.fixture(scope="module")
def carried(base: Path) -> Mapping[str, bytes]:
    return tree(base)


@pytest.fixture(scope="module")
def bundle(base: Path, carried: Mapping[str, bytes]) -> Path:
    assert carried
    return exported(base, "news.mirror.zip")


@pytest.mark.usefixtures("carried")
def test_one_file_reads_from_disk_and_asks_nobody(page: Page, base: Path) -> None:
    file = exported(base, "news.html")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    front(page, file.as_uri())
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()
    # The whole edition is here: search looks into the texts at once.
    page.get_by_role("button", name="Search").click()
    page.locator("dialog[open] .answers .quiet").click()
    page.get_by_role("searchbox").fill(TELLTALE)
    expect(page.locator(".results li")).to_have_count(1)
    assert page.get_by_role("button", name="Search in the texts too").count() == 0
    # It never claims that it verified itself, and speaks its languages without a network.
    expect(page.locator("footer")).to_contain_text("It cannot check itself")
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.locator("select").first.select_option("fa")
    expect(page.get_by_role("heading", level=1, name="تنظیمات")).to_be_visible()
    assert page.get_by_role("button", name="افزودن به صفحهٔ اصلی").count() == 0
    assert all(url.startswith(("file:", "blob:", "about:")) for url in asked)


def test_a_bundle_opens_in_a_page_whose_mirror_is_gone(page: Page, site: Site, bundle: Path) -> None:
    front(page, site.page)
    page.wait_for_load_state("networkidle")  # all of the program is here
    site.alter = lambda _path, _body: None
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    before = len(site.asked)
    page.get_by_label("Open an edition from a file").set_input_files(bundle)
    expect(headline(page, "First story")).to_be_visible()
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()
    assert len(site.asked) == before


@pytest.mark.parametrize("damage", ["cut", "bit", "other"])
def test_a_damaged_bundle_is_not_shown(
    page: Page, site: Site, bundle: Path, tmp_path: Path, damage: str
) -> None:
    front(page, site.page)
    whole = bundle.read_bytes()
    directory = whole.index(b"PK\x01\x02")
    bad = {
        "cut": whole[:-100],
        "bit": whole[:directory] + bytes([whole[directory] ^ 1]) + whole[directory + 1 :],
        "other": b"not a bundle at all",
    }[damage]
    file = tmp_path / "news.mirror.zip"
    file.write_bytes(bad)
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
    page.get_by_label("Open an edition from a file").set_input_files(file)
    # What was read stays, and can be read on.
    expect(page.get_by_role("status").filter(has_text="What came was damaged")).to_be_visible()
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()


def test_what_is_read_stays_when_nothing_newer_can_be_had(page: Page, site: Site) -> None:
    front(page, site.page)
    page.wait_for_load_state("networkidle")  # all of the program is here
    site.stop()
    site.alter = lambda _path, _body: None
    page.get_by_role("button", name="Look for newer news").click()
    expect(page.get_by_role("status").filter(has_text="No mirror gave it")).to_be_visible(timeout=60_000)
    article(page, "First story")
    expect(page.frame_locator("iframe").get_by_text(TELLTALE)).to_be_visible()
