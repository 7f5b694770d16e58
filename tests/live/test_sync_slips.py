"""Slip pages in a node's tree: the publisher's, byte for byte, whatever mirrors do with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.memory import Behaviour, altering, failing
from helpers.newsdesk import Desk, Seeded, files_of
from helpers.rotating import RotatingDesk, rotating, slip_in
from helpers.syncing import Place
from mirror.client.report import Verdict
from mirror.node.sync import SyncReport
from mirror.rotation.invitation import Invitation
from mirror.store.names import epoch_of


def tree_of(made: RotatingDesk) -> dict[str, bytes]:
    """What a mirror of the publisher serves now."""
    tree = made.desk.tree
    return {path: data for path in tree.paths() if (data := tree.read(path)) is not None}


@dataclass
class Story:
    """A publisher with one reader invited, and a node that syncs."""

    made: RotatingDesk
    anna: Invitation
    node: Place

    def sync(
        self, *trees: Mapping[str, bytes], behaviours: Mapping[str, Behaviour] | None = None
    ) -> SyncReport:
        named = {f"mirror {number}": tree for number, tree in enumerate(trees or (tree_of(self.made),), 1)}
        return self.node.sync(named, behaviours, now=self.made.desk.clock.at)

    def slips(self) -> dict[str, bytes]:
        return self.asked_for(self.node.files())

    def theirs(self) -> dict[str, bytes]:
        return self.asked_for(tree_of(self.made))

    def asked_for(self, tree: Mapping[str, bytes]) -> dict[str, bytes]:
        """The pages of the two epochs that readers ask for."""
        now = self.made.desk.clock.at // 86_400
        return {path: data for path, data in tree.items() if (epoch_of(path) or 0) >= now}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    made = rotating(tmp_path, 4)
    made.release()
    anna = made.invite("anna")
    made.heartbeat(1)
    root = made.desk.workspace.publication().roots[0]
    return Story(made, anna, Place(tmp_path / "node", root, ("en", "ru")))


def test_a_node_carries_what_the_publisher_made(story: Story) -> None:
    story.sync()
    assert story.slips() == story.theirs() != {}
    asked = [path for path in story.node.asked if path[0] == "s"]
    assert len(asked) == len(set(asked)) == len(story.theirs())


def test_a_node_of_a_node_is_the_same_mirror(story: Story, tmp_path: Path) -> None:
    story.sync()
    other = Place(tmp_path / "other", story.node.root, ("en", "ru"))
    other.sync({"mirror 1": story.node.files()}, now=story.made.desk.clock.at)
    assert other.files() == story.node.files()


def test_only_what_changed_is_fetched_and_the_past_is_dropped(story: Story) -> None:
    story.sync()
    story.made.heartbeat()
    story.sync()
    indexes = {path for path in story.node.asked if path[0] == "s"}
    assert {path.split("/")[2] for path in indexes} == {"16"}  # the index of two epochs, and no page
    story.made.call("invite revoke", "anna", "--yes")
    story.made.desk.later(60)
    story.made.heartbeat()
    done = story.sync()
    assert done.is_changed
    assert story.slips() == story.theirs()
    for _ in range(3):
        story.made.heartbeat(1)
        story.sync()
        assert story.slips() == story.theirs()
    story.made.heartbeat(9)
    assert story.sync().dropped
    assert story.slips() == story.theirs()


def test_the_newest_index_of_any_mirror_counts(story: Story) -> None:
    older = tree_of(story.made)
    story.made.call("invite revoke", "anna", "--yes")
    story.made.desk.later(60)
    story.made.heartbeat()
    newer = tree_of(story.made)
    mixed = newer | {path: data for path, data in older.items() if path[0] == "s"}
    story.sync(mixed, newer)
    assert story.slips() == story.theirs()
    story.sync(mixed)  # a mirror that is behind does not lead back
    assert story.slips() == story.theirs()


def test_an_altered_page_is_taken_from_another_mirror(story: Story) -> None:
    good = tree_of(story.made)
    epoch = story.made.desk.clock.at // 86_400
    done = story.sync(good, good, behaviours={"mirror 1": altering(f"s/{epoch}/")})
    assert story.slips() == story.theirs()
    assert {each.name: each.verdict for each in done.mirrors}["mirror 1"] is Verdict.LIED


def test_a_mirror_that_serves_only_some_does_not_hold_up_the_news(story: Story) -> None:
    good = tree_of(story.made)
    epoch = story.made.desk.clock.at // 86_400
    some = {path: data for path, data in good.items() if path not in (f"s/{epoch}/0", f"s/{epoch + 1}/1")}
    done = story.sync(some)
    assert done.editions["en"] == 1
    assert story.slips().items() < story.theirs().items()
    story.sync(some, good)
    assert story.slips() == story.theirs()
    story.sync(good, behaviours={"mirror 1": failing("silent", f"s/{epoch}")})
    assert story.slips() == story.theirs()


def test_pages_of_another_publication_or_epoch_are_not_taken(story: Story, tmp_path: Path) -> None:
    base = tmp_path / "else"
    base.mkdir()
    other = RotatingDesk(Desk(base, base / "publication", randomness=Seeded("another")).init())
    other.add(1)
    other.release()
    other.heartbeat(1)
    good = tree_of(story.made)
    epoch = story.made.desk.clock.at // 86_400
    moved = good | {f"s/{epoch}/{number}": good[f"s/{epoch + 1}/{number}"] for number in range(17)}
    story.sync(moved)
    assert not [path for path in story.slips() if path.startswith(f"s/{epoch}/")]
    foreign = good | {path: data for path, data in tree_of(other).items() if path[0] == "s"}
    story.sync(foreign)
    assert not [path for path in story.slips() if path.startswith(f"s/{epoch}/")]
    story.sync(good)
    assert story.slips() == story.theirs()


def test_a_reader_finds_in_a_nodes_tree_what_the_publisher_put(story: Story) -> None:
    story.sync()
    before = slip_in(story.made.desk, story.anna)
    folder = story.made.desk.folder / "tree" / "s"
    for path, data in story.slips().items():
        (folder.parent / path).write_bytes(data)
    assert before is not None
    assert slip_in(story.made.desk, story.anna) == before
    assert files_of(folder)
