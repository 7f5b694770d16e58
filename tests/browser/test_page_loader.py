"""How the page brings the reader's program: patient with a slow link, and not with a silent one."""

import threading
from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import Page, expect

from helpers.reading_room import headline
from helpers.stage import Site, sites

PATIENCE_MS = 8_000


class Held:
    """A mirror that keeps every piece back until it is let go, and counts who asked for it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.next = threading.Semaphore(0)

    def __call__(self, path: str, body: bytes | None) -> bytes | None:
        if path.startswith("p/"):
            self.asked.append(path)
            self.next.acquire()
        return body

    def let_go(self, count: int = 1_000) -> None:
        for _ in range(count):
            self.next.release()


@pytest.fixture
def held(carried: Mapping[str, bytes]) -> Iterator[tuple[Site, Held]]:
    held = Held()
    with sites(carried, 1) as [made]:
        made.alter = held
        yield made, held
        held.let_go()


def opened(page: Page, site: Site) -> str:
    """Open the page with a clock that can be moved; the address of the first piece that it asked for."""
    page.clock.install()
    with page.expect_request("**/p/**") as asked:
        page.goto(site.page)
    return asked.value.url


def test_pieces_that_wait_for_one_another_are_not_given_up(page: Page, held: tuple[Site, Held]) -> None:
    site, pieces = held
    opened(page, site)
    value = "document.querySelector('#bar').value"
    for _ in range(3):  # each comes after most of the patience with a silent link
        before = page.evaluate(value)
        page.clock.fast_forward(PATIENCE_MS * 3 // 4)
        pieces.let_go(1)
        page.wait_for_function(f"() => {value} > {before}")
    pieces.let_go()
    expect(headline(page, "First story")).to_be_visible()
    assert len(pieces.asked) == len(set(pieces.asked))


def test_a_silent_link_is_asked_again(page: Page, held: tuple[Site, Held]) -> None:
    site, pieces = held
    first = opened(page, site)
    with page.expect_request(first):
        page.clock.fast_forward(PATIENCE_MS + 1_000)
    pieces.let_go()
    expect(headline(page, "First story")).to_be_visible()


def test_a_piece_without_an_end_is_asked_for_again(page: Page, carried: Mapping[str, bytes]) -> None:
    """And not held until there is no memory left."""
    with sites(carried, 1) as [site]:
        served: list[str] = []

        def endless(path: str, body: bytes | None) -> bytes | None:
            if path.startswith("p/") and not served:
                served.append(path)
                return bytes(64 << 20)
            return body

        site.alter = endless
        failed: list[str] = []
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.goto(site.page)
        expect(headline(page, "First story")).to_be_visible()
        assert site.address + served[0] in failed
