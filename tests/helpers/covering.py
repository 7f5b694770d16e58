"""nginx as Debian's package configures it, over a small site, to compare a node's cover site with."""

import asyncio
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

from helpers.serving import DEADLINE
from helpers.shipped import find
from mirror.node.config import Address

# Debian's nginx.conf and its default site, without what is commented out there, and without logs.
CONFIG = """
daemon off; pid {folder}/pid; error_log /dev/null emerg; worker_processes 1;
events {{ worker_connections 768; }}
http {{
    sendfile on; tcp_nopush on; types_hash_max_size 2048;
    include /etc/nginx/mime.types; default_type application/octet-stream;
    access_log off; gzip on; {more}
    {temporary}
    server {{
        listen 127.0.0.1:{port} default_server; {tls}
        root {site}; index index.html index.htm index.nginx-debian.html; server_name _;
        location / {{ try_files $uri $uri/ =404; }}
    }}
}}
"""
FILES = {
    "index.html": b"<!DOCTYPE html>\n<title>Bees</title>\n<p>On keeping bees in small gardens.\n" * 9,
    "about/index.html": b"<!DOCTYPE html>\n<title>About</title>\n",
    "long.html": b"".join(b"<p>Line %d of a longer text, %d.\n" % (n, n * n % 977) for n in range(700)),
    "empty.html": b"",
    "short.htm": b"<p>short",
    "style.css": b"body { margin: 1em }\n",
    "bees.jpg": bytes(range(256)) * 40,
    "notes.txt": b"0123456789",
    "data.unknown": b"?",
    "no-ending": b"x",
    "a b.txt": b"space",
    "pic/one.png": b"\x89PNG",
    "caf\u00e9.html": b"<p>A name beyond ASCII, in UTF-8",
    "UPPER.HTML": b"<p>Upper case names are other names.",
}
INSTANT = 1_700_000_000


def site(folder: Path) -> Path:
    """A small site below ``folder``, with instants that do not depend on when it was made."""
    for name, data in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (INSTANT, INSTANT))
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


@contextmanager
def nginx(folder: Path, more: str = "server_tokens off;", tls: str = "") -> Iterator[Address]:
    """nginx over the site in ``folder``, on a free port; ``more`` and ``tls`` are lines of its own."""
    program = find("nginx")
    with TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        for _ in range(3):
            with socket.create_server(("127.0.0.1", 0)) as taken:
                port = taken.getsockname()[1]
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            temporary = "".join(f"{kind}_temp_path {place}/{kind};" for kind in kinds)
            text = CONFIG.format(
                folder=place, port=port, site=folder, more=more, tls=tls, temporary=temporary
            )
            if tls:
                text = text.replace("default_server;", "ssl default_server;")
            (Path(place) / "config").write_text(text)
            process = subprocess.Popen(
                [program, "-e", "stderr", "-p", f"{place}/", "-c", f"{place}/config"],
                stdin=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            try:
                if _is_up(process, port):
                    yield Address("127.0.0.1", port)
                    return
            finally:
                process.terminate()
                process.wait(DEADLINE)
                assert process.stderr is not None
                said = process.stderr.read()
                process.stderr.close()
            assert b"in use" in said, said.decode()
        raise AssertionError("every port was taken")


def _is_up(process: "subprocess.Popen[bytes]", port: int) -> bool:
    until = monotonic() + DEADLINE
    while monotonic() < until and process.poll() is None:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), DEADLINE).close()
            return True
        sleep(0.01)
    return False


async def speak(address: Address, *parts: bytes, is_over: bool = True) -> bytes:
    """All that comes back for ``parts``, sent one after the other as answers come.

    ``is_over``: the own side is closed then; else the last request has to ask for an end.
    """
    reader, writer = await asyncio.open_connection(address.host, address.port)
    got = bytearray()
    try:
        async with asyncio.timeout(DEADLINE):
            for number, part in enumerate(parts):
                if number:
                    got += await reader.read(1 << 16)
                writer.write(part)
            if is_over:
                with suppress(OSError):  # the server was quicker, and is gone
                    writer.write_eof()
            while chunk := await reader.read(1 << 16):
                got += chunk
    except ConnectionError:
        pass
    finally:
        writer.transport.abort()
    return bytes(got)


def shown(answer: bytes, address: Address) -> bytes:
    """``answer`` without what must differ: the instant, the port, and a number that counts up."""
    heads = re.findall(rb"HTTP/1\.1 (?!100)[0-9]{3} ", answer)
    assert len(re.findall(rb"\r\nDate: ", answer)) == len(heads)
    answer = re.sub(rb"(?m)^Date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$", b"Date: *\r", answer)
    answer = re.sub(rb"\b[0-9]{20}\b", b"*", answer)
    return answer.replace(b":%d/" % address.port, b":*/")
