"""The ledger in another place is the same ledger: a file into PostgreSQL, and back."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, text

from config.rulefile import load_programme
from sync import lease
from sync.lease import BusyError
from sync.ledger import Ledger, LedgerError, database, schema
from sync.transfer import transfer
from sync.verify import verify
from tests.sync.conftest import both, order
from tests.sync.test_erase import everything
from tests.sync.test_run import THIS_YEAR

place = pytest.fixture(both, params=("sqlite", "postgresql"))


@pytest.fixture
def other(request, place, tmp_path):
    """An empty place in the other database, and one in the same."""
    server = request.getfixturevalue("server")
    here, there = str(tmp_path / "other.db"), server.create("empty")
    return (there, here) if "://" not in place else (here, there)


def rows(ledger):
    with ledger.begin() as tx:
        return {table.name: tx.execute(select(table)).all() for table in schema.metadata.sorted_tables}


def checked(ledger):
    return verify(ledger, "customers", lambda day: load_programme("customers", at=day)).differences


@pytest.mark.parametrize("which", [0, 1], ids=["to the other database", "to the same one"])
def test_every_row_of_every_table_is_there_and_the_next_run_goes_on_from_it(world, other, which):
    crm = everything(world)
    differences = checked(world.ledger)
    shown, count = transfer(world.ledger, other[which], world.clock.now)
    with closing(Ledger.open(other[which])) as there:
        before, after = rows(world.ledger), rows(there)
        assert {name: sorted(map(str, each)) for name, each in before.items()} == {
            name: sorted(map(str, each)) for name, each in after.items()
        }
        assert count == sum(map(len, after.values()))
        assert sum(map(bool, after.values())) > 10
        assert shown == there.place

        world.ledger = there
        order(crm, "one more", "other", THIS_YEAR)
        report = world.sync()
        assert sum(each.signals["made"] for each in report.connections["a"].objects.values()) == 1
        assert world.sync().connections["a"].outcomes["written"] == 0
        assert checked(there) == differences


def test_a_place_that_has_a_ledger_already_is_refused_and_stays_as_it_is(world, other):
    world.sync()
    transfer(world.ledger, other[0], world.clock.now)
    with closing(Ledger.open(other[0])) as there:
        before = rows(there)
        for taken in (other[0], world.ledger.engine.url.render_as_string(hide_password=False)):
            with pytest.raises(LedgerError, match="is in use already: name an empty database, or a new file"):
                transfer(world.ledger, taken, world.clock.now)
        assert rows(there) == before


def test_while_a_run_is_at_work_nothing_is_copied(world, other):
    world.sync()
    with world.ledger.begin() as tx:
        programme = database.programme(tx, "customers").id
        run = database.start_run(tx, programme, world.clock.now, "customers", kind="sync")
        connection = tx.execute(select(schema.connections.c.id)).scalars().first()
        assert lease.take(tx, connection, run, world.clock.now) == 2
    with pytest.raises(BusyError, match=f"run {run} is at work"):
        transfer(world.ledger, other[0], world.clock.now)
    assert not Path(other[0]).exists()
    with closing(Ledger.open(other[0])) as there:
        assert not any(rows(there).values())


def test_damage_is_told_of_the_place_that_is_read(tmp_path):
    with closing(Ledger.open(str(tmp_path / "here.db"))) as here:
        with here.begin() as tx:
            database.programme(tx, "customers")
            tx.execute(text("UPDATE programmes SET name = CAST(x'ff' AS TEXT)"))
        with pytest.raises(LedgerError, match=r"here\.db: the file is damaged; put a backup back"):
            transfer(here, str(tmp_path / "there.db"), datetime(2026, 11, 22, tzinfo=UTC))


def test_a_copy_that_goes_wrong_half_way_leaves_the_place_empty(world, other, monkeypatch):
    everything(world)

    def refuse(tx, table, page):
        if table is schema.standings:
            raise sqlite3.OperationalError("database or disk is full")
        real(tx, table, page)

    real = transfer.__globals__["bulk"].enter
    monkeypatch.setattr("sync.ledger.bulk.enter", refuse)
    with pytest.raises(LedgerError, match="full"):
        transfer(world.ledger, other[0], world.clock.now)
    with closing(Ledger.open(other[0])) as there:
        assert not any(rows(there).values())
