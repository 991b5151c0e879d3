from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from scoring.line import Code
from scoring.opening import Opening, Statement, carried_over, of_several
from scoring.rules import Programme, Rules
from scoring.signal import Liability, Signal
from scoring.standing import standing
from scoring.status import Status
from scoring.subject import Subject

Make = Callable[..., Signal]

FULL, PARTIAL, NONE = Liability.FULL, Liability.PARTIAL, Liability.NONE
DUE, START = date(2025, 1, 1), date(2025, 9, 1)


def test_the_fold_begins_with_the_coefficient_carried_over(customers: Programme, make: Make):
    subject = Subject(opening=Opening(64))
    order = make("order_paid", "2025-03-12")
    before = standing([], customers, date(2025, 3, 11), subject)
    assert (before.coefficient, before.status) == (64, Status.SHORT_HISTORY)
    shown = standing([order], customers, date(2026, 3, 12), subject)
    assert (shown.coefficient, shown.changed_on) == (60, date(2026, 3, 12))
    assert shown.lines[0].code is Code.CARRIED_OVER


def test_clean_periods_before_count_for_the_ceiling(customers: Programme, make: Make):
    order = make("order_paid", "2025-03-12")
    for clean, expected in ((0, 142), (1, 100)):
        subject = Subject(opening=Opening(150, clean_periods=clean))
        assert standing([order], customers, date(2026, 3, 12), subject).coefficient == expected


@pytest.mark.parametrize(
    ("opening", "coefficient"),
    [
        (Opening(50, periods_at_floor=3), 50),
        (Opening(50, periods_at_floor=2), 62),
        (Opening(50, periods_at_floor=9, protection_used=True), 62),
    ],
)
def test_full_years_at_the_floor_are_carried_over(customers: Programme, make: Make, opening: Opening, coefficient: int):
    signals = [make("order_paid", "2025-03-12"), make("invoice_unpaid", "2025-04-01", liability="full")]
    assert standing(signals, customers, date(2026, 3, 12), Subject(opening=opening)).coefficient == coefficient


@pytest.mark.parametrize(("since", "coefficient"), [(date(2022, 4, 1), 50), (date(2022, 4, 2), 62), (None, 50)])
def test_years_at_the_floor_are_carried_over_to_the_day_where_dates_decide(
    customers: Programme, make: Make, since: date | None, coefficient: int
):
    by_dates = replace(customers, rules=replace(customers.rules, floor_years="dates"))
    signals = [make("order_paid", "2025-03-12"), make("invoice_unpaid", "2025-04-01", liability="full")]
    subject = Subject(opening=Opening(50, periods_at_floor=3, floor_since=since))
    assert standing(signals, by_dates, date(2026, 3, 12), subject).coefficient == coefficient


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (Opening(49), "0.49: allowed is 0.50 to 3.50"),
        (Opening(351), "3.51: allowed is 0.50 to 3.50"),
        (Opening(60, periods_at_floor=1), "0.60: years at the floor without being there"),
        (Opening(60, floor_since=DUE), "0.60: years at the floor without being there"),
        (Opening(60, clean_periods=-1), "no periods below zero"),
    ],
)
def test_an_opening_that_no_review_can_have_given_is_refused(customers: Programme, opening: Opening, words: str):
    with pytest.raises(ValueError, match=words):
        standing([], customers, START, Subject(opening=opening))


def test_a_statement_without_incidents_carries_over_as_it_stands(law: Rules):
    assert carried_over(Statement(Opening(64), DUE), START, law) == (Opening(64), ())


def test_declared_incidents_always_raise(law: Rules):
    declared = ((date(2025, 6, 1), PARTIAL), (date(2025, 5, 1), FULL))
    opening, lines = carried_over(Statement(Opening(60, clean_periods=4), DUE, declared), START, law)
    assert opening == Opening(84)  # full before partial, in the order of their days
    assert [line.code for line in lines] == [Code.START, Code.RAISED, Code.RAISED, Code.TRUNCATED]


def test_an_incident_without_liability_is_none(law: Rules):
    declared = ((date(2025, 5, 1), NONE),)
    assert carried_over(Statement(Opening(60), DUE, declared), START, law)[0] == Opening(60)


@pytest.mark.parametrize(("start", "coefficient"), [("2025-08-01", 64), ("2025-08-02", 60)])
def test_more_than_seven_months_after_the_old_review_also_reduce_where_the_rules_say_so(
    law: Rules, start: str, coefficient: int
):
    both = replace(law, carry_over="both ways")
    opening, _ = carried_over(Statement(Opening(64, clean_periods=1), DUE), date.fromisoformat(start), both)
    assert opening.coefficient == coefficient


def test_a_statement_of_later_days_than_the_start_is_refused(law: Rules):
    with pytest.raises(ValueError, match="speaks of days after 2025-09-01"):
        carried_over(Statement(Opening(64), date(2025, 9, 2)), START, law)


def test_one_vehicle_more_takes_over_the_last_contracts_coefficient(law: Rules):
    assert of_several([Opening(50), Opening(95)], law) == Opening(95)


def test_from_the_second_extra_vehicle_on_it_may_be_the_average_cut_to_two_decimals(law: Rules):
    average = replace(law, extra_vehicle="average")
    assert of_several([Opening(95)], average).coefficient == 95
    assert of_several([Opening(50), Opening(95)], average).coefficient == 72  # 0.725
    assert of_several([Opening(50, periods_at_floor=4), Opening(50, periods_at_floor=1)], average) == Opening(
        50, periods_at_floor=1
    )


def test_no_contract_gives_no_coefficient(law: Rules):
    with pytest.raises(ValueError, match="no contract"):
        of_several([], law)
