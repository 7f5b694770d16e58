"""The browser reader's core, asked from Python: a Node process that answers one question a line.

The process is built from the TypeScript sources by ``build.mjs --answers`` (``make setup`` puts Node and the
packages in place), once per test run, and stays for all questions of a test module.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).parents[2]
WEB: Final = REPOSITORY / "src/mirror/reader/web"
_BUILT: Final = REPOSITORY / ".cache/web"


@dataclass(frozen=True, slots=True)
class Refused:
    """An error of the core: its class and its code."""

    error: str
    code: str


@cache
def node() -> str:
    """The Node that builds and runs the reader: the one in this environment, or the machine's."""
    beside = Path(sys.executable).with_name("node")
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None:
        raise RuntimeError("There is no Node: run `make setup`.")
    return found


@cache
def program(name: str) -> Path:
    """``answers`` or ``conformance``, built from the sources as they are now."""
    built = _BUILT / f"{name}-{os.getpid()}.mjs"
    subprocess.run([node(), "build.mjs", f"--{name}", str(built)], cwd=WEB, check=True, timeout=120)
    return built.replace(_BUILT / f"{name}.mjs")


class Node:
    """A running process. For anything but an error of the core it raises: the test or the core is wrong."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, kind: str, given: object) -> Any:
        """The answer as JSON, or ``Refused``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"kind": kind, "input": given}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the reader's core stopped at {kind}")
        answer = json.loads(line)
        return answer["ok"] if "ok" in answer else Refused(answer["error"], answer["code"])

    def ask_all(self, kind: str, given: Iterable[object]) -> list[Any]:
        """One answer for each of ``given``."""
        return [self.ask(kind, each) for each in given]


@contextmanager
def running() -> Iterator[Node]:
    """A process for as long as the context."""
    process = subprocess.Popen(
        [node(), str(program("answers"))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    with process:
        try:
            yield Node(process)
        finally:
            process.kill()
