"""Looking back: runs and what they did, contacts and what was shown of them. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from sync.ledger import schema
from sync.ledger.contacts import digest


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the ledger remembers it."""

    id: int
    started: datetime
    ended: datetime | None
    kind: str
    state: str
    rules: str
    report: Mapping[str, Any]


def runs(tx: Connection, programme: str, *, limit: int) -> list[RunRow]:
    """The latest runs, newest first."""
    return [_run(row) for row in tx.execute(_runs(programme).order_by(schema.runs.c.id.desc()).limit(limit))]


def run(tx: Connection, programme: str, number: int) -> RunRow | None:
    """One run, if there is one of that number."""
    row = tx.execute(_runs(programme).where(schema.runs.c.id == number)).one_or_none()
    return _run(row) if row else None


def last_sync(tx: Connection, programme: str) -> RunRow | None:
    """The last sync that came to its end: until then, whoever has an older standing moved nowhere."""
    ended = (schema.runs.c.kind == "sync") & (schema.runs.c.state == "done")
    row = tx.execute(_runs(programme).where(ended).order_by(schema.runs.c.id.desc()).limit(1)).one_or_none()
    return _run(row) if row else None


def last_purge(tx: Connection, programme: str) -> RunRow | None:
    """The last purge that took signals away, or whose report is gone itself."""
    query = _runs(programme).where(schema.runs.c.kind == "purge").order_by(schema.runs.c.id.desc())
    purges = (_run(row) for row in tx.execute(query))
    return next((each for each in purges if not each.report or any(each.report["deleted"].values())), None)


def _runs(programme: str) -> Any:
    table, programmes = schema.runs, schema.programmes
    return select(table).join(programmes, programmes.c.id == table.c.programme).where(programmes.c.name == programme)


def _run(row: Row[Any]) -> RunRow:
    return RunRow(row.id, row.started, row.ended, row.kind, row.state, row.rules, row.report)


def outcomes(tx: Connection, run_id: int) -> list[dict[str, Any]]:
    """What happened to each record that a run touched, with what stood there before and after."""
    table, contacts, connections = schema.writes, schema.contacts, schema.connections
    query = (
        select(table, contacts.c.record, connections.c.name)
        .join(contacts, contacts.c.id == table.c.contact)
        .join(connections, connections.c.id == contacts.c.connection)
        .where(table.c.run == run_id)
        .order_by(table.c.id)
    )
    return [
        {
            "record": f"{row.name}:{row.record}",
            "outcome": row.outcome,
            "code": row.code,
            "reason": row.reason,
            "before": row.before,
            "after": row.after,
        }
        for row in tx.execute(query)
    ]


def problems(tx: Connection, run_id: int, *, limit: int | None = None) -> list[dict[str, Any]]:
    """What was wrong with which record that a run read; the first `limit` of it."""
    table, connections = schema.problems, schema.connections
    query = (
        select(table, connections.c.name)
        .join(connections, connections.c.id == table.c.connection)
        .where(table.c.run == run_id)
        .order_by(table.c.id)
        .limit(limit)
    )
    return [
        {
            "connection": row.name,
            "object": row.object,
            "record": row.record,
            "field": row.field,
            "what": row.what,
            "cure": row.cure,
        }
        for row in tx.execute(query)
    ]


def has_signal(tx: Connection, name: str) -> bool:
    """Whether there ever was a signal of that name."""
    table = schema.signals
    return tx.execute(select(table.c.id).where(table.c.name == name).limit(1)).first() is not None


@dataclass(frozen=True, slots=True)
class SubjectRow:
    """One subject, asked for by its record `contact`: its records, the language of the first, and what they show."""

    subject: int
    contact: int
    records: tuple[str, ...]  # connection:id, living ones first
    language: str
    standing: Row[Any] | None  # of `standings`; its breakdown may have to be made again (`sync.standings`)
    unwritten: bool  # a living record shows something else: an undo, a brake, a refusal, a run that is not done


def subject(tx: Connection, programme: str, name: str) -> list[SubjectRow]:
    """Who is meant by `connection:id`, by a record id or by an e-mail address; more than one if that is ambiguous."""
    contacts, connections, programmes = schema.contacts, schema.connections, schema.programmes
    place, _, record = name.rpartition(":")
    wanted = contacts.c.email == digest(name) if "@" in name else contacts.c.record == record
    query = (
        select(contacts.c.subject, contacts.c.id)
        .join(connections, connections.c.id == contacts.c.connection)
        .join(programmes, programmes.c.id == connections.c.programme)
        .where(programmes.c.name == programme, wanted)
        .order_by(contacts.c.gone, contacts.c.id)
    )
    if place:
        query = query.where(connections.c.name == place)
    found: dict[int, int] = {}
    for row in tx.execute(query):
        found.setdefault(row.subject, row.id)  # by an address: the living record known the longest
    return [_subject(tx, subject_id, contact) for subject_id, contact in found.items()]


def _subject(tx: Connection, subject_id: int, contact: int) -> SubjectRow:
    contacts, connections = schema.contacts, schema.connections
    rows = tx.execute(
        select(contacts.c.record, contacts.c.gone, contacts.c.shown, connections.c.name, connections.c.language)
        .join(connections, connections.c.id == contacts.c.connection)
        .where(contacts.c.subject == subject_id)
        .order_by(contacts.c.gone, contacts.c.id)
    ).all()
    standings, current = schema.standings, schema.current
    shown = tx.execute(
        select(standings).join(current, current.c.standing == standings.c.id).where(current.c.subject == subject_id)
    ).one_or_none()
    return SubjectRow(
        subject_id,
        contact,
        tuple(f"{row.name}:{row.record}" for row in rows),
        rows[0].language,
        shown,
        shown is not None and any(row.shown != shown.id for row in rows if not row.gone),
    )


def programmes(tx: Connection) -> list[str]:
    """The names of all programmes that this ledger has, in order."""
    table = schema.programmes
    return list(tx.execute(select(table.c.name).order_by(table.c.name)).scalars())


def shown(tx: Connection, programme: str, connection: str) -> list[tuple[str, int, Mapping[str, Any], Row[Any]]]:
    """Every living record of a connection: its id, its subject, the values last written and the present standing."""
    contacts, connections, programmes = schema.contacts, schema.connections, schema.programmes
    current, standings = schema.current, schema.standings
    query = (
        select(standings, contacts.c.record, contacts.c.written)
        .join(connections, connections.c.id == contacts.c.connection)
        .join(programmes, programmes.c.id == connections.c.programme)
        .join(current, current.c.subject == contacts.c.subject)
        .join(standings, standings.c.id == current.c.standing)
        .where(programmes.c.name == programme, connections.c.name == connection, contacts.c.gone.is_(False))
        .order_by(contacts.c.id)
    )
    return [(row.record, row.subject, row.written or {}, row) for row in tx.execute(query)]
