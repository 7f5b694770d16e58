"""Bytes from mirrors over HTTP(S), with one request that all readers share.

Rules:

1. Every request is ``GET``, with the same headers in the same order. Nothing in it depends on the
   reader, on what was asked before, or on what the mirror said: no cookies, no conditional headers,
   no Range, no Referer, no languages, no credentials. Two readers differ in the path they ask for.
2. No User-Agent of our own. Sending none is refused by some hosts' filters, and naming a browser
   would be a lie that the TLS handshake gives away; ``Mozilla/5.0`` is what most clients of the web
   begin with, says nothing, and is let through.
3. Redirects are refused: a mirror could send readers one by one to addresses of their own.
4. The environment has no say: no proxies, no netrc, no key log file.
5. A body is taken as it was sent and is never decompressed. It is held up to the limit; a declared
   length above it is refused before anything is read.
6. Every wait has an end: for the connection, for the next byte, and for the whole.
7. A line has a connection of its own, which nobody else uses: the caller counts what it carried.
8. Content types mean nothing here: block pages claim any, and dumb hosts guess wrong.
9. What goes wrong is told by code. The library's own exceptions name addresses, so they are not
   chained, and its log is shut.
10. Where an endpoint says so, the connection goes elsewhere (``connect``), and TLS says and checks
    another name (``sni``). The request inside stays the URL's, with its ``Host``.
"""

import asyncio
import logging
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Protocol

import aiohttp
from aiohttp.abc import AbstractResolver
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
from mirror.net import (
    ABSENT,
    BROKEN,
    REFUSED,
    SILENT,
    TOO_LONG,
    UNREACHABLE,
    UNTRUSTED,
    Line,
    Stage,
    Watch,
)
from mirror.net.address import is_ipv4, split_place
from mirror.net.names import CachingResolver
from mirror.net.watching import Progress, ToldHandshake, tracing

# Rule 1; aiohttp puts Host before them.
HEADERS: Final = {"User-Agent": "Mozilla/5.0", "Accept": "*/*", "Accept-Encoding": "identity"}
# Object stores and CDNs answer 403 for what is not there, when listing is not allowed.
_ABSENT: Final = frozenset({403, 404, 410})
_OK: Final = 200
_READ_BUFFER: Final = 16 << 10  # a piece at a time; aiohttp holds up to twice this unread


class Connectors(Protocol):
    """Makes what opens connections: ``aiohttp.TCPConnector``, or another for a way through a proxy."""

    def __call__(
        self,
        *,
        limit: int,
        limit_per_host: int,
        ssl: ssl.SSLContext | bool,
        resolver: AbstractResolver,
        use_dns_cache: bool,
    ) -> aiohttp.BaseConnector:
        """A connector for one session, which closes it. The keywords are ``aiohttp.TCPConnector``'s."""


class HttpTransport:
    """``net.Transport`` over HTTP(S): ``async with HttpTransport() as transport``.

    ``get`` reuses connections while the ``async with`` lasts; a ``line`` has its own (rule 7).
    ``connect_seconds`` and ``read_seconds`` bound the waits of rule 6; ``tls`` replaces the system's
    certificates, for mirrors that have one of their own. ``resolver`` looks names up instead of the
    system, and is closed with the transport; ``connectors`` replaces ``aiohttp.TCPConnector``.
    """

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        tls: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
        connectors: Connectors = aiohttp.TCPConnector,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._tls = tls
        self._looks_up = resolver
        self._connectors = connectors
        self._resolver: CachingResolver | None = None
        self._session: aiohttp.ClientSession | None = None
        self._lines: set[HttpLine] = set()

    async def __aenter__(self) -> "HttpTransport":
        log = logging.getLogger("aiohttp")  # rule 9
        log.addHandler(logging.NullHandler())
        log.propagate = False
        self._resolver = CachingResolver(self._looks_up or aiohttp.ThreadedResolver())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for line in tuple(self._lines):
            await line.close()
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        if self._session is None:
            self._session = self._new_session(MAX_CONNECTIONS, MAX_CONNECTIONS_PER_MIRROR, is_tls=True)
        return await self._ask(self._session, endpoint, path, limit, None)

    def line(self, endpoint: Endpoint) -> Line:
        """See ``net.Transport``."""
        line = HttpLine(self, endpoint)
        self._lines.add(line)
        return line

    def _new_session(self, connections: int, per_host: int, *, is_tls: bool) -> aiohttp.ClientSession:
        if self._resolver is None:
            raise RuntimeError("a transport is entered before it is used")
        connector = self._connectors(
            limit=connections,
            limit_per_host=per_host,
            ssl=self._tls_context() if is_tls else True,
            resolver=self._resolver,
            use_dns_cache=False,  # the resolver remembers, for all lines
        )
        return new_session(connector, HEADERS, self._connect_seconds, self._read_seconds, [tracing()])

    def _tls_context(self) -> ssl.SSLContext:
        """Made when it is first needed: to read the system's certificates takes 20 ms and more."""
        self._tls = self._tls or system_tls()
        self._tls.sslobject_class = ToldHandshake
        return self._tls

    async def _ask(
        self, session: aiohttp.ClientSession, endpoint: Endpoint, path: str, limit: int, watch: Watch | None
    ) -> bytes:
        whole = self._connect_seconds + self._read_seconds + limit / SLOWEST_BYTES_PER_SECOND
        failure = None
        try:
            url, host, sni = way(endpoint, path)
            progress = Progress(watch, is_address=_is_address(url)) if watch is not None else None
            async with (
                asyncio.timeout(whole),
                session.get(
                    url,
                    headers={"Host": host},
                    server_hostname=sni,
                    allow_redirects=False,
                    trace_request_ctx=progress,
                ) as response,
            ):
                return await read_body(response, limit, watch)
        except (aiohttp.ClientError, ssl.SSLError, TimeoutError, OSError, ValueError) as error:
            failure = _failure(error)
        raise failure  # outside of the handler, so that no address hangs on to it (rule 9)


class HttpLine:
    """``net.Line``: see ``HttpTransport.line``."""

    def __init__(self, transport: HttpTransport, endpoint: Endpoint) -> None:
        self._transport = transport
        self._endpoint = endpoint
        self._session: aiohttp.ClientSession | None = None

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        """See ``net.Line``."""
        if self._session is None:
            is_tls = self._endpoint.url.startswith("https:")
            self._session = self._transport._new_session(1, 1, is_tls=is_tls)
        return await self._transport._ask(self._session, self._endpoint, path, limit, watch)

    async def close(self) -> None:
        """See ``net.Line``."""
        self._transport._lines.discard(self)
        if self._session is not None:
            await self._session.close()


def new_session(
    connector: aiohttp.BaseConnector,
    headers: Mapping[str, str],
    connect_seconds: float,
    read_seconds: float,
    traces: list[aiohttp.TraceConfig] | None = None,
) -> aiohttp.ClientSession:
    """A session that keeps to the rules, with ``headers`` and no others. The caller closes it."""
    return aiohttp.ClientSession(
        connector=connector,
        timeout=aiohttp.ClientTimeout(sock_connect=connect_seconds, sock_read=read_seconds),
        headers=headers,
        skip_auto_headers=("Content-Type",),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        read_bufsize=_READ_BUFFER,
        trace_configs=traces,
    )


def way(endpoint: Endpoint, path: str) -> tuple[URL, str, str | None]:
    """What to ask for at the place to connect to, with which ``Host``, and which name to say in TLS.

    The name is always given with TLS, so that connections to one place for two names are two.

    Raises:
        ValueError: The endpoint's URL or place is none.
    """
    asked = URL(endpoint.url + path, encoded=True)
    host, sni = asked.host_port_subcomponent, endpoint.sni or asked.raw_host
    if not host or not sni:
        raise ValueError("an address without a host")
    if endpoint.connect:
        place = split_place(endpoint.connect)
        if place is None:
            raise ValueError("no place to connect to")
        asked = asked.with_host(place[0]).with_port(place[1] or asked.port)
    return asked, host, sni if asked.scheme == "https" else None


def _is_address(url: URL) -> bool:
    host = url.raw_host or ""
    return ":" in host or is_ipv4(host)


def system_tls() -> ssl.SSLContext:
    """TLS as a client, with the system's certificates, deaf to ``SSLKEYLOGFILE`` (rule 4)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


async def read_body(response: aiohttp.ClientResponse, limit: int, watch: Watch | None = None) -> bytes:
    """The whole body of ``response``, when it is a file of at most ``limit`` bytes.

    Raises:
        EndpointError: Otherwise; with a code of ``net``. What aiohttp raises passes through.
    """
    if watch is not None:
        watch.reached(Stage.ANSWERED)
    check_head(response.status, response.headers.get("Content-Encoding", ""), response.content_length, limit)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise EndpointError("The file does not end where it must.", code=TOO_LONG)
        if watch is not None:
            watch.received(len(body))
    return bytes(body)


def check_head(status: int, encoding: str, length: int | None, limit: int) -> None:
    """Refuse a response by its head alone; ``length`` is what it declares, or None.

    Raises:
        EndpointError: ``absent``, ``refused``, ``broken`` or ``too-long``.
    """
    if status in _ABSENT:
        raise EndpointError("The mirror does not have this file.", code=ABSENT)
    if status != _OK:
        raise EndpointError("The mirror did not answer with a file.", code=REFUSED)
    if encoding.lower() not in {"", "identity"}:
        raise EndpointError("The mirror encoded a file that was asked for as it is.", code=BROKEN)
    if length is not None and length > limit:
        raise EndpointError("The mirror says the file is longer than it may be.", code=TOO_LONG)


def _failure(error: Exception) -> EndpointError:
    """What ``error`` means, without the address it names."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return EndpointError("Whoever answers cannot show that he is the mirror.", code=UNTRUSTED)
    # ValueError: the address is none.
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError | ValueError):
        return EndpointError("There is no connection to the mirror.", code=UNREACHABLE)
    if isinstance(error, TimeoutError):
        return EndpointError("The mirror fell silent.", code=SILENT)
    return EndpointError("The mirror's answer broke off or is not HTTP.", code=BROKEN)
