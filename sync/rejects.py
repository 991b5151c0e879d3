"""Rejects: records whose last update was refused, and when each is tried again.

Retries come at growing intervals; after the last one the record is parked: a poison row costs no call and no line in
every report for ever (OP09). It is tried at once when its standing or the record itself changes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from sync.ledger import operation, schema
from sync.ledger.facts import chunks
from sync.ledger.results import Written

WAITS = (timedelta(0), timedelta(hours=1), timedelta(hours=6), timedelta(days=1))  # after the first, second, … refusal
DONE = frozenset({"written", "gone", "unchanged"})


@dataclass(frozen=True, slots=True)
class Reject:
    """One record as it was last refused; `again` is when it is tried next, None: it is parked."""

    record: str  # connection:id
    outcome: str
    code: str
    reason: str
    first: datetime
    last: datetime
    tries: int
    again: datetime | None


def remember(tx: Connection, arrived: Sequence[Written], now: datetime) -> None:
    """Take note of what was refused, and forget what is settled."""
    table = operation.rejects
    refused = {each.showing.contact: each for each in arrived if each.outcome not in DONE}
    _forget(tx, (each.showing.contact for each in arrived if each.outcome in DONE))
    known = {}
    for ids in chunks(refused):
        known.update({row.contact: row for row in tx.execute(select(table).where(table.c.contact.in_(ids)))})
    for contact, each in refused.items():
        before = known.get(contact)
        same = before is not None and before.standing == each.showing.standing
        tries = before.tries + 1 if before is not None and same else 1
        parked = tries > len(WAITS)
        values = {
            "standing": each.showing.standing,
            "outcome": each.outcome,
            "code": each.code,
            "reason": each.reason,
            "last": now,
            "tries": tries,
            "again": None if parked else now + WAITS[tries - 1],
            "parked": parked,
        }
        if before is None:
            tx.execute(insert(table).values(contact=contact, first=now, **values))
        else:
            tx.execute(update(table).where(table.c.contact == contact).values(values))


def resting(tx: Connection, contacts: Iterable[int], now: datetime) -> dict[int, tuple[int, str]]:
    """Those not to be tried now: contact -> the standing that was refused, and `parked` or `waiting`."""
    table = operation.rejects
    found: dict[int, tuple[int, str]] = {}
    for ids in chunks(contacts):
        query = select(table).where(table.c.contact.in_(ids), table.c.parked | (table.c.again > now))
        found.update((row.contact, (row.standing, "parked" if row.parked else "waiting")) for row in tx.execute(query))
    return found


def stir(tx: Connection, connection: int, records: Iterable[str], now: datetime) -> None:
    """These records changed: try them again at once."""
    table, contacts = operation.rejects, schema.contacts
    for ids in chunks(records):
        rows = select(contacts.c.id).where(contacts.c.connection == connection, contacts.c.record.in_(ids))
        here = table.c.contact.in_(rows)
        tx.execute(update(table).where(here).values(tries=0, again=now, parked=False))


def listed(tx: Connection, programme: str) -> list[Reject]:
    """Every record that is refused at present, the longest first."""
    table, contacts, connections = operation.rejects, schema.contacts, schema.connections
    programmes = schema.programmes
    query = (
        select(table, contacts.c.record, connections.c.name)
        .join(contacts, contacts.c.id == table.c.contact)
        .join(connections, connections.c.id == contacts.c.connection)
        .join(programmes, programmes.c.id == connections.c.programme)
        .where(programmes.c.name == programme)
        .order_by(table.c.first, table.c.contact)
    )
    return [
        Reject(f"{row.name}:{row.record}", row.outcome, row.code, row.reason, row.first, row.last, row.tries, row.again)
        for row in tx.execute(query)
    ]


def count(tx: Connection, connection: int) -> int:
    """How many records of a connection are refused at present."""
    table, contacts = operation.rejects, schema.contacts
    # Rejects are few, a connection's contacts are not: those are begun with.
    theirs = select(contacts.c.id).where(contacts.c.id == table.c.contact, contacts.c.connection == connection).exists()
    return int(tx.execute(select(func.count()).select_from(table).where(theirs)).scalar_one())


def _forget(tx: Connection, contacts: Iterable[int]) -> None:
    table = operation.rejects
    for ids in chunks(contacts):
        tx.execute(delete(table).where(table.c.contact.in_(ids)))
