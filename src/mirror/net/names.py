"""Names of hosts into addresses, remembered for one run."""

import asyncio
import socket
from contextvars import Context

from aiohttp.abc import AbstractResolver, ResolveResult

from mirror.limits import FORGOTTEN_SECONDS, REMEMBERED_SECONDS


class Found(list[ResolveResult]):
    """Addresses, and for how many seconds whoever gave them says that they hold."""

    def __init__(self, results: list[ResolveResult], seconds: float) -> None:
        super().__init__(results)
        self.seconds = seconds


class CachingResolver(AbstractResolver):
    """Asks ``below`` once per name, however many lines want it at the same time.

    Failures are not remembered: the next request asks again.
    """

    def __init__(self, below: AbstractResolver) -> None:
        self._below = below
        self._found: dict[tuple[str, int, socket.AddressFamily], tuple[float, list[ResolveResult]]] = {}
        self._asking: dict[tuple[str, int, socket.AddressFamily], asyncio.Task[list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of ``host``; raises ``OSError`` as ``below`` does."""
        key = (host, port, family)
        now = asyncio.get_running_loop().time()
        if key in self._found and self._found[key][0] > now:
            return self._found[key][1]
        if key not in self._asking:
            # In a context of its own: what the asker's request is told, a lookup's requests are not.
            self._asking[key] = asyncio.create_task(
                self._below.resolve(host, port, family), context=Context()
            )
            self._asking[key].add_done_callback(lambda _: self._asking.pop(key))
        # Who is cancelled must not take the answer away from the others.
        found = await asyncio.shield(self._asking[key])
        seconds = found.seconds if isinstance(found, Found) else REMEMBERED_SECONDS
        self._found[key] = (now + min(max(seconds, FORGOTTEN_SECONDS), REMEMBERED_SECONDS), found)
        return found

    async def close(self) -> None:
        """Stop asking."""
        for task in tuple(self._asking.values()):
            task.cancel()
        await asyncio.gather(*self._asking.values(), return_exceptions=True)
        await self._below.close()
