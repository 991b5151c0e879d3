from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from scoring.line import Code
from scoring.rules import Programme
from scoring.signal import Carried, Signal
from scoring.standing import Standing, standing
from scoring.subject import Span, Subject, longest_gap

Make = Callable[..., Signal]

D = date.fromisoformat


def shown(customers: Programme, *spans: tuple[str, str | None], day: str = "2025-01-01") -> Standing:
    contracts = tuple(Span(D(start), None if end is None else D(end)) for start, end in spans)
    return standing([], customers, D(day), Subject(contracts=contracts))


@pytest.mark.parametrize(
    ("gap", "coefficient"),
    [
        (("2024-04-01", "2024-07-01"), 95),  # three months
        (("2024-04-01", "2024-07-02"), 100),  # and a day
        (("2024-11-30", "2025-02-28"), 95),  # of which one month lies in the period
        (("2024-08-31", "2024-11-30"), 95),  # three months from a last day of the month
        (("2024-08-31", "2024-12-01"), 100),
    ],
)
def test_an_interruption_of_at_most_three_months_has_no_effect_example_39(
    customers: Programme, gap: tuple[str, str], coefficient: int
):
    assert shown(customers, ("2024-01-01", gap[0]), (gap[1], None)).coefficient == coefficient


@pytest.mark.parametrize(
    ("gaps", "by_period", "whole"),
    [
        ([("2022-11-01", "2023-02-01")], [95, 90, 85], [95, 90, 85]),  # three months
        ([("2022-11-01", "2023-02-02")], [95, 90, 85], [95, 95, 90]),  # and a day: the period in which it exceeds them
        ([("2022-11-01", "2023-04-02")], [95, 95, 90], [95, 95, 90]),  # three and a day of them in the second
        ([("2022-08-01", "2023-02-01")], [100, 95, 90], [100, 100, 95]),  # six, of which one in the second
        ([("2022-08-01", "2023-01-01")], [100, 95, 90], [100, 95, 90]),  # over when the second begins
        ([("2022-08-01", "2024-02-01")], [100, 100, 95], [100, 100, 100]),  # it reaches into the third
        ([("2022-11-01", "2023-01-15"), ("2023-02-01", "2023-04-01")], [95, 90, 85], [95, 90, 85]),  # two by themselves
    ],
)
def test_an_interruption_across_a_periods_end_is_measured_in_each_or_from_its_first_day_on(
    customers: Programme, gaps: list[tuple[str, str]], by_period: list[int], whole: list[int]
):
    bounds = ["2022-01-01", *(day for gap in gaps for day in gap), None]
    spans = [(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True) if start is not None]
    counting = replace(customers, rules=replace(customers.law, interruption="whole"))
    assert [review.coefficient for review in shown(customers, *spans).reviews] == by_period
    assert [review.coefficient for review in shown(counting, *spans).reviews] == whole


def test_an_interruption_measured_whole_does_not_reach_back_over_a_period_with_an_order(
    customers: Programme, make: Make
):
    counting = replace(customers, rules=replace(customers.law, interruption="whole"))
    subject = Subject(contracts=(Span(D("2023-01-01"), D("2023-09-01")), Span(D("2024-02-01"))))
    assert standing([], counting, D("2025-01-01"), subject).coefficient == 100
    assert standing([make("order_paid", "2023-02-01")], counting, D("2025-01-01"), subject).coefficient == 90


def test_the_line_of_an_interruption_measured_whole_begins_with_its_first_day(customers: Programme):
    counting = replace(customers, rules=replace(customers.law, interruption="whole"))
    found = shown(counting, ("2023-01-01", "2023-11-01"), ("2024-03-01", None))
    gaps = [line.values for line in found.lines if line.code is Code.GAP]
    assert gaps == [{"start": D("2023-11-01"), "end": D("2024-03-01")}]


def test_a_contract_that_runs_needs_no_order(customers: Programme):
    assert [r.coefficient for r in shown(customers, ("2022-01-01", None)).reviews] == [95, 90, 85]


def test_after_the_contract_has_ended_the_coefficient_stays_what_it_was(customers: Programme):
    assert [r.coefficient for r in shown(customers, ("2022-01-01", "2023-01-01")).reviews] == [95, 95, 95]


def test_the_line_says_from_when_to_when_it_was_interrupted(customers: Programme):
    found = shown(customers, ("2024-01-01", "2024-03-01"), ("2024-10-01", None))
    gap = next(line for line in found.lines if line.code is Code.GAP)
    assert (gap.values["start"], gap.values["end"]) == (D("2024-03-01"), D("2024-10-01"))
    assert gap.reference == "art. 9"


def test_an_order_in_the_period_makes_up_for_a_contract_that_did_not_run(customers: Programme, make: Make):
    subject = Subject(contracts=(Span(D("2024-01-01"), D("2024-02-01")),))
    assert standing([], customers, D("2025-01-01"), subject).coefficient == 100
    assert standing([make("order_paid", "2024-12-01")], customers, D("2025-01-01"), subject).coefficient == 95


def test_a_contract_that_has_not_begun_does_not_count_yet(customers: Programme):
    assert shown(customers, ("2025-06-01", None)).exposure is None
    assert shown(customers, ("2025-06-01", None)).next_change == D("2025-06-01")


def test_contracts_that_overlap_cover_what_either_covers():
    spans = [
        Span(D("2024-01-01"), D("2024-06-01")),
        Span(D("2024-03-01"), D("2024-09-01")),
        Span(D("2024-02-01"), D("2024-03-01")),
    ]
    assert longest_gap(D("2024-01-01"), D("2025-01-01"), spans) == (D("2024-09-01"), D("2025-01-01"))
    covered = longest_gap(D("2024-01-01"), D("2024-08-01"), spans)
    assert covered[0] == covered[1]


def test_without_contracts_the_whole_period_is_a_gap():
    assert longest_gap(D("2024-01-01"), D("2025-01-01"), []) == (D("2024-01-01"), D("2025-01-01"))


@pytest.mark.parametrize("end", ["2024-01-01", "2023-12-31"])
def test_a_contract_that_ends_before_it_begins_is_refused(end: str):
    with pytest.raises(ValueError, match="from 2024-01-01 cannot end"):
        Span(D("2024-01-01"), D(end))


def test_a_subject_may_have_a_review_day_of_its_own(customers: Programme, make: Make):
    order = make("order_paid", "2024-03-12")
    for programme in (customers, replace(customers, fixed_review="06-01")):
        found = standing([order], programme, D("2025-03-01"), Subject(review="12-31"))
        assert [review.on for review in found.reviews] == [D("2024-12-31")]
        assert found.next_review == D("2025-12-31")


def test_a_review_on_31_december_looks_at_31_october_to_31_october_example_38(motor: Programme, make: Make):
    found = standing([make("premium_paid", "2024-01-01")], motor, D("2025-12-31"), Subject(review="12-31"))
    periods = [line.values for line in found.lines if line.code is Code.PERIOD]
    assert (periods[1]["start"], periods[1]["end"]) == (D("2024-10-31"), D("2025-10-31"))


@pytest.mark.parametrize("kind", ["claim_parked", "claim_theft_fire_glass"])
def test_what_art_7_excludes_never_stands_in_the_way_of_the_reduction_example_40(
    motor: Programme, make: Make, kind: str
):
    held = replace(motor, rules=replace(motor.rules, excused="held"))
    signals = [make("premium_paid", "2024-01-01"), make(kind, "2024-05-01", liability="full")]
    found = standing(signals, held, D("2025-01-01"))
    assert found.coefficient == 95
    assert Code.EXCLUDED in [line.code for line in found.lines]


@pytest.mark.parametrize("kind", ["claim_vehicle_taken", "claim_force_majeure", "claim_third_party"])
def test_what_art_6_excludes_never_raises_and_may_hold_the_coefficient(motor: Programme, make: Make, kind: str):
    signals = [make("premium_paid", "2024-01-01"), make(kind, "2024-05-01", liability="full")]
    held = replace(motor, rules=replace(motor.rules, excused="held"))
    assert standing(signals, motor, D("2025-01-01")).coefficient == 95
    assert standing(signals, held, D("2025-01-01")).coefficient == 100


AT = datetime(2026, 1, 10, tzinfo=UTC)


def test_a_contract_as_a_signal_counts_like_one_given(customers: Programme, make: Make):
    signal = make("contract", "2022-01-01")
    assert [r.coefficient for r in standing([signal], customers, D("2025-01-01")).reviews] == [95, 90, 85]


def test_a_contract_entered_too_late_counts_from_its_first_review_that_can_be_corrected(
    customers: Programme, make: Make
):
    """Entered on 10 Jan 2026: the review of 1 Jan 2024 can no longer be corrected, that of 2025 can (art. 8)."""
    found = standing([make("contract", "2020-01-01", recorded=AT)], customers, D("2026-01-31"))
    assert (found.exposure, found.coefficient) == (D("2024-01-01"), 90)


def test_an_end_learnt_too_late_moves_no_review_that_can_no_longer_be_corrected(customers: Programme, make: Make):
    """Ended in 2021, which was learnt in 2026: the reviews up to 2024 stay as they were, the later ones were idle."""
    before = make("contract", "2020-01-01")
    ended = replace(before, until=D("2021-01-01"), recorded=AT, before=before)
    found = standing([ended], customers, D("2026-01-31"))
    assert [r.coefficient for r in found.reviews] == [95, 90, 85, 80, 80, 80]


def test_a_contract_taken_back_in_time_never_was(customers: Programme, make: Make):
    before = make("contract", "2025-06-01")
    assert (
        standing([replace(before, withdrawn=True, recorded=AT, before=before)], customers, D("2026-01-31")).exposure
        is None
    )


def test_a_contract_that_is_switched_off_is_listed_and_counts_for_nothing(customers: Programme, make: Make):
    off = replace(customers, signals={**customers.signals, "contract": False})
    found = standing([make("contract", "2022-01-01")], off, D("2025-01-01"))
    assert found.exposure is None
    assert Code.SWITCHED_OFF in [line.code for line in found.lines]


def test_the_next_change_is_the_day_on_which_a_contract_begins_or_ends(customers: Programme, make: Make):
    running = make("contract", "2024-06-01", until=D("2026-03-01"))
    later = make("contract", "2026-05-01")
    assert standing([running, later], customers, D("2026-01-31")).next_change == D("2026-03-01")
    assert standing([later], customers, D("2026-01-31")).next_change == D("2026-05-01")


def test_the_opening_known_in_time_holds_and_of_two_the_newest(customers: Programme, make: Make):
    order = make("order_paid", "2022-01-01")
    first = make("carried_over", "2022-01-01", carried=Carried(80))
    late = replace(first, carried=Carried(50), recorded=AT, before=first)
    assert standing([order, late], customers, D("2026-01-31")).reviews[0].coefficient == 76
    newer = make("carried_over", "2022-06-01", carried=Carried(100))
    assert standing([order, first, newer], customers, D("2026-01-31")).reviews[0].coefficient == 95
    assert standing([order, first, newer], customers, D("2022-05-31")).coefficient == 80
