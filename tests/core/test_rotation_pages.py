"""Slips and their pages: everybody finds their own, nobody another's, and little changes at a time."""

import math
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.rotation import (
    EPOCH,
    NOW,
    PUBLICATION,
    SECRET,
    World,
    entrance,
    entrances,
    few_paths,
)
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_ANCHORED, MAX_PIECE, PAGE_RECORDS, SLIP_RECORD
from mirror.rotation import looking, pages, slips
from mirror.rotation.keys import KeyTree, Place
from mirror.rotation.paths import Entrance
from mirror.rotation.slips import Sealer, Slip
from mirror.store.names import Kind, kind_of

KEY = bytes(range(16))
slip_values = st.builds(
    Slip,
    st.lists(entrances, max_size=3).map(tuple),
    st.integers(0, 16),
    st.integers(0, 2**32 - 1),
)
places = st.builds(Place, few_paths, st.booleans())


def leaves(count: int, prefix: tuple[int, ...] = ()) -> dict[Place, tuple[Entrance, ...]]:
    """One slip for each of ``count`` readers, eight to a branch."""
    return {Place((*prefix, at // 8, at % 8), is_subtree=False): (entrance(at),) for at in range(count)}


# --- slips ----------------------------------------------------------------------------------------


@given(slip_values)
def test_a_slip_comes_back_in_one_spelling(slip: Slip) -> None:
    content = slip.encode()
    assert len(content) == slips.CONTENT_SIZE
    assert slips.decode(content) == slip
    sealer = Sealer(KEY, PUBLICATION, EPOCH)
    record = sealer.seal(slip)
    assert len(record) == SLIP_RECORD
    assert sealer.open(record) == slip
    assert Sealer(KEY, PUBLICATION, EPOCH).seal(slip) == record


@given(slip_values, slip_values)
def test_another_content_has_another_nonce(one: Slip, other: Slip) -> None:
    sealer = Sealer(KEY, PUBLICATION, EPOCH)
    nonces = {sealer.seal(each)[: slips.NONCE_SIZE] for each in (one, other)}
    assert len(nonces) == len({one, other})


@given(slip_values, st.integers(0, SLIP_RECORD - 1), st.integers(1, 255))
def test_an_altered_record_does_not_open(slip: Slip, at: int, change: int) -> None:
    sealer = Sealer(KEY, PUBLICATION, EPOCH)
    record = bytearray(sealer.seal(slip))
    record[at] ^= change
    assert sealer.open(bytes(record)) is None


@given(slip_values)
def test_another_place_epoch_or_publication_does_not_open(slip: Slip) -> None:
    record = Sealer(KEY, PUBLICATION, EPOCH).seal(slip)
    for other in (
        Sealer(bytes(16), PUBLICATION, EPOCH),
        Sealer(KEY, PUBLICATION, EPOCH + 1),
        Sealer(KEY, bytes(32), EPOCH),
    ):
        assert other.open(record) is None


def test_a_nonce_that_is_not_made_of_the_content_is_refused() -> None:
    sealer = Sealer(KEY, PUBLICATION, EPOCH)
    content = Slip((), 0, 0).encode()
    forged = bytes(12) + sealer._cipher.encrypt(bytes(12), content, sealer._bound)
    with pytest.raises(FormatError) as caught:
        sealer.open(forged)
    assert caught.value.code == "slip-format"


@given(st.binary(max_size=60), st.booleans())
def test_garbage_in_a_slip_raises_only_our_errors(head: bytes, is_version_right: bool) -> None:
    content = ((b"\x01" if is_version_right else b"") + head).ljust(slips.CONTENT_SIZE, b"\0")
    try:
        slip = slips.decode(content)
    except FormatError:
        return
    assert slip.encode() == content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\x02" + bytes(479), "slip-version"),
        (b"\x00" + bytes(479), "slip-version"),
        (b"\x01" + bytes(478), "slip-format"),
        (b"\x01" + bytes(480), "slip-format"),
        (b"\x01" + bytes(478) + b"\x01", "slip-format"),
        (b"\x01\x11" + bytes(478), "slip-format"),
        (b"\x01" + bytes(5) + b"\x04" + bytes(473), "slip-format"),
        (b"", "slip-format"),
    ],
)
def test_a_slip_is_strict(content: bytes, code: str) -> None:
    with pytest.raises(FormatError) as caught:
        slips.decode(content)
    assert caught.value.code == code


def test_addresses_that_are_too_long_together_are_refused() -> None:
    long = Entrance(f"https://{'a' * 145}.net/", bytes(16))
    assert Slip((long, long), 0, 0).encode()
    with pytest.raises(LimitError) as caught:
        Slip((long, long, long), 0, 0).encode()
    assert caught.value.code == "slip-too-long"


def test_three_onion_services_fit() -> None:
    onion = Entrance(f"http://{'a' * 56}.onion/", bytes(16))
    assert Slip((onion, onion, onion), 16, 2**32 - 1).encode()


# --- where to look --------------------------------------------------------------------------------


@given(st.sets(places, max_size=60))
def test_every_anchor_has_few_slips_and_is_above_the_slip(wanted: set[Place]) -> None:
    nodes = looking.crowded(wanted)
    anchors = Counter((place.path[: looking.look(place.path, nodes)]) for place in wanted)
    for place in wanted:
        assert looking.look(place.path, nodes) <= len(place.path)
    # What stands at a crowded node itself: its own slip, and the one for its branch.
    assert all(count <= (2 if path in nodes else MAX_ANCHORED) for path, count in anchors.items())


@given(st.integers(0, 16), st.integers(0, 16))
def test_who_looks_in_vain_comes_everywhere(looked: int, depth: int) -> None:
    seen = set()
    for _ in range(depth + 2):
        looked = looking.look_next(None, looked, depth)
        seen.add(looked)
    assert seen == set(range(depth + 1))


@given(st.binary(min_size=16, max_size=16), st.integers(0, 2**32 - 1), st.integers(1, 16))
def test_two_different_pages(key: bytes, epoch: int, bits: int) -> None:
    first, second = looking.page_numbers(key, epoch, bits)
    assert first != second
    assert {first, second} <= set(range(1 << bits))


def test_pages_change_with_the_epoch_and_spread_evenly() -> None:
    tree, bits = KeyTree(SECRET, PUBLICATION), 4
    found = [
        looking.page_numbers(tree.slip_key(Place((at,))), epoch, bits)
        for at in range(200)
        for epoch in (1, 2)
    ]
    assert sum(found[at] != found[at + 1] for at in range(0, 400, 2)) > 190
    both = (Counter(first for first, _ in found), Counter(second for _, second in found))
    for counts in both:
        # Chi-squared with 15 degrees of freedom: 37.7 is passed once in a thousand times.
        assert sum((counts[page] - 25) ** 2 / 25 for page in range(16)) < 37.7


# --- making ---------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.dictionaries(few_paths, st.booleans(), max_size=40))
def test_each_reader_finds_what_covers_it_and_nothing_else(wanted: dict[tuple[int, ...], bool]) -> None:
    apart = {
        Place(path, is_subtree): (entrance(number),)
        for number, (path, is_subtree) in enumerate(wanted.items())
        # Places of different cohorts do not overlap.
        if not any(wanted.get(path[:depth]) for depth in range(len(path)))
    }
    world = World(apart)
    files = world.made().files
    for path in {*wanted, (2, 2, 2, 2, 2), ()}:
        covering = [place for place in apart if place.covers(path)]
        slip = world.slip(path, files)
        if covering:
            assert slip is not None
            assert slip.entrances == apart[covering[0]]
            assert slip.look == looking.look_told(covering[0], world.next_crowded)
        else:
            assert slip is None or slip.entrances == ()


def test_all_pages_look_alike_and_a_mirror_may_have_them() -> None:
    made = World(leaves(30)).made()
    assert all(kind_of(path) is Kind.SLIP for path in made.files)
    assert {len(data) for data in made.files.values()} == {MAX_PIECE}
    assert made.changed == set(made.files)


def test_a_page_tells_nothing_of_how_full_it_is() -> None:
    """Of full pages and of pages of decoys alike, every byte value comes equally often."""
    for slips_in_it in (leaves(28), {}):
        world = World(slips_in_it, bits=1)
        body = b"".join(world.made().files[f"s/{EPOCH}/{n}"][80:] for n in (0, 1))
        counts = Counter(body)
        expected = len(body) / 256
        chi = sum((counts[value] - expected) ** 2 / expected for value in range(256))
        # 255 degrees of freedom: mean 255, deviation 22.6; made of fixed keys, so it never flickers.
        assert abs(chi - 255) < 4 * math.sqrt(2 * 255)


def test_where_a_record_stands_tells_nothing() -> None:
    for path, data in World(leaves(28), bits=1).made().files.items():
        records = [data[at : at + SLIP_RECORD] for at in range(80, MAX_PIECE, SLIP_RECORD)]
        assert path.endswith("/2") or records == sorted(records)


def test_pages_of_another_number_of_pages_are_not_kept() -> None:
    """The bodies of empty pages are the same, whatever their number; what is signed is not."""
    few = World({}, bits=1).made().files
    more = World({}, bits=2)
    made = more.made(few)
    assert made.changed == set(made.files)
    assert more.pages((1,), made.files)


def test_making_again_changes_nothing() -> None:
    world = World(leaves(100))
    made = world.made()
    again = replace(world, issued=NOW + 900).made(made.files)
    assert again.files == made.files
    assert again.changed == set()


def test_one_cohort_that_moves_changes_one_page_and_the_index() -> None:
    world = World(leaves(400))
    made = world.made()
    moved = {**world.slips, Place((3, 3), is_subtree=False): (entrance(9_999),)}
    later = World(moved, issued=NOW + 900).made(made.files)
    assert len(later.changed) == 2
    assert World(moved).slip((3, 3), later.files) == Slip((entrance(9_999),), 1, EPOCH + 1)


def test_a_split_within_the_epoch_is_found_where_its_readers_look() -> None:
    """Readers look by what the epoch before told them; what is crowded now, they hear for the next."""
    before = World({Place((at,)): (entrance(at),) for at in range(6)})
    split = {**before.slips} | {Place((0, at)): (entrance(100 + at),) for at in range(16)}
    del split[Place((0,))]
    today = World(split, now_crowded=before.next_crowded, bits=2)
    files = today.made(before.made().files).files
    slip = today.slip((0, 5, 1), files)
    assert slip is not None
    assert slip.entrances == (entrance(105),)
    assert (today.looked((0, 5, 1)), slip.look) == (0, 2)
    tomorrow = World(split, epoch=EPOCH + 1)
    assert tomorrow.slip((0, 5, 1), tomorrow.made().files, depth=slip.look) is not None


@pytest.mark.parametrize("looked", [0, 1, 2, 3])
def test_who_was_away_follows_the_signposts(looked: int) -> None:
    world = World(leaves(3_000, prefix=(5,)))
    files, path = world.made().files, (5, 3, 4)
    right = world.looked(path)
    assert right == 2
    slip = None
    for _ in range(4):
        slip = world.slip(path, files, depth=looked)
        looked = looking.look_next(slip.look if slip else None, looked, len(path))
        if slip and slip.entrances:
            break
    assert slip is not None
    assert slip.entrances == (entrance(28),)


@pytest.mark.parametrize(("count", "bits"), [(0, 1), (28, 1), (29, 2), (56, 2), (57, 3)])
def test_pages_are_chosen_with_room(count: int, bits: int) -> None:
    assert looking.bits_for(count) == bits


def test_pages_can_be_nearly_full() -> None:
    """Two choices, and moving others: 95 % of all records hold slips."""
    many = {Place((at,), is_subtree=False): (entrance(at),) for at in range(300)}
    world = World(many, bits=4)
    files = world.made().files
    for at in range(300):
        assert world.slip((at,), files) is not None


def test_more_slips_than_records_are_refused() -> None:
    many = {Place((at,), is_subtree=False): (entrance(at),) for at in range(2 * PAGE_RECORDS + 1)}
    with pytest.raises(LimitError) as caught:
        World(many, bits=1).made()
    assert caught.value.code == "slips-crowded"


def test_the_index_names_every_page() -> None:
    world = World(leaves(20), bits=10)
    files = world.made().files
    index = pages.index_pages(EPOCH, 10)
    assert [name.number for name in index] == [1_024, 1_025]
    key = [world.signer.public_key().public_bytes_raw()]
    opened = [pages.open_page(files[name.path], name, PUBLICATION, key) for name in index]
    digests = [each for page in opened for each in page.digests]
    assert digests == [pages.digest(files[name.path]) for name in pages.slip_pages(EPOCH, 10)]
    assert pages.find_slip(opened, world.tree.keyring((0, 0)), PUBLICATION) is None


def test_a_slip_that_is_not_handed_out_leaves_no_trace() -> None:
    """A branch that is cut off finds what a stranger finds."""
    world = World(leaves(20))
    files = world.made().files
    for path in ((2, 5, 0), (9, 9), (2,)):
        assert world.slip(path, files) in (None, Slip((), 1, EPOCH + 1))
