"""Undo: put back what stood on the records before a run, and write nothing more until a person says `resume`.

It is a run of its own, with its own writes, and so it can be undone as well. What changed since, by whomever, is left
as it is, and listed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, insert, select, update

from connectors.errors import CrmError
from connectors.protocol import ObjectQuery, Outcome, OutcomeKind, Update, Window
from sync import hold
from sync.fields import field_set
from sync.job import OVERLAP, PAGE, Job
from sync.ledger import database, schema
from sync.ledger.facts import Entry
from sync.opening import Opened, give_up, opened, state_of
from sync.report import SHOWN, ConnectionReport, Report
from sync.show import BATCH
from sync.values import as_json, for_connector


class NothingToUndoError(Exception):
    """There is no such run, it wrote nothing, or that is not kept any more; the one line says which."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One record: what a run put there, what stood there before, and what was last written or found there."""

    contact: int
    record: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    written: Mapping[str, Any]


def undo(job: Job, run: int) -> Report:
    """Put back the values before `run` on every record that it wrote, and put its connections on hold.

    Raises:
        NothingToUndoError: there is no such run, it wrote nothing, or that is not kept any more.
        LedgerError: the ledger cannot be used.
    """
    with job.ledger.begin() as tx:
        concerned = _concerned(tx, job, run)
    missing = sorted(concerned - set(job.sources))
    if missing:
        raise NothingToUndoError(
            f"run {run} wrote to {', '.join(missing)}, which the settings no longer name; name it there again"
        )
    job = replace(job, sources={name: job.sources[name] for name in sorted(concerned)})
    with opened(job, kind="undo") as course:
        course.report.notes.append(f"undo of run {run}")
        with course.job.begin() as tx:
            # First: a sync that comes before this is finished must not write it all again; nor, where another run or
            # a CRM that is away keeps us from putting back yet, write still more.
            hold.put(tx, course.programme_id, concerned, course.report.run)
        for name in course.rows:
            try:
                _undo(course, name, run)
            except CrmError as error:
                give_up(course.report.connections[name], error)
        course.report.state = state_of(course.report)
    return course.report


def _concerned(tx: Connection, job: Job, run: int) -> set[str]:
    """The connections that a run wrote to, or may be about to."""
    runs, programmes, writes = schema.runs, schema.programmes, schema.writes
    known = (
        select(runs.c.kind, runs.c.state, runs.c.report)
        .join(programmes, programmes.c.id == runs.c.programme)
        .where(runs.c.id == run, programmes.c.name == job.programme)
    )
    row = tx.execute(known).first()
    if row is None:
        raise NothingToUndoError(f"there is no run {run}; `{job.command('runs')}` lists them")
    contacts, connections = schema.contacts, schema.connections
    query = (
        select(connections.c.name)
        .join(contacts, contacts.c.connection == connections.c.id)
        .join(writes, writes.c.contact == contacts.c.id)
        .where(writes.c.run == run, writes.c.outcome == "written")
        .distinct()
    )
    found = set(tx.execute(query).scalars())
    writes_at_all = row.kind in ("sync", "undo")
    if not found and writes_at_all and row.state == "running":
        return set(job.sources)  # it may be writing just now: nothing more, whatever it has not noted yet
    if not found and writes_at_all and row.state == "done" and not row.report:
        raise NothingToUndoError(f"what run {run} wrote is not kept any more (`retention.runs`): it cannot be undone")
    if not found:
        raise NothingToUndoError(f"run {run} wrote nothing: there is nothing to undo")
    return found


def _undo(course: Opened, name: str, run: int) -> None:
    job, report, row = course.job, course.report.connections[name], course.rows[name]
    source = job.sources[name]
    fields = field_set(course.programme, source.mapping.subject.object, job.texts(row.language), job.prefix)
    with job.begin() as tx:
        last = database.cursor(tx, row.id, fields.object)
    # What was edited since the last sync is read to this moment, not only to where a sync's window ends.
    window = Window(last - OVERLAP if last else None, course.now)
    found: dict[str, Mapping[str, Any]] = {}
    with source.progress.aside():  # what an undo that died has seen is lost with it: look at everything again
        for page in source.connector.changes(ObjectQuery(fields.object, (), ours=fields), window):
            found.update({each.id: {k: as_json(v) for k, v in each.ours.items()} for each in page.records})
            job.pause()
    pending: dict[str, _Step] = {}

    def outbox() -> Iterator[Update]:
        for step in _steps(job, row.id, run):
            if job.stopping():
                return
            if _may_go_back(step, found.get(step.record, {}), report):
                pending[step.record] = step
                yield Update(step.record, for_connector(step.before, fields))

    _write(course, name, source.connector.write(fields, outbox()), pending)
    job.pause()


def _may_go_back(step: _Step, found: Mapping[str, Any], report: ConnectionReport) -> bool:
    """Whether a record still shows what the run put there; what it shows else is counted and listed."""
    here = {name: found.get(name, step.written.get(name)) for name in step.after}
    if here == step.before:
        if all(step.written.get(name) == value for name, value in step.before.items()):
            report.outcomes["unchanged"] += 1
            return False
        return True  # an undo was killed before it noted this: send it again, and note it
    differing = sorted(name for name, value in step.after.items() if here[name] != value)
    if differing:
        report.outcomes["changed since"] += 1
        if len(report.edited) < SHOWN:
            report.edited.append(f"{step.record} {', '.join(differing)}: changed since, left as it is")
    return not differing


def _write(course: Opened, name: str, outcomes: Iterator[Outcome], pending: dict[str, _Step]) -> None:
    report, entry = course.report.connections[name], course.entry(course.rows[name].id)
    arrived: list[tuple[_Step, Outcome]] = []

    def enter() -> None:
        with course.job.begin() as tx:
            for step, outcome in arrived:
                _note(tx, entry, step, outcome)
        arrived.clear()

    try:
        for outcome in outcomes:
            arrived.append((pending.pop(outcome.id), outcome))
            report.outcomes[outcome.kind.value] += 1
            if outcome.kind is not OutcomeKind.WRITTEN and len(report.rejects) < SHOWN:
                report.rejects.append(f"{outcome.id}: {outcome.kind.value}: {outcome.code} {outcome.reason}".strip())
            if len(arrived) >= BATCH:
                enter()
    finally:
        enter()


def _steps(job: Job, connection: int, run: int) -> Iterator[_Step]:
    """What a run wrote on this connection's living records."""
    writes, contacts = schema.writes, schema.contacts
    last = 0
    while True:
        query = (
            select(writes.c.id, contacts.c.id, contacts.c.record, writes.c.before, writes.c.after, contacts.c.written)
            .join(contacts, contacts.c.id == writes.c.contact)
            .where(
                writes.c.run == run,
                writes.c.outcome == "written",
                writes.c.id > last,
                contacts.c.connection == connection,
                contacts.c.gone.is_(False),
            )
            .order_by(writes.c.id)
            .limit(PAGE)
        )
        with job.begin() as tx:
            rows = tx.execute(query).all()
        if not rows:
            return
        last = rows[-1][0]
        yield from (_Step(row[1], row[2], row[3], row[4], row[5] or {}) for row in rows)


def _note(tx: Connection, entry: Entry, step: _Step, outcome: Outcome) -> None:
    """Keep what was put back; the record shows no standing from now on, and is written again after `resume`."""
    contacts = schema.contacts
    tx.execute(
        insert(schema.writes).values(
            run=entry.run,
            recorded=entry.at,
            contact=step.contact,
            outcome=outcome.kind.value,
            code=outcome.code,
            reason=outcome.reason,
            before=dict(step.after),
            after=dict(step.before),
        )
    )
    here = contacts.c.id == step.contact
    if outcome.kind is OutcomeKind.GONE:
        tx.execute(update(contacts).where(here).values(gone=True))
    elif outcome.kind is OutcomeKind.WRITTEN:
        tx.execute(update(contacts).where(here).values(written={**step.written, **step.before}, shown=None))
