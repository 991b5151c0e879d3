"""The ledger in columns against bare inserts and reads of the same rows, in the same run, on both databases.

    python bench/bench_ledger.py [--contacts 50000] [--signals 1000000] [--only sqlite|postgresql]

First fill: `fill.store_signals`, with every index, foreign key and due subject, against an insert of the same
columns into a table that has nothing but them; then everybody's first standing, scored by the engine and stored.
Rescoring: what is in force, joined to subjects, read and scored, against a read of the same columns from `signals`;
and the same with standings stored under other rules. A day: one contact in a hundred has changed and has one signal
more, entered page by page, and whoever moves is scored; on the day after the first fill, on which more people have
their review than on any other (who was there before the three years that it read counts from their beginning), and
four months later. Both against the whole of a first fill: contacts and who is whom by pages, signals and standings in
columns. The making of the rows is not counted. PostgreSQL is started in a folder of its own, with the settings of a
small server, and fsync on.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from queue import Queue
from typing import Any

import pyarrow as pa

sys.path.insert(0, str(Path(__file__).parents[1]))

from alone import without_data_frames
from bare import MEMORY, Took, apart, batches, processor

from config.rulefile import load_programme
from scoring.engine import score_parts
from scoring.rules import Programme
from scoring.signal import Signal, Source
from scoring.signals import Judged
from sync import many
from sync.job import Job
from sync.ledger import Ledger, arrow, columns, database, facts, fill, people
from sync.ledger.contacts import ContactFacts, store_contacts
from sync.ledger.facts import Entry
from sync.report import Report
from sync.score import score
from tests import postgres

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
RULES = load_programme("customers", at=NOW.date())
OTHER = replace(RULES, price_cap=130)
PAGE = 5_000
LATER = 120  # days
SERVER = "-c shared_buffers=256MB -c maintenance_work_mem=256MB -c max_wal_size=8GB"


def timed(what: str, do: Callable[[], Any], against: Took | None = None) -> Took:
    """Do it and say how long it took, in seconds and as ratios."""
    MEMORY.most()
    start, used = time.perf_counter(), processor()
    found = do()
    took = found if isinstance(found, Took) else Took(time.perf_counter() - start, processor() - used)
    ratio = f"{took.wall / against.wall:6.2f} x {took.processor / against.processor:6.2f} x" if against else " " * 17
    told = "" if found is None or isinstance(found, Took) else found
    print(f"  {what:<40} {took.wall:8.2f} s {took.processor:8.2f} s {ratio} {MEMORY.most():5} MB {told}", flush=True)
    return took


def measure(place: str, file: Path, contacts: int) -> None:
    """Everything on one database."""
    ledger = Ledger.open(place)
    with ledger.begin() as tx:
        programme = database.programme(tx, "customers").id
        row = database.connection(tx, programme, "a", crm="a", account="1", language="en")
        run = database.start_run(tx, programme, NOW, RULES.label)
    entry = Entry(run, NOW, programme, row.id, initial=True)

    whole = timed("first fill: contacts", lambda: enter_people(ledger, entry, range(contacts)))
    bare = timed("bare insert", lambda: apart("insert", place, str(file)))
    whole += timed("first fill: signals", lambda: fill.store_signals(ledger, {entry: batches(file)}), bare)
    whole += timed("first fill: standings", lambda: scored_by(ledger, entry), bare)
    # The other library's file must be nobody's while this process reads it bare (sync.ledger.arrow).
    ledger.engine.dispose()
    read = timed("bare read", lambda: apart("read", place))
    timed("everything in force, as events", lambda: in_force(ledger, programme), read)
    timed("rescoring: read and scored, not stored", lambda: rescored(ledger, programme, contacts), read)
    timed("rescoring: other rules, stored", lambda: scored_by(ledger, day_of(ledger, entry, OTHER), OTHER), read)
    timed("the day after: 1 % of the contacts changed", lambda: a_day(ledger, entry, contacts, 1), whole)
    eve = day_of(ledger, entry, OTHER, hours=24 * (LATER - 1))
    timed("four months at once", lambda: scored_by(ledger, eve, OTHER), read)
    timed("a day then: 1 % of the contacts changed", lambda: a_day(ledger, entry, contacts, LATER), whole)
    idle = day_of(ledger, entry, OTHER, hours=24 * LATER + 1)
    timed("idle: nobody is due", lambda: scored_by(ledger, idle, OTHER), whole)
    ledger.close()


def enter_people(ledger: Ledger, entry: Entry, numbers: Iterable[int]) -> None:
    """As a sync enters them: contacts page by page, and who of them are the same person."""
    each = iter(numbers)
    while some := [f"003{number:015d}" for number in islice(each, PAGE)]:
        found = [ContactFacts(record, f"{record}@a.example", None, None, False, None, {}) for record in some]
        with ledger.begin() as tx:
            people.link(tx, entry, store_contacts(tx, entry, found).touched)


def in_force(ledger: Ledger, programme: int) -> int:
    """Every signal in force, as the engine reads it; how many."""
    with arrow.reader(ledger) as ask:
        readers: arrow.Readers = Queue()
        readers.put(ask)
        source = columns.Source.of(ledger, programme, ["order_paid"])
        source.learn(ask)
        return sum(part.read().num_rows for part in source.parts(readers))


def rescored(ledger: Ledger, programme: int, contacts: int) -> int:
    """The standings of everybody, from the ledger; how many."""
    subjects = pa.table({"subject": pa.array(range(1, contacts + 1), pa.int64())})
    day = NOW.date()
    with ThreadPoolExecutor(2) as executor, arrow.reader(ledger) as one, arrow.reader(ledger) as two:
        readers: arrow.Readers = Queue()
        readers.put(one)
        source = columns.Source.of(ledger, programme, ["order_paid"])
        source.learn(one)
        readers.put(two)
        rules = load_programme("customers", at=day)
        parts = source.parts(readers)
        found = score_parts(parts, subjects, rules, day, executor=executor, spill=tempfile.TemporaryFile)
        return sum(table.num_rows for table in found)


def day_of(ledger: Ledger, first: Entry, rules: Programme, hours: int = 1) -> Entry:
    """A run some hours later, under some rules."""
    at = first.at + timedelta(hours=hours)
    with ledger.begin() as tx:
        tx.exec_driver_sql("UPDATE runs SET state = 'done'")
        run = database.start_run(tx, first.programme, at, rules.label)
    return Entry(run, at, first.programme, first.connection, initial=False)


def scored_by(ledger: Ledger, entry: Entry, rules: Programme | None = None) -> str:
    """What a sync does between reading and showing; how many were scored, and how many of them by the plain reading."""
    job = Job("customers", lambda _day: rules or RULES, {}, ledger, lambda: entry.at)
    report = Report(entry.run, "customers", "", entry.at.date())
    score(job, entry, job.programme_at(entry.at.date()), entry.at.date(), report)
    return f"{report.scored} scored"


def a_day(ledger: Ledger, first: Entry, contacts: int, days: int) -> str:
    """One contact in a hundred, each with one signal more, page by page, and everybody's standing of that day."""
    entry = day_of(ledger, first, OTHER, hours=24 * days)
    whose = range(0, contacts, 100)
    enter_people(ledger, entry, whose)
    for start in range(0, len(whose), 500):
        orders = {f"006n{days:04d}{number:010d}": f"003{number:015d}" for number in whose[start : start + 500]}
        page = {order: [Judged(_order(order, entry), contact)] for order, contact in orders.items()}
        with ledger.begin() as tx:
            facts.store_signals(tx, entry, "Opportunity", page)
    return scored_by(ledger, entry, OTHER)


def _order(record: str, entry: Entry) -> Signal:
    source = Source("a", "Opportunity", record)
    return Signal("order_paid", entry.at.date(), source, amount=Decimal(100), currency="EUR")


def main() -> None:
    """Both databases, one after the other."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--contacts", type=int, default=50_000)
    options.add_argument("--signals", type=int, default=1_000_000)
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    chosen = options.parse_args()
    without_data_frames()
    with tempfile.TemporaryDirectory() as folder:
        print(f"{chosen.contacts} contacts, {chosen.signals} signals: wall, processor, both as ratios, peak of memory")
        many.ready(RULES, NOW.date())  # its loops are compiled once for a machine
        file = Path(folder) / "rows.arrow"
        apart("rows", str(file), str(chosen.contacts), str(chosen.signals))
        if chosen.only != "postgresql":
            print("SQLite")
            measure(str(Path(folder) / "ledger.db"), file, chosen.contacts)
        if chosen.only != "sqlite" and (why := postgres.missing()):
            print(f"PostgreSQL left out: {why}")
        elif chosen.only != "sqlite":
            print("PostgreSQL")
            with postgres.running(SERVER) as server:
                measure(server.create("ledger"), file, chosen.contacts)


if __name__ == "__main__":
    main()
