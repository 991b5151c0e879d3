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
    CLEAN_LAST,
    INTERRUPTED_LAST,
    REVIEWS,
    SEEN,
    SEEN_BITS,
    SHORT_HISTORY,
    coefficient,
    day_of,
    horizon,
    may_rise,
    name_of,
)
from scoring.kernel_fold import (
    SHOWN as SHOWN_REASONS,
)
from scoring.kernel_money import derive, settle_ties
from scoring.kernel_pack import BY_HAND, HIGH, LATER, NAME_SHIFT, WORD, hashed, hashed_both, hashed_one, key_of, wide
from scoring.kernel_plan import Letter, Name, Param
from scoring.kernel_points import NEVER, path, points, settle
from scoring.kernel_walk import balance, walk

MONEY, TAKES = int(Letter.MONEY), int(Name.TAKES)
SHOWN = int(Column.COEFFICIENT)
DAY, SLOTS, START = int(Param.DAY), int(Param.SLOTS), int(Param.START)
UNEVEN, FORGETS, EVER = int(Param.UNEVEN), int(Param.FORGETS), int(Param.EVER)

CURRENCIES = 32

# The digits of a reason code, in base `REASON_KINDS + slots`: three digits, the weightiest first, 0 for none.
FULL_INCIDENT, PARTIAL_INCIDENT, ABSORBED, INTERRUPTED, CLEAN, SHORT_PAST, UNEXPOSED = range(1, 8)
REASON_KINDS = 8


@njit(forceinline=True)
def _reason_code(seen, reason, sums, slots, tied):
    """The three reasons that weigh most (`reasons.weightiest`) as one number; `tied`: full and partial weigh alike."""
    base = REASON_KINDS + slots
    code = count = 0
    for kind in range(3):
        number = (seen >> SEEN_BITS * kind) & SEEN
        digit = FULL_INCIDENT if tied and kind == 1 else FULL_INCIDENT + kind
        while number > 0 and count < SHOWN_REASONS:
            code = code * base + digit
            count += 1
            number -= 1
    if count < SHOWN_REASONS and reason != 0:
        code = code * base + (
            INTERRUPTED if reason == INTERRUPTED_LAST else CLEAN if reason == CLEAN_LAST else SHORT_PAST
        )
        count += 1
    while count < SHOWN_REASONS:
        best = -1
        weight = 0
        for slot in range(slots):
            if abs(sums[slot]) > weight:
                best, weight = slot, abs(sums[slot])
        if best < 0:
            break
        code = code * base + REASON_KINDS + best
        sums[best] = 0
        count += 1
    while count < SHOWN_REASONS:
        code *= base
        count += 1
    return code


@njit(nogil=True, cache=True)
def _locate(sub_low, sub_high, first_subject, last_subject):
    """The hash table of a partition's subjects; empty where a subject comes twice."""
    size = 4
    while size < 2 * (last_subject - first_subject):
        size *= 2
    table = np.full(size, -1, np.int32)
    two = len(sub_high) > 0
    for subject in range(first_subject, last_subject):
        high = sub_high[subject] if two else 0
        place = np.int64(hashed(sub_low[subject], sub_high, subject) & np.uint64(size - 1))
        while table[place] >= 0:
            other = first_subject + table[place]
            if sub_low[other] == sub_low[subject] and (not two or sub_high[other] == high):
                return np.empty(0, np.int32)
            place = (place + 1) & (size - 1)
        table[place] = subject - first_subject
    return table


@njit(nogil=True, cache=True)
def _gather(part, starts, records, places, sub_low, sub_high, first_subject, table, owner, bounds):
    """The partition's events by subject and in order: 64 bits each, the word above the number of its row."""
    two = len(sub_high) > 0
    size = len(table)
    number = 0
    for batch in range(len(starts)):
        for row in range(starts[batch, part], starts[batch, part + 1]):
            low = key_of(records, row, places)
            high = wide(records, row, places[HIGH]) if two else 0
            place = np.int64((hashed_both(low, high) if two else hashed_one(low)) & np.uint64(size - 1))
            local = table[place]
            while local >= 0:
                subject = first_subject + local
                if sub_low[subject] == low and (not two or sub_high[subject] == high):
                    break
                place = (place + 1) & (size - 1)
                local = table[place]
            owner[number] = local
            if local >= 0:
                bounds[local + 1] += 1
            number += 1
    for local in range(len(bounds) - 1):
        bounds[local + 1] += bounds[local]
    events = np.empty(bounds[-1], np.uint64)
    cursor = bounds[:-1].copy()
    number = 0
    for batch in range(len(starts)):
        for row in range(starts[batch, part], starts[batch, part + 1]):
            local = owner[number]
            number += 1
            if local >= 0:
                events[cursor[local]] = np.uint64(np.uint32(records[row, WORD])) << np.uint64(32) | np.uint64(row)
                cursor[local] += 1
    return events


@njit(nogil=True, cache=True)
def _sort_many(events, low, high):
    """By the word, 11 bits of it at a time, from the last; what is equal keeps its order."""
    count = high - low
    here, there = events[low:high], np.empty(count, np.uint64)
    starts = np.empty(2048, np.int64)
    for shift in (32, 43, 54):
        starts[:] = 0
        for i in range(count):
            starts[(here[i] >> np.uint64(shift)) & np.uint64(2047)] += 1
        at = 0
        for digit in range(2048):
            at += starts[digit]
            starts[digit] = at - starts[digit]
        for i in range(count):
            digit = (here[i] >> np.uint64(shift)) & np.uint64(2047)
            there[starts[digit]] = here[i]
            starts[digit] += 1
        here, there = there, here
    events[low:high] = here


@njit(forceinline=True)
def _sort(events, low, high):
    """One subject's events in order; most come in order already, or nearly so."""
    left = 16 * (high - low)  # moves after which digits win: measured
    for i in range(low + 1, high):
        event = events[i]
        j = i
        while j > low and events[j - 1] > event:
            events[j] = events[j - 1]
            j -= 1
        events[j] = event
        left -= i - j
        if left < 0:
            _sort_many(events, low, high)
            return


@njit(nogil=True, cache=True)
def score_partition(
    part, starts, records, where,
    sub_starts, sub_low, sub_high, sub_rows, opened, fixed, openings, by_hand, unsettled,
    params, names, letters, gainable, derived, tiers, table, months, doms, first, fading, tied, result,
):  # fmt: skip
    """Score the subjects of one partition into `result[row of the subject]`.

    `starts[batch, partition]` are the pieces of the partition among the records, `sub_starts[partition]` its subjects.
    `fading` is the room that one entry's losses need. Returns False where a subject comes twice.
    """
    first_subject, last_subject = sub_starts[part], sub_starts[part + 1]
    subjects = last_subject - first_subject
    places = _locate(sub_low, sub_high, first_subject, last_subject)
    if len(places) == 0:
        return False
    total = 0
    for batch in range(len(starts)):
        total += starts[batch, part + 1] - starts[batch, part]
    bounds = np.zeros(subjects + 1, np.int64)
    events = _gather(
        part, starts, records, where, sub_low, sub_high, first_subject, places,
        np.empty(total, np.int32), bounds,
    )  # fmt: skip
    longest = 0
    for local in range(subjects):
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
    entries = np.empty((room + 1, 3), np.int64)
    uneven = params[UNEVEN] != 0 or params[EVER] != 0
    today = params[DAY]
    mine = np.empty((subjects, 8), np.int32)  # lines in order; they go to their rows all at once

    for local in range(subjects):
        row = sub_rows[first_subject + local]
        low, high = bounds[local], bounds[local + 1]
        _sort(events, low, high)
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
        tier = 0
        if refunded or uneven or (rises and not forgets):
            points(
                source, start, end, period, ends, refunded, records, where, names, months, doms, first,
                gains, losses, owners, orders, counts, earned, ever, top,
            )  # fmt: skip
            if rises:
                tier, left, expiry = path(
                    review_days, review_coefficients, done, gains, losses, counts, params, tiers, months, doms, first,
                    sums,
                )  # fmt: skip
            else:
                left, expiry = settle(gains, losses, counts, params, sums)
        elif rises:
            tier, left, expiry = walk(
                source, start, end, period, ends, review_days, review_coefficients, done, params, names, tiers,
                months, doms, first, entries, earned, sums,
            )  # fmt: skip
        else:
            left, expiry = balance(
                source, start, end, period, ends, params, names, months, doms, first, earned, sums
            )  # fmt: skip
        if abs(left) > NEVER:
            mine[local, STATUS] = PLAIN
            continue
        mine[local, COEFFICIENT] = now
        mine[local, EXPECTED] = expected
        mine[local, BALANCE] = left
        mine[local, TIER] = tier
        mine[local, STATUS] = SHORT if reason == SHORT_HISTORY else ACTIVE
        mine[local, REVIEW] = review
        mine[local, CHANGE] = min(review, coming, expiry)
        mine[local, REASONS] = _reason_code(seen, reason, sums, slots, tied)
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
