"""Pages, feeds and pictures of a publisher's source over HTTP(S).

Rules:

1. Only http and https, also after a redirect, and at most ``MAX_SOURCE_REDIRECTS`` of these.
2. A source on the public internet never leads into a private network: a feed is written by whoever
   holds the site today, and this machine may reach the newsroom's inner hosts. The addresses a name
   resolves to are checked where the connection is made, so a name cannot change its mind in between.
3. No cookies, no credentials, no environment.
4. What is larger than asked for is refused from its declared length, else when the bound is passed,
   counted after decompression.
5. What goes wrong is a ``SourceError`` without address; the library's exceptions are not chained,
   because they name it.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from mirror import limits
from mirror.errors import LimitError, SourceError

_HEADERS: Final = {"User-Agent": "Mozilla/5.0", "Accept": "*/*"}
_OK: Final = 200
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one address gave. ``address`` is the last one, after redirects."""

    data: bytes
    address: str
    media_type: str
    charset: str | None


class _PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead into a private network (rule 2)."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if not all(is_public(each["host"]) for each in found):
            raise OSError(None, "a name leads into a private network")
        return found

    async def close(self) -> None:
        await self._inner.close()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_global
    except ValueError:
        return False


class Fetcher:
    """Fetches while its ``async with`` lasts. ``public_only`` turns on rule 2."""

    def __init__(self, *, public_only: bool) -> None:
        self._public_only = public_only
        self._session: aiohttp.ClientSession | None = None
        self._slots = asyncio.Semaphore(limits.MAX_SOURCE_FETCHES)

    async def __aenter__(self) -> "Fetcher":
        connector = aiohttp.TCPConnector(
            resolver=_PublicOnly() if self._public_only else aiohttp.ThreadedResolver(),
            limit=limits.MAX_SOURCE_FETCHES,
        )
        timeout = aiohttp.ClientTimeout(
            total=limits.SOURCE_SECONDS,
            sock_connect=limits.CONNECT_SECONDS,
            sock_read=limits.READ_SECONDS,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            timeout=timeout,
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, address: str, *, limit: int) -> Fetched:
        """The body at ``address``, at most ``limit`` bytes.

        Raises:
            SourceError: ``source-unreachable`` (no answer, or not 200), ``source-private`` (rule 2),
                ``source-address`` (not http or https, or too many redirects).
            LimitError: Larger than ``limit``.
        """
        async with self._slots:
            try:
                return await self._follow(address, limit)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError, asyncio.IncompleteReadError):
                message = "an address gave no answer, or a broken one"
            raise SourceError(message, code="source-unreachable")

    async def _follow(self, address: str, limit: int) -> Fetched:
        assert self._session is not None, "used inside its async with"
        url = URL(address)
        for _ in range(limits.MAX_SOURCE_REDIRECTS + 1):
            self._check(url)
            async with self._session.get(url, allow_redirects=False) as response:
                target = response.headers.get("Location")
                if response.status in _REDIRECTS and target:
                    url = url.join(URL(target))
                    continue
                if response.status != _OK:
                    raise SourceError(f"an address answered {response.status}", code="source-unreachable")
                data = await _read(response, limit)
                return Fetched(data, str(url), response.content_type, response.charset)
        raise SourceError("an address redirects too often", code="source-address")

    def _check(self, url: URL) -> None:
        if url.scheme not in ("http", "https") or not url.host:
            raise SourceError("an address is neither http nor https", code="source-address")
        # Names are checked by the resolver; addresses in figures never reach it.
        if self._public_only and _is_address(url.host) and not is_public(url.host):
            raise SourceError("a source leads into a private network", code="source-private")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


async def _read(response: aiohttp.ClientResponse, limit: int) -> bytes:
    if response.content_length is not None and response.content_length > limit:
        raise LimitError("what an address gives is larger than it may be")
    data = bytearray()
    async for chunk in response.content.iter_chunked(64 << 10):
        data += chunk
        if len(data) > limit:
            raise LimitError("what an address gives is larger than it may be")
    return bytes(data)


async def leads_to_public(address: str) -> bool:
    """Whether the host of ``address`` is on the public internet; False where it has no address."""
    try:
        host = URL(address).host or ""
        if _is_address(host):
            return is_public(host)
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, ValueError):
        return False
    return bool(found) and all(is_public(str(each[4][0])) for each in found)
