"""Who is whom: which contacts of which CRMs are one person, and so one subject.

Linked by a merge, else by a stored cross-id, else by an e-mail that is unique in each CRM; else not linked, and said
so.
Every change of mind is an entry in `identities`, so that a past day is recomputed with the links of that day.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, case, func, insert, select, update

from sync.ledger import schema
from sync.ledger.facts import Entry, chunks, wake_subjects


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking came to: contacts that changed subject, and those it could not decide."""

    moved: int
    ambiguous: tuple[tuple[str, str, str], ...]  # (connection, record, why)


def link(tx: Connection, entry: Entry, touched: Iterable[int]) -> Linked:
    """Link the touched contacts, and everyone who may be the same person as one of them, anew."""
    circle = _circle(tx, entry.programme, set(touched))
    if not circle:
        return Linked(0, ())
    bonds, ambiguous = _bonds(circle)
    moved = 0
    woken: set[int] = set()
    for person, subject in _choose(tx, circle, _components(circle, bonds)):
        for contact in sorted(person):
            if circle[contact].subject != subject:
                moved += 1
                woken |= {circle[contact].subject, subject}
                _move(tx, entry, contact, subject)
    wake_subjects(tx, woken)
    return Linked(moved, tuple(ambiguous))


def _choose(tx: Connection, circle: Mapping[int, Row[Any]], people: Iterable[set[int]]) -> list[tuple[set[int], int]]:
    """One subject for each person, nobody's twice.

    Each keeps one that its contacts have; the person with the oldest contact chooses first, so that a split leaves the
    history with the first-comer. Whoever finds all of theirs taken goes back to a contact's own, or gets a new one.
    """
    chosen: list[tuple[set[int], int]] = []
    taken: set[int] = set()
    without: list[set[int]] = []
    for person in sorted(people, key=min):
        free = {circle[contact].subject for contact in person} - taken
        if free:
            taken.add(min(free))
            chosen.append((person, min(free)))
        else:
            without.append(person)
    for person in without:
        subject = min(person - taken, default=0) or _unheard_of(tx, taken)
        taken.add(subject)
        chosen.append((person, subject))
    return chosen


def _unheard_of(tx: Connection, taken: Iterable[int]) -> int:
    """A subject that never was: below zero, where no contact's own is."""
    lowest = int(tx.execute(select(func.min(schema.current.c.subject))).scalar_one())
    return min(0, lowest, *taken) - 1


def _move(tx: Connection, entry: Entry, contact: int, subject: int) -> None:
    contacts, identities = schema.contacts, schema.identities
    otherwise = case((contacts.c.shown.is_not(None), schema.OTHERWISE))
    tx.execute(update(contacts).where(contacts.c.id == contact).values(subject=subject, shown=otherwise))
    tx.execute(insert(identities).values(run=entry.run, recorded=entry.at, contact=contact, subject=subject))
    if tx.execute(select(schema.current.c.subject).where(schema.current.c.subject == subject)).first() is None:
        tx.execute(insert(schema.current).values(subject=subject, programme=entry.programme))


def _circle(tx: Connection, programme: int, touched: set[int]) -> dict[int, Row[Any]]:
    """The touched contacts and all that share a subject, an e-mail, a cross-id or a merge with them, transitively."""
    circle: dict[int, Row[Any]] = {}
    fresh = touched
    while fresh:
        rows = [row for ids in chunks(fresh) for row in tx.execute(_contacts(programme, schema.contacts.c.id, ids))]
        circle.update((row.id, row) for row in rows)
        fresh = _neighbours(tx, programme, rows) - set(circle)
    return circle


def _neighbours(tx: Connection, programme: int, rows: Sequence[Row[Any]]) -> set[int]:
    contacts = schema.contacts
    records = [row.record for row in rows]
    named = [name for row in rows for name in (row.cross_id, row.merged_into) if name]
    groups: list[tuple[Any, Iterable[Any]]] = [
        # Those who have a contact's own subject belong to the circle too: it may have to be given back.
        (contacts.c.subject, [subject for row in rows for subject in (row.subject, row.id)]),
        (contacts.c.email, [row.email for row in rows if row.email]),
        (contacts.c.record, named),
        (contacts.c.cross_id, records),
        (contacts.c.merged_into, records),
    ]
    found: set[int] = set()
    for column, values in groups:
        for some in chunks(values):
            found.update(row.id for row in tx.execute(_contacts(programme, column, some)))
    return found


def _contacts(programme: int, column: Any, values: Sequence[Any]) -> Any:
    contacts, connections = schema.contacts, schema.connections
    # A record's index begins with its connection. The others would lose to that one: SQLite thinks little of going
    # through all contacts of a connection, compared with looking up some hundred values.
    theirs = contacts.c.connection if column is contacts.c.record else contacts.c.connection + 0
    return (
        select(contacts, connections.c.name.label("connection_name"), connections.c.crm)
        .join(connections, connections.c.id == theirs)
        .where(connections.c.programme == programme, column.in_(values))
    )


def _bonds(circle: Mapping[int, Row[Any]]) -> tuple[list[tuple[int, int]], list[tuple[str, str, str]]]:
    """Pairs that are one person, and contacts that could not be decided."""
    by_record = {(row.connection, row.record): row.id for row in circle.values()}
    living = {id_: row for id_, row in circle.items() if not row.gone}
    bonds = [
        (row.id, by_record[row.connection, row.merged_into])
        for row in circle.values()
        if row.merged_into and (row.connection, row.merged_into) in by_record
    ]
    # A deleted record stays with its person: its history is theirs, and an undelete finds it where it was.
    homes = {row.subject: row.id for row in living.values()}
    bonds += [(row.id, homes.get(row.subject, row.id)) for row in circle.values() if row.gone and not row.merged_into]
    crossed, ambiguous = _by_cross_id(living)
    bonds += crossed
    decided = {contact for pair in crossed for contact in pair}
    mailed, unclear = _by_email({id_: row for id_, row in living.items() if id_ not in decided})
    return bonds + mailed, ambiguous + unclear


def _by_cross_id(living: Mapping[int, Row[Any]]) -> tuple[list[tuple[int, int]], list[tuple[str, str, str]]]:
    at = {(row.crm, row.record): row.id for row in living.values()}
    claims: dict[int, list[Row[Any]]] = defaultdict(list)
    for row in living.values():
        target = at.get((row.cross_crm, row.cross_id)) if row.cross_id else None
        if target is not None:
            claims[target].append(row)
    bonds: list[tuple[int, int]] = []
    ambiguous: list[tuple[str, str, str]] = []
    for target, rows in claims.items():
        if len(rows) == 1:
            bonds.append((rows[0].id, target))
        else:
            why = f"{len(rows)} records name {living[target].crm} {living[target].record} as the same person"
            ambiguous += [(row.connection_name, row.record, why) for row in rows]
    return bonds, ambiguous


def _by_email(living: Mapping[int, Row[Any]]) -> tuple[list[tuple[int, int]], list[tuple[str, str, str]]]:
    groups: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in living.values():
        if row.email:
            groups[row.email].append(row)
    bonds: list[tuple[int, int]] = []
    ambiguous: list[tuple[str, str, str]] = []
    for rows in groups.values():
        if len({row.connection for row in rows}) == 1:
            continue
        if max(Counter(row.connection for row in rows).values()) == 1:
            bonds += [(rows[0].id, row.id) for row in rows[1:]]
        else:
            why = "its e-mail address stands on several records of one CRM"
            ambiguous += [(row.connection_name, row.record, why) for row in rows]
    return bonds, ambiguous


def _components(circle: Iterable[int], bonds: Iterable[tuple[int, int]]) -> list[set[int]]:
    group = {contact: {contact} for contact in circle}
    for left, right in bonds:
        if group[left] is not group[right]:
            small, large = sorted((group[left], group[right]), key=len)
            large |= small
            group.update((contact, large) for contact in small)
    return list({id(members): members for members in group.values()}.values())
