"""One request of ``curl_cffi``, driven from asyncio: what it sets, sees, and gives back.

Of the library only what it exports is used: its handles, not its sessions, which remember cookies,
follow redirects and hold bodies of any size.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from curl_cffi import AsyncCurl, Curl, CurlHttpVersion, CurlInfo, CurlMOpt, CurlOpt, ffi, lib

from mirror.errors import EndpointError
from mirror.limits import MAX_RESPONSE_HEAD
from mirror.net import BROKEN, TOO_LONG, Stage
from mirror.net.http import check_head
from mirror.net.watching import Progress

LOOK_SECONDS: Final = 0.02  # how often a request is looked at; a tenth of the shortest round trip abroad
_TLS_SENT: Final = 6  # CURLINFO_SSL_DATA_OUT


@dataclass(frozen=True, slots=True)
class Way:
    """``url`` names whom TLS names; ``host`` is the header where that is another, or empty.

    ``connect_to`` and ``resolve`` are one line each in curl's own syntax; ``target`` is for a proxy.
    """

    url: str
    host: str
    connect_to: str
    resolve: str
    target: tuple[str, str, int]


class Request:
    """One request, its answer so far, and what the library holds for it until ``close``."""

    def __init__(self, way: Way, limit: int, progress: Progress | None) -> None:
        self.way = way
        self.curl = Curl()
        self._limit = limit
        self._progress = progress
        self._connect_to = ffi.NULL
        self._lines: list[bytes] = []
        self._head_size = 0
        self._is_answered = False
        self._body = bytearray()

    def set_up(self) -> None:
        """Set what is the same for all ways out; after ``impersonate``, whose headers it completes."""
        headers = [b"Accept-Encoding: identity"]
        if self.way.host:
            headers.append(f"Host: {self.way.host}".encode())
        self._connect_to = lib.curl_slist_append(ffi.NULL, self.way.connect_to.encode())
        options: dict[CurlOpt, Any] = {
            CurlOpt.URL: self.way.url,
            CurlOpt.CONNECT_TO: self._connect_to,
            CurlOpt.HTTPHEADER: headers,
            CurlOpt.PATH_AS_IS: 1,
            CurlOpt.NOSIGNAL: 1,
            CurlOpt.HEADERFUNCTION: self._headed,
            CurlOpt.WRITEFUNCTION: self._received,
        }
        if self.way.url.startswith("http:"):
            # Otherwise the library offers to change to HTTP/2, which no browser does without TLS.
            options[CurlOpt.HTTP_VERSION] = CurlHttpVersion.V1_1
        if self._progress is not None:
            options |= {CurlOpt.VERBOSE: 1, CurlOpt.DEBUGFUNCTION: self._heard}
        if self.way.resolve:
            options[CurlOpt.RESOLVE] = [self.way.resolve]
        for option, value in options.items():
            self.curl.setopt(option, value)

    async def perform(self, engine: AsyncCurl, read_seconds: float) -> bytes:
        """The body; raises ``CurlError`` or ``EndpointError``. Cancelled, it closes the connection."""
        clock = asyncio.get_running_loop().time
        done = engine.add_handle(self.curl)
        seen, since = self._seen(), clock()
        try:
            while not done.done():
                await asyncio.wait({done}, timeout=LOOK_SECONDS)
                self._tell()
                if (now := self._seen()) != seen:
                    seen, since = now, clock()
                elif number(self.curl, CurlInfo.PRETRANSFER_TIME_T) and clock() - since > read_seconds:
                    raise TimeoutError
            done.result()
        finally:
            if not done.done():
                engine.remove_handle(self.curl)
        return bytes(self._body)

    def close(self) -> None:
        """Give back what the library holds."""
        self.curl.close()
        if self._connect_to != ffi.NULL:
            lib.curl_slist_free_all(self._connect_to)
            self._connect_to = ffi.NULL

    def _seen(self) -> tuple[Any, ...]:
        is_ready = number(self.curl, CurlInfo.PRETRANSFER_TIME_T) > 0
        return is_ready, self._head_size, len(self._lines), len(self._body)

    def _tell(self) -> None:
        """A connection that is used again passes no stage before ``ANSWERED``."""
        if self._progress is None or not self._is_new():
            return
        self._progress.reached(Stage.NAMED)
        is_plain = self.way.url.startswith("http:")
        if number(self.curl, CurlInfo.CONNECT_TIME_T if is_plain else CurlInfo.APPCONNECT_TIME_T):
            self._progress.reached(Stage.CONNECTED)
            self._progress.reached(Stage.SECURED)

    def _heard(self, kind: int, _data: bytes) -> None:
        """The library's account of what it does; its first word of TLS needs a connection."""
        if kind == _TLS_SENT and self._progress is not None and self._is_new():
            self._progress.reached(Stage.NAMED)
            self._progress.reached(Stage.CONNECTED)

    def _is_new(self) -> bool:
        """True when the connection is not one that was there before."""
        return number(self.curl, CurlInfo.NAMELOOKUP_TIME_T) > 0

    def _headed(self, line: bytes) -> int:
        """One line of a head, also of those that only announce the real one (1xx)."""
        self._head_size += len(line)
        if self._head_size > MAX_RESPONSE_HEAD:
            raise EndpointError("The mirror's answer broke off or is not HTTP.", code=BROKEN)
        if self._is_answered:  # trailers
            return len(line)
        if line.strip():
            self._lines.append(line)
            return len(line)
        lines, self._lines = self._lines, []
        status = number(self.curl, CurlInfo.RESPONSE_CODE)
        if status >= 200:
            self._answered(status, lines)
        return len(line)

    def _answered(self, status: int, lines: list[bytes]) -> None:
        self._is_answered = True
        self._tell()
        if self._progress is not None:
            self._progress.reached(Stage.ANSWERED)
        fields = [line.partition(b":") for line in lines[1:]]
        encoded = [value.strip() for name, _, value in fields if name.lower() == b"content-encoding"]
        length = number(self.curl, CurlInfo.CONTENT_LENGTH_DOWNLOAD_T)
        encoding = b",".join(encoded).decode("latin-1")
        check_head(status, encoding, length if length >= 0 else None, self._limit)

    def _received(self, data: bytes) -> int:
        self._body += data
        if len(self._body) > self._limit:
            raise EndpointError("The file does not end where it must.", code=TOO_LONG)
        if self._progress is not None:
            self._progress.watch.received(len(self._body))
        return len(data)


def new_engine(connections: int, per_host: int) -> AsyncCurl:
    """What drives requests, with its own connections: at most so many, one request on each."""
    engine = AsyncCurl()
    engine.setopt(CurlMOpt.PIPELINING, 0)
    engine.setopt(CurlMOpt.MAXCONNECTS, connections)
    engine.setopt(CurlMOpt.MAX_TOTAL_CONNECTIONS, connections)
    engine.setopt(CurlMOpt.MAX_HOST_CONNECTIONS, per_host)
    return engine


def number(curl: Curl, info: CurlInfo) -> int:
    """What ``curl`` says of its request; times are in microseconds, 0 for not yet."""
    value = curl.getinfo(info)
    assert isinstance(value, int)
    return value
