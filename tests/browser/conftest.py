"""A real Chromium (the distribution's) for each test, and publications whose mirrors it reads."""

import pytest
from playwright.sync_api import expect

from helpers import chromium
from helpers.houses import carried, mirrors, newsroom, origin, public, site

__all__ = ["carried", "mirrors", "newsroom", "origin", "public", "site"]

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
