from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from scoring.line import Code
from scoring.rates import Rates
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


def test_what_is_given_once_is_given_for_the_first_signal_ever(customers: Programme, make: Make):
    once = replace(customers, points={"review_positive": Award(25, repeat="once")})
    signals = [make("order_paid", FIRST), *(make("review_positive", day) for day in ("2025-04-01", "2026-04-01"))]
    assert points(signals, once, "2026-05-01") == 25
    assert Code.POINTS_ONCE in codes(signals, once, "2026-05-01")
    assert points(signals[::2], once, "2026-05-01") == 25  # the first one taken back


def test_a_cap_holds_for_losses_too(customers: Programme, make: Make):
    harsh = replace(customers, points={"invoice_late": Award(-30, 50)}, points_floor=None)
    signals = [make("order_paid", FIRST), *(make("invoice_late", "2025-04-01") for _ in range(3))]
    assert points(signals, harsh) == -50


def test_a_signal_may_have_an_expiry_of_its_own(customers: Programme, make: Make):
    short = replace(customers, points={**customers.points, "review_positive": Award(7, expiry_months=6)})
    signals = [make("order_paid", FIRST), make("review_positive", "2025-08-31")]
    assert points(signals, short, "2026-02-27") == 17
    assert points(signals, short, "2026-02-28") == 10


@pytest.mark.parametrize(
    ("day", "left"),
    [
        ("2025-03-31", 25),
        ("2025-04-29", 25),
        ("2025-04-30", 20),  # a month after the last of March, of five
        ("2025-05-30", 20),
        ("2025-05-31", 15),
        ("2025-08-30", 5),
        ("2025-08-31", 0),
    ],
)
def test_points_may_fade_month_by_month(customers: Programme, make: Make, day: str, left: int):
    fading = replace(customers, points={"order_paid": Award(25, expiry_months=5, fading="linear")})
    assert points([make("order_paid", "2025-03-31")], fading, day) == left


def test_what_fades_is_announced_as_a_change_and_has_a_line_of_its_own(customers: Programme, make: Make):
    fading = replace(customers, points={"order_paid": Award(25, expiry_months=5, fading="linear")})
    shown = standing([make("order_paid", "2025-03-31")], fading, date(2025, 5, 30))
    assert shown.next_change == date(2025, 5, 31)
    faded = next(line for line in shown.lines if line.code is Code.FADED)
    assert faded.values["points"] == -5


def test_a_step_of_fading_that_takes_no_whole_point_is_no_change(customers: Programme, make: Make):
    slow = replace(customers, points={"order_paid": Award(2, expiry_months=6, fading="linear")})
    shown = standing([make("order_paid", "2025-03-12")], slow, date(2025, 4, 12))
    assert (shown.points, shown.next_change) == (1, date(2025, 7, 12))


@pytest.mark.parametrize(("amount", "left"), [(100, 0), (50, 6)])
def test_what_is_taken_back_fades_together_with_what_it_was_taken_from(
    customers: Programme, make: Make, amount: int, left: int
):
    fading = replace(customers, points={"order_paid": Award(24, expiry_months=12, fading="linear")}, derived=())
    signals = [
        make("order_paid", FIRST, amount=100, source="a"),
        make("refund", "2025-05-20", amount=amount, original="a"),
    ]
    assert points(signals, fading, "2025-09-12") == left  # half the year is gone


RATES = Rates("EUR", {"JPY": ((date(2025, 1, 2), date(2025, 6, 2)), (Decimal(160), Decimal(200)))})


def test_a_refund_in_other_money_finds_its_order_by_the_rates_of_its_day(customers: Programme, make: Make):
    euro = replace(customers, currency="EUR", derived=())
    order = make("order_paid", FIRST, amount=100, currency="EUR")
    refund = make("refund", "2025-04-01", amount=8000, currency="JPY")  # 50 EUR
    shown = standing([order, refund], euro, date(2026, 1, 1), rates=RATES)
    assert shown.points == 5
    assert standing([order, refund], customers, date(2026, 1, 1), rates=RATES).points == 10


def test_an_amount_without_a_rate_is_listed_and_never_guessed(customers: Programme, make: Make):
    euro = replace(customers, currency="EUR")
    signals = [
        make("order_paid", FIRST, amount=100, currency="EUR"),
        make("refund", "2025-04-01", amount=50, currency="XAU"),
    ]
    for rates in (RATES, None):
        shown = standing(signals, euro, date(2026, 1, 1), rates=rates)
        assert shown.points == 10
        assert [line.values["currency"] for line in shown.lines if line.code is Code.NOT_CONVERTED] == ["XAU"]


def test_many_refunds_in_other_money_are_many_refunds(customers: Programme, make: Make):
    euro = replace(customers, currency="EUR")
    signals = [make("order_paid", FIRST, amount=100, currency="EUR")]
    signals += [make("refund", "2025-04-01", amount=1200, currency="JPY") for _ in range(3)]
    assert standing(signals, euro, date(2026, 3, 12), rates=RATES).coefficient == 112
    assert standing(signals, customers, date(2026, 3, 12)).coefficient == 112  # all the yen there are came back
    fewer = [*signals, make("order_paid", FIRST, amount=100_000, currency="JPY")]
    assert standing(fewer, euro, date(2026, 3, 12), rates=RATES).coefficient == 95
