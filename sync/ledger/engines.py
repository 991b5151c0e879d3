"""The databases a ledger can live in, SQLite and PostgreSQL, and copies of it that leave no trace."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    Table,
    create_engine,
    event,
    func,
    insert,
    make_url,
    select,
    text,
)  # fmt: skip
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from sync.ledger import bulk, schema
from sync.ledger.errors import LedgerError

DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
# A statement prepared while a table was empty keeps its plan when there are millions: each is planned for what it asks.
UNPREPARED = {"prepare_threshold": None}
OPTIONS: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"pool_pre_ping": True, "connect_args": UNPREPARED},
}
PATIENCE = "PRAGMA busy_timeout=30000"
# A server, a database and a user may each have others, and what is written as text would be read by them.
AS_WE_WRITE = ("SET timezone = 'UTC'", "SET datestyle = 'ISO'")
READS = "reads"  # the execution option of a transaction that writes nothing


def at(place: str, beside: Path) -> Engine:
    """The engine for a URL, or for a SQLite file at a path.

    Raises:
        LedgerError: no such kind of place, or its driver is not installed.
    """
    try:
        url = make_url(place if "://" in place else f"sqlite:///{beside / place}")
        backend = url.get_backend_name()
        if backend not in DRIVERS:
            raise LedgerError(f"ledger: {backend} is not among what this program knows: a file name, or postgresql://…")
        engine = create_engine(url.set(drivername=DRIVERS[backend]), **OPTIONS[backend])
    except (ArgumentError, NoSuchModuleError, ValueError) as error:  # the last of a port that is no number
        raise LedgerError("ledger: not a place this program knows; use a file name, or postgresql://…") from error
    except ImportError as error:
        raise LedgerError("ledger: PostgreSQL's driver is missing: pip install 'bonus-malus[postgresql]'") from error
    if backend == "sqlite":
        if url.database and url.database != ":memory:" and not url.query:
            for_its_owner(Path(url.database))
        _prepare(engine)
        _watch(engine)
    else:
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def for_its_owner(file: Path) -> None:
    """Make a file that is not there yet, readable by its owner alone: a ledger is about people, and so is its copy.

    What cannot be made is left to whoever opens it next, and says why.
    """
    with suppress(OSError):
        file.touch(mode=0o600, exist_ok=False)


def public(engine: Engine) -> str:
    """The place as it may be shown: a file's path, or a URL without its password."""
    if engine.url.get_backend_name() == "sqlite":
        return str(engine.url.database)
    return without_password(engine).set(password=engine.url.password).render_as_string()  # as three stars


def without_password(engine: Engine) -> URL:
    """The URL of a server as its own tools take it; a password may stand among what follows the name as well."""
    url = engine.url.difference_update_query([name for name in engine.url.query if "password" in name])
    return URL.create(url.get_backend_name(), url.username, None, url.host, url.port, url.database, url.query)


def try_writing(engine: Engine) -> None:
    """Take what a writer takes, and give it back at once; whoever is in the way is not waited for."""
    # Nobody is changed, but only who may write gets as far as to find that out.
    nothing = "UPDATE programmes SET name = name WHERE 1 = 0"
    if engine.dialect.name != "sqlite":
        with engine.begin() as tx:
            tx.execute(text("SET LOCAL lock_timeout = '1ms'"))
            tx.execute(text(nothing))
        return
    with closing(engine.raw_connection()) as raw:
        inside = raw.driver_connection
        assert isinstance(inside, sqlite3.Connection)  # noqa: S101 - the driver that `at` named
        try:
            inside.execute("PRAGMA busy_timeout=0")
            inside.execute("BEGIN IMMEDIATE")
            inside.execute(nothing)
        finally:
            inside.rollback()
            inside.execute(PATIENCE)


def copied(engine: Engine) -> Engine:
    """A whole copy on one connection, gone with it even if the process is killed."""
    return _sqlite_copy(engine) if engine.dialect.name == "sqlite" else _postgresql_copy(engine)


def _prepare(engine: Engine) -> None:
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # SQLAlchemy begins transactions itself, so that reads and writes of one step are one transaction.
    connection.isolation_level = None
    connection.execute(PATIENCE)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    # In pages, 100 MB: the transactions of a day share what a checkpoint costs.
    connection.execute("PRAGMA wal_autocheckpoint=25000")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-32768")  # kB: what a day changes is written once, not whenever 2 MB are full


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # Longer than any step of ours takes: whoever holds a lock then has forgotten it.
    for setting in ("SET lock_timeout = '10min'", *AS_WE_WRITE):
        connection.execute(setting)
    connection.commit()


def _begin(tx: Connection) -> None:
    # Who may write begins as the one writer: to become it later can fail at once, whatever there is of patience.
    tx.exec_driver_sql("BEGIN" if tx.get_execution_options().get(READS) else "BEGIN IMMEDIATE")


def _watch(engine: Engine) -> None:
    """Let no step be made in a file that is no longer where it was (sqlite.org/howtocorrupt.html, 2.4).

    SQLite would go on in the file without a name, or make a new one, and all of it would be lost with the process.
    """
    known: tuple[Path, int, int] | None = None

    def remember(connection: sqlite3.Connection, _record: object) -> None:
        nonlocal known
        (file,) = (row[2] for row in connection.execute("PRAGMA database_list") if row[1] == "main")
        if known is None and file:
            known = (Path(file), *_identity(Path(file)))

    def compare(*_: object) -> None:
        if known is not None and known[1:] != _identity(known[0]):
            raise LedgerError(
                f"ledger {public(engine)}: the file was taken away, or another one put in its place, while this "
                "program used it; put it back, or a backup without -wal and -shm beside it, and run again; "
                "nothing of this step was kept"
            )

    event.listen(engine, "do_connect", compare)  # which would make a new file
    event.listen(engine, "connect", remember)
    event.listen(engine, "begin", compare)


def _identity(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def _sqlite_copy(engine: Engine) -> Engine:
    # An empty name is SQLite's private database: in memory while small, else in a file that has no name any more.
    made = create_engine("sqlite://", creator=_private, poolclass=StaticPool)
    _prepare(made)
    source, target = engine.raw_connection(), made.raw_connection()
    try:
        here, there = source.driver_connection, target.driver_connection
        assert isinstance(here, sqlite3.Connection)  # noqa: S101 - the driver that `at` named
        assert isinstance(there, sqlite3.Connection)  # noqa: S101 - as above
        here.backup(there)
    finally:
        source.close()
        target.close()
    return made


def _private() -> sqlite3.Connection:
    return sqlite3.connect("", check_same_thread=False)


def _postgresql_copy(engine: Engine) -> Engine:
    """Temporary tables of the same names, which the session sees before the real ones: no lock, no number used up."""
    made = create_engine(engine.url, poolclass=StaticPool, connect_args=UNPREPARED)
    event.listen(made, "connect", _prepare_postgresql)
    with made.connect().execution_options(isolation_level="REPEATABLE READ") as tx, tx.begin():
        # One snapshot, so that the copy is of one moment though a sync is writing.
        home = tx.execute(select(func.current_schema())).scalar_one()
        tx.execute(
            text(f"SET search_path TO pg_temp, {tx.dialect.identifier_preparer.quote(home)}")
        )  # what is created from now on is temporary
        schema.metadata.create_all(tx, checkfirst=False)
        for table in schema.metadata.sorted_tables:
            _fill(tx, table, home)
        tx.execute(text("ANALYZE"))
    return made


def _fill(tx: Connection, table: Table, home: str) -> None:
    original = Table(table.name, MetaData(), *(Column(each.name) for each in table.columns), schema=home)
    tx.execute(insert(table).from_select([each.name for each in table.columns], select(original)))
    bulk.number_on(tx, table, within="pg_temp.")
