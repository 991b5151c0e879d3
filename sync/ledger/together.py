"""Columns that say the same in most rows, read as one text.

A database hands over each value by itself, whatever it says: eight columns of a million rows are eight million values.
Joined to one text they are a million, of which few differ; these few are taken apart once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sync.ledger.arrow import Read

UNIT = "\x1f"  # Unicode's separators of units and of records
RECORD = "\x1e"
JOINED = "together"
NOTHING = pa.array([""])


@dataclass(frozen=True, slots=True)
class Shared:
    """Columns by name, each with the SQL of a text that is never null.

    `seldom` are not even asked for where `idle` holds, and are then empty.
    """

    always: Mapping[str, str]
    seldom: Mapping[str, str]
    idle: str

    @property
    def names(self) -> list[str]:
        """Of all these columns."""
        return [*self.always, *self.seldom]

    @property
    def joined(self) -> str:
        """All as one text: two records of units, so that separators of a text's own are noticed by their number."""
        seldom = f"CASE WHEN {self.idle} THEN '' ELSE {_joined(self.seldom)} END"
        return f"{_joined(self.always)} || '{RECORD}' || {seldom} AS {JOINED}"

    @property
    def single(self) -> str:
        """Each by itself."""
        return ", ".join(f"{sql} AS {name}" for name, sql in (*self.always.items(), *self.seldom.items()))


def read(ask: Read, query: str, shared: Shared) -> list[pa.RecordBatch]:
    """What a query finds; `{shared}` in it stands for the shared columns, which come as dictionaries.

    Should a text have a separator in it, which shifts the others, every column is read by itself.
    """
    found = [_apart(batch, shared) for batch in ask(query.replace("{shared}", shared.joined))]
    if all(batch is not None for batch in found):
        return found
    return [_coded(batch, shared.names) for batch in ask(query.replace("{shared}", shared.single))]


def _joined(columns: Mapping[str, str]) -> str:
    return f" || '{UNIT}' || ".join(columns.values())


def _apart(batch: pa.RecordBatch, shared: Shared) -> pa.RecordBatch | None:
    """With its text taken apart; None if that is not possible."""
    coded = batch[JOINED].dictionary_encode()
    halves = _units(coded.dictionary, RECORD, ("always", "seldom"))
    if halves is None:
        return None
    more = np.flatnonzero(np.asarray(pc.not_equal(halves["seldom"], "")))
    always = _units(halves["always"], UNIT, shared.always)
    seldom = _units(halves["seldom"].take(pa.array(more)), UNIT, shared.seldom)
    if always is None or seldom is None:
        return None
    places = np.full(len(coded.dictionary), len(more))
    places[more] = np.arange(len(more))
    filled = {name: pa.concat_arrays([each, NOTHING]).take(pa.array(places)) for name, each in seldom.items()}
    columns = {name: batch[name] for name in batch.schema.names if name != JOINED}
    rows = coded.indices.to_numpy()
    return pa.record_batch(columns | {name: _spread(each, rows) for name, each in (always | filled).items()})


def _units(texts: Any, separator: str, names: Collection[str]) -> dict[str, Any] | None:
    """The columns that were joined to these texts; None if there are more."""
    parts = pc.split_pattern(texts, separator)
    if not pc.all(pc.equal(pc.list_value_length(parts), len(names)), min_count=0).as_py():
        return None
    flat = parts.flatten()
    return {name: flat.take(pa.array(np.arange(at, len(flat), len(names)))) for at, name in enumerate(names)}


def _spread(texts: Any, rows: NDArray[np.int32]) -> Any:
    """The text of each row, by its place."""
    own = texts.dictionary_encode()
    return pa.DictionaryArray.from_arrays(pa.array(own.indices.to_numpy()[rows]), own.dictionary)


def _coded(batch: pa.RecordBatch, names: Collection[str]) -> pa.RecordBatch:
    columns = {name: batch[name] for name in batch.schema.names}
    return pa.record_batch(
        {name: each.dictionary_encode() if name in names else each for name, each in columns.items()}
    )
