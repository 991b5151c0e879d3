"""Scheme `scale`: levels and transitions as data, one step a year by the number of claims.

A level has a place in a row (0 is the best) and a value: the premium in percent, an amount, or just its place. Where a
rule looks back over several years (Belgium: after four claim-free years not above 14) the state is the level together
with the claim-free years behind it, so that a step still needs nothing but the state.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Unit = Literal["percent", "amount", "level"]
Moves = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Level:
    """One level: its name as the source writes it, its exact value in the scale's unit."""

    name: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class CleanLimit:
    """After so many consecutive claim-free years nobody stands above that level."""

    years: int
    level: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where one policy stands. `clean` counts consecutive claim-free years no further than the scale asks."""

    level: int
    clean: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """One year: from where, with how many claims, to where; `limited` if the limit of clean years cut it."""

    before: Place
    claims: int
    after: Place
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """`levels` from the best to the worst; `moves[level][claims]` is the next level.

    The last entry of a row of moves holds for every larger number of claims. `start` is a newcomer's level, None where
    the source does not say. Values never fall from the best level to the worst, and no claim ever leads to a better
    level than one claim less.
    """

    name: str
    levels: tuple[Level, ...]
    moves: Moves
    start: int | None = None
    unit: Unit = "percent"
    clean_limit: CleanLimit | None = None

    def __post_init__(self) -> None:
        worst = len(self.levels) - 1
        if worst < 1:
            raise ValueError("levels: a scale has at least two")
        if len({level.name for level in self.levels}) <= worst:
            raise ValueError("levels: two have the same name")
        for better, level in zip(self.levels, self.levels[1:], strict=False):
            if level.value < better.value:
                raise ValueError(f"levels: {level.name} is cheaper than {better.name}, which stands as better")
        if len(self.moves) != len(self.levels) or len({len(row) for row in self.moves}) != 1:
            raise ValueError("moves: every level needs a row, and all rows are of one length")
        for number, row in enumerate(self.moves):
            self._check_row(number, row)
        if self.start is not None and not 0 <= self.start <= worst:
            raise ValueError("start: there is no such level")
        limit = self.clean_limit
        if limit is not None and not (limit.years >= 1 and 0 <= limit.level <= worst):
            raise ValueError("clean_limit: at least one year, and a level of the scale")

    def _check_row(self, number: int, row: Sequence[int]) -> None:
        name = self.levels[number].name
        if len(row) < 2 or not all(0 <= target < len(self.levels) for target in row):  # noqa: PLR2004 - none, and any
            raise ValueError(f"moves of {name}: a level for no claim and one for each number of claims")
        if row[0] > number:
            raise ValueError(f"moves of {name}: a claim-free year leads to the worse level {self.levels[row[0]].name}")
        if list(row) != sorted(row):
            raise ValueError(f"moves of {name}: more claims lead to a better level than fewer")

    def level(self, name: str) -> int | None:
        """The place in the row of the level of that name, None if there is none."""
        return next((number for number, level in enumerate(self.levels) if level.name == name), None)


def step(place: Place, claims: int, scale: Scale) -> Move:
    """One year with that many claims (0 or more)."""
    row = scale.moves[place.level]
    level = row[min(claims, len(row) - 1)]
    limit = scale.clean_limit
    if limit is None:
        return Move(place, claims, Place(level))
    clean = 0 if claims else min(place.clean + 1, limit.years)
    limited = clean == limit.years and level > limit.level
    return Move(place, claims, Place(limit.level if limited else level, clean), limited)


def by_steps(levels: int, *, better: int, first: int, further: int) -> Moves:
    """The moves of a rule such as -1/+4/+5: so many levels down, up for the first claim, up for each further one."""
    worst = levels - 1
    most = 1
    while first + further * (most - 1) < worst:
        most += 1
    return tuple(
        (max(0, level - better), *(min(worst, level + first + further * n) for n in range(most)))
        for level in range(levels)
    )


def back_to(levels: int, *, better: int, target: int) -> Moves:
    """The moves of a rule such as -1/top: so many levels down, and with any claim to one level for all."""
    return tuple((max(0, level - better), target) for level in range(levels))
