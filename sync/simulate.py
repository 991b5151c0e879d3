"""Other rules over everybody in the ledger, without writing anything: who would stand where, and what it would cost."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection

from scoring.line import Code
from scoring.review import YEAR, add_months
from scoring.rules import Programme
from scoring.signal import Signal
from scoring.standing import Standing, standing
from scoring.subject import Subject
from sync.decide import decisions_of
from sync.ledger import Ledger, database, facts, results
from sync.ledger.population import pages
from sync.money import rates_for

PAGE = 500  # subjects in memory at once
ROWS = 20  # changes that are named

ONE = Decimal(1)


@dataclass(slots=True)
class Side:
    """Everybody under one set of rules. Coefficients in hundredths; `factors` is the sum of price factors."""

    rules: str
    coefficients: Counter[int] = field(default_factory=Counter)
    tiers: Counter[str] = field(default_factory=Counter)
    factors: Decimal = Decimal(0)
    attention: int = 0

    def add(self, shown: Standing, factor: Decimal) -> None:
        """Count one subject."""
        self.coefficients[shown.coefficient] += 1
        self.tiers[shown.tier] += 1
        self.factors += factor
        self.attention += shown.needs_attention

    @property
    def subjects(self) -> int:
        """How many have been counted."""
        return self.coefficients.total()

    @property
    def mean_coefficient(self) -> float:
        """The mean, 1.00 = the origin of the law; 0 where there is nobody."""
        total = sum(coefficient * count for coefficient, count in self.coefficients.items())
        return total / 100 / self.subjects if self.subjects else 0.0

    @property
    def mean_factor(self) -> float:
        """The mean price factor, every subject alike."""
        return float(self.factors / self.subjects) if self.subjects else 0.0


@dataclass(slots=True)
class Ordered:
    """What was ordered in the last twelve months in one currency, and what the price factors would make of it."""

    value: Decimal = Decimal(0)
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Change:
    """One subject who would stand elsewhere: coefficient, tier and points on both sides."""

    record: str
    before: tuple[int, str, int]
    after: tuple[int, str, int]


@dataclass(slots=True)
class Simulation:
    """Both sides as of one day. `moves` counts (tier before, tier after); `changes` names those who move most.

    `unseen` are signals that the other rules count and the ledger has none of: no mapping makes them yet.
    """

    day: date
    before: Side
    after: Side
    tier_names: tuple[str, ...]
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    ordered: dict[str, Ordered] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    other_coefficient: int = 0
    unseen: tuple[str, ...] = ()

    @property
    def other_tier(self) -> int:
        """How many would be in another tier."""
        return sum(count for (before, after), count in self.moves.items() if before != after)


def simulate(ledger: Ledger, name: str, present: Programme, other: Programme, day: date) -> Simulation:
    """Everybody alive in the programme `name` under the present and the other rules, as of the end of `day`.

    Memory holds one page of subjects and the counts.
    """
    tiers = dict.fromkeys([*(tier.name for tier in present.tiers), *(tier.name for tier in other.tiers)])
    found = Simulation(day, Side(present.label), Side(other.label), tuple(tiers))
    seen: set[str] = set()
    with ledger.begin() as tx:
        rates = rates_for(tx, database.programme(tx, name).id, present, other)
    for tx, subjects in pages(ledger, name, size=PAGE):
        moved: dict[int, tuple[Standing, Standing]] = {}
        decided = decisions_of(tx, subjects)
        for subject, signals in facts.signals_of(tx, subjects).items():
            people = Subject(decisions=decided[subject])
            before, after = (standing(signals, rules, day, people, rates=rates) for rules in (present, other))
            seen.update(signal.name for signal in signals)
            _count(found, before, after, _ordered(signals, present, day))
            if (before.coefficient, before.tier) != (after.coefficient, after.tier):
                moved[subject] = (before, after)
        found.changes = sorted([*found.changes, *_named(tx, moved)], key=_weight, reverse=True)[:ROWS]
    wanted = {*other.exposure, *other.incidents, *other.points} - {rule.name for rule in other.derived}
    found.unseen = tuple(sorted(signal for signal in wanted - seen if other.signals[signal]))
    return found


def _count(found: Simulation, before: Standing, after: Standing, ordered: dict[str, Decimal]) -> None:
    factors = price_factor(before), price_factor(after)
    found.before.add(before, factors[0])
    found.after.add(after, factors[1])
    found.moves[before.tier, after.tier] += 1
    found.other_coefficient += before.coefficient != after.coefficient
    for currency, value in ordered.items():
        total = found.ordered.setdefault(currency, Ordered())
        total.value += value
        total.before += value * factors[0]
        total.after += value * factors[1]


def price_factor(shown: Standing) -> Decimal:
    """Coefficient x (1 - discount) within its bounds, exact, as the lines of the standing have it."""
    factor = ONE
    for line in shown.lines:
        if line.code in (Code.PRICE, Code.PRICE_BOUNDED):
            factor = Decimal(line.values["exact"])  # type: ignore[arg-type] # both lines hold a Decimal there
    return factor


def _ordered(signals: list[Signal], programme: Programme, day: date) -> dict[str, Decimal]:
    """What this subject ordered in the twelve months up to the day, by currency; "" where none is said."""
    since = add_months(day, -YEAR)
    found: dict[str, Decimal] = {}
    for signal in signals:
        if signal.name in programme.exposure and since < signal.on <= day and signal.amount:
            currency = signal.currency or ""
            found[currency] = found.get(currency, Decimal(0)) + signal.amount
    return found


def _named(tx: Connection, moved: dict[int, tuple[Standing, Standing]]) -> list[Change]:
    records = results.first_records(tx, list(moved))
    return [Change(records[subject], _numbers(before), _numbers(after)) for subject, (before, after) in moved.items()]


def _numbers(shown: Standing) -> tuple[int, str, int]:
    return shown.coefficient, shown.tier, shown.points


def _weight(change: Change) -> tuple[bool, int]:
    """What a person wants to see first: another tier, then the largest move of the coefficient."""
    return change.before[1] != change.after[1], abs(change.after[0] - change.before[0])
