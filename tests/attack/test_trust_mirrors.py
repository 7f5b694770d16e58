"""Mirrors that lie, lag, withhold and conspire. Each story: a legitimate step, the attack, what stands."""

import json

import pytest

from helpers.newsroom import (
    NOW,
    Mirror,
    Newsroom,
    copy_of,
    drive,
    garbling,
    holders,
    refresh,
    signer,
    silent,
    withholding,
)
from mirror.errors import TrustError
from mirror.limits import MAX_METADATA
from mirror.trust.metadata import content, pack, parse
from mirror.trust.publication import DAY
from mirror.trust.session import MetadataSession
from mirror.trust.state import LIES, Kind, Observation, State, Stored
from mirror.trust.verified import Verified


def kinds(read: Verified, source: str) -> set[Kind]:
    return {note.kind for note in read.observations if note.source == source}


def edition(read: Verified) -> int:
    """Which edition of the Russian channel is shown, by the version of its role."""
    return read.versions["channel-ru"]


@pytest.fixture
def room() -> Newsroom:
    return Newsroom().later().release("ru", "notices")


@pytest.fixture
def stored(room: Newsroom) -> Stored:
    read = refresh(room.newcomer(), {"a": copy_of(room)}, now=room.now)
    assert (edition(read), read.freshness.state) == (2, State.CURRENT)
    return read.stored


# --- several mirrors at different versions -------------------------------------------------------


@pytest.mark.parametrize("head", ["ru", None])
@pytest.mark.parametrize("order", ["old older new", "new old older", "older new old"])
def test_the_newest_of_several_wins_and_the_others_are_noted(order: str, head: str | None) -> None:
    room = Newsroom()
    mirrors = {"older": copy_of(room)}
    mirrors["old"] = copy_of(room.later().release("ru", "notices"))
    mirrors["new"] = copy_of(room.later().release("ru"))
    read = refresh(room.newcomer(), {name: mirrors[name] for name in order.split()}, now=room.now, head=head)
    assert (edition(read), read.freshness.state) == (3, State.CURRENT)
    assert read.showed == {"older": 1, "old": 2, "new": 3}
    assert kinds(read, "older") == kinds(read, "old") == {Kind.STALE}
    assert kinds(read, "new") == set()
    assert not any(note.is_lie for note in read.observations), "who lags is no liar"


def test_a_mirror_older_than_what_we_hold_changes_nothing(room: Newsroom, stored: Stored) -> None:
    before = Mirror(dict(Newsroom().files))
    read = refresh(stored, {"a": before}, now=room.now)
    assert read.stored == stored
    assert kinds(read, "a") == {Kind.ROLLED_BACK}
    assert read.freshness.state is State.CURRENT


def test_a_mirror_that_has_everything_but_the_newest_root_is_behind_and_no_liar(
    room: Newsroom, stored: Stored
) -> None:
    old = copy_of(room)
    room.online = ("snap", "stamp", "stamp-2")
    room.later().rotate(timestamp=holders("stamp-2"))
    for mirrors in ({"old": old, "new": copy_of(room)}, {"new": copy_of(room), "old": old}):
        read = refresh(stored, mirrors, now=room.now)
        assert read.freshness.state is State.CURRENT
        assert read.versions["root"] == 2
        assert kinds(read, "old") == {Kind.STALE}


# --- garbage -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "part", ["timestamp", "snapshot", "targets", "channel-ru", "notices", "heads", "json"]
)
@pytest.mark.parametrize("head", ["ru", None])
@pytest.mark.parametrize("is_first", [True, False])
def test_what_one_mirror_garbles_comes_from_another(
    room: Newsroom, part: str, head: str | None, is_first: bool
) -> None:
    bad, good = garbling(room.files, part), copy_of(room)
    mirrors = {"bad": bad, "good": good} if is_first else {"good": good, "bad": bad}
    read = refresh(room.newcomer(), mirrors, now=room.now, head=head)
    assert (edition(read), read.freshness.state) == (2, State.CURRENT)
    assert not kinds(read, "good") & LIES
    if any(part in path and path in room.files for path in bad.asked):
        assert kinds(read, "bad") & LIES


def test_files_that_never_end_are_not_held(room: Newsroom) -> None:
    def swell(_path: str, answer: bytes | str) -> bytes | str:
        return answer + b" " * MAX_METADATA if isinstance(answer, bytes) else answer

    read = refresh(room.newcomer(), {"bad": Mirror(room.files, swell), "good": copy_of(room)}, now=room.now)
    assert edition(read) == 2
    assert kinds(read, "bad") == {Kind.OVERSIZED}


def test_block_pages_do_not_stop_the_one_good_mirror(room: Newsroom) -> None:
    page = b"<html>By decision of the regulator</html>"
    mirrors = {name: Mirror({}, lambda _path, _answer: page) for name in "abc"} | {"d": copy_of(room)}
    read = refresh(room.newcomer(), mirrors, now=room.now)
    assert (edition(read), read.freshness.state) == (2, State.CURRENT)


def test_a_right_file_under_another_version_is_refused_and_does_not_poison(room: Newsroom) -> None:
    """R4: a genuine newer snapshot given for an older name must not make the right one a rollback."""
    named = dict(room.files)
    plain = json.loads(named["timestamp.json"])
    del plain["signed"]["meta"]["snapshot.json"]["hashes"]
    del plain["signed"]["meta"]["snapshot.json"]["length"]
    bare = content(json.dumps(plain | {"signatures": []}).encode())
    signature = signer("stamp").sign(parse(pack(bare)).signed_bytes)
    stamp = pack(bare, {signature.keyid: signature})
    later = room.later().release("ru").files["3.snapshot.json"]
    evil = Mirror(named | {"timestamp.json": stamp, "2.snapshot.json": later})
    good = Mirror(named | {"timestamp.json": stamp})
    read = refresh(room.newcomer(), {"evil": evil, "good": good}, now=room.now, head=None)
    assert (edition(read), read.freshness.state) == (2, State.CURRENT)
    assert Observation("evil", Kind.WRONG_VERSION, "2.snapshot.json") in read.observations
    assert kinds(read, "good") == set()


# --- withholding ---------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["snapshot", "channel-ru"])
def test_a_new_timestamp_without_its_files_then_honest_mirrors(
    room: Newsroom, stored: Stored, part: str
) -> None:
    """The wedge: a client that keeps the timestamp alone calls old content new for ever after."""
    room.later().release("ru", "notices")
    evil = withholding(room.files, part, "heads")
    held = refresh(stored, {"evil": evil}, now=room.now)
    assert edition(held) == 2, "what was complete stays readable"
    assert held.freshness.state is State.HELD_BACK
    assert Kind.WITHHELD in kinds(held, "evil")
    assert held.stored.pending == room.files["timestamp.json"]

    again = refresh(held.stored, {"evil": evil}, now=room.now)
    assert (edition(again), again.freshness.state) == (2, State.HELD_BACK)

    offline = refresh(held.stored, {}, now=room.now)
    assert (edition(offline), offline.freshness.state) == (2, State.HELD_BACK)

    pretender = Mirror(dict(Newsroom().later().release("ru", "notices").files))
    unseen = refresh(held.stored, {"pretender": pretender}, now=room.now)
    assert unseen.freshness.state is State.HELD_BACK, "the newer statement is not forgotten"
    assert kinds(unseen, "pretender") == {Kind.STALE}

    freed = refresh(unseen.stored, {"evil": evil, "honest": copy_of(room)}, now=room.now)
    assert (edition(freed), freed.freshness.state) == (3, State.CURRENT)
    assert freed.stored.pending is None


def test_between_what_is_held_and_what_is_withheld_the_newest_complete_is_taken(
    room: Newsroom, stored: Stored
) -> None:
    middle = copy_of(room.later().release("ru"))
    room.later().release("ru")
    evil = withholding(room.files, "4.snapshot", "heads")
    read = refresh(stored, {"evil": evil, "middle": middle}, now=room.now)
    assert (edition(read), read.freshness.state) == (3, State.HELD_BACK)
    assert read.stored.pending == room.files["timestamp.json"]


def test_notices_cannot_be_stripped_from_an_edition(room: Newsroom, stored: Stored) -> None:
    """A mirror that gives the new edition and keeps the new warning back shows neither."""
    room.later().release("ru", "notices", content=b"a new warning")
    evil = withholding(room.files, "notices", "heads")
    read = refresh(stored, {"evil": evil}, now=room.now)
    assert (edition(read), read.versions["notices"]) == (2, 2)
    assert read.freshness.state is State.HELD_BACK


def test_each_mirror_withholds_another_file_and_together_they_have_all(room: Newsroom) -> None:
    parts = ("snapshot", "targets", "channel-ru", "notices")
    mirrors = {part: withholding(room.files, part, "heads") for part in parts}
    read = refresh(room.newcomer(), mirrors, now=room.now)
    assert (edition(read), read.freshness.state) == (2, State.CURRENT)


def test_a_hidden_root_is_found_at_another_mirror(room: Newsroom, stored: Stored) -> None:
    """A thief has the old timestamp key and a mirror that hides the root which revoked it."""
    old = copy_of(room)
    room.online = ("snap", "stamp", "stamp-2")
    room.later().rotate(timestamp=holders("stamp-2"))
    thief = Mirror(old.files)
    read = refresh(stored, {"thief": thief, "honest": copy_of(room)}, now=room.now)
    assert (read.versions["root"], read.versions["timestamp"]) == (2, 3)
    assert refresh(read.stored, {"thief": thief}, now=room.now).versions["timestamp"] == 3


def test_a_silent_mirror_is_asked_once(room: Newsroom, stored: Stored) -> None:
    room.later().release("ru", "notices")
    quiet = silent()
    read = refresh(stored, {"quiet": quiet, "good": copy_of(room)}, now=room.now)
    assert edition(read) == 3
    assert quiet.asked == ["heads/ru"]
    assert kinds(read, "quiet") == {Kind.UNREACHABLE}


# --- keys in the wrong hands ---------------------------------------------------------------------


def signed_with(name: str, data: bytes, **changes: object) -> bytes:
    """A file changed and signed again by someone who has the key ``name``."""
    fields = json.loads(data)
    fields["signed"] |= changes
    fields["signatures"] = []
    signed = content(json.dumps(fields).encode())
    signature = signer(name).sign(parse(pack(signed)).signed_bytes)
    return pack(signed, {signature.keyid: signature})


def test_who_steals_the_timestamp_key_can_freeze_and_not_speak(room: Newsroom, stored: Stored) -> None:
    """Design §1: withhold news until the key expires or is revoked; not add, alter or remove."""
    leap = signed_with("stamp", room.files["timestamp.json"], version=2**31 - 1)
    forged = json.loads(leap)["signed"]["meta"]
    forged["snapshot.json"] = {"version": 2**31 - 1}
    leap = signed_with("stamp", leap, meta=forged)
    thief = Mirror({**room.files, "timestamp.json": leap})
    frozen = refresh(stored, {"thief": thief}, now=room.now, head=None)
    assert (edition(frozen), frozen.freshness.state) == (2, State.HELD_BACK)
    assert frozen.stored.pending == leap

    room.later().release("ru", "notices")
    both = refresh(frozen.stored, {"thief": thief, "honest": copy_of(room)}, now=room.now, head=None)
    assert (edition(both), both.freshness.state) == (3, State.HELD_BACK), "news goes on, under suspicion"

    room.online = ("snap", "stamp", "stamp-2")
    room.later().rotate(timestamp=holders("stamp-2"))
    free = refresh(both.stored, {"thief": thief, "honest": copy_of(room)}, now=room.now, head=None)
    assert free.freshness.state is State.CURRENT
    assert free.stored.pending is None
    assert kinds(free, "thief") == {Kind.STALE}, "its statement is of a key that was revoked"


def test_after_a_fast_forward_of_everything_new_keys_free_the_readers(room: Newsroom) -> None:
    """The recovery drill: snapshot and timestamp keys are stolen, versions run away, keys change."""
    leap = 1_000
    snapshot = signed_with("snap", room.files["2.snapshot.json"], version=leap)
    meta = {"snapshot.json": {"version": leap}}
    stamp = signed_with("stamp", room.files["timestamp.json"], version=leap, meta=meta)
    thief = Mirror({**room.files, "timestamp.json": stamp, f"{leap}.snapshot.json": snapshot})
    fooled = refresh(room.newcomer(), {"thief": thief}, now=room.now, head=None)
    assert fooled.versions["timestamp"] == leap
    stuck = refresh(fooled.stored, {"honest": copy_of(room)}, now=room.now)
    assert stuck.versions["timestamp"] == leap

    room.online = ("snap-2", "stamp-2")
    room.later().rotate(snapshot=holders("snap-2"), timestamp=holders("stamp-2"))
    room.release("ru")
    read = refresh(stuck.stored, {"thief": thief, "honest": copy_of(room)}, now=room.now)
    assert (edition(read), read.freshness.state) == (3, State.CURRENT)
    assert read.versions["snapshot"] < leap


def test_who_steals_a_channels_key_cannot_swap_a_file_of_the_same_version(room: Newsroom) -> None:
    """The snapshot signs the digest of every role's file, not only its version."""
    targets = {"ru/head": {"length": 4, "hashes": {"sha256": "ee" * 32}}}
    swapped = signed_with("rita", room.files["2.channel-ru.json"], targets=targets)
    evil = Mirror({**room.files, "2.channel-ru.json": swapped})
    with pytest.raises(TrustError):
        refresh(room.newcomer(), {"evil": evil}, now=room.now, head=None)
    read = refresh(room.newcomer(), {"evil": evil, "good": copy_of(room)}, now=room.now, head=None)
    info = read.target("ru/head")
    assert info is not None
    assert info.sha256 != "ee" * 32
    assert kinds(read, "evil") & LIES


def test_two_statements_of_one_version_are_evidence(room: Newsroom, stored: Stored) -> None:
    """The publisher, or a thief of his online keys, tells two readers two things."""
    other = Newsroom().later().release("ru", "notices", content=b"another truth")
    assert other.publication.version("timestamp") == room.publication.version("timestamp")
    for mirrors in (
        {"one": copy_of(room), "two": copy_of(other)},
        {"two": copy_of(other), "one": copy_of(room)},
    ):
        newcomer = refresh(room.newcomer(), mirrors, now=room.now)
        assert Kind.FORK in kinds(newcomer, "one") & kinds(newcomer, "two")
        held = refresh(stored, mirrors, now=room.now)
        assert Kind.FORK in kinds(held, "two")
        assert held.files == stored.files, "of one version, what was first seen stays"


def test_a_second_snapshot_of_one_version_is_evidence(room: Newsroom, stored: Stored) -> None:
    other = Newsroom().later().release("ru", "notices", content=b"another truth")
    other.heartbeat()
    read = refresh(stored, {"two": copy_of(other)}, now=room.now)
    assert Observation("two", Kind.FORK, "snapshot.json") in read.observations
    assert edition(read) == 2
    info = read.target("ru/head")
    assert info is not None
    info.verify(b"news")


def test_one_key_under_two_ids_does_not_meet_a_threshold(room: Newsroom) -> None:
    """R3, in our own shape: ann alone signs as two of the three who may sign targets."""
    root = json.loads(room.publication.roots[0])["signed"]
    ann = signer("ann").public_key
    root["version"] = 2
    root["keys"]["ab" * 32] = ann.to_dict()
    root["roles"]["targets"]["keyids"] = [ann.keyid, "ab" * 32]
    signed = content(json.dumps({"signatures": [], "signed": root}).encode())
    signatures = [signer(name).sign(parse(pack(signed)).signed_bytes) for name in ("ann", "bob", "cem")]
    evil_root = pack(signed, {each.keyid: each for each in signatures})
    targets = json.loads(room.files["1.targets.json"])
    mine = next(each for each in targets["signatures"] if each["keyid"] == ann.keyid)
    targets["signatures"] = [mine, {"keyid": "ab" * 32, "sig": mine["sig"]}]
    files = {**room.files, "2.root.json": evil_root, "1.targets.json": json.dumps(targets).encode()}
    bare = json.loads(files["2.snapshot.json"])["signed"]["meta"] | {"targets.json": {"version": 1}}
    files["2.snapshot.json"] = signed_with("snap", files["2.snapshot.json"], meta=bare)
    meta = {"snapshot.json": {"version": 2}}
    files["timestamp.json"] = signed_with("stamp", files["timestamp.json"], meta=meta)
    with pytest.raises(TrustError):
        refresh(room.newcomer(), {"evil": Mirror(files)}, now=room.now, head=None)
    targets["signatures"] = json.loads(room.files["1.targets.json"])["signatures"]
    root["roles"]["targets"]["keyids"] = [ann.keyid, signer("bob").public_key.keyid]
    signed = content(json.dumps({"signatures": [], "signed": root}).encode())
    signatures = [signer(name).sign(parse(pack(signed)).signed_bytes) for name in ("ann", "bob", "cem")]
    files["2.root.json"] = pack(signed, {each.keyid: each for each in signatures})
    files["1.targets.json"] = json.dumps(targets).encode()
    assert refresh(room.newcomer(), {"fair": Mirror(files)}, now=room.now, head=None).versions["root"] == 2


# --- interrupted ---------------------------------------------------------------------------------


def test_a_refresh_cut_off_at_any_request_leaves_something_whole(room: Newsroom, stored: Stored) -> None:
    """The network dies after the n-th answer; then it comes back."""
    room.later().rotate()
    room.release("ru", "notices")
    whole = refresh(stored, {"a": copy_of(room)}, now=room.now, head=None)
    steps = len(copy_and_count(room, stored))
    seen = set()
    for cut in range(steps + 1):
        left = cut

        def die(_path: str, answer: bytes | str) -> bytes | str:
            nonlocal left
            left -= 1
            return answer if left >= 0 else "unreachable"

        mirror = Mirror(room.files, die)
        read = refresh(stored, {"a": mirror}, now=room.now, head=None)
        assert edition(read) in (2, 3)
        seen.add(edition(read))
        assert (read.freshness.state is State.CURRENT) == (edition(read) == 3 or read.stored.pending is None)
        after = refresh(read.stored, {"a": copy_of(room)}, now=room.now, head=None)
        assert after.files == whole.files
    assert seen == {2, 3}


def copy_and_count(room: Newsroom, stored: Stored) -> list[str]:
    mirror = copy_of(room)
    refresh(stored, {"a": mirror}, now=room.now, head=None)
    return mirror.asked


def test_only_what_is_wanted_is_carried_on(room: Newsroom, stored: Stored) -> None:
    session = MetadataSession(stored, [], now=room.now, wanted=("ru/head",))
    assert "notices.json" not in drive(session, {}).stored.files
    assert "notices.json" in stored.files


def test_an_unchanged_but_expired_timestamp_is_not_current(room: Newsroom, stored: Stored) -> None:
    late = room.now + 14 * DAY
    frozen = refresh(stored, {"a": copy_of(room)}, now=late)
    assert frozen.freshness.state is State.HELD_BACK
    assert frozen.freshness.old_since == late
    assert edition(frozen) == 2
    newcomer = refresh(room.newcomer(), {"a": copy_of(room)}, now=late + 100 * DAY)
    assert (edition(newcomer), newcomer.freshness.state) == (2, State.HELD_BACK)
    assert NOW < newcomer.freshness.as_of < late
