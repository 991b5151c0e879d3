"""What the settings' file of openings says of somebody, entered as signals: kept, corrected and withdrawn like any."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, select

from config.openings import Row
from scoring.signal import Signal, Source
from scoring.signals import Judged
from sync.ledger import facts, schema
from sync.ledger.contacts import digest
from sync.ledger.facts import Entry, chunks

OBJECT = "opening file"


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows are entered: one connection, and what an opening is called there from which day on."""

    name: str
    signal: str
    since: date


def carry_over(tx: Connection, entry: Entry, place: Place, rows: Sequence[Row]) -> set[int]:
    """Bring the openings of one connection to what the file says now; the lines that found somebody here."""
    by_record = {row.record.rpartition(":")[2]: row for row in rows if _is_here(row, place.name)}
    by_email = {digest(row.email): row for row in rows if row.email}
    judged: dict[str, list[Judged]] = {record: [] for record in _entered(tx, entry.connection)}
    found: set[int] = set()
    for record, row in _people(tx, entry.connection, by_record, by_email):
        judged[record] = [Judged(_signal(row, record, place), record)]
        found.add(row.line)
    if judged:
        facts.store_signals(tx, entry, OBJECT, judged)
    return found


def lines_of(tx: Connection, subject: int, rows: Sequence[Row]) -> list[int]:
    """The lines that name one of a subject's records, by its id or its address."""
    table, connections = schema.contacts, schema.connections
    query = select(connections.c.name, table.c.record, table.c.email).join(
        connections, connections.c.id == table.c.connection
    )
    people = tx.execute(query.where(table.c.subject == subject)).all()
    emails = {each.email for each in people if each.email}

    def names(row: Row) -> bool:
        record = row.record.rpartition(":")[2]
        return digest(row.email) in emails or any(record == each.record and _is_here(row, each.name) for each in people)

    return [row.line for row in rows if names(row)]


def _is_here(row: Row, connection: str) -> bool:
    return bool(row.record) and row.record.rpartition(":")[0] in ("", connection)


def _signal(row: Row, record: str, place: Place) -> Signal:
    source = Source(place.name, OBJECT, record)
    return Signal(place.signal, row.on or place.since, source, carried=row.carried)


def _entered(tx: Connection, connection: int) -> list[str]:
    table = schema.signals
    query = select(table.c.record).where(table.c.connection == connection, table.c.object == OBJECT).distinct()
    return list(tx.execute(query).scalars())


def _people(
    tx: Connection, connection: int, by_record: Mapping[str, Row], by_email: Mapping[str | None, Row]
) -> Iterable[tuple[str, Row]]:
    """Every record that a row names, by its id before its address."""
    table = schema.contacts
    here = select(table.c.record, table.c.email).where(table.c.connection == connection)
    people: dict[str, Row] = {}
    for some in chunks(address for address in by_email if address):
        for row in tx.execute(here.where(table.c.email.in_(some), table.c.gone.is_(False))):
            people[row.record] = by_email[row.email]
    for some in chunks(by_record):
        for row in tx.execute(here.where(table.c.record.in_(some))):
            people[row.record] = by_record[row.record]
    return people.items()
