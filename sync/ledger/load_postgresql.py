"""Columns into PostgreSQL through COPY, in CSV that Arrow writes in C++, in one transaction with everything else."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeVar

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from sqlalchemy import Connection, select, text

from sync.ledger import schema
from sync.ledger.database import Ledger
from sync.ledger.errors import explain
from sync.ledger.facts import Entry, wake_whom

MEMORY = "SET LOCAL maintenance_work_mem = '256MB'"  # to sort for indexes
STAMP = ("run", "recorded", "initial", "withdrawn", "connection")

T = TypeVar("T")


def load(ledger: Ledger, filling: Iterable[tuple[Entry, pa.Table]], connections: Sequence[int]) -> int:
    """Insert rows into `signals` and make the subjects of these connections due, in one transaction; how many rows."""
    count = 0
    with _explained(ledger), ledger.begin() as tx:
        tx.exec_driver_sql(MEMORY)
        _not_while_scoring(tx, connections)
        first = _is_first(tx)
        # Checking and sorting once at the end costs a fraction of doing it row by row, if there is nothing else.
        again = _without_checks(tx) if first else []
        for entry, tables in groupby(filling, key=itemgetter(0)):
            rows = (table for _, table in tables)
            if first:
                # What all rows have in common is no text to write and to parse, but a default while this lasts.
                _defaults(tx, _stamp(entry))
                count += copy_in(tx, "signals", rows, frozen=True)
            else:
                count += copy_in(tx, "signals", (_stamped(entry, table) for table in rows))
        if first:
            _defaults(tx, dict.fromkeys(STAMP))
        for statement in again:
            tx.exec_driver_sql(statement)
        tx.exec_driver_sql("ANALYZE signals, contacts")
        whose = select(schema.contacts.c.subject).where(schema.contacts.c.connection.in_(connections))
        current = schema.current  # whoever was never scored is due without being woken
        wake_whom(tx, select(current.c.subject).where(current.c.subject.in_(whose), current.c.rules.is_not(None)))
    return count


def _is_first(tx: Connection) -> bool:
    """Whether there is nothing yet; the table is then nobody else's, and as new, in this transaction.

    Rows of a table that is new can be written as seen by everybody at once (FREEZE). Else whoever reads them first, an
    index, notes in each page that they are, and every page is written twice. Whoever looks with an older snapshot, a
    dry run that is being copied, waits for this transaction, and sees them too.
    """
    nothing = select(schema.signals.c.id).limit(1)
    if tx.execute(nothing).first() is not None:
        return False
    tx.exec_driver_sql("LOCK TABLE signals")
    if tx.execute(nothing).first() is not None:  # somebody entered some meanwhile
        return False
    tx.exec_driver_sql("TRUNCATE signals")
    return True


def _not_while_scoring(tx: Connection, connections: Sequence[int]) -> None:
    """As pages are entered (`sync.lease.beside`): who is being scored may be due no more when that is committed."""
    programmes = select(schema.connections.c.programme).where(schema.connections.c.id.in_(connections))
    table = schema.programmes
    tx.execute(select(table.c.id).where(table.c.id.in_(programmes)).with_for_update(read=True))


def _stamp(entry: Entry) -> dict[str, str]:
    """What an entry says of each of its rows, as literals."""
    return {
        "run": str(entry.run),
        "recorded": f"'{entry.at.isoformat()}'",
        "initial": "true",
        "withdrawn": "false",
        "connection": str(entry.connection),
    }


def _stamped(entry: Entry, table: pa.Table) -> pa.Table:
    for name, value in _stamp(entry).items():
        table = table.append_column(name, pa.repeat(pa.scalar(value.strip("'")), table.num_rows))
    return table


def _defaults(tx: Connection, values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        set_ = "DROP DEFAULT" if value is None else f"SET DEFAULT {value}"
        tx.exec_driver_sql(f"ALTER TABLE signals ALTER COLUMN {name} {set_}")


@contextmanager
def _explained(ledger: Ledger) -> Iterator[None]:
    """COPY passes by SQLAlchemy, which would have told it apart from a defect."""
    try:
        yield
    except psycopg.Error as error:
        raise explain(ledger.place, error) from error


def copy_in(tx: Connection, name: str, tables: Iterator[pa.Table], *, frozen: bool = False) -> int:
    """Rows into the table of that name, as they are; how many. `frozen`: the table is new in this transaction."""
    count = 0
    with _cursor(tx) as cursor, closing(_ahead(_written(tables, frozen=frozen))) as texts:
        for rows, how, text_ in texts:
            with cursor.copy(f"COPY {name} {how}") as copy:
                copy.write(memoryview(text_))
            count += rows
    return count


def _written(tables: Iterator[pa.Table], *, frozen: bool) -> Iterator[tuple[int, str, pa.Buffer]]:
    """How many rows, how the server is to read them, and they themselves as CSV.

    Without quotes, which the server reads faster, where every value can do without: then what is empty is a text in a
    column without nulls, and a null in any other.
    """
    for table in tables:
        whole = [name for name in table.schema.names if not table[name].null_count]
        said = None if _is_ambiguous(table) else _as_csv(table, "none")
        columns, texts = (", ".join(f'"{name}"' for name in names) for names in (table.schema.names, whole))
        options = ["FORMAT csv", "FREEZE" if frozen else "", f"FORCE_NOT_NULL ({texts})" if whole else ""]
        how = f"({columns}) FROM STDIN ({', '.join(filter(None, options))})"
        yield table.num_rows, how, _as_csv(table, "needed") if said is None else said


def _is_ambiguous(table: pa.Table) -> bool:
    """Whether a column has both nulls and empty texts."""
    columns = (table[name] for name in table.schema.names if pa.types.is_string(table[name].type))
    return any(column.null_count and pc.any(pc.equal(column, "")).as_py() for column in columns)


def _as_csv(table: pa.Table, quotes: str) -> pa.Buffer | None:
    """None if a value cannot do without the quotes that it shall do without."""
    sink = pa.BufferOutputStream()
    try:
        arrow_csv.write_csv(table, sink, arrow_csv.WriteOptions(include_header=False, quoting_style=quotes))
    except pa.ArrowInvalid:
        return None
    return sink.getvalue()


def _ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """The same; the next one is made while this one is used."""
    with ThreadPoolExecutor(1) as aside:
        coming = aside.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = aside.submit(next, items, None)
            yield item


def _cursor(tx: Connection) -> Any:
    raw = tx.connection.driver_connection
    assert raw is not None  # noqa: S101 - a connection in use has one
    return raw.cursor()


def _without_checks(tx: Connection) -> list[str]:
    """Drop the keys and indexes of `signals`; the statements that make them again.

    An index of few rows stays: none of a first fill is among them, and making it anew would look for them.
    """
    indexes = tx.execute(
        text(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = 'signals'::regclass AND NOT indisprimary AND indpred IS NULL"
        )
    ).all()
    keys = tx.execute(
        text(
            "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = 'signals'::regclass AND contype IN ('f', 'p')"
        )
    ).all()
    for name, _ in indexes:
        tx.exec_driver_sql(f"DROP INDEX {name}")
    for name, _ in keys:
        tx.exec_driver_sql(f"ALTER TABLE signals DROP CONSTRAINT {name}")
    return [made for _, made in indexes] + [f"ALTER TABLE signals ADD CONSTRAINT {name} {key}" for name, key in keys]
