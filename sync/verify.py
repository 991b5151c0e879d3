"""Is the ledger right? Every standing recomputed from what was known at its instant, every chain followed.

A balance is a fold over history and never stored as truth: what is stored must come out of the fold again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from scoring.explain import to_json
from scoring.rules import Programme
from sync.leaning import says
from sync.ledger import Ledger, schema
from sync.ledger.results import numbers_of
from sync.money import rates_for
from sync.standings import standings_of

PAGE = 500  # standings recomputed in one transaction
MOST = 20  # differing records of one kind that are named


@dataclass(slots=True)
class Verification:
    """What was looked at, and one line for each thing that is not as it should be."""

    standings: int = 0
    unknown_rules: int = 0  # made under rules that are not at hand any more: nothing to compare with
    differences: list[str] = field(default_factory=list)


def verify(ledger: Ledger, name: str, programme_at: Callable[[date], Programme]) -> Verification:
    """Everything about the programme `name`; a ledger that is being written is looked at page by page.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found = Verification()
    with ledger.reading() as tx:
        for what, query in _CHAINS.items():
            wrong = list(tx.execute(query.limit(MOST)).scalars())
            found.differences += [f"{what} ({number})" for number in wrong]
    last = 0
    while True:
        with ledger.reading() as tx:
            rows = tx.execute(_standings(name, last)).all()
            if not rows:
                return found
            last = rows[-1].id
            found.standings += len(rows)
            for line in _replay(tx, rows, programme_at, found):
                found.differences.append(line)


def _standings(name: str, after: int) -> Any:
    table, runs, programmes = schema.standings, schema.runs, schema.programmes
    return (
        select(table, runs.c.ended, runs.c.programme)
        .join(runs, runs.c.id == table.c.run)
        .join(programmes, programmes.c.id == runs.c.programme)
        .where(programmes.c.name == name, table.c.id > after)
        .order_by(table.c.id)
        .limit(PAGE)
    )


def _replay(
    tx: Connection, rows: Sequence[Row[Any]], programme_at: Callable[[date], Programme], found: Verification
) -> Iterator[str]:
    """One line for each standing that its history does not give."""
    for (recorded, ended, day, rules), some in groupby(rows, key=lambda r: (r.recorded, r.ended, r.day, r.rules)):
        standings = list(some)
        programme = programme_at(day)
        if programme.label != rules:
            found.unknown_rules += len(standings)
            continue
        # A run that scored beside another one knew what that one had entered until then.
        for instant in (recorded, ended):
            if standings and instant is not None:
                standings = _differing(tx, standings, programme, day, instant)
        for row in standings:
            says = _words(row.breakdown or numbers_of(row))
            yield f"standing {row.id} of subject {row.subject} on {day} says {says}; its history does not"


def _differing(
    tx: Connection, rows: Sequence[Row[Any]], programme: Programme, day: date, instant: datetime
) -> list[Row[Any]]:
    rates = rates_for(tx, rows[0].programme, programme, known_at=instant)
    computed = standings_of(tx, [row.subject for row in rows], programme, day, known_at=instant, rates=rates)
    return [row for row in rows if says(row, to_json(computed[row.subject]))]


def _words(breakdown: Any) -> str:
    return ", ".join(f"{name} {breakdown[name]}" for name in ("coefficient", "points", "tier", "status"))


def _chains() -> dict[str, Any]:
    """What must never be found, by what it would be, as the numbers of the rows in question."""
    signals, contacts, identities = schema.signals, schema.contacts, schema.identities
    current, standings, runs = schema.current, schema.standings, schema.runs
    before, survivor, later, said = signals.alias(), contacts.alias(), standings.alias(), identities.alias()
    fact = ("connection", "contact", "object", "record", "name")
    same = and_(before.c.id < signals.c.id, *(before.c[each] == signals.c[each] for each in fact))
    in_force = signals.c.withdrawn.is_(False) & ~select(before.c.id).where(before.c.replaces == signals.c.id).exists()
    newest = select(func.max(said.c.id)).where(said.c.contact == contacts.c.id).scalar_subquery()
    return {
        "an entry replaces one that is not about the same fact": select(signals.c.id)
        .outerjoin(before, (before.c.id == signals.c.replaces) & same)
        .where(signals.c.replaces.is_not(None), before.c.id.is_(None)),
        "a counter-entry withdraws nothing": select(signals.c.id).where(
            signals.c.withdrawn, signals.c.replaces.is_(None)
        ),
        "an entry is replaced twice": select(signals.c.replaces)
        .where(signals.c.replaces.is_not(None))
        .group_by(signals.c.replaces)
        .having(func.count() > 1),
        "a fact is in force twice": select(func.max(signals.c.id))
        .where(in_force)
        .group_by(*(signals.c[each] for each in fact))
        .having(func.count() > 1),
        "a contact belongs to another subject than its last identity says": select(contacts.c.id)
        .select_from(contacts)
        .outerjoin(identities, identities.c.id == newest)
        .where(or_(identities.c.id.is_(None), identities.c.subject != contacts.c.subject)),
        "a merged contact has not followed its survivor": select(contacts.c.id)
        .join(
            survivor, (survivor.c.connection == contacts.c.connection) & (survivor.c.record == contacts.c.merged_into)
        )
        .where(survivor.c.subject != contacts.c.subject),
        "a standing was made by no run": select(standings.c.id)
        .outerjoin(runs, runs.c.id == standings.c.run)
        .where(runs.c.id.is_(None)),
        "a record shows the standing of somebody else": select(contacts.c.id)
        .join(standings, standings.c.id == contacts.c.shown)
        .where(standings.c.subject != contacts.c.subject),
        "the present standing of a subject is not its last one": select(current.c.subject)
        .outerjoin(standings, standings.c.id == current.c.standing)
        .where(
            current.c.standing.is_not(None),
            or_(
                standings.c.id.is_(None),
                standings.c.subject != current.c.subject,
                select(later.c.id).where(later.c.subject == current.c.subject, later.c.id > standings.c.id).exists(),
            ),
        ),
    }


_CHAINS = _chains()
