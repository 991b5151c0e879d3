"""The ledger in columns: a first fill of millions of signals in, and everything in force out, as Arrow batches.

Rows take the page path of `facts` every day; columns are for what touches everything. They stay within a small
multiple of a bare insert or read of the same rows (bench/bench_ledger.py).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import func, select

from scoring.engine_columns import Part
from sync.ledger import arrow, load_postgresql, load_sqlite, schema
from sync.ledger.database import Ledger
from sync.ledger.errors import LedgerError
from sync.ledger.facts import Entry

SIGNALS = pa.schema(
    [
        pa.field("contact", pa.string(), nullable=False),
        pa.field("object", pa.string(), nullable=False),
        pa.field("record", pa.string(), nullable=False),
        pa.field("name", pa.string(), nullable=False),
        pa.field("on_day", pa.date32(), nullable=False),
        pa.field("liability", pa.string(), nullable=False),
        pa.field("amount", pa.string()),  # exact decimal text
        pa.field("currency", pa.string()),
        pa.field("reference", pa.string(), nullable=False),
        pa.field("days", pa.int32()),
        pa.field("original", pa.string(), nullable=False),
        pa.field("key", pa.string(), nullable=False),
    ]
)
"""What a first fill brings of each signal, as in `scoring.signal.Signal`; `contact` is the CRM's record id."""

EVENTS = pa.schema(
    [
        pa.field("subject", pa.int64()),
        pa.field("on", pa.date32()),
        pa.field("signal", pa.string()),
        pa.field("liability", pa.string()),
        pa.field("amount", pa.decimal128(38, 6)),
        pa.field("currency", pa.string()),
        pa.field("key", pa.string()),
        pa.field("recorded", pa.timestamp("us", "UTC")),  # null: known from the beginning
        pa.field("source", pa.int64()),  # the entry's number
        pa.field("original", pa.int64()),  # that of the order it takes back; -1: there is none
        pa.field("by_hand", pa.bool_()),  # its amount is finer than these columns: for the plain reading
    ]
)
"""What `scoring.engine` reads; `source` orders the signals of one day as they were entered."""

LIABILITIES = pa.array(["full", "partial", "none"])
AMOUNT = r"^\d{1,16}(\.\d+)?$"
TOO_FINE = r"\.\d{6}\d*[1-9]"
PART = 500_000  # entries read at once into memory, by each thread
LONGEST = 255  # characters of a reference

# The same text on both databases. The cross and the plus keep SQLite to the order of the entries; what is empty comes
# as '' or 0, so that a column has one type, whatever its first rows.
RECORDED = {"sqlite": "s.recorded", "postgresql": "s.recorded AT TIME ZONE 'UTC'"}
IN_FORCE = """
SELECT c.subject AS subject, s.on_day AS "on", s.name AS signal, s.liability AS liability,
       coalesce(s.amount, '') AS amount, coalesce(s.currency, '') AS currency, s.key AS key,
       CASE WHEN s.initial THEN '' ELSE CAST({recorded} AS TEXT) END AS recorded, s.id AS source,
       CASE WHEN s.original = '' THEN 0 ELSE coalesce((
           SELECT max(o.id) FROM signals AS o
           WHERE o.connection = s.connection AND o.object = s.object AND o.record = s.original AND NOT o.withdrawn
       ), -1) END AS original
FROM signals AS s CROSS JOIN contacts AS c
WHERE c.connection = s.connection AND c.record = s.contact AND +s.connection IN ({connections}) AND NOT s.withdrawn
AND NOT EXISTS (SELECT 1 FROM signals AS r WHERE r.replaces = s.id)
"""


def store_signals(ledger: Ledger, filling: Mapping[Entry, Iterable[pa.RecordBatch]]) -> int:
    """Enter the signals of first fills, all or nothing, and make their subjects due; how many there were.

    For each connection's entry, batches of `SIGNALS`; sorted by contact they are read back faster.

    Raises:
        LedgerError: a connection has signals already (then only pages can tell what changed), or the database refused.
        ValueError: a batch has other columns, or rows that no mapping makes.
    """
    table = schema.signals
    with ledger.begin() as tx:
        for entry in filling:
            if tx.execute(table.select().where(table.c.connection == entry.connection).limit(1)).first() is not None:
                raise LedgerError(f"connection {entry.connection} has signals already; a sync reads what changed since")
    stamped = (_stamped(entry, _checked(batch)) for entry, batches in filling.items() for batch in batches)
    first = next(stamped, None)
    if first is None:
        return 0
    load = load_sqlite if ledger.engine.dialect.name == "sqlite" else load_postgresql
    count: int = load.load(ledger, chain([first], stamped), [entry.connection for entry in filling])
    return count


def events(ledger: Ledger, programme: int, entries: range | None = None) -> Iterator[pa.RecordBatch]:
    """Every signal in force of a programme, as `EVENTS`, in bounded memory and no order; or of a range of entries."""
    with ledger.begin() as tx:
        ids = tx.execute(select(schema.connections.c.id).where(schema.connections.c.programme == programme)).scalars()
        connections = ", ".join(map(str, ids)) or "NULL"
    query = IN_FORCE.format(connections=connections, recorded=RECORDED[ledger.engine.dialect.name])
    if entries is not None:
        query += f"AND s.id >= {entries.start} AND s.id < {entries.stop}"
    for batch in arrow.read(ledger, query):
        yield _event_batch(batch)


def parts(ledger: Ledger, programme: int, *, size: int = PART) -> list[Part]:
    """The same for `scoring.engine.score_parts`: pieces of `size` entries, which threads read at the same time."""
    with ledger.begin() as tx:
        last = tx.execute(select(func.max(schema.signals.c.id))).scalar_one() or 0

    def part(entries: range) -> Part:
        return Part(len(entries), EVENTS, lambda: pa.Table.from_batches(events(ledger, programme, entries), EVENTS))

    return [part(range(start, min(start + size, last + 1))) for start in range(1, last + 1, size)]


def _checked(batch: pa.RecordBatch) -> pa.Table:
    """The batch as the ledger keeps it: amounts without idle zeros, references not too long."""
    missing = [name for name in SIGNALS.names if name not in batch.schema.names]
    if missing:
        raise ValueError(f"signals without the column {missing[0]}")
    table = pa.Table.from_batches([batch]).select(SIGNALS.names).cast(SIGNALS)
    for field in SIGNALS:
        if not field.nullable and table[field.name].null_count:
            raise ValueError(f"signals: {field.name} is missing in {table[field.name].null_count} rows")
    _all(pc.is_in(table["liability"], LIABILITIES), table["liability"], "is no liability")
    _all(pc.match_substring_regex(table["amount"], AMOUNT), table["amount"], "is no amount")
    reference = pc.utf8_slice_codeunits(table["reference"], 0, LONGEST)
    table = table.set_column(SIGNALS.get_field_index("reference"), "reference", reference)
    return table.set_column(SIGNALS.get_field_index("amount"), "amount", _plain(table["amount"]))


def _all(good: Any, values: Any, what: str) -> None:
    bad = values.filter(pc.invert(good))
    if len(bad):
        raise ValueError(f"signals: {bad[0].as_py()!r} {what}")


def _plain(amounts: Any) -> Any:
    """100.00 -> 100, 0.50 -> 0.5: as a page would enter it, or the next sync would see a change."""
    trimmed = pc.ascii_rtrim(pc.ascii_rtrim(amounts, characters="0"), characters=".")
    return pc.if_else(pc.match_substring(amounts, "."), trimmed, amounts)


def _stamped(entry: Entry, table: pa.Table) -> pa.Table:
    stamp = {
        "run": pa.scalar(entry.run, pa.int32()),
        "recorded": pa.scalar(entry.at, pa.timestamp("us", "UTC")),
        "initial": pa.scalar(True),
        "withdrawn": pa.scalar(False),
        "connection": pa.scalar(entry.connection, pa.int32()),
    }
    for name, value in stamp.items():
        table = table.append_column(name, pa.repeat(value, table.num_rows))
    return table


def _event_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    found = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name in ("amount", "currency", "recorded"):
        found[name] = _none_where(found[name], pc.equal(found[name], ""))
    found["original"] = _none_where(found["original"], pc.equal(found["original"], 0))
    found["by_hand"] = pc.fill_null(pc.match_substring_regex(found["amount"], TOO_FINE), False)
    found["amount"] = _none_where(found["amount"], found["by_hand"])
    found["recorded"] = pc.assume_timezone(found["recorded"].cast(pa.timestamp("us")), "UTC")
    return pa.record_batch([found[field.name].cast(field.type) for field in EVENTS], schema=EVENTS)


def _none_where(values: Any, empty: Any) -> Any:
    return pc.if_else(empty, pa.scalar(None, values.type), values)
