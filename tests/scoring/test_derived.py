from collections.abc import Callable
from datetime import date

import pytest

from scoring.derived import derive
from scoring.rules import Derived, Programme
from scoring.signal import Liability, Signal
from scoring.standing import standing

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
