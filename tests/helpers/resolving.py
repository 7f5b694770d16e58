"""A resolver of names over HTTPS, on loopback and with a certificate for its address."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import dns.message
import dns.rcode
import dns.rrset
from aiohttp import web

from helpers.tls import Hosts

TYPE = "application/dns-message"


@dataclass
class Asked:
    """One question as it came in."""

    method: str
    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    peer: tuple[str, int]

    @property
    def name(self) -> str:
        """The name and the type it asks for, such as ``news.example A``."""
        question = dns.message.from_wire(self.body).question[0]
        return f"{question.name.to_text(omit_final_dot=True)} {question.rdtype.name}"


@dataclass
class Resolving:
    """A running resolver: its address, and what it was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def address(self) -> str:
        """For ``HttpsResolver``."""
        return f"https://127.0.0.1:{self.port}/dns-query"

    @property
    def names(self) -> set[str]:
        """Everything that was asked for."""
        return {each.name for each in self.asked}


# What to answer to the question in some bytes: a DNS message, or a whole HTTP response.
Answer = Callable[[bytes], bytes | web.Response]


@asynccontextmanager
async def resolving(hosts: Hosts, answer: Answer, host: str = "127.0.0.1") -> AsyncIterator[Resolving]:
    """Answers every question with what ``answer`` makes of it."""
    running = Resolving()

    async def serve(request: web.Request) -> web.Response:
        assert request.transport is not None
        peer = request.transport.get_extra_info("peername")
        body = await request.read()
        running.asked.append(
            Asked(request.method, request.path_qs, tuple(request.raw_headers), body, (peer[0], peer[1]))
        )
        made = answer(body)
        return made if isinstance(made, web.Response) else web.Response(body=made, content_type=TYPE)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=hosts.server(host)).start()
        running.port = runner.addresses[0][1]
        yield running
    finally:
        await runner.cleanup()


def saying(
    *records: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    change: Callable[[dns.message.Message], None] | None = None,
) -> Callable[[bytes], bytes]:
    """Answers with those of ``records`` (lines of a zone file) that the question's type calls for.

    ``QNAME`` in a record is the name that was asked for; ``change`` may spoil the message.
    """

    def answer(data: bytes) -> bytes:
        query = dns.message.from_wire(data)
        name, kind = query.question[0].name.to_text(), query.question[0].rdtype.name
        made = dns.message.make_response(query)
        made.set_rcode(rcode)
        for record in records:
            owner, seconds, _, each, value = record.replace("QNAME", name).split(" ", 4)
            if each in {kind, "CNAME"}:
                made.answer.append(dns.rrset.from_text(owner, int(seconds), "IN", each, value))
        if change is not None:
            change(made)
        return made.to_wire(max_size=65_535)

    return answer
