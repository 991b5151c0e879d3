"""Steps 5 and 6 of a sync: who moves today, and where to."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache, partial
from importlib.util import find_spec
from itertools import repeat
from typing import Any

from sqlalchemy import Connection

from scoring.rules import Programme
from sync import lease, money
from sync.because import BY_ITSELF, REVIEW, because
from sync.job import PAGE, Job, Progress
from sync.ledger import results
from sync.ledger.facts import LOWEST, Entry, chunks
from sync.report import SHOWN, Move, Report
from sync.standings import recalled, standings_of

MANY = 250  # people from which on the start of the engine is worth it
COLD = 40  # times as many, where its loops would have to be compiled first
ENGINE = ("numba", "pyarrow", "adbc_driver_sqlite", "adbc_driver_postgresql")


def score(job: Job, entry: Entry, programme: Programme, day: date, report: Report) -> None:
    """Score everyone who is due: where they are many by the engine, if it is installed, the rest page by page."""

    @cache  # everybody may be gone through for it
    def due(most: int) -> int:
        with job.begin() as tx:
            return results.count_due(tx, entry.programme, day, programme.label, most=most)

    if not due(MANY):
        return
    left = _score_many(job, entry, programme, day, report) if is_worth(due) else None
    last = LOWEST
    rates = learnt = None
    for some in repeat(None) if left is None else chunks(left, PAGE):
        with job.begin() as tx:
            lease.alone(tx, entry.programme)
            if programme.currency and learnt != (newest := money.newest(tx)):  # a run beside this one may learn some
                rates, learnt = money.rates_of(tx, entry.programme), newest
            subjects = results.due_subjects(
                tx, entry.programme, day, programme.label, limit=PAGE, after=last, among=some
            )
            last = subjects[-1] if subjects else last
            standings = standings_of(tx, subjects, programme, day, rates=rates)
            recall = partial(recalled, tx, programme_at=job.programme_at)
            changed = results.store_standings(tx, entry, standings, programme.label, recall)
            report.first_standings += sum(each.before is None for each in changed)
            moves = [each for each in changed if each.before is not None and _shown(each.before) != _shown(each.after)]
            report.moved += len(moves)
            _tell(tx, entry, moves, report)
        report.scored += len(subjects)
        report.attention += sum(each.needs_attention for each in standings.values())
        job.watch(Progress("score", done=report.scored))
        job.pause()
        if some is None and len(subjects) < PAGE:
            return


def is_worth(count: Callable[[int], int]) -> bool:
    """Whether the engine is installed and worth its start; `count` counts the people in question up to a number."""
    if count(MANY) < MANY or any(find_spec(name) is None for name in ENGINE):
        return False
    from sync import warm  # noqa: PLC0415 - loads a compiler's library

    return warm.is_done() or count(MANY * COLD) == MANY * COLD


def _score_many(job: Job, entry: Entry, programme: Programme, day: date, report: Report) -> list[int] | None:
    """In one transaction whatever the engine can score; who is left, if it could do anything."""
    # Imported here, because most runs are small, and because it is an extra.
    from scoring.engine_store import give_back  # noqa: PLC0415 - see above
    from sync import many  # noqa: PLC0415 - as above
    from sync.ledger import scored  # noqa: PLC0415 - as above

    if not many.ready(programme, day):
        return None
    with job.begin() as tx:
        lease.alone(tx, entry.programme)
        # Without its breakdown a standing must follow from what was recorded up to its run.
        if not scored.is_alone(tx, entry):
            return None
        found = many.score_many(tx, job.ledger, entry, programme, day)
        report.first_standings += found.first
        report.moved += found.moved
        _tell(tx, entry, _changed(tx, job, found.most), report)
    give_back()  # a scheduler waits in this process for the next run
    report.scored += found.subjects
    report.attention += found.attention
    job.watch(Progress("score", done=report.scored))
    job.pause()
    return found.left


def _changed(tx: Connection, job: Job, most: Sequence[tuple[int, int, int, int]]) -> list[results.Changed]:
    """The largest moves of those that were entered in columns; of what was before, its numbers say enough.

    Nobody decided about these subjects, and a standing knows of no review after its day.
    """
    pairs = {subject: before for _, _, subject, before in most}
    earlier = {row.id: row for row in results.standings(tx, pairs.values())}
    rows = results.present_standings(tx, pairs)
    after = recalled(tx, rows, job.programme_at)
    return [
        results.Changed(row.subject, results.numbers_of(before), after[row.id], before.recorded)
        for row in rows
        for before in (earlier[pairs[row.subject]],)
    ]


def _tell(tx: Connection, entry: Entry, moves: Sequence[results.Changed], report: Report) -> None:
    """Name the first moves with what moved them."""
    if not moves:
        return
    causes = because(tx, entry, moves)
    records = results.first_records(tx, [each.subject for each in moves])
    for each in moves:
        before, after = _summary(each.before), _summary(each.after) or {}
        report.moves.append(Move(records.get(each.subject, ""), before, after, causes[each.subject]))
    report.moves.sort(key=_weight, reverse=True)
    del report.moves[SHOWN:]


def _weight(move: Move) -> tuple[int, ...]:
    """The moves that a person wants to see first: what somebody did before what the calendar brings, points last."""
    before = move.before or {}
    moved = {name: before.get(name) != move.after[name] for name in move.after}
    done = any(not each.startswith(BY_ITSELF) for each in move.because)
    return (
        done and moved["coefficient"] + moved["expected"] + moved["tier"] > 0,
        moved["tier"] + moved["coefficient"] + moved["expected"],
        done or any(each.startswith(REVIEW) for each in move.because),
        abs(int(move.after["expected"]) - int(before.get("expected", 0))),
    )


def _shown(breakdown: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(breakdown[name] for name in ("coefficient", "expected", "points", "tier", "status"))


def _summary(breakdown: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if breakdown is None:
        return None
    return {name: breakdown[name] for name in ("coefficient", "expected", "points", "tier", "status")}
