"""The common case, compiled: subjects whose events need not be put in order, told apart and scored in two passes.

A period's reduction asks whether there was an order in it, not which; only incidents and the points still in force have
an order that counts, and they are few. So each event is looked at twice, without a branch that depends on it: once for
the first day of exposure, once for its period, as a count of whole years. What is more than that goes to the careful
loop (`kernel.score_partition`): a refund of points in force, a tier that may have risen, enough refunds for a derived
signal, a review on the last days of February.
"""

import numpy as np

from scoring.kernel_cache import njit
from scoring.kernel_calendar import DAYS, add_months, day_in, period_of
from scoring.kernel_columns import (
    ACTIVE,
    BALANCE,
    CHANGE,
    COEFFICIENT,
    EXPECTED,
    REASONS,
    REVIEW,
    SHORT,
    STATUS,
    TIER,
)
from scoring.kernel_fold import (
    CLEAN,
    CLEAN_LAST,
    HAS_CLEAN,
    HELD,
    INTERRUPTED,
    INTERRUPTED_LAST,
    LETTER,
    LETTER_HELD,
    NO_REASON,
    PROTECTS,
    SEEN,
    SEEN_BITS,
    SHORT_HISTORY,
    SHOWN,
    YEAR,
    day_of,
    first_review,
    may_rise,
)
from scoring.kernel_fold import COEFFICIENT as SHOWN_COEFFICIENT
from scoring.kernel_fold import SHORT as SHORT_PERIOD
from scoring.kernel_money import settle_ties
from scoring.kernel_order import sort
from scoring.kernel_pack import BY_HAND, DAY_SHIFT, LATER, NAME_SHIFT
from scoring.kernel_plan import AWARDED, COUNTED, GAIN_SHIFT, KINDS, TAKES, Param
from scoring.kernel_points import NEVER, path, points, settle
from scoring.kernel_reasons import reason_code
from scoring.kernel_walk import balance, walk

DAY, LAG, FIRST_MIN, START = int(Param.DAY), int(Param.LAG), int(Param.FIRST_MIN), int(Param.START)
INTERRUPTION, LONGEST, SLOTS = int(Param.INTERRUPTION), int(Param.LONGEST), int(Param.SLOTS)
FORGETS, ENOUGH = int(Param.FORGETS), int(Param.ENOUGH)
_PERIODS = 60  # a bit each


@njit(nogil=True, cache=True)
def quick(
    events, bounds, records, where, rows, first_subject, opened, fixed, openings, by_hand,
    params, names, kinds, tiers, table, months, doms, first, civil, tied, mine, left,
):  # fmt: skip
    """Score the subjects of a partition that are easy into `mine`; the others' numbers go to `left`.

    `events[bounds[k]:bounds[k + 1]]` are those of subject k, in any order. Returns how many subjects are
    left.
    """
    today, lag, slots = params[DAY], params[LAG], params[SLOTS]
    oldest = add_months(months, doms, first, today, -params[LONGEST])
    longest = 0
    for local in range(len(bounds) - 1):
        longest = max(longest, bounds[local + 1] - bounds[local])
    incidents, awards = np.empty(longest + 1, np.uint64), np.empty(longest + 1, np.uint64)
    gained = np.empty(_PERIODS + 2, np.int64)
    reviews = np.empty(_PERIODS + 2, np.int64)  # the coefficient that each gave
    review_days = np.empty(_PERIODS + 2, np.int64)
    ends = np.empty(_PERIODS + 2, np.int64)
    entries = np.empty((longest + 1, 3), np.int64)
    sums, earned = np.empty(slots + 1, np.int64), np.empty(slots + 1, np.int64)
    gains, losses, counts = (
        np.empty(2 * longest + 1, np.int64),
        np.empty(2 * longest + 1, np.int64),
        np.empty(3, np.int64),
    )
    owners, orders = np.empty(longest + 1, np.int64), np.empty((10, longest + 1), np.int64)
    ever, top = np.empty(slots + 1, np.int64), np.empty(slots + 1, np.int64)
    leaving = 0
    for local in range(len(bounds) - 1):
        row = rows[first_subject + local]
        low, high = bounds[local], bounds[local + 1]
        left[leaving] = local
        leaving += 1  # taken back when all is done

        said = np.uint32(0)
        exposure = coming = np.int64(NEVER)
        for i in range(low, high):
            word = np.uint32(events[i] >> np.uint64(32))
            said |= word
            day = np.int64(word >> DAY_SHIFT)
            ahead = day > today
            coming = min(coming, day if ahead else NEVER)
            exposure = min(exposure, NEVER if ahead or word & LATER != 0 else day)
        given = opened[row] if len(opened) > 0 else NEVER
        if given <= today:
            exposure = min(exposure, given)
        else:
            coming = min(coming, given)
        hand = said & BY_HAND != 0 or (len(by_hand) > 0 and by_hand[row] != 0)
        if hand or exposure == NEVER or given < 0 or DAYS <= given < NEVER:
            continue
        month, dom = first_review(exposure, fixed[row] if len(fixed) > 1 else fixed[0], months, doms, first)
        if dom > 28 and (month % YEAR == 1 or (month - lag) % YEAR == 1):  # noqa: PLR2004 - February
            continue
        review = day_in(first, month, dom)
        end = review if lag == 0 else add_months(months, doms, first, review, -lag)
        done = max(0, ((civil[today] - civil[review]) >> 9) + 1)
        if done > _PERIODS - 3:
            continue
        anchor = civil[end]
        since = min(done + 1, period_of(oldest, civil, anchor))  # the first period with points in force
        for period in range(done + 2):
            gained[period] = 0

        ordered = np.uint64(0)
        counted = taking = n_incidents = n_awards = 0
        for i in range(low, high):
            event = events[i]
            day = day_of(event)
            kind = kinds[kind_of(event)]
            inside = exposure <= day <= today
            period = period_of(day, civil, anchor)
            period = period if inside else 0
            exposes = inside and (event >> np.uint64(32)) & np.uint64(LATER) == 0
            ordered |= np.uint64(exposes) << np.uint64(period)
            recent = inside and period >= since
            incidents[n_incidents] = event
            n_incidents += inside and kind & LETTER != 0
            awards[n_awards] = event
            n_awards += recent and kind & (AWARDED | TAKES) != 0
            taking += recent and kind & TAKES != 0
            counted += inside and kind & COUNTED != 0
            gained[period] += kind >> GAIN_SHIFT if inside else 0
        if counted >= params[ENOUGH]:
            continue

        sort(incidents, 0, n_incidents)
        state = before = openings[row] if len(openings) > 0 else params[START]
        start = exposure
        end = max(start, end)
        interruptible = add_months(months, doms, first, start, params[INTERRUPTION]) < end
        short = add_months(months, doms, first, start, params[FIRST_MIN]) > end
        closed = CLEAN
        seen = seen_1 = seen_2 = seen_3 = np.int64(0)
        incident = 0
        of_next = _of_next(incidents, incident, n_incidents, civil, anchor)
        for period in range(done + 1):
            held = False
            while of_next == period:
                letter = kinds[kind_of(incidents[incident])] & LETTER
                incident += 1
                of_next = _of_next(incidents, incident, n_incidents, civil, anchor)
                if letter == LETTER_HELD:
                    held = True
                    continue
                shift = SEEN_BITS * (2 if table[state, PROTECTS] else letter - 1)
                if (seen >> shift) & SEEN < SHOWN:
                    seen += np.int64(1) << shift
                state = table[state, letter - 1]
            symbol = SHORT_PERIOD if short else HELD if held else CLEAN
            if interruptible and not (ordered >> np.uint64(period)) & np.uint64(1):
                symbol = INTERRUPTED
            state = table[state, symbol]
            if period == done:
                break
            reviews[period] = table[state, SHOWN_COEFFICIENT]
            before = state
            closed = symbol
            seen_3, seen_2, seen_1, seen = seen_2, seen_1, seen, np.int64(0)
            interruptible, short = True, False
        rises = may_rise(reviews, done, gained, params, tiers)
        if rises:
            since = 0
            if params[FORGETS] and done >= params[FORGETS]:
                remembered = day_in(first, month + YEAR * (done - params[FORGETS]), dom)
                back = add_months(months, doms, first, remembered, -params[LONGEST])
                since = min(done + 1, period_of(back, civil, anchor))
            n_awards = taking = 0
            for i in range(low, high):
                day = day_of(events[i])
                kind = kinds[kind_of(events[i])]
                recent = exposure <= day <= today and period_of(day, civil, anchor) >= since
                awards[n_awards] = events[i]
                n_awards += recent and kind & (AWARDED | TAKES) != 0
                taking += recent and kind & TAKES != 0
        sort(awards, 0, n_awards)
        if rises or taking:
            for period in range(done + 2):
                review_days[period] = day_in(first, month + YEAR * period, dom)
        tier = 0
        if taking or (rises and not params[FORGETS]):
            for period in range(done + 2):
                ends[period] = max(exposure, add_months(months, doms, first, review_days[period], -lag))
            settle_ties(awards, 0, n_awards, records, where)
            points(
                awards, 0, n_awards, 0, ends, taking > 0, records, where, names, months, doms, first,
                gains, losses, owners, orders, counts, earned, ever, top,
            )  # fmt: skip
            if rises:
                tier, total, expiry = path(
                    review_days, reviews, done, gains, losses, counts, params, tiers, months, doms, first, sums
                )  # fmt: skip
            else:
                total, expiry = settle(gains, losses, counts, params, sums)
        elif rises:
            tier, total, expiry = walk(
                awards, n_awards, review_days, reviews, done, params, names, tiers, months, doms, first, civil, anchor,
                entries, earned, sums,
            )  # fmt: skip
        else:
            total, expiry = balance(awards, n_awards, params, names, months, doms, first, civil, anchor, earned, sums)
        if abs(total) > NEVER:
            continue
        reason = SHORT_HISTORY
        if done:
            reason = (
                INTERRUPTED_LAST if closed == INTERRUPTED else CLEAN_LAST if table[before, HAS_CLEAN] else NO_REASON
            )
        upcoming = day_in(first, month + YEAR * done, dom)
        mine[local, COEFFICIENT] = table[before, SHOWN_COEFFICIENT]
        mine[local, EXPECTED] = table[state, SHOWN_COEFFICIENT]
        mine[local, BALANCE] = total
        mine[local, TIER] = tier
        mine[local, STATUS] = SHORT if reason == SHORT_HISTORY else ACTIVE
        mine[local, REVIEW] = upcoming
        mine[local, CHANGE] = min(upcoming, coming, expiry)
        mine[local, REASONS] = reason_code(seen + seen_1 + seen_2 + seen_3, reason, sums, slots, tied)
        leaving -= 1
    return leaving


@njit(forceinline=True)
def kind_of(event):
    """Its rank and name."""
    return np.int64(event >> np.uint64(32 + NAME_SHIFT)) & (KINDS - 1)


@njit(forceinline=True)
def _of_next(incidents, incident, number, civil, anchor):
    """The period of an incident, -1 where there is no more of them."""
    if incident == number:
        return -1
    return period_of(day_of(incidents[incident]), civil, anchor)
