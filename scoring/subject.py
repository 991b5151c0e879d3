"""A subject: what is known of one beside its signals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from scoring.decision import Decision
from scoring.opening import Opening


@dataclass(frozen=True, slots=True)
class Span:
    """A contract or subscription: `[start, end)`, without end while it runs.

    Raises:
        ValueError: it ends before it has begun.
    """

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end <= self.start:
            raise ValueError(f"a contract from {self.start} cannot end on {self.end}")


@dataclass(frozen=True, slots=True)
class Subject:
    """What a standing depends on besides signals, rules and the day.

    Exposure runs from the first order, from the first of `contracts` or from `opened`, whichever is earliest. `review`
    ("MM-DD") is this subject's own review day instead of the programme's or the anniversary.
    """

    opened: date | None = None
    contracts: tuple[Span, ...] = ()
    opening: Opening | None = None
    review: str | None = None
    decisions: tuple[Decision, ...] = ()


NOBODY = Subject()


def longest_gap(start: date, end: date, spans: Sequence[Span]) -> tuple[date, date]:
    """The longest part `[from, to)` of a period that no contract covers; empty (from = to) where all is covered."""
    longest, covered = (start, start), start
    for span in sorted(spans, key=lambda span: span.start):
        if span.start >= end:
            break
        if span.start > covered and span.start - covered > longest[1] - longest[0]:
            longest = (covered, span.start)
        covered = max(covered, min(span.end or end, end))
    if end - covered > longest[1] - longest[0]:
        longest = (covered, end)
    return longest
