"""How the numbers came to be: a standing as JSON and back, and its lines replayed to the numbers it shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

from scoring.fold import Review
from scoring.line import Code, Line, Param
from scoring.standing import Standing, Trend
from scoring.status import Status

_DATES = ("day", "exposure", "next_review", "changed_on", "next_change")
_LINES = ("reasons", "way_back", "lines")
_PLAIN = ("rules", "coefficient", "expected", "tier", "previous_tier", "points", "price_adjustment", "needs_attention")


def to_json(standing: Standing) -> dict[str, Any]:
    """The standing in the terms of JSON: dates as ISO text, reviews as pairs, lines as lists."""
    days = {name: getattr(standing, name) for name in _DATES}
    return {
        **{name: getattr(standing, name) for name in _PLAIN},
        **{name: None if day is None else day.isoformat() for name, day in days.items()},
        "trend": str(standing.trend),
        "status": str(standing.status),
        "reviews": [[review.on.isoformat(), review.coefficient] for review in standing.reviews],
        **{name: [_line_to_json(line) for line in getattr(standing, name)] for name in _LINES},
    }


def from_json(data: Mapping[str, Any]) -> Standing:
    """The standing that `to_json` made this of."""
    days: dict[str, Any] = {name: date.fromisoformat(data[name]) if data[name] else None for name in _DATES}
    lines: dict[str, Any] = {name: tuple(_line_from_json(line) for line in data[name]) for name in _LINES}
    return Standing(
        **{name: data[name] for name in _PLAIN},
        **days,
        trend=Trend(data["trend"]),
        status=Status(data["status"]),
        reviews=tuple(Review(date.fromisoformat(on), coefficient) for on, coefficient in data["reviews"]),
        **lines,
    )


@dataclass(frozen=True, slots=True)
class Numbers:
    """What lines replay to."""

    coefficient: int
    expected: int
    points: int
    tier: str
    price_adjustment: int


class BrokenError(Exception):
    """A line does not follow from those before it."""


def replay(lines: Iterable[Line], day: date) -> Numbers:
    """Do what the lines say, one after the other, on `day`; each result that a line states is checked.

    Raises:
        BrokenError: a line states another result than its step gives, or a number never comes.
    """
    at = _Replay(day)
    for line in lines:
        at.follow(line)
    if at.tier is None or at.percent is None:
        raise BrokenError("the lines end before tier and price")
    expected = at.coefficient if at.expected is None else at.expected
    return Numbers(at.coefficient, expected, at.points, at.tier, at.percent)


class _Replay:
    """The numbers as far as the lines have come."""

    def __init__(self, day: date) -> None:
        self.day = day
        self.coefficient = 0
        self.expected: int | None = None
        self.review: date | None = None
        self.points = 0
        self.tier: str | None = None
        self.percent: int | None = None
        self.level: object = None  # on a scale, its name
        self.running = Fraction(0)  # the coefficient in the middle of a step, or the price factor

    def follow(self, line: Line) -> None:
        match line.code:
            case (
                Code.OPENING
                | Code.CARRIED_OVER
                | Code.START
                | Code.REDUCED
                | Code.RAISED
                | Code.TRUNCATED
                | Code.FLOORED
                | Code.LAPSED
                | Code.STEP_BETTER
                | Code.CLAIM
                | Code.CLEAN_LIMIT
            ):
                self._move(line)
            case Code.CAPPED | Code.CEILING:
                self.running = min(self.running, _coefficient(line))
            case Code.REVIEWED | Code.EXPECTED:
                self._review(line)
            case Code.FROZEN | Code.COEFFICIENT_ADJUSTED | Code.POINTS_ADJUSTED:
                self._decide(line)
            case Code.POINTS | Code.POINTS_CAPPED | Code.FADED | Code.TAKEN_BACK:
                self.points += line.integer("points") if line.day("expires") > self.day else 0
            case Code.BALANCE:
                self._check(line, self.points, line.integer("points"))
            case Code.BALANCE_FLOORED:
                self.points = max(self.points, line.integer("points"))
            case Code.LOWEST_TIER | Code.PROMOTED | Code.DEMOTED:
                self._check(line, line.values.get("before"), self.tier)
                self.tier = str(line.values["tier"])
            case Code.PRICE | Code.PRICE_UNKNOWN | Code.PRICE_BOUNDED | Code.PRICE_ADJUSTMENT:
                self._price(line)
            case _:
                pass  # says why something does not count, and moves nothing

    def _review(self, line: Line) -> None:
        self._check(line, self.running, _coefficient(line))
        self._check(line, self.level, line.values.get("level"))
        if line.code is Code.REVIEWED:
            self.coefficient = line.integer("coefficient")
        else:
            self.expected, self.review = line.integer("coefficient"), line.day("on")

    def _decide(self, line: Line) -> None:
        if line.code is Code.FROZEN:
            self.day = line.day("decided")
        elif line.code is Code.POINTS_ADJUSTED:
            self.points = line.integer("points")
        else:
            self.coefficient = line.integer("coefficient")
            if self.review is None or "until" not in line.values or line.day("until") > self.review:
                self.expected = self.coefficient

    def _move(self, line: Line) -> None:
        match line.code:
            case Code.OPENING | Code.CARRIED_OVER:
                self.coefficient, self.level = line.integer("coefficient"), line.values.get("level")
            case Code.START:
                self.running = _coefficient(line)
                self._check(line, self.running, Fraction(self.coefficient, 100))
                self._check(line, self.level, line.values.get("level"))
            case Code.STEP_BETTER | Code.CLAIM | Code.CLEAN_LIMIT:
                if line.code is not Code.CLEAN_LIMIT:  # it holds for the move just made
                    self._check(line, self.level, line.values["before"])
                self.level, self.running = line.values["level"], _exact(line)
            case Code.REDUCED | Code.RAISED:
                self.running *= Fraction(line.integer("factor"), 1000)
                self._check(line, self.running, _exact(line))
            case Code.TRUNCATED:
                self._check(line, self.running, _exact(line))
                self.running = Fraction(floor(self.running * 100), 100)
                self._check(line, self.running, _coefficient(line))
            case _:  # a limit from below
                self.running = max(self.running, _coefficient(line))

    def _price(self, line: Line) -> None:
        if line.code in (Code.PRICE, Code.PRICE_UNKNOWN):
            self.running = Fraction(100 - line.integer("discount"), 100)
            if line.code is Code.PRICE:
                self._check(line, self.coefficient, line.integer("coefficient"))
                self.running *= Fraction(self.coefficient, 100)
            self._check(line, self.running, _exact(line))
        elif line.code is Code.PRICE_BOUNDED:
            self.running = _exact(line)
        else:
            off = (self.running - 1) * 100
            self.percent = floor(abs(off) + Fraction(1, 2)) * (-1 if off < 0 else 1)
            self._check(line, self.percent, line.integer("percent"))

    def _check(self, line: Line, found: object, stated: object) -> None:
        if found != stated:
            raise BrokenError(f"{line.code} states {stated}, the lines before it give {found}")


def _coefficient(line: Line) -> Fraction:
    return Fraction(line.integer("coefficient"), 100)


def _exact(line: Line) -> Fraction:
    return Fraction(str(line.values["exact"]))


def _line_to_json(line: Line) -> list[Any]:
    return [str(line.code), line.reference, {name: _to_json(value) for name, value in line.values.items()}]


def _line_from_json(data: list[Any]) -> Line:
    code, reference, values = data
    return Line(Code(code), reference, {name: _from_json(value) for name, value in values.items()})


def _to_json(value: Param) -> Any:
    """Text and integers as they are; what JSON has no word for, under its own."""
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return {"decimal": str(value)} if isinstance(value, Decimal) else value


def _from_json(value: Any) -> Param:
    if isinstance(value, dict):
        return date.fromisoformat(value["date"]) if "date" in value else Decimal(value["decimal"])
    found: Param = value
    return found
