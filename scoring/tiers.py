"""Tiers: a path, not a formula. Promotion on the day the conditions are met, demotion at a review only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.rules import Programme, Tier


@dataclass(frozen=True, slots=True)
class TierChange:
    """From the end of that day on, another tier."""

    on: date
    tier: Tier
    before: Tier
    promoted: bool


def replay(reviews: Mapping[date, int], moves: Mapping[date, int], programme: Programme) -> Sequence[TierChange]:
    """Every change of tier, given the coefficient after each review and the moves of the points by day.

    The lowest tier until the first review. At a review a demotion goes one step, or straight down where the programme
    says so; between reviews nothing is taken away.
    """
    changes: list[TierChange] = []
    current = total = 0
    coefficient: int | None = None
    for day in sorted(reviews.keys() | moves.keys()):
        total += moves.get(day, 0)
        coefficient = reviews.get(day, coefficient)
        if coefficient is None:
            continue
        deserved = highest(coefficient, floored(total, programme), programme)
        before = current
        if deserved > current:
            current = deserved
        elif deserved < current and day in reviews:
            current = current - 1 if programme.demotion == "one step" else deserved
        if current != before:
            tiers = programme.tiers
            changes.append(TierChange(day, tiers[current], tiers[before], promoted=current > before))
    return changes


def highest(coefficient: int, points: int, programme: Programme) -> int:
    """The index of the highest tier whose conditions are met; the lowest has none."""
    tiers = programme.tiers
    return next(i for i in range(len(tiers) - 1, -1, -1) if tiers[i].admits(coefficient, points))


def floored(total: int, programme: Programme) -> int:
    """A balance as shown: not below the programme's floor, where it has one."""
    return total if programme.points_floor is None else max(programme.points_floor, total)
