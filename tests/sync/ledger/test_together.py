"""Columns that were joined to one text come back as they were, whatever they hold."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.ledger import together

TEXT = st.one_of(st.sampled_from(["", "a", "\x1f", "\x1e", "\x1e\x1f", "a\x1fb\x1e"]), st.text(max_size=5))
SHARED = together.Shared(
    {"connection": "connection", "object": "object", "liability": "liability"},
    {"original": "original", "key": "key"},
    "original = '' AND key = ''",
)
ROWS = st.lists(st.tuples(st.integers(1, 3), TEXT, st.sampled_from(["full", "none"]), TEXT, TEXT), max_size=20)


def found(rows: list[tuple[object, ...]]) -> tuple[list[dict[str, object]], int]:
    """What SQLite says of them, and how often it was asked."""
    asked = 0

    def ask(query: str) -> Iterator[pa.RecordBatch]:
        nonlocal asked
        asked += 1
        cursor = kept.execute(query)
        names = [each[0] for each in cursor.description]
        for some in iter(lambda: cursor.fetchmany(7), []):
            columns = zip(*some, strict=True)
            yield pa.record_batch([pa.array(map(str, each), pa.string()) for each in columns], names=names)

    with closing(sqlite3.connect(":memory:")) as kept:
        kept.execute("CREATE TABLE rows (number, connection, object, liability, original, key)")
        kept.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?)", [(n, *row) for n, row in enumerate(rows)])
        batches = together.read(ask, "SELECT number, {shared} FROM rows ORDER BY number", SHARED)
    assert all(pa.types.is_dictionary(batch[name].type) for batch in batches for name in SHARED.names)
    return [row for batch in batches for row in batch.to_pylist()], asked


@given(rows=ROWS)
@example(rows=[(1, "a\x1fb\x1e", "full", "", "")])  # as many separators as there should be, but not where
def test_joined_columns_come_back_as_they_were(rows: list[tuple[object, ...]]) -> None:
    names = ["number", *SHARED.names]
    wanted = [dict(zip(names, map(str, (number, *row)), strict=True)) for number, row in enumerate(rows)]
    assert found(rows)[0] == wanted


@pytest.mark.parametrize("place", [1, 3, 4], ids=["always", "seldom", "last"])
@pytest.mark.parametrize("text", ["a\x1fb", "a\x1eb", "\x1e\x1f"])
def test_a_text_with_a_separator_makes_every_column_be_read_by_itself(place: int, text: str) -> None:
    plain = (1, "orders", "none", "", "")
    assert found([plain] * 3)[1] == 1
    assert found([plain, (*plain[:place], text, *plain[place + 1 :])])[1] == 2
