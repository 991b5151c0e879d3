from datetime import date
from decimal import Decimal

import pytest

from scoring.rates import Rates

DAYS = (date(2025, 1, 2), date(2025, 1, 3), date(2025, 1, 6))
RATES = Rates(
    "EUR",
    {"USD": (DAYS, (Decimal("1.02"), Decimal("1.03"), Decimal("1.04"))), "GBP": (DAYS[2:], (Decimal("0.83"),))},
)


@pytest.mark.parametrize(
    ("on", "euros"),
    [("2025-01-02", "102"), ("2025-01-03", "103"), ("2025-01-05", "103"), ("2025-01-06", "104"), ("2030-01-01", "104")],
)
def test_the_rate_is_that_of_the_day_else_of_the_nearest_earlier_one(on: str, euros: str):
    assert RATES.convert(Decimal(100), "EUR", "USD", date.fromisoformat(on)) == Decimal(euros)


def test_before_the_first_rate_nothing_is_converted():
    assert RATES.convert(Decimal(100), "EUR", "USD", date(2025, 1, 1)) is None


def test_two_currencies_are_converted_by_their_rates_to_a_third():
    assert RATES.convert(Decimal(104), "USD", "GBP", date(2025, 1, 6)) == Decimal(83)
    assert RATES.convert(Decimal(104), "USD", "GBP", date(2025, 1, 5)) is None


def test_a_currency_that_nobody_quotes_is_not_converted():
    assert RATES.convert(Decimal(100), "XAU", "EUR", date(2025, 1, 6)) is None


def test_money_of_the_same_currency_needs_no_rate():
    assert RATES.convert(Decimal(100), "XAU", "XAU", date(1999, 1, 1)) == 100


@pytest.mark.parametrize("amount", ["0", "1000000000000", "0.01"])
def test_amounts_large_and_small_keep_their_cents(amount: str):
    there = RATES.convert(Decimal(amount), "EUR", "USD", date(2025, 1, 6))
    assert there is not None
    assert RATES.convert(there, "USD", "EUR", date(2025, 1, 6)) == Decimal(amount)
