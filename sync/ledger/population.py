"""Everybody in a programme, a page of subjects at a time. Reads only."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, select

from sync.ledger import schema, zones
from sync.ledger.database import Ledger
from sync.ledger.facts import LOWEST
from sync.ledger.history import runs


def pages(ledger: Ledger, programme: str, *, size: int) -> Iterator[tuple[Connection, list[int]]]:
    """The living subjects in the order of their numbers, each page in a transaction of its own."""
    after = LOWEST
    while True:
        with ledger.begin() as tx:
            subjects = _page(tx, programme, after, size)
            if not subjects:
                return
            yield tx, subjects
        after = subjects[-1]


def living(tx: Connection, programme: str, *, limit: int | None = None) -> list[int]:
    """All living subjects in the order of their numbers, or the first so many."""
    return _page(tx, programme, LOWEST, limit)


def last_day(ledger: Ledger, programme: str) -> date | None:
    """The civil day of the last run, in the programme's time zone: the day that what is shown speaks of."""
    with ledger.begin() as tx:
        latest = runs(tx, programme, limit=1)
        return zones.of(tx, programme).local(latest[0].started).date() if latest else None


def _page(tx: Connection, programme: str, after: int, size: int | None) -> list[int]:
    current, programmes, contacts = schema.current, schema.programmes, schema.contacts
    alive = select(contacts.c.id).where(contacts.c.subject == current.c.subject, contacts.c.gone.is_(False)).exists()
    query = (
        select(current.c.subject)
        .join(programmes, programmes.c.id == current.c.programme)
        .where(programmes.c.name == programme, alive, current.c.subject > after)
        .order_by(current.c.subject)
        .limit(size)
    )
    return list(tx.execute(query).scalars())
