"""Why a standing is what it is, in the three lines that weigh most; and the way back from there."""

from collections.abc import Sequence
from datetime import date, timedelta

from scoring.case import Case
from scoring.fold import Fold
from scoring.line import Code, Line, Param
from scoring.points import Entry
from scoring.review import review_number
from scoring.rules import Programme, Tier
from scoring.scheme import place, step

SHOWN = 3
_LONGEST = 1000  # years that a way back is followed
_HAD = (Code.RAISED, Code.PROTECTED, Code.CLAIM, Code.NO_CLAIM)  # what a period with an incident has a line of
_OF_A_MOVE = ("levels", "exact", "liability")
REMEMBERED = 3  # an incident is a reason for this many reviews; later clean ones outweigh it


def weightiest(fold: Fold, made: Sequence[Entry], exposure: date, programme: Programme, day: date) -> tuple[Line, ...]:
    """The reasons for a standing, at most three.

    First what moves the coefficient: incidents (the heaviest, then the newest), a review without reduction, clean
    reviews. Then what moves the points, the largest sums first.
    """
    found = _incidents(fold)
    if not fold.steps:
        found.append(Line(Code.SHORT_HISTORY, "", {"on": exposure, "review": fold.next.period.review}))
    elif fold.steps[-1].interrupted:
        reference = programme.rules.reference("interruption_months")
        found.append(Line(Code.NO_REDUCTION, reference, {"review": fold.steps[-1].period.review}))
    elif clean := fold.steps[-1].after.clean_periods:
        values = {"count": clean, **place(fold.steps[-1].after, programme.rules)}
        found.append(Line(Code.CLEAN_REVIEWS, "", values))
    return tuple([*found, *_sums(made, programme, day)][:SHOWN])


def way_back(fold: Fold, tier: Tier, case: Case, held: int | None = None) -> tuple[Line, ...]:
    """What the next review gives without further incident, what the next tier needs, and when 1.00 is reached again.

    `held` is the coefficient that a person set, where it still holds at the next review.
    """
    programme = case.programme
    lines = [_next_review(fold, programme, held)]
    place = programme.tiers.index(tier) + 1
    if place < len(programme.tiers):
        lines.append(_next_tier(programme.tiers[place], programme))
    if held is None and (again := _origin_again(fold, case)):
        lines.append(again)
    return tuple(lines)


def _incidents(fold: Fold) -> list[Line]:
    """The incidents of the last reviews and of the running period."""
    found: list[tuple[int, int, Line]] = []
    for step_ in (*fold.steps[-REMEMBERED:], fold.next):
        for line in step_.lines:
            if line.code is Code.RAISED:
                values = {name: value for name, value in line.values.items() if name not in ("exact", "liability")}
                found.append(
                    (line.integer("factor"), line.day("on").toordinal(), Line(Code.INCIDENT, line.reference, values))
                )
            elif line.code is Code.CLAIM:
                values = {name: value for name, value in line.values.items() if name not in _OF_A_MOVE}
                found.append(
                    (
                        line.integer("levels"),
                        line.day("on").toordinal(),
                        Line(Code.INCIDENT_LEVEL, line.reference, values),
                    )
                )
            elif line.code is Code.PROTECTED:
                found.append(
                    (0, line.day("on").toordinal(), Line(Code.INCIDENT_PROTECTED, line.reference, line.values))
                )
    return [line for _, _, line in sorted(found, key=lambda item: item[:2], reverse=True)]


def _sums(made: Sequence[Entry], programme: Programme, day: date) -> list[Line]:
    """What each kind of signal adds up to among the points in force."""
    sums: dict[str, tuple[int, int]] = {}
    for entry in made:
        if entry.expires > day:
            count, points = sums.get(entry.signal, (0, 0))
            sums[entry.signal] = (count + 1, points + entry.left(day))
    largest = sorted(sums.items(), key=lambda item: (-abs(item[1][1]), item[0]))
    return [
        Line(Code.POINTS_SUM, programme.reference(f"points.{name}"), {"signal": name, "count": count, "points": points})
        for name, (count, points) in largest
        if points
    ]


def _next_review(fold: Fold, programme: Programme, held: int | None) -> Line:
    coming, rules = fold.next, programme.rules
    review: dict[str, Param] = {"review": coming.period.review}
    if held is not None:
        return Line(Code.REVIEW_SET, "", {**review, "coefficient": held})
    given, active = place(coming.after, rules), place(fold.ahead[0], rules)
    if given != active:
        better = {"coefficient": "active", "level": "active_level"}
        values = review | given | {better[name]: value for name, value in active.items()}
        if coming.period.end < coming.period.review:
            values["last"] = coming.period.end - timedelta(days=1)
        return Line(Code.REVIEW_IDLE, rules.reference("interruption_months"), values)
    counts = {*_HAD, Code.EXCUSED} if rules.excused == "held" else _HAD
    had = any(line.code in counts for line in coming.lines)
    return Line(Code.REVIEW_RAISED if had else Code.REVIEW_CLEAN, "", review | given)


def _next_tier(tier: Tier, programme: Programme) -> Line:
    code = Code.NEXT_TIER
    values: dict[str, Param] = {"tier": tier.name}
    if tier.points is None:
        code = Code.NEXT_TIER_COEFFICIENT
    else:
        values["points"] = tier.points
    if tier.coefficient is None:
        code = Code.NEXT_TIER_POINTS
    else:
        values["coefficient"] = tier.coefficient
    return Line(code, programme.reference("tiers"), values)


def _origin_again(fold: Fold, case: Case) -> Line | None:
    """The review that brings a coefficient above 1.00 back to it, with an order in each period and no incident.

    Not told where the period of the next review ends before it, and has no order: no text may change on that day.
    """
    rules, coming = case.programme.rules, fold.next.period
    if fold.next.interrupted and coming.end < coming.review:
        return None
    if all(state.coefficient <= rules.origin for state in fold.ahead):
        return None
    state, years = fold.ahead[-1], len(fold.ahead) - 1
    while state.coefficient > rules.origin:
        before = state
        state, _ = step(state, (), rules)
        years += 1
        if years > _LONGEST or state == before:
            return None  # a scale may have a level that no clean year leads away from
    exposure = (*fold.steps, fold.next)[0].period.start
    review = review_number(coming.number + years, exposure, case.review_day)
    return Line(Code.ORIGIN_AGAIN, "", {"review": review, **place(state, rules)})
