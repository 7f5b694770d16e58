"""Channels without an edition yet: whoever reads their language is given another, and told."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from helpers.newsdesk import Desk, files_of
from helpers.reading_room import article, front, headline
from helpers.stage import Site, sites

NOTHING_YET = "Здесь пока нет новостей"


def _published(base: Path) -> Mapping[str, bytes]:
    """News in English alone, as in ``news.html``; ``part.html`` leaves out what came in Russian later."""
    made = Desk(base, base / "publication").init("--channel=fa=fa")
    made.add(made.story(1, title="First story"))
    made.release()
    first = files_of(made.folder / "tree")
    assert made.call("export", str(base / "news.html")) == 0
    made.add(made.story(2, folder="ru", title="Пекари на мосту"), channel="ru")
    made.later().release()
    assert made.call("export", str(base / "part.html"), "--channel=en") == 0
    return first


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("young")


@pytest.fixture(scope="module")
def young(base: Path) -> Mapping[str, bytes]:
    with ThreadPoolExecutor() as pool:
        return pool.submit(_published, base).result()


@pytest.fixture
def site(young: Mapping[str, bytes]) -> Iterator[Site]:
    with sites(young, 1) as [made]:
        yield made


@pytest.fixture
def russian(browser: Browser) -> Iterator[Page]:
    with browser.new_context(locale="ru-RU", viewport={"width": 360, "height": 740}) as context:
        yield context.new_page()


def test_a_language_without_news_gives_way_to_one_that_has_some(russian: Page, site: Site) -> None:
    front(russian, site.page)
    article(russian, "First story")
    russian.locator("header .name").click()
    # Chosen by hand, it says so, and what was read stays.
    russian.locator("select").select_option("ru")
    expect(russian.locator("[role=status]", has_text=NOTHING_YET)).to_be_visible()
    expect(headline(russian, "First story")).to_be_visible()


@pytest.mark.parametrize("name", ["news.html", "part.html"])
def test_a_file_opens_with_what_it_carries(
    russian: Page, young: Mapping[str, bytes], base: Path, name: str
) -> None:
    front(russian, (base / name).as_uri())
    article(russian, "First story")


def test_without_scripts_there_is_a_front_page(browser: Browser, site: Site) -> None:
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site.page)
        page.locator("noscript a").first.click()
        expect(page.get_by_role("heading", name="First story")).to_be_visible()


def test_where_nothing_is_published_that_is_said(russian: Page, site: Site, tmp_path: Path) -> None:
    """Not that somebody lied."""

    def published() -> Mapping[str, bytes]:
        made = Desk(tmp_path, tmp_path / "publication").init()
        made.release()
        return files_of(made.folder / "tree")

    with ThreadPoolExecutor() as pool:
        site.tree = pool.submit(published).result()
    russian.goto(site.page)
    expect(russian.locator("main", has_text=NOTHING_YET)).to_be_visible()
    expect(russian.locator("main option")).to_have_count(2)
