"""What a query finds as Arrow batches: through ADBC, which makes no Python object of a row."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import pyarrow as pa
from adbc_driver_manager import Error

from sync.ledger.database import Ledger
from sync.ledger.errors import LedgerError, explain, told

ROWS = 65_536  # in one batch


def read(ledger: Ledger, query: str) -> Iterator[pa.RecordBatch]:
    """What a query finds; every column must show its type in the first batch."""
    if ledger.private:
        yield from _read_rows(ledger, query)
        return
    with connected(ledger) as connection, closing(connection.cursor()) as cursor:
        if ledger.engine.dialect.name == "sqlite":
            cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(ROWS)})
        cursor.execute(query)
        yield from cursor.fetch_record_batch()


@contextmanager
def connected(ledger: Ledger) -> Iterator[Any]:
    """A second connection to the same database, in a transaction of its own.

    Raises:
        LedgerError: nobody else can see this ledger, or the database refused.
    """
    if ledger.private:
        raise LedgerError(f"{ledger.place} is seen by one connection alone: fill the ledger itself")
    url = ledger.engine.url
    try:
        with (
            adbc_driver_sqlite.dbapi.connect(url.database)
            if ledger.engine.dialect.name == "sqlite"
            else adbc_driver_postgresql.dbapi.connect(
                url.set(drivername="postgresql").render_as_string(hide_password=False)
            )
        ) as connection:
            yield connection
    except Error as error:
        raise explain(ledger.place, error) from error


def _read_rows(ledger: Ledger, query: str) -> Iterator[pa.RecordBatch]:
    """The same row by row: a private copy can be seen by nobody but the connection that made it."""
    with ledger.begin() as tx, told(ledger.place):
        found = tx.exec_driver_sql(query)
        for rows in found.partitions(ROWS):
            columns = zip(*rows, strict=True)
            yield pa.record_batch([pa.array(each) for each in columns], names=list(found.keys()))
