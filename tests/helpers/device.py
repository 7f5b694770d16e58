"""An empty device, the program run on it in a process of its own, and a watch on everything it writes."""

import asyncio
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from helpers.publication import Press

SRC = Path(__file__).parents[2] / "src"


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


class Home:
    """An empty device: home, temporary and working folders, and nothing in the environment."""

    def __init__(self, folder: Path, press: Press) -> None:
        self.folder = folder
        self.press = press
        for name in ("home", "tmp", "cwd"):
            (folder / name).mkdir()
        self.environment = {
            "PYTHONPATH": str(SRC),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "tmp"),
            "XDG_CACHE_HOME": str(folder / "home" / "cache"),
            "LC_ALL": "C.UTF-8",
        }

    def state(self) -> dict[str, tuple[int, bytes]]:
        """Everything on the device."""
        return {
            str(path.relative_to(self.folder)): (
                path.lstat().st_mode,
                path.read_bytes() if path.is_file() else b"",
            )
            for path in sorted(self.folder.rglob("*"))
        }

    async def run(
        self, *arguments: str, mirrors: list[str], program: str = "from mirror.cli import main"
    ) -> Ended:
        """Run ``mirror reader`` in a process of its own."""
        digest = hashlib.sha256(self.press.root).hexdigest()
        named = ["--root", digest, "--channel", "ru", *(f"--mirror={url}" for url in mirrors)]
        return await self.plain(*arguments, *named, program=program)

    async def plain(
        self, *arguments: str, program: str = "from mirror.cli import main", given: bytes = b""
    ) -> Ended:
        """The same with nothing but ``arguments``; ``given`` is what comes on standard input."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            f"{program}\nimport sys\nsys.exit(main(['reader', *sys.argv[1:]]))",
            *arguments,
            env=self.environment,
            cwd=self.folder / "cwd",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(given), 60)
        assert process.returncode is not None
        assert b"Traceback" not in err, err.decode()
        return Ended(process.returncode, out.decode(), err.decode())


# Every change to a file system that Python makes is told on descriptor 2, before it is made.
TRACED = """
import os, sys
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink", "os.truncate",
           "os.utime", "os.chmod", "os.mkfifo", "shutil", "tempfile", "sqlite3")
def hook(event, arguments):
    opens = event == "open" and arguments[2] & WRITES and arguments[0] != os.devnull
    if opens or event.startswith(CHANGES):
        os.write(2, f"CHANGE {event} {arguments[0]!r}\\n".encode())
sys.addaudithook(hook)
from mirror.cli import main
"""


def changes_in(ended: Ended) -> list[str]:
    return [line for line in ended.err.splitlines() if line.startswith("CHANGE ")]
