"""The list of runs says what is known of each, and no more."""

import json
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime

from sync.ledger import Ledger, database
from sync.report import ConnectionReport, Move, ObjectReport, Report

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


def test_a_run_shows_everything_that_it_said_of_itself(command, site):
    command("fields", "apply")
    said = command("sync")
    shown = command("runs", "show", "1")
    _, *lines = said.out.splitlines()  # but for its heading: run 1 of …
    assert len(lines) >= 20
    assert shown.out.endswith("\n".join([*lines, "nothing was refused", ""]))
    command("undo", "1")
    assert "  undo of run 1\n" in command("runs", "show", "2").out
    command("resume")
    assert "  resumed: hubspot, salesforce\n" in command("runs", "show", "3").out


def test_what_a_run_kept_reads_as_what_it_was():
    report = Report(7, "customers", "customers@1", THEN.date(), notes=["undo of run 6"], linked=1, moved=1)
    report.moves.append(Move("a:1", None, {"coefficient": 95}, ("an order",)))
    report.connections["a"] = ConnectionReport(
        "salesforce", edited=["a:1 tier"], objects={"Contact": ObjectReport(3, Counter(signal=2), Counter(made=2))}
    )
    assert Report.from_json(json.loads(json.dumps(report.to_json()))) == report
