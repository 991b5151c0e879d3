"""All that a point may change, without run ids and instants: what stands on the records, and the ledger."""

import json
from typing import Any

from sqlalchemy import Connection

from config.rulefile import load_programme
from sandbox.app import World
from sync.ledger import operation, schema
from sync.standings import recalled

INSTANTS = ("computed_at",)
# Of two twins (one order in both CRMs) the first recorded counts: which one that is, is an instant's doing, and the
# lines name it, so that a standing may be entered again for that alone. Numbers, reviews, reasons and the way back are
# the same.
OF_TWINS = ("lines",)


def crm_values(world: World) -> dict[str, dict[str, Any]]:
    """Our fields on every contact of both CRMs, deleted ones too."""
    found: dict[str, dict[str, Any]] = {"salesforce": {}, "hubspot": {}}
    for row in world.org.rows("Contact"):
        ours = {name: value for name, value in row.items() if name.startswith("BonusMalus_")}
        ours.pop("BonusMalus_Computed_At__c", None)
        found["salesforce"][row["Id"]] = ours
    for each in world.portal.rows("contacts"):
        theirs = {name: value for name, value in each.items() if name.startswith("bonus_malus_")}
        theirs.pop("bonus_malus_computed_at", None)
        found["hubspot"][str(each["id"])] = theirs
    return found


def ledger_rows(tx: Connection) -> dict[str, list[str]]:
    """Every table's rows as texts, persons and contacts named by their records."""
    connections = {row.id: row.name for row in tx.execute(schema.connections.select())}
    # PostgreSQL does not give a number again that a dead transaction had.
    programmes = {row.id: row.name for row in tx.execute(schema.programmes.select())}
    contacts = {row.id: f"{connections[row.connection]}:{row.record}" for row in tx.execute(schema.contacts.select())}
    standings = {row.id: row for row in tx.execute(schema.standings.select())}

    def shown(number: int | None) -> Any:
        row = standings.get(number) if number else None
        return row and [row.coefficient, row.expected, row.points, row.tier, row.rules]

    def told(table: Any, *leave: str, **named: Any) -> list[str]:
        rows = []
        for row in tx.execute(table.select()):
            values = {name: value for name, value in row._mapping.items() if name not in ("id", "run", *leave)}
            values |= {name: name_of(values[name]) for name, name_of in named.items()}
            values = {name: _timeless(value) for name, value in values.items()}
            rows.append(json.dumps(values, sort_keys=True, default=str))
        return sorted(rows)

    return {
        "connections": told(schema.connections, "filled", programme=programmes.get),
        "cursors": told(operation.cursors, "until", connection=connections.get),
        "contacts": told(schema.contacts, connection=connections.get, subject=contacts.get, shown=shown),
        "identities": told(schema.identities, "recorded", contact=contacts.get, subject=contacts.get),
        "signals": told(schema.signals, "recorded", "replaces", connection=connections.get),
        "standings": _moves(tx, contacts),
        "current": told(schema.current, programme=programmes.get, subject=contacts.get, standing=shown),
        "woken": told(schema.woken, subject=contacts.get),
        "outlooks": told(schema.outlooks, subject=contacts.get),
        "writes": told(schema.writes, "recorded", contact=contacts.get),
        # A page that is read again says again what is wrong with its records.
        "problems": sorted(set(told(schema.problems, connection=connections.get))),
        "rejects": told(operation.rejects, "first", "last", "again", contact=contacts.get, standing=shown),
        "decisions": told(schema.decisions, "recorded", programme=programmes.get, contact=contacts.get),
    }


def _moves(tx: Connection, contacts: dict[int, str]) -> list[str]:
    """Every person's standings one after the other, without those that say again what the one before said."""
    last: dict[int, str] = {}
    moves = []
    rows = tx.execute(schema.standings.select().order_by(schema.standings.c.id)).all()
    known = recalled(tx, rows, lambda day: load_programme("customers", at=day))
    for row in rows:
        shown = {name: value for name, value in _timeless(known[row.id]).items() if name != "day"}
        said = json.dumps([row.rules, shown], sort_keys=True)
        if last.get(row.subject) != said:
            moves.append(f"{contacts.get(row.subject)} {said}")
        last[row.subject] = said
    return sorted(moves)


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: each for name, each in value.items() if name not in INSTANTS + OF_TWINS}
    return value
