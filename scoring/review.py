"""Reviews: the days on which coefficients move, and the period that each looks at."""

import calendar as gregorian
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scoring.rules import AnyRules

YEAR = 12  # months


@dataclass(frozen=True, slots=True)
class Period:
    """What one review looks at: `[start, end)`. The two ends differ from the reviews by the lag of art. 9."""

    number: int  # from 1
    start: date
    end: date
    review: date


def add_months(day: date, months: int) -> date:
    """That many months later or earlier; 31 Jan + 1 month is the last of February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    month += 1
    if day.day <= 28:  # noqa: PLR2004 - every month has 28 days
        return date(year, month, day.day)
    return date(year, month, min(day.day, gregorian.monthrange(year, month)[1]))


def periods(exposure: date, until: date, rules: AnyRules, fixed: str | None = None) -> tuple[Period, ...]:
    """All periods from exposure to the one that holds `until`, and to the first review after it.

    Reviews are the anniversaries of exposure, counted from it so that 29 Feb comes back in leap years; or, with `fixed`
    ("MM-DD"), every such day after exposure, the first period then being shorter than a year.
    """
    found: list[Period] = []
    start = exposure
    while not found or found[-1].review <= until or found[-1].end <= until:
        number = len(found) + 1
        review = review_number(number, exposure, fixed)
        end = max(start, add_months(review, -rules.lag_months))
        found.append(Period(number, start, end, review))
        start = end
    return tuple(found)


def review_number(number: int, exposure: date, fixed: str | None = None) -> date:
    """The day of the first, second … review after exposure (`periods`)."""
    if fixed is None:
        return add_months(exposure, YEAR * number)
    return _on(fixed, exposure.year + number - (_on(fixed, exposure.year) > exposure))


def is_short(period: Period, rules: AnyRules) -> bool:
    """Whether this is a first period too short to give a reduction (art. 9)."""
    return period.number == 1 and add_months(period.start, rules.first_min_months) > period.end


def review_following(day: date, found: Sequence[Period]) -> date:
    """The first review after a day, which the periods must reach."""
    return found[bisect_right(found, day, key=lambda period: period.review)].review


def _on(fixed: str, year: int) -> date:
    month, day = (int(part) for part in fixed.split("-"))
    return date(year, month, min(day, gregorian.monthrange(year, month)[1]))
