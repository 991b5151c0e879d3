"""Columns into PostgreSQL through COPY, in CSV that Arrow writes in C++, in one transaction with everything else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.csv as arrow_csv
from sqlalchemy import Connection, select, text, update

from sync.ledger import schema
from sync.ledger.database import Ledger
from sync.ledger.errors import explain
from sync.ledger.facts import NOW


def load(ledger: Ledger, tables: Iterator[pa.Table], connections: Sequence[int]) -> int:
    """Insert rows into `signals` and make the subjects of these connections due, in one transaction; how many rows."""
    with _explained(ledger), ledger.begin() as tx:
        first = tx.execute(select(schema.signals.c.id).limit(1)).first() is None
        # Checking and sorting once at the end costs a fraction of doing it row by row, if there is nothing else.
        again = _without_checks(tx) if first else []
        count = copy_in(tx, "signals", tables)
        for statement in again:
            tx.exec_driver_sql(statement)
        whose = select(schema.contacts.c.subject).where(schema.contacts.c.connection.in_(connections))
        tx.execute(update(schema.current).where(schema.current.c.subject.in_(whose)).values(due=NOW))
    return count


@contextmanager
def _explained(ledger: Ledger) -> Iterator[None]:
    """COPY passes by SQLAlchemy, which would have told it apart from a defect."""
    try:
        yield
    except psycopg.Error as error:
        raise explain(ledger.place, error) from error


def copy_in(tx: Connection, name: str, tables: Iterator[pa.Table]) -> int:
    """Rows into the table of that name, as they are; how many."""
    options = arrow_csv.WriteOptions(include_header=False)
    count = 0
    with _cursor(tx) as cursor:
        for table in tables:
            sink = pa.BufferOutputStream()
            arrow_csv.write_csv(table, sink, options)
            columns = ", ".join(f'"{name}"' for name in table.schema.names)
            with cursor.copy(f"COPY {name} ({columns}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(memoryview(sink.getvalue()))
            count += table.num_rows
    return count


def _cursor(tx: Connection) -> Any:
    raw = tx.connection.driver_connection
    assert raw is not None  # noqa: S101 - a connection in use has one
    return raw.cursor()


def _without_checks(tx: Connection) -> list[str]:
    """Drop the foreign keys and indexes of `signals`; the statements that make them again."""
    indexes = tx.execute(
        text(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
            "WHERE indrelid = 'signals'::regclass AND NOT indisprimary"
        )
    ).all()
    keys = tx.execute(
        text(
            "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE conrelid = 'signals'::regclass AND contype = 'f'"
        )
    ).all()
    for name, _ in indexes:
        tx.exec_driver_sql(f"DROP INDEX {name}")
    for name, _ in keys:
        tx.exec_driver_sql(f"ALTER TABLE signals DROP CONSTRAINT {name}")
    return [made for _, made in indexes] + [f"ALTER TABLE signals ADD CONSTRAINT {name} {key}" for name, key in keys]
