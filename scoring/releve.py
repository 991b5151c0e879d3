"""The relevé d'informations: what a statement must say of the coefficient and of the incidents behind it (art. 12)."""

from dataclasses import dataclass
from datetime import date, timedelta

from scoring.line import Code, Line
from scoring.review import Period
from scoring.rules import AnyRules
from scoring.standing import Standing

_PAUSED = (Code.INTERRUPTED, Code.SHORT_PERIOD)
_INCIDENTS = (
    Code.RAISED, Code.PROTECTED, Code.EXCUSED, Code.EXCLUDED, Code.CLAIM, Code.NO_CLAIM, Code.COUNTS_LATER,
    Code.HELD, Code.LEVEL_HELD,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AnnualPeriod:
    """One period, the coefficient its review gave or is expected to give, and a line for each incident in it.

    One line more says where they hold the coefficient. `coefficient` is None where another review comes first.
    """

    period: Period
    coefficient: int | None
    incidents: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Releve:
    """What is known on the day it is drawn up.

    `coefficient` as applied at the last review (`applied`, None before the first). `periods`: the annual periods before
    the day, the oldest first, at most as many as the rules ask for; `running` what has happened since, for the next
    review. Where its period is over already (art. 9), `begun` is the one after it. `years_at_floor` are full years,
    counted in reviews.
    """

    drawn_up: date
    coefficient: int
    applied: date | None
    periods: tuple[AnnualPeriod, ...]
    running: AnnualPeriod | None
    begun: AnnualPeriod | None
    years_at_floor: int


def releve(standing: Standing, rules: AnyRules) -> Releve:
    """The statement that a standing amounts to."""
    found: list[AnnualPeriod] = []
    paused = set[int]()
    brought: Line | None = None
    period, incidents = None, list[Line]()
    for line in standing.lines:
        if line.code is Code.PERIOD:
            period = Period(len(found) + 1, line.day("start"), line.day("end"), line.day("review"))
            incidents = []
        elif line.code in _PAUSED:
            paused.add(len(found))
        elif line.code in _INCIDENTS:
            incidents.append(line)
        elif line.code in (Code.OPENING, Code.CARRIED_OVER):
            brought = line
        elif line.code in (Code.REVIEWED, Code.EXPECTED) and period is not None:
            found.append(AnnualPeriod(period, line.integer("coefficient"), tuple(incidents)))
            period = None
    reviewed, running = found[:-1], found[-1] if found else None
    return Releve(
        drawn_up=standing.day,
        coefficient=standing.coefficient,
        applied=reviewed[-1].period.review if reviewed else None,
        periods=tuple(reviewed[-rules.statement_periods :]),
        running=running,
        begun=None if period is None else AnnualPeriod(period, None, tuple(incidents)),
        years_at_floor=_years_at_floor(reviewed, paused, brought, rules),
    )


def due_by(requested: date, rules: AnyRules) -> date:
    """The last day on which a statement asked for on a day is given in time."""
    return requested + timedelta(days=rules.statement_days)


def _years_at_floor(reviewed: list[AnnualPeriod], paused: set[int], brought: Line | None, rules: AnyRules) -> int:
    """Full years at the floor; the period whose review reached it is none, and one that was interrupted is none.

    What was brought counts.
    """
    years = 0
    at_floor = brought is not None and brought.integer("coefficient") == rules.floor
    if brought is not None and at_floor:
        carried = brought.values.get("years_at_floor", 0)
        years = carried if isinstance(carried, int) else 0
    for number, each in enumerate(reviewed):
        before, at_floor = at_floor, each.coefficient == rules.floor
        years = years + (number not in paused) if before and at_floor else 0
    return years
