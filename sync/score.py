"""Steps 5 and 6 of a sync: who moves today, and where to."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from scoring.rates import Rates
from scoring.rules import Programme
from scoring.standing import Standing, standing
from scoring.subject import Subject
from sync import lease
from sync.decide import decisions_of
from sync.job import PAGE, Job, Progress
from sync.ledger import facts, results
from sync.ledger.facts import Entry
from sync.money import rates_for
from sync.report import SHOWN, Move, Report

REVIEW = "review of "


def score(job: Job, entry: Entry, programme: Programme, day: date, report: Report) -> None:
    """Score everyone who is due, in transactions of a page of subjects each."""
    last = 0
    with job.begin() as tx:
        rates = rates_for(tx, entry.programme, programme)
    while True:
        with job.begin() as tx:
            lease.alone(tx, entry.programme)
            subjects = results.due_subjects(tx, entry.programme, day, programme.label, limit=PAGE, after=last)
            if not subjects:
                return
            last = subjects[-1]
            standings = standings_of(tx, subjects, programme, day, rates=rates)
            changed = results.store_standings(tx, entry, standings, programme.label)
            _tell(tx, entry, changed, report)
        report.scored += len(subjects)
        report.attention += sum(each.needs_attention for each in standings.values())
        job.watch(Progress("score", done=report.scored))
        job.pause()


def standings_of(
    tx: Connection,
    subjects: Sequence[int],
    programme: Programme,
    day: date,
    *,
    known_at: datetime | None = None,
    rates: Rates | None = None,
) -> dict[int, Standing]:
    """Each subject's standing at the end of a day, from what the ledger knows, or knew at an instant."""
    histories = facts.signals_of(tx, subjects, known_at=known_at)
    decided = decisions_of(tx, subjects, known_at=known_at)
    return {
        subject: standing(history, programme, day, Subject(decisions=decided[subject]), rates=rates)
        for subject, history in histories.items()
    }


def _tell(tx: Connection, entry: Entry, changed: Sequence[results.Changed], report: Report) -> None:
    """Count the moves, and name the first of them with what moved them."""
    report.first_standings += sum(each.before is None for each in changed)
    moves = [each for each in changed if each.before is not None and _shown(each.before) != _shown(each.after)]
    report.moved += len(moves)
    if not moves:
        return
    causes = results.causes(tx, entry.run, [each.subject for each in moves])
    records = results.first_records(tx, [each.subject for each in moves])
    for each in moves:
        because = [*causes.get(each.subject, ()), *_by_the_calendar(each)]
        report.moves.append(
            Move(records.get(each.subject, ""), _summary(each.before), _summary(each.after) or {}, tuple(because))
        )
    report.moves.sort(key=_weight, reverse=True)
    del report.moves[SHOWN:]


def _weight(move: Move) -> tuple[int, ...]:
    """The moves that a person wants to see first: what somebody did before what the calendar brings, points last."""
    before = move.before or {}
    moved = {name: before.get(name) != move.after[name] for name in move.after}
    done = any(not because.startswith(REVIEW) for because in move.because)
    return (
        done and moved["coefficient"] + moved["expected"] + moved["tier"] > 0,
        moved["tier"] + moved["coefficient"] + moved["expected"],
        bool(move.because),
        abs(int(move.after["expected"]) - int(before.get("expected", 0))),
    )


def _shown(breakdown: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(breakdown[name] for name in ("coefficient", "expected", "points", "tier", "status"))


def _by_the_calendar(changed: results.Changed) -> list[str]:
    before = {tuple(review) for review in (changed.before or {}).get("reviews", ())}
    return [f"{REVIEW}{review[0]}" for review in changed.after["reviews"] if tuple(review) not in before]


def _summary(breakdown: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if breakdown is None:
        return None
    return {name: breakdown[name] for name in ("coefficient", "expected", "points", "tier", "status")}
