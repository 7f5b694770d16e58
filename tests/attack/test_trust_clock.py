"""Clocks years off, set back, set forward; and online keys that sign a wrong time."""

import json

import pytest

from helpers.newsroom import NOW, Mirror, Newsroom, copy_of, holders, refresh, signer
from mirror.trust.metadata import content, instant, pack, parse
from mirror.trust.publication import DAY, Lifetimes
from mirror.trust.state import Freshness, State, Stored

YEAR = 365 * DAY


@pytest.fixture
def room() -> Newsroom:
    return Newsroom().later().release("ru", "notices")


@pytest.fixture
def stored(room: Newsroom) -> Stored:
    return refresh(room.newcomer(), {"a": copy_of(room)}, now=room.now).stored


def issued_at(room: Newsroom, issued: object, **changes: object) -> Mirror:
    """A mirror with a timestamp that the real key signed, and that says another time."""
    fields = json.loads(room.files["timestamp.json"])
    fields["signed"]["x-mirror"]["issued"] = issued
    fields["signed"] |= {"version": fields["signed"]["version"] + 1, **changes}
    fields["signatures"] = []
    signed = content(json.dumps(fields).encode())
    signature = signer("stamp").sign(parse(pack(signed)).signed_bytes)
    return Mirror({**room.files, "timestamp.json": pack(signed, {signature.keyid: signature})})


def test_a_clock_set_back_does_not_make_old_news_current(room: Newsroom, stored: Stored) -> None:
    """A freeze with a helping hand: the mirror shows the old, the device's clock is turned back."""
    frozen = copy_of(room)
    seen = refresh(stored, {"honest": copy_of(room.later(30 * DAY).heartbeat())}, now=room.now)
    assert seen.stored.floor == room.now
    for clock in (NOW, 0, room.now - 20 * YEAR):
        read = refresh(seen.stored, {"frozen": frozen}, now=clock)
        assert read.freshness.state is State.CURRENT
        assert read.versions["timestamp"] == 3, "what is held is newer"
        assert read.freshness.reference == room.now
        assert read.freshness.skew_seconds == room.now - clock
    late = Stored(seen.stored.root, stored.files, None, seen.stored.floor)
    read = refresh(late, {"frozen": frozen}, now=NOW)
    assert read.freshness.state is State.HELD_BACK
    assert read.freshness.reference == room.now


def test_a_newcomer_with_a_clock_years_behind_is_told_and_can_read(room: Newsroom) -> None:
    read = refresh(room.newcomer(), {"a": copy_of(room)}, now=0)
    assert read.freshness == Freshness(
        state=State.CURRENT,
        as_of=room.now,
        expires=room.now + 14 * DAY,
        old_since=None,
        reference=room.now,
        skew_seconds=room.now,
        is_checked=True,
    )


def test_one_mirror_with_newer_time_unmasks_the_frozen_one(room: Newsroom) -> None:
    """The clock is behind; the statement that can only be seen, not completed, still tells the time."""
    frozen = copy_of(room)
    room.later(20 * DAY).heartbeat()
    only_time = Mirror({"timestamp.json": room.files["timestamp.json"]})
    read = refresh(room.newcomer(), {"frozen": frozen, "time": only_time}, now=NOW)
    assert read.versions["timestamp"] == 3, "a heartbeat names the same snapshot: it can be completed"
    assert read.freshness.reference == room.now


def test_a_clock_set_forward_makes_old_not_gone_and_leaves_no_trace(room: Newsroom, stored: Stored) -> None:
    far = room.now + 30 * YEAR
    online = refresh(stored, {"a": copy_of(room)}, now=far)
    assert online.freshness.state is State.HELD_BACK
    offline = refresh(online.stored, {}, now=far)
    assert offline.freshness.state is State.OLD
    assert offline.target("ru/head") is not None
    assert offline.stored == stored, "the device's clock is never written down"
    back = refresh(offline.stored, {"a": copy_of(room)}, now=room.now)
    assert back.freshness.state is State.CURRENT
    assert back.freshness.skew_seconds == 0


@pytest.mark.parametrize("now", [-(10**12), -1, 0, 10**12, 10**18])
def test_no_clock_breaks_anything(room: Newsroom, stored: Stored, now: int) -> None:
    for mirrors in ({}, {"a": copy_of(room)}):
        read = refresh(stored, mirrors, now=now)
        assert read.target("ru/head") is not None


def test_everything_expired_is_still_read_as_old(room: Newsroom) -> None:
    """The publisher was silenced; a newcomer years later gets the last word, called what it is."""
    for years, state in ((1, State.HELD_BACK), (9, State.HELD_BACK)):
        read = refresh(room.newcomer(), {"a": copy_of(room)}, now=room.now + years * YEAR)
        assert read.freshness.state is state
        assert read.freshness.as_of == room.now
        assert read.target("ru/head") is not None
        assert refresh(read.stored, {}, now=room.now + years * YEAR).freshness.state is State.OLD


def test_a_role_that_expired_under_a_fresh_timestamp_is_old_and_nothing_is_held_back() -> None:
    room = Newsroom(lifetimes=Lifetimes(channel=9 * DAY)).release("ru")
    for _ in range(2):
        room.now += 4 * DAY
        room.heartbeat()
    read = refresh(room.newcomer(), {"a": copy_of(room)}, now=NOW + 9 * DAY)
    assert read.freshness.state is State.OLD
    assert read.freshness.old_since == NOW + 9 * DAY


def test_the_floor_never_falls_while_the_key_stands(room: Newsroom, stored: Stored) -> None:
    stuck = Stored(stored.root, stored.files, None, stored.floor + 5 * DAY)
    read = refresh(stuck, {"a": copy_of(room)}, now=NOW)
    assert read.stored.floor == stored.floor + 5 * DAY
    room.later().rotate()
    assert refresh(stuck, {"a": copy_of(room)}, now=NOW).stored.floor == stored.floor + 5 * DAY


def test_a_stolen_timestamp_key_cannot_push_the_clock_past_the_root(room: Newsroom, stored: Stored) -> None:
    root_end = instant(room.publication.root.expires)
    thief = issued_at(room, root_end + 50 * YEAR, expires="2099-01-01T00:00:00Z")
    read = refresh(stored, {"thief": thief}, now=room.now, head=None)
    assert read.stored.floor <= root_end
    assert read.freshness.reference <= root_end


def test_a_pushed_clock_falls_with_the_stolen_key(room: Newsroom, stored: Stored) -> None:
    """R10: without that, one theft would make every reader's news old for years."""
    thief = issued_at(room, room.now + YEAR, expires="2099-01-01T00:00:00Z")
    pushed = refresh(stored, {"thief": thief}, now=room.now, head=None)
    assert pushed.stored.floor == room.now + YEAR
    room.online = ("snap", "stamp", "stamp-2")
    room.later(2 * DAY).rotate(timestamp=holders("stamp-2"))
    read = refresh(pushed.stored, {"thief": thief, "honest": copy_of(room)}, now=room.now, head=None)
    assert read.freshness.state is State.CURRENT
    assert read.stored.floor == room.now


@pytest.mark.parametrize("issued", [None, -1, "now", 10**30, {"a": 1}])
def test_a_time_that_is_none_moves_no_clock(room: Newsroom, stored: Stored, issued: object) -> None:
    read = refresh(stored, {"a": issued_at(room, issued)}, now=room.now, head=None)
    assert read.versions["timestamp"] == 3
    assert read.stored.floor == stored.floor
    assert read.freshness.as_of == 0


def test_an_unverified_time_moves_no_clock(room: Newsroom, stored: Stored) -> None:
    """Whole but for the signature."""
    files = issued_at(room, room.now + 10 * DAY).files
    unsigned = json.loads(files["timestamp.json"])
    unsigned["signatures"][0]["sig"] = "00" * 64
    liar = Mirror({**files, "timestamp.json": json.dumps(unsigned).encode()})
    read = refresh(stored, {"liar": liar}, now=room.now, head=None)
    assert read.stored.floor == stored.floor
    assert read.freshness.reference == room.now
