"""Corrections: which of the entries about one fact holds (art. 8), and what was known when."""

from collections.abc import Callable, Iterable
from datetime import date, datetime

from scoring.line import Line
from scoring.review import YEAR, add_months
from scoring.rules import Programme
from scoring.signal import Signal


def as_known(signals: Iterable[Signal], instant: datetime) -> list[Signal]:
    """The signals as they were known at an instant: of each the last entry up to it.

    What has no instant was known from the beginning.
    """
    known: list[Signal] = []
    for signal in signals:
        entry: Signal | None = signal
        while entry is not None and entry.recorded is not None and entry.recorded > instant:
            entry = entry.before
        if entry is not None:
            known.append(entry)
    return known


def is_late(recorded: datetime, review: date, programme: Programme) -> bool:
    """Whether it was recorded on a day when the review following it could not be corrected any more (art. 8)."""
    return recorded.date() > add_months(review, YEAR * programme.rules.correction_years)


def settled(
    signals: Iterable[Signal],
    review_after: Callable[[date], date | None],
    programme: Programme,
    too_late: Callable[[Signal, date], Line],
    left_out: list[Line],
) -> list[Signal]:
    """The entries that hold: of each fact the last one, or the one before it where the last came too late.

    A correction concerns the day it moves a fact from and the day it moves it to; the earlier of the two decides.
    `review_after` gives the review that follows a day, None where that is yet to come. Facts taken back in time are
    gone.
    """
    holding: list[Signal] = []
    for signal in signals:
        entry = signal
        while entry.before is not None and entry.recorded is not None:
            review = review_after(min(entry.on, entry.before.on))
            if review is None or not is_late(entry.recorded, review, programme):
                break
            left_out.append(too_late(entry, review))
            entry = entry.before
        if not entry.withdrawn:
            holding.append(entry)
    return holding
