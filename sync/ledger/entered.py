"""What a person's records brought since their last standing, and which records came and went."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, or_, select

from sync.ledger import schema
from sync.ledger.facts import about, chunks


def entered_since(tx: Connection, run: int, since: Mapping[int, datetime]) -> dict[int, list[Row[Any]]]:
    """The signals that this run entered for each subject, or one before it that nobody was scored after."""
    table, contacts = schema.signals, schema.contacts
    found: dict[int, dict[tuple[str, ...], Row[Any]]] = defaultdict(dict)
    for ids in chunks(since):
        query = (
            select(contacts.c.subject, table)
            .join(contacts, about(contacts.c.connection, contacts.c.record))
            .where(
                contacts.c.subject.in_(ids),
                or_(table.c.run == run, table.c.recorded > min(since[each] for each in ids)),
            )
            .order_by(table.c.id)
        )
        for row in tx.execute(query):
            if row.run != run and row.recorded <= since[row.subject]:
                continue
            mine, source = found[row.subject], (row.object, row.record, row.name)
            if source in mine and mine[source].withdrawn != row.withdrawn:
                # Withdrawn from one record of this person and entered under another: nothing happened to them.
                del mine[source]
            else:
                mine[source] = row
    return {subject: list(rows.values()) for subject, rows in found.items()}


class Move(StrEnum):
    """What happened to a record and a person."""

    MERGED = "merged with"  # in the CRM; the record that lost is named
    LINKED = "linked with"
    PARTED = "no longer linked with"


class Moved(NamedTuple):
    """A record that came to a person, or went."""

    move: Move
    record: str
    at: datetime


def moved_since(tx: Connection, run: int, since: Mapping[int, datetime]) -> dict[int, list[Moved]]:
    """Records that this run, or one before it that nobody was scored after, linked with each subject or took away."""
    identities, contacts = schema.identities, schema.contacts
    lost = contacts.alias()
    # An older record that lost keeps the subject, and the survivor comes to it. The sum keeps SQLite from going through
    # all contacts of the connection for each.
    merged = (
        select(func.min(lost.c.record))
        .where(lost.c.connection + 0 == contacts.c.connection, lost.c.merged_into == contacts.c.record)
        .where(lost.c.subject == identities.c.subject)
        .scalar_subquery()
    )
    found: dict[int, list[Moved]] = defaultdict(list)
    for ids in chunks(since):
        ever = select(identities.c.contact).where(identities.c.subject.in_(ids))
        new = or_(identities.c.run == run, identities.c.recorded > min(since[each] for each in ids))
        query = (
            select(identities, contacts.c.record, contacts.c.merged_into, merged.label("lost"))
            .join(contacts, contacts.c.id == identities.c.contact)
            .where(identities.c.contact.in_(select(identities.c.contact).where(identities.c.contact.in_(ever), new)))
            .order_by(identities.c.contact, identities.c.id)
        )
        for _, rows in groupby(tx.execute(query), lambda row: int(row.contact)):
            known = list(rows)
            for subject in {row.subject for row in known}.intersection(ids):
                found[subject] += _moved(known, subject, run, since[subject])
    return found


def _moved(known: Sequence[Row[Any]], subject: int, run: int, since: datetime) -> Iterator[Moved]:
    """What all that is known of whose a record was says of one subject."""
    now = known[-1]
    old = [row.subject for row in known if row.run != run and row.recorded <= since]
    was_theirs, is_theirs = old[-1:] == [subject], now.subject == subject
    if is_theirs and not was_theirs:
        merged = now.record if now.merged_into else now.lost
        yield Moved(Move.MERGED if merged else Move.LINKED, merged or now.record, now.recorded)
    elif was_theirs and not is_theirs:
        yield Moved(Move.PARTED, now.record, now.recorded)
