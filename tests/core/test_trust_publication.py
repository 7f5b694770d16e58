"""A publication's metadata: made, changed, and small enough for every reader."""

import hashlib
import json
from collections.abc import Callable
from functools import cache

import pytest

from helpers.newsroom import (
    CHANNELS,
    NOW,
    OFFLINE,
    ROLES,
    Mirror,
    Newsroom,
    copy_of,
    holders,
    public,
    refresh,
    signer,
    target,
)
from mirror.errors import FormatError, LimitError, TrustError
from mirror.limits import MAX_METADATA, MAX_PIECE
from mirror.trust import ceremony, changes
from mirror.trust.heads import unpack_head
from mirror.trust.keys import PublicKey
from mirror.trust.metadata import content, instant
from mirror.trust.publication import DAY, Draft, Holders, Lifetimes, Publication, head, tree
from mirror.trust.state import State, Stored


@cache
def large(channels: int, keys: int) -> tuple[Publication, dict[str, Holders]]:
    """A publication as the largest newsroom has it: 3 of 5 root, 2 of 3 targets, own keys per channel."""
    who = {
        f"c{number:02}": holders(*(f"k{number}-{key}" for key in range(keys)), threshold=(keys + 1) // 2)
        for number in range(channels)
    }
    roles = {
        "root": holders("r1", "r2", "r3", "r4", "r5", threshold=3),
        "targets": holders("t1", "t2", "t3", threshold=2),
        "snapshot": holders("snap"),
        "timestamp": holders("stamp"),
        "notices": holders("l1", "l2", "l3", threshold=2),
    }
    draft = changes.new_publication(**roles, channels=who, now=NOW, lifetimes=Lifetimes())
    everyone = {each.name for group in (*roles.values(), *who.values()) for each in group.keys}
    everyone -= {"snap", "stamp"}
    signed = ceremony.sign(draft, *(signer(name) for name in sorted(everyone)))
    return ceremony.commit(signed, [signer("snap"), signer("stamp")], now=NOW), who


@pytest.mark.parametrize("keys", [1, 3])
def test_27_channels_and_notices_fit_into_pieces(keys: int) -> None:
    """The freeze holds for metadata too; here every holder of every role has signed."""
    publication, who = large(27, keys)
    files = tree(publication)
    assert {name: len(data) for name, data in files.items() if len(data) > MAX_METADATA} == {}
    assert max(map(len, files.values())) == MAX_PIECE
    first = Stored(publication.roots[0])
    plain = refresh(first, {"a": Mirror(files)}, wanted=("c26/head", "notices/head"), head=None)
    for channel in ("c00", "c13", "c26"):
        mirror = Mirror(files)
        read = refresh(first, {"a": mirror}, wanted=(f"{channel}/head", "notices/head"), head=channel)
        assert mirror.asked == [f"heads/{channel}"], "one request told a newcomer everything"
        assert read.freshness.state is State.CURRENT
        assert read.signers[f"channel-{channel}"].threshold == who[channel].threshold
        if channel == "c26":
            assert read.files == plain.files, "and the same by plain names"


def test_a_newsroom_may_grow_channel_by_channel() -> None:
    """A role that is placed stays where it is; targets and groups fill up one after the other."""
    room = Newsroom()
    names = [f"new-{number}" for number in range(10)]
    room.offline = (*OFFLINE, *names)
    for number, name in enumerate(names):
        who = holders(name, f"{name}-b", f"{name}-c")
        room.publish(changes.add_channel(room.publication, f"n{number}", who, now=room.now))
    assert len(room.publication.channels) == 12
    assert "channels-1" in room.publication.roles
    assert max(map(len, room.publication.roles.values())) <= MAX_METADATA
    for channel in ("ru", "n0", "n9"):
        read = refresh(room.newcomer(), {"a": copy_of(room)}, wanted=(f"{channel}/head",), head=channel)
        assert read.freshness.state is State.CURRENT


def test_more_channels_than_fit_are_refused_and_not_cut_off() -> None:
    with pytest.raises((LimitError, TrustError)) as refused:
        large(90, 3)
    assert refused.value.code == "metadata-too-large"


def test_one_role_with_too_many_keys_is_refused() -> None:
    crowd = holders(*(f"k{number}" for number in range(40)))
    with pytest.raises(LimitError) as refused:
        changes.new_publication(**ROLES, channels={"ru": crowd}, now=NOW, lifetimes=Lifetimes())
    assert refused.value.code == "metadata-too-large"


def padded(data: bytes, salt: str, length: int = 140) -> bytes:
    """A metadata file with some kB in it that no compressor makes much smaller."""
    noise = "".join(hashlib.sha256(f"{salt}{n}".encode()).hexdigest() for n in range(length))
    return json.dumps(json.loads(data) | {"pad": noise}).encode()


def test_a_head_leaves_out_the_root_then_the_notices() -> None:
    room = Newsroom()
    whole = {
        "1.root.json",
        "timestamp.json",
        "1.snapshot.json",
        "1.targets.json",
        "1.channel-ru.json",
        "1.notices.json",
    }
    root, roles = room.publication.roots[0], dict(room.publication.roles)

    def carried() -> set[str]:
        return set(unpack_head(head(Publication((root,), roles), "ru")))

    assert carried() == whole
    root = padded(root, "root", 110)
    assert carried() == whole
    roles["notices"] = padded(roles["notices"], "notices")
    assert carried() == whole - {"1.root.json"}
    roles["targets"] = padded(roles["targets"], "targets", 125)
    assert carried() == whole - {"1.root.json", "1.notices.json"}
    roles["snapshot"] = padded(roles["snapshot"], "snapshot")
    with pytest.raises(LimitError) as refused:
        carried()
    assert refused.value.code == "head-too-large"


def test_the_tree_names_versions_and_the_two_mutable_kinds_last() -> None:
    room = Newsroom().later().release("ru")
    room.rotate()
    names = list(tree(room.publication))
    assert names == [
        "1.root.json",
        "2.root.json",
        "1.targets.json",
        "1.notices.json",
        "1.channel-en.json",
        "2.channel-ru.json",
        "2.snapshot.json",
        "heads/en",
        "heads/ru",
        "timestamp.json",
    ]


def test_a_publication_survives_being_kept() -> None:
    room = Newsroom()
    room.later().release("ru")
    room.rotate()
    files = room.publication.to_files()
    assert Publication.from_files(files) == room.publication
    for name in files:
        if name != "2.root.json":
            rest = {key: data for key, data in files.items() if key != name}
            if name == "1.root.json":
                with pytest.raises(FormatError):
                    Publication.from_files(rest)
    for broken in ({}, files | {"3.x.json": b""}, files | {"targets.json": b"{}"}, files | {"x": b""}):
        with pytest.raises(FormatError):
            Publication.from_files(broken)


def test_what_is_released_can_be_looked_up_and_replaces_what_was_said() -> None:
    room = Newsroom()
    room.later().release("ru", "notices", content=b"one")
    said = {"ru": {"ru/head": target(b"two"), "ru/more": target(b"three")}}
    room.publish(changes.release(room.publication, said, now=room.now))
    read = refresh(room.newcomer(), {"a": copy_of(room)}, now=room.now)
    for path, content_ in (("ru/head", b"two"), ("ru/more", b"three"), ("notices/head", b"one")):
        info = read.target(path)
        assert info is not None
        info.verify(content_)
        assert (info.length, info.sha256) == target(content_)
    assert read.target("ru/none") is None
    with pytest.raises(TrustError) as refused:
        read.target("en/head")
    assert refused.value.code == "not-loaded"


@pytest.mark.parametrize(
    ("role", "path", "length", "digest"),
    [
        ("ru", "en/head", 1, "00" * 32),
        ("ru", "ru", 1, "00" * 32),
        ("ru", "ru/a/b", 1, "00" * 32),
        ("ru", "ru/../x", 1, "00" * 32),
        ("ru", "ru/Ä", 1, "00" * 32),
        ("ru", "ru/*", 1, "00" * 32),
        ("ru", "ru/head", -1, "00" * 32),
        ("ru", "ru/head", 1, "00" * 31),
        ("ru", "ru/head", 1, "AA" * 32),
        ("notices", "ru/head", 1, "00" * 32),
    ],
)
def test_a_role_says_only_its_own_paths(role: str, path: str, length: int, digest: str) -> None:
    room = Newsroom()
    with pytest.raises(ValueError, match=r"\w"):
        changes.release(room.publication, {role: {path: (length, digest)}}, now=room.now)


def test_unknown_roles_and_channels_are_refused() -> None:
    room = Newsroom()
    attempts: list[Callable[[], Draft]] = [
        lambda: changes.release(room.publication, {"fa": {}}, now=NOW),
        lambda: changes.renew(room.publication, ["channel-fa"], now=NOW),
        lambda: changes.renew(room.publication, ["snapshot"], now=NOW),
        lambda: changes.rekey(room.publication, "channel-fa", holders("x"), now=NOW),
        lambda: changes.rekey(room.publication, "targets", holders("x"), now=NOW),
    ]
    for attempt in attempts:
        with pytest.raises(TrustError) as refused:
            attempt()
        assert refused.value.code == "no-role"
    with pytest.raises(TrustError) as refused:
        changes.add_channel(room.publication, "ru", holders("x"), now=NOW)
    assert refused.value.code == "channel-exists"
    for channel in ("notices", "Ru", "", "a/b"):
        with pytest.raises(ValueError, match="channel"):
            changes.add_channel(room.publication, channel, holders("x"), now=NOW)


def test_holders_are_checked() -> None:
    twin = PublicKey("twin", signer("ann").public_key)
    namesake = PublicKey("ann", signer("bob").public_key)
    for keys, threshold, code in (
        ((public("ann"), twin), 1, "duplicate-key"),
        ((public("ann"), namesake), 1, "duplicate-name"),
        ((public("ann"),), 2, "threshold"),
        ((public("ann"),), 0, "threshold"),
        ((), 1, "threshold"),
    ):
        with pytest.raises(TrustError) as refused:
            Holders(keys, threshold)
        assert refused.value.code == code


def test_one_name_is_one_person_in_all_roles() -> None:
    namesake = Holders((PublicKey("ann", signer("other").public_key),))
    with pytest.raises(TrustError) as refused:
        changes.new_publication(**ROLES, channels=CHANNELS | {"en": namesake}, now=NOW, lifetimes=Lifetimes())
    assert refused.value.code == "duplicate-name"


def test_names_of_holders_are_not_published() -> None:
    room = Newsroom()
    for name in OFFLINE:
        assert not [path for path, data in tree(room.publication).items() if f'"{name}' in str(data)]


def test_lifetimes_are_written_and_documented_defaults_hold() -> None:
    publication = Newsroom(lifetimes=Lifetimes(timestamp=3 * DAY, channel=9 * DAY)).publication
    expiries = {role: instant(content(data).expires) - NOW for role, data in publication.roles.items()}
    assert expiries == {
        "targets": 365 * DAY,
        "notices": 365 * DAY,
        "channel-ru": 9 * DAY,
        "channel-en": 9 * DAY,
        "snapshot": 60 * DAY,
        "timestamp": 3 * DAY,
    }
    assert instant(publication.root.expires) - NOW == 730 * DAY


def test_a_heartbeat_changes_the_timestamp_only() -> None:
    room = Newsroom()
    before = room.publication
    room.later().heartbeat()
    changed = {role for role in before.roles if before.roles[role] != room.publication.roles[role]}
    assert changed == {"timestamp"}
    assert room.publication.version("timestamp") == 2


def test_heartbeats_renew_the_snapshot_before_it_ends() -> None:
    room = Newsroom()
    for _ in range(30):
        room.later(4 * DAY).heartbeat()
        snapshot = instant(content(room.publication.roles["snapshot"]).expires)
        assert snapshot >= instant(content(room.publication.roles["timestamp"]).expires)
    assert room.publication.version("snapshot") == 3
    assert room.publication.version("timestamp") == 31


def state(room: Newsroom, stored: Stored) -> State:
    return refresh(stored, {"a": copy_of(room)}, now=room.now).freshness.state


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_a_rotation_needs_nothing_of_a_reader(role: str) -> None:
    room = Newsroom()
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    room.offline = (*OFFLINE, "new-1", "new-2")
    new = holders("new-1", "new-2", threshold=2) if role in ("root", "targets") else holders("new-online")
    if role in ("snapshot", "timestamp"):
        room.online = (*room.online, "new-online")
    room.later().rotate(**{role: new})
    assert state(room, stored) is State.CURRENT
    assert state(room, room.newcomer()) is State.CURRENT
    room.later().release("ru")
    assert state(room, stored) is State.CURRENT


def test_a_channel_is_taken_from_a_thief() -> None:
    """Rekeyed: what the old key signs counts no more, and readers do nothing."""
    room = Newsroom()
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    room.offline = (*OFFLINE, "new")
    room.later().publish(changes.rekey(room.publication, "channel-ru", holders("new"), now=room.now))
    assert state(room, stored) is State.CURRENT
    draft = changes.release(room.publication, {"ru": {"ru/head": target(b"theft")}}, now=room.now)
    with pytest.raises(TrustError) as refused:
        ceremony.sign(draft, signer("rita"))
    assert refused.value.code == "not-a-holder"


def test_new_targets_keys_sign_the_groups_too() -> None:
    publication, _ = large(27, 3)
    new = holders("u1", "u2", threshold=2)
    draft = changes.rotate_root(publication, now=NOW + DAY, targets=new)
    assert set(draft.roles) == {"root", "targets", "channels-1", "channels-2", "channels-3"}
    signed = ceremony.sign(draft, *(signer(name) for name in ("r1", "r2", "r3", "u1", "u2")))
    rotated = ceremony.commit(signed, [signer("snap"), signer("stamp")], now=NOW + DAY)
    read = refresh(
        Stored(publication.roots[0]), {"a": Mirror(tree(rotated))}, wanted=("c26/head",), head="c26"
    )
    assert read.freshness.state is State.CURRENT
    assert read.signers["channels-3"].holders == 2


def test_renewing_moves_expiry_and_version_only() -> None:
    room = Newsroom().later().release("ru", "notices")
    room.later().publish(changes.renew(room.publication, ["channel-ru", "targets"], now=room.now))
    assert room.publication.version("channel-ru") == 3
    assert room.publication.version("targets") == 2
    read = refresh(room.newcomer(), {"a": copy_of(room)}, now=room.now)
    assert read.target("ru/head") is not None


def test_a_draft_knows_who_delegates() -> None:
    publication, _ = large(27, 3)
    draft = Draft(publication, {})
    assert draft.parent("targets") == "root"
    assert draft.parent("notices") == "targets"
    assert draft.parent("channel-c26") == "channels-3"
    with pytest.raises(TrustError) as refused:
        draft.parent("channel-none")
    assert refused.value.code == "no-role"
