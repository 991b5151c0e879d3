"""Reconciliation: which records we know are no longer there, though no change ever said so (SR08, HR12).

A purge, an emptied recycle bin, a GDPR delete leave no trace in what changed. So now and then every id is read; what
is known and not among them is gone. The known ones are taken first: a record that is made meanwhile is not missed.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from connectors.errors import CrmError
from sync import lease
from sync.brake import more_than
from sync.fields import field_set
from sync.fit import fit
from sync.job import Job
from sync.ledger import facts, people, schema
from sync.ledger.contacts import ContactFacts, store_contacts
from sync.ledger.facts import chunks, in_force
from sync.opening import Opened, give_up, opened, state_of
from sync.report import ObjectReport, Report


def reconcile(job: Job, *, share: float, yes_remove: int = 0) -> Report:
    """Take away what is gone from every connection, unless that is more than `share` of an object's records.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    with opened(job, kind="reconcile") as course:
        for name in course.rows:
            try:
                _reconcile(course, name, share, yes_remove)
            except CrmError as error:
                give_up(course.report.connections[name], error)
        course.report.state = state_of(course.report)
    return course.report


def _reconcile(course: Opened, name: str, share: float, yes_remove: int) -> None:
    job, row, report = course.job, course.rows[name], course.report.connections[name]
    source = job.sources[name]
    subjects, asked = source.mapping.subject.object, list[str]()
    ours = field_set(course.programme, subjects, job.texts(row.language), job.prefix)
    for object_ in fit(job, source, ours, row.id, report).objects:
        with job.begin() as tx:
            known = _known(tx, row.id, object_, subjects=object_ == subjects)
        found = report.objects.setdefault(object_, ObjectReport())
        missing = set(known)
        for ids in source.connector.ids(object_):
            missing.difference_update(ids)
            found.read += len(ids)
            job.pause()
        if len(missing) > yes_remove and more_than(share, len(missing), of=len(known)):
            asked.append(
                f"{len(missing)} of {len(known)} records of {object_} are not there any more, more than "
                f"{share * 100:g}%: nothing of that was taken away; see whether this user still may see them all, "
                f"or say `{job.command(f'reconcile --yes-remove {len(missing)}')}`"
            )
            continue
        for records in chunks(sorted(missing)):
            with job.begin() as tx:
                _take_away(tx, course, name, object_, records)
        found.verdicts["deleted"] += len(missing)
    if asked:
        report.state, report.message = "asked", "; ".join(asked)


def _take_away(tx: Connection, course: Opened, name: str, object_: str, records: Sequence[str]) -> None:
    entry = course.entry(course.rows[name].id)
    if object_ == course.job.sources[name].mapping.subject.object:
        lease.alone(tx, entry.programme)
        gone = [ContactFacts(each, None, None, None, gone=True, merged_into=None, ours={}) for each in records]
        changes = store_contacts(tx, entry, gone)
        people.link(tx, entry, changes.touched)
    else:
        lease.beside(tx, entry.programme)
    facts.store_signals(tx, entry, object_, {record: [] for record in records})


def _known(tx: Connection, connection: int, object_: str, *, subjects: bool) -> list[str]:
    """The records of an object that live as far as we know: contacts, or what signals in force came from."""
    contacts, signals = schema.contacts, schema.signals
    if subjects:
        query = select(contacts.c.record).where(contacts.c.connection == connection, contacts.c.gone.is_(False))
    else:
        here = (signals.c.connection == connection) & (signals.c.object == object_)
        query = select(signals.c.record).where(here, in_force()).distinct()
    return list(tx.execute(query).scalars())
