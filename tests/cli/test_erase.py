"""`erase`: reports are cleaned before anything goes that they could be found by."""

from pathlib import Path

import pytest

from sync.ledger import Ledger, schema
from tests.cli.conftest import Command, Site


@pytest.fixture
def somebody(command: Command, site: Site) -> str:
    assert command("fields", "apply").code == 0
    assert command("sync", "--first-fill", "--report", "first.json").code == 0
    ledger = Ledger.open("ledger.db")
    with ledger.begin() as tx:
        found = str(tx.execute(schema.contacts.select()).first().record)
    ledger.close()
    return found


def test_what_is_no_report_is_said_before_anything_is_erased(command: Command, somebody: str):
    Path("notes.json").write_text("not a report", "utf-8")
    said = command("erase", somebody, "--yes", "--report", "first.json", "--report", "notes.json")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "--report notes.json: this is no report of a sync; nothing was erased" in said.err
    assert command("explain", somebody).code == 0
    assert command("erase", somebody, "--yes", "--report", "first.json").code == 0
    assert command("explain", somebody).code == 2


def test_whoever_was_erased_comes_back_when_a_person_says_so_and_not_before(
    command: Command, site: Site, somebody: str
):
    assert command("erase", somebody, "--yes").code == 0
    site.remote.sleep(900)
    assert command("sync", "--full").code == 0
    assert command("explain", somebody).code == 2
    said = command("readmit", "003nobody", "--yes")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "nobody was erased here who had the record 003nobody" in said.err
    assert command("readmit", somebody, "--yes", "--json").json["records"] >= 1
    assert command("sync", "--full").code == 0
    assert command("explain", somebody).code == 0
