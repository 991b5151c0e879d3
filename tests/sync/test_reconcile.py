"""Reconciliation: what vanished without a trace, and what only seems to have."""

from decimal import Decimal

from connectors.errors import Unreachable
from connectors.protocol import Finding, Level
from sync import lease
from sync.ledger import facts, history
from sync.reconcile import reconcile
from tests.sync.conftest import order
from tests.sync.test_run import THIS_YEAR, counted, one_customer


def compare(world, share=0.5, **options):
    world.clock.advance(minutes=30)
    return reconcile(world.job(), share=share, **options)


def company(world):
    crm = one_customer(world)
    for number in range(2, 7):
        crm.put("contacts", str(number), email=f"c{number}@example.com")
        order(crm, f"p{number}", str(number), THIS_YEAR)
    world.sync()
    return crm


def test_sr08_a_contact_that_vanished_without_a_trace_is_neither_scored_nor_written_any_more(world):
    crm = company(world)
    crm.vanish("contacts", "6")
    report = compare(world)
    assert report.connections["a"].objects["contacts"].verdicts == {"deleted": 1}
    order(crm, "late", "6", THIS_YEAR)
    assert counted(world.sync()) == {"unchanged": 5}


def test_hr12_an_order_that_vanished_without_a_trace_takes_its_points_with_it(world):
    crm = company(world)
    crm.vanish("orders", "o2")
    compare(world)
    world.sync()
    assert crm.ours("1")["points"] == Decimal(10)


def test_a_second_pass_finds_nothing(world):
    crm = company(world)
    crm.vanish("orders", "o2")
    compare(world)
    assert not compare(world).connections["a"].objects["orders"].verdicts["deleted"]


def test_more_than_the_share_is_refused_and_nothing_is_taken_away(world):
    crm = company(world)
    for number in range(2, 7):
        crm.vanish("contacts", str(number))
    report = compare(world)
    assert report.state == "asked"
    assert "5 of 6 records of contacts are not there any more, more than 50%" in report.connections["a"].message
    assert "say `bonus-malus reconcile --yes-remove 5`" in report.connections["a"].message
    assert counted(world.sync()) == {"unchanged": 6}


def test_a_share_is_told_as_it_was_set(world):
    company(world).vanish("contacts", "6")
    assert "1 of 6 records of contacts are not there any more, more than 0.5%:" in (
        compare(world, share=0.005).connections["a"].message
    )


def test_each_object_of_which_too_much_vanished_is_named(world):
    crm = company(world)
    for number in range(2, 7):
        crm.vanish("contacts", str(number))
        crm.vanish("orders", f"p{number}")
    said = compare(world).connections["a"].message
    assert "5 of 6 records of contacts" in said
    assert "5 of 7 records of orders" in said


def test_a_person_may_say_yes_to_more(world):
    crm = company(world)
    for number in range(2, 7):
        crm.vanish("contacts", str(number))
    assert compare(world, yes_remove=5).state == "done"
    assert counted(world.sync()) == {"unchanged": 1}


def test_a_pass_that_came_to_no_end_takes_nothing_away(world):
    crm = company(world)
    crm.vanish("orders", "o2")
    crm.fails = [None, Unreachable("no answer")]
    assert compare(world).state == "try later"
    world.sync()
    assert crm.ours("1")["points"] == Decimal(20)


def test_what_vanished_is_withdrawn_while_nobody_scores_who_would_miss_it(world, monkeypatch):
    crm = company(world)
    crm.vanish("orders", "o2")
    done = []
    beside, store = lease.beside, facts.store_signals
    monkeypatch.setattr(lease, "beside", lambda *given: [done.append("lock"), beside(*given)])
    monkeypatch.setattr(facts, "store_signals", lambda *given: [done.append("signals"), store(*given)])
    compare(world)
    assert done == ["lock", "signals"]


def test_an_object_that_cannot_be_read_any_more_ends_it_with_the_cure_and_takes_nothing_away(world):
    crm = company(world)
    crm.findings = [Finding(Level.FAIL, "orders cannot be read", "grant Read on orders", object="orders")]
    crm.vanish("contacts", "6")
    report = compare(world)
    assert report.state == "failed"
    assert report.connections["a"].message == "orders cannot be read: grant Read on orders"
    crm.findings = []
    assert compare(world).connections["a"].objects["contacts"].verdicts == {"deleted": 1}


def test_what_this_org_never_had_is_not_asked_for(world):
    crm = one_customer(world)
    crm.findings = [Finding(Level.FAIL, "there are no cases", "", object="cases")]
    world.sync()
    assert list(compare(world).connections["a"].objects) == ["contacts", "orders"]


def test_whoever_is_left_of_two_with_one_address_is_the_person_in_the_other_crm(world):
    crm = company(world)
    for each, record in ((crm, "8"), (crm, "9"), (world.crms["b"], "b9")):
        each.put("contacts", record, email="office@example.com")
    assert len(world.sync().ambiguous) == 3
    crm.vanish("contacts", "8")
    compare(world)
    with world.ledger.begin() as tx:
        (who,) = history.subject(tx, "customers", "b:b9")
    assert sorted(who.records) == ["a:9", "b:b9"]
