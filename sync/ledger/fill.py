"""A first fill in columns: millions of signals as Arrow batches, in a small multiple of a bare insert of the same rows.

Every day takes the page path of `facts`, which compares with what was there.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sync.ledger import load_postgresql, load_sqlite, schema
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

LIABILITIES = pa.array(["full", "partial", "none"])
AMOUNT = r"^\d{1,16}(\.\d+)?$"
ROWS = 65_536  # checked and handed on at once, however many a batch brings
LONGEST = 255  # characters of a reference


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
    checked = (
        (entry, _checked(batch.slice(start, ROWS)))
        for entry, batches in filling.items()
        for batch in batches
        for start in range(0, batch.num_rows, ROWS)
    )
    first = next(checked, None)
    if first is None:
        return 0
    load = load_sqlite if ledger.engine.dialect.name == "sqlite" else load_postgresql
    count: int = load.load(ledger, chain([first], checked), [entry.connection for entry in filling])
    return count


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
