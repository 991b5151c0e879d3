"""Opening: the coefficient a subject comes with, carried over from an earlier insurer's statement (arts 10, 11, 13)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scoring.coefficient import State, step
from scoring.line import Line
from scoring.review import YEAR, add_months
from scoring.rules import AnyRules, Rules
from scoring.scale_rules import ScaleRules, ScaleState
from scoring.signal import Carried, Liability


@dataclass(frozen=True, slots=True)
class Opening:
    """Where the fold begins instead of at 1.00: coefficient in hundredths, and what its past is worth.

    `floor_since` is the day since which the coefficient has been at the floor, where years are measured by dates.
    `level` is a level's name, where the rules are a scale and the coefficient alone does not say which.
    """

    coefficient: int
    clean_periods: int = 0
    periods_at_floor: int = 0
    protection_used: bool = False
    floor_since: date | None = None
    level: str = ""

    @property
    def state(self) -> State:
        """What the first review starts from."""
        return State(self.coefficient, self.clean_periods, self.periods_at_floor, self.protection_used)

    def at_floor_since(self, exposure: date) -> date:
        """The day since which it has been at the floor, by its full years where no date is known."""
        return self.floor_since or add_months(exposure, -YEAR * self.periods_at_floor)

    def check(self, rules: AnyRules) -> None:
        """Refuse what no review under these rules can have given.

        Raises:
            ValueError: the coefficient lies outside floor and cap, or years at the floor without being there; on a
                scale, no level is worth it.
        """
        if isinstance(rules, ScaleRules):
            on_scale(self, rules)
            return
        if self.level:
            raise ValueError(f"opening level {self.level!r}: {rules.name} has no levels, only coefficients")
        if not rules.floor <= self.coefficient <= rules.cap:
            low, high = rules.floor / 100, rules.cap / 100
            raise ValueError(f"opening coefficient {self.coefficient / 100:.2f}: allowed is {low:.2f} to {high:.2f}")
        if (self.periods_at_floor or self.floor_since) and self.coefficient != rules.floor:
            raise ValueError(
                f"opening coefficient {self.coefficient / 100:.2f}: years at the floor without being there"
            )
        if min(self.clean_periods, self.periods_at_floor) < 0:
            raise ValueError("an opening counts no periods below zero")


def on_scale(opening: Opening, rules: ScaleRules) -> ScaleState:
    """Where it leads on a scale: to the level of that name, or else of that worth.

    Raises:
        ValueError: there is no such level, or more than one.
    """
    level = rules.level_called(opening.level) if opening.level else rules.level_worth(opening.coefficient)
    return rules.state(level, opening.clean_periods)


def opening_of(carried: Carried, rules: AnyRules) -> Opening:
    """What was carried over, as an opening under these rules.

    Raises:
        ValueError: no review under them can have given it.
    """
    coefficient = carried.coefficient
    if coefficient is None:
        if isinstance(rules, Rules):
            raise ValueError(
                f"level {carried.level!r} is carried over, and {rules.name} has no levels: say a coefficient"
            )
        coefficient = rules.worth(rules.level_called(carried.level))
    years = carried.years_at_floor if isinstance(rules, Rules) else 0
    opening = Opening(coefficient, carried.clean_periods, years, carried.protection_used, level=carried.level)
    opening.check(rules)
    return opening


@dataclass(frozen=True, slots=True)
class Statement:
    """What the earlier insurer's statement says (art. 12), and what its holder declares beside it (art. 11).

    `opening` as applied on `due`, the last main review there. `incidents` happened since the period which that review
    looked at, and count under arts 5 to 7.
    """

    opening: Opening
    due: date
    incidents: tuple[tuple[date, Liability], ...] = ()


def carried_over(statement: Statement, start: date, rules: Rules) -> tuple[Opening, tuple[Line, ...]]:
    """The opening of a contract that begins on `start`, and the lines that lead to it.

    Declared incidents always raise. The reduction of the year under way is granted only where the rules say so
    (`carry_over`), and only where at least nine months of it have passed: the old review then lies more than seven
    months back, two months of lag included (art. 9).

    Raises:
        ValueError: the statement is of a later day than the start, or states what no review can have given.
    """
    statement.opening.check(rules)
    if statement.due > start or any(day > start for day, _ in statement.incidents):
        raise ValueError(f"a statement that speaks of days after {start} cannot open a contract on that day")
    incidents = [liability for _, liability in sorted(statement.incidents, key=lambda incident: incident[0])]
    counted = any(liability is not Liability.NONE for liability in incidents)
    months = rules.first_min_months - rules.lag_months
    reduces = rules.carry_over == "both ways" and start > add_months(statement.due, months)
    if not counted and not reduces:
        return statement.opening, ()
    after, lines = step(statement.opening.state, incidents, rules)
    kept = statement.opening.floor_since if after.coefficient == rules.floor and after.periods_at_floor else None
    opening = Opening(after.coefficient, after.clean_periods, after.periods_at_floor, after.protection_used, kept)
    return opening, lines


def of_several(contracts: Sequence[Opening], rules: Rules) -> Opening:
    """The opening of one vehicle more (art. 10), given those of the contracts there are, the oldest first.

    The coefficient of the last contract is transferred; or, where the rules say so (`extra_vehicle`), from the second
    extra vehicle on, the average of all, cut to two decimals.

    Raises:
        ValueError: there is no contract to transfer from.
    """
    if not contracts:
        raise ValueError("there is no contract whose coefficient could be transferred")
    last = contracts[-1]
    if rules.extra_vehicle == "last" or len(contracts) == 1:
        return last
    average = sum(contract.coefficient for contract in contracts) // len(contracts)
    at_floor = average == rules.floor
    return Opening(
        average,
        min(contract.clean_periods for contract in contracts),
        min(contract.periods_at_floor for contract in contracts) if at_floor else 0,
        any(contract.protection_used for contract in contracts),
    )
