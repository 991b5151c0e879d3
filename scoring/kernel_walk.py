"""Points and tier of one subject in one walk, compiled: for the most common rules and subjects.

No refund, and all points live equally long: then they go in the order in which they came. `walk` wants a tier that
forgets (`Param.FORGETS`), `balance` one that is known to be the lowest. Everything else takes `kernel_points`.
"""

import numpy as np

from scoring.kernel_cache import njit
from scoring.kernel_calendar import add_months, period_of
from scoring.kernel_fold import day_of, name_of
from scoring.kernel_plan import Name, Param
from scoring.kernel_points import NEVER

POINTS, CAP, SLOT = int(Name.POINTS), int(Name.CAP), int(Name.SLOT)
DAY, FORGETS, LONGEST, DEMOTION = int(Param.DAY), int(Param.FORGETS), int(Param.LONGEST), int(Param.DEMOTION)
HAS_FLOOR, FLOOR = int(Param.HAS_FLOOR), int(Param.FLOOR)
_EXPIRES, _POINTS, _SLOT = range(3)  # the columns of an entry
_STRAIGHT = 2


@njit(nogil=True, cache=True)
def walk(
    events, number, review_days, review_coefficients, reviews, params, names, tiers,
    months, doms, first, civil, anchor, entries, earned, sums,
):  # fmt: skip
    """The tier at the end of the day, the balance, and the next day on which points go by themselves.

    The first `number` events are those with points, in order. Writes what is in force by slot to `sums`; `entries` and
    `earned` are room to work in.
    """
    for slot in range(len(sums)):
        sums[slot] = earned[slot] = 0
    today, lifetime = params[DAY], params[LONGEST]
    i = 0
    period = -1
    r = max(0, reviews - params[FORGETS])
    total = current = made = gone = 0
    known = -1
    coming = day_of(events[i]) if i < number else NEVER
    review = review_days[r] if r < reviews else NEVER
    expiry = NEVER
    while True:
        day = min(coming, review, expiry)
        if day > today:
            break
        reviewed = day == review
        rises = reviewed
        if reviewed:
            known = review_coefficients[r]
            r += 1
            review = review_days[r] if r < reviews else NEVER
        while expiry == day:
            points = entries[gone, _POINTS]
            total -= points
            sums[entries[gone, _SLOT]] -= points
            rises = rises or points < 0
            gone += 1
            expiry = entries[gone, _EXPIRES] if gone < made else NEVER
        if coming == day:
            if period_of(day, civil, anchor) != period:
                period = period_of(day, civil, anchor)
                for slot in range(len(earned)):
                    earned[slot] = 0
            expires = add_months(months, doms, first, day, lifetime)
            while coming == day:
                name = name_of(events[i])
                i += 1
                coming = day_of(events[i]) if i < number else NEVER
                slot, points, cap = names[name, SLOT], names[name, POINTS], names[name, CAP]
                if cap >= 0:
                    room = max(0, cap - abs(earned[slot]))
                    points = min(points, room) if points > 0 else max(points, -room)
                    earned[slot] += points
                if points:
                    entries[made, _EXPIRES] = expires
                    entries[made, _POINTS] = points
                    entries[made, _SLOT] = slot
                    made += 1
                    total += points
                    sums[slot] += points
                    rises = rises or points > 0
            expiry = entries[gone, _EXPIRES] if gone < made else NEVER
        if known < 0 or not rises:
            continue
        shown = max(total, params[FLOOR]) if params[HAS_FLOOR] else total
        deserved = len(tiers) - 1
        while known > tiers[deserved, 0] or shown < tiers[deserved, 1]:
            deserved -= 1
        if deserved > current or (reviewed and deserved < current and params[DEMOTION] == _STRAIGHT):
            current = deserved
        elif reviewed and deserved < current:
            current -= 1
    return current, max(total, params[FLOOR]) if params[HAS_FLOOR] else total, expiry


@njit(nogil=True, cache=True)
def balance(events, number, params, names, months, doms, first, civil, anchor, earned, sums):
    """The balance at the end of the day and the next day on which points go by themselves.

    The first `number` events are those with points, in order. Writes what is in force by slot to `sums`; `earned` is
    room to work in.
    """
    for slot in range(len(sums)):
        sums[slot] = earned[slot] = 0
    today, lifetime = params[DAY], params[LONGEST]
    total = 0
    expiry = np.int64(NEVER)
    period = -1
    for i in range(number):
        day, name = day_of(events[i]), name_of(events[i])
        if period_of(day, civil, anchor) != period:
            period = period_of(day, civil, anchor)
            for slot in range(len(earned)):
                earned[slot] = 0
        slot, points, cap = names[name, SLOT], names[name, POINTS], names[name, CAP]
        if cap >= 0:
            room = max(0, cap - abs(earned[slot]))
            points = min(points, room) if points > 0 else max(points, -room)
            earned[slot] += points
        expires = add_months(months, doms, first, day, lifetime)
        if points != 0 and expires > today:
            total += points
            sums[slot] += points
            expiry = min(expiry, expires)
    return max(total, params[FLOOR]) if params[HAS_FLOOR] else total, expiry
