"""Events in Parquet files: what a file says of its row groups decides which are read, and which columns of them.

A row group is left out where no signal between its least and its greatest can matter to the programme on that day, and
amounts where none of its signals asks for them. So a file is read the faster the better it is sorted: by signal, then
by day (`sorted_for_reading`), a count of everything costs more than a scoring.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from scoring.engine_columns import BadTable, Part, Table
from scoring.kernel_calendar import EPOCH
from scoring.kernel_plan import Param, Plan

COLUMNS = (
    "subject", "on", "signal", "liability", "amount", "source", "original", "currency", "recorded", "key", "by_hand",
)  # fmt: skip
SORTED = (("signal", "ascending"), ("on", "ascending"), ("subject", "ascending"))
_TEXTS = ["signal", "liability"]  # read as dictionaries, as they lie in the file
_FIRST = date(1970, 1, 1).toordinal()


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One row group of a file, and between which signals and up to which day its rows are; None: it does not say."""

    path: Path
    metadata: Any
    number: int
    least: str | None
    greatest: str | None
    last: date | None

    def part(self, *, without: frozenset[str] = frozenset()) -> Part:
        """It as a piece of events, less some columns."""
        schema = self.metadata.schema.to_arrow_schema()
        columns = [name for name in schema.names if name in COLUMNS and name not in without]

        def read() -> Table:
            texts = [name for name in _TEXTS if name in columns]
            file = pq.ParquetFile(self.path, metadata=self.metadata, read_dictionary=texts, memory_map=True)
            return file.read_row_group(self.number, columns=columns, use_threads=False)

        return Part(self.metadata.row_group(self.number).num_rows, schema, read)

    def needed(self, plan: Plan) -> Part | None:
        """What a scoring reads of it."""
        if self.least is None or self.greatest is None:
            return self.part()
        names = [place for place, name in enumerate(plan.signals) if self.least <= name <= self.greatest]
        day = plan.law.params[Param.DAY] if self.last is None else self.last.toordinal() - _FIRST + EPOCH
        past = plan.effective if day >= plan.law.params[Param.CUTOFF] else plan.ancient
        kinds = plan.kinds if self.last is None or day > plan.law.params[Param.DAY] else past
        if not kinds[names].any():
            return None
        valued = any(plan.valued[place + 1] for place in names)
        return self.part(without=frozenset() if valued else frozenset({"amount"}))


def row_groups(paths: Iterable[Path]) -> Iterator[RowGroup]:
    """All row groups of some files.

    Raises:
        BadTable: one cannot be read as Parquet.
    """
    for path in paths:
        try:
            metadata = pq.read_metadata(path)
        except (OSError, pa.ArrowInvalid) as error:
            raise BadTable(f"{path}: {error}") from error
        names = metadata.schema.names
        for number in range(metadata.num_row_groups):
            group = metadata.row_group(number)
            least, greatest = _range(group, names, "signal", str)
            yield RowGroup(path, metadata, number, least, greatest, _range(group, names, "on", date)[1])


def needed(groups: Sequence[RowGroup], plan: Plan) -> list[Part]:
    """The parts that a scoring reads."""
    return [part for group in groups if (part := group.needed(plan)) is not None]


def sorted_for_reading(events: Table) -> Table:
    """Events in the order in which files of them are read fastest; each signal is for a row group of its own."""
    return events.sort_by([(name, order) for name, order in SORTED if name in events.schema.names])


def _range(group: Any, names: Sequence[str], name: str, kind: type) -> tuple[Any, Any]:
    """The least and the greatest of a column, as far as the file says it and nothing is missing."""
    if name not in names:
        return None, None
    found = group.column(names.index(name)).statistics
    if found is None or not found.has_min_max or found.null_count:
        return None, None
    return (found.min, found.max) if isinstance(found.min, kind) and isinstance(found.max, kind) else (None, None)
