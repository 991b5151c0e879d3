"""Points and tier of one subject in one walk, compiled: for the most common rules and subjects.

No refund, and all points live equally long: then they go in the order in which they came. `walk` wants a tier that
forgets (`Param.FORGETS`), `balance` one that is known to be the lowest. Everything else takes `kernel_points`, then
`kernel_tiers`.
"""

import numpy as np

from scoring.kernel_calendar import NEVER, add_months, period_of
from scoring.kernel_door import loop
from scoring.kernel_fold import day_of, name_of
from scoring.kernel_law import Name, Param

POINTS, CAP, SLOT = int(Name.POINTS), int(Name.CAP), int(Name.SLOT)
DAY, FORGETS, LONGEST, DEMOTION = int(Param.DAY), int(Param.FORGETS), int(Param.LONGEST), int(Param.DEMOTION)
HAS_FLOOR, FLOOR = int(Param.HAS_FLOOR), int(Param.FLOOR)
_EXPIRES, _POINTS, _SLOT = range(3)  # the columns of an entry
_STRAIGHT = 2


@loop
def walk(events, number, reviews, anchor, law, room):
    """The tier at the end of the day, the balance, and the next day on which points go by themselves.

    The first `number` events are those with points, in order. Writes what is in force by slot to `room.sums`.
    """
    params, names, tiers, calendar = law.params, law.names, law.tiers, law.calendar
    sums, earned, entries, review_days = room.sums, room.earned, room.entries, room.review_days
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
            known = room.review_coefficients[r]
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
            if period_of(calendar, day, anchor) != period:
                period = period_of(calendar, day, anchor)
                for slot in range(len(earned)):
                    earned[slot] = 0
            expires = add_months(calendar, day, lifetime)
            while coming == day:
                name = name_of(events[i])
                i += 1
                coming = day_of(events[i]) if i < number else NEVER
                slot, points, cap = names[name, SLOT], names[name, POINTS], names[name, CAP]
                if cap >= 0:
                    rest = max(0, cap - abs(earned[slot]))
                    points = min(points, rest) if points > 0 else max(points, -rest)
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


@loop
def balance(events, number, anchor, law, room):
    """The balance at the end of the day and the next day on which points go by themselves.

    The first `number` events are those with points, in order. Writes what is in force by slot to `room.sums`.
    """
    params, names, calendar, sums, earned = law.params, law.names, law.calendar, room.sums, room.earned
    for slot in range(len(sums)):
        sums[slot] = earned[slot] = 0
    today, lifetime = params[DAY], params[LONGEST]
    total = 0
    expiry = np.int64(NEVER)
    period = -1
    for i in range(number):
        day, name = day_of(events[i]), name_of(events[i])
        if period_of(calendar, day, anchor) != period:
            period = period_of(calendar, day, anchor)
            for slot in range(len(earned)):
                earned[slot] = 0
        slot, points, cap = names[name, SLOT], names[name, POINTS], names[name, CAP]
        if cap >= 0:
            rest = max(0, cap - abs(earned[slot]))
            points = min(points, rest) if points > 0 else max(points, -rest)
            earned[slot] += points
        expires = add_months(calendar, day, lifetime)
        if points != 0 and expires > today:
            total += points
            sums[slot] += points
            expiry = min(expiry, expires)
    return max(total, params[FLOOR]) if params[HAS_FLOOR] else total, expiry
