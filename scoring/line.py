"""A line: one step of an explanation, in no language. The locale makes words of it, `explain.replay` a number."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from scoring.signal import Signal

Param: TypeAlias = int | str | date | Decimal


class Code(StrEnum):
    """What a line says. Its parameters stand behind each; c = coefficient in hundredths, f = factor in thousandths.

    `{signal}` stands for what is known of one signal: signal (its name), on, source, reference and days where known.
    """

    # What was left out of the fold, and why: {signal}
    SWITCHED_OFF = "switched_off"
    UNKNOWN = "unknown"
    TWIN = "twin"
    BEFORE_EXPOSURE = "before_exposure"
    TOO_LATE = "too_late"  # + review
    CORRECTED_LATE = "corrected_late"  # + review, recorded, before (the day of what stands)
    WITHDRAWN_LATE = "withdrawn_late"  # + review, recorded
    NOT_CONVERTED = "not_converted"  # + currency
    NOT_CARRIED = "not_carried"  # an opening that no review under these rules can have given
    # What people decided: {signal}; decided, by, why
    CONTESTED = "contested"
    CONTEST_ACCEPTED = "contest_accepted"
    CONTEST_REJECTED = "contest_rejected"
    CONTEST_LATE = "contest_late"  # + review
    CONTEST_UNKNOWN = "contest_unknown"  # without on
    CONTEST_AHEAD = "contest_ahead"
    COEFFICIENT_ADJUSTED = "coefficient_adjusted"  # c coefficient, decided, by, why, until where it ends; no signal
    POINTS_ADJUSTED = "points_adjusted"  # points, decided, by, why, until where it ends; no signal
    FROZEN = "frozen"  # decided, by, why; no signal
    # The coefficient
    # On a scale `level` stands beside every coefficient: the name of the level.
    OPENING = "opening"  # c coefficient
    CARRIED_OVER = "carried_over"  # c coefficient, years_at_floor where there are any
    NO_EXPOSURE = "no_exposure"
    EXPOSED = "exposed"  # on
    PERIOD = "period"  # start, end (exclusive), review
    START = "start"  # c coefficient
    REDUCED = "reduced"  # f factor, exact
    RAISED = "raised"  # f factor, exact, liability; {signal} in a standing
    TRUNCATED = "truncated"  # exact, c coefficient
    FLOORED = "floored"  # c coefficient
    CAPPED = "capped"  # c coefficient
    CEILING = "ceiling"  # c coefficient
    PROTECTED = "protected"  # years; {signal} in a standing
    EXCUSED = "excused"  # {signal} in a standing
    EXCLUDED = "excluded"  # {signal}
    COUNTS_LATER = "counts_later"  # {signal}, liability, review
    HELD = "held"
    GAP = "gap"  # start, end (exclusive)
    INTERRUPTED = "interrupted"
    SHORT_PERIOD = "short_period"  # months
    LAPSED = "lapsed"  # c coefficient, periods
    STEP_BETTER = "step_better"  # before and level (names), levels (how many up), exact
    CLAIM = "claim"  # before, level, levels, exact, liability; {signal} in a standing
    NO_CLAIM = "no_claim"  # {signal} in a standing
    CLEAN_LIMIT = "clean_limit"  # before, level, levels, exact, years
    LEVEL_HELD = "level_held"
    REVIEWED = "reviewed"  # on, c coefficient
    EXPECTED = "expected"  # on, c coefficient
    # Points
    DERIVED = "derived"  # {signal}, count, counted (a signal's name), contested_as where its period has moved since
    POINTS = "points"  # {signal}, points, expires
    POINTS_CAPPED = "points_capped"  # {signal}, points, expires, cap
    POINTS_ONCE = "points_once"  # {signal}
    FADED = "faded"  # {signal}, points, expires
    TAKEN_BACK = "taken_back"  # {signal}, points, expires, order
    NOTHING_TAKEN = "nothing_taken"  # {signal}
    BALANCE = "balance"  # points
    BALANCE_FLOORED = "balance_floored"  # points
    # Tier and price
    LOWEST_TIER = "lowest_tier"  # tier
    PROMOTED = "promoted"  # on, tier, before
    DEMOTED = "demoted"  # on, tier, before
    PRICE = "price"  # c coefficient, discount in percent, exact
    PRICE_UNKNOWN = "price_unknown"  # discount in percent, exact
    PRICE_BOUNDED = "price_bounded"  # exact
    PRICE_ADJUSTMENT = "price_adjustment"  # percent
    # Reasons
    INCIDENT = "incident"  # {signal}, f factor
    INCIDENT_PROTECTED = "incident_protected"  # {signal}
    INCIDENT_LEVEL = "incident_level"  # {signal}, before, level
    CLEAN_REVIEWS = "clean_reviews"  # count, c coefficient
    NO_REDUCTION = "no_reduction"  # review
    POINTS_SUM = "points_sum"  # signal, count, points
    SHORT_HISTORY = "short_history"  # on, review
    # The way back
    REVIEW_CLEAN = "review_clean"  # review, c coefficient
    REVIEW_RAISED = "review_raised"  # review, c coefficient; an incident has come in its period
    REVIEW_IDLE = "review_idle"  # review, c coefficient, c active, active_level, last where its period ends before it
    REVIEW_SET = "review_set"  # review, c coefficient
    NEXT_TIER = "next_tier"  # tier, points, c coefficient
    NEXT_TIER_POINTS = "next_tier_points"  # tier, points
    NEXT_TIER_COEFFICIENT = "next_tier_coefficient"  # tier, c coefficient
    ORIGIN_AGAIN = "origin_again"  # review, c coefficient


_NOTHING_MORE: Mapping[str, Param] = {}  # read-only by its type; a proxy could not be pickled


class Line(NamedTuple):
    """A code, the article or rule it rests on, and its values by name.

    A tuple, because a standing is made of some fifty lines: a frozen dataclass takes more than twice as long to make.
    """

    code: Code
    reference: str = ""
    values: Mapping[str, Param] = _NOTHING_MORE

    def integer(self, name: str) -> int:
        """The value of that name, which must be an integer."""
        value = self.values[name]
        if not isinstance(value, int):
            raise TypeError(f"{self.code}: {name} is {value!r}, not an integer")
        return value

    def day(self, name: str) -> date:
        """The value of that name, which must be a date."""
        value = self.values[name]
        if not isinstance(value, date):
            raise TypeError(f"{self.code}: {name} is {value!r}, not a date")
        return value


def describe(signal: Signal) -> dict[str, Param]:
    """What the texts need to know of a signal."""
    known: dict[str, Param] = {"signal": signal.name, "on": signal.on, "source": signal.source.id}
    if signal.reference:
        known["reference"] = signal.reference
    if signal.days is not None:
        known["days"] = signal.days
    return known
