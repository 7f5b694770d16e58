"""One transport for every kind of endpoint: the scheme of its URL says how to reach it."""

import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from aiohttp import TCPConnector

from mirror.errors import EndpointError
from mirror.limits import CONNECT_SECONDS, PROXIED_CONNECT_SECONDS
from mirror.model import Endpoint
from mirror.net import UNREACHABLE, Line, Transport, doh, socks
from mirror.net.address import split_place
from mirror.net.camouflage import camouflaged
from mirror.net.doh import HttpsResolver
from mirror.net.http import Connectors, HttpTransport
from mirror.net.local import LocalTransport
from mirror.net.socks import Gate, ProxyNames, SocksConnector
from mirror.net.ways import DIRECT, Look, Ways

if TYPE_CHECKING:
    from mirror.net.browser import BrowserTransport

Trouble = socks.Trouble | doh.Trouble


class WayOut(Transport, Protocol):
    """A transport that can tell its own trouble from the mirrors'."""

    @property
    def trouble(self) -> Trouble | None:
        """What is wrong with the proxy or the resolver; None when nothing is known to be."""


class AnyTransport:
    """``net.Transport`` for ``http:``, ``https:`` and ``file:``; ``async with AnyTransport() as it``.

    ``ways`` say how ``http:`` and ``https:`` leave the network; ``file:`` is always of this machine.
    ``randomness(n)`` gives ``n`` random bytes, for a proxy (see ``socks.Gate``). ``http`` and
    ``local`` replace the usual transports, for tests.
    """

    def __init__(
        self,
        ways: Ways = DIRECT,
        randomness: Callable[[int], bytes] = os.urandom,
        *,
        http: HttpTransport | None = None,
        local: LocalTransport | None = None,
    ) -> None:
        self._gate = Gate(ways.proxy, randomness) if ways.proxy else None
        connectors: Connectors = partial(SocksConnector, self._gate) if self._gate else TCPConnector
        self._names = HttpsResolver(ways.resolver, connectors=connectors) if ways.resolver else None
        resolver = ProxyNames(self._names) if self._gate else self._names
        seconds = PROXIED_CONNECT_SECONDS if self._gate else CONNECT_SECONDS
        self._http: HttpTransport | BrowserTransport
        if http is None and ways.look is Look.BROWSER:
            self._http = camouflaged(gate=self._gate, resolver=resolver, connect_seconds=seconds)
        else:
            self._http = http or HttpTransport(
                connect_seconds=seconds, resolver=resolver, connectors=connectors
            )
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

    @property
    def trouble(self) -> Trouble | None:
        """See ``WayOut``."""
        through = self._gate.health.trouble if self._gate else None
        return through or (self._names.trouble if self._names else None)

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
        parts = urlsplit(endpoint.url)
        match parts.scheme:
            case "http" | "https" if self._gate is None and needs_tor(endpoint):
                # RFC 7686: such a name is never given to a resolver.
                raise EndpointError("An onion address is reached through Tor only.", code=UNREACHABLE)
            case "http" | "https":
                return self._http
            case "file":
                return self._local
            case _:
                raise EndpointError("Nothing here can reach such an address.", code=UNREACHABLE)


def needs_tor(endpoint: Endpoint) -> bool:
    """True when Tor alone knows where ``endpoint`` is."""
    place = split_place(endpoint.connect) if endpoint.connect else None
    return socks.is_onion(place[0] if place else urlsplit(endpoint.url).hostname or "")
