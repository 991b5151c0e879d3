"""Columns into a SQLite file through ADBC, which binds and steps without making Python objects."""

from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Any

import pyarrow as pa
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, DropIndex

from sync.ledger import arrow, schema
from sync.ledger.database import Ledger

SETTINGS = ("busy_timeout = 30000", "cache_size = -131072", "threads = 2")  # two help to sort for an index


def load(ledger: Ledger, tables: Iterable[pa.Table], connections: Sequence[int]) -> int:
    """Insert rows into `signals` and make the subjects of these connections due, in one transaction; how many rows."""
    count = 0
    with arrow.connected(ledger) as connection, closing(connection.cursor()) as cursor:
        for setting in SETTINGS:
            cursor.execute(f"PRAGMA {setting}").fetchall()
        first = not cursor.execute("SELECT 1 FROM signals LIMIT 1").fetchall()
        # Sorting once at the end costs half of keeping every index up to date, if there is nothing else to sort.
        indexes = sorted(schema.signals.indexes, key=str) if first else []
        for index in indexes:
            cursor.execute(_sql(DropIndex(index)))
        for table in tables:
            cursor.adbc_ingest("signals", _as_kept(table), mode="append")
            count += table.num_rows
        for index in indexes:
            cursor.execute(_sql(CreateIndex(index)))
        ids = ", ".join(map(str, connections))
        whose = f"SELECT subject FROM contacts WHERE connection IN ({ids})"  # noqa: S608 - integers
        cursor.execute(f"UPDATE current SET due = '0001-01-01' WHERE subject IN ({whose})")  # noqa: S608 - as above
        connection.commit()
    return count


def _as_kept(table: pa.Table) -> pa.Table:
    """Dates and instants as the text, booleans as the integers that SQLAlchemy keeps in SQLite."""
    columns = {name: table[name] for name in table.schema.names}
    columns["on_day"] = columns["on_day"].cast(pa.string())
    columns["recorded"] = columns["recorded"].cast(pa.timestamp("us")).cast(pa.string())
    for name in ("initial", "withdrawn"):
        columns[name] = columns[name].cast(pa.int64())
    return pa.table(columns)


def _sql(statement: Any) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))
