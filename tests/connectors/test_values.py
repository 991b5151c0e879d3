"""Values on the wire, both ways."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.values import as_date, as_instant, as_number, instant_text, milliseconds, number_text
from scoring.records import Malformed


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12", Decimal(12)),
        ("-0.50", Decimal("-0.50")),
        ("1,234.50", Decimal("1234.50")),
        ("12,345,678", Decimal(12345678)),
        ("1E+3", Decimal(1000)),
    ],
)
def test_hr18_numbers_are_exact_whatever_their_dress(text: str, number: Any):
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["", "1,23", "12;13", "NaN", "Infinity", "twelve", "1.2.3"])
def test_hr18_what_is_no_number_stays_visible(text: str):
    assert as_number(text) == Malformed(text, "a number")


@pytest.mark.parametrize("text", ["2026-02-30", "2026-2-3", "20260203", "2026-01-01T00:00:00Z", ""])
def test_a_date_that_is_none_stays_visible(text: str):
    assert as_date(text) == Malformed(text, "a date")


def test_a_date_is_a_civil_date():
    assert as_date("2024-02-29") == date(2024, 2, 29)


@pytest.mark.parametrize(
    "text", ["2026-11-22T08:00:00.000+0000", "2026-11-22T08:00:00.000Z", "2026-11-22T09:00:00+01:00"]
)
def test_sr32_the_forms_of_one_instant_are_equal(text: str):
    assert as_instant(text) == datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_sr31_an_instant_without_a_zone_is_refused():
    naive = datetime(2026, 11, 22)  # noqa: DTZ001 - the mistake under test
    assert as_instant("2026-11-22T08:00:00") == Malformed("2026-11-22T08:00:00", "a date and time")
    for refuse in (instant_text, milliseconds):
        with pytest.raises(ValueError, match="no time zone"):
            refuse(naive)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(timezone(timedelta(hours=5)))))  # noqa: DTZ001 - hypothesis adds the zone
def test_hr08_an_instant_is_floored_to_the_millisecond_and_comes_back(instant: datetime):
    back = as_instant(instant_text(instant))
    assert timedelta(0) <= instant - back < timedelta(milliseconds=1)
    assert milliseconds(back) == milliseconds(instant)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=2))
def test_hw09_numbers_are_plain_digits(number: Any):
    text = number_text(number)
    assert "E" not in text
    assert "," not in text
    assert Decimal(text) == number
