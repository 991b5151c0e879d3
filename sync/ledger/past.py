"""Signals and who they belong to, as they were known at an instant."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from operator import itemgetter
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, case, select

from scoring.signal import Carried, Fact, Liability, Signal, Source
from sync.ledger import schema, zones
from sync.ledger.facts import about, chunks

_Place: TypeAlias = tuple[str, Callable[[datetime], datetime]]

LIABILITIES = {each.value: each for each in Liability}
_S = schema.signals.c
READ = (  # of an entry, in this order; what the first fill brought was known from the beginning
    _S.id, _S.connection, _S.object, _S.record, _S.name, _S.on_day, _S.liability, _S.amount, _S.currency, _S.reference,
    _S.days, _S.original, _S.key, _S.until, _S.carried, case((_S.initial, None), else_=_S.recorded), _S.withdrawn,
)  # fmt: skip


def signals_of(tx: Connection, subjects: Sequence[int], *, known_at: datetime | None = None) -> dict[int, list[Signal]]:
    """The last entry about every fact of each subject, linked as they were linked, and known, at an instant (now).

    Each leads back to those it corrected (`before`); withdrawn ones are among them, because a withdrawal that came too
    late does not hold (art. 8). What was recorded is given in the time zone that was in force then: that says the day.
    """
    table, contacts = schema.signals, schema.contacts
    of = owners(tx, subjects, known_at)
    places = _places(tx)
    rows: list[Row[Any]] = []
    for ids in chunks(of):
        query = (
            select(contacts.c.id, *READ)
            .join(contacts, about(contacts.c.connection, contacts.c.record))
            .where(contacts.c.id.in_(ids))
        )
        if known_at is not None:
            query = query.where(table.c.recorded <= known_at)
        rows += tx.execute(query)
    last: dict[int, dict[Fact, Signal]] = {subject: {} for subject in subjects}
    for row in sorted(rows, key=itemgetter(1)):
        _enter(last[of[row[0]]], _signal(row[1:], places))
    return {subject: list(facts.values()) for subject, facts in last.items()}


def _enter(last: dict[Fact, Signal], entry: Signal) -> None:
    """Put an entry where it belongs: after the one it corrects, or in its place if one run made both."""
    before = last.get(entry.fact)
    while before is not None and before.recorded == entry.recorded:
        before = before.before  # from one contact of a person to another: nothing happened to them
    if before is None and entry.withdrawn:
        last.pop(entry.fact, None)
        return
    last[entry.fact] = entry if before is None else replace(entry, before=before)


def owners(tx: Connection, subjects: Sequence[int], known_at: datetime | None) -> dict[int, int]:
    """Contact -> subject for everyone who belongs to one of these subjects, now or at that instant."""
    contacts, identities = schema.contacts, schema.identities
    found: dict[int, int] = {}
    for ids in chunks(subjects):
        if known_at is None:
            rows = tx.execute(select(contacts.c.id, contacts.c.subject).where(contacts.c.subject.in_(ids)))
            found.update((row.id, row.subject) for row in rows)
            continue
        ever = select(identities.c.contact).where(identities.c.subject.in_(ids))
        query = (
            select(identities.c.contact, identities.c.subject)
            .where(identities.c.contact.in_(ever), identities.c.recorded <= known_at)
            .order_by(identities.c.id)
        )
        then = {row.contact: row.subject for row in tx.execute(query)}
        found.update((contact, subject) for contact, subject in then.items() if subject in set(ids))
    return found


def _places(tx: Connection) -> dict[int, _Place]:
    """What is to be known of each connection: its name, and how an instant is told there."""
    table, known = schema.connections, zones.dating(tx)
    local = {programme: cache(each.local) for programme, each in known.items()}  # an instant is that of a whole run
    query = select(table.c.id, table.c.name, table.c.programme)
    return {row.id: (row.name, local.get(row.programme, zones.UNSETTLED.local)) for row in tx.execute(query)}


def _signal(row: Sequence[Any], places: Mapping[int, _Place]) -> Signal:
    """The signal of a row of `READ`, by place: reading columns by their names takes as long as all the rest."""
    (
        _, connection, object_, record, name, on, liability, amount, currency, reference,
        days, original, key, until, carried, recorded, withdrawn,
    ) = row  # fmt: skip
    name_, local = places[connection]
    source = Source(name_, object_, record)
    money = None if amount is None else Decimal(amount)
    brought = None if carried is None else Carried(**carried)
    return Signal(
        name, on, source, LIABILITIES[liability], money, currency, reference, days, original, key, until, brought,
        recorded and local(recorded), None, withdrawn,
    )  # fmt: skip
