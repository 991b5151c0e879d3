"""How customers differ: the rates by which each kind orders, pays, complains, talks and refers."""

from dataclasses import dataclass

ALL_YEAR = tuple(range(1, 13))


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A kind of customer. Rates are per year, shares are of one; days count back from the last day of the company."""

    name: str
    weight: int
    orders: float
    months: tuple[int, ...] = ALL_YEAR  # in which it orders
    basket: float = 120.0  # the median order
    refunded: float = 0.03  # of the orders
    partly: float = 0.5  # of the refunds
    late: float = 0.03  # of the invoices, paid 31 to 90 days after they were due
    never: float = 0.004  # of the invoices
    claims: float = 0.06
    at_fault: float = 0.25  # of the decided claims; what is left was decided in the customer's favour
    shared: float = 0.15
    talks: float = 0.5
    refers: float = 0.1  # how readily it is somebody's referrer
    unsubscribes: float = 0.03
    joined: tuple[int, int] = (200, 1800)
    stays: int | None = None  # days until it is gone


BEHAVIOURS = (
    Behaviour("trade", 1, orders=15.0, refunded=0.01, late=0.01, talks=1.5, basket=240.0, joined=(1200, 2600)),
    Behaviour("loyal", 10, orders=4.5, refunded=0.01, late=0.01, talks=0.8, refers=0.3, joined=(900, 2600)),
    Behaviour("regular", 24, orders=1.5, joined=(400, 2200)),
    Behaviour("occasional", 21, orders=0.5),
    Behaviour("seasonal", 8, orders=1.4, months=(11, 12), basket=90.0, joined=(500, 2000)),
    Behaviour("one order", 7, orders=0.35, basket=60.0, talks=0.1, unsubscribes=0.12),
    Behaviour("newcomer", 7, orders=3.0, joined=(10, 300)),
    Behaviour("gone", 6, orders=2.0, joined=(800, 2000), stays=600, unsubscribes=0.3),
    Behaviour("refunder", 3, orders=3.2, refunded=0.42, partly=0.25, basket=80.0, joined=(400, 1500)),
    Behaviour("late payer", 4, orders=1.9, late=0.45, never=0.02, basket=200.0, joined=(500, 2000)),
    Behaviour("never pays", 1, orders=1.2, late=0.3, never=0.35, basket=260.0, joined=(300, 1200)),
    Behaviour("at fault", 2, orders=1.5, claims=0.9, at_fault=0.75, shared=0.15, talks=1.0),
    Behaviour("quarrels and shares the fault", 1, orders=1.5, claims=0.9, at_fault=0.1, shared=0.8, talks=1.0),
    Behaviour("litigious but right", 2, orders=1.8, claims=1.1, at_fault=0.0, shared=0.0, talks=1.2),
    Behaviour("ambassador", 2, orders=2.4, refunded=0.0, late=0.0, refers=1.0, talks=1.0, joined=(900, 2600)),
)
WEIGHTS = tuple(behaviour.weight for behaviour in BEHAVIOURS)
