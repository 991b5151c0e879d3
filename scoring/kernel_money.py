"""What amounts decide, compiled: the order of one day's signals, and the signals derived from counts and sums."""

import numpy as np

from scoring.kernel_calendar import add_months, day_in
from scoring.kernel_door import inline, loop
from scoring.kernel_fold import day_of, first_review, name_of
from scoring.kernel_law import Param
from scoring.kernel_order import sort
from scoring.kernel_pack import DAY_SHIFT, NAME_SHIFT, NO_AMOUNT, SOURCE
from scoring.kernel_points import DERIVED, currency_of, money_of, of_record

DAY, LAG = int(Param.DAY), int(Param.LAG)
_COUNTS, _AGAINST, _AT_LEAST, _SHARE, _WORD = range(5)  # the columns of Plan.derived
_SMALL = 2**31
_COUNTED = np.uint64(32 + DAY_SHIFT - 1)  # the bit of a flow that is counted, next to its day
_FLOW = np.uint64(0xFFFF003EFFFFFFFF)  # an event's day, currency and row
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

    `events[low:high]` may be in any order. Returns how many, -1 where a sum leaves the integers.
    """
    found = 0
    for rule in range(len(law.derived)):
        flows, number = _flows(events, low, high, exposure, rule, law, room)
        if number < law.derived[rule, _AT_LEAST]:
            continue
        sort(room.own, room.spare, 0, flows)
        found = _crossings(flows, found, exposure, fixed, rule, records, where, law, room)
        if found < 0:
            return found
    return found


@inline
def with_derived(events, low, high, found, room):
    """Events and the `found` that were made of them, in `room.own`; how many these are."""
    for i in range(high - low):
        room.own[i] = events[low + i]
    for i in range(found):
        room.own[high - low + i] = room.made[i]
    return high - low + found


@inline
def _flows(events, low, high, exposure, rule, law, room):
    """What a rule counts and what it is held against, in `room.own`; how many both are, and how many are counted.

    Their words hold no more than the sums ask for, which sorts faster: day, which of both, currency.
    """
    counts, against = law.derived[rule, _COUNTS], law.derived[rule, _AGAINST]
    flows = number = 0
    for k in range(low, high):
        event = events[k]
        name = name_of(event)
        inside = (exposure <= day_of(event)) & (day_of(event) <= law.params[DAY])  # `and` would be a branch
        counted = inside & (name == counts)
        room.own[flows] = event & _FLOW | np.uint64(counted) << _COUNTED
        flows += counted | (inside & (name == against))
        number += counted
    return flows, number


@loop
def _crossings(flows, found, exposure, fixed, rule, records, where, law, room):
    """Add to the events made, `found` so far, those of the days on which a period's sums reach a rule's share."""
    calendar, lag, rules = law.calendar, law.params[LAG], law.derived
    events, counted, against, made = room.own, room.counted, room.against, room.made
    month, dom = first_review(exposure, fixed, calendar)
    end = max(exposure, add_months(calendar, day_in(calendar, month, dom), -lag))
    number = i = 0
    spent = 0  # the currencies counted so far, a bit each
    crossed = False
    for currency in range(len(counted)):
        counted[currency] = against[currency] = 0
    while i < flows:
        day = day_of(events[i])
        while day >= end:
            month += 12
            end = max(end, add_months(calendar, day_in(calendar, month, dom), -lag))
            number = spent = 0
            crossed = False
            for currency in range(len(counted)):
                counted[currency] = against[currency] = 0
        before = number
        while i < flows and day_of(events[i]) == day:
            amount = max(money_of(events[i], records, where), 0)  # no amount counts as none of it
            currency = currency_of(events[i])
            if (events[i] >> _COUNTED) & np.uint64(1):
                number += 1
                spent |= 1 << currency
                counted[currency] += amount
            else:
                against[currency] += amount
            if counted[currency] > _SUM_LIMIT or against[currency] > _SUM_LIMIT:
                return -1
            i += 1
        if crossed or number == before or number < rules[rule, _AT_LEAST]:
            continue
        for currency in range(len(counted)):
            if spent >> currency == 0:
                break
            reached = counted[currency] * 100 >= rules[rule, _SHARE] * against[currency]
            crossed = crossed or (counted[currency] > 0 and reached)
        if crossed:
            word = np.uint64(day) << np.uint64(DAY_SHIFT) | np.uint64(rules[rule, _WORD])
            made[found] = word << np.uint64(32) | np.uint64(DERIVED)
            found += 1
    return found
