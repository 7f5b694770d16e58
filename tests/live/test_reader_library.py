"""The encrypted library: what a finder sees, what a crash leaves, what wiping removes."""

import asyncio
import errno
import itertools
import json
import os
import secrets
import stat
from pathlib import Path

import pytest

from helpers.faults import Crash, disk
from helpers.publication import article, press
from mirror.errors import FormatError, StorageError, TrustError
from mirror.limits import MAX_PIECE
from mirror.reader.library import Library, NoticesSeen, SavedArticle, SavedEdition, State
from mirror.reader.vault import HEADER, create, exists, is_record, open_vault
from mirror.reader.wipe import wipe_file, wipe_library
from mirror.trust.keys import Kdf
from mirror.trust.state import Stored

CHEAP = Kdf("scrypt", memory=16, passes=1, lanes=1)
PASSPHRASE = "a long enough passphrase"


def make(folder: Path) -> Library:
    return Library(create(folder / "books", PASSPHRASE, kdf=CHEAP))


def reopen(folder: Path, passphrase: str = PASSPHRASE) -> Library:
    return Library(open_vault(folder / "books", passphrase))


def read_piece(library: Library, name: str) -> bytes | None:
    return asyncio.run(library.piece(name))


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "books").iterdir()}


PIECES = {f"{n:064x}": secrets.token_bytes(size) for n, size in enumerate((2_560, 5_120, 7_680, 10_240))}
STATE = State(
    b"first", Stored(b"root", {"root.json": b"r", "timestamp.json": b"t"}, b"p", 17), NoticesSeen("x", 3)
)
EDITION = SavedEdition("ru", next(iter(PIECES)), 7, 1_800_000_000)
STORY = SavedArticle(article(3), 7, 1_800_000_000)


def fill(library: Library) -> None:
    library.keep_state(STATE, {"0" * 63 + "9": b"n" * 2_560})
    library.save_edition(EDITION, PIECES)
    library.save_article(STORY)


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    fill(make(tmp_path))
    library = reopen(tmp_path)
    assert library.state() == STATE
    assert library.edition("ru") == EDITION
    assert library.edition("en") is None
    assert list(library.articles()) == [STORY]
    assert library.article("ru", STORY.article.id) == STORY
    assert library.article("ru", "another") is None
    for name, data in PIECES.items():
        assert read_piece(library, name) == data
    assert read_piece(library, "f" * 64) is None


def test_what_is_only_read_is_not_kept(tmp_path: Path) -> None:
    library = make(tmp_path)
    before = files(tmp_path)
    asyncio.run(library.keep("a" * 64, b"data"))
    assert files(tmp_path) == before


def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    fill(make(tmp_path))
    with pytest.raises(TrustError) as caught:
        reopen(tmp_path, PASSPHRASE + "x")
    assert caught.value.code == "library-passphrase"


def test_a_finder_reads_neither_names_nor_contents_nor_sizes_nor_dates(tmp_path: Path) -> None:
    fill(make(tmp_path))
    told = [STORY.article.id, STORY.article.title, "ru", "piece", "article", "timestamp", *PIECES]
    found = files(tmp_path)
    records = {name: data for name, data in found.items() if is_record(name)}
    assert len(records) == 1 + 1 + 1 + 1 + len(PIECES)  # state, notices, shelf, article, edition
    everything = b"".join(found.values()) + " ".join(found).encode()
    for word in told:
        if len(word) > 2:
            assert word.encode() not in everything
    assert len({len(data) for data in records.values()}) == 1
    for path in (tmp_path / "books").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.stat().st_mtime == 0 or path.name == "LOCK"
    assert stat.S_IMODE((tmp_path / "books").stat().st_mode) == 0o700
    assert MAX_PIECE < len(next(iter(records.values()))) < MAX_PIECE + 64


def test_two_libraries_share_no_name(tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        fill(make(folder))
    names = [{name for name in files(folder) if is_record(name)} for folder in folders]
    assert not names[0] & names[1]


def test_a_record_in_another_s_place_does_not_open(tmp_path: Path) -> None:
    fill(make(tmp_path))
    books = tmp_path / "books"
    records = sorted(path for path in books.iterdir() if is_record(path.name))
    contents = [path.read_bytes() for path in records]
    for path, data in zip(records, contents[1:] + contents[:1], strict=True):
        path.write_bytes(data)
    library = reopen(tmp_path)
    assert library.state() is None
    assert [read_piece(library, name) for name in PIECES] == [None] * len(PIECES)


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "long"])
def test_a_damaged_record_is_none_and_the_others_stay(tmp_path: Path, damage: str) -> None:
    fill(make(tmp_path))
    for path in sorted((tmp_path / "books").iterdir()):
        if not is_record(path.name):
            continue
        whole = path.read_bytes()
        change = {
            "flip": whole[:40] + bytes([whole[40] ^ 1]) + whole[41:],
            "cut": whole[:-1],
            "empty": b"",
            "long": whole + b"x",
        }
        path.write_bytes(change[damage])
        library = reopen(tmp_path)
        lost = [
            library.state() != STATE,
            library.edition("ru") != EDITION,
            bool(library.edition("ru")) and list(library.articles()) != [STORY],
            *(read_piece(library, name) is None for name in (*PIECES, "0" * 63 + "9")),
        ]
        assert lost.count(True) == 1
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("version", 2),
        ("_type", "x"),
        ("salt", "00"),
        ("salt", 5),
        ("nonce", "zz" * 12),
        ("sealed", "00" * 47),
        ("kdf", {"name": "scrypt", "memory": 1 << 30, "passes": 1, "lanes": 1}),
        ("kdf", {"name": "argon2id", "memory": 64.0, "passes": 1, "lanes": 1}),
        ("kdf", {"name": "scrypt", "memory": True, "passes": 1, "lanes": 1}),
        ("kdf", {"name": "md5", "memory": 16, "passes": 1, "lanes": 1}),
        ("kdf", None),
        ("extra", 1),
    ],
)
def test_a_header_that_we_would_not_write_is_refused(tmp_path: Path, key: str, value: object) -> None:
    make(tmp_path)
    path = tmp_path / "books" / HEADER
    fields = json.loads(path.read_bytes())
    path.write_bytes(
        json.dumps(fields | {key: value}, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    )
    with pytest.raises(FormatError) as caught:
        reopen(tmp_path)
    assert caught.value.code == "library-damaged"


@pytest.mark.parametrize("data", [b"", b"{}\n", b"[" * 20_000, b"\xff", b"x" * 20_000, b"null\n"])
def test_a_header_that_is_garbage_is_refused(tmp_path: Path, data: bytes) -> None:
    make(tmp_path)
    (tmp_path / "books" / HEADER).write_bytes(data)
    with pytest.raises(FormatError):
        reopen(tmp_path)


def test_there_is_one_or_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as missing:
        reopen(tmp_path)
    assert missing.value.code == "library-missing"
    make(tmp_path)
    with pytest.raises(StorageError) as twice:
        make(tmp_path)
    assert twice.value.code == "library-exists"


def test_a_new_edition_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    library = make(tmp_path)
    fill(library)
    before = len(files(tmp_path))
    names = list(PIECES)
    newer = {names[0]: PIECES[names[0]], "e" * 64: b"e" * 2_560}
    library.save_edition(SavedEdition("ru", names[0], 8, 1), newer)
    again = reopen(tmp_path)
    assert again.edition("ru") == SavedEdition("ru", names[0], 8, 1)
    assert [read_piece(again, name) is None for name in (*names, "e" * 64)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert len(files(tmp_path)) == before - 3 + 1
    assert again.state() == STATE


def test_editions_of_two_channels_stand_side_by_side(tmp_path: Path) -> None:
    library = make(tmp_path)
    fill(library)
    library.save_edition(SavedEdition("en", "e" * 64, 1, 1), {"e" * 64: b"e" * 2_560})
    assert {each.channel for each in reopen(tmp_path).editions} == {"ru", "en"}
    assert all(read_piece(library, name) for name in (*PIECES, "e" * 64))


def test_a_removed_article_is_destroyed(tmp_path: Path) -> None:
    library = make(tmp_path)
    fill(library)
    before = set(files(tmp_path))
    assert library.drop_articles("en", [STORY.article.id]) == 0
    assert library.drop_articles("ru", ["another", STORY.article.id]) == 1
    assert len(before - set(files(tmp_path))) == 1
    assert list(reopen(tmp_path).articles()) == []


def test_killed_at_any_write_the_edition_before_or_the_new_one_is_whole(tmp_path: Path) -> None:
    newer = {"e" * 64: b"e" * 2_560, "d" * 64: b"d" * 5_120}
    saved = SavedEdition("ru", "e" * 64, 8, 1)
    outcomes = set()
    for step in itertools.count(1):
        folder = tmp_path / str(step)
        folder.mkdir()
        fill(make(folder))
        library = reopen(folder)
        try:
            with disk(step, Crash):
                library.save_edition(saved, newer)
            break
        except Crash:
            pass
        after = reopen(folder)
        whole = PIECES if after.edition("ru") == EDITION else newer
        outcomes.add(whole is newer)
        assert after.edition("ru") in (EDITION, saved)
        assert all(read_piece(after, name) == data for name, data in whole.items())
        assert after.state() == STATE
        after.save_edition(saved, newer)  # and the next try succeeds, leaving nothing behind
        assert len(files(folder)) == 1 + 1 + 3 + 1 + len(newer)
    assert outcomes == {False, True}


def test_a_full_disk_is_a_sentence_and_loses_nothing(tmp_path: Path) -> None:
    fill(make(tmp_path))
    library = reopen(tmp_path)
    with disk(1, errno.ENOSPC), pytest.raises(StorageError) as caught:
        library.save_edition(SavedEdition("ru", "e" * 64, 8, 1), {"e" * 64: b"e" * 2_560})
    assert caught.value.code == "disk-full"
    after = reopen(tmp_path)
    assert after.edition("ru") == EDITION
    assert all(read_piece(after, name) == data for name, data in PIECES.items())


def test_wiping_removes_the_library_without_its_passphrase(tmp_path: Path) -> None:
    fill(make(tmp_path))
    count = len(files(tmp_path))
    wiped = wipe_library(tmp_path / "books")
    assert (wiped.files, wiped.is_folder_gone) == (count, True)
    assert list(tmp_path.iterdir()) == []
    assert wipe_library(tmp_path / "books").files == 0


def test_the_key_goes_first_and_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(make(tmp_path))
    header = tmp_path / "books" / HEADER
    os.link(header, tmp_path / "other name")  # shows what happens to the bytes themselves
    order: list[str] = []
    unlink = os.unlink

    def noted(name: str, *, dir_fd: int | None = None) -> None:
        order.append(name)
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", noted)
    wipe_library(tmp_path / "books")
    assert order[0] == HEADER
    assert set((tmp_path / "other name").read_bytes()) == {0}


def test_wiping_leaves_what_is_not_ours_and_follows_no_link(tmp_path: Path) -> None:
    fill(make(tmp_path))
    books = tmp_path / "books"
    (tmp_path / "outside").write_bytes(b"outside")
    (books / "photo.jpg").write_bytes(b"mine")
    (books / ("a" * 32)).symlink_to(tmp_path / "outside")
    (books / f"{HEADER}.new").symlink_to(tmp_path / "outside")
    assert not wipe_library(books).is_folder_gone
    assert [path.name for path in books.iterdir()] == ["photo.jpg"]
    assert (tmp_path / "outside").read_bytes() == b"outside"
    (tmp_path / "link").symlink_to(books)
    with pytest.raises(StorageError):
        wipe_library(tmp_path / "link")
    assert (books / "photo.jpg").exists()


def test_an_incomplete_wipe_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(make(tmp_path))

    def refuse(name: str, *, dir_fd: int | None = None) -> None:
        raise PermissionError(errno.EPERM, "no")

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(StorageError) as caught:
        wipe_library(tmp_path / "books")
    assert caught.value.code == "wipe-incomplete"


def test_a_wiped_key_makes_the_rest_noise(tmp_path: Path) -> None:
    fill(make(tmp_path))
    (tmp_path / "books" / HEADER).unlink()
    assert not exists(tmp_path / "books")
    library = Library(create(tmp_path / "books", PASSPHRASE, kdf=CHEAP))
    assert (library.state(), library.editions) == (None, ())


def test_one_file_is_overwritten_and_removed(tmp_path: Path) -> None:
    file = tmp_path / "reader.toml"
    file.write_bytes(b"mirrors")
    os.link(file, tmp_path / "twin")
    assert wipe_file(file)
    assert (tmp_path / "twin").read_bytes() == bytes(7)
    assert not wipe_file(file)


def test_a_saved_press_survives_the_way_through_disk(tmp_path: Path) -> None:
    stored = press(1).newcomer()
    library = make(tmp_path)
    library.keep_state(State(stored.root, stored, NoticesSeen("example", 1)), {})
    assert reopen(tmp_path).state() == State(stored.root, stored, NoticesSeen("example", 1))
