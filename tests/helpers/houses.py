"""Fixtures for tests in a real browser, whichever it is: publications, and mirrors that carry them."""

from collections.abc import Iterator, Mapping

import pytest

from helpers.playhouse import House, house
from helpers.reading_room import tree
from helpers.stage import Site, sites

__all__ = ["carried", "mirrors", "newsroom", "origin", "public", "site"]


@pytest.fixture(scope="session")
def public() -> Iterator[list[Site]]:
    """Two sites, which ``mirrors`` makes honest mirrors for each test."""
    with sites({}, 2) as made:
        yield made


@pytest.fixture(scope="session")
def newsroom(public: list[Site], tmp_path_factory: pytest.TempPathFactory) -> House:
    """A publication that tells every page of two public mirrors."""
    return house(tmp_path_factory.mktemp("newsroom"), [each.address for each in public])


@pytest.fixture
def mirrors(public: list[Site], newsroom: House) -> list[Site]:
    """Its two public mirrors, honest and at the first release."""
    for each in public:
        each.tree = newsroom.first
        each.behave()
    return public


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
