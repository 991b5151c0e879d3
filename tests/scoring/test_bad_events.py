"""What is wrong with an event has a defined result: it is listed or refused, and never a wrong number."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from scoring.line import Code
from scoring.mapping import Mapping, SignalRule, SubjectPath, SubjectRule
from scoring.records import Malformed, Record, Value
from scoring.rules import Programme
from scoring.signal import Liability, Signal, Source
from scoring.signals import judge
from scoring.standing import Standing, standing
from scoring.status import Status

Make = Callable[..., Signal]

DAY = date(2026, 11, 22)
WHERE = Source("crm", "Thing", "1")


def codes(shown: Standing) -> list[Code]:
    return [line.code for line in shown.lines]


def test_no_events_are_a_short_history_at_1_00(customers: Programme):
    shown = standing([], customers, DAY)
    assert (shown.coefficient, shown.points, shown.tier, shown.status) == (100, 0, "Basic", Status.SHORT_HISTORY)


def test_events_before_exposure_are_listed(customers: Programme, make: Make):
    early = make("invoice_unpaid", "2024-03-11", liability="full")
    shown = standing([early, make("order_paid", "2024-03-12")], customers, DAY)
    assert (shown.coefficient, codes(shown)[0]) == (95, Code.BEFORE_EXPOSURE)


def test_events_in_the_future_have_not_happened(customers: Programme, make: Make):
    order, later = make("order_paid", "2024-03-12"), make("invoice_unpaid", "2027-03-11", liability="full")
    assert standing([order, later], customers, DAY).expected == standing([order], customers, DAY).expected


def test_events_in_any_order_give_one_result(customers: Programme, make: Make):
    signals = [make("order_paid", f"202{year}-05-0{year}") for year in range(1, 7)]
    signals += [make("invoice_late", "2024-01-01", liability="partial", source="x")]
    assert standing(signals[::-1], customers, DAY) == standing(signals, customers, DAY)


def test_an_event_told_twice_under_one_key_counts_once(customers: Programme, make: Make):
    order = make("order_paid", "2024-03-12")
    told = [make("claim_at_fault", "2024-05-01", liability="full", key="k") for _ in range(2)]
    shown = standing([order, *told], customers, DAY)
    assert shown.reviews[0].coefficient == 125
    assert Code.TWIN in codes(shown)


def test_an_unknown_signal_is_listed(customers: Programme, make: Make):
    shown = standing(
        [make("order_paid", "2024-03-12"), make("astrology", "2024-05-01", liability="full")], customers, DAY
    )
    assert (shown.coefficient, codes(shown)[0]) == (95, Code.UNKNOWN)


def test_reviews_on_29_february_fall_on_the_28th_in_common_years(customers: Programme, make: Make):
    shown = standing([make("order_paid", "2024-02-29")], customers, date(2028, 2, 28))
    assert [str(review.on) for review in shown.reviews] == ["2025-02-28", "2026-02-28", "2027-02-28"]
    assert str(shown.next_review) == "2028-02-29"


@pytest.mark.parametrize("amount", ["0", "0.01", "1000000000000"])
def test_amounts_from_nothing_to_a_million_millions_refund_in_proportion(customers: Programme, make: Make, amount: str):
    order = make("order_paid", "2026-03-12", amount=amount, source="o")
    back = make("refund", "2026-04-01", amount=amount, original="o")
    assert standing([order, back], customers, DAY).points == 0


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "-0.01"])
def test_an_amount_that_is_none_makes_no_signal(amount: str):
    with pytest.raises(ValueError, match="is no amount"):
        Signal("order_paid", DAY, WHERE, amount=Decimal(amount))


def test_an_instant_without_time_zone_makes_no_signal_sr31():
    with pytest.raises(ValueError, match="has no time zone"):
        Signal("order_paid", DAY, WHERE, recorded=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the mistake


RULE = SignalRule(
    name="order_paid",
    object="Order",
    when=(),
    on="Day",
    subject=SubjectPath(field="Contact"),
    amount="Amount",
    liability=Liability.NONE,
)
MAPPING = Mapping("salesforce", SubjectRule("Contact", "Email"), (RULE,))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Amount", Decimal("NaN")),
        ("Amount", Decimal("Infinity")),
        ("Amount", Decimal(10) ** 16),
        ("Amount", "a lot"),
        ("Amount", True),
        ("Amount", Malformed("1O", "a number")),
        ("Day", None),
        ("Day", "yesterday"),
        ("Day", Decimal(20260101)),
        ("Day", date(1066, 10, 14)),
        ("Day", date(9999, 1, 1)),
        ("Day", Malformed("2026-02-30", "a date")),
    ],
)
def test_a_field_that_holds_what_it_should_not_is_a_problem_that_names_it(field: str, value: Value):
    values = {"Contact": "c1", "Day": DAY, "Amount": Decimal(10), field: value}
    record = Record("Order", "o1", datetime(2026, 1, 1, tzinfo=UTC), values)
    found = judge(record, MAPPING, connection="crm", zone=UTC)
    assert found.signals == ()
    assert [problem.field for problem in found.problems] == [field]


@pytest.mark.parametrize("field", ["Amount", "Contact"])
def test_a_field_that_is_empty_is_no_problem(field: str):
    values: dict[str, Value] = {"Contact": "c1", "Day": DAY, "Amount": Decimal(10), field: None}
    record = Record("Order", "o1", datetime(2026, 1, 1, tzinfo=UTC), values)
    found = judge(record, MAPPING, connection="crm", zone=UTC)
    assert found.problems == ()
    assert bool(found.signals) is (field == "Amount")
