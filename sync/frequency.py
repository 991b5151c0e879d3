"""How often customers have incidents: measured in the ledger, over whole periods."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from scoring.line import Code, Line
from scoring.rules import Programme
from scoring.signal import Liability
from scoring.standing import standing
from scoring.subject import Subject
from sync.decide import decisions_of
from sync.ledger import Ledger, database, past
from sync.ledger.population import pages
from sync.money import rates_for

PAGE = 500  # subjects in memory at once


@dataclass(frozen=True, slots=True)
class Measured:
    """Incidents that counted in whole periods, up to a day.

    Periods without an order or contract are left out: nobody had an incident because nobody was there. `partial` are of
    partial liability out of `known`; of an incident absorbed at the floor the liability is not asked.
    """

    day: date
    subjects: int
    periods: int
    incidents: int
    known: int
    partial: int

    @property
    def frequency(self) -> float:
        """Incidents per subject and period."""
        return self.incidents / self.periods

    @property
    def partial_share(self) -> float:
        """The share of partial liability."""
        return self.partial / self.known if self.known else 0.0

    def to_json(self) -> dict[str, object]:
        """In the terms of JSON."""
        return {
            "day": self.day.isoformat(),
            "subjects": self.subjects,
            "periods": self.periods,
            "incidents": self.incidents,
            "partial": self.partial,
        }


def measure(ledger: Ledger, name: str, programme: Programme, day: date) -> Measured:
    """Every living subject of the programme `name`, under the rules of `programme`."""
    with ledger.begin() as tx:
        rates = rates_for(tx, database.programme(tx, name).id, programme)
    subjects = periods = incidents = known = partial = 0
    for tx, numbers in pages(ledger, name, size=PAGE):
        subjects += len(numbers)
        decided = decisions_of(tx, numbers)
        for subject, signals in past.signals_of(tx, numbers).items():
            shown = standing(signals, programme, day, Subject(decisions=decided[subject]), rates=rates)
            for lines in _reviewed(shown.lines):
                codes = [line.code for line in lines]
                if Code.INTERRUPTED in codes:
                    continue
                raised = [line for line in lines if line.code in (Code.RAISED, Code.CLAIM)]
                periods += 1
                incidents += len(raised) + codes.count(Code.PROTECTED)
                known += len(raised)
                partial += sum(line.values["liability"] == Liability.PARTIAL for line in raised)
    return Measured(day, subjects, periods, incidents, known, partial)


def _reviewed(lines: Iterable[Line]) -> Iterable[list[Line]]:
    """The lines of each period that has had its review."""
    period: list[Line] = []
    for line in lines:
        if line.code is Code.PERIOD:
            period = []
        period.append(line)
        if line.code is Code.REVIEWED:
            yield period
