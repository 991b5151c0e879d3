"""The fold: one step of the coefficient per period, from exposure to the review that is expected next."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from scoring.coefficient import State, step
from scoring.history import describe
from scoring.line import Code, Line, Param
from scoring.review import YEAR, Period, add_months, is_short
from scoring.rules import Programme
from scoring.signal import Liability, Signal


@dataclass(frozen=True, slots=True)
class Review:
    """A review that has been, and the coefficient (hundredths) it gave."""

    on: date
    coefficient: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one period did to the state, line by line."""

    period: Period
    before: State
    after: State
    interrupted: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """`steps` for the reviews that have been, `next` for the one to come."""

    steps: tuple[Step, ...]
    next: Step
    reviews: tuple[Review, ...]
    lines: tuple[Line, ...]


def fold(found: Sequence[Period], counted: Sequence[Sequence[Signal]], programme: Programme, day: date) -> Fold:
    """Step through every period whose review has come by `day`, then once more for the next review.

    `found` must reach a review after `day`, as `review.periods` does. A period without a signal that counts as exposure
    was interrupted.
    """
    rules = programme.rules
    state = State(rules.origin)
    steps: list[Step] = []
    reviews: list[Review] = []
    lines: list[Line] = []
    for period, signals in zip(found, counted, strict=True):
        incidents = [s for s in signals if s.liability is not Liability.NONE or s.name in programme.incidents]
        exposed = any(signal.name in programme.exposure for signal in signals)
        interrupted = not exposed and rules.interrupts(_months(period))
        before = state
        state, stepped = step(
            before,
            [signal.liability for signal in incidents],
            rules,
            interrupted=interrupted,
            first_short=is_short(period, rules),
            early=_early(incidents, reviews, programme),
        )
        steps.append(Step(period, before, state, interrupted, _named(stepped, incidents)))
        values: dict[str, Param] = {"start": period.start, "end": period.end, "review": period.review}
        lines += [Line(Code.PERIOD, rules.reference("lag_months"), values), *steps[-1].lines]
        outcome: dict[str, Param] = {"on": period.review, "coefficient": state.coefficient}
        if period.review > day:
            lines.append(Line(Code.EXPECTED, "", outcome))
            break
        lines.append(Line(Code.REVIEWED, "", outcome))
        reviews.append(Review(period.review, state.coefficient))
    return Fold(tuple(steps[:-1]), steps[-1], tuple(reviews), tuple(lines))


def _months(period: Period) -> int:
    return (period.end.year - period.start.year) * YEAR + period.end.month - period.start.month


def _early(incidents: Sequence[Signal], reviews: Sequence[Review], programme: Programme) -> int:
    """How many incidents came before the years at the floor were full, where the rules measure those by dates."""
    rules = programme.rules
    if rules.floor_years == "reviews" or not reviews or reviews[-1].coefficient != rules.floor:
        return 0
    since = reviews[-1].on
    for review in reversed(reviews):
        if review.coefficient != rules.floor:
            break
        since = review.on
    full = add_months(since, YEAR * rules.protected_after)
    return sum(signal.on < full for signal in incidents if signal.liability is not Liability.NONE)


def _named(lines: Sequence[Line], incidents: Sequence[Signal]) -> tuple[Line, ...]:
    """The lines of a step, each incident's own line with what is known of its signal."""
    left = iter(incidents)
    own = (Code.RAISED, Code.PROTECTED, Code.EXCUSED)
    return tuple(
        replace(line, values={**line.values, **describe(next(left))}) if line.code in own else line for line in lines
    )
