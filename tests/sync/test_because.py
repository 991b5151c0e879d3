"""Who moved, and why: what weighs most comes first, and nothing is named that did not happen."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from config.rulefile import load_programme
from scoring.decision import Kind
from tests.sync.conftest import both, order
from tests.sync.test_decide import TODAY, accused, enter
from tests.sync.test_run import LAST_YEAR, THIS_YEAR, one_customer


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request):
    return both(request)


def why(report):
    (move,) = report.moves
    return move.because


@pytest.mark.parametrize(
    ("kind", "values", "said"),
    [
        (Kind.ADJUST, {"coefficient": 90}, "adjusted"),
        (Kind.FREEZE, {}, "frozen"),
        (Kind.CONTEST_OPEN, {"signal": "c1"}, "contested (claim_at_fault c1)"),
        (Kind.CONTEST_ACCEPT, {"signal": "c1"}, "contest accepted (claim_at_fault c1)"),
    ],
)
def test_a_decision_is_named_as_what_it_is(world, kind, values, said):
    accused(world)
    enter(world, kind, **values)
    assert why(world.sync(dry=True)) == (f"decision of {TODAY}: {said}",)
    assert why(world.sync()) == (f"decision of {TODAY}: {said}",)


@pytest.mark.parametrize(
    ("first", "then", "values", "said"),
    [
        (Kind.ADJUST, Kind.LIFT, {"coefficient": 90}, "lifted"),
        (Kind.FREEZE, Kind.UNFREEZE, {}, "unfrozen"),
        (Kind.CONTEST_OPEN, Kind.CONTEST_REJECT, {"signal": "c1"}, "contest rejected (claim_at_fault c1)"),
    ],
)
def test_a_decision_that_an_earlier_run_showed_is_named_no_more(world, first, then, values, said):
    accused(world)
    enter(world, first, **values)
    world.sync()
    enter(world, then, **{name: value for name, value in values.items() if name == "signal"})
    assert why(world.sync()) == (f"decision of {TODAY}: {said}",)


def test_a_decision_is_named_on_the_day_it_begins_and_on_the_day_it_ends_by_itself(world):
    accused(world)
    enter(world, Kind.ADJUST, coefficient=90, on=date(2026, 12, 1), until=date(2026, 12, 24))
    assert world.sync().moves == []
    world.clock.advance(days=10)
    assert why(world.sync()) == ("decision of 2026-12-01: adjusted",)
    world.clock.advance(days=30)
    assert why(world.sync()) == ("adjustment ended on 2026-12-24",)


def test_an_edit_on_the_record_that_is_taken_as_an_adjustment_is_a_decision(world):
    crm = accused(world)
    crm.edit_ours("1", points=Decimal(50))
    assert why(world.sync(edited_by_hand="adjust")) == (f"decision of {TODAY}: adjusted",)


def test_incidents_come_before_orders_and_the_newest_first(world):
    crm = one_customer(world)
    world.sync()
    for number, day in enumerate((date(2026, 11, 3), date(2026, 11, 5), date(2026, 11, 4))):
        order(crm, f"p{number}", "1", day)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    assert why(world.sync()) == (
        "claim_at_fault of 2026-05-01",
        "order_paid p1 of 2026-11-05",
        "order_paid p2 of 2026-11-04",
        "order_paid p0 of 2026-11-03",
    )


def test_what_a_run_entered_that_died_before_it_scored_is_named_by_the_next_one(world, monkeypatch):
    crm = one_customer(world)
    world.sync()
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    with monkeypatch.context() as patch:
        patch.setattr("sync.run.score", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            world.sync()
    order(crm, "o3", "1", THIS_YEAR)
    assert why(world.sync()) == ("claim_at_fault of 2026-05-01", f"order_paid o3 of {THIS_YEAR}")


def test_the_engine_says_why_in_the_same_words(world, monkeypatch):
    pytest.importorskip("numba", reason="the engine is an extra")
    monkeypatch.setattr("sync.score.MANY", 1)
    crm = one_customer(world)
    world.sync()
    order(crm, "o3", "1", THIS_YEAR)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    assert why(world.sync()) == ("claim_at_fault of 2026-05-01", f"order_paid o3 of {THIS_YEAR}")
    world.clock.now = world.clock.now.replace(year=2027, month=10, day=1)
    assert why(world.sync()) == ("review of 2027-10-01", "points expired")


def test_a_decision_comes_before_every_incident(world):
    crm = accused(world)
    crm.put("cases", "c2", fault="theirs", day=date(2026, 5, 2), contacts=["1"])
    enter(world, Kind.ADJUST, points=0)
    assert why(world.sync()) == (f"decision of {TODAY}: adjusted", "claim_at_fault of 2026-05-02")


def test_a_known_incident_is_named_on_the_day_that_it_happens_and_not_before(world):
    crm = one_customer(world)
    world.sync()
    crm.put("cases", "c1", fault="theirs", day=date(2026, 12, 1), contacts=["1"])
    order(crm, "o3", "1", THIS_YEAR)
    assert why(world.sync()) == (f"order_paid o3 of {THIS_YEAR}",)
    world.clock.advance(days=10)
    assert why(world.sync()) == ("claim_at_fault of 2026-12-01",)


def test_points_expired_is_said_where_points_did(world):
    one_customer(world)
    world.sync()
    found = []
    for _ in range(8):
        world.clock.advance(days=200)
        found += [(move.before["points"], move.after["points"], move.because) for move in world.sync().moves]
    assert [(before - after, because[-1]) for before, after, because in found if before != after] == [
        (10, "points expired"),
        (10, "points expired"),
    ]
    assert all("points expired" not in because for before, after, because in found if before == after)


def test_other_rules_are_named_where_nothing_else_happened(world):
    one_customer(world)
    world.sync()

    def stricter(day):
        known = load_programme("customers", at=day)
        return replace(known, rules=replace(known.rules, normal=replace(known.rules.normal, reduction=900)))

    assert why(world.sync(programme_at=stricter)) == ("rules changed",)


def test_a_merge_is_named_where_it_moved_somebody(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    order(crm, "p1", "2", LAST_YEAR)
    world.sync()
    crm.delete("contacts", "1", into="2")
    assert why(world.sync(dry=True)) == ("merged with 1",)
    assert why(world.sync()) == ("merged with 1",)
    world.clock.now = world.clock.now.replace(year=2027, month=10, day=1)
    assert why(world.sync()) == ("review of 2027-10-01", "points expired")


def test_an_incident_weighs_more_than_a_merge_and_a_merge_more_than_an_order(world):
    crm = one_customer(world)
    crm.put("contacts", "2", email="two@example.com")
    world.sync()
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["2"])
    order(crm, "p1", "2", THIS_YEAR)
    crm.delete("contacts", "1", into="2")
    assert why(world.sync()) == ("claim_at_fault of 2026-05-01", "merged with 1", f"order_paid p1 of {THIS_YEAR}")


def test_records_of_two_crms_that_are_linked_and_parted_are_named_to_whoever_it_moved(world):
    ours, theirs = one_customer(world), world.crms["b"]
    theirs.put("contacts", "9", email="nine@example.com")
    order(theirs, "q1", "9", LAST_YEAR)
    world.sync()
    theirs.put("contacts", "9", email="one@example.com")
    ours.put("contacts", "1", email="one@example.com")
    assert why(world.sync()) == ("linked with 9",)
    theirs.put("contacts", "9", email="nine@example.com")
    assert why(world.sync()) == ("no longer linked with 9",)
