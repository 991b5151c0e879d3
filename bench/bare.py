"""The rows of the ledger's bench, and what their bare inserts and reads take: each in a process that does nothing else.

    python bench/bare.py rows FILE CONTACTS SIGNALS | insert PLACE FILE | read PLACE

Each says how many seconds it took, on the wall and of processor time; `bench_ledger` starts them.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from alone import without_data_frames
from memory import Memory

from sync.ledger import Ledger, fill, load_postgresql

BATCH = 250_000
LATE = 3  # of the kinds below
READ = "SELECT connection, contact, on_day, name, liability, amount, currency, key, recorded, id, original FROM signals"


@dataclass(frozen=True)
class Took:
    """Seconds on the wall, and of processor time in this process and its children (not in a server)."""

    wall: float
    processor: float

    def __add__(self, other: "Took") -> "Took":
        return Took(self.wall + other.wall, self.processor + other.processor)


MEMORY = Memory()


def processor() -> float:
    """What this process and its children used so far, less what looking at their memory took."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used) - MEMORY.took


def rows(contacts: int, signals: int) -> Iterator[pa.RecordBatch]:
    """Three years of signals, sorted by contact as a fill that wants to be read fast gives them."""
    whose = np.sort(np.random.default_rng(7).integers(0, contacts, signals))
    for start in range(0, signals, BATCH):
        chance = np.random.default_rng(start)
        some = whose[start : start + BATCH]
        size = len(some)
        kind = chance.choice(4, size, p=[0.9, 0.03, 0.05, 0.02])
        numbers = np.arange(start, start + size).astype(str)
        yield pa.record_batch(
            {
                "contact": pa.array(np.char.add("003", np.char.zfill(some.astype(str), 15))),
                "object": pa.array(np.full(size, "Opportunity")),
                "record": pa.array(np.char.add("006", np.char.zfill(numbers, 15))),
                "name": pa.array(np.array(["order_paid", "claim_at_fault", "refund", "invoice_late"])[kind]),
                "on_day": pa.array(np.datetime64("2023-11-22") + chance.integers(0, 1090, size)),
                "liability": pa.array(np.array(["none", "full", "none", "partial"])[kind]),
                "amount": pa.array((chance.integers(100, 99_999, size) / 100).astype(str)),
                "currency": pa.array(np.full(size, "EUR")),
                "reference": pa.array(numbers),
                "days": pa.array(np.full(size, 44), mask=kind != LATE).cast(pa.int32()),
                "original": pa.array(np.full(size, "")),
                "key": pa.array(np.full(size, "")),
            }
        )


def batches(file: Path) -> Iterator[pa.RecordBatch]:
    """The rows again."""
    with pa.OSFile(str(file)) as source:
        yield from pa.ipc.open_stream(source)


def write_rows(file: str, contacts: str, signals: str) -> Took:
    """The rows on disk, so that making them is not measured."""
    start, used = time.perf_counter(), processor()
    with pa.OSFile(file, "wb") as out, pa.ipc.new_stream(out, fill.SIGNALS) as writer:
        for batch in rows(int(contacts), int(signals)):
            writer.write_batch(batch.cast(fill.SIGNALS))
    return Took(time.perf_counter() - start, processor() - used)


def bare_insert(place: str, file: str) -> Took:
    """The same columns into a table of its own, without a key or an index."""
    start, used = time.perf_counter(), processor()
    if place.startswith("postgresql"):
        kept = ", ".join(f'"{each.name}" {_type(each.type)}' for each in fill.SIGNALS)
        ledger = Ledger.open(place)
        with ledger.begin() as tx:
            tx.exec_driver_sql(f"CREATE TABLE bare ({kept})")
            load_postgresql.copy_in(tx, "bare", (pa.Table.from_batches([each]) for each in batches(Path(file))))
        ledger.close()
    else:
        with _connected(f"{place}.bare") as connection, connection.cursor() as cursor:
            for number, batch in enumerate(batches(Path(file))):
                text = batch.set_column(4, "on_day", batch["on_day"].cast(pa.string()))
                cursor.adbc_ingest("bare", text, mode="append" if number else "create")
            connection.commit()
    return Took(time.perf_counter() - start, processor() - used)


def _connected(place: str) -> Any:
    """In a process that does nothing else: the drivers bring every data frame there is, and a SQLite of their own."""
    kind = "postgresql" if place.startswith("postgresql") else "sqlite"
    return import_module(f"adbc_driver_{kind}.dbapi").connect(place)


def _type(of: pa.DataType) -> str:
    return "date" if pa.types.is_date(of) else "integer" if pa.types.is_integer(of) else "text"


def bare_read(place: str) -> Took:
    """Read every row of `signals` in columns."""
    start, used = time.perf_counter(), processor()
    with _connected(place) as connection, connection.cursor() as cursor:
        cursor.execute(READ)
        sum(batch.num_rows for batch in cursor.fetch_record_batch())
    return Took(time.perf_counter() - start, processor() - used)


def apart(*what: str) -> Took:
    """One of these in a process of its own, without the start of that process."""
    command = [sys.executable, __file__, *what]
    wall, processor = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return Took(float(wall), float(processor))


def main() -> None:
    """One of these; how many seconds it took is all that it says."""
    without_data_frames()
    what, *arguments = sys.argv[1:]
    took = {"rows": write_rows, "insert": bare_insert, "read": bare_read}[what](*arguments)
    print(took.wall, took.processor)


if __name__ == "__main__":
    main()
