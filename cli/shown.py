"""The standing of whom a caller means: as it is shown now, or as it was on a past day."""

from collections.abc import Mapping
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import click

from cli.offline import compose_offline, find
from config.rulefile import load_programme
from config.settings import Settings
from scoring.explain import from_json
from scoring.standing import Standing
from sync.ledger import Ledger, database, history, zones
from sync.ledger.history import SubjectRow
from sync.money import rates_for
from sync.standings import recalled, standings_of


class Shown(NamedTuple):
    """Whose it is, the standing, when it was computed (None: now), and what to say beside it: the day of each remark.

    `before`: of the first run, where that came later and nothing was known yet; `beyond`: of the last run, where that
    is before, as nobody knows yet what happened since; `purged`: of the last purge since that took signals away;
    `unwritten`: the day of the standing, where a record shows something else still.
    """

    subject: SubjectRow
    standing: Standing
    recorded: datetime | None
    remarks: Mapping[str, date]


def standing_of(path: Path, subject: str, as_of: datetime | None, *, restated: bool = False) -> Shown:
    """The present standing, as it was made; or that of a past day as known then, or with today's knowledge.

    Raises:
        click.UsageError: nobody of that name, more than one, or no standing yet.
    """
    settings, ledger = compose_offline(path)
    with closing(ledger):
        with ledger.reading() as tx:
            found = find(tx, settings.programme_name, subject)
        if as_of is None:
            standing, recorded = _now(ledger, settings, found)
            return Shown(found, standing, recorded, _unwritten(found, standing.day))
        day = as_of.date()
        then = _then(ledger, settings, found, day, restated=restated)
        return Shown(found, then, None, _remarks(ledger, settings, day, restated=restated))


def drawn_up(path: Path, subject: str) -> Shown:
    """The present standing as of the last complete run, though it was made on an earlier day and did not move since.

    Raises:
        click.UsageError: as `standing_of`.
    """
    settings, ledger = compose_offline(path)
    with closing(ledger):
        with ledger.reading() as tx:
            found = find(tx, settings.programme_name, subject)
            last = history.last_sync(tx, settings.programme_name)
            known = zones.of(tx, settings.programme_name)
        shown, recorded = _now(ledger, settings, found)
        if last is None or (day := known.local(last.started).date()) <= shown.day:
            return Shown(found, shown, recorded, _unwritten(found, shown.day))
        computed = _computed(ledger, settings, found, day, last.ended)
        return Shown(found, computed, last.ended, _unwritten(found, shown.day))


def _unwritten(found: SubjectRow, day: date) -> dict[str, date]:
    return {"unwritten": day} if found.unwritten else {}


def _now(ledger: Ledger, settings: Settings, found: SubjectRow) -> tuple[Standing, datetime]:
    """The present standing, as it was made, and when."""
    row = found.standing
    if row is None:
        raise click.UsageError(f"{found.records[0]} has no standing yet: run bonus-malus sync")
    with ledger.reading() as tx:
        known = recalled(tx, [row], lambda day: load_programme(settings.programme, at=day))
    if row.id not in known:
        raise click.UsageError(f"it was made under {row.rules}, and the rules are others now: run bonus-malus sync")
    return from_json(known[row.id]), row.recorded


def _then(ledger: Ledger, settings: Settings, found: SubjectRow, day: date, *, restated: bool) -> Standing:
    with ledger.reading() as tx:
        known_at = None if restated else zones.of(tx, settings.programme_name).end(day)
    return _computed(ledger, settings, found, day, known_at)


def _computed(ledger: Ledger, settings: Settings, found: SubjectRow, day: date, known_at: datetime | None) -> Standing:
    programme = load_programme(settings.programme, at=day)
    with ledger.reading() as tx:
        rates = rates_for(tx, database.programme(tx, settings.programme_name).id, programme, known_at=known_at)
        found_then = standings_of(tx, [found.subject], programme, day, known_at=known_at, rates=rates)
    return found_then[found.subject]


def _remarks(ledger: Ledger, settings: Settings, day: date, *, restated: bool) -> dict[str, date]:
    """What a reader of that day must know of the runs since."""
    with ledger.reading() as tx:
        opened = database.programme(tx, settings.programme_name).opened
        if opened is not None and day < opened and not restated:
            return {"before": opened}
        known = zones.of(tx, settings.programme_name)
        last = history.runs(tx, settings.programme_name, limit=1)
        purge = history.last_purge(tx, settings.programme_name)
    found = {}
    if last and (ran := known.local(last[0].started).date()) < day:
        found["beyond"] = ran
    if purge and (gone := known.local(purge.started).date()) > day:
        found["purged"] = gone
    return found
