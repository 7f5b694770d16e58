"""One transport for every kind of endpoint: the scheme of its URL says how to reach it."""

from contextlib import AsyncExitStack
from types import TracebackType
from urllib.parse import urlsplit

from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net import UNREACHABLE, Line, Transport
from mirror.net.http import HttpTransport
from mirror.net.local import LocalTransport


class AnyTransport:
    """``net.Transport`` for ``http:``, ``https:`` and ``file:``; ``async with AnyTransport() as it``.

    ``http`` and ``local`` replace the usual ones, for tests and for other ways out of a network.
    """

    def __init__(self, *, http: HttpTransport | None = None, local: LocalTransport | None = None) -> None:
        self._http = http or HttpTransport()
        self._local = local or LocalTransport()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> "AnyTransport":
        await self._stack.enter_async_context(self._http)
        await self._stack.enter_async_context(self._local)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        return await self._for(endpoint).get(endpoint, path, limit=limit)

    def line(self, endpoint: Endpoint) -> Line:
        """See ``net.Transport``.

        Raises:
            EndpointError: ``unreachable``: no way leads to such an address.
        """
        return self._for(endpoint).line(endpoint)

    def _for(self, endpoint: Endpoint) -> Transport:
        match urlsplit(endpoint.url).scheme:
            case "http" | "https":
                return self._http
            case "file":
                return self._local
            case _:
                raise EndpointError("Nothing here can reach such an address.", code=UNREACHABLE)
