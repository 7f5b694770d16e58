"""The session as a machine: what it asks, in which order, and what it makes of the answers."""

import hashlib
import re
from pathlib import Path

import pytest

from helpers.newsroom import (
    NOW,
    Mirror,
    Newsroom,
    copy_of,
    drive,
    garbling,
    refresh,
    silent,
    withholding,
)
from mirror.errors import FormatError, LimitError, TrustError, UnreachableError
from mirror.limits import MAX_METADATA, MAX_PIECE
from mirror.trust import tufset
from mirror.trust.heads import unpack_head
from mirror.trust.publication import DAY
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import Kind, Observation, State, Stored, TargetInfo

WANTED = ("ru/head", "notices/head")
PLAIN = [
    "2.root.json",
    "timestamp.json",
    "1.snapshot.json",
    "1.targets.json",
    "1.channel-ru.json",
    "1.notices.json",
]


@pytest.fixture
def room() -> Newsroom:
    return Newsroom()


# --- what is asked -------------------------------------------------------------------------------


def test_a_newcomer_asks_for_one_head(room: Newsroom) -> None:
    mirror = copy_of(room)
    read = refresh(room.newcomer(), {"a": mirror})
    assert mirror.asked == ["heads/ru"]
    assert read.freshness.state is State.CURRENT
    assert read.versions == {
        "root": 1,
        "timestamp": 1,
        "snapshot": 1,
        "targets": 1,
        "channel-ru": 1,
        "notices": 1,
    }


def test_without_heads_the_files_are_asked_by_name_in_order(room: Newsroom) -> None:
    plain, headless = copy_of(room), withholding(room.files, "heads/")
    refresh(room.newcomer(), {"a": plain}, head=None)
    assert plain.asked == PLAIN
    refresh(room.newcomer(), {"a": headless})
    assert headless.asked == ["heads/ru", *PLAIN]


def test_of_several_mirrors_one_gives_the_head_and_all_a_timestamp(room: Newsroom) -> None:
    mirrors = {name: copy_of(room) for name in "abc"}
    read = refresh(room.newcomer(), mirrors)
    assert mirrors["a"].asked == ["heads/ru"]
    for name in "bc":
        assert mirrors[name].asked == ["timestamp.json", "2.root.json"]
    assert read.showed == {"a": 1, "b": 1, "c": 1}
    assert read.observations == ()


def test_who_holds_the_newest_asks_only_whether_there_is_more(room: Newsroom) -> None:
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    mirror = copy_of(room)
    assert refresh(stored, {"a": mirror}, head=None).stored == stored
    assert mirror.asked == ["2.root.json", "timestamp.json"]


def test_the_requests_of_one_step_may_run_side_by_side_and_come_back_in_any_order(room: Newsroom) -> None:
    mirrors = {name: copy_of(room) for name in "abcd"}
    session = MetadataSession(room.newcomer(), list(mirrors), now=NOW, wanted=WANTED, head="ru")
    assert {(ask.source, ask.path) for ask in session.requests()} == {
        ("a", "heads/ru"),
        *((name, path) for name in "bcd" for path in ("timestamp.json", "2.root.json")),
    }
    backwards = drive(session, mirrors, choose=lambda asks: len(asks) - 1)
    assert backwards == refresh(room.newcomer(), {name: copy_of(room) for name in "abcd"})


def test_every_request_says_its_bound(room: Newsroom) -> None:
    session = MetadataSession(room.newcomer(), ["a", "b"], now=NOW, wanted=WANTED, head="ru")
    seen: dict[str, int] = {}
    mirror = withholding(room.files, "heads/")
    while asks := session.requests():
        seen |= {ask.path: ask.limit for ask in asks}
        for ask in asks:
            answer = mirror.answer(ask.path)
            if isinstance(answer, bytes):
                session.received(ask, answer)
            else:
                session.failed(ask, answer)
    assert seen["heads/ru"] == MAX_PIECE
    assert seen["timestamp.json"] == seen["2.root.json"] == MAX_METADATA
    for path in PLAIN[2:]:
        assert seen[path] == len(room.files[path]), "the signed length is the bound"


def test_given_candidates_are_tried_before_asking(room: Newsroom) -> None:
    files = unpack_head(room.files["heads/ru"])
    session = MetadataSession(
        room.newcomer(), ["a"], now=NOW, wanted=WANTED, candidates={"a": files}, head="ru"
    )
    assert session.requests() == ()
    assert session.result().freshness.state is State.CURRENT


def test_bad_candidates_cost_nothing_but_the_request_they_were_to_save(room: Newsroom) -> None:
    files = unpack_head(room.files["heads/ru"])
    files["1.targets.json"] = files["1.targets.json"].replace(b"ru/", b"xx/")
    mirror = copy_of(room)
    session = MetadataSession(room.newcomer(), ["a", "b"], now=NOW, wanted=WANTED, candidates={"a": files})
    read = drive(session, {"a": silent(), "b": mirror})
    assert "1.targets.json" in mirror.asked
    assert Observation("a", Kind.INVALID, "1.targets.json") in read.observations
    assert not any(note.source == "b" for note in read.observations)


def test_a_root_left_out_of_the_head_is_asked_by_name(room: Newsroom) -> None:
    files = unpack_head(room.files["heads/ru"])
    del files["1.root.json"]
    session = MetadataSession(room.newcomer(), ["a"], now=NOW, wanted=WANTED, candidates={"a": files})
    assert [ask.path for ask in session.requests()] == ["2.root.json"]


def test_a_chain_of_roots_is_followed_whether_the_head_has_the_last_or_not(room: Newsroom) -> None:
    for _ in range(4):
        room.later().rotate()
    with_head, plain = copy_of(room), copy_of(room)
    for mirror, head in ((with_head, "ru"), (plain, None)):
        assert refresh(room.newcomer(), {"a": mirror}, head=head, now=room.now).versions["root"] == 5
    assert with_head.asked == ["heads/ru", "2.root.json", "3.root.json", "4.root.json"]
    assert plain.asked[:5] == [f"{number}.root.json" for number in (2, 3, 4, 5, 6)]


def test_a_stale_head_is_followed_by_the_head_of_who_has_the_newest(room: Newsroom) -> None:
    old = copy_of(room)
    room.later().release("ru", "notices")
    new = copy_of(room)
    read = refresh(room.newcomer(), {"old": old, "new": new}, now=room.now)
    assert old.asked == ["heads/ru"]
    assert new.asked == ["timestamp.json", "2.root.json", "heads/ru"]
    assert read.versions["timestamp"] == 2


def test_nobody_is_asked_twice_for_what_he_does_not_have(room: Newsroom) -> None:
    """Two statements, each incomplete, both naming the same targets file."""
    mirrors = {"old": withholding(dict(room.files), "targets", "heads")}
    room.later().release("ru")
    mirrors |= {"new": withholding(dict(room.files), "targets", "heads"), "stampless": Mirror({})}
    with pytest.raises(TrustError):
        refresh(room.newcomer(), mirrors, now=room.now)
    for mirror in mirrors.values():
        assert len(mirror.asked) == len(set(mirror.asked))
        assert "1.targets.json" in mirror.asked


# --- the caller's mistakes -----------------------------------------------------------------------


def test_misuse_is_said_at_once(room: Newsroom) -> None:
    session = MetadataSession(room.newcomer(), ["a"], now=NOW)
    (ask,) = session.requests()
    with pytest.raises(RuntimeError):
        session.result()
    with pytest.raises(ValueError, match="open"):
        session.received(Ask("b", ask.path, ask.limit), b"")
    session.failed(ask, "absent")
    with pytest.raises(ValueError, match="open"):
        session.failed(ask, "absent")
    for sources, head in ((["a", "b"], None), ([], None), (["a"], "ru")):
        with pytest.raises(ValueError, match="strict"):
            MetadataSession(room.newcomer(), sources, now=NOW, head=head, is_strict=True)
    with pytest.raises(ValueError, match="candidates"):
        MetadataSession(room.newcomer(), ["a"], now=NOW, candidates={"b": {}})


@pytest.mark.parametrize("root", [b"", b"{}", b"[" * 5_000])
def test_a_first_root_that_is_none_is_refused_at_once(root: bytes) -> None:
    with pytest.raises(FormatError):
        MetadataSession(Stored(root), ["a"], now=NOW)


def test_a_first_root_not_signed_by_itself_is_refused_at_once(room: Newsroom) -> None:
    unsigned = room.publication.roots[0].replace(b'"sig":"', b'"sig":"00')
    with pytest.raises(TrustError) as refused:
        MetadataSession(Stored(unsigned), [], now=NOW)
    assert refused.value.code == "bad-signature"


# --- what comes out ------------------------------------------------------------------------------


def test_who_signed_is_said_per_role(room: Newsroom) -> None:
    read = refresh(room.newcomer(), {"a": copy_of(room)})
    said = {role: (len(each.keyids), each.threshold, each.holders) for role, each in read.signers.items()}
    assert said == {
        "root": (3, 2, 3),
        "targets": (3, 2, 3),
        "timestamp": (1, 1, 1),
        "snapshot": (1, 1, 1),
        "channel-ru": (1, 1, 1),
        "notices": (1, 1, 1),
    }


def test_the_bytes_are_those_that_came(room: Newsroom) -> None:
    room.files["timestamp.json"] += b" \n"
    read = refresh(room.newcomer(), {"a": copy_of(room)}, head=None)
    assert read.files["timestamp.json"] == room.files["timestamp.json"]
    assert read.files["channel-ru.json"] == room.files["1.channel-ru.json"]


def test_nothing_stored_and_nobody_there_is_unreachable(room: Newsroom) -> None:
    for mirrors in ({}, {"a": silent()}, {"a": silent(), "b": Mirror({}, lambda _p, _a: "broken")}):
        with pytest.raises(UnreachableError):
            refresh(room.newcomer(), mirrors)


def test_nothing_stored_and_nothing_genuine_is_withheld(room: Newsroom) -> None:
    page = Mirror({}, lambda _path, _answer: b"<html>This site is blocked</html>")
    for mirror in (page, garbling(room.files, "json", "heads"), withholding(room.files, "snapshot", "heads")):
        with pytest.raises(TrustError) as refused:
            refresh(room.newcomer(), {"a": mirror})
        assert refused.value.code == "withheld"


def test_without_a_mirror_the_stored_generation_is_read(room: Newsroom) -> None:
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    for now, state in ((NOW, State.CURRENT), (NOW + 13 * DAY, State.CURRENT), (NOW + 14 * DAY, State.OLD)):
        read = refresh(stored, {}, now=now)
        assert read.freshness.state is state
        assert read.stored == stored
        assert not read.freshness.is_checked
        assert read.freshness.as_of == NOW
        assert read.freshness.old_since == (NOW + 14 * DAY if state is State.OLD else None)
    assert refresh(stored, {}, now=NOW + 20 * 365 * DAY).target("ru/head") is None


def test_a_role_that_was_not_stored_is_asked_for_and_offline_it_is_said(room: Newsroom) -> None:
    room.release("en", "ru")
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    mirror = copy_of(room)
    read = refresh(stored, {"a": mirror}, wanted=("en/head",), head=None)
    assert mirror.asked == ["2.root.json", "timestamp.json", "2.channel-en.json"]
    assert read.target("en/head") is not None
    offline = refresh(stored, {}, wanted=("en/head", "ru/head"))
    assert offline.freshness.state is State.CURRENT
    assert offline.target("ru/head") is not None
    with pytest.raises(TrustError) as refused:
        offline.target("en/head")
    assert refused.value.code == "not-loaded"


@pytest.mark.parametrize("harm", [b"", b"{}", b"not json"])
@pytest.mark.parametrize(
    "name", ["timestamp.json", "snapshot.json", "targets.json", "root.json", "notices.json"]
)
def test_a_damaged_store_is_made_good_by_mirrors(room: Newsroom, name: str, harm: bytes) -> None:
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    damaged = Stored(stored.root, {**stored.files, f"{name}.json": harm}, harm, stored.floor)
    read = refresh(damaged, {"a": copy_of(room)})
    assert read.stored == stored
    assert read.freshness.state is State.CURRENT


def test_what_is_stored_survives_being_kept(room: Newsroom) -> None:
    stored = refresh(room.newcomer(), {"a": copy_of(room)}).stored
    for each in (room.newcomer(), stored, Stored(stored.root, stored.files, b"pending", 7)):
        assert Stored.from_files(each.to_files()) == each
    assert Stored.from_files(stored.to_files() | {"library/x": b"not ours"}) == stored


@pytest.mark.parametrize(
    "floor", [b"", b"1", b"-1\n", b"01\n", b"1\n\n", b"1e3\n", b"9" * 13 + b"\n", "١\n".encode()]
)
def test_a_stored_floor_has_one_spelling(room: Newsroom, floor: bytes) -> None:
    files = room.newcomer().to_files()
    with pytest.raises(FormatError) as refused:
        Stored.from_files(files | {"floor": floor})
    assert refused.value.code == "stored-trust"
    del files["root.json"]
    with pytest.raises(FormatError):
        Stored.from_files(files)


def test_a_target_verifies_what_was_signed_and_nothing_else() -> None:
    right = {"sha256": hashlib.sha256(b"news").hexdigest()}
    info = TargetInfo("ru/head", 4, right)
    info.verify(b"news")
    with pytest.raises(LimitError):
        info.verify(b"new")
    for bad in (
        right | {"sha512": "00"},
        right | {"md5": hashlib.md5(b"news").hexdigest()},
        {"sha256": hashlib.sha256(b"neww").hexdigest()},
        {},
    ):
        with pytest.raises(TrustError) as refused:
            TargetInfo("ru/head", 4, bad).verify(b"news")
        assert refused.value.code == "target-hash"
    with pytest.raises(TrustError) as refused:
        _ = TargetInfo("ru/head", 4, {"sha512": "00"}).sha256
    assert refused.value.code == "no-sha256"


def test_the_rules_name_every_kind_and_state() -> None:
    rules = (Path(tufset.__file__).parent / "RULES.md").read_text("utf-8")
    assert [kind for kind in Kind if f"| `{kind}` |" not in rules] == []
    assert [state for state in State if f"**{state.replace('-', ' ')}**" not in rules.lower()] == []
    numbers = set(re.findall(r"\bR(\d+)\b", rules))
    assert numbers == {str(number) for number in range(1, 16)}
