"""Standings of millions at once: columns of events and subjects in, columns of standings out, as Arrow tables.

`score` is pure and order-free, and may be called on any batch of subjects that comes with all their events; so any
executor or distributed engine can drive it. `score_parts` reads events piece by piece, with all cores and, where files
are given, in bounded memory; `sync.parquet.parts_of` are the pieces of Parquet files. What the compiled loops do not
know is left to the plain reading, subject by subject, and counted in the column `plain`.

Events:   subject (integer or text), on (date32), signal (text), liability (text: full, partial, none; none where it is
          missing), amount (integer or decimal, the same in all pieces; none of it may be negative). May be there:
          source (integer, its own for each order: the place among the signals of one day, by which `original`, integer,
          finds the order that a refund takes back), currency (text), recorded (instant: the column's time zone says of
          which day), key (text), by_hand (bool).
Subjects: subject. May be there: exposure (date32), review (text, MM-DD), opening (integer, hundredths), clean_periods,
          periods_at_floor (integers), protection_used (bool), by_hand (bool: decisions, contracts).
Result:   `engine_result.schema`, one row for each subject. Events of other subjects are left aside.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from datetime import date
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import pyarrow as pa

from scoring.engine_columns import BadTable, Part, Table, check, column
from scoring.engine_plain import PlainReading, all_plain, plain_standing
from scoring.engine_result import Labels
from scoring.engine_run import Run
from scoring.engine_subjects import openings_of
from scoring.kernel_limits import Unsupported
from scoring.kernel_plan import compile_programme
from scoring.rates import Rates
from scoring.rules import Programme

if TYPE_CHECKING:
    from scoring.standing import Standing

__all__ = ["BadTable", "Part", "PlainReading", "due", "score", "score_parts"]


def score(
    events: Table,
    subjects: Table,
    programme: Programme,
    day: date,
    *,
    rates: Rates | None = None,
    plain: PlainReading | None = None,
    executor: Executor | None = None,
    outlook: bool = False,
) -> Table:
    """The standings of `subjects` at the end of `day`, in their order.

    `plain` makes the standings of subjects whose rows are not all that is known of them (decisions, contracts,
    corrections); without it, they are made of their rows. With `outlook` there is a column more: what the calendar
    alone does next (`engine_result.OUTLOOK`).

    Raises:
        BadTable: a column is missing, is of another type, or a subject comes twice.
    """
    parts = [Part(events.num_rows, events.schema, lambda: events)]
    (found,) = score_parts(
        parts, subjects, programme, day, rates=rates, plain=plain, executor=executor, outlook=outlook
    )
    return found


def score_parts(
    parts: Sequence[Part],
    subjects: Table,
    programme: Programme,
    day: date,
    *,
    rates: Rates | None = None,
    plain: PlainReading | None = None,
    unread: "Standing | None" = None,
    executor: Executor | None = None,
    spill: Callable[[], BinaryIO] | None = None,
    outlook: bool = False,
) -> Iterator[Table]:
    """As `score`, of events in pieces; threads of `executor` read and score at the same time.

    With `spill`, a function that makes a temporary file, events wait on disk and the result comes in several tables,
    each subject in one of them; memory then grows with the subjects alone. Without it, one table. With `unread` those
    whom the loops leave are the caller's to read: it stands in their rows, and their events are not read again.

    Raises:
        BadTable: a column is missing, is of another type, or a subject comes twice.
    """
    check(parts, subjects)
    again = parts if unread is None else ()
    reading = plain or (lambda subject, rows: unread or plain_standing(subject, rows, programme, day, rates))
    states, numbers = openings_of(subjects, programme.rules)
    try:
        plan = compile_programme(programme, day, states)
    except Unsupported:
        yield all_plain(again, subjects, programme, reading, outlook=outlook)
        return
    openings = np.array([plan.starts[state] for state in states], np.int32)[numbers]
    wanted = [wanted for part in parts if (wanted := part.wanted(plan)) is not None]
    yield from Run(wanted, subjects, plan, openings, Labels.of(plan), reading, again, executor, outlook).tables(spill)


def due(standings: Table, day: date) -> Any:
    """The subjects that the calendar alone moves by the end of `day`: a review, an expiry, a signal whose day comes."""
    import pyarrow.compute as pc  # noqa: PLC0415 - see engine_columns

    moved = pc.fill_null(
        pc.less_equal(column(standings, "next_change", nulls=True), pa.scalar(day, pa.date32())), False
    )
    return column(standings, "subject").filter(moved)
