"""An impairment test bed: a reader's hostile network, on loopback, without root.

::

    async with Bed(load_scenarios()["freeze-16k"], ("127.0.0.1", port)) as bed:
        ...  # read from bed.endpoints
        print(bed.meter.down, bed.meter.connections)

Each way of the scenario has an address of its own (127.0.0.1, 127.0.0.2, ...; a port that the system
chooses), and leads to the one real server behind. ``BED.md`` says what is modelled, how exactly, and what
not.
"""

import asyncio
import resource
from collections.abc import Callable
from types import TracebackType
from typing import Final

from mirror.model import Endpoint
from net.link import Lane
from net.meter import Count, Meter
from net.origin import server_for
from net.ports import Port
from net.scenario import Flapping, Scenario, Way
from net.wire import Wire

_HOSTS: Final = 250  # addresses used in each 127.0.x.0/24
_FILES_PER_WAY: Final = 4  # holder, listener, and a connection with both ends
_FILES: Final = 1_024  # for everything else
_TURNS: Final = 4  # of the event loop: asyncio closes the socket of a transport some turns after ``abort``


class Bed:
    """Runs ``scenario`` in front of the server at ``origin`` while the ``async with`` lasts.

    ``addresses``, ``urls`` (``http``) and ``endpoints`` ("mirror 1", ...) are there then, one per way.
    Where the limit of open files is too low for the scenario, this raises it for the process.
    """

    def __init__(self, scenario: Scenario, origin: tuple[str, int]) -> None:
        self.scenario = scenario
        self.meter = Meter(len(scenario.ways))
        self.addresses: tuple[tuple[str, int], ...] = ()
        self._origin = origin
        self._ports: list[Port] = []
        self._wires: list[set[Wire]] = []
        self._flapping: list[asyncio.Task[None]] = []
        self._lanes: tuple[Lane, Lane] | None = None
        self._wrong: list[ValueError] = []

    @property
    def urls(self) -> tuple[str, ...]:
        """The base address of each way."""
        return tuple(f"http://{host}:{port}/" for host, port in self.addresses)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The ways, as a reader knows them."""
        return tuple(Endpoint(f"mirror {number}", url) for number, url in enumerate(self.urls, 1))

    async def __aenter__(self) -> "Bed":
        link, ways = self.scenario.link, self.scenario.ways
        _allow_files(len(ways) * _FILES_PER_WAY + _FILES)
        self._lanes = Lane(link.down_bytes_per_second), Lane(link.up_bytes_per_second)
        started = asyncio.get_running_loop().time()
        try:
            for number, (way, count) in enumerate(zip(ways, self.meter.endpoints, strict=True)):
                port = Port(f"127.0.{number // _HOSTS}.{number % _HOSTS + 1}")
                self._ports.append(port)
                await self._open(port, way, count, started)
        except BaseException:
            self._close()
            raise
        self.addresses = tuple(port.address for port in self._ports)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await asyncio.gather(*(port.rest() for port in self._ports))
        self._close()
        await asyncio.gather(*self._flapping, return_exceptions=True)
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        if self._wrong and error is None:
            raise ValueError("the real server's answers cannot be changed") from self._wrong[0]

    def _close(self) -> None:
        for task in self._flapping:
            task.cancel()
        for port in self._ports:
            port.close()
        for wire in [wire for wires in self._wires for wire in wires]:
            wire.reset()
        for lane in self._lanes or ():
            lane.close()

    async def _open(self, port: Port, way: Way, count: Count, started: float) -> None:
        lanes, wires = self._lanes, set[Wire]()
        assert lanes is not None
        self._wires.append(wires)

        def accept() -> Wire:
            wire = Wire(self.scenario.link, way, count, lanes, wires)
            wire.server = server_for(wire, way, self._origin, self._wrong.append)
            return wire

        if way.blackhole:
            port.blackhole()
        elif way.flapping is not None:
            up, _ = way.flapping.until_change(0)
            if up:
                await port.listen(accept)
            flap = _flap(port, accept, wires, way.flapping, started)
            self._flapping.append(asyncio.create_task(flap))
        elif not way.refuse:
            await port.listen(accept)


async def _flap(
    port: Port, accept: Callable[[], Wire], wires: set[Wire], flapping: Flapping, started: float
) -> None:
    """Take a way down and up again, at moments counted from ``started``."""
    loop = asyncio.get_running_loop()
    up, seconds = flapping.until_change(0)
    change = started + seconds
    while True:
        await asyncio.sleep(change - loop.time())
        up = not up
        change += flapping.up_seconds if up else flapping.down_seconds
        if up:
            await port.listen(accept)
        else:
            await port.rest()
            port.refuse()
            for wire in tuple(wires):
                wire.reset()


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < count:
        most = count if hard == resource.RLIM_INFINITY else min(count, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
