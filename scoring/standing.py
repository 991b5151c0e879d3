"""The standing of one subject on one day: a fold over its signals, and every line that leads to its numbers.

This is the plain reading of the rules. A faster one must agree with it on every history.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from scoring.case import Case
from scoring.contest import Contests, said
from scoring.correction import as_known
from scoring.decision import Decided, Decision, days_of, decided, in_order
from scoring.derived import with_derived
from scoring.fold import Given, Review, fold
from scoring.history import History, history
from scoring.line import Code, Line, Param
from scoring.numbers import Numbers, adjusted
from scoring.opening import Opening
from scoring.points import deltas, entries
from scoring.price import adjustment
from scoring.rates import Rates
from scoring.reasons import SHOWN, way_back, weightiest
from scoring.rules import Programme
from scoring.scheme import place, start
from scoring.signal import Signal
from scoring.status import Status
from scoring.subject import NOBODY, Subject
from scoring.tiers import TierChange, floored, replay


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
    case = Case(signals, programme, subject, rates)
    shown = _at(case, day)
    return replace(shown, changed_on=_moved_on(case, shown)) if subject.decisions else shown


def _at(case: Case, day: date) -> Standing:
    now = decided(case.subject.decisions, day)
    return _computed(case, day, now) if now.frozen is None else _frozen(case, day, now.frozen)


def _computed(case: Case, day: date, now: Decided) -> Standing:
    programme = case.programme
    contests = Contests(now.contests, programme)
    past = history(case, day, contests)
    if past.exposure is None:
        return _unexposed(case, day, now, past, contests)

    counted, derived = with_derived(past, programme, contests)
    folded = fold(past.periods, counted, programme, day, Given(past.opening, past.contracts))
    made, point_lines = entries(counted, past.twins, programme, day)
    moves = deltas(made, day)
    changes = replay({review.on: review.coefficient for review in folded.reviews}, moves, programme, now, day)
    tier = changes[-1].tier if changes else programme.tiers[0]
    total = sum(moves.values())
    points = floored(total, programme)
    computed = Numbers(folded.next.before.coefficient, folded.next.after.coefficient, points)
    numbers = adjusted(computed, now, day, folded.next.period.review)
    percent, price_lines = adjustment(numbers.coefficient, tier, programme)
    lines = [
        *past.left_out,
        *contests.lines,
        *contests.about_nothing(),
        _opening(programme, past.opening),
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
    ahead = [folded.next.period.review, past.upcoming, now.upcoming]
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
        changed_on=_changed_on(start(programme.rules, past.opening).coefficient, folded.reviews, changes),
        next_change=min(each for each in ahead if each is not None),
        needs_attention=numbers.coefficient > programme.attention,
        reviews=folded.reviews,
        reasons=(*numbers.lines, *contests.open(), *reasons)[:SHOWN],
        way_back=way_back(folded, tier, case, numbers.held),
        lines=tuple(lines),
    )


def _unexposed(case: Case, day: date, now: Decided, past: History, contests: Contests) -> Standing:
    """Whoever has not ordered yet: the opening coefficient, the lowest tier, no review."""
    programme, tier = case.programme, case.programme.tiers[0]
    opening = start(programme.rules, past.opening).coefficient
    numbers = adjusted(Numbers(opening, opening, 0), now, day, None)
    percent, price_lines = adjustment(numbers.coefficient, tier, programme)
    unexposed = Line(Code.NO_EXPOSURE, programme.reference("exposure"))
    lines = [*past.left_out, *contests.about_nothing(), _opening(programme, past.opening), unexposed]
    lines += [*_balance(0, 0, programme), *numbers.lines, *_path((), programme), *price_lines]
    ahead = [past.upcoming, now.upcoming]
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


def _frozen(case: Case, day: date, freeze: Decision) -> Standing:
    """The standing of the day of freezing, with what was known when it was frozen."""
    signals, subject = case.signals, case.subject
    earlier = in_order(subject.decisions)
    earlier = [each for each in earlier[: earlier.index(freeze)] if each.on <= freeze.on]
    if freeze.recorded is not None:
        signals = as_known(signals, freeze.recorded)
        earlier = [each for each in earlier if each.recorded is None or each.recorded <= freeze.recorded]
    then = replace(subject, decisions=tuple(earlier))
    shown = standing(signals, case.programme, freeze.on, then, rates=case.rates)
    line = Line(Code.FROZEN, "", said(freeze))
    ahead = [each.on for each in subject.decisions if each.on > day]
    if shown.next_review is not None and shown.next_review > day:
        ahead.append(shown.next_review)
    else:  # it passed, and nothing was looked at: neither is there a way back to it
        shown = replace(shown, next_review=None, way_back=())
    return replace(
        shown,
        day=day,
        status=Status.FROZEN,
        next_change=min(ahead, default=None),
        reasons=(line, *shown.reasons)[:SHOWN],
        lines=(line, *shown.lines),
    )


def _status(set_by_a_person: Sequence[Line], contests: Contests, *, short: bool) -> Status:
    if set_by_a_person:
        return Status.ADJUSTED
    if contests.open():
        return Status.CONTESTED
    return Status.SHORT_HISTORY if short else Status.ACTIVE


def _opening(programme: Programme, opening: Opening | None) -> Line:
    code, key = (Code.CARRIED_OVER, "carry_over") if opening else (Code.OPENING, "origin")
    values = place(start(programme.rules, opening), programme.rules)
    if opening and opening.periods_at_floor:
        values["years_at_floor"] = opening.periods_at_floor
    return Line(code, programme.rules.reference(key), values)


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


def _moved_on(case: Case, shown: Standing) -> date | None:
    """The last day on which the coefficient or the tier moved, by the rules or by what a person decided."""
    for on in days_of(case.subject.decisions, shown.day):
        if shown.changed_on is not None and on <= shown.changed_on:
            break
        eve, then = _at(case, on - timedelta(days=1)), _at(case, on)
        if (eve.coefficient, eve.tier) != (then.coefficient, then.tier):
            return on
    return shown.changed_on
