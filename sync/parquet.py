"""Events in Parquet files: what a file says of its row groups decides which are read, and which columns of them.

A row group is left out where no signal between its least and its greatest can matter to the programme on that day;
amounts where none of its signals asks for them; a text that is the same in all its rows. So a file is read the faster
the better it is sorted: by signal, then by day, as `write_events` does.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from scoring.engine_columns import BadTable, Part, Piece, Table
from scoring.engine_store import Scratch
from scoring.kernel_calendar import EPOCH, NEVER
from scoring.kernel_law import LIABILITIES, Param
from scoring.kernel_plan import Plan
from scoring.signal import Liability
from sync.parquet_pages import arrays_of

COLUMNS = (
    "subject", "on", "signal", "liability", "amount", "source", "original", "currency", "recorded", "key", "by_hand",
)  # fmt: skip
SORTED = ("signal", "on", "subject")
ROW_GROUP = 250_000  # small enough to be left out by their days, and for threads to end together
_TEXTS = ["signal", "liability"]  # read as dictionaries, as they lie in the file
_NOTHING = pa.table({})
_FIRST = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class _RowGroup:
    """One row group of a file, and what it says of its rows.

    Between which signals they are, up to which day, and which liabilities (places in `LIABILITIES`) they may have; None
    for what it does not say; and the texts that are the same in all rows.
    """

    path: Path
    metadata: Any
    number: int
    least: str | None
    greatest: str | None
    last: date | None
    liabilities: list[int]
    same: Mapping[str, str]

    def part(self, *, without: Collection[str] = ()) -> Part:
        """It as a piece of events, less some columns."""
        schema, rows = self.metadata.schema.to_arrow_schema(), self.metadata.row_group(self.number).num_rows
        columns = [name for name in schema.names if name in COLUMNS and name not in without]

        def read() -> Table:
            found = self._read([name for name in columns if name not in self.same])
            for name, text in self.same.items():
                found = found.append_column(name, _repeated(text, found.num_rows))
            return found

        def arrays(scratch: Scratch) -> Piece:
            file = pa.memory_map(str(self.path)).read_buffer()  # no longer than it is read: its pages count as memory
            known = arrays_of(file, self.metadata, self.number, set(columns) - set(self.same), scratch)
            others = [name for name in columns if name not in known and name not in self.same]
            known |= {name: (_zeros(scratch, name, rows), [text]) for name, text in self.same.items()}
            return Piece(self._read(others) if others else _NOTHING, **known)

        return Part(rows, schema, read, self.less, arrays)

    def _read(self, columns: Sequence[str]) -> Table:
        """Some of its columns, by Arrow.

        Raises:
            BadTable: they are broken.
        """
        texts = [name for name in _TEXTS if name in columns]
        try:
            file = pq.ParquetFile(self.path, metadata=self.metadata, read_dictionary=texts, memory_map=True)
            found = file.read_row_group(self.number, columns=columns, use_threads=False)
            for name in texts:  # Arrow lets a page name what its dictionary does not have
                found.column(name).validate(full=True)
        except (OSError, pa.ArrowException) as error:
            raise _broken(f"{self.path}, row group {self.number + 1}", error) from error
        return found

    def less(self, plan: Plan) -> Part | None:
        """What of it can matter to a plan."""
        if self.least is None or self.greatest is None:
            return self.part()
        names = [place for place, name in enumerate(plan.signals) if self.least <= name <= self.greatest]
        today, cutoff = plan.law.params[Param.DAY], plan.law.params[Param.CUTOFF]
        last = NEVER if self.last is None else self.last.toordinal() - _FIRST + EPOCH
        if not plan.kinds[int(last <= today) + int(last < cutoff), names][:, self.liabilities].any():
            return None
        valued = any(plan.valued[place + 1] for place in names)
        return self.part(without=() if valued else ("amount",))


def parts_of(paths: Iterable[Path]) -> list[Part]:
    """The pieces of some files, one for each row group.

    Raises:
        BadTable: a file cannot be read as Parquet.
    """
    return [group.part() for path in paths for group in _row_groups(path)]


def _row_groups(path: Path) -> Iterator[_RowGroup]:
    try:
        metadata = pq.read_metadata(path)
        names = metadata.schema.names
    except (OSError, UnicodeDecodeError, pa.ArrowException) as error:
        raise _broken(str(path), error) from error
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        least, greatest, missing = _range(group, names, "signal", str)
        if missing:  # to be read, and refused
            least = greatest = None
        last = _range(group, names, "on", date)[1]
        same = {name: text for name in _TEXTS if (text := _same(group, names, name)) is not None}
        yield _RowGroup(path, metadata, number, least, greatest, last, _liabilities(group, names), same)


def _broken(place: str, error: Exception) -> BadTable:
    """What to say of a file, or of a part of it, that Arrow cannot read: its many lines as one."""
    return BadTable(f"{place}: {' '.join(str(error).split())}; write the file anew, or give another one")


def _same(group: Any, names: Sequence[str], name: str) -> str | None:
    """The text that a column has in all rows; None where there may be several, or rows without."""
    least, greatest, missing = _range(group, names, name, str)
    return least if least == greatest and missing == 0 else None


def _repeated(text: str, rows: int) -> Any:
    """A column of one text."""
    places = pa.Array.from_buffers(pa.int32(), rows, [None, pa.py_buffer(np.zeros(rows, np.int32))])
    return pa.DictionaryArray.from_arrays(places, pa.array([text]), safe=False)


def _zeros(scratch: Scratch, name: str, rows: int) -> NDArray[np.int32]:
    """As many zeros."""
    found = scratch.of(name, rows, np.int32)
    found[:] = 0
    return found


def _liabilities(group: Any, names: Sequence[str]) -> list[int]:
    """The places of the liabilities that rows may have: none where it is missing."""
    if "liability" not in names:
        return [LIABILITIES.index(Liability.NONE)]
    least, greatest, missing = _range(group, names, "liability", str)
    if least is None or greatest is None:
        found = {Liability.NONE} if missing == group.num_rows else set(LIABILITIES)
    else:
        found = {each for each in LIABILITIES if least <= each.value <= greatest}
        found |= {Liability.NONE} if missing else set()
    return [place for place, each in enumerate(LIABILITIES) if each in found]


def write_events(events: Table, path: Path) -> None:
    """Write events so that they are read fastest: each signal in row groups of its own, and by day.

    Integers are kept as differences: read faster than dictionaries of numbers, and smaller.
    """
    import pyarrow.compute as pc  # noqa: PLC0415 - who only reads does not need it

    keys = pa.table({name: _plain(events.column(name)) for name in SORTED})
    order = pc.sort_indices(keys, [(name, "ascending") for name in SORTED])
    ordered = events.take(order)
    kinds = {field.name: _plain_type(field.type) for field in ordered.schema}
    options = {
        "compression": "zstd",
        "use_dictionary": [name for name, kind in kinds.items() if not pa.types.is_integer(kind)],
        "column_encoding": {name: "DELTA_BINARY_PACKED" for name, kind in kinds.items() if pa.types.is_integer(kind)},
    }
    runs = pc.run_end_encode(_plain(ordered.column("signal")).combine_chunks())
    with pq.ParquetWriter(path, ordered.schema, **options) as file:
        begin = 0
        for end in runs.run_ends.to_pylist():
            file.write_table(ordered.slice(begin, end - begin), row_group_size=ROW_GROUP)
            begin = end


def _plain_type(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _plain(column: Any) -> Any:
    """A column without a dictionary: Arrow sorts no others."""
    return column.cast(_plain_type(column.type))


def _range(group: Any, names: Sequence[str], name: str, kind: type) -> tuple[Any, Any, int | None]:
    """The least and the greatest of a column and how many are missing, as far as the file says it."""
    found = group.column(names.index(name)).statistics if name in names else None
    if found is None or not found.has_null_count:
        return None, None, None
    try:
        least, greatest = (found.min, found.max) if found.has_min_max else (None, None)
    except (UnicodeDecodeError, OverflowError):  # it says something that is no text, or no day
        least = greatest = None
    if not isinstance(least, kind) or not isinstance(greatest, kind):
        return None, None, found.null_count
    return least, greatest, found.null_count
