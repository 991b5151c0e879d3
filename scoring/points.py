"""Points: signed entries with a cap per period and an expiry; a refund takes its order's points back in proportion.

A balance is the sum of what is left of the entries. An entry counts from its day until the day before it expires; where
the programme says so, it fades month by month until then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from scoring.history import RecordKey, record_key
from scoring.line import Code, Line, Param, describe
from scoring.review import add_months
from scoring.rules import Award, Programme
from scoring.signal import Signal


class Entry(NamedTuple):
    """So many points from a day until another; those that fade do so over `months` from `since` on.

    A tuple like a `Line`: there is one for almost every signal.
    """

    signal: str
    on: date
    points: int
    expires: date
    since: date
    months: int = 0  # 0: it does not fade

    def left(self, day: date) -> int:
        """What is left of it at the end of a day, from its own day on; fractions of points are gone."""
        if not self.months or day >= self.expires:
            return self.points if day < self.expires else 0
        gone = _months_between(self.since, day)
        left = abs(self.points) * (self.months - gone) // self.months
        return left if self.points > 0 else -left

    def moves(self) -> Sequence[tuple[date, int]]:
        """The days on which it moves the balance, and by how much, in order."""
        if not self.months:
            return ((self.on, self.points), (self.expires, -self.points))
        days = [self.on, *self._faded_on()]
        left = [0, *map(self.left, days)]
        return [(day, now - before) for day, before, now in zip(days, left, left[1:], strict=False)]

    def next_move(self, day: date) -> date | None:
        """The next day after `day` on which it moves the balance by itself."""
        if not self.points or day >= self.expires:
            return None
        if not self.months:
            return self.expires
        # A single point that fades is gone from its first day on: nothing moves any more.
        return next((on for on, by in self.moves() if by and on > day), None)

    def _faded_on(self) -> Iterator[date]:
        for month in range(1, self.months + 1):
            day = add_months(self.since, month)
            if day > self.on:
                yield day


@dataclass(slots=True)
class _Order:
    """What an order gave, and how much of its money has been refunded."""

    signal: Signal
    entry: Entry
    refunded: Decimal = Decimal(0)
    taken: int = 0

    @property
    def remaining(self) -> Decimal:
        return (self.signal.amount or Decimal(0)) - self.refunded

    def take_back(self, amount: Decimal) -> int:
        """Refund that much of it: the points lost by it, so that all refunds together lose the floor of their share."""
        total = self.signal.amount or Decimal(0)
        self.refunded += amount
        given = self.entry.points
        share = int(given * self.refunded // total) if total > 0 else given
        lost, self.taken = share - self.taken, share
        return lost


def entries(
    counted: Sequence[Sequence[Signal]], twins: Mapping[RecordKey, RecordKey], programme: Programme, day: date
) -> tuple[list[Entry], list[Line]]:
    """The entries that the signals of each period make, and the lines that add up to the balance on `day`."""
    account = _Account(twins, programme, day)
    for signals in counted:
        account.earned.clear()
        for signal in signals:
            if award := programme.points.get(signal.name):
                account.award(signal, award)
            if taken_from := programme.takes_back.get(signal.name):
                account.take_back(signal, account.orders[taken_from])
    return account.made, account.lines


def deltas(made: Sequence[Entry], day: date) -> dict[date, int]:
    """By how much the sum of all entries moves on each day up to `day`."""
    found: dict[date, int] = {}
    for entry in made:
        for on, by in entry.moves():
            if on <= day:
                found[on] = found.get(on, 0) + by
    return found


class _Account:
    """One subject's points while its signals are gone through."""

    def __init__(self, twins: Mapping[RecordKey, RecordKey], programme: Programme, day: date) -> None:
        self.made: list[Entry] = []
        self.lines: list[Line] = []
        self.orders: dict[str, list[_Order]] = {name: [] for name in programme.takes_back.values()}
        self.earned: dict[str, int] = {}  # in the running period, by the signal's name
        self._given: set[str] = set()  # names that have ever brought points
        self._twins, self._programme, self._day = twins, programme, day

    def award(self, signal: Signal, award: Award) -> None:
        """The points of one signal, cut at what its name may still earn or lose in this period."""
        name, points, code = signal.name, award.points, Code.POINTS
        months = award.expiry_months or self._programme.expiry_months
        expires = add_months(signal.on, months)
        values = describe(signal)
        if award.repeat == "once" and name in self._given:
            points, code = 0, Code.POINTS_ONCE
        else:
            self._given.add(name)
            if award.cap is not None:
                had = self.earned.get(name, 0)
                room = award.cap - abs(had)
                if abs(points) > room:
                    points, code = (room if points > 0 else -room), Code.POINTS_CAPPED
                    values["cap"] = award.cap
                self.earned[name] = had + points
            values["points"], values["expires"] = points, expires
        self.lines.append(Line(code, self._programme.reference(f"points.{name}"), values))
        entry = Entry(name, signal.on, points, expires, signal.on, months if award.fading == "linear" else 0)
        self._enter(entry, signal, f"points.{name}")
        if name in self.orders:
            self.orders[name].append(_Order(signal, entry))

    def take_back(self, refund: Signal, orders: Sequence[_Order]) -> None:
        """The counter-entries of one refund; they fade and expire with the points they take back."""
        key = f"takes_back.{refund.name}"
        found = False
        for order, amount in _refunded(refund, orders, self._twins):
            lost = order.take_back(amount)
            given = order.entry
            if lost and given.expires > refund.on:
                found = True
                entry = Entry(refund.name, refund.on, -lost, given.expires, given.since, given.months)
                values: dict[str, Param] = {
                    "points": -lost,
                    "expires": entry.expires,
                    "order": order.signal.reference or order.signal.source.id,
                }
                self.lines.append(Line(Code.TAKEN_BACK, self._programme.reference(key), {**describe(refund), **values}))
                self._enter(entry, refund, key)
        if not found:
            self.lines.append(Line(Code.NOTHING_TAKEN, self._programme.reference(key), describe(refund)))

    def _enter(self, entry: Entry, signal: Signal, key: str) -> None:
        """Keep an entry; what one in force has lost by fading has a line of its own."""
        self.made.append(entry)
        if entry.months and self._day < entry.expires and (lost := entry.left(self._day) - entry.points):
            values: dict[str, Param] = {**describe(signal), "points": lost, "expires": entry.expires}
            self.lines.append(Line(Code.FADED, self._programme.reference(key), values))


def _refunded(
    refund: Signal, orders: Sequence[_Order], twins: Mapping[RecordKey, RecordKey]
) -> list[tuple[_Order, Decimal]]:
    """Which orders a refund is for, and how much of each: its own, else the most recent ones with money left.

    A refund without amount is for the whole of its own order, and for nothing where no order is named.
    """
    left = refund.amount or Decimal(0)
    if refund.original:
        named = (refund.source.connection, refund.original)
        named = twins.get(named, named)
        own = [order for order in orders if record_key(order.signal) == named]
        return [(order, order.remaining if refund.amount is None else min(left, order.remaining)) for order in own]
    found: list[tuple[_Order, Decimal]] = []
    for order in reversed(orders):
        if left <= 0:
            break
        if order.signal.currency == refund.currency and order.remaining > 0:
            amount = min(left, order.remaining)
            found.append((order, amount))
            left -= amount
    return found


def _months_between(since: date, day: date) -> int:
    """Whole months from one day to a later one, the last of a short month counting as the day itself."""
    months = (day.year - since.year) * 12 + day.month - since.month
    return months if add_months(since, months) <= day else months - 1
