from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

import pytest

from scoring.line import Code
from scoring.rules import Award, Programme
from scoring.signal import Signal
from scoring.standing import standing

Make = Callable[..., Signal]

FIRST = "2025-03-12"


def points(signals: Sequence[Signal], programme: Programme, day: str = "2026-01-01") -> int:
    return standing(signals, programme, date.fromisoformat(day)).points


def codes(signals: Sequence[Signal], programme: Programme, day: str = "2026-01-01") -> set[Code]:
    return {line.code for line in standing(signals, programme, date.fromisoformat(day)).lines}


def test_an_order_gives_ten_points_and_a_period_two_hundred_at_most(customers: Programme, make: Make):
    orders = [make("order_paid", f"2025-04-{day:02d}") for day in range(1, 26)]
    assert points(orders[:20], customers) == 200
    assert points(orders, customers) == 200
    assert Code.POINTS_CAPPED in codes(orders, customers)
    assert points([*orders, make("order_paid", "2026-04-02")], customers, "2026-04-02") == 210


def test_a_cap_lets_the_last_award_in_for_the_part_that_still_fits(customers: Programme, make: Make):
    tight = replace(customers, points={"order_paid": Award(30, 50)})
    assert points([make("order_paid", FIRST), make("order_paid", FIRST)], tight) == 50


def test_caps_hold_for_each_kind_of_signal_by_itself(customers: Programme, make: Make):
    orders = [make("order_paid", FIRST) for _ in range(25)]
    referrals = [make("referral_won", "2025-04-01") for _ in range(5)]
    assert points([*orders, *referrals], customers) == 400


def test_points_expire_24_months_after_their_day(customers: Programme, make: Make):
    orders = [make("order_paid", "2024-02-29"), make("order_paid", "2025-01-10")]
    assert points(orders, customers, "2026-02-27") == 20
    assert points(orders, customers, "2026-02-28") == 10


def test_the_balance_is_never_shown_below_zero_and_comes_back_when_the_malus_expires(customers: Programme, make: Make):
    signals = [make("order_paid", FIRST), make("invoice_late", "2025-04-01", liability="partial")]
    assert points(signals, customers) == 0
    assert Code.BALANCE_FLOORED in codes(signals, customers)
    assert points(signals, replace(customers, points_floor=None)) == -20
    assert points([*signals, make("order_paid", "2027-03-30")], customers, "2027-04-01") == 10


def test_a_refund_takes_the_points_of_its_own_order_back_in_proportion(customers: Programme, make: Make):
    orders = [
        make("order_paid", FIRST, amount=100, source="a"),
        make("order_paid", "2025-03-13", amount=100, source="b"),
    ]
    assert points([*orders, make("refund", "2025-04-01", amount=50, original="a")], customers) == 15
    assert points([*orders, make("refund", "2025-04-01", amount=100, original="a")], customers) == 10


def test_many_small_refunds_together_take_back_the_floor_of_their_share(customers: Programme, make: Make):
    order = make("order_paid", FIRST, amount=100, source="a")
    refunds = [make("refund", f"2025-04-{day:02d}", amount="3.50", original="a") for day in range(1, 29)]
    quiet = replace(customers, derived=())
    assert points([order, *refunds[:2]], quiet) == 10
    assert points([order, *refunds[:3]], quiet) == 9
    assert points([order, *refunds], quiet) == 1  # 98.00 of 100


def test_refunds_of_more_than_the_order_take_back_no_more_than_it_gave(customers: Programme, make: Make):
    signals = [
        make("order_paid", FIRST, amount=100, source="a"),
        make("order_paid", FIRST, amount=100, source="b"),
        make("refund", "2025-04-01", amount=900, original="a"),
        make("refund", "2025-04-02", amount=900, original="a"),
    ]
    assert points(signals, customers) == 10


def test_an_unlinked_refund_takes_from_the_most_recent_earlier_orders(customers: Programme, make: Make):
    orders = [make("order_paid", f"2025-03-{day}", amount=100) for day in (12, 13, 14)]
    later = make("order_paid", "2025-05-01", amount=1000)
    assert points([*orders, later, make("refund", "2025-04-01", amount=150)], customers) == 25
    assert points([*orders, later, make("refund", "2025-04-01", amount=999)], customers) == 10


def test_a_refund_on_the_day_of_its_order_finds_it(customers: Programme, make: Make):
    signals = [make("refund", FIRST, amount=100, source="0"), make("order_paid", FIRST, amount=100, source="9")]
    assert points(signals, customers) == 0


def test_a_record_that_is_order_and_refund_in_one_takes_its_own_points_back(customers: Programme, make: Make):
    signals = [
        make("order_paid", FIRST, amount=80, source="same"),
        make("refund", "2025-04-01", amount=80, source="same", original="same"),
    ]
    assert points(signals, customers) == 0


def test_a_linked_refund_without_amount_takes_the_whole_order_back(customers: Programme, make: Make):
    order = make("order_paid", FIRST, amount=80, source="a")
    assert points([order, make("refund", "2025-04-01", original="a")], customers) == 0
    assert points([order, make("refund", "2025-04-01")], customers) == 10


@pytest.mark.parametrize("amount", [None, 0])
def test_a_linked_refund_of_an_order_without_value_takes_it_back_whole(
    customers: Programme, make: Make, amount: int | None
):
    order = make("order_paid", FIRST, amount=amount, source="a")
    assert points([order, make("refund", "2025-04-01", amount=5, original="a")], customers) == 0
    assert points([order, make("refund", "2025-04-01", amount=5)], customers) == 10


def test_a_refund_linked_to_an_order_nobody_knows_takes_nothing(customers: Programme, make: Make):
    signals = [make("order_paid", FIRST, amount=80), make("refund", "2025-04-01", amount=80, original="elsewhere")]
    assert points(signals, customers) == 10
    assert Code.NOTHING_TAKEN in codes(signals, customers)


def test_a_refund_linked_to_a_twin_takes_the_points_of_the_one_that_counts(customers: Programme, make: Make):
    signals = [
        make("order_paid", FIRST, amount=80, connection="hubspot", source="h", key="k"),
        make("order_paid", FIRST, amount=80, connection="salesforce", source="s", key="k"),
        make("refund", "2025-04-01", amount=80, connection="salesforce", source="r", original="s"),
    ]
    assert points(signals, customers) == 0


def test_an_unlinked_refund_never_takes_from_an_order_in_other_money(customers: Programme, make: Make):
    signals = [
        make("order_paid", FIRST, amount=80, currency="EUR"),
        make("refund", "2025-04-01", amount=80, currency="JPY"),
    ]
    assert points(signals, customers) == 10


def test_a_counter_entry_expires_with_the_points_it_took_back(customers: Programme, make: Make):
    signals = [
        make("order_paid", FIRST, amount=100, source="a"),
        make("refund", "2026-03-01", amount=100, original="a"),
        make("order_paid", "2026-04-01", amount=100, source="b"),
    ]
    assert points(signals, customers, "2027-03-11") == 10
    assert points(signals, customers, "2027-03-12") == 10


def test_a_refund_of_an_order_whose_points_are_gone_takes_nothing(customers: Programme, make: Make):
    signals = [
        make("order_paid", FIRST, amount=100, source="a"),
        make("order_paid", "2026-04-01", amount=100, source="b"),
        make("refund", "2027-03-12", amount=100, original="a"),
    ]
    assert points(signals, customers, "2027-03-12") == 10


def test_signals_before_exposure_give_no_points(customers: Programme, make: Make):
    assert points([make("review_positive", "2025-01-01"), make("order_paid", FIRST)], customers) == 10
