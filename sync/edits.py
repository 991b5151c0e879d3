"""What stands on a record and is not what we noted down: a person's edit, or our own write that nobody noted."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from config.locale import Texts
from scoring.explain import from_json
from sync.ledger import schema
from sync.ledger.facts import Entry, wake_subjects
from sync.standings import RulesOf, recalled
from sync.values import values_of

LAST = 5  # standings of a subject that a run which died may have been sending
YEAR = timedelta(days=365)


def is_ours(tx: Connection, row: Row[Any], found: Mapping[str, Any], texts: Texts, programme_at: RulesOf) -> bool:
    """Whether a run sent these values and died before it noted so: what it sent follows from a standing.

    `row` is the contact, `found` our fields as they stand on the record.
    """
    table = schema.standings
    query = select(table).where(table.c.subject == row.subject).order_by(table.c.id.desc()).limit(LAST)
    differing = {name: value for name, value in found.items() if (row.written or {}).get(name) != value}
    rows = tx.execute(query).all()
    known = recalled(tx, rows, programme_at)
    for each in (each for each in rows if each.id in known):
        sent = values_of(from_json(known[each.id]), texts, rules=each.rules, computed_at=each.recorded)
        if all(sent.get(name) == value for name, value in differing.items()):
            return True
    return _put_back(tx, row, differing)


def _put_back(tx: Connection, row: Row[Any], differing: Mapping[str, Any]) -> bool:
    """Whether an undo that died has put these values back: the connection is on hold, and they stood there before."""
    writes, connections = schema.writes, schema.connections
    held = select(connections.c.id).where(connections.c.id == row.connection, connections.c.held.is_not(None))
    if tx.execute(held).first() is None:
        return False
    query = select(writes.c.before).where(writes.c.contact == row.id, writes.c.outcome == "written")
    befores = tx.execute(query.order_by(writes.c.id.desc()).limit(LAST)).scalars()
    return any(all(before.get(name) == value for name, value in differing.items()) for before in befores)


def adjust(tx: Connection, entry: Entry, record: str, edited: Mapping[str, Any], day: date) -> None:
    """Take a person's edit of coefficient or points as an adjustment for a year; other edits are restored."""
    contacts = schema.contacts
    query = select(contacts).where(contacts.c.connection == entry.connection, contacts.c.record == record)
    row = tx.execute(query).one()
    coefficient, points = (_number(edited.get(name)) for name in ("coefficient", "points"))
    if coefficient is None and points is None:
        return
    tx.execute(
        schema.decisions.insert().values(
            run=entry.run,
            recorded=entry.at,
            programme=entry.programme,
            contact=row.id,
            kind="adjust",
            on_day=day,
            coefficient=None if coefficient is None else int(coefficient * 100),
            points=None if points is None else int(points),
            until=day + YEAR,
            why="edited on the record",
            by="crm",
        )
    )
    wake_subjects(tx, [row.subject])


def _number(value: Any) -> Decimal | None:
    try:
        return None if value is None else Decimal(str(value))
    except ArithmeticError:
        return None  # a text in a number field of somebody's own making
