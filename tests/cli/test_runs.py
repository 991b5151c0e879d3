"""The list of runs says what is known of each, and no more."""

from contextlib import closing
from datetime import UTC, datetime

from sync.ledger import Ledger, database

SETTINGS = 'programme = "customers"\nledger = "ledger.db"\n\n[connections.salesforce]\ndomain = "acme.my"\n'
THEN = datetime(2026, 11, 22, 8, tzinfo=UTC)


def test_of_a_run_whose_report_is_gone_no_number_is_told(command, tmp_path):
    (tmp_path / "bonus-malus.toml").write_text(SETTINGS, "utf-8")
    kept = {"scored": 3, "moved": 0, "connections": {"salesforce": {"outcomes": {"written": 2, "retry": 1}}}}
    with closing(Ledger.open(str(tmp_path / "ledger.db"))) as ledger, ledger.begin() as tx:
        programme = database.programme(tx, "customers").id
        for report in ({}, kept):  # a purge took the first one's away
            run = database.start_run(tx, programme, THEN, "customers@1")
            database.end_run(tx, run, THEN, "done", report)
    said = command("runs")
    newest, oldest = (line.split() for line in said.out.splitlines()[2:])
    assert newest[-4:] == ["3", "0", "2", "1"]
    assert oldest[-4:] == ["–"] * 4
    told = command("runs", "--json").json
    assert [(each["scored"], each["written"], each["refused"]) for each in told] == [(3, 2, 1), (None, None, None)]
