"""Any mirrors, in any order, doing anything to anything: the newest completable wins, nothing goes back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from helpers.newsroom import (
    NOW,
    Mirror,
    Newsroom,
    drive,
    garbling,
    refresh,
    silent,
    withholding,
)
from mirror.errors import MirrorError, TrustError, UnreachableError
from mirror.trust.publication import DAY, Publication
from mirror.trust.session import MetadataSession
from mirror.trust.state import LIES, State, Stored, file_of

WANTED = ("ru/head", "notices/head")
NAMES = ("root", "timestamp", "snapshot", "targets", "channel-ru", "notices", "heads/")
LAST = 5


@dataclass(frozen=True)
class Moment:
    """What was published at one time: the files then, and who had refreshed by then."""

    publication: Publication
    files: Mapping[str, bytes]
    stored: Stored


@cache
def history() -> tuple[Moment, ...]:
    """Five statements: the first, an edition, a heartbeat, a renewed root, an edition and notices."""
    room = Newsroom()
    moments: list[Moment] = []
    steps: list[Callable[[], Newsroom]] = [
        lambda: room,
        lambda: room.release("ru"),
        room.heartbeat,
        room.rotate,
        lambda: room.release("ru", "notices"),
    ]
    for step in steps:
        room.later()
        step()
        read = refresh(room.newcomer(), {"a": Mirror(dict(room.files))}, now=room.now, wanted=WANTED)
        moments.append(Moment(room.publication, dict(room.files), read.stored))
    assert [moment.publication.version("timestamp") for moment in moments] == list(range(1, LAST + 1))
    return tuple(moments)


Behaviour = tuple[str, tuple[str, ...]]
some_names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(tuple)
behaviours = st.one_of(
    st.just(("honest", ())),
    st.just(("silent", ())),
    st.tuples(st.sampled_from(["withholds", "garbles"]), some_names),
)
mirrors = st.lists(st.tuples(st.integers(1, LAST), behaviours), max_size=4)
held = st.integers(0, LAST)


def made(version: int, how: Behaviour) -> Mirror:
    files = history()[version - 1].files
    kind, parts = how
    if kind == "silent":
        return silent()
    if kind == "withholds":
        return withholding(files, *parts)
    return garbling(files, *parts)


def gives(version: int, how: Behaviour, path: str) -> bool:
    """True when this mirror gives the right file for ``path`` by name."""
    right = history()[version - 1].files.get(path)
    return right is not None and made(version, how).answer(path) == right


def best(stored: int, fleet: list[tuple[int, Behaviour]]) -> int:
    """The newest statement that can be completed by plain names; 0 for none."""
    shown = {v for v, how in fleet if gives(v, how, "timestamp.json")} | ({stored} if stored else set())
    known = history()[stored - 1].stored.files if stored else {}
    for version in sorted(shown, reverse=True):
        moment = history()[version - 1]
        needed = {
            role: moment.publication.version(role)
            for role in ("snapshot", "targets", "channel-ru", "notices")
        }
        if version < stored:
            break
        if all(
            known.get(file_of(role)) == moment.files[file_of(role, number)]
            or any(gives(v, how, file_of(role, number)) for v, how in fleet)
            for role, number in needed.items()
        ):
            return version
    return 0


@given(mirrors, held, st.randoms(use_true_random=False), st.sampled_from(["ru", None]))
def test_the_newest_completable_wins(
    fleet: list[tuple[int, Behaviour]], stored: int, random: Random, head: str | None
) -> None:
    before = history()[stored - 1].stored if stored else Stored(history()[0].publication.roots[0])
    everyone = {f"m{number}": made(*each) for number, each in enumerate(fleet)}
    session = MetadataSession(before, list(everyone), now=NOW + 6 * DAY, wanted=WANTED, head=head)
    expected = best(stored, fleet)
    try:
        read = drive(session, everyone, choose=lambda asks: random.randrange(len(asks)))
    except (TrustError, UnreachableError):
        assert expected == 0
        return
    version = read.versions["timestamp"]
    assert version >= stored, "never older than what is held"
    if head is None:
        assert version == expected
    else:
        assert version >= expected  # heads may hold what is withheld by name
    moment = history()[version - 1]
    for name, data in read.files.items():
        role = name.removesuffix(".json")
        if role != "root":
            number = None if role == "timestamp" else read.versions[role]
            assert data == moment.files[file_of(role, number)], "only what the publisher signed"
    newest = max([v for v, how in fleet if gives(v, how, "timestamp.json")], default=0)
    assert (read.freshness.state is State.HELD_BACK) == (newest > version)
    for note in read.observations:
        kind, _ = fleet[int(note.source[1:])][1]
        assert note.kind not in LIES or kind == "garbles", "nobody is blamed for another's lie"
    # And what it leaves behind is a good beginning for the next one.
    again = refresh(read.stored, {"a": Mirror(history()[-1].files)}, now=NOW + 6 * DAY, wanted=WANTED)
    assert again.versions["timestamp"] == LAST
    assert again.freshness.state is State.CURRENT


answers = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(["absent", "silent", "broken", "refused", "too-long", "unreachable", "what"]),
    st.sampled_from([data for name, data in Newsroom().files.items()]),
)


@given(st.lists(answers, max_size=40), st.booleans(), st.booleans())
def test_whatever_is_answered_only_our_errors_come_out(
    given_answers: list[bytes | str], has_stored: bool, is_strict: bool
) -> None:
    moment = history()[1]
    stored = moment.stored if has_stored else Stored(moment.publication.roots[0])
    session = MetadataSession(
        stored,
        ["a"] if is_strict else ["a", "b", "c"],
        now=NOW,
        wanted=WANTED,
        head=None if is_strict else "ru",
        is_strict=is_strict,
    )
    left = iter(given_answers)
    while asks := session.requests():
        answer = next(left, "absent")
        if isinstance(answer, bytes):
            session.received(asks[-1], answer)
        else:
            session.failed(asks[-1], answer)
    try:
        read = session.result()
    except MirrorError:
        assert is_strict or not has_stored
    else:
        assert read.versions["timestamp"] >= (2 if has_stored else 1)
