"""Decisions: what a person decided about one subject. Entries of the ledger like signals, on the same two clocks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timezone
from enum import StrEnum

from scoring.recorded import at_its_offset
from scoring.signal import Fact, Source


class Kind(StrEnum):
    """What can be decided."""

    CONTEST_OPEN = "contest_open"
    CONTEST_ACCEPT = "contest_accept"
    CONTEST_REJECT = "contest_reject"
    ADJUST = "adjust"
    LIFT = "lift"  # ends every adjustment
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"


_CONTESTS = (Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT, Kind.CONTEST_REJECT)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision: by whom (an opaque id), why, from which day on, and when the ledger learnt it.

    The day of `recorded` is that of the zone it is given in, as a signal's is. A contest is about a `fact` (its source
    and its name); `made_of` are the records that a derived one was made of when it was decided on. An adjustment sets
    `coefficient` (hundredths), `points` or both until the day before `until`, or until it is lifted.

    Raises:
        ValueError: a part is missing that the kind needs, or does not belong to it.
    """

    kind: Kind
    on: date
    by: str
    reason: str
    recorded: datetime | None = None
    fact: Fact | None = None
    made_of: frozenset[Source] = frozenset()
    coefficient: int | None = None
    points: int | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        sets = self.coefficient is not None or self.points is not None
        if (self.kind in _CONTESTS) != (self.fact is not None):
            raise ValueError(f"{self.kind}: a contest names the signal it is about, and nothing else does")
        if (self.kind is Kind.ADJUST) != sets:
            raise ValueError(f"{self.kind}: an adjustment sets a coefficient or points, and nothing else does")
        if self.until is not None and (self.kind is not Kind.ADJUST or self.until <= self.on):
            raise ValueError(f"{self.kind}: only an adjustment ends by itself, and after it began")
        if self.coefficient is not None and self.coefficient <= 0:
            raise ValueError(f"{self.kind}: {self.coefficient} is no coefficient in hundredths")
        if self.recorded is not None and not isinstance(self.recorded.tzinfo, timezone):
            object.__setattr__(self, "recorded", at_its_offset(self.recorded, self.kind))


@dataclass(frozen=True, slots=True)
class Contest:
    """Where a contest stands: the first decision about a fact, and the last, which holds."""

    opened: Decision
    last: Decision


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A value that a person set, in force on `[start, end)`; open until it is lifted."""

    value: int
    start: date
    end: date | None
    decision: Decision

    def holds(self, day: date) -> bool:
        """Whether it is in force at the end of that day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a subject's decisions amount to at the end of one day.

    The adjustments are all that began by then, in order and without overlap. `upcoming` is the next day on which a
    decision begins or an adjustment ends by itself.
    """

    frozen: Decision | None = None
    coefficient: tuple[Adjustment, ...] = ()
    points: tuple[Adjustment, ...] = ()
    contests: Mapping[Fact, Contest] = field(default_factory=dict)
    upcoming: date | None = None


UNDECIDED = Decided()


def decided(decisions: Sequence[Decision], day: date) -> Decided:
    """What holds at the end of `day`; later decisions have not been taken yet."""
    if not decisions:
        return UNDECIDED
    taken = in_order(decision for decision in decisions if decision.on <= day)
    frozen: Decision | None = None
    contests: dict[Fact, Contest] = {}
    for decision in taken:
        if decision.kind is Kind.FREEZE:
            frozen = frozen or decision
        elif decision.kind is Kind.UNFREEZE:
            frozen = None
        elif decision.fact is not None:
            known = contests.get(decision.fact)
            contests[decision.fact] = Contest(known.opened if known else decision, decision)
    coefficient, points = _adjustments(taken, "coefficient"), _adjustments(taken, "points")
    ends = [each.end for each in (*coefficient, *points) if each.end is not None and each.end > day]
    begins = [decision.on for decision in decisions if decision.on > day]
    return Decided(frozen, coefficient, points, contests, min([*ends, *begins], default=None))


def in_order(decisions: Iterable[Decision]) -> list[Decision]:
    """By their days, then as they were recorded."""
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(decisions, key=lambda decision: (decision.on, decision.recorded or never))


def days_of(decisions: Sequence[Decision], day: date) -> list[date]:
    """The days up to `day` on which decisions began or ended something, the last one first."""
    days = {decision.on for decision in decisions} | {decision.until for decision in decisions if decision.until}
    return sorted((each for each in days if each <= day), reverse=True)


def _adjustments(taken: Sequence[Decision], number: str) -> tuple[Adjustment, ...]:
    """The spans during which one of the two numbers was set; a later decision ends an earlier one."""
    found: list[Adjustment] = []
    for decision in taken:
        value: int | None = getattr(decision, number)
        if value is None and decision.kind is not Kind.LIFT:
            continue
        if found and (found[-1].end is None or found[-1].end > decision.on):
            last = found.pop()
            if last.start < decision.on:
                found.append(Adjustment(last.value, last.start, decision.on, last.decision))
        if value is not None:
            found.append(Adjustment(value, decision.on, decision.until, decision))
    return tuple(found)
