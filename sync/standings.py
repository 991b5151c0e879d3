"""Standings by the plain reading: from what the ledger knows, or knew at an instant; also those once made in columns.

A standing that the engine made is kept without its breakdown, because the breakdown follows from the ledger (ADR 12).
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Row, select

from scoring.explain import to_json
from scoring.rates import Rates
from scoring.rules import Programme
from scoring.signal import Fact
from scoring.standing import Standing, standing
from scoring.subject import Subject
from sync.decide import decisions_of
from sync.ledger import history, past, schema
from sync.money import rates_of

RulesOf = Callable[[date], Programme]


def standings_of(
    tx: Connection,
    subjects: Sequence[int],
    programme: Programme,
    day: date,
    *,
    known_at: datetime | None = None,
    rates: Rates | None = None,
    without: Collection[Fact] = (),
) -> dict[int, Standing]:
    """Each subject's standing at the end of a day, from what the ledger knows, or knew at an instant.

    `without` leaves facts out.
    """
    histories = past.signals_of(tx, subjects, known_at=known_at)
    decided = decisions_of(tx, subjects, known_at=known_at)
    if without:
        histories = {who: [each for each in known if each.fact not in without] for who, known in histories.items()}
    return {
        subject: standing(history, programme, day, Subject(decisions=decided[subject]), rates=rates)
        for subject, history in histories.items()
    }


def recalled(tx: Connection, rows: Iterable[Row[Any]], programme_at: RulesOf) -> dict[int, Mapping[str, Any]]:
    """The breakdown of each row of `standings`, by its number: as it was kept, else made again.

    Whose rules are not at hand any more is left out.
    """
    found: dict[int, Mapping[str, Any]] = {}
    missing = []
    for row in rows:
        if row.breakdown is None:
            missing.append(row)
        else:
            found[row.id] = row.breakdown
    missing.sort(key=_made)
    for (recorded, day, rules), some in groupby(missing, key=_made):
        programme = programme_at(day)
        if programme.label == rules:
            made = list(some)
            subjects = {row.subject: row.id for row in made}
            rates = None if programme.currency is None else rates_of(tx, _programme(tx, made[0]), known_at=recorded)
            again = standings_of(tx, list(subjects), programme, day, known_at=recorded, rates=rates)
            found.update((subjects[subject], to_json(shown)) for subject, shown in again.items())
    return found


def _programme(tx: Connection, row: Row[Any]) -> int:
    return int(tx.execute(select(schema.runs.c.programme).where(schema.runs.c.id == row.run)).scalar_one())


def on_records(
    tx: Connection, programme: str, connection: str, programme_at: RulesOf
) -> list[tuple[str, int, Mapping[str, Any], Mapping[str, Any]]]:
    """Every living record of a connection: its id, its subject, the values last written and the present breakdown."""
    rows = history.shown(tx, programme, connection)
    known = recalled(tx, {row.id: row for *_, row in rows}.values(), programme_at)
    return [(record, subject, written, known[row.id]) for record, subject, written, row in rows if row.id in known]


def _made(row: Row[Any]) -> tuple[datetime, date, str]:
    return row.recorded, row.day, row.rules
