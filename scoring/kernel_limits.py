"""What the compiled loops know of a programme; the refusal of everything else.

New fields of a programme or of its rules count as unknown as long as they have any value but their default.
"""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import date
from typing import Any

from scoring.kernel_calendar import DAYS
from scoring.rules import Award, Derived, Programme, Rules, Tier
from scoring.scale_rules import ScaleRules

NAMES = 127  # a signal's name has seven bits in an event
_POINTS_LIMIT = 10_000
_MONTHS_LIMIT = 600


class Unsupported(Exception):
    """The compiled loops do not know this rule; the plain reading does."""


_KNOWN: Mapping[type, frozenset[str]] = {
    Programme: frozenset(
        [
            "name",
            "rules",
            "signals",
            "exposure",
            "incidents",
            "tiers",
            "points",
            "takes_back",
            "excluded",
            "contracts",
            "openings",
            "derived",
            "expiry_months",
            "points_floor",
            "demotion",
            "grace_months",
            "price_floor",
            "price_cap",
            "attention",
            "fixed_review",
            "currency",
            "references",
            "warnings",
            "hash",
        ]
    ),
    Rules: frozenset(
        [
            "name",
            "normal",
            "tournees",
            "use",
            "origin",
            "floor",
            "cap",
            "ceiling",
            "ceiling_after",
            "protected_after",
            "lag_months",
            "first_min_months",
            "interruption_months",
            "correction_years",
            "statement_periods",
            "statement_days",
            "truncation",
            "same_day",
            "excused",
            "protection",
            "floor_years",
            "lapse_after",
            "carry_over",
            "extra_vehicle",
            "surcharges",
            "references",
        ]
    ),
    ScaleRules: frozenset(
        [
            "name",
            "scale",
            "start",
            "partial",
            "excused",
            "same_day",
            "lag_months",
            "first_min_months",
            "interruption_months",
            "correction_years",
            "statement_periods",
            "statement_days",
            "source",
        ]
    ),
    Award: frozenset(["points", "cap", "repeat", "expiry_months", "fading"]),
    Derived: frozenset(["name", "counts", "against", "at_least", "share_percent", "liability"]),
    Tier: frozenset(["name", "coefficient", "points", "discount"]),
}


def check(programme: Programme, day: date) -> None:
    """Refuse a programme that the loops would get wrong.

    Raises:
        Unsupported: it has a rule that they do not know, or numbers beyond theirs.
    """
    rules = programme.rules
    if programme.demotion not in ("none", "one step", "straight"):
        raise Unsupported(f"demotion {programme.demotion}")
    for value in (programme, rules, *programme.points.values(), *programme.derived, *programme.tiers):
        _check_fields(value)
    derived = {rule.name for rule in programme.derived}
    entangled = derived & {*programme.exposure, *programme.takes_back, *programme.takes_back.values()}
    entangled |= derived & {name for rule in programme.derived for name in (rule.counts, rule.against)}
    awards = [value for award in programme.points.values() for value in (award.points, award.cap or 0)]
    expiries = [programme.expiry_months, *(award.expiry_months or 1 for award in programme.points.values())]
    latest = date(1900, 1, 1).toordinal() + DAYS - 800
    refused = {
        f"signals {sorted(entangled)} are derived and more": bool(entangled),
        f"more than {NAMES - 1} signals": sum(map(bool, programme.signals.values())) >= NAMES,
        "an exclusion of what is no incident": bool(set(programme.excluded) - set(programme.incidents)),
        "a signal without a name": "" in programme.signals,
        "points beyond the integers of the loops": any(abs(value) > _POINTS_LIMIT for value in awards)
        or any((award.cap or 0) < 0 for award in programme.points.values()),
        "months beyond the calendar": not 0 <= rules.lag_months < 12  # noqa: PLR2004 - a lag of a year would swap reviews
        or not all(0 < months <= _MONTHS_LIMIT for months in expiries)
        or not 0 <= programme.grace_months <= _MONTHS_LIMIT
        or not 0 <= rules.interruption_months <= _MONTHS_LIMIT
        or not 0 <= rules.first_min_months <= _MONTHS_LIMIT,
        "a day beyond the calendar": not date(1980, 1, 1).toordinal() <= day.toordinal() <= latest,
        "a derived signal that needs no count": any(rule.at_least < 1 for rule in programme.derived),
        "a share beyond 100": any(not 0 <= rule.share_percent <= 100 for rule in programme.derived),  # noqa: PLR2004 - percent
    }
    for what, found in refused.items():
        if found:
            raise Unsupported(what)


def _check_fields(value: Any) -> None:
    """Refuse a field that was added after these loops were written, unless it has its default."""
    known = _KNOWN[type(value)]
    for field in fields(value):
        if field.name in known:
            continue
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if getattr(value, field.name) != default:
            raise Unsupported(f"{type(value).__name__}.{field.name}")
