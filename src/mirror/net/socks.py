"""Connections through a SOCKS5 proxy (RFC 1928, RFC 1929): Tor, and whatever else speaks it.

Rules:

1. Everything goes through the proxy: whether a host is on this machine makes no difference. Should
   aiohttp ever connect in another way than the one replaced here, it gets no socket.
2. Names go to the proxy as they are. The system's resolver is asked for the proxy's own host only.
3. TLS is with the mirror and not with the proxy: the certificate is checked as without one.
4. A proxy that was given no user name is told a random one, another for each host: Tor then gives
   each host a circuit of its own (IsolateSOCKSAuth), and no relay sees all mirrors of one reader. A
   proxy that lets everyone in picks "no authentication", which is offered too. One that picks
   passwords and then refuses ours is asked once more without.
5. What the proxy says of a mirror is the mirror's failure; what it does to us is its own trouble.
"""

import socket
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy as SocksProxy

from mirror.net.ways import Proxy

_RANDOM: Final = 16  # bytes of a made-up user name or password
_MAX_NAME: Final = 255  # RFC 1928 section 5: one byte tells the length


class Trouble(StrEnum):
    """What a proxy does to us. The values are codes of errors."""

    UNREACHABLE = "proxy-unreachable"  # no such name, no route, nobody listening
    REFUSED = "proxy-refused"  # no SOCKS5, or it does not let us in
    SILENT = "proxy-silent"  # nothing in time: neither a connection to any mirror nor a refusal


class Health:
    """What is known of one proxy during one run."""

    def __init__(self) -> None:
        self._has_begun = False
        self._has_answered = False
        self._failed: Trouble | None = None

    @property
    def trouble(self) -> Trouble | None:
        """The proxy's own trouble, as the last attempt showed it; None when it works, or was not asked."""
        if self._failed is None and self._has_begun and not self._has_answered:
            return Trouble.SILENT
        return self._failed

    def begun(self) -> None:
        """Something is asked of the proxy."""
        self._has_begun = True

    def answered(self) -> None:
        """It connected us, or said why it cannot connect us to that mirror."""
        self._has_answered, self._failed = True, None

    def failed(self, trouble: Trouble) -> None:
        """It is not there, or does not let us in."""
        self._failed = trouble


class Gate:
    """One proxy, with what is told to it and known of it in one run. Shared by all connections.

    ``randomness(n)`` gives ``n`` random bytes (rule 4).
    """

    def __init__(self, proxy: Proxy, randomness: Callable[[int], bytes]) -> None:
        self.proxy = proxy
        self.health = Health()
        self._randomness = randomness
        self._made_up: dict[object, tuple[str, str]] = {}
        self._is_refusing = False

    def credentials(self, target: object) -> tuple[str, str] | None:
        """User name and password to offer for connections to ``target``; None: offer none."""
        if self.proxy.user:
            return self.proxy.user, self.proxy.password
        if self._is_refusing:
            return None
        if target not in self._made_up:
            self._made_up[target] = self._randomness(_RANDOM).hex(), self._randomness(_RANDOM).hex()
        return self._made_up[target]

    def refused(self) -> None:
        """The proxy refused the credentials; made-up ones are not offered again."""
        self._is_refusing = True

    async def connect(self, host: str, port: int, seconds: float | None, *, target: object) -> socket.socket:
        """A socket that leads to ``host``, a name or an address.

        Raises:
            OSError: There is none. Without any address in it.
            TimeoutError: Nothing within ``seconds``.
        """
        if not _can_be_asked_for(host):
            raise OSError(None, "no name that SOCKS can carry")
        given = self.credentials(target)
        self.health.begun()
        try:
            try:
                return await self._connect(host, port, seconds, given)
            except _NotAllowedError:
                if given is None or self.proxy.user:
                    raise
                made = await self._connect(host, port, seconds, None)
                self.refused()
                return made
        except _NotAllowedError:
            self.health.failed(Trouble.REFUSED)
            raise OSError(None, "the proxy lets nobody in") from None

    async def _connect(
        self, host: str, port: int, seconds: float | None, credentials: tuple[str, str] | None
    ) -> socket.socket:
        user, password = credentials or (None, None)
        proxy = SocksProxy(ProxyType.SOCKS5, self.proxy.host, self.proxy.port, user, password, rdns=True)
        try:
            made = await proxy.connect(host, port, timeout=seconds)
        except ProxyTimeoutError:
            raise TimeoutError from None
        except ProxyConnectionError:
            self.health.failed(Trouble.UNREACHABLE)
            raise OSError(None, "no connection to the proxy") from None
        except ProxyError as error:
            if _is_about_credentials(error):
                raise _NotAllowedError from None
            if _is_about_the_host(error):
                self.health.answered()
                raise OSError(None, "the proxy cannot reach the host") from None
            self.health.failed(Trouble.REFUSED)
            raise OSError(None, "the proxy does not speak SOCKS5") from None
        except (OSError, ValueError):  # it reset the connection; a reply that cannot be read
            self.health.failed(Trouble.REFUSED)
            raise OSError(None, "the proxy broke off") from None
        self.health.answered()
        return made


class SocksConnector(aiohttp.TCPConnector):
    """aiohttp's connector, through ``gate``. Takes aiohttp's keywords."""

    def __init__(self, gate: Gate, **options: Any) -> None:
        super().__init__(**options, socket_factory=_no_socket)  # rule 1
        self._gate = gate

    async def _wrap_create_connection(  # what TCPConnector calls where it would connect
        self,
        *args: Any,
        addr_infos: list[Any],
        req: aiohttp.ClientRequest,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own signature
        client_error: type[Exception] = aiohttp.ClientConnectorError,
        **kwargs: Any,
    ) -> Any:
        host, port = addr_infos[0][4][:2]
        try:
            made = await self._gate.connect(host, port, timeout.sock_connect, target=req.connection_key)
        except TimeoutError as error:
            raise aiohttp.ConnectionTimeoutError from error
        except OSError as error:
            raise client_error(req.connection_key, error) from error
        return await self._wrap_existing_connection(
            *args, req=req, timeout=timeout, client_error=client_error, sock=made, **kwargs
        )


class ProxyNames(AbstractResolver):
    """Gives names back as they are, for the proxy (rule 2); or what ``below`` makes of them.

    ``below`` is another resolver than the system's, and is closed with this one. It is not asked for
    onion addresses: only Tor knows what they are.
    """

    def __init__(self, below: AbstractResolver | None = None) -> None:
        self._below = below

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See ``aiohttp.abc.AbstractResolver``."""
        if self._below is not None and not is_onion(host):
            return await self._below.resolve(host, port, family)
        return [ResolveResult(hostname=host, host=host, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """See ``aiohttp.abc.AbstractResolver``."""
        if self._below is not None:
            await self._below.close()


def is_onion(host: str) -> bool:
    """True for a name that Tor alone knows."""
    return host.lower().rstrip(".").endswith(".onion")


class _NotAllowedError(Exception):
    """The proxy wants other credentials than those it was given."""


# The library tells these apart in words only; tests/live/test_socks.py knows when they change.
def _is_about_credentials(error: ProxyError) -> bool:
    return "authentication" in str(error)


def _is_about_the_host(error: ProxyError) -> bool:
    # Tor's extended errors, which Tor Browser turns on, are codes that the library calls invalid.
    return error.error_code is not None or "reply code" in str(error)


def _can_be_asked_for(host: str) -> bool:
    try:
        return len(host.encode("idna")) <= _MAX_NAME
    except UnicodeError:
        return False


def _no_socket(_address: object) -> socket.socket:
    raise OSError(None, "nothing goes past the proxy")
