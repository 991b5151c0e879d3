"""What rested on a person who is erased, of others whom their records once made up one subject with.

Two people may have been taken for one for a while. What was computed and written then says things of both, and does not
follow any more from what is left.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from sync.ledger import operation, schema
from sync.ledger.facts import chunks, wake_subjects


class Span(NamedTuple):
    """From when until when a record belonged to a subject; without end: it still does."""

    subject: int
    start: datetime
    end: datetime | None


def forget(tx: Connection, contacts: Sequence[int], erased: Collection[int]) -> Counter[str]:
    """Delete standings and writes of others from the time when one of these contacts was theirs; how many rows."""
    rows: Counter[str] = Counter()
    table, writes, known = schema.standings, schema.writes, schema.contacts
    for span in _spans(tx, contacts):
        if span.subject in erased:
            continue
        theirs = select(table.c.id).where(table.c.subject == span.subject, _within(table, span))
        standings = list(tx.execute(theirs).scalars())
        rows["standings"] += len(standings)
        _drop(tx, standings)
        own = select(known.c.id).where(known.c.subject == span.subject)
        rows["writes"] += tx.execute(delete(writes).where(writes.c.contact.in_(own), _within(writes, span))).rowcount
    return rows


def _drop(tx: Connection, standings: Sequence[int]) -> None:
    """Standings, and whatever refers to them; who had one of them is scored anew."""
    contacts, current, rejects = schema.contacts, schema.current, operation.rejects
    for some in chunks(standings):
        subjects = list(tx.execute(select(current.c.subject).where(current.c.standing.in_(some))).scalars())
        wake_subjects(tx, subjects)
        tx.execute(update(current).where(current.c.standing.in_(some)).values(standing=None))
        tx.execute(update(contacts).where(contacts.c.shown.in_(some)).values(shown=schema.OTHERWISE))
        tx.execute(delete(rejects).where(rejects.c.standing.in_(some)))
        tx.execute(delete(schema.standings).where(schema.standings.c.id.in_(some)))


def _spans(tx: Connection, contacts: Sequence[int]) -> list[Span]:
    table = schema.identities
    spans: list[Span] = []
    for contact in contacts:
        said = tx.execute(select(table).where(table.c.contact == contact).order_by(table.c.id)).all()
        ends: list[datetime | None] = [each.recorded for each in said[1:]]
        spans += [Span(each.subject, each.recorded, end) for each, end in zip(said, [*ends, None], strict=True)]
    return spans


def _within(table: Table, span: Span) -> ColumnElement[bool]:
    """Recorded while the record belonged to the subject."""
    since: ColumnElement[bool] = table.c.recorded >= span.start
    return since if span.end is None else since & (table.c.recorded < span.end)
