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
7. Content types mean nothing here: block pages claim any, and dumb hosts guess wrong.
8. What goes wrong is told by code. The library's own exceptions name addresses, so they are not
   chained, and its log is shut.
"""

import asyncio
import logging
import ssl
from types import TracebackType
from typing import Final

import aiohttp
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
from mirror.net import ABSENT, BROKEN, REFUSED, SILENT, TOO_LONG, UNREACHABLE

# Rule 1; aiohttp puts Host before them.
HEADERS: Final = {"User-Agent": "Mozilla/5.0", "Accept": "*/*", "Accept-Encoding": "identity"}
# Object stores and CDNs answer 403 for what is not there, when listing is not allowed.
_ABSENT: Final = frozenset({403, 404, 410})
_OK: Final = 200
_READ_BUFFER: Final = 16 << 10  # a piece at a time; aiohttp holds up to twice this unread


class HttpTransport:
    """``net.Transport`` over HTTP(S): ``async with HttpTransport() as transport``.

    Connections are reused while the ``async with`` lasts. ``connect_seconds`` and ``read_seconds``
    bound the waits of rule 6; ``tls`` replaces the system's certificates, for mirrors that have
    one of their own.
    """

    def __init__(
        self,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        read_seconds: float = READ_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._connect_seconds = connect_seconds
        self._read_seconds = read_seconds
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "HttpTransport":
        log = logging.getLogger("aiohttp")  # rule 8
        log.addHandler(logging.NullHandler())
        log.propagate = False
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=MAX_CONNECTIONS,
                limit_per_host=MAX_CONNECTIONS_PER_MIRROR,
                ssl=self._tls or system_tls(),
            ),
            timeout=aiohttp.ClientTimeout(sock_connect=self._connect_seconds, sock_read=self._read_seconds),
            headers=HEADERS,
            skip_auto_headers=("Content-Type",),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BUFFER,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``net.Transport``."""
        if self._session is None:
            raise RuntimeError("a transport is entered before it is used")
        whole = self._connect_seconds + self._read_seconds + limit / SLOWEST_BYTES_PER_SECOND
        failure = None
        try:
            async with (
                asyncio.timeout(whole),
                self._session.get(URL(endpoint.url + path, encoded=True), allow_redirects=False) as response,
            ):
                return await _body(response, limit)
        except (aiohttp.ClientError, ssl.SSLError, TimeoutError, OSError, ValueError) as error:
            failure = _failure(error)
        raise failure  # outside of the handler, so that no address hangs on to it (rule 8)


def system_tls() -> ssl.SSLContext:
    """TLS as a client, with the system's certificates, deaf to ``SSLKEYLOGFILE`` (rule 4)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
    if response.status in _ABSENT:
        raise EndpointError("The mirror does not have this file.", code=ABSENT)
    if response.status != _OK:
        raise EndpointError("The mirror did not answer with a file.", code=REFUSED)
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise EndpointError("The mirror encoded a file that was asked for as it is.", code=BROKEN)
    if response.content_length is not None and response.content_length > limit:
        raise EndpointError("The mirror says the file is longer than it may be.", code=TOO_LONG)
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > limit:
            raise EndpointError("The file does not end where it must.", code=TOO_LONG)
    return bytes(body)


def _failure(error: Exception) -> EndpointError:
    """What ``error`` means, without the address it names."""
    # ValueError: the address is none.
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError | ValueError):
        return EndpointError("There is no connection to the mirror.", code=UNREACHABLE)
    if isinstance(error, TimeoutError):
        return EndpointError("The mirror fell silent.", code=SILENT)
    return EndpointError("The mirror's answer broke off or is not HTTP.", code=BROKEN)
