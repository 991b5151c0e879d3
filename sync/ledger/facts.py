"""Signals and problems: what the pages of a run brought, compared with what the ledger knew; and whom that wakes.

Everything here is idempotent: a page that is read again changes nothing (SR01, SR05).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, delete, func, select
from sqlalchemy.dialects import postgresql, sqlite

from scoring.records import Problem
from scoring.signals import Judged
from sync.ledger import bulk, schema

PAGE = 5000  # entries in memory at once
CHUNK = 500  # ids in one IN (...): well below what every database allows
LOWEST = -(2**31)  # below every subject: whoever was split off and found no number free has one below zero
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Entry:
    """Who writes an entry, and when: the run, its instant, where, and whether it is a connection's first fill."""

    run: int
    at: datetime
    programme: int
    connection: int
    initial: bool


@dataclass(frozen=True, slots=True)
class SignalChanges:
    """How many signals of a page were new, changed, withdrawn or as before."""

    made: int = 0
    changed: int = 0
    withdrawn: int = 0
    same: int = 0


def store_signals(
    tx: Connection,
    entry: Entry,
    object_: str,
    judged: Mapping[str, Sequence[Judged]],
    unreadable: Mapping[str, Collection[str]] | None = None,
) -> SignalChanges:
    """Enter what these records amount to now; what a record no longer is gets a counter-entry.

    `judged` holds every record of the page by id, those without signals too; `unreadable` the names of signals that a
    record leaves open, because a value of it cannot be used: those stay as they were.
    """
    table = schema.signals
    here = (table.c.connection == entry.connection) & (table.c.object == object_)
    standing: dict[tuple[str, str], Row[Any]] = {}
    for row in rows(tx, table, table.c.record, judged, here, order=True):
        standing[row.record, row.name] = row
    standing = {key: row for key, row in standing.items() if not row.withdrawn}
    for record, names in (unreadable or {}).items():
        for name in names:
            standing.pop((record, name), None)
    entries: list[dict[str, Any]] = []
    made = changed = same = 0
    for record, signals in judged.items():
        for each in signals:
            values = _columns(each)
            before = standing.pop((record, each.signal.name), None)
            if before is not None and all(getattr(before, name) == value for name, value in values.items()):
                same += 1
                continue
            replaces = None
            if before is None:
                made += 1
            else:
                changed += 1
                if before.contact == each.contact:
                    replaces = before.id
                else:
                    entries.append(_counter_entry(entry, before))
            entries.append(_stamp(entry) | {"withdrawn": False, "replaces": replaces} | values)
    entries.extend(_counter_entry(entry, row) for row in standing.values())
    if entries:
        bulk.enter(tx, table, entries)
        wake(tx, entry, {values["contact"] for values in entries})
    return SignalChanges(made, changed, len(standing), same)


def withdraw_others(tx: Connection, entry: Entry, objects: Iterable[str]) -> int:
    """Counter-entries for every signal from an object that the mapping no longer reads."""
    table = schema.signals
    others = (table.c.connection == entry.connection) & table.c.object.not_in(list(objects))
    count = 0
    # A page at a time: an object with millions of signals must not be held in memory to be given up.
    while some := tx.execute(select(table).where(others, in_force()).order_by(table.c.id).limit(PAGE)).all():
        entries = [_counter_entry(entry, row) for row in some]
        bulk.enter(tx, table, entries)
        wake(tx, entry, {values["contact"] for values in entries})
        count += len(entries)
    return count


def about(connection: Any, contact: Any) -> ColumnElement[bool]:
    """What picks the entries about a contact, by their index: to find them there, both kinds of them are named."""
    table = schema.signals
    return and_(table.c.connection == connection, table.c.initial.in_((True, False)), table.c.contact == contact)


def in_force() -> ColumnElement[bool]:
    """What picks the entries that hold: not a counter-entry, and replaced by no other."""
    table, later = schema.signals, schema.signals.alias()
    replaced = select(later.c.id).where(later.c.replaces == table.c.id).exists()
    return table.c.withdrawn.is_(False) & ~replaced


def has_signals(tx: Connection, connection: int, object_: str, name: str) -> bool:
    """Whether this object ever gave such a signal here."""
    table = schema.signals
    query = select(table.c.id).where(table.c.connection == connection, table.c.object == object_, table.c.name == name)
    return tx.execute(query.limit(1)).first() is not None


def _columns(judged: Judged) -> dict[str, Any]:
    signal = judged.signal
    return {
        "contact": judged.contact,
        "object": signal.source.object,
        "record": signal.source.id,
        "name": signal.name,
        "on_day": signal.on,
        "liability": signal.liability.value,
        "amount": None if signal.amount is None else format(signal.amount.normalize(), "f"),
        "currency": signal.currency,
        "reference": signal.reference[:255],
        "days": signal.days,
        "original": signal.original,
        "key": signal.key,
        "until": signal.until,
        "carried": None if signal.carried is None else asdict(signal.carried),
    }


def _stamp(entry: Entry) -> dict[str, Any]:
    return {"run": entry.run, "recorded": entry.at, "initial": entry.initial, "connection": entry.connection}


def _counter_entry(entry: Entry, row: Row[Any]) -> dict[str, Any]:
    kept = {name: getattr(row, name) for name in schema.signals.c.keys() if name != "id"}  # noqa: SIM118 - column names
    return kept | _stamp(entry) | {"withdrawn": True, "replaces": row.id}


def store_problems(tx: Connection, entry: Entry, found: Iterable[Problem]) -> None:
    """Keep what was wrong with which record."""
    kept = [
        {
            "run": entry.run,
            "connection": entry.connection,
            "object": problem.object,
            "record": problem.id,
            "field": problem.field,
            "what": problem.what,
            "cure": problem.cure,
        }
        for problem in found
    ]
    bulk.enter(tx, schema.problems, kept)


def count_problems(tx: Connection, run: int) -> int:
    """How many problems a run met."""
    return int(tx.execute(select(func.count()).where(schema.problems.c.run == run)).scalar_one())


def wake(tx: Connection, entry: Entry, records: Iterable[str]) -> None:
    """Make the subjects of these contacts due at once."""
    contacts = schema.contacts
    for some in chunks(records):
        here = contacts.c.connection == entry.connection, bulk.among(tx, contacts.c.record, some)
        wake_whom(tx, select(contacts.c.subject).where(*here))


def wake_subjects(tx: Connection, subjects: Iterable[int]) -> None:
    """Make these subjects due at once; one whose contacts are somebody else's by now is nobody to wake."""
    contacts = schema.contacts
    for some in chunks(subjects):
        wake_whom(tx, select(contacts.c.subject).where(contacts.c.subject.in_(some)))


def wake_whom(tx: Connection, subjects: Select[Any]) -> None:
    """Make the subjects that a query finds due at once; in order, so that two who do so do not wait for each other."""
    insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(schema.woken)
    ordered = subjects.distinct().order_by(subjects.selected_columns[0])
    tx.execute(insert.from_select(["subject"], ordered).on_conflict_do_nothing())


def settle(tx: Connection, subjects: Iterable[int]) -> None:
    """These are scored: what woke them is done with."""
    table = schema.woken
    for some in chunks(subjects, PAGE):
        tx.execute(delete(table).where(bulk.among(tx, table.c.subject, some)))


def forget_outlooks(tx: Connection, subjects: Iterable[int]) -> None:
    """Nothing is foreseen of these any more: they rest on other signals than they did."""
    table = schema.outlooks
    for some in chunks(subjects, PAGE):
        tx.execute(delete(table).where(bulk.among(tx, table.c.subject, some)))


def chunks(items: Iterable[T], most: int = CHUNK) -> Iterator[list[T]]:
    """Lists of at most so many different items."""
    rest = iter(dict.fromkeys(items))
    while some := list(islice(rest, most)):
        yield some


def rows(
    tx: Connection, table: Any, column: Any, ids: Iterable[str], where: Any, *, order: bool = False
) -> Iterator[Row[Any]]:
    """The rows whose column is one of these ids."""
    for some in chunks(ids):
        query: Select[Any] = select(table).where(where, bulk.among(tx, column, some))
        yield from tx.execute(query.order_by(table.c.id) if order else query)
