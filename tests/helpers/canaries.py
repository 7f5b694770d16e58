"""A reader who can be told apart by everything: a marker in each thing that a server might write down."""

import asyncio
import ssl
from contextlib import suppress

import aiohttp

from mirror.bundle.piece import name_of, path_of

PIECE = bytes(range(256)) * 40
PATH = path_of(name_of(PIECE))
FILES = {PATH: PIECE, "m/timestamp.json": b"statement"}
ADDRESS = "127.0.0.77"  # all of 127/8 is this machine's; nothing else here has this address
CANARIES = {
    "address": ADDRESS,
    "forwarded": "203.0.113.77",
    "agent": "canary-agent",
    "referer": "canary-referer",
    "cookie": "canary-cookie",
    "query": "canary-query",
    "path": "canary-path",
    "piece": name_of(PIECE),
    "language": "canary-language",
    "authorization": "canary-authorization",
    "host": "canary-host",
    "sni": "canary-sni",
    "malformed": "canary-malformed",
    "body": "canary-body",
}
HEADERS = {
    "X-Forwarded-For": CANARIES["forwarded"],
    "Forwarded": f"for={CANARIES['forwarded']}",
    "X-Real-IP": CANARIES["forwarded"],
    "User-Agent": CANARIES["agent"],
    "Referer": f"https://{CANARIES['referer']}.example/",
    "Cookie": f"session={CANARIES['cookie']}",
    "Accept-Language": CANARIES["language"],
    "Authorization": f"Bearer {CANARIES['authorization']}",
    "Host": f"{CANARIES['host']}.example",
}
# Requests that libraries complain about, with what they complain of.
MALFORMED = (
    b"canary-malformed\r\n\r\n",
    b"GET /canary-path HTTP/1.1\r\ncanary-malformed\r\n\r\n",
    b"GET /canary-path HTTP/1.1\r\nX: canary-malformed\x00\r\n\r\n",
    b"GET /canary-path HTTP/9.9\r\nX: canary-malformed\r\n\r\n",
    b"GET /" + b"canary-malformed" * 2_000 + b" HTTP/1.1\r\n\r\n",
    b"POST /canary-path HTTP/1.1\r\nContent-Length: 99\r\n\r\ncanary-body",
    b"GET /canary-path HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\ncanary-malformed\r\n",
    b"GET /canary-path HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: canary-malformed\r\n\r\ncanary-body",
)


async def visit(port: int, tls: ssl.SSLContext | None) -> dict[str, str]:
    """Be a reader who can be told apart by everything; the headers of the last good answer."""
    scheme = "https" if tls else "http"
    base = f"{scheme}://127.0.0.1:{port}"
    headers: dict[str, str] = {}
    connector = aiohttp.TCPConnector(local_addr=(ADDRESS, 0), ssl=tls or False)
    async with aiohttp.ClientSession(connector=connector, headers=HEADERS) as session:
        for path in (
            f"/{PATH}",
            f"/{PATH}?q={CANARIES['query']}",
            f"/{CANARIES['path']}",
            "/m/timestamp.json",
        ):
            for method in ("GET", "HEAD", "POST", "OPTIONS"):
                name = f"{CANARIES['sni']}.example" if tls else None
                async with session.request(method, base + path, server_hostname=name) as reply:
                    await reply.read()
                    headers = dict(reply.headers)
    for request in MALFORMED:
        name = f"{CANARIES['sni']}.example" if tls else None
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, local_addr=(ADDRESS, 0), ssl=tls, server_hostname=name
        )
        writer.write(request)
        try:
            if writer.can_write_eof():
                writer.write_eof()
            async with asyncio.timeout(1):
                await reader.read()
        except (TimeoutError, OSError):  # it may have answered and gone before we were done
            writer.transport.abort()
        writer.close()
    # Leave in the middle of an answer, and in the middle of a handshake.
    for data in (
        f"GET /{PATH} HTTP/1.1\r\nX: canary-malformed\r\n\r\n".encode() * 50,
        b"\x16\x03\x01canary-malformed",
    ):
        _, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(ADDRESS, 0))
        writer.write(data)
        with suppress(OSError):
            await writer.drain()
        writer.transport.abort()
    return headers


def sung(everything: bytes) -> set[str]:
    """Which canaries are to be found in ``everything``, in any case."""
    lowered = everything.lower()
    return {name for name, marker in CANARIES.items() if marker.lower().encode() in lowered}
