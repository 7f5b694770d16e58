"""Archives: one form, written anywhere, read only whole."""

import io
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import suppress
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mirror.bundle import archive
from mirror.bundle.archive import open_archive, write_archive
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECE
from mirror.store.names import kind_of

piece_paths = st.binary(min_size=32, max_size=32).map(lambda raw: f"p/{raw[:1].hex()}/{raw.hex()}")
paths = piece_paths | st.sampled_from(
    "m/timestamp.json m/1.root.json m/12.channel-ru.json m/heads/ru m/heads/sr-latn s/0/0 s/20780/3"
    " r/index.html r/app/Reader.js r/a/b/c.css".split()
)
trees = st.dictionaries(paths, st.binary(max_size=60), max_size=12)
SMALL = {"m/timestamp.json": b"{}", "m/heads/ru": b"head", f"p/ab/{'ab' * 32}": b"piece" * 40}


def written(tree: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    write_archive(file, sorted(tree.items()))
    return file.getvalue()


def read(data: bytes) -> dict[str, bytes | None]:
    opened = open_archive(io.BytesIO(data))
    return {path: opened.read(path) for path in opened.names()}


@given(trees)
def test_trees_come_back(tree: dict[str, bytes]) -> None:
    data = written(tree)
    assert read(data) == tree
    opened = open_archive(io.BytesIO(data))
    assert list(opened.names()) == sorted(tree)
    assert opened.read("m/2.root.json") is None
    assert opened.read("../etc/passwd") is None


@given(trees, st.data())
def test_what_is_accepted_would_be_written_the_same(tree: dict[str, bytes], data: st.DataObject) -> None:
    whole = written(tree)
    at = data.draw(st.integers(0, len(whole) - 1))
    spoilt = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    with suppress(FormatError):
        found = read(spoilt)
        assert written({path: content or b"" for path, content in found.items()}) == spoilt


@given(st.binary(max_size=200))
def test_garbage_raises_only_our_errors(data: bytes) -> None:
    for garbage in (data, data + written({}), written(SMALL) + data, written(SMALL)[:-1] + data):
        with suppress(FormatError):
            read(garbage)


@given(st.integers(0, len(written(SMALL)) - 1))
def test_a_cut_archive_is_none(at: int) -> None:
    with pytest.raises(FormatError):
        read(written(SMALL)[:at])


@given(st.one_of(paths, st.text(max_size=20), st.from_regex(r"[mprs]/[a-zA-Z0-9./_-]{0,80}", fullmatch=True)))
def test_paths_are_those_of_a_mirrors_tree(path: str) -> None:
    """The core may not import the store: both lists of what is allowed must say the same."""
    try:
        written({path: b"x"})
    except ValueError:
        assert kind_of(path) is None
    else:
        assert kind_of(path) is not None


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "news.mirror.zip"
    file.write_bytes(written(SMALL))
    with zipfile.ZipFile(file) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == SMALL
        assert {info.external_attr >> 16 for info in opened.infolist()} == {0o100644}
    if shutil.which("unzip"):
        subprocess.run(["unzip", "-tqq", file], check=True)


def test_the_same_tree_gives_the_same_bytes_on_every_machine() -> None:
    script = (
        "import sys, io; from mirror.bundle.archive import write_archive\n"
        "file = io.BytesIO()\n"
        "write_archive(file, [('m/heads/ru', b'head'), ('m/timestamp.json', b'{}')])\n"
        "sys.stdout.buffer.write(file.getvalue())"
    )
    source = str(Path(__file__).parents[2] / "src")
    outcomes = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONPATH": source, "LC_ALL": locale, "TZ": zone, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for locale, zone, seed in [("C", "UTC", "0"), ("tr_TR.UTF-8", "Pacific/Chatham", "5")]
    }
    assert outcomes == {written({"m/heads/ru": b"head", "m/timestamp.json": b"{}"})}


def test_entries_come_in_order_and_only_once() -> None:
    for entries in (
        [("m/timestamp.json", b""), ("m/heads/ru", b"")],
        [("m/heads/ru", b""), ("m/heads/ru", b"")],
        [("etc/passwd", b"")],
    ):
        with pytest.raises(ValueError, match="path"):
            write_archive(io.BytesIO(), entries)


def test_bounds_hold_for_writers_too() -> None:
    for tree in ({"m/heads/ru": bytes(MAX_PIECE + 1)}, {"r/app.js": bytes((4 << 20) + 1)}):
        with pytest.raises(LimitError) as caught:
            written(tree)
        assert caught.value.code == "archive-size"
    assert read(written({"m/heads/ru": bytes(MAX_PIECE), "r/app.js": bytes(MAX_PIECE + 1)}))
    for name in ("MAX_ARCHIVE", "MAX_ARCHIVE_ENTRIES"):
        with mock.patch.object(archive, name, 2), pytest.raises(LimitError):
            written(SMALL)


def test_more_entries_than_the_old_format_counts() -> None:
    tree = {f"s/0/{number}": b"" for number in range(65_535)}
    data = written(tree)
    assert sum(1 for _ in open_archive(io.BytesIO(data)).names()) == 65_535
    with zipfile.ZipFile(io.BytesIO(data)) as opened:
        assert len(opened.namelist()) == 65_535
    fewer = len(written(dict(list(tree.items())[:-1])))
    assert len(data) - fewer == 98 - 22 + 2 * len("s/0/65534") + 30 + 46


class FarFile(io.BytesIO):
    """A file whose bytes lie behind ``skipped`` that nobody wrote: large without being large."""

    def __init__(self, data: bytes, place: int, skipped: int) -> None:
        super().__init__(data)
        self.place, self.skipped = place, skipped

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            return super().seek(offset, whence) + self.skipped
        return super().seek(offset - self.skipped if offset > self.place else offset)


def test_entries_beyond_four_gigabytes() -> None:
    """Written with ZIP64 and found again; the file in between is not made."""
    entry = archive._directory_entry("m/heads/ru", 1, 2, 5 << 30)
    assert archive._parse_entry(entry, 0) == ("m/heads/ru", 1, 2, 5 << 30)
    end = archive._end_records(1, len(entry), 5 << 30)
    assert len(end) == 98
    near = archive._directory_entry("m/heads/ru", 1, 2, 0xFFFFFFFE)
    assert len(entry) - len(near) == 12
    total = (5 << 30) + len(entry) + len(end)
    file = FarFile(entry + end, 0, 5 << 30)
    assert archive._parse_end(file, total) == (1, len(entry), 5 << 30)
    # Python's own reader agrees about where the directory is.
    assert zipfile._EndRecData(file)[zipfile._ECD_OFFSET] == 5 << 30  # type: ignore[attr-defined]


def test_a_damaged_entry_is_seen_when_it_is_read() -> None:
    data = bytearray(written(SMALL))
    data[data.index(b"head", 40)] ^= 1
    opened = open_archive(io.BytesIO(bytes(data)))
    assert opened.read("m/timestamp.json") == b"{}"
    with pytest.raises(FormatError) as caught:
        opened.read("m/heads/ru")
    assert caught.value.code == "archive-crc"
