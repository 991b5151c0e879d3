"""What people decide about a subject: contests, adjustments, freezes; entries of the ledger, shown by the next sync."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from scoring.decision import Contest, Decision, Kind, decided
from scoring.numbers import in_force
from scoring.rules import Programme
from scoring.signal import Liability, Signal, Source
from sync import lease
from sync.ledger import database, past, schema, zones
from sync.ledger.facts import chunks, wake_subjects

MOST_POINTS = 1_000_000  # as in the rules


class NoSuchSignalError(Exception):
    """What was to be contested is not there, is more than one thing or no incident; the one line says what there is."""


@dataclass(frozen=True, slots=True)
class Subject:
    """About whom, in which programme; `contact` is the record that they were named by."""

    programme: int
    id: int
    contact: int | None = None


def enter(tx: Connection, subject: Subject, decision: Decision, now: datetime) -> None:
    """Keep a decision, and make its subject due at once.

    Raises:
        LedgerError: the clock was set back.
    """
    lease.alone(tx, subject.programme)
    database.refuse_past(tx, subject.programme, now)
    source, name = decision.fact or (None, None)
    # What was derived from other signals comes from no connection.
    connection = _connection(tx, subject.programme, source.connection) if source and source.connection else None
    tx.execute(
        insert(schema.decisions).values(
            recorded=now,
            programme=subject.programme,
            contact=_contact(tx, subject, decision),
            kind=decision.kind.value,
            connection=connection,
            object=source.object if source else None,
            record=source.id if source else None,
            name=name,
            made_of=_stored(tx, subject.programme, decision.made_of),
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
    """What was decided about each subject, linked as they were linked, and known, at that instant (default now).

    Each was recorded in the time zone that was in force then.
    """
    table = schema.decisions
    found: dict[int, list[Decision]] = {subject: [] for subject in subjects}
    if tx.execute(select(table.c.id).limit(1)).first() is None:
        return dict.fromkeys(subjects, ())
    mine = past.owners(tx, subjects, known_at)
    names = {None: ""} | {
        row.id: row.name for row in tx.execute(select(schema.connections.c.id, schema.connections.c.name))
    }
    known = zones.dating(tx)
    for ids in chunks(mine):
        query = select(table).where(table.c.contact.in_(ids)).order_by(table.c.id)
        if known_at is not None:
            query = query.where(table.c.recorded <= known_at)
        for row in tx.execute(query):
            source = Source(names.get(row.connection, ""), row.object, row.record)
            fact = None if row.record is None else (source, row.name)
            decision = Decision(
                Kind(row.kind),
                row.on_day,
                row.by,
                row.why,
                recorded=known.get(row.programme, zones.UNSETTLED).local(row.recorded),
                fact=fact,
                made_of=frozenset(Source(names[place], object_, id_) for place, object_, id_ in row.made_of or ()),
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
        f"{_called(each)} ({each.source.object} {each.source.id})"
        for each in sorted(fits or filter(_is_incident, signals), key=lambda each: each.on)[-10:]
    )
    what = f"{wanted} is more than one signal" if fits else f"there is no signal {wanted}"
    raise NoSuchSignalError(
        f"{what} of this person; say which by its record's id: {known or 'there is no incident at all'}"
    )


def incident_of(signals: Sequence[Signal], wanted: str, *, on: date | None = None) -> Signal:
    """The same, of what can be held against somebody.

    Raises:
        NoSuchSignalError: there is none, more than one, or it raises no coefficient whoever is right.
    """
    found = signal_of(signals, wanted, on=on)
    if not _is_incident(found):
        raise NoSuchSignalError(
            f"{_called(found)} is no incident of theirs: it raises no coefficient, and there is nothing to contest"
        )
    return found


def why_impossible(programme: Programme, *, coefficient: int | None = None, points: int | None = None) -> str:
    """Why no review and no balance under these rules can be what somebody would set; empty where one can."""
    rules = programme.rules
    if coefficient is not None and not rules.floor <= coefficient <= rules.cap:
        wanted, low, high = (f"{each / 100:.2f}" for each in (coefficient, rules.floor, rules.cap))
        return f"coefficient {wanted}: {rules.name} goes from {low} to {high}"
    if points is not None and programme.points_floor is not None and points < programme.points_floor:
        return f"points {points}: {programme.name} never goes below {programme.points_floor}"
    if points is not None and abs(points) > MOST_POINTS:
        return f"points {points}: {MOST_POINTS} are the most that can be set"
    return ""


def why_idle(known: Sequence[Decision], decision: Decision) -> str:
    """Why a decision would change nothing about what has been decided; empty where it does."""
    now = decided(known, decision.on)
    match decision.kind:
        case Kind.FREEZE if now.frozen:
            return f"frozen already, since {now.frozen.on}"
        case Kind.UNFREEZE if not now.frozen:
            return f"not frozen on {decision.on}"
        case Kind.LIFT if not any(in_force(each, decision.on) for each in (now.coefficient, now.points)):
            return f"not adjusted on {decision.on}"
    if decision.fact is None:
        return ""
    return _why_no_contest(decided(known, date.max).contests.get(decision.fact), decision)


def _why_no_contest(contest: Contest | None, decision: Decision) -> str:
    """The last word about a fact holds from its day on, so nothing is decided of a day before that."""
    if contest is None:
        return "" if decision.kind is Kind.CONTEST_OPEN else "not contested: `bonus-malus contest open` comes first"
    so_far = f"{_SO_ALREADY[contest.last.kind]} {{}} {contest.last.on}"
    if decision.on < contest.last.on:
        return f"{so_far.format('from')} on: what is decided of {decision.on} ends there"
    return so_far.format("already, since") if contest.last.kind is decision.kind else ""


_ENDS = {Kind.UNFREEZE: Kind.FREEZE, Kind.LIFT: Kind.ADJUST}
_SO_ALREADY = {
    Kind.CONTEST_OPEN: "contested",
    Kind.CONTEST_ACCEPT: "accepted",
    Kind.CONTEST_REJECT: "rejected",
}


def _called(signal: Signal) -> str:
    return " ".join(filter(None, (signal.name, signal.reference, f"of {signal.on}")))


def _is_incident(signal: Signal) -> bool:
    return signal.liability is not Liability.NONE


def _contact(tx: Connection, subject: Subject, decision: Decision) -> int:
    """The contact that a decision goes with when persons are split again.

    What ends another decision goes where that one went, a contest where its incident does; anything else with the
    record that was named, or the living one known the longest.
    """
    table = schema.contacts
    theirs = select(table.c.id).where(table.c.subject == subject.id)
    named = table.c.id == subject.contact
    living = theirs.order_by(table.c.gone, named.desc(), table.c.id).limit(1)
    return _answered(tx, subject, decision) or _accused(tx, subject, decision) or int(tx.execute(living).scalar_one())


def _answered(tx: Connection, subject: Subject, decision: Decision) -> int | None:
    """Where the last decision went that this one ends, or says more of."""
    table, contacts = schema.decisions, schema.contacts
    query = (
        select(table.c.contact)
        .join(contacts, contacts.c.id == table.c.contact)
        .where(contacts.c.subject == subject.id)
        .order_by(table.c.id.desc())
        .limit(1)
    )
    if decision.fact is not None:
        source, name = decision.fact
        # What was derived from other signals comes from no connection.
        place = _connection(tx, subject.programme, source.connection) if source.connection else None
        query = query.where(table.c.object == source.object, table.c.record == source.id, table.c.name == name)
        query = query.where(table.c.connection.is_not_distinct_from(place))
    elif decision.kind in _ENDS:
        query = query.where(table.c.kind == _ENDS[decision.kind].value)
    else:
        return None
    return tx.execute(query).scalar()


def _accused(tx: Connection, subject: Subject, decision: Decision) -> int | None:
    """Whose the incident is that a contest is about: of a derived one, who gave the most of what it was made of."""
    if decision.fact is None:
        return None
    signals, contacts, found = schema.signals, schema.contacts, Counter[int]()
    for source in decision.made_of or {decision.fact[0]}:
        if not source.connection:
            continue
        here = signals.c.connection == _connection(tx, subject.programme, source.connection)
        its = (signals.c.object == source.object) & (signals.c.record == source.id)
        whose = (contacts.c.connection == signals.c.connection) & (contacts.c.record == signals.c.contact)
        query = select(contacts.c.id).join(signals, whose).where(here, its, contacts.c.subject == subject.id)
        found.update(tx.execute(query.order_by(signals.c.id.desc()).limit(1)).scalars())
    return min(found, key=lambda contact: (-found[contact], contact), default=None)


def _stored(tx: Connection, programme: int, sources: Collection[Source]) -> list[tuple[int, str, str]] | None:
    """Records as the ledger keeps them, in order; None where there are none."""
    places = {name: _connection(tx, programme, name) for name in {source.connection for source in sources}}
    return sorted((places[source.connection], source.object, source.id) for source in sources) or None


def _connection(tx: Connection, programme: int, name: str) -> int:
    table = schema.connections
    query = select(table.c.id).where(table.c.programme == programme, table.c.name == name)
    return int(tx.execute(query).scalar_one())
