import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.rulefile import load_programme
from config.scalefile import FOLDER, load_scale_rules
from scoring.decision import Decision, Kind
from scoring.explain import BrokenError, from_json, replay, to_json
from scoring.line import Code, Line
from scoring.opening import Opening
from scoring.rates import Rates
from scoring.review import add_months
from scoring.rules import Award, Programme
from scoring.scale_rules import ScaleRules
from scoring.signal import Carried, Liability, Signal, Source
from scoring.standing import Standing, standing
from scoring.subject import NOBODY, Span, Subject

Make = Callable[..., Signal]

DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)
FADING = {
    "order_paid": Award(10, 45, fading="linear"),
    "review_positive": Award(25, repeat="once", expiry_months=5),
    "invoice_late": Award(-30, 70, expiry_months=7, fading="linear"),
}
VARIANTS = [
    CUSTOMERS,
    replace(CUSTOMERS, points=FADING, currency="EUR", grace_months=6, excluded={"claim_at_fault": "art. 7"}),
    replace(CUSTOMERS, fixed_review="12-01", demotion="straight", points_floor=None),
    *(
        replace(CUSTOMERS, rules=replace(load_scale_rules(FOLDER / f"{name}.toml"), partial=partial))
        for name, partial in (("be-1992", "claim"), ("my-6", "held"), ("textbook-1-2", "excused"))
    ),
    replace(
        CUSTOMERS,
        rules=replace(
            CUSTOMERS.law, truncation="once", lag_months=2, floor_years="dates", excused="held", lapse_after=2
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
    currency=st.sampled_from([None, "EUR", "USD", "XAU"]),
    original=st.just("") | st.integers(1, 30).map(str),
    key=st.just("") | st.integers(1, 5).map(str),
    recorded=recorded,
)
carried = st.builds(
    Carried, st.integers(40, 360), clean_periods=st.integers(0, 5), years_at_floor=st.sampled_from([0, 3])
) | st.builds(Carried, level=st.sampled_from(["0", "3", "14", "none"]), clean_periods=st.integers(0, 5))
brought = st.builds(
    lambda name, on, length, what, number, recorded: Signal(
        name,
        on,
        Source("a", "Given", str(number)),
        until=on + timedelta(days=length) if name == "contract" and length else None,
        carried=what if name == "carried_over" else None,
        recorded=recorded,
    ),
    st.sampled_from(["contract", "carried_over"]),
    days,
    st.integers(0, 900),
    carried,
    st.integers(1, 4),
    recorded,
)
signals = signals | brought
corrected = st.tuples(signals, signals, st.booleans()).map(
    lambda pair: replace(
        pair[1],
        name=pair[0].name,
        source=pair[0].source,
        before=pair[0],
        withdrawn=pair[2],
        recorded=pair[1].recorded,
        carried=pair[0].carried,
        until=None,
    )
)
histories = st.lists(signals | corrected, max_size=25)

decisions = st.one_of(
    st.builds(
        Decision,
        st.sampled_from([Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT, Kind.CONTEST_REJECT]),
        days,
        st.just("u7"),
        st.just("because"),
        fact=signals.map(lambda signal: signal.fact),
    ),
    st.builds(
        Decision,
        st.just(Kind.ADJUST),
        days,
        st.just("u7"),
        st.just("because"),
        coefficient=st.integers(50, 350),
        points=st.none() | st.integers(-100, 1000),
        until=st.none() | st.just(date(2029, 1, 1)),
    ),
    st.builds(
        Decision, st.sampled_from([Kind.LIFT, Kind.FREEZE, Kind.UNFREEZE]), days, st.just("u7"), st.just("because")
    ),
)
openings = st.none() | st.builds(Opening, st.integers(51, 350), st.integers(0, 3)) | st.just(Opening(50, 2, 3))
contracts = st.lists(days.map(lambda start: Span(start, start + timedelta(days=200))) | days.map(Span), max_size=2)
subjects = st.just(NOBODY) | st.builds(
    Subject,
    st.none() | days,
    contracts.map(tuple),
    openings,
    st.none() | st.just("02-29"),
    st.lists(decisions, max_size=4).map(tuple),
)
RATES = Rates("EUR", {"USD": ((date(2012, 6, 1), date(2020, 1, 1)), (Decimal("1.3"), Decimal("1.1")))})


happened = st.builds(
    Signal,
    name=st.sampled_from(["order_paid", "claim_at_fault", "invoice_late"]),
    on=st.dates(date(2012, 1, 1), date(2020, 12, 31)),
    source=st.builds(Source, st.just("a"), st.just("Thing"), st.integers(1, 99).map(str)),
    liability=st.sampled_from(Liability),
)
LIVED = [each for each in VARIANTS if not each.excluded]
reviewed = st.builds(Subject, st.none() | st.just(date(2012, 2, 29)), review=st.none() | st.just("02-29"))


def fitting(subject: Subject, programme: Programme) -> Subject:
    """The subject without an opening that no level of a scale is worth."""
    return replace(subject, opening=None) if isinstance(programme.rules, ScaleRules) else subject


def numbers(shown: Standing) -> tuple[int, int, int, str, int]:
    return (shown.coefficient, shown.expected, shown.points, shown.tier, shown.price_adjustment)


@settings(max_examples=80)
@given(histories, st.sampled_from(VARIANTS), days, subjects)
def test_the_lines_replay_to_exactly_the_numbers_shown(
    history: list[Signal], programme: Programme, day: date, subject: Subject
):
    shown = standing(history, programme, day, fitting(subject, programme), rates=RATES)
    played = replay(shown.lines, day)
    assert (played.coefficient, played.expected, played.points, played.tier, played.price_adjustment) == numbers(shown)


def test_a_held_year_that_meets_the_ceiling_is_told_line_by_line_and_in_the_reasons(make: Make):
    held = replace(CUSTOMERS, rules=replace(CUSTOMERS.rules, excused="held"))
    orders = [make("order_paid", f"{year}-03-01") for year in (2021, 2022, 2023, 2024)]
    claims = [make("claim_at_fault", f"2021-0{month}-10", liability="full") for month in (4, 5)]
    history = [*orders, *claims, make("claim_justified", "2023-06-01")]
    before = standing(history, held, date(2024, 2, 29))
    assert (before.coefficient, before.expected) == (148, 100)
    assert Code.ORIGIN_AGAIN not in [line.code for line in before.way_back], "the next review gives 1.00 already"
    shown = standing(history, held, date(2024, 3, 1))
    assert [line.code for line in shown.lines if line.code in (Code.HELD, Code.CEILING)] == [Code.HELD, Code.CEILING]
    assert replay(shown.lines, date(2024, 3, 1)).coefficient == shown.coefficient == 100
    (clean,) = [line for line in shown.reasons if line.code is Code.CLEAN_REVIEWS]
    assert clean.values == {"count": 2, "coefficient": 100}


@settings(max_examples=40)
@given(histories, st.sampled_from(VARIANTS), days, subjects)
def test_a_standing_survives_json(history: list[Signal], programme: Programme, day: date, subject: Subject):
    shown = standing(history, programme, day, fitting(subject, programme), rates=RATES)
    assert from_json(json.loads(json.dumps(to_json(shown)))) == shown


@settings(max_examples=40)
@given(histories, st.randoms(use_true_random=False), days)
def test_the_order_in_which_signals_come_does_not_matter(history: list[Signal], random: Random, day: date):
    distinct = list({signal.fact: signal for signal in history}.values())
    shuffled = random.sample(distinct, len(distinct))
    assert numbers(standing(shuffled, CUSTOMERS, day)) == numbers(standing(distinct, CUSTOMERS, day))


@settings(max_examples=40)
@given(histories, days)
def test_what_has_not_happened_yet_moves_nothing_but_the_next_change(history: list[Signal], day: date):
    past = [signal for signal in history if signal.on <= day or signal.key or signal.before]
    now, without = standing(history, CUSTOMERS, day), standing(past, CUSTOMERS, day)
    assert replace(now, next_change=None) == replace(without, next_change=None)


@settings(max_examples=40)
@given(histories, st.sampled_from(VARIANTS), days, subjects)
def test_nothing_changes_by_itself_before_the_day_announced(
    history: list[Signal], programme: Programme, day: date, subject: Subject
):
    shown = standing(history, programme, day, fitting(subject, programme), rates=RATES)
    quiet_until = (shown.next_change or day + timedelta(days=400)) - timedelta(days=1)
    later = standing(history, programme, quiet_until, fitting(subject, programme), rates=RATES)
    assert replace(later, day=day, lines=()) == replace(shown, lines=())  # a line may say what was switched off


@settings(max_examples=80)
@given(
    st.lists(happened, max_size=12), st.sampled_from(LIVED), st.dates(date(2014, 1, 1), date(2020, 12, 31)), reviewed
)
def test_what_the_way_back_says_comes_true(history: list[Signal], programme: Programme, day: date, subject: Subject):
    past = [signal for signal in history if signal.on <= day]
    later = [add_months(day, months) for months in range(12 * 40)]

    def coefficient(on: date, ordered: Sequence[date] = ()) -> int:
        orders = [Signal("order_paid", each, Source("a", "Order", str(each))) for each in ordered if each <= on]
        return standing([*past, *orders], programme, on, subject).coefficient

    for line in standing(past, programme, day, subject).way_back:
        said = line.values.get("coefficient")
        if line.code in (Code.REVIEW_CLEAN, Code.REVIEW_RAISED, Code.REVIEW_IDLE):
            last = line.values.get("last", line.day("review") - timedelta(days=1))
            assert isinstance(last, date)
            assert (coefficient(line.day("review")), coefficient(line.day("review"), [last])) == (
                said,
                line.values.get("active", said),
            )
        elif line.code is Code.ORIGIN_AGAIN:
            eve = line.day("review") - timedelta(days=1)
            assert coefficient(line.day("review"), later) == said
            assert coefficient(eve, later) > programme.rules.origin >= line.integer("coefficient")


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


def test_a_standing_can_be_sent_to_another_process():
    signals_ = [
        Signal("order_paid", date(2024, 1, 1), Source("a", "Thing", "1")),
        Signal("x", DAY, Source("a", "b", "2")),
    ]
    for history in (signals_, []):
        shown = standing(history, CUSTOMERS, DAY)
        assert pickle.loads(pickle.dumps(shown)) == shown  # noqa: S301 - made in the line itself
