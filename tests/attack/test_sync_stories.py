"""Whoever runs the mirrors that a node syncs from, and whoever pulls its plug."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.faults import Crash, disk
from helpers.memory import MemoryTransport
from helpers.publication import Press, article, withdrawn
from helpers.servers import honest, raw, tree_of
from helpers.serving import serving
from helpers.syncing import At, Place, place, press
from mirror.bundle.piece import path_of
from mirror.client.edition import RemoteEdition, fetch_notices, wanted
from mirror.client.fetch import MemoryHoldings, Pieces
from mirror.client.lines import Lines
from mirror.client.refresh import refresh
from mirror.client.report import Ledger, Verdict
from mirror.errors import UnreachableError
from mirror.model import Endpoint, State
from mirror.net.anyhow import AnyTransport
from mirror.node.config import Sync
from mirror.node.sync import SyncReport, sync
from mirror.trust.session import MetadataSession


def flipped(path: str, data: bytes) -> bytes:
    """A piece with one bit turned."""
    return data[:-1] + bytes([data[-1] ^ 1]) if path.startswith("p/") else data


def block_page(_path: str, _data: bytes) -> bytes:
    """What a filter answers, whatever was asked."""
    return b"<html>This site is blocked.</html>"


def is_whole(node: Place, made: Press) -> int:
    """The number of the edition that a stranger reads out of the node's tree, every byte verified."""
    transport = MemoryTransport({"node": node.files()})
    ledger = Ledger(["node"])

    async def read() -> int:
        session = MetadataSession(
            made.newcomer(), ["node"], now=made.room.now, wanted=wanted("ru"), head="ru"
        )
        lines = Lines(transport.mirrors, transport)
        verified = await refresh(session, lines, ledger, everyone=True)
        fetcher = Pieces(transport.mirrors, transport, MemoryHoldings(), ledger, lines)
        await fetch_notices(verified, fetcher)
        remote = await RemoteEdition.open(verified, "ru", fetcher)
        opened = await remote.everything()
        await remote.images(opened.articles().values())
        return opened.manifest.number

    number = asyncio.run(read())
    assert [mirror.evidence for mirror in ledger.report()] == [()]
    return number


def test_one_honest_mirror_among_liars_is_enough(tmp_path: Path) -> None:
    """A tampering, a stale, a dead, a garbling and an honest one; real sockets."""
    made = press()
    old = dict(made.tree)
    node = place(tmp_path, made)
    node.sync(made)
    made.later().release("ru", [article(100), article(101)])
    upstream = made.write_to(tmp_path / "upstream")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        dead = Endpoint("dead", f"http://127.0.0.1:{nobody.getsockname()[1]}/")

    async def story() -> SyncReport:
        async with AsyncExitStack() as stack:
            liar = await stack.enter_async_context(raw(tree_of(made.tree, flipped), "tampering"))
            stale = await stack.enter_async_context(honest(old, "stale"))
            pages = await stack.enter_async_context(raw(tree_of(made.tree, block_page), "garbling"))
            server = await stack.enter_async_context(serving(upstream))
            good = Endpoint("honest", f"http://{server.addresses[0]}/")
            transport = await stack.enter_async_context(AnyTransport())
            mirrors = (liar.endpoint, stale, dead, pages.endpoint, good)
            settings = Sync(node.folder / "root.json", mirrors, ("ru",))
            return await sync(node.tree, settings, transport, At(made.room.now))

    done = asyncio.run(story())
    assert done.editions == {"ru": 2}
    assert {mirror.name: mirror.verdict for mirror in done.mirrors} == {
        "tampering": Verdict.LIED,
        "stale": Verdict.BEHIND,
        "dead": Verdict.FAILED,
        "garbling": Verdict.LIED,
        "honest": Verdict.GOOD,
    }
    assert is_whole(node, made) == 2
    assert all(made.tree[path] == data for path, data in node.files().items())


def test_a_rollback_is_not_taken(tmp_path: Path) -> None:
    made = press()
    old = dict(made.tree)
    node = place(tmp_path, made)
    made.later().release("ru", [article(100)])
    node.sync(made)
    assert is_whole(node, made) == 2
    before = node.files()
    done = node.sync({"old": old}, now=made.room.now)
    assert done.editions == {"ru": 2}
    assert not done.is_changed
    assert node.files() == before
    assert done.mirrors[0].verdict is Verdict.BEHIND
    assert is_whole(node, made) == 2


def test_editions_are_not_mixed(tmp_path: Path) -> None:
    """One mirror has the new metadata without pieces, the other the old edition: the old one stays."""
    made = press()
    node = place(tmp_path, made)
    node.sync(made)
    old = dict(made.tree)
    made.later().release("ru", [article(100)])
    bare = {path: data for path, data in made.tree.items() if not path.startswith("p/")}
    with pytest.raises(UnreachableError):
        node.sync({"bare": bare, "old": old}, now=made.room.now)
    assert is_whole(node, made) == 1


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_crash_in_the_middle_of_a_sync(tmp_path: Path, is_removed: bool) -> None:
    """Every write of a commit is tried in test_tree; here a sample of those of a whole sync."""
    made = press(4)
    base = place(tmp_path, made)
    base.sync(made)
    made.later()
    gone = withdrawn(article(2), "for harm", made.room.now, State.REMOVED)
    made.release("ru", [gone if is_removed else article(100)])
    told = set(map(path_of, made.packed["ru"].purged)) if is_removed else set()
    assert bool(told & base.files().keys()) is is_removed

    def copy(name: str) -> Place:
        shutil.copytree(base.folder, tmp_path / name)
        return replace(base, folder=tmp_path / name)

    trial = copy("trial")
    with disk() as counted:
        trial.sync(made)
    stands = []
    for at in range(2, len(counted.names) - 4, 13):
        node = copy(str(at))
        with pytest.raises((Crash, BaseExceptionGroup)), disk(at):
            node.sync(made)
        stands.append(is_whole(node, made))
        node.sync(made)
        assert is_whole(node, made) == 2
        assert not told & node.files().keys()
        assert list((node.tree.private / "new").iterdir()) == []
    assert stands == sorted(stands)
    assert set(stands) == {1, 2}


SYNC = """
import sys
from helpers.faults import Kill, disk
from mirror.cli import main
with disk(int(sys.argv[1]), Kill):
    sys.exit(main(["node", "sync", *sys.argv[2:]]))
"""


def test_kill_9_in_the_middle_of_a_real_sync(tmp_path: Path) -> None:
    made = press(4)
    node = place(tmp_path, made)
    node.sync(made)
    made.later().release("ru", [article(100)])
    upstream = made.write_to(tmp_path / "upstream")
    arguments = ["--tree", str(node.tree.folder), "--root", str(node.folder / "root.json")]
    arguments += ["--channel", "ru", "--mirror", upstream.as_uri()]

    def run(at: int) -> int:
        done = subprocess.run(
            [sys.executable, "-c", SYNC, str(at), *arguments],
            capture_output=True,
            check=False,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        return done.returncode

    for at in (9, 30):
        assert run(at) == -signal.SIGKILL
        assert is_whole(node, made) == 1
    assert run(0) == 0
    assert is_whole(node, made) == 2
