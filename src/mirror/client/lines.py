"""The connections of one run, opened and closed as ``plan`` and ``scout`` say, and one request over one.

Metadata and pieces share a ``Lines``: its ``network`` is what the run has learnt, and a connection
that brought a statement brings pieces next.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from mirror.client.network import TLS_OPENING, Network
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import ABSENT, UNREACHABLE, Line, Stage, Transport

_TLS: Final = "https://"


class Lines:
    """The connections of one run to ``mirrors``, the best liked first, over ``transport``."""

    def __init__(self, mirrors: Sequence[Endpoint], transport: Transport) -> None:
        self.mirrors = {mirror.name: mirror for mirror in mirrors}
        if len(self.mirrors) < len(mirrors):
            raise ValueError("two mirrors with one name")
        opening = {name: _opening(mirror) for name, mirror in self.mirrors.items()}
        self.network = Network(self.mirrors, opening)
        self._transport = transport
        self._lines: dict[int, Line] = {}
        self.bells: set[Bell] = set()  # of the races under way: what one gives free, another may take

    def meet(self, mirror: Endpoint) -> None:
        """``mirror`` may be asked as well from now on, also by races under way; the least liked."""
        if mirror.name in self.mirrors:
            raise ValueError("two mirrors with one name")
        self.mirrors[mirror.name] = mirror
        self.network.meet(mirror.name, _opening(mirror))
        self.ring()

    def ring(self) -> None:
        """Wake every race."""
        for bell in self.bells:
            bell.ring()

    def prefer(self, names: Sequence[str]) -> None:
        """Like the mirrors in the order of ``names`` from now on, and leave out those not in it."""
        for name, facts in self.network.endpoints.items():
            facts.place = names.index(name) if name in names else len(names)
            if name not in names:
                self.network.lied(name)

    async def ask(
        self, number: int, endpoint: str, path: str, limit: int, told: Callable[[Stage | int], None]
    ) -> bytes | str:
        """The body at ``path`` over line ``number`` to ``endpoint``; or the code of the failure.

        ``told`` hears of each stage, and of the bytes so far. When it is cancelled or fails, but
        for ``ABSENT``, the line is closed.
        """
        try:
            if number not in self._lines:
                self._lines[number] = self._transport.line(self.mirrors[endpoint])
            return await self._lines[number].get(path, limit=limit, watch=_Watch(told))
        except EndpointError as error:
            if error.code != ABSENT:  # a clean "no such file" leaves the connection as good as it was
                await self.close(number)
            return error.code or UNREACHABLE
        except BaseException:
            await self.close(number)
            raise

    async def close(self, number: int) -> None:
        """Close line ``number``, if it was ever opened."""
        line = self._lines.pop(number, None)
        if line is not None:
            with suppress(EndpointError):
                await line.close()

    async def close_all(self) -> None:
        """Close every line."""
        for number in tuple(self._lines):
            await self.close(number)


def _opening(mirror: Endpoint) -> int:
    return TLS_OPENING if mirror.url.startswith(_TLS) else 0


class Bell:
    """What a loop sleeps on: rung by hand, or by time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        """The instant, in the loop's seconds."""
        return self._loop.time()

    def ring(self) -> None:
        """Wake whoever waits."""
        self._event.set()

    async def wait(self, until: float | None) -> None:
        """Return when the bell rang since the last time, or at ``until``."""
        timer = None if until is None else self._loop.call_at(until, self._event.set)
        try:
            await self._event.wait()
        finally:
            if timer is not None:
                timer.cancel()
        self._event.clear()


class _Watch:
    """``net.Watch`` as one function."""

    def __init__(self, told: Callable[[Stage | int], None]) -> None:
        self._told = told

    def reached(self, stage: Stage) -> None:
        self._told(stage)

    def received(self, size: int) -> None:
        self._told(size)
