from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.locale import Texts
from config.rulefile import load_programme
from scoring.correction import as_known
from scoring.decision import Decision, Kind
from scoring.line import Code
from scoring.rules import Programme
from scoring.signal import Fact, Liability, Signal, Source
from scoring.standing import Standing, standing
from scoring.subject import Subject

Make = Callable[..., Signal]

DAY = date(2026, 11, 22)
CUSTOMERS = load_programme("customers", at=DAY)
IN_TIME, TOO_LATE = datetime(2025, 3, 12, tzinfo=UTC), datetime(2025, 3, 13, tzinfo=UTC)  # of the review of March 2023


def corrected(signal: Signal, recorded: datetime, **more: Any) -> Signal:
    return replace(signal, recorded=recorded, before=signal, **more)


def first_review(make: Make, programme: Programme, *signals: Signal) -> Standing:
    orders = [make("order_paid", f"{year}-03-12") for year in range(2022, 2027)]
    return standing([*orders, *signals], programme, DAY)


@pytest.fixture
def claim(make: Make) -> Signal:
    return make("claim_at_fault", "2022-06-01", liability="full", recorded=datetime(2022, 6, 2, tzinfo=UTC))


@pytest.mark.parametrize(("recorded", "coefficient"), [(IN_TIME, 112), (TOO_LATE, 125)])
def test_a_wrongly_qualified_incident_is_corrected_within_two_years(
    customers: Programme, make: Make, claim: Signal, recorded: datetime, coefficient: int
):
    shown = first_review(make, customers, corrected(claim, recorded, liability=Liability.PARTIAL))
    assert shown.reviews[0].coefficient == coefficient
    assert (Code.CORRECTED_LATE in [line.code for line in shown.lines]) is (recorded == TOO_LATE)


LAST = date(2025, 3, 12)
AFTER = LAST + timedelta(days=1)
BY_THE_CLOCKS = [  # when it was recorded by the clocks of a place, and whether that was in time
    ("UTC", LAST, "23:59:59.999999", True),
    ("UTC", AFTER, "00:00", False),
    ("Europe/Paris", LAST, "23:59:59.999999", True),
    ("Europe/Paris", AFTER, "00:30", False),  # in UTC still the last day
    ("America/New_York", LAST, "20:00", True),  # in UTC the day after
    ("America/New_York", LAST, "23:59:59.999999", True),
    ("America/New_York", AFTER, "00:00", False),
    ("Pacific/Kiritimati", LAST, "23:59:59.999999", True),
    ("Pacific/Kiritimati", AFTER, "00:00", False),  # in UTC the last day, at ten in the morning
    ("Pacific/Pago_Pago", LAST, "23:59:59.999999", True),  # in UTC the day after, at eleven
    ("Pacific/Pago_Pago", AFTER, "00:00", False),
]


@pytest.mark.parametrize(("zone", "on", "clock", "in_time"), BY_THE_CLOCKS)
def test_the_last_day_for_a_correction_is_that_of_the_zone_it_is_recorded_in(
    customers: Programme, make: Make, claim: Signal, zone: str, on: date, clock: str, *, in_time: bool
):
    recorded = datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone))
    told = {line.code: line for line in first_review(make, customers, corrected(claim, recorded, withdrawn=True)).lines}
    assert (Code.WITHDRAWN_LATE in told) is not in_time
    if not in_time:
        assert told[Code.WITHDRAWN_LATE].values["recorded"] == AFTER


@pytest.mark.parametrize(("zone", "on", "clock", "in_time"), BY_THE_CLOCKS)
def test_so_is_the_last_day_for_an_incident_that_comes_to_light(
    customers: Programme, make: Make, claim: Signal, zone: str, on: date, clock: str, *, in_time: bool
):
    recorded = datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone))
    shown = first_review(make, customers, replace(claim, recorded=recorded))
    assert shown.reviews[0].coefficient == (125 if in_time else 95)


@pytest.mark.parametrize(("zone", "on", "clock", "in_time"), BY_THE_CLOCKS)
def test_so_is_the_last_day_for_a_contest(
    customers: Programme, make: Make, claim: Signal, zone: str, on: date, clock: str, *, in_time: bool
):
    recorded = datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone))
    accepted = Decision(Kind.CONTEST_ACCEPT, LAST, "u7", "not theirs", recorded, claim.fact)
    orders = [make("order_paid", f"{year}-03-12") for year in range(2022, 2027)]
    shown = standing([*orders, claim], customers, DAY, Subject(decisions=(accepted,)))
    assert shown.reviews[0].coefficient == (95 if in_time else 125)


@pytest.mark.parametrize(("zone", "on", "clock", "in_time"), BY_THE_CLOCKS)
def test_so_is_the_last_day_for_a_contract_that_was_entered_late(
    customers: Programme, make: Make, zone: str, on: date, clock: str, *, in_time: bool
):
    recorded = datetime.combine(on, time.fromisoformat(clock), ZoneInfo(zone))
    contract = make("contract", "2022-03-12", recorded=recorded)
    shown = standing([contract], customers, DAY)
    assert shown.exposure == (date(2022, 3, 12) if in_time else date(2023, 3, 12))


@pytest.mark.parametrize("later", [0, 30])
def test_of_the_hour_that_comes_twice_in_autumn_the_later_instant_is_later(make: Make, later: int):
    paris = ZoneInfo("Europe/Paris")
    first = datetime(2025, 10, 26, 0, 15, tzinfo=UTC).astimezone(paris)  # a quarter past two
    second = datetime(2025, 10, 26, 1, later, tzinfo=UTC).astimezone(paris)  # two, or half past, an hour later
    claim = make("claim_at_fault", "2025-06-01", liability="full", recorded=first)
    again = replace(corrected(claim, second), liability=Liability.PARTIAL)
    freeze = Decision(Kind.FREEZE, date(2025, 10, 26), "u7", "legal hold", first)
    assert freeze.recorded is not None
    assert as_known([again], freeze.recorded) == [claim]


@pytest.mark.parametrize(("recorded", "coefficient"), [(IN_TIME, 95), (TOO_LATE, 125)])
def test_an_incident_taken_back_too_late_stays(
    customers: Programme, make: Make, claim: Signal, recorded: datetime, coefficient: int
):
    shown = first_review(make, customers, corrected(claim, recorded, withdrawn=True))
    assert shown.reviews[0].coefficient == coefficient


@pytest.mark.parametrize(("recorded", "coefficients"), [(IN_TIME, [95, 118]), (TOO_LATE, [125, 118])])
def test_of_two_days_the_earlier_decides_whether_a_move_is_in_time(
    customers: Programme, make: Make, claim: Signal, recorded: datetime, coefficients: list[int]
):
    shown = first_review(make, customers, corrected(claim, recorded, on=date(2023, 6, 1)))
    assert [review.coefficient for review in shown.reviews[:2]] == coefficients


def test_a_correction_that_came_too_late_leaves_the_one_before_it(customers: Programme, make: Make, claim: Signal):
    once = corrected(claim, IN_TIME, liability=Liability.PARTIAL)
    twice = corrected(once, TOO_LATE, liability=Liability.NONE)
    assert first_review(make, customers, twice).reviews[0].coefficient == 112


@pytest.mark.parametrize(
    ("change", "language", "told", "stands"),
    [
        (
            {"on": date(2022, 6, 5)},
            "en",
            "5 Jun 2022: corrected on 13 Mar 2025, too late",
            "1 Jun 2022, stands and counts",
        ),
        ({"on": date(2022, 6, 5)}, "fr", "corrigé le 13 mars 2025, trop tard", "demeure et compte comme avant"),
        (
            {"withdrawn": True},
            "en",
            "1 Jun 2022: taken back on 13 Mar 2025, too late",
            "it stands and counts as it did",
        ),
        ({"withdrawn": True}, "fr", "retiré le 13 mars 2025, trop tard", "demeure et compte comme avant"),
    ],
)
def test_a_correction_that_came_too_late_and_what_stands_because_of_it_are_both_told(
    customers: Programme, make: Make, claim: Signal, change: dict[str, Any], language: str, told: str, stands: str
):
    shown = first_review(make, customers, corrected(claim, TOO_LATE, **change))
    (line,) = (line for line in shown.lines if line.code.endswith("_late"))
    assert line.reference == "art. 8"
    said = " ".join(Texts(language).line(line).split())
    assert told in said
    assert stands in said


def test_what_was_taken_back_and_came_again_too_late_does_not_count(customers: Programme, make: Make, claim: Signal):
    again = replace(corrected(corrected(claim, IN_TIME, withdrawn=True), TOO_LATE), withdrawn=False)
    shown = first_review(make, customers, again)
    assert shown.reviews[0].coefficient == 95
    assert Code.TOO_LATE in [line.code for line in shown.lines]


def test_an_order_taken_back_too_late_still_opens_the_exposure(customers: Programme, make: Make):
    first = make("order_paid", "2020-01-01", recorded=datetime(2020, 1, 2, tzinfo=UTC))
    in_time = corrected(first, datetime(2023, 1, 1, tzinfo=UTC), withdrawn=True)
    late = corrected(first, datetime(2023, 1, 2, tzinfo=UTC), withdrawn=True)
    assert first_review(make, customers, in_time).exposure == date(2022, 3, 12)
    assert first_review(make, customers, late).exposure == date(2020, 1, 1)


def test_when_one_of_two_reports_is_taken_back_the_other_counts(customers: Programme, make: Make):
    here = make("claim_at_fault", "2025-06-01", liability="full", key="k", recorded=datetime(2025, 6, 2, tzinfo=UTC))
    there = make(
        "claim_at_fault", "2025-06-01", liability="partial", key="k", recorded=datetime(2025, 6, 3, tzinfo=UTC)
    )
    gone = corrected(here, datetime(2025, 7, 1, tzinfo=UTC), withdrawn=True)
    assert first_review(make, customers, here, there).reviews[-1].coefficient == 106
    assert first_review(make, customers, gone, there).reviews[-1].coefficient == 95


def test_what_was_taken_back_before_it_was_known_here_never_was(customers: Programme, make: Make, claim: Signal):
    gone = replace(claim, withdrawn=True)
    assert first_review(make, customers, gone).reviews[0].coefficient == 95


# Any ledger, replayed: what was known at an instant gives what was shown then.

EPOCH = datetime(2023, 1, 1, tzinfo=UTC)
facts = st.tuples(
    st.sampled_from(["order_paid", "refund", "claim_at_fault", "invoice_late"]), st.integers(1, 6).map(str)
)
entries = st.lists(
    st.tuples(
        facts,
        st.dates(date(2019, 1, 1), date(2027, 1, 1)),
        st.sampled_from(Liability),
        st.booleans(),  # withdrawn
        st.integers(0, 1500),  # days between this entry and the one before
    ),
    max_size=20,
)
kinds = st.sampled_from([Kind.CONTEST_OPEN, Kind.CONTEST_ACCEPT, Kind.CONTEST_REJECT, Kind.FREEZE, Kind.UNFREEZE])
choices = st.lists(st.tuples(kinds, facts, st.integers(0, 2500)), max_size=4)


@settings(max_examples=60)
@given(entries, choices, st.booleans())
def test_a_standing_as_known_at_an_instant_is_the_one_shown_then(
    log: list[tuple[tuple[str, str], date, Liability, bool, int]],
    taken: list[tuple[Kind, tuple[str, str], int]],
    fixed: bool,  # noqa: FBT001 - hypothesis fills it in
):
    programme = replace(CUSTOMERS, fixed_review="12-01") if fixed else CUSTOMERS
    decisions = [_decision(*each) for each in taken]
    current: dict[Fact, Signal] = {}  # the latest entry about each fact, as a sync keeps it
    shown: list[tuple[datetime, Standing]] = []
    instant = EPOCH
    for (name, number), on, liability, withdrawn, later in log:
        instant += timedelta(days=later / 10)
        fact = (Source("crm", "Thing", number), name)
        before = current.get(fact)
        current[fact] = Signal(
            name, on, fact[0], liability, recorded=instant, before=before, withdrawn=withdrawn and before is not None
        )
        known = tuple(each for each in decisions if each.recorded is not None and each.recorded <= instant)
        shown.append((instant, standing(list(current.values()), programme, instant.date(), Subject(decisions=known))))
    for instant, then in shown:
        known = tuple(each for each in decisions if each.recorded is not None and each.recorded <= instant)
        signals = as_known(current.values(), instant)
        again = standing(signals, programme, instant.date(), Subject(decisions=known))
        assert _at_the_instant(then, instant, shown) or again == then


def _decision(kind: Kind, fact: tuple[str, str], days: int) -> Decision:
    recorded = EPOCH + timedelta(days=days / 10)
    name, number = fact
    contested = (Source("crm", "Thing", number), name) if kind.startswith("contest") else None
    return Decision(kind, recorded.date(), "u7", "because", recorded, contested)


def _at_the_instant(then: Standing, instant: datetime, shown: list[tuple[datetime, Standing]]) -> bool:
    """Whether a later entry of the same instant is what was shown at the end of it."""
    return next(last for at, last in reversed(shown) if at == instant) is not then
