"""Through microsocks, a SOCKS5 server that others wrote."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from helpers import servers
from helpers.tornet import free_ports
from mirror.errors import EndpointError
from mirror.model import Endpoint
from mirror.net.anyhow import AnyTransport
from mirror.net.socks import Trouble
from mirror.net.ways import Proxy, Ways

MICROSOCKS = shutil.which("microsocks")
BODY = b"what the mirror holds"
PATH = "p/aa/bb"
STARTS = 10.0  # seconds at most
ANNA = ("-u", "anna", "-P", "word")
pytestmark = pytest.mark.skipif(not MICROSOCKS, reason="microsocks is not installed")


@contextmanager
def microsocks(*options: str) -> Iterator[int]:
    """A running server; its port."""
    [port] = free_ports(1)
    assert MICROSOCKS is not None
    command = [MICROSOCKS, "-i", "127.0.0.1", "-p", str(port), *options]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:  # it tells of every client
        try:
            deadline = time.monotonic() + STARTS
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert process.poll() is None
                    assert time.monotonic() < deadline
            yield port
        finally:
            process.kill()


def ask(proxy: Proxy, *, host: str = "localhost") -> tuple[bytes | str, Trouble | None]:
    """What a mirror called ``localhost`` gives through ``proxy``; and the proxy's trouble."""

    async def story() -> tuple[bytes | str, Trouble | None]:
        async with servers.honest({PATH: BODY}) as mirror, AnyTransport(Ways(proxy)) as transport:
            endpoint = Endpoint("mirror 1", mirror.url.replace("127.0.0.1", host))
            try:
                got: bytes | str = await transport.get(endpoint, PATH, limit=64)
            except EndpointError as error:
                got = error.code
            assert transport.trouble is None or isinstance(transport.trouble, Trouble)
            return got, transport.trouble

    return asyncio.run(story())


def test_one_that_lets_everybody_in() -> None:
    with microsocks() as port:
        assert ask(Proxy("127.0.0.1", port)) == (BODY, None)


def test_one_that_wants_a_password() -> None:
    with microsocks(*ANNA) as port:
        assert ask(Proxy("127.0.0.1", port, "anna", "word")) == (BODY, None)
        assert ask(Proxy("127.0.0.1", port, "anna", "else")) == ("unreachable", Trouble.REFUSED)
        assert ask(Proxy("127.0.0.1", port)) == ("unreachable", Trouble.REFUSED)


def test_what_it_cannot_reach_is_the_mirror_s_failure() -> None:
    with microsocks() as port:
        assert ask(Proxy("127.0.0.1", port), host="name.invalid") == ("unreachable", None)
