"""One Firefox for all tests; in it a person for each, whose storage, workers and caches nobody else has."""

from collections.abc import Iterator

import pytest

from helpers import firefox as fox
from helpers.bidi import Firefox, Person, Tab
from helpers.houses import carried, mirrors, newsroom, origin, public, site
from helpers.stage import Site, sites

__all__ = ["carried", "mirrors", "newsroom", "origin", "public", "site"]

# What a page does to others is noted instead of done: nobody is here to close its sheets.
WATCHED = (
    "window.done = [];"
    "window.print = () => done.push('print ' + document.querySelector('.paper')?.innerText);"
    "navigator.share = async (what) => void done.push('share ' + what.text);"
    "window.open = (address) => void done.push('open ' + address);"
)


@pytest.fixture(scope="session")
def elsewhere() -> Iterator[Site]:
    """The proxy that Firefox asks for all that is not on this machine: a mirror by a name, no more."""
    with sites({}, 1, prefix="http://news.example/") as [made]:
        yield made


@pytest.fixture(scope="session")
def firefox(elsewhere: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    if fox.found() is None:
        pytest.skip("there is no Firefox on this machine")
    with fox.launched(tmp_path_factory.mktemp("firefox"), elsewhere.port) as made:
        yield made


@pytest.fixture
def person(firefox: Firefox, elsewhere: Site) -> Iterator[Person]:
    """Somebody who reads English; afterwards nothing was asked of the internet."""
    firefox.requests.clear()
    with firefox.person(before=WATCHED) as made:
        yield made
    assert not [each.path for each in elsewhere.asked if not each.path.startswith("http://news.example/")]
    elsewhere.behave()


@pytest.fixture
def tab(person: Person) -> Tab:
    return person.tab()
