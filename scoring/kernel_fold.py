"""The fold of one subject, compiled: periods closed one after the other, the automaton in place of the articles."""

import numpy as np
from numba import njit

from scoring.automaton import Column
from scoring.kernel_calendar import add_months, day_in
from scoring.kernel_pack import DAY_SHIFT, LATER, NAME_SHIFT, RANK_SHIFT
from scoring.kernel_plan import NAMES, Name, Param

FULL, PARTIAL = int(Column.FULL), int(Column.PARTIAL)
CLEAN, HELD, SHORT, INTERRUPTED = int(Column.CLEAN), int(Column.HELD), int(Column.SHORT), int(Column.INTERRUPTED)
COEFFICIENT, PROTECTS, HAS_CLEAN = int(Column.COEFFICIENT), int(Column.PROTECTS), int(Column.HAS_CLEAN)
DAY, LAG, FIRST_MIN = int(Param.DAY), int(Param.LAG), int(Param.FIRST_MIN)
FULL_RANK, INTERRUPTION = int(Param.FULL_RANK), int(Param.INTERRUPTION)
EXCUSABLE, LETTERS = int(Name.EXCUSABLE), int(Name.LETTERS)

FORGETS, LONGEST = int(Param.FORGETS), int(Param.LONGEST)
NO_REASON, INTERRUPTED_LAST, CLEAN_LAST, SHORT_HISTORY = 0, 1, 2, 3  # what the reasons say after the incidents
REVIEWS = 200  # room for the reviews of one subject


@njit(forceinline=True)
def day_of(event):
    """The day of an event (its word in the upper half of 64 bits)."""
    return np.int64(event >> np.uint64(32 + DAY_SHIFT))


@njit(forceinline=True)
def name_of(event):
    """The number of its signal's name."""
    return np.int64(event >> np.uint64(32 + NAME_SHIFT)) & NAMES


@njit(forceinline=True)
def first_review(exposure, fixed, months, doms, first):
    """The month of the first review and the day wanted of it; `fixed` is month * 32 + day, 0 for the anniversary."""
    if fixed == 0:
        return months[exposure] + 12, doms[exposure]
    month = months[exposure] // 12 * 12 + fixed // 32 - 1
    dom = fixed % 32
    if day_in(first, month, dom) <= exposure:
        month += 12
    return month, dom


@njit(nogil=True, cache=True)
def coefficient(
    events, low, high, exposure, fixed, start_state, params, names, table, months, doms, first,
    review_days, review_coefficients, ends, seen,
):  # fmt: skip
    """Step through the periods of one subject, as `fold.fold` does.

    `events[low:high]` are those from exposure to the day, in order. Writes the reviews that have been to
    `review_days` and `review_coefficients`, the ends of all periods up to the day to `ends`, and to `seen[slot, kind]`
    what the incidents of the last three reviews and of the running period did (0 full, 1 partial, 2 absorbed). Returns
    how many reviews, the coefficient, what the next review gives, its day, and what the reasons say next.
    """
    today, lag = params[DAY], params[LAG]
    full_rank = params[FULL_RANK]
    for slot in range(4):
        for kind in range(3):
            seen[slot, kind] = 0
    month, dom = first_review(exposure, fixed, months, doms, first)
    start = exposure
    review = day_in(first, month, dom)
    state = start_state
    before = start_state
    done = 0
    reason = SHORT_HISTORY
    i = low
    while True:
        end = review if lag == 0 else add_months(months, doms, first, review, -lag)
        end = max(start, end)
        ends[done] = end
        slot = done & 3
        ordered = False
        held = False
        while i < high and day_of(events[i]) < end:
            word = np.uint32(events[i] >> np.uint64(32))
            name = np.int64(word >> NAME_SHIFT) & NAMES
            if word & LATER == 0:
                ordered = True
            rank = np.int64(word >> RANK_SHIFT) & 3
            if rank in (1, full_rank):
                if names[name, LETTERS]:
                    letter = PARTIAL if rank == 1 else FULL
                    seen[slot, 2 if table[state, PROTECTS] else letter] += 1
                    state = table[state, letter]
                elif names[name, EXCUSABLE]:
                    held = True
            elif names[name, EXCUSABLE]:
                held = True
            i += 1
        if not ordered and add_months(months, doms, first, start, params[INTERRUPTION]) < end:
            symbol = INTERRUPTED
        elif done == 0 and add_months(months, doms, first, start, params[FIRST_MIN]) > end:
            symbol = SHORT
        elif held:
            symbol = HELD
        else:
            symbol = CLEAN
        state = table[state, symbol]
        if review > today:
            after = day_in(first, month + 12, dom)  # a period may end before the day, its review still to come
            ends[done + 1] = max(end, add_months(months, doms, first, after, -lag))
            return done, table[before, COEFFICIENT], table[state, COEFFICIENT], review, reason
        review_days[done] = review
        review_coefficients[done] = table[state, COEFFICIENT]
        before = state
        reason = INTERRUPTED_LAST if symbol == INTERRUPTED else CLEAN_LAST if table[state, HAS_CLEAN] else NO_REASON
        done += 1
        for kind in range(3):
            seen[done & 3, kind] = 0
        start = end
        month += 12
        review = day_in(first, month, dom)


@njit(nogil=True, cache=True)
def horizon(events, low, high, ends, review_days, reviews, params, months, doms, first):
    """The first period whose points can still matter to the tier, and the first event of it.

    Where the tier forgets, only the last reviews decide, the points in force at the first of them, and those of the
    period in which the oldest of these were earned, for its caps.
    """
    period = 0
    i = low
    forgets = params[FORGETS]
    if forgets and reviews >= forgets:
        last = add_months(months, doms, first, review_days[reviews - forgets], -params[LONGEST])
        while ends[period] <= last:
            period += 1
        while i < high and period and day_of(events[i]) < ends[period - 1]:
            i += 1
    return period, i
