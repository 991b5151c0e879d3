"""Whoever reads the ledger waits for nobody who writes, and sees what was kept by then."""

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from config.rulefile import load_programme
from connectors.protocol import Level
from sync.doctor import Doctor
from sync.ledger import Ledger, LedgerBusy, database, schema

PLACES = ("sqlite", "postgresql")


@pytest.mark.parametrize("kind", PLACES)
def test_a_ledger_is_opened_and_read_while_another_one_writes(request, kind):
    place = request.getfixturevalue(f"{kind}_place")
    with closing(Ledger.open(place)) as writer, writer.begin() as tx:
        database.programme(tx, "customers")
        with closing(Ledger.open(place)) as reader, reader.reading() as seen:
            assert seen.execute(select(schema.programmes.c.name)).all() == []
    with closing(Ledger.open(place)) as reader, reader.reading() as seen:
        assert seen.execute(select(schema.programmes.c.name)).scalars().all() == ["customers"]


@pytest.mark.parametrize("kind", PLACES)
def test_whether_a_ledger_may_be_written_is_found_out_without_changing_it(request, kind):
    place = request.getfixturevalue(f"{kind}_place")
    with closing(Ledger.open(place)) as ledger:
        ledger.may_write()
        with ledger.reading() as tx:
            ledger.may_write()
            assert tx.execute(select(schema.programmes)).all() == []
        with ledger.begin() as tx:
            database.programme(tx, "customers")


@pytest.mark.parametrize("kind", PLACES)
def test_whoever_writes_a_ledger_just_now_is_not_waited_for(request, kind):
    place = request.getfixturevalue(f"{kind}_place")
    with closing(Ledger.open(place)) as writer, writer.begin() as tx, closing(Ledger.open(place)) as other:
        database.programme(tx, "customers")
        if kind == "postgresql":  # where several write at once, unless one keeps the others out
            other.may_write()
            tx.exec_driver_sql("LOCK TABLE programmes IN EXCLUSIVE MODE")
        with pytest.raises(LedgerBusy):
            other.may_write()


def test_the_doctor_tells_who_writes_from_who_may_not(sqlite_place, monkeypatch):
    rules = load_programme("customers", at=date(2026, 11, 22))
    now = datetime(2026, 11, 22, tzinfo=UTC)

    def found():
        doctor = Doctor(rules, "customers", {}, lambda: Ledger.open(sqlite_place), lambda: now, None, None)
        return [(each.finding.level, each.finding.what) for each in doctor.examine()]

    sound = (Level.PASS, "the ledger is sound")
    with closing(Ledger.open(sqlite_place)) as writer, writer.begin():
        assert found() == [sound, (Level.PASS, "somebody is writing the ledger just now, and was not waited for")]
    assert found() == [sound]

    def refused(_engine):
        raise sqlite3.OperationalError("attempt to write a readonly database")

    monkeypatch.setattr("sync.ledger.engines.try_writing", refused)
    ((level, what),) = found()[1:]
    assert level is Level.FAIL
    assert "it may not be written; let this user write the file and its folder" in what
