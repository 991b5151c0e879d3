"""What a page asks the ledger for is looked up: it costs the same however many contacts there are."""

import pytest

from sync.ledger import people, schema
from sync.ledger.facts import CHUNK

CONTACTS = schema.contacts.c
IDS = [str(number) for number in range(CHUNK)]
NUMBERS = list(range(CHUNK))


@pytest.fixture
def place(sqlite_place) -> str:
    """SQLite; PostgreSQL decides by what is in its tables."""
    return sqlite_place


@pytest.mark.parametrize(
    ("column", "values"),
    [
        (CONTACTS.id, NUMBERS),
        (CONTACTS.subject, NUMBERS),
        (CONTACTS.email, IDS),
        (CONTACTS.record, IDS),
        (CONTACTS.cross_id, IDS),
        (CONTACTS.merged_into, IDS),
    ],
    ids=lambda given: getattr(given, "name", ""),
)
def test_who_may_be_the_same_person_is_looked_up_by_what_they_share(filling, column, values):
    query = people._contacts(1, column, values)
    with filling.ledger.begin() as tx:
        plain = query.compile(dialect=tx.dialect, compile_kwargs={"literal_binds": True})
        steps = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {plain}")]
    (mine,) = [step for step in steps if " contacts " in step]
    named = "rowid" if column is CONTACTS.id else column.name
    assert f"{named}=?" in mine


def test_no_index_has_to_be_moved_when_somebody_is_due_on_another_day():
    assert not schema.current.indexes
