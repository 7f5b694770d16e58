"""The wheel holds all that the programs need at run time, and two builds give the same bytes."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src" / "mirror" / "reader" / "web"
PACKAGE = ROOT / "src" / "mirror"
CATALOGUE = ROOT / "config" / "notices"


def build(kind: str, target: Path, source: Path = ROOT) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", target],
        cwd=source,
        check=True,
        capture_output=True,
    )
    (made,) = target.glob("mirror-*.*")
    return made


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_whoever_builds_from_the_source_package_gets_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path / "sdist")) as packed:
        packed.extractall(tmp_path, filter="data")
    (source,) = tmp_path.glob("mirror-*")
    assert build("wheel", tmp_path / "wheel", source).read_bytes() == wheel.read_bytes()


def test_every_module_document_and_datum_is_in_the_wheel(wheel: Path) -> None:
    here = {
        f"mirror/{path.relative_to(PACKAGE).as_posix()}"
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and "catalogue" not in path.parts
        if WEB not in path.parents or path.name == "WEB.md" or WEB / "built" in path.parents
    }
    assert "mirror/reader/web/built/parts/index.html" in here
    catalogue = {
        f"mirror/notices/catalogue/{path.relative_to(CATALOGUE).as_posix()}"
        for path in CATALOGUE.rglob("*")
        if path.is_file()
    }
    assert "mirror/THREATS.md" in here
    assert catalogue
    packed = set(zipfile.ZipFile(wheel).namelist())
    assert {name for name in packed if not name.startswith("mirror-")} == here | catalogue


def test_an_installed_wheel_finds_its_catalogue(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    script = (
        "from importlib.resources import files; catalogue = files('mirror') / 'notices' / 'catalogue'; "
        "print(catalogue, any(catalogue.iterdir()))"
    )
    for place in (tmp_path, ROOT / "src"):
        found = subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONPATH": str(place)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert found.stdout == f"{place / 'mirror' / 'notices' / 'catalogue'} True\n"


def test_the_wheel_brings_the_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("entry_points.txt"))
        assert packed.read(name).decode().split() == ["[console_scripts]", "mirror", "=", "mirror.cli:main"]
