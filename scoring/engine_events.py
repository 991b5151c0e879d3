"""Events as the compiled loops want them: the columns of one piece, and what they mean to a plan."""

from dataclasses import dataclass, field
from threading import Lock

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_columns import (
    LONG_AGO,
    NO_BITS,
    NO_INTS,
    BadTable,
    Column,
    Piece,
    Table,
    coded,
    column,
    days,
    exactly,
    has,
    keys,
)
from scoring.kernel_law import LIABILITIES
from scoring.kernel_pack import BY_HAND, CURRENCIES, CURRENCY_SHIFT, NO_AMOUNT
from scoring.kernel_plan import Plan


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
