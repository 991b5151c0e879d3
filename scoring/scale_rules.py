"""A scale as the rules of a programme: levels in place of the coefficient, one step at each review.

A percentage is a coefficient of as many hundredths (85 % = 0.85), an amount is compared with that of the start level, a
level without a premium is its number. What does not fit two decimals is cut; the level itself is never lost by it.

Sources say what a year with so many claims does. What else a review asks (incidents of partial liability, interrupted
or short periods) they leave to whoever uses the scale: named options, with the readings of the law as defaults.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from scoring.line import Code, Line, Param
from scoring.scale import Place, Scale, step
from scoring.signal import Liability


@dataclass(frozen=True, slots=True)
class ScaleState:
    """What one review hands to the next. `coefficient` is what the level is worth, in hundredths."""

    coefficient: int
    place: Place
    clean_periods: int = 0


@dataclass(frozen=True, slots=True)
class ScaleRules:
    """Scheme `scale`; `start` is a newcomer's level."""

    name: str
    scale: Scale
    start: int
    partial: Literal["claim", "held", "excused"] = (
        "claim"  # an incident of partial liability: a claim, no move, nothing
    )
    excused: Literal["clean", "held"] = "clean"  # an incident without fault: the year is claim-free, or moves nobody
    same_day: Literal["full first", "partial first"] = "full first"
    lag_months: int = 0
    first_min_months: int = 9
    interruption_months: int = 3
    correction_years: int = 2
    statement_periods: int = 5
    statement_days: int = 15
    source: str = ""

    @property
    def origin(self) -> int:
        """What a newcomer's level is worth, in hundredths."""
        return self.worth(self.start)

    @property
    def floor(self) -> int:
        """What the best level is worth."""
        return self.worth(0)

    @property
    def cap(self) -> int:
        """What the worst level is worth."""
        return self.worth(len(self.scale.levels) - 1)

    @property
    def has_premiums(self) -> bool:
        """Whether a price can be multiplied by what a level is worth."""
        return self.scale.unit != "level"

    def exact(self, level: int) -> Decimal:
        """What a level is worth, with all its decimals."""
        value = self.scale.levels[level].value
        match self.scale.unit:
            case "percent":
                return value.scaleb(-2)
            case "amount":
                return value / self.scale.levels[self.start].value
        return value

    def worth(self, level: int) -> int:
        """What a level is worth in hundredths, cut."""
        return int(self.exact(level) * 100)

    def state(self, level: int, clean_periods: int = 0) -> ScaleState:
        """Standing on a level with so many claim-free years behind."""
        limit = self.scale.clean_limit
        return ScaleState(
            self.worth(level), Place(level, min(clean_periods, limit.years) if limit else 0), clean_periods
        )

    def level_called(self, name: str) -> int:
        """The level of a name.

        Raises:
            ValueError: there is none.
        """
        level = self.scale.level(name)
        if level is None:
            raise ValueError(f"{self.name} has no level {name!r}")
        return level

    def level_worth(self, coefficient: int) -> int:
        """The level that is worth so many hundredths.

        Raises:
            ValueError: no level is, or several are.
        """
        found = [level for level in range(len(self.scale.levels)) if self.worth(level) == coefficient]
        if len(found) != 1:
            raise ValueError(f"{len(found) or 'no'} levels of {self.name} are worth {coefficient / 100:.2f}: name one")
        return found[0]

    def reference(self, key: str) -> str:
        """The part of the scale behind a number."""
        return f"{self.name}, {key}"


def review(
    state: ScaleState,
    incidents: Sequence[Liability],
    rules: ScaleRules,
    *,
    interrupted: bool = False,
    first_short: bool = False,
) -> tuple[ScaleState, tuple[Line, ...]]:
    """The state after a review, and the lines that lead there; each incident has exactly one, in the order given."""
    lines = [Line(Code.START, "", {"coefficient": state.coefficient, "level": _name(state.place.level, rules)})]
    claims, held = 0, False
    for liability in incidents:
        if liability is Liability.NONE:
            lines.append(Line(Code.EXCUSED, rules.reference("excused")))
            held = held or rules.excused == "held"
        elif liability is Liability.PARTIAL and rules.partial != "claim":
            lines.append(Line(Code.NO_CLAIM, rules.reference("partial")))
            held = held or rules.partial == "held"
        else:
            claims += 1
            lines.append(_claim(state.place, claims, liability, rules))
    if not claims and (interrupted or first_short or held):
        lines.append(_pause(rules, interrupted=interrupted, first_short=first_short))
        return state, tuple(lines)

    move = step(state.place, claims, rules.scale)
    if not claims:
        lines.append(_moved(Code.STEP_BETTER, state.place.level, rules.scale.moves[state.place.level][0], rules))
    if move.limited:
        values = _moved(Code.CLEAN_LIMIT, state.place.level, move.after.level, rules).values
        years = {"years": move.after.clean}
        lines.append(Line(Code.CLEAN_LIMIT, rules.reference("clean_limit"), {**values, **years}))
    after = ScaleState(rules.worth(move.after.level), move.after, 0 if claims else state.clean_periods + 1)
    exact = rules.exact(move.after.level)
    if exact * 100 != after.coefficient:
        values = {"exact": exact, "coefficient": after.coefficient}
        lines.append(Line(Code.TRUNCATED, rules.reference("levels"), values))
    return after, tuple(lines)


def _claim(place: Place, number: int, liability: Liability, rules: ScaleRules) -> Line:
    """The line of a period's claim of that number: from the level that the one before it led to."""
    row = rules.scale.moves[place.level]
    before = place.level if number == 1 else row[min(number - 1, len(row) - 1)]
    line = _moved(Code.CLAIM, before, row[min(number, len(row) - 1)], rules)
    return line._replace(values={**line.values, "liability": str(liability)})


def _moved(code: Code, before: int, after: int, rules: ScaleRules) -> Line:
    values: dict[str, Param] = {
        "before": _name(before, rules),
        "level": _name(after, rules),
        "levels": after - before,
        "exact": rules.exact(after),
    }
    return Line(code, rules.reference("moves"), values)


def _pause(rules: ScaleRules, *, interrupted: bool, first_short: bool) -> Line:
    if interrupted:
        return Line(Code.INTERRUPTED, rules.reference("interruption_months"))
    if first_short:
        return Line(Code.SHORT_PERIOD, rules.reference("first_min_months"), {"months": rules.first_min_months})
    return Line(Code.LEVEL_HELD, rules.reference("partial"))


def _name(level: int, rules: ScaleRules) -> str:
    return rules.scale.levels[level].name
