from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from config.scalefile import FOLDER, load_scale_rules
from scoring.decision import Decision, Kind
from scoring.line import Code
from scoring.rules import Programme, Rules
from scoring.signal import Signal
from scoring.standing import Standing, Trend, standing
from scoring.status import Status
from scoring.subject import Subject

Make = Callable[..., Signal]

DAY = date(2026, 11, 22)


def left_out(shown: Standing) -> list[Code]:
    reasons = (Code.SWITCHED_OFF, Code.UNKNOWN, Code.TWIN, Code.BEFORE_EXPOSURE, Code.TOO_LATE)
    return [line.code for line in shown.lines if line.code in reasons]


def yearly(make: Make, first: int, last: int, day: str = "03-12") -> list[Signal]:
    return [make("order_paid", f"{year}-{day}") for year in range(first, last + 1)]


@pytest.fixture
def example(make: Make) -> list[Signal]:
    """The example of the product's field table: 0.85, an invoice paid late, a review that gives 0.95, clean since."""
    orders = ["2022-03-12", "2023-06-01", "2024-04-02", *(f"2025-{month:02d}-20" for month in range(1, 11))]
    referrals = ["2024-12-20", "2025-02-01", "2025-08-01", "2025-09-01", "2026-05-01"]
    return [
        *(make("order_paid", on) for on in [*orders, "2026-04-20", "2026-09-20"]),
        *(make("referral_won", on) for on in referrals),
        make("invoice_late", "2025-06-03", liability="partial", reference="1042", days=44),
        make("claim_justified", "2026-09-01"),
    ]


def test_the_example_of_the_field_table_comes_out_as_printed(customers: Programme, example: list[Signal]):
    shown = standing(example, customers, DAY)
    assert (shown.coefficient, shown.expected, shown.trend) == (95, 90, Trend.IMPROVING)
    assert (shown.points, shown.tier, shown.price_adjustment) == (340, "Silver", -7)
    assert shown.previous_tier == "Gold"
    assert (shown.next_review, shown.changed_on) == (date(2027, 3, 12), date(2026, 3, 12))
    assert [(str(r.on), r.coefficient) for r in shown.reviews[-2:]] == [("2025-03-12", 85), ("2026-03-12", 95)]
    assert shown.status is Status.ACTIVE
    assert shown.rules == f"customers@{customers.hash}"


def test_before_any_order_the_coefficient_is_1_00_and_nothing_counts(customers: Programme, make: Make):
    shown = standing([make("invoice_unpaid", "2025-01-01", liability="full")], customers, DAY)
    assert (shown.coefficient, shown.expected, shown.points, shown.tier) == (100, 100, 0, "Basic")
    assert shown.status is Status.SHORT_HISTORY
    assert shown.next_review is shown.next_change is shown.exposure is None
    assert left_out(shown) == [Code.BEFORE_EXPOSURE]


def test_refunds_alone_are_no_exposure(customers: Programme, make: Make):
    assert standing([make("refund", "2025-01-01", amount=5)], customers, DAY).exposure is None


def test_an_incident_moves_the_expected_coefficient_at_once_and_the_coefficient_at_the_review(
    customers: Programme, make: Make
):
    signals = [*yearly(make, 2024, 2026), make("invoice_unpaid", "2025-06-01", liability="full")]
    days = [(date(2025, 5, 31), 95, 90), (date(2025, 6, 1), 95, 118), (date(2026, 3, 11), 95, 118)]
    for day, coefficient, expected in [*days, (date(2026, 3, 12), 118, 112)]:
        shown = standing(signals, customers, day)
        assert (shown.coefficient, shown.expected) == (coefficient, expected)


def test_a_signal_on_the_review_day_belongs_to_the_new_period(customers: Programme, make: Make):
    orders = yearly(make, 2024, 2026)
    on_the_day = make("invoice_late", "2025-03-12", liability="partial")
    eve = make("invoice_late", "2025-03-11", liability="partial")
    assert standing([*orders, on_the_day], customers, date(2025, 3, 12)).coefficient == 95
    assert standing([*orders, eve], customers, date(2025, 3, 12)).coefficient == 112


def test_a_period_without_an_order_gives_no_reduction_but_still_increases(customers: Programme, make: Make):
    order, incident = make("order_paid", "2024-03-12"), make("invoice_late", "2025-06-01", liability="partial")
    assert [r.coefficient for r in standing([order], customers, DAY).reviews] == [95, 95]
    assert [r.coefficient for r in standing([order, incident], customers, DAY).reviews] == [95, 106]


def test_expected_reads_the_running_period_literally_until_an_order_comes(customers: Programme, make: Make):
    shown = standing([make("order_paid", "2025-03-12")], customers, date(2026, 4, 1))
    assert (shown.coefficient, shown.expected, shown.trend) == (95, 95, Trend.STABLE)
    assert [line.code for line in shown.way_back] == [Code.REVIEW_IDLE, Code.NEXT_TIER]
    assert shown.way_back[0].values["active"] == 90


def test_incidents_of_one_day_count_full_before_partial_then_by_source(customers: Programme, make: Make, law: Rules):
    signals = [
        *yearly(make, 2014, 2025, "01-01"),
        make("claim_at_fault", "2025-06-01", liability="partial", source="9"),
        make("claim_at_fault", "2025-06-01", liability="full", source="10"),
    ]
    assert standing(signals, customers, date(2025, 1, 1)).coefficient == 54
    assert standing(signals, customers, date(2026, 1, 1)).coefficient == 75  # 0.67 x 1.125
    other = replace(customers, rules=replace(customers.rules, same_day="partial first"))
    raised = [line for line in standing(signals, other, date(2026, 1, 1)).lines if line.code is Code.RAISED]
    assert [line.values["liability"] for line in raised] == ["partial", "full"]


def test_ids_of_one_day_are_compared_as_numbers_hr06(customers: Programme, make: Make):
    signals = [make("order_paid", "2025-03-12")]
    signals += [make("claim_at_fault", "2025-06-01", liability="full", source=number) for number in ("10", "9")]
    raised = [line for line in standing(signals, customers, DAY).lines if line.code is Code.RAISED]
    assert [line.values["source"] for line in raised] == ["9", "10"]


def test_a_claim_the_customer_was_right_about_is_shown_and_never_counted(customers: Programme, make: Make):
    orders = yearly(make, 2025, 2026)
    shown = standing([*orders, make("claim_justified", "2025-06-01")], customers, DAY)
    assert shown.coefficient == standing(orders, customers, DAY).coefficient
    assert Code.EXCUSED in [line.code for line in shown.lines]


def test_signals_that_are_switched_off_or_unknown_are_listed_and_do_not_count(customers: Programme, make: Make):
    orders = yearly(make, 2025, 2026)
    speech = [make("complaint", "2025-06-01", liability="full"), make("nonsense", "2025-06-01", liability="full")]
    shown = standing([*orders, *speech], customers, DAY)
    assert shown.coefficient == 95
    assert left_out(shown) == [Code.SWITCHED_OFF, Code.UNKNOWN]


def test_the_same_fact_under_one_key_counts_once_the_first_recorded(customers: Programme, make: Make):
    early, late = datetime(2025, 6, 2, tzinfo=UTC), datetime(2025, 6, 3, tzinfo=UTC)
    twins = [
        make("claim_at_fault", "2025-06-01", liability="full", key="c", recorded=late, source="1"),
        make("claim_at_fault", "2025-06-01", liability="partial", key="c", recorded=early, source="2"),
    ]
    shown = standing([*yearly(make, 2025, 2026), *twins], customers, DAY)
    assert shown.coefficient == 112
    assert left_out(shown) == [Code.TWIN]


def test_the_same_key_under_another_name_is_another_fact(customers: Programme, make: Make):
    signals = [make("order_paid", "2025-03-12", key="c"), make("referral_won", "2025-03-12", key="c")]
    assert standing(signals, customers, DAY).points == 60


def test_without_a_key_equal_signals_are_different_facts(customers: Programme, make: Make):
    assert standing([make("order_paid", "2025-03-12")] * 2, customers, DAY).points == 20


def test_art_8_counts_what_is_recorded_up_to_two_years_after_the_following_review(customers: Programme, make: Make):
    def shown(recorded: datetime) -> Standing:
        late = make("invoice_unpaid", "2022-06-01", liability="full", recorded=recorded)
        return standing([*yearly(make, 2022, 2026), late], customers, DAY)

    last_instant = datetime(2025, 3, 12, 23, 59, tzinfo=UTC)
    assert shown(last_instant).reviews[0].coefficient == 125
    assert shown(datetime(2025, 3, 13, tzinfo=UTC)).reviews[0].coefficient == 95
    assert left_out(shown(datetime(2025, 3, 13, tzinfo=UTC))) == [Code.TOO_LATE]


def test_what_the_first_fill_brought_is_never_late(customers: Programme, make: Make):
    old = make("invoice_unpaid", "2012-06-01", liability="full", recorded=None)
    assert standing([*yearly(make, 2012, 2026), old], customers, DAY).reviews[0].coefficient == 125


def test_an_order_that_comes_to_light_years_later_does_not_move_the_exposure(customers: Programme, make: Make):
    late = make("order_paid", "2019-01-01", recorded=datetime(2025, 1, 1, tzinfo=UTC))
    in_time = make("order_paid", "2023-01-01", recorded=datetime(2025, 1, 1, tzinfo=UTC))
    assert standing([*yearly(make, 2024, 2026), late], customers, DAY).exposure == date(2024, 3, 12)
    assert standing([*yearly(make, 2024, 2026), in_time], customers, DAY).exposure == date(2023, 1, 1)


def test_a_contract_that_began_earlier_opens_the_exposure(customers: Programme, make: Make):
    orders = [make("order_paid", "2025-03-12")]
    assert standing(orders, customers, DAY, subject=Subject(date(2024, 1, 1))).exposure == date(2024, 1, 1)
    assert standing(orders, customers, DAY, subject=Subject(date(2025, 5, 1))).exposure == date(2025, 3, 12)
    assert standing([], customers, DAY, subject=Subject(date(2025, 5, 1))).next_review == date(2027, 5, 1)
    assert standing([], customers, DAY, subject=Subject(date(2027, 5, 1))).exposure is None


def test_with_one_review_day_for_all_a_short_first_period_gives_no_reduction(customers: Programme, make: Make):
    shop = replace(customers, fixed_review="12-01")
    day = date(2011, 12, 9)
    assert standing([make("order_paid", "2010-12-15")], shop, day).coefficient == 95
    assert standing([make("order_paid", "2011-03-02")], shop, day).coefficient == 100
    late = make("invoice_late", "2011-06-01", liability="partial")
    assert standing([make("order_paid", "2011-03-02"), late], shop, day).coefficient == 112
    assert standing([make("order_paid", "2011-12-05")], shop, day).status is Status.SHORT_HISTORY


def test_under_the_law_a_claim_in_the_two_months_before_the_review_counts_a_year_later(
    customers: Programme, make: Make, law: Rules
):
    programme = replace(customers, rules=law)
    claim = make("claim_at_fault", "2025-01-20", liability="full")
    signals = [*yearly(make, 2024, 2026, "03-12"), *yearly(make, 2024, 2026, "12-01"), claim]
    assert [r.coefficient for r in standing(signals, programme, DAY).reviews] == [95, 118]


def test_what_will_count_at_a_later_review_is_told_and_moves_no_coefficient_yet(
    customers: Programme, make: Make, law: Rules
):
    programme, day = replace(customers, rules=law), date(2027, 2, 1)
    orders = yearly(make, 2024, 2026, "03-12")
    late = make("invoice_late", "2027-01-20", liability="partial")
    refunds = [make("refund", f"2027-01-{number}", amount=5) for number in (21, 22, 23)]
    shown, without = standing([*orders, late, *refunds], programme, day), standing(orders, programme, day)
    assert (shown.coefficient, shown.expected) == (without.coefficient, without.expected) == (90, 85)
    told = [line.values for line in shown.lines if line.code is Code.COUNTS_LATER]
    assert [values["signal"] for values in told] == ["invoice_late", "refund_abuse"]
    assert {values["review"] for values in told} == {date(2028, 3, 12)}
    counted = standing([*orders, make("order_paid", "2027-03-12"), late, *refunds], programme, date(2028, 3, 12))
    raised = [line for line in counted.lines if line.code is Code.RAISED]
    assert [line.values["signal"] for line in raised] == ["invoice_late", "refund_abuse"]


def test_three_years_at_the_floor_may_be_counted_to_the_day(customers: Programme, make: Make, law: Rules):
    orders = yearly(make, 2008, 2026, "01-10")
    claim = make("claim_at_fault", "2023-12-01", liability="full")
    by_reviews = replace(customers, rules=law)
    by_dates = replace(customers, rules=replace(law, floor_years="dates"))
    reached = next(r.on for r in standing(orders, by_reviews, DAY).reviews if r.coefficient == 50)
    assert reached == date(2021, 1, 10)
    assert standing([*orders, claim], by_reviews, date(2025, 1, 10)).coefficient == 50
    assert standing([*orders, claim], by_dates, date(2025, 1, 10)).coefficient == 62
    later = make("claim_at_fault", "2024-01-10", liability="full")
    assert standing([*orders, later], by_dates, date(2025, 1, 10)).coefficient == 50


@pytest.mark.parametrize(
    ("coefficient_from", "day", "expected"),
    [("2025-01-01", "2025-12-31", None), ("2025-01-01", "2026-01-01", date(2026, 1, 1))],
)
def test_changed_on_is_the_last_day_on_which_coefficient_or_tier_moved(
    customers: Programme, make: Make, coefficient_from: str, day: str, expected: date | None
):
    shown = standing([make("order_paid", coefficient_from)], customers, date.fromisoformat(day))
    assert shown.changed_on == expected


def test_next_change_is_the_next_day_on_which_something_moves_by_itself(customers: Programme, make: Make):
    order, invoice = make("order_paid", "2025-03-12"), make("invoice_unpaid", "2025-05-01", liability="full")
    assert standing([order], customers, date(2025, 4, 1)).next_change == date(2026, 3, 12)
    assert standing([order, invoice], customers, date(2025, 4, 1)).next_change == date(2025, 5, 1)
    assert standing([make("order_paid", "2025-05-01")], customers, date(2025, 4, 1)).next_change == date(2025, 5, 1)
    assert standing([make("complaint", "2025-05-01")], customers, date(2025, 4, 1)).next_change is None
    expiring = [make("order_paid", "2023-03-12"), make("order_paid", "2023-08-01")]
    assert standing(expiring, customers, date(2025, 4, 1)).next_change == date(2025, 8, 1)


def test_a_coefficient_above_1_50_flags_the_subject_and_refuses_nothing(customers: Programme, make: Make):
    orders = yearly(make, 2025, 2026)
    incidents = [make("invoice_unpaid", "2025-06-01", liability="full") for _ in range(2)]
    assert not standing([*orders, incidents[0]], customers, DAY).needs_attention
    assert standing([*orders, *incidents], customers, DAY).needs_attention


def test_only_three_reasons_are_given_the_incidents_first(customers: Programme, make: Make, example: list[Signal]):
    extra = [make("invoice_unpaid", "2026-04-01", liability="full"), make("review_positive", "2026-04-01")]
    found = standing([*example, *extra], customers, DAY).reasons
    assert [line.code for line in found] == [Code.INCIDENT, Code.INCIDENT, Code.POINTS_SUM]
    assert [line.values["factor"] for line in found[:2]] == [1250, 1125]


def test_the_way_back_names_the_review_that_reaches_1_00_again(customers: Programme, make: Make):
    signals = [*yearly(make, 2025, 2026), make("invoice_unpaid", "2025-06-01", liability="full")]
    way = standing(signals, customers, DAY).way_back
    assert [line.code for line in way] == [Code.REVIEW_CLEAN, Code.NEXT_TIER, Code.ORIGIN_AGAIN]
    assert way[-1].values == {"review": date(2028, 3, 12), "coefficient": 100}


def test_the_way_back_counts_on_the_incidents_there_have_been(customers: Programme, make: Make):
    def next_review(*signals: Signal, programme: Programme = customers) -> tuple[Code, object, object]:
        line = standing(signals, programme, DAY).way_back[0]
        return line.code, line.values["coefficient"], line.values.get("active")

    incident = make("claim_at_fault", "2026-06-01", liability="full")
    malaysia = replace(customers, rules=load_scale_rules(FOLDER / "my-6.toml"))
    assert next_review(make("order_paid", "2026-02-05"), incident, programme=malaysia)[:2] == (Code.REVIEW_RAISED, 100)
    worst = [make("claim_at_fault", f"{year}-06-01", liability="full") for year in range(2014, 2026)]
    orders = yearly(make, 2014, 2025)
    assert next_review(*orders, *worst) == (Code.REVIEW_IDLE, 350, 332)
    assert next_review(*orders, *worst, incident) == (Code.REVIEW_RAISED, 350, None)  # with an order or without
    at_floor = yearly(make, 2005, 2026)
    assert next_review(*at_floor) == (Code.REVIEW_CLEAN, 50, None)
    assert next_review(*at_floor, incident) == (Code.REVIEW_RAISED, 50, None)  # absorbed
    excused, young = make("claim_justified", "2026-06-01"), yearly(make, 2025, 2026)
    held = replace(customers, rules=replace(customers.law, excused="held"))
    assert next_review(*young, excused) == (Code.REVIEW_CLEAN, 90, None)
    assert next_review(*young, excused, programme=held) == (Code.REVIEW_RAISED, 95, None)


def test_an_order_helps_only_in_the_period_that_the_review_looks_at(customers: Programme, make: Make, law: Rules):
    programme, orders = replace(customers, rules=law), yearly(make, 2024, 2025)
    way = standing(orders, programme, date(2026, 11, 22)).way_back[0]
    assert (way.code, way.values["coefficient"], way.values["active"]) == (Code.REVIEW_IDLE, 90, 85)
    last = way.values["last"]
    assert last == date(2027, 1, 11)
    for on, coefficient in ((last, 85), (date(2027, 1, 12), 90)):
        assert standing([*orders, make("order_paid", str(on))], programme, date(2027, 3, 12)).coefficient == coefficient


def test_what_a_person_set_for_good_is_what_the_next_review_shows(customers: Programme, make: Make):
    def way(until: date | None) -> list[tuple[Code, object]]:
        decision = Decision(Kind.ADJUST, date(2026, 5, 1), "u7", "a promise", coefficient=160, until=until)
        signals = [*yearly(make, 2022, 2026), *(make("claim_at_fault", "2026-06-01", liability="full"),) * 3]
        shown = standing(signals, customers, DAY, Subject(decisions=(decision,)))
        return [
            (line.code, line.values.get("coefficient")) for line in shown.way_back if line.code is not Code.NEXT_TIER
        ]

    assert way(None) == way(date(2028, 1, 1)) == [(Code.REVIEW_SET, 160)]
    assert way(date(2027, 1, 1)) == [(Code.REVIEW_RAISED, 156), (Code.ORIGIN_AGAIN, 100)]


def test_1_00_again_is_dated_from_exposure_so_a_leap_day_comes_back(customers: Programme, make: Make):
    claims = [make("claim_at_fault", "2025-10-10", liability="full") for _ in range(2)]
    orders = [make("order_paid", on) for on in ("2024-02-29", "2025-06-01", "2026-05-01")]
    assert standing([*orders, *claims], customers, DAY).way_back[-1].values["review"] == date(2028, 2, 29)


def test_nothing_is_above_the_highest_tier(customers: Programme, make: Make):
    only = replace(customers, tiers=customers.tiers[:1])
    assert [line.code for line in standing(yearly(make, 2025, 2026), only, DAY).way_back] == [Code.REVIEW_CLEAN]


def test_a_history_of_thirty_years_from_a_leap_day_is_reviewed_thirty_times(customers: Programme, make: Make):
    orders = [make("order_paid", "1996-02-29"), *yearly(make, 1996, 2026, "03-01")]
    shown = standing(orders, customers, DAY)
    assert len(shown.reviews) == 30
    assert shown.coefficient == 50
    assert [str(shown.reviews[number].on) for number in (2, 3, 4)] == ["1999-02-28", "2000-02-29", "2001-02-28"]
