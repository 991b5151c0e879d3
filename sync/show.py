"""Step 7 of a sync: compare with what was last written, write the difference, record each outcome as it arrives."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from connectors.protocol import Outcome, OutcomeKind, Update
from scoring.explain import from_json as standing_from
from scoring.records import kept
from sync import hold, lease, rejects
from sync.job import PAGE, Job, Progress
from sync.ledger import results, schema
from sync.ledger.facts import wake_subjects
from sync.ledger.results import Showing, Written
from sync.read import Reading
from sync.report import SHOWN, ConnectionReport
from sync.standings import recalled
from sync.values import difference, for_connector, values_of

LONGEST_CODE = 120  # characters that the ledger keeps of a CRM's code
BATCH = 200  # outcomes entered in one transaction

Change = Mapping[str, Any]


@dataclass(slots=True)
class _Compared:
    """A page of records that may not show their standing: those to write, those that show it, those that rest."""

    fresh: list[tuple[Showing, Change]] = field(default_factory=list)
    same: list[Showing] = field(default_factory=list)
    resting: Counter[str] = field(default_factory=Counter)  # parked, waiting


@dataclass(frozen=True, slots=True)
class Shown:
    """How many records of a connection must have an outcome, and how many may not show their standing."""

    living: int
    apart: int

    @classmethod
    def of(cls, tx: Connection, connection: int) -> "Shown":
        """All records of a connection are gone through for it, once."""
        return cls(*results.count_shown(tx, connection))


def show(job: Job, reading: Reading, shown: Shown, report: ConnectionReport) -> None:
    """Bring every record of one connection up to its subject's standing.

    Raises:
        CrmError: the CRM stopped answering; what it accepted is recorded, the rest is still to be shown next time.
        StoppedError: this run was asked to end; what was sent has its outcome.
    """
    pending: dict[str, tuple[Showing, Change]] = {}
    outbox = _outbox(job, reading, pending, report) if shown.apart else iter(())
    if job.dry:
        report.outcomes["would write"] += sum(1 for _ in outbox)
    else:
        _record(job, reading, reading.source.connector.write(reading.fields, outbox), pending, report)
    job.pause()
    if report.state != "held":
        report.outcomes["unchanged"] += shown.living - sum(report.outcomes.values())


def pending(job: Job, reading: Reading, shown: Shown, *, roughly: bool) -> int:
    """How many records `show` would write; `roughly` is fast, and may be too high, but for a first fill."""
    with job.begin() as tx:
        if roughly and not is_first(tx, reading.entry.connection):
            return shown.apart
    return sum(len(page.fresh) for page in _compared(job, reading, mark=False))


def is_first(tx: Connection, connection: int) -> bool:
    """Whether no record of this connection shows a standing yet."""
    table = schema.contacts
    query = select(table.c.id).where(table.c.connection == connection, table.c.shown.is_not(None))
    return tx.execute(query.limit(1)).first() is None


def _compared(job: Job, reading: Reading, *, mark: bool) -> Iterator[_Compared]:
    """Page by page, what the records must show against what was written; with `mark` those that agree are settled."""
    last, connection = 0, reading.entry.connection
    while True:
        with job.begin() as tx:
            recall = partial(recalled, tx, programme_at=job.programme_at)
            showings = results.to_show(tx, connection, recall, limit=PAGE, after=last)
            if not showings:
                return
            last = showings[-1].contact
            resting = rejects.resting(tx, [showing.contact for showing in showings], reading.now)
            page = _Compared()
            for showing in showings:
                standing, word = resting.get(showing.contact, (None, ""))
                if standing == showing.standing:
                    page.resting[word] += 1
                    continue
                if showing.breakdown is None:
                    lease.beside(tx, reading.entry.programme)
                    wake_subjects(tx, [showing.subject])  # other rules have come since: scored again before it is shown
                    continue
                wanted = values_of(
                    standing_from(showing.breakdown),
                    reading.texts,
                    rules=showing.rules,
                    computed_at=showing.computed_at,
                )
                change = difference(wanted, showing.written)
                if change:
                    page.fresh.append((showing, change))
                else:
                    page.same.append(showing)
            if mark:
                results.mark_shown(tx, page.same)
        yield page
        if len(showings) < PAGE:
            return


def _outbox(
    job: Job, reading: Reading, pending: dict[str, tuple[Showing, Change]], report: ConnectionReport
) -> Iterator[Update]:
    """The updates, computed as the connector asks for them; records that need none are marked on the way."""
    for page in _compared(job, reading, mark=True):
        with job.begin() as tx:
            why = "" if job.dry else hold.why(tx, reading.entry.connection, job.command)
        if why:  # since an undo that came while this run was writing: what is on its way is its last
            report.state, report.message = "held", why
            return
        report.outcomes.update(page.resting)
        for showing, change in page.fresh:
            if job.stopping():
                return  # the connector sends what it has and tells the outcomes (OP11)
            pending[showing.record] = (showing, change)
            yield Update(showing.record, for_connector(change, reading.fields))


def _record(
    job: Job,
    reading: Reading,
    outcomes: Iterator[Outcome],
    pending: dict[str, tuple[Showing, Change]],
    report: ConnectionReport,
) -> None:
    arrived: list[Written] = []

    def enter() -> None:
        with job.begin() as tx:
            results.store_writes(tx, reading.entry, arrived)
            rejects.remember(tx, arrived, reading.now)
        arrived.clear()
        job.watch(Progress("write", reading.name, done=report.outcomes["written"]))

    try:
        for outcome in outcomes:
            showing, change = pending.pop(outcome.id)
            report.outcomes[outcome.kind.value] += 1
            if outcome.kind is not OutcomeKind.WRITTEN and len(report.rejects) < SHOWN:
                report.rejects.append(f"{outcome.id}: {outcome.kind.value}: {outcome.code} {outcome.reason}".strip())
            code, reason = kept(outcome.code)[:LONGEST_CODE], kept(outcome.reason)
            arrived.append(Written(showing, outcome.kind.value, code, reason, change))
            if len(arrived) >= BATCH:
                enter()
    finally:
        if arrived:
            enter()
