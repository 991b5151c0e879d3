from datetime import UTC, datetime, timedelta, timezone

import pytest

from sandbox.clock import Clock

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_it_stands_still_until_it_is_told_otherwise():
    clock = Clock(NOON)
    assert clock.now() == clock.now() == NOON


def test_it_advances_by_what_it_is_told():
    clock = Clock(NOON)
    clock.advance(timedelta(days=90))
    assert clock.now() == datetime(2027, 2, 20, 12, tzinfo=UTC)


def test_it_never_goes_back():
    clock = Clock(NOON)
    with pytest.raises(ValueError, match="cannot go back: it is 2026-11-22T12:00:00"):
        clock.set(NOON - timedelta(seconds=1))
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(timedelta(seconds=-1))
    assert clock.now() == NOON


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="needs a time with its zone"):
        Clock(NOON).set(datetime(2027, 1, 1))  # noqa: DTZ001 - the fault under test


def test_whatever_zone_it_is_set_in_it_answers_in_utc():
    clock = Clock(NOON)
    clock.set(datetime(2026, 11, 22, 14, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now().isoformat() == "2026-11-22T13:00:00+00:00"


def test_a_ticking_clock_goes_on_from_where_it_was_set():
    clock = Clock(NOON, ticking=True)
    first = clock.now()
    while (second := clock.now()) == first:
        pass
    assert NOON <= first < second
