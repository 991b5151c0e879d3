"""Why a standing moved, in words: what weighs most first, the newest first among equals.

"decision of 2026-11-22: adjusted", "claim_at_fault 1042 of 2026-11-02", "… withdrawn", "merged with 003000000000001",
"review of 2026-10-01".
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import IntEnum
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row

from scoring.contest import said
from scoring.decision import Decision, Kind, decided
from scoring.explain import from_json
from scoring.line import Code, Line
from scoring.signal import Liability
from scoring.standing import Standing
from sync.decide import decisions_of
from sync.ledger.entered import Moved, entered_since, moved_since
from sync.ledger.facts import Entry
from sync.ledger.results import Changed

REVIEW, EXPIRED, FADED, RULES, ELSE = "review of ", "points expired", "points faded", "rules changed", "recomputed"
BY_ITSELF = (REVIEW, EXPIRED, FADED, RULES, ELSE)  # how causes begin that nobody's deed is
WORDS = {
    Kind.CONTEST_OPEN: "contested",
    Kind.CONTEST_ACCEPT: "contest accepted",
    Kind.CONTEST_REJECT: "contest rejected",
    Kind.ADJUST: "adjusted",
    Kind.LIFT: "lifted",
    Kind.FREEZE: "frozen",
    Kind.UNFREEZE: "unfrozen",
}
SHOWN_AS = {
    Kind.CONTEST_OPEN: (Code.CONTESTED,),
    Kind.CONTEST_ACCEPT: (Code.CONTEST_ACCEPTED,),
    Kind.CONTEST_REJECT: (Code.CONTEST_REJECTED,),
    Kind.ADJUST: (Code.COEFFICIENT_ADJUSTED, Code.POINTS_ADJUSTED),
    Kind.FREEZE: (Code.FROZEN,),
}
EXPIRING = (Code.POINTS, Code.POINTS_CAPPED, Code.TAKEN_BACK)
COUNTING = (*EXPIRING, Code.RAISED, Code.CLAIM, Code.PROTECTED)


class _Weight(IntEnum):
    DECISION = 0
    FULL = 1
    PARTIAL = 2
    IDENTITY = 3
    REVIEW = 4
    OTHER = 5
    EXPIRED = 6


BY_LIABILITY = {Liability.FULL: _Weight.FULL, Liability.PARTIAL: _Weight.PARTIAL, Liability.NONE: _Weight.OTHER}


class _Cause(NamedTuple):
    weight: _Weight
    day: date
    words: str


def because(tx: Connection, entry: Entry, moves: Sequence[Changed]) -> dict[int, tuple[str, ...]]:
    """What moved each of these subjects, who all had a standing before."""
    since = {each.subject: each.known_at for each in moves if each.known_at is not None}
    entered, decisions = entered_since(tx, entry.run, since), decisions_of(tx, list(since))
    moved = moved_since(tx, entry.run, since)

    def words(each: Changed) -> tuple[str, ...]:
        subject = each.subject
        return _words(each, entered.get(subject, ()), moved.get(subject, ()), decisions.get(subject, ()))

    return {each.subject: words(each) for each in moves}


def _words(
    changed: Changed, rows: Sequence[Row[Any]], moved: Sequence[Moved], decisions: Sequence[Decision]
) -> tuple[str, ...]:
    before, after = changed.before or {}, from_json(changed.after)
    last = date.fromisoformat(before["day"])
    found = [
        *_decided(changed, decisions, last, after.day),
        *_entered(rows, after.day),
        *_arrived(rows, after, last),
        *(_Cause(_Weight.IDENTITY, each.at.date(), f"{each.move} {each.record}") for each in moved),
        *_reviewed(before, after, last),
        *_expired(before, after, last),
    ]
    if found:
        found.sort(key=lambda cause: (cause.weight, -cause.day.toordinal()))
        return tuple(cause.words for cause in found)
    if before["rules"] != after.rules:
        return (RULES,)
    faded = before["points"] != after.points and any(line.code is Code.FADED for line in after.lines)
    return (FADED if faded else ELSE,)


def _decided(changed: Changed, decisions: Sequence[Decision], last: date, day: date) -> list[_Cause]:
    """Decisions entered, or come into force, since the last standing, and adjustments that ended by themselves."""
    new = _new(changed, decisions)
    found = []
    for each in reversed(decisions):  # the last one entered first among those of one day
        if each.on <= day and (each in new or each.on > last):
            about = f" ({each.fact[1]} {each.fact[0].id})" if each.fact else ""
            found.append(_Cause(_Weight.DECISION, each.on, f"decision of {each.on}: {WORDS[each.kind]}{about}"))
    now = decided(decisions, day)
    ends = {each.end for each in (*now.coefficient, *now.points) if each.end and each.end == each.decision.until}
    found += [_Cause(_Weight.DECISION, end, f"adjustment ended on {end}") for end in ends if last < end <= day]
    return found


def _new(changed: Changed, decisions: Sequence[Decision]) -> list[Decision]:
    """Those entered since; where the clock stood still (a sandbox), those after the last one that was shown."""
    at = changed.known_at
    new = [each for each in decisions if at is not None and each.recorded is not None and each.recorded >= at]
    before = changed.before or {}
    lines = from_json(before).lines if new and "lines" in before else ()
    shown = [place for place, each in enumerate(new, 1) if each.recorded == at and _is_shown(each, lines)]
    return new[max(shown, default=0) :]


def _is_shown(decision: Decision, lines: Sequence[Line]) -> bool:
    said_of = {**said(decision), "coefficient": decision.coefficient, "points": decision.points}
    return any(
        line.code in SHOWN_AS.get(decision.kind, ()) and all(said_of.get(k, v) == v for k, v in line.values.items())
        for line in lines
    )


def _entered(rows: Sequence[Row[Any]], day: date) -> list[_Cause]:
    """Signals entered, changed or withdrawn; not those that are still to come, or never came."""
    return [
        _Cause(
            BY_LIABILITY[Liability(row.liability)],
            row.on_day,
            f"{row.name} {row.reference}".strip() + f" of {row.on_day}" + (" withdrawn" if row.withdrawn else ""),
        )
        for row in rows
        if row.on_day <= day or (row.replaces is not None and not row.withdrawn)
    ]


def _arrived(rows: Sequence[Row[Any]], after: Standing, last: date) -> list[_Cause]:
    """Signals known before, whose day has come since: an invoice is unpaid on its 91st day."""
    known = {(row.name, row.record) for row in rows}
    found: dict[tuple[Any, ...], _Cause] = {}
    for line in after.lines:
        source = (line.values.get("signal"), line.values.get("source"))
        if line.code in COUNTING and "on" in line.values and source not in known and last < line.day("on") <= after.day:
            weight = BY_LIABILITY[Liability(str(line.values.get("liability", Liability.NONE)))]
            words = f"{source[0]} {line.values.get('reference', '')}".strip() + f" of {line.day('on')}"
            cause = _Cause(weight, line.day("on"), words)
            found[source] = min(cause, found.get(source, cause))
    return list(found.values())


def _reviewed(before: Mapping[str, Any], after: Standing, last: date) -> list[_Cause]:
    """Reviews since; an earlier one with another coefficient follows from what else is named."""
    known = {tuple(review) for review in before["reviews"]}
    return [
        _Cause(_Weight.REVIEW, each.on, f"{REVIEW}{each.on}")
        for each in after.reviews
        if each.on > last and (each.on.isoformat(), each.coefficient) not in known
    ]


def _expired(before: Mapping[str, Any], after: Standing, last: date) -> list[_Cause]:
    """Points whose last day has passed since, if the balance is another one."""
    lines = [each for each in after.lines if each.code in EXPIRING and last < each.day("expires") <= after.day]
    if before["points"] == after.points or not sum(line.integer("points") for line in lines):
        return []
    return [_Cause(_Weight.EXPIRED, max(line.day("expires") for line in lines), EXPIRED)]
