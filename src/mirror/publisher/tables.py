"""The tables of a publication's rotation, and how its database is opened.

Rules:

1. SQLite in the publication's folder unless ``[rotation] database`` names a file with the URL of
   another (any that SQLAlchemy speaks to): a team then works from several machines.
2. Every change is one transaction that begins by counting up ``meta.revision``. That takes the write
   lock of any database before anything is read, so two processes never decide on the same facts. What is
   only read is read in one transaction too, and is of one instant.
3. The database is a file of mode 0600 in a folder of mode 0700; what identifies endpoints and people
   is sealed besides (``vault``).
4. Nothing is ever deleted: endpoints and invitations are closed, events are only added.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, NullPool

from mirror.errors import ConfigError, StorageError
from mirror.store import atomic

SCHEMA: Final = 1
_WAIT_SECONDS: Final = 5  # for another process; a transaction of ours takes far less
_CONNECT_SECONDS: Final = 15  # a server on the other side of the world, behind a VPN, needs three
_MAX_URL: Final = 2_000
_BUSY: Final = frozenset({"55P03", "40P01", "40001"})  # lock not available, deadlock, serialization failure
_WRITING: Final = {"mirror_writing": True}

_META: Final = MetaData()
META: Final = Table(
    "mirror_meta",
    _META,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("schema", Integer, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("publication", String(64), nullable=False),
    Column("epoch_seconds", Integer, nullable=False),
)
ENDPOINTS: Final = Table(
    "mirror_endpoints",
    _META,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("pool", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("added", BigInteger, nullable=False),
    Column("lost", BigInteger),
    Column("blocked", BigInteger),
)
INVITATIONS: Final = Table(
    "mirror_invitations",
    _META,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("path", String(128), nullable=False, unique=True),
    Column("pool", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("revoked", BigInteger),
)
READERS: Final = Table(
    "mirror_readers",  # as the policy counts them: see placing.py
    _META,
    Column("pool", String(16), primary_key=True),
    Column("reader", Integer, primary_key=True, autoincrement=False),
    Column("inviter", Integer, nullable=False),
    Column("path", String(128), nullable=False),
    Column("part", String(16), nullable=False),
)
SEATS: Final = Table(
    "mirror_seats",
    _META,
    Column("endpoint", Integer, primary_key=True, autoincrement=False),
    Column("seat", Integer, primary_key=True, autoincrement=False),
    Column("pool", String(16), nullable=False),
    Column("cohort", Integer, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
)
EVENTS: Final = Table(
    "mirror_events",
    _META,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("pool", String(16), nullable=False),
    Column("endpoint", Integer),
    Column("reader", Integer),
    Column("cohort", Integer),
    Column("note", String(64), nullable=False),
)
EPOCHS: Final = Table(
    "mirror_epochs",
    _META,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("crowded", Text, nullable=False),
    Column("is_current", Boolean, nullable=False),  # slips for it were made while it was the current one
)
STATES: Final = Table(
    "mirror_policy",
    _META,
    Column("pool", String(16), primary_key=True),
    Column("epoch", BigInteger, nullable=False),  # the last one that was decided
    Column("seen", Integer, nullable=False),  # the last event that it was told
    Column("state", Text, nullable=False),
)


@contextmanager
def told() -> Iterator[None]:
    """Turn what the database refuses into a ``StorageError`` that holds no value.

    Raises:
        StorageError: ``roster-busy``, ``disk-full``, ``disk-read-only``, or ``roster`` for anything else.
    """
    try:
        yield
    except OperationalError as error:
        text = str(error.orig).lower()
        # PostgreSQL has codes, since it says its sentences in the server's language.
        is_busy = getattr(error.orig, "sqlstate", None) in _BUSY
        if is_busy or any(each in text for each in ("locked", "busy")):
            raise StorageError(
                "Another program is writing to the database of endpoints: try again.", code="roster-busy"
            ) from error
        if "full" in text or "no space left" in text:
            raise StorageError("The disk is full: make room, then try again.", code=atomic.FULL) from error
        if "readonly" in text or "unable to open" in text:
            raise StorageError(
                "The database of endpoints cannot be opened for writing by this user.", code=atomic.READ_ONLY
            ) from error
        raise StorageError("The database of endpoints does not answer.", code="roster") from error
    except IntegrityError as error:
        raise StorageError(
            "Another program changed the database of endpoints meanwhile: try again.", code="roster-busy"
        ) from error
    except (SQLAlchemyError, ImportError) as error:
        raise StorageError(
            "The database of endpoints refused an operation, or is damaged.", code="roster"
        ) from error


def open_engine(database: Path | None, sqlite: Path) -> Engine:
    """The engine of the database whose URL the file ``database`` holds, or of the file ``sqlite``.

    Raises:
        ConfigError: ``database-file``: it cannot be read, others can read it too, or it holds no URL.
        StorageError: As ``told``.
    """
    url = _url(database) if database is not None else URL.create("sqlite", database=str(sqlite))
    if database is None:
        atomic.make_folder(sqlite.parent, mode=0o700)
        with atomic.told():
            # Made before SQLite makes it, which would leave it to the umask.
            os.close(os.open(sqlite, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            sqlite.chmod(0o600)
    try:
        is_sqlite = url.get_backend_name() == "sqlite"
        how: dict[str, object] = {}
        if is_sqlite:
            how = {"timeout": _WAIT_SECONDS, "isolation_level": None}
        elif url.get_driver_name() == "psycopg" and "connect_timeout" not in url.query:
            how = {"connect_timeout": _CONNECT_SECONDS}  # or a silent host would be waited for minutes
        engine = create_engine(
            url,
            poolclass=NullPool,
            hide_parameters=True,  # an error's text must hold no value
            connect_args=how,
        )
    except (NoSuchModuleError, ImportError, ArgumentError) as error:
        raise ConfigError(
            "The file that [rotation] database names holds no URL of a database that is installed here.",
            code="database-file",
        ) from error
    if is_sqlite:
        event.listen(engine, "connect", _careful)
        event.listen(engine, "begin", _begin)
    return engine


def prepare(engine: Engine, publication: str, epoch_seconds: int) -> None:
    """Make the tables where they are missing, and check whose they are.

    Raises:
        ConfigError: ``epoch-changed``: readers' invitations say another length of an epoch.
        StorageError: ``roster-other``: of another publication, or of a newer program; or as ``told``.
    """
    with reading(engine) as connection:
        is_there = inspect(connection).has_table(META.name)
        row = connection.execute(select(META)).one_or_none() if is_there else None
    if row is None:
        try:
            row = _made(engine, publication, epoch_seconds)
        except SQLAlchemyError:
            # Perhaps another program was making the tables at the same time. Then they are there now.
            with told():
                row = _made(engine, publication, epoch_seconds)
    if row.schema != SCHEMA or row.publication != publication:
        raise StorageError(
            "The database of endpoints is another publication's, or a newer program's.", code="roster-other"
        )
    if row.epoch_seconds != epoch_seconds:
        raise ConfigError(
            "In the configuration, rotation.epoch_hours was changed: invitations that were handed out say"
            " the old length.",
            code="epoch-changed",
        )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees the database as of one instant (rule 2), and writes nothing.

    Raises:
        StorageError: As ``told``.
    """
    if engine.dialect.name == "postgresql":  # others do so by default
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with told(), engine.begin() as connection:
        yield connection


@contextmanager
def changing(engine: Engine) -> Iterator[Connection]:
    """One transaction (rule 2): all of it is done, or nothing.

    Raises:
        StorageError: As ``told``.
    """
    with told(), engine.execution_options(**_WRITING).begin() as connection:
        if engine.dialect.name == "postgresql":  # which would wait for ever
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(_WAIT_SECONDS * 1_000)}")
        connection.execute(update(META).values(revision=META.c.revision + 1))
        yield connection


def _made(engine: Engine, publication: str, epoch_seconds: int) -> Row[tuple[object, ...]]:
    """What the database says of itself, once the tables are there."""
    with engine.execution_options(**_WRITING).begin() as connection:
        _META.create_all(connection)
        if connection.execute(select(META)).one_or_none() is None:
            first = {"id": 1, "schema": SCHEMA, "revision": 0}
            connection.execute(
                insert(META).values(**first, publication=publication, epoch_seconds=epoch_seconds)
            )
        return connection.execute(select(META)).one()


def _begin(connection: Connection) -> None:
    """Begin on SQLite, whose driver would begin only before the first change: rule 2 is about reading too.

    Who will write takes the lock at once: SQLite lets nobody wait who has read before.
    """
    is_writing = connection.get_execution_options().keys() >= _WRITING.keys()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _careful(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    """SQLite's settings: whole after a power cut, nothing deleted left readable in the file."""
    cursor = connection.cursor()
    for setting in ("journal_mode = DELETE", "synchronous = FULL", "secure_delete = ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()


def _url(file: Path) -> URL:
    refused = ConfigError(
        "The file that [rotation] database names must hold one URL and be of mode 0600.", code="database-file"
    )
    try:
        with file.open("rb") as stream:
            is_private = not os.fstat(stream.fileno()).st_mode & 0o077
            text = stream.read(_MAX_URL + 1).decode("utf-8").strip()
        url = make_url(text)
    except (OSError, UnicodeDecodeError, ArgumentError) as error:
        raise refused from error
    if not is_private or len(text) > _MAX_URL:
        raise refused
    return url
