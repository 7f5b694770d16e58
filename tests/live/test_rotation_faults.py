"""Slips and the database when something is cut off: the old word or the new one, for every reader."""

import errno
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from helpers.faults import Crash, disk
from helpers.newsdesk import Desk, files_of
from helpers.rotating import RotatingDesk, host, rotating
from mirror.cli.invite import _Files
from mirror.errors import ConfigError, MirrorError, StorageError
from mirror.publisher import slipmaking
from mirror.publisher.heartbeat import heartbeat
from mirror.publisher.keyring import open_online
from mirror.publisher.rotation import database_file, open_press
from mirror.publisher.settle import settle
from mirror.rotation.invitation import Invitation
from mirror.store.names import TIMESTAMP
from mirror.store.tree import Tree


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> tuple[RotatingDesk, list[Invitation]]:
    """Two readers at one endpoint, which was blocked: the next heartbeat moves them."""
    made = rotating(tmp_path_factory.mktemp("faults"))
    made.release()
    invited = [made.invite(name) for name in ("anna", "boris")]
    made.heartbeat(1)
    made.desk.later(5 * 86_400)
    made.heartbeat()
    made.call("endpoints remove", "1", "--blocked", "--yes")
    made.desk.later(86_400)
    return made, invited


def copy(made: RotatingDesk, folder: Path) -> RotatingDesk:
    return RotatingDesk(made.desk.copy(folder))


def beat(made: Desk) -> None:
    workspace = made.workspace
    press = open_press(workspace, "the secret of online", made.randomness)
    heartbeat(workspace, open_online(workspace, "the secret of online"), now=made.clock.at, press=press)


def told(made: RotatingDesk, invitation: Invitation) -> str | None:
    slip = made.slip(invitation)
    return slip.entrances[0].text if slip else None


def test_killed_at_any_step_of_a_heartbeat(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, invited = ready
    trial = copy(made, tmp_path / "trial")
    with disk() as watched:
        beat(trial.desk)
    after = [told(trial, each) for each in invited]
    assert host(1) not in after
    assert None not in after
    pages = sorted(path for path in trial.desk.tree.paths() if path[0] == "s")
    steps = [at for at, name in enumerate(watched.names, 1) if name in ("replace", "unlink", "write")]
    old = made.desk.tree.read(TIMESTAMP)
    ahead = [told(made, each) for each in invited]  # made a day ago for today
    assert set(ahead) == {host(1)}
    stands = []
    for at in steps:
        cut = copy(made, tmp_path / f"cut-{at}")
        with pytest.raises(Crash), disk(at):
            beat(cut.desk)
        # Whoever reads the tree now finds whole, signed pages: all of them once the statement is there.
        found = [told(cut, each) for each in invited]
        stands.append(cut.desk.tree.read(TIMESTAMP) != old)
        assert found == after if stands[-1] else set(found) <= {*ahead, *after}
        before = cut.desk.workspace.publication()
        settle(cut.desk.workspace, before)  # what every command does first, without any key
        beat(cut.desk)
        assert [told(cut, each) for each in invited] == after
        assert sorted(path for path in cut.desk.tree.paths() if path[0] == "s") == pages
        assert not (cut.desk.tree.private / "pages").exists()
    assert stands == sorted(stands)
    assert set(stands) == {False, True}


def test_what_was_kept_is_completed_without_a_key(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, invited = ready
    cut = copy(made, tmp_path / "cut")
    monkeypatch.setattr("mirror.publisher.settle.settle", lambda *_: (_ for _ in ()).throw(Crash()))
    with pytest.raises(Crash):
        beat(cut.desk)
    monkeypatch.undo()
    assert settle(cut.desk.workspace, cut.desk.workspace.publication())
    assert all(told(cut, each) not in (None, host(1)) for each in invited)


def test_killed_again_while_a_crash_is_made_up_for(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    """The second one's pages must not take the place of those that go with the statement that is kept."""
    made, invited = ready
    cut = copy(made, tmp_path / "cut")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mirror.publisher.settle.settle", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            beat(cut.desk)  # kept, and not in the tree yet
    kept = cut.desk.workspace.publication().version("timestamp")
    whole = copy(cut, tmp_path / "whole")
    with disk() as watched:
        beat(whole.desk)
    after = [told(whole, each) for each in invited]
    steps = [at for at, name in enumerate(watched.names, 1) if name in ("replace", "unlink")]
    ends = set()
    for at in steps:
        again = copy(cut, tmp_path / f"again-{at}")
        with pytest.raises(Crash), disk(at):
            beat(again.desk)
        publication = again.desk.workspace.publication()
        settle(again.desk.workspace, publication)
        ends.add(publication.version("timestamp") - kept)
        assert [told(again, each) for each in invited] == after
    assert ends == {0, 1}


def test_killed_at_any_step_of_a_release(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, invited = ready
    made = copy(made, tmp_path / "made")
    made.desk.add(made.desk.story(7))
    trial = copy(made, tmp_path / "trial")
    with disk() as watched:
        trial.release()
    after = [told(trial, each) for each in invited]
    assert host(1) not in after
    steps = [at for at, name in enumerate(watched.names, 1) if name == "replace"][::2]
    old = made.desk.tree.read(TIMESTAMP)
    stands = []
    for at in steps:
        cut = copy(made, tmp_path / f"cut-{at}")
        with pytest.raises(Crash), disk(at):
            cut.release()
        stands.append(cut.desk.tree.read(TIMESTAMP) != old)
        if stands[-1]:
            assert [told(cut, each) for each in invited] == after
        cut.release()  # where nothing is left to release, what was cut off is completed all the same
        assert [told(cut, each) for each in invited] == after
        assert not (cut.desk.tree.private / "pages").exists()
    assert set(stands) == {False, True}


def test_a_heartbeat_that_dies_at_any_statement_of_the_database_decided_nothing(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, invited = ready
    trial = copy(made, tmp_path / "trial")
    with dying(0) as seen:
        beat(trial.desk)
    after = [told(trial, each) for each in invited]
    old, tree = made.facts(), files_of(made.desk.folder / "tree")
    assert old != trial.facts()
    writes = [at for at, each in enumerate(seen, 1) if each.split()[0] in ("INSERT", "UPDATE")]
    cut = copy(made, tmp_path / "cut")
    for at in writes:
        with dying(at), pytest.raises(Crash):
            beat(cut.desk)
        assert cut.facts() == old
        assert files_of(cut.desk.folder / "tree") == tree
    beat(cut.desk)
    assert [told(cut, each) for each in invited] == after


def test_damaged_notes_of_pages_are_forgotten(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, invited = ready
    cut = copy(made, tmp_path / "cut")
    monkeypatch.setattr("mirror.publisher.settle.settle", lambda *_: (_ for _ in ()).throw(Crash()))
    with pytest.raises(Crash):
        beat(cut.desk)
    monkeypatch.undo()
    notes = cut.desk.tree.private / "pages"
    data = notes.read_bytes()
    wrong = data.index(b"\n\n") - 1  # a digit of a length
    for damaged in (data[:-1], data[:wrong] + b"x" + data[wrong + 1 :], data[: 1 << 14], data[:70]):
        notes.write_bytes(damaged)
        again = copy(cut, tmp_path / f"again-{len(damaged)}-{damaged == data[:-1]}")
        settle(again.desk.workspace, again.desk.workspace.publication())
        assert again.desk.tree.read(TIMESTAMP) == again.desk.workspace.publication().roles["timestamp"]
        beat(again.desk)
        assert all(told(again, each) not in (None, host(1)) for each in invited)


def test_pages_of_a_statement_that_never_came_are_forgotten(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "tree")
    with tree.writing() as writer:
        writer.stage(b"never", {"s/1/0": b"a" * 10})
    with tree.writing() as writer:
        assert writer.has_staged(b"never")
        assert not writer.has_staged(b"came")
        writer.commit({"m/timestamp.json": b"came"})
        assert tree.read("s/1/0") is None
        writer.stage(b"next", {"s/1/0": b"b" * 10, "s/1/1": b"c"})
        writer.commit({"m/timestamp.json": b"next"})
    assert (tree.read("s/1/0"), tree.read("s/1/1")) == (b"b" * 10, b"c")
    with tree.writing() as writer, pytest.raises(ValueError, match="not a slip page"):
        writer.stage(b"x", {"m/timestamp.json": b"x"})


@contextmanager
def dying(at: int) -> Iterator[list[str]]:
    """A database whose ``at``-th statement is never answered (0: all are)."""
    seen: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)
        if len(seen) == at:
            raise Crash

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", before)


COMMANDS = [
    ["endpoints add", "https://fresh.alphabet.net/"],
    ["endpoints remove", "2", "--yes"],
    ["invite revoke", "anna", "--yes"],
    ["endpoints split", "--yes"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: str(each[0]))
def test_a_change_that_dies_at_any_statement_did_not_happen(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, command: list[str]
) -> None:
    made, _ = ready
    trial = copy(made, tmp_path / "trial")
    with dying(0) as seen:
        trial.call(*command)
    old, new = made.facts(), trial.facts()
    assert old != new
    cut = copy(made, tmp_path / "cut")
    writes = [at for at, each in enumerate(seen, 1) if each.split()[0] in ("INSERT", "UPDATE")]
    assert len(writes) > 1
    for at in writes:
        with dying(at), pytest.raises(Crash):
            cut.call(*command)
        assert cut.facts() == old
    cut.call(*command)
    assert len(cut.facts().events) == len(new.events)


def test_an_invitation_that_was_not_kept_is_not_handed_over(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, _ = ready
    cut = copy(made, tmp_path / "cut")
    file = tmp_path / "handed"
    with pytest.MonkeyPatch.context() as patch:
        write = _Files.write

        def written_and_refused(files: _Files, link: str) -> None:
            write(files, link)
            assert file.exists()
            raise StorageError("full", code="disk-full")

        patch.setattr(_Files, "write", written_and_refused)
        with pytest.raises(StorageError):
            cut.call("invite new", "--label=x", "--channel=en", f"--out={file}")
    assert not file.exists()
    assert cut.facts() == made.facts()


ADD = """
import sys
from pathlib import Path
from helpers.newsdesk import Desk, DeskClock, Seeded
from helpers.rotating import RotatingDesk, host
base, folder = map(Path, sys.argv[1:3])
made = RotatingDesk(Desk(base, folder, DeskClock(int(sys.argv[3])), Seeded(sys.argv[4])))
with made.opened().roster.change() as change:
    print("in", flush=True)
    sys.stdin.readline()
    from mirror.publisher.roster import Declared
    change.add_endpoints([Declared(host(int(sys.argv[4])))], 5)
"""


def test_two_processes_never_decide_on_the_same_facts(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, _ = ready
    shared = copy(made, tmp_path / "shared")
    count = len(shared.facts().endpoints)
    arguments = [str(shared.desk.base), str(shared.desk.folder), str(shared.desk.clock.at)]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    first = subprocess.Popen(
        [sys.executable, "-c", ADD, *arguments, "501"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=where,
    )
    assert first.stdout is not None
    assert first.stdin is not None
    assert first.stdout.readline() == "in\n"
    done = threading.Event()

    def second() -> None:
        with shared.opened().roster.change() as change:
            # The other one's endpoint is seen here, or this would have its number too.
            assert len(change.facts.endpoints) == count + 1
            done.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert not done.wait(0.3)
    first.communicate("\n", timeout=30)
    thread.join(30)
    assert done.is_set()
    assert first.returncode == 0


def test_a_database_held_for_long_is_said(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = ready
    shared = copy(made, tmp_path / "shared")
    monkeypatch.setattr("mirror.publisher.tables._WAIT_SECONDS", 0.05)
    opened = shared.opened()
    holder = sqlite3.connect(database_file(shared.desk.workspace), isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StorageError) as caught, opened.roster.change():
        pass
    assert caught.value.code == "roster-busy"
    holder.execute("ROLLBACK")
    holder.close()


def test_a_full_disk_is_a_sentence_and_nothing_is_lost(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made, _ = ready
    full = copy(made, tmp_path / "full")
    before = full.facts()
    with disk(1, errno.ENOSPC):
        assert full.run("invite new", "--label=x", "--channel=en", f"--out={tmp_path / 'x'}") == 7
    assert "disk-full" in capsys.readouterr().err
    assert full.facts() == before
    assert not (tmp_path / "x").exists()


def test_rows_cannot_be_exchanged_or_altered(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path
) -> None:
    made, _ = ready
    cut = copy(made, tmp_path / "cut")
    with sqlite3.connect(database_file(cut.desk.workspace)) as raw:
        [(one,)] = raw.execute("SELECT sealed FROM mirror_endpoints WHERE number = 2").fetchall()
        raw.execute("UPDATE mirror_endpoints SET sealed = ? WHERE number = 3", (one,))
    raw.close()
    with pytest.raises(StorageError) as caught:
        cut.facts()
    assert caught.value.code == "roster-damaged"


def test_slips_that_do_not_fit_never_hold_up_the_news(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = ready
    cut = copy(made, tmp_path / "cut")

    def crowded(*_: object, **__: object) -> None:
        from mirror.errors import LimitError

        raise LimitError("full", code="slips-crowded")

    monkeypatch.setattr(slipmaking, "make_pages", crowded)
    before = cut.facts()
    assert cut.heartbeat() == 0
    assert cut.facts() == before


def test_a_split_decided_on_other_facts_is_not_done(
    ready: tuple[RotatingDesk, list[Invitation]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = ready
    cut = copy(made, tmp_path / "cut")

    def meanwhile(*_: object, **__: object) -> None:
        opened = cut.opened()
        known = opened.roster.facts().endpoints[2]
        with opened.roster.change() as change:
            from mirror.publisher.roster import Event

            change.close_endpoint(known, Event.LOST, cut.desk.clock.at)

    monkeypatch.setattr("mirror.cli.endpoints_changes.confirm", meanwhile)
    with pytest.raises(ConfigError) as caught:
        cut.call("endpoints split")
    assert caught.value.code == "split-changed"
    assert isinstance(caught.value, MirrorError)
