"""A release that is cut off anywhere: the old edition or the new one, whole, and the next one completes."""

import errno
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.faults import Crash, disk
from helpers.newsdesk import Desk, desk, files_of, reading, titles
from mirror.errors import StorageError
from mirror.publisher import release as releases
from mirror.publisher.keyring import open_named, open_online
from mirror.publisher.release import Plan
from mirror.publisher.settle import is_settled, settle
from mirror.store.atomic import FULL, LOCKED

OLD, NEW = ["Story 1"], ["Story 1", "Story 2"]


@pytest.fixture
def ready(tmp_path: Path) -> Desk:
    """One edition released, a second story added."""
    made = desk(tmp_path)
    made.add(made.story(1))
    made.release()
    made.add(made.story(2))
    return made.later()


def planned(made: Desk) -> Plan:
    workspace = made.workspace
    plan = releases.plan(workspace, workspace.publication(), now=made.clock.at)
    assert plan is not None
    return plan.signed(*(open_named(workspace, name, f"the secret of {name}") for name in ("anna", "boris")))


def finish(made: Desk, plan: Plan) -> None:
    online = open_online(made.workspace, "the secret of online")
    releases.finish(made.workspace, plan, online, now=made.clock.at)


def complete(made: Desk, plan: Plan) -> None:
    """What the next release does: settle, and release what is still unreleased. Nothing goes back."""
    workspace = made.workspace
    shown = reading(made)
    publication = workspace.publication()
    settle(workspace, publication)
    settled = reading(made)
    assert titles(settled) >= titles(shown)
    assert settled.verified.versions["timestamp"] >= shown.verified.versions["timestamp"]
    assert plan.draft.base is not None
    if publication.version("channel-en") == plan.draft.base.version("channel-en"):
        finish(made, plan)
    assert is_settled(workspace, workspace.publication())
    assert titles(reading(made)) == NEW


def steps(made: Desk, plan: Plan, base: Path) -> list[int]:
    """The operations to fail at: every second rename and removal, and some of what is between them."""
    trial = made.copy(base / "trial")
    with disk() as watched:
        finish(trial, plan)
    assert len(watched.names) > 100
    telling = [at for at, name in enumerate(watched.names, 1) if name in ("replace", "unlink")]
    return sorted({*telling[::2], *telling[-12:], *range(1, len(watched.names), 11)})


def test_killed_at_any_step_of_a_release(ready: Desk, tmp_path: Path) -> None:
    plan = planned(ready)
    whole = ready.copy(tmp_path / "whole")
    finish(whole, plan)
    pieces = sorted(path for path in whole.tree.paths() if path.startswith("p/"))
    found: list[list[str]] = []
    for at in steps(ready, plan, tmp_path):
        cut = ready.copy(tmp_path / f"cut-{at}")
        with pytest.raises(Crash), disk(at):
            finish(cut, plan)
        found.append(titles(reading(cut)))
        complete(cut, plan)
        assert sorted(path for path in cut.tree.paths() if path.startswith("p/")) == pieces
        # Nothing half written stays behind, and the metadata is the one a release in one go makes.
        assert not [name for name in files_of(cut.folder) if ".part" in name or "/new/" in name]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (OLD, NEW)


def test_a_disk_that_fills_up_at_any_step_of_a_release(ready: Desk, tmp_path: Path) -> None:
    plan = planned(ready)
    found: list[list[str]] = []
    for at in steps(ready, plan, tmp_path)[::4]:
        full = ready.copy(tmp_path / f"full-{at}")
        refused = ""
        try:
            with disk(at, errno.ENOSPC):
                finish(full, plan)
        except StorageError as error:
            refused = error.code
        assert refused in ("", FULL)  # a removal at the end needs no room
        found.append(titles(reading(full)))
        assert full.workspace.articles("en").keys() == ready.workspace.articles("en").keys()
        complete(full, plan)
    assert found == sorted(found)
    assert (found[0], found[-1]) == (OLD, NEW)


def test_a_full_disk_is_a_sentence_and_loses_nothing(ready: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    before = files_of(ready.folder / "tree")
    kept = files_of(ready.folder / "articles")
    source = ready.story(3)
    for command in (
        ["release", *ready.passphrases("anna", "boris", "online")],
        ["heartbeat", ready.passphrase("online")],
        ["add", str(source), "--channel=en", "--yes"],
        ["withdraw", ready.id_of(1), "--reason=Wrong."],
    ):
        capsys.readouterr()
        with disk(1, errno.ENOSPC):
            assert ready.run(*command) == 7
        assert f"[{FULL}]" in capsys.readouterr().err
    assert {name: data for name, data in files_of(ready.folder / "tree").items() if "lock" not in name} == {
        name: data for name, data in before.items() if "lock" not in name
    }
    assert files_of(ready.folder / "articles") == kept
    assert ready.release() == 0
    assert titles(reading(ready)) == NEW


def test_an_export_that_does_not_fit_leaves_the_old_one(
    ready: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ready.base / "out.mirror.zip"
    out.write_bytes(b"an older bundle")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # a real refusal, by the kernel
    try:
        assert ready.run("export", str(out)) == 7
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"[{FULL}]" in capsys.readouterr().err
    assert sorted(path.name for path in ready.base.iterdir() if path.is_file()) == ["out.mirror.zip"]
    assert out.read_bytes() == b"an older bundle"


def test_init_that_was_cut_off_can_be_done_again(tmp_path: Path) -> None:
    trial = Desk(tmp_path, tmp_path / "trial")
    with disk() as watched:
        trial.init()
    for at in [at for at, name in enumerate(watched.names, 1) if name == "replace"][::4]:
        made = Desk(tmp_path, tmp_path / f"cut-{at}")
        with pytest.raises(Crash), disk(at):
            made.init()
        if (made.folder / "state" / "metadata" / "CURRENT").exists():
            assert made.run("heartbeat", made.passphrase("online")) == 0
        else:
            made.init()
        assert titles(reading(made)) == []


def test_taking_in_that_was_cut_off_can_be_done_again(tmp_path: Path) -> None:
    made = desk(tmp_path)
    source = made.story(1)
    made.story(2)
    trial = made.copy(tmp_path / "trial")
    with disk() as watched:
        trial.add(source)
    for at in range(1, len(watched.names) + 1):
        cut = made.copy(tmp_path / f"cut-{at}")
        with pytest.raises(Crash), disk(at):
            cut.add(source)
        cut.workspace.articles("en")
        cut.add(source)
        assert sorted(article.title for article in cut.workspace.articles("en").values()) == NEW


KILLED = """
import os, sys
from pathlib import Path
from helpers.faults import Kill, disk
from helpers.newsdesk import Desk, DeskClock, Seeded
made = Desk(Path(sys.argv[1]), Path(sys.argv[2]), DeskClock(int(sys.argv[3])), Seeded("another"))
with disk(int(sys.argv[4]), Kill):
    made.release()
print("not killed")
"""


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_kill_9_of_a_real_process_in_the_middle_of_a_release(
    ready: Desk, tmp_path: Path, share: float
) -> None:
    trial = ready.copy(tmp_path / "trial")
    with disk() as watched:
        trial.release()
    script = [sys.executable, "-c", KILLED, str(tmp_path), str(ready.folder)]
    run = subprocess.run(
        [*script, str(ready.clock.at), str(int(len(watched.names) * share))],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert run.returncode == -signal.SIGKILL, run.stdout + run.stderr
    assert titles(reading(ready)) in (OLD, NEW)
    assert ready.release() == 0
    assert titles(reading(ready)) == NEW
    assert is_settled(ready.workspace, ready.workspace.publication())


def test_two_releases_at_once(ready: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    with ready.workspace.lock():
        assert ready.run("release", *ready.passphrases()) == 7
    assert f"[{LOCKED}]" in capsys.readouterr().err
    assert ready.release() == 0


def test_a_damaged_tree_is_said_and_never_signed_over(
    ready: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    head = reading(ready).verified.target("en/head")
    assert head is not None
    path = ready.folder / "tree" / "p" / head.sha256[:2] / head.sha256
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    before = (ready.folder / "tree" / "m" / "timestamp.json").read_bytes()
    assert ready.run("release", *ready.passphrases()) == 7
    assert "[tree-damaged]" in capsys.readouterr().err
    assert (ready.folder / "tree" / "m" / "timestamp.json").read_bytes() == before
    ready.call("status")
    assert "tree-damaged" in capsys.readouterr().out
    path.write_bytes(whole)
    assert ready.release() == 0
