"""The engine against its referee, the plain reading."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import product
from tempfile import TemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")
pc = pytest.importorskip("pyarrow.compute")
pytest.importorskip("numba")

from config.scalefile import FOLDER, load_scale_rules  # noqa: E402 - only where the engine's libraries are
from scoring import engine  # noqa: E402 - only where the engine's libraries are
from scoring.decision import Decision, Kind  # noqa: E402 - same
from scoring.engine_plain import events_table  # noqa: E402 - same
from scoring.engine_result import label  # noqa: E402 - same
from scoring.opening import Opening  # noqa: E402 - same
from scoring.rules import Award, Derived, Programme, Rules, Tier  # noqa: E402 - same
from scoring.signal import Liability, Signal, Source  # noqa: E402 - same
from scoring.standing import Standing, standing  # noqa: E402 - same
from scoring.subject import Subject  # noqa: E402 - same

Make = Callable[..., Signal]
Histories = dict[str, list[Signal]]

DAY = date(2026, 11, 22)
KINDS = (
    ("order_paid", "none"), ("order_paid", "none"), ("order_paid", "none"), ("order_paid", "full"), ("refund", "none"),
    ("refund", "none"), ("invoice_late", "partial"), ("invoice_unpaid", "full"), ("claim_at_fault", "partial"),
    ("claim_at_fault", "full"), ("claim_justified", "none"), ("referral_won", "none"), ("review_positive", "none"),
    ("complaint", "full"), ("nonsense", "full"),
)  # fmt: skip


def shown(found: Standing) -> tuple[Any, ...]:
    reasons = " ".join(map(label, found.reasons))
    numbers = (found.coefficient, found.expected, found.points, found.tier, str(found.status))
    return (*numbers, found.next_review, found.next_change, reasons)


def rows(table: Any) -> dict[Any, tuple[Any, ...]]:
    return {row["subject"]: tuple(row.values())[1:-1] for row in table.to_pylist()}


def agree(
    histories: Histories,
    programme: Programme,
    day: date = DAY,
    subjects: dict[str, Subject] | None = None,
    zone: str = "UTC",
) -> Any:
    """Score by both and compare every row; returns the engine's table. Signals are recorded in that zone."""
    given = subjects or {}
    names = list(histories)
    about = [given.get(name, Subject()) for name in names]
    columns = {
        "subject": names,
        "exposure": pa.array([each.opened for each in about], pa.date32()),
        "review": pa.array([each.review for each in about], pa.string()),
        "opening": pa.array([each.opening and each.opening.coefficient for each in about], pa.int16()),
        "periods_at_floor": pa.array([each.opening and each.opening.periods_at_floor for each in about], pa.int16()),
        "clean_periods": pa.array([each.opening and each.opening.clean_periods for each in about], pa.int16()),
    }
    table = engine.score(events_table(histories, zone), pa.table(columns), programme, day)
    wanted = {
        name: shown(standing(histories[name], programme, day, each)) for name, each in zip(names, about, strict=True)
    }
    found = rows(table)
    assert list(found) == names
    wrong = {name: (found[name], wanted[name]) for name in names if found[name] != wanted[name]}
    assert not wrong
    return table


def history(
    chance: random.Random, number: int, years: int = 12, kinds: Sequence[tuple[str, str]] = KINDS
) -> list[Signal]:
    """A history of every kind: days crowd, so that they are equal now and then; some lie in the future."""
    first = DAY - timedelta(days=365 * chance.randrange(1, years + 1))
    found: list[Signal] = []
    for place in range(number):
        name, liability = chance.choice(kinds)
        on = first + timedelta(days=chance.randrange(-5, (DAY - first).days + 60))
        if found and chance.random() < 0.2:
            on = found[-1].on
        money = name in ("order_paid", "refund") and chance.random() < 0.9
        orders = [each.source.id for each in found if each.name == "order_paid"]
        linked = name == "refund" and orders and chance.random() < 0.4
        found.append(
            Signal(
                name,
                on,
                Source("crm", "Thing", str(place)),
                Liability(liability),
                amount=Decimal(chance.randrange(0, 40)) * (10 if name == "order_paid" else 3) if money else None,
                currency=chance.choice((None, "EUR", "EUR", "EUR", "USD")) if money else None,
                original=chance.choice([*orders, "elsewhere"]) if linked else "",
            )
        )
    chance.shuffle(found)
    return found


def variants(customers: Programme, law: Rules) -> dict[str, Programme]:
    rules = customers.rules
    points = dict(customers.points)
    return {
        "as shipped": customers,
        "the law": replace(customers, rules=law),
        "once a period": replace(customers, rules=replace(rules, truncation="once", protection="renewable")),
        "partial first, held": replace(customers, rules=replace(rules, same_day="partial first", excused="held")),
        "lapsing": replace(customers, rules=replace(rules, lapse_after=2, use="tournees")),
        "one review day": replace(customers, fixed_review="02-29", demotion="straight", points_floor=None),
        "grace": replace(customers, grace_months=8),
        "never down": replace(customers, demotion="none"),
        "all points": replace(
            customers,
            points={
                **points,
                "order_paid": Award(35, 90, fading="linear"),
                "referral_won": Award(50, repeat="once", expiry_months=7),
                "claim_at_fault": Award(-20, 30, expiry_months=36),
                "refund_abuse": Award(-15),
            },
        ),
        "excluded": replace(customers, excluded={"claim_at_fault": "art. 6", "invoice_late": "art. 7"},
                            rules=replace(rules, excused="held")),
        "two tiers": replace(customers, tiers=(Tier("Low"), Tier("High", 95, 60, 3)), price_cap=110),
    }  # fmt: skip


VARIANTS = ("as shipped", "the law", "once a period", "partial first, held", "lapsing", "one review day", "grace",
            "never down", "all points", "excluded", "two tiers")  # fmt: skip


@pytest.mark.parametrize("name", VARIANTS)
def test_the_engine_equals_the_plain_reading_on_histories_of_every_kind(customers: Programme, law: Rules, name: str):
    chance = random.Random(name)  # noqa: S311 - a test that repeats itself
    histories = {f"subject {n}": history(chance, chance.choice((0, 1, 3, 8, 20, 60))) for n in range(60)}
    table = agree(histories, variants(customers, law)[name])
    assert not any(table.column("plain").to_pylist())


@pytest.mark.parametrize("programme", ["customers", "motor"])
def test_held_and_clean_years_in_any_order_meet_the_ceiling_as_in_the_plain_reading(
    request: pytest.FixtureRequest, make: Make, programme: str
):
    shipped: Programme = request.getfixturevalue(programme)
    held = replace(shipped, rules=replace(shipped.law, excused="held", lag_months=0))
    exposes, fault, excused = {
        "customers": ("order_paid", "claim_at_fault", "claim_justified"),
        "motor": ("premium_paid", "claim", "claim_force_majeure"),
    }[programme]
    histories: Histories = {}
    for years in product("CHI", repeat=4):  # after a year with two incidents: clean, held, interrupted
        signals = [make(exposes, "2021-03-01"), *(make(fault, f"2021-0{n}-10", liability="full") for n in (4, 5))]
        for year, kind in enumerate(years, start=2022):
            signals += [make(exposes, f"{year}-03-01")] if kind != "I" else []
            signals += [make(excused, f"{year}-06-01")] if kind == "H" else []
        histories["".join(years)] = signals
    for year in (2023, 2024, 2025, 2026):
        table = agree(histories, held, date(year, 3, 2))
        assert not any(table["plain"].to_pylist())
    found = dict(zip(histories, agree(histories, held, date(2024, 3, 2))["coefficient"].to_pylist(), strict=True))
    assert {found["HCCC"], found["CHCC"], found["HHCC"], found["CCCC"]} == {100}
    assert (found["HICC"], found["CICC"]) == (156, 148)


SCALES = ("be-1992", "br-7", "ch-22", "hk-commercial", "hk-private", "my-6", "nl-14", "textbook-1-top",
          "textbook-1-2", "textbook-1-3", "uk-5", "xk-19")  # fmt: skip


@pytest.mark.parametrize("name", SCALES)
def test_on_every_scale_the_engine_equals_the_plain_reading(customers: Programme, name: str):
    chance = random.Random(name)  # noqa: S311 - a test that repeats itself
    rules = load_scale_rules(FOLDER / f"{name}.toml")
    histories = {f"subject {n}": history(chance, chance.choice((0, 1, 3, 8, 20, 60))) for n in range(40)}
    readings = [rules, replace(rules, partial="held"), replace(rules, partial="excused", excused="held", lag_months=2)]
    for each in readings:
        table = agree(histories, replace(customers, rules=each))
        assert not any(table.column("plain").to_pylist())
    worths = [rules.worth(level) for level in range(len(rules.scale.levels))]
    openings = [Opening(worth) for worth in worths if worth and worths.count(worth) == 1]
    subjects = {name: Subject(opening=chance.choice(openings)) for name in histories}
    agree(histories, replace(customers, rules=rules), subjects=subjects)


def test_openings_own_reviews_and_earlier_contracts_count_as_in_the_plain_reading(customers: Programme):
    chance = random.Random(3)  # noqa: S311 - a test that repeats itself
    histories = {f"s{n}": history(chance, chance.choice((0, 2, 9, 30))) for n in range(120)}
    subjects = {
        name: Subject(
            opened=chance.choice((None, DAY - timedelta(days=chance.randrange(-100, 9000)))),
            review=chance.choice((None, "02-29", "11-22", "06-30")),
            opening=chance.choice(
                (None, Opening(50, periods_at_floor=chance.randrange(5)), Opening(137), Opening(350))
            ),
        )
        for name in histories
    }
    agree(histories, customers, subjects=subjects)


def test_a_history_of_thirty_years_reaches_the_floor_and_its_protection(customers: Programme):
    chance = random.Random(5)  # noqa: S311 - a test that repeats itself
    kinds = (*[("order_paid", "none")] * 30, ("claim_at_fault", "full"), ("invoice_late", "partial"))
    histories = {f"s{n}": history(chance, 90, 30, kinds) for n in range(60)}
    agree(histories, customers)
    agree(histories, replace(customers, rules=replace(customers.rules, protection="renewable")))


@pytest.mark.parametrize("liability", list(Liability))
def test_signals_derived_by_two_rules_of_many_events_a_day_are_those_of_the_plain_reading(
    customers: Programme, liability: Liability
):
    chance = random.Random(11)  # noqa: S311 - a test that repeats itself
    rules = (
        Derived("refund_abuse", "refund", "order_paid", 2, 20, liability),
        Derived("claim_justified", "order_paid", "invoice_late", 3, 0, Liability.FULL),
    )
    histories = {f"s{n}": history(chance, number, 3) for n, number in enumerate((20, 100, 400, 1_000))}
    points = {**customers.points, "refund_abuse": Award(-15), "claim_justified": Award(4, 20)}
    agree(histories, replace(customers, derived=rules, points=points))


def test_derived_signals_give_points_of_their_own_however_many_years_they_come_in(customers: Programme, make: Make):
    made = Derived("refund_abuse", "invoice_late", "order_paid", 1, 10, Liability.NONE)
    programme = replace(
        customers,
        derived=(made,),
        takes_back={},
        points={"order_paid": Award(3), "invoice_late": Award(2), "refund_abuse": Award(5)},
        expiry_months=600,
        tiers=(Tier("Low"), Tier("High", points=1)),
    )

    def years(day: int) -> list[Signal]:
        return [
            signal
            for year in range(1985, 2026)
            for signal in (
                make("order_paid", f"{year}-03-{day:02}", amount=Decimal(10)),
                make("invoice_late", f"{year}-06-{day:02}", amount=Decimal(10), liability="partial"),
            )
        ]

    table = agree({f"s{day}": years(day) for day in range(1, 20)}, programme)
    assert set(table["points"].to_pylist()) == {41 * (3 + 2 + 5)}
    assert not any(table["plain"].to_pylist())


def test_a_refund_is_of_the_newest_order_though_only_the_first_one_gave_points(customers: Programme, make: Make):
    programme = replace(customers, points={"order_paid": Award(30, repeat="once")}, derived=())
    orders = [make("order_paid", "2026-01-10", amount=100), make("order_paid", "2026-02-10", amount=100)]
    histories = {str(money): [*orders, make("refund", "2026-03-10", amount=money)] for money in (60, 160, 200)}
    assert agree(histories, programme)["points"].to_pylist() == [30, 12, 0]


def test_refunds_that_are_orders_to_others_find_room_or_are_read_plainly(customers: Programme, make: Make):
    names = {"order_paid": 30, "refund": -20, "review_positive": 10}
    programme = replace(
        customers,
        points={name: Award(points) for name, points in names.items()},
        takes_back={"refund": "order_paid", "review_positive": "refund"},
        derived=(),
    )
    histories = {}
    for each in (1, 5, 400):
        orders = [make("order_paid", "2026-01-10", amount=10) for _ in range(each)]
        refunds = [make("refund", "2026-01-11", amount=10 if place else 5) for place in range(each)]
        reviews = [make("review_positive", "2026-01-12", amount=10 if place else 3) for place in range(each)]
        histories[str(each)] = [*orders, *refunds, *reviews]
    agree(histories, programme)


def test_several_orders_of_one_source_are_all_taken_back_or_read_plainly(customers: Programme):
    programme = replace(customers, points={"order_paid": Award(10)}, derived=())
    rows_ = [("order_paid", 40, 1000, 7, None)] * 300 + [("refund", 20, 100, 1000 + at, 7) for at in range(10)]
    names, ago, amounts, sources, originals = zip(*rows_, strict=True)
    events = pa.table(
        {
            "subject": [1] * len(rows_),
            "on": [DAY - timedelta(days) for days in ago],
            "signal": names,
            "amount": pa.array(amounts, pa.int64()),
            "source": pa.array(sources, pa.int64()),
            "original": pa.array(originals, pa.int64()),
        }
    )
    subjects = pa.table({"subject": [1]})
    plainly = engine.score(events, subjects.append_column("by_hand", pa.array([True])), programme, DAY)
    assert engine.score(events, subjects, programme, DAY)["points"] == plainly["points"]


def test_a_second_period_that_the_lag_leaves_short_is_not_interrupted(customers: Programme, make: Make):
    rules = replace(customers.rules, lag_months=11)
    programme = replace(customers, rules=rules, fixed_review="06-01")
    subjects = {"s": Subject(opened=date(2024, 5, 20))}
    table = agree({"s": [make("order_paid", "2024-09-01")]}, programme, date(2025, 7, 1), subjects)
    assert table["coefficient"].to_pylist() == [95]


def test_the_days_around_every_change_agree_and_next_change_misses_none(customers: Programme):
    chance = random.Random(8)  # noqa: S311 - a test that repeats itself
    for _ in range(3):
        histories = {"s": history(chance, 14, 4)}
        day = DAY - timedelta(days=900)
        found = rows(agree(histories, customers, day))["s"]
        while found[-2] is not None and found[-2] <= DAY:
            eve = rows(agree(histories, customers, found[-2] - timedelta(days=1)))["s"]
            assert eve == found
            found = rows(agree(histories, customers, found[-2]))["s"]


NAMES = sorted({name for name, _ in KINDS})
SIGNALS = st.builds(
    lambda name, days, liability, amount, currency, place, late: Signal(
        name,
        date(2020, 2, 29) + timedelta(days=days),
        Source("crm", "Thing", str(place)),
        liability,
        amount=amount,
        currency=currency,
        recorded=None if late is None else datetime(2020, 3, 1, tzinfo=UTC) + timedelta(days=days + late),
    ),
    st.sampled_from(NAMES),
    st.integers(0, 2600),
    st.sampled_from(list(Liability)),
    st.one_of(
        st.none(),
        st.integers(0, 400).map(Decimal),
        st.sampled_from([Decimal(10) ** 12, Decimal(10) ** 6, Decimal("0.01")]),
    ),
    st.sampled_from([None, "EUR"]),
    st.integers(0, 10**6),
    st.one_of(st.none(), st.integers(0, 2000)),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.lists(SIGNALS, max_size=25, unique_by=lambda signal: signal.source), min_size=1, max_size=8))
def test_the_engine_equals_the_plain_reading_whatever_the_history(customers: Programme, found: list[list[Signal]]):
    agree({f"s{number}": signals for number, signals in enumerate(found)}, customers)


ZONES = ["UTC", "Europe/Paris", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "+14:00", "-12:00"]
AROUND = st.integers(-40, 40)  # hours from midnight UTC after the last day
REVIEWS = [date(year, 3, 12) for year in range(2021, 2027)]


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.sampled_from(ZONES), st.lists(st.tuples(st.sampled_from(REVIEWS[:3]), st.integers(1, 365), AROUND)))
def test_the_engine_equals_the_plain_reading_around_the_last_day_in_whatever_zone(
    customers: Programme, make: Make, zone: str, late: list[tuple[date, int, int]]
):
    where = ZoneInfo(zone) if "/" in zone or zone == "UTC" else timezone(timedelta(hours=int(zone[:3])))
    orders = [make("order_paid", f"{year}-03-12", amount=10) for year in range(2020, 2027)]
    histories: Histories = {"none": orders}
    for number, (review, before, hours) in enumerate(late):
        after = datetime.combine(review.replace(year=review.year + 2), time(), UTC) + timedelta(days=1, hours=hours)
        on = str(review - timedelta(days=before))
        claim = make("claim_at_fault", on, liability="full", recorded=after.astimezone(where))
        histories[f"s{number}"] = [*orders, claim]
    agree(histories, customers, zone=zone)


def test_who_is_late_by_the_clocks_of_kiritimati_alone_is_left_to_the_plain_reading(customers: Programme, make: Make):
    orders = [make("order_paid", f"{year}-03-12") for year in range(2020, 2027)]
    there = ZoneInfo("Pacific/Kiritimati")  # where the thirteenth begins at ten in the morning of the twelfth, UTC

    def claim(recorded: datetime) -> Signal:
        return make("claim_at_fault", "2021-03-11", liability="full", recorded=recorded)

    late, in_time = datetime(2023, 3, 13, tzinfo=there), datetime(2023, 3, 12, 23, 59, tzinfo=there)
    histories = {"late": [*orders, claim(late)], "in time": [*orders, claim(in_time)]}
    assert agree(histories, customers, zone="Pacific/Kiritimati")["coefficient"].to_pylist() == [72, 85]


def test_rows_that_only_the_plain_reading_understands_are_left_to_it_and_counted(customers: Programme, make: Make):
    late = make("invoice_unpaid", "2022-06-01", liability="full", recorded=datetime(2026, 1, 1, tzinfo=UTC))
    in_time = make("invoice_unpaid", "2022-06-01", liability="full", recorded=datetime(2022, 8, 1, tzinfo=UTC))
    orders = [make("order_paid", f"{year}-03-12", amount=5) for year in range(2021, 2027)]
    twins = [make("claim_at_fault", "2025-06-01", liability="full", key="k") for _ in range(2)]
    huge = [make("order_paid", "2025-03-12", amount=10**13), make("refund", "2025-04-12", amount=10**13)]
    histories = {"late": [*orders, late], "in time": [*orders, in_time], "twins": [*orders, *twins], "huge": huge}
    table = agree(histories, customers)
    assert table.column("plain").to_pylist() == [True, False, True, True]


def test_a_caller_who_knows_more_than_the_rows_makes_those_standings_himself(customers: Programme, make: Make):
    signals = [make("order_paid", "2025-03-12"), make("claim_at_fault", "2025-04-01", liability="full")]
    freeze = Decision(Kind.FREEZE, date(2025, 3, 20), "person", "legal hold")
    frozen = standing(signals, customers, DAY, Subject(decisions=(freeze,)))
    subjects = pa.table({"subject": ["free", "frozen"], "by_hand": [False, True]})
    events = events_table({"free": signals, "frozen": signals})
    table = engine.score(events, subjects, customers, DAY, plain=lambda subject, _: frozen)
    assert rows(table) == {"free": shown(standing(signals, customers, DAY)), "frozen": shown(frozen)}
    assert table.column("status").to_pylist() == ["active", "frozen"]


@pytest.mark.parametrize("option", [{"floor_years": "dates"}, {"interruption": "whole"}])
def test_a_programme_with_a_rule_the_loops_do_not_know_is_read_plainly(
    customers: Programme, law: Rules, option: dict[str, Any]
):
    chance = random.Random(13)  # noqa: S311 - a test that repeats itself
    unknown = replace(customers, rules=replace(law, **option))
    table = agree({f"s{n}": history(chance, 12) for n in range(10)}, unknown)
    assert all(table.column("plain").to_pylist())


@pytest.fixture
def crowd() -> Histories:
    chance = random.Random(21)  # noqa: S311 - a test that repeats itself
    return {
        f"{'a long name of a subject ' * (n % 2)}{n}": history(chance, chance.choice((0, 5, 15))) for n in range(300)
    }


def test_pieces_threads_and_files_change_nothing_but_the_order(customers: Programme, crowd: Histories):
    events, subjects = events_table(crowd), pa.table({"subject": list(crowd)})
    whole = rows(engine.score(events, subjects, customers, DAY))
    parts = [
        engine.Part(piece.num_rows, piece.schema, lambda piece=piece: piece)
        for piece in (events.slice(begin, 400) for begin in range(0, events.num_rows, 400))
    ]
    with ThreadPoolExecutor(2) as pool:
        (in_memory,) = engine.score_parts(parts, subjects, customers, DAY, executor=pool)
        on_disk = list(engine.score_parts(parts, subjects, customers, DAY, executor=pool, spill=TemporaryFile))
    assert list(rows(in_memory).items()) == list(whole.items())
    assert len(on_disk) > 1
    assert {name: row for table in on_disk for name, row in rows(table).items()} == whole


def test_a_distributed_engine_may_score_any_batch_of_subjects_with_all_their_events(
    customers: Programme, crowd: Histories
):
    events, subjects = events_table(crowd), pa.table({"subject": list(crowd)})
    whole = rows(engine.score(events, subjects, customers, DAY))
    batched: dict[Any, Any] = {}
    for begin in range(0, len(crowd), 70):
        batch = subjects.slice(begin, 70)
        mine = events.filter(pc.is_in(events.column("subject"), batch.column("subject").combine_chunks()))
        batched |= rows(engine.score(mine, batch, customers, DAY))
    assert batched == whole


def test_amounts_beyond_32_bits_and_ids_far_apart_change_nothing(customers: Programme, crowd: Histories):
    events, subjects = events_table(crowd), pa.table({"subject": list(crowd)})
    whole = rows(engine.score(events, subjects, customers, DAY))
    dear = pc.multiply(events.column("amount").cast(pa.decimal128(30, 6)), pa.scalar(Decimal(100_000)))
    large = events.set_column(events.schema.get_field_index("amount"), "amount", dear.cast(pa.decimal128(38, 6)))
    assert rows(engine.score(large, subjects, customers, DAY)) == whole
    parts = [
        engine.Part(piece.num_rows, piece.schema, lambda piece=piece: piece)
        for piece in (large.slice(begin, 900) for begin in range(0, large.num_rows, 900))
    ]
    on_disk = engine.score_parts(parts, subjects, customers, DAY, spill=TemporaryFile)
    assert {name: row for table in on_disk for name, row in rows(table).items()} == whole
    for step in (1, 2**40):
        numbers = {name: (place - 150) * step for place, name in enumerate(crowd)}
        ids = pa.array([numbers[name] for name in events.column("subject").to_pylist()])
        chosen = pa.table({"subject": list(numbers.values())[100:200]})  # events of all others are left aside
        found = engine.score(events.set_column(0, "subject", ids), chosen, customers, DAY)
        assert list(rows(found).values()) == list(whole.values())[100:200]


def test_a_subject_with_thousands_of_events_in_any_order_is_read_as_any_other(customers: Programme):
    chance = random.Random(4)  # noqa: S311 - a test that repeats itself
    agree({"busy": history(chance, 5000), "quiet": history(chance, 3)}, customers)


@pytest.mark.parametrize("kind", ["int64", "int32", "string", "large_string", "dictionary", "string_view"])
def test_integers_and_texts_of_every_kind_name_the_same_subjects(customers: Programme, crowd: Histories, kind: str):
    numbers = {name: number for number, name in enumerate(crowd)}
    events, whole = (
        events_table(crowd),
        rows(engine.score(events_table(crowd), pa.table({"subject": list(crowd)}), customers, DAY)),
    )
    names = events.column("subject").to_pylist()
    if kind.startswith("int"):
        found, subjects = pa.array([numbers[name] for name in names], kind), pa.array(list(numbers.values()), kind)
    elif kind == "dictionary":
        found, subjects = pa.array(names).dictionary_encode(), pa.array(list(crowd))
    else:
        found, subjects = (pa.array(each, getattr(pa, kind)()) for each in (names, list(crowd)))
    table = engine.score(events.set_column(0, "subject", found), pa.table({"subject": subjects}), customers, DAY)
    assert list(rows(table).values()) == list(whole.values())


def test_the_order_of_the_rows_does_not_matter(customers: Programme, crowd: Histories):
    events, subjects = events_table(crowd), pa.table({"subject": list(crowd)})
    order = list(range(events.num_rows))
    random.Random(2).shuffle(order)  # noqa: S311 - a test that repeats itself
    shuffled = engine.score(events.take(pa.array(order)), subjects, customers, DAY)
    assert shuffled.equals(engine.score(events, subjects, customers, DAY))


def test_amounts_may_be_integers_of_the_smallest_unit_and_everything_else_may_be_left_out(
    customers: Programme, make: Make
):
    signals = [make("order_paid", "2025-03-12", amount=100), make("refund", "2025-04-01", amount=50)]
    columns = {
        "subject": [1, 1],
        "on": [s.on for s in signals],
        "signal": [s.name for s in signals],
        "amount": [10000, 5000],
    }
    found = rows(engine.score(pa.table(columns), pa.table({"subject": [1, 2]}), customers, DAY))
    assert found == {1: shown(standing(signals, customers, DAY)), 2: shown(standing([], customers, DAY))}


def test_due_are_those_whom_the_calendar_alone_moves(customers: Programme, make: Make):
    histories = {
        "review": [make("order_paid", "2025-03-12")],
        "nobody": [],
        "later": [make("order_paid", "2026-09-01")],
    }
    table = engine.score(events_table(histories), pa.table({"subject": list(histories)}), customers, DAY)
    assert engine.due(table, date(2027, 3, 11)).to_pylist() == []
    assert engine.due(table, date(2027, 3, 12)).to_pylist() == ["review"]


EVENT = {"subject": [1], "on": [DAY], "signal": ["order_paid"], "liability": ["none"], "amount": [5]}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"subject": [None]}, "subject: 1 rows have none"),
        ({"subject": [1.5]}, "neither an integer nor a text"),
        ({"subject": ["1"]}, "integers here and texts there"),
        ({"on": [None]}, "on: 1 rows have none"),
        ({"on": [datetime(2026, 1, 1, tzinfo=UTC)]}, "no date"),
        ({"signal": [None]}, "signal: 1 rows have none"),
        ({"signal": [7]}, "signal: int64 is no text"),
        ({"liability": ["guilty"]}, "'guilty' is none of full, partial, none"),
        ({"recorded": [datetime(2026, 1, 1)]}, "no instant"),  # noqa: DTZ001 - the mistake under test
        ({"original": [3]}, "needs the column source"),
        ({"subject": pa.array([2**63], pa.uint64())}, "subject: Integer value"),
        ({"amount": pa.array([Decimal(10) ** 50], pa.decimal256(60, 2))}, "amount: Decimal value"),
        ({"on": pa.array([3_000_000], pa.date32()), "by_hand": [True]}, "on: date value out of range"),
    ],
)
def test_a_column_that_could_not_be_read_exactly_is_refused_in_words(customers: Programme, change: Any, says: str):
    with pytest.raises(engine.BadTable, match=says):
        engine.score(pa.table({**EVENT, **change}), pa.table({"subject": [1]}), customers, DAY)


def test_sr37_money_as_float_is_refused(customers: Programme):
    with pytest.raises(engine.BadTable, match="amount: double is no integer"):
        engine.score(pa.table({**EVENT, "amount": [float("nan")]}), pa.table({"subject": [1]}), customers, DAY)


@pytest.mark.parametrize(
    ("subjects", "says"),
    [
        ({"subject": [1, 2, 1]}, "comes twice"),
        ({"subject": [1], "opening": [20]}, "allowed is 0.50 to 3.50"),
        ({"subject": [1], "opening": [0.5]}, "opening: "),
        *[({"subject": [1], "review": [day]}, "no day of a year") for day in ("9999-01", "13-45", "00-00", "xx")],
    ],
)
def test_a_subject_that_comes_twice_or_opens_outside_the_rules_is_refused(
    customers: Programme, subjects: Any, says: str
):
    with pytest.raises(engine.BadTable, match=says):
        engine.score(pa.table(EVENT), pa.table(subjects), customers, DAY)


def test_amounts_of_different_decimals_in_two_pieces_are_refused(customers: Programme):
    kinds = (pa.int64(), pa.decimal128(22, 2), pa.decimal128(24, 4))
    pieces = [pa.table(EVENT).set_column(4, "amount", pa.array([5]).cast(kind)) for kind in kinds]
    parts = [engine.Part(1, piece.schema, lambda piece=piece: piece) for piece in pieces]
    subjects = pa.table({"subject": [1]})
    for two in (parts[:2], parts[1:]):
        with pytest.raises(engine.BadTable, match=r"amount: .+ in one piece and .+ in another"):
            list(engine.score_parts(two, subjects, customers, DAY))
    assert next(engine.score_parts([parts[1], parts[1]], subjects, customers, DAY)).num_rows == 1


def test_a_column_that_comes_twice_is_refused(customers: Programme):
    twice = pa.table([[1], [2]], names=["subject", "subject"])
    with pytest.raises(engine.BadTable, match="subject: comes twice"):
        engine.score(pa.table(EVENT), twice, customers, DAY)


@pytest.mark.parametrize("subject", [1, "one"])
def test_events_of_nobody_are_left_aside_whatever_their_ids(customers: Programme, subject: int | str):
    for kind in (pa.int64(), pa.string()):
        nobody = pa.table({"subject": pa.array([], kind)})
        assert engine.score(pa.table({**EVENT, "subject": [subject]}), nobody, customers, DAY).num_rows == 0


def test_an_opening_of_zero_is_none_whoever_reads_it(customers: Programme):
    subjects = {"subject": [1, 2], "opening": [0, 0], "by_hand": [True, False]}
    found = engine.score(pa.table({**EVENT, "subject": [3]}), pa.table(subjects), customers, DAY)
    assert found["coefficient"].to_pylist() == [100, 100]
