"""Retention: the old goes when no number rests on it, and never before."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from config.rulefile import load_programme
from connectors.protocol import Outcome, OutcomeKind
from scoring.mapping import SignalRule
from sync.ledger import history, schema
from sync.purge import Retention, purge
from sync.undo import NothingToUndoError, undo
from sync.verify import verify
from tests.sync.conftest import CONTACT, PAID, both, order
from tests.sync.test_run import LAST_YEAR, THIS_YEAR, one_customer

place = pytest.fixture(both, params=("sqlite", "postgresql"))


def programme_at(day):
    return load_programme("customers", at=day)


def away(world, **signals):
    world.clock.advance(minutes=30)
    day = world.clock.now.date()
    retention = Retention({name: months for name, months in signals.items() if name != "runs"}, signals.get("runs"))
    return purge(world.ledger, programme_at, retention, programme="customers", now=world.clock, day=day)


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


def right(world):
    """Every standing follows from what is left, and a sync has nothing to write."""
    assert verify(world.ledger, "customers", programme_at).differences == []
    assert world.sync().written == 0
    assert verify(world.ledger, "customers", programme_at).differences == []


def standings(world):
    table = schema.standings
    with world.ledger.begin() as tx:
        return [(row.points, row.breakdown is None) for row in tx.execute(select(table).order_by(table.c.id))]


def test_standings_that_named_it_keep_their_numbers_without_the_lines(world):
    crm = one_customer(world)
    crm.put("cases", "c1", fault="ours", day=date(2025, 11, 1), contacts=["1"])
    world.sync()
    order(crm, "o3", "1", THIS_YEAR)
    world.sync()
    before = standings(world)
    assert away(world, claim_justified=6).deleted == {"claim_justified": 1}
    assert standings(world) == [(points, True) for points, _ in before]
    right(world)


@pytest.fixture
def referred(world):
    """Somebody whose referral gave points that are over by now, and a standing from when they were not."""
    rule = SignalRule("referral_won", "orders", (PAID,), "referred", CONTACT, optional=True)
    world.mappings["a"] = replace(world.mappings["a"], signals=(*world.mappings["a"].signals, rule))
    crm = one_customer(world)
    order(crm, "o0", "1", date(2025, 1, 10))
    order(crm, "r1", "1", LAST_YEAR, referred=date(2025, 1, 15))
    world.sync()
    world.clock.advance(days=70)
    return crm


def test_a_past_standing_that_counted_it_goes_with_it(world, referred):
    world.sync()
    assert [points for points, _ in standings(world)] == [90, 30]
    purged = away(world, referral_won=24)
    assert (purged.deleted["referral_won"], purged.rows["standings"]) == (1, 1)
    assert [points for points, _ in standings(world)] == [30]
    right(world)


def test_what_a_record_still_shows_is_not_taken_from_under_it(world, referred):
    referred.refuses["1"] = Outcome("1", OutcomeKind.REJECTED, "X", "not now")
    world.sync()
    purged = away(world, referral_won=24)
    assert (purged.deleted["referral_won"], purged.kept["referral_won"]) == (0, 1)
    assert verify(world.ledger, "customers", programme_at).differences == []
    del referred.refuses["1"]
    referred.put("contacts", "1", name="touched")
    world.clock.advance(days=1)
    assert world.sync().written == 1
    assert away(world, referral_won=24).deleted["referral_won"] == 1
    right(world)


def test_what_was_not_scored_yet_is_not_taken_away_before_it_is(world, referred):
    assert away(world, referral_won=24).kept["referral_won"] == 1
    world.sync()
    assert away(world, referral_won=24).deleted["referral_won"] == 1
    right(world)


def test_a_person_whose_records_were_somebody_elses_takes_that_ones_past_along(world):
    a, b = one_customer(world), world.crms["b"]
    b.put("contacts", "9", email="someone@example.com")
    order(b, "p9", "9", LAST_YEAR)
    b.put("cases", "c9", fault="ours", day=date(2025, 11, 1), contacts=["9"])
    world.sync()
    b.put("contacts", "9", email="another@example.com")
    world.sync()
    assert away(world, claim_justified=6).deleted["claim_justified"] == 1
    right(world)
    assert a.ours("1")["points"] == 20


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
    with pytest.raises(NothingToUndoError, match=f"what run {run} wrote is not kept any more"):
        undo(world.job(), run)


@pytest.mark.parametrize(("minutes", "goes"), [(-1, True), (0, False)])
def test_the_last_runs_that_go_are_of_the_last_day_in_the_programmes_time_zone(world, minutes, goes):
    one_customer(world)
    midnight = datetime(2026, 11, 22, 23, tzinfo=UTC)  # in Paris, where the programme is at home
    world.clock.now = midnight + timedelta(minutes=minutes - 30)
    world.sync()
    world.clock.now = datetime(2026, 12, 23, 12, tzinfo=UTC)
    assert away(world, runs=1).rows["writes"] == goes
