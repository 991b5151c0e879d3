"""A fill of PostgreSQL writes a table that is as new, and only if it is."""

import pytest
from sqlalchemy import event

from sync.ledger import facts, fill, schema
from tests.sync.ledger.test_columns import SOME, in_columns, signal


@pytest.fixture
def place(postgresql_place) -> str:
    return postgresql_place


def kept(ledger) -> int:
    with ledger.begin() as tx:
        return len(tx.execute(schema.signals.select()).all())


def test_rows_of_a_first_fill_are_written_as_seen_by_everybody(filling):
    filling.contacts("c1", "c2")
    fill.store_signals(filling.ledger, {filling.entry: [in_columns(SOME)]})
    with filling.ledger.begin() as tx:
        query = "SELECT relpages, relallvisible FROM pg_class WHERE oid = 'signals'::regclass"
        pages, visible = tx.exec_driver_sql(query).one()
    assert pages == visible > 0
    assert kept(filling.ledger) == len(SOME)


def test_what_somebody_enters_just_before_a_first_fill_stays(filling):
    filling.contacts("c1", "c2")

    @event.listens_for(filling.ledger.engine, "before_cursor_execute")
    def enter(_tx, _cursor, statement, *_more):
        if statement == "LOCK TABLE signals":
            with filling.ledger.begin() as other:
                facts.store_signals(other, filling.entry, "orders", {"early": [signal("early")]})

    fill.store_signals(filling.ledger, {filling.entry: [in_columns(SOME)]})
    assert kept(filling.ledger) == len(SOME) + 1
