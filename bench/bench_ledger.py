"""The ledger in columns against bare inserts and reads of the same rows, in the same run, on both databases.

    python bench/bench_ledger.py [--contacts 50000] [--signals 1000000] [--only sqlite|postgresql]

First fill: `columns.store_signals`, with every index, foreign key and due subject, against an insert of the same
columns into a table that has nothing but them. Rescoring: `columns.events`, joined to subjects, only what is in force,
against a read of the same columns from `signals`; and the same with the engine behind it. A day: one contact in a
hundred has one signal changed, entered page by page and scored again. Contacts and the making of the rows are not
counted. PostgreSQL is started in a folder of its own, with the settings of a small server, and fsync on.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import adbc_driver_sqlite.dbapi
import numpy as np
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from config.rulefile import load_programme
from scoring.engine import score_parts
from scoring.signal import Signal, Source
from scoring.signals import Judged
from sync.ledger import Ledger, columns, database, facts, load_postgresql, results
from sync.ledger.facts import ContactFacts, Entry
from sync.score import standings_of
from tests import postgres

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
BATCH = 250_000
PAGE = 5_000
LATE = 3  # of the kinds below
SERVER = "-c shared_buffers=256MB -c maintenance_work_mem=256MB -c max_wal_size=8GB"
READ = "SELECT connection, contact, on_day, name, liability, amount, currency, key, recorded, id, original FROM signals"


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


def stored(folder: Path, contacts: int, signals: int) -> Path:
    """The rows on disk, so that making them is not measured."""
    file = folder / "rows.arrow"
    with pa.OSFile(str(file), "wb") as out, pa.ipc.new_stream(out, columns.SIGNALS) as writer:
        for batch in rows(contacts, signals):
            writer.write_batch(batch.cast(columns.SIGNALS))
    return file


def batches(file: Path) -> Iterator[pa.RecordBatch]:
    """The rows again."""
    with pa.OSFile(str(file)) as source:
        yield from pa.ipc.open_stream(source)


@dataclass(frozen=True)
class Took:
    """Seconds on the wall, and of processor time in this process and its children (not in a server)."""

    wall: float
    processor: float


def timed(what: str, do: Callable[[], Any], against: Took | None = None) -> Took:
    """Do it and say how long it took, in seconds and as ratios."""
    start, used = time.perf_counter(), _processor()
    found = do()
    took = found if isinstance(found, Took) else Took(time.perf_counter() - start, _processor() - used)
    ratio = f"{took.wall / against.wall:6.2f} x {took.processor / against.processor:6.2f} x" if against else " " * 17
    told = "" if found is None or isinstance(found, Took) else found
    print(f"  {what:<40} {took.wall:8.2f} s {took.processor:8.2f} s {ratio} {told}", flush=True)
    return took


def _processor() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def bare_insert(place: str, file: Path) -> Callable[[], None]:
    """The same columns into a table of its own, without a key or an index."""

    def sqlite() -> None:
        with adbc_driver_sqlite.dbapi.connect(f"{place}.bare") as connection, connection.cursor() as cursor:
            for number, batch in enumerate(batches(file)):
                text = batch.set_column(4, "on_day", batch["on_day"].cast(pa.string()))
                cursor.adbc_ingest("bare", text, mode="append" if number else "create")
            connection.commit()

    def postgresql() -> None:
        kept = ", ".join(f'"{each.name}" {_type(each.type)}' for each in columns.SIGNALS)
        ledger = Ledger.open(place)
        with ledger.begin() as tx:
            tx.exec_driver_sql(f"CREATE TABLE bare ({kept})")
            load_postgresql.copy_in(tx, "bare", (pa.Table.from_batches([each]) for each in batches(file)))
        ledger.close()

    return postgresql if place.startswith("postgresql") else sqlite


def _type(of: pa.DataType) -> str:
    return "date" if pa.types.is_date(of) else "integer" if pa.types.is_integer(of) else "text"


def bare_read(place: str) -> Took:
    """Read every row of `signals` in columns."""
    start, used = time.perf_counter(), _processor()
    driver = adbc_driver_postgresql.dbapi if place.startswith("postgresql") else adbc_driver_sqlite.dbapi
    with driver.connect(place) as connection, connection.cursor() as cursor:
        cursor.execute(READ)
        sum(batch.num_rows for batch in cursor.fetch_record_batch())
    return Took(time.perf_counter() - start, _processor() - used)


def measure(place: str, file: Path, contacts: int) -> None:
    """Everything on one database."""
    ledger = Ledger.open(place)
    with ledger.begin() as tx:
        programme = database.programme(tx, "customers").id
        row = database.connection(tx, programme, "a", crm="a", account="1", language="en")
        run = database.start_run(tx, programme, NOW, "customers")
    entry = Entry(run, NOW, programme, row.id, initial=True)

    def people() -> None:
        for start in range(0, contacts, PAGE):
            some = (f"003{number:015d}" for number in range(start, min(start + PAGE, contacts)))
            with ledger.begin() as tx:
                facts.store_contacts(
                    tx, entry, [ContactFacts(each, None, None, None, False, None, {}) for each in some]
                )

    timed("contacts, page by page", people)
    bare = timed("bare insert", bare_insert(place, file))
    fill = timed("first fill", lambda: columns.store_signals(ledger, {entry: batches(file)}), bare)
    # The other library's file must be nobody's while this process reads it bare (sync.ledger.arrow).
    ledger.engine.dispose()
    read = timed("bare read", lambda: _apart(place))
    timed("everything in force, as events", lambda: sum(b.num_rows for b in columns.events(ledger, programme)), read)
    timed("the same, and scored by the engine", lambda: rescored(ledger, programme, contacts), read)
    timed("a day: 1 % of the contacts changed", lambda: a_day(ledger, entry, contacts), fill)
    ledger.close()


def rescored(ledger: Ledger, programme: int, contacts: int) -> int:
    """The standings of everybody, from the ledger; how many."""
    subjects = pa.table({"subject": pa.array(range(1, contacts + 1), pa.int64())})
    day = NOW.date()
    with ThreadPoolExecutor(2) as executor:
        found = score_parts(
            columns.parts(ledger, programme),
            subjects,
            load_programme("customers", at=day),
            day,
            executor=executor,
            spill=tempfile.TemporaryFile,
        )
        return sum(table.num_rows for table in found)


def a_day(ledger: Ledger, first: Entry, contacts: int) -> int:
    """One signal more for one contact in a hundred, page by page, and their standings; how many."""
    entry = Entry(first.run, NOW + timedelta(days=1), first.programme, first.connection, initial=False)
    programme = load_programme("customers", at=entry.at.date())
    whose = [f"003{number:015d}" for number in range(0, contacts, 100)]
    for start in range(0, len(whose), 500):
        page = {
            f"new{number}": [Judged(_order(f"new{number}"), contact)]
            for number, contact in enumerate(whose[start : start + 500], start)
        }
        with ledger.begin() as tx:
            facts.store_signals(tx, entry, "Opportunity", page)
        with ledger.begin() as tx:
            subjects = [int(contact[3:]) + 1 for contact in whose[start : start + 500]]
            standings = standings_of(tx, subjects, programme, entry.at.date())
            results.store_standings(tx, entry, standings, programme.label)
    return len(whose)


def _order(record: str) -> Signal:
    return Signal(
        "order_paid", date(2026, 11, 22), Source("a", "Opportunity", record), amount=Decimal(100), currency="EUR"
    )


def _apart(place: str) -> Took:
    """A bare read in a process of its own, without the start of that process."""
    command = [sys.executable, __file__, "--read", place]
    wall, processor = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return Took(float(wall), float(processor))


def main() -> None:
    """Both databases, one after the other."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--contacts", type=int, default=50_000)
    options.add_argument("--signals", type=int, default=1_000_000)
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    options.add_argument("--read", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.read:
        took = bare_read(chosen.read)
        print(took.wall, took.processor)
        return
    with tempfile.TemporaryDirectory() as folder:
        print(f"{chosen.contacts} contacts, {chosen.signals} signals: wall, processor, and both as ratios")
        file = stored(Path(folder), chosen.contacts, chosen.signals)
        if chosen.only != "postgresql":
            print("SQLite")
            measure(str(Path(folder) / "ledger.db"), file, chosen.contacts)
        if chosen.only != "sqlite" and (why := postgres.missing()):
            print(f"PostgreSQL left out: {why}")
        elif chosen.only != "sqlite":
            print("PostgreSQL")
            with postgres.running(SERVER) as server:
                measure(server.create("ledger"), file, chosen.contacts)
    for who, name in ((resource.RUSAGE_SELF, "this process"), (resource.RUSAGE_CHILDREN, "the largest child")):
        print(f"memory of {name}: {resource.getrusage(who).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
