"""Steps 3 and 4 of a sync: read what changed, judge it here, and enter it, page by page."""

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import Connection

from connectors.protocol import FieldSet, ObjectQuery, Page, Window
from scoring.mapping import Mapping
from scoring.records import Malformed, Problem, Record, Value
from scoring.signals import Judgement, judge
from sync.job import OVERLAP, Job, Progress, Source
from sync.ledger import database, facts
from sync.ledger.facts import ContactFacts, Entry
from sync.report import SHOWN, ConnectionReport, ObjectReport
from sync.values import as_json


@dataclass(frozen=True, slots=True)
class Reading:
    """One connection in one run: who reads what, with which rules, until when."""

    name: str
    source: Source
    mapping: Mapping  # without what this org does not have
    fields: FieldSet
    entry: Entry
    zone: tzinfo
    horizon: date  # older signals are too old to count, and are not kept
    now: datetime


def queries(mapping: Mapping, fields: FieldSet | None) -> list[ObjectQuery]:
    """What a mapping needs of each object, the subjects' own object first."""
    return [
        ObjectQuery(
            object=name,
            fields=mapping.fields_of(name),
            links=mapping.links_of(name),
            ours=fields if name == mapping.subject.object else None,
        )
        for name in mapping.objects
    ]


def read(job: Job, reading: Reading, report: ConnectionReport) -> set[int]:
    """Read every object of a connection; the contacts that must be linked again.

    Raises:
        CrmError: the CRM did not answer; what was committed stands, and the cursor of that object stays where it was.
    """
    touched: set[int] = set()
    for query in queries(reading.mapping, reading.fields):
        touched |= _read_object(job, reading, query, report)
    return touched


def _read_object(job: Job, reading: Reading, query: ObjectQuery, report: ConnectionReport) -> set[int]:
    found = report.objects.setdefault(query.object, ObjectReport())
    with job.ledger.begin() as tx:
        last = None if job.full else database.cursor(tx, reading.entry.connection, query.object)
    # The window is fixed before the first request, and ends a little before now: late commits and lagging indexes
    # are met by the next one, which overlaps (SR01, SR02, HR07).
    window = Window(last - OVERLAP if last else None, reading.now - reading.source.connector.settle)
    touched: set[int] = set()
    if window.start is not None and window.start >= window.end:
        return touched
    for page in reading.source.connector.changes(query, window):
        with job.ledger.begin() as tx:
            if query.object == reading.mapping.subject.object:
                contacts = [_contact(record, reading) for record in page.records]
                restore = job.edited_by_hand == "restore"
                changes = facts.store_contacts(tx, reading.entry, contacts, restore=restore)
                touched |= changes.touched
                for record, names in changes.edited:
                    report.edited.append(f"{reading.name}:{record} {', '.join(names)}")
            _enter(tx, reading, query.object, page, found)
        report.merged += sum(record.merged_into is not None for record in page.records)
        found.read += len(page.records)
        job.watch(Progress("read", reading.name, query.object, found.read))
    del report.edited[SHOWN:]
    with job.ledger.begin() as tx:
        database.promote_cursor(tx, reading.entry.connection, query.object, window.end)
    return touched


def _enter(tx: Connection, reading: Reading, object_: str, page: Page, found: ObjectReport) -> None:
    judgements = {
        record.id: judge(record, reading.mapping, connection=reading.name, zone=reading.zone) for record in page.records
    }
    kept = {
        record: [each for each in judgement.signals if each.signal.on >= reading.horizon]
        for record, judgement in judgements.items()
    }
    changes = facts.store_signals(tx, reading.entry, object_, kept)
    problems: list[Problem] = [*page.problems, *(p for judgement in judgements.values() for p in judgement.problems)]
    facts.store_problems(tx, reading.entry, problems)
    for record in page.records:
        found.verdicts[_verdict(record, judgements[record.id], kept=bool(kept[record.id]))] += 1
    for word in ("made", "changed", "withdrawn", "same"):
        found.signals[word] += getattr(changes, word)


def _verdict(record: Record, judgement: Judgement, *, kept: bool) -> str:
    """The one word for what a record came to, the worst first."""
    if record.merged_into:
        return "merged"
    if record.deleted:
        return "deleted"
    if judgement.problems:
        return "problem"
    if judgement.no_subject:
        return "no subject"
    if kept:
        return "signal"
    return "too old" if judgement.signals else "no signal"


def _contact(record: Record, reading: Reading) -> ContactFacts:
    rule = reading.mapping.subject
    cross = _text(record.values, rule.cross_id)
    return ContactFacts(
        record=record.id,
        email=_text(record.values, rule.email),
        cross_id=cross,
        cross_crm=rule.cross_crm if cross else None,
        gone=record.deleted,
        merged_into=record.merged_into,
        ours={name: as_json(value) for name, value in record.ours.items()},
    )


def _text(values: MappingOf[str, Value], field: str) -> str | None:
    value = values.get(field) if field else None
    return None if value is None or isinstance(value, Malformed) else str(value) or None


def history_start(now: datetime, years: int) -> date:
    """The first day whose signals a first fill counts."""
    return (now - timedelta(days=round(365.25 * years))).date()
