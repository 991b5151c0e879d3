"""Columns into a SQLite file through ADBC, in one transaction of a child process."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC

import pyarrow as pa
from sqlalchemy import select
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, DropIndex, ExecutableDDLElement

from scoring.engine_store import give_back
from sync.ledger import arrow, schema
from sync.ledger.database import Ledger
from sync.ledger.facts import Entry

SCORED = "rules IS NOT NULL"  # whoever was never scored is due without being woken


def load(ledger: Ledger, filling: Iterable[tuple[Entry, pa.Table]], connections: Sequence[int]) -> int:
    """Insert rows into `signals` and make the subjects of these connections due, in one transaction; how many rows."""
    with ledger.begin() as tx:
        first = tx.execute(select(schema.signals.c.id).limit(1)).first() is None
    # Sorting once at the end costs half of keeping every index up to date, if there is nothing else to sort.
    indexes = sorted(schema.signals.indexes, key=str) if first else []
    whose = f"SELECT subject FROM contacts WHERE connection IN ({', '.join(map(str, connections))})"  # noqa: S608 - integers
    plan = {
        "table": "signals",
        "before": [_sql(DropIndex(index)) for index in indexes],
        "after": [
            *(_sql(CreateIndex(index)) for index in indexes),
            f"INSERT OR IGNORE INTO woken SELECT subject FROM current WHERE {SCORED} AND subject IN ({whose})",  # noqa: S608 - as above
        ],
    }
    ledger.engine.dispose()  # the child writes faster where nobody else has the file open
    with arrow.child(ledger, "load", json.dumps(plan)) as process:
        count = arrow.send(process, (_as_kept(*each) for each in filling))
        give_back()  # while we wait: the child needs as much to sort for the indexes
        return count


def _sql(statement: ExecutableDDLElement) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))


def _as_kept(entry: Entry, table: pa.Table) -> pa.Table:
    """With what its entry says of each row; dates as text, booleans as integers, as SQLAlchemy keeps them in SQLite."""
    columns = {name: table[name] for name in table.schema.names}
    columns["on_day"] = columns["on_day"].cast(pa.string())
    stamp = {
        "run": pa.scalar(entry.run, pa.int32()),
        "recorded": pa.scalar(f"{entry.at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"),
        "initial": pa.scalar(1, pa.int64()),
        "withdrawn": pa.scalar(0, pa.int64()),
        "connection": pa.scalar(entry.connection, pa.int32()),
    }
    return pa.table(columns | {name: pa.repeat(value, table.num_rows) for name, value in stamp.items()})
