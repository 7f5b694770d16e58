"""After a lost disk: the metadata comes back from what mirrors have, verified, and never backwards."""

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from helpers.newsdesk import Desk, Seeded, desk, reading, titles
from mirror.bundle.piece import path_of
from mirror.errors import MirrorError
from mirror.publisher.published import head_of


@pytest.fixture
def made(tmp_path: Path) -> Desk:
    made = desk(tmp_path)
    made.add(made.story(1))
    made.release()
    made.later().release("--renew")
    made.add(made.story(2))
    made.release()
    return made


def root(made: Desk) -> str:
    return f"--root={sha256((made.folder / 'tree' / 'm' / '1.root.json').read_bytes()).hexdigest()}"


def failure(made: Desk, *arguments: str) -> str:
    with pytest.raises(MirrorError) as caught:
        made.call("recover", *arguments)
    return caught.value.code


@pytest.mark.parametrize("loss", ["gone", "damaged"])
def test_lost_metadata_comes_back_and_work_goes_on(made: Desk, loss: str) -> None:
    before = made.workspace.publication()
    metadata = made.folder / "state" / "metadata"
    if loss == "gone":
        shutil.rmtree(metadata)
    else:
        for file in metadata.glob("g-*/*.json"):
            file.write_bytes(b"")
    assert made.run("release", *made.passphrases()) == 7
    assert made.call("recover", root(made)) == 0
    assert made.workspace.publication() == before
    made.add(made.story(3))
    made.release()
    assert titles(reading(made)) == ["Story 1", "Story 2", "Story 3"]


def test_an_old_backup_catches_up_with_the_mirrors(made: Desk) -> None:
    backup = made.copy(made.base / "backup")
    made.later().add(made.story(3))
    made.release()
    # The backup's state, with the tree that mirrors have by now.
    shutil.rmtree(backup.folder / "tree")
    shutil.copytree(made.folder / "tree", backup.folder / "tree")
    backup.clock.at = made.clock.at
    assert backup.call("recover", root(backup)) == 0
    assert backup.workspace.publication() == made.workspace.publication()
    backup.later().add(backup.story(4, folder="more"))
    backup.release()
    assert titles(reading(backup)) == ["Story 1", "Story 2", "Story 3", "Story 4"]


def test_it_never_goes_back(made: Desk) -> None:
    old = made.base / "old"
    shutil.copytree(made.folder / "tree", old)
    made.later().call("heartbeat", made.passphrase("online"))
    shutil.rmtree(made.folder / "tree")
    shutil.copytree(old, made.folder / "tree")
    assert failure(made, root(made)) == "recover-older"


def test_another_tree_or_half_of_one_is_refused(made: Desk) -> None:
    before = made.workspace.publication()
    assert failure(made, f"--root={'0' * 64}") == "recover-other"
    other = Desk(made.base, made.base / "other", randomness=Seeded("another")).init()
    digest = root(made)
    kept = made.base / "kept"
    shutil.move(made.folder / "tree", kept)
    assert failure(made, digest) == "recover-other"
    shutil.copytree(other.folder / "tree", made.folder / "tree")
    assert failure(made, digest) == "recover-other"
    # The right first root, and the rest by somebody else.
    shutil.copy(kept / "m" / "1.root.json", made.folder / "tree" / "m" / "1.root.json")
    assert failure(made, digest) != "recover-other"
    shutil.rmtree(made.folder / "tree")
    shutil.copytree(kept, made.folder / "tree")
    head = head_of(before, "en")
    assert head is not None
    (made.folder / "tree" / path_of(head)).unlink()
    assert failure(made, digest) == "tree-damaged"
    assert made.workspace.publication() == before
