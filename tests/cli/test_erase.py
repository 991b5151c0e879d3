"""`erase`: reports are cleaned before anything goes that they could be found by."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.ledger import Ledger, operation, schema
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


def test_what_has_to_wait_for_a_run_says_by_its_exit_code_to_try_again(command: Command, somebody: str):
    with closing(Ledger.open("ledger.db")) as ledger, ledger.begin() as tx:
        far = datetime.now(UTC) + timedelta(days=4000)
        tx.execute(update(operation.leases).values(run=1, expires=far))
    for words in (("erase", somebody, "--yes"), ("readmit", somebody, "--yes"), ("ledger", "copy", "copy.db")):
        said = command(*words)
        assert (said.code, said.err.count("\n")) == (4, 1)
        assert "run 1 is at work since" in said.err


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
