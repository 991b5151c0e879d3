from datetime import date
from decimal import Decimal

import pytest

from scoring.premium import Aggravation, aggravated_percent, novice_percent, premium
from scoring.rules import Rules, Surcharges

REVIEW = date(2026, 1, 1)


def test_one_full_incident_from_1_00_turns_500_into_625_example_32():
    assert premium(Decimal(500), 125).total == 625


def test_the_premium_is_never_more_than_3_50_times_its_reference_example_31():
    assert premium(Decimal(1000), 350).total == 3500


@pytest.mark.parametrize(
    ("accompanied", "percents"), [(False, ["100", "50", "25", "0"]), (True, ["50", "25", "12.5", "0"])]
)
def test_the_novice_surcharge_is_halved_each_clean_year_examples_35_and_36(
    law: Rules, percents: list[str], *, accompanied: bool
):
    got = [novice_percent(years, law.surcharges, accompanied=accompanied) for years in range(4)]
    assert got == [Decimal(percent) for percent in percents]


def test_three_clean_years_leave_0_85_and_no_surcharge_example_37(law: Rules):
    left = novice_percent(3, law.surcharges)
    assert premium(Decimal(1000), 85, novice_percent=left).total == 850


def test_taken_literally_the_novice_surcharge_loses_half_of_its_initial_rate():
    literal = Surcharges(novice_reading="half of the initial")
    assert [novice_percent(years, literal) for years in range(4)] == [100, 50, 0, 0]


def test_the_coefficient_multiplies_the_novice_surcharge_and_not_the_aggravated_ones():
    due = premium(Decimal(1000), 90, novice_percent=Decimal(50), aggravated_percent=150, other=Decimal(80))
    assert due.net == Decimal("1350.00")
    assert due.aggravated == 1500
    assert due.total == Decimal("2930.00")


def test_cover_that_art_3_does_not_name_is_not_multiplied():
    assert premium(Decimal(0), 350, other=Decimal(80)).total == 80


def fact(kind: str, first_review: date = REVIEW, event: str = "") -> Aggravation:
    return Aggravation(kind, first_review, event)


@pytest.mark.parametrize(
    ("kind", "percent"),
    [
        ("drunk", 150),
        ("hit_and_run", 100),
        ("suspended_2_to_6_months", 50),
        ("suspended_over_6_months", 100),
        ("licence_annulled", 200),
        ("undeclared", 100),
        ("three_incidents", 50),
    ],
)
def test_each_aggravating_fact_has_the_surcharge_of_the_article(law: Rules, kind: str, percent: int):
    assert aggravated_percent([fact(kind)], REVIEW, law) == percent


def test_their_sum_is_400_percent_at_most(law: Rules):
    kinds = ("drunk", "hit_and_run", "licence_annulled", "undeclared")
    assert aggravated_percent([fact(kind) for kind in kinds[:3]], REVIEW, law) == 400
    assert aggravated_percent([fact(kind) for kind in (*kinds[:2], kinds[3])], REVIEW, law) == 350
    assert aggravated_percent([fact(kind) for kind in kinds], REVIEW, law) == 400


@pytest.mark.parametrize(
    ("kinds", "percent"),
    [
        (("drunk", "suspended_over_6_months"), 150),
        (("drunk", "licence_annulled"), 200),
        (("drunk", "hit_and_run", "licence_annulled"), 250),
        (("drunk", "licence_annulled", "undeclared"), 300),
    ],
)
def test_of_a_suspension_and_the_offences_it_follows_only_the_larger_counts(
    law: Rules, kinds: tuple[str, ...], percent: int
):
    assert aggravated_percent([fact(kind, event="crash") for kind in kinds], REVIEW, law) == percent


def test_each_surcharge_ends_two_years_after_the_first_review_that_follows(law: Rules):
    drunk = fact("drunk", date(2024, 6, 1))
    days = [date(2023, 6, 1), date(2024, 6, 1), date(2026, 5, 31), date(2026, 6, 1)]
    assert [aggravated_percent([drunk], day, law) for day in days] == [0, 150, 150, 0]


def test_a_kind_that_the_rules_do_not_name_is_refused(law: Rules):
    with pytest.raises(ValueError, match="speeding: no such surcharge"):
        aggravated_percent([fact("speeding")], REVIEW, law)


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-1"])
def test_an_amount_that_is_none_is_refused(amount: str):
    with pytest.raises(ValueError, match="no place in a premium"):
        premium(Decimal(amount), 100)
