"""What other rules come to: both sides as counts, what was ordered under either, who would move most."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from scoring.standing import Standing

ROWS = 20  # changes that are named


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
    subject: int


@dataclass(slots=True)
class Simulation:
    """Both sides as of one day. `moves` counts (tier before, tier after); `changes` names those who move most.

    `unseen` are signals that the other rules count and the ledger has none of: no mapping makes them yet. `counted` are
    the subjects whom the engine has counted.
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
    counted: frozenset[int] = frozenset()

    @property
    def other_tier(self) -> int:
        """How many would be in another tier."""
        return sum(count for (before, after), count in self.moves.items() if before != after)


def weight(change: Change) -> tuple[bool, int, int]:
    """What a person wants to see first: another tier, then the largest move of the coefficient."""
    other_tier = change.before[1] != change.after[1]
    return not other_tier, -abs(change.after[0] - change.before[0]), change.subject
