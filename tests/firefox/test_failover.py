"""Mirrors that go away, swallow, lie, roll back or answer with somebody else's page, while Firefox reads."""

import pytest

from helpers.bidi import Tab
from helpers.firefox_reading import LINK, article, front, reads, ready, view
from helpers.playhouse import SAID, House
from helpers.stage import Site, block_page, lying

LOOK = "Look for newer news"


@pytest.fixture
def newer(mirrors: list[Site], origin: Site, newsroom: House, tab: Tab) -> Tab:
    """The front page of the first release; the public mirrors have the second one."""
    front(tab, origin.page)
    for each in mirrors:
        each.tree = newsroom.newer
        each.asked.clear()
    return tab


def reads_newer(tab: Tab) -> None:
    tab.click("main button", LOOK)
    ready(tab, "Newer story", seconds=40)
    article(tab, "Newer story")
    reads(tab, "The mill turns again.")


def test_an_origin_that_dies_in_mid_read(newer: Tab, origin: Site, mirrors: list[Site]) -> None:
    origin.stop()
    article(newer, "Second story")
    reads(newer, SAID)
    newer.click("header .name")
    newer.see(LINK, "Second story")
    reads_newer(newer)
    assert any(each.asked for each in mirrors)


def test_an_origin_that_swallows_in_mid_read(newer: Tab, origin: Site) -> None:
    origin.hangs = True
    reads_newer(newer)
    assert origin.asked


def test_a_mirror_that_changes_pieces_is_found_out(newer: Tab, origin: Site, newsroom: House) -> None:
    origin.tree, origin.alter = newsroom.newer, lying
    reads_newer(newer)
    view(newer, "About", "What this protects")
    newer.see("li.lied", count=1)


def test_mirrors_that_roll_back_are_not_followed(
    tab: Tab, origin: Site, mirrors: list[Site], newsroom: House
) -> None:
    everyone = [origin, *mirrors]
    for each in everyone:
        each.tree = newsroom.newer
    front(tab, origin.page, "Newer story")
    for each in everyone:
        each.tree = newsroom.first
        each.asked.clear()
    tab.click("main button", LOOK)
    tab.until("() => !document.querySelector('main progress')")
    ready(tab, "Newer story")
    assert any(path.startswith("m/") for each in everyone for path in each.paths())


def test_an_origin_that_is_blocked_with_status_200(newer: Tab, origin: Site) -> None:
    origin.alter = block_page
    origin.asked.clear()
    reads_newer(newer)
    assert [path for path in origin.paths() if path.startswith("m/")]
    assert "decision no. 1" not in newer.evaluate("() => document.body.innerText")


def test_a_page_whose_mirror_lies_about_the_program_brings_it_from_another(tab: Tab, origin: Site) -> None:
    origin.alter = lying
    front(tab, origin.page)
    article(tab, "Second story")
    reads(tab, SAID)
