"""Who was erased and does not come back by itself (GDPR art. 17): records as marks that say nothing of whom they mean.

A mark is a keyed digest of a record's id, under a key that its connection drew when somebody was erased there first.
Whoever has the ledger can ask it about an id that he knows already, and learns no other one from it.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from scoring.records import Record
from sync import lease
from sync.ledger import Ledger, bulk, database, schema
from sync.ledger.facts import chunks


@dataclass(frozen=True, slots=True)
class _Place:
    """One connection with an erasure behind it; `runs` by mark: the erasure that withheld it."""

    crm: str
    key: bytes
    runs: dict[str, int]

    def erasure(self, record: str) -> int | None:
        return self.runs.get(_mark(self.key, record)) if self.runs else None


@dataclass(frozen=True, slots=True)
class Withheld:
    """The records of a programme that were erased, by connection."""

    places: Mapping[int, _Place]

    @classmethod
    def of(cls, tx: Connection, programme: int) -> "Withheld":
        """As the ledger knows them now."""
        connections, table = schema.connections, schema.withheld
        keyed = select(connections).where(connections.c.programme == programme, connections.c.key.is_not(None))
        places = {row.id: _Place(row.crm, bytes.fromhex(row.key), {}) for row in tx.execute(keyed)}
        for row in tx.execute(select(table).where(table.c.connection.in_(places))):
            places[row.connection].runs[row.mark] = row.run
        return cls(places)

    def has(self, connection: int, record: str) -> bool:
        """Whether this record was erased."""
        place = self.places.get(connection)
        return place is not None and place.erasure(record) is not None

    def named(self, crm: str | None, record: str | None) -> bool:
        """Whether a record of any connection to that CRM was."""
        return record is not None and any(
            place.crm == crm and place.erasure(record) is not None for place in self.places.values()
        )

    def admitted(self, tx: Connection, connection: int, records: Sequence[Record]) -> Sequence[Record]:
        """The records of a page without those that were erased; no other one names one of them.

        What is merged with such a record, and was never known here, is the same person under another id.
        """
        place = self.places.get(connection)
        if place is None or not place.runs:
            return records
        self._follow(tx, connection, place, records)
        return [
            record._replace(merged_into=None)
            if record.merged_into and place.erasure(record.merged_into) is not None
            else record
            for record in records
            if place.erasure(record.id) is None
        ]

    def _follow(self, tx: Connection, connection: int, place: _Place, records: Sequence[Record]) -> None:
        merged = [(record.id, record.merged_into) for record in records if record.merged_into]
        if not merged:
            return
        known = _known(tx, connection, [id_ for pair in merged for id_ in pair])
        lives_on = {into for id_, into in merged if id_ in known}  # under a new id, with somebody who is scored
        for id_, into in merged:
            for one, other in ((id_, into), (into, id_)):
                run = place.erasure(one)
                if run is not None and place.erasure(other) is None and other not in known | lives_on:
                    place.runs.update(dict.fromkeys(_enter(tx, connection, place.key, [other], run), run))


def keep(tx: Connection, run: int, records: Mapping[int, Collection[str]]) -> None:
    """Withhold the records of one erasure, by connection."""
    table = schema.connections
    for connection, ids in records.items():
        known = tx.execute(select(table.c.key).where(table.c.id == connection)).scalar_one()
        key = known or secrets.token_hex(16)
        if known is None:
            tx.execute(update(table).where(table.c.id == connection).values(key=key))
        _enter(tx, connection, bytes.fromhex(key), ids, run)


def readmit(ledger: Ledger, programme: str, name: str, now: Callable[[], datetime]) -> int:
    """Let the person of an erased record (its id, or connection:id) be entered again; how many records are.

    Raises:
        BusyError: a run is at work.
        LedgerError: the ledger cannot be used.
    """
    table, connections = schema.withheld, schema.connections
    place, _, record = name.rpartition(":")
    with ledger.begin() as tx:
        lease.serialise(tx)
        at = now()
        id_ = database.programme(tx, programme).id
        lease.refuse_while_running(tx, id_, at)
        known = Withheld.of(tx, id_)
        names = {row.id: row.name for row in tx.execute(select(connections.c.id, connections.c.name))}
        runs = {
            run
            for connection, each in known.places.items()
            if place in ("", names[connection]) and (run := each.erasure(record)) is not None
        }
        if not runs:
            return 0
        count = tx.execute(delete(table).where(table.c.run.in_(runs))).rowcount
        done = database.start_run(tx, id_, at, "", kind="readmit")
        database.end_run(tx, done, at, "done", {})
        return count


def _enter(tx: Connection, connection: int, key: bytes, records: Iterable[str], run: int) -> list[str]:
    marks = [_mark(key, record) for record in dict.fromkeys(records)]
    if marks:
        tx.execute(insert(schema.withheld), [{"connection": connection, "mark": mark, "run": run} for mark in marks])
    return marks


def _known(tx: Connection, connection: int, records: Iterable[str]) -> set[str]:
    table, found = schema.contacts, set[str]()
    for some in chunks(records):
        query = select(table.c.record).where(table.c.connection == connection, bulk.among(tx, table.c.record, some))
        found.update(tx.execute(query).scalars())
    return found


def _mark(key: bytes, record: str) -> str:
    return hmac.new(key, record.encode(), hashlib.sha256).hexdigest()
