"""A backup is whole though the ledger is being written, and is never half there."""

import re
import shlex
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from sync.ledger import Ledger, LedgerError
from sync.ledger.backup import backup
from tests.limits import disk_of


class TestOfAFile:
    @pytest.fixture
    def place(self, sqlite_place):
        return sqlite_place

    def test_holds_what_was_committed_when_it_was_made(self, filling, tmp_path):
        filling.contacts("1", "2")
        with filling.ledger.begin() as tx:
            tx.execute(text("DELETE FROM contacts WHERE record = 'nobody'"))
        size = backup(filling.ledger, tmp_path / "kept.db")
        filling.contacts("3")
        assert size == (tmp_path / "kept.db").stat().st_size
        restored = Ledger.open(str(tmp_path / "kept.db"))
        with restored.begin() as tx:
            assert tx.execute(text("SELECT record FROM contacts ORDER BY id")).scalars().all() == ["1", "2"]
        restored.close()

    def test_does_not_wait_for_a_transaction_and_has_nothing_of_it(self, filling, tmp_path, place):
        other = sqlite3.connect(place, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO programmes (name) VALUES ('half')")
        backup(filling.ledger, tmp_path / "kept.db")
        other.execute("COMMIT")
        other.close()
        with sqlite3.connect(tmp_path / "kept.db") as kept:
            assert kept.execute("SELECT name FROM programmes").fetchall() == [("customers",)]
        kept.close()

    def test_is_for_its_owner_alone_as_the_ledger_is(self, filling, place, tmp_path):
        backup(filling.ledger, tmp_path / "kept.db")
        assert {Path(each).stat().st_mode & 0o777 for each in (place, tmp_path / "kept.db")} == {0o600}

    def test_never_takes_the_place_of_another_file(self, filling, tmp_path):
        (tmp_path / "kept.db").write_text("yesterday's")
        with pytest.raises(LedgerError, match="is there already: name a new file"):
            backup(filling.ledger, tmp_path / "kept.db")

    def test_to_a_disk_that_fills_leaves_nothing(self, filling, tmp_path):
        before = sorted(each.name for each in tmp_path.iterdir())
        with (
            disk_of(4096),
            pytest.raises(LedgerError, match=r"(disk is full|disk fails).*nothing of this step was kept"),
        ):
            backup(filling.ledger, tmp_path / "backup.db")
        assert sorted(each.name for each in tmp_path.iterdir()) == before

    def test_of_a_damaged_file_is_refused_and_leaves_nothing(self, filling, place, tmp_path):
        filling.contacts(*map(str, range(2000)))
        filling.ledger.close()
        with open(place, "r+b") as file:  # noqa: PTH123 - to write in its middle
            file.seek(200_000)
            file.write(b"\xff" * 100_000)
        ledger = Ledger.open(place)
        with pytest.raises(LedgerError, match=r"the file is damaged, and was not copied \(.*\); put an older") as told:
            backup(ledger, tmp_path / "kept.db")
        ledger.close()
        assert "\n" not in str(told.value)
        assert not list(tmp_path.glob("**/kept*"))

    def test_to_a_folder_that_is_not_there_leaves_nothing(self, filling, tmp_path):
        with pytest.raises(LedgerError, match=r"kept\.db: there is no folder .*missing; nothing was copied"):
            backup(filling.ledger, tmp_path / "missing" / "kept.db")
        assert not list(tmp_path.glob("**/kept*"))


def test_of_a_postgresql_ledger_is_its_own_tools_business(postgresql_place, tmp_path):
    ledger = Ledger.open(postgresql_place.replace("test@", "test:secret@"))
    with pytest.raises(LedgerError, match=r"pg_dump --format=custom --file=.*kept postgresql://test@") as told:
        backup(ledger, tmp_path / "kept")
    assert "secret" not in str(told.value)
    ledger.close()


def test_the_tool_of_a_postgresql_ledger_is_led_to_where_the_ledger_is(postgresql_place, tmp_path):
    with (
        closing(Ledger.open(f"{postgresql_place}?connect_timeout=60&password=secret")) as ledger,
        pytest.raises(LedgerError) as told,
    ):
        backup(ledger, tmp_path / "to be kept")
    (words,) = re.findall(r"pg_dump .*", str(told.value))
    assert shlex.split(words)[2:] == [f"--file={tmp_path}/to be kept", f"{postgresql_place}?connect_timeout=60"]
