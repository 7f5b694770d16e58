"""What the browser's reader weighs as transferred: with ``-rP`` it prints all. WEB.md says what is where."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from helpers.node import WEB, node
from mirror.bundle import edition, parcel, piece, program
from mirror.bundle.program import Facts
from mirror.client import page
from mirror.limits import MAX_PIECE, MAX_PROGRAM
from mirror.model import PieceList

FACTS = Facts(
    "ab" * 32,
    "Veska Radio",
    (program.Channel("en", "en", "Veska Radio"), program.Channel("ru", "ru", "Радио Веска")),
    ("https://mirror.example/",),
)
FIRST_LOAD = 40 << 10  # until the headlines: the page, and three pieces of the program
MOST = {"behind.js": 12_800, "more.js": 12_800}  # 5,120 for the others, a language among them


def sealed() -> tuple[PieceList, Mapping[str, bytes], Mapping[str, bytes]]:
    """What is fetched first, its files with those for ``r/``, and all pieces by name."""
    made = page.sealed_program(FACTS)
    assert made is not None
    head, pieces = made[0].head, made[1]
    listed = parcel.parse_list(head, pieces[head], MAX_PROGRAM)
    files = program.decode(edition.unseal(listed, pieces.__getitem__))
    return listed, program.with_page(files, lambda part: edition.unseal(part, pieces.__getitem__)), pieces


def weight(listed: PieceList, pieces: Mapping[str, bytes]) -> int:
    return sum(len(pieces[digest]) for digest in listed.digests)


def test_the_first_load_is_within_its_budget() -> None:
    listed, files, pieces = sealed()
    index = len(program.index_page(files, listed))
    first = weight(listed, pieces)
    parts = {name: weight(each, pieces) for name, each in program.read_parts(files).items()}
    frame = len(piece.compress(edition.unseal(listed, pieces.__getitem__)))
    lines = [f"r/index.html {index:,}", f"program {first:,} ({frame:,} without padding)"]
    lines += [f"part {name} {size:,}" for name, size in parts.items()]
    lines += [f"first load {index + first:,}", f"everything {index + first + sum(parts.values()):,}"]
    sys.stdout.write("\n".join([*lines, ""]))
    assert index <= MAX_PIECE
    assert index + first <= FIRST_LOAD
    assert all(size <= MOST.get(name, 5_120) for name, size in parts.items() if name != program.TEMPLATE)


def test_what_lies_in_r_comes_through_where_connections_freeze() -> None:
    listed, files, _ = sealed()
    for name, data in page.page_files(files, listed, [], None).items():
        assert len(data) <= MAX_PIECE, name


def test_what_runs_first_names_only_what_comes_with_it() -> None:
    _, files, _ = sealed()
    scripts = {name: data for name, data in files.items() if name.endswith(".js")}
    assert set(scripts) == {"read.js", "reader.js", "shared.js", "sw.js"}
    assert b'from"./shared.js"' in scripts["reader.js"]
    assert b'"./' not in scripts["shared.js"]
    # Of what is behind the headlines, no more than the names.
    assert b'from"./behind.js"' in scripts["read.js"]
    assert len(scripts["read.js"]) < 400


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in sorted((WEB / "built").rglob("*")) if path.is_file()}
    if len(before) < 2:
        pytest.fail("The browser's reader was not built: run `make setup`.")
    copy = tmp_path / "web"
    copy.mkdir()
    for each in WEB.iterdir():
        if each.name != "built":
            (copy / each.name).symlink_to(each)
    subprocess.run([node(), "--preserve-symlinks-main", "build.mjs"], cwd=copy, check=True, timeout=120)
    for path, data in before.items():
        if path.name != "stamp":
            assert (copy / "built" / path.relative_to(WEB / "built")).read_bytes() == data, path.name
