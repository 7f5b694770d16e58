"""A real Chromium (the distribution's) for each test, and publications whose mirrors it reads."""

from collections.abc import Iterator, Mapping

import pytest
from playwright.sync_api import expect

from helpers import chromium
from helpers import showroom as rooms
from helpers.houses import carried, mirrors, newsroom, origin, public, site
from helpers.stage import Site, sites

__all__ = ["carried", "mirrors", "newsroom", "origin", "public", "site"]

# Five seconds, as usual, are little where two cores also serve the mirrors.
expect.set_options(timeout=20_000)


def pytest_addoption(parser: pytest.Parser) -> None:
    """See ``test_page_shots.py``."""
    parser.addoption("--renew-shots", action="store_true", help="write the pictures of the page anew")


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
def shown(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """What mirrors of news to be looked at carry."""
    return rooms.tree(tmp_path_factory.mktemp("showroom"))


@pytest.fixture
def showroom(shown: Mapping[str, bytes]) -> Iterator[Site]:
    """A mirror of it."""
    with sites(shown, 1) as [made]:
        yield made
