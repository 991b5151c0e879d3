"""The fold of one subject, compiled: periods closed one after the other, the automaton in place of the articles."""

import numpy as np

from scoring.automaton import Column
from scoring.kernel_calendar import add_months, day_in
from scoring.kernel_door import inline, loop
from scoring.kernel_law import GAIN_SHIFT, KINDS, Letter, Param
from scoring.kernel_limits import NAMES
from scoring.kernel_pack import DAY_SHIFT, LATER, NAME_SHIFT

CLEAN, HELD, SHORT, INTERRUPTED = int(Column.CLEAN), int(Column.HELD), int(Column.SHORT), int(Column.INTERRUPTED)
COEFFICIENT, PROTECTS, HAS_CLEAN = int(Column.COEFFICIENT), int(Column.PROTECTS), int(Column.HAS_CLEAN)
DAY, LAG, FIRST_MIN = int(Param.DAY), int(Param.LAG), int(Param.FIRST_MIN)
INTERRUPTION, FORGETS, LONGEST = int(Param.INTERRUPTION), int(Param.FORGETS), int(Param.LONGEST)
EVER, HAS_FLOOR, FLOOR = int(Param.EVER), int(Param.HAS_FLOOR), int(Param.FLOOR)
NOTHING, LETTER_HELD = int(Letter.NOTHING), int(Letter.HELD)
LETTER = 3  # the bits of a letter
# A letter less one is the automaton's column.
assert (Letter.FULL - 1, Letter.PARTIAL - 1) == (Column.FULL, Column.PARTIAL)  # noqa: S101 - of two enumerations
NO_REASON, INTERRUPTED_LAST, CLEAN_LAST, SHORT_HISTORY = 0, 1, 2, 3  # what the reasons say after the incidents
SEEN_BITS = 8  # of each count of incidents, which ends at `SHOWN` in each period
SEEN = (1 << SEEN_BITS) - 1
SHOWN = 3  # reasons at most
YEAR = 12


@inline
def day_of(event):
    """The day of an event (its word in the upper half of 64 bits)."""
    return np.int64(event >> np.uint64(32 + DAY_SHIFT))


@inline
def name_of(event):
    """The number of its signal's name."""
    return np.int64(event >> np.uint64(32 + NAME_SHIFT)) & NAMES


@inline
def kind_of(event):
    """Its rank and name."""
    return np.int64(event >> np.uint64(32 + NAME_SHIFT)) & (KINDS - 1)


@inline
def after(letter, state, seen, table):
    """The state after an incident, and what incidents did so far: raised in full, in part, absorbed."""
    shift = SEEN_BITS * (2 if table[state, PROTECTS] else letter - 1)
    if (seen >> shift) & SEEN < SHOWN:
        seen += np.int64(1) << shift
    return np.int64(table[state, letter - 1]), seen


@inline
def closing_reason(done, closed, before, table):
    """What the reasons say after the incidents: of the last review, `closed` by that symbol, and the state it left."""
    if done == 0:
        return SHORT_HISTORY
    return INTERRUPTED_LAST if closed == INTERRUPTED else CLEAN_LAST if table[before, HAS_CLEAN] else NO_REASON


@inline
def first_review(exposure, fixed, calendar):
    """The month of the first review and the day wanted of it; `fixed` is month * 32 + day, 0 for the anniversary."""
    if fixed == 0:
        return calendar.month[exposure] + 12, calendar.dom[exposure]
    month = calendar.month[exposure] // 12 * 12 + fixed // 32 - 1
    dom = fixed % 32
    if day_in(calendar, month, dom) <= exposure:
        month += 12
    return month, dom


@loop
def coefficient(events, low, high, exposure, fixed, start_state, law, room):
    """Step through the periods of one subject, as `fold.fold` does.

    `events[low:high]` are those from exposure to the day, in order. Writes to the room the reviews that have been
    (`review_days`, `review_coefficients`), the `ends` of all periods up to the day, and the most points that each
    period's events can add to a balance (`gained`). Returns how many reviews, the coefficient, what the next
    review gives, its day, what the incidents of the last three reviews and of the running period did (`SEEN_BITS` each:
    raised in full, in part, absorbed), and what the reasons say next.
    """
    calendar, meanings, table = law.calendar, law.meanings, law.table
    ends, gained, review_days, review_coefficients = room.ends, room.gained, room.review_days, room.review_coefficients
    today, lag, interruption = law.params[DAY], law.params[LAG], law.params[INTERRUPTION]
    month, dom = first_review(exposure, fixed, calendar)
    start = exposure
    review = day_in(calendar, month, dom)
    end = max(start, review if lag == 0 else add_months(calendar, review, -lag))
    # Every period but the first is then long enough to be interrupted; the second may lack what the lag takes of it.
    always = interruption < YEAR - lag
    interruptible = add_months(calendar, start, interruption) < end
    short = add_months(calendar, start, law.params[FIRST_MIN]) > end
    state = before = start_state
    closed = CLEAN
    seen = seen_1 = seen_2 = seen_3 = np.int64(0)
    done = 0
    i = low
    while True:
        ends[done] = end
        limit = np.uint64(end) << np.uint64(32 + DAY_SHIFT)
        ordered = False
        held = False
        gain = np.int64(0)
        while i < high and events[i] < limit:
            word = np.uint32(events[i] >> np.uint64(32))
            meaning = meanings[kind_of(events[i])]
            i += 1
            ordered |= word & LATER == 0
            gain += meaning >> GAIN_SHIFT
            letter = meaning & LETTER
            if letter == NOTHING:
                continue
            if letter == LETTER_HELD:
                held = True
                continue
            state, seen = after(letter, state, seen, table)
        gained[done] = gain
        symbol = INTERRUPTED if interruptible and not ordered else SHORT if short else HELD if held else CLEAN
        state = np.int64(table[state, symbol])
        if review > today:
            break
        review_days[done] = review
        review_coefficients[done] = table[state, COEFFICIENT]
        before = state
        closed = symbol
        seen_3, seen_2, seen_1, seen = seen_2, seen_1, seen, np.int64(0)
        done += 1
        month += 12
        review = day_in(calendar, month, dom)
        start = end
        end = max(start, review if lag == 0 else add_months(calendar, review, -lag))
        interruptible = always or add_months(calendar, start, interruption) < end
        short = False
    later = day_in(calendar, month + 12, dom)  # a period may end before the day, its review still to come
    ends[done + 1] = max(end, add_months(calendar, later, -lag))
    gained[done + 1] = 0
    for k in range(i, high):
        gained[done + 1] += meanings[kind_of(events[k])] >> GAIN_SHIFT
    reason = closing_reason(done, closed, before, table)
    seen += seen_1 + seen_2 + seen_3
    return done, table[before, COEFFICIENT], table[state, COEFFICIENT], review, seen, reason


@inline
def may_rise(reviews, law, room):
    """Whether the tier may be any but the lowest: whether some review since the tier remembers leaves it in reach.

    Points in force on one day come from the periods that their lifetime spans, and one more because a first period may
    be short; all gains of these together, caps and losses left aside, are the most that the balance can have been.
    """
    params, tiers, gained, review_coefficients = law.params, law.tiers, room.gained, room.review_coefficients
    if len(tiers) == 1 or reviews == 0:
        return False
    oldest = max(0, reviews - params[FORGETS]) if params[FORGETS] else 0
    lowest = review_coefficients[oldest]
    for review in range(oldest + 1, reviews):
        lowest = min(lowest, review_coefficients[review])
    if lowest > tiers[1, 0]:
        return False
    if params[HAS_FLOOR] and params[FLOOR] >= tiers[1, 1]:
        return True
    span = (params[LONGEST] + YEAR - 1) // YEAR + 2
    most = np.int64(0)
    for period in range(max(0, oldest - span + 1), oldest):
        most += gained[period]
    for period in range(oldest, reviews + 2):
        most += gained[period]
        if most >= tiers[1, 1]:
            return True
        if period >= span - 1:
            most -= gained[period - span + 1]
    return False


@loop
def horizon(events, low, high, reviews, since, law, room):
    """The first period whose points can still be in force on the day `since`, and the first event of it.

    That period counts whole, for its caps.
    """
    if since == 0 or law.params[EVER]:
        return 0, low
    ends = room.ends
    last = add_months(law.calendar, since, -law.params[LONGEST])
    period = reviews + 1
    while period > 0 and ends[period - 1] > last:
        period -= 1
    if period > 0:
        begin = np.uint64(ends[period - 1]) << np.uint64(32 + DAY_SHIFT)
        at = high
        while at > low and events[at - 1] >= begin:
            at -= 1
        low = at
    return period, low
