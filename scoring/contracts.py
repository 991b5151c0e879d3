"""Contracts: what runs from one day to another and counts as exposure (arts 9 and 10).

Unlike an incident a contract is corrected all the time: it is prolonged, ended early, entered late. Each review sees
the contracts as they were known when it could last be corrected (art. 8); what was learnt later moves later ones only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count

from scoring.review import YEAR, add_months
from scoring.signal import Signal
from scoring.subject import Span

Review = Callable[[date], date]  # the first review if exposure began on a day


@dataclass(frozen=True, slots=True)
class Contracts:
    """The contracts of one subject: the last entry about each, leading back to those before it, and spans given."""

    entries: tuple[Signal, ...] = ()
    given: tuple[Span, ...] = ()
    correction_years: int = 2

    def known(self, review: date) -> list[Span]:
        """As this review sees them."""
        seen = [self._seen(entry, review) for entry in self.entries]
        return [*self.given, *(Span(each.on, each.until) for each in seen if each is not None)]

    def start(self, day: date, first_review: Review) -> date | None:
        """The first day on which a contract ran and its first review could still be corrected; None if after `day`."""
        found = [span.start for span in self.given if span.start <= day]
        for entry in self.entries:
            found += self._starts(entry, day, first_review)
        return min(found, default=None)

    def upcoming(self, day: date, first_review: Review) -> date | None:
        """The next day on which a contract begins, begins to count, or ends."""
        spans = [*self.given, *(Span(each.on, each.until) for each in self.entries if not each.withdrawn)]
        ahead = [each for span in spans for each in (span.start, span.end) if each is not None]
        for entry in self.entries:
            known = max(_learnt(each) or day for each in _chain(entry))
            ahead += self._starts(entry, add_months(max(day, known), YEAR), first_review)
        return min((each for each in ahead if each > day), default=None)

    def _starts(self, entry: Signal, day: date, first_review: Review) -> Iterator[date]:
        """For each start ever entered its first anniversary that counts: reviews stay on the contract's own day."""
        for version in _chain(entry):
            for year in count():
                on = add_months(version.on, YEAR * year)
                if on > day or (version.until is not None and on >= version.until):
                    break
                seen = self._seen(entry, first_review(on))
                if seen is not None and seen.on <= on and (seen.until is None or on < seen.until):
                    yield on
                    break

    def _seen(self, entry: Signal, review: date) -> Signal | None:
        """The last entry that came in time for a review, if a contract is left of it."""
        last = add_months(review, YEAR * self.correction_years)
        for each in _chain(entry):
            if (_learnt(each) or last) <= last:
                return None if each.withdrawn else each
        return None


def _learnt(entry: Signal) -> date | None:
    """The day it was recorded; None for what was known from the beginning."""
    return entry.recorded and entry.recorded.date()


def _chain(entry: Signal | None) -> Iterator[Signal]:
    while entry is not None:
        yield entry
        entry = entry.before
