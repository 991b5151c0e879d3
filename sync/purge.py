"""Retention: what is older than the settings allow, and moves no number any more, goes; every night.

A coefficient rests on all of a history, so age alone cannot decide: a signal is deleted when its standing is the same
without it. What still counts is kept, and counted in the report. Standings of past days that rest on what was deleted
go with it: what is left follows from what is left (`sync.verify`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, tuple_, update

from scoring.explain import to_json
from scoring.review import add_months
from scoring.signal import Signal
from scoring.standing import Standing, standing
from scoring.subject import Subject
from sync import lease
from sync.decide import decisions_of
from sync.leaning import Lean, give_up, leaning
from sync.ledger import Ledger, database, past, schema, zones
from sync.ledger.facts import LOWEST, about, chunks, forget_outlooks
from sync.money import rates_for
from sync.standings import RulesOf

PAGE = 200
UNSEEN = frozenset({"lines", "day", "next_change"})  # parts of a standing that no record shows


@dataclass(frozen=True, slots=True)
class Retention:
    """How many months things are kept: signals by their names, and what runs wrote; what is not named is kept."""

    signals: Mapping[str, int] = field(default_factory=dict)
    runs: int | None = None


@dataclass(slots=True)
class Purged:
    """What went, and what is too old but still counts, by signal; rows of runs that went, by table."""

    deleted: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)

    def to_json(self) -> dict[str, Any]:
        """Plain values for the ledger and for `--json`."""
        return {"deleted": dict(self.deleted), "kept": dict(self.kept), "rows": dict(self.rows)}


def purge(
    ledger: Ledger,
    programme_at: RulesOf,
    retention: Retention,
    *,
    programme: str,
    now: Callable[[], datetime],
    day: date,
) -> Purged:
    """Delete what retention no longer covers, with the standings of past days that rest on it; a run of its own.

    Raises:
        LedgerError: the ledger cannot be used.
    """
    purged = Purged()
    with ledger.begin() as tx:
        lease.serialise(tx)
        id_ = database.programme(tx, programme).id
        # Asked only now: whoever waited for the ledger would begin in the past of a run that came meanwhile.
        run = database.start_run(tx, id_, now(), "", kind="purge")
    for name, months in sorted(retention.signals.items()):
        last = LOWEST
        while True:
            with ledger.begin() as tx:
                lease.alone(tx, id_)
                subjects = _with_old(tx, id_, name, add_months(day, -months), after=last)
                if not subjects:
                    break
                last = subjects[-1]
                _purge(tx, subjects, _Old(id_, programme_at, day, name, add_months(day, -months)), purged)
    with ledger.begin() as tx:
        if retention.runs is not None:
            _purge_runs(tx, id_, add_months(day, -retention.runs), purged)
        database.end_run(tx, run, now(), "done", purged.to_json())
    return purged


def _with_old(tx: Connection, programme: int, name: str, before: date, *, after: int) -> list[int]:
    signals, contacts, connections = schema.signals, schema.contacts, schema.connections
    query = (
        select(contacts.c.subject)
        .join(signals, about(contacts.c.connection, contacts.c.record))
        .join(connections, connections.c.id == contacts.c.connection)
        .where(
            connections.c.programme == programme,
            signals.c.name == name,
            signals.c.on_day < before,
            contacts.c.subject > after,
        )
        .distinct()
        .order_by(contacts.c.subject)
        .limit(PAGE)
    )
    return list(tx.execute(query).scalars())


@dataclass(frozen=True, slots=True)
class _Old:
    """Which signals are too old today, in which programme."""

    programme: int
    programme_at: RulesOf
    day: date
    name: str
    before: date

    def covers(self, signal: Signal) -> bool:
        return signal.name == self.name and signal.on < self.before

    def outlived(self, tx: Connection, subjects: Sequence[int]) -> Iterator[tuple[int, list[Signal], bool]]:
        """Each subject's old signals, and whether records would show the same without them."""
        rules = self.programme_at(self.day)
        rates = rates_for(tx, self.programme, rules)
        known, decided = past.signals_of(tx, subjects), decisions_of(tx, subjects)
        for subject in subjects:
            histories = known[subject], [each for each in known[subject] if not self.covers(each)]
            who = Subject(decisions=decided[subject])
            both = [_seen(standing(each, rules, self.day, who, rates=rates)) for each in histories]
            yield subject, [each for each in known[subject] if self.covers(each)], both[0] == both[1]


def _seen(found: Standing) -> dict[str, Any]:
    """What a record shows of a standing."""
    return {part: value for part, value in to_json(found).items() if part not in UNSEEN}


def _purge(tx: Connection, subjects: Sequence[int], old: _Old, purged: Purged) -> None:
    """Delete the old signals of those whose standing is the same without them, and the past standings that are not."""
    gone: dict[int, list[Signal]] = {}
    for subject, signals, same in old.outlived(tx, subjects):
        if same:
            gone[subject] = signals
        else:
            purged.kept[old.name] += len(signals)
    past = _ever(tx, gone)
    while True:
        going = {signal.fact for signals in gone.values() for signal in signals}
        ever = {each for subject in gone for each in past[subject]}
        leans = leaning(tx, ever, going, old.programme_at) if going else []
        # What a record shows, or is still to show, must go on following from its history.
        rested = {each.subject for each in leans if each.used and each.lean is Lean.NUMBERS}
        refused = [subject for subject in gone if past[subject] & rested]
        for subject in refused:
            purged.kept[old.name] += len(gone.pop(subject))
        if not refused:
            break
    purged.deleted[old.name] += _delete(tx, [signal for signals in gone.values() for signal in signals])
    purged.rows["standings"] += give_up(tx, leans)
    forget_outlooks(tx, gone)


def _ever(tx: Connection, subjects: Iterable[int]) -> dict[int, set[int]]:
    """Of each subject, all whom its records ever belonged to."""
    contacts, identities = schema.contacts, schema.identities
    found: dict[int, set[int]] = {subject: {subject} for subject in subjects}
    for some in chunks(found):
        query = (
            select(contacts.c.subject, identities.c.subject)
            .join(identities, identities.c.contact == contacts.c.id)
            .where(contacts.c.subject.in_(some))
        )
        for subject, once in tx.execute(query):
            found[subject].add(once)
    return found


def _delete(tx: Connection, signals: Sequence[Signal]) -> int:
    """Every entry about these facts, the corrected and withdrawn ones too; how many facts."""
    table, connections = schema.signals, schema.connections
    ids = {row.name: row.id for row in tx.execute(select(connections.c.id, connections.c.name))}
    keys = [(ids[s.source.connection], s.source.object, s.source.id, s.name) for s in signals]
    for some in chunks(keys):
        here = tuple_(table.c.connection, table.c.object, table.c.record, table.c.name).in_(some)
        tx.execute(delete(table).where(here))
    return len(keys)


def _purge_runs(tx: Connection, programme: int, before: date, purged: Purged) -> None:
    """What runs before that day wrote and found wrong; that they were stays."""
    runs = schema.runs
    last = zones.every(tx).get(programme, zones.UNSETTLED).end(before - timedelta(days=1))
    old = select(runs.c.id).where(runs.c.programme == programme, runs.c.started <= last)
    for table in (schema.writes, schema.problems):
        purged.rows[table.name] += tx.execute(delete(table).where(table.c.run.in_(old))).rowcount
    tx.execute(update(runs).where(runs.c.programme == programme, runs.c.started <= last).values(report={}))
