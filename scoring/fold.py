"""The fold: one step of the coefficient per period, from exposure to the review that is expected next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from scoring.contracts import Contracts
from scoring.line import Code, Line, Param, describe
from scoring.opening import Opening
from scoring.review import YEAR, Period, add_months, is_short
from scoring.rules import AnyRules, Programme, Rules
from scoring.scheme import AnyState, place, start, step
from scoring.signal import Liability, Signal
from scoring.subject import Span, longest_gap

NO_CONTRACTS = Contracts()
_OWN = (Code.RAISED, Code.PROTECTED, Code.EXCUSED, Code.CLAIM, Code.NO_CLAIM)  # a step has one for each incident


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody brings beside signals: an opening carried over, contracts."""

    opening: Opening | None = None
    contracts: Contracts = NO_CONTRACTS


NOTHING = Given()


@dataclass(frozen=True, slots=True)
class Review:
    """A review that has been, and the coefficient (hundredths) it gave."""

    on: date
    coefficient: int


@dataclass(frozen=True, slots=True)
class Step:
    """What one period did to the state, line by line."""

    period: Period
    before: AnyState
    after: AnyState
    interrupted: bool
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Fold:
    """`steps` for the reviews that have been, `next` for the one to come; `lines` also of a period begun behind it.

    `ahead` is what the next review gives with an order in its period, and where a period has begun behind it what the
    review of that one gives, both without further incident.
    """

    steps: tuple[Step, ...]
    next: Step
    ahead: tuple[AnyState, ...]
    reviews: tuple[Review, ...]
    lines: tuple[Line, ...]


def fold(
    found: Sequence[Period],
    counted: Sequence[Sequence[Signal]],
    programme: Programme,
    day: date,
    given: Given = NOTHING,
) -> Fold:
    """Step through every period whose review has come by `day`, then once more for the next review.

    `found` must reach a review after `day`, as `review.periods` does. A period without a signal that counts as exposure
    was interrupted where no contract ran for longer than the rules allow (art. 9).
    """
    rules = programme.rules
    state = start(rules, given.opening)
    steps: list[Step] = []
    reviews: list[Review] = []
    lines: list[Line] = []
    ahead: list[AnyState] = []
    ordered: list[Span] = []
    for period, signals in zip(found, counted, strict=True):
        incidents, excluded = _incidents(signals, programme)
        if any(signal.name in programme.exposure for signal in signals):
            gap = None
            ordered.append(Span(period.start, period.end))
        else:
            running = _running(given.contracts, period, day)
            gap = _gap(period, _since(period.start, found[0].start, [*running, *ordered], rules), running, programme)
        before = state
        moved = partial(
            step,
            before,
            [_liability(signal, programme) for signal in incidents],
            rules,
            first_short=is_short(period, rules),
            early=_early(incidents, reviews, found[0].start, programme, given.opening),
        )
        state, stepped = moved(interrupted=gap is not None)
        own = (*excluded, *_named(stepped, incidents))
        steps.append(Step(period, before, state, gap is not None, own if gap is None else (*gap, *own)))
        lines += [_opened(period, programme), *steps[-1].lines]
        outcome: dict[str, Param] = {"on": period.review, **place(state, rules)}
        if period.review > day:
            lines.append(Line(Code.EXPECTED, "", outcome))
            ahead.append(state if gap is None else moved()[0])
            break
        lines.append(Line(Code.REVIEWED, "", outcome))
        reviews.append(Review(period.review, state.coefficient))
    for period, signals in zip(found[len(steps) :], counted[len(steps) :], strict=True):
        reviews_by_then = [*reviews, Review(steps[-1].period.review, state.coefficient)]
        early = _early(_incidents(signals, programme)[0], reviews_by_then, found[0].start, programme, given.opening)
        after, told = _begun(period, signals, ahead[-1], programme, early)
        ahead.append(after)
        lines += told
    return Fold(tuple(steps[:-1]), steps[-1], tuple(ahead), tuple(reviews), tuple(lines))


def _opened(period: Period, programme: Programme) -> Line:
    values: dict[str, Param] = {"start": period.start, "end": period.end, "review": period.review}
    return Line(Code.PERIOD, programme.rules.reference("lag_months"), values)


def _begun(
    period: Period, signals: Sequence[Signal], before: AnyState, programme: Programme, early: int
) -> tuple[AnyState, list[Line]]:
    """What stands in a period that has begun before the review of the one ahead of it has come (art. 9).

    It moves no number yet. What it will do depends on what else comes; an incident says at which review it counts.
    """
    rules = programme.rules
    incidents, excluded = _incidents(signals, programme)
    after, stepped = step(before, [_liability(signal, programme) for signal in incidents], rules, early=early)
    lines = [_opened(period, programme), *excluded]
    for signal, line in zip(incidents, (each for each in stepped if each.code in _OWN), strict=True):
        if line.code in (Code.RAISED, Code.PROTECTED, Code.CLAIM):
            values = {**describe(signal), "liability": str(signal.liability), "review": period.review}
            lines.append(Line(Code.COUNTS_LATER, rules.reference("lag_months"), values))
        else:
            lines.append(line._replace(values={**line.values, **describe(signal)}))
    return after, lines


def _incidents(signals: Sequence[Signal], programme: Programme) -> tuple[list[Signal], list[Line]]:
    """The incidents that a step looks at, and a line for each that art. 7 keeps from it altogether."""
    found: list[Signal] = []
    excluded: list[Line] = []
    for signal in signals:
        if signal.liability is Liability.NONE and signal.name not in programme.incidents:
            continue
        if programme.excluded.get(signal.name) == "art. 7":
            excluded.append(Line(Code.EXCLUDED, "art. 7", describe(signal)))
        else:
            found.append(signal)
    return found, excluded


def _liability(signal: Signal, programme: Programme) -> Liability:
    """None for what art. 6 excludes, whatever the signal says."""
    return Liability.NONE if signal.name in programme.excluded else signal.liability


def _running(contracts: Contracts, period: Period, day: date) -> list[Span]:
    """The contracts that this review knows of and that have begun by the day."""
    if not (contracts.entries or contracts.given):
        return []
    return [span for span in contracts.known(period.review) if span.start <= day]


def _since(start: date, exposure: date, covered: Sequence[Span], rules: AnyRules) -> date:
    """From when on an interruption is measured: the period's start, or the first day of one that reaches into it."""
    if not isinstance(rules, Rules) or rules.interruption == "in the period":
        return start
    return max((min(span.end or start, start) for span in covered if span.start <= start), default=exposure)


def _gap(period: Period, since: date, contracts: Sequence[Span], programme: Programme) -> tuple[Line, ...] | None:
    """None where the period was not interrupted; else what is to be said of it beside that it was."""
    start, end = longest_gap(since, period.end, contracts)
    if add_months(start, programme.rules.interruption_months) >= end:
        return None
    if not contracts:
        return ()
    return (Line(Code.GAP, programme.rules.reference("interruption_months"), {"start": start, "end": end}),)


def _early(
    incidents: Sequence[Signal],
    reviews: Sequence[Review],
    exposure: date,
    programme: Programme,
    opening: Opening | None,
) -> int:
    """How many incidents came before the years at the floor were full, where the rules measure those by dates."""
    rules = programme.rules
    if not isinstance(rules, Rules) or rules.floor_years == "reviews":
        return 0
    since = opening.at_floor_since(exposure) if opening and opening.coefficient == rules.floor else None
    for review in reviews:
        since = (since or review.on) if review.coefficient == rules.floor else None
    if since is None:
        return 0
    full = add_months(since, YEAR * rules.protected_after)
    return sum(signal.on < full and _liability(signal, programme) is not Liability.NONE for signal in incidents)


def _named(lines: Sequence[Line], incidents: Sequence[Signal]) -> tuple[Line, ...]:
    """The lines of a step, each incident's own line with what is known of its signal."""
    if not incidents:
        return tuple(lines)
    left = iter(incidents)
    return tuple(
        line._replace(values={**line.values, **describe(next(left))}) if line.code in _OWN else line for line in lines
    )
