"""Retention: the old goes when no number rests on it, and never before."""

from datetime import date
from decimal import Decimal

from sqlalchemy import func, select

from config.rulefile import load_programme
from sync.ledger import history, schema
from sync.purge import Retention, purge
from tests.sync.conftest import order
from tests.sync.test_run import THIS_YEAR, one_customer


def away(world, **signals):
    world.clock.advance(minutes=30)
    day = world.clock.now.date()
    rules = load_programme("customers", at=day)
    retention = Retention({name: months for name, months in signals.items() if name != "runs"}, signals.get("runs"))
    return purge(world.ledger, rules, retention, programme="customers", now=world.clock.now, day=day)


def count(world, name):
    table = schema.signals
    with world.ledger.begin() as tx:
        return tx.execute(select(func.count()).where(table.c.name == name)).scalar_one()


def test_what_never_counted_goes_when_its_time_is_over(world):
    crm = one_customer(world)
    crm.put("cases", "old", fault="ours", day=date(2025, 11, 1), contacts=["1"])
    crm.put("cases", "new", fault="ours", day=date(2026, 11, 1), contacts=["1"])
    world.sync()
    purged = away(world, claim_justified=6)
    assert purged.deleted == {"claim_justified": 1}
    assert count(world, "claim_justified") == 1
    assert away(world, claim_justified=6).deleted["claim_justified"] == 0


def test_what_still_counts_is_kept_and_told(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="theirs", day=date(2026, 5, 1), contacts=["1"])
    world.sync()
    purged = away(world, claim_at_fault=1)
    assert (purged.deleted["claim_at_fault"], purged.kept["claim_at_fault"]) == (0, 1)
    world.sync()
    assert crm.ours("1")["coefficient"] == Decimal("1.25")


def test_the_entries_of_what_was_withdrawn_go_as_well(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="ours", day=date(2025, 11, 1), contacts=["1"])
    world.sync()
    crm.put("cases", "c1", fault="ours", day=date(2025, 11, 2))
    world.sync()
    assert count(world, "claim_justified") == 2
    away(world, claim_justified=6)
    assert count(world, "claim_justified") == 0


def test_nothing_is_written_because_something_was_purged(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="ours", day=date(2025, 11, 1), contacts=["1"])
    order(crm, "o3", "1", THIS_YEAR)
    world.sync()
    away(world, claim_justified=6)
    assert world.sync().written == 0


def test_what_is_not_named_is_kept(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="ours", day=date(2025, 11, 1), contacts=["1"])
    world.sync()
    assert away(world).deleted == {}
    assert count(world, "claim_justified") == 1


def test_what_old_runs_wrote_goes_and_that_they_were_stays(world):
    one_customer(world)
    run = world.sync().run
    world.clock.advance(days=100)
    world.sync()
    purged = away(world, runs=1)
    assert purged.rows["writes"] == 1
    with world.ledger.begin() as tx:
        assert history.outcomes(tx, run) == []
        assert [each.id for each in history.runs(tx, "customers", limit=9)] == [3, 2, 1]
