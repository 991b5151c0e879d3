"""What a page asks the ledger for is looked up: it costs the same however many contacts there are."""

import pytest
from sqlalchemy import event

from sync.ledger import contacts, facts, people, results, schema
from sync.ledger.facts import CHUNK
from tests.sync.ledger.test_columns import signal

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


def test_what_a_page_brings_is_looked_up_whatever_its_length(filling):
    said = []
    with filling.ledger.begin() as tx:
        event.listen(tx, "before_cursor_execute", lambda *given: said.append(given[2:4]))
        contacts.store_contacts(
            tx, filling.entry, [contacts.ContactFacts(each, None, None, None, False, None, {}) for each in IDS]
        )
        facts.store_signals(tx, filling.entry, "orders", {each: [signal(each, each)] for each in IDS})
        steps = [
            row.detail
            for statement, values in list(said)
            if "json_each" in statement
            for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        ]
    looked_up = [step for step in steps if " record=?" in step.replace("AND ", "")]
    assert len(looked_up) == 3, "contacts, signals, and whom they wake"
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN anon_1 VIRTUAL TABLE INDEX 1:"] * 3


def test_no_index_has_to_be_moved_when_somebody_is_due_on_another_day():
    assert not schema.current.indexes


def test_records_to_be_shown_are_met_in_their_order_and_not_sorted_for_each_page(filling):
    said = []
    with filling.ledger.begin() as tx:
        event.listen(tx, "before_cursor_execute", lambda *given: said.append(given[2:4]))
        results.to_show(tx, 1, dict, limit=500)
        statement, values = said[0]
        steps = [row.detail for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    assert steps[0] == "SEARCH contacts USING INTEGER PRIMARY KEY (rowid>?)"
    assert not [step for step in steps if "TEMP B-TREE" in step]
