"""Generations: the same contract in memory and on disk, and on disk whatever is cut off or refused."""

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.faults import Crash, disk
from mirror.errors import StorageError
from mirror.store.generations import DiskGenerations, GenerationStore, MemoryGenerations

OLD = {"root.json": b"one", "trusted/targets.json": b"two" * 1_000, "floor": b""}
NEW = {"root.json": b"three", "trusted/snapshot.json": b"four" * 1_000}
ROOT = Path(__file__).parents[2]

Make = Callable[[], GenerationStore]


@pytest.fixture(params=["memory", "disk"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> GenerationStore:
    return MemoryGenerations() if request.param == "memory" else DiskGenerations(tmp_path / "new" / "store")


def test_an_empty_store_has_none(store: GenerationStore) -> None:
    assert store.load() is None


def test_what_is_committed_is_loaded(store: GenerationStore) -> None:
    first = store.commit(OLD, after=0)
    assert first.files == OLD
    assert store.load() == first
    second = store.commit(NEW, after=first.number)
    assert second.number > first.number
    assert store.load() == second
    assert second.files == NEW


def test_of_two_commits_on_one_generation_the_second_fails(store: GenerationStore) -> None:
    first = store.commit(OLD, after=0)
    store.commit(NEW, after=first.number)
    for stale in (0, first.number, 99):
        with pytest.raises(StorageError) as refused:
            store.commit(OLD, after=stale)
        assert refused.value.code == "store-changed"
    loaded = store.load()
    assert loaded is not None
    assert loaded.files == NEW


def test_what_the_caller_changes_later_is_not_stored(store: GenerationStore) -> None:
    files = dict(OLD)
    store.commit(files, after=0)
    files["root.json"] = b"changed"
    loaded = store.load()
    assert loaded is not None
    assert loaded.files == OLD


@pytest.mark.parametrize("name", ["", "x" * 241, "\N{CYRILLIC SMALL LETTER A}" * 41])
def test_a_name_that_no_disk_takes_is_refused_everywhere(store: GenerationStore, name: str) -> None:
    with pytest.raises(ValueError, match="file name"):
        store.commit({name: b""}, after=0)


@pytest.mark.parametrize(
    "name",
    ["..", ".", "../x", "/etc/passwd", "MANIFEST", "manifest", "a/b", "%2e", "Ä", "a\nb", "a b", "CURRENT"],
)
def test_no_name_leaves_the_folder_or_meets_another(tmp_path: Path, name: str) -> None:
    store = DiskGenerations(tmp_path / "store")
    files = {name: b"x", "manifest": b"y", "plain": b"z"}
    store.commit(files, after=0)
    loaded = store.load()
    assert loaded is not None
    assert loaded.files == files
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=30).filter(lambda s: s.isprintable()), st.binary(max_size=50)
    )
)
def test_any_files_come_back(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        store = DiskGenerations(Path(folder) / "store")
        store.commit(files, after=0)
        loaded = store.load()
        assert loaded is not None
        assert loaded.files == files


def test_nothing_is_for_other_eyes(tmp_path: Path) -> None:
    DiskGenerations(tmp_path / "store").commit(OLD, after=0)
    modes = {path.stat().st_mode & 0o077 for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]}
    assert modes == {0}


def steps(tmp_path: Path) -> int:
    """How many operations a commit on top of another takes."""
    store = DiskGenerations(tmp_path / "count")
    store.commit(OLD, after=0)
    with disk() as counted:
        store.commit(NEW, after=1)
    assert {"mkdir", "open", "write", "fsync", "replace", "unlink"} == set(counted.names)
    return len(counted.names)


def test_all_is_on_the_platter_before_the_pointer_moves(tmp_path: Path) -> None:
    """No test of ours can pull the plug: the order of the calls has to do."""
    store = DiskGenerations(tmp_path)
    with disk() as counted:
        store.commit(OLD, after=0)
    swap = counted.names.index("replace")
    # Every file, the manifest, its folder, the folder of generations, and the new pointer itself.
    assert counted.names[:swap].count("fsync") == len(OLD) + 4
    assert counted.names[swap + 1] == "fsync"
    assert counted.names.count("replace") == 1


@pytest.mark.parametrize("is_first", [True, False])
def test_a_crash_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, is_first: bool) -> None:
    seen = []
    for at in range(1, steps(tmp_path) + 1):
        store = DiskGenerations(tmp_path / f"{at}")
        before = None if is_first else store.commit(OLD, after=0)
        try:
            with disk(at):
                store.commit(NEW, after=0 if before is None else before.number)
        except Crash:
            pass
        loaded = DiskGenerations(tmp_path / f"{at}").load()
        files = None if loaded is None else loaded.files
        assert files in (None if before is None else OLD, NEW)
        seen.append(files == NEW)
        # And the next commit finds its way, whatever was left lying about.
        again = store.commit(OLD, after=0 if loaded is None else loaded.number)
        assert store.load() == again
        kept = {path.name for path in (tmp_path / f"{at}").iterdir()}
        assert len(kept) <= 4, kept  # CURRENT, LOCK, two generations
    assert seen == sorted(seen)
    assert {False, True} == set(seen)


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EROFS, "disk-read-only"),
        (errno.EIO, "storage"),
    ],
)
def test_a_refused_operation_leaves_the_old_generation_whole(tmp_path: Path, failure: int, code: str) -> None:
    refused = 0
    for at in range(1, steps(tmp_path) + 1):
        store = DiskGenerations(tmp_path / f"{at}")
        before = store.commit(OLD, after=0)
        said: list[StorageError] = []
        with disk(at, failure):
            try:
                store.commit(NEW, after=before.number)
            except StorageError as error:
                said.append(error)
        assert [error.code for error in said] in ([], [code])
        assert not any(str(tmp_path) in str(error) for error in said)
        refused += len(said)
        loaded = store.load()
        assert loaded is not None
        assert loaded.files in (OLD, NEW)
        if said and loaded.files == OLD:  # a full disk is given back what the failed commit took
            assert [path.name for path in (tmp_path / f"{at}").glob("g-*")] == ["g-1"]
        assert store.load() == loaded
        store.commit(NEW, after=loaded.number)
    assert refused > 3


KILLED = """
import sys
from pathlib import Path
from helpers.faults import Kill, disk
from mirror.store.generations import DiskGenerations
store = DiskGenerations(Path(sys.argv[1]))
with disk(int(sys.argv[2]), Kill):
    store.commit({"root.json": b"three", "trusted/snapshot.json": b"four" * 1_000}, after=1)
"""


def test_a_real_kill_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    """Every third step and the last: each takes a process; the crash test above does them all."""
    seen = set()
    last = steps(tmp_path)
    for at in (*range(1, last, 3), last):
        store = DiskGenerations(tmp_path / f"{at}")
        store.commit(OLD, after=0)
        run = subprocess.run(
            [sys.executable, "-c", KILLED, str(tmp_path / f"{at}"), str(at)],
            env={"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == -9, run.stderr
        loaded = store.load()
        assert loaded is not None
        assert loaded.files in (OLD, NEW)
        seen.add(loaded.files == NEW)
        store.commit(OLD, after=loaded.number)  # the lock died with the process
    assert seen == {False, True}


def test_a_process_that_stores_keeps_others_out(tmp_path: Path) -> None:
    from mirror.store import atomic

    store = DiskGenerations(tmp_path)
    store.commit(OLD, after=0)
    with atomic.locked(tmp_path / "LOCK"), pytest.raises(StorageError) as refused:
        store.commit(NEW, after=1)
    assert refused.value.code == "store-locked"
    store.commit(NEW, after=1)


def damage_file(folder: Path) -> None:
    path = folder / "root.json"
    path.write_bytes(b"thrEe")


def shorten_file(folder: Path) -> None:
    (folder / "root.json").write_bytes(b"")


def lose_file(folder: Path) -> None:
    (folder / "root.json").unlink()


def lose_manifest(folder: Path) -> None:
    (folder / "MANIFEST").unlink()


def cut_manifest(folder: Path) -> None:
    path = folder / "MANIFEST"
    path.write_bytes(path.read_bytes()[:-1])


def garble_manifest(folder: Path) -> None:
    (folder / "MANIFEST").write_bytes(b"\xff\n")


@pytest.mark.parametrize(
    "harm", [damage_file, shorten_file, lose_file, lose_manifest, cut_manifest, garble_manifest]
)
def test_a_damaged_generation_gives_way_to_the_one_before(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    store = DiskGenerations(tmp_path)
    store.commit(OLD, after=0)
    store.commit(NEW, after=1)
    harm(tmp_path / "g-2")
    loaded = store.load()
    assert loaded is not None
    assert loaded.files == OLD
    harm(tmp_path / "g-1")
    with pytest.raises(StorageError) as refused:
        store.load()
    assert refused.value.code == "store-damaged"


@pytest.mark.parametrize("line", [b"", b"9\n", b"x\n", b"1", b"01\n"])
def test_a_damaged_pointer_finds_the_newest_whole_one(tmp_path: Path, line: bytes) -> None:
    store = DiskGenerations(tmp_path)
    store.commit(OLD, after=0)
    store.commit(NEW, after=1)
    (tmp_path / "CURRENT").write_bytes(line)
    loaded = store.load()
    assert loaded is not None
    assert loaded.files == NEW
    assert store.commit(OLD, after=loaded.number).number == 3
