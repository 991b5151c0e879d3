"""Arrow columns as arrays of integers, without a copy wherever the column allows it; and the refusal of all others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_store import Scratch
from scoring.kernel_law import LIABILITIES
from scoring.kernel_pack import BY_HAND, CURRENCIES, CURRENCY_SHIFT, NO_AMOUNT, text_keys
from scoring.kernel_plan import Plan

Table: TypeAlias = Any  # pyarrow ships no types: a pa.Table or pa.RecordBatch
Column: TypeAlias = Any  # a pa.Array
Coded: TypeAlias = tuple[NDArray[np.int32], list[str | None]]  # places in a list of texts

NO_INTS = np.empty(0, np.int64)
NO_BITS = np.empty(0, np.uint8)
LONG_AGO = date(1, 1, 1)


class BadTable(Exception):
    """A column is missing, has another type than it needs, or holds what no row may hold."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What was read of a piece of events: a table, and those columns that are arrays already.

    An amount is `NO_AMOUNT` where there is none.
    """

    table: Table
    subject: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None  # as `keys` has them
    on: NDArray[np.int32] | None = None
    signal: Coded | None = None
    liability: Coded | None = None
    amount: NDArray[np.int64] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of events: at most so many rows, and how to read them (again, should the plain reading need them).

    `less` says of a plan what of the piece can matter to it: a smaller one, or none. `arrays` reads what it can into
    arrays in the thread's room, which the next piece overwrites.
    """

    rows: int
    schema: Any
    read: Callable[[], Table]
    less: Callable[[Plan], "Part | None"] | None = None
    arrays: Callable[[Scratch], Piece] | None = None

    def wanted(self, plan: Plan) -> "Part | None":
        """What a scoring reads of it."""
        return self if self.less is None else self.less(plan)

    def piece(self, scratch: Scratch) -> Piece:
        """What is in it."""
        return Piece(self.read()) if self.arrays is None else self.arrays(scratch)


@dataclass(slots=True)
class Currencies:
    """The number of each currency, the same for all pieces of one table."""

    numbers: dict[str, int] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def number(self, name: str) -> int | None:
        """From 1; None where there are too many of them."""
        with self.lock:
            if name not in self.numbers and len(self.numbers) < CURRENCIES - 1:
                self.numbers[name] = len(self.numbers) + 1
            return self.numbers.get(name)


@dataclass(frozen=True, slots=True)
class Events:
    """One piece of events as the compiled loops want it; what a piece does not have is empty."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    days: NDArray[np.int32]
    signals: NDArray[np.int32]
    liabilities: NDArray[np.int32]
    kinds: NDArray[np.uint32]  # `Plan.kinds` by the signals and liabilities of this piece
    extras: NDArray[np.uint32]
    amounts: NDArray[np.int64]
    valid: NDArray[np.uint8]  # Arrow's bits from `offset` on: which rows have an amount; empty: all
    offset: int
    sources: NDArray[np.int64]
    originals: NDArray[np.int64]


def check(parts: Sequence[Part], subjects: Table) -> None:
    """Refuse columns that come twice, and amounts that are cents in one piece and something else in another.

    Raises:
        BadTable: so it is.
    """
    for schema in (subjects.schema, *(part.schema for part in parts)):
        for name in schema.names:
            if schema.names.count(name) > 1:
                raise BadTable(f"{name}: comes twice among {', '.join(schema.names)}")
    kinds = {part.schema.field("amount").type for part in parts if "amount" in part.schema.names}
    scales = {kind.scale if pa.types.is_decimal(kind) else None: kind for kind in kinds if not pa.types.is_null(kind)}
    if len(scales) > 1:
        first, second, *_ = sorted(map(str, scales.values()))
        raise BadTable(f"amount: {first} in one piece and {second} in another; write all with as many decimals")


def exactly(found: Column, kind: Any, name: str) -> Column:
    """A column in another type, if that holds every value.

    Raises:
        BadTable: it does not.
    """
    try:
        return found if found.type == kind else found.cast(kind)  # even a cast to the same type loads pyarrow.compute
    except pa.ArrowInvalid as error:
        raise BadTable(f"{name}: {error}") from error


def has(table: Table, name: str) -> bool:
    """Whether the table has a column of that name."""
    return name in table.schema.names


def column(table: Table, name: str, *, nulls: bool = False) -> Column:
    """One column as one array.

    Raises:
        BadTable: it is missing, or has nulls where it may not.
    """
    if not has(table, name):
        raise BadTable(f"{name}: no such column among {', '.join(table.schema.names)}")
    found = table.column(name)
    if isinstance(found, pa.ChunkedArray):
        found = found.chunk(0) if found.num_chunks == 1 else found.combine_chunks()
        if isinstance(found, pa.ChunkedArray):  # text beyond 2 GB stays in pieces
            found = found.cast(pa.large_string()).combine_chunks()
    if found.null_count and not nulls:
        raise BadTable(f"{name}: {found.null_count} rows have none; such rows are problems to be left out before")
    return found


def keys(found: Column) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The two words that stand for each subject; the second is empty for integers."""
    kind = found.type
    if pa.types.is_integer(kind):
        return exactly(found, pa.int64(), "subject").to_numpy(), NO_INTS
    if pa.types.is_dictionary(kind):
        low, high = keys(found.dictionary)
        indices = found.indices.to_numpy()
        return low[indices], high[indices] if len(high) else high
    if pa.types.is_string_view(kind):
        found, kind = found.cast(pa.large_string()), pa.large_string()
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise BadTable(f"subject: {kind} is neither an integer nor a text")
    low, high = np.empty(len(found), np.int64), np.empty(len(found), np.int64)
    wide = np.int64 if pa.types.is_large_string(kind) else np.int32
    _, offsets, data = found.buffers()
    ends = np.frombuffer(offsets, wide)[found.offset : found.offset + len(found) + 1]
    letters = np.frombuffer(data, np.uint8) if data and len(data) else np.zeros(1, np.uint8)
    text_keys(ends, letters, letters[: len(letters) // 8 * 8].view(np.uint64), low, high)
    return low, high


def days(found: Column, name: str) -> NDArray[np.int32]:
    """Days since 1970; only dates are civil dates, an instant would need a time zone."""
    if not pa.types.is_date(found.type):
        raise BadTable(f"{name}: {found.type} is no date (date32)")
    days_: NDArray[np.int32] = found.cast(pa.date32()).view(pa.int32()).to_numpy()
    return days_


def events_of(piece: Piece, plan: Plan, currencies: Currencies) -> Events:
    """One piece of events.

    Raises:
        BadTable: a column is missing or is of a type that could not be read exactly.
    """
    table = piece.table
    low, high = keys(column(table, "subject")) if piece.subject is None else piece.subject
    on = days(column(table, "on"), "on") if piece.on is None else piece.on
    signals, names = piece.signal or coded(column(table, "signal"), "signal")
    if piece.liability is not None:
        liabilities, said = piece.liability
    elif has(table, "liability"):
        liabilities, said = coded(column(table, "liability", nulls=True), "liability")
    else:
        liabilities, said = np.zeros(len(on), np.int32), []
    kinds = _kinds(plan, names, said)
    sources = originals = NO_INTS
    if has(table, "source"):
        sources = _integers(column(table, "source"), "source")
        originals = np.full(len(on), NO_AMOUNT)
    if has(table, "original"):
        if not has(table, "source"):
            raise BadTable("original: needs the column source, by which it finds its order")
        originals = _integers(column(table, "original", nulls=True), "original")
    extras = _extras(table, plan, on, currencies)
    amounts = _amounts(piece, plan, len(on))
    return Events(low, high, on, signals, liabilities, kinds, extras, *amounts, sources, originals)


def coded(found: Column, name: str) -> Coded:
    """The place of each row's text in a list of texts, one more than the list is long where there is none."""
    if not pa.types.is_dictionary(found.type):
        found = found.dictionary_encode()
    texts = found.dictionary
    if not (pa.types.is_string(texts.type) or pa.types.is_large_string(texts.type) or pa.types.is_null(texts.type)):
        raise BadTable(f"{name}: {texts.type} is no text")
    indices = found.indices
    if indices.null_count:
        indices = indices.cast(pa.int32()).fill_null(len(texts))
    try:
        return indices.cast(pa.int32()).to_numpy(), texts.to_pylist()
    except UnicodeDecodeError as error:
        raise BadTable(f"{name}: {error}; write all texts in UTF-8") from error


def _kinds(plan: Plan, names: list[str | None], said: list[str | None]) -> NDArray[np.uint32]:
    """The plan's kinds by this piece's own numbers of signals and liabilities."""
    place = {name: number for number, name in enumerate(plan.signals)}
    rows = [place.get(name or "", len(plan.signals)) for name in names]
    known = {str(liability): number for number, liability in enumerate(LIABILITIES)}
    unknown = sorted({text for text in said if text is not None and text not in known})
    if unknown:
        raise BadTable(f"liability: {unknown[0]!r} is none of {', '.join(known)}")
    columns = [*(known[text or "none"] for text in said), known["none"]]
    return np.ascontiguousarray(plan.kinds[:, rows][:, :, columns])


def _integers(found: Column, name: str) -> NDArray[np.int64]:
    if not pa.types.is_integer(found.type):
        raise BadTable(f"{name}: {found.type} is no integer")
    whole = exactly(found, pa.int64(), name)
    return np.asarray((whole.fill_null(NO_AMOUNT) if found.null_count else whole).to_numpy())


def _amounts(piece: Piece, plan: Plan, rows: int) -> tuple[NDArray[np.int64], NDArray[np.uint8], int]:
    """Amounts in their smallest units, and which rows have one.

    A float is refused: it has lost the cents already (SR37).
    """
    if not plan.needs_money:
        return NO_INTS, NO_BITS, 0
    if piece.amount is not None:
        return piece.amount, NO_BITS, 0
    table = piece.table
    if not has(table, "amount"):
        return np.full(rows, NO_AMOUNT), NO_BITS, 0
    found = column(table, "amount", nulls=True)
    if pa.types.is_decimal(found.type):
        found = exactly(found, pa.decimal128(38, found.type.scale), "amount")
        words = np.frombuffer(found.buffers()[1], np.int64)[2 * found.offset : 2 * (found.offset + rows)].reshape(-1, 2)
        units = np.where(words[:, 1] == words[:, 0] >> 63, words[:, 0], np.iinfo(np.int64).max)  # too large: by hand
    elif pa.types.is_integer(found.type):
        found = exactly(found, pa.int64(), "amount")
        units = np.frombuffer(found.buffers()[1], np.int64)[found.offset : found.offset + rows]
    else:
        raise BadTable(f"amount: {found.type} is no integer")
    bits = np.frombuffer(found.buffers()[0], np.uint8) if found.null_count else NO_BITS
    return units, bits, found.offset


def _extras(table: Table, plan: Plan, on: NDArray[np.int32], currencies: Currencies) -> NDArray[np.uint32]:
    """The lower bits of each event: its currency, and whether only the plain reading understands the row."""
    if not any(has(table, name) for name in ("currency", "recorded", "key", "by_hand")):
        return np.empty(0, np.uint32)
    import pyarrow.compute as pc  # noqa: PLC0415 - it loads for as long as a million events take, mostly for nothing

    extras = np.zeros(len(on), np.uint32)
    if has(table, "currency"):
        places, names = coded(column(table, "currency", nulls=True), "currency")
        home = plan.programme.currency
        numbers = [0 if name is None else currencies.number(name) for name in [*names, None]]
        abroad = [home is not None and name is not None and name != home for name in [*names, None]]
        bits = [BY_HAND if n is None or far else n << CURRENCY_SHIFT for n, far in zip(numbers, abroad, strict=True)]
        extras |= np.array(bits, np.uint32)[places]
    if has(table, "recorded"):
        # What was recorded within so many years of its day cannot be too late for the review that follows it (art. 8).
        # A review is a day later at least, as the day of an instant in its own zone is than in UTC at most: UTC errs on
        # the side of the plain reading.
        years = plan.programme.rules.correction_years
        found = column(table, "recorded", nulls=True)
        if not pa.types.is_timestamp(found.type) or found.type.tz is None:
            raise BadTable(f"recorded: {found.type} is no instant; without a time zone it could be any (SR31)")
        recorded = days(
            found.cast(pa.timestamp("s", "UTC"), safe=False).cast(pa.date32()).fill_null(LONG_AGO), "recorded"
        )
        extras[recorded.astype(np.int64) - on > 365 * years] |= BY_HAND
    if has(table, "key"):
        keyed = column(table, "key", nulls=True)
        extras[np.asarray(pc.fill_null(pc.not_equal(pc.cast(keyed, pa.string()), ""), False))] |= BY_HAND
    if has(table, "by_hand"):
        extras[np.asarray(pc.fill_null(column(table, "by_hand", nulls=True), False))] |= BY_HAND
    return extras
