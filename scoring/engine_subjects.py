"""What subjects bring beside their events, as arrays; a column that is missing is an empty array."""

from datetime import date

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring.engine_columns import LONG_AGO, BadTable, Table, coded, column, days, exactly, has
from scoring.kernel_calendar import EPOCH, NEVER
from scoring.opening import Opening
from scoring.rules import AnyRules
from scoring.scheme import AnyState, start

_LEAP = 2000  # a year that has every day
_OPENING = ("opening", "clean_periods", "periods_at_floor", "protection_used")


def openings_of(subjects: Table, rules: AnyRules) -> tuple[list[AnyState], NDArray[np.intp]]:
    """The states that the first periods start in, and which of them is each subject's.

    Raises:
        BadTable: an opening is one that no review under these rules can have given.
    """
    if not has(subjects, "opening"):
        return [start(rules)], np.empty(0, np.intp)
    import pyarrow.compute as pc  # noqa: PLC0415 - see engine_columns

    given = [name for name in _OPENING if has(subjects, name)]
    found = [exactly(column(subjects, name, nulls=True), pa.int64(), name) for name in given]
    values = [np.asarray(pc.fill_null(each, 0)) for each in found]
    rows, numbers = np.unique(np.column_stack(values), axis=0, return_inverse=True)
    states = [_state(dict(zip(given, row, strict=True)), rules) for row in rows.tolist()]
    return states or [start(rules)], numbers.reshape(-1)


def _state(row: dict[str, int], rules: AnyRules) -> AnyState:
    """An opening of 0 is none."""
    if not row["opening"]:
        return start(rules)
    known = [row.get(name, 0) for name in _OPENING]
    opening = Opening(known[0], known[1], known[2], bool(known[3]))
    try:
        opening.check(rules)
    except ValueError as wrong:
        raise BadTable(str(wrong)) from wrong
    return start(rules, opening)


def opened_of(subjects: Table) -> NDArray[np.int32]:
    """The day since which each subject is exposed whatever its events say, as the calendar counts; empty without."""
    if not has(subjects, "exposure"):
        return np.empty(0, np.int32)
    found = column(subjects, "exposure", nulls=True)
    given = days(found.fill_null(LONG_AGO), "exposure").astype(np.int64) + EPOCH
    return np.where(np.asarray(found.is_valid()), given, NEVER).astype(np.int32)


def fixed_of(subjects: Table, fixed: str | None) -> NDArray[np.int32]:
    """Each subject's review day as month * 32 + day, 0 for the anniversary; one for all without that column."""
    if not has(subjects, "review"):
        return np.array([_month_day(fixed)], np.int32)
    places, texts = coded(column(subjects, "review", nulls=True), "review")
    return np.array([_month_day(text or fixed) for text in [*texts, None]], np.int32)[places]


def flags_of(subjects: Table, name: str) -> NDArray[np.uint8]:
    """A column of booleans, empty where it is missing."""
    if not has(subjects, name):
        return np.empty(0, np.uint8)
    import pyarrow.compute as pc  # noqa: PLC0415 - see engine_columns

    return np.asarray(pc.fill_null(column(subjects, name, nulls=True), False)).astype(np.uint8)


def _month_day(text: str | None) -> int:
    if text is None:
        return 0
    try:
        day = date.fromisoformat(f"{_LEAP}-{text}")
    except ValueError:
        raise BadTable(f"review: {text!r} is no day of a year; write it as MM-DD, such as 03-31") from None
    return day.month * 32 + day.day
