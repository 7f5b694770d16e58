"""How long the doctor waits: no sign of life is missed, and nothing puts the end off for ever."""

import asyncio
from dataclasses import dataclass

import pytest

from mirror.client.waiting import SLOW_LINK, Patience, Traffic, Watcher
from mirror.clock import SystemClock
from mirror.net import Stage


@dataclass
class HandClock(SystemClock):
    """Durations as the test sets them."""

    at: float = 100.0

    def monotonic(self) -> float:
        """The instant it is set to."""
        return self.at


async def watcher(traffic: Traffic, clock: HandClock, seconds: float, until: float = 60) -> Watcher:
    made = Watcher(clock, Patience(), traffic, asyncio.get_running_loop().time() + until, seconds)
    traffic.waiting.append(made)
    return made


def left(made: Watcher) -> float:
    end = made.deadline.when()
    assert end is not None
    return end - asyncio.get_running_loop().time()


def test_a_wait_ends_and_bytes_of_others_put_it_off() -> None:
    async def run() -> None:
        clock = HandClock()
        traffic = Traffic(clock)
        silent = await watcher(traffic, clock, 0.05)
        with pytest.raises(TimeoutError):
            async with silent.deadline:
                await asyncio.sleep(9)
        other = await watcher(traffic, clock, 5)
        async with other.deadline:
            before = left(other)
            other.seconds = 7
            traffic.came(1)
            assert left(other) > before + 1

    asyncio.run(run())


def test_stages_say_how_long_to_wait_and_until_is_the_end() -> None:
    async def run() -> None:
        clock = HandClock()
        made = await watcher(Traffic(clock), clock, 1, until=7)
        async with made.deadline:
            clock.at += 0.5
            made.reached(Stage.NAMED)
            assert 6.5 < left(made) <= 7  # 8 seconds for a connection, but no longer than until the end
            made.reached(Stage.SECURED)
            assert 5.5 < left(made) <= 6
        assert made.stages == {Stage.NAMED: 0.5, Stage.SECURED: 0.5}

    asyncio.run(run())


def test_what_is_told_after_the_end_does_no_harm() -> None:
    async def run() -> None:
        clock = HandClock()
        traffic = Traffic(clock)
        made = await watcher(traffic, clock, 1)
        async with made.deadline:
            pass
        traffic.waiting.remove(made)
        made.reached(Stage.NAMED)
        made.received(9)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("size", "later", "is_busy"),
    [(0, 0.5, True), (SLOW_LINK // 4, 0.5, True), (SLOW_LINK, 0.5, False), (SLOW_LINK // 4, 1.5, False)],
)
def test_a_link_is_busy_while_it_is_slow_and_carries_something(
    size: int, later: float, is_busy: bool
) -> None:
    async def run() -> None:
        clock = HandClock()
        traffic = Traffic(clock)
        assert not traffic.is_busy()
        made = await watcher(traffic, clock, 1)
        assert not traffic.is_busy()
        async with made.deadline:
            made.received(1_000)
            traffic.came(size)
            clock.at += later
            assert traffic.is_busy() is is_busy

    asyncio.run(run())


@pytest.mark.parametrize(("is_slow", "most"), [(True, 1), (False, 3)])
def test_on_a_slow_link_there_are_turns(is_slow: bool, most: int) -> None:
    async def run() -> None:
        traffic = Traffic(HandClock(), is_slow=is_slow)
        under_way, seen = 0, 0

        async def work() -> None:
            nonlocal under_way, seen
            async with traffic.turn():
                under_way += 1
                seen = max(seen, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(work() for _ in range(3)))
        assert seen == most

    asyncio.run(run())
