"""Whose an entry is, and whether another one took its place: what a reader of all of them knows by heart.

A database that joins twenty million entries looks each of them up, twice. A million contacts fit into 45 MB.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_columns import keys
from scoring.kernel_find import enter, find
from sync.ledger.arrow import Read

_CONTACTS = "SELECT connection, record, subject FROM contacts WHERE connection IN ({connections})"
_REPLACED = "SELECT replaces FROM signals WHERE replaces IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Records:
    """Records by their ids and connections, as the loops compare them."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    connections: NDArray[np.int32]

    @classmethod
    def of(cls, records: Any, connections: Any) -> "Records":
        """Of two Arrow arrays."""
        return cls(*keys(records), connections.cast(pa.int32()).to_numpy())


@dataclass(frozen=True, slots=True)
class Whose:
    """The subject of each contact of some connections, and the entries that others took the place of."""

    contacts: Records
    subjects: NDArray[np.int64]
    table: NDArray[np.int32]
    replaced: NDArray[np.int64]  # ascending

    @classmethod
    def read(cls, ask: Read, connections: str) -> "Whose":
        """What there is now; the connections by their numbers, as in a query."""
        query = _CONTACTS.format(connections=connections)
        some = [(Records.of(each["record"], each["connection"]), _integers(each["subject"])) for each in ask(query)]
        parts = [(each.low, each.high, each.connections, subjects) for each, subjects in some] or [_NOBODY]
        low, high, numbers, subjects = (np.concatenate(each) for each in zip(*parts, strict=True))
        table = np.full(2 << len(low).bit_length(), -1, np.int32)
        enter(low, high, table)
        replaced = [_integers(each["replaces"]) for each in ask(_REPLACED)]
        return cls(Records(low, high, numbers), subjects, table, np.sort(np.concatenate([*replaced, _NONE])))

    def own(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Those of these entries that are in force and somebody's, with their `subject`.

        Without their numbers (`id`) none of them is replaced.
        """
        wanted = Records.of(batch["contact"], batch["connection"])
        rows = np.empty(batch.num_rows, np.int32)
        known = self.contacts
        find(known.low, known.high, known.connections, self.table, wanted.low, wanted.high, wanted.connections, rows)
        holds = rows >= 0
        if "id" in batch.schema.names:
            holds &= ~self._is_replaced(_integers(batch["id"]))
        if not holds.all():
            batch, rows = batch.filter(pa.array(holds)), rows[holds]
        return batch.append_column("subject", pa.array(self.subjects[rows]))

    def are_replaced(self, start: int, stop: int) -> bool:
        """Whether any entry from `start` to below `stop` is."""
        first, last = np.searchsorted(self.replaced, [start, stop])
        return bool(first < last)

    def _is_replaced(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Few are, and entries lie in the order of their numbers: most batches meet none."""
        if not len(numbers):
            return np.zeros(0, bool)
        first, last = np.searchsorted(self.replaced, [numbers.min(), numbers.max() + 1])
        return np.isin(numbers, self.replaced[first:last]) if first < last else np.zeros(len(numbers), bool)


def _integers(column: Any) -> NDArray[np.int64]:
    found: NDArray[np.int64] = column.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return found


_NONE = np.zeros(0, np.int64)
_NOBODY = (_NONE, _NONE, np.zeros(0, np.int32), _NONE)
