"""The transport that looks like a browser, where its library is there."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp.abc import AbstractResolver

from mirror.errors import ConfigError
from mirror.limits import CONNECT_SECONDS, READ_SECONDS
from mirror.net.socks import Gate

if TYPE_CHECKING:
    from mirror.net.browser import BrowserTransport


def camouflaged(
    *,
    gate: Gate | None = None,
    resolver: AbstractResolver | None = None,
    authorities: Path | None = None,
    connect_seconds: float = CONNECT_SECONDS,
    read_seconds: float = READ_SECONDS,
) -> "BrowserTransport":
    """A ``net.Transport`` whose connections look like a browser's; see ``net.browser`` for its rules.

    ``gate`` is the proxy to go through. ``resolver`` looks names up; without one the system does,
    or the proxy where there is one. It is closed with the transport. ``authorities`` is a file of
    certificates to believe instead of the library's own.

    Raises:
        ConfigError: ``camouflage-missing``: the extra is not installed.
    """
    # Its TLS writes keys to where this variable says, when the library is loaded. Other programs
    # started from here are given Python's copy of the environment, which stays.
    os.unsetenv("SSLKEYLOGFILE")
    try:
        from mirror.net.browser import BrowserTransport  # noqa: PLC0415 - an extra, and 0.1 s
    except ImportError as error:
        raise ConfigError(
            "To look like a browser, this program needs a library that is not installed. "
            "Install it with: pip install 'mirror[camouflage]'",
            code="camouflage-missing",
        ) from error
    return BrowserTransport(
        gate=gate,
        resolver=resolver,
        authorities=authorities,
        connect_seconds=connect_seconds,
        read_seconds=read_seconds,
    )
