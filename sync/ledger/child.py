"""`python -m sync.ledger.child FILE read | load CONNECTIONS`: columns out of and into a SQLite file.

`read` takes queries, each a line of JSON, until there are no more, and answers each with an Arrow stream.

A process of its own, because ADBC's SQLite library must not meet another one in it (see `sync.ledger.arrow`). Batches
come and go as Arrow streams on standard input and output; what goes wrong is one line on standard error.
"""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import adbc_driver_sqlite.dbapi
import pyarrow as pa
from adbc_driver_manager import Error
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, DropIndex

from sync.ledger import schema
from sync.ledger.arrow import WHOLE

ROWS = "65536"  # in one batch
PATIENCE = "busy_timeout = 30000"
SETTINGS = (PATIENCE, "cache_size = -131072", "threads = 2")  # two help to sort for an index


class BrokenStreamError(Exception):
    """What was to be stored is not whole."""


def main(file: str, task: str, what: str = "") -> int:
    """Do one task; 1 if it failed, and then nothing of it was kept."""
    try:
        with (
            adbc_driver_sqlite.dbapi.connect(file, autocommit=True) as connection,
            closing(connection.cursor()) as cursor,
        ):
            for setting in SETTINGS:
                cursor.execute(f"PRAGMA {setting}").fetchall()
            if task == "read":
                for line in sys.stdin.buffer:
                    _read(cursor, json.loads(line))
            else:
                with _without_log(cursor):
                    connection.adbc_connection.set_autocommit(False)
                    _load(cursor, what)
                    connection.adbc_connection.commit()
                    connection.adbc_connection.set_autocommit(True)
    except (Error, BrokenStreamError) as error:
        sys.stderr.write(" ".join(str(error).split()))
        return 1
    return 0


def _read(cursor: Any, query: str) -> None:
    cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": ROWS})
    cursor.execute(query)
    batches = cursor.fetch_record_batch()
    with pa.ipc.new_stream(sys.stdout.buffer, batches.schema) as out:
        for batch in batches:
            out.write_batch(batch)
    sys.stdout.buffer.flush()


@contextmanager
def _without_log(cursor: Any) -> Iterator[None]:
    """Write to the file itself, if nobody else has it open: a log of the fill would be all of it once more.

    What was there before lies in a rollback journal meanwhile, and is put back by whoever opens the file after a crash.
    """
    with suppress(Error):
        cursor.execute("PRAGMA busy_timeout = 0").fetchall()
        cursor.execute("PRAGMA journal_mode = DELETE").fetchall()
    cursor.execute(f"PRAGMA {PATIENCE}").fetchall()
    yield
    cursor.execute("PRAGMA journal_mode = WAL").fetchall()


def _load(cursor: Any, connections: str) -> None:
    """Insert rows into `signals`, and make the subjects of these connections (numbers, with commas) due."""
    first = not cursor.execute("SELECT 1 FROM signals LIMIT 1").fetchall()
    # Sorting once at the end costs half of keeping every index up to date, if there is nothing else to sort.
    indexes = sorted(schema.signals.indexes, key=str) if first else []
    for index in indexes:
        cursor.execute(_sql(DropIndex(index)))
    for batch in pa.ipc.open_stream(sys.stdin.buffer):
        cursor.adbc_ingest("signals", batch, mode="append")
    if sys.stdin.buffer.read() != WHOLE:
        raise BrokenStreamError("the process that was filling it died")
    for index in indexes:
        cursor.execute(_sql(CreateIndex(index)))
    whose = f"SELECT subject FROM contacts WHERE connection IN ({connections})"  # noqa: S608 - integers
    cursor.execute(f"UPDATE current SET due = '0001-01-01' WHERE subject IN ({whose})")  # noqa: S608 - as above


def _sql(statement: Any) -> str:
    return str(statement.compile(dialect=sqlite.dialect()))


if __name__ == "__main__":
    # A service manager, and a terminal, tell the whole group to end: we end with our parent, which finishes its page.
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, signal.SIG_IGN)
    sys.exit(main(*sys.argv[1:]))
