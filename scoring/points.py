"""Points: signed entries with a cap per period and an expiry; a refund takes its order's points back in proportion.

A balance is the sum of the entries in force. An entry is in force from its day until the day before it expires.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scoring.history import RecordKey, describe, record_key
from scoring.line import Code, Line, Param
from scoring.review import add_months
from scoring.rules import Award, Programme
from scoring.signal import Signal


@dataclass(frozen=True, slots=True)
class Entry:
    """So many points from a day until another."""

    signal: str
    on: date
    points: int
    expires: date


@dataclass(slots=True)
class _Order:
    """What an order gave, and how much of its money has been refunded."""

    signal: Signal
    given: int
    expires: date
    refunded: Decimal = Decimal(0)
    taken: int = 0

    @property
    def remaining(self) -> Decimal:
        return (self.signal.amount or Decimal(0)) - self.refunded

    def take_back(self, amount: Decimal) -> int:
        """Refund that much of it: the points lost by it, so that all refunds together lose the floor of their share."""
        total = self.signal.amount or Decimal(0)
        self.refunded += amount
        share = int(self.given * self.refunded // total) if total > 0 else self.given
        lost, self.taken = share - self.taken, share
        return lost


def entries(
    counted: Sequence[Sequence[Signal]], twins: Mapping[RecordKey, RecordKey], programme: Programme
) -> tuple[list[Entry], list[Line]]:
    """The entries that the signals of each period make, and a line for each."""
    made: list[Entry] = []
    lines: list[Line] = []
    orders: dict[str, list[_Order]] = {name: [] for name in programme.takes_back.values()}
    for signals in counted:
        earned: dict[str, int] = {}
        for signal in signals:
            if award := programme.points.get(signal.name):
                entry = _award(signal, award, earned, programme, lines)
                made.append(entry)
                if signal.name in orders:
                    orders[signal.name].append(_Order(signal, entry.points, entry.expires))
            if taken_from := programme.takes_back.get(signal.name):
                made += _take_back(signal, orders[taken_from], twins, programme, lines)
    return made, lines


def deltas(made: Sequence[Entry], day: date) -> dict[date, int]:
    """By how much the sum of all entries moves on each day up to `day`, days in order."""
    moves: dict[date, int] = {}
    for entry in made:
        moves[entry.on] = moves.get(entry.on, 0) + entry.points
        if entry.expires <= day:
            moves[entry.expires] = moves.get(entry.expires, 0) - entry.points
    return dict(sorted(moves.items()))


def _award(signal: Signal, award: Award, earned: dict[str, int], programme: Programme, lines: list[Line]) -> Entry:
    """The points of one signal, cut at what its name may still earn in this period."""
    points = award.points
    expires = add_months(signal.on, programme.expiry_months)
    values: dict[str, Param] = {**describe(signal), "expires": expires}
    code = Code.POINTS
    if award.cap is not None:
        room = award.cap - earned.get(signal.name, 0)
        if points > room:
            points, code = room, Code.POINTS_CAPPED
            values["cap"] = award.cap
        earned[signal.name] = earned.get(signal.name, 0) + points
    lines.append(Line(code, programme.reference(f"points.{signal.name}"), {**values, "points": points}))
    return Entry(signal.name, signal.on, points, expires)


def _take_back(
    refund: Signal,
    orders: Sequence[_Order],
    twins: Mapping[RecordKey, RecordKey],
    programme: Programme,
    lines: list[Line],
) -> list[Entry]:
    """The counter-entries of one refund; they expire with the points they take back."""
    reference = programme.reference(f"takes_back.{refund.name}")
    made: list[Entry] = []
    for order, amount in _refunded(refund, orders, twins):
        lost = order.take_back(amount)
        if lost and order.expires > refund.on:
            made.append(Entry(refund.name, refund.on, -lost, order.expires))
            values: dict[str, Param] = {
                "points": -lost,
                "expires": order.expires,
                "order": order.signal.reference or order.signal.source.id,
            }
            lines.append(Line(Code.TAKEN_BACK, reference, {**describe(refund), **values}))
    if not made:
        lines.append(Line(Code.NOTHING_TAKEN, reference, describe(refund)))
    return made


def _refunded(
    refund: Signal, orders: Sequence[_Order], twins: Mapping[RecordKey, RecordKey]
) -> list[tuple[_Order, Decimal]]:
    """Which orders a refund is for, and how much of each: its own, else the most recent ones with money left.

    A refund without amount is for the whole of its own order, and for nothing where no order is named.
    """
    left = max(refund.amount or Decimal(0), Decimal(0))
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
