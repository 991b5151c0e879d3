"""A ledger of each kind, with a programme, a connection and a run in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from sync.ledger import Ledger, database
from sync.ledger.contacts import ContactFacts, store_contacts
from sync.ledger.facts import Entry
from tests.sync.conftest import both

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@dataclass(frozen=True)
class Filling:
    """A ledger in its first fill."""

    ledger: Ledger
    entry: Entry

    def contacts(self, *records: str) -> None:
        with self.ledger.begin() as tx:
            store_contacts(tx, self.entry, [ContactFacts(each, None, None, None, False, None, {}) for each in records])


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request):
    return both(request)


@pytest.fixture
def ledger(place) -> Iterator[Ledger]:
    opened = Ledger.open(place)
    yield opened
    opened.close()


@pytest.fixture
def filling(ledger) -> Filling:
    with ledger.begin() as tx:
        programme = database.programme(tx, "customers")
        row = database.connection(tx, programme.id, "a", crm="a", account="1", language="en")
        run = database.start_run(tx, programme.id, NOW, "customers@1")
    return Filling(ledger, Entry(run, NOW, programme.id, row.id, initial=True))
