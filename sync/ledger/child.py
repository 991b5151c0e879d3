"""`python -P child.py FILE read | load PLAN`: columns out of and into a SQLite file.

`read` takes queries, each a line of JSON, until there are no more, and answers each with an Arrow stream. `load` takes
one stream and inserts it, between the statements of its plan (`Plan`), all in one transaction.

A process of its own, because ADBC's SQLite library must not meet another one in it (see `sync.ledger.arrow`). Batches
come and go on standard input and output; what goes wrong is one line on standard error. Nothing of this program is
imported, and no more of ADBC than its statements: a day of few changes waits for this process to start.
"""

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TypedDict

if __name__ == "__main__":
    sys.modules["numpy"] = None  # type: ignore[assignment]  # Arrow does without it, and starts in half of the time

import adbc_driver_sqlite
import pyarrow as pa
from adbc_driver_manager import AdbcConnection, AdbcStatement, Error

WHOLE = b"whole"  # said after the last batch: a stream that just ends may have lost its writer
ROWS = "65536"  # in one batch
PATIENCE = "busy_timeout = 30000"
SETTINGS = {
    "read": (PATIENCE, "cache_size = -16384"),
    "load": (PATIENCE, "cache_size = -32768", "threads = 2"),  # what sorting for an index may hold; two help with it
}


class Plan(TypedDict):
    """Where rows go, and the statements before and after them."""

    table: str
    before: list[str]
    after: list[str]


class BrokenStreamError(Exception):
    """What was to be stored is not whole."""


def main(file: str, task: str, plan: str = "") -> int:
    """Do one task; 1 if it failed, and then nothing of it was kept."""
    try:
        with adbc_driver_sqlite.connect(file) as database, AdbcConnection(database) as connection:
            for setting in SETTINGS[task]:
                _do(connection, f"PRAGMA {setting}")
            if task == "read":
                for line in sys.stdin.buffer:
                    _read(connection, json.loads(line))
            else:
                with _without_log(connection):
                    connection.set_autocommit(False)
                    _load(connection, json.loads(plan))
                    connection.commit()
                    connection.set_autocommit(True)
    except (Error, pa.ArrowException, BrokenStreamError) as error:
        sys.stderr.write(" ".join(str(error).split()))
        return 1
    return 0


def _do(connection: AdbcConnection, statement: str) -> None:
    with AdbcStatement(connection) as one:
        one.set_sql_query(statement)
        one.execute_update()


def _read(connection: AdbcConnection, query: str) -> None:
    with AdbcStatement(connection) as one:
        one.set_options(**{"adbc.sqlite.query.batch_rows": ROWS})
        one.set_sql_query(query)
        found, _ = one.execute_query()
        with (
            pa.RecordBatchReader.from_stream(found) as batches,
            pa.ipc.new_stream(sys.stdout.buffer, batches.schema) as out,
        ):
            for batch in batches:
                out.write_batch(batch)
    sys.stdout.buffer.flush()


@contextmanager
def _without_log(connection: AdbcConnection) -> Iterator[None]:
    """Write to the file itself, if nobody else has it open: a log of the fill would be all of it once more.

    What was there before lies in a rollback journal meanwhile, and is put back by whoever opens the file after a crash.
    """
    with suppress(Error):
        _do(connection, "PRAGMA busy_timeout = 0")
        _do(connection, "PRAGMA journal_mode = DELETE")
    _do(connection, f"PRAGMA {PATIENCE}")
    yield
    _do(connection, "PRAGMA journal_mode = WAL")


def _load(connection: AdbcConnection, plan: Plan) -> None:
    for statement in plan["before"]:
        _do(connection, statement)
    with AdbcStatement(connection) as one, pa.ipc.open_stream(sys.stdin.buffer) as rows:
        target = {"adbc.ingest.target_table": plan["table"], "adbc.ingest.mode": "adbc.ingest.mode.append"}
        one.set_options(**target)
        one.bind_stream(rows)
        one.execute_update()
    if sys.stdin.buffer.read() != WHOLE:
        raise BrokenStreamError("the process that was filling it died")
    for statement in plan["after"]:
        _do(connection, statement)


if __name__ == "__main__":
    # A service manager, and a terminal, tell the whole group to end: we end with our parent, which finishes its page.
    for asked in (signal.SIGTERM, signal.SIGINT):
        signal.signal(asked, signal.SIG_IGN)
    sys.exit(main(*sys.argv[1:]))
