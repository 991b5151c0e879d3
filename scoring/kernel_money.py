"""What amounts decide, compiled: the order of one day's signals, and the signals derived from counts and sums."""

import numpy as np

from scoring.kernel_cache import njit
from scoring.kernel_calendar import add_months, day_in
from scoring.kernel_fold import day_of, first_review, name_of
from scoring.kernel_pack import DAY_SHIFT, NAME_SHIFT, SOURCE
from scoring.kernel_plan import Param
from scoring.kernel_points import DERIVED, currency_of, money_of, of_record

LAG = int(Param.LAG)
_COUNTS, _AGAINST, _AT_LEAST, _SHARE, _WORD = range(5)  # the columns of Plan.derived
_SUM_LIMIT = 9 * 10**16  # times a hundred it is still below 2**63


@njit(forceinline=True)
def _key(event, records, where):
    """What settles a tie."""
    return of_record(event, SOURCE, records, where) if where[SOURCE] else money_of(event, records, where)


@njit(nogil=True, cache=True)
def settle_ties(events, low, high, records, where):
    """Order the signals that day and liability leave equal: by source where sources are given, else by amount."""
    shift = np.uint64(32 + NAME_SHIFT + 7) if where[SOURCE] else np.uint64(32)
    i = low
    while i < high:
        j = i + 1
        while j < high and events[j] >> shift == events[i] >> shift:
            j += 1
        if j - i > 32:  # noqa: PLR2004 - measured: below it, insertion wins
            keys = np.empty(j - i, np.int64)
            for k in range(i, j):
                keys[k - i] = _key(events[k], records, where)
            events[i:j] = events[i:j][np.argsort(keys, kind="mergesort")]
        else:
            for k in range(i + 1, j):
                event = events[k]
                key = _key(event, records, where)
                at = k
                while at > i and _key(events[at - 1], records, where) > key:
                    events[at] = events[at - 1]
                    at -= 1
                events[at] = event
        i = j


@njit(nogil=True, cache=True)
def derive(
    events, low, high, exposure, fixed, records, where, rules, params, months, doms, first, counted, against, made
):
    """Write the events that the rules make of each period's events to `made` (`derived.derive`).

    Returns how many, or -1 where a sum leaves the integers.
    """
    enough = False
    for rule in range(len(rules)):
        number = 0
        for k in range(low, high):
            number += name_of(events[k]) == rules[rule, _COUNTS]
        enough = enough or number >= rules[rule, _AT_LEAST]
    if not enough:
        return 0
    lag = params[LAG]
    month, dom = first_review(exposure, fixed, months, doms, first)
    end = max(exposure, add_months(months, doms, first, day_in(first, month, dom), -lag))
    found = 0
    i = low
    while i < high:
        while day_of(events[i]) >= end:
            month += 12
            end = max(end, add_months(months, doms, first, day_in(first, month, dom), -lag))
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
