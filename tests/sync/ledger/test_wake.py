"""Who is due after a page has brought something about them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from sync.ledger import facts, schema
from sync.ledger.facts import NOW as AT_ONCE
from tests.sync.ledger.conftest import NOW
from tests.sync.ledger.test_columns import signal

TODAY = NOW.date()
TOMORROW = TODAY + timedelta(days=1)


@pytest.mark.parametrize(
    ("due", "then"), [(AT_ONCE, AT_ONCE), (TODAY, TODAY), (TOMORROW, AT_ONCE), (None, AT_ONCE)], ids=str
)
def test_whoever_got_a_signal_is_due_at_once_unless_the_day_moves_them_anyway(filling, due, then):
    filling.contacts("c1", "c2")
    current = schema.current
    with filling.ledger.begin() as tx:
        tx.execute(update(current).values(due=due))
        facts.store_signals(tx, replace(filling.entry, day=TODAY), "orders", {"o1": [signal("o1")]})
        assert tx.execute(select(current.c.due).order_by(current.c.subject)).scalars().all() == [then, due]
