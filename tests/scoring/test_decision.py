from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from scoring.decision import Decision, Kind, decided
from scoring.line import Code
from scoring.rules import Programme
from scoring.signal import Signal, Source
from scoring.standing import Standing, Trend, standing
from scoring.status import Status
from scoring.subject import Subject

Make = Callable[..., Signal]

DAY = date(2026, 11, 22)
DECIDED = date(2026, 4, 10)


def decision(kind: str, on: date | str = DECIDED, **more: Any) -> Decision:
    day = date.fromisoformat(on) if isinstance(on, str) else on
    return Decision(Kind(kind), day, "u7", "goods arrived broken", **more)


@pytest.fixture
def incident(make: Make) -> Signal:
    return make("invoice_late", "2025-06-03", liability="partial")


@pytest.fixture
def signals(make: Make, incident: Signal) -> list[Signal]:
    """0.85 at the review of 12 Mar 2025, an incident in June, 0.95 at the next review."""
    return [*(make("order_paid", f"{year}-03-12") for year in range(2022, 2027)), incident]


Show = Callable[..., Standing]


@pytest.fixture
def show(customers: Programme, signals: list[Signal]) -> Show:
    def shown(*decisions: Decision, day: date | str = DAY, programme: Programme = customers) -> Standing:
        on = date.fromisoformat(day) if isinstance(day, str) else day
        return standing(signals, programme, on, Subject(decisions=decisions))

    return shown


def codes(shown: Standing) -> list[Code]:
    return [line.code for line in shown.lines]


def test_nothing_decided_leaves_0_95(show: Show):
    assert (show().coefficient, show().status) == (95, Status.ACTIVE)


def test_an_open_contest_holds_the_incident(show: Show, incident: Signal):
    shown = show(decision("contest_open", fact=incident.fact))
    assert (shown.coefficient, shown.status) == (80, Status.CONTESTED)
    assert Code.CONTESTED in codes(shown)
    assert shown.reasons[0].code is Code.CONTESTED
    assert Code.INCIDENT not in [line.code for line in shown.reasons]


def test_before_it_was_opened_the_incident_counts(show: Show, incident: Signal):
    contest = decision("contest_open", fact=incident.fact)
    assert show(contest, day="2026-04-09").coefficient == 95
    assert show(contest, day="2026-04-09").next_change == DECIDED
    assert show(contest, day=DECIDED).coefficient == 80


def test_an_accepted_contest_removes_the_incident_for_good(show: Show, incident: Signal):
    contest = [
        decision("contest_open", fact=incident.fact),
        decision("contest_accept", "2026-05-01", fact=incident.fact),
    ]
    shown = show(*contest)
    assert (shown.coefficient, shown.status) == (80, Status.ACTIVE)
    assert Code.CONTEST_ACCEPTED in codes(shown)


def test_a_rejected_contest_counts_the_incident_again(show: Show, incident: Signal):
    contest = [
        decision("contest_open", fact=incident.fact),
        decision("contest_reject", "2026-05-01", fact=incident.fact),
    ]
    assert [show(*contest, day=day).coefficient for day in ("2026-04-30", "2026-05-01")] == [80, 95]
    assert show(*contest).status is Status.ACTIVE
    assert Code.CONTEST_REJECTED in codes(show(*contest))


def test_the_points_of_a_contested_signal_are_held_too(show: Show, incident: Signal):
    assert show().points == 0  # two orders in force, and 30 less
    assert show(decision("contest_open", fact=incident.fact)).points == 20


def test_an_order_cannot_be_contested(show: Show, signals: Sequence[Signal]):
    shown = show(decision("contest_open", fact=signals[0].fact))
    assert (shown.exposure, shown.status) == (date(2022, 3, 12), Status.ACTIVE)
    assert Code.CONTEST_UNKNOWN in codes(shown)


def test_a_contest_about_a_signal_that_nobody_knows_is_listed(show: Show):
    shown = show(decision("contest_open", fact=(Source("crm", "Case", "none"), "claim_at_fault")))
    assert (shown.coefficient, shown.status) == (95, Status.ACTIVE)
    assert Code.CONTEST_UNKNOWN in codes(shown)


@pytest.mark.parametrize("then", ["contest_open", "contest_accept"])
def test_a_contest_about_what_counts_later_is_about_that_until_then_and_holds_from_its_day_on(
    show: Show, make: Make, signals: list[Signal], then: str
):
    unpaid = make("invoice_unpaid", "2026-08-01", liability="full")
    signals.append(unpaid)
    decisions = [decision("contest_open", fact=unpaid.fact), decision(then, "2026-04-11", fact=unpaid.fact)]
    before = show(*decisions, day="2026-07-31")
    (line,) = (line for line in before.lines if line.code is Code.CONTEST_AHEAD)
    assert (line.values["on"], line.values["signal"]) == (date(2026, 8, 1), "invoice_unpaid")
    assert (before.status, before.next_change) == (Status.ACTIVE, date(2026, 8, 1))
    assert Code.CONTEST_UNKNOWN not in codes(before)
    after = show(*decisions, day="2026-08-01")
    assert (Code.CONTESTED if then == "contest_open" else Code.CONTEST_ACCEPTED) in codes(after)
    assert not {Code.CONTEST_AHEAD, Code.CONTEST_UNKNOWN}.intersection(codes(after))


@pytest.mark.parametrize(("opened", "coefficient"), [("2028-03-12", 85), ("2028-03-13", 95)])
def test_a_contest_opened_more_than_two_years_after_the_review_changes_nothing_art_8(
    customers: Programme, signals: list[Signal], incident: Signal, opened: str, coefficient: int
):
    contest = decision("contest_open", opened, fact=incident.fact)
    shown = standing(signals, customers, date(2028, 3, 20), Subject(decisions=(contest,)))
    then = next(review.coefficient for review in shown.reviews if review.on == date(2026, 3, 12))
    assert then == {85: 80, 95: 95}[coefficient]
    assert (Code.CONTEST_LATE in codes(shown)) is (coefficient == 95)


def test_a_contest_opened_in_time_may_be_decided_later(customers: Programme, signals: list[Signal], incident: Signal):
    contest = (
        decision("contest_open", "2026-05-01", fact=incident.fact),
        decision("contest_accept", "2029-05-01", fact=incident.fact),
    )
    shown = standing(signals, customers, date(2029, 6, 1), Subject(decisions=contest))
    assert Code.CONTEST_ACCEPTED in codes(shown)


def test_a_day_chosen_in_the_past_does_not_make_a_contest_early(show: Show, incident: Signal):
    backdated = decision("contest_open", fact=incident.fact, recorded=datetime(2028, 3, 13, tzinfo=UTC))
    assert Code.CONTEST_LATE in codes(show(backdated))


def test_a_derived_signal_can_be_contested_too(customers: Programme, make: Make):
    signals = [make("order_paid", "2025-03-12", amount=100)]
    signals += [make("refund", f"2025-04-0{day}", amount=30) for day in (1, 2, 3)]
    fact = (Source("", "derived", "refund_abuse 2025-03-12"), "refund_abuse")
    subject = Subject(decisions=(decision("contest_open", "2025-05-01", fact=fact),))
    assert standing(signals, customers, date(2026, 3, 12)).coefficient == 112
    shown = standing(signals, customers, date(2026, 3, 12), subject)
    assert (shown.coefficient, shown.status) == (95, Status.CONTESTED)


def test_an_adjustment_is_the_number_shown_until_its_end(show: Show):
    adjustment = decision("adjust", coefficient=80, until=date(2026, 12, 1))
    for day, coefficient in (("2026-04-09", 95), ("2026-04-10", 80), ("2026-11-30", 80), ("2026-12-01", 95)):
        assert show(adjustment, day=day).coefficient == coefficient
    shown = show(adjustment)
    assert (shown.status, shown.expected, shown.trend) == (Status.ADJUSTED, 90, Trend.WORSENING)
    assert shown.next_change == date(2026, 12, 1)
    line = next(line for line in shown.lines if line.code is Code.COEFFICIENT_ADJUSTED)
    assert (line.values["why"], line.values["by"], line.values["until"]) == (
        "goods arrived broken",
        "u7",
        date(2026, 12, 1),
    )


def test_an_adjustment_survives_a_review_and_whatever_is_recalculated(show: Show, make: Make, signals: list[Signal]):
    adjustment = decision("adjust", coefficient=80)
    signals.append(make("invoice_unpaid", "2026-05-01", liability="full"))
    for day in (DAY, date(2027, 3, 12)):
        shown = show(adjustment, day=day)
        assert (shown.coefficient, shown.expected) == (80, 80)


def test_points_can_be_set_and_the_tier_follows(show: Show):
    shown = show(decision("adjust", points=400, coefficient=90))
    assert (shown.points, shown.tier, shown.status) == (400, "Gold", Status.ADJUSTED)
    assert shown.changed_on == DECIDED


def test_what_an_adjustment_gave_is_taken_back_at_a_review_only(show: Show):
    adjustment = decision("adjust", points=400, coefficient=90, until=date(2026, 6, 1))
    assert show(adjustment, day="2026-06-01").tier == "Gold"
    assert show(adjustment, day="2027-03-12").tier == "Silver"


def test_a_later_adjustment_replaces_an_earlier_one_and_a_lift_ends_both(show: Show):
    first, second = decision("adjust", coefficient=80), decision("adjust", "2026-05-01", coefficient=70)
    lift = decision("lift", "2026-06-01")
    days = ("2026-04-30", "2026-05-01", "2026-05-31", "2026-06-01")
    assert [show(first, second, lift, day=day).coefficient for day in days] == [80, 70, 70, 95]
    assert show(first, second, lift).status is Status.ACTIVE


def test_two_numbers_can_be_adjusted_each_by_itself(show: Show):
    shown = show(decision("adjust", coefficient=80), decision("adjust", "2026-05-01", points=77))
    assert (shown.coefficient, shown.points) == (80, 77)


def test_of_two_decisions_of_one_day_the_later_recorded_holds(show: Show):
    early = decision("adjust", coefficient=80, recorded=datetime(2026, 4, 10, 8, tzinfo=UTC))
    late = decision("adjust", coefficient=70, recorded=datetime(2026, 4, 10, 9, tzinfo=UTC))
    assert show(late, early).coefficient == show(early, late).coefficient == 70


def test_whoever_has_not_ordered_can_be_adjusted_too(customers: Programme):
    shown = standing([], customers, DAY, Subject(decisions=(decision("adjust", coefficient=80, points=5),)))
    assert (shown.coefficient, shown.expected, shown.points) == (80, 80, 5)
    assert (shown.status, shown.tier) == (Status.ADJUSTED, "Basic")


def test_a_standing_while_frozen_is_that_of_the_day_of_freezing(show: Show, make: Make, signals: list[Signal]):
    freeze = decision("freeze", "2026-03-11")
    signals.append(make("invoice_unpaid", "2026-05-01", liability="full"))
    shown, then = show(freeze), show(day="2026-03-11")
    same = ("coefficient", "expected", "points", "tier", "price_adjustment", "reviews")
    assert [getattr(shown, name) for name in same] == [getattr(then, name) for name in same]
    assert (shown.status, shown.next_change, shown.day) == (Status.FROZEN, None, DAY)
    assert shown.lines[0].code is shown.reasons[0].code is Code.FROZEN


def test_a_review_that_passed_while_frozen_is_not_shown_as_the_next_one(show: Show):
    freeze = decision("freeze", "2026-01-10")
    before, on = show(freeze, day="2026-03-11"), show(freeze, day="2026-03-12")
    assert (before.next_review, before.next_change) == (date(2026, 3, 12), date(2026, 3, 12))
    assert before.way_back == show(day="2026-01-10").way_back
    assert (on.next_review, on.next_change, on.way_back) == (None, None, ())


def test_what_is_recorded_after_the_freeze_does_not_reach_it(show: Show, make: Make, signals: list[Signal]):
    freeze = decision("freeze", recorded=datetime(2026, 4, 10, 12, tzinfo=UTC))
    known = datetime(2026, 4, 11, tzinfo=UTC)
    signals.append(make("invoice_unpaid", "2025-07-01", liability="full", recorded=known))
    assert show(freeze).coefficient == 95
    assert show().coefficient == 118


def test_unfreezing_counts_everything_that_happened_meanwhile(show: Show, make: Make, signals: list[Signal]):
    signals.append(make("invoice_unpaid", "2025-07-01", liability="full"))
    freeze, unfreeze = decision("freeze", "2025-05-01"), decision("unfreeze", "2026-10-01")
    assert [show(freeze, unfreeze, day=day).coefficient for day in ("2026-09-30", "2026-10-01")] == [85, 118]
    assert show(freeze, unfreeze, day="2026-09-30").next_change == date(2026, 10, 1)
    assert show(freeze, unfreeze).changed_on == date(2026, 10, 1)


def test_freezing_twice_keeps_the_first_day(show: Show):
    assert show(decision("freeze", "2025-05-01"), decision("freeze", "2026-05-01")).coefficient == 85


def test_frozen_comes_before_adjusted_before_contested_before_short_history(
    show: Show, incident: Signal, customers: Programme, make: Make
):
    contest, adjustment = decision("contest_open", fact=incident.fact), decision("adjust", points=1)
    assert show(contest, adjustment, decision("freeze")).status is Status.FROZEN
    assert show(contest, adjustment).status is Status.ADJUSTED
    assert show(contest).status is Status.CONTESTED
    late = make("invoice_late", "2026-04-01", liability="partial")
    young = [make("order_paid", "2026-03-12"), late]
    subject = Subject(decisions=(decision("contest_open", fact=late.fact),))
    assert standing(young, customers, DAY, subject).status is Status.CONTESTED
    assert standing(young, customers, DAY).status is Status.SHORT_HISTORY


def test_a_contest_moves_changed_on_to_the_day_it_took_effect(show: Show, incident: Signal):
    assert show().changed_on == date(2026, 3, 12)
    assert show(decision("contest_open", fact=incident.fact)).changed_on == DECIDED
    assert show(decision("adjust", coefficient=95)).changed_on == date(2026, 3, 12)


def test_decisions_of_later_days_have_not_been_taken_yet(show: Show):
    later = decision("adjust", "2026-12-01", coefficient=80)
    assert replace(show(later), next_change=None) == replace(show(), next_change=None)
    assert decided([later], DAY).upcoming == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("contest_open", {}, "names the signal"),
        ("freeze", {"fact": (Source("crm", "Case", "1"), "refund")}, "names the signal"),
        ("adjust", {}, "sets a coefficient or points"),
        ("freeze", {"points": 3}, "sets a coefficient or points"),
        ("adjust", {"points": 3, "until": DECIDED}, "after it began"),
        ("freeze", {"until": DAY}, "ends by itself"),
        ("adjust", {"coefficient": 0}, "0 is no coefficient"),
        ("freeze", {"recorded": datetime(2026, 1, 1)}, "has no time zone"),  # noqa: DTZ001 - that is the mistake
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(kind: str, more: dict[str, Any], words: str):
    with pytest.raises(ValueError, match=words):
        decision(kind, **more)
