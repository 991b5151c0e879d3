"""The premium: reference premium x (1 + novice) x coefficient + reference premium x surcharges (arts 1 to 3).

Amounts are exact: where a premium is rounded, its insurer says how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from scoring.review import YEAR, add_months
from scoring.rules import Rules, Surcharges

OFFENCES = ("drunk", "hit_and_run")
SUSPENSIONS = ("suspended_2_to_6_months", "suspended_over_6_months", "licence_annulled")

_PERCENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Aggravation:
    """A fact that a surcharge is for: its kind as the rules name it, and the first review that follows it.

    Facts of one event carry the same `event`: a suspension that follows an offence is not added to it.
    """

    kind: str
    first_review: date
    event: str = ""


@dataclass(frozen=True, slots=True)
class Premium:
    """What a renewal notice states (art. 14); percents of the reference premium."""

    reference: Decimal
    novice_percent: Decimal
    coefficient: int
    net: Decimal  # after novice surcharge and coefficient
    aggravated_percent: int
    aggravated: Decimal
    other: Decimal  # cover that art. 3 does not name, which no coefficient multiplies

    @property
    def total(self) -> Decimal:
        """What is due."""
        return self.net + self.aggravated + self.other


def premium(
    reference: Decimal,
    coefficient: int,
    *,
    novice_percent: Decimal = Decimal(0),
    aggravated_percent: int = 0,
    other: Decimal = Decimal(0),
) -> Premium:
    """The premium for the cover of art. 3 at a coefficient in hundredths, and `other` cover beside it.

    Raises:
        ValueError: an amount or a percentage below zero, or no number.
    """
    for amount in (reference, novice_percent, other, Decimal(aggravated_percent), Decimal(coefficient)):
        if not amount.is_finite() or amount < 0:
            raise ValueError(f"{amount} has no place in a premium")
    net = reference * (1 + novice_percent * _PERCENT) * coefficient * _PERCENT
    aggravated = reference * aggravated_percent * _PERCENT
    return Premium(reference, novice_percent, coefficient, net, aggravated_percent, aggravated, other)


def novice_percent(clean_years: int, surcharges: Surcharges, *, accompanied: bool = False) -> Decimal:
    """What is left of the novice surcharge after so many years, consecutive or not, without liability (A121-1-1)."""
    initial = Decimal(surcharges.novice_accompanied if accompanied else surcharges.novice)
    if clean_years >= surcharges.novice_years:
        return Decimal(0)
    if surcharges.novice_reading == "halved":
        return initial / Decimal(2) ** clean_years
    return max(Decimal(0), initial - clean_years * initial / 2)


def aggravated_percent(facts: Sequence[Aggravation], review: date, rules: Rules) -> int:
    """The sum of the surcharges in force at a review, cut at its cap (A121-1-2).

    Each ends two years after the first review that follows its fact. Of a suspension and the offences it follows, only
    the larger counts.

    Raises:
        ValueError: the rules name no such kind of fact.
    """
    surcharges = rules.surcharges
    events: dict[str, list[str]] = {}
    total = 0
    for fact in facts:
        if fact.kind not in surcharges.aggravated:
            raise ValueError(f"{fact.kind}: no such surcharge; there are {', '.join(surcharges.aggravated)}")
        if fact.first_review <= review < add_months(fact.first_review, YEAR * surcharges.aggravated_years):
            if fact.event:
                events.setdefault(fact.event, []).append(fact.kind)
            else:
                total += surcharges.aggravated[fact.kind]
    return min(surcharges.aggravated_cap, total + sum(_of_one_event(kinds, surcharges) for kinds in events.values()))


def _of_one_event(kinds: Sequence[str], surcharges: Surcharges) -> int:
    def sum_of(group: Sequence[str]) -> int:
        return sum(surcharges.aggravated[kind] for kind in kinds if kind in group)

    others = sum(surcharges.aggravated[kind] for kind in kinds if kind not in (*OFFENCES, *SUSPENSIONS))
    return max(sum_of(OFFENCES), sum_of(SUSPENSIONS)) + others
