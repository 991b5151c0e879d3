"""What stands on a record and is not what we noted down: a person's edit, or our own write that nobody noted."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from config.locale import Texts
from scoring.explain import from_json
from scoring.rules import Programme
from sync.decide import why_impossible
from sync.ledger import results, schema
from sync.ledger.facts import Entry, wake_subjects
from sync.ledger.results import Showing, Written
from sync.standings import RulesOf, recalled
from sync.values import as_json, difference, values_of

LAST = 5  # writes to a record that an undo which died may have been taking back
YEAR = timedelta(days=365)


def unnoted(
    tx: Connection, entry: Entry, row: Row[Any], found: Mapping[str, Any], *, texts: Texts, programme_at: RulesOf
) -> Mapping[str, Any]:
    """What a run wrote on a record and died before it noted so; it is noted now. Nothing where no run did.

    `row` is the contact, `found` our fields as they stand on the record. With every write goes when its standing was
    computed, and who edits by hand leaves that as it is. What was sent and not noted is of a standing after the one
    that the record is known to show, or of any where it is to be shown again.
    """
    noted, table = row.written or {}, schema.standings
    differing = {name: value for name, value in found.items() if noted.get(name) != value}
    query = select(table).where(table.c.subject == row.subject, table.c.id > (row.shown or 0))
    rows = {each.id: each for each in tx.execute(query) if as_json(each.recorded) == found.get("computed_at")}
    known = recalled(tx, rows.values(), programme_at)
    sent = {
        number: values_of(from_json(known[number]), texts, rules=each.rules, computed_at=each.recorded)
        for number, each in rows.items()
        if number in known
    }
    alike = {
        number: sum(values.get(name) == value for name, value in differing.items()) for number, values in sent.items()
    }
    if not any(alike.values()):
        return differing if _put_back(tx, row, found, differing) else {}
    number = max(alike, key=lambda each: alike[each])
    made = rows[number]
    showing = Showing(row.id, row.record, row.subject, number, known[number], made.rules, made.recorded, noted)
    results.store_writes(tx, entry, [Written(showing, "written", "", "", difference(sent[number], noted))])
    return sent[number]


def _put_back(tx: Connection, row: Row[Any], found: Mapping[str, Any], differing: Mapping[str, Any]) -> bool:
    """Whether an undo that died has put these values back: the connection is on hold, and they stood there before."""
    writes, connections = schema.writes, schema.connections
    held = select(connections.c.id).where(connections.c.id == row.connection, connections.c.held.is_not(None))
    if tx.execute(held).first() is None:
        return False
    query = select(writes.c.before).where(writes.c.contact == row.id, writes.c.outcome == "written")
    befores = tx.execute(query.order_by(writes.c.id.desc()).limit(LAST)).scalars()
    at = {"computed_at": found.get("computed_at")}
    return any({**differing, **at}.items() <= before.items() for before in befores)


def adjust(
    tx: Connection, entry: Entry, record: str, edited: Mapping[str, Any], *, day: date, programme: Programme
) -> str:
    """Take a person's edit of coefficient or points as an adjustment for a year; other edits are restored.

    So is what no review and no balance can be under the rules, as by hand: why, or nothing.
    """
    contacts = schema.contacts
    query = select(contacts).where(contacts.c.connection == entry.connection, contacts.c.record == record)
    row = tx.execute(query).one()
    coefficient, points = _whole(edited.get("coefficient"), 100), _whole(edited.get("points"), 1)
    why = why_impossible(programme, coefficient=coefficient, points=points)
    if why or (coefficient is None and points is None):
        return why
    tx.execute(
        schema.decisions.insert().values(
            run=entry.run,
            recorded=entry.at,
            programme=entry.programme,
            contact=row.id,
            kind="adjust",
            on_day=day,
            coefficient=coefficient,
            points=points,
            until=day + YEAR,
            why="edited on the record",
            by="crm",
        )
    )
    wake_subjects(tx, [row.subject])
    return ""


def _whole(value: Any, parts: int) -> int | None:
    """A number in so many parts of one; None where it is none, as a text in a field of somebody's own making."""
    try:
        return None if value is None else int(Decimal(str(value)) * parts)
    except (ArithmeticError, ValueError):
        return None
