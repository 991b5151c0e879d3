from dataclasses import replace
from datetime import date

import pytest

from scoring.price import adjustment
from scoring.rules import Programme
from scoring.tiers import highest, replay

D = date.fromisoformat


@pytest.mark.parametrize(
    ("coefficient", "points", "tier"),
    [
        (100, 100, "Silver"),
        (101, 100, "Basic"),
        (100, 99, "Basic"),
        (90, 250, "Gold"),
        (91, 250, "Silver"),
        (90, 249, "Silver"),
        (80, 500, "Platinum"),
        (81, 500, "Gold"),
        (80, 499, "Gold"),
        (350, 9999, "Basic"),
    ],
)
def test_both_conditions_hold_and_equality_qualifies(customers: Programme, coefficient: int, points: int, tier: str):
    assert customers.tiers[highest(coefficient, points, customers)].name == tier


def path(customers: Programme, reviews: dict[str, int], moves: dict[str, int]) -> list[tuple[str, str]]:
    changes = replay({D(d): k for d, k in reviews.items()}, {D(d): p for d, p in moves.items()}, customers)
    return [(str(change.on), change.tier.name) for change in changes]


def test_nobody_rises_before_the_first_review(customers: Programme):
    assert path(customers, {"2025-03-12": 95}, {"2024-04-01": 300}) == [("2025-03-12", "Silver")]


def test_promotion_is_at_once_and_may_skip_tiers(customers: Programme):
    moves = {"2025-06-01": 600, "2025-07-01": 1}
    assert path(customers, {"2025-03-12": 80}, moves) == [("2025-06-01", "Platinum")]


def test_demotion_waits_for_the_review_and_goes_one_step_at_a_time(customers: Programme):
    reviews = {"2024-03-12": 80, "2025-03-12": 80, "2026-03-12": 80, "2027-03-12": 80, "2028-03-12": 80}
    moves = {"2024-04-01": 500, "2024-05-01": -500}
    assert path(customers, reviews, moves) == [
        ("2024-04-01", "Platinum"),
        ("2025-03-12", "Gold"),
        ("2026-03-12", "Silver"),
        ("2027-03-12", "Basic"),
    ]


def test_demotion_goes_straight_down_where_the_programme_says_so(customers: Programme):
    straight = replace(customers, demotion="straight")
    moves = {"2024-04-01": 500, "2024-05-01": -500}
    assert path(straight, {"2024-03-12": 80, "2025-03-12": 80}, moves)[-1] == ("2025-03-12", "Basic")


def test_points_that_come_back_before_the_review_save_the_tier(customers: Programme):
    moves = {"2024-04-01": 250, "2024-05-01": -100, "2025-03-11": 100}
    assert path(customers, {"2024-03-12": 90, "2025-03-12": 90}, moves) == [("2024-04-01", "Gold")]


def test_nobody_is_demoted_where_the_programme_says_none(customers: Programme):
    never = replace(customers, demotion="none")
    moves = {"2024-04-01": 500, "2024-05-01": -500}
    assert path(never, {"2024-03-12": 80, "2025-03-12": 80, "2026-03-12": 80}, moves) == [("2024-04-01", "Platinum")]


@pytest.mark.parametrize(
    ("grace", "demoted"), [(0, "2025-03-12"), (10, "2025-03-12"), (11, "2026-03-12"), (22, "2026-03-12"), (36, None)]
)
def test_a_demotion_waits_until_the_grace_is_over(customers: Programme, grace: int, demoted: str | None):
    patient = replace(customers, grace_months=grace)
    reviews = {"2024-03-12": 80, "2025-03-12": 80, "2026-03-12": 80}
    changes = path(patient, reviews, {"2024-04-01": 250, "2024-05-01": -50})
    assert changes[1:2] == ([] if demoted is None else [(demoted, "Silver")])


def test_points_that_come_back_end_the_grace(customers: Programme):
    patient = replace(customers, grace_months=10)
    moves = {"2024-04-01": 250, "2024-05-01": -50, "2024-06-01": 50, "2024-07-01": -50}
    assert len(path(patient, {"2024-03-12": 80, "2025-03-12": 80}, moves)) == 1


@pytest.mark.parametrize(
    ("coefficient", "tier", "percent"),
    [
        (95, "Silver", -7),  # 0.931
        (100, "Basic", 0),
        (50, "Platinum", -20),  # bounded at 0.80
        (350, "Basic", 25),  # bounded at 1.25
        (90, "Gold", -15),  # 0.855, a half goes away from zero
        (112, "Basic", 12),
    ],
)
def test_the_price_adjustment_is_bounded_and_rounds_halves_away_from_zero(
    customers: Programme, coefficient: int, tier: str, percent: int
):
    assert adjustment(coefficient, customers.tier(tier), customers)[0] == percent


def test_a_half_above_one_goes_away_from_zero_too(customers: Programme):
    odd = replace(customers.tiers[1], discount=50)
    assert adjustment(205, odd, customers)[0] == 3  # 1.025
