"""What the cover site answers: status, head and body as nginx gives them for a folder of files.

Rules:

1. The configuration that is followed is Debian's own: ``try_files $uri $uri/ =404``, ``gzip on`` for
   pages, tags, instants, ranges and conditions as by default.
2. Fields come in nginx's order: those of its own, then those that a step of the work added.
3. Nothing is read, and nothing waited for: every answer is made of what is in memory.

Source: nginx 1.22 as packaged by Debian 12, with which ``tests/live`` compares, byte for byte.
"""

import re
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from mirror.node.cover.conditions import is_unchanged, may_range, precondition_fails, ranges, takes_gzip
from mirror.node.cover.head import ELEVEN, TEN, TOO_LONG, Head, number
from mirror.node.cover.site import HTML, File, Site, packed

PLAIN_TO_TLS: Final = 497
_MAX_BODY: Final = 1 << 20  # client_max_body_size
_PADDING: Final = b"<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n" * 6
_REASONS: Final = {
    200: b"OK", 206: b"Partial Content", 301: b"Moved Permanently", 304: b"Not Modified",
    400: b"Bad Request", 403: b"Forbidden", 404: b"Not Found", 405: b"Not Allowed",
    412: b"Precondition Failed", 413: b"Request Entity Too Large", 414: b"Request-URI Too Large",
    416: b"Requested Range Not Satisfiable", 500: b"Internal Server Error", 501: b"Not Implemented",
    503: b"Service Temporarily Unavailable", 505: b"HTTP Version Not Supported",
}  # fmt: skip
# Said as 400, with a line of their own.
_SAID: Final = {
    TOO_LONG: b"Request Header Or Cookie Too Large",
    PLAIN_TO_TLS: b"The plain HTTP request was sent to HTTPS port",
}
# After these a connection is not kept.
_ENDING: Final = frozenset({400, 413, 414, 500, 501, TOO_LONG, PLAIN_TO_TLS})
_GO_ON: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_CHUNK: Final = b"%x\r\n%b\r\n0\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection came in: what a redirection names when the request named no host."""

    host: bytes = b"localhost"
    port: int = 80
    is_tls: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """The bytes of an answer; ``keeps``: the connection stays. ``is_cut``: it ends though it was said
    to stay, as nginx does after 412.
    """

    head: bytes
    body: bytes
    keeps: bool
    is_cut: bool = False


class Cover:
    """Answers for ``site`` under the name ``server``, such as ``nginx`` or ``nginx/1.22.1``."""

    def __init__(self, site: Site, server: str) -> None:
        self.site = site
        self._server = server.encode("ascii")
        self._boundary = count(1)

    def answer(self, head: Head, date: bytes, place: Place, *, may_keep: bool = True) -> Reply:
        """The answer to ``head`` at ``date`` (as HTTP writes it); ``may_keep``: it is not the last."""
        return _Answering(self, head, date, place, may_keep=may_keep).reply()

    def given(self, lines: bytes, body: bytes, date: bytes, *, keeps: bool) -> Reply:
        """An answer of 200 that is not the site's, with fields from ``lines``."""
        connection = b"keep-alive" if keeps else b"close"
        head = b"%b%bConnection: %b\r\n\r\n" % (self.start(200, date), lines, connection)
        return Reply(head, body, keeps=keeps)

    def refusal(self, head: Head, date: bytes, status: int, *, may_keep: bool = False) -> Reply:
        """The site's own page for ``status``."""
        return _Answering(self, head, date, Place(), may_keep=may_keep).special(status)

    def page(self, status: int, *, is_padded: bool) -> bytes:
        """The text that says ``status``."""
        shown = b"%d %b" % (400, _REASONS[400]) if status in _SAID else b"%d %b" % (status, _REASONS[status])
        title = b"400 " + _SAID[status] if status in _SAID else shown
        more = b"<center>%b</center>\r\n" % _SAID[status] if status in _SAID else b""
        return (
            b"<html>\r\n<head><title>%b</title></head>\r\n<body>\r\n<center><h1>%b</h1></center>\r\n%b"
            b"<hr><center>%b</center>\r\n</body>\r\n</html>\r\n%b"
        ) % (title, shown, more, self._server, _PADDING if is_padded else b"")

    def boundary(self) -> bytes:
        """What parts of a file are set apart with."""
        return b"%020d" % next(self._boundary)

    def start(self, status: int, date: bytes) -> bytes:
        """The first three lines."""
        shown = 400 if status in _SAID else status
        return b"HTTP/1.1 %d %b\r\nServer: %b\r\nDate: %b\r\n" % (shown, _REASONS[shown], self._server, date)


class _Answering:
    def __init__(self, cover: Cover, head: Head, date: bytes, place: Place, *, may_keep: bool) -> None:
        self._cover = cover
        self._head = head
        self._date = date
        self._place = place
        self._keeps = may_keep and head.asks_to_keep and not self._is_old_browser_posting()

    def reply(self) -> Reply:
        head, site = self._head, self._cover.site
        if head.fault:
            return self.special(head.fault)
        if (number(head.fields.get(b"content-length", b"0")) or 0) > _MAX_BODY:
            return self.special(413)
        is_known = head.method in {b"GET", b"HEAD", b"POST"}
        file = site.files.get(head.path)
        if file is None and head.path in site.folders:
            if not is_known:
                return self.special(405)
            file = site.index(head.path)
            if file is None:
                return self.special(403)
        elif file is None and head.path + b"/" in site.folders:
            return self._moved() if is_known else self.special(405)
        if file is None:
            return self.special(404)
        if not is_known or head.method == b"POST":
            return self.special(405)
        return self._file(file)

    # --- kinds of answers -----------------------------------------------------------------------

    def _file(self, file: File) -> Reply:
        if self._head.is_body_broken:
            return self.special(400)
        made = self._conditional(file)
        expected = self._head.fields.get(b"expect", b"").lower() == b"100-continue"
        if not expected or self._head.version < ELEVEN:
            return made
        return replace(made, head=_GO_ON + made.head)

    def _conditional(self, file: File) -> Reply:
        fields = self._head.fields
        if precondition_fails(fields, file):
            reply = self.special(412)
            return replace(reply, is_cut=True)
        tag = b"ETag: %b\r\n" % file.tag
        if is_unchanged(fields, file):
            return self.made(304, None, modified=file.instant, more=tag)
        if file.packed is not None and self._takes_gzip():
            more = b"ETag: W/%b\r\nContent-Encoding: gzip\r\n" % file.tag
            return self._packed(200, file.packed, modified=file.instant, more=more)
        size = len(file.body)
        wanted = ranges(fields, size) if self._head.version >= TEN and may_range(fields, file) else None
        if wanted == []:
            return self.special(416, more=b"Content-Range: bytes */%d\r\n" % size)
        if not wanted:
            more = tag + (b"Accept-Ranges: bytes\r\n" if self._head.version >= TEN else b"")
            return self.made(200, file.body, file.media_type, modified=file.instant, more=more)
        if len(wanted) == 1:
            start, end = wanted[0]
            more = tag + b"Content-Range: bytes %d-%d/%d\r\n" % (start, end - 1, size)
            return self.made(206, file.body[start:end], file.media_type, modified=file.instant, more=more)
        return self._parts(file, wanted, tag)

    def _parts(self, file: File, wanted: list[tuple[int, int]], tag: bytes) -> Reply:
        boundary, size = self._cover.boundary(), len(file.body)
        body = b"".join(
            b"\r\n--%b\r\nContent-Type: %b\r\nContent-Range: bytes %d-%d/%d\r\n\r\n%b"
            % (boundary, file.media_type, start, end - 1, size, file.body[start:end])
            for start, end in wanted
        )
        body += b"\r\n--%b--\r\n" % boundary
        media_type = b"multipart/byteranges; boundary=" + boundary
        return self.made(206, body, media_type, modified=file.instant, more=tag)

    def _moved(self) -> Reply:
        head, place = self._head, self._place
        scheme, usual = (b"https", 443) if place.is_tls else (b"http", 80)
        port = b"" if place.port == usual else b":%d" % place.port
        arguments = b"?" + head.arguments if head.arguments else b""
        where = b"%b://%b%b%b/%b" % (scheme, head.host or place.host, port, head.path, arguments)
        return self.special(301, location=b"Location: %b\r\n" % where)

    def special(self, status: int, *, location: bytes = b"", more: bytes = b"") -> Reply:
        if status in _ENDING:
            self._keeps = False
        agent = self._head.fields.get(b"user-agent", b"")
        body = self._cover.page(status, is_padded=status >= 400 and _is_padded_for(agent, self._head))
        if status in {403, 404} and self._takes_gzip():
            whole = packed(body)
            assert whole is not None
            return self._packed(status, whole, more=b"Content-Encoding: gzip\r\n")
        return self.made(status, body, HTML, location=location, more=more)

    # --- bytes ----------------------------------------------------------------------------------

    def _packed(self, status: int, whole: bytes, *, modified: bytes = b"", more: bytes) -> Reply:
        chunked = b"Transfer-Encoding: chunked\r\n"
        made = self.made(status, None, HTML, modified=modified, location=chunked, more=more)
        return Reply(made.head, _CHUNK % (len(whole), whole), keeps=made.keeps)

    def made(
        self,
        status: int,
        body: bytes | None,
        media_type: bytes = b"",
        *,
        modified: bytes = b"",
        location: bytes = b"",
        more: bytes = b"",
    ) -> Reply:
        body_bytes = body or b""
        if self._head.version < TEN:
            return Reply(b"", body_bytes, keeps=False)
        lines = [self._cover.start(status, self._date)]
        if media_type:
            lines.append(b"Content-Type: %b\r\n" % media_type)
        if body is not None:
            lines.append(b"Content-Length: %d\r\n" % len(body))
        if modified:
            lines.append(b"Last-Modified: %b\r\n" % modified)
        connection = b"keep-alive" if self._keeps else b"close"
        lines += [location, b"Connection: %b\r\n" % connection, more, b"\r\n"]
        is_bare = self._head.method == b"HEAD"
        return Reply(b"".join(lines), b"" if is_bare else body_bytes, keeps=self._keeps)

    def _takes_gzip(self) -> bool:
        return takes_gzip(self._head)

    def _is_old_browser_posting(self) -> bool:
        """keepalive_disable msie6."""
        if self._head.method != b"POST":
            return False
        agent = self._head.fields.get(b"user-agent", b"")
        found = re.search(rb"MSIE (?:[45]\.|6\.(?!.*SV1))", agent)
        return found is not None and found.end() < len(agent) and b"Opera" not in agent


def _is_padded_for(agent: bytes, head: Head) -> bool:
    """Whether nginx makes an error page longer for this browser."""
    if head.version < TEN or not agent:
        return False
    place = agent.find(b"MSIE ")
    if b"Opera" in agent:
        return False
    if 0 <= place < len(agent) - 7:
        return True
    return b"Gecko/" not in agent and b"Chrome/" in agent
