"""Opening the ledger, and what it knows of programmes, connections, runs and cursors."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from weakref import finalize

from sqlalchemy import Connection, Engine, delete, insert, select, update

from config import prefix as prefixes
from sync.ledger import engines, operation, progress, rivals, schema, zones
from sync.ledger.errors import LedgerError, told
from sync.ledger.upgrade import ForeignError, NewerError, upgrade, version


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

    def __init__(self, engine: Engine, place: str, *, private: bool = False) -> None:
        self.engine = engine
        self.place = place
        self.private = private  # no other connection can see it

    @classmethod
    def open(cls, place: str, *, beside: Path | None = None) -> "Ledger":
        """Open or create it, and bring it up to the present version.

        Raises:
            LedgerError: the place cannot be used, or a later version of this program made it.
        """
        engine = engines.at(place, beside or Path())
        name = engines.public(engine)
        try:
            with told(name):
                with _reading(engine) as tx:
                    known = version(tx)
                if known != schema.VERSION:
                    with engine.begin() as tx:
                        upgrade(tx)
        except NewerError as error:
            engine.dispose()
            raise LedgerError(f"ledger {name}: {error}: upgrade the program, or put an older backup back") from error
        except ForeignError as error:
            engine.dispose()
            raise LedgerError(f"ledger {name}: {error}: name a database of its own") from error
        except LedgerError:
            engine.dispose()
            raise
        return cls(engine, name)

    def copy(self) -> "Ledger":
        """A copy for a run that must leave no trace: gone with the last reference to it, and with the process."""
        with told(self.place):
            engine = engines.copied(self.engine)
        copy = Ledger(engine, f"{self.place} (copy)", private=True)
        finalize(copy, engine.dispose)
        return copy

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """One transaction.

        Raises:
            LedgerError: the database refused; nothing of this step was kept.
        """
        with told(self.place), self.engine.begin() as tx:
            yield tx

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that writes nothing, and waits for nobody who does.

        Raises:
            LedgerError: the database refused.
        """
        with told(self.place), _reading(self.engine) as tx:
            yield tx

    def may_write(self) -> None:
        """Find out whether it may be written, without waiting for whoever writes it just now.

        Raises:
            LedgerBusy: somebody does.
            LedgerError: it may not.
        """
        with told(self.place):
            engines.try_writing(self.engine)

    def close(self) -> None:
        """Give the database back."""
        self.engine.dispose()


@contextmanager
def _reading(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(**{engines.READS: True}) as tx, tx.begin():
        yield tx


def programme(tx: Connection, name: str) -> ProgrammeRow:
    """The programme's row, made if it is new."""
    table = schema.programmes
    row = tx.execute(select(table).where(table.c.name == name)).one_or_none()
    if row is None:
        tx.execute(insert(table).values(name=name))
        row = tx.execute(select(table).where(table.c.name == name)).one()
    known = zones.every(tx).get(row.id)
    return ProgrammeRow(row.id, known.present.key if known else None, row.opened, row.horizon)


def open_programme(tx: Connection, id_: int, *, opened: date, horizon: date) -> None:
    """Remember what the first fill decided, for good."""
    table = schema.programmes
    tx.execute(update(table).where(table.c.id == id_).values(opened=opened, horizon=horizon))


def connection(
    tx: Connection,
    programme_id: int,
    name: str,
    *,
    crm: str,
    account: str,
    language: str,
    prefix: str = prefixes.DEFAULT,
) -> ConnectionRow:
    """The connection's row, made if it is new.

    Raises:
        LedgerError: another org or portal answers under this name than at first contact (AU04), one that has another
            name already, or one whose fields another programme writes.
    """
    table = schema.connections
    found = select(table).where(table.c.programme == programme_id, table.c.name == name)
    row = tx.execute(found).one_or_none()
    if row is None:
        rivals.refuse_twin(tx, programme_id, name, crm, account)
        rivals.refuse_rival(tx, programme_id, name, (crm, account), prefix)
        values = {"programme": programme_id, "name": name, "crm": crm, "account": account, "language": language}
        tx.execute(insert(table).values(values | {"prefix": prefix}))
        row = tx.execute(found).one()
    if (row.crm, row.account) != (crm, account):
        raise LedgerError(
            f"connection {name!r} now leads to {crm} {account}, but this ledger belongs to {row.crm} {row.account}: "
            "a sandbox was refreshed or production and sandbox were mixed up; correct the connection, "
            "or name a new ledger in the settings"
        )
    return ConnectionRow(row.id, row.name, row.crm, row.account, row.language, row.mapping, row.filled)


def set_language(tx: Connection, connection_id: int, language: str) -> None:
    """From now on this connection's records are written in that language, every one of them anew."""
    table, contacts = schema.connections, schema.contacts
    tx.execute(update(table).where(table.c.id == connection_id).values(language=language))
    shown = (contacts.c.connection == connection_id) & contacts.c.shown.is_not(None)
    tx.execute(update(contacts).where(shown).values(shown=schema.OTHERWISE))


def set_time_zone(tx: Connection, programme_id: int, time_zone: str, since: datetime) -> None:
    """From now on the programme's days are those of that zone: everything will be read and judged again."""
    zones.enter(tx, programme_id, time_zone, since)
    table = schema.connections
    tx.execute(update(table).where(table.c.programme == programme_id).values(mapping=None))


def reset_cursors(tx: Connection, connection_id: int, mapping: str) -> None:
    """Another mapping judges this connection from now on: everything will be read again."""
    tx.execute(delete(operation.cursors).where(operation.cursors.c.connection == connection_id))
    progress.forget(tx, connection_id)
    table = schema.connections
    tx.execute(update(table).where(table.c.id == connection_id).values(mapping=mapping))


def mark_filled(tx: Connection, connection_id: int, at: datetime) -> None:
    """The connection's first fill is complete."""
    table = schema.connections
    tx.execute(update(table).where(table.c.id == connection_id).values(filled=at))


def filled(tx: Connection, programme_id: int) -> list[str]:
    """The names of a programme's connections that have been read whole, in order."""
    table = schema.connections
    query = select(table.c.name).where(table.c.programme == programme_id, table.c.filled.is_not(None))
    return list(tx.execute(query.order_by(table.c.name)).scalars())


def language_of(tx: Connection, connection_id: int) -> str:
    """The language that this connection's records are written in."""
    table = schema.connections
    return str(tx.execute(select(table.c.language).where(table.c.id == connection_id)).scalar_one())


def start_run(tx: Connection, programme_id: int, started: datetime, rules: str, *, kind: str = "sync") -> int:
    """A new run's id.

    Raises:
        LedgerError: the clock was set back behind the start of an earlier run.
    """
    refuse_past(tx, programme_id, started)
    table = schema.runs
    values = {"programme": programme_id, "started": started, "kind": kind, "state": "running", "rules": rules}
    key = tx.execute(insert(table).values({**values, "report": {}})).inserted_primary_key
    assert key is not None  # noqa: S101 - an insert of one row has one key
    return int(key[0])


def refuse_past(tx: Connection, programme_id: int, now: datetime) -> None:
    """Let nothing be entered before the start of the last run: it would change what was known then.

    Raises:
        LedgerError: the clock was set back, or was ahead.
    """
    table = schema.runs
    last = select(table.c.id, table.c.started).where(table.c.programme == programme_id)
    row = tx.execute(last.order_by(table.c.started.desc()).limit(1)).first()
    if row is not None and now < row.started:
        raise LedgerError(
            f"the clock says {now:%Y-%m-%d %H:%M:%S} UTC, but run {row.id} began at {row.started:%Y-%m-%d %H:%M:%S}: "
            "it was set back; set the clock of this machine right and run again, or put back a backup from before that "
            "run if it was ahead then"
        )


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
    table = operation.cursors
    query = select(table.c.until).where(table.c.connection == connection_id, table.c.object == object_)
    return tx.execute(query).scalar_one_or_none()


def promote_cursor(tx: Connection, connection_id: int, object_: str, until: datetime) -> None:
    """This object has been read whole up to there."""
    table = operation.cursors
    here = (table.c.connection == connection_id) & (table.c.object == object_)
    if tx.execute(update(table).where(here).values(until=until)).rowcount == 0:
        tx.execute(insert(table).values(connection=connection_id, object=object_, until=until))
