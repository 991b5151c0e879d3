"""A ledger of every released version is brought up to the present one, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text

from scoring.signal import Source
from sync import decide
from sync.ledger import Ledger, LedgerError, database, engines, facts, past, schema, zones
from sync.ledger.upgrade import MIGRATIONS, upgrade, version

VERSION_1 = """
INSERT INTO programmes (name, version, time_zone) VALUES ('customers', 1, 'Europe/Paris');
INSERT INTO connections (programme, name, crm, account, language) VALUES (1, 'a', 'a', '1', 'en');
INSERT INTO runs (programme, started, state, rules, report) VALUES (1, '2026-05-01', 'done', 'customers@1', '{}');
INSERT INTO contacts (connection, record, subject, gone) VALUES (1, 'c1', 1, false), (1, 'c2', 2, false);
INSERT INTO identities (run, recorded, contact, subject) VALUES (1, '2026-05-01', 1, 1), (1, '2026-05-01', 2, 2);
"""
VERSION_6 = """
INSERT INTO programmes (name, time_zone) VALUES ('customers', 'Europe/Paris');
INSERT INTO runs (programme, started, state, rules, report) VALUES (1, '2026-05-01', 'done', 'customers@1', '{}');
INSERT INTO standings VALUES (1, 1, '2026-05-01', 1, '2026-05-01', 100, 100, 0, '', '', 'customers@1', 'null');
INSERT INTO standings VALUES (2, 1, '2026-05-01', 2, '2026-05-01', 100, 100, 0, '', '', 'customers@1', 'null');
"""
VERSION_7 = """
INSERT INTO programmes (name, time_zone) VALUES ('customers', 'Europe/Paris');
INSERT INTO connections (programme, name, crm, account, language) VALUES (1, 'a', 'a', '1', 'en');
INSERT INTO contacts (connection, record, subject, gone) VALUES (1, 'c1', 1, false);
INSERT INTO decisions (recorded, programme, contact, kind, object, record, name, on_day, why, "by") VALUES \
('2026-05-01 00:00:00', 1, 1, 'contest_accept', 'derived', 'refund_abuse 2025-03-12', 'refund_abuse', \
'2026-05-01', 'w', 'b');
"""
VERSION_11 = """
INSERT INTO programmes (name, time_zone) VALUES ('customers', 'Europe/Paris'), ('in UTC', 'UTC'), \
('new', NULL);
INSERT INTO runs (programme, started, state, rules, report) VALUES \
(1, '2026-05-01 22:30:00', 'done', 'c@1', '{}'), (2, '2026-05-01 22:30:00', 'done', 'c@1', '{}');
INSERT INTO connections (programme, name, crm, account, language) VALUES (1, 'a', 'a', '1', 'en');
INSERT INTO contacts (connection, record, subject, gone) VALUES (1, 'c1', 1, false);
INSERT INTO signals (run, recorded, initial, withdrawn, connection, contact, object, record, name, on_day, liability, \
reference, original, key) VALUES (1, '2026-05-01 22:30:00', false, false, 1, 'c1', 'cases', 'x', 'claim_at_fault', \
'2026-04-01', 'full', '', '', '');
INSERT INTO decisions (recorded, programme, contact, kind, on_day, why, "by") VALUES \
('2026-05-02 22:30:00', 1, 1, 'freeze', '2026-05-02', 'w', 'b');
"""
SIGNAL_1 = (
    "INSERT INTO signals (run, recorded, initial, withdrawn, connection, contact, object, record, name, on_day, "
    "liability, reference, original, key) VALUES (1, '2026-05-01 00:00:00', false, {withdrawn}, 1, '{contact}', "
    "'cases', '{record}', 'claim_at_fault', '2026-04-0{day}', 'full', '', '', '')"
)
ENTRIES_1 = (
    # A claim that moved from one contact to another and back, one that was edited, and one that was taken back.
    {"contact": "c1", "record": "x", "day": 1, "withdrawn": "false"},
    {"contact": "c1", "record": "x", "day": 1, "withdrawn": "true"},
    {"contact": "c2", "record": "x", "day": 1, "withdrawn": "false"},
    {"contact": "c2", "record": "x", "day": 1, "withdrawn": "true"},
    {"contact": "c1", "record": "x", "day": 1, "withdrawn": "false"},
    {"contact": "c1", "record": "y", "day": 2, "withdrawn": "false"},
    {"contact": "c1", "record": "y", "day": 3, "withdrawn": "false"},
    {"contact": "c2", "record": "z", "day": 4, "withdrawn": "false"},
    {"contact": "c2", "record": "z", "day": 4, "withdrawn": "true"},
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """A database without tables."""
    if request.param == "postgresql":
        return request.getfixturevalue("server").create("empty")
    return str(tmp_path / "empty.db")


def made_by(number, place, folder, statements):
    """A ledger as that version made it, with what these statements enter."""
    engine = engines.at(place, folder)
    with engine.begin() as tx:
        upgrade(tx, number)
        for statement in statements:
            tx.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture
def version_1(empty, tmp_path):
    """A ledger as version 1 made it, with some history in it."""
    entries = (SIGNAL_1.format(**each) for each in ENTRIES_1)
    made_by(1, empty, tmp_path, [*VERSION_1.strip().split("\n"), *entries])
    return empty


def test_a_new_ledger_is_what_the_tables_say(empty):
    ledger = Ledger.open(empty)
    with ledger.begin() as tx:
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []
        assert version(tx) == schema.VERSION
    ledger.close()


def test_version_1_is_brought_up_to_what_the_tables_say(version_1):
    ledger = Ledger.open(version_1)
    with ledger.begin() as tx:
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []
    ledger.close()


def test_version_1_from_before_versions_were_kept_is_known_by_its_tables(version_1, tmp_path):
    engine = engines.at(version_1, tmp_path)
    with engine.begin() as tx:
        tx.execute(text("DROP TABLE alembic_version"))
        assert version(tx) == 1
    engine.dispose()
    ledger = Ledger.open(version_1)
    with ledger.begin() as tx:
        assert version(tx) == schema.VERSION
    ledger.close()


def test_history_is_in_force_after_the_upgrade_as_it_was_before(version_1):
    ledger = Ledger.open(version_1)
    with ledger.begin() as tx:
        table = schema.signals
        found = tx.execute(table.select().where(facts.in_force()).order_by(table.c.id)).all()
        assert [(row.contact, row.record, row.on_day) for row in found] == [
            ("c1", "x", date(2026, 4, 1)),
            ("c1", "y", date(2026, 4, 3)),
        ]
        signals = past.signals_of(tx, [1, 2])
        assert {each.source.id for each in signals[1] if not each.withdrawn} == {"x", "y"}
        assert {each.source.id for each in signals[2] if not each.withdrawn} == set()
    ledger.close()


def test_whoever_was_due_at_once_before_version_11_is_woken_and_nobody_else(empty, tmp_path):
    engine = engines.at(empty, tmp_path)
    with engine.begin() as tx:
        upgrade(tx, 10)
        tx.exec_driver_sql("INSERT INTO programmes (name) VALUES ('customers')")
        tx.exec_driver_sql(
            "INSERT INTO current (subject, programme, rules, due) VALUES "
            "(1, 1, 'customers@1', '0001-01-01'), (2, 1, 'customers@1', '2026-11-29'), (3, 1, NULL, '0001-01-01')"
        )
        upgrade(tx)
        assert tx.execute(select(schema.woken.c.subject)).scalars().all() == [1]
        rows = tx.execute(select(schema.current.c.due).order_by(schema.current.c.subject)).scalars().all()
        assert rows == [None, date(2026, 11, 29), None]
    engine.dispose()


def test_what_was_recorded_before_version_12_keeps_its_day_in_utc_and_every_other_day_is_the_zones(empty, tmp_path):
    made_by(11, empty, tmp_path, VERSION_11.strip().split("\n"))
    ledger = Ledger.open(empty)
    late = [datetime(2026, 5, day, 22, 30, tzinfo=UTC) for day in (1, 2)]  # in Paris half past midnight of the next day
    with ledger.begin() as tx:
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []
        known = [database.programme(tx, name) for name in ("customers", "in UTC", "new")]
        assert [each.time_zone for each in known] == ["Europe/Paris", "UTC", None]
        dated = zones.dating(tx)[known[0].id]
        assert [dated.local(each).date() for each in late] == [date(2026, 5, 1), date(2026, 5, 2)]
        assert dated.local(late[1] + zones.INSTANT).date() == date(2026, 5, 3)
        assert [each.recorded.date() for each in past.signals_of(tx, [1])[1]] == [date(2026, 5, 1)]
        assert [each.recorded.date() for each in decide.decisions_of(tx, [1])[1]] == [date(2026, 5, 2)]
        assert zones.of(tx, "customers").local(late[0]).date() == date(2026, 5, 2)
        assert zones.of(tx, "customers").end(date(2026, 5, 1)) < late[0]
        assert zones.dating(tx)[known[1].id] == zones.of(tx, "in UTC")
    ledger.close()


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("CREATE TABLE alembic_version AS SELECT 'ae1027a6acf' AS version_num", r"its versions there \(ae1027a6acf\)"),
        ("CREATE TABLE signals (here INTEGER)", "another program has a table called signals there"),
    ],
)
def test_a_database_of_another_program_is_left_as_it_is(empty, tmp_path, statement, says):
    engine = engines.at(empty, tmp_path)
    with engine.begin() as tx:
        tx.execute(text(statement))
    engine.dispose()
    with pytest.raises(LedgerError, match=f"{says}: name a database of its own"):
        Ledger.open(empty)


def test_a_ledger_of_a_later_version_is_refused_with_the_cure(empty):
    ledger = Ledger.open(empty)
    with ledger.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '99'"))
    ledger.close()
    with pytest.raises(
        LedgerError, match=f"it has version 99, this program knows {schema.VERSION}: upgrade the program"
    ):
        Ledger.open(empty)


def test_a_key_that_was_taken_from_a_table_left_its_rows_and_the_file_whole(tmp_path):
    place = str(tmp_path / "ledger.db")
    made_by(6, place, tmp_path, VERSION_6.strip().split("\n"))
    ledger = Ledger.open(place)
    with ledger.begin() as tx:
        assert tx.execute(select(schema.standings.c.run, schema.standings.c.subject)).all() == [(1, 1), (1, 2)]
        assert tx.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
        assert tx.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert {each["referred_table"] for each in inspect(tx).get_foreign_keys("rejects")} == {"contacts", "standings"}
        assert inspect(tx).get_foreign_keys("standings") == []
    ledger.close()


def test_what_was_decided_before_it_was_kept_what_an_incident_was_made_of_is_still_known(empty, tmp_path):
    made_by(7, empty, tmp_path, VERSION_7.strip().split("\n"))
    ledger = Ledger.open(empty)
    with ledger.begin() as tx:
        (found,) = decide.decisions_of(tx, [1])[1]
        assert compare_metadata(MigrationContext.configure(tx), schema.metadata) == []
    assert found.fact == (Source("", "derived", "refund_abuse 2025-03-12"), "refund_abuse")
    assert found.made_of == frozenset()
    ledger.close()


def test_a_migration_that_fails_leaves_the_ledger_as_it_was(version_1, tmp_path):
    engine = engines.at(version_1, tmp_path)
    with engine.begin() as tx:
        tx.execute(text("CREATE TABLE erasures (id INTEGER)"))  # in the way of version 2, at its very end
    with pytest.raises(LedgerError):
        Ledger.open(version_1)
    with engine.begin() as tx:
        assert version(tx) == 1
        assert "replaces" not in {column["name"] for column in inspect(tx).get_columns("signals")}
    engine.dispose()


def test_the_newest_migration_is_the_version_of_the_tables():
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == str(schema.VERSION)


def test_two_openings_at_once_migrate_once(version_1):
    with ThreadPoolExecutor(2) as both_at_once:
        for ledger in both_at_once.map(Ledger.open, [version_1, version_1]):
            with ledger.begin() as tx:
                assert version(tx) == schema.VERSION
            ledger.close()
