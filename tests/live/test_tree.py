"""A tree on a real disk: whole at every instant, whatever happens to the writer."""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from helpers.faults import Crash, disk
from helpers.toytree import HARMFUL, NEW, publish, told_by
from mirror.bundle.piece import name_of, path_of
from mirror.errors import StorageError
from mirror.limits import MAX_PIECE
from mirror.store.names import TIMESTAMP
from mirror.store.tree import PRIVATE, Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path / "tree")
    with made.writing() as writer:
        publish(writer, 1)
    assert (told_by(made, TIMESTAMP), told_by(made, "m/heads/ru")) == (1, 1)
    return made


def leftovers(tree: Tree) -> list[str]:
    return [str(path) for path in (tree.private / "new").iterdir()]


def test_an_edition_replaces_another_and_drops_it(tree: Tree) -> None:
    before = tree.stamp()
    with tree.writing() as writer:
        publish(writer, 2)
    assert (told_by(tree, TIMESTAMP), told_by(tree, "m/heads/ru")) == (2, 2)
    assert sorted(tree.paths()) == sorted({**NEW[0], **NEW[1]})
    assert tree.stamp() != before
    assert leftovers(tree) == []
    assert all(HARMFUL not in path.read_bytes() for path in tree.folder.rglob("*") if path.is_file())


def test_a_crash_at_any_write_leaves_the_old_edition_or_the_new_one(tmp_path: Path) -> None:
    seen = set()
    last = 1
    for at in range(1, 200):
        tree = Tree(tmp_path / str(at))
        with tree.writing() as writer:
            publish(writer, 1)
        try:
            with disk(at), tree.writing() as writer:
                publish(writer, 2)
        except Crash:
            pass
        else:
            break
        stands = told_by(tree, TIMESTAMP), told_by(tree, "m/heads/ru")
        assert stands in {(1, 1), (1, 2), (2, 2)}  # the timestamp never runs ahead
        seen.add(stands)
        assert stands[0] >= last, "a later crash leaves an older edition"
        last = stands[0]
        # What was cut off is done or forgotten by the next writer, before it does anything.
        with tree.writing():
            pass
        assert leftovers(tree) == []
        assert not (tree.private / "drop").exists()
        is_new = told_by(tree, TIMESTAMP) == 2
        harmful = path_of(name_of(HARMFUL))
        assert (tree.read(harmful) is None) is is_new, "dropped when the new edition stands, and only then"
        # And the same commit again goes through.
        with tree.writing() as writer:
            publish(writer, 2)
        assert sorted(tree.paths()) == sorted({**NEW[0], **NEW[1]})
    else:
        pytest.fail("never came to an end")
    assert seen == {(1, 1), (1, 2), (2, 2)}


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (errno.ENOSPC, "disk-full"),
        (errno.EDQUOT, "disk-full"),
        (errno.EROFS, "disk-read-only"),
        (errno.EIO, "storage"),
    ],
)
def test_a_disk_that_refuses_at_any_write_leaves_the_old_edition(
    tmp_path: Path, failure: int, code: str
) -> None:
    for at in range(1, 200):
        tree = Tree(tmp_path / str(at))
        with tree.writing() as writer:
            publish(writer, 1)
        refused = None
        try:
            with disk(at, failure), tree.writing() as writer:
                publish(writer, 2)
        except StorageError as error:
            refused = error
        if refused is None:
            break
        assert refused.code == code
        assert str(tmp_path) not in str(refused)
        assert leftovers(tree) == []
        told_by(tree, TIMESTAMP)
        told_by(tree, "m/heads/ru")
        with tree.writing() as writer:
            publish(writer, 2)
        assert sorted(tree.paths()) == sorted({**NEW[0], **NEW[1]})
    else:
        pytest.fail("never came to an end")
    assert at > 5


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A place that the kernel lets nobody write much to: a small file system, or a limit on files."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k,nr_inodes=64", "tmpfs", str(folder)]
    if os.geteuid() == 0 and not subprocess.run(mount, capture_output=True, check=False).returncode:
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, limits[1]))
    try:
        yield folder
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small") as folder:
        tree = Tree(folder / "tree")
        with tree.writing() as writer:
            publish(writer, 1)
        large = {path_of(name_of(data)): data for data in (bytes([n]) * MAX_PIECE for n in range(12))}
        with pytest.raises(StorageError) as caught, tree.writing() as writer:
            writer.put(large)
        assert caught.value.code == "disk-full"
        assert told_by(tree, TIMESTAMP) == 1
        assert leftovers(tree) == []


KILLED = """
import sys
from pathlib import Path
from helpers.faults import Kill, disk
from helpers.toytree import publish
from mirror.store.tree import Tree
with disk(int(sys.argv[2]), Kill), Tree(Path(sys.argv[1])).writing() as writer:
    publish(writer, 2)
"""


def test_kill_9_frees_the_lock_and_keeps_the_old_edition(tmp_path: Path) -> None:
    """The whole sweep is above; this is the real signal, before and after the switch."""
    trees = [Tree(tmp_path / name) for name in ("counted", "before", "after")]
    for tree in trees:
        with tree.writing() as writer:
            publish(writer, 1)
    with disk() as counted, trees[0].writing() as writer:
        publish(writer, 2)
    for tree, at, stands in (
        (trees[1], counted.names.index("replace"), 1),
        (trees[2], len(counted.names) - counted.names[::-1].index("unlink") - 1, 2),
    ):
        run = subprocess.run(
            [sys.executable, "-c", KILLED, str(tree.folder), str(at + 1)],
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        assert run.returncode == -signal.SIGKILL, run.stderr
        assert told_by(tree, TIMESTAMP) == stands
        assert leftovers(tree) or (tree.private / "drop").exists(), "nothing was cut off"
        with tree.writing():
            assert leftovers(tree) == []
        assert (tree.read(path_of(name_of(HARMFUL))) is None) is (stands == 2)


def test_two_writers_do_not_meet(tree: Tree) -> None:
    with tree.writing() as writer:
        with pytest.raises(StorageError) as caught, Tree(tree.folder).writing():
            pytest.fail("both write")
        assert caught.value.code == "store-locked"
        publish(writer, 2)
    assert told_by(tree, TIMESTAMP) == 2


def test_only_an_edition_is_committed(tree: Tree) -> None:
    pieces, files = NEW
    piece = next(iter(pieces))
    with tree.writing() as writer:
        for wrong, drop in (
            ({path: data for path, data in files.items() if path != TIMESTAMP}, ()),
            (files | {piece: b""}, ()),
            (files | {"m/../x": b""}, ()),
            (files, ("m/heads/ru",)),
            (files, ("../x",)),
        ):
            with pytest.raises(ValueError, match="not"):
                writer.commit(wrong, drop)
        with pytest.raises(ValueError, match="not a piece"):
            writer.put({"m/1.root.json": b"x"})
        with pytest.raises(ValueError, match="not a piece"):
            writer.put({f"p/00/../{'0' * 64}": b"x"})
    assert told_by(tree, TIMESTAMP) == 1


def strange_files(folder: Path) -> Iterator[str]:
    """Paths that are allowed, with something there that is no file of a mirror."""
    names = [path_of(name_of(bytes([n]))) for n in range(5)]
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(folder / names[0])
    (folder / names[1]).mkdir()
    (folder / names[2]).write_bytes(bytes(MAX_PIECE + 1))
    (folder / names[3]).symlink_to("/etc/passwd")
    (folder / names[4]).symlink_to(folder / names[4])
    yield from names


def test_what_is_no_file_of_ours_is_absent(tree: Tree) -> None:
    for path in strange_files(tree.folder):
        assert tree.read(path) is None
    (tree.folder / "m" / "heads" / "ru").unlink()
    assert tree.read("m/heads/ru") is None
    assert tree.read("m/heads/ru/x") is None
    (tree.folder / "secret").write_bytes(b"x")
    assert tree.read("secret") is None
    assert tree.read("m/../secret") is None
    assert tree.read(f"{PRIVATE}/lock") is None


def test_reading_needs_no_right_to_write_and_no_lock(tree: Tree) -> None:
    with tree.writing():
        assert told_by(Tree(tree.folder), TIMESTAMP) == 1
    bare = Tree(tree.folder.parent / "nothing")
    assert (bare.read(TIMESTAMP), bare.stamp(), list(bare.paths())) == (None, None, [])
    assert not bare.folder.exists()
