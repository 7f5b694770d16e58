"""A real Chromium (the distribution's) for each test, and a publication whose mirrors it reads."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import expect

from helpers import chromium
from helpers.playhouse import House, house
from helpers.reading_room import tree
from helpers.stage import Site, sites

# Five seconds, as usual, are little where two cores also serve the mirrors.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    program = chromium.found()
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    return {**browser_type_launch_args, "executable_path": program, "args": list(chromium.QUIET)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {**browser_context_args, "ignore_https_errors": False, "viewport": {"width": 1280, "height": 800}}


@pytest.fixture(scope="session")
def base_url() -> None:
    """No address is the one that all others start from; the plugin's own fixture warns of its future."""


@pytest.fixture(scope="session")
def _public() -> Iterator[list[Site]]:
    with sites({}, 2) as made:
        yield made


@pytest.fixture(scope="session")
def newsroom(_public: list[Site], tmp_path_factory: pytest.TempPathFactory) -> House:
    """A publication that tells every page of two public mirrors."""
    return house(tmp_path_factory.mktemp("newsroom"), [each.address for each in _public])


@pytest.fixture
def mirrors(_public: list[Site], newsroom: House) -> list[Site]:
    """Its two public mirrors, honest and at the first release."""
    for each in _public:
        each.tree = newsroom.first
        each.behave()
    return _public


@pytest.fixture
def origin(newsroom: House, mirrors: list[Site]) -> Iterator[Site]:
    """The mirror that a page comes from: an origin that no test had before."""
    assert all(each.tree is newsroom.first for each in mirrors)
    with sites(newsroom.first, 1) as [made]:
        yield made


@pytest.fixture(scope="session")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What mirrors of a small publication carry, for tests of the page."""
    return tree(tmp_path_factory.mktemp("small-newsroom"))


@pytest.fixture
def site(carried: Mapping[str, bytes]) -> Iterator[Site]:
    """A mirror of it, at an origin that no test had before."""
    with sites(carried, 1) as [made]:
        yield made
