"""Real input for tests and figures: where it is, and how it is unpacked.

The corpora are not ours to publish, so a checkout has none. ``make`` unpacks them from beside the
checkout into ``.cache/data`` and names that folder in ``MIRROR_DATA``.
"""

import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path

import pytest
import zstandard


def corpus(name: str) -> Path:
    """The file or folder ``name`` of the data (``en-18f``, ``seed-article.txt``); skips without it."""
    folder = os.environ.get("MIRROR_DATA")
    if not folder:
        pytest.skip("needs real input: name its folder in MIRROR_DATA, or run `make test`")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"MIRROR_DATA has no {name}")
    return path


def unpack(source: Path, target: Path) -> None:
    """Unpack every ``*.tar.zst`` of ``source`` and copy its other files, once for each version."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        facts = path.stat()
        stamp = target / f".{path.name}.{facts.st_size}-{int(facts.st_mtime)}"
        if stamp.exists():
            continue
        if path.name.endswith(".tar.zst"):
            _unpack_one(path, target)
        else:
            shutil.copyfile(path, target / path.name)
        stamp.touch()


def _unpack_one(archive: Path, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target) as scratch:
        with (
            archive.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed) as plain,
            tarfile.open(fileobj=plain, mode="r|") as members,
        ):
            members.extractall(scratch, filter="data")
        for made in Path(scratch).iterdir():
            shutil.rmtree(target / made.name, ignore_errors=True)
            made.rename(target / made.name)


if __name__ == "__main__":
    unpack(Path(sys.argv[1]), Path(sys.argv[2]))
