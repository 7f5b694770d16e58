"""nginx and Caddy as an operator runs them: the configurations in ``deploy``, changed as its comments say."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pytest

from helpers.serving import DEADLINE
from mirror.model import Endpoint
from mirror.node.config import Address

DEPLOY = Path(__file__).parents[2] / "deploy"
TREE = "/var/lib/mirror/tree"  # as the configurations name it
NAMES = ("nginx", "Caddy")
Change = Callable[[str], str]


@dataclass
class Shipped:
    """A running server; everything that it was given or writes lies in ``folder``."""

    address: Address
    folder: Path
    process: "subprocess.Popen[bytes]"
    scheme: str

    @property
    def endpoint(self) -> Endpoint:
        """Where the client asks."""
        return Endpoint("mirror 1", f"{self.scheme}://{self.address}/")

    def kept(self) -> bytes:
        """Stop it; all that it wrote, into its folder and any file that its processes held open."""
        outside = set(self._open_files())
        self.process.terminate()
        self.process.wait(DEADLINE)
        paths = outside | {path for path in self.folder.rglob("*") if path.is_file()}
        paths.remove(self.folder / "config")
        return b"\n".join(str(path).encode() + b"\n" + path.read_bytes() for path in sorted(paths))

    def _open_files(self) -> Iterator[Path]:
        for status in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                # After the name in parentheses: state, parent, group.
                group = int(status.read_text().rpartition(")")[2].split()[2])
                if group != self.process.pid:
                    continue
                for link in (status.parent / "fd").iterdir():
                    path = Path(os.readlink(link))
                    flags = re.search(r"flags:\s*(\d+)", (status.parent / "fdinfo" / link.name).read_text())
                    assert flags is not None
                    if int(flags[1], 8) & os.O_ACCMODE != os.O_RDONLY and path.is_file():
                        yield path


def find(name: str) -> str:
    """The program; the test is skipped where it is not installed (in CI that fails)."""
    found = shutil.which(name.lower(), path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def with_options(text: str) -> str:
    """The configuration ``text`` with its options on: lines such as ``#listen`` are, prose has a space."""
    return re.sub(r"(?m)^(\s*)#(?=[A-Za-z\[])", r"\1", text)


@contextmanager
def shipped(name: str, tree: Path, change: Change | None = None, scheme: str = "http") -> Iterator[Shipped]:
    """Run ``name`` from its file in ``deploy``, over ``tree``, on a free port of loopback.

    The place of the tree and the port are put in; ``change`` does what a test wants to be otherwise.
    """
    with TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)  # nginx's workers are another user when we are root
        for _ in range(3):
            port = _free_port()
            _configure(name, folder, tree, port, change)
            with _running(name, folder, port, scheme) as server:
                if _is_up(server):
                    yield server
                    return
                assert b"in use" in (said := server.kept()), said.decode()
        raise AssertionError("every port was taken")


def _configure(name: str, folder: Path, tree: Path, port: int, change: Change | None) -> None:
    text = (DEPLOY / {"nginx": "nginx.conf", "Caddy": "Caddyfile"}[name]).read_text()
    assert TREE in text
    text = (change or str)(text).replace(TREE, str(tree))
    if name == "nginx":
        text, count = re.subn(r"(?m)^ +listen (?:80|443)(?= )", f"listen 127.0.0.1:{port}", text)
        if os.geteuid():  # else it may not make the folders that its package named
            kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
            own = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
            text = text.replace("http {\n", "http {\n" + own)
    else:
        text, count = re.subn(r"(?m)^:80 \{$", f":{port} {{\n\tbind 127.0.0.1", text)
    assert count == 1
    (folder / "config").write_text(text)


@contextmanager
def _running(name: str, folder: Path, port: int, scheme: str) -> Iterator[Shipped]:
    config = str(folder / "config")
    arguments = {
        "nginx": ["-e", "stderr", "-p", f"{folder}/", "-c", config, "-g", f"daemon off; pid {folder}/pid;"],
        "Caddy": ["run", "--config", config, "--adapter", "caddyfile"],
    }[name]
    home = folder / "home"
    home.mkdir(exist_ok=True)
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [find(name), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            env={"HOME": str(home), "PATH": os.environ.get("PATH", "")},
            start_new_session=True,
        )
    try:
        yield Shipped(Address("127.0.0.1", port), folder, process, scheme)
    finally:
        process.terminate()
        try:
            process.wait(DEADLINE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _is_up(server: Shipped) -> bool:
    """True once it takes connections; False when it ended instead."""
    until = monotonic() + DEADLINE
    while monotonic() < until:
        if server.process.poll() is not None:
            return False
        with suppress(OSError):
            socket.create_connection((server.address.host, server.address.port), DEADLINE).close()
            return True
        sleep(0.01)
    raise AssertionError("it does not listen")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
