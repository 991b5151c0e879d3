"""What a customer did in its time, told without any CRM: orders with their refunds and invoices, claims, talks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from sandbox.company.behaviour import ALL_YEAR
from sandbox.company.customer import Customer
from sandbox.company.draw import Draw

YEAR = 365.25
_UNWON = 0.25  # offers for each order
Home = Literal["salesforce", "hubspot"]
Decision = Literal["fault", "shared", "favour"]


@dataclass(frozen=True, slots=True)
class Refund:
    """Money given back."""

    at: datetime
    amount: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill. `paid` is None where it has not been paid by the last day; `given_up` is when it was written off."""

    issued: datetime
    due: date
    paid: datetime | None
    given_up: datetime | None


@dataclass(frozen=True, slots=True)
class Order:
    """A purchase, by a deal or in the shop. `referrer` is the number of the customer who brought it."""

    at: datetime
    amount: float
    by_deal: bool
    home: Home
    refund: Refund | None
    invoice: Invoice | None
    referrer: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A deal that was not won: `lost`, or still open."""

    at: datetime
    amount: float
    home: Home
    lost: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A complaint or damage. `decided` is None while it is open."""

    at: datetime
    subject: str
    home: Home
    decided: datetime | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class Talk:
    """Somebody spoke, wrote or met."""

    at: datetime
    kind: Literal["call", "meeting", "note", "task"]
    home: Home
    subject: str


@dataclass(frozen=True, slots=True)
class Life:
    """All of it, each list in the order of time."""

    customer: Customer
    orders: tuple[Order, ...]
    offers: tuple[Offer, ...]
    claims: tuple[Claim, ...]
    talks: tuple[Talk, ...]
    unsubscribed: datetime | None


_SUBJECTS = (
    "Parcel damaged",
    "Wrong size delivered",
    "Returned item incomplete",
    "Delivery disputed",
    "Rental damaged",
)
_TALKS = (
    "Quarterly review",
    "Question about delivery",
    "New catalogue",
    "Follow-up",
    "Price enquiry",
    "Thank-you call",
)


def life(who: Customer, draw: Draw, start: date, today: date, referrers: Iterator[int]) -> Life:
    """The life of a customer between two days; `referrers` proposes who may have brought it, best first."""
    begin, end = max(start, who.joined), min(who.gone, today)
    orders = tuple(
        _order(who, day, draw, today, next(referrers, None) if nth == 0 and who.joined >= start else None)
        for nth, day in enumerate(_days(draw, begin, end, who.behaviour.orders, who.behaviour.months))
    )
    offers = tuple(
        _offer(who, day, draw) for day in _days(draw, begin, end, who.behaviour.orders * _UNWON * who.by_deal)
    )
    claims = tuple(_claim(who, day, draw, today) for day in _days(draw, begin, end, who.behaviour.claims))
    talks = tuple(_talk(who, day, draw) for day in _days(draw, begin, end, who.behaviour.talks))
    unsubscribed = None
    if draw.chance(who.behaviour.unsubscribes) and begin < end:
        unsubscribed = _hour(begin + timedelta(days=draw.randrange((end - begin).days)), draw)
    return Life(who, orders, offers, claims, talks, unsubscribed)


def _days(draw: Draw, begin: date, end: date, rate: float, months: tuple[int, ...] = ALL_YEAR) -> Iterator[date]:
    """Days of a Poisson process of `rate` a year, in these months only and the denser there."""
    if not rate:
        return
    density = rate * 12 / len(months) / YEAR
    passed = draw.expovariate(density)
    while (day := begin + timedelta(days=int(passed))) < end:
        if day.month in months:
            yield day
        passed += draw.expovariate(density)


def _hour(day: date, draw: Draw) -> datetime:
    """A moment of that day, in office hours."""
    return datetime.combine(day, time(7), UTC) + timedelta(seconds=draw.randrange(11 * 3600))


def _home(who: Customer, draw: Draw) -> Home:
    if who.in_salesforce and who.in_hubspot:
        return "salesforce" if draw.chance(0.7) else "hubspot"
    return "salesforce" if who.in_salesforce else "hubspot"


def _order(who: Customer, day: date, draw: Draw, today: date, referrer: int | None) -> Order:
    kind = who.behaviour
    at = _hour(day, draw)
    amount = round(kind.basket * draw.lognormvariate(0, 0.6), 2)
    refund = None
    returned = day + timedelta(days=draw.randint(2, 35))
    if draw.chance(kind.refunded) and returned < today:
        whole = not draw.chance(kind.partly)
        part = amount if whole else round(amount * draw.uniform(0.2, 0.7), 2)
        refund = Refund(_hour(returned, draw), part, whole)
    by_deal = who.by_deal or referrer is not None
    billed = draw.chance(0.8 if by_deal else 0.25)
    invoice = _invoice(who, at, draw, today) if billed and not (refund and refund.whole) else None
    return Order(at, amount, by_deal, _home(who, draw), refund, invoice, referrer)


def _offer(who: Customer, day: date, draw: Draw) -> Offer:
    amount = round(who.behaviour.basket * draw.lognormvariate(0, 0.6), 2)
    return Offer(_hour(day, draw), amount, _home(who, draw), draw.chance(0.7))


def _invoice(who: Customer, at: datetime, draw: Draw, today: date) -> Invoice:
    issued = at + timedelta(hours=1)
    due = issued.date() + timedelta(days=30)
    lot = draw.random()
    if lot < who.behaviour.never:
        given_up = due + timedelta(days=draw.randint(100, 200))
        written_off = given_up < today and draw.chance(0.5)
        return Invoice(issued, due, None, _hour(given_up, draw) if written_off else None)
    if lot < who.behaviour.never + who.behaviour.late:
        paid = due + timedelta(days=draw.randint(31, 90))
    else:
        paid = due - timedelta(days=draw.randint(-20, 28))
    return Invoice(issued, due, _hour(paid, draw) if paid < today else None, None)


def _claim(who: Customer, day: date, draw: Draw, today: date) -> Claim:
    at, subject, home = _hour(day, draw), draw.choice(_SUBJECTS), _home(who, draw)
    decided = day + timedelta(days=draw.randint(1, 45))
    lot = draw.random()
    if decided >= today or draw.chance(0.05):
        return Claim(at, subject, home, None, None)
    kind = who.behaviour
    decision: Decision = "fault" if lot < kind.at_fault else "shared" if lot < kind.at_fault + kind.shared else "favour"
    return Claim(at, subject, home, _hour(decided, draw), decision)


def _talk(who: Customer, day: date, draw: Draw) -> Talk:
    kind: Literal["call", "meeting", "note", "task"] = draw.choice(("call", "meeting", "note", "task"))
    return Talk(_hour(day, draw), kind, _home(who, draw), draw.choice(_TALKS))
