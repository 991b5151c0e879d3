"""The standing of one subject on one day: a fold over its signals, and every line that leads to its numbers.

This is the plain reading of the rules. A faster one must agree with it on every history.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from scoring.contest import Contests, said
from scoring.correction import as_known
from scoring.decision import Adjustment, Decided, Decision, days_of, decided, in_order
from scoring.derived import derive
from scoring.fold import Fold, Review, fold
from scoring.history import History, history, order
from scoring.line import Code, Line, Param, describe
from scoring.points import deltas, entries
from scoring.price import adjustment
from scoring.rates import Rates
from scoring.reasons import SHOWN, way_back, weightiest
from scoring.rules import Programme
from scoring.signal import Signal
from scoring.subject import NOBODY, Subject
from scoring.tiers import TierChange, floored, in_force, replay


class Status(StrEnum):
    """How much the numbers say; where several hold, the first of them."""

    FROZEN = "frozen"
    ADJUSTED = "adjusted"
    CONTESTED = "contested"
    SHORT_HISTORY = "short history"
    ACTIVE = "active"


class Trend(StrEnum):
    """Where the next review leads."""

    IMPROVING = "improving"
    STABLE = "stable"
    WORSENING = "worsening"


@dataclass(frozen=True, slots=True)
class Standing:
    """The result for one subject at the end of one day. Coefficients in hundredths, price adjustment in percent.

    `expected` is what the next review gives if nothing more happens. `next_change` is the next day on which something
    here changes by itself. `lines` replay to exactly these numbers (`explain.replay`).
    """

    rules: str  # customers@4f2a91c0
    day: date
    exposure: date | None
    coefficient: int
    expected: int
    tier: str
    previous_tier: str | None
    points: int
    price_adjustment: int
    trend: Trend
    status: Status
    next_review: date | None
    changed_on: date | None
    next_change: date | None
    needs_attention: bool
    reviews: tuple[Review, ...]
    reasons: tuple[Line, ...]
    way_back: tuple[Line, ...]
    lines: tuple[Line, ...]


def standing(
    signals: Sequence[Signal],
    programme: Programme,
    day: date,
    subject: Subject = NOBODY,
    *,
    rates: Rates | None = None,
) -> Standing:
    """The standing at the end of `day`, given what is known: another instant is another set of signals and decisions.

    Signals in any order and of any age; those after `day` have not happened yet, those recorded too late (art. 8) or
    before exposure are listed and not counted. While it is frozen, the standing is that of the day of freezing, as it
    was known then. `rates` convert amounts where the programme names a currency.

    Raises:
        ValueError: the subject's opening is one that no review under these rules can have given.
    """
    if subject.opening is not None:
        subject.opening.check(programme.rules)
    shown = _at(signals, programme, day, subject, rates)
    if not subject.decisions:
        return shown
    return replace(shown, changed_on=_moved_on(signals, programme, shown, subject, rates))


def _at(signals: Sequence[Signal], programme: Programme, day: date, subject: Subject, rates: Rates | None) -> Standing:
    now = decided(subject.decisions, day)
    if now.frozen is not None:
        return _frozen(signals, programme, day, subject, now.frozen, rates)
    return _computed(signals, programme, day, subject, now, rates)


def _computed(
    signals: Sequence[Signal],
    programme: Programme,
    day: date,
    subject: Subject,
    now: Decided,
    rates: Rates | None,
) -> Standing:
    contests = Contests(now.contests, programme)
    past = history(signals, programme, day, subject, contests, rates)
    if past.exposure is None:
        return _unexposed(past, programme, day, subject, now, contests)

    counted, derived = _with_derived(past, programme, contests)
    folded = fold(past.periods, counted, programme, day, subject)
    made, point_lines = entries(counted, past.twins, programme, day)
    moves = deltas(made, day)
    changes = replay({review.on: review.coefficient for review in folded.reviews}, moves, programme, now, day)
    tier = changes[-1].tier if changes else programme.tiers[0]
    total = sum(moves.values())
    points = floored(total, programme)
    numbers = _adjusted(folded.next.before.coefficient, folded.next.after.coefficient, points, folded, now, day)
    percent, price_lines = adjustment(numbers.coefficient, tier, programme)
    lines = [
        *past.left_out,
        *contests.lines,
        *contests.about_nothing(),
        _opening(programme, subject),
        Line(Code.EXPOSED, programme.reference("exposure"), {"on": past.exposure}),
        *derived,
        *folded.lines,
        *point_lines,
        *_balance(total, points, programme),
        *numbers.lines,
        *_path(changes, programme),
        *price_lines,
    ]
    reasons = weightiest(folded, made, past.exposure, programme, day)
    ahead = [folded.next.period.review, past.upcoming, now.upcoming, subject.upcoming(day)]
    ahead += [entry.next_move(day) for entry in made]
    return Standing(
        rules=programme.label,
        day=day,
        exposure=past.exposure,
        coefficient=numbers.coefficient,
        expected=numbers.expected,
        tier=tier.name,
        previous_tier=changes[-1].before.name if changes else None,
        points=numbers.points,
        price_adjustment=percent,
        trend=_trend(numbers.coefficient, numbers.expected),
        status=_status(numbers.lines, contests, short=not folded.reviews),
        next_review=folded.next.period.review,
        changed_on=_changed_on(_start(programme, subject), folded.reviews, changes),
        next_change=min(each for each in ahead if each is not None),
        needs_attention=numbers.coefficient > programme.attention,
        reviews=folded.reviews,
        reasons=(*numbers.lines, *contests.open(), *reasons)[:SHOWN],
        way_back=way_back(folded, tier, programme),
        lines=tuple(lines),
    )


def _unexposed(
    past: History, programme: Programme, day: date, subject: Subject, now: Decided, contests: Contests
) -> Standing:
    """Whoever has not ordered yet: the opening coefficient, the lowest tier, no review."""
    start, tier = _start(programme, subject), programme.tiers[0]
    numbers = _adjusted(start, start, 0, None, now, day)
    percent, price_lines = adjustment(numbers.coefficient, tier, programme)
    unexposed = Line(Code.NO_EXPOSURE, programme.reference("exposure"))
    lines = [*past.left_out, *contests.about_nothing(), _opening(programme, subject), unexposed]
    lines += [*_balance(0, 0, programme), *numbers.lines, *_path((), programme), *price_lines]
    ahead = [past.upcoming, now.upcoming, subject.upcoming(day)]
    return Standing(
        rules=programme.label,
        day=day,
        exposure=None,
        coefficient=numbers.coefficient,
        expected=numbers.expected,
        tier=tier.name,
        previous_tier=None,
        points=numbers.points,
        price_adjustment=percent,
        trend=_trend(numbers.coefficient, numbers.expected),
        status=_status(numbers.lines, contests, short=True),
        next_review=None,
        changed_on=None,
        next_change=min((each for each in ahead if each is not None), default=None),
        needs_attention=numbers.coefficient > programme.attention,
        reviews=(),
        reasons=(*numbers.lines, unexposed)[:SHOWN],
        way_back=(),
        lines=tuple(lines),
    )


def _frozen(
    signals: Sequence[Signal],
    programme: Programme,
    day: date,
    subject: Subject,
    freeze: Decision,
    rates: Rates | None,
) -> Standing:
    """The standing of the day of freezing, with what was known when it was frozen."""
    earlier = in_order(subject.decisions)
    earlier = [each for each in earlier[: earlier.index(freeze)] if each.on <= freeze.on]
    known = signals
    if freeze.recorded is not None:
        known = as_known(signals, freeze.recorded)
        earlier = [each for each in earlier if each.recorded is None or each.recorded <= freeze.recorded]
    shown = standing(known, programme, freeze.on, replace(subject, decisions=tuple(earlier)), rates=rates)
    line = Line(Code.FROZEN, "", said(freeze))
    return replace(
        shown,
        day=day,
        status=Status.FROZEN,
        next_change=min((each.on for each in subject.decisions if each.on > day), default=None),
        reasons=(line, *shown.reasons)[:SHOWN],
        lines=(line, *shown.lines),
    )


@dataclass(frozen=True, slots=True)
class _Numbers:
    """The numbers shown, and a line for each that a person set."""

    coefficient: int
    expected: int
    points: int
    lines: tuple[Line, ...]


def _adjusted(coefficient: int, expected: int, points: int, folded: Fold | None, now: Decided, day: date) -> _Numbers:
    """What is computed, with what a person set in its place; what ends before the next review moves nothing there."""
    review = folded.next.period.review if folded else day
    lines: list[Line] = []
    for each in now.coefficient:
        if each.holds(day):
            lines.append(_set(Code.COEFFICIENT_ADJUSTED, "coefficient", each))
    for each in now.points:
        if each.holds(day):
            lines.append(_set(Code.POINTS_ADJUSTED, "points", each))
    return _Numbers(
        in_force(now.coefficient, day, coefficient),
        in_force(now.coefficient, review, expected) if _holds(now, day) else expected,
        in_force(now.points, day, points),
        tuple(lines),
    )


def _set(code: Code, number: str, adjustment: Adjustment) -> Line:
    values = {number: adjustment.value, **said(adjustment.decision)}
    return Line(code, "", values if adjustment.end is None else {**values, "until": adjustment.end})


def _holds(now: Decided, day: date) -> bool:
    return any(each.holds(day) for each in now.coefficient)


def _status(adjusted: Sequence[Line], contests: Contests, *, short: bool) -> Status:
    if adjusted:
        return Status.ADJUSTED
    if contests.open():
        return Status.CONTESTED
    return Status.SHORT_HISTORY if short else Status.ACTIVE


def _start(programme: Programme, subject: Subject) -> int:
    return subject.opening.coefficient if subject.opening else programme.rules.origin


def _opening(programme: Programme, subject: Subject) -> Line:
    code, key = (Code.CARRIED_OVER, "carry_over") if subject.opening else (Code.OPENING, "origin")
    return Line(code, programme.rules.reference(key), {"coefficient": _start(programme, subject)})


def _with_derived(past: History, programme: Programme, contests: Contests) -> tuple[list[Sequence[Signal]], list[Line]]:
    """The signals of each period together with those derived from them."""
    counted: list[Sequence[Signal]] = []
    lines: list[Line] = []
    for period, signals in zip(past.periods, past.counted, strict=True):
        made: list[Signal] = []
        for rule in programme.derived:
            if programme.signals[rule.name] and (found := derive(signals, rule, period.start)):
                values = {**describe(found[0]), "count": found[1], "counted": rule.counts}
                lines.append(Line(Code.DERIVED, programme.reference(f"derived.{rule.name}"), values))
                if not contests.holds(found[0], past.periods):
                    made.append(found[0])
        counted.append(sorted([*signals, *made], key=lambda s: order(s, programme)) if made else signals)
    return counted, lines


def _balance(total: int, points: int, programme: Programme) -> list[Line]:
    """The sum of the points in force, and the floor where it holds."""
    lines = [Line(Code.BALANCE, programme.reference("expiry_months"), {"points": total})]
    if points != total:
        lines.append(Line(Code.BALANCE_FLOORED, programme.reference("points_floor"), {"points": points}))
    return lines


def _path(changes: Sequence[TierChange], programme: Programme) -> list[Line]:
    """The tiers from the lowest on."""
    lines = [Line(Code.LOWEST_TIER, programme.reference("tiers"), {"tier": programme.tiers[0].name})]
    for change in changes:
        code, key = (Code.PROMOTED, "tiers") if change.promoted else (Code.DEMOTED, "demotion")
        values: dict[str, Param] = {"on": change.on, "tier": change.tier.name, "before": change.before.name}
        lines.append(Line(code, programme.reference(key), values))
    return lines


def _trend(coefficient: int, expected: int) -> Trend:
    if expected == coefficient:
        return Trend.STABLE
    return Trend.IMPROVING if expected < coefficient else Trend.WORSENING


def _changed_on(start: int, reviews: Sequence[Review], changes: Sequence[TierChange]) -> date | None:
    """The last day on which the coefficient or the tier moved by the rules."""
    befores = [start, *(review.coefficient for review in reviews)]
    days = [r.on for before, r in zip(befores, reviews, strict=False) if r.coefficient != before]
    days += [change.on for change in changes]
    return max(days, default=None)


def _moved_on(
    signals: Sequence[Signal], programme: Programme, shown: Standing, subject: Subject, rates: Rates | None
) -> date | None:
    """The last day on which the coefficient or the tier moved, by the rules or by what a person decided."""
    for on in days_of(subject.decisions, shown.day):
        if shown.changed_on is not None and on <= shown.changed_on:
            break
        eve = _at(signals, programme, on - timedelta(days=1), subject, rates)
        then = _at(signals, programme, on, subject, rates)
        if (eve.coefficient, eve.tier) != (then.coefficient, then.tier):
            return on
    return shown.changed_on
