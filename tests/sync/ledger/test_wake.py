"""Who is due after a page has brought something about them."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from sync.ledger import facts, results, schema
from tests.sync.ledger.conftest import NOW
from tests.sync.ledger.test_columns import signal

TODAY = NOW.date()
RULES = "customers@1"


def woken(tx):
    return tx.execute(select(schema.woken.c.subject).order_by(schema.woken.c.subject)).scalars().all()


@pytest.mark.parametrize("due", [TODAY, TODAY + timedelta(days=1), None], ids=str)
def test_whoever_got_a_signal_is_due_at_once_and_their_own_day_stays(filling, due):
    filling.contacts("c1", "c2")
    current = schema.current
    with filling.ledger.begin() as tx:
        tx.execute(update(current).values(due=due, rules=RULES))
        for number in ("o1", "o2"):  # woken twice is woken once
            facts.store_signals(tx, filling.entry, "orders", {number: [signal(number)]})
        (first, second) = tx.execute(select(current.c.subject).order_by(current.c.subject)).scalars()
        assert woken(tx) == [first]
        assert tx.execute(select(current.c.due)).scalars().all() == [due, due]
        eve = TODAY - timedelta(days=1)
        assert results.due_subjects(tx, 1, eve, RULES, limit=9) == [first]
        facts.settle(tx, [first, second])
        assert woken(tx) == []
        assert results.due_subjects(tx, 1, eve, RULES, limit=9) == []


def test_whoever_was_never_scored_is_due_without_being_woken(filling):
    filling.contacts("c1", "c2")
    with filling.ledger.begin() as tx:
        assert len(results.due_subjects(tx, 1, TODAY, RULES, limit=9)) == 2
        assert woken(tx) == []


def test_who_is_not_there_cannot_be_woken(filling):
    filling.contacts("c1")
    with filling.ledger.begin() as tx:
        facts.wake_subjects(tx, [1, 2, 10**6])
        assert woken(tx) == [1]


def test_whose_contacts_are_all_somebody_elses_by_now_is_not_woken(filling):
    filling.contacts("c1", "c2")
    contacts = schema.contacts
    with filling.ledger.begin() as tx:
        tx.execute(update(contacts).where(contacts.c.id == 2).values(subject=1))
        facts.wake_subjects(tx, [1, 2])
        assert woken(tx) == [1]
