"""Points of one subject, compiled: entries and their caps, and what refunds take back; as moves of the balance."""

import numpy as np

from scoring.kernel_calendar import add_months
from scoring.kernel_door import inline, loop
from scoring.kernel_fold import day_of, name_of
from scoring.kernel_law import Name
from scoring.kernel_order import sort
from scoring.kernel_pack import CURRENCY_SHIFT, NO_AMOUNT, ORIGINAL, SOURCE, amount_of, wide

POINTS, CAP, AWARDED, SLOT = int(Name.POINTS), int(Name.CAP), int(Name.AWARDED), int(Name.SLOT)
TAKES, TAKEN, ONCE = int(Name.TAKES), int(Name.TAKEN), int(Name.ONCE)
EXPIRY, FADES = int(Name.EXPIRY), int(Name.FADES)

# A move is one integer that sorts by its day: the day, the slot (8 bits), the points (32 bits, from -2**31 up).
DAY_OF_MOVE, SLOT_OF_MOVE, ZERO_POINTS = 40, 32, 2**31
# The columns of `Room.orders`: the event, its amount and what it gave; what of both refunds took back; and the place of
# the order before it that may be taken back, too.
EVENT, AMOUNT, GIVEN, REFUNDED, GONE, BELOW = range(6)
DERIVED = 0xFFFFFFFF  # an event that stands in no row


@inline
def of_record(event, which, records, where):
    """The source or original in its record, `NO_AMOUNT` where it has none."""
    row = np.int64(event & np.uint64(0xFFFFFFFF))
    return wide(records, row, where[which]) if row != DERIVED and where[which] else NO_AMOUNT


@inline
def money_of(event, records, where):
    """The amount in its record, `NO_AMOUNT` where it has none."""
    row = np.int64(event & np.uint64(0xFFFFFFFF))
    return amount_of(records, row, where) if row != DERIVED else NO_AMOUNT


@inline
def currency_of(event):
    """The number of its currency."""
    return np.int64(event >> np.uint64(32 + CURRENCY_SHIFT)) & 31


@inline
def _fading(names, name):
    """The months over which points of such a signal fade; 0: they go all at once."""
    return names[name, EXPIRY] if names[name, FADES] else 0


@inline
def _moved(day, points, slot):
    """One move as an integer."""
    return day << DAY_OF_MOVE | slot << SLOT_OF_MOVE | (points + ZERO_POINTS)


@inline
def day_of_move(move):
    """The day of a move."""
    return move >> DAY_OF_MOVE


@inline
def points_of(move):
    """The points of a move."""
    return (move & 0xFFFFFFFF) - ZERO_POINTS


@inline
def slot_of_move(move):
    """The slot of a move."""
    return (move >> SLOT_OF_MOVE) & 0xFF


@inline
def _gain(gains, counts, day, points, slot):
    """One more gain, written as far as there is room; `counts[0]` goes on."""
    if counts[0] < len(gains):
        gains[counts[0]] = _moved(day, points, slot)
    counts[0] += 1


@inline
def _lose(losses, counts, day, points, slot):
    """A loss, as `_gain`; `counts[2]` notes that one comes before its time."""
    place = counts[1]
    if place < len(losses):
        losses[place] = _moved(day, points, slot)
        if place and day_of_move(losses[place - 1]) > day:
            counts[2] = 1
    counts[1] = place + 1


@inline
def _faded(points, fading, gone):
    """What is left after so many months; fractions of points are gone."""
    left = abs(points) * (fading - gone) // fading
    return left if points > 0 else -left


@loop
def _enter(day, points, slot, since, expires, fading, calendar, room):
    """One entry: a gain on its day, and its losses: all on the day it expires, or month by month (`Entry.moves`)."""
    gains, losses, counts = room.gains, room.losses, room.counts
    if not fading:
        _gain(gains, counts, day, points, slot)
        _lose(losses, counts, expires, points, slot)
        return
    gone = calendar.month[day] - calendar.month[since]
    if add_months(calendar, since, gone) > day:
        gone -= 1
    left = _faded(points, fading, gone)
    _gain(gains, counts, day, left, slot)
    for month in range(gone + 1, fading + 1):
        on = add_months(calendar, since, month)
        now = _faded(points, fading, month)
        if on > day and now != left:
            _lose(losses, counts, on, left - now, slot)
            left = now


@loop
def _take_back(order, amount, day, slot, law, room):
    """Refund that much of an order: all its refunds together lose the floor of their share of what it gave."""
    names, orders = law.names, room.orders
    orders[order, REFUNDED] += amount
    total, given = orders[order, AMOUNT], orders[order, GIVEN]
    share = given
    if total > 0:
        share = abs(given) * orders[order, REFUNDED] // total
        share = share if given > 0 else -share
    lost = share - orders[order, GONE]
    orders[order, GONE] = share
    if lost != 0:
        since, name = day_of(np.uint64(orders[order, EVENT])), name_of(np.uint64(orders[order, EVENT]))
        expires = add_months(law.calendar, since, names[name, EXPIRY])
        if expires > day:
            _enter(day, -lost, slot, since, expires, _fading(names, name), law.calendar, room)


@loop
def _refund(event, records, where, target, slot, count, law, room):
    """One refund: of its own order, else of the most recent ones in its currency with money left."""
    orders, top = room.orders, room.top
    day = day_of(event)
    amount = money_of(event, records, where)
    original = of_record(event, ORIGINAL, records, where)
    if original != NO_AMOUNT:
        for order in range(count - 1, -1, -1):
            own = np.uint64(orders[order, EVENT])
            if law.names[name_of(own), SLOT] == target and of_record(own, SOURCE, records, where) == original:
                remaining = orders[order, AMOUNT] - orders[order, REFUNDED]
                part = remaining if amount == NO_AMOUNT else min(amount, remaining)
                _take_back(order, part, day, slot, law, room)
        return
    left = 0 if amount == NO_AMOUNT else amount
    above = -1
    order = top[target]
    while order >= 0 and left > 0:
        remaining = orders[order, AMOUNT] - orders[order, REFUNDED]
        below = orders[order, BELOW]
        if remaining <= 0:  # nothing will ever be left of it again: the next refund need not look
            if above < 0:
                top[target] = below
            else:
                orders[above, BELOW] = below
            order = below
            continue
        if currency_of(np.uint64(orders[order, EVENT])) == currency_of(event):
            part = min(left, remaining)
            _take_back(order, part, day, slot, law, room)
            left -= part
        above = order
        order = below


@loop
def points(events, low, high, period, money, records, where, law, room):
    """All entries that the events make, as gains and losses of the balance, each in the order of days.

    The first of them lie in that `period`, of those that end at `room.ends`. `money`: a refund is among them, so orders
    are remembered. `room.counts` becomes (gains, losses, 0). False where there is no room for all: an event makes two
    at most, unless several orders have one source, or refunds are orders to others.
    """
    names, calendar, ends = law.names, law.calendar, room.ends
    gains, losses, counts, orders = room.gains, room.losses, room.counts, room.orders
    earned, ever, top = room.earned, room.ever, room.top
    for each in range(3):
        counts[each] = 0
    for slot in range(len(earned)):
        earned[slot] = ever[slot] = 0
        top[slot] = -1
    order = 0
    i = low
    while i < high:
        event = events[i]
        i += 1
        day, name = day_of(event), name_of(event)
        slot = names[name, SLOT]
        while day >= ends[period]:
            period += 1
            for each in range(len(earned)):
                earned[each] = 0
        if names[name, AWARDED]:
            given = 0  # an order that gives nothing is an order all the same: refunds are of it
            if not (names[name, ONCE] and ever[slot]):
                ever[slot] = 1
                given = names[name, POINTS]
                if names[name, CAP] >= 0:
                    rest = max(0, names[name, CAP] - abs(earned[slot]))
                    if abs(given) > rest:
                        given = rest if given > 0 else -rest
                    earned[slot] += given
            expires = add_months(calendar, day, names[name, EXPIRY])
            fading = _fading(names, name)
            if fading:
                _enter(day, given, slot, day, expires, fading, calendar, room)
            else:
                _gain(gains, counts, day, given, slot)
                _lose(losses, counts, expires, given, slot)
            if money and names[name, TAKEN]:
                amount = money_of(event, records, where)
                orders[order, EVENT], orders[order, GIVEN] = np.int64(event), given
                orders[order, AMOUNT] = 0 if amount == NO_AMOUNT else amount
                orders[order, REFUNDED] = orders[order, GONE] = 0
                orders[order, BELOW] = top[slot]
                top[slot] = order
                order += 1
        if money and names[name, TAKES] and names[names[name, TAKES], AWARDED]:
            _refund(event, records, where, names[names[name, TAKES], SLOT], slot, order, law, room)
    if counts[0] > len(gains) or counts[1] > len(losses):
        return False
    if counts[2]:
        sort(losses, room.spare, 0, counts[1])
    return True
