import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.rulefile import load_programme
from scoring.explain import BrokenError, from_json, replay, to_json
from scoring.line import Code, Line
from scoring.rules import Programme
from scoring.signal import Liability, Signal, Source
from scoring.standing import Standing, standing

DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)
VARIANTS = [
    CUSTOMERS,
    replace(CUSTOMERS, fixed_review="12-01", demotion="straight", points_floor=None),
    replace(
        CUSTOMERS,
        rules=replace(
            CUSTOMERS.rules, truncation="once", lag_months=2, floor_years="dates", excused="held", lapse_after=2
        ),
    ),
]

# hypothesis wants bounds without a zone
LONG_AGO, LATER = (datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None) for year in (2012, 2028))

days = st.dates(date(2012, 1, 1), date(2028, 12, 31))
amounts = st.none() | st.decimals(0, 10**12, places=2, allow_nan=False, allow_infinity=False)
recorded = st.none() | st.datetimes(LONG_AGO, LATER, timezones=st.just(UTC))
names = st.sampled_from([*CUSTOMERS.signals, "unheard_of"]) | st.just("order_paid") | st.just("refund")
signals = st.builds(
    Signal,
    name=names,
    on=days,
    source=st.builds(Source, st.sampled_from(["a", "b"]), st.just("Thing"), st.integers(1, 30).map(str)),
    liability=st.sampled_from(Liability),
    amount=amounts,
    original=st.just("") | st.integers(1, 30).map(str),
    key=st.just("") | st.integers(1, 5).map(str),
    recorded=recorded,
)
histories = st.lists(signals, max_size=25)


def numbers(shown: Standing) -> tuple[int, int, int, str, int]:
    return (shown.coefficient, shown.expected, shown.points, shown.tier, shown.price_adjustment)


@settings(max_examples=80, deadline=None)
@given(histories, st.sampled_from(VARIANTS), days)
def test_the_lines_replay_to_exactly_the_numbers_shown(history: list[Signal], programme: Programme, day: date):
    shown = standing(history, programme, day)
    played = replay(shown.lines, day)
    assert (played.coefficient, played.expected, played.points, played.tier, played.price_adjustment) == numbers(shown)


@settings(max_examples=40, deadline=None)
@given(histories, st.sampled_from(VARIANTS), days)
def test_a_standing_survives_json(history: list[Signal], programme: Programme, day: date):
    shown = standing(history, programme, day)
    assert from_json(json.loads(json.dumps(to_json(shown)))) == shown


@settings(max_examples=40, deadline=None)
@given(histories, st.randoms(use_true_random=False), days)
def test_the_order_in_which_signals_come_does_not_matter(history: list[Signal], random: Random, day: date):
    distinct = list({(s.source, s.name): s for s in history}.values())
    shuffled = random.sample(distinct, len(distinct))
    assert numbers(standing(shuffled, CUSTOMERS, day)) == numbers(standing(distinct, CUSTOMERS, day))


@settings(max_examples=40, deadline=None)
@given(histories, days)
def test_what_has_not_happened_yet_moves_nothing_but_the_next_change(history: list[Signal], day: date):
    past = [signal for signal in history if signal.on <= day or signal.key]
    now, without = standing(history, CUSTOMERS, day), standing(past, CUSTOMERS, day)
    assert replace(now, next_change=None) == replace(without, next_change=None)


@settings(max_examples=40, deadline=None)
@given(histories, days)
def test_nothing_changes_by_itself_before_the_day_announced(history: list[Signal], day: date):
    shown = standing(history, CUSTOMERS, day)
    quiet_until = (shown.next_change or day + timedelta(days=400)) - timedelta(days=1)
    later = standing(history, CUSTOMERS, quiet_until)
    assert replace(later, day=day, lines=()) == replace(shown, lines=())  # a line may say what was switched off


def test_a_line_that_states_a_wrong_result_is_noticed():
    order = Signal("order_paid", date(2024, 1, 1), Source("a", "Thing", "1"), amount=Decimal(1))
    shown = standing([order], CUSTOMERS, DAY)
    for number, line in enumerate(shown.lines):
        for name in ("coefficient", "percent"):
            if name in line.values and line.code is not Code.OPENING:
                wrong = Line(line.code, line.reference, {**line.values, name: line.integer(name) + 1})
                with pytest.raises(BrokenError):
                    replay([*shown.lines[:number], wrong, *shown.lines[number + 1 :]], DAY)


def test_lines_that_end_too_early_are_noticed():
    with pytest.raises(BrokenError, match="end before"):
        replay([], DAY)
