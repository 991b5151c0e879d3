"""The report of a sync as a person reads it."""

from datetime import date
from pathlib import Path

import pytest

from cli.sync import show
from sync.report import Move, Report


@pytest.mark.parametrize(("dry", "said"), [(True, "--json, or --report FILE"), (False, "runs show 3 --json")])
def test_a_dry_run_names_no_run_that_could_be_shown(capsys, dry, said):
    numbers = {"coefficient": 100, "expected": 100, "points": 0, "tier": "Basic"}
    move = Move("a:1", numbers, numbers | {"points": 10}, ("one", "two", "three", "four", "five"))
    report = Report(3, "customers", "customers@1", date(2026, 11, 22), dry=dry, moves=[move] * 20, moved=20)
    show(report, Path("bonus-malus.toml"))
    out = capsys.readouterr().out
    assert said in out
    assert ("runs show" in out) != dry
    assert "and 2 more" in " ".join(out.split())


@pytest.mark.parametrize(
    ("dry", "said"), [(True, "… and 2 more\n"), (False, "… and 2 more: bonus-malus runs show 3\n")]
)
def test_the_first_problems_are_named_for_a_dry_run_leaves_nothing_that_could_show_them(capsys, dry, said):
    unusable = [f"a:Opportunity {number}: CloseDate is empty; fill it" for number in range(5)]
    report = Report(3, "customers", "customers@1", date(2026, 11, 22), dry=dry, problems=7, unusable=unusable)
    show(report, Path("bonus-malus.toml"))
    out = capsys.readouterr().out
    assert out.count("problem: a:Opportunity") == 5
    assert said in out
    assert "unusable" not in report.to_json()
