"""The browser's reader on loopback: its page, and a mirror behind it that asks over this program's own ways.

To the page we are one more mirror, and it verifies us like any other. What it asks for is fetched with the
same plan, over the same transports (Tor, another resolver, a browser's look) as with every other command.

Rules:

1. Only loopback, and only who was given the address: its path begins with a random token, compared in
   constant time. Another page in the same browser cannot guess it; a request that names another host (DNS
   rebinding) or comes from another origin is answered as if nothing were here.
2. Nothing is written, and nothing is logged. What was fetched is in memory and ends with the command.
3. Metadata is given out as it was verified, and asked for anew when the page asks and a minute has passed.
"""

import asyncio
import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Final, Self

from aiohttp import web

from mirror.bundle import edition, parcel, program
from mirror.client.metadata import Mirrors, fetch_roots, metadata_files
from mirror.client.page import INDEX, sealed_program
from mirror.client.report import Part
from mirror.errors import MirrorError, StorageError
from mirror.limits import MAX_PROGRAM, STOP_SECONDS
from mirror.reader.session import ReaderSession
from mirror.store.names import Kind, kind_of

HOST: Final = "127.0.0.1"
_STALE_SECONDS: Final = 60.0
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class LocalPage:
    """``async with`` it around a refreshed ``session``; ``address`` is then what to open.

    Args:
        session: What answers; it is refreshed again when the page asks for news.
        title: The publication's name and the channel's language, for the page.
        language: The channel's language.
        randomness: Gives as many random bytes as asked.
        port: Where to listen; 0 for any that is free.

    Raises:
        StorageError: ``page-missing``: this installation has no page. On entering: the port is taken.
    """

    def __init__(
        self,
        session: ReaderSession,
        name: str,
        language: str,
        randomness: Callable[[int], bytes],
        port: int = 0,
    ) -> None:
        self._session = session
        self._token = randomness(16).hex()
        self._port = port
        self._host = ""
        self._index, self._pieces = _page(session, name, language)
        self._metadata: dict[str, bytes] = {}
        self._taken: float | None = None
        self._refreshing = asyncio.Lock()
        self._runner = web.AppRunner(
            self._application(), access_log=None, shutdown_timeout=STOP_SECONDS, handle_signals=False
        )

    @property
    def address(self) -> str:
        """What to open in a browser on this machine."""
        return f"http://{self._host}/{self._token}/r/"

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise StorageError("That port is taken: name another one, or none.", code="port-taken") from error
        self._host = f"{HOST}:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/{anything:.*}", self._answer)

        async def nameless(_: web.Request, response: web.StreamResponse) -> None:
            response.headers.popall("Server", None)

        application.on_response_prepare.append(nameless)
        return application

    async def _answer(self, request: web.Request) -> web.Response:
        path = self._path(request)
        body = None if path is None else await self._file(path)
        if body is None:
            return web.Response(status=404, text="There is nothing here.\n", headers=_HEADERS)
        kind = "text/html" if path == INDEX else "application/octet-stream"
        charset = "utf-8" if path == INDEX else None
        return web.Response(body=body, content_type=kind, charset=charset, headers=_HEADERS)

    def _path(self, request: web.Request) -> str | None:
        """What is asked for, by whoever may ask (rule 1)."""
        said = request.headers
        if said.getall("Host", []) != [self._host]:
            return None
        if said.get("Origin", f"http://{self._host}") != f"http://{self._host}":
            return None
        if said.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return None
        token, _, path = request.raw_path.removeprefix("/").partition("/")
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return None
        return INDEX if path in ("r/", INDEX) else path

    async def _file(self, path: str) -> bytes | None:
        kind = kind_of(path)
        if path == INDEX:
            return self._index
        if kind is Kind.PIECE:
            name = path[-64:]
            return self._pieces.get(name) or await self._piece(name)
        if kind in (Kind.METADATA, Kind.STATEMENT):
            await self._refresh()
            return self._metadata.get(path)
        return None

    async def _piece(self, name: str) -> bytes | None:
        try:
            return (await self._session.fetcher.get([name], Part.CLUSTERS))[name]
        except MirrorError:
            return None

    async def _refresh(self) -> None:
        """Rule 3. What cannot be had now leaves what was verified before."""
        now = asyncio.get_running_loop().time()
        async with self._refreshing:
            if self._taken is not None and now - self._taken < _STALE_SECONDS:
                return
            session = self._session
            try:
                if self._taken is not None:
                    await session.refresh()
                mirrors = Mirrors(session.mirrors, session.transport, session.ledger)
                held = self._metadata.get
                roots = await fetch_roots(session.first_root, session.verified, held, mirrors)
                self._metadata = metadata_files(session.verified, roots, [session.channel])
            except MirrorError:
                pass  # the page is told how old its news is by what it verifies itself
            self._taken = now


def _page(session: ReaderSession, name: str, language: str) -> tuple[bytes, Mapping[str, bytes]]:
    channel = program.Channel(session.channel, language, name)
    facts = program.Facts(sha256(session.first_root).hexdigest(), name, (channel,))
    sealed = sealed_program(facts)
    if sealed is None:
        raise StorageError("This installation lacks the browser's reader.", code="page-missing")
    made, pieces = sealed
    listed = parcel.parse_list(made.head, pieces[made.head], MAX_PROGRAM)
    files = program.decode(edition.unseal(listed, pieces.__getitem__))
    files = program.with_page(files, lambda part: edition.unseal(part, pieces.__getitem__))
    return program.index_page(files, listed, "loopback"), pieces
