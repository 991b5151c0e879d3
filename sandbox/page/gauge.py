"""The coefficient on an arc from 0.50 to 3.50, for an inline SVG."""

import math
from dataclasses import dataclass
from decimal import Decimal

LOWEST, HIGHEST = 0.5, 3.5
_CENTRE_X, _CENTRE_Y, _RADIUS = 120.0, 112.0, 92.0
# A coefficient multiplies, so equal steps of the arc are equal factors: 1.00 is not lost at its left end.
_SPAN = math.log(HIGHEST / LOWEST)


@dataclass(frozen=True, slots=True)
class Point:
    """A place in the drawing, in its units (240 wide, from -8 to 132)."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Hand:
    """A short line across the arc."""

    inner: Point
    outer: Point


@dataclass(frozen=True, slots=True)
class Band:
    """A part of the arc as an SVG path, and which kind of coefficients lie there."""

    kind: str
    path: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A number written at the arc's outside."""

    text: str
    at: Point


BANDS = (("bonus", 0.5, 1.0), ("watch", 1.0, 1.5), ("malus", 1.5, 3.5))


@dataclass(frozen=True, slots=True)
class Gauge:
    """Where the hands stand, and what is said of it to those who cannot see it."""

    coefficient: Hand
    expected: Point | None
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]


def gauge(coefficient: Decimal, expected: Decimal | None) -> Gauge:
    """The drawing for a coefficient and the one expected at the next review; beyond the ends they stand at the end."""
    return Gauge(
        coefficient=Hand(_at(float(coefficient), _RADIUS - 13), _at(float(coefficient), _RADIUS + 11)),
        expected=None if expected is None else _at(float(expected), _RADIUS),
        bands=tuple(Band(kind, _arc(low, high)) for kind, low, high in BANDS),
        marks=tuple(Mark(f"{value:.2f}", _at(value, _RADIUS + 16)) for value in (1.0, 1.5)),
    )


def _at(value: float, radius: float) -> Point:
    share = math.log(min(max(value, LOWEST), HIGHEST) / LOWEST) / _SPAN
    angle = math.pi * (1 - share)
    return Point(round(_CENTRE_X + radius * math.cos(angle), 1), round(_CENTRE_Y - radius * math.sin(angle), 1))


def _arc(low: float, high: float) -> str:
    begin, end = _at(low, _RADIUS), _at(high, _RADIUS)
    return f"M {begin.x} {begin.y} A {_RADIUS:g} {_RADIUS:g} 0 0 1 {end.x} {end.y}"
