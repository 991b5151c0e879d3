"""The common case, compiled: subjects whose events need not be put in order, scored in two passes over them.

A period asks whether there was an order in it, not which; only incidents and the points still in force have an order
that counts, and they are few. So each event is looked at twice, without a branch that depends on it: once for the first
day of exposure, once for its period, a count of whole years. What that cannot tell is left to the careful loop
(`kernel`): reviews on the last days of February, and what is by hand.
"""

import numpy as np

from scoring.kernel_calendar import NEVER, add_months, day_in, period_of
from scoring.kernel_columns import LINE, PLAIN, STATUS, write, write_unexposed
from scoring.kernel_door import inline, loop
from scoring.kernel_fold import (
    CLEAN,
    HELD,
    INTERRUPTED,
    LETTER,
    LETTER_HELD,
    SHORT_HISTORY,
    YEAR,
    after,
    closing_reason,
    day_of,
    first_review,
    kind_of,
    may_rise,
)
from scoring.kernel_fold import COEFFICIENT as SHOWN_COEFFICIENT
from scoring.kernel_fold import SHORT as SHORT_PERIOD
from scoring.kernel_law import AWARDED, COUNTED, GAIN_SHIFT, TAKES, Param
from scoring.kernel_money import derive, settle_ties, with_derived
from scoring.kernel_order import sort
from scoring.kernel_outlook import foresee
from scoring.kernel_pack import BY_HAND, LATER
from scoring.kernel_points import points
from scoring.kernel_reasons import reason_code, unexposed_code
from scoring.kernel_subjects import begins_in, is_by_hand, opened_on, reviewed_on
from scoring.kernel_tiers import path, settle
from scoring.kernel_walk import balance, walk

DAY, LAG, FIRST_MIN = int(Param.DAY), int(Param.LAG), int(Param.FIRST_MIN)
INTERRUPTION, LONGEST = int(Param.INTERRUPTION), int(Param.LONGEST)
FORGETS, ENOUGH = int(Param.FORGETS), int(Param.ENOUGH)
_PERIODS = 60  # a bit each
_FEBRUARY, _SHORTEST = 1, 28


@loop
def quick(events, bounds, records, where, first_subject, subjects, law, tied, room, lines, left):
    """Score the easy subjects of a partition into `lines`; the numbers of the others go to `left`.

    `events[bounds[k]:bounds[k + 1]]` are those of subject k, in any order. Returns how many subjects are left.
    """
    params, calendar, awards = law.params, law.calendar, room.awards
    today, lag = params[DAY], params[LAG]
    oldest = add_months(calendar, today, -params[LONGEST])
    foreseeing = lines.shape[1] > LINE
    leaving = 0
    for local in range(len(bounds) - 1):
        left[leaving] = local
        leaving += 1  # taken back when all is done
        row = subjects.rows[first_subject + local]
        low, high = bounds[local], bounds[local + 1]

        said, exposure, coming = _begin(events, low, high, opened_on(subjects, row), today)
        if said & BY_HAND != 0 or is_by_hand(subjects, row):
            lines[local, STATUS] = PLAIN
            leaving -= 1
            continue
        state = begins_in(subjects, row, law)
        if exposure == NEVER:
            write_unexposed(lines, local, law.table[state], coming, unexposed_code(law))
            leaving -= 1
            continue
        own_review = reviewed_on(subjects, row)
        month, dom = first_review(exposure, own_review, calendar)
        if dom > _SHORTEST and (month % YEAR == _FEBRUARY or (month - lag) % YEAR == _FEBRUARY):
            continue
        review = day_in(calendar, month, dom)
        end = review if lag == 0 else add_months(calendar, review, -lag)
        done = max(0, ((calendar.civil[today] - calendar.civil[review]) >> 9) + 1)
        if done > _PERIODS - 3:
            continue
        anchor = calendar.civil[end]
        since = min(done + 1, period_of(calendar, oldest, anchor))  # the first period with points in force

        source = events
        derived = 0
        while True:
            number, awarded, taking, counted, ordered = _lists(
                source, low, high, exposure, oldest, since, anchor, done, law, room
            )
            if (
                derived
                or counted < params[ENOUGH]
                or not _derives(events, low, high, exposure, anchor, done, law, room)
            ):
                break
            derived = derive(events, low, high, exposure, own_review, records, where, law, room)
            if derived <= 0:
                break
            source, low, high = room.own, 0, with_derived(events, low, high, derived, room)
        if derived < 0:
            continue

        now, expected, seen, reason = _fold(state, exposure, end, done, number, ordered, anchor, law, room)
        rises = may_rise(done, law, room)
        if rises:
            awarded, taking = _awards_of_tier(source, low, high, exposure, month, dom, done, anchor, law, room)
        sort(awards, room.spare, 0, awarded)
        if rises or taking or foreseeing:
            for period in range(done + 2):
                room.review_days[period] = day_in(calendar, month + YEAR * period, dom)
        tier = 0
        if taking or foreseeing or (rises and not params[FORGETS]):
            for period in range(done + 2):
                room.ends[period] = max(exposure, add_months(calendar, room.review_days[period], -lag))
            settle_ties(awards, 0, awarded, records, where, room)
            if not points(awards, 0, awarded, 0, taking > 0, records, where, law, room):
                continue
            if rises:
                tier, total, expiry = path(done, law, room)
            else:
                total, expiry = settle(law, room)
        elif rises:
            tier, total, expiry = walk(awards, awarded, done, anchor, law, room)
        else:
            total, expiry = balance(awards, awarded, anchor, law, room)
        if abs(total) > NEVER:
            continue
        upcoming = day_in(calendar, month + YEAR * done, dom)
        if foreseeing:
            foresee(lines, local, min(upcoming, coming), law, room)
        code = reason_code(seen, reason, law, room, tied)
        change = min(upcoming, coming, expiry)
        write(lines, local, now, expected, total, tier, reason == SHORT_HISTORY, upcoming, change, code)
        leaving -= 1
    return leaving


@inline
def _begin(events, low, high, opened, today):
    """All bits of the words, the first day of exposure, and the next day on which something comes."""
    said = np.uint32(0)
    exposure = coming = never = np.int64(NEVER)
    for i in range(low, high):
        word = np.uint32(events[i] >> np.uint64(32))
        said |= word
        day = day_of(events[i])
        ahead = day > today
        coming = min(coming, day if ahead else never)
        exposure = min(exposure, never if ahead or word & LATER != 0 else day)
    if opened <= today:
        exposure = min(exposure, opened)
    else:
        coming = min(coming, opened)
    return said, exposure, coming


@inline
def _lists(events, low, high, exposure, oldest, since, anchor, done, law, room):
    """Write the incidents, the awards of the periods from `since` on, and what each period gains, to the room.

    Returns how many incidents and awards there are, how many of these take back, how many events derived signals count,
    and a bit for each period with an order.
    """
    calendar, meanings, today = law.calendar, law.meanings, law.params[DAY]
    incidents, awards, gained = room.incidents, room.awards, room.gained
    for period in range(done + 2):
        gained[period] = 0
    ordered = np.uint64(0)
    counted = taking = number = awarded = 0
    for i in range(low, high):
        event = events[i]
        day = day_of(event)
        meaning = meanings[kind_of(event)]
        inside = (exposure <= day) & (day <= today)  # `and` would be a branch, and guessed wrong
        period = period_of(calendar, day, anchor) * inside
        exposes = inside & ((event >> np.uint64(32)) & np.uint64(LATER) == 0)
        ordered |= np.uint64(exposes) << np.uint64(period)
        recent = inside & (period >= since)
        incidents[number] = event
        number += inside & (meaning & LETTER != 0)
        awards[awarded] = event
        awarded += recent & (meaning & (AWARDED | TAKES) != 0)
        taking += recent & (day > oldest) & (meaning & TAKES != 0)  # older ones took back what is gone by now
        counted += inside & (meaning & COUNTED != 0)
        gained[period] += (meaning >> GAIN_SHIFT) * inside
    return number, awarded, taking, counted, ordered


@loop
def _derives(events, low, high, exposure, anchor, done, law, room):
    """Whether a period has enough of what derived signals count to make one."""
    numbers = room.ends  # not in use yet
    for period in range(done + 2):
        numbers[period] = 0
    for i in range(low, high):
        day = day_of(events[i])
        if exposure <= day <= law.params[DAY] and law.meanings[kind_of(events[i])] & COUNTED != 0:
            period = period_of(law.calendar, day, anchor)
            numbers[period] += 1
            if numbers[period] >= law.params[ENOUGH]:
                return True
    return False


@inline
def _fold(state, exposure, end, done, number, ordered, anchor, law, room):
    """As `kernel_fold.coefficient`, from the incidents and a bit for each period with an order."""
    params, calendar, table, meanings, incidents = law.params, law.calendar, law.table, law.meanings, room.incidents
    sort(incidents, room.spare, 0, number)
    end = max(exposure, end)
    interruptible = add_months(calendar, exposure, params[INTERRUPTION]) < end
    short = add_months(calendar, exposure, params[FIRST_MIN]) > end
    before, closed = state, CLEAN
    seen = seen_1 = seen_2 = seen_3 = np.int64(0)
    i = 0
    of_next = period_of(calendar, day_of(incidents[0]), anchor) if number else -1
    for period in range(done + 1):
        held = False
        while of_next == period:
            letter = meanings[kind_of(incidents[i])] & LETTER
            i += 1
            of_next = period_of(calendar, day_of(incidents[i]), anchor) if i < number else -1
            if letter == LETTER_HELD:
                held = True
                continue
            state, seen = after(letter, state, seen, table)
        symbol = SHORT_PERIOD if short else HELD if held else CLEAN
        if interruptible and not (ordered >> np.uint64(period)) & np.uint64(1):
            symbol = INTERRUPTED
        state = np.int64(table[state, symbol])
        if period == done:
            break
        room.review_coefficients[period] = table[state, SHOWN_COEFFICIENT]
        before, closed = state, symbol
        seen_3, seen_2, seen_1, seen = seen_2, seen_1, seen, np.int64(0)
        interruptible, short = True, False
    reason = closing_reason(done, closed, before, table)
    return table[before, SHOWN_COEFFICIENT], table[state, SHOWN_COEFFICIENT], seen + seen_1 + seen_2 + seen_3, reason


@inline
def _awards_of_tier(events, low, high, exposure, month, dom, done, anchor, law, room):
    """The awards that the tier remembers (`Param.FORGETS`): how many, and how many of them take points back."""
    params, calendar, awards = law.params, law.calendar, room.awards
    since = 0
    if params[FORGETS] and done >= params[FORGETS]:
        remembered = day_in(calendar, month + YEAR * (done - params[FORGETS]), dom)
        oldest = add_months(calendar, remembered, -params[LONGEST])
        since = min(done + 1, period_of(calendar, oldest, anchor))
    awarded = taking = 0
    for i in range(low, high):
        day = day_of(events[i])
        meaning = law.meanings[kind_of(events[i])]
        inside = (exposure <= day) & (day <= params[DAY])
        recent = inside & (period_of(calendar, day, anchor) >= since)
        awards[awarded] = events[i]
        awarded += recent & (meaning & (AWARDED | TAKES) != 0)
        taking += recent & (meaning & TAKES != 0)
    return awarded, taking
