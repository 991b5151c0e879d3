"""Columns into a SQLite file through ADBC, in one transaction of a child process."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from sync.ledger import arrow
from sync.ledger.database import Ledger


def load(ledger: Ledger, tables: Iterator[pa.Table], connections: Sequence[int]) -> int:
    """Insert rows into `signals` and make the subjects of these connections due, in one transaction; how many rows."""
    with arrow.child(ledger, "load", ",".join(map(str, connections))) as process:
        return arrow.send(process, map(_as_kept, tables))


def _as_kept(table: pa.Table) -> pa.Table:
    """Dates and instants as the text, booleans as the integers that SQLAlchemy keeps in SQLite."""
    columns = {name: table[name] for name in table.schema.names}
    columns["on_day"] = columns["on_day"].cast(pa.string())
    columns["recorded"] = columns["recorded"].cast(pa.timestamp("us")).cast(pa.string())
    for name in ("initial", "withdrawn"):
        columns[name] = columns[name].cast(pa.int64())
    return pa.table(columns)
