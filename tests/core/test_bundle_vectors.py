"""The vectors that every implementation of the bundle runs, and that they say what FORMAT.md says."""

import json
import re
import runpy
from pathlib import Path

import pytest

from helpers.bundle_vectors import RUNNERS, Case, packed, run, unpacked

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "vectors"
CASES: list[Case] = [
    each for path in sorted(FOLDER.glob("bundle_*.json")) for each in json.loads(path.read_text("utf-8"))
]


@pytest.mark.parametrize("case", [pytest.param(each, id=f"{each['kind']}-{each['name']}") for each in CASES])
def test_a_vector_becomes_what_it_says(case: Case) -> None:
    assert run(case) == (case["expect"], case["released_sha256"])


def test_the_files_are_what_is_made() -> None:
    made = runpy.run_path(str(FOLDER / "make_vectors.py"))["files"]()
    assert made == {path.name: path.read_text("utf-8") for path in FOLDER.glob("bundle_*.json")}


def test_every_kind_has_good_vectors_and_bad_ones() -> None:
    assert len(CASES) > 150
    assert len({(each["kind"], each["name"]) for each in CASES}) == len(CASES)
    for kind in RUNNERS:
        outcomes = {each["expect"] == "ok" for each in CASES if each["kind"] == kind}
        assert outcomes == {True, False}, kind
    assert all(each["why"] for each in CASES)
    assert all((each["released_sha256"] is None) == (each["expect"] != "ok") for each in CASES)


def test_every_code_that_a_reader_can_meet_has_a_vector() -> None:
    text = (ROOT / "src" / "mirror" / "bundle" / "FORMAT.md").read_text("utf-8")
    table = re.findall(r"^\| `([a-z0-9-]+)` \| (\w+) \|", text, re.MULTILINE)
    assert table
    readers = {code for code, who in table if who == "reader"}
    assert {each["expect"] for each in CASES} - {"ok"} == readers


def test_bytes_are_written_so_that_they_come_back() -> None:
    for data in (b"", b"a", bytes(31), bytes(40), b"a" + bytes(33) + b"b", bytes(32) + b"b" + bytes(99)):
        assert unpacked(packed(data)) == data
    assert packed(b"a" + bytes(40)) == ["61", 40]
