"""What people decide about a subject: contests, adjustments, freezes; entries of the ledger, shown by the next sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from scoring.decision import Decision, Kind
from scoring.signal import Liability, Signal, Source
from sync import lease
from sync.ledger import database, past, schema
from sync.ledger.facts import chunks, wake_subjects


class NoSuchSignalError(Exception):
    """What was to be contested is not there, is more than one thing or no incident; the one line says what there is."""


@dataclass(frozen=True, slots=True)
class Subject:
    """About whom, in which programme."""

    programme: int
    id: int


def enter(tx: Connection, subject: Subject, decision: Decision, now: datetime) -> None:
    """Keep a decision, and make its subject due at once.

    Raises:
        LedgerError: the clock was set back.
    """
    lease.alone(tx, subject.programme)
    database.refuse_past(tx, subject.programme, now)
    source, name = decision.fact or (None, None)
    connection = None if source is None else _connection(tx, subject.programme, source.connection)
    tx.execute(
        insert(schema.decisions).values(
            recorded=now,
            programme=subject.programme,
            contact=_contact(tx, subject.id),
            kind=decision.kind.value,
            connection=connection,
            object=source.object if source else None,
            record=source.id if source else None,
            name=name,
            on_day=decision.on,
            coefficient=decision.coefficient,
            points=decision.points,
            until=decision.until,
            why=decision.reason,
            by=decision.by,
        )
    )
    wake_subjects(tx, [subject.id])


def decisions_of(
    tx: Connection, subjects: Sequence[int], *, known_at: datetime | None = None
) -> dict[int, tuple[Decision, ...]]:
    """What was decided about each subject, linked as they were linked, and known, at that instant (default now)."""
    table = schema.decisions
    found: dict[int, list[Decision]] = {subject: [] for subject in subjects}
    if tx.execute(select(table.c.id).limit(1)).first() is None:
        return dict.fromkeys(subjects, ())
    mine = past.owners(tx, subjects, known_at)
    names = {row.id: row.name for row in tx.execute(select(schema.connections.c.id, schema.connections.c.name))}
    for ids in chunks(mine):
        query = select(table).where(table.c.contact.in_(ids)).order_by(table.c.id)
        if known_at is not None:
            query = query.where(table.c.recorded <= known_at)
        for row in tx.execute(query):
            fact = None if row.record is None else (Source(names[row.connection], row.object, row.record), row.name)
            decision = Decision(
                Kind(row.kind),
                row.on_day,
                row.by,
                row.why,
                recorded=row.recorded,
                fact=fact,
                coefficient=row.coefficient,
                points=row.points,
                until=row.until,
            )
            found[mine[row.contact]].append(decision)
    return {subject: tuple(decisions) for subject, decisions in found.items()}


def signal_of(signals: Sequence[Signal], wanted: str, *, on: date | None = None) -> Signal:
    """The signal that a person means: by its name, its reference or its record's id, and by its day where needed.

    Raises:
        NoSuchSignalError: there is none, or more than one.
    """
    named = [each for each in signals if wanted in (each.name, each.reference, each.source.id)]
    fits = [each for each in named if on is None or each.on == on]
    if len(fits) == 1:
        return fits[0]
    known = "; ".join(
        f"{each.name} {each.reference} of {each.on} ({each.source.object} {each.source.id})"
        for each in sorted(fits or signals, key=lambda each: each.on)[-10:]
    )
    what = f"{wanted} is more than one signal" if fits else f"there is no signal {wanted}"
    raise NoSuchSignalError(f"{what} of this person; say which by its record's id: {known or 'there are none at all'}")


def incident_of(signals: Sequence[Signal], wanted: str, *, on: date | None = None) -> Signal:
    """The same, of what can be held against somebody.

    Raises:
        NoSuchSignalError: there is none, more than one, or it raises no coefficient whoever is right.
    """
    found = signal_of(signals, wanted, on=on)
    if found.liability is Liability.NONE:
        raise NoSuchSignalError(
            f"{found.name} {found.reference} of {found.on} is no incident of theirs: it raises no coefficient, "
            "and there is nothing to contest"
        )
    return found


def _contact(tx: Connection, subject: int) -> int:
    """The contact that a decision goes with when persons are split again: the living one known the longest."""
    table = schema.contacts
    query = select(table.c.id).where(table.c.subject == subject).order_by(table.c.gone, table.c.id).limit(1)
    return int(tx.execute(query).scalar_one())


def _connection(tx: Connection, programme: int, name: str) -> int:
    table = schema.connections
    query = select(table.c.id).where(table.c.programme == programme, table.c.name == name)
    return int(tx.execute(query).scalar_one())
