"""Names over HTTPS (RFC 8484), in the place of the system's resolver.

Rules:

1. The resolver itself is never looked up: its address says an IP address to connect to. Who had to
   ask for its name first would tell the network, and could be sent to somebody else.
2. There is no other way. What it does not answer has no address; the system is never asked instead.
3. Every question has one shape: POST, the same headers, DNS id 0, padded to a multiple of 128 bytes
   (RFC 8467 section 4.1). It holds the name and nothing else.
4. An answer counts when it is one to this question, whole, with nothing after it. Aliases are
   followed inside of it; records for other names are ignored.
5. The certificate of the resolver is checked like a mirror's; redirects are refused.
6. A few questions share a pair of connections, then a new one is made: some networks freeze a
   connection after a few kilobytes.
7. Names that mean something on one machine or one network only are not sent (RFC 6761, RFC 7686).

It is trusted with names only: what it says where a mirror is, is checked by TLS and by digests.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import aiohttp
import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
from aiohttp.abc import AbstractResolver, ResolveResult

from mirror.errors import ConfigError, EndpointError
from mirror.limits import (
    CONNECT_SECONDS,
    MAX_NAMES_ANSWER,
    NAMES_AT_ONCE,
    NAMES_PER_PAIR,
    NAMES_SECONDS,
)
from mirror.net.address import is_name, resolver
from mirror.net.http import HEADERS, Connectors, new_session, read_body, system_tls, way
from mirror.net.names import Found

_TYPE: Final = "application/dns-message"
_HEADERS: Final = {**HEADERS, "Accept": _TYPE, "Content-Type": _TYPE}  # rule 3
_BLOCK: Final = 128
# IPv4 first: a way out that carries only IPv4, as many proxies do, then need not fail first.
_KINDS: Final = {socket.AF_INET: dns.rdatatype.A, socket.AF_INET6: dns.rdatatype.AAAA}
_NEVER_SENT: Final = frozenset({"localhost", "local", "onion", "invalid"})  # rule 7


class Trouble(StrEnum):
    """What is wrong with a resolver itself. The values are codes for people who ask why."""

    UNREACHABLE = "resolver-unreachable"  # no connection, or silence
    UNTRUSTED = "resolver-untrusted"  # somebody else answers
    BROKEN = "resolver-broken"  # what comes is no answer to the question


class HttpsResolver(AbstractResolver):
    """aiohttp's resolver, asking ``address`` over HTTPS.

    ``address`` is an ``https`` URL as in ``net.address.resolver``. ``tls`` replaces the system's
    certificates; ``connectors`` replaces ``aiohttp.TCPConnector``, for a way through a proxy.
    ``trouble`` is what was wrong with the resolver when it was last asked, or None.

    Raises:
        ConfigError: ``resolver-address``: not such an address, or one that must be looked up (rule 1).
    """

    def __init__(
        self,
        address: str,
        *,
        tls: ssl.SSLContext | None = None,
        connectors: Connectors = aiohttp.TCPConnector,
        seconds: float = NAMES_SECONDS,
    ) -> None:
        endpoint = resolver(address)
        if endpoint is None:
            raise ConfigError(
                "The resolver of names must be an https address that is not a name itself: "
                "with an IP address as its host, or with one after #connect=.",
                code="resolver-address",
            )
        self._endpoint = endpoint
        self._tls = tls or system_tls()
        self._connectors = connectors
        self._seconds = seconds
        self._turns = asyncio.Semaphore(NAMES_AT_ONCE)
        self._pair: _Pair | None = None  # the newest
        self._pairs: set[_Pair] = set()
        self.trouble: Trouble | None = None

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of ``host``, IPv4 before IPv6; of both when ``family`` is ``AF_UNSPEC``.

        Raises:
            OSError: There are none, or the resolver gives no answer. Without any name in it.
        """
        name = host.lower().removesuffix(".")
        if not is_name(name) or name.rpartition(".")[2] in _NEVER_SENT:
            raise socket.gaierror(socket.EAI_NONAME, "no name to ask a resolver for")
        async with self._turns:
            kinds = [kind for kind in _KINDS if family in {kind, socket.AF_UNSPEC}]
            answers = await asyncio.gather(*(self._ask(name, kind) for kind in kinds), return_exceptions=True)
        good = [(kind, each) for kind, each in zip(kinds, answers, strict=True) if isinstance(each, _Answer)]
        results = [
            ResolveResult(hostname=host, host=address, port=port, family=kind, proto=0, flags=0)
            for kind, answer in good
            for address in answer.addresses
        ]
        if results:
            self.trouble = None
            return Found(results, min(answer.seconds for _, answer in good if answer.addresses))
        failures = [each for each in answers if isinstance(each, BaseException)]
        self.trouble = next((each.trouble for each in failures if isinstance(each, _NoAnswerError)), None)
        for failure in failures:
            raise failure
        raise socket.gaierror(socket.EAI_NONAME, "the name has no address")

    async def close(self) -> None:
        """Close all connections; questions under way fail."""
        pairs, self._pairs, self._pair = self._pairs, set(), None
        for pair in pairs:
            await pair.session.close()

    async def _ask(self, name: str, family: socket.AddressFamily) -> "_Answer":
        query = question(name, family)
        try:
            data = await self._post(query.to_wire())
        except (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError):
            trouble = Trouble.UNTRUSTED
        except (aiohttp.ClientConnectorError, TimeoutError):
            trouble = Trouble.UNREACHABLE
        except (aiohttp.ClientError, EndpointError, OSError, ValueError):
            trouble = Trouble.BROKEN
        else:
            answer = read_answer(data, query)
            if answer is not None:
                if answer.is_refusal:
                    raise socket.gaierror(socket.EAI_AGAIN, "the resolver could not find out")
                return answer
            trouble = Trouble.BROKEN
        raise _NoAnswerError(trouble)

    async def _post(self, data: bytes) -> bytes:
        url, host, sni = way(self._endpoint, "")
        async with asyncio.timeout(self._seconds):
            for is_last in (False, True):
                try:
                    async with (
                        self._session(is_new=is_last) as session,
                        session.post(
                            url,
                            data=data,
                            headers={"Host": host},
                            server_hostname=sni,
                            allow_redirects=False,
                        ) as response,
                    ):
                        if response.headers.get("Content-Type", "").partition(";")[0].strip() != _TYPE:
                            raise ValueError("a page and no answer")  # rule 4
                        return await read_body(response, MAX_NAMES_ANSWER)
                except aiohttp.ClientConnectorError:
                    raise
                except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                    # A kept connection that the resolver had closed: once more over a new one.
                    if is_last:
                        raise
        raise AssertionError("the second attempt returned or raised")

    @asynccontextmanager
    async def _session(self, *, is_new: bool) -> AsyncIterator[aiohttp.ClientSession]:
        """Rule 6."""
        pair = self._pair
        if pair is None or is_new or pair.asked >= NAMES_PER_PAIR:
            connector = self._connectors(
                limit=2, limit_per_host=2, ssl=self._tls, resolver=_Nobody(), use_dns_cache=False
            )
            pair = self._pair = _Pair(new_session(connector, _HEADERS, CONNECT_SECONDS, self._seconds))
            self._pairs.add(pair)
        pair.asked += 1
        pair.under_way += 1
        try:
            yield pair.session
        finally:
            pair.under_way -= 1
            if pair is not self._pair and not pair.under_way:
                self._pairs.discard(pair)
                await pair.session.close()


class _NoAnswerError(OSError):
    def __init__(self, trouble: Trouble) -> None:
        super().__init__(None, "the resolver of names gives no answer")
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class _Answer:
    """``seconds`` is how long the addresses hold. ``is_refusal``: it could not find out."""

    addresses: tuple[str, ...]
    seconds: float
    is_refusal: bool = False


def question(name: str, family: socket.AddressFamily) -> dns.message.QueryMessage:
    """The question for the addresses of ``name`` (as ``is_name``) of one family: rule 3."""
    return dns.message.make_query(dns.name.from_text(name), _KINDS[family], use_edns=0, id=0, pad=_BLOCK)


def read_answer(data: bytes, query: dns.message.QueryMessage) -> _Answer | None:
    """What ``data`` answers to ``query``; None when it is no whole answer to it (rule 4)."""
    try:
        message = dns.message.from_wire(data, raise_on_truncation=True)
        # dnspython takes failures without a question as answers to any; a resolver repeats it.
        if not query.is_response(message) or message.question != query.question:
            return None
        if message.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
            return _Answer((), 0, is_refusal=True)
        assert isinstance(message, dns.message.QueryMessage)
        chain = message.resolve_chaining()
    except (dns.exception.DNSException, ValueError):
        return None
    records = chain.answer or ()
    return _Answer(tuple(record.address for record in records), float(chain.minimum_ttl))


@dataclass(eq=False, slots=True)
class _Pair:
    """Two connections at most, and the questions they were and are used for."""

    session: aiohttp.ClientSession
    asked: int = 0
    under_way: int = 0


class _Nobody(AbstractResolver):
    """Rule 1: for whom every host is unknown."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        raise OSError(None, "the resolver of names is not looked up")

    async def close(self) -> None:
        pass
