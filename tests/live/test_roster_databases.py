"""The roster's contract on SQLite and on a real PostgreSQL server: whole pictures, whole changes."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import URL, create_engine, event, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from helpers import postgres
from helpers.newsdesk import DAY, desk
from helpers.rotating import RotatingDesk, code_of, host
from mirror.errors import StorageError
from mirror.publisher import tables
from mirror.publisher.database import Roster
from mirror.publisher.placing import homes, state_of
from mirror.publisher.roster import Counted, Declared, Event, Happened, Pool
from mirror.publisher.vault import Vault

NO_SERVER = "postgresql is not installed"
SECRET, PUBLICATION = bytes(range(32)), bytes(range(32, 64))


@pytest.fixture(scope="module")
def server() -> Iterator[Path]:
    if postgres.POSTGRES is None or postgres.INITDB is None:
        pytest.skip(NO_SERVER)
    with postgres.server() as folder:
        yield folder


@dataclass
class Database:
    """A fresh database, by a file that holds its URL."""

    file: Path

    @property
    def engine(self) -> Engine:
        made = tables.open_engine(self.file, Path())
        tables.prepare(made, PUBLICATION.hex(), DAY)
        return made

    @property
    def roster(self) -> Roster:
        return Roster(self.engine, Vault(SECRET, PUBLICATION, os.urandom))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        url = URL.create("sqlite", database=str(tmp_path / "team.sqlite3"))
    else:
        socket = request.getfixturevalue("server")
        name = f"mirror_{uuid4().hex}"
        with psycopg.connect(
            host=str(socket), user="mirror", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        url = URL.create("postgresql+psycopg", "mirror", database=name, query={"host": str(socket)})
    file = tmp_path / "database"
    file.write_text(url.render_as_string(hide_password=False))
    file.chmod(0o600)
    return Database(file)


def declared(number: int) -> Declared:
    return Declared(host(number), bytes([number]) * 16, "A", "DE", ("192.0.2.1",))


def test_what_is_written_is_read(database: Database) -> None:
    with database.roster.change() as change:
        assert change.add_endpoints([declared(1), declared(2)], 2**40) == [1, 2]
        change.add_readers(Pool.INVITED, [Counted(0, -1, (65_535,) * 16, "branch")], 6)
        change.seat(1, Pool.INVITED, 7, 8)
    facts = database.roster.facts()
    assert [each.declared for each in facts.endpoints.values()] == [declared(1), declared(2)]
    assert facts.endpoints[1].added == 2**40
    assert facts.readers[Pool.INVITED][0].path == (65_535,) * 16
    assert [each.kind for each in facts.events] == [Event.ADDED, Event.ADDED, Event.JOINED]
    assert facts.entrance(1, Pool.INVITED, 7) is not None


def test_a_change_that_fails_did_not_happen(database: Database) -> None:
    before = database.roster.facts()

    def fail() -> None:
        with database.roster.change() as change:
            change.add_endpoints([declared(1)], 5)
            raise RuntimeError("as the test wants it")

    with pytest.raises(RuntimeError):
        fail()
    assert database.roster.facts() == before


def test_many_at_once_never_decide_on_the_same_facts(database: Database) -> None:
    rosters = [database.roster for _ in range(6)]
    together = threading.Barrier(len(rosters))
    errors: list[BaseException] = []

    def add(roster: Roster) -> None:
        try:
            together.wait(30)
            for _ in range(3):
                with roster.change() as change:
                    change.add_endpoints([declared(1)], 5)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=add, args=(each,)) for each in rosters]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert errors == []
    facts = database.roster.facts()
    assert sorted(facts.endpoints) == list(range(1, 19))
    assert [each.number for each in facts.events] == list(range(1, 19))


def test_a_picture_is_of_one_instant(database: Database) -> None:
    """Between two tables of one reading, somebody changes both."""
    roster, other = database.roster, database.roster
    reader = threading.current_thread()
    writer: list[threading.Thread] = []

    def write() -> None:
        with other.change() as change:
            change.add_endpoints([declared(1)], 5)

    def after(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if threading.current_thread() is reader and "FROM mirror_endpoints" in statement and not writer:
            writer.append(threading.Thread(target=write))
            writer[0].start()
            writer[0].join(1)  # done where readers hold nobody up; waiting where they do

    event.listen(Engine, "after_cursor_execute", after)
    try:
        facts = roster.facts()
    finally:
        event.remove(Engine, "after_cursor_execute", after)
    writer[0].join(30)
    assert len(facts.endpoints) == sum(each.kind is Event.ADDED for each in facts.events) == 0
    assert len(roster.facts().endpoints) == 1


def test_waiting_ends_with_a_sentence(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_WAIT_SECONDS", 0.05)
    first, second = database.roster, database.roster
    with first.change(), pytest.raises(StorageError) as caught, second.change():
        pass
    assert caught.value.code == "roster-busy"
    with second.change() as change:
        change.note([Happened(0, 5, Event.PROBED, Pool.OPEN, note="x")])


def test_a_writer_that_dies_holds_nobody_up(database: Database) -> None:
    code = (
        "import os, sys; from pathlib import Path; from mirror.publisher import tables\n"
        "engine = tables.open_engine(Path(sys.argv[1]), Path())\n"
        "with tables.changing(engine): print('in', flush=True); sys.stdin.read(); os._exit(9)"
    )
    assert database.roster.facts().events == ()
    dying = subprocess.Popen(
        [sys.executable, "-c", code, str(database.file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert dying.stdout is not None
    assert dying.stdout.readline() == "in\n"
    dying.communicate("", timeout=30)
    assert dying.returncode == 9
    with database.roster.change() as change:
        change.add_endpoints([declared(1)], 5)
    assert len(database.roster.facts().endpoints) == 1


def test_the_first_commands_of_two_machines_make_the_tables_once(database: Database) -> None:
    together = threading.Barrier(6)
    errors: list[BaseException] = []

    def begin() -> None:
        try:
            engine = tables.open_engine(database.file, Path())
            together.wait(30)
            tables.prepare(engine, PUBLICATION.hex(), DAY)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert errors == []
    assert database.roster.facts().events == ()


def test_another_publication_or_length_of_an_epoch_is_refused(database: Database) -> None:
    engine = database.engine
    for publication, seconds, code in ((bytes(32), DAY, "roster-other"), (PUBLICATION, 600, "epoch-changed")):
        with pytest.raises(Exception, match=r"\w") as caught:
            tables.prepare(engine, publication.hex(), seconds)
        assert getattr(caught.value, "code", None) == code


def test_a_damaged_row_is_said(database: Database) -> None:
    with database.roster.change() as change:
        change.add_endpoints([declared(1), declared(2)], 5)
    engine = create_engine(database.file.read_text())
    with engine.begin() as connection:
        [one] = connection.execute(text("SELECT sealed FROM mirror_endpoints WHERE number = 1")).scalars()
        connection.execute(text("UPDATE mirror_endpoints SET sealed = :one WHERE number = 2"), {"one": one})
    engine.dispose()
    with pytest.raises(StorageError) as caught:
        database.roster.facts()
    assert caught.value.code == "roster-damaged"


def test_a_server_that_is_gone_is_a_sentence_without_its_address(server: Path, tmp_path: Path) -> None:
    file = tmp_path / "database"
    url = URL.create("postgresql+psycopg", "mirror", "a-password", database="x", query={"host": "/nowhere"})
    file.write_text(url.render_as_string(hide_password=False))
    file.chmod(0o600)
    with pytest.raises(StorageError) as caught:
        tables.prepare(tables.open_engine(file, Path()), PUBLICATION.hex(), DAY)
    assert caught.value.code == "roster"
    assert "nowhere" not in str(caught.value)
    assert "a-password" not in str(caught.value)


def test_every_command_works_with_the_team_s_database(database: Database, tmp_path: Path) -> None:
    made = RotatingDesk(desk(tmp_path))
    made.desk.add(made.desk.story(1))
    config = made.desk.folder / "publication.toml"
    config.write_text(config.read_text() + f'\n[rotation]\ndatabase = "{database.file}"\n')
    made.add(1, 2, 3, 4, 5)
    made.add(9, pool="open")
    made.release()
    anna, boris = made.invite("anna"), made.invite("boris", "--under=anna")
    made.heartbeat(1)
    slip = made.slip(boris)
    assert slip is not None
    gone = next(iter(homes(state_of(made.facts(), Pool.INVITED)).values()))
    assert [each.text for each in slip.entrances] == [host(gone)]
    made.call("endpoints remove", str(gone), "--blocked", "--yes")
    assert code_of(made, "endpoints remove", str(gone), "--yes") == "no-endpoint"
    made.call("endpoints split", "--yes")
    made.heartbeat(1)
    moved = made.slip(anna)
    assert moved is not None
    assert [each.text for each in moved.entrances] != [host(gone)]
    made.call("invite revoke", "boris", "--yes")
    made.heartbeat()
    assert made.slip(boris) is None
    assert made.slip(anna) == moved
    for command in ("endpoints status", "endpoints lint", "invite tree"):
        made.call(command)
    assert not (made.desk.folder / "state" / "rotation" / "roster.sqlite3").exists()


@pytest.mark.parametrize(
    ("refused", "code"),
    [
        (psycopg.errors.LockNotAvailable("время вышло"), "roster-busy"),
        (psycopg.errors.DeadlockDetected("Verklemmung"), "roster-busy"),
        (psycopg.errors.SerializationFailure("x"), "roster-busy"),
        (psycopg.OperationalError("x"), "roster"),
    ],
)
def test_a_lock_is_known_whatever_language_the_server_speaks(refused: Exception, code: str) -> None:
    with pytest.raises(StorageError) as caught, tables.told():
        raise OperationalError("", None, refused)
    assert caught.value.code == code


def test_a_server_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "_CONNECT_SECONDS", 2)  # the least that libpq has
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = tmp_path / "url"
        file.touch(mode=0o600)
        file.write_text(f"postgresql+psycopg://127.0.0.1:{silent.getsockname()[1]}/x")
        with pytest.raises(StorageError) as caught:
            tables.prepare(tables.open_engine(file, Path()), PUBLICATION.hex(), DAY)
    assert caught.value.code == "roster"
