"""Reading and writing the roster: ``Facts`` out, one ``Change`` in one transaction.

A change decides on the ``facts`` that its own transaction read, and on nothing else. Opened without
the vault's key, a roster gives what is not sealed: no addresses, no labels.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Connection, Engine, Row, Table, insert, select, update

from mirror.errors import StorageError
from mirror.limits import MAX_ENDPOINTS, MAX_SEATS
from mirror.publisher import tables
from mirror.publisher.roster import (
    Counted,
    Declared,
    Event,
    Facts,
    Given,
    Happened,
    Known,
    PolicyRow,
    Pool,
    Seat,
    path_of,
    text_of,
)
from mirror.publisher.tables import changing, reading
from mirror.publisher.vault import Vault

_MANY: Final = 500  # rows in one statement


class Roster:
    """The database of one publication, opened."""

    def __init__(self, engine: Engine, vault: Vault | None) -> None:
        self._engine = engine
        self._vault = vault

    def facts(self) -> Facts:
        """What the database says now.

        Raises:
            StorageError: As ``tables.told``; ``roster-damaged``.
        """
        with reading(self._engine) as connection:
            return _read(connection, self._vault)

    @contextmanager
    def change(self) -> Iterator["Change"]:
        """One transaction; what is raised inside undoes it.

        Raises:
            StorageError: As ``tables.told``; the database is as it was.
        """
        with changing(self._engine) as connection:
            yield Change(connection, self._vault)


class Change:
    """What may be written; comes from ``Roster.change``."""

    def __init__(self, connection: Connection, vault: Vault | None) -> None:
        self.facts: Final = _read(connection, vault)
        self._connection = connection
        self._vault = vault
        self._events = max((each.number for each in self.facts.events), default=0)

    def add_endpoints(self, declared: Sequence[Declared], now: int) -> list[int]:
        """Add endpoints that were linted; their numbers."""
        first = max(self.facts.endpoints, default=0) + 1
        rows = []
        for number, each in enumerate(declared, first):
            values = {
                "text": each.text,
                "secret": each.secret.hex(),
                "provider": each.provider,
                "jurisdiction": each.jurisdiction,
                "addresses": " ".join(each.addresses),
            }
            sealed = self._sealing().seal("endpoint", number, values)
            rows.append({"number": number, "pool": each.pool.value, "sealed": sealed, "added": now})
        self._insert(tables.ENDPOINTS, rows)
        self.note(
            Happened(0, now, Event.ADDED, each.pool, endpoint=number)
            for number, each in enumerate(declared, first)
        )
        return [row["number"] for row in rows if isinstance(row["number"], int)]

    def close_endpoint(self, known: Known, kind: Event, now: int, note: str = "") -> None:
        """The endpoint is lost or blocked from now on."""
        column = {Event.LOST: "lost", Event.BLOCKED: "blocked"}[kind]
        self._connection.execute(
            update(tables.ENDPOINTS).where(tables.ENDPOINTS.c.number == known.number).values({column: now})
        )
        self.note([Happened(0, now, kind, known.declared.pool, endpoint=known.number, note=note)])

    def add_invitation(self, given: Given) -> None:
        """Keep an invitation that is being given; its number and path are new."""
        sealed = self._sealing().seal("invitation", given.number, {"label": given.label})
        row = {
            "number": given.number,
            "path": text_of(given.path),
            "pool": given.pool.value,
            "sealed": sealed,
            "created": given.created,
            "expires": given.expires,
        }
        self._insert(tables.INVITATIONS, [row])

    def revoke(self, given: Sequence[Given], now: int) -> None:
        """These invitations are revoked."""
        for each in given:
            self._connection.execute(
                update(tables.INVITATIONS)
                .where(tables.INVITATIONS.c.number == each.number)
                .values(revoked=now)
            )

    def add_readers(self, pool: Pool, readers: Sequence[Counted], now: int) -> None:
        """More of the policy's readers, who joined now."""
        rows = [
            {
                "pool": pool.value,
                "reader": each.reader,
                "inviter": each.inviter,
                "path": text_of(each.path),
                "part": each.part,
            }
            for each in readers
        ]
        self._insert(tables.READERS, rows)
        self.note(Happened(0, now, Event.JOINED, pool, reader=each.reader) for each in readers)

    def set_part(self, pool: Pool, reader: int, part: str) -> None:
        """What a reader of the policy stands for has changed."""
        table = tables.READERS
        where = (table.c.pool == pool.value) & (table.c.reader == reader)
        self._connection.execute(update(table).where(where).values(part=part))

    def seat(self, endpoint: int, pool: Pool, cohort: int, now: int) -> None:
        """Give ``cohort`` a seat that nobody had; the one longest unused where all were had.

        Raises:
            StorageError: ``seats-taken``: all are in use.
        """
        table = tables.SEATS
        taken = {
            row.seat: row.until
            for row in self._connection.execute(select(table).where(table.c.endpoint == endpoint))
        }
        values = {"pool": pool.value, "cohort": cohort, "since": now, "until": None}
        if len(taken) < MAX_SEATS:
            self._insert(table, [{"endpoint": endpoint, "seat": len(taken), **values}])
            return
        left = {seat: until for seat, until in taken.items() if until}
        if not left:
            raise StorageError("All places at an endpoint are taken.", code="seats-taken")
        oldest = min(left, key=lambda seat: (left[seat], seat))
        where = (table.c.endpoint == endpoint) & (table.c.seat == oldest)
        self._connection.execute(update(table).where(where).values(**values))

    def unseat(self, endpoint: int, pool: Pool, cohort: int, now: int) -> None:
        """``cohort`` is not sent there any more."""
        table = tables.SEATS
        where = (table.c.endpoint == endpoint) & (table.c.pool == pool.value) & (table.c.cohort == cohort)
        self._connection.execute(update(table).where(where & table.c.until.is_(None)).values(until=now))

    def note(self, events: Iterable[Happened]) -> None:
        """Add events; their numbers are given here."""
        rows = []
        for each in events:
            self._events += 1
            rows.append(
                {
                    "number": self._events,
                    "at": each.at,
                    "kind": each.kind.value,
                    "pool": each.pool.value,
                    "endpoint": None if each.endpoint < 0 else each.endpoint,
                    "reader": None if each.reader < 0 else each.reader,
                    "cohort": None if each.cohort < 0 else each.cohort,
                    "note": each.note,
                }
            )
        self._insert(tables.EVENTS, rows)

    def keep_policy(self, pool: Pool, row: PolicyRow) -> None:
        """Replace the policy's memory of ``pool``."""
        table = tables.STATES
        values = {"epoch": row.epoch, "seen": row.seen, "state": row.state}
        done = self._connection.execute(update(table).where(table.c.pool == pool.value).values(**values))
        if not done.rowcount:
            self._insert(table, [{"pool": pool.value, **values}])

    def keep_epochs(self, epochs: Mapping[int, tuple[str, bool]]) -> None:
        """Write down by which crowded nodes readers look in these epochs, and whether that is fixed."""
        table = tables.EPOCHS
        for epoch, (crowded, is_current) in epochs.items():
            values = {"crowded": crowded, "is_current": is_current}
            done = self._connection.execute(update(table).where(table.c.epoch == epoch).values(**values))
            if not done.rowcount:
                self._insert(table, [{"epoch": epoch, **values}])

    def again(self) -> "Change":
        """The same transaction, with ``facts`` read anew."""
        return Change(self._connection, self._vault)

    def _sealing(self) -> Vault:
        if self._vault is None:
            raise RuntimeError("opened without the key")
        return self._vault

    def _insert(self, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
        for start in range(0, len(rows), _MANY):
            self._connection.execute(insert(table), list(rows[start : start + _MANY]))


def _read(connection: Connection, vault: Vault | None) -> Facts:
    def rows(table: Table) -> list[Row[tuple[object, ...]]]:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))

    endpoints = {row.number: _known(row, vault) for row in rows(tables.ENDPOINTS)}
    if len(endpoints) > 2 * MAX_ENDPOINTS:
        raise StorageError("The database holds more endpoints than any publication has.", code="roster")
    readers: dict[Pool, list[Counted]] = {pool: [] for pool in Pool}
    for row in rows(tables.READERS):
        readers[Pool(row.pool)].append(Counted(row.reader, row.inviter, path_of(row.path), row.part))
    return Facts(
        endpoints,
        tuple(_given(row, vault) for row in rows(tables.INVITATIONS)),
        {pool: tuple(each) for pool, each in readers.items()},
        tuple(
            Seat(row.endpoint, row.seat, Pool(row.pool), row.cohort, row.since, row.until or 0)
            for row in rows(tables.SEATS)
        ),
        tuple(_happened(row) for row in rows(tables.EVENTS)),
        {Pool(row.pool): PolicyRow(row.epoch, row.seen, row.state) for row in rows(tables.STATES)},
        {row.epoch: (row.crowded, row.is_current) for row in rows(tables.EPOCHS)},
    )


def _known(row: Row[tuple[object, ...]], vault: Vault | None) -> Known:
    if vault is None:
        return Known(
            row.number, Declared("", pool=Pool(row.pool)), row.added, row.lost or 0, row.blocked or 0
        )
    values = vault.open("endpoint", row.number, row.sealed)
    declared = Declared(
        values["text"],
        bytes.fromhex(values["secret"]),
        values["provider"],
        values["jurisdiction"],
        tuple(values["addresses"].split()),
        Pool(row.pool),
    )
    return Known(row.number, declared, row.added, row.lost or 0, row.blocked or 0)


def _given(row: Row[tuple[object, ...]], vault: Vault | None) -> Given:
    label = "" if vault is None else vault.open("invitation", row.number, row.sealed)["label"]
    path = path_of(row.path)
    return Given(row.number, path, label, Pool(row.pool), row.created, row.expires, row.revoked or 0)


def _happened(row: Row[tuple[object, ...]]) -> Happened:
    endpoint, reader, cohort = (
        -1 if each is None else each for each in (row.endpoint, row.reader, row.cohort)
    )
    return Happened(row.number, row.at, Event(row.kind), Pool(row.pool), endpoint, reader, cohort, row.note)
