"""Contacts and signals: what the pages of a run brought, compared with what the ledger knew.

Everything here is idempotent: a page that is read again changes nothing (SR01, SR05).
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scoring.records import Problem, is_address
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
class ContactFacts:
    """A subject's record as read: what the ledger keeps of it, and our own fields as they were found."""

    record: str
    email: str | None  # as read; only its digest is kept
    cross_id: str | None
    cross_crm: str | None
    gone: bool
    merged_into: str | None
    ours: Mapping[str, Any]  # by neutral name, as JSON values


@dataclass(frozen=True, slots=True)
class ContactChanges:
    """What a page of contacts came to: rows to link again, and our fields that somebody edited.

    `foreign` are fields that no person wrote, and no run that this ledger knows.
    """

    touched: frozenset[int]
    edited: tuple[tuple[str, tuple[str, ...]], ...]
    foreign: tuple[tuple[str, tuple[str, ...]], ...]


def digest(email: str | None) -> str | None:
    """An address trimmed and lower-cased, as SHA-256; None for what is no address."""
    text = (email or "").strip().lower()
    return hashlib.sha256(text.encode()).hexdigest() if is_address(text) else None


def store_contacts(
    tx: Connection,
    entry: Entry,
    found: Sequence[ContactFacts],
    *,
    restore: bool = True,
    sent: Callable[[Row[Any], ContactFacts], Mapping[str, Any]] = lambda _row, _facts: {},
) -> ContactChanges:
    """Insert or update contacts; every new one becomes a subject of its own until people are linked.

    With `restore` a record whose fields of ours somebody edited is to be shown again; without, it is left as it is
    until its standing changes. `sent` knows, and notes, what a run wrote and died before it noted so: that is no edit.
    Nor is it one where `computed_at` has moved, which goes along with every write of a run: the ledger may be an older
    backup, or the CRM has merged records. Such a record is shown again in any case.
    """
    table = schema.contacts
    latest = {facts.record: facts for facts in found}
    known = {
        row.record: row for row in _rows(tx, table, table.c.record, latest, table.c.connection == entry.connection)
    }
    touched = _new_contacts(tx, entry, [facts for record, facts in latest.items() if record not in known])
    edited: list[tuple[str, tuple[str, ...]]] = []
    foreign: list[tuple[str, tuple[str, ...]]] = []
    for record, row in known.items():
        facts = latest[record]
        values = _moved_identity(facts, row)
        if values:
            touched.add(row.id)
        if row.written and not facts.gone:
            kept, differing = row.written, _differing(facts, row.written)
            if differing:
                kept = kept | dict(sent(row, facts))
                differing = _differing(facts, kept)
            if differing:
                by_hand = "computed_at" not in differing
                (edited if by_hand else foreign).append((record, differing))
                values["written"] = kept | {name: facts.ours[name] for name in differing}
                if restore or not by_hand:
                    values["shown"] = None
        if values:
            tx.execute(update(table).where(table.c.id == row.id).values(values))
    return ContactChanges(frozenset(touched), tuple(edited), tuple(foreign))


def _differing(facts: ContactFacts, kept: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(name for name, value in facts.ours.items() if name in kept and kept[name] != value))


def _identity(facts: ContactFacts) -> dict[str, Any]:
    return {
        "email": digest(facts.email),
        "cross_id": facts.cross_id,
        "cross_crm": facts.cross_crm,
        "gone": facts.gone,
        "merged_into": facts.merged_into,
    }


def _moved_identity(facts: ContactFacts, row: Row[Any]) -> dict[str, Any]:
    """What identifies this contact, if any of it changed; nothing otherwise."""
    identity = _identity(facts)
    if facts.gone and not facts.merged_into:
        # A delete tells nothing of who the person was: keep how they are linked, for an undelete.
        identity |= {"email": row.email, "cross_id": row.cross_id, "cross_crm": row.cross_crm}
    return identity if any(getattr(row, name) != value for name, value in identity.items()) else {}


def _new_contacts(tx: Connection, entry: Entry, found: Sequence[ContactFacts]) -> set[int]:
    """Contacts never seen before, each a subject of its own."""
    if not found:
        return set()
    contacts = schema.contacts
    ids = bulk.numbers(tx, contacts, len(found))
    # A contact's own id names its subject: unique, and nothing to keep count of.
    rows = [
        {
            "id": each,
            "connection": entry.connection,
            "record": facts.record,
            "subject": each,
            "written": dict(facts.ours) or None,
            **_identity(facts),
        }
        for each, facts in zip(ids, found, strict=True)
    ]
    stamp = {"run": entry.run, "recorded": entry.at}
    bulk.enter(tx, contacts, rows)
    bulk.enter(tx, schema.identities, [{**stamp, "contact": each, "subject": each} for each in ids])
    bulk.enter(tx, schema.current, [{"subject": each, "programme": entry.programme} for each in ids])
    return set(ids)


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
    for row in _rows(tx, table, table.c.record, judged, here, order=True):
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
    while rows := tx.execute(select(table).where(others, in_force()).order_by(table.c.id).limit(PAGE)).all():
        entries = [_counter_entry(entry, row) for row in rows]
        bulk.enter(tx, table, entries)
        wake(tx, entry, {values["contact"] for values in entries})
        count += len(entries)
    return count


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
    rows = [
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
    bulk.enter(tx, schema.problems, rows)


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


def _rows(
    tx: Connection, table: Any, column: Any, ids: Iterable[str], where: Any, *, order: bool = False
) -> Iterator[Row[Any]]:
    """The rows whose column is one of these ids."""
    for some in chunks(ids):
        query: Select[Any] = select(table).where(where, bulk.among(tx, column, some))
        yield from tx.execute(query.order_by(table.c.id) if order else query)
