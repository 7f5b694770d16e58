"""One direction of the link in virtual time: to the digit what a queue at a rate does."""

import asyncio
import selectors
from collections.abc import Callable
from itertools import pairwise
from math import ceil, inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from net.link import End, Flow, Lane, Load

# asyncio waits in whole milliseconds, rounded up.
GRAIN = 0.0011


class Clockwork(selectors.DefaultSelector):
    """A selector that does not wait: it lets the time of its loop pass, in epoll's whole milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nothing would ever happen again"
        self.now += ceil(max(0.0, timeout) * 1e3) / 1e3
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clockwork = Clockwork()
        super().__init__(self._clockwork)

    def time(self) -> float:
        return self._clockwork.now


Arrivals = list[tuple[float, Load]]


def served(rate: float | None, fill: Callable[[Lane, Callable[[], Flow]], None], seconds: float) -> Arrivals:
    """What a lane hands over within ``seconds`` after ``fill`` put things in; flows are made on demand."""
    arrivals: Arrivals = []

    async def story() -> None:
        loop = asyncio.get_running_loop()
        lane = Lane(rate)
        fill(lane, lambda: Flow(lambda load: arrivals.append((loop.time(), load))))
        await asyncio.sleep(seconds)
        lane.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())
    return arrivals


@pytest.mark.parametrize("rate", [4_000.0, 31_250.0, 1_000_000.0, 12_500_000.0])
def test_a_full_queue_is_served_at_the_rate(rate: float) -> None:
    def fill(lane: Lane, flow: Callable[[], Flow]) -> None:
        one = flow()
        for _ in range(200):
            lane.put(one, bytes(1_460), comes_at=0.1, sent_at=0.0)

    total = 200 * 1_460
    arrivals = served(rate, fill, total / rate + 1)
    took = arrivals[-1][0] - 0.1
    assert total / rate <= took + 1e-9 < total / rate + GRAIN
    sent = 0
    for at, load in arrivals:
        assert isinstance(load, bytes)
        sent += len(load)
        assert sent <= (at - 0.1) * rate + 1e-6


@given(
    st.lists(st.tuples(st.floats(0, 2), st.integers(1, 5_000), st.integers(0, 3)), min_size=1, max_size=40),
    st.floats(1_000, 1e6),
)
def test_first_come_first_served_never_early_and_late_by_the_grain_only(
    parcels: list[tuple[float, int, int]], rate: float
) -> None:
    order: list[int] = []

    def fill(lane: Lane, flow: Callable[[], Flow]) -> None:
        flows = [flow() for _ in range(4)]
        for at, size, whose in parcels:
            lane.put(flows[whose], bytes(size), comes_at=at, sent_at=0.0)

    total = sum(size for _, size, _ in parcels)
    arrivals = served(rate, fill, 3 + total / rate)
    order = sorted(range(len(parcels)), key=lambda number: parcels[number][0])
    free_at = 0.0
    assert len(arrivals) == len(parcels)
    for (at, load), number in zip(arrivals, order, strict=True):
        comes_at, size, _ = parcels[number]
        free_at = max(free_at, comes_at) + size / rate
        assert isinstance(load, bytes)
        assert len(load) == size
        assert free_at - 1e-9 <= at <= free_at + GRAIN


def test_without_a_rate_everything_comes_when_it_comes() -> None:
    def fill(lane: Lane, flow: Callable[[], Flow]) -> None:
        one = flow()
        lane.put(one, b"later", comes_at=2.0, sent_at=0.0)
        lane.put(one, b"sooner", comes_at=1.0, sent_at=0.0)

    arrivals = served(None, fill, 3)
    assert [load for _, load in arrivals] == [b"sooner", b"later"]
    assert all(due <= at <= due + GRAIN for (at, _), due in zip(arrivals, (1.0, 2.0), strict=True))


def test_ends_keep_their_place() -> None:
    def fill(lane: Lane, flow: Callable[[], Flow]) -> None:
        one = flow()
        lane.put(one, bytes(1_000), comes_at=0.0, sent_at=0.0)
        lane.put(one, End.RST, comes_at=0.0, sent_at=0.0)

    arrivals = served(1_000, fill, 2)
    assert [load for _, load in arrivals] == [bytes(1_000), End.RST]
    assert arrivals[1][0] >= 1.0


@pytest.mark.parametrize(("closed_at", "expected"), [(inf, 3.0), (1.5, 2.0), (0.5, 1.0)])
def test_what_was_sent_before_a_close_takes_its_time_and_the_rest_does_not(
    closed_at: float, expected: float
) -> None:
    def fill(lane: Lane, flow: Callable[[], Flow]) -> None:
        gone, other = flow(), flow()
        lane.put(gone, bytes(1_000), comes_at=2.0, sent_at=1.0)
        lane.put(gone, bytes(1_000), comes_at=2.0, sent_at=2.0)
        gone.closed_at = closed_at
        lane.put(other, b"x" * 1_000, comes_at=2.0, sent_at=0.0)

    arrivals = served(1_000, fill, 9)
    assert [at for at, load in arrivals if load == b"x" * 1_000] == [pytest.approx(2 + expected, abs=GRAIN)]


def test_times_of_handing_over_do_not_drift() -> None:
    def fill(lane: Lane, flow: Callable[[], Flow]) -> None:
        one = flow()
        for number in range(3_000):
            lane.put(one, b"x", comes_at=number * 0.001_7, sent_at=0.0)

    arrivals = served(1_000, fill, 10)
    late = [at - (number * 0.001_7 + 0.001) for number, (at, _) in enumerate(arrivals)]
    assert max(late) < GRAIN
    assert all(before[0] <= after[0] for before, after in pairwise(arrivals))
