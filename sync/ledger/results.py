"""Standings and writes: what was computed, what was shown, and what the CRM said to it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, or_, select, update

from scoring.explain import to_json
from scoring.standing import Standing
from sync.ledger import bulk, schema
from sync.ledger.facts import LOWEST, Entry, chunks, forget_outlooks, settle


@dataclass(frozen=True, slots=True)
class Showing:
    """One contact whose record may not show its subject's present standing."""

    contact: int
    record: str
    subject: int
    standing: int
    breakdown: Mapping[str, Any] | None  # None: its rules are not at hand any more
    rules: str
    computed_at: datetime
    written: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Changed:
    """A subject whose standing is another than before, both as breakdowns."""

    subject: int
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]
    known_at: datetime | None  # what the one before knew; None: there was none


def due_subjects(
    tx: Connection,
    programme: int,
    day: date,
    rules: str,
    *,
    limit: int,
    after: int = LOWEST,
    among: Sequence[int] | None = None,
) -> list[int]:
    """Who moves today: something of theirs changed, their day has come, or the rules are others. Nobody else.

    With `among`, of these few alone: everybody need not be gone through.
    """
    subject = schema.current.c.subject
    query = select(subject).where(_due(programme, day, rules), subject > after).order_by(subject).limit(limit)
    if among is not None:
        query = query.where(subject.in_(among))
    return list(tx.execute(query).scalars())


def count_due(tx: Connection, programme: int, day: date, rules: str, *, most: int) -> int:
    """How many move today; they are counted up to `most`."""
    found = select(schema.current.c.subject).where(_due(programme, day, rules)).limit(most).subquery()
    return int(tx.execute(select(func.count()).select_from(found)).scalar_one())


def _due(programme: int, day: date, rules: str) -> ColumnElement[bool]:
    table = schema.current
    woken = select(schema.woken.c.subject).where(schema.woken.c.subject == table.c.subject).exists()
    moves = or_(table.c.due <= day, table.c.rules.is_(None), table.c.rules != rules, woken)
    return and_(table.c.programme == programme, moves, _alive(table.c.subject))


def _alive(subject: Any) -> Any:
    contacts = schema.contacts
    return select(contacts.c.id).where(contacts.c.subject == subject, contacts.c.gone.is_(False)).exists()


Recall = Callable[[Sequence[Row[Any]]], Mapping[int, Mapping[str, Any]]]
"""The breakdowns of rows of `standings` by their numbers, made again where they were not kept."""


def store_standings(
    tx: Connection, entry: Entry, standings: Mapping[int, Standing], rules: str, recall: Recall
) -> list[Changed]:
    """Enter the standings that differ from the last ones, and when each subject moves next; those entered."""
    table, current = schema.standings, schema.current
    earlier = present_standings(tx, standings)
    known = recall(earlier)
    last = {row.subject: (row, known.get(row.id) or numbers_of(row)) for row in earlier}
    fresh: list[tuple[Changed, Standing]] = []
    keys: dict[int, int] = {}
    for subject, standing in standings.items():
        breakdown = to_json(standing)
        before = last.get(subject)
        if before is None:
            fresh.append((Changed(subject, None, breakdown, None), standing))
        elif before[0].rules == rules and _without_day(before[1]) == _without_day(breakdown):
            keys[subject] = before[0].id
        else:
            fresh.append((Changed(subject, before[1], breakdown, before[0].recorded), standing))
    numbers = bulk.numbers(tx, table, len(fresh))
    rows = [_row(entry, *each, rules) | {"id": number} for number, each in zip(numbers, fresh, strict=True)]
    bulk.enter(tx, table, rows)
    keys.update((row["subject"], row["id"]) for row in rows)
    present = [
        {"whose": subject, "standing": keys[subject], "rules": rules, "due": standing.next_change}
        for subject, standing in standings.items()
    ]
    if present:
        tx.execute(update(current).where(current.c.subject == bindparam("whose")), present)
        settle(tx, standings)
        forget_outlooks(tx, standings)
    return [changed for changed, _ in fresh]


def _row(entry: Entry, changed: Changed, standing: Standing, rules: str) -> dict[str, Any]:
    return {
        "run": entry.run,
        "recorded": entry.at,
        "subject": changed.subject,
        "day": standing.day,
        "coefficient": standing.coefficient,
        "expected": standing.expected,
        "points": standing.points,
        "tier": standing.tier,
        "status": str(standing.status),
        "rules": rules,
        "breakdown": changed.after,
    }


def _without_day(breakdown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in breakdown.items() if name != "day"}


def numbers_of(row: Row[Any]) -> dict[str, Any]:
    """As much of a breakdown as a row of `standings` says by itself."""
    numbers = {name: getattr(row, name) for name in ("coefficient", "expected", "points", "tier", "status")}
    return numbers | {"day": row.day.isoformat(), "rules": row.rules, "reviews": [], "next_review": None}


def present_standings(tx: Connection, subjects: Iterable[int]) -> list[Row[Any]]:
    """The row of each subject's present standing, of those who have one."""
    table, current = schema.standings, schema.current
    found: list[Row[Any]] = []
    for ids in chunks(subjects):
        query = select(table).join(current, current.c.standing == table.c.id).where(current.c.subject.in_(ids))
        found += tx.execute(query)
    return found


def standings(tx: Connection, numbers: Iterable[int]) -> list[Row[Any]]:
    """The rows of these numbers."""
    table = schema.standings
    return [row for some in chunks(numbers) for row in tx.execute(select(table).where(table.c.id.in_(some)))]


def to_show(tx: Connection, connection: int, recall: Recall, *, limit: int, after: int = 0) -> list[Showing]:
    """Living contacts of a connection whose record does not show their present standing yet, by contact."""
    contacts, current = schema.contacts, schema.current
    query = (
        select(contacts.c.id, contacts.c.record, contacts.c.written, current.c.standing)
        .join(current, current.c.subject == contacts.c.subject)
        .where(_living(tx, connection), contacts.c.id > after, _APART)
        .order_by(contacts.c.id)
        .limit(limit)
    )
    found = tx.execute(query).all()
    rows = {row.id: row for row in standings(tx, (row.standing for row in found))}
    known = recall(list(rows.values()))

    def showing(contact: Any, row: Row[Any]) -> Showing:
        values = contact.written or {}
        return Showing(
            contact.id, contact.record, row.subject, row.id, known.get(row.id), row.rules, row.recorded, values
        )

    return [showing(each, rows[each.standing]) for each in found]


def count_living(tx: Connection, connection: int) -> int:
    """How many records of this connection must have an outcome."""
    return int(tx.execute(select(func.count()).where(_living(tx, connection))).scalar_one())


def count_shown(tx: Connection, connection: int) -> tuple[int, int]:
    """How many records of this connection must have an outcome, and how many may not show their present standing."""
    contacts, current = schema.contacts, schema.current
    query = (
        select(func.count(), func.count(case((_APART, 1))))
        .select_from(contacts.outerjoin(current, current.c.subject == contacts.c.subject))
        .where(_living(tx, connection))
    )
    living, apart = tx.execute(query).one()
    return living, apart


_APART = schema.current.c.standing.is_not(None) & or_(
    schema.contacts.c.shown.is_(None), schema.contacts.c.shown != schema.current.c.standing
)


def _living(tx: Connection, connection: int) -> ColumnElement[bool]:
    contacts = schema.contacts
    # SQLite takes the index of a connection's records for the best way, though it leads to all of them in another order
    # than they are wanted in: each page would sort everybody.
    whose = contacts.c.connection + 0 if tx.dialect.name == "sqlite" else contacts.c.connection
    return and_(whose == connection, contacts.c.gone.is_(False))


def mark_shown(tx: Connection, showings: Sequence[Showing]) -> None:
    """These records show their standing already: nothing to write."""
    table = schema.contacts
    if showings:
        rows = [{"whose": showing.contact, "shown": showing.standing} for showing in showings]
        tx.execute(update(table).where(table.c.id == bindparam("whose")), rows)


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
    if not written:
        return
    contacts = schema.contacts
    rows = [
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
        for each in written
    ]
    bulk.enter(tx, schema.writes, rows)
    here = contacts.c.id == bindparam("whose")
    shown = [
        {
            "whose": each.showing.contact,
            "written": {**each.showing.written, **each.after},
            "shown": each.showing.standing,
        }
        for each in written
        if each.outcome == "written"
    ]
    gone: list[dict[str, Any]] = [
        {"whose": each.showing.contact, "gone": True} for each in written if each.outcome == "gone"
    ]
    for values in (shown, gone):
        if values:
            tx.execute(update(contacts).where(here), values)


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
