"""A real Chromium (the distribution's) for each test, and a publication whose mirrors it reads."""

import shutil
from collections.abc import Iterator

import pytest

from helpers.playhouse import House, house
from helpers.stage import Site, sites

# What a browser does by itself has no place in a test: it would try to reach its maker.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # tests run as root in CI, where Chromium's sandbox cannot
)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object]) -> dict[str, object]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    return {**browser_type_launch_args, "executable_path": chromium, "args": list(_QUIET)}


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
