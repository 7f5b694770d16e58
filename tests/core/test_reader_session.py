"""One run of a reader, in memory: when all mirrors are asked, who is asked for pieces, what notices do."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import pytest

from helpers import virtual
from helpers.memory import Behaviour, MemoryTransport, altering, failing
from helpers.newsroom import NOW, Newsroom, copy_of, holders
from helpers.publication import DAY, PUBLISHER, Press, article, press
from mirror.clock import SystemClock
from mirror.reader.config import RootFile
from mirror.reader.library import Library, NoticesSeen
from mirror.reader.library import State as Remembered
from mirror.reader.session import BUILT, ReaderSession
from mirror.trust.session import Ask, MetadataSession
from mirror.trust.state import State

NAMES = ("m1", "m2", "m3", "m4")


class Clock(SystemClock):
    """A wall clock that stands still."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


def refreshed(
    tmp_path: Path,
    made: Press,
    trees: Mapping[str, Mapping[str, bytes]],
    behaviours: Mapping[str, Behaviour] | None = None,
    *,
    now: int | None = None,
    built: int = BUILT,
    library: Library | None = None,
) -> tuple[ReaderSession, MemoryTransport]:
    """A session after its refresh and its notices."""
    root = tmp_path / "root.json"
    root.write_bytes(made.root)
    transport = MemoryTransport(trees, behaviours or {})

    async def story() -> ReaderSession:
        clock = Clock(made.room.now if now is None else now)
        mirrors = tuple(transport.mirrors)
        session = ReaderSession(RootFile(root), "ru", mirrors, transport, clock, library=library, built=built)
        await session.refresh()
        await session.take_notices()
        return session

    return virtual.play(story()), transport


def stale_and_new() -> tuple[Press, Mapping[str, bytes]]:
    """A publication, and its tree of two months ago."""
    made = press(2)
    old = dict(made.tree)
    made.later(60 * DAY).release("ru", [article(9)])
    return made, old


# --- a second round ------------------------------------------------------------------------------


def test_when_the_few_show_nothing_current_all_are_asked(tmp_path: Path) -> None:
    made, old = stale_and_new()
    session, transport = refreshed(tmp_path, made, {"m1": old, "m2": old, "m3": old, "m4": made.tree})
    assert session.verified.freshness.state is State.CURRENT
    assert session.verified.versions["channel-ru"] == 3
    asked = [name for name, _ in transport.asked]
    assert asked.index("m4") > asked.index("m3"), "the few came first"


def test_when_the_few_do_not_suffice_all_are_asked(tmp_path: Path) -> None:
    made = press(2)

    def withholds(path: str, answer: bytes | str) -> bytes | str:
        is_told = "timestamp" in path or "root" in path or path.startswith("p/")
        return answer if is_told else "absent"

    tried = list[str]()

    def late(path: str, answer: bytes | str) -> bytes | str:
        tried.append(path)
        return "unreachable" if len(tried) == 1 else answer

    few = dict.fromkeys(NAMES[:3], withholds)
    session, _ = refreshed(tmp_path, made, dict.fromkeys(NAMES, made.tree), {**few, "m4": late})
    assert session.verified.freshness.state is State.CURRENT
    assert tried[:2] == ["m/heads/ru", "m/timestamp.json"], "in vain first, then among all"


def test_when_all_are_gone_by_then_what_the_few_gave_is_shown_for_what_it_is(tmp_path: Path) -> None:
    made, old = stale_and_new()
    seen = set[str]()

    def once(path: str, answer: bytes | str) -> bytes | str:
        is_again = path in seen
        seen.add(path)
        return "unreachable" if is_again else answer

    session, transport = refreshed(tmp_path, made, {"m1": old}, {"m1": once})
    assert transport.asked.count(("m1", "m/heads/ru")) == 2
    assert session.verified.freshness.state not in (State.CURRENT, None)
    assert session.verified.versions["channel-ru"] == 2


# --- whom to ask for pieces ----------------------------------------------------------------------


def test_who_lied_about_metadata_is_named_and_asked_for_no_piece(tmp_path: Path) -> None:
    made = press(2)
    session, transport = refreshed(
        tmp_path, made, dict.fromkeys(NAMES[:2], made.tree), {"m2": altering("m/timestamp")}
    )
    assert [mirror.name for mirror in session.mirrors] == ["m1"]
    assert {name for name, path in transport.asked if path.startswith("p/")} == {"m1"}
    assert {each.name for each in session.ledger.report() if each.evidence} == {"m2"}


def test_who_lied_about_metadata_is_not_asked_even_where_nobody_else_has_the_piece(tmp_path: Path) -> None:
    made = press(2)
    behaviours = {"m1": failing("absent", "p/"), "m2": altering("m/timestamp")}
    session, transport = refreshed(tmp_path, made, dict.fromkeys(NAMES[:2], made.tree), behaviours)
    assert {name for name, path in transport.asked if path.startswith("p/")} == {"m1"}
    assert session.notices is None


def test_who_showed_the_newest_is_asked_first(tmp_path: Path) -> None:
    made = press(2)
    old = dict(made.tree)
    made.later().release("ru", [article(9)])
    session, transport = refreshed(tmp_path, made, {"m1": old, "m2": made.tree, "m3": made.tree})
    assert [mirror.name for mirror in session.mirrors] == ["m2", "m3", "m1"]
    assert next(name for name, path in transport.asked if path.startswith("p/")) != "m1"


def test_a_clock_before_the_day_of_the_build_is_not_believed(tmp_path: Path) -> None:
    made = press(2)
    for built in (NOW - DAY, NOW + DAY):
        session, _ = refreshed(tmp_path, made, {"m1": made.tree}, now=1_000_000_000, built=built)
        assert session.now >= max(built, NOW)


# --- notices -------------------------------------------------------------------------------------


@pytest.mark.parametrize("behave", [failing("absent", "p/"), altering("p/")])
def test_without_notices_the_reason_is_kept(tmp_path: Path, behave: Behaviour) -> None:
    made = press(2)
    session, _ = refreshed(tmp_path, made, {"m1": made.tree}, {"m1": behave})
    assert session.notices is None
    assert session.notices_error is not None
    assert session.notices_error.code == "piece-unreachable"


def test_with_notices_there_is_no_reason(tmp_path: Path) -> None:
    made = press(2)
    session, _ = refreshed(tmp_path, made, {"m1": made.tree})
    assert session.notices is not None
    assert session.notices_error is None
    assert session.notice_pieces


class Remembering:
    """A library that remembers who the publisher said he is, and holds nothing."""

    def __init__(self, made: Press, seen: NoticesSeen) -> None:
        self.remembered = Remembered(made.root, made.newcomer(), seen)

    def state(self) -> Remembered:
        return self.remembered

    async def piece(self, name: str) -> bytes | None:
        return None


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (NoticesSeen(PUBLISHER, 1), None),
        (NoticesSeen("somebody else", 1), "notices-other-publisher"),
        (NoticesSeen(PUBLISHER, 2), "notices-older"),
    ],
)
def test_notices_of_another_or_older_than_ones_seen_are_none(
    tmp_path: Path, seen: NoticesSeen, code: str | None
) -> None:
    made = press(2)
    library = cast("Library", Remembering(made, seen))
    session, _ = refreshed(tmp_path, made, {"m1": made.tree}, library=library)
    assert (session.notices is None) is (code is not None)
    assert (session.notices_error.code if session.notices_error else None) == code


# --- what an answer may be -----------------------------------------------------------------------


def session_at(room: Newsroom, path: str, *, head: str | None = None) -> tuple[MetadataSession, Ask]:
    """A session of one source that was answered honestly until it asks for ``path``."""
    mirror = copy_of(room)
    session = MetadataSession(room.newcomer(), ["a"], now=room.now, wanted=("ru/head",), head=head)
    while asks := session.requests():
        for ask in asks:
            if ask.path == path:
                return session, ask
            answer = mirror.answer(ask.path)
            if isinstance(answer, str):
                session.failed(ask, answer)
            else:
                session.received(ask, answer)
    raise AssertionError("it was not asked for")


@pytest.mark.parametrize("path", ["heads/ru", "timestamp.json", "2.root.json"])
@pytest.mark.parametrize(
    "garble",
    [
        lambda data: b"<html>blocked</html>",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"sig":"', b'"sig":"00') if b'"sig"' in data else data[::-1],
    ],
)
def test_an_answer_that_is_surely_none_is_told_from_one(path: str, garble: Callable[[bytes], bytes]) -> None:
    room = Newsroom()
    room.rotate()
    session, ask = session_at(room, path, head="ru" if path == "heads/ru" else None)
    assert session.may_be_genuine(ask, room.files[path])
    assert not session.may_be_genuine(ask, garble(room.files[path]))


def test_a_root_of_another_publication_is_not_the_next_one() -> None:
    room = Newsroom()
    other = Newsroom(now=NOW + 5)
    room.rotate()
    session, ask = session_at(room, "2.root.json")
    assert not session.may_be_genuine(ask, room.files["1.root.json"])
    assert not session.may_be_genuine(ask, other.files["timestamp.json"])


def test_a_timestamp_by_a_key_that_was_replaced_is_old_and_not_forged() -> None:
    room = Newsroom()
    old = room.files["timestamp.json"]
    room.online = ("snap", "stamp", "stamp-2")
    room.later().rotate(timestamp=holders("stamp-2"))
    session, ask = session_at(room, "timestamp.json")
    assert session.may_be_genuine(ask, room.files["timestamp.json"])
    assert session.may_be_genuine(ask, old)


def test_a_silent_first_mirror_s_successor_is_one_that_showed_something_genuine() -> None:
    """The head is asked next of who gave a genuine timestamp; of who gave a forged one last."""
    room = Newsroom()
    names = ["mute", "liar", "unheard", "honest"]
    session = MetadataSession(room.newcomer(), names, now=room.now, wanted=("ru/head",), head="ru")
    order: list[str] = []
    while asks := session.requests():
        heads = [ask.source for ask in asks if ask.path == "heads/ru"]
        if not heads:
            break
        order += heads
        for ask in asks:
            if ask.path == "timestamp.json" and ask.source == "honest":
                session.received(ask, room.files["timestamp.json"])
            elif ask.path == "timestamp.json" and ask.source == "liar":
                session.received(ask, b"{}")
            else:
                session.failed(ask, "unasked" if ask.source == "unheard" else "silent")
    assert order == ["mute", "honest", "unheard", "liar"]
