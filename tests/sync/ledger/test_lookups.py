"""What a page asks the ledger for is looked up: it costs the same however many contacts there are."""

from queue import Queue

import pytest
from sqlalchemy import event

from sync import erase
from sync.ledger import columns, contacts, entered, facts, past, people, results, schema
from sync.ledger.facts import CHUNK
from tests.sync.ledger.conftest import NOW
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
        steps = _steps(tx, [each for each in said if "json_each" in each[0]])
    looked_up = [step for step in steps if " record=?" in step.replace("AND ", "")]
    assert len(looked_up) == 3, "contacts, signals, and whom they wake"
    assert [step for step in steps if step.startswith("SCAN")] == ["SCAN anon_1 VIRTUAL TABLE INDEX 1:"] * 3


ABOUT = "INDEX signals_contact (connection=? AND initial=? AND contact=?)"


def test_records_that_came_to_a_person_or_went_are_looked_up(filling):
    said = []
    with filling.ledger.begin() as tx:
        event.listen(tx, "before_cursor_execute", lambda *given: said.append(given[2:4]))
        entered.moved_since(tx, 1, {1: NOW})
        steps = [step for step in _steps(tx, [each for each in said if "identities" in each[0]]) if "SEARCH" in step]
    assert len(steps) == 5
    assert not any("(connection=?)" in step for step in steps), steps


@pytest.mark.parametrize(
    "ask",
    [
        lambda tx: past.signals_of(tx, [1]),
        lambda tx: past.signals_of(tx, [1], known_at=NOW),
        lambda tx: entered.entered_since(tx, 1, {1: NOW}),
        lambda tx: erase._erase(tx, 1),
    ],
    ids=["what counts", "what counted then", "what moved them", "what is erased"],
)
def test_entries_about_a_person_are_looked_up_whether_the_first_fill_brought_them_or_not(filling, ask):
    said = []
    with filling.ledger.begin() as tx:
        contacts.store_contacts(tx, filling.entry, [contacts.ContactFacts("c1", None, None, None, False, None, {})])
        event.listen(tx, "before_cursor_execute", lambda *given: said.append(given[2:4]))
        ask(tx)
        steps = _steps(tx, [each for each in said if "signals.contact" in each[0]])
    assert steps
    assert all(ABOUT in step for step in steps if "signals" in step), steps


def test_the_entries_of_some_are_looked_up_in_columns_too(filling):
    said: list[str] = []
    readers: Queue = Queue()
    readers.put(lambda query: said.append(query) or iter(()))
    with filling.ledger.begin() as tx:
        columns.Source.of(filling.ledger, 1, (), tx).of_some(readers, [1])
        steps = _steps(tx, [(said[0], ())])
    assert [step for step in steps if " s " in step] == [f"SEARCH s USING {ABOUT}"]


def _steps(tx, statements):
    """How SQLite goes about them."""
    return [
        row.detail
        for statement, values in list(statements)
        for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    ]


def test_no_index_has_to_be_moved_when_somebody_is_due_on_another_day():
    assert not schema.current.indexes


def test_records_to_be_shown_are_met_in_their_order_and_not_sorted_for_each_page(filling):
    said = []
    with filling.ledger.begin() as tx:
        event.listen(tx, "before_cursor_execute", lambda *given: said.append(given[2:4]))
        results.to_show(tx, 1, dict, limit=500)
        steps = _steps(tx, said[:1])
    assert steps[0] == "SEARCH contacts USING INTEGER PRIMARY KEY (rowid>?)"
    assert not [step for step in steps if "TEMP B-TREE" in step]
