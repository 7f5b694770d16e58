"""How bytes come from an endpoint: the Protocols, and the codes of what can go wrong.

A transport is told an endpoint, a path inside the mirror's tree and a bound, and gives back the
whole body or an ``EndpointError``. It decides nothing: it does not retry, does not follow an
answer to another host, keeps no memory of what it was asked, and says nothing about who asks.
Retrying, racing and comparing mirrors belong to ``client``.
"""

from enum import StrEnum
from typing import Final, Protocol

from mirror.model import Endpoint

__all__ = [
    "ABSENT",
    "BROKEN",
    "FAILURES",
    "REFUSED",
    "SILENT",
    "TOO_LONG",
    "UNASKED",
    "UNREACHABLE",
    "UNTRUSTED",
    "Getter",
    "Line",
    "OneByOne",
    "Stage",
    "Transport",
    "Watch",
]

# Codes of ``EndpointError``. Callers act differently on the first one only: an honest mirror that
# does not have a file says so, and the newest root is found by asking for one more.
ABSENT: Final = "absent"  # a clean 404 (or 403 and 410, as object stores say it): no such file
BROKEN: Final = "broken"  # the answer broke off, or is not what the protocol allows
REFUSED: Final = "refused"  # an answer that is neither the file nor a clean 404 (5xx, redirect, 429)
SILENT: Final = "silent"  # connected, then nothing until the deadline
TOO_LONG: Final = "too-long"  # the body is, or says it is, longer than the limit
UNREACHABLE: Final = "unreachable"  # no connection: name, route, TLS that broke off, proxy
UNTRUSTED: Final = "untrusted"  # TLS with somebody who cannot show that he is the host
# Never raised: how callers say among themselves that a request was not made, or not waited for.
UNASKED: Final = "unasked"
FAILURES: Final = frozenset({ABSENT, BROKEN, REFUSED, SILENT, TOO_LONG, UNREACHABLE, UNTRUSTED})


class Stage(StrEnum):
    """How far one request got. A connection that is used again passes none before ``ANSWERED``."""

    NAMED = "named"  # the host's name has an address; a proxy's host, where there is a proxy
    CONNECTED = "connected"  # somebody accepted the connection
    SECURED = "secured"  # TLS is done; without TLS, the same moment as ``CONNECTED``
    ANSWERED = "answered"  # the head of the answer is here


class Watch(Protocol):
    """Told how one request goes, while it goes. Called from the event loop; must not block."""

    def reached(self, stage: Stage) -> None:
        """The request got to ``stage``; each at most once, and some not at all."""

    def received(self, size: int) -> None:
        """``size`` bytes of the body are here so far."""


class Line(Protocol):
    """One way to one endpoint, with at most one connection at a time, kept between requests.

    So the caller decides what shares a connection: some networks freeze one after a few kilobytes.
    """

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        """As ``Transport.get``. Not for two requests at once."""

    async def close(self) -> None:
        """Close the connection, at once; no request may follow. More than once does no harm."""


class Transport(Protocol):
    """What the shells need of the network."""

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """Return the whole body at ``path`` (relative, no leading ``/``) of ``endpoint``.

        One attempt, never retried. The body is complete: an implementation that was promised a
        length and got fewer bytes raises ``BROKEN``.

        Args:
            endpoint: Where to ask.
            path: Such as ``m/timestamp.json``; already percent-encoded where it must be.
            limit: The most bytes to accept; refused before they are held in memory.

        Raises:
            EndpointError: With one of the codes of this module; nothing was kept.
        """

    def line(self, endpoint: Endpoint) -> Line:
        """A line to ``endpoint``; connects when it is first asked, and must be closed."""


class Getter(Protocol):
    """The half of a transport that a line can be made of."""

    async def get(self, endpoint: Endpoint, path: str, *, limit: int) -> bytes:
        """See ``Transport.get``."""


class OneByOne:
    """The ``line`` of transports that have no connections: a line there is only a way to say ``get``."""

    def line(self: Getter, endpoint: Endpoint) -> Line:
        """See ``Transport.line``."""
        return _PlainLine(self, endpoint)


class _PlainLine:
    def __init__(self, getter: Getter, endpoint: Endpoint) -> None:
        self._getter = getter
        self._endpoint = endpoint

    async def get(self, path: str, *, limit: int, watch: Watch | None = None) -> bytes:
        data = await self._getter.get(self._endpoint, path, limit=limit)
        if watch is not None:
            watch.reached(Stage.ANSWERED)
            watch.received(len(data))
        return data

    async def close(self) -> None:
        pass
