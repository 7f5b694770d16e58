"""Looking for a slip: what is asked for, what is kept, and how a reader finds its way down."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.rotation import EPOCH, KEY, NOW, PUBLICATION, World, entrance, few_paths, invited
from mirror.client.slips import Asking, Finding, Handed, addresses, asking, begin, friend, learnt
from mirror.limits import MAX_DEPTH
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.invitation import Invitation, parse
from mirror.rotation.keys import NodePath, Place
from mirror.rotation.settings import Settings

SETTINGS = Settings((KEY,), ((0, 3),))
MINE = (entrance(7), entrance(8))
COHORTS = {Place((1,)): MINE, Place((2,)): (entrance(9),)}
READER = (1, 4)
FILES = World(COHORTS, bits=3).made().files
INVITED = invited(READER)


def ask(handed: Handed, invitation: Invitation = INVITED, now: int = NOW, issued: int = NOW) -> Asking:
    return asking(handed, invitation, SETTINGS, now, issued)


class Day:
    """The pages of a world, and one refresh of a reader in its epoch."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.files = world.made().files

    def step(self, handed: Handed, path: NodePath) -> tuple[Handed, Finding]:
        """What the reader at ``path`` has after one refresh."""
        now = self.world.epoch * DAY
        signed = replace(SETTINGS, pages=((0, self.world.bits or 1),))
        asked = asking(handed, invited(path), signed, now, now)
        return learnt(asked, {name.path: self.files[name.path] for name in asked.names})


@settings(max_examples=20)
@given(st.lists(few_paths, min_size=1, max_size=40, unique=True), st.data())
def test_every_reader_of_any_tree_finds_its_slip(paths: list[NodePath], data: st.DataObject) -> None:
    """Wherever it begins to look: at the latest after its depth's number of refreshes, and some more."""
    slips = {Place(path, is_subtree=False): (entrance(n + 10),) for n, path in enumerate(paths)}
    today = Day(World(slips, bits=4))
    path = data.draw(st.sampled_from(paths))
    handed = replace(begin(invited(path)), look=data.draw(st.integers(0, MAX_DEPTH)))
    handed = replace(handed, next_look=handed.look)
    steps = 0
    # At most down to its own depth, in vain, and then down again from the root.
    while handed.entrances != slips[Place(path, is_subtree=False)]:
        handed, _ = today.step(handed, path)
        steps += 1
        assert steps <= 2 * len(path) + 2
    again, finding = today.step(handed, path)
    assert (finding, again.entrances) == (Finding.SAME, handed.entrances)
    # And in the next epoch it looks at the right place at once.
    tomorrow = Day(World(slips, epoch=EPOCH + 1, bits=4))
    assert tomorrow.step(again, path)[1] is Finding.SAME


@settings(max_examples=20)
@given(st.lists(few_paths, min_size=9, max_size=25, unique=True), st.data())
def test_who_comes_daily_never_misses_its_slip_when_branches_fill_up(
    paths: list[NodePath], data: st.DataObject
) -> None:
    """The splits of an epoch are told in it and count from the next; a second look in it goes on to work."""
    slips = {Place(path, is_subtree=False): (entrance(n + 10),) for n, path in enumerate(paths)}
    path = data.draw(st.sampled_from(paths))
    few = dict(list(slips.items())[: data.draw(st.integers(0, 8))]) | {
        Place(path, is_subtree=False): (entrance(5),)
    }
    today = Day(World(few, bits=4))
    handed, _ = today.step(begin(invited(path)), path)
    for _ in range(20):
        if handed.entrances == (entrance(5),):
            break
        handed, _ = today.step(handed, path)
    # In the middle of the day the branch fills: looked for as before, until tomorrow.
    split = Day(World(slips, bits=4, now_crowded=today.world.now_crowded, issued=NOW + 60))
    for _ in range(2):
        handed, finding = split.step(handed, path)
        assert finding in (Finding.MOVED, Finding.SAME)
    tomorrow = Day(World(slips, epoch=EPOCH + 1, bits=4))
    assert tomorrow.step(handed, path)[1] is Finding.SAME


@given(st.sets(st.sampled_from(sorted(FILES))), st.integers(0, 3 * DAY), st.integers(0, MAX_DEPTH))
def test_what_is_asked_for_never_depends_on_what_comes(given_: set[str], late: int, look: int) -> None:
    handed = replace(begin(INVITED), look=look, next_look=look)
    asked = ask(handed, now=NOW + late)
    assert len({name.path for name in asked.names}) == 2
    if asked.epoch != EPOCH:
        return
    kept, finding = learnt(asked, {path: FILES[path] for path in given_})
    assert kept.entrances, "the last good endpoints stay"
    missing = {name.path for name in asked.names} - given_
    if finding is Finding.INCOMPLETE:
        assert missing
        assert (kept.look, kept.next_look, kept.entrances) == (look, look, handed.entrances)
    elif finding is not Finding.MOVED:
        assert not missing


@given(few_paths, st.integers(0, MAX_DEPTH), st.integers(0, MAX_DEPTH), st.integers(0, 2**32 - 1))
def test_what_is_kept_comes_back_the_same(path: NodePath, look: int, next_look: int, number: int) -> None:
    handed = Handed(MINE, look, next_look, EPOCH, number, ((EPOCH, 3, NOW), (EPOCH, 5, number)))
    assert Handed.from_json(json.loads(json.dumps(handed.to_json()))) == handed
    assert Handed.from_json(begin(invited(path)).to_json()) == begin(invited(path))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("entrances", []),
        ("entrances", [["gopher://x/", ""]]),
        ("entrances", [["https://x.example/", "00"]]),
        ("entrances", [[each.text, each.key.hex()] for each in MINE] * 2),
        ("look", [0]),
        ("look", [0, 17]),
        ("look", [True, 0]),
        ("epoch", [0, -1]),
        ("epoch", [1 << 32, 0]),
        ("seen", [[1, 2]]),
        ("seen", [[1, 2, "3"]]),
    ],
)
def test_what_was_kept_and_is_damaged_is_refused(field: str, value: object) -> None:
    whole = Handed(MINE, 0, 1, EPOCH, EPOCH, ((EPOCH, 3, NOW),)).to_json()
    assert Handed.from_json(whole).entrances == MINE
    with pytest.raises((ValueError, TypeError, KeyError)):
        Handed.from_json(whole | {field: value})


def test_a_slip_moves_the_reader_and_the_newest_copies_are_remembered() -> None:
    asked = ask(begin(INVITED))
    handed, finding = learnt(asked, {name.path: FILES[name.path] for name in asked.names})
    assert (finding, handed.entrances, handed.since, handed.epoch) == (Finding.MOVED, MINE, EPOCH, EPOCH)
    assert [handed.not_before(name) for name in asked.names] == [NOW, NOW]


def test_an_older_copy_of_a_page_is_no_lie_and_is_not_taken() -> None:
    asked = ask(begin(INVITED))
    handed, _ = learnt(asked, {name.path: FILES[name.path] for name in asked.names})
    older = World(COHORTS, bits=3, issued=NOW - 1).made().files
    again = ask(handed)
    for name in again.names:
        assert again.is_right(name, FILES[name.path])
        assert not again.is_right(name, older[name.path])
        assert again.is_honest(name, older[name.path])
        altered = older[name.path][:-1] + bytes([older[name.path][-1] ^ 1])
        assert not again.is_honest(name, altered)


def test_a_slip_of_an_earlier_epoch_does_not_take_the_reader_back() -> None:
    """The device's clock was right, and is now set back by a day; the statement is of yesterday."""
    tomorrow = World(COHORTS, bits=3, epoch=EPOCH + 1).made().files
    asked = ask(begin(INVITED), now=NOW + DAY)
    handed, finding = learnt(asked, {name.path: tomorrow[name.path] for name in asked.names})
    assert finding is Finding.MOVED
    yesterday = World({Place((1,)): (entrance(1),)}, bits=3).made().files
    back = ask(handed, now=NOW)
    assert back.epoch == EPOCH
    kept, finding = learnt(back, {name.path: yesterday[name.path] for name in back.names})
    assert (kept.entrances, kept.epoch, finding) == (MINE, EPOCH + 1, Finding.SAME)


def test_no_clock_asks_for_pages_that_never_were() -> None:
    for device, epoch in ((0, 0), (-2, 0), (2, 1), (1, 1), (400, 1), (-20_000, 0)):
        assert ask(begin(INVITED), now=NOW + device * DAY).epoch == EPOCH + epoch


def test_a_slip_without_endpoints_leaves_the_last_good_ones() -> None:
    files = World({Place((1,)): ()}, bits=3).made().files
    before = Handed(MINE, since=EPOCH - 1)
    asked = ask(before)
    kept, finding = learnt(asked, {name.path: files[name.path] for name in asked.names})
    assert (finding, kept.entrances, kept.since) == (Finding.NOTHING_NOW, MINE, EPOCH - 1)


def test_a_signpost_alone_is_not_believed_while_a_page_is_missing() -> None:
    """A mirror that holds the slip's page back cannot send its reader away from it."""
    slips = {Place((1, n), is_subtree=False): (entrance(n + 10),) for n in range(20)}
    crowded = frozenset({(), (1,)})
    world = World(slips, bits=5, now_crowded=crowded)
    asked = asking(begin(invited((1, 3))), invited((1, 3)), replace(SETTINGS, pages=((0, 5),)), NOW, NOW)
    files = world.made().files
    whole = {name.path: files[name.path] for name in asked.names}
    assert learnt(asked, whole)[1] is Finding.ELSEWHERE
    for path, data in whole.items():
        kept, finding = learnt(asked, {path: data})
        assert finding is Finding.INCOMPLETE
        assert (kept.look, kept.next_look) == (0, 0)


def test_where_to_knock_follows_the_clock_and_the_newest_statement() -> None:
    calendar = Calendar()
    fixed = (MINE[0].text, replace(MINE[0], key=b""))
    assert addresses([fixed[1]], calendar, NOW, [NOW - 400 * DAY]) == (fixed[0],)
    assert addresses(MINE, calendar, NOW, [NOW]) == tuple(each.address(EPOCH) for each in MINE)
    late = addresses(MINE, calendar, NOW + 2 * DAY, [NOW])
    assert late == tuple(each.address(epoch) for epoch in (EPOCH + 2, EPOCH) for each in MINE)
    early = addresses(MINE, calendar, NOW - 2 * DAY, [NOW])
    assert early == tuple(each.address(epoch) for epoch in (EPOCH, EPOCH - 2) for each in MINE)


def test_a_friend_begins_where_the_reader_is_now() -> None:
    handed = Handed(MINE, 0, 1, EPOCH, EPOCH)
    made = parse(friend(INVITED, handed, 2, NOW + 9).link())
    assert (made.entrances, made.look, made.created) == (MINE, 1, NOW + 9)
    assert made.keyring == INVITED.keyring.child(2)
    deepest = Handed(MINE, 0, MAX_DEPTH)
    assert friend(INVITED, deepest, 2, NOW).look == len(READER) + 1


def test_nothing_of_it_is_shown() -> None:
    asked = ask(Handed(MINE))
    for shown in (repr(asked), repr(asked.handed)):
        assert "mirror7" not in shown
        assert PUBLICATION.hex() not in shown
