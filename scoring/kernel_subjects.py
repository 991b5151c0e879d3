"""The subjects of a scoring, sorted by partition, and what each brings, for the compiled loops."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from scoring.kernel_calendar import DAYS, NEVER
from scoring.kernel_door import inline
from scoring.kernel_law import Param

START = int(Param.START)


class Subjects(NamedTuple):
    """`starts[partition]` is where its subjects begin among the keys and `rows`; all else is by row, or empty.

    `opened` is the day from which exposure is known otherwise, `fixed` the day of review (month * 32 + day, 0 for the
    anniversary; one for all or one each), `openings` the state that each begins in.
    """

    starts: NDArray[np.int64]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    rows: NDArray[np.int32]
    opened: NDArray[np.int32]
    fixed: NDArray[np.int32]
    openings: NDArray[np.int32]
    by_hand: NDArray[np.uint8]

    def only(self, first: int, last: int) -> tuple["Subjects", NDArray[np.int32]]:
        """Those of some partitions, numbered anew in their order; and the rows they had."""
        begin, end = self.starts[first], self.starts[last]
        rows = self.rows[begin:end]
        mine = Subjects(
            self.starts[first : last + 1] - begin,
            self.low[begin:end],
            self.high[begin:end] if len(self.high) else self.high,
            np.arange(end - begin, dtype=np.int32),
            self.opened[rows] if len(self.opened) else self.opened,
            self.fixed[rows] if len(self.fixed) > 1 else self.fixed,
            self.openings[rows] if len(self.openings) else self.openings,
            self.by_hand[rows] if len(self.by_hand) else self.by_hand,
        )
        return mine, rows


@inline
def opened_on(subjects, row):
    """The day that exposure is known to begin on, `NEVER` where it is not known."""
    return np.int64(subjects.opened[row]) if len(subjects.opened) > 0 else np.int64(NEVER)


@inline
def is_by_hand(subjects, row):
    """Whether only the plain reading knows all of it: of what is marked, and of days beyond the calendar."""
    opened = opened_on(subjects, row)
    return (len(subjects.by_hand) > 0 and subjects.by_hand[row] != 0) or opened < 0 or DAYS <= opened < NEVER


@inline
def reviewed_on(subjects, row):
    """The day of its reviews, as `fixed` has it."""
    return np.int64(subjects.fixed[row] if len(subjects.fixed) > 1 else subjects.fixed[0])


@inline
def begins_in(subjects, row, law):
    """The state that its first period begins in."""
    return np.int64(subjects.openings[row]) if len(subjects.openings) > 0 else law.params[START]
