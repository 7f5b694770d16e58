"""A stranger hands over a ``.mirror.zip``. It is whole but for one trick; nothing of it is read.

Each story begins with an archive that is accepted. What is refused is refused before an entry is
read, and nothing is ever written: an archive is only read in place.
"""

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from helpers.zipforge import Entry, entries, forged
from mirror.bundle.archive import open_archive, write_archive
from mirror.errors import FormatError, LimitError
from mirror.limits import MAX_PIECE


def refused(data: bytes) -> str:
    """The code with which ``data`` is refused, when it is opened or when all of it is read."""
    with pytest.raises(FormatError) as caught:
        read_all(data)
    return caught.value.code


def read_all(data: bytes) -> list[bytes | None]:
    opened = open_archive(io.BytesIO(data))
    return [opened.read(path) for path in opened.names()]


def spoilt(**changed: object) -> bytes:
    """A whole archive whose middle entry is changed."""
    first, middle, last = entries()
    return forged([first, replace(middle, **changed), last])  # type: ignore[arg-type]


@contextmanager
def bounded_memory() -> Iterator[None]:
    """Fails where more than 8 MiB were held at once; what is claimed is far more."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()


def test_the_forger_can_be_honest() -> None:
    made = io.BytesIO()
    write_archive(made, [(entry.path.decode(), entry.data) for entry in entries()])
    assert forged(entries()) == made.getvalue()
    assert read_all(forged(entries())) == [b"hello"] * 3


@pytest.mark.parametrize(
    "path",
    [
        b"/m/timestamp.json",
        b"../m/timestamp.json",
        b"m/../../etc/passwd",
        b"m/./timestamp.json",
        b"m//timestamp.json",
        b"m\\timestamp.json",
        b"C:/m/timestamp.json",
        b"m/timestamp.json\0.png",
        b"m/timestamp.json/",
        b"M/timestamp.json",
        b"m/Timestamp.json",
        b"p/00/" + b"ab" * 32,
        b"p/ab/" + b"AB" * 32,
        b"p/ab/" + b"ab" * 31,
        b"s/01/1",
        b"r/..",
        b"r/.htaccess",
        b"r/a/../../x",
        b"r/con\xc3\xa9.html",
        b"n/news.exe",
        b"index.html",
        b"r/" + b"a" * 120,
        b"r/" + b"\xff" * 100,
    ],
)
def test_a_path_that_leads_elsewhere(path: bytes) -> None:
    made = sorted([*entries(b"m/heads/ru", b"r/index.html"), Entry(path)], key=lambda entry: entry.path)
    assert refused(forged(made)) == "archive-path"


def test_a_path_as_long_as_a_zip_can_have() -> None:
    assert refused(forged(entries(b"m/heads/ru", b"r/" + b"\xff" * 65_533))) == "archive-form"


def test_a_name_twice_and_names_that_differ_in_case() -> None:
    assert refused(forged(entries(b"m/heads/ru", b"m/heads/ru"))) == "archive-form"
    assert refused(forged(entries(b"r/Index.html", b"r/index.html"))) == "archive-path"
    assert refused(forged(entries(b"r/index.html", b"m/heads/ru"))) == "archive-form"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"method": 8}, id="compressed"),
        pytest.param({"method": 93}, id="compressed-with-zstd"),
        pytest.param({"flags": 1}, id="encrypted"),
        pytest.param({"flags": 1 << 3}, id="sizes-follow-the-data"),
        pytest.param({"flags": 1 << 11}, id="another-encoding-of-names"),
        pytest.param({"attributes": 0o120777 << 16}, id="a-symbolic-link"),
        pytest.param({"attributes": 0o104755 << 16}, id="runs-as-its-owner"),
        pytest.param({"attributes": 0x10}, id="a-folder"),
        pytest.param({"made_by": 20}, id="from-another-system"),
        pytest.param({"version": 45}, id="a-newer-version"),
        pytest.param({"date": 0x5D6E, "time": 0x6000}, id="a-date-that-tells-who-packed-it-when"),
        pytest.param({"extra": b"up\5\0\1abcd"}, id="another-name-in-an-extra-field"),
        pytest.param({"local_extra": b"\1\0\0\0"}, id="a-local-extra-field"),
        pytest.param({"comment": b"hello"}, id="a-comment"),
        pytest.param({"disk": 1}, id="on-another-disk"),
        pytest.param({"local_path": b"m/heads/by-another-name"}, id="two-names-of-other-length"),
        pytest.param({"local_path": b"m/timestamp.jsoN"}, id="two-names"),
        pytest.param({"local_flags": 1}, id="encrypted-in-one-header-only"),
        pytest.param({"local_size": 9}, id="two-sizes"),
        pytest.param({"size": 4}, id="smaller-than-stored"),
        pytest.param({"size": 6}, id="larger-than-stored"),
        pytest.param({"stored_size": 6, "size": 6}, id="into-the-next-entry"),
        pytest.param({"at": 0}, id="the-first-entrys-data"),
        pytest.param({"at": 10_000_000}, id="beyond-the-file"),
        pytest.param({"after": b"hidden"}, id="bytes-between-entries"),
    ],
)
def test_an_entry_in_another_form(changed: dict[str, object]) -> None:
    assert refused(spoilt(**changed)) == "archive-form"


def test_wrong_content_under_a_right_header() -> None:
    assert refused(spoilt(crc=zlib.crc32(b"hello") ^ 1)) == "archive-crc"


def test_a_compressed_bomb_is_never_inflated() -> None:
    bomb = zlib.compress(bytes(40 << 20), 9)[2:-4]
    size = 40 << 20
    changed = {"data": bomb, "method": 8, "size": size, "stored_size": len(bomb), "crc": 0}
    with bounded_memory():
        assert refused(spoilt(**changed)) == "archive-size"
        small = zlib.compress(bytes(5 << 20), 9)[2:-4]
        assert len(small) < MAX_PIECE
        changed |= {"data": small, "stored_size": len(small), "size": 5 << 20}
        assert refused(spoilt(**changed)) == "archive-form"


def test_an_entry_above_its_bound() -> None:
    with pytest.raises(LimitError) as caught:
        open_archive(io.BytesIO(spoilt(data=bytes(MAX_PIECE + 1))))
    assert caught.value.code == "archive-size"


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda made: forged(made, before=b"#!/bin/sh\n"), id="a-program-before-it"),
        pytest.param(lambda made: forged(made, gap=b"hidden"), id="bytes-before-the-directory"),
        pytest.param(lambda made: forged(made, comment=b"hello"), id="a-comment"),
        pytest.param(lambda made: forged(made, after=b"\0"), id="a-byte-behind-it"),
        pytest.param(lambda made: forged(made, after=forged(made)), id="a-second-archive-behind-it"),
        pytest.param(lambda made: forged(made, disk=1), id="one-of-several-disks"),
        pytest.param(lambda made: forged(made, count=2), id="fewer-entries-than-there-are"),
        pytest.param(lambda made: forged(made, count=4), id="more-entries-than-there-are"),
        pytest.param(lambda made: forged(made, size=1), id="a-smaller-directory"),
        pytest.param(lambda made: forged(made, start=0), id="a-directory-elsewhere"),
        pytest.param(lambda made: forged(made, size=0xFFFFFFFF), id="a-directory-of-4-GiB"),
        pytest.param(lambda made: forged(made, start=0xFFFFFFFF), id="a-directory-behind-4-GiB"),
        pytest.param(lambda made: forged(made)[4:], id="the-first-bytes-cut-off"),
        pytest.param(lambda made: forged(made)[:-1], id="the-last-byte-cut-off"),
        pytest.param(lambda made: b"", id="nothing"),
    ],
)
def test_an_archive_in_another_form(forge: Callable[[list[Entry]], bytes]) -> None:
    assert refused(forge(entries())) in {"archive-form", "not-an-archive"}


def with_zip64(data: bytes, *, count: int, size: int, start: int) -> bytes:
    """``data`` whose end record refers to one of ZIP64 that claims ``count``, ``size`` and ``start``."""
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 3 << 8 | 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, len(data) - 22, 1)
    return (
        data[:-22]
        + end64
        + locator
        + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, *[0xFFFF] * 2, *[0xFFFFFFFF] * 2, 0)
    )


@pytest.mark.parametrize(
    ("claim", "code"),
    [
        ({"count": 1 << 40, "size": 100, "start": 0}, "archive-size"),
        ({"count": 1_000_000, "size": 1 << 62, "start": 0}, "archive-form"),
        ({"count": 3, "size": 1 << 62, "start": 1 << 63}, "archive-form"),
        ({"count": 0, "size": 200, "start": 0}, "archive-form"),
        ({"count": 3, "size": 160, "start": 1}, "archive-form"),
    ],
)
def test_claims_are_checked_before_the_directory_is_read(claim: dict[str, int], code: str) -> None:
    with bounded_memory():
        assert refused(with_zip64(forged(entries()), **claim)) == code


def test_zip64_where_it_is_not_needed() -> None:
    """A second spelling of the same archive, in every number true."""
    data = forged(entries())
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2IH", data[-22:])
    assert refused(with_zip64(data, count=count, size=size, start=start)) == "archive-form"


def test_a_directory_that_grows_with_a_claim_is_not_read() -> None:
    """Three entries cannot need a directory of a megabyte, even where the file is that long."""
    data = forged(entries(), before=b"", gap=bytes(1 << 20))
    start = data.index(bytes(1 << 20))
    claimed = forged(entries(), gap=bytes(1 << 20), start=start, size=len(data) - 22 - start)
    assert refused(claimed) == "archive-form"


def test_an_archive_above_the_largest() -> None:
    class Endless(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return (8 << 30) + 1 if whence == 2 else super().seek(offset, whence)

    with pytest.raises(LimitError) as caught:
        open_archive(Endless(forged(entries())))
    assert caught.value.code == "archive-size"


def test_a_file_that_changes_while_it_is_read() -> None:
    """Someone else writes to the stick: the reader sees it, and shows nothing of it."""
    file = io.BytesIO(forged(entries()))
    opened = open_archive(file)
    assert opened.read("m/heads/ru") == b"hello"
    file.seek(0)
    file.write(forged([Entry(b"m/heads/ru", b"HELLO"), *entries(b"m/timestamp.json", b"r/index.html")]))
    with pytest.raises(FormatError):
        opened.read("m/heads/ru")
    file.truncate(60)
    with pytest.raises(FormatError):
        opened.read("r/index.html")
