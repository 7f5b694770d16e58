"""Through a real Tor: a reader reads an edition from one of our nodes behind an onion service."""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from helpers.publication import Press, article
from helpers.tornet import GENCERT, TOR, Network, tor_network
from mirror.model import Endpoint
from mirror.net.anyhow import AnyTransport
from mirror.net.ways import Proxy, Ways

TIMESTAMP = "m/timestamp.json"
UNREACHABLE = 6  # the exit status
SECONDS = 200  # from nothing; usually 14 to 38
TRIES = 4  # a circuit that a busy machine builds too slowly is given up; a person tries again
pytestmark = pytest.mark.skipif(not (TOR and GENCERT), reason="tor is not installed")


@asynccontextmanager
async def our_node(tree: Path) -> AsyncIterator[int]:
    """``mirror node run`` on ``tree``; its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirror", "node", "run", "--tree", str(tree), "--listen", "127.0.0.1:0"),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        yield int((await process.stdout.readline()).decode().rstrip().rstrip("/").rpartition(":")[2])
    finally:
        process.terminate()
        await process.communicate()


async def read(network: Network, root: Path, *options: str) -> tuple[int | None, str, str]:
    """``mirror reader show 1`` from the onion service: status, what it said and what it told."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "mirror", "reader", "show", "1", "--json", "--channel", "ru"),
        *("--language", "en", f"--root={root}", f"--mirror=http://{network.onion}/", *options),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    said, told = await process.communicate()
    return process.returncode, said.decode(), told.decode()


async def circuits(network: Network) -> set[str]:
    """The user names that keep the circuits to services apart in the client's tor, one for each circuit."""
    async with network.client.asking() as control:
        status = "\n".join(await control.ask("GETINFO circuit-status"))
    return set(re.findall(r'PURPOSE=HS_CLIENT_REND .*SOCKS_USERNAME="([0-9a-f]+)"', status))


def test_an_edition_is_read_through_tor(tmp_path: Path) -> None:
    press = Press().release("ru", [article(number) for number in range(5)])
    root, tree = tmp_path / "root.json", tmp_path / "tree"
    root.write_bytes(press.root)
    for path, data in press.tree.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(data)

    async def story() -> None:
        async with (
            asyncio.timeout(SECONDS),
            our_node(tree) as port,
            tor_network(tmp_path / "tor", port) as network,
        ):
            proxy = f"socks5://127.0.0.1:{network.socks}"
            status, said, told = await read(network, root, "--proxy", proxy)
            for _ in range(TRIES - 1):
                if status == UNREACHABLE:
                    status, said, told = await read(network, root, "--proxy", proxy)
            assert status == 0, told
            assert json.loads(said)["article"]["title"] == article(4).title
            assert (await read(network, root))[0] == UNREACHABLE  # and without Tor it cannot be

            # One Tor address and two ports: two hosts to us, and a circuit for each.
            before = await circuits(network)
            async with AnyTransport(Ways(Proxy("127.0.0.1", network.socks))) as transport:
                for number in (80, 81, 80, 81):
                    line = transport.line(Endpoint("mirror", f"http://{network.onion}:{number}/"))
                    assert await line.get(TIMESTAMP, limit=1 << 20) == press.tree[TIMESTAMP]
                    await line.close()
            assert len(await circuits(network) - before) == 2

    (tmp_path / "tor").mkdir()
    asyncio.run(story())
