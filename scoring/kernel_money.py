"""What amounts decide, compiled: the order of one day's signals, and the signals derived from counts and sums."""

import numpy as np

from scoring.kernel_calendar import add_months, day_in
from scoring.kernel_door import inline, loop
from scoring.kernel_fold import day_of, first_review, name_of
from scoring.kernel_law import Param
from scoring.kernel_order import sort
from scoring.kernel_pack import DAY_SHIFT, NAME_SHIFT, NO_AMOUNT, SOURCE
from scoring.kernel_points import DERIVED, currency_of, money_of, of_record

LAG = int(Param.LAG)
_COUNTS, _AGAINST, _AT_LEAST, _SHARE, _WORD = range(5)  # the columns of Plan.derived
_SMALL = 2**31
_SUM_LIMIT = 9 * 10**16  # times a hundred it is still below 2**63


@inline
def _key(event, records, where):
    """What settles a tie."""
    return of_record(event, SOURCE, records, where) if where[SOURCE] else money_of(event, records, where)


@loop
def settle_ties(events, low, high, records, where, room):
    """Order the signals that day and liability leave equal: by source where sources are given, else by amount."""
    shift = np.uint64(32 + NAME_SHIFT + 7) if where[SOURCE] else np.uint64(32)
    i = low
    while i < high:
        j = i + 1
        while j < high and events[j] >> shift == events[i] >> shift:
            j += 1
        if j - i > 1 and (where[SOURCE] or not _by_small_amounts(events, i, j, records, where, room)):
            for k in range(i, j):
                room.keys[k - i] = _key(events[k], records, where)
            _merge(events, room.keys, i, j, room.spare, room.spare_keys)
        i = j


@inline
def _by_small_amounts(events, low, high, records, where, room):
    """Order events of one word by their amounts, where these fit in 32 bits: in place of the word they sort faster.

    Returns whether they do.
    """
    word = events[low] >> np.uint64(32)
    for i in range(low, high):
        key = _key(events[i], records, where)
        room.keys[i - low] = 0 if key == NO_AMOUNT else key + 1
        if not 0 <= room.keys[i - low] < _SMALL:
            return False
    for i in range(low, high):
        events[i] = np.uint64(room.keys[i - low]) << np.uint64(32) | events[i] & np.uint64(0xFFFFFFFF)
    sort(events, room.spare, low, high)
    for i in range(low, high):
        events[i] = word << np.uint64(32) | events[i] & np.uint64(0xFFFFFFFF)
    return True


@loop
def _merge(events, keys, low, high, spare, spare_keys):
    """Sort events by their keys, runs of twice the length at a time; what is equal keeps its order."""
    run = 1
    while run < high - low:
        for begin in range(0, high - low, 2 * run):
            middle, end = min(begin + run, high - low), min(begin + 2 * run, high - low)
            i, j = begin, middle
            for k in range(begin, end):
                first = j >= end or (i < middle and keys[i] <= keys[j])
                at = i if first else j
                spare[k], spare_keys[k] = events[low + at], keys[at]
                i += first
                j += not first
        for k in range(high - low):
            events[low + k], keys[k] = spare[k], spare_keys[k]
        run *= 2


@loop
def derive(events, low, high, exposure, fixed, records, where, law, room):
    """Write the events that the rules make of each period's events to `room.made` (`derived.derive`).

    Returns how many, -1 where a sum leaves the integers.
    """
    rules, calendar = law.derived, law.calendar
    counted, against, made = room.counted, room.against, room.made
    enough = False
    for rule in range(len(rules)):
        number = 0
        for k in range(low, high):
            number += name_of(events[k]) == rules[rule, _COUNTS]
        enough = enough or number >= rules[rule, _AT_LEAST]
    if not enough:
        return 0
    lag = law.params[LAG]
    month, dom = first_review(exposure, fixed, calendar)
    end = max(exposure, add_months(calendar, day_in(calendar, month, dom), -lag))
    found = 0
    i = low
    while i < high:
        while day_of(events[i]) >= end:
            month += 12
            end = max(end, add_months(calendar, day_in(calendar, month, dom), -lag))
        j = i
        while j < high and day_of(events[j]) < end:
            j += 1
        for rule in range(len(rules)):
            number = 0
            for k in range(i, j):
                number += name_of(events[k]) == rules[rule, _COUNTS]
            if number < rules[rule, _AT_LEAST]:
                continue
            for currency in range(len(counted)):
                counted[currency] = against[currency] = 0
            number = 0
            spent = 0  # the currencies counted so far, a bit each
            k = i
            while k < j:
                day = day_of(events[k])
                before = number
                while k < j and day_of(events[k]) == day:
                    amount = max(money_of(events[k], records, where), 0)  # no amount counts as none of it
                    currency = currency_of(events[k])
                    if name_of(events[k]) == rules[rule, _COUNTS]:
                        number += 1
                        spent |= 1 << currency
                        counted[currency] += amount
                    elif name_of(events[k]) == rules[rule, _AGAINST]:
                        against[currency] += amount
                    if counted[currency] > _SUM_LIMIT or against[currency] > _SUM_LIMIT:
                        return -1
                    k += 1
                if number == before or number < rules[rule, _AT_LEAST]:
                    continue
                crossed = False
                for currency in range(len(counted)):
                    if spent >> currency == 0:
                        break
                    reached = counted[currency] * 100 >= rules[rule, _SHARE] * against[currency]
                    crossed = crossed or (counted[currency] > 0 and reached)
                if crossed:
                    word = np.uint64(day) << np.uint64(DAY_SHIFT) | np.uint64(rules[rule, _WORD])
                    made[found] = word << np.uint64(32) | np.uint64(DERIVED)
                    found += 1
                    break
        i = j
    return found
