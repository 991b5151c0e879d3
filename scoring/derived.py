"""Derived signals: made of a count and a sum over one period, dated on the day they cross."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from scoring.contest import Contests
from scoring.history import History, order
from scoring.line import Code, Line, describe
from scoring.rules import Derived, Programme
from scoring.signal import Signal, Source

DERIVED = "derived"  # the object of what no CRM has a record of


def with_derived(
    past: History, programme: Programme, contests: Contests
) -> tuple[Sequence[Sequence[Signal]], list[Line]]:
    """The signals of each period together with those derived from them, and a line for each of these."""
    money = programme.currency
    found = [
        (number, rule, *crossing)
        for number, (period, signals) in enumerate(zip(past.periods, past.counted, strict=True))
        for rule in programme.derived
        if programme.signals[rule.name] and (crossing := derive(signals, rule, period.start, money))
    ]
    if not found:
        return past.counted, []
    facts = {signal.fact for _, _, signal, _ in found}
    made: list[list[Signal]] = [[] for _ in past.periods]
    lines: list[Line] = []
    for number, rule, signal, count in found:

        def rests_on(records: frozenset[Source], number: int = number, rule: Derived = rule) -> bool:
            rest = [s for s in past.counted[number] if s.name != rule.counts or s.source not in records]
            return derive(rest, rule, past.periods[number].start, money) is None

        contested = contests.carried(signal, facts, rests_on)
        values = {**describe(signal), "count": count, "counted": rule.counts}
        if contested is not None:
            values["contested_as"] = contested[0].id
        lines.append(Line(Code.DERIVED, programme.reference(f"derived.{rule.name}"), values))
        if not contests.holds(signal, past.periods, contested):
            made[number].append(signal)
    counted = [
        sorted([*signals, *more], key=lambda s: order(s, programme)) if more else signals
        for signals, more in zip(past.counted, made, strict=True)
    ]
    return counted, lines


def derive(
    signals: Sequence[Signal], rule: Derived, start: date, money: str | None = None
) -> tuple[Signal, int] | None:
    """The signal that one period's signals (in order of their days) make, with the count it was made of; at most one.

    Its source is named after the `start` of the period: it stays the same fact when it crosses on another day. Both
    sums are taken at the end of each day and per currency: an amount never counts against one in other money. Where all
    is converted into `money`, what is left in other money has no rate: the share is not known, and nothing is made.
    """
    if sum(signal.name == rule.counts for signal in signals) < rule.at_least:
        return None
    if money is not None and any(
        signal.name == rule.against and signal.amount and signal.currency not in (None, money) for signal in signals
    ):
        return None
    count = 0
    counted: dict[str | None, Decimal] = {}
    against: dict[str | None, Decimal] = {}
    for day, signals_of_day in groupby(signals, key=lambda signal: signal.on):
        for signal in signals_of_day:
            amount = signal.amount or Decimal(0)
            if signal.name == rule.counts:
                count += 1
                counted[signal.currency] = counted.get(signal.currency, Decimal(0)) + amount
            elif signal.name == rule.against:
                against[signal.currency] = against.get(signal.currency, Decimal(0)) + amount
        if count >= rule.at_least and any(
            amount > 0 and amount * 100 >= rule.share_percent * against.get(currency, Decimal(0))
            for currency, amount in counted.items()
        ):
            return Signal(rule.name, day, _source(f"{rule.name} {start}"), rule.liability), count
    return None


def in_lines(lines: Iterable[Line], programme: Programme) -> list[Signal]:
    """The derived signals that a standing's lines tell of, those that are contested among them.

    One whose period has moved since it was contested is the fact that the contest is about.
    """
    liable = {rule.name: rule.liability for rule in programme.derived}
    told = ((str(line.values["signal"]), line) for line in lines if line.code is Code.DERIVED)
    return [Signal(name, line.day("on"), _source(_fact_of(line)), liable[name]) for name, line in told]


def made_of(found: Signal, signals: Sequence[Signal], lines: Iterable[Line], programme: Programme) -> frozenset[Source]:
    """The records that a signal was derived from, given the standing's lines; nothing for one that a CRM reported."""
    rule = next((rule for rule in programme.derived if rule.name == found.name), None)
    periods = ((line.day("start"), line.day("end")) for line in lines if line.code is Code.PERIOD)
    span = next(((start, end) for start, end in periods if start <= found.on < end), None)
    if rule is None or span is None or found.source.object != DERIVED:
        return frozenset()
    return frozenset(each.source for each in signals if each.name == rule.counts and span[0] <= each.on < span[1])


def _fact_of(line: Line) -> str:
    return str(line.values.get("contested_as", line.values["source"]))


def _source(id_: str) -> Source:
    """Of no connection: no CRM has a record of it."""
    return Source("", DERIVED, id_)
