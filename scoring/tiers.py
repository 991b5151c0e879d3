"""Tiers: a path, not a formula. Promotion on the day the conditions are met, demotion at a review only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from scoring.decision import UNDECIDED, Adjustment, Decided
from scoring.numbers import in_force
from scoring.review import add_months
from scoring.rules import Programme, Tier


@dataclass(frozen=True, slots=True)
class TierChange:
    """From the end of that day on, another tier."""

    on: date
    tier: Tier
    before: Tier
    promoted: bool


def replay(
    reviews: Mapping[date, int],
    moves: Mapping[date, int],
    programme: Programme,
    decided: Decided = UNDECIDED,
    day: date = date.max,
) -> Sequence[TierChange]:
    """Every change of tier up to `day`, given the coefficient after each review and the moves of the points by day.

    The lowest tier until the first review. At a review a demotion goes one step, or straight down, or not at all, as
    the programme says, and only once the tier has been missed for as long as the grace lasts; between reviews nothing
    is taken away. Numbers that a person set stand in for those computed.
    """
    changes: list[TierChange] = []
    tiers = programme.tiers
    adjusted = bool(decided.coefficient or decided.points)
    current = total = 0
    coefficient: int | None = None
    missed: date | None = None  # the day since which the conditions of the current tier are not met
    for on in sorted(reviews.keys() | moves.keys() | (_set_on(decided, day) if adjusted else set())):
        total += moves.get(on, 0)
        coefficient = reviews.get(on, coefficient)
        if coefficient is None:
            continue
        shown, points = coefficient, floored(total, programme)
        if adjusted:
            shown, points = _shown(decided.coefficient, on, shown), _shown(decided.points, on, points)
        deserved = highest(shown, points, programme)
        before = current
        if deserved >= current:
            current, missed = deserved, None
        else:
            missed = missed or on
            if on in reviews and add_months(missed, programme.grace_months) <= on:
                current = _demoted(current, deserved, programme)
        if current != before:
            changes.append(TierChange(on, tiers[current], tiers[before], promoted=current > before))
    return changes


def _demoted(current: int, deserved: int, programme: Programme) -> int:
    if programme.demotion == "none":
        return current
    return current - 1 if programme.demotion == "one step" else deserved


def _set_on(decided: Decided, day: date) -> set[date]:
    """The days up to `day` on which a number begins or ends to be what a person set."""
    adjustments = (*decided.coefficient, *decided.points)
    days = {each.start for each in adjustments} | {each.end for each in adjustments if each.end}
    return {each for each in days if each <= day}


def _shown(adjustments: Sequence[Adjustment], day: date, computed: int) -> int:
    set_by_a_person = in_force(adjustments, day)
    return computed if set_by_a_person is None else set_by_a_person.value


def highest(coefficient: int, points: int, programme: Programme) -> int:
    """The index of the highest tier whose conditions are met; the lowest has none."""
    tiers = programme.tiers
    place = len(tiers) - 1
    while not tiers[place].admits(coefficient, points):
        place -= 1
    return place


def floored(total: int, programme: Programme) -> int:
    """A balance as shown: not below the programme's floor, where it has one."""
    return total if programme.points_floor is None else max(programme.points_floor, total)
