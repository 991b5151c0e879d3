"""The standing of one subject on one day: a fold over its signals, and every line that leads to its numbers.

This is the plain reading of the rules. A faster one must agree with it on every history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scoring.derived import derive
from scoring.fold import Review, fold
from scoring.history import History, describe, history, order
from scoring.line import Code, Line, Param
from scoring.points import deltas, entries
from scoring.price import adjustment
from scoring.reasons import way_back, weightiest
from scoring.rules import Programme
from scoring.signal import Signal
from scoring.tiers import TierChange, floored, replay


class Status(StrEnum):
    """How much the numbers say; contested, adjusted and frozen come with what people decide."""

    ACTIVE = "active"
    SHORT_HISTORY = "short history"


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


def standing(signals: Sequence[Signal], programme: Programme, day: date, *, opened: date | None = None) -> Standing:
    """The standing at the end of `day`.

    Signals in any order and of any age; those after `day` have not happened yet, those recorded too late (art. 8) or
    before exposure are listed and not counted. Exposure runs from the first order, or from `opened` (the start of a
    contract) where that is earlier.
    """
    past = history(signals, programme, day, opened)
    opening = {"coefficient": programme.rules.origin}
    lines = [*past.left_out, Line(Code.OPENING, programme.rules.reference("origin"), opening)]
    if past.exposure is None:
        return _unexposed(past, programme, day, lines)

    lines.append(Line(Code.EXPOSED, programme.reference("exposure"), {"on": past.exposure}))
    counted, derived = _with_derived(past, programme)
    folded = fold(past.periods, counted, programme, day)
    made, point_lines = entries(counted, past.twins, programme)
    moves = deltas(made, day)
    changes = replay({review.on: review.coefficient for review in folded.reviews}, moves, programme)
    tier = changes[-1].tier if changes else programme.tiers[0]
    points = floored(sum(moves.values()), programme)
    coefficient, expected = folded.next.before.coefficient, folded.next.after.coefficient
    percent, price_lines = adjustment(coefficient, tier, programme)
    in_force = [entry for entry in made if entry.expires > day]
    lines += [*derived, *folded.lines, *point_lines, *_balance(sum(moves.values()), points, programme)]
    lines += [*_path(changes, programme), *price_lines]
    return Standing(
        rules=programme.label,
        day=day,
        exposure=past.exposure,
        coefficient=coefficient,
        expected=expected,
        tier=tier.name,
        previous_tier=changes[-1].before.name if changes else None,
        points=points,
        price_adjustment=percent,
        trend=_trend(coefficient, expected),
        status=Status.ACTIVE if folded.reviews else Status.SHORT_HISTORY,
        next_review=folded.next.period.review,
        changed_on=_changed_on(folded.reviews, changes, programme),
        next_change=min(
            [
                folded.next.period.review,
                *(entry.expires for entry in in_force if entry.points),
                *([past.upcoming] if past.upcoming else []),
            ]
        ),
        needs_attention=coefficient > programme.attention,
        reviews=folded.reviews,
        reasons=weightiest(folded, in_force, past.exposure, programme),
        way_back=way_back(folded, tier, programme),
        lines=tuple(lines),
    )


def _unexposed(past: History, programme: Programme, day: date, lines: list[Line]) -> Standing:
    """Whoever has not ordered yet: the opening coefficient, the lowest tier, no review."""
    origin, tier = programme.rules.origin, programme.tiers[0]
    percent, price_lines = adjustment(origin, tier, programme)
    unexposed = Line(Code.NO_EXPOSURE, programme.reference("exposure"))
    lines += [unexposed, *_balance(0, 0, programme), *_path((), programme), *price_lines]
    return Standing(
        rules=programme.label,
        day=day,
        exposure=None,
        coefficient=origin,
        expected=origin,
        tier=tier.name,
        previous_tier=None,
        points=0,
        price_adjustment=percent,
        trend=Trend.STABLE,
        status=Status.SHORT_HISTORY,
        next_review=None,
        changed_on=None,
        next_change=past.upcoming,
        needs_attention=origin > programme.attention,
        reviews=(),
        reasons=(unexposed,),
        way_back=(),
        lines=tuple(lines),
    )


def _with_derived(past: History, programme: Programme) -> tuple[list[Sequence[Signal]], list[Line]]:
    """The signals of each period together with those derived from them."""
    counted: list[Sequence[Signal]] = []
    lines: list[Line] = []
    for signals in past.counted:
        made: list[Signal] = []
        for rule in programme.derived:
            if programme.signals[rule.name] and (found := derive(signals, rule)):
                made.append(found[0])
                values = {**describe(found[0]), "count": found[1], "counted": rule.counts}
                lines.append(Line(Code.DERIVED, programme.reference(f"derived.{rule.name}"), values))
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


def _changed_on(reviews: Sequence[Review], changes: Sequence[TierChange], programme: Programme) -> date | None:
    """The last day on which the coefficient or the tier moved."""
    befores = [programme.rules.origin, *(review.coefficient for review in reviews)]
    days = [r.on for before, r in zip(befores, reviews, strict=False) if r.coefficient != before]
    days += [change.on for change in changes]
    return max(days, default=None)
