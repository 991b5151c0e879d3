"""`bonus-malus ledger`: verified, exported and backed up as a caller meets it."""

import sqlite3
from contextlib import closing

import pyarrow.dataset as ds
import pytest


@pytest.fixture
def synced(site, command):
    assert command("fields", "apply").code == 0
    assert command("sync", "--first-fill").code == 0
    return site


def test_a_synced_ledger_is_verified_exported_and_backed_up(synced, command, tmp_path):
    verified = command("ledger", "verify", "--json")
    assert (verified.code, verified.json["differences"]) == (0, [])
    assert verified.json["standings"] >= 200

    exported = command("ledger", "export", "signals")
    count = ds.dataset(tmp_path / "signals", partitioning="hive").count_rows()
    assert (exported.code, exported.out) == (0, f"{count} signals in signals\n")
    assert count > 200

    assert command("ledger", "backup", "kept.db").code == 0
    again = command("ledger", "backup", "kept.db")
    assert (again.code, again.err) == (2, "bonus-malus: kept.db is there already: name a new file\n")

    with closing(sqlite3.connect(tmp_path / "ledger.db")) as harmed, harmed:
        harmed.execute("UPDATE signals SET on_day = '2020-01-01' WHERE id = (SELECT max(id) FROM signals)")
    told = command("ledger", "verify")
    assert told.code == 1
    assert "its history does not" in told.out.replace("\n", " ")


def test_a_programme_that_the_ledger_does_not_have_is_none_of_which_all_is_well(synced, command, tmp_path):
    settings = synced.settings.read_text("utf-8")
    synced.settings.write_text(settings.replace('programme = "customers"', 'programme = "motor"'), "utf-8")
    looks = ("ledger verify", "ledger export signals", "runs", "rejects", "contest list")
    for words in (*looks, "resume", "purge", "readmit 003 --yes"):  # the last ones made it, and then there was one
        said = command(*words.split())
        assert (said.code, said.err) == (2, "bonus-malus: the ledger has no programme motor; it has customers\n")
    synced.settings.write_text(settings, "utf-8")
    assert command("ledger", "verify").code == 0


def test_a_copied_ledger_is_named_in_the_settings_and_the_next_run_finds_nothing_to_write(synced, command):
    copied = command("ledger", "copy", "other.db")
    assert copied.code == 0
    assert 'now write it into the settings: ledger = "' in copied.out
    synced.settings.write_text(synced.settings.read_text("utf-8").replace("ledger.db", "other.db"), "utf-8")
    again = command("sync", "--json")
    assert again.code == 0
    assert {each["outcomes"].get("written", 0) for each in again.json["connections"].values()} == {0}
    assert command("ledger", "verify").code == 0
    taken = command("ledger", "copy", "ledger.db")
    assert (taken.code, taken.err.count("\n")) == (2, 1)
    assert "is in use already: name an empty database, or a new file" in taken.err


def test_a_place_that_is_none_is_one_line_and_its_cure(synced, command):
    for place, words in (("mysql://u@h/n", "a file name, or postgresql://"), ("no/such/folder/x.db", "no/such/folder")):
        said = command("ledger", "copy", place)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert words in said.err
