"""What a programme's rules are on one day: frozen values, checked when made.

Coefficients are integers in hundredths, factors integers in thousandths, percents integers. Articles are those of the
annexe to article A121-1 of the Code des assurances; the law leaves points open, and each of them is a named option.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from scoring.scale_rules import ScaleRules
from scoring.signal import Liability

Use = Literal["normal", "tournees"]
Exclusion = Literal["art. 6", "art. 7"]

ONE = 1000  # the factor that moves nothing


@dataclass(frozen=True, slots=True)
class Factors:
    """What a period does to the coefficient, in thousandths: 950, 1250, 1125."""

    reduction: int
    full: int
    partial: int

    def __post_init__(self) -> None:
        if not 0 < self.reduction <= ONE <= self.partial <= self.full:
            raise ValueError("reduction <= 1.000 <= partial <= full must hold")


@dataclass(frozen=True, slots=True)
class Surcharges:
    """What arts A121-1-1 and A121-1-2 let an insurer add to a premium, in percent of the reference premium.

    `aggravated` by kind: `OFFENCES` and `SUSPENSIONS` below, and others of one's own.
    """

    novice: int = 100
    novice_accompanied: int = 50  # after accompanied driving
    novice_reading: Literal["halved", "half of the initial"] = "halved"
    novice_years: int = 3  # clean years after which nothing is left of it
    aggravated: Mapping[str, int] = field(default_factory=dict)
    aggravated_cap: int = 400
    aggravated_years: int = 2  # after the first review that follows the fact


@dataclass(frozen=True, slots=True)
class Rules:
    """Scheme `reduction-majoration`.

    `references` names the article or rule behind each number, by its key (`floor`, `normal.full`).
    """

    name: str
    normal: Factors  # arts 4 and 5
    tournees: Factors  # arts 4 and 5, uses "Tournées" and "Tous Déplacements"
    use: Use = "normal"
    origin: int = 100  # art. 1
    floor: int = 50  # art. 4
    cap: int = 350  # art. 5
    ceiling: int = 100  # art. 5: after `ceiling_after` consecutive clean periods
    ceiling_after: int = 2
    protected_after: int = 3  # art. 4: full years at the floor, then one incident is absorbed
    lag_months: int = 2  # art. 9: the period ends this long before the review
    first_min_months: int = 9  # art. 9: a shorter first period gives no reduction
    interruption_months: int = 3  # art. 9: a longer one gives no reduction
    correction_years: int = 2  # art. 8
    statement_periods: int = 5  # art. 12: annual periods that a statement looks back on
    statement_days: int = 15  # art. 12: within which it is given on request
    # Open points of the law, with the text's default.
    truncation: Literal["each", "once"] = "each"  # after each incident, or once a period
    same_day: Literal["full first", "partial first"] = "full first"
    excused: Literal["clean", "held"] = "clean"  # an incident of art. 6 leaves the reduction, or holds it
    protection: Literal["once", "renewable"] = "once"  # "une première période"
    floor_years: Literal["reviews", "dates"] = "reviews"  # how the years at the floor are measured
    interruption: Literal["in the period", "whole"] = "in the period"  # what of one across a period's end is measured
    lapse_after: int | None = None  # interrupted periods after which a bonus is lost; the text knows no such limit
    carry_over: Literal["raises", "both ways"] = "raises"  # what brings a statement up to date, art. 11
    extra_vehicle: Literal["last", "average"] = "last"  # whose coefficient one vehicle more takes over, art. 10
    surcharges: Surcharges = Surcharges()
    references: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.floor <= self.origin <= self.cap:
            raise ValueError("floor <= origin <= cap must hold")
        if not self.floor <= self.ceiling <= self.cap:
            raise ValueError("floor <= ceiling <= cap must hold")

    @property
    def factors(self) -> Factors:
        """Those of the use."""
        return self.normal if self.use == "normal" else self.tournees

    def reference(self, key: str) -> str:
        """The article or rule behind a number; empty where none was given."""
        return self.references.get(key, "")


AnyRules: TypeAlias = Rules | ScaleRules


@dataclass(frozen=True, slots=True)
class Award:
    """Points for one kind of signal.

    What they come to in a period is cut at `cap`, losses too. `repeat`: each signal, or only the first one ever. They
    expire after `expiry_months`, else after the programme's; `fading`: all on that day, or month by month until then.
    """

    points: int
    cap: int | None = None
    repeat: Literal["each", "once"] = "each"
    expiry_months: int | None = None
    fading: Literal["none", "linear"] = "none"


@dataclass(frozen=True, slots=True)
class Derived:
    """A signal made of others: `at_least` of `counts` in a period whose amounts reach `share_percent` of `against`."""

    name: str
    counts: str
    against: str
    at_least: int
    share_percent: int
    liability: Liability


@dataclass(frozen=True, slots=True)
class Tier:
    """A named band: a coefficient of at most and points of at least, equality qualifies; discount in percent."""

    name: str
    coefficient: int | None = None
    points: int | None = None
    discount: int = 0

    def admits(self, coefficient: int, points: int) -> bool:
        """Whether these are enough."""
        return (self.coefficient is None or coefficient <= self.coefficient) and (
            self.points is None or points >= self.points
        )


@dataclass(frozen=True, slots=True)
class Programme:
    """Everything a standing depends on besides the signals and the day.

    `signals` says which names exist and which are switched on. `incidents` are those whose liability may be any of the
    three; one with liability none is then shown as excused. `takes_back` maps a refund to the signal whose points it
    takes back. `excluded` maps an incident that arts 6 or 7 exclude whatever its liability says to the article: one of
    art. 6 is excused, one of art. 7 never stands in the way of a reduction. `contracts` run from a day to another and
    count as exposure while they do; `openings` bring what was carried over. `tiers` go from the lowest up. A demotion
    waits until a tier has been missed for `grace_months`. With a `currency` amounts in other money are converted where
    there are rates. `warnings` stand beside switches that are better left off.
    """

    name: str
    rules: AnyRules
    signals: Mapping[str, bool]
    exposure: tuple[str, ...]
    incidents: tuple[str, ...]
    tiers: tuple[Tier, ...]
    points: Mapping[str, Award] = field(default_factory=dict)
    takes_back: Mapping[str, str] = field(default_factory=dict)
    excluded: Mapping[str, Exclusion] = field(default_factory=dict)
    contracts: tuple[str, ...] = ()
    openings: tuple[str, ...] = ()
    derived: tuple[Derived, ...] = ()
    expiry_months: int = 24
    points_floor: int | None = 0
    demotion: Literal["one step", "straight", "none"] = "one step"
    grace_months: int = 0
    price_floor: int = 80
    price_cap: int = 125
    attention: int = 150  # a coefficient above it flags the subject for a person to look at
    fixed_review: str | None = None  # "12-01": one review day for all, MM-DD
    currency: str | None = None  # "EUR"
    references: Mapping[str, str] = field(default_factory=dict)
    warnings: Mapping[str, str] = field(default_factory=dict)
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        if not self.tiers:
            raise ValueError("a programme needs at least one tier")
        if not self.exposure:
            raise ValueError("a programme needs at least one signal that counts as exposure")
        if not 0 < self.price_floor <= self.price_cap:
            raise ValueError("price floor <= price cap must hold")
        if len({tier.name for tier in self.tiers}) < len(self.tiers):
            raise ValueError("tiers: two have the same name")
        for lower, upper in zip(self.tiers, self.tiers[1:], strict=False):
            _check_order(lower, upper)
        if self.tiers[0].coefficient is not None or self.tiers[0].points is not None:
            raise ValueError(f"tiers: the lowest, {self.tiers[0].name}, must have no condition")
        object.__setattr__(self, "hash", _hash(self))

    @property
    def label(self) -> str:
        """Name and hash as written on records: ``customers@4f2a91c0``."""
        return f"{self.name}@{self.hash}"

    @property
    def law(self) -> Rules:
        """Its rules, where they are reduction-majoration.

        Raises:
            TypeError: they are a scale.
        """
        if not isinstance(self.rules, Rules):
            raise TypeError(f"{self.name} runs on the scale {self.rules.name}, not on reduction-majoration")
        return self.rules

    def reference(self, key: str) -> str:
        """The rule behind a number; empty where none was given."""
        return self.references.get(key, "")

    def tier(self, name: str) -> Tier:
        """The tier of that name."""
        return next(tier for tier in self.tiers if tier.name == name)


def _check_order(lower: Tier, upper: Tier) -> None:
    """Refuse tiers of which the upper one would be easier to reach."""
    easier = (
        lower.coefficient is not None and (upper.coefficient is None or upper.coefficient > lower.coefficient)
    ) or (lower.points is not None and (upper.points is None or upper.points < lower.points))
    if easier:
        raise ValueError(f"tiers: {upper.name} is easier to reach than {lower.name}, which stands below it")


def _hash(programme: Programme) -> str:
    """Eight hex digits of the sha256 of everything that can move a number or a text."""
    canonical = json.dumps(_plain(programme), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()[:8]


def _plain(value: Any) -> Any:
    """The value in the terms of JSON; mappings lose their order, tuples keep it."""
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.init}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, date | Decimal) else value
