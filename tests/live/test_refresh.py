"""The refresh from asyncio: over real HTTP and a real disk, and with a clock that only tests move."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from helpers import virtual
from helpers.faults import Crash, disk
from helpers.newsroom import NOW, Mirror, Newsroom, copy_of, garbling, silent, withholding
from helpers.servers import honest
from mirror.client import scout
from mirror.client.lines import Lines
from mirror.client.refresh import refresh, update
from mirror.client.report import Ledger
from mirror.clock import SystemClock
from mirror.errors import EndpointError, FormatError, StorageError, TrustError, UnreachableError
from mirror.model import Endpoint
from mirror.net import OneByOne
from mirror.net.http import HttpTransport
from mirror.store.generations import DiskGenerations, Generation, GenerationStore, MemoryGenerations
from mirror.trust.publication import DAY
from mirror.trust.session import MetadataSession
from mirror.trust.state import Kind, State
from mirror.trust.verified import Verified

WANTED = ("ru/head", "notices/head")
T = TypeVar("T")


class Clock(SystemClock):
    """A wall clock that stands still."""

    def __init__(self, now: int = NOW) -> None:
        self.at = now

    def now(self) -> int:
        return self.at


class Wire(OneByOne):
    """A transport over in-memory mirrors, each with the seconds it takes; ``DEAD`` never answers."""

    def __init__(self, mirrors: dict[str, Mirror], seconds: dict[str, float] | None = None) -> None:
        self.mirrors = mirrors
        self.seconds = seconds or {}
        self.paths: list[tuple[str, str, int]] = []
        self.cancelled: list[str] = []

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        self.paths.append((endpoint.name, path, limit))
        try:
            async with asyncio.timeout(DEADLINE):
                await asyncio.sleep(self.seconds.get(endpoint.name, 0))
        except TimeoutError:
            raise EndpointError("no", code="silent") from None
        except asyncio.CancelledError:
            self.cancelled.append(endpoint.name)
            raise
        answer = self.mirrors[endpoint.name].answer(path.removeprefix("m/"))
        if isinstance(answer, str):
            raise EndpointError("no", code=answer)
        return answer

    @property
    def endpoints(self) -> list[Endpoint]:
        return [Endpoint(name, "http://x/") for name in self.mirrors]

    def asked(self, name: str) -> list[str]:
        return [path for each, path, _ in self.paths if each == name]


DEADLINE = 20.0
DEAD = 1e9


def over(
    wire: Wire, room: Newsroom, *, now: int | None = None, everyone: bool = False
) -> tuple[Verified, float]:
    """What a newcomer reads over ``wire``, and how many seconds it took."""

    async def story() -> tuple[Verified, float]:
        names = [endpoint.name for endpoint in wire.endpoints]
        at = room.now if now is None else now
        session = MetadataSession(room.newcomer(), names, now=at, wanted=WANTED, head="ru")
        lines = Lines(wire.endpoints, wire)
        read = await refresh(session, lines, Ledger(names), everyone=everyone)
        return read, virtual.elapsed()

    return virtual.play(story())


# --- waiting -------------------------------------------------------------------------------------


def test_a_few_mirrors_are_asked_side_by_side_below_m() -> None:
    room = Newsroom()
    wire = Wire({name: copy_of(room) for name in "abcdefgh"}, dict.fromkeys("abcdefgh", 0.1))
    read, seconds = over(wire, room)
    assert read.freshness.state is State.CURRENT
    assert {path for _, path, _ in wire.paths} == {"m/heads/ru", "m/timestamp.json", "m/2.root.json"}
    assert wire.asked("a") == ["m/heads/ru"]
    assert wire.asked("b") == wire.asked("c") == ["m/timestamp.json", "m/2.root.json"]
    assert {name for name, _, _ in wire.paths} == {"a", "b", "c"}
    assert seconds == pytest.approx(0.1), "one round trip, for everything"
    assert {note.kind for note in read.observations} == set(), "nobody is blamed for not being asked"


def test_everyone_is_asked_when_everyone_is_to_be_judged() -> None:
    room = Newsroom()
    wire = Wire({name: copy_of(room) for name in "abcdefgh"})
    over(wire, room, everyone=True)
    assert {name for name, path, _ in wire.paths if path != "m/2.root.json"} == set("abcdefgh")


def test_after_the_first_good_answer_the_slow_get_a_grace_and_no_more() -> None:
    room = Newsroom()
    wire = Wire({"fast": copy_of(room), "slow": copy_of(room)}, {"slow": DEAD})
    read, seconds = over(wire, room)
    assert read.freshness.state is State.CURRENT
    assert seconds == pytest.approx(scout.GRACE_SECONDS)
    assert set(wire.cancelled) == {"slow"}
    assert wire.asked("slow") == ["m/timestamp.json", "m/2.root.json"], "asked once"
    assert {note.kind for note in read.observations} == {Kind.UNREACHABLE}


def test_the_slow_are_heard_longer_when_everyone_is_to_be_judged() -> None:
    room = Newsroom()
    old = copy_of(room)
    room.later().release("ru")
    wire = Wire({"fast": old, "slow": copy_of(room)}, {"slow": scout.FULL_GRACE_SECONDS - 0.1})
    assert over(wire, room, everyone=True)[0].versions["timestamp"] == 2
    late = Wire({"fast": old, "slow": copy_of(room)}, {"slow": scout.FULL_GRACE_SECONDS + 0.1})
    assert over(late, room, everyone=True)[0].versions["timestamp"] == 1


def test_who_answers_within_the_grace_is_heard() -> None:
    room = Newsroom()
    old = copy_of(room)
    room.later().release("ru")
    wire = Wire({"fast": old, "slow": copy_of(room)}, {"slow": scout.GRACE_SECONDS - 0.1})
    assert over(wire, room)[0].versions["timestamp"] == 2


@pytest.mark.parametrize("alive", range(10))
def test_one_living_mirror_among_ten_is_found_wherever_it_stands(alive: int) -> None:
    room = Newsroom()
    names = "abcdefghij"
    seconds = dict.fromkeys(names, DEAD) | {names[alive]: 0.2}
    read, took = over(Wire({name: copy_of(room) for name in names}, seconds), room)
    assert read.freshness.state is State.CURRENT
    assert took < 3.5


def test_answers_that_are_none_do_not_hide_a_newer_statement() -> None:
    """Two quick liars in the place of the witnesses: others are asked, one of whom has the newest."""
    room = Newsroom()
    old = copy_of(room)
    room.later().release("ru")
    liars = {name: garbling(room.files, "json") for name in ("b", "c")}
    wire = Wire({"a": old, **liars, "d": copy_of(room), "e": copy_of(room)}, {"a": 0.24, "d": 0.01})
    assert over(wire, room)[0].versions["timestamp"] == 2


def test_that_there_is_no_newer_root_is_an_answer() -> None:
    room = Newsroom()
    names = "abcdefgh"
    wire = Wire({name: copy_of(room) for name in names}, dict.fromkeys(names, 0.1))

    async def story() -> None:
        session = MetadataSession(room.newcomer(), list(names), now=room.now, wanted=WANTED)
        await refresh(session, Lines(wire.endpoints, wire), Ledger(list(names)))

    virtual.play(story())
    assert {name for name, path, _ in wire.paths if path == "m/2.root.json"} == {"a", "b"}


def test_a_silent_head_is_given_up_for_a_witness_that_answers() -> None:
    room = Newsroom()
    wire = Wire({name: copy_of(room) for name in "abc"}, {"a": DEAD, "b": DEAD, "c": 0.1})
    read, seconds = over(wire, room)
    assert read.freshness.state is State.CURRENT
    assert wire.asked("c").count("m/heads/ru") == 1
    assert "m/heads/ru" not in wire.asked("b"), "who answered is asked, not who is next"
    assert seconds < 2


def test_a_lone_silent_mirror_costs_one_deadline() -> None:
    room = Newsroom()
    wire = Wire({"slow": copy_of(room)}, {"slow": DEAD})

    async def story() -> float:
        session = MetadataSession(room.newcomer(), ["slow"], now=room.now, wanted=WANTED, head="ru")
        with pytest.raises(UnreachableError):
            await refresh(session, Lines(wire.endpoints, wire), Ledger(["slow"]))
        return virtual.elapsed()

    assert virtual.play(story()) == pytest.approx(DEADLINE)
    assert len(wire.paths) == 1


def test_hundreds_of_silent_mirrors_are_all_asked_and_it_ends() -> None:
    room = Newsroom()
    names = [f"m{number}" for number in range(300)]
    wire = Wire({name: copy_of(room) for name in names}, dict.fromkeys(names, DEAD))
    with pytest.raises(UnreachableError):
        over(wire, room)
    assert {name for name, _, _ in wire.paths} == set(names), "nobody was left out"


def test_cancelling_leaves_no_request() -> None:
    room = Newsroom()

    async def story() -> None:
        before = asyncio.all_tasks()
        wire = Wire({"slow-1": copy_of(room), "slow-2": copy_of(room)}, {"slow-1": DEAD, "slow-2": DEAD})
        session = MetadataSession(room.newcomer(), list(wire.mirrors), now=NOW, wanted=WANTED, head="ru")
        lines = Lines(wire.endpoints, wire)
        task = asyncio.create_task(refresh(session, lines, Ledger(())))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert set(wire.cancelled) == {"slow-1", "slow-2"}
        assert asyncio.all_tasks() == before
        assert lines.network.lines == {}, "no connection is left"

    virtual.play(story())


def test_two_mirrors_of_one_name_are_the_callers_mistake() -> None:
    wire = Wire({"a": copy_of(Newsroom())})
    with pytest.raises(ValueError, match="name"):
        Lines(wire.endpoints * 2, wire)


# --- storing -------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GenerationStore:
    return MemoryGenerations() if request.param == "memory" else DiskGenerations(tmp_path / "store")


def play(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(story, 30))


def updated(
    store: GenerationStore, room: Newsroom, mirrors: dict[str, Mirror], *, now: int | None = None
) -> Verified:
    async def story() -> Verified:
        wire = Wire(mirrors)
        clock = Clock(room.now if now is None else now)
        root = room.publication.roots[0]
        return await update(store, root, wire.endpoints, wire, clock, wanted=WANTED, head="ru")

    return play(story())


def test_what_was_learnt_is_there_the_next_time(store: GenerationStore) -> None:
    room = Newsroom().later().release("ru", "notices")
    updated(store, room, {"a": copy_of(room)})
    read = updated(store, room, {})
    assert (read.freshness.state, read.versions["channel-ru"]) == (State.CURRENT, 2)
    info = read.target("ru/head")
    assert info is not None
    info.verify(b"news")


def test_a_newer_statement_that_was_only_seen_is_remembered(store: GenerationStore) -> None:
    room = Newsroom()
    updated(store, room, {"a": copy_of(room)})
    frozen = copy_of(room)
    room.later(20 * DAY).release("ru", "notices")
    held = updated(store, room, {"a": withholding(room.files, "snapshot", "heads")}, now=NOW)
    assert held.freshness.state is State.HELD_BACK
    again = updated(store, room, {"a": frozen}, now=NOW)
    assert again.freshness.state is State.HELD_BACK
    assert again.freshness.reference == room.now, "the floor is kept too"
    assert updated(store, room, {"a": copy_of(room)}).freshness.state is State.CURRENT


def test_an_unchanged_state_is_not_written_again(tmp_path: Path) -> None:
    store, room = DiskGenerations(tmp_path), Newsroom()
    updated(store, room, {"a": copy_of(room)})
    with disk() as counted:
        updated(store, room, {"a": copy_of(room)})
        updated(store, room, {"a": silent()})
    assert counted.names == []


def test_nothing_is_stored_when_nothing_is_complete(store: GenerationStore) -> None:
    room = Newsroom()
    with pytest.raises(TrustError):
        updated(store, room, {"a": garbling(room.files, "json", "heads")})
    assert store.load() is None


class Busy(MemoryGenerations):
    """A store into which another process commits while a refresh runs."""

    def commit(self, files: Any, *, after: int) -> Generation:
        super().commit({"other": b"process"} | dict(files), after=after)
        return super().commit(files, after=after)


def test_another_process_that_refreshed_meanwhile_is_no_failure() -> None:
    room = Newsroom()
    store = Busy()
    assert updated(store, room, {"a": copy_of(room)}).freshness.state is State.CURRENT
    generation = store.load()
    assert generation is not None
    assert "other" in generation.files


def test_a_store_that_is_damaged_is_said_and_not_begun_anew(tmp_path: Path) -> None:
    """What was seen before is lost, and with it the guard against going back: the caller decides."""
    store, room = DiskGenerations(tmp_path), Newsroom()
    updated(store, room, {"a": copy_of(room)})
    (tmp_path / "g-1" / "root.json").write_bytes(b"")
    with pytest.raises(StorageError) as refused:
        updated(store, room, {"a": copy_of(room)})
    assert refused.value.code == "store-damaged"
    memory = MemoryGenerations()
    memory.commit({"floor": b"1\n"}, after=0)
    with pytest.raises(FormatError) as malformed:
        updated(memory, room, {"a": copy_of(room)})
    assert malformed.value.code == "stored-trust"


def test_a_refresh_that_dies_at_any_write_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Every fourth write: the store's own tests die at each."""
    room = Newsroom()
    old = copy_of(room)
    room.later().release("ru", "notices")
    seen: set[int] = set()
    at = -3
    while True:
        at += 4
        store = DiskGenerations(tmp_path / str(at))
        updated(store, room, {"a": old})
        died = False
        try:
            with disk(at):
                updated(store, room, {"a": copy_of(room)})
        except Crash:
            died = True
        read = updated(store, room, {})
        seen.add(read.versions["channel-ru"])
        assert updated(store, room, {"a": copy_of(room)}).versions["channel-ru"] == 2
        if not died:
            break
    assert seen == {1, 2}
    assert at > 10


# --- the real thing ------------------------------------------------------------------------------


def test_over_real_http_and_a_real_disk(tmp_path: Path) -> None:
    """Three mirrors: one behind, one that lies, one honest; then the honest one alone."""
    room = Newsroom()
    old = {f"m/{name}": data for name, data in room.files.items()}
    room.later().release("ru", "notices")
    new = {f"m/{name}": data for name, data in room.files.items()}
    lies = {name: data[:-9] + b"x" * 9 for name, data in new.items()}
    store = DiskGenerations(tmp_path)

    async def story(*trees: dict[str, bytes]) -> Verified:
        async with AsyncExitStack() as stack, HttpTransport() as transport:
            mirrors = [
                await stack.enter_async_context(honest(tree, f"mirror {number}"))
                for number, tree in enumerate(trees)
            ]
            root = room.publication.roots[0]
            return await update(store, root, mirrors, transport, Clock(room.now), wanted=WANTED, head="ru")

    read = play(story(old, lies, new))
    assert (read.versions["channel-ru"], read.freshness.state) == (2, State.CURRENT)
    assert {note.source for note in read.observations if note.is_lie} == {"mirror 1"}
    assert play(story(new)).stored == read.stored
    assert play(story()).freshness.state is State.CURRENT


@pytest.mark.parametrize("break_it", [lambda: 1 / 0])
def test_a_bug_in_a_transport_is_not_taken_for_a_silent_mirror(break_it: Callable[[], object]) -> None:
    room = Newsroom()

    class Broken(Wire):
        async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
            break_it()
            return b""

    wire = Broken({"a": copy_of(room)})
    with pytest.raises(ZeroDivisionError):
        over(wire, room)
