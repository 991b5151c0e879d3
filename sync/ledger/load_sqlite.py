"""Columns into a SQLite file through ADBC, in one transaction of a child process."""

from collections.abc import Iterable, Sequence
from datetime import UTC

import pyarrow as pa

from sync.ledger import arrow
from sync.ledger.database import Ledger
from sync.ledger.facts import Entry


def load(ledger: Ledger, filling: Iterable[tuple[Entry, pa.Table]], connections: Sequence[int]) -> int:
    """Insert rows into `signals` and make the subjects of these connections due, in one transaction; how many rows."""
    ledger.engine.dispose()  # the child writes faster where nobody else has the file open
    with arrow.child(ledger, "load", ",".join(map(str, connections))) as process:
        return arrow.send(process, (_as_kept(*each) for each in filling))


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
