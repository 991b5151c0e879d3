"""Rates of exchange, kept as they were learnt: a past standing converts with what was known then."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, or_, select

from scoring.rates import Rates
from scoring.rules import Programme
from sync.ledger import schema
from sync.ledger.facts import Entry, about, wake_whom

BEFORE = timedelta(
    days=31
)  # rates are kept from this long before the first signal that counts: no bank is closed longer


def learn(tx: Connection, entry: Entry, rates: Rates, money: str, horizon: date) -> int:
    """Enter the rates that are new or others than before, and make those due whom they move; how many there were.

    What a file no longer holds stays known: banks publish the last ninety days.
    """
    known = rates_of(tx, entry.programme)
    if known is not None and known.base != rates.base:
        known = None  # rates in another base are other numbers: all are new
    fresh: list[dict[str, Any]] = []
    since: dict[str, date] = {}
    stamp = {"run": entry.run, "recorded": entry.at, "programme": entry.programme, "base": rates.base}
    for currency, (days, quoted) in rates.quoted.items():
        before = dict(zip(*known.quoted[currency], strict=True)) if known and currency in known.quoted else {}
        for day, rate in zip(days, quoted, strict=True):
            if day >= horizon - BEFORE and before.get(day) != rate:
                fresh.append({**stamp, "currency": currency, "on_day": day, "rate": str(rate)})
                since.setdefault(currency, day)
    if fresh:
        tx.execute(insert(schema.rates), fresh)
        _wake(tx, entry.programme, since, money)
    return len(fresh)


def rates_of(tx: Connection, programme: int, *, known_at: datetime | None = None) -> Rates | None:
    """The rates known now, or at an instant; of two bases the one learnt last."""
    table = schema.rates
    query = select(table.c.base, table.c.currency, table.c.on_day, table.c.rate).where(table.c.programme == programme)
    if known_at is not None:
        query = query.where(table.c.recorded <= known_at)
    rows = tx.execute(query.order_by(table.c.id)).all()
    if not rows:
        return None
    base = rows[-1].base
    found: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for row in rows:
        if row.base == base:
            found[row.currency][row.on_day] = Decimal(row.rate)
    return Rates(base, {currency: _columns(rates) for currency, rates in found.items()})


def rates_for(tx: Connection, programme: int, *rules: Programme, known_at: datetime | None = None) -> Rates | None:
    """The same, where one of these programmes converts at all."""
    return rates_of(tx, programme, known_at=known_at) if any(each.currency for each in rules) else None


def newest(tx: Connection) -> int:
    """The number of the rate that was entered last, 0 before any: while it stays, so do all rates."""
    return tx.execute(select(func.max(schema.rates.c.id))).scalar_one() or 0


def _columns(rates: Mapping[date, Decimal]) -> tuple[tuple[date, ...], tuple[Decimal, ...]]:
    days = sorted(rates)
    return tuple(days), tuple(rates[day] for day in days)


def _wake(tx: Connection, programme: int, since: Mapping[str, date], money: str) -> None:
    """Those with signals in a currency whose rate changed, from that day on; in any, where the programme's own did."""
    signals, contacts, connections = schema.signals, schema.contacts, schema.connections
    moved: list[ColumnElement[bool]] = [
        (signals.c.currency == currency) & (signals.c.on_day >= day) for currency, day in since.items()
    ]
    if money in since:
        moved = [signals.c.currency.is_not(None) & (signals.c.currency != money) & (signals.c.on_day >= since[money])]
    whose = (
        select(contacts.c.subject)
        .join(signals, about(contacts.c.connection, contacts.c.record))
        .join(connections, connections.c.id == contacts.c.connection)
        .where(connections.c.programme == programme, or_(*moved))
    )
    wake_whom(tx, whose)
