"""Bytes from mirrors over HTTP(S), with the handshakes of a common browser (``curl_cffi``).

For networks and hosts that let browsers through and not what looks like a program. The rules of
``net.http`` hold, but for these:

1. TLS, HTTP/2 and the headers are those of one browser of one version, ``_BROWSER``, on every machine
   and for every reader. A browser's TLS with a program's headers would be rarer than either alone.
   So they name a language, a system and kinds of pictures: the same ones for all readers.
2. But for ``Accept-Encoding: identity``: what is signed is the file as it lies there, and nothing that
   a mirror sends is ever decompressed here.
3. The library looks no name up: addresses are found before and given to it, or the name goes to the
   proxy as it is. What the environment says of proxies does not count.
4. A watch is told by looking often, so up to ``curling.LOOK_SECONDS`` late.
5. Certificates are checked against the file that Python's own TLS takes for the system's; where there
   is none, against the list that comes with the library.
"""

import asyncio
import socket
from pathlib import Path
from types import TracebackType
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver
from curl_cffi import AsyncCurl, Curl, CurlECode, CurlError, CurlInfo, CurlOpt
from yarl import URL

from mirror.errors import EndpointError
from mirror.limits import (
    CONNECT_SECONDS,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_PER_MIRROR,
    READ_SECONDS,
    SLOWEST_BYTES_PER_SECOND,
)
from mirror.model import Endpoint
from mirror.net import BROKEN, SILENT, UNREACHABLE, UNTRUSTED, Line, Watch
from mirror.net.address import is_ipv4, split_place
from mirror.net.curling import Request, Way, new_engine, number
from mirror.net.names import CachingResolver
from mirror.net.socks import Gate, Trouble
from mirror.net.watching import Progress

_BROWSER: Final = "chrome150"  # rule 1; not "the newest", which would differ with the library's version
_UNREACHABLE: Final = frozenset(
    {
        CurlECode.URL_MALFORMAT,
        CurlECode.COULDNT_RESOLVE_PROXY,
        CurlECode.COULDNT_RESOLVE_HOST,
        CurlECode.COULDNT_CONNECT,
        CurlECode.OPERATION_TIMEDOUT,  # the only one set is the connection's
        CurlECode.SSL_CONNECT_ERROR,
        CurlECode.PROXY,
    }
)
_NO_PROXY: Final = frozenset({CurlECode.COULDNT_RESOLVE_PROXY, CurlECode.COULDNT_CONNECT})
# CURLPX_REPLY_*: what a proxy said of the mirror; every other error is the proxy's own.
_SAID_BY_PROXY: Final = range(17, 26)
_USER_REJECTED: Final = 33  # CURLPX_USER_REJECTED


class BrowserTransport:
    """``net.Transport``: ``async with BrowserTransport() as transport``. See ``camouflage``."""

    def __init__(
        self,
        *,
        gate: Gate | None = None,
        resolver: AbstractResolver | None = None,
        authorities: Path | None = None,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._gate = gate
        self._looks_up = resolver
        self._authorities = authorities
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._resolver: CachingResolver | None = None
        self._shared: AsyncCurl | None = None
        self._lines: set[BrowserLine] = set()

    async def __aenter__(self) -> "BrowserTransport":
        if self._looks_up is not None or self._gate is None:
            self._resolver = CachingResolver(self._looks_up or aiohttp.ThreadedResolver())
        self._shared = new_engine(MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for line in tuple(self._lines):
            await line.close()
        if self._shared is not None:
            await self._shared.close()
            self._shared = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        if self._shared is None:
            raise RuntimeError("a transport is entered before it is used")
        return await self.ask(self._shared, endpoint, path, limit, None)

    def line(self, endpoint: Endpoint) -> Line:
        """See ``net.Transport``."""
        if self._shared is None:
            raise RuntimeError("a transport is entered before it is used")
        line = BrowserLine(self, endpoint)
        self._lines.add(line)
        return line

    def forget(self, line: "BrowserLine") -> None:
        """``line`` was closed."""
        self._lines.discard(line)

    async def ask(
        self, engine: AsyncCurl, endpoint: Endpoint, path: str, limit: int, watch: Watch | None
    ) -> bytes:
        """One request over a connection of ``engine``; see ``net.Line.get``."""
        whole = self._connect_seconds + self._read_seconds + limit / SLOWEST_BYTES_PER_SECOND
        failure = None
        try:
            async with asyncio.timeout(whole):
                way = await self._way(URL(endpoint.url + path, encoded=True), endpoint)
                progress = None if watch is None else Progress(watch, is_address=False)
                request = Request(way, limit, progress)
                try:
                    self._set_up(request)
                    return await request.perform(engine, self._read_seconds)
                except CurlError as error:
                    failure = self._failure(request.curl, error)
                finally:
                    # However it ended: where the mirror said something, the proxy did what it is for.
                    if self._gate is not None and number(request.curl, CurlInfo.RESPONSE_CODE):
                        self._gate.health.answered()
                    request.close()
        except TimeoutError:
            failure = EndpointError("The mirror fell silent.", code=SILENT)
        except (OSError, ValueError):
            failure = EndpointError("There is no connection to the mirror.", code=UNREACHABLE)
        raise failure  # outside of the handler: the library's errors name addresses

    async def _way(self, asked: URL, endpoint: Endpoint) -> Way:
        """Rule 3: where to connect, found before the library is asked for anything."""
        host, port = asked.raw_host, asked.port
        place = split_place(endpoint.connect) if endpoint.connect else (host, port)
        if not host or not port or asked.scheme not in {"http", "https"} or place is None:
            raise ValueError("an address without a host")
        there, there_port = place[0] or host, place[1] or port
        said = endpoint.sni or host
        found: list[str] = []
        if self._resolver is not None and ":" not in there and not is_ipv4(there):
            results = await self._resolver.resolve(there, there_port, socket.AF_UNSPEC)
            found = [_bracketed(each["host"]) for each in results]
        if found and self._gate is not None:
            there, found = found[0].strip("[]"), []  # for the proxy, which is told one
        moved = f"{_bracketed(said)}:{port}:{_bracketed(there)}:{there_port}"
        return Way(
            url=str(asked.with_host(said)),
            host=(asked.host_port_subcomponent or "") if said != host else "",
            connect_to=moved,
            resolve=f"{there}:{there_port}:{','.join(found)}" if found else "",
            target=(said, there, there_port),
        )

    def _set_up(self, request: Request) -> None:
        curl = request.curl
        options: dict[CurlOpt, str | int] = {}
        curl.impersonate(_BROWSER, default_headers=True)
        if self._gate is None:
            options[CurlOpt.PROXY] = ""  # not what the environment says
        else:
            self._gate.health.begun()
            proxy = self._gate.proxy
            options[CurlOpt.PROXY] = f"socks5h://{_bracketed(proxy.host)}:{proxy.port}"
            options[CurlOpt.NOPROXY] = ""
            if credentials := self._gate.credentials(request.way.target):
                options[CurlOpt.PROXYUSERNAME], options[CurlOpt.PROXYPASSWORD] = credentials
        if self._authorities is not None:
            options[CurlOpt.CAINFO] = str(self._authorities)
        options[CurlOpt.CONNECTTIMEOUT_MS] = int(self._connect_seconds * 1_000)
        for option, value in options.items():
            curl.setopt(option, value)
        request.set_up()

    def _failure(self, curl: Curl, error: CurlError) -> EndpointError:
        """What ``error`` means, without the address it names; and what it says of the proxy."""
        code = error.code
        if self._gate is not None:
            if code in _NO_PROXY:
                self._gate.health.failed(Trouble.UNREACHABLE)
            elif code == CurlECode.PROXY and number(curl, CurlInfo.PROXY_ERROR) not in _SAID_BY_PROXY:
                self._gate.health.failed(Trouble.REFUSED)
                if number(curl, CurlInfo.PROXY_ERROR) == _USER_REJECTED:
                    self._gate.refused()
            elif code != CurlECode.OPERATION_TIMEDOUT:
                self._gate.health.answered()
        if code == CurlECode.PEER_FAILED_VERIFICATION:
            return EndpointError("Whoever answers cannot show that he is the mirror.", code=UNTRUSTED)
        if code in _UNREACHABLE:
            return EndpointError("There is no connection to the mirror.", code=UNREACHABLE)
        return EndpointError("The mirror's answer broke off or is not HTTP.", code=BROKEN)


class BrowserLine:
    """``net.Line``: see ``BrowserTransport.line``."""

    def __init__(self, transport: BrowserTransport, endpoint: Endpoint) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._engine: AsyncCurl | None = None

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        """See ``net.Line``."""
        if self._engine is None:
            self._engine = new_engine(1, 1)
        return await self._transport.ask(self._engine, self._endpoint, path, limit, watch)

    async def close(self) -> None:
        """See ``net.Line``."""
        self._transport.forget(self)
        engine, self._engine = self._engine, None
        if engine is not None:
            await engine.close()


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
