"""Points: signed entries with a cap per period and an expiry; a refund takes its order's points back in proportion.

A balance is the sum of what is left of the entries. An entry counts from its day until the day before it expires; where
the programme says so, it fades month by month until then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from scoring.history import RecordKey, record_key
from scoring.line import Code, Line, Param, describe
from scoring.review import add_months
from scoring.rules import Award, Programme
from scoring.signal import Signal


@dataclass(frozen=True, slots=True)
class Entry:
    """So many points from a day until another; those that fade do so over `months` from `since` on."""

    signal: str
    on: date
    points: int
    expires: date
    since: date
    months: int = 0  # 0: it does not fade

    def left(self, day: date) -> int:
        """What is left of it at the end of a day, from its own day on; fractions of points are gone."""
        if day >= self.expires:
            return 0
        if not self.months:
            return self.points
        gone = _months_between(self.since, day)
        left = abs(self.points) * (self.months - gone) // self.months
        return left if self.points > 0 else -left

    def moves(self) -> Iterator[tuple[date, int]]:
        """The days on which it moves the balance, and by how much, in order."""
        left = self.left(self.on)
        yield self.on, left
        for day in self._faded_on() if self.months else (self.expires,):
            now = self.left(day)
            if now != left:
                yield day, now - left
            left = now

    def next_move(self, day: date) -> date | None:
        """The next day after `day` on which it moves the balance by itself."""
        if not self.points or day >= self.expires:
            return None
        return next(on for on, _ in self.moves() if on > day) if self.months else self.expires

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


@dataclass(slots=True)
class _Earned:
    """What one kind of signal has brought: in the running period, and whether it ever has."""

    period: dict[str, int] = field(default_factory=dict)
    ever: set[str] = field(default_factory=set)


def entries(
    counted: Sequence[Sequence[Signal]], twins: Mapping[RecordKey, RecordKey], programme: Programme, day: date
) -> tuple[list[Entry], list[Line]]:
    """The entries that the signals of each period make, and the lines that add up to the balance at the end of `day`."""
    made: list[Entry] = []
    lines: list[Line] = []
    orders: dict[str, list[_Order]] = {name: [] for name in programme.takes_back.values()}
    earned = _Earned()
    for signals in counted:
        earned.period.clear()
        for signal in signals:
            if award := programme.points.get(signal.name):
                entry = _award(signal, award, earned, programme, lines)
                made.append(entry)
                lines += _faded(entry, signal, programme, day)
                if signal.name in orders:
                    orders[signal.name].append(_Order(signal, entry))
            if taken_from := programme.takes_back.get(signal.name):
                made += _take_back(signal, orders[taken_from], twins, programme, lines, day)
    return made, lines


def deltas(made: Sequence[Entry], day: date) -> dict[date, int]:
    """By how much the sum of all entries moves on each day up to `day`."""
    moves: dict[date, int] = {}
    for entry in made:
        for on, by in entry.moves():
            if on <= day:
                moves[on] = moves.get(on, 0) + by
    return moves


def _award(signal: Signal, award: Award, earned: _Earned, programme: Programme, lines: list[Line]) -> Entry:
    """The points of one signal, cut at what its name may still earn or lose in this period."""
    name, points, code = signal.name, award.points, Code.POINTS
    months = award.expiry_months or programme.expiry_months
    expires = add_months(signal.on, months)
    values = describe(signal)
    if award.repeat == "once" and name in earned.ever:
        points, code = 0, Code.POINTS_ONCE
    else:
        values["expires"] = expires
        if award.cap is not None:
            had = earned.period.get(name, 0)
            room = award.cap - abs(had)
            if abs(points) > room:
                points, code = (room if points > 0 else -room), Code.POINTS_CAPPED
                values["cap"] = award.cap
            earned.period[name] = had + points
        values["points"] = points
        earned.ever.add(name)
    lines.append(Line(code, programme.reference(f"points.{name}"), values))
    return Entry(name, signal.on, points, expires, signal.on, months if award.fading == "linear" else 0)


def _faded(entry: Entry, signal: Signal, programme: Programme, day: date) -> list[Line]:
    """What an entry in force has lost by fading, where it has lost something."""
    if not entry.months or day >= entry.expires or entry.left(day) == entry.points:
        return []
    values: dict[str, Param] = {
        **describe(signal),
        "points": entry.left(day) - entry.points,
        "expires": entry.expires,
    }
    return [Line(Code.FADED, programme.reference(f"points.{signal.name}"), values)]


def _take_back(
    refund: Signal,
    orders: Sequence[_Order],
    twins: Mapping[RecordKey, RecordKey],
    programme: Programme,
    lines: list[Line],
    day: date,
) -> list[Entry]:
    """The counter-entries of one refund; they fade and expire with the points they take back."""
    reference = programme.reference(f"takes_back.{refund.name}")
    made: list[Entry] = []
    for order, amount in _refunded(refund, orders, twins):
        lost = order.take_back(amount)
        given = order.entry
        if lost and given.expires > refund.on:
            entry = Entry(refund.name, refund.on, -lost, given.expires, given.since, given.months)
            made.append(entry)
            values: dict[str, Param] = {
                "points": -lost,
                "expires": entry.expires,
                "order": order.signal.reference or order.signal.source.id,
            }
            lines.append(Line(Code.TAKEN_BACK, reference, {**describe(refund), **values}))
            lines += _faded(entry, refund, programme, day)
    if not made:
        lines.append(Line(Code.NOTHING_TAKEN, reference, describe(refund)))
    return made


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
