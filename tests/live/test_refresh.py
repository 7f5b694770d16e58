"""The refresh from asyncio: over real HTTP and a real disk, and with a clock that only tests move."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest

from helpers.faults import Crash, disk
from helpers.newsroom import NOW, Mirror, Newsroom, copy_of, garbling, silent, withholding
from helpers.servers import honest
from mirror.client.refresh import Patience, refresh, update
from mirror.errors import EndpointError, FormatError, StorageError, TrustError, UnreachableError
from mirror.model import Endpoint
from mirror.net import OneByOne
from mirror.net.http import HttpTransport
from mirror.store.generations import DiskGenerations, Generation, GenerationStore, MemoryGenerations
from mirror.trust.publication import DAY
from mirror.trust.session import MetadataSession
from mirror.trust.state import Kind, State, Stored
from mirror.trust.verified import Verified

WANTED = ("ru/head", "notices/head")
T = TypeVar("T")


class Clock:
    """A clock that stands still; whoever sleeps on it wakes when a test says so."""

    def __init__(self, now: int = NOW) -> None:
        self.at = float(now)
        self.sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> int:
        return int(self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        entry = (self.at + seconds, asyncio.Event())
        self.sleepers.append(entry)
        try:
            await entry[1].wait()
        finally:
            self.sleepers.remove(entry)

    def advance(self, seconds: float) -> None:
        self.at += seconds
        for until, event in self.sleepers:
            if until <= self.at:
                event.set()


class Wire(OneByOne):
    """A transport over in-memory mirrors; one named "slow" answers when ``release`` is set, if ever."""

    def __init__(self, mirrors: dict[str, Mirror]) -> None:
        self.mirrors = mirrors
        self.release = asyncio.Event()
        self.paths: list[tuple[str, str, int]] = []
        self.cancelled: list[str] = []

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        self.paths.append((endpoint.name, path, limit))
        if endpoint.name.startswith("slow"):
            try:
                await self.release.wait()
            except asyncio.CancelledError:
                self.cancelled.append(endpoint.name)
                raise
        await asyncio.sleep(0)
        answer = self.mirrors[endpoint.name].answer(path.removeprefix("m/"))
        if isinstance(answer, str):
            raise EndpointError("no", code=answer)
        return answer

    @property
    def endpoints(self) -> list[Endpoint]:
        return [Endpoint(name, "http://x/") for name in self.mirrors]


async def settled(task: asyncio.Task[T], clock: Clock, *, step: float = 0.0) -> None:
    """Let everything run that can without time; then let ``step`` seconds pass and again."""
    for _ in range(200):
        await asyncio.sleep(0)
    if step and not task.done():
        clock.advance(step)
        for _ in range(200):
            await asyncio.sleep(0)


def play(story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(asyncio.wait_for(story, 30))


def over(wire: Wire, stored: Stored, clock: Clock, **how: Any) -> Coroutine[Any, Any, Verified]:
    names = [endpoint.name for endpoint in wire.endpoints]
    session = MetadataSession(stored, names, now=clock.now(), wanted=WANTED, head="ru")
    return refresh(session, wire.endpoints, wire, clock, **how)


# --- waiting -------------------------------------------------------------------------------------


def test_mirrors_are_asked_side_by_side_below_m() -> None:
    room = Newsroom()

    async def story() -> None:
        wire = Wire({name: copy_of(room) for name in ("slow-1", "slow-2", "slow-3")})
        clock = Clock()
        task = asyncio.create_task(over(wire, room.newcomer(), clock))
        await settled(task, clock)
        assert [path for _, path, _ in wire.paths] == ["m/heads/ru", "m/timestamp.json", "m/timestamp.json"]
        wire.release.set()
        assert (await task).freshness.state is State.CURRENT
        assert clock.sleepers == [], "no timer is left behind"

    play(story())


def test_after_the_first_good_answer_the_slow_get_a_grace_and_no_more() -> None:
    room = Newsroom()

    async def story() -> None:
        wire = Wire({"fast": copy_of(room), "slow": copy_of(room)})
        clock = Clock()
        task = asyncio.create_task(over(wire, room.newcomer(), clock, patience=Patience(20, 3)))
        await settled(task, clock, step=2.9)
        assert not task.done()
        await settled(task, clock, step=0.1)
        read = await task
        assert read.freshness.state is State.CURRENT
        assert wire.cancelled == ["slow"]
        assert [path for name, path, _ in wire.paths if name == "slow"] == ["m/timestamp.json"], "asked once"
        assert {note.kind for note in read.observations} == {Kind.UNREACHABLE}

    play(story())


def test_who_answers_within_the_grace_is_heard() -> None:
    room = Newsroom()

    async def story() -> None:
        old = copy_of(room)
        room.later().release("ru")
        wire = Wire({"fast": old, "slow": copy_of(room)})
        clock = Clock(room.now)
        task = asyncio.create_task(over(wire, room.newcomer(), clock))
        await settled(task, clock, step=2.9)
        wire.release.set()
        assert (await task).versions["timestamp"] == 2

    play(story())


def test_a_lone_silent_mirror_costs_one_deadline() -> None:
    room = Newsroom()

    async def story() -> None:
        wire = Wire({"slow": copy_of(room)})
        clock = Clock()
        task = asyncio.create_task(over(wire, room.newcomer(), clock, patience=Patience(20, 3)))
        await settled(task, clock, step=19.9)
        assert not task.done()
        await settled(task, clock, step=0.1)
        with pytest.raises(UnreachableError):
            await task
        assert len(wire.paths) == 1

    play(story())


def test_cancelling_leaves_no_request_and_no_timer() -> None:
    room = Newsroom()

    async def story() -> None:
        before = asyncio.all_tasks()
        wire = Wire({"slow-1": copy_of(room), "slow-2": copy_of(room)})
        clock = Clock()
        task = asyncio.create_task(over(wire, room.newcomer(), clock))
        await settled(task, clock)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert sorted(wire.cancelled) == ["slow-1", "slow-2"]
        assert clock.sleepers == []
        assert asyncio.all_tasks() == before

    play(story())


def test_two_mirrors_of_one_name_are_the_callers_mistake() -> None:
    room = Newsroom()
    wire = Wire({"a": copy_of(room)})
    session = MetadataSession(room.newcomer(), ["a"], now=NOW)
    with pytest.raises(ValueError, match="name"):
        play(refresh(session, wire.endpoints * 2, wire, Clock()))


# --- storing -------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GenerationStore:
    return MemoryGenerations() if request.param == "memory" else DiskGenerations(tmp_path / "store")


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
    with pytest.raises(ExceptionGroup) as raised:
        play(over(wire, room.newcomer(), Clock()))
    assert raised.group_contains(ZeroDivisionError)
