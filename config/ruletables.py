"""The tables of rule and programme files, as people write them: what keys there are and what they may hold."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Generic, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, field_validator, model_validator

from scoring.rules import Exclusion, Use
from scoring.signal import Liability

T = TypeVar("T")

Coefficient = Annotated[Decimal, Field(gt=0, le=10, decimal_places=2)]
Factor = Annotated[Decimal, Field(gt=0, le=10, decimal_places=3)]
# Whole numbers are strict: `true` would be 1, and "10" a number.
Count = Annotated[int, Field(strict=True, ge=0, le=1000)]
Years = Annotated[int, Field(strict=True, ge=1, le=1000)]
Surcharge = Annotated[int, Field(strict=True, ge=0, le=1000)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Points = Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)]


class Table(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Dated(Table, Generic[T]):
    """A value and the days since which it has been what it is."""

    reference: str = Field(min_length=1)
    note: str = ""
    since: dict[date, T] = Field(min_length=1)

    def at(self, day: date) -> T | None:
        """The value in force on a day, None before the first."""
        begun = [since for since in self.since if since <= day]
        return self.since[max(begun)] if begun else None


class FactorTable(Table):
    """The three factors of one use."""

    reduction: Dated[Factor]
    full: Dated[Factor]
    partial: Dated[Factor]


class SurchargeTable(Table):
    """What arts A121-1-1 and A121-1-2 let an insurer add, in percent of the reference premium."""

    novice: Dated[Surcharge]
    novice_accompanied: Dated[Surcharge]
    novice_reading: Dated[Literal["halved", "half of the initial"]]
    novice_years: Dated[Annotated[int, Field(strict=True, ge=1, le=100)]]
    aggravated: dict[str, Dated[Surcharge]]
    aggravated_cap: Dated[Surcharge]
    aggravated_years: Dated[Annotated[int, Field(strict=True, ge=0, le=100)]]


class RuleExample(Table):
    """A worked example: a start, what happened in each year, the coefficient after each."""

    source: str
    start: Coefficient
    years: list[Annotated[str, Field(pattern="^[FP]*$")]]
    expect: list[Coefficient]
    use: Use | None = None
    years_at_floor: Count = 0


class RuleFile(Table):
    """A file of rules, together with what it inherits."""

    name: str = Field(min_length=1)
    title: str = ""
    scheme: Literal["reduction-majoration"]
    inherits: str | None = None
    use: Dated[Use]
    origin: Dated[Coefficient]
    normal: FactorTable
    tournees: FactorTable
    floor: Dated[Coefficient]
    cap: Dated[Coefficient]
    ceiling: Dated[Coefficient]
    ceiling_after: Dated[Years]
    protected_after: Dated[Count]
    lag_months: Dated[Annotated[int, Field(strict=True, ge=0, le=11)]]
    first_min_months: Dated[Annotated[int, Field(strict=True, ge=0, le=12)]]
    interruption_months: Dated[Count]
    correction_years: Dated[Annotated[int, Field(strict=True, ge=0, le=100)]]
    statement_periods: Dated[Annotated[int, Field(strict=True, ge=1, le=100)]]
    statement_days: Dated[Annotated[int, Field(strict=True, ge=1, le=365)]]
    surcharges: SurchargeTable
    truncation: Dated[Literal["each", "once"]]
    same_day: Dated[Literal["full first", "partial first"]]
    excused: Dated[Literal["clean", "held"]]
    protection: Dated[Literal["once", "renewable"]]
    floor_years: Dated[Literal["reviews", "dates"]]
    interruption: Dated[Literal["in the period", "whole"]]
    lapse_after: Dated[Annotated[int, Field(strict=True, ge=1, le=100)] | Literal["never"]]
    carry_over: Dated[Literal["raises", "both ways"]]
    extra_vehicle: Dated[Literal["last", "average"]]
    example: list[RuleExample] = []


class SignalTable(Table):
    """What a signal counts as, and its switch."""

    counts_as: Literal["exposure", "incident", "contract", "opening", "other"]
    on: StrictBool = True
    takes_back: str | None = None
    excluded: Exclusion | None = None
    warning: str = ""

    @model_validator(mode="after")
    def _only_incidents_are_excluded(self) -> Self:
        if self.excluded is not None and self.counts_as != "incident":
            raise ValueError(f"excluded by {self.excluded}, but it counts as {self.counts_as}, not as incident")
        return self


class AwardTable(Table):
    """Points, the most that a period gives, whether only once, and how long they last."""

    points: Points
    cap: Annotated[int, Field(strict=True, ge=0)] | None = None
    repeat: Literal["each", "once"] = "each"
    expiry_months: Annotated[int, Field(strict=True, ge=1, le=1200)] | None = None
    fading: Literal["none", "linear"] = "none"


class DerivedTable(Table):
    """A count and a share that together make a signal."""

    counts: str
    against: str
    at_least: Annotated[int, Field(strict=True, ge=1, le=1000)]
    share_percent: Percent
    liability: Liability


class TierTable(Table):
    """One tier; both conditions hold."""

    name: str = Field(min_length=1, max_length=40)
    coefficient: Coefficient | None = None
    points: Points | None = None
    discount: Percent = 0


class ExampleSignal(Table):
    """A signal of an example, `times` over on the same day."""

    name: str
    on: date
    liability: Liability = Liability.NONE
    amount: Annotated[Decimal, Field(ge=0, allow_inf_nan=False)] | None = None
    source: str = ""  # its place in the list, from 1, where none is given
    original: str = ""
    until: date | None = None  # the first day on which a contract does not run any more
    times: Annotated[int, Field(strict=True, ge=1, le=1000)] = 1


class Expectation(Table):
    """The parts of a standing that an example is about."""

    coefficient: Coefficient | None = None
    expected: Coefficient | None = None
    tier: str | None = None
    points: StrictInt | None = None
    price_adjustment: StrictInt | None = None
    status: str | None = None


class ProgrammeExample(Table):
    """A worked example: signals, a day, what the standing must say."""

    source: str
    day: date
    signals: list[ExampleSignal]
    expect: Expectation


class ProgrammeFile(Table):
    """A programme's file, together with what it inherits."""

    name: str = Field(min_length=1, pattern=r"^[a-z][a-z0-9_-]*$")
    title: str = ""
    inherits: str | None = None
    rules: str
    signals: dict[str, SignalTable] = {}
    derived: dict[str, Dated[DerivedTable]] = {}
    points: dict[str, Dated[AwardTable]] = {}
    expiry_months: Dated[Annotated[int, Field(strict=True, ge=1, le=1200)]]
    points_floor: Dated[StrictInt | Literal["none"]]
    tiers: Dated[Annotated[list[TierTable], Field(min_length=1)]]
    demotion: Dated[Literal["one step", "straight", "none"]]
    grace_months: Dated[Annotated[int, Field(strict=True, ge=0, le=120)]]
    price_floor: Dated[Coefficient]
    price_cap: Dated[Coefficient]
    attention: Dated[Coefficient]
    fixed_review: Dated[str] | None = None
    currency: Dated[Annotated[str, Field(pattern="^[A-Z]{3}$")]] | None = None
    example: list[ProgrammeExample] = []

    @field_validator("fixed_review")
    @classmethod
    def _a_day_of_the_year(cls, value: Dated[str] | None) -> Dated[str] | None:
        for text in value.since.values() if value else ():
            try:
                date.fromisoformat(f"2024-{text}")
            except ValueError:
                raise ValueError(f"{text!r} is no day of the year; write it as MM-DD, such as 12-01") from None
        return value
