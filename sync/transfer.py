"""The whole ledger into another place, such as from a file into PostgreSQL: every row of every table, as it is."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, select, text

from sync import lease
from sync.ledger import Ledger, LedgerError, bulk, schema
from sync.ledger.engines import READS
from sync.ledger.errors import told

ROWS = 5_000  # at once


def transfer(ledger: Ledger, place: str, now: datetime, *, beside: Path | None = None) -> tuple[str, int]:
    """Copy it into an empty place, all or nothing; that place as it may be shown, and how many rows.

    Raises:
        BusyError: a run is at work, and would go on in the old place.
        LedgerError: that place cannot be used or has a ledger in it already, or a database refused.
    """
    with _snapshot(ledger) as here:
        for programme in here.execute(select(schema.programmes.c.id)).scalars().all():
            lease.refuse_while_running(here, programme, now)
        with closing(Ledger.open(place, beside=beside)) as target, target.begin() as there:
            if there.execute(select(schema.programmes.c.id).limit(1)).first() is not None:
                raise LedgerError(f"ledger {target.place} is in use already: name an empty database, or a new file")
            count = sum(_copy(here, there, table, ledger.place) for table in schema.metadata.sorted_tables)
            there.execute(text("ANALYZE"))
            return target.place, count


@contextmanager
def _snapshot(ledger: Ledger) -> Iterator[Connection]:
    """All tables as they were at one moment, though somebody is writing."""
    options: dict[str, Any] = {READS: True, "yield_per": ROWS}
    if ledger.engine.dialect.name == "postgresql":  # a transaction of SQLite has one anyway
        options["isolation_level"] = "REPEATABLE READ"
    with told(ledger.place), ledger.engine.connect().execution_options(**options) as tx, tx.begin():
        yield tx


def _pages(here: Connection, table: Table, place: str) -> Iterator[Sequence[Mapping[Any, Any]]]:
    """What cannot be read is told of the place it is read from, not of the one it was to go to."""
    with told(place), closing(here.execute(select(table).order_by(*table.primary_key.columns))) as found:
        yield from found.mappings().partitions()


def _copy(here: Connection, there: Connection, table: Table, place: str) -> int:
    """In the order of their numbers: what a row refers to in its own table has a lower one."""
    count = 0
    for page in _pages(here, table, place):
        bulk.enter(there, table, page)
        count += len(page)
    bulk.number_on(there, table)
    return count
