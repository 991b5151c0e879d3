"""Which time zone was in force when, and the days that follow from it."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sync.ledger import zones
from sync.ledger.zones import INSTANT, UNSETTLED, Zones

PARIS, NEW_YORK, KIRITIMATI = map(ZoneInfo, ("Europe/Paris", "America/New_York", "Pacific/Kiritimati"))
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def then(*moves: tuple[ZoneInfo, datetime]) -> Zones:
    """Paris since the first of January, then what follows."""
    found = ((PARIS, FIRST), *moves)
    return Zones(tuple(zone for zone, _ in found), tuple(since for _, since in found))


def test_an_instant_is_on_the_day_of_the_zone_that_was_in_force_and_the_first_one_counts_from_the_beginning():
    moved = datetime(2026, 5, 1, 12, tzinfo=UTC)
    known = then((KIRITIMATI, moved))
    assert known.present == KIRITIMATI
    assert known.local(FIRST - timedelta(hours=1)).date() == date(2026, 1, 1)
    assert known.local(moved - INSTANT).date() == date(2026, 5, 1)
    assert known.local(moved).date() == date(2026, 5, 2)
    assert UNSETTLED.local(FIRST).date() == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("moves", "end"),
    [
        ((), datetime(2026, 5, 1, 22, tzinfo=UTC)),
        # It had ended already: it ends once more, later.
        (((NEW_YORK, datetime(2026, 5, 1, 23, tzinfo=UTC)),), datetime(2026, 5, 2, 4, tzinfo=UTC)),
        # It ended at once, being the next day there.
        (((KIRITIMATI, datetime(2026, 5, 1, 12, tzinfo=UTC)),), datetime(2026, 5, 1, 12, tzinfo=UTC)),
        (((KIRITIMATI, datetime(2026, 5, 1, 8, tzinfo=UTC)),), datetime(2026, 5, 1, 10, tzinfo=UTC)),
        # Two moves on one day, and two at one instant, of which the later holds.
        (
            ((KIRITIMATI, datetime(2026, 5, 1, 12, tzinfo=UTC)), (NEW_YORK, datetime(2026, 5, 1, 13, tzinfo=UTC))),
            datetime(2026, 5, 2, 4, tzinfo=UTC),
        ),
        (
            ((KIRITIMATI, datetime(2026, 5, 1, 8, tzinfo=UTC)), (PARIS, datetime(2026, 5, 1, 8, tzinfo=UTC))),
            datetime(2026, 5, 1, 22, tzinfo=UTC),
        ),
    ],
)
def test_a_day_ends_where_it_last_was_that_day(moves: tuple[tuple[ZoneInfo, datetime], ...], end: datetime):
    assert then(*moves).end(date(2026, 5, 1)) == end - INSTANT


HOURS = st.integers(0, 24 * 60)


@given(
    st.lists(st.tuples(st.sampled_from([PARIS, NEW_YORK, KIRITIMATI]), HOURS), max_size=5),
    st.integers(0, 60 * 60),
)
@example([(KIRITIMATI, 0), (PARIS, 515), (KIRITIMATI, 515)], 600)
def test_no_instant_of_a_day_is_after_its_end(moves: list[tuple[ZoneInfo, int]], minute: int):
    moves.sort(key=lambda each: each[1])
    known = then(*((zone, FIRST + timedelta(hours=hour)) for zone, hour in moves))
    instant = FIRST + timedelta(days=20, minutes=minute)
    day = known.local(instant).date()
    assert instant <= known.end(day)
    assert known.local(known.end(day)).date() <= day


def test_programmes_of_one_ledger_have_zones_of_their_own(filling):
    with filling.ledger.begin() as tx:
        zones.enter(tx, filling.entry.programme, "Europe/Paris", FIRST)
        zones.enter(tx, filling.entry.programme, "America/New_York", FIRST + timedelta(days=1))
        assert zones.of(tx, "customers").zones == (PARIS, NEW_YORK)
        assert zones.of(tx, "others") == UNSETTLED
