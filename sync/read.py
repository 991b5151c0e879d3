"""Steps 3 and 4 of a sync: read what changed, judge it here, and enter it, page by page."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, Row

from config.locale import Texts
from connectors.protocol import FieldSet, ObjectQuery, Page, Window
from scoring.mapping import Mapping
from scoring.opening import opening_of
from scoring.records import Malformed, Problem, Record, Value, kept
from scoring.review import YEAR, add_months
from scoring.rules import Programme
from scoring.signals import LONGEST_ID, Judged, Judgement, judge
from sync import edits, lease, rejects
from sync.job import OVERLAP, Job, Progress, Source
from sync.ledger import database, facts, people
from sync.ledger.contacts import ContactFacts, store_contacts
from sync.ledger.facts import Entry
from sync.report import SHOWN, ObjectReport, Report
from sync.values import as_json
from sync.withheld import Withheld

_FOREIGN = "not by hand, for computed_at moved along (an older backup of the ledger, a merge); brought in line"


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
    texts: Texts
    programme: Programme
    withheld: Withheld

    @property
    def day(self) -> date:
        """The civil day of this run."""
        return self.now.astimezone(self.zone).date()


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


def read(job: Job, reading: Reading, report: Report) -> None:
    """Read every object of a connection; who is new or changed is linked in the transaction that says so.

    Raises:
        CrmError: the CRM did not answer; what was committed stands, and the cursor of that object stays where it was.
        StoppedError: this run was asked to end.
    """
    reading.source.progress.bind(job.begin, reading.entry.connection)  # anew: the cursors may just have been reset
    for query in queries(reading.mapping, reading.fields):
        _read_object(job, reading, query, report)


def _read_object(job: Job, reading: Reading, query: ObjectQuery, report: Report) -> None:
    here = report.connections[reading.name]
    found = here.objects.setdefault(query.object, ObjectReport())
    with job.begin() as tx:
        last = None if job.full else database.cursor(tx, reading.entry.connection, query.object)
    # The window is fixed before the first request, and ends a little before now: late commits and lagging indexes
    # are met by the next one, which overlaps (SR01, SR02, HR07).
    # A first fill reads up to now, so that nobody is scored on less than there is; the next window overlaps it.
    settled = reading.now - reading.source.connector.settle
    window = Window(last - OVERLAP, settled) if last else Window(None, reading.now)
    if window.start is not None and window.start >= window.end:
        return
    # Who asks for everything means now, and not what an earlier run that was stopped has seen of it.
    with reading.source.progress.aside() if job.full else nullcontext():
        doubtful = enter(
            job, reading, query.object, reading.source.connector.changes(query, window), report, found=found
        )
    if doubtful:
        job.watch(Progress("link"))
    with job.begin() as tx:
        link(tx, reading, doubtful, report)
        database.promote_cursor(tx, reading.entry.connection, query.object, settled)
        reading.source.progress.keep(tx)


def enter(
    job: Job,
    reading: Reading,
    object_: str,
    pages: Iterable[Page],
    report: Report,
    *,
    found: ObjectReport,
    changed: bool = True,
) -> set[int]:
    """Enter pages as they come, each in one transaction with how far the connector was before it; the doubtful ones.

    `changed`: these records are read because they changed, or because a person asked for all of them.
    """
    here, doubtful = report.connections[reading.name], set[int]()
    for page in pages:
        with job.begin() as tx:
            if object_ == reading.mapping.subject.object:
                doubtful |= _enter_people(tx, job, reading, page, report)
                if changed:
                    rejects.stir(tx, reading.entry.connection, [record.id for record in page.records], reading.now)
            _enter(tx, reading, object_, page, found)
            reading.source.progress.keep(tx)
        here.merged += sum(record.merged_into is not None for record in page.records)
        found.read += len(page.records)
        job.watch(Progress("read", reading.name, object_, found.read))
        job.pause()
        del page  # it is entered: let go before the next one is made
    return doubtful


def link(tx: Connection, reading: Reading, doubtful: set[int], report: Report) -> None:
    """A page may have decided what an earlier one could not: only what is still unclear is told."""
    if not doubtful:
        return
    lease.alone(tx, reading.entry.programme)
    linked = people.link(tx, reading.entry, doubtful)
    report.linked += linked.moved
    told = [f"{connection}:{record} {why}" for connection, record, why in linked.ambiguous]
    report.ambiguous = list(dict.fromkeys([*report.ambiguous, *told]))[:SHOWN]


def _enter_people(tx: Connection, job: Job, reading: Reading, page: Page, report: Report) -> set[int]:
    """A page of the subjects' own object: contacts, what people edited, and who is whom; the doubtful ones."""

    def sent(row: Row[Any], facts_: ContactFacts) -> MappingOf[str, Any]:
        return edits.unnoted(tx, entry, row, facts_.ours, texts=reading.texts, programme_at=job.programme_at)

    entry, here = reading.entry, report.connections[reading.name]
    lease.alone(tx, entry.programme)
    records = reading.withheld.admitted(tx, entry.connection, page.records)
    contacts = [_contact(record, reading) for record in records]
    changes = store_contacts(tx, entry, contacts, restore=job.edited_by_hand != "report", sent=sent)
    found = {each.record: each.ours for each in contacts}
    for record, names in changes.edited:
        edited, why = {name: found[record][name] for name in names}, ""
        if job.edited_by_hand == "adjust":
            why = edits.adjust(tx, entry, record, edited, day=reading.day, programme=reading.programme)
        here.edited.append(f"{reading.name}:{record} {', '.join(names)}" + (f"; not taken, {why}" if why else ""))
    for record, names in changes.foreign:
        here.edited.append(f"{reading.name}:{record} {', '.join(names)}: {_FOREIGN}")
    del here.edited[SHOWN:]
    linked = people.link(tx, entry, changes.touched)
    report.linked += linked.moved
    return set(changes.touched) if linked.ambiguous else set()


def _enter(tx: Connection, reading: Reading, object_: str, page: Page, found: ObjectReport) -> None:
    judgements = {
        record.id: judge(record, reading.mapping, connection=reading.name, zone=reading.zone) for record in page.records
    }
    erased = {record for record, judgement in judgements.items() if _is_erased(reading, object_, record, judgement)}
    kept = {
        record: [kept for each in judgement.signals if (kept := _within(each, reading))]
        for record, judgement in judgements.items()
    }
    unreadable = {record: judgement.unreadable for record, judgement in judgements.items() if judgement.unreadable}
    lease.beside(tx, reading.entry.programme)
    changes = facts.store_signals(tx, reading.entry, object_, kept, unreadable)
    problems: list[Problem] = [*page.problems, *(p for judgement in judgements.values() for p in judgement.problems)]
    problems = [problem for problem in problems if problem.id not in erased]
    problems += [problem for some in kept.values() for each in some if (problem := _impossible(each, reading))]
    facts.store_problems(tx, reading.entry, problems)
    for record in page.records:
        verdict = _verdict(record, judgements[record.id], kept=bool(kept[record.id]))
        found.verdicts["erased" if record.id in erased else verdict] += 1
    for word in ("made", "changed", "withdrawn", "same"):
        found.signals[word] += getattr(changes, word)


def _is_erased(reading: Reading, object_: str, record: str, judgement: Judgement) -> bool:
    """Whether a record is of somebody who was erased, or all that it gives is about such people."""
    withheld, here = reading.withheld, reading.entry.connection
    if object_ == reading.mapping.subject.object and withheld.has(here, record):
        return True
    return bool(judgement.signals) and all(withheld.has(here, each.contact) for each in judgement.signals)


def _within(judged: Judged, reading: Reading) -> Judged | None:
    """What of a signal lies within our reach; nothing of one about somebody who was erased.

    A contract that began earlier counts from its first anniversary there: reviews stay on its own day, and no year that
    nobody looked into is taken for a clean one. What was carried over is of any age.
    """
    signal, programme, horizon = judged.signal, reading.programme, reading.horizon
    if reading.withheld.has(reading.entry.connection, judged.contact):
        return None
    if signal.on >= horizon or signal.name in programme.openings:
        return judged
    if signal.name not in programme.contracts:
        return None
    years = horizon.year - signal.on.year
    on = add_months(signal.on, YEAR * years)
    on = on if on >= horizon else add_months(signal.on, YEAR * (years + 1))
    if signal.until is not None and signal.until <= on:
        return None
    return replace(judged, signal=replace(signal, on=on))


def _impossible(judged: Judged, reading: Reading) -> Problem | None:
    """What is carried over, but under these rules cannot be: kept, and not counted."""
    signal = judged.signal
    if signal.carried is None:
        return None
    try:
        opening_of(signal.carried, reading.programme.rules)
    except ValueError as error:
        cure = "correct the record; until then nothing is carried over"
        return Problem(signal.source.object, signal.source.id, signal.name, str(error), cure)
    return None


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
    if cross and (
        len(cross) > LONGEST_ID or reading.withheld.named(rule.cross_crm, cross)
    ):  # too long: told by `judge`
        cross = None
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
    return None if value is None or isinstance(value, Malformed) else kept(str(value)) or None


def history_start(now: datetime, years: int) -> date:
    """The first day whose signals a first fill counts."""
    return (now - timedelta(days=history_days(years))).date()


def history_days(years: int) -> int:
    """So many years as days, wherever they lie."""
    return round(365.25 * years)
