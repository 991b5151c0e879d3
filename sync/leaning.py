"""Which standings lean on facts that are to go: on their numbers, on their lines alone, or on none of them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy import delete as delete_from

from scoring.explain import to_json
from scoring.rules import Programme
from scoring.signal import Fact
from sync.ledger import operation, schema
from sync.ledger.facts import chunks
from sync.money import rates_for
from sync.standings import RulesOf, standings_of

COLUMNS = ("coefficient", "expected", "points", "tier", "status")


class Lean(IntEnum):
    """How much of a standing goes with the facts."""

    NOTHING = 0
    LINES = 1
    NUMBERS = 2


@dataclass(frozen=True, slots=True)
class Leaning:
    """A standing that leans on the facts; `used`: a record shows it or is to show it."""

    id: int
    subject: int
    lean: Lean
    used: bool


def says(row: Row[Any], breakdown: dict[str, Any]) -> Lean:
    """How far a row is from what a history gives: in its columns, or in its breakdown where that was kept."""
    if any(getattr(row, name) != breakdown[name] for name in COLUMNS):
        return Lean.NUMBERS
    return Lean.NOTHING if row.breakdown in (None, breakdown) else Lean.LINES


def leaning(tx: Connection, subjects: Iterable[int], gone: Collection[Fact], programme_at: RulesOf) -> list[Leaning]:
    """Every standing that these subjects ever had and that its history does not give without the facts.

    Of one whose rules are not at hand any more the lines are taken to lean on them: nobody can tell.
    """
    rows = _standings(tx, subjects)
    used = _in_use(tx, [row.id for row in rows])
    found: list[Leaning] = []
    for (recorded, ended, day, rules), some in groupby(rows, key=lambda r: (r.recorded, r.ended, r.day, r.rules)):
        standings, programme = list(some), programme_at(day)
        if programme.label == rules:
            leans = _leans(tx, standings, programme, (recorded, ended), gone)
        else:
            leans = {row.id: Lean.NOTHING if row.breakdown is None else Lean.LINES for row in standings}
        found += [Leaning(row.id, row.subject, leans[row.id], row.id in used) for row in standings if leans[row.id]]
    return found


def give_up(tx: Connection, standings: Sequence[Leaning]) -> int:
    """Delete those whose numbers lean, and the breakdowns of the others; how many were deleted."""
    table = schema.standings
    for some in chunks(each.id for each in standings if each.lean is Lean.LINES):
        tx.execute(update(table).where(table.c.id.in_(some)).values(breakdown=None))
    numbers = [each.id for each in standings if each.lean is Lean.NUMBERS]
    for some in chunks(numbers):
        tx.execute(delete_from(table).where(table.c.id.in_(some)))
    return len(numbers)


def _standings(tx: Connection, subjects: Iterable[int]) -> list[Row[Any]]:
    table, runs = schema.standings, schema.runs
    rows: list[Row[Any]] = []
    for some in chunks(subjects):
        query = select(table, runs.c.ended, runs.c.programme).join(runs, runs.c.id == table.c.run)
        rows += tx.execute(query.where(table.c.subject.in_(some)))
    return sorted(rows, key=lambda row: (row.run, row.recorded, row.day, row.rules))


def _in_use(tx: Connection, standings: Iterable[int]) -> set[int]:
    used: set[int] = set()
    for some in chunks(standings):
        for column in (schema.current.c.standing, schema.contacts.c.shown, operation.rejects.c.standing):
            used |= set(tx.execute(select(column).where(column.in_(some))).scalars())
    return used


def _leans(
    tx: Connection,
    rows: Sequence[Row[Any]],
    programme: Programme,
    instants: tuple[datetime, datetime | None],
    gone: Collection[Fact],
) -> dict[int, Lean]:
    """Each row by its number; of what it may have known the instant that explains it best."""
    found = dict.fromkeys((row.id for row in rows), Lean.NUMBERS)
    # A run that scored beside another one knew what that one had entered until it ended.
    for instant in filter(None, instants):
        open_ = [row for row in rows if found[row.id]]
        rates = rates_for(tx, rows[0].programme, programme, known_at=instant)
        who = [row.subject for row in open_]
        computed = standings_of(tx, who, programme, rows[0].day, known_at=instant, rates=rates, without=gone)
        for row in open_:
            lean = says(row, to_json(computed[row.subject]))
            # Without its breakdown a standing must follow from what was recorded up to its run (ADR 12).
            if lean is not Lean.LINES or instant == row.recorded:
                found[row.id] = min(found[row.id], lean)
    return found
