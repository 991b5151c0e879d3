"""Opening the ledger, and what it knows of programmes, connections, runs and cursors."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, delete, event, insert, make_url, select, update
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from sync.ledger import schema


class LedgerError(Exception):
    """The ledger cannot be used; the one line says why and what to do."""


@dataclass(frozen=True, slots=True)
class ProgrammeRow:
    """What the ledger keeps of a programme; None until its first fill."""

    id: int
    time_zone: str | None
    opened: date | None
    horizon: date | None


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """What the ledger keeps of a connection."""

    id: int
    name: str
    crm: str
    account: str
    language: str
    mapping: str | None
    filled: datetime | None


class Ledger:
    """A database at a URL, or a SQLite file at a path. `begin()` is one transaction: all of it or nothing."""

    def __init__(self, engine: Engine, place: str) -> None:
        self._engine = engine
        self.place = place

    @classmethod
    def open(cls, place: str, *, beside: Path | None = None) -> "Ledger":
        """Open or create it.

        Raises:
            LedgerError: the place cannot be used, or was made by another version.
        """
        try:
            url = make_url(place if "://" in place else f"sqlite:///{(beside or Path()) / place}")
            engine = create_engine(url)
            if url.get_backend_name() == "sqlite":
                event.listen(engine, "connect", _prepare_sqlite)
                event.listen(engine, "begin", _begin_immediate)
            schema.metadata.create_all(engine)
        except (ArgumentError, ImportError) as error:
            raise LedgerError(f"ledger {place!r}: not a place this program knows ({error}); use a file name") from error
        except SQLAlchemyError as error:
            raise LedgerError(f"ledger {place!r}: cannot be opened: {_reason(error)}") from error
        return cls(engine, place)

    def copy(self) -> "Ledger":
        """A copy in memory, for a run that must leave no trace.

        Raises:
            LedgerError: it is not a SQLite file.
        """
        if self._engine.url.get_backend_name() != "sqlite":
            raise LedgerError("a dry run needs a SQLite ledger for now: its copy is made in memory")
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite)
        source, target = self._engine.raw_connection(), engine.raw_connection()
        try:
            here, there = source.driver_connection, target.driver_connection
            if not isinstance(here, sqlite3.Connection) or not isinstance(there, sqlite3.Connection):
                raise LedgerError("a dry run needs SQLite's own driver")
            here.backup(there)
        finally:
            source.close()
            target.close()
        return Ledger(engine, "a copy in memory")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction."""
        try:
            with self._engine.begin() as tx:
                yield tx
        except SQLAlchemyError as error:
            raise LedgerError(f"ledger {self.place}: {_reason(error)}; nothing of this step was kept") from error

    def close(self) -> None:
        """Give the database back."""
        self._engine.dispose()


def programme(tx: Connection, name: str) -> ProgrammeRow:
    """The programme's row, made if it is new.

    Raises:
        LedgerError: the ledger was made by a later version of this program.
    """
    table = schema.programmes
    row = tx.execute(select(table).where(table.c.name == name)).one_or_none()
    if row is None:
        tx.execute(insert(table).values(name=name, version=schema.VERSION))
        row = tx.execute(select(table).where(table.c.name == name)).one()
    if row.version > schema.VERSION:
        raise LedgerError(f"this ledger has version {row.version}, this program knows {schema.VERSION}: upgrade it")
    return ProgrammeRow(row.id, row.time_zone, row.opened, row.horizon)


def open_programme(tx: Connection, id_: int, *, time_zone: str, opened: date, horizon: date) -> None:
    """Remember what the first fill decided, for good."""
    table = schema.programmes
    tx.execute(update(table).where(table.c.id == id_).values(time_zone=time_zone, opened=opened, horizon=horizon))


def connection(tx: Connection, programme_id: int, name: str, *, crm: str, account: str, language: str) -> ConnectionRow:
    """The connection's row, made if it is new.

    Raises:
        LedgerError: another org or portal answers under this name than at first contact (AU04).
    """
    table = schema.connections
    found = select(table).where(table.c.programme == programme_id, table.c.name == name)
    row = tx.execute(found).one_or_none()
    if row is None:
        values = {"programme": programme_id, "name": name, "crm": crm, "account": account, "language": language}
        tx.execute(insert(table).values(values))
        row = tx.execute(found).one()
    if (row.crm, row.account) != (crm, account):
        raise LedgerError(
            f"connection {name!r} now leads to {crm} {account}, but this ledger belongs to {row.crm} {row.account}: "
            "a sandbox was refreshed or production and sandbox were mixed up; correct the connection, "
            "or name a new ledger in the settings"
        )
    return ConnectionRow(row.id, row.name, row.crm, row.account, row.language, row.mapping, row.filled)


def reset_cursors(tx: Connection, connection_id: int, mapping: str) -> None:
    """Another mapping judges this connection from now on: everything will be read again."""
    tx.execute(delete(schema.cursors).where(schema.cursors.c.connection == connection_id))
    table = schema.connections
    tx.execute(update(table).where(table.c.id == connection_id).values(mapping=mapping))


def mark_filled(tx: Connection, connection_id: int, at: datetime) -> None:
    """The connection's first fill is complete."""
    table = schema.connections
    tx.execute(update(table).where(table.c.id == connection_id).values(filled=at))


def unfilled(tx: Connection, programme_id: int, names: Sequence[str]) -> list[str]:
    """Which of these connections have never been read whole."""
    table = schema.connections
    query = select(table.c.name).where(table.c.programme == programme_id, table.c.filled.is_not(None))
    filled = set(tx.execute(query).scalars())
    return [name for name in names if name not in filled]


def language_of(tx: Connection, connection_id: int) -> str:
    """The language that this connection's records are written in."""
    table = schema.connections
    return str(tx.execute(select(table.c.language).where(table.c.id == connection_id)).scalar_one())


def start_run(tx: Connection, programme_id: int, started: datetime, rules: str) -> int:
    """A new run's id."""
    values = {"programme": programme_id, "started": started, "state": "running", "rules": rules, "report": {}}
    key = tx.execute(insert(schema.runs).values(values)).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row has one key
    return int(key[0])


def end_run(tx: Connection, run: int, ended: datetime, state: str, report: Mapping[str, Any]) -> None:
    """Close a run with what there is to say of it."""
    table = schema.runs
    tx.execute(update(table).where(table.c.id == run).values(ended=ended, state=state, report=dict(report)))


def abandon_runs(tx: Connection, programme_id: int, ended: datetime) -> int:
    """Runs that never ended were killed: mark them; what they committed stands, what they did not is read again."""
    table = schema.runs
    unfinished = (table.c.programme == programme_id) & (table.c.state == "running")
    return tx.execute(update(table).where(unfinished).values(ended=ended, state="abandoned")).rowcount


def cursor(tx: Connection, connection_id: int, object_: str) -> datetime | None:
    """The end of the last window of this object that was read whole."""
    table = schema.cursors
    query = select(table.c.until).where(table.c.connection == connection_id, table.c.object == object_)
    return tx.execute(query).scalar_one_or_none()


def promote_cursor(tx: Connection, connection_id: int, object_: str, until: datetime) -> None:
    """This object has been read whole up to there."""
    table = schema.cursors
    here = (table.c.connection == connection_id) & (table.c.object == object_)
    if tx.execute(update(table).where(here).values(until=until)).rowcount == 0:
        tx.execute(insert(table).values(connection=connection_id, object=object_, until=until))


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy begins transactions itself, so that reads and writes of one step are one transaction.
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA busy_timeout=30000")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_immediate(tx: Connection) -> None:
    tx.exec_driver_sql("BEGIN IMMEDIATE")


def _reason(error: SQLAlchemyError) -> str:
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]
