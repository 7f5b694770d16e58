"""Imports point down only, and the core touches neither disk, network, clock nor chance."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
MODULES = {path.relative_to(SRC): path for path in sorted((SRC / "mirror").rglob("*.py"))}

# From the ground up. Whatever shares a line may not import its neighbours, except on the ground.
GROUND = {"model", "errors", "limits", "clock", "settings"}
CORE = {"articles", "bundle", "trust", "rotation", "notices"}
LAYERS = (
    GROUND,
    CORE,
    {"store", "net"},
    {"client"},
    {"publisher", "node", "reader", "simulate"},
    {"cli"},
    {"__main__"},
)
HEIGHT = {unit: height for height, layer in enumerate(LAYERS) for unit in layer}

IMPURE = set(
    "_thread aiofiles aiohttp asyncio concurrent getpass glob http importlib io.FileIO io.open logging mmap"
    " multiprocessing os pathlib pkgutil platform random requests secrets select selectors shutil signal"
    " socket socketserver sqlite3 ssl subprocess sys tempfile threading time tuf.ngclient urllib.error"
    " urllib.request urllib3 uuid uvloop".split()
)
# Of these what only computes: paths as text, and python-tuf's state machine.
PURE_PARTS = {
    "pathlib.PurePath",
    "pathlib.PurePosixPath",
    "tuf.ngclient.config.EnvelopeType",
    "tuf.ngclient._internal.trusted_metadata_set",
}
IMPURE_BUILTINS = {"open", "input", "print", "eval", "exec", "__import__", "breakpoint"}
IMPURE_METHODS = set(
    "now utcnow today urandom read_text read_bytes write_text write_bytes "
    "generate generate_key generate_private_key generate_ed25519 generate_ecdsa generate_rsa".split()
)


def imports(tree: ast.AST) -> Iterator[str]:
    """Every import with its full name, also inside functions and ``if TYPE_CHECKING``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def within(name: str, modules: set[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:length]) in modules for length in range(1, len(parts) + 1))


def faults(unit: str, source: str) -> Iterator[str]:
    """What is wrong with a module of ``unit`` (``bundle``, ``cli``), as sentences."""
    tree = ast.parse(source)
    pure = unit in CORE | GROUND - {"clock"}
    for name in imports(tree):
        target = [*name.split("."), ""][1]
        if name.startswith("."):
            yield f"{unit} imports {name} by a relative name"
        elif (
            within(name, {"mirror"}) and target not in {unit, "__version__"} and not {unit, target} <= GROUND
        ):
            if HEIGHT.get(target, 99) >= HEIGHT[unit]:
                yield f"{unit} imports {name}, which is not below it"
        elif pure and within(name, IMPURE) and not within(name, PURE_PARTS):
            yield f"{unit} is pure, and imports {name}"
        elif name in {"os.environ", "os.getenv"} and unit != "cli":
            yield f"{unit} reads the environment"
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and unit != "cli":
            yield f"{unit} reads the environment"
        elif pure and isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in IMPURE_METHODS or ast.unparse(node.func) in IMPURE:
                yield f"{unit} is pure, and calls {ast.unparse(node.func)}"
        elif pure and isinstance(node, ast.Name) and node.id in IMPURE_BUILTINS:
            yield f"{unit} is pure, and uses {node.id}"


@pytest.mark.parametrize("relative", [pytest.param(path, id=path.as_posix()) for path in MODULES])
def test_imports_point_down_and_the_core_is_pure(relative: Path) -> None:
    source = MODULES[relative].read_text("utf-8")
    unit = relative.parts[1].removesuffix(".py")
    if unit == "__init__":
        assert list(imports(ast.parse(source))) == []
        return
    assert unit in HEIGHT, f"{unit} has no place in the layers"
    assert list(faults(unit, source)) == []


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("bundle", "import mirror.store.files"),
        ("bundle", "from mirror.trust import session"),
        ("bundle", "from mirror import cli"),
        ("bundle", "import mirror"),
        ("bundle", "from . import zipping"),
        ("bundle", "from mirror.newcomer import x"),
        ("bundle", "import io\nwith io.open('x') as file:\n    pass"),
        ("trust", "def f():\n    import asyncio"),
        ("trust", "import asyncio.subprocess"),
        ("trust", "from time import monotonic"),
        ("trust", "from tuf.ngclient import Updater"),
        ("trust", "key = Ed25519PrivateKey.generate()"),
        ("articles", "import urllib.request"),
        ("articles", "from urllib import request"),
        ("articles", "from pathlib import Path"),
        ("articles", "import pathlib"),
        ("articles", "text = open('x').read()"),
        ("notices", "import os.path"),
        ("notices", "from datetime import date\ntoday = date.today()"),
        ("notices", "from importlib.resources import files"),
        ("model", "from mirror.bundle import Manifest"),
        ("model", "import time"),
        ("clock", "from mirror.net import transport"),
        ("store", "from mirror.net import transport"),
        ("net", "import mirror.store"),
        ("client", "from mirror.node import serve"),
        ("client", "import os\nproxy = os.environ['PROXY']"),
        ("node", "from os import environ"),
        ("node", "import os\nx = os.getenv('X')"),
        ("node", "from mirror.reader import wipe"),
        ("reader", "from mirror.cli import main"),
    ],
)
def test_a_planted_fault_is_seen(unit: str, source: str) -> None:
    assert list(faults(unit, source)) != []


@pytest.mark.parametrize(
    ("unit", "source"),
    [
        ("bundle", "from mirror.bundle.piece import name\nfrom mirror.errors import FormatError"),
        ("bundle", "import io, struct\nfrom pathlib import PurePosixPath\nfrom io import BytesIO"),
        ("trust", "from tuf.api.metadata import Root\nimport cryptography"),
        ("trust", "from tuf.ngclient._internal.trusted_metadata_set import TrustedMetadataSet"),
        ("articles", "from urllib.parse import urlsplit\nimport urllib.parse"),
        ("model", "from mirror.errors import FormatError"),
        ("clock", "import asyncio, time"),
        ("store", "import os, aiofiles\nfrom mirror.bundle import piece"),
        ("node", "from mirror.client import plan\nfrom mirror import __version__"),
        ("cli", "import os\nfrom mirror.publisher import add\nx = os.environ.get('X')"),
    ],
)
def test_what_is_allowed_passes(unit: str, source: str) -> None:
    assert list(faults(unit, source)) == []


def test_each_module_can_be_imported_first() -> None:
    names = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in MODULES]
    script = """if True:
        import importlib, sys
        for name in sys.argv[1:]:
            for known in [each for each in sys.modules if each.split(".")[0] == "mirror"]:
                del sys.modules[known]
            try:
                importlib.import_module(name)
            except Exception as error:
                sys.exit(f"{name}: {error!r}")
    """
    names = [name for name in names if not name.endswith(".__main__")]
    run = subprocess.run(
        [sys.executable, "-c", script, *names],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(SRC)},
        timeout=120,
    )
    assert (run.returncode, run.stderr) == (0, "")
