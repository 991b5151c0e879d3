"""A signal: a dated fact about one subject, the only thing that scores are made of."""

from dataclasses import dataclass
from datetime import date, datetime, timezone
from decimal import Decimal
from enum import StrEnum
from typing import Self, TypeAlias

from scoring.recorded import at_its_offset


class Liability(StrEnum):
    """The customer's share of fault. `NONE` never raises a coefficient."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """Where a signal came from; its order breaks ties between signals of one day."""

    connection: str
    object: str
    id: str


Fact: TypeAlias = tuple[Source, str]


@dataclass(frozen=True, slots=True)
class Carried:
    """What an earlier place says of somebody (arts 10 to 13): a coefficient in hundredths, or a level of a scale."""

    coefficient: int | None = None
    level: str = ""
    clean_periods: int = 0
    years_at_floor: int = 0
    protection_used: bool = False

    def __post_init__(self) -> None:
        if (self.coefficient is None) == (not self.level):
            raise ValueError("what is carried over is either a coefficient or a level")
        if min(self.clean_periods, self.years_at_floor) < 0:
            raise ValueError("nobody has a number of years below zero behind them")


@dataclass(frozen=True, slots=True)
class Signal:
    """A dated fact about one subject; one entry of the ledger about it.

    `on` is a civil date in the programme's time zone and may lie in the future (an unpaid invoice becomes an incident
    on its 91st day): the fold ignores what has not happened yet. `recorded` is the instant at which the ledger learnt
    it, or None for what the first fill brought (known from the beginning); its day, by which art. 8 judges, is the one
    of the zone it is given in, the programme's. `reference` is what people call the source record ("1042"); `days` a
    count that the reason text needs (days late); `original` the source id of the order that a refund takes back; `key`
    a common key by which the same fact, reported twice, counts once. A contract runs on `[on, until)`, without end
    while `until` is None; an opening brings what is `carried` over. `before` is the entry that this one corrected,
    `withdrawn` says that it took the fact back: what came too late to be corrected (art. 8) stays as it was before.

    Raises:
        ValueError: an amount that is negative or no number, or an instant without a time zone (SR31).
    """

    name: str
    on: date
    source: Source
    liability: Liability = Liability.NONE
    amount: Decimal | None = None
    currency: str | None = None
    reference: str = ""
    days: int | None = None
    original: str = ""
    key: str = ""
    until: date | None = None
    carried: Carried | None = None
    recorded: datetime | None = None
    before: Self | None = None
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if self.amount is not None and not (self.amount.is_finite() and self.amount >= 0):
            raise ValueError(f"{self.name}: {self.amount} is no amount")
        if self.until is not None and self.until <= self.on:
            raise ValueError(f"{self.name}: from {self.on} it cannot end on {self.until}")
        if self.recorded is not None and not isinstance(self.recorded.tzinfo, timezone):
            object.__setattr__(self, "recorded", at_its_offset(self.recorded, self.name))

    @property
    def fact(self) -> Fact:
        """What stays the same when the fact is corrected: where it came from, and as what."""
        return (self.source, self.name)
