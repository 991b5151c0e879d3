"""The numbers shown: those computed, with what a person set in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scoring.contest import said
from scoring.decision import Adjustment, Decided
from scoring.line import Code, Line


@dataclass(frozen=True, slots=True)
class Numbers:
    """Coefficient, expected coefficient (hundredths) and points; `lines` has one for each that a person set.

    `held` is the coefficient that a person set, where it still holds at the next review.
    """

    coefficient: int
    expected: int
    points: int
    lines: tuple[Line, ...] = ()
    held: int | None = None


def adjusted(computed: Numbers, decided: Decided, day: date, review: date | None) -> Numbers:
    """The numbers at the end of `day`; what a person set is expected to stay where it still holds at the review."""
    coefficient, points = in_force(decided.coefficient, day), in_force(decided.points, day)
    if coefficient is None and points is None:
        return computed
    lines: list[Line] = []
    number, expected, held = computed.coefficient, computed.expected, None
    if coefficient is not None:
        number = coefficient.value
        held = number if review is None or coefficient.holds(review) else None
        expected = expected if held is None else held
        lines.append(_line(Code.COEFFICIENT_ADJUSTED, "coefficient", coefficient))
    if points is not None:
        lines.append(_line(Code.POINTS_ADJUSTED, "points", points))
    return Numbers(number, expected, computed.points if points is None else points.value, tuple(lines), held)


def in_force(adjustments: Sequence[Adjustment], day: date) -> Adjustment | None:
    """The adjustment that holds at the end of a day; they never overlap."""
    return next((each for each in adjustments if each.holds(day)), None)


def _line(code: Code, number: str, adjustment: Adjustment) -> Line:
    values = {number: adjustment.value, **said(adjustment.decision)}
    return Line(code, "", values if adjustment.end is None else {**values, "until": adjustment.end})
