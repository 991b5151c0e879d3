"""A case: everything a standing depends on besides the day."""

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.rates import Rates
from scoring.rules import Programme
from scoring.signal import Signal
from scoring.subject import NOBODY, Subject


@dataclass(frozen=True, slots=True)
class Case:
    """Signals in any order and of any age, the programme, the subject, and rates where its money is converted."""

    signals: Sequence[Signal]
    programme: Programme
    subject: Subject = NOBODY
    rates: Rates | None = None

    @property
    def review_day(self) -> str | None:
        """The day of the year on which this subject is reviewed ("MM-DD"); None for the anniversary of exposure."""
        return self.subject.review or self.programme.fixed_review
