"""Erasure: everything about one person out of every table, recorded without saying about whom."""

import re
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, Text, cast, delete, insert, or_, select, update

from sync import lease, withheld
from sync.ledger import Ledger, LedgerBusy, LedgerError, database, operation, schema
from sync.ledger.errors import told
from sync.ledger.facts import about, chunks
from sync.rested import forget


class MovedError(LedgerBusy):
    """A sync has changed which records are this person's: whoever said yes meant others."""


@dataclass(frozen=True, slots=True)
class Erased:
    """How much went: records by connection, rows by table, and whether the CRMs still have records of this person.

    `elsewhere` names other programmes of this ledger that know the same records: they are not touched.
    """

    connections: dict[str, int]
    rows: dict[str, int]
    living: int
    elsewhere: tuple[str, ...] = ()


def erase(
    ledger: Ledger, programme: str, subject: int, now: Callable[[], datetime], *, meant: Collection[str] = ()
) -> Erased:
    """Take a subject out of the ledger, in one transaction; none of its records is entered again by itself.

    `meant` are the records, as connection:id, to which somebody said yes, perhaps a while ago; none: whatever it has.
    Backups, exports and report files are copies that the ledger does not know of: they are the operator's to erase.

    Raises:
        BusyError: a run is at work.
        MovedError: the subject has other records by now, or none.
        LedgerError: the ledger cannot be used, or its file could not be cleaned yet; the line says which.
    """
    if ledger.engine.dialect.name == "sqlite":
        _write_anew(ledger, programme, now)
    with ledger.begin() as tx:
        if tx.dialect.name == "sqlite":
            tx.exec_driver_sql("PRAGMA secure_delete=ON")  # what is deleted is overwritten, not only unlinked
        engine = tx.engine
        lease.serialise(tx)
        at = now()  # only now: whoever waited, or was asked, would begin in the past of a run that came meanwhile
        id_ = database.programme(tx, programme).id
        lease.refuse_while_running(tx, id_, at)
        run = database.start_run(tx, id_, at, "", kind="erase")
        records = _records(tx, subject)
        _refuse_moved(tx, records, meant)
        erased = replace(_erase(tx, subject), elsewhere=_elsewhere(tx, records))
        withheld.keep(tx, run, records)
        tx.execute(
            insert(schema.erasures).values(
                run=run, recorded=at, programme=id_, connections=erased.connections, rows=erased.rows
            )
        )
        database.end_run(tx, run, at, "done", {})
    if engine.dialect.name == "sqlite":
        _empty_journal(engine, ledger.place)
    return erased


def without(report: Any, records: Sequence[str]) -> Any:
    """A report without what it says of these records: whole entries of lists go, in texts the id goes."""
    ids = re.compile(r"(?<![0-9A-Za-z])(" + "|".join(map(re.escape, records)) + r")(?![0-9A-Za-z])")

    def names(each: Any) -> bool:
        if isinstance(each, str):
            return bool(ids.search(each))
        return isinstance(each, dict) and any(names(value) for value in each.values())

    def cleaned(value: Any) -> Any:
        match value:
            case dict():
                return {name: cleaned(each) for name, each in value.items()}
            case list():
                return [cleaned(each) for each in value if not names(each)]
            case str():
                return ids.sub("erased", value)
            case _:
                return value

    return cleaned(report)


def _records(tx: Connection, subject: int) -> dict[int, list[str]]:
    """A subject's records by connection."""
    table, found = schema.contacts, defaultdict[int, list[str]](list)
    for row in tx.execute(select(table.c.connection, table.c.record).where(table.c.subject == subject)):
        found[row.connection].append(row.record)
    return found


def _refuse_moved(tx: Connection, records: Mapping[int, list[str]], meant: Collection[str]) -> None:
    table = schema.connections
    names = {row.id: row.name for row in tx.execute(select(table.c.id, table.c.name))}
    here = {f"{names[connection]}:{each}" for connection, some in records.items() for each in some}
    if not here or (meant and here != set(meant)):
        raise MovedError(
            "a sync has changed meanwhile which records are this person's, by linking, parting or merging some; "
            "nothing was erased from the ledger: call it again"
        )


def _elsewhere(tx: Connection, records: Mapping[int, list[str]]) -> tuple[str, ...]:
    """Other programmes that read the same records of the same accounts."""
    contacts, here, there = schema.contacts, schema.connections.alias(), schema.connections.alias()
    same = (there.c.crm == here.c.crm) & (there.c.account == here.c.account) & (there.c.programme != here.c.programme)
    found: set[str] = set()
    for connection, some in records.items():
        for ids in chunks(some):
            query = (
                select(schema.programmes.c.name)
                .join_from(here, there, same)
                .join(contacts, contacts.c.connection == there.c.id)
                .join(schema.programmes, schema.programmes.c.id == there.c.programme)
                .where(here.c.id == connection, contacts.c.record.in_(ids))
            )
            found |= set(tx.execute(query).scalars())
    return tuple(sorted(found))


def _erase(tx: Connection, subject: int) -> Erased:
    contacts, connections, signals = schema.contacts, schema.connections, schema.signals
    query = select(contacts, connections.c.name).join(connections, connections.c.id == contacts.c.connection)
    people = tx.execute(query.where(contacts.c.subject == subject)).all()
    ids, records = [row.id for row in people], [row.record for row in people]
    theirs = or_(*(about(row.connection, row.record) for row in people))
    # Asked for different ones, SQLite would rather go through everybody's in the order of their records.
    sources = set(tx.execute(select(signals.c.connection, signals.c.object, signals.c.record).where(theirs)))
    rows: Counter[str] = Counter()

    def drop(table: Table, *where: ColumnElement[bool]) -> None:
        rows[table.name] += tx.execute(delete(table).where(*where)).rowcount

    problems, progress = schema.problems, operation.progress
    for row in (*sources, *people):
        drop(problems, problems.c.connection == row.connection, problems.c.record == row.record)
        # A long read may stand at this very record; what is lost of it costs calls and nothing else.
        named = progress.c.value.contains(f'"{row.record}"', autoescape=True)
        drop(progress, progress.c.connection == row.connection, named)
    for connection in {row.connection for row in people}:
        # A record that was broken from the beginning never said whose it is: it may be theirs.
        drop(problems, problems.c.connection == connection, ~_known(connection))
    subjects = _subjects(tx, subject, ids)
    rows += forget(tx, ids, subjects)
    for some in chunks(ids):
        for table in (operation.rejects, schema.writes, schema.decisions, schema.identities):
            drop(table, table.c.contact.in_(some))
    for some in chunks(subjects):
        for table in (schema.current, schema.woken, schema.outlooks, schema.standings):
            drop(table, table.c.subject.in_(some))
    drop(signals, theirs)
    for some in chunks(ids):
        drop(contacts, contacts.c.id.in_(some))
    facts = {(row.connection, row.object, row.record) for row in sources}
    rows["decisions"] += _forget_contests(tx, facts)
    _forget_made_of(tx, facts)
    for some in chunks(records):
        # Somebody else's record that names one of these as the same person.
        tx.execute(update(contacts).where(contacts.c.cross_id.in_(some)).values(cross_id=None, cross_crm=None))
    rows["runs"] = _clean_reports(tx, [*records, *(row.record for row in sources)])
    by_connection = Counter(row.name for row in people)
    return Erased(dict(by_connection), {k: v for k, v in rows.items() if v}, sum(not row.gone for row in people))


def _forget_contests(tx: Connection, sources: Collection[tuple[int, str, str]]) -> int:
    """Take away contests of theirs that stayed with another, who was taken for the same person when they were made."""
    table, signals = schema.decisions, schema.signals
    its = (signals.c.connection == table.c.connection) & (signals.c.object == table.c.object)
    passed_on = select(signals.c.id).where(its, signals.c.record == table.c.record).exists()  # somebody else's by now
    query = select(table.c.id, table.c.connection, table.c.object, table.c.record)
    rows = tx.execute(query.where(table.c.connection.is_not(None), ~passed_on)).all()
    theirs = [row.id for row in rows if tuple(row[1:]) in sources]
    for some in chunks(theirs):
        tx.execute(delete(table).where(table.c.id.in_(some)))
    return len(theirs)


def _forget_made_of(tx: Connection, sources: Collection[tuple[int, str, str]]) -> None:
    """Take records out of decisions about others, who were taken for the same person when these were made."""
    table = schema.decisions
    for row in tx.execute(select(table.c.id, table.c.made_of).where(table.c.made_of.is_not(None))).all():
        left = [each for each in row.made_of if tuple(each) not in sources]
        if left != row.made_of:
            tx.execute(update(table).where(table.c.id == row.id).values(made_of=left or None))


def _known(connection: int) -> ColumnElement[bool]:
    """Whether a problem is about a record that somebody is known to belong to."""
    problems, contacts, signals = schema.problems.c, schema.contacts, schema.signals
    person = select(contacts.c.id).where(contacts.c.connection == connection, contacts.c.record == problems.record)
    signal = select(signals.c.id).where(signals.c.connection == connection, signals.c.record == problems.record)
    return person.exists() | signal.exists()


def _subjects(tx: Connection, subject: int, contacts: Iterable[int]) -> list[int]:
    """The subject, and every other that its records once made up alone."""
    identities, table = schema.identities, schema.contacts
    once: set[int] = {subject}
    for ids in chunks(contacts):
        once |= set(tx.execute(select(identities.c.subject).where(identities.c.contact.in_(ids))).scalars())
    others: set[int] = set()
    for some in chunks(once - {subject}):
        others |= set(tx.execute(select(table.c.subject).where(table.c.subject.in_(some))).scalars())
    return sorted(once - others)


def _clean_reports(tx: Connection, records: Sequence[str]) -> int:
    runs, cleaned = schema.runs, 0
    for some in chunks(records):
        named = or_(*(cast(runs.c.report, Text).contains(each, autoescape=True) for each in some))
        for row in tx.execute(select(runs.c.id, runs.c.report).where(named)).all():
            report = without(row.report, some)
            if report != row.report:
                cleaned += 1
                tx.execute(update(runs).where(runs.c.id == row.id).values(report=report))
    return cleaned


def _write_anew(ledger: Ledger, programme: str, now: Callable[[], datetime]) -> None:
    """Rows that were changed or moved left copies in the file's pages, which no row knows of: all of it goes."""
    with ledger.begin() as tx:
        lease.refuse_while_running(tx, database.programme(tx, programme).id, now())
    with told(ledger.place), closing(ledger.engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        cursor.execute("PRAGMA secure_delete=ON")  # else the new pages have copies as well, of rows that were moved
        cursor.execute("VACUUM")


def _empty_journal(engine: Engine, place: str) -> None:
    """What was in the write-ahead file is moved into the database and overwritten there."""
    cure = ""
    with closing(engine.raw_connection()) as raw, closing(raw.cursor()) as cursor:
        try:
            (waiting, *_) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            cure = f"make room on the disk ({error}), and whatever command comes next takes it out"
        else:
            if waiting:
                cure = "another process reads it; whatever command comes when that has ended takes it out"
    if cure:
        raise LedgerError(f"ledger {place}: the person is erased, but what was deleted is in its file still: {cure}")
