"""Points and tier of one subject, compiled: entries with their caps, what refunds take back, and the path of the tier."""

import numpy as np
from numba import njit

from scoring.kernel_calendar import add_months, day_in
from scoring.kernel_fold import day_of, first_review, name_of
from scoring.kernel_pack import CURRENCY_SHIFT, NO_AMOUNT
from scoring.kernel_plan import Name, Param

POINTS, CAP, AWARDED, SLOT = int(Name.POINTS), int(Name.CAP), int(Name.AWARDED), int(Name.SLOT)
TAKES, TAKEN, ONCE = int(Name.TAKES), int(Name.TAKEN), int(Name.ONCE)
EXPIRY, FADES = int(Name.EXPIRY), int(Name.FADES)
DAY, LAG, CUTOFF, DEMOTION = int(Param.DAY), int(Param.LAG), int(Param.CUTOFF), int(Param.DEMOTION)
HAS_FLOOR, FLOOR, GRACE = int(Param.HAS_FLOOR), int(Param.FLOOR), int(Param.GRACE)

DAY_OF_MOVE, POINTS_OF_MOVE, SLOT_OF_MOVE = 0, 1, 2  # the rows of moves: int64[3, room]
# The rows of orders, int64[10, room].
AMOUNT, SOURCE, CURRENCY, GIVEN, SINCE, EXPIRES, MONTHS, REFUNDED, GONE, BELOW = range(10)
NEVER = 2**31 - 1
DERIVED = 0xFFFFFFFF  # an event that stands in no row


@njit(inline="always")
def amount_of(event, amounts):  # type: ignore[no-untyped-def] # compiled
    """The amount in its row, `NO_AMOUNT` where it has none."""
    row = np.int64(event & np.uint64(0xFFFFFFFF))
    return amounts[row] if row != DERIVED and len(amounts) > 0 else NO_AMOUNT


@njit(inline="always")
def currency_of(event):  # type: ignore[no-untyped-def] # compiled
    """The number of its currency."""
    return np.int64(event >> np.uint64(32 + CURRENCY_SHIFT)) & 31


@njit(nogil=True, cache=True)
def _enter(day, points, slot, since, expires, fading, gains, losses, counts, months, doms, first):  # type: ignore[no-untyped-def] # compiled
    """One entry: a gain on its day, and its losses: all on the day it expires, or month by month (`Entry.moves`)."""
    left = points
    if fading:
        gone = months[day] - months[since]
        if add_months(months, doms, first, since, gone) > day:
            gone -= 1
        left = abs(points) * (fading - gone) // fading
        left = left if points > 0 else -left
    gain = counts[0]
    gains[DAY_OF_MOVE, gain], gains[POINTS_OF_MOVE, gain], gains[SLOT_OF_MOVE, gain] = day, left, slot
    counts[0] = gain + 1
    month = 1 if fading else 0
    while month <= fading:
        on = add_months(months, doms, first, since, month) if fading else expires
        now = abs(points) * (fading - month) // fading if fading else 0
        now = now if points > 0 else -now
        month += 1
        if on <= day or now == left:
            continue
        loss = counts[1]
        if loss and losses[DAY_OF_MOVE, loss - 1] > on:
            counts[2] = 1
        losses[DAY_OF_MOVE, loss], losses[POINTS_OF_MOVE, loss], losses[SLOT_OF_MOVE, loss] = on, left - now, slot
        counts[1] = loss + 1
        left = now


@njit(nogil=True, cache=True)
def _take_back(order, amount, day, slot, orders, gains, losses, counts, months, doms, first):  # type: ignore[no-untyped-def] # compiled
    """Refund that much of an order: all its refunds together lose the floor of their share of what it gave."""
    orders[REFUNDED, order] += amount
    total, given = orders[AMOUNT, order], orders[GIVEN, order]
    share = given
    if total > 0:
        share = abs(given) * orders[REFUNDED, order] // total
        share = share if given > 0 else -share
    lost = share - orders[GONE, order]
    orders[GONE, order] = share
    if lost != 0 and orders[EXPIRES, order] > day:
        _enter(
            day, -lost, slot, orders[SINCE, order], orders[EXPIRES, order], orders[MONTHS, order],
            gains, losses, counts, months, doms, first,
        )  # fmt: skip


@njit(nogil=True, cache=True)
def _refund(  # type: ignore[no-untyped-def] # compiled
    event, amounts, sources, originals, target, slot, top, count, owners, orders, gains, losses, counts,
    months, doms, first,
):  # fmt: skip
    """One refund: of its own order, else of the most recent ones in its currency with money left."""
    day = day_of(event)
    amount = amount_of(event, amounts)
    row = np.int64(event & np.uint64(0xFFFFFFFF))
    if len(originals) > 0 and row != DERIVED and originals[row] != NO_AMOUNT:
        for order in range(count - 1, -1, -1):
            if owners[order] == target and orders[SOURCE, order] == originals[row]:
                remaining = orders[AMOUNT, order] - orders[REFUNDED, order]
                part = remaining if amount == NO_AMOUNT else min(amount, remaining)
                _take_back(order, part, day, slot, orders, gains, losses, counts, months, doms, first)
        return
    left = 0 if amount == NO_AMOUNT else amount
    above = -1
    order = top[target]
    while order >= 0 and left > 0:
        remaining = orders[AMOUNT, order] - orders[REFUNDED, order]
        below = orders[BELOW, order]
        if remaining <= 0:  # nothing will ever be left of it again: the next refund need not look
            if above < 0:
                top[target] = below
            else:
                orders[BELOW, above] = below
            order = below
            continue
        if orders[CURRENCY, order] == currency_of(event):
            part = min(left, remaining)
            _take_back(order, part, day, slot, orders, gains, losses, counts, months, doms, first)
            left -= part
        above = order
        order = below


@njit(nogil=True, cache=True)
def points(  # type: ignore[no-untyped-def] # compiled
    events, low, high, exposure, fixed, money, amounts, sources, originals, params, names, months, doms, first,
    gains, losses, owners, orders, counts,
):  # fmt: skip
    """All entries that the events make, as gains and losses of the balance, each in the order of days.

    `money`: a refund is among them, so orders are remembered. `counts` becomes (gains, losses, 0).
    """
    counts[:] = 0
    earned = np.zeros(len(names), np.int64)
    ever = np.zeros(len(names), np.uint8)
    top = np.full(len(names) if money else 1, -1, np.int64)
    order = 0
    lag = params[LAG]
    month, dom = first_review(exposure, fixed, months, doms, first)
    end = max(exposure, add_months(months, doms, first, day_in(first, month, dom), -lag))
    i = low
    while i < high and day_of(events[i]) < params[CUTOFF]:
        i += 1
    while i < high:
        event = events[i]
        i += 1
        day, name = day_of(event), name_of(event)
        while day >= end:
            month += 12
            end = max(end, add_months(months, doms, first, day_in(first, month, dom), -lag))
            earned[:] = 0
        if names[name, AWARDED] and not (names[name, ONCE] and ever[name]):
            ever[name] = 1
            given = names[name, POINTS]
            if names[name, CAP] >= 0:
                room = max(0, names[name, CAP] - abs(earned[name]))
                if abs(given) > room:
                    given = room if given > 0 else -room
                earned[name] += given
            expires = add_months(months, doms, first, day, names[name, EXPIRY])
            fading = names[name, EXPIRY] if names[name, FADES] else 0
            _enter(
                day, given, names[name, SLOT], day, expires, fading, gains, losses, counts, months, doms, first,
            )  # fmt: skip
            if money and names[name, TAKEN]:
                owners[order] = name
                amount = amount_of(event, amounts)
                row = np.int64(event & np.uint64(0xFFFFFFFF))
                orders[AMOUNT, order] = 0 if amount == NO_AMOUNT else amount
                orders[SOURCE, order] = sources[row] if len(sources) > 0 and row != DERIVED else NO_AMOUNT
                orders[CURRENCY, order] = currency_of(event)
                orders[GIVEN, order], orders[SINCE, order] = given, day
                orders[EXPIRES, order], orders[MONTHS, order] = expires, fading
                orders[REFUNDED, order] = orders[GONE, order] = 0
                orders[BELOW, order] = top[name]
                top[name] = order
                order += 1
        if money and names[name, TAKES]:
            _refund(
                event, amounts, sources, originals, names[name, TAKES], names[name, SLOT], top, order, owners,
                orders, gains, losses, counts, months, doms, first,
            )  # fmt: skip
    if counts[2]:
        _sort(losses, counts[1])
        counts[2] = 0


@njit(nogil=True, cache=True)
def _sort(moves, count):  # type: ignore[no-untyped-def] # compiled
    """The moves by day, in place."""
    by_day = np.argsort(moves[DAY_OF_MOVE, :count], kind="mergesort")
    for row in range(3):
        moves[row, :count] = moves[row, :count][by_day]


@njit(nogil=True, cache=True)
def path(review_days, review_coefficients, reviews, gains, losses, counts, params, tiers, months, doms, first, sums):  # type: ignore[no-untyped-def] # compiled
    """The tier at the end of the day, the balance, and the next day on which points go by themselves (`tiers.replay`).

    `sums` becomes the points left by slot.
    """
    sums[:] = 0
    today = params[DAY]
    total = 0
    current = 0
    known = -1
    missed = -1
    r = g = loss = 0
    while True:
        day = NEVER
        if r < reviews:
            day = review_days[r]
        if g < counts[0] and gains[DAY_OF_MOVE, g] < day:
            day = gains[DAY_OF_MOVE, g]
        if loss < counts[1] and losses[DAY_OF_MOVE, loss] < day:
            day = losses[DAY_OF_MOVE, loss]
        if day > today:
            break
        reviewed = r < reviews and review_days[r] == day
        if reviewed:
            known = review_coefficients[r]
            r += 1
        while g < counts[0] and gains[DAY_OF_MOVE, g] == day:
            total += gains[POINTS_OF_MOVE, g]
            sums[gains[SLOT_OF_MOVE, g]] += gains[POINTS_OF_MOVE, g]
            g += 1
        while loss < counts[1] and losses[DAY_OF_MOVE, loss] == day:
            total -= losses[POINTS_OF_MOVE, loss]
            sums[losses[SLOT_OF_MOVE, loss]] -= losses[POINTS_OF_MOVE, loss]
            loss += 1
        if known < 0:
            continue
        shown = max(total, params[FLOOR]) if params[HAS_FLOOR] else total
        deserved = len(tiers) - 1
        while known > tiers[deserved, 0] or shown < tiers[deserved, 1]:
            deserved -= 1
        if deserved >= current:
            missed = -1
        elif missed < 0:
            missed = day
        if deserved > current:
            current = deserved
        elif missed >= 0 and reviewed and add_months(months, doms, first, missed, params[GRACE]) <= day:
            if params[DEMOTION] == 1:
                current -= 1
            elif params[DEMOTION] == 2:  # noqa: PLR2004 - straight down
                current = deserved
    coming = NEVER
    while loss < counts[1]:
        if losses[POINTS_OF_MOVE, loss] != 0:
            coming = losses[DAY_OF_MOVE, loss]
            break
        loss += 1
    return current, max(total, params[FLOOR]) if params[HAS_FLOOR] else total, coming
