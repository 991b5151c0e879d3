"""Standings and writes: what was computed, what was shown, and what the CRM said to it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select, update

from scoring.explain import to_json
from scoring.standing import Standing
from sync.ledger import schema
from sync.ledger.facts import Entry, chunks


@dataclass(frozen=True, slots=True)
class Showing:
    """One contact whose record may not show its subject's present standing."""

    contact: int
    record: str
    subject: int
    standing: int
    breakdown: Mapping[str, Any]
    rules: str
    computed_at: datetime
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """A subject whose standing is another than before, both as breakdowns."""

    subject: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]


def due_subjects(tx: Connection, programme: int, day: date, rules: str, *, limit: int, after: int = 0) -> list[int]:
    """Who moves today: something of theirs changed, their day has come, or the rules are others. Nobody else."""
    table = schema.current
    query = (
        select(table.c.subject)
        .where(
            table.c.programme == programme,
            table.c.subject > after,
            or_(table.c.due <= day, table.c.rules.is_(None), table.c.rules != rules),
            _alive(table.c.subject),
        )
        .order_by(table.c.subject)
        .limit(limit)
    )
    return list(tx.execute(query).scalars())


def _alive(subject: Any) -> Any:
    contacts = schema.contacts
    return select(contacts.c.id).where(contacts.c.subject == subject, contacts.c.gone.is_(False)).exists()


def store_standings(tx: Connection, entry: Entry, standings: Mapping[int, Standing], rules: str) -> list[Changed]:
    """Enter the standings that differ from the last ones, and when each subject moves next; those entered."""
    table, current = schema.standings, schema.current
    last = _last_standings(tx, list(standings))
    entered: list[Changed] = []
    for subject, standing in standings.items():
        breakdown = to_json(standing)
        before = last.get(subject)
        key = before[0] if before else None
        if before is None or before[1] != rules or _without_day(before[2]) != _without_day(breakdown):
            values = {
                "run": entry.run,
                "recorded": entry.at,
                "subject": subject,
                "day": standing.day,
                "coefficient": standing.coefficient,
                "expected": standing.expected,
                "points": standing.points,
                "tier": standing.tier,
                "status": standing.status,
                "rules": rules,
                "breakdown": breakdown,
            }
            made = tx.execute(insert(table).values(values)).inserted_primary_key
            assert made is not None  # noqa: S101 - an insert of one row has one key
            key = int(made[0])
            entered.append(Changed(subject, before[2] if before else None, breakdown))
        values = {"standing": key, "rules": rules, "due": standing.next_change}
        tx.execute(update(current).where(current.c.subject == subject).values(values))
    return entered


def _without_day(breakdown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in breakdown.items() if name != "day"}


def _last_standings(tx: Connection, subjects: Sequence[int]) -> dict[int, tuple[int, str, Mapping[str, Any]]]:
    table, current = schema.standings, schema.current
    found: dict[int, tuple[int, str, Mapping[str, Any]]] = {}
    for ids in chunks(subjects):
        query = (
            select(table.c.id, table.c.subject, table.c.rules, table.c.breakdown)
            .join(current, current.c.standing == table.c.id)
            .where(current.c.subject.in_(ids))
        )
        found.update((row.subject, (row.id, row.rules, row.breakdown)) for row in tx.execute(query))
    return found


def to_show(tx: Connection, connection: int, *, limit: int, after: int = 0) -> list[Showing]:
    """Living contacts of a connection whose record does not show their present standing yet, by contact."""
    contacts, current, standings = schema.contacts, schema.current, schema.standings
    query = (
        select(contacts.c.id, contacts.c.record, contacts.c.written, contacts.c.subject, standings)
        .join(current, current.c.subject == contacts.c.subject)
        .join(standings, standings.c.id == current.c.standing)
        .where(
            contacts.c.connection == connection,
            contacts.c.id > after,
            contacts.c.gone.is_(False),
            or_(contacts.c.shown.is_(None), contacts.c.shown != current.c.standing),
        )
        .order_by(contacts.c.id)
        .limit(limit)
    )
    return [
        Showing(row[0], row.record, row[3], row[4], row.breakdown, row.rules, row.recorded, row.written or {})
        for row in tx.execute(query)
    ]


def count_living(tx: Connection, connection: int) -> int:
    """How many records of this connection must have an outcome."""
    contacts = schema.contacts
    query = select(func.count()).where(contacts.c.connection == connection, contacts.c.gone.is_(False))
    return int(tx.execute(query).scalar_one())


def mark_shown(tx: Connection, showings: Sequence[Showing]) -> None:
    """These records show their standing already: nothing to write."""
    for showing in showings:
        tx.execute(
            update(schema.contacts).where(schema.contacts.c.id == showing.contact).values(shown=showing.standing)
        )


@dataclass(frozen=True, slots=True)
class Written:
    """One update's outcome, with what stood there before."""

    showing: Showing
    outcome: str
    code: str
    reason: str
    after: Mapping[str, Any]


def store_writes(tx: Connection, entry: Entry, written: Sequence[Written]) -> None:
    """Remember what the CRM said to each update; only what it accepted counts as shown."""
    contacts = schema.contacts
    rows = []
    for each in written:
        rows.append(
            {
                "run": entry.run,
                "recorded": entry.at,
                "contact": each.showing.contact,
                "outcome": each.outcome,
                "code": each.code,
                "reason": each.reason,
                "before": {name: each.showing.written.get(name) for name in each.after},
                "after": dict(each.after),
            }
        )
        here = contacts.c.id == each.showing.contact
        if each.outcome == "written":
            values = {"written": {**each.showing.written, **each.after}, "shown": each.showing.standing}
            tx.execute(update(contacts).where(here).values(values))
        elif each.outcome == "gone":
            tx.execute(update(contacts).where(here).values(gone=True))
    if rows:
        tx.execute(insert(schema.writes), rows)


def causes(tx: Connection, run: int, subjects: Sequence[int]) -> dict[int, list[str]]:
    """What this run entered for each subject, in words: "invoice_unpaid of 2026-11-02", "… withdrawn"."""
    table, contacts = schema.signals, schema.contacts
    found: dict[int, list[str]] = defaultdict(list)
    for ids in chunks(subjects):
        query = (
            select(contacts.c.subject, table.c.name, table.c.on_day, table.c.reference, table.c.withdrawn)
            .join(contacts, (contacts.c.connection == table.c.connection) & (contacts.c.record == table.c.contact))
            .where(table.c.run == run, contacts.c.subject.in_(ids))
            .order_by(table.c.id)
        )
        for row in tx.execute(query):
            what = f"{row.name} {row.reference}".strip() + f" of {row.on_day}"
            found[row.subject].append(what + (" withdrawn" if row.withdrawn else ""))
    return found


def first_records(tx: Connection, subjects: Sequence[int]) -> dict[int, str]:
    """A living record of each subject, as `connection:id`."""
    contacts, connections = schema.contacts, schema.connections
    found: dict[int, str] = {}
    for ids in chunks(subjects):
        query = (
            select(contacts.c.subject, connections.c.name, contacts.c.record)
            .join(connections, connections.c.id == contacts.c.connection)
            .where(contacts.c.subject.in_(ids), contacts.c.gone.is_(False))
            .order_by(contacts.c.id.desc())
        )
        found.update((row.subject, f"{row.name}:{row.record}") for row in tx.execute(query))
    return found
