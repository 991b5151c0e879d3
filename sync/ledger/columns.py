"""The ledger in columns: what is in force, of everybody or of some subjects, as Arrow batches for the engine.

Everything takes a small multiple of a bare read of the same rows (bench/bench_ledger.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from scoring.engine_columns import Part
from sync.ledger import arrow, schema, together, zones
from sync.ledger.database import Ledger
from sync.ledger.order import Order
from sync.ledger.whose import Whose

Events = TypeVar("Events", pa.Table, pa.RecordBatch)

_CODED = ("signal", "liability", "currency")
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
        pa.field("source", pa.int64()),  # the record, by its place in the order of sources
        pa.field("original", pa.int64()),  # that of the order it takes back; -1: there is none
        pa.field("by_hand", pa.bool_()),  # its amount or its ids are more than these columns hold: the plain reading
    ]
)
"""What `scoring.engine` reads."""
CODED = pa.schema(
    [each.with_type(pa.dictionary(pa.int32(), each.type)) if each.name in _CODED else each for each in EVENTS]
)
"""The same as it is read from here: a text that rows share is there once."""

TOO_FINE = r"\.\d{6}\d*[1-9]"
LONG = len("0.123456")  # the shortest text of an amount with all decimals that the column has
PART = 65_536  # entries read at once into memory, by each thread
SAMPLE = 1_000  # entries that are looked at to know the ids of a ledger

# The same text on both databases. What is empty comes as '', so that a column has one type, whatever its first rows.
RECORDED = {"sqlite": "s.recorded", "postgresql": "s.recorded AT TIME ZONE 'UTC'"}
# What most signals of a ledger have in common: an order of a first fill brings nothing of what is seldom.
ALWAYS = {
    "connection": "s.connection",
    "object": "s.object",
    "signal": "s.name",
    "currency": "coalesce(s.currency, '')",
    "liability": "s.liability",
}
SELDOM = {
    "recorded": "CASE WHEN s.initial THEN '' ELSE CAST({recorded} AS TEXT) END",
    "original": "s.original",
    "key": "s.key",
}
IDLE = "s.initial AND s.original = '' AND s.key = ''"
# Whose each is, and whether another one replaced it, a database would look up row by row: `Whose` knows both. The plus
# keeps SQLite to the order of the entries.
EVERYTHING = """
SELECT {ids}s.contact AS contact, s.on_day AS "on", coalesce(s.amount, '') AS amount, s.record AS record,
       {{shared}}
FROM signals AS s WHERE NOT s.withdrawn AND +s.connection IN ({connections})
"""
# Of some subjects every entry is read, withdrawals too: what they replace is among them. A withdrawal replaces a number
# below zero.
OF_SOME = """
SELECT c.subject AS subject, s.on_day AS "on", coalesce(s.amount, '') AS amount, s.record AS record, {{shared}},
       s.id AS id, coalesce(CASE WHEN s.withdrawn THEN -s.replaces ELSE s.replaces END, 0) AS replaces
FROM contacts AS c CROSS JOIN signals AS s
WHERE c.connection = s.connection AND s.initial IN (TRUE, FALSE) AND c.record = s.contact
AND +c.connection IN ({connections}) AND c.subject IN ({subjects})
"""


def events(ledger: Ledger, programme: int, orders: Iterable[str] = ()) -> Iterator[pa.RecordBatch]:
    """Every signal in force of a programme, as `EVENTS`, in bounded memory and no order.

    `recorded` is in the time zone that was in force then (`in_their_zones`). `orders` names the signals that a refund
    may take back. The ledger is read twice, first for its ids alone.
    """
    source = Source.of(ledger, programme, orders)
    with ledger.reading() as tx:
        known = zones.dating(tx).get(programme, zones.UNSETTLED)
    with arrow.reader(ledger) as ask:
        whose = Whose.read(ask, source.connections)
        for query in source.pieces(PART, whose):
            for batch in source.entries(ask, query):
                source.order.learn(_named(batch))
        for query in source.pieces(PART, whose):
            for batch in source.entries(ask, query):
                yield from in_their_zones(_event_batch(whose.own(batch), source.order).cast(EVENTS), known)


def in_their_zones(events: Events, known: zones.Zones) -> Iterator[Events]:
    """The same events, `recorded` in the time zone that was in force then: as a column has one, a piece for each."""
    place = EVENTS.get_field_index("recorded")
    for zone, since, until in known.spans():
        some = events
        for edge, is_there in ((since, pc.greater_equal), (until, pc.less)):
            if edge is not None:  # what was known from the beginning goes with the present
                some = some.filter(pc.fill_null(is_there(some["recorded"], pa.scalar(edge)), until is None))
        if some.num_rows:
            kind = pa.timestamp("us", zone.key)
            yield some.set_column(place, pa.field("recorded", kind), some["recorded"].cast(kind))


def nothing() -> pa.Table:
    """No signals, having gone through all that signals go through."""
    texts = ("contact", "amount", "record", together.JOINED)
    kinds = {"on": pa.date32(), **dict.fromkeys(texts, pa.string())}
    none = pa.record_batch([pa.array([], kind) for kind in kinds.values()], names=list(kinds))
    source = Source("NULL", _shared("sqlite"), 0, Order({}, frozenset()))
    whose = Whose.read(lambda _query: iter(()), source.connections)
    found = source.entries(lambda _query: iter([none]), "")
    return pa.Table.from_batches([_event_batch(whose.own(each), source.order) for each in found], CODED)


@dataclass(frozen=True, slots=True)
class Source:
    """The signals in force of a programme, and the order of their records."""

    connections: str
    shared: together.Shared
    last: int
    order: Order

    @classmethod
    def of(cls, ledger: Ledger, programme: int, orders: Iterable[str], tx: Connection | None = None) -> "Source":
        """What there is now."""
        connections = schema.connections
        query = select(connections.c.id, connections.c.name).where(connections.c.programme == programme)
        with nullcontext(tx) if tx is not None else ledger.begin() as inside:
            names = {row.id: row.name for row in inside.execute(query)}
            last = inside.execute(select(func.max(schema.signals.c.id))).scalar_one() or 0
        numbers = ", ".join(map(str, names)) or "NULL"
        return cls(numbers, _shared(ledger.engine.dialect.name), last, Order(names, frozenset(orders)))

    def learn(self, ask: arrow.Read) -> None:
        """Know the ids by a sample; `order.missed` says afterwards whether that was enough.

        Ids are given in series: those of the newest entries may be of one that began since.
        """
        spread = range(1, self.last + 1, max(1, self.last // SAMPLE))
        newest = range(max(1, self.last + 1 - SAMPLE), self.last + 1)
        ids = ", ".join(str(each) for each in sorted({*spread, *newest}))
        for batch in self.entries(ask, f"{self._everything()} AND s.id IN ({ids or 'NULL'})"):
            self.order.learn(_named(batch))

    def parts(self, readers: arrow.Readers, *, size: int = PART) -> list[Part]:
        """All of them for `scoring.engine.score_parts`, in pieces of `size` entries; each is read by a free reader."""
        with _free(readers) as ask:
            whose = Whose.read(ask, self.connections)
        return [self._part(readers, whose, query, size) for query in self.pieces(size, whose)]

    def of_some(self, readers: arrow.Readers, subjects: Sequence[int]) -> pa.Table:
        """Those of some subjects, as `CODED`, found by the index; their records in an order of their own."""
        query = OF_SOME.format(connections=self.connections, subjects=", ".join(map(str, subjects)))
        with _free(readers) as ask:
            batches = _in_force(self.entries(ask, query))
        order = Order(self.order.names, self.order.orders)
        for batch in batches:
            order.learn(_named(batch))
        return pa.Table.from_batches([_event_batch(batch, order) for batch in batches], CODED)

    def pieces(self, size: int, whose: Whose) -> Iterator[str]:
        """The queries for all that may be in force, in pieces of `size` entries."""
        for start in range(1, self.last + 1, size):
            ids = whose.are_replaced(start, start + size)
            yield f"{self._everything(ids=ids)} AND s.id >= {start} AND s.id < {start + size}"

    def entries(self, ask: arrow.Read, query: str) -> list[pa.RecordBatch]:
        """What one of these queries finds, with its connection as a number."""
        return [_numbered(batch) for batch in together.read(ask, query, self.shared)]

    def _everything(self, *, ids: bool = False) -> str:
        """All that may be in force; with its numbers, where some of them were replaced."""
        return EVERYTHING.format(ids="s.id AS id, " if ids else "", connections=self.connections)

    def _part(self, readers: arrow.Readers, whose: Whose, query: str, rows: int) -> Part:
        """A piece that is read as often as it is asked for: the engine may need another layout than it began with."""

        def read() -> pa.Table:
            with _free(readers) as ask:
                batches = [_event_batch(whose.own(batch), self.order) for batch in self.entries(ask, query)]
            return pa.Table.from_batches(batches, CODED)

        return Part(rows, CODED, read)


def _shared(dialect: str) -> together.Shared:
    seldom = {name: sql.format(recorded=RECORDED[dialect]) for name, sql in SELDOM.items()}
    return together.Shared(ALWAYS, seldom, IDLE)


def _numbered(batch: pa.RecordBatch) -> pa.RecordBatch:
    place = batch.schema.get_field_index("connection")
    named = batch.column(place)
    return batch.set_column(place, "connection", named.dictionary.cast(pa.int32()).take(named.indices))


@contextmanager
def _free(readers: arrow.Readers) -> Iterator[arrow.Read]:
    """One of them for as long as it is needed; waits for it."""
    ask = readers.get()
    try:
        yield ask
    finally:
        readers.put(ask)


def _in_force(batches: Sequence[pa.RecordBatch]) -> list[pa.RecordBatch]:
    """Of all entries about some subjects those that hold: not withdrawn, and replaced by no other."""
    later = [pc.abs(replaces.filter(pc.not_equal(replaces, 0))) for each in batches for replaces in (each["replaces"],)]
    replaced = pa.chunked_array(later, later[0].type) if later else pa.array([], pa.int64())
    if not len(replaced):
        return list(batches)
    hold = (pc.and_not(pc.greater_equal(b["replaces"], 0), pc.is_in(b["id"], replaced)) for b in batches)
    return [batch.filter(holds) for batch, holds in zip(batches, hold, strict=True)]


def _named(batch: pa.RecordBatch) -> dict[str, Any]:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _event_batch(batch: pa.RecordBatch, order: Order) -> pa.RecordBatch:
    found = _named(batch)
    found["source"], found["original"], strange = order.encode(found)
    found["amount"] = _none_where(found["amount"], pc.equal(found["amount"], ""))
    fine = _too_fine(found["amount"])
    found["amount"] = _none_where(found["amount"], fine)
    found["by_hand"] = pc.or_(fine, pa.array(strange))
    found["currency"] = _filled(found["currency"])
    instants = _filled(found["recorded"])
    known = pc.assume_timezone(instants.dictionary.cast(pa.timestamp("us")), "UTC")
    found["recorded"] = known.take(instants.indices)
    return pa.record_batch([found[field.name].cast(field.type) for field in CODED], schema=CODED)


def _filled(coded: Any) -> Any:
    """With null in place of what is empty."""
    texts = coded.dictionary
    return pa.DictionaryArray.from_arrays(coded.indices, _none_where(texts, pc.equal(texts, "")))


def _too_fine(amounts: Any) -> Any:
    """Which have more decimals than the column; few are long enough to be looked at."""
    long = pc.fill_null(pc.greater(pc.binary_length(amounts), LONG), False)
    if not pc.any(long).as_py():
        return long
    return pc.and_(long, pc.fill_null(pc.match_substring_regex(amounts, TOO_FINE), False))


def _none_where(values: Any, empty: Any) -> Any:
    """Null there; mostly it is nowhere, or everywhere."""
    some = pc.min_max(empty)
    if not some["max"].as_py():
        return values
    none = pa.scalar(None, values.type)
    return pa.repeat(none, len(values)) if some["min"].as_py() else pc.if_else(empty, none, values)
