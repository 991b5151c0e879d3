from dataclasses import replace
from datetime import date

import pytest

from scoring.review import add_months, is_short, periods, review_following
from scoring.rules import Programme, Rules


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-03-15", -3, "2024-12-15"),
        ("2025-01-15", -1, "2024-12-15"),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(day: str, months: int, expected: str):
    assert add_months(date.fromisoformat(day), months) == date.fromisoformat(expected)


def test_reviews_are_the_anniversaries_of_exposure_and_29_february_comes_back(customers: Programme):
    found = periods(date(2024, 2, 29), date(2028, 3, 1), customers.rules)
    assert [period.review for period in found] == [
        date(2025, 2, 28),
        date(2026, 2, 28),
        date(2027, 2, 28),
        date(2028, 2, 29),
        date(2029, 2, 28),
    ]


def test_a_period_ends_before_its_review_and_the_review_day_belongs_to_the_next(customers: Programme):
    found = periods(date(2024, 3, 12), date(2026, 1, 1), customers.rules)
    assert [(period.start, period.end) for period in found] == [
        (date(2024, 3, 12), date(2025, 3, 12)),
        (date(2025, 3, 12), date(2026, 3, 12)),
    ]
    assert review_following(date(2025, 3, 12), found) == date(2026, 3, 12)


def test_the_law_looks_at_the_twelve_months_that_end_two_months_before_the_review(law: Rules):
    found = periods(date(2024, 1, 1), date(2026, 11, 15), law)
    assert [(period.start, period.end, period.review) for period in found] == [
        (date(2024, 1, 1), date(2024, 11, 1), date(2025, 1, 1)),
        (date(2024, 11, 1), date(2025, 11, 1), date(2026, 1, 1)),
        (date(2025, 11, 1), date(2026, 11, 1), date(2027, 1, 1)),
        (date(2026, 11, 1), date(2027, 11, 1), date(2028, 1, 1)),
    ]
    assert not is_short(found[0], law)


@pytest.mark.parametrize(
    ("exposure", "review", "short"),
    [
        ("2010-12-01", "2011-12-01", False),
        ("2010-12-02", "2011-12-01", False),
        ("2011-03-01", "2011-12-01", False),
        ("2011-03-02", "2011-12-01", True),
        ("2011-11-30", "2011-12-01", True),
        ("2011-12-01", "2012-12-01", False),
    ],
)
def test_with_one_review_day_for_all_a_first_period_under_nine_months_is_short(
    customers: Programme, exposure: str, review: str, *, short: bool
):
    first = periods(date.fromisoformat(exposure), date.fromisoformat(exposure), customers.rules, "12-01")[0]
    assert first.review == date.fromisoformat(review)
    assert is_short(first, customers.rules) is short


def test_a_fixed_review_on_29_february_falls_on_the_28th_in_common_years(customers: Programme):
    found = periods(date(2023, 6, 1), date(2025, 1, 1), customers.rules, "02-29")
    assert [period.review for period in found] == [date(2024, 2, 29), date(2025, 2, 28)]


def test_a_lag_never_makes_a_period_that_ends_before_it_begins(law: Rules):
    found = periods(date(2011, 11, 20), date(2012, 6, 1), replace(law, lag_months=2), "12-01")
    assert (found[0].start, found[0].end) == (date(2011, 11, 20), date(2011, 11, 20))
    assert found[1].start == date(2011, 11, 20)
