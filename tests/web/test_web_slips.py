"""The browser looks for slips where Python does, and keeps what Python keeps."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import test_slips
from helpers.node import Node, Refused, running
from helpers.rotation import entrance, few_paths, invited
from mirror.client import slips
from mirror.client.slips import Asking, Finding, Handed
from mirror.limits import MAX_DEPTH
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.invitation import Invitation
from mirror.rotation.keys import NodePath
from mirror.rotation.settings import Settings


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with running() as process:
        yield process


class Twins:
    """Python's functions, each asked of Node as well."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.count = 0

    def look(self, asked: Asking, now: int, issued: int, given: Mapping[str, bytes]) -> Any:
        self.count += 1
        question = {
            "handed": asked.handed.to_json(),
            "invitation": asked.invitation.text(),
            "settings": asked.settings.to_json(),
            "now": now,
            "issued": issued,
            "given": {path: data.hex() for path, data in given.items()},
        }
        return self.node.ask("look", question)

    def asking(
        self, handed: Handed, invitation: Invitation, settings: Settings, now: int, issued: int
    ) -> Asking:
        asked = slips.asking(handed, invitation, settings, now, issued)
        said = self.look(asked, now, issued, {})
        assert said["names"] == [name.path for name in asked.names]
        assert said["look"] == asked.look
        return asked

    def learnt(self, asked: Asking, given: Mapping[str, bytes]) -> tuple[Handed, Finding]:
        kept, finding = slips.learnt(asked, given)
        instant = asked.epoch * asked.settings.calendar.seconds
        said = self.look(
            asked,
            instant,
            instant,
            {name.path: given[name.path] for name in asked.names if name.path in given},
        )
        assert (said["kept"], said["finding"]) == (json.loads(json.dumps(kept.to_json())), finding)
        return kept, finding

    def addresses(self, entrances: Any, calendar: Calendar, now: int, instants: Any) -> tuple[str, ...]:
        found = slips.addresses(entrances, calendar, now, instants)
        self.count += 1
        handed = Handed(tuple(entrances)).to_json()
        assert tuple(self.node.ask("addresses", [handed, calendar.seconds, now, list(instants)])) == found
        return found


STORIES: list[Callable[[], object]] = [
    test
    for name, test in inspect.getmembers(test_slips, inspect.isfunction)
    if name.startswith("test_")
    and not inspect.signature(test).parameters
    and {"learnt", "ask", "asking", "addresses", "Day"} & set(inspect.unwrap(test).__code__.co_names)
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__[5:])
def test_a_story_of_slips_is_told_alike(node: Node, story: Callable[[], object]) -> None:
    twins = Twins(node)
    with patch.multiple(test_slips, asking=twins.asking, learnt=twins.learnt, addresses=twins.addresses):
        story()
    assert twins.count, "nothing was asked of Node"


def test_the_stories_are_there() -> None:
    assert len(STORIES) >= 8


@given(few_paths, st.integers(0, MAX_DEPTH), st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_what_is_kept_comes_back_the_same(node: Node, path: NodePath, look: int, at: int, count: int) -> None:
    kept = Handed(tuple(map(entrance, range(count))), look, look, at, at, ((at, 3, at),)).to_json()
    assert node.ask("handed", kept) == kept
    invitation = invited(path)
    assert node.ask("begin", invitation.text()) == json.loads(json.dumps(slips.begin(invitation).to_json()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entrances", []),
        ("entrances", None),
        ("entrances", [["gopher://x/", ""]]),
        ("entrances", [["https://x.example/", "0"]]),
        ("entrances", [["https://x.example/", ""]] * 4),
        ("look", [0]),
        ("look", [0, 17]),
        ("look", [True, 0]),
        ("epoch", [0, -1]),
        ("epoch", [1 << 32, 0]),
        ("epoch", [0.5, 0]),
        ("seen", [[1, 2]]),
        ("seen", [[1, 2, "3"]]),
        ("seen", {"length": 0}),
    ],
)
def test_what_was_kept_and_is_damaged_is_refused(node: Node, field: str, value: object) -> None:
    whole = Handed((entrance(7),), 0, 1, 9 * DAY, 9 * DAY, ((9, 3, 4),)).to_json()
    assert node.ask("handed", whole) == whole
    assert node.ask("handed", whole | {field: value}) == Refused("FormatError", "stored-handed")
