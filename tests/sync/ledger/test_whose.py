"""Whom entries belong to is known without the database, and the same as it would have said."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numba", reason="numba is not installed (pip install 'bonus-malus[engine]')")

from sync.ledger.whose import Whose

IDS = st.one_of(
    st.sampled_from(["1", "01", "003000000000000001", "003000000000000002", "ä" * 8, "x" * 15, "x" * 16, ""]),
    st.text(max_size=20),
)
CONTACTS = st.dictionaries(st.tuples(st.integers(1, 3), IDS), st.integers(-(2**31), 2**31 - 1), max_size=30)
ENTRIES = st.lists(st.tuples(st.integers(1, 3), IDS), max_size=60)


def reader(contacts: dict[tuple[int, str], int], replaced: list[int]) -> Any:
    """A database with these contacts, in batches of ten, and these numbers of replaced entries."""

    def ask(query: str) -> Iterator[pa.RecordBatch]:
        if "replaces" in query:
            yield pa.record_batch({"replaces": pa.array(replaced, pa.int32())})
            return
        rows = [(connection, record, subject) for (connection, record), subject in contacts.items()]
        for start in range(0, len(rows), 10):
            connections, records, subjects = zip(*rows[start : start + 10], strict=True)
            yield pa.record_batch({"connection": connections, "record": records, "subject": subjects})

    return ask


def batch(entries: list[tuple[int, str]]) -> pa.RecordBatch:
    """Entries numbered from one."""
    return pa.record_batch(
        {
            "id": pa.array(range(1, len(entries) + 1), pa.int64()),
            "connection": pa.array([connection for connection, _ in entries], pa.int64()),
            "contact": pa.array([contact for _, contact in entries], pa.string()),
        }
    )


@given(contacts=CONTACTS, entries=ENTRIES, replaced=st.sets(st.integers(1, 60)))
def test_an_entry_is_its_contacts_unless_another_one_replaced_it(
    contacts: dict[tuple[int, str], int], entries: list[tuple[int, str]], replaced: set[int]
) -> None:
    whose = Whose.read(reader(contacts, sorted(replaced, reverse=True)), "1, 2, 3")
    found = whose.own(batch(entries))
    assert list(zip(found["id"].to_pylist(), found["subject"].to_pylist(), strict=True)) == [
        (number, contacts[entry])
        for number, entry in enumerate(entries, 1)
        if entry in contacts and number not in replaced
    ]


def test_a_ledger_without_contacts_owns_nothing() -> None:
    assert Whose.read(reader({}, []), "NULL").own(batch([(1, "1")])).num_rows == 0
