"""How bytes come from an endpoint: one Protocol, and the codes of what can go wrong.

A transport is told an endpoint, a path inside the mirror's tree and a bound, and gives back the
whole body or an ``EndpointError``. It decides nothing: it does not retry, does not follow an
answer to another host, keeps no memory of what it was asked, and says nothing about who asks.
Retrying, racing and comparing mirrors belong to ``client``.
"""

from typing import Final, Protocol

from mirror.model import Endpoint

__all__ = [
    "ABSENT",
    "BROKEN",
    "FAILURES",
    "REFUSED",
    "SILENT",
    "TOO_LONG",
    "UNREACHABLE",
    "Transport",
]

# Codes of ``EndpointError``. Callers act differently on the first one only: an honest mirror that
# does not have a file says so, and the newest root is found by asking for one more.
ABSENT: Final = "absent"  # a clean 404 (or 403 and 410, as object stores say it): no such file
BROKEN: Final = "broken"  # the answer broke off, or is not what the protocol allows
REFUSED: Final = "refused"  # an answer that is neither the file nor a clean 404 (5xx, redirect, 429)
SILENT: Final = "silent"  # connected, then nothing until the deadline
TOO_LONG: Final = "too-long"  # the body is, or says it is, longer than the limit
UNREACHABLE: Final = "unreachable"  # no connection: name, route, TLS, proxy
FAILURES: Final = frozenset({ABSENT, BROKEN, REFUSED, SILENT, TOO_LONG, UNREACHABLE})


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
