"""A programme on a scale: levels in place of the coefficient, everything else as ever."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.rulefile import load_programme
from config.scalefile import FOLDER, load_scale_rules, read_scale, scale_names
from scoring.line import Code
from scoring.opening import Opening
from scoring.rules import Programme, Tier
from scoring.scale import Place, step
from scoring.scale_rules import ScaleRules
from scoring.signal import Carried, Liability, Signal, Source
from scoring.standing import Standing, Trend, standing
from scoring.subject import Subject

Make = Callable[..., Signal]
DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)


def scale(name: str, **options: object) -> ScaleRules:
    return replace(load_scale_rules(FOLDER / f"{name}.toml"), **options)  # type: ignore[arg-type] # any of its options


def on(name: str, **options: object) -> Programme:
    return replace(CUSTOMERS, rules=scale(name, **options))


FILES = {name: read_scale(FOLDER / f"{name}.toml") for name in scale_names()}
COMPLETE = sorted(name for name, tables in FILES.items() if tables.has_moves and tables.start)
YEARS = 12


def yearly(years: int, first: int = 2014) -> list[Signal]:
    return [Signal("order_paid", date(first + year, 3, 12), Source("crm", "Order", str(year))) for year in range(years)]


def claims(numbers: list[int], first: int = 2014) -> list[Signal]:
    return [
        Signal("claim_at_fault", date(first + year, 6, 1), Source("crm", "Case", f"{year}-{n}"), Liability.FULL)
        for year, number in enumerate(numbers)
        for n in range(number)
    ]


def levels(shown: Standing) -> list[object]:
    return [line.values["level"] for line in shown.lines if line.code is Code.REVIEWED]


@settings(max_examples=60)
@given(st.sampled_from(COMPLETE), st.lists(st.integers(0, 4), min_size=YEARS, max_size=YEARS))
def test_a_programme_stands_where_the_scale_alone_leads(name: str, numbers: list[int]):
    rules = scale(name)
    shown = standing([*yearly(YEARS), *claims(numbers)], replace(CUSTOMERS, rules=rules), DAY)
    place, wanted = Place(rules.start), []
    for number in numbers:
        place = step(place, number, rules.scale).after
        wanted.append((rules.scale.levels[place.level].name, rules.worth(place.level)))
    assert levels(shown) == [name for name, _ in wanted]
    assert [review.coefficient for review in shown.reviews] == [worth for _, worth in wanted]


def test_a_percentage_is_a_coefficient_of_as_many_hundredths():
    assert [scale("be-1992").worth(level) for level in (0, 11, 22)] == [50, 85, 200]


def test_what_does_not_fit_two_decimals_is_cut_and_the_line_says_so():
    """61.67 % is 0.61, as the law cuts; the level is kept, and nothing is lost by it."""
    shown = standing(yearly(4, 2023), on("my-6"), DAY)
    assert [review.coefficient for review in shown.reviews] == [75, 70, 61]
    cut = [line for line in shown.lines if line.code is Code.TRUNCATED and line.values["coefficient"] == 61]
    assert [line.values["exact"] for line in cut] == [Decimal("0.6167")]


def test_three_claim_free_years_and_a_fourth_lead_from_the_dearest_belgian_level_to_14():
    history = [*yearly(6), *claims([3])]
    shown = standing(history, on("be-1992"), date(2019, 3, 12))
    assert levels(shown) == ["22", "21", "20", "19", "14"]
    limit = [line for line in shown.lines if line.code is Code.CLEAN_LIMIT]
    assert [(line.values["years"], line.values["level"]) for line in limit] == [(4, "14")]


@pytest.mark.parametrize(("partial", "level"), [("claim", "15"), ("held", "11"), ("excused", "10")])
def test_an_incident_of_shared_fault_is_a_claim_or_holds_the_level_or_counts_for_nothing(
    partial: str, level: str, make: Make
):
    history = [make("order_paid", "2024-03-12"), make("invoice_late", "2024-06-01", liability="partial")]
    assert levels(standing(history, on("be-1992", partial=partial), date(2025, 3, 12))) == [level]


@pytest.mark.parametrize(("excused", "level"), [("clean", "10"), ("held", "11")])
def test_an_incident_without_fault_leaves_the_year_claim_free_or_holds_the_level(excused: str, level: str, make: Make):
    history = [make("order_paid", "2024-03-12"), make("claim_justified", "2024-06-01")]
    assert levels(standing(history, on("be-1992", excused=excused), date(2025, 3, 12))) == [level]


def test_a_year_without_order_moves_nobody_but_a_claim_still_does(make: Make):
    history = [make("order_paid", "2023-03-12"), make("claim_at_fault", "2025-06-01", liability="full")]
    shown = standing(history, on("be-1992"), date(2026, 3, 12))
    assert levels(shown) == ["10", "10", "14"]


def test_the_next_review_trend_and_the_way_back_name_the_level():
    shown = standing([*yearly(3, 2024), *claims([0, 2], 2024)], on("be-1992"), DAY)
    assert (shown.coefficient, shown.expected, shown.trend) == (130, 123, Trend.IMPROVING)
    said = {line.code: line.values for line in shown.way_back}
    assert said[Code.REVIEW_CLEAN]["level"] == "18"
    assert (said[Code.ORIGIN_AGAIN]["coefficient"], said[Code.ORIGIN_AGAIN]["level"]) == (85, "11")
    assert [(line.code, line.values["before"], line.values["level"]) for line in shown.reasons[:2]] == [
        (Code.INCIDENT_LEVEL, "14", "19"),
        (Code.INCIDENT_LEVEL, "10", "14"),
    ]


def test_a_level_that_no_clean_year_leads_away_from_has_no_way_back():
    """The tail of a table may hold somebody for good: that is no endless loop."""
    rules = scale("uk-5")
    stuck = tuple((number, *row[1:]) for number, row in enumerate(rules.scale.moves))
    programme = replace(CUSTOMERS, rules=replace(rules, scale=replace(rules.scale, moves=stuck), start=0))
    shown = standing([*yearly(3, 2024), *claims([2], 2024)], programme, DAY)
    assert shown.coefficient > rules.worth(0)
    assert Code.ORIGIN_AGAIN not in [line.code for line in shown.way_back]


def test_tiers_ask_for_what_the_level_is_worth():
    tiers = (Tier("Guest"), Tier("Friend", coefficient=60, discount=10))
    programme = replace(on("my-6"), tiers=tiers)
    assert standing(yearly(4, 2023), programme, DAY).tier == "Guest"  # 61.67 % is 0.61
    assert standing(yearly(5, 2022), programme, DAY).tier == "Friend"  # 55 %


def test_a_level_without_a_premium_moves_no_price():
    shown = standing([*yearly(3, 2024), *claims([1], 2024)], on("textbook-1-2"), DAY)
    assert shown.coefficient == 400  # the level itself
    assert shown.price_adjustment == 0
    assert Code.PRICE_UNKNOWN in [line.code for line in shown.lines]


@pytest.mark.parametrize("opening", [Opening(100, level="14"), Opening(100)])
def test_a_level_is_carried_over_by_its_name_or_by_what_it_is_worth(opening: Opening):
    shown = standing(yearly(1, 2025), on("be-1992"), DAY, Subject(opening=opening))
    assert levels(shown) == ["13"]


@pytest.mark.parametrize(
    ("opening", "message"),
    [
        (Opening(86), "no levels of be-1992 are worth 0.86"),
        (Opening(100, level="99"), "be-1992 has no level '99'"),
    ],
)
def test_a_level_that_does_not_exist_is_refused(opening: Opening, message: str):
    with pytest.raises(ValueError, match=message):
        standing([], on("be-1992"), DAY, Subject(opening=opening))


def test_a_level_carried_over_by_a_signal_is_where_exposure_begins(make: Make):
    brought = make("carried_over", "2025-01-01", carried=Carried(level="3"))
    assert levels(standing([*yearly(1, 2025), brought], on("be-1992"), DAY)) == ["2"]


def test_clean_years_carried_over_count_for_the_belgian_limit(make: Make):
    brought = make("carried_over", "2025-01-01", carried=Carried(level="22", clean_periods=3))
    assert levels(standing([*yearly(1, 2025), brought], on("be-1992"), DAY)) == ["14"]
