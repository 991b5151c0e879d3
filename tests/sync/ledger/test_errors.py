"""What goes wrong with a database is one line with its cure, and nothing is half-written."""

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import event, insert, text

from sync.ledger import Ledger, LedgerBusy, LedgerError, database, history, schema
from sync.ledger.errors import TROUBLES, explain
from tests.sync.conftest import order
from tests.sync.ledger.conftest import NOW, Filling


class TestOnSqlite:
    @pytest.fixture
    def place(self, sqlite_place):
        return sqlite_place

    def pragma(self, ledger, setting):
        with closing(ledger.engine.raw_connection()) as connection:
            return connection.driver_connection.execute(f"PRAGMA {setting}").fetchone()[0]

    def test_a_full_disk_keeps_nothing_of_the_step_and_says_make_room(self, filling):
        ledger = filling.ledger
        pages = self.pragma(ledger, "page_count")
        self.pragma(ledger, f"max_page_count = {pages + 2}")
        with pytest.raises(LedgerError, match="the disk is full; make room and run again; nothing of this step"):
            filling.contacts(*map(str, range(2000)))
        self.pragma(ledger, "max_page_count = 1000000")
        with ledger.begin() as tx:
            assert tx.execute(text("SELECT count(*) FROM contacts")).scalar_one() == 0

    def test_a_locked_ledger_is_a_matter_for_the_next_run(self, filling, place):
        self.pragma(filling.ledger, "busy_timeout = 0")
        with closing(sqlite3.connect(place, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerBusy, match="another process has been writing it"):
                filling.contacts("1")
            other.execute("ROLLBACK")
        filling.contacts("1")

    def test_a_read_only_file_can_be_read_and_says_what_to_allow(self, filling, place):
        filling.ledger.close()
        reading = Ledger.open(f"sqlite:///file:{place}?mode=ro&uri=true")
        with reading.begin() as tx:
            assert len(history.runs(tx, "customers", limit=5)) == 1
        with pytest.raises(LedgerError, match="it may not be written; let this user write the file and its folder"):
            Filling(reading, filling.entry).contacts("1")
        reading.close()

    def test_a_file_that_is_no_database_is_left_as_it_is(self, tmp_path):
        file = tmp_path / "notes.txt"
        file.write_text("not a database at all, but a text of some length" * 100)
        with pytest.raises(LedgerError, match="the file is no SQLite database; correct the path"):
            Ledger.open(str(file))
        assert file.read_text().startswith("not a database")

    def test_a_damaged_file_says_put_a_backup_back(self, filling, place):
        filling.contacts(*map(str, range(500)))
        filling.ledger.close()
        with open(place, "r+b") as file:  # noqa: PTH123 - to write in its middle
            file.seek(4096)
            file.write(b"\xff" * 40000)
        with pytest.raises(LedgerError, match="the file is damaged; put a backup back"):
            Ledger.open(place).close()

    def test_a_file_that_moved_is_not_made_anew_by_whoever_connects_next(self, filling, tmp_path, place):
        filling.ledger.close()
        Path(place).rename(tmp_path / "elsewhere.db")
        with pytest.raises(LedgerError, match="the file was taken away, or another one put in its place"):
            filling.contacts("1")
        assert not Path(place).exists()

    def test_a_folder_that_is_not_there_names_the_path(self, tmp_path):
        with pytest.raises(LedgerError, match=r"missing/ledger\.db: it cannot be opened; correct the path"):
            Ledger.open(str(tmp_path / "missing" / "ledger.db"))


class TestOnPostgresql:
    @pytest.fixture
    def place(self, postgresql_place):
        return postgresql_place

    def test_a_server_that_goes_away_in_mid_run_loses_nothing_that_was_committed(self, world, server):
        for number in range(6):
            world.crms["a"].put("contacts", str(number), email=f"c{number}@example.com")
            order(world.crms["a"], f"o{number}", str(number), date(2025, 10, 1))
        statements = iter(range(1000))

        def go_away(_tx, _cursor, statement, *_):
            # What is asked before a page of signals is entered, by COPY, which nobody else hears of.
            if statement.startswith("SELECT signals.id") and next(statements) == 1:
                server.disconnect("test")

        event.listen(world.ledger.engine, "after_cursor_execute", go_away)
        with pytest.raises(LedgerBusy, match="run again when it answers"):
            world.sync()
        assert world.sync().state == "done"
        assert {str(world.crms["a"].ours(str(number))["coefficient"]) for number in range(6)} == {"0.95"}

    def test_a_server_that_was_restarted_between_two_steps_is_found_again(self, filling, server):
        filling.contacts("1")
        server.disconnect("test")
        filling.contacts("2")

    def test_a_server_that_is_not_there_says_run_again(self):
        with pytest.raises(LedgerBusy, match="the server does not answer; run again when it answers"):
            Ledger.open("postgresql://nobody@127.0.0.1:1/ledger")

    def test_a_database_that_is_not_there_says_create_it(self, server):
        with pytest.raises(LedgerError, match="the server has no such database; create it: createdb"):
            Ledger.open(server.url("nothere"))

    def test_an_unknown_user_says_correct_the_url_and_shows_no_password(self, server):
        url = server.url("ledger").replace("test@", "stranger:secret@")
        with pytest.raises(LedgerError, match="the server refuses this user or password") as refused:
            Ledger.open(url)
        assert "secret" not in str(refused.value)

    def test_a_password_behind_the_name_is_not_shown_either(self):
        with pytest.raises(LedgerBusy) as refused:
            Ledger.open("postgresql://nobody@127.0.0.1:1/ledger?password=secret&connect_timeout=9")
        assert "ledger postgresql://nobody@127.0.0.1:1/ledger?connect_timeout=9: " in str(refused.value)
        assert "secret" not in str(refused.value)

    @pytest.mark.parametrize("url", ["postgresql://u:secret@host:54x2/ledger", "postgresql://u:secret@[::1/ledger"])
    def test_a_port_that_is_no_number_is_no_place_and_no_defect_of_ours(self, url):
        with pytest.raises(LedgerError, match=r"ledger: not a place this program knows") as refused:
            Ledger.open(url)
        assert "secret" not in str(refused.value)

    def test_a_read_only_server_says_name_the_primary(self, place):
        ledger = Ledger.open(f"{place}?options=-c%20default_transaction_read_only%3Don")
        with (
            pytest.raises(LedgerError, match="this server is a read-only copy; name the primary server"),
            ledger.begin() as tx,
        ):
            tx.execute(insert(schema.programmes).values(name="x"))
        ledger.close()


def test_a_server_whose_disk_is_full_says_so():
    full = SimpleNamespace(sqlstate="53100")
    error = explain("l", type("Wrapped", (Exception,), {"orig": full})())
    assert str(error).startswith("ledger l: the server's disk is full; make room there and run again;")


@pytest.mark.parametrize(
    ("said", "cure"),
    [
        ("FATAL:  sorry, too many clients already", "short of connections or memory; run again later"),
        (
            "FATAL:  remaining connection slots are reserved for roles",
            "short of connections or memory; run again later",
        ),
        ('FATAL:  database "l" is not currently accepting connections', "run again when it answers"),
        ('FATAL:  no pg_hba.conf entry for host "::1"', "refuses this user or password; correct the URL"),
        ('FATAL:  permission denied for database "l"', "grant it CREATE, TEMPORARY and its tables there"),
        ('FATAL:  database "l" does not exist', "create it: createdb NAME"),
    ],
)
def test_a_server_that_refuses_to_connect_says_why_without_a_code(said, cure):
    assert cure in str(explain("l", type("Wrapped", (Exception,), {"orig": Exception(said)})()))


def test_every_trouble_has_a_cure_and_the_more_exact_code_comes_first():
    for number, trouble in enumerate(TROUBLES):
        assert trouble.cure
        assert not [each for each in TROUBLES[:number] if trouble.code.startswith(each.code)]


@pytest.mark.parametrize("elsewhere", ["mysql://x/y", "nothing://x", "://"])
def test_a_place_of_another_kind_is_refused(elsewhere):
    with pytest.raises(LedgerError, match=r"a file name, or postgresql://…"):
        Ledger.open(elsewhere)


def test_a_clock_that_was_set_back_is_refused(filling):
    with filling.ledger.begin() as tx:
        database.end_run(tx, filling.entry.run, NOW + timedelta(hours=1), "done", {})
    earlier = NOW - timedelta(seconds=1)
    with (
        pytest.raises(LedgerError, match=r"07:59:59 UTC, but run 1 began at 2026-11-22 08:00:00: it was set back; set"),
        filling.ledger.begin() as tx,
    ):
        database.start_run(tx, filling.entry.programme, earlier, "customers@1")
    with filling.ledger.begin() as tx:
        assert [each.id for each in history.runs(tx, "customers", limit=5)] == [1]
        assert database.start_run(tx, filling.entry.programme, NOW, "customers@1") == 2


def test_an_error_in_a_step_keeps_nothing_of_it(filling):
    def step():
        with filling.ledger.begin() as tx:
            tx.execute(insert(schema.programmes).values(name="another"))
            raise KeyError("somewhere in it")

    with pytest.raises(KeyError):
        step()
    with filling.ledger.begin() as tx:
        assert tx.execute(text("SELECT name FROM programmes")).scalars().all() == ["customers"]


class TestACopy:
    def test_is_changed_without_changing_the_ledger_or_its_numbers(self, filling):
        filling.contacts("1", "2")
        copy = filling.ledger.copy()
        with copy.begin() as tx:
            assert database.start_run(tx, filling.entry.programme, NOW, "r") == 2
            tx.execute(text("DELETE FROM identities"))
        copy.close()
        with filling.ledger.begin() as tx:
            assert tx.execute(text("SELECT count(*) FROM identities")).scalar_one() == 2
            assert database.start_run(tx, filling.entry.programme, NOW, "r") == 2

    def test_leaves_nothing_behind(self, filling, tmp_path, monkeypatch):
        monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
        (tmp_path / "temporary").mkdir()
        copy = filling.ledger.copy()
        with copy.begin() as tx:
            tx.execute(insert(schema.programmes), [{"name": f"p{number}"} for number in range(5000)])
        assert list((tmp_path / "temporary").iterdir()) == []
        del copy
        with filling.ledger.begin() as tx:
            assert tx.execute(text("SELECT count(*) FROM programmes")).scalar_one() == 1

    def test_does_not_wait_for_whoever_is_writing_the_ledger(self, filling):
        copy = filling.ledger.copy()
        with filling.ledger.begin() as tx, copy.begin() as there:
            tx.execute(insert(schema.programmes).values(name="here"))
            there.execute(insert(schema.programmes).values(name="there"))
