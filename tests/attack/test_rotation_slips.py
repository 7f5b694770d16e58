"""A mirror, an informer and a stranger with an invitation: what they can do with slips.

Each story: what an honest mirror gives is taken; then one thing is changed, and nothing is believed.
"""

from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from helpers.rotation import EPOCH, KEY, NOW, PUBLICATION, SIGNER, World, entrance
from mirror.errors import FormatError, MirrorError, TrustError
from mirror.limits import MAX_PIECE, SLIP_RECORD
from mirror.rotation import pages
from mirror.rotation.epochs import DAY, Calendar
from mirror.rotation.keys import Keyring, KeyTree, NodePath, Place, Scope, slip_key
from mirror.rotation.pages import Name
from mirror.rotation.slips import Sealer, Slip

# Three cohorts: a branch, two readers of another branch by themselves, and a reader deep in a third.
COHORTS = {
    Place((1,)): (entrance(1), entrance(2)),
    Place((2, 0), is_subtree=False): (entrance(3),),
    Place((2, 1)): (entrance(3),),
    Place((3, 4, 5), is_subtree=False): (entrance(4),),
}
WORLD = World(COHORTS, bits=3)
FILES = WORLD.made().files
READER = (1, 6)
RING = WORLD.tree.keyring(READER)
NAMES = pages.pages_of(RING, 0, EPOCH, 3)
MINE = next(
    name
    for name in NAMES
    if pages.find_slip([pages.open_page(FILES[name.path], name, PUBLICATION, [KEY])], RING, PUBLICATION)
)


def refused(data: bytes, name: Name = MINE, publication: bytes = PUBLICATION, not_before: int = 0) -> str:
    with pytest.raises(MirrorError) as caught:
        pages.open_page(data, name, publication, [KEY], not_before)
    assert isinstance(caught.value, TrustError | FormatError)
    return caught.value.code


def taken(data: bytes, name: Name, publication: bytes = PUBLICATION) -> bool:
    return pages.open_page(data, name, publication, [KEY]).name == name


def signed(body: bytes, name: Name = MINE, issued: int = NOW) -> bytes:
    """A page with another body, rightly signed: whole but for that."""
    return pages.seal_page(name, body, PUBLICATION, issued, SIGNER.sign)


def test_the_honest_page_is_taken() -> None:
    assert WORLD.slip(READER, FILES) == Slip((entrance(1), entrance(2)), 0, EPOCH + 1)


@pytest.mark.parametrize("at", [*range(17), 47, 48, 79, 80, 80 + SLIP_RECORD, 5_000, MAX_PIECE - 1])
def test_one_altered_byte_anywhere_is_seen(at: int) -> None:
    data = bytearray(FILES[MINE.path])
    data[at] ^= 1
    assert refused(bytes(data)) in {"slip-version", "slip-page-other", "slip-signature"}


@pytest.mark.parametrize("size", [0, 15, 79, 80, MAX_PIECE - 1, MAX_PIECE + 1])
def test_a_page_has_one_size(size: int) -> None:
    assert refused((FILES[MINE.path] * 2)[:size]) == "slip-page"


def test_a_page_of_yesterday_is_not_todays() -> None:
    yesterday = World(COHORTS, epoch=EPOCH - 1, bits=3)
    made = yesterday.made().files
    data = made[f"s/{EPOCH - 1}/{MINE.number}"]
    assert taken(data, replace(MINE, epoch=EPOCH - 1))
    assert refused(data) == "slip-page-other"
    # With today's number written into it, the signature does not fit any more.
    assert refused(FILES[MINE.path][:16] + data[16:]) == "slip-signature"


def test_yesterdays_record_on_todays_page_does_not_open() -> None:
    """Should a publisher's machine ever mix them: the record itself is bound to its epoch."""
    yesterday = World(COHORTS, epoch=EPOCH - 1, bits=3).made().files
    bodies = [data[80:] for path, data in yesterday.items() if int(path.split("/")[2]) < 8]
    opened = [pages.open_page(signed(body), MINE, PUBLICATION, [KEY]) for body in bodies]
    assert pages.find_slip(opened, RING, PUBLICATION) is None
    mine = {**yesterday}
    assert World(COHORTS, epoch=EPOCH - 1, bits=3).slip(READER, mine) is not None


def test_a_page_that_was_made_again_replaces_the_older_one_for_good() -> None:
    moved = World({**COHORTS, Place((1,)): (entrance(9),)}, bits=3, issued=NOW + 60)
    newer = moved.made(FILES).files
    assert moved.slip(READER, newer) == Slip((entrance(9),), 0, EPOCH + 1)
    assert refused(FILES[MINE.path], not_before=NOW + 60) == "slip-page-older"
    assert pages.open_page(newer[MINE.path], MINE, PUBLICATION, [KEY], NOW + 60).issued == NOW + 60


def test_another_cohorts_page_is_not_this_ones() -> None:
    other = replace(MINE, number=(MINE.number + 1) % 8)
    assert taken(FILES[other.path], other)
    assert refused(FILES[other.path]) == "slip-page-other"
    assert refused(FILES[MINE.path], replace(MINE, bits=4)) == "slip-page-other"


def test_another_cohorts_record_does_not_open() -> None:
    """Records swapped on a page that is rightly signed: each opens for its own place only."""
    tree = WORLD.tree
    records = {
        place: Sealer(tree.slip_key(place), PUBLICATION, EPOCH).seal(Slip(given, 0, EPOCH))
        for place, given in COHORTS.items()
    }
    body = b"".join(records.values()).ljust(pages.BODY_SIZE, b"\0")
    page = pages.open_page(signed(body), MINE, PUBLICATION, [KEY])
    path: NodePath
    for path in ((1,), (1, 6), (2, 0), (2, 1, 1), (3, 4, 5)):
        slip = pages.find_slip([page], tree.keyring(path), PUBLICATION)
        assert slip is not None
        assert slip.entrances == next(given for place, given in COHORTS.items() if place.covers(path))
    for path in ((), (2,), (2, 0, 0), (2, 2), (3, 4), (3, 4, 5, 0), (4,)):
        assert pages.find_slip([page], tree.keyring(path), PUBLICATION) is None


@pytest.mark.parametrize("signer", [Ed25519PrivateKey.from_private_bytes(bytes(32)), None])
def test_a_wrong_publishers_page_is_refused(signer: Ed25519PrivateKey | None) -> None:
    if signer is None:  # the same people's other publication: its pages are rightly signed, for it
        other = World(COHORTS, publication=bytes(32), bits=3).made().files
        assert taken(other[MINE.path], MINE, bytes(32))
        assert refused(other[MINE.path]) == "slip-signature"
    else:
        forged = World(COHORTS, signer=signer, bits=3).made().files
        assert refused(forged[MINE.path]) == "slip-signature"


def test_whoever_was_invited_can_seal_for_a_branch_and_is_not_believed() -> None:
    """An informer holds the keys of the branch, and asks a mirror to serve readers an endpoint of his."""
    informer = WORLD.tree.keyring((1, 7, 3))
    key = informer.subtree(1)
    assert key in RING.slip_keys()
    forged = Sealer(key, PUBLICATION, EPOCH).seal(Slip((entrance(666),), 0, EPOCH))
    body = forged + FILES[MINE.path][80 + SLIP_RECORD :]
    assert pages.find_slip([pages.open_page(signed(body), MINE, PUBLICATION, [KEY])], RING, PUBLICATION)
    assert refused(FILES[MINE.path][:80] + body) == "slip-signature"


@pytest.mark.parametrize(
    "steal",
    [
        lambda ring: ring.branch,
        lambda ring: slip_key(ring.branch, Scope.OWN),
        lambda ring: slip_key(ring.branch, Scope.SUBTREE),
        lambda ring: ring.child(0).branch,
    ],
)
def test_a_reader_who_tries_a_siblings_or_parents_keys_with_its_own(
    steal: Callable[[Keyring], bytes],
) -> None:
    """From what a reader holds, nothing of a sibling or of the nodes above can be opened."""
    tree = KeyTree(bytes(32), PUBLICATION)
    mine, sibling, parent = (tree.keyring(path) for path in ((1, 0), (1, 1), (1,)))
    wanted = {*sibling.slip_keys()[:2], slip_key(parent.branch, Scope.OWN), parent.branch}
    held = {mine.branch, *mine.slip_keys()}
    assert not wanted & held
    # Not by one more step with any key that is held, taken for a branch key either.
    for key in (*held, steal(mine)):
        pretended = Keyring(key, ())
        reached = {key, *pretended.slip_keys(), *(pretended.child(index).branch for index in range(3))}
        reached |= {each for index in range(3) for each in pretended.child(index).slip_keys()}
        assert not reached & wanted


def test_a_child_is_reached_from_its_parent_alone() -> None:
    """The twin of the story above: where the branch key is held, the same steps do reach."""
    tree = KeyTree(bytes(32), PUBLICATION)
    parent, child = tree.keyring((1,)), tree.keyring((1, 1))
    assert set(child.slip_keys()[:2]) <= set(parent.child(1).slip_keys())


@pytest.mark.parametrize("days", [-2, 2])
def test_a_clock_two_epochs_off_asks_for_what_exists_and_takes_nothing_else(days: int) -> None:
    calendar = Calendar()
    asked = calendar.to_ask(NOW + days * DAY, NOW)
    assert asked in {EPOCH, EPOCH + 1}
    world = World(COHORTS, epoch=asked, bits=3)
    assert world.slip(READER, world.made().files) is not None
    wrong = replace(MINE, epoch=EPOCH + days)
    assert refused(FILES[MINE.path], wrong) == "slip-page-other"


def test_a_mirror_that_serves_only_some_pages_hides_a_slip_and_alters_none() -> None:
    """It cannot make a reader believe that there is no slip: half of the answer is no answer."""
    assert len({name.path for name in NAMES}) == 2
    other = next(name for name in NAMES if name != MINE)
    half = [pages.open_page(FILES[other.path], other, PUBLICATION, [KEY])]
    assert pages.find_slip(half, RING, PUBLICATION) is None
    assert refused(bytes(MAX_PIECE), MINE) == "slip-version"
    assert refused(b"<html>" + bytes(300), MINE) == "slip-page"


def test_pages_of_two_epochs_are_never_mixed() -> None:
    tomorrow = World(COHORTS, epoch=EPOCH + 1, bits=3)
    both = [*WORLD.pages(READER, FILES), *tomorrow.pages(READER, tomorrow.made().files)]
    with pytest.raises(ValueError, match="epochs"):
        pages.find_slip(both, RING, PUBLICATION)


def test_two_requests_whatever_is_found() -> None:
    for path in (READER, (2, 0), (3, 4, 5), (8, 8), ()):
        for look in range(4):
            names = pages.pages_of(WORLD.tree.keyring(path), look, EPOCH, 3)
            assert len({name.path for name in names}) == 2
            assert all(name.kind == pages.SLIPS for name in names)


def test_every_key_is_tried_on_every_record(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = 0
    open_record = Sealer.open

    def counted(sealer: Sealer, record: bytes) -> Slip | None:
        nonlocal tried
        tried += 1
        return open_record(sealer, record)

    monkeypatch.setattr(Sealer, "open", counted)
    for path in (READER, (8, 8)):
        tried = 0
        WORLD.slip(path, FILES)
        assert tried == 40 * (len(path) + 2)
