"""Contests: what a customer disputed. Held while it is open, gone once accepted, counted again once rejected."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date

from scoring.decision import Contest, Decision, Kind
from scoring.line import Code, Line, Param, describe
from scoring.review import YEAR, Period, add_months, review_following
from scoring.rules import Programme
from scoring.signal import Fact, Signal, Source

_CODES = {
    Kind.CONTEST_OPEN: Code.CONTESTED,
    Kind.CONTEST_ACCEPT: Code.CONTEST_ACCEPTED,
    Kind.CONTEST_REJECT: Code.CONTEST_REJECTED,
}


class Contests:
    """The contests of one subject while its signals are sorted out: `lines` says what became of each."""

    def __init__(self, contests: Mapping[Fact, Contest], programme: Programme) -> None:
        self._contests = contests
        self._met: set[Fact] = set()
        self._ahead: dict[Fact, Signal] = {}
        self._programme = programme
        self.lines: list[Line] = []

    def expect(self, signals: Iterable[Signal]) -> None:
        """What counts from a later day on: until then a contest of it changes nothing, and is about something."""
        if self._contests:
            self._ahead = {signal.fact: signal for signal in signals if signal.name not in self._programme.exposure}

    def holds(self, signal: Signal, periods: Sequence[Period], fact: Fact | None = None) -> bool:
        """Whether a signal does not count, because it, or the `fact` that it was, is contested or rightly was.

        An order cannot be contested. A contest that was opened when the review following the signal could no longer be
        corrected changes nothing (art. 8).
        """
        fact = fact or signal.fact
        contest = self._contests.get(fact)
        if contest is None or signal.name in self._programme.exposure:
            return False
        self._met.add(fact)
        values = {**describe(signal), **said(contest.last)}
        review = review_following(signal.on, periods)
        rules = self._programme.rules
        if _opened(contest) > add_months(review, YEAR * rules.correction_years):
            late = {**values, "review": review}
            self.lines.append(Line(Code.CONTEST_LATE, rules.reference("correction_years"), late))
            return False
        self.lines.append(Line(_CODES[contest.last.kind], "", values))
        return contest.last.kind is not Kind.CONTEST_REJECT

    def carried(
        self, signal: Signal, facts: Collection[Fact], rests_on: Callable[[frozenset[Source]], bool]
    ) -> Fact | None:
        """Under which fact a derived incident was contested that is none of the `facts` there are.

        Such a fact is named after its period. Where that begins on another day now, because an earlier order or a merge
        moved the exposure, it is the same in substance as long as it rests on the records that were decided on.
        """
        if signal.fact in self._contests:
            return None
        apart = (
            (fact, contest)
            for fact, contest in self._contests.items()
            if fact[1] == signal.name and fact not in facts and fact not in self._met
        )
        return next((fact for fact, contest in apart if rests_on(contest.last.made_of)), None)

    def about_nothing(self) -> list[Line]:
        """A line for each contest whose signal is not known, does not count here anyway, or does not count yet."""
        return [self._apart(fact, contest) for fact, contest in self._contests.items() if fact not in self._met]

    def _apart(self, fact: Fact, contest: Contest) -> Line:
        if fact in self._ahead:
            return Line(Code.CONTEST_AHEAD, "", {**describe(self._ahead[fact]), **said(contest.last)})
        source, name = fact
        return Line(Code.CONTEST_UNKNOWN, "", {"signal": name, "source": source.id, **said(contest.last)})

    def open(self) -> list[Line]:
        """The lines of those that nobody has decided yet."""
        return [line for line in self.lines if line.code is Code.CONTESTED]


def said(decision: Decision) -> dict[str, Param]:
    """What the texts need to know of a decision."""
    return {"decided": decision.on, "by": decision.by, "why": decision.reason}


def _opened(contest: Contest) -> date:
    """The day a contest began as the ledger knows it: an effective date may be chosen, an instant may not."""
    recorded = contest.opened.recorded
    return contest.opened.on if recorded is None else recorded.date()
