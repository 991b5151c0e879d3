"""Arrow columns as arrays of integers, without a copy wherever the column allows it; and the refusal of all others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_store import Scratch
from scoring.kernel_pack import text_keys
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
