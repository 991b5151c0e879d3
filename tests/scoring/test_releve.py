from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from scoring.line import Code
from scoring.opening import Opening
from scoring.releve import due_by, releve
from scoring.rules import Programme
from scoring.signal import Signal
from scoring.standing import standing
from scoring.subject import Subject

Make = Callable[..., Signal]

DAY = date(2026, 11, 22)


def paid(make: Make, first: int) -> list[Signal]:
    return [make("premium_paid", f"{year}-01-10") for year in range(first, 2027)]


def test_it_lists_the_claims_of_the_five_annual_periods_before_it(motor: Programme, make: Make):
    claims = [make("claim", f"{year}-06-01", liability="partial") for year in (2019, 2022, 2025)]
    found = releve(standing([*paid(make, 2015), *claims], motor, DAY), motor.rules)
    assert [each.period.review.year for each in found.periods] == [2022, 2023, 2024, 2025, 2026]
    assert [len(each.incidents) for each in found.periods] == [0, 1, 0, 0, 1]
    assert (found.drawn_up, found.applied) == (DAY, date(2026, 1, 10))


def test_a_period_ends_two_months_before_its_review(motor: Programme, make: Make):
    found = releve(standing(paid(make, 2024), motor, DAY), motor.rules)
    last = found.periods[-1].period
    assert (last.start, last.end, last.review) == (date(2024, 11, 10), date(2025, 11, 10), date(2026, 1, 10))


def test_what_has_happened_since_stands_by_itself(motor: Programme, make: Make):
    claim = make("claim", "2025-12-01", liability="full")
    found = releve(standing([*paid(make, 2024), claim], motor, DAY), motor.rules)
    assert found.coefficient == 90
    assert found.running is not None
    assert (found.running.coefficient, [line.code for line in found.running.incidents]) == (112, [Code.RAISED])


def test_claims_without_liability_are_listed_too(motor: Programme, make: Make):
    claims = [make("claim_third_party", "2025-06-01"), make("claim_parked", "2025-06-02")]
    found = releve(standing([*paid(make, 2024), *claims], motor, DAY), motor.rules)
    assert {line.code for line in found.periods[-1].incidents} == {Code.EXCUSED, Code.EXCLUDED}


def test_that_claims_without_liability_hold_the_coefficient_is_listed_with_them(motor: Programme, make: Make):
    held = replace(motor, rules=replace(motor.law, excused="held"))
    claim = make("claim_third_party", "2025-06-01")
    found = releve(standing([*paid(make, 2024), claim], held, DAY), held.rules)
    assert [line.code for line in found.periods[-1].incidents] == [Code.EXCUSED, Code.HELD]


def test_a_claim_after_the_period_ended_and_before_its_review_stands_in_the_one_that_has_begun(
    motor: Programme, make: Make
):
    day = date(2026, 12, 20)  # the review of 10 Jan 2027 looks at the months up to 10 Nov 2026
    claims = [
        make("claim", "2026-11-10", liability="full"),
        make("claim_third_party", "2026-11-11", liability="full"),
        make("claim_theft_fire_glass", "2026-11-12", liability="full"),
    ]
    without, shown = standing(paid(make, 2024), motor, day), standing([*paid(make, 2024), *claims], motor, day)
    assert (shown.coefficient, shown.expected) == (without.coefficient, without.expected) == (90, 85)
    found = releve(shown, motor.rules)
    assert found.running is not None
    assert found.begun is not None
    assert found.running.incidents == ()
    begun = found.begun.period
    assert (begun.start, begun.end, begun.review) == (date(2026, 11, 10), date(2027, 11, 10), date(2028, 1, 10))
    assert found.begun.coefficient is None
    assert {line.code for line in found.begun.incidents} == {Code.COUNTS_LATER, Code.EXCUSED, Code.EXCLUDED}
    [later] = [line for line in found.begun.incidents if line.code is Code.COUNTS_LATER]
    assert (later.values["review"], later.values["liability"], later.reference) == (begun.review, "full", "art. 9")
    assert releve(standing(paid(make, 2024), motor, date(2026, 11, 9)), motor.rules).begun is None


def test_years_at_the_floor_are_full_ones(motor: Programme, make: Make):
    reached = [1, 2, 3]
    for years in reached:
        subject_since = 2026 - 13 - years
        found = releve(standing(paid(make, subject_since), motor, DAY), motor.rules)
        assert (found.coefficient, found.years_at_floor) == (50, years)


@pytest.mark.parametrize(("first", "years"), [(2027, 3), (2026, 3), (2025, 4), (2023, 6)])
def test_years_at_the_floor_that_were_brought_along_count_with_those_since(
    motor: Programme, make: Make, first: int, years: int
):
    brought = Subject(opening=Opening(50, periods_at_floor=3))
    found = releve(standing(paid(make, first), motor, DAY, brought), motor.rules)
    assert (found.coefficient, found.years_at_floor) == (50, years)


def test_a_year_without_insurance_is_no_year_at_the_floor(motor: Programme, make: Make):
    brought = Subject(opening=Opening(50, periods_at_floor=3))
    away = [each for each in paid(make, 2023) if each.on.year != 2024]
    assert releve(standing(away, motor, DAY, brought), motor.rules).years_at_floor == 5


def test_years_at_the_floor_before_a_claim_are_gone(motor: Programme, make: Make):
    brought = Subject(opening=Opening(50, periods_at_floor=1))
    signals = [*paid(make, 2024), make("claim", "2024-06-01", liability="full")]
    assert releve(standing(signals, motor, DAY, brought), motor.rules).years_at_floor == 0


def test_before_any_exposure_there_is_nothing_to_list(motor: Programme):
    found = releve(standing([], motor, DAY, Subject()), motor.rules)
    assert (found.coefficient, found.applied, found.periods, found.running) == (100, None, (), None)


def test_it_is_given_within_fifteen_days_of_the_request(motor: Programme):
    assert due_by(date(2026, 11, 22), motor.rules) == date(2026, 12, 7)
