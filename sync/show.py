"""Step 7 of a sync: compare with what was last written, write the difference, record each outcome as it arrives."""

from collections.abc import Iterator, Mapping
from typing import Any

from config.locale import Texts
from connectors.protocol import FieldSet, Outcome, OutcomeKind, Update
from scoring.explain import from_json as standing_from
from sync.job import PAGE, Job, Progress
from sync.ledger import results
from sync.ledger.facts import Entry
from sync.ledger.results import Showing, Written
from sync.read import Reading
from sync.report import SHOWN, ConnectionReport
from sync.values import difference, for_connector, values_of

BATCH = 200  # outcomes entered in one transaction


def show(job: Job, reading: Reading, texts: Texts, report: ConnectionReport) -> None:
    """Bring every record of one connection up to its subject's standing.

    Raises:
        CrmError: the CRM stopped answering; what it accepted is recorded, the rest is still to be shown next time.
    """
    entry, fields = reading.entry, reading.fields
    with job.ledger.begin() as tx:
        living = results.count_living(tx, entry.connection)
    pending: dict[str, tuple[Showing, Mapping[str, Any]]] = {}
    outbox = _outbox(job, texts, fields, entry, pending)
    if job.dry:
        report.outcomes["would write"] += sum(1 for _ in outbox)
    else:
        _record(job, entry, reading.source.connector.write(fields, outbox), pending, report)
    report.outcomes["unchanged"] += living - sum(report.outcomes.values())


def _outbox(
    job: Job, texts: Texts, fields: FieldSet, entry: Entry, pending: dict[str, tuple[Showing, Mapping[str, Any]]]
) -> Iterator[Update]:
    """The updates, computed as the connector asks for them; records that need none are marked on the way."""
    last = 0
    while True:
        with job.ledger.begin() as tx:
            showings = results.to_show(tx, entry.connection, limit=PAGE, after=last)
            if not showings:
                return
            last = showings[-1].contact
            fresh: list[tuple[Showing, dict[str, Any]]] = []
            same: list[Showing] = []
            for showing in showings:
                standing = standing_from(showing.breakdown)
                wanted = values_of(standing, texts, rules=showing.rules, computed_at=showing.computed_at)
                change = difference(wanted, showing.written)
                if change:
                    fresh.append((showing, change))
                else:
                    same.append(showing)
            results.mark_shown(tx, same)
        for showing, change in fresh:
            pending[showing.record] = (showing, change)
            yield Update(showing.record, for_connector(change, fields))


def _record(
    job: Job,
    entry: Entry,
    outcomes: Iterator[Outcome],
    pending: dict[str, tuple[Showing, Mapping[str, Any]]],
    report: ConnectionReport,
) -> None:
    arrived: list[Written] = []

    def enter() -> None:
        with job.ledger.begin() as tx:
            results.store_writes(tx, entry, arrived)
        arrived.clear()
        job.watch(Progress("write", report.crm, done=report.outcomes["written"]))

    try:
        for outcome in outcomes:
            showing, change = pending.pop(outcome.id)
            report.outcomes[outcome.kind.value] += 1
            if outcome.kind is not OutcomeKind.WRITTEN and len(report.rejects) < SHOWN:
                report.rejects.append(f"{outcome.id}: {outcome.kind.value}: {outcome.code} {outcome.reason}".strip())
            arrived.append(Written(showing, outcome.kind.value, outcome.code, outcome.reason, change))
            if len(arrived) >= BATCH:
                enter()
    finally:
        if arrived:
            enter()
