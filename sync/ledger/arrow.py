"""What a query finds as Arrow batches: through ADBC, which makes no Python object of a row.

ADBC brings a SQLite library of its own. Two of them on one file in one process miss each other's
writes, and can lose them: the locks that keep them apart belong to the process, and go with whichever closes first
(sqlite.org/howtocorrupt.html, 2.2.1). A SQLite file is therefore opened by a child (`sync.ledger.child`).
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import chain
from queue import Queue
from typing import IO, Any, TypeAlias

import pyarrow as pa
from adbc_driver_manager import Error
from sqlalchemy import Connection

from sync.ledger import child as its_child
from sync.ledger.child import WHOLE
from sync.ledger.database import Ledger
from sync.ledger.engines import AS_WE_WRITE
from sync.ledger.errors import LedgerError, explain

ROWS = 65_536  # in one batch, where a copy is read row by row
# A few subjects, and the contacts of one piece of many, are found by their index whatever the statistics say: these may
# be older than a fill, and a hash of all contacts for each piece takes longer than the piece. Readers are two already.
NARROW = (
    "SET jit = off",
    "SET random_page_cost = 1.1",
    "SET enable_hashjoin = off",
    "SET enable_mergejoin = off",
    "SET max_parallel_workers_per_gather = 0",
)


Read = Callable[[str], Iterator[pa.RecordBatch]]
"""What a query finds, read to its end before the next one; every column must show its type in the first batch."""
Readers: TypeAlias = Queue[Read]
"""Those that are free: threads take one for each piece."""


@contextmanager
def reader(ledger: Ledger, tx: Connection | None = None) -> Iterator[Read]:
    """Queries one after the other, each of what is committed by then.

    A private copy has one connection, and is read through `tx`, if there is one.
    """
    if ledger.private:
        yield partial(_read_rows, tx) if tx is not None else partial(_read_apart, ledger)
    elif ledger.engine.dialect.name == "sqlite":
        with child(ledger, "read") as process:
            yield partial(_ask, process)
            assert process.stdin is not None  # noqa: S101 - opened by `child`
            process.stdin.close()
    else:
        # Imported here, because it brings every data frame there is, and a ledger in SQLite does without.
        from adbc_driver_postgresql.dbapi import connect  # noqa: PLC0415 - see above

        url = ledger.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        with _explained(ledger), connect(url, autocommit=True) as connection, closing(connection.cursor()) as cursor:
            for setting in (*NARROW, *AS_WE_WRITE):
                cursor.execute(setting)
            yield partial(_execute, cursor)


def read(ledger: Ledger, query: str) -> Iterator[pa.RecordBatch]:
    """What one query finds."""
    with reader(ledger) as ask:
        yield from ask(query)


def _ask(process: "subprocess.Popen[bytes]", query: str) -> Iterator[pa.RecordBatch]:
    assert process.stdin is not None  # noqa: S101 - opened by `child`
    process.stdin.write(json.dumps(query).encode() + b"\n")
    process.stdin.flush()
    yield from pa.ipc.open_stream(process.stdout)


def _execute(cursor: Any, query: str) -> Iterator[pa.RecordBatch]:
    cursor.execute(query)
    yield from cursor.fetch_record_batch()


@contextmanager
def _explained(ledger: Ledger) -> Iterator[None]:
    try:
        yield
    except Error as error:
        raise explain(ledger.place, error) from error


def send(process: "subprocess.Popen[bytes]", tables: Iterator[pa.Table]) -> int:
    """Give a child what it shall store, at least one table, and say that this was all; how many rows."""
    first = next(tables)
    count = 0
    assert process.stdin is not None  # noqa: S101 - opened by `child`
    with pa.ipc.new_stream(process.stdin, first.schema) as writer:
        for table in chain([first], tables):
            writer.write_table(table)
            count += table.num_rows
    process.stdin.write(WHOLE)
    process.stdin.flush()
    return count


@contextmanager
def child(ledger: Ledger, *task: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process with a SQLite library to itself, for one task; it ends with the block, and what fails there fails here.

    Raises:
        LedgerError: nobody else can see this ledger, or the database refused.
    """
    if ledger.private:
        raise LedgerError(f"{ledger.place} is seen by one connection alone: fill the ledger itself")
    # By its file: as a module it would bring the ledger with it, which takes longer to import than a day to read.
    command = [sys.executable, "-P", its_child.__file__, str(ledger.engine.url.database), *task]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        try:
            yield process
        except (pa.ArrowInvalid, BrokenPipeError, OSError):
            _fail(ledger, process)
            raise
        except BaseException:
            process.kill()
            if process.stdin is not None:
                _close(process.stdin)  # what it was still to be told would go wrong, and hide what went wrong here
            raise
        _fail(ledger, process)


def _fail(ledger: Ledger, process: "subprocess.Popen[bytes]") -> None:
    """Wait for a child, and raise what it says went wrong."""
    for stream in (process.stdin, process.stdout):
        if stream is not None and not stream.closed:
            _close(stream)
    said = process.stderr.read().decode() if process.stderr else ""
    if process.wait():
        raise explain(ledger.place, RuntimeError(said.strip() or "the process that reads it died"))


def _close(stream: IO[bytes]) -> None:
    with suppress(BrokenPipeError):  # it died, and says why on its other pipe
        stream.close()


def soon(tx: Connection, ask: Read) -> Read:
    """For some ten thousand rows: through the transaction, if `ask` is a child, which is still starting."""
    return partial(_read_rows, tx) if tx.dialect.name == "sqlite" else ask


def _read_rows(tx: Connection, query: str) -> Iterator[pa.RecordBatch]:
    found = tx.exec_driver_sql(query)
    for rows in found.partitions(ROWS):
        columns: Sequence[Any] = list(zip(*rows, strict=True))
        yield pa.record_batch([pa.array(each) for each in columns], names=list(found.keys()))


def _read_apart(ledger: Ledger, query: str) -> Iterator[pa.RecordBatch]:
    """In a transaction of its own: a private copy can be seen by nobody but the connection that made it."""
    with ledger.begin() as tx:
        yield from _read_rows(tx, query)
