"""The tree of keys: down is easy, up and sideways is nothing."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.rotation import PUBLICATION, SECRET, few_paths, node_paths
from mirror.limits import MAX_DEPTH, MAX_INDEX
from mirror.rotation import keys
from mirror.rotation.keys import Keyring, KeyTree, Place, Scope

TREE = KeyTree(SECRET, PUBLICATION)


@given(node_paths, node_paths)
def test_a_reader_derives_what_the_publisher_would_hand_out(
    path: keys.NodePath, below: keys.NodePath
) -> None:
    ring = TREE.keyring(path)
    for index in below:
        ring = ring.child(index)
    assert ring == TREE.keyring(path + below)
    assert ring.depth == len(path + below)


@given(few_paths, few_paths, st.booleans())
def test_a_reader_holds_exactly_the_keys_of_what_covers_it(
    path: keys.NodePath, other: keys.NodePath, is_subtree: bool
) -> None:
    place = Place(other, is_subtree)
    assert (TREE.slip_key(place) in TREE.keyring(path).slip_keys()) == place.covers(path)
    assert len(set(TREE.keyring(path).slip_keys())) == len(path) + 2


@given(few_paths)
def test_keys_come_most_particular_first(path: keys.NodePath) -> None:
    places = [Place(path, is_subtree=False), *(Place(path[:depth]) for depth in range(len(path), -1, -1))]
    assert TREE.keyring(path).slip_keys() == tuple(map(TREE.slip_key, places))
    assert [TREE.keyring(path).subtree(depth) for depth in range(len(path), -1, -1)] == [
        TREE.slip_key(place) for place in places[1:]
    ]


@given(st.sets(st.tuples(few_paths, st.booleans()), max_size=20))
def test_no_two_places_share_a_key_and_no_key_is_a_branch(places: set[tuple[keys.NodePath, bool]]) -> None:
    slip_keys = [TREE.slip_key(Place(*place)) for place in places]
    branches = [TREE.branch(path) for path in {path for path, _ in places}]
    tags = {keys.tag(branch) for branch in branches}
    assert len({*slip_keys, *branches}) == len(slip_keys) + len(branches)
    assert len(tags) == len(branches)
    assert {len(key) for key in (*slip_keys, *branches)} <= {keys.KEY_SIZE}


def test_publications_and_secrets_do_not_share_trees() -> None:
    roots = {
        keys.root_key(SECRET, PUBLICATION),
        keys.root_key(SECRET, bytes(32)),
        keys.root_key(bytes(32), PUBLICATION),
    }
    assert len(roots) == 3
    decoys = {KeyTree(secret, PUBLICATION).decoy_key for secret in (SECRET, bytes(32))}
    assert len(decoys | roots) == 5


def test_labels_never_run_into_numbers() -> None:
    """Rule 4: no label begins another one, so what follows it cannot be read as part of it."""
    labels = sorted([b"mirror/1/child", b"mirror/1/root", b"mirror/1/tag", *(each.value for each in Scope)])
    assert not any(long.startswith(short) for short, long in pairwise(labels))


def test_keys_are_not_shown() -> None:
    ring = TREE.keyring((1, 2))
    assert repr(ring) == "Keyring()"


@pytest.mark.parametrize("index", [-1, MAX_INDEX + 1])
def test_an_index_has_two_bytes(index: int) -> None:
    with pytest.raises(ValueError, match="index"):
        keys.child_key(bytes(16), index)


def test_the_tree_is_so_deep_and_no_deeper() -> None:
    deepest = TREE.keyring((0,) * MAX_DEPTH)
    with pytest.raises(ValueError, match="deep"):
        deepest.child(0)
    with pytest.raises(ValueError, match="deep"):
        TREE.keyring((0,) * (MAX_DEPTH + 1))


@pytest.mark.parametrize("ring", [(b"", ()), (bytes(15), ()), (bytes(16), (bytes(16), bytes(17)))])
def test_keys_have_one_size(ring: tuple[bytes, tuple[bytes, ...]]) -> None:
    with pytest.raises(ValueError, match="size"):
        Keyring(*ring)


@pytest.mark.parametrize(("secret", "publication"), [(bytes(31), bytes(32)), (bytes(32), bytes(20))])
def test_secrets_have_one_size(secret: bytes, publication: bytes) -> None:
    with pytest.raises(ValueError, match="size"):
        KeyTree(secret, publication)
