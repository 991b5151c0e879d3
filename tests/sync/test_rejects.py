"""Refused records: tried again at growing intervals, parked, and stirred by what changes."""

from datetime import date

from connectors.protocol import Outcome, OutcomeKind
from sync import rejects
from sync.job import Slow
from sync.rejects import WAITS
from tests.sync.conftest import order
from tests.sync.test_run import THIS_YEAR, counted, one_customer

CODE = "FIELD_CUSTOM_VALIDATION_EXCEPTION"


def poisoned(world):
    crm = one_customer(world)
    crm.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, CODE, "a rule of theirs")
    return crm


def listed(world):
    with world.ledger.begin() as tx:
        return rejects.listed(tx, "customers")


def park(world):
    for _ in WAITS:
        world.sync()
        world.clock.advance(days=1)
    assert counted(world.sync()) == {"rejected": 1}
    (row,) = listed(world)
    assert row.again is None
    return row


def test_a_refused_record_is_listed_with_its_reason_and_since_when(world):
    poisoned(world)
    world.sync()
    since = world.clock.now
    world.sync()
    (row,) = listed(world)
    assert (row.record, row.code, row.reason, row.tries) == ("a:1", CODE, "a rule of theirs", 2)
    assert row.first == since


def test_op09_a_poison_row_is_tried_at_growing_intervals_and_then_parked(world):
    crm = poisoned(world)
    tried = []
    for _ in range(16):
        report = world.sync()
        tried.append("tried" if report.connections["a"].outcomes["rejected"] else next(iter(counted(report))))
        world.clock.advance(hours=2.5)
    waits = " ".join(tried).split("tried")
    assert len(waits) == len(WAITS) + 2
    assert [each.count("waiting") for each in waits[1:-1]] == [0, 0, 1, 7]
    assert set(waits[-1].split()) == {"parked"}
    assert crm.written == []


def test_a_parked_record_is_told_as_parked_and_costs_no_call(world):
    crm = poisoned(world)
    park(world)
    crm.calls = 0
    assert counted(world.sync()) == {"parked": 1}
    assert crm.calls == 0


def test_a_parked_record_is_tried_again_when_its_standing_changes(world):
    crm = poisoned(world)
    park(world)
    crm.refuses.clear()
    order(crm, "o3", "1", THIS_YEAR)
    assert counted(world.sync()) == {"written": 1}
    assert listed(world) == []


def test_a_parked_record_is_tried_again_when_the_record_changes(world):
    crm = poisoned(world)
    park(world)
    crm.refuses.clear()
    crm.put("contacts", "1", email="corrected@example.com")
    assert counted(world.sync()) == {"written": 1}


def test_a_parked_record_is_tried_again_by_a_full_sync(world):
    crm = poisoned(world)
    park(world)
    crm.refuses.clear()
    assert counted(world.sync(full=True)) == {"written": 1}


def test_a_parked_record_stays_so_when_the_slow_round_comes_by(world):
    poisoned(world)
    park(world)
    assert counted(world.sync(slow=Slow(calls=9, hours=0))) == {"parked": 1}
    (row,) = listed(world)
    assert row.again is None


def test_a_record_that_is_gone_is_refused_no_more(world):
    crm = poisoned(world)
    world.sync()
    crm.refuses["1"] = Outcome("1", OutcomeKind.GONE, "ENTITY_IS_DELETED")
    world.sync()
    assert listed(world) == []


def test_another_standing_begins_counting_anew(world):
    crm = poisoned(world)
    for _ in range(2):
        world.sync()
    order(crm, "o3", "1", date(2026, 11, 21))
    world.sync()
    (row,) = listed(world)
    assert row.tries == 1
