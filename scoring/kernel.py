"""One partition of subjects, compiled: find each event's subject, put each subject's events in order, fold, write.

Every loop works on arrays that one core's cache holds; nothing is shared between partitions but the rows of the result,
of which each belongs to one subject.
"""

import numpy as np

from scoring.automaton import Column
from scoring.kernel_cache import njit
from scoring.kernel_calendar import DAYS
from scoring.kernel_columns import (
    ACTIVE,
    BALANCE,
    CHANGE,
    COEFFICIENT,
    EXPECTED,
    NO_DAY,
    PLAIN,
    REASONS,
    REVIEW,
    SHORT,
    STATUS,
    TIER,
)
from scoring.kernel_fold import (
    REVIEWS,
    SHORT_HISTORY,
    coefficient,
    day_of,
    horizon,
    may_rise,
    name_of,
)
from scoring.kernel_money import derive, settle_ties
from scoring.kernel_order import gather, locate, sort
from scoring.kernel_pack import BY_HAND, LATER, NAME_SHIFT
from scoring.kernel_plan import Letter, Name, Param
from scoring.kernel_points import NEVER, path, points, settle
from scoring.kernel_quick import quick
from scoring.kernel_reasons import REASON_KINDS, UNEXPOSED, reason_code

MONEY, TAKES = int(Letter.MONEY), int(Name.TAKES)
SHOWN = int(Column.COEFFICIENT)
DAY, SLOTS, START = int(Param.DAY), int(Param.SLOTS), int(Param.START)
FORGETS, EASY = int(Param.FORGETS), int(Param.EASY)

CURRENCIES = 32


@njit(nogil=True, cache=True)
def score_partition(
    part, starts, records, where,
    sub_starts, sub_low, sub_high, sub_rows, opened, fixed, openings, by_hand, unsettled,
    params, names, letters, kinds, gainable, derived, tiers, table, months, doms, first, civil, fading, tied, result,
):  # fmt: skip
    """Score the subjects of one partition into `result[row of the subject]`: the easy ones together, then the others.

    `starts[batch, partition]` are the pieces of the partition among the records, `sub_starts[partition]` its subjects.
    `fading` is the room that one entry's losses need. Returns False where a subject comes twice.
    """
    first_subject, last_subject = sub_starts[part], sub_starts[part + 1]
    subjects = last_subject - first_subject
    places = locate(sub_low, sub_high, first_subject, last_subject)
    if len(places) == 0:
        return False
    total = 0
    for batch in range(len(starts)):
        total += starts[batch, part + 1] - starts[batch, part]
    bounds = np.zeros(subjects + 1, np.int64)
    events = gather(
        part, starts, records, where, sub_low, sub_high, first_subject, places,
        np.empty(total, np.int32), bounds,
    )  # fmt: skip
    mine = np.empty((subjects, 8), np.int32)  # lines in order; they go to their rows all at once
    left = np.arange(subjects + 1)
    if params[EASY]:
        number = quick(
            events, bounds, records, where, sub_rows, first_subject, opened, fixed, openings, by_hand, params, names, kinds, tiers,
            table, months, doms, first, civil, tied, mine, left,
        )  # fmt: skip
        left = left[:number]
    else:
        left = left[:subjects]
    longest = 0
    for local in left:
        longest = max(longest, bounds[local + 1] - bounds[local])
    extra = REVIEWS * len(derived)
    room = longest + extra
    own = np.empty(room if unsettled else 1, np.uint64)
    gains = np.empty(2 * room + 1, np.int64)
    losses = np.empty((2 * room + 1) * fading, np.int64)
    owners = np.empty(room + 1 if unsettled else 1, np.int64)
    orders = np.empty((10, room + 1 if unsettled else 1), np.int64)
    made = np.empty(extra + 1, np.uint64)
    counts = np.zeros(3, np.int64)
    slots = params[SLOTS]
    sums = np.zeros(slots + 1, np.int64)
    earned = np.zeros(slots + 1, np.int64)
    ever = np.zeros(slots + 1, np.int64)
    top = np.zeros(slots + 1, np.int64)
    counted = np.zeros(CURRENCIES, np.int64)
    against = np.zeros(CURRENCIES, np.int64)
    review_days = np.empty(REVIEWS, np.int64)
    review_coefficients = np.empty(REVIEWS, np.int64)
    ends = np.empty(REVIEWS + 2, np.int64)
    gained = np.empty(REVIEWS + 2, np.int64)
    today = params[DAY]
    for local in left:
        row = sub_rows[first_subject + local]
        low, high = bounds[local], bounds[local + 1]
        sort(events, low, high)
        hand = len(by_hand) > 0 and by_hand[row] != 0
        said = np.uint32(0)
        asked = 0
        for i in range(low, high):
            word = np.uint32(events[i] >> np.uint64(32))
            said |= word
            asked |= letters[(word >> NAME_SHIFT) & 511]
        hand |= said & BY_HAND != 0
        given = opened[row] if len(opened) > 0 else NEVER
        hand = hand or given < 0 or DAYS <= given < NEVER
        if hand:
            mine[local, STATUS] = PLAIN
            continue
        end = high
        while end > low and day_of(events[end - 1]) > today:
            end -= 1
        coming = day_of(events[end]) if end < high else NEVER
        exposure = NEVER
        start = low
        for i in range(low, end):
            if np.uint32(events[i] >> np.uint64(32)) & LATER == 0:
                exposure = day_of(events[i])
                break
        if given <= today:
            exposure = min(exposure, given)
        else:
            coming = min(coming, given)
        state = openings[row] if len(openings) > 0 else params[START]
        if exposure == NEVER:
            mine[local, COEFFICIENT] = mine[local, EXPECTED] = table[state, SHOWN]
            mine[local, BALANCE] = 0
            mine[local, TIER] = 0
            mine[local, STATUS] = SHORT
            mine[local, REVIEW] = NO_DAY
            mine[local, CHANGE] = NO_DAY if coming == NEVER else coming
            mine[local, REASONS] = UNEXPOSED * (REASON_KINDS + slots) ** 2
            continue
        while start < end and day_of(events[start]) < exposure:
            start += 1
        own_review = fixed[row] if len(fixed) > 1 else fixed[0]

        money = unsettled and asked & MONEY != 0
        source = events
        if money:
            found = derive(
                events, start, end, exposure, own_review, records, where, derived, params, months, doms, first,
                counted, against, made,
            )  # fmt: skip
            if found < 0:
                mine[local, STATUS] = PLAIN
                continue
            if found > 0:
                length = end - start
                own[:length] = events[start:end]
                own[length : length + found] = made[:found]
                _insert(own, length, length + found)
                source, start, end = own, 0, length + found
        done, now, expected, review, seen, reason = coefficient(
            source, start, end, exposure, own_review, state, params, letters, gainable, table, months, doms, first,
            review_days, review_coefficients, ends, gained,
        )  # fmt: skip
        rises = may_rise(review_coefficients, done, gained, params, tiers)
        forgets = params[FORGETS]
        since = today if not rises else review_days[done - forgets] if forgets and done >= forgets else 0
        period, start = horizon(source, start, end, ends, done, since, params, months, doms, first)
        refunded = False
        if money:
            for i in range(start, end):
                refunded = refunded or names[name_of(source[i]), TAKES] != 0
        if refunded:
            settle_ties(source, start, end, records, where)
        points(
            source, start, end, period, ends, refunded, records, where, names, months, doms, first,
            gains, losses, owners, orders, counts, earned, ever, top,
        )  # fmt: skip
        tier = 0
        if rises:
            tier, total, expiry = path(
                review_days, review_coefficients, done, gains, losses, counts, params, tiers, months, doms, first, sums,
            )  # fmt: skip
        else:
            total, expiry = settle(gains, losses, counts, params, sums)
        if abs(total) > NEVER:
            mine[local, STATUS] = PLAIN
            continue
        mine[local, COEFFICIENT] = now
        mine[local, EXPECTED] = expected
        mine[local, BALANCE] = total
        mine[local, TIER] = tier
        mine[local, STATUS] = SHORT if reason == SHORT_HISTORY else ACTIVE
        mine[local, REVIEW] = review
        mine[local, CHANGE] = min(review, coming, expiry)
        mine[local, REASONS] = reason_code(seen, reason, sums, slots, tied)
    for local in range(subjects):
        row = sub_rows[first_subject + local]
        for each in range(8):
            result[row, each] = mine[local, each]
    return True


@njit(forceinline=True)
def _insert(events, middle, high):
    """The events from `middle` on, put among those before it, ties after them; those before keep their order.

    Only the word's day and liability decide: how equals are ordered among those before was settled by more than that.
    """
    shift = np.uint64(32 + 13)
    for i in range(middle, high):
        event = events[i]
        j = i
        while j > 0 and events[j - 1] >> shift > event >> shift:
            events[j] = events[j - 1]
            j -= 1
        events[j] = event
