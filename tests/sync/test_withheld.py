"""Whoever was erased does not come back by itself, whatever the CRM still has of them, until a person says so."""

import json
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from sync.erase import erase
from sync.ledger import history, schema
from sync.reconcile import reconcile
from sync.withheld import readmit
from tests.sync.conftest import both, order
from tests.sync.test_erase import everything_said
from tests.sync.test_run import THIS_YEAR, counted

place = pytest.fixture(both, params=("sqlite", "postgresql"))
PERSON, OTHER, NEW = "003PERSON0001", "003OTHER00001", "003NEW0000001"


@pytest.fixture
def crm(world):
    """Two customers, of whom one is erased while the CRM still has the record."""
    crm = world.crms["a"]
    for number, record in enumerate((PERSON, OTHER)):
        crm.put("contacts", record, email=f"{record}@example.com")
        order(crm, f"order {number}", record, THIS_YEAR)
    world.sync()
    with world.ledger.begin() as tx:
        who = history.subject(tx, "customers", f"a:{PERSON}")[0].subject
    assert erase(world.ledger, "customers", who, world.clock).living == 1
    return crm


def records(world):
    with world.ledger.begin() as tx:
        return set(tx.execute(select(schema.contacts.c.record)).scalars())


def said(world, *names):
    """Which of these the ledger has anywhere, and the contacts that signals in it are about."""
    text = json.dumps(everything_said(world))
    with world.ledger.begin() as tx:
        about = set(tx.execute(select(schema.signals.c.contact)).scalars())
    return [name for name in names if name in text], about


def again(world, crm, how):
    """Everything that makes a run read a record that is still there."""
    match how:
        case "changed":
            crm.put("contacts", PERSON, email="another@example.com")
            order(crm, "order of theirs, changed", PERSON, THIS_YEAR)
        case "broken":
            crm.put("contacts", PERSON, email="no address at all")
        case "full":
            return world.sync(full=True)
        case "mapping":
            world.mappings["a"] = replace(world.mappings["a"], signals=world.mappings["a"].signals[:2])
        case "deleted":
            crm.delete("contacts", PERSON)
        case "undeleted":
            crm.delete("contacts", PERSON)
            world.sync()
            crm.undelete("contacts", PERSON)
        case "reconcile":
            reconcile(world.job(), share=1.0)
    return world.sync()


@pytest.mark.parametrize("how", ["changed", "broken", "full", "mapping", "deleted", "undeleted", "reconcile"])
def test_a_record_that_is_read_again_is_not_entered(world, crm, how):
    again(world, crm, how)
    assert records(world) == {OTHER}
    assert said(world, PERSON) == ([], {OTHER})


def test_what_was_left_out_is_counted(world, crm):
    report = world.sync(full=True)
    objects = report.connections["a"].objects
    assert (objects["contacts"].verdicts["erased"], objects["orders"].verdicts["erased"]) == (1, 1)
    assert counted(report) == {"unchanged": 1}


def test_another_record_that_names_it_keeps_nothing_of_it(world, crm):
    world.crms["b"].put("contacts", "901", email="x@example.com", cross=PERSON)
    world.sync()
    assert "901" in records(world)
    assert said(world, PERSON)[0] == []


@pytest.mark.parametrize(
    ("merged", "into", "left"),
    [
        (PERSON, OTHER, {OTHER}),  # with somebody who is scored: they stay who they are
        (OTHER, PERSON, {OTHER}),  # somebody who was scored turns out to be the one who was erased: gone
        (PERSON, NEW, {OTHER}),  # the erased one under another id
        (NEW, PERSON, {OTHER}),
    ],
)
def test_what_is_merged_with_it_and_was_not_known_is_the_same_person(world, crm, merged, into, left):
    if NEW in (merged, into):
        crm.put("contacts", NEW, email="new@example.com")
    crm.delete("contacts", merged, into=into)
    crm.put("orders", "order 0", contacts=[into])
    world.sync()
    if NEW in (merged, into):
        crm.put("contacts", NEW, email="newer@example.com")
        order(crm, "order of the new one", NEW, THIS_YEAR)
        world.sync(full=True)
    assert records(world) == left
    assert said(world, PERSON)[0] == []
    with world.ledger.begin() as tx:
        gone = tx.execute(select(schema.contacts.c.gone)).scalar_one()
    assert gone is (merged == OTHER)


def test_two_records_under_a_new_id_stay_with_the_one_who_is_scored(world, crm):
    crm.put("contacts", NEW, email="new@example.com")
    for record in (PERSON, OTHER):
        crm.delete("contacts", record, into=NEW)
    world.sync()
    assert records(world) == {OTHER, NEW}
    with world.ledger.begin() as tx:
        assert len(set(tx.execute(select(schema.contacts.c.subject)).scalars())) == 1


class TestWhoeverIsReadmitted:
    def test_comes_back_as_a_new_customer(self, world, crm):
        assert readmit(world.ledger, "customers", PERSON, world.clock) == 1
        world.sync(full=True)
        assert records(world) == {OTHER, PERSON}
        assert crm.ours(PERSON)["points"] == 10
        with world.ledger.begin() as tx:
            assert tx.execute(select(schema.runs.c.kind).where(schema.runs.c.kind == "readmit")).all()

    def test_comes_back_with_all_their_records_by_any_of_them(self, world, crm):
        crm.delete("contacts", PERSON, into=NEW)
        crm.put("contacts", NEW, email="new@example.com")
        world.sync()
        assert records(world) == {OTHER}
        assert readmit(world.ledger, "customers", f"a:{PERSON}", world.clock) == 2
        world.sync(full=True)
        assert records(world) == {OTHER, PERSON, NEW}

    def test_is_nobody_else(self, world, crm):
        assert readmit(world.ledger, "customers", OTHER, world.clock) == 0
        assert readmit(world.ledger, "customers", f"b:{PERSON}", world.clock) == 0

    def test_may_be_erased_again(self, world, crm):
        readmit(world.ledger, "customers", PERSON, world.clock)
        order(crm, "second order", PERSON, date(2026, 2, 1))
        world.sync(full=True)
        with world.ledger.begin() as tx:
            who = history.subject(tx, "customers", f"a:{PERSON}")[0].subject
        erase(world.ledger, "customers", who, world.clock)
        world.sync(full=True)
        assert records(world) == {OTHER}


def test_a_mark_says_nothing_of_whom_it_means_and_each_ledger_has_its_own(world, crm):
    with world.ledger.begin() as tx:
        (mark,) = tx.execute(select(schema.withheld.c.mark)).scalars()
        (key,) = tx.execute(select(schema.connections.c.key).where(schema.connections.c.name == "a")).scalars()
    assert (len(mark), len(key)) == (64, 32)
    assert PERSON.lower() not in mark
