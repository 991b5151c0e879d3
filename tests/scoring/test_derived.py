from collections.abc import Callable
from datetime import date

import pytest

from scoring.decision import Decision, Kind
from scoring.derived import derive, in_lines, made_of
from scoring.line import Code
from scoring.rules import Derived, Programme
from scoring.signal import Liability, Signal, Source
from scoring.standing import Standing, standing
from scoring.subject import Subject

Make = Callable[..., Signal]

RULE = Derived("refund_abuse", "refund", "order_paid", 3, 20, Liability.PARTIAL)


def crossed(signals: list[Signal]) -> date | None:
    found = derive(signals, RULE, date(2025, 3, 12))
    return found[0].on if found else None


@pytest.mark.parametrize(
    ("refunds", "crosses"),
    [
        ([100, 50, 50], True),  # a fifth exactly
        ([100, 50, 49], False),
        ([500, 500], False),  # two are never enough
        ([1, 1, 1, 197], True),
    ],
)
def test_three_refunds_and_a_fifth_of_what_was_ordered_cross(make: Make, refunds: list[int], *, crosses: bool):
    signals = [make("order_paid", "2025-03-12", amount=1000)]
    signals += [make("refund", f"2025-04-{day:02d}", amount=amount) for day, amount in enumerate(refunds, 1)]
    assert (crossed(signals) is not None) is crosses


def test_it_is_dated_on_the_day_it_crosses(make: Make):
    signals = [make("order_paid", "2025-03-12", amount=100)]
    signals += [make("refund", f"2025-04-0{day}", amount=30) for day in (1, 2, 3, 4)]
    assert crossed(signals) == date(2025, 4, 3)


def test_sums_are_taken_at_the_end_of_the_day(make: Make):
    refunds = [make("refund", "2025-04-01", amount=30) for _ in range(3)]
    assert crossed([make("order_paid", "2025-03-12", amount=100), *refunds]) == date(2025, 4, 1)
    assert crossed([*refunds, make("order_paid", "2025-04-01", amount=1000)]) is None


def test_amounts_in_different_money_are_never_compared(make: Make):
    order = make("order_paid", "2025-03-12", amount=100, currency="EUR")
    yen = [make("refund", "2025-04-01", amount=900, currency="JPY") for _ in range(3)]
    euros = [make("refund", "2025-04-01", amount=1, currency="EUR") for _ in range(3)]
    assert crossed([order, *euros]) is None
    assert crossed([order, make("order_paid", "2025-03-13", amount=100_000, currency="JPY"), *yen]) is None


def test_while_an_order_cannot_be_converted_nobody_knows_the_share_of_the_refunds(make: Make):
    refunds = [make("refund", "2025-04-01", amount=30, currency="EUR") for _ in range(3)]
    dollars = make("order_paid", "2025-03-12", amount=1000, currency="USD")
    assert derive([dollars, *refunds], RULE, date(2025, 3, 12), "EUR") is None
    assert derive([dollars, *refunds], RULE, date(2025, 3, 12)) is not None  # nothing is converted: nothing in euros
    assert derive(
        [make("order_paid", "2025-03-12", amount=100, currency="EUR"), *refunds], RULE, date(2025, 3, 12), "EUR"
    )


def test_refunds_without_amount_never_cross_by_themselves(make: Make):
    assert crossed([make("refund", "2025-04-01") for _ in range(5)]) is None


def test_it_is_one_partial_incident_in_each_period(customers: Programme, make: Make):
    signals = [make("order_paid", day, amount=100) for day in ("2024-03-12", "2025-03-12", "2026-03-12")]
    signals += [make("refund", f"{year}-04-0{day}", amount=30) for year in (2024, 2025) for day in range(1, 7)]
    reviews = standing(signals, customers, date(2026, 11, 22)).reviews
    assert [review.coefficient for review in reviews] == [112, 126]


def test_refunds_on_either_side_of_a_review_do_not_add_up(customers: Programme, make: Make):
    signals = [make("order_paid", day, amount=100) for day in ("2024-03-12", "2025-03-12")]
    signals += [make("refund", day, amount=30) for day in ("2025-03-10", "2025-03-11", "2025-03-12", "2025-03-13")]
    assert [r.coefficient for r in standing(signals, customers, date(2026, 11, 22)).reviews] == [95, 90]


class TestAContestWhosePeriodMoves:
    """A derived incident is named after its period; the decision is about what it was made of."""

    DAY = date(2026, 2, 1)

    def refunds(self, make: Make, days: list[str], source: str = "r") -> list[Signal]:
        return [make("refund", day, amount=40, source=f"{source}{number}") for number, day in enumerate(days)]

    def abused(self, make: Make) -> list[Signal]:
        """An order of March, three refunds of it: one incident, of the period that begins with the order."""
        order = make("order_paid", "2025-03-12", amount=100, source="first")
        return [order, *self.refunds(make, ["2025-05-01", "2025-06-01", "2025-07-01"])]

    def contested(self, signals: list[Signal], customers: Programme, *kinds: Kind) -> Subject:
        shown = standing(signals, customers, self.DAY)
        (found,) = in_lines(shown.lines, customers)
        records = made_of(found, signals, shown.lines, customers)
        return Subject(decisions=tuple(self.decided(kind, found, records) for kind in kinds))

    def decided(self, kind: Kind, found: Signal, records: frozenset[Source]) -> Decision:
        return Decision(kind, self.DAY, "u7", "the carrier broke them", fact=found.fact, made_of=records)

    def codes(self, shown: Standing) -> list[Code]:
        return [line.code for line in shown.lines if line.code.startswith("contest")]

    def test_what_it_was_made_of_are_the_refunds_of_its_period(self, customers: Programme, make: Make):
        signals = [*self.abused(make), make("refund", "2025-03-01", amount=1, source="earlier")]
        (decision,) = self.contested(signals, customers, Kind.CONTEST_OPEN).decisions
        assert {source.id for source in decision.made_of} == {"r0", "r1", "r2"}

    @pytest.mark.parametrize("earlier", ["2025-01-10", "2024-08-20", "2024-04-20"])
    @pytest.mark.parametrize(
        ("kind", "expected", "code"),
        [
            (Kind.CONTEST_OPEN, 95, Code.CONTESTED),
            (Kind.CONTEST_ACCEPT, 95, Code.CONTEST_ACCEPTED),
            (Kind.CONTEST_REJECT, 112, Code.CONTEST_REJECTED),
        ],
    )
    def test_an_earlier_order_takes_the_decision_along(
        self, customers: Programme, make: Make, earlier: str, kind: Kind, expected: int, code: Code
    ):
        subject = self.contested(self.abused(make), customers, Kind.CONTEST_OPEN, kind)
        signals = [*self.abused(make), make("order_paid", earlier, amount=10, source="earlier")]
        shown = standing(signals, customers, date(2026, 7, 1), subject)
        moved = next(line for line in shown.lines if line.code is Code.DERIVED)
        assert moved.values["contested_as"] == "refund_abuse 2025-03-12"
        assert self.codes(shown) == [code]
        worst = max(step.coefficient for step in shown.reviews if step.on > date(2025, 7, 1))
        assert (worst > 100) is (expected > 100)

    def test_a_decision_about_it_goes_on_where_the_contest_began(self, customers: Programme, make: Make):
        subject = self.contested(self.abused(make), customers, Kind.CONTEST_OPEN)
        signals = [*self.abused(make), make("order_paid", "2025-01-10", amount=10, source="earlier")]
        shown = standing(signals, customers, self.DAY, subject)
        (found,) = in_lines(shown.lines, customers)
        assert found.fact == subject.decisions[0].fact

    def test_refunds_that_nobody_decided_about_are_another_incident(self, customers: Programme, make: Make):
        """Two people are merged; each of them abused refunds, and one of the two was right."""
        subject = self.contested(self.abused(make), customers, Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT)
        order = make("order_paid", "2025-01-10", amount=100, source="theirs")
        theirs = self.refunds(make, ["2025-05-02", "2025-06-02", "2025-07-02"], "their")
        shown = standing([*self.abused(make), order, *theirs], customers, self.DAY, subject)
        assert self.codes(shown) == [Code.CONTEST_UNKNOWN]
        assert shown.coefficient == 112

    def test_an_incident_that_is_contested_by_its_own_name_takes_no_other_decision(
        self, customers: Programme, make: Make
    ):
        old = self.contested(self.abused(make), customers, Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT)
        signals = [*self.abused(make), make("order_paid", "2025-01-10", amount=10, source="earlier")]
        new = self.contested(signals, customers, Kind.CONTEST_OPEN, Kind.CONTEST_REJECT)
        shown = standing(signals, customers, self.DAY, Subject(decisions=(*old.decisions, *new.decisions)))
        assert self.codes(shown) == [Code.CONTEST_REJECTED, Code.CONTEST_UNKNOWN]

    def test_a_decision_from_before_it_was_kept_what_it_is_about_holds_for_its_period_alone(
        self, customers: Programme, make: Make
    ):
        (kept,) = self.contested(self.abused(make), customers, Kind.CONTEST_OPEN).decisions
        old = Subject(decisions=(Decision(kept.kind, kept.on, kept.by, kept.reason, fact=kept.fact),))
        signals = [*self.abused(make), make("order_paid", "2025-01-10", amount=10, source="earlier")]
        assert self.codes(standing(self.abused(make), customers, self.DAY, old)) == [Code.CONTESTED]
        assert self.codes(standing(signals, customers, self.DAY, old)) == [Code.CONTEST_UNKNOWN]
