"""How a ``Watch`` learns how far its request got, in aiohttp.

aiohttp tells when a name has an address and when a connection is ready, but not when TCP was there
and TLS began. That moment is the first call of ``do_handshake``, of an object that ``ssl`` lets a
context choose (``sslobject_class``); it is so for every connector, also through a proxy.
"""

import ssl
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Final

import aiohttp

from mirror.net import Stage, Watch


class Progress:
    """One request on its way; tells ``watch`` each stage once, however many addresses are tried.

    ``is_address``: the host needs no lookup.
    """

    def __init__(self, watch: Watch, *, is_address: bool) -> None:
        self.watch = watch
        self.is_address = is_address
        self._told: set[Stage] = set()

    def reached(self, stage: Stage) -> None:
        """Tell ``stage``, unless it was told."""
        if stage not in self._told:
            self._told.add(stage)
            self.watch.reached(stage)


# The request whose connection is being made, for the handshake. Set only while it is made.
_CONNECTING: Final[ContextVar[Progress | None]] = ContextVar("connecting", default=None)


class ToldHandshake(ssl.SSLObject):
    """For ``SSLContext.sslobject_class``: tells when TLS begins and when it is done."""

    _progress: Progress | None = None
    _has_begun = False

    def do_handshake(self) -> None:
        """See ``ssl.SSLObject``; called again and again until the handshake is done."""
        if not self._has_begun:
            self._has_begun = True
            self._progress = _CONNECTING.get()
        if self._progress is not None:
            self._progress.reached(Stage.CONNECTED)
        super().do_handshake()
        if self._progress is not None:
            self._progress.reached(Stage.SECURED)


def tracing() -> aiohttp.TraceConfig:
    """For a session whose requests have a ``Progress``, or None, as their ``trace_request_ctx``."""

    async def begun(_session: object, context: SimpleNamespace, _params: object) -> None:
        progress: Progress | None = context.trace_request_ctx
        _CONNECTING.set(progress)
        if progress is not None and progress.is_address:
            progress.reached(Stage.NAMED)

    async def named(_session: object, context: SimpleNamespace, _params: object) -> None:
        if context.trace_request_ctx is not None:
            context.trace_request_ctx.reached(Stage.NAMED)

    async def connected(_session: object, context: SimpleNamespace, _params: object) -> None:
        _CONNECTING.set(None)
        if context.trace_request_ctx is not None:
            # Told before where there was TLS.
            context.trace_request_ctx.reached(Stage.CONNECTED)
            context.trace_request_ctx.reached(Stage.SECURED)

    made = aiohttp.TraceConfig()
    made.on_connection_create_start.append(begun)
    made.on_dns_resolvehost_end.append(named)
    made.on_connection_create_end.append(connected)
    return made
