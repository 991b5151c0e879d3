import hashlib
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Site

MILD = """\
name = "mild"
scheme = "reduction-majoration"
inherits = "customers"

[normal.full]
reference = "a trial"
since.2000-01-01 = 1.000

[normal.partial]
reference = "a trial"
since.2000-01-01 = 1.000
"""


@pytest.fixture
def synced(command: Command, site: Site) -> Site:
    assert command("--settings", str(site.settings), "fields", "apply").code == 0
    assert command("--settings", str(site.settings), "sync", "--first-fill").code == 0
    return site


def test_other_rules_over_everybody_say_who_would_stand_where_and_what_it_costs(command: Command, synced: Site):
    Path("mild.toml").write_text(MILD, encoding="utf-8")
    words = ("--settings", str(synced.settings), "simulate", "--rules", "mild.toml")
    ledger = synced.settings.parent / "ledger.db"
    digest = hashlib.sha256(ledger.read_bytes()).hexdigest()
    said = command(*words, "--json")
    assert said.code == 0, said.err
    assert hashlib.sha256(ledger.read_bytes()).hexdigest() == digest, "a simulation writes nothing"
    found = said.json
    before, after = found["before"], found["after"]

    people = found["subjects"]
    assert people >= 190
    for side in (before, after):
        assert sum(side["coefficients"].values()) == sum(side["tiers"].values()) == people
        mean = sum(Decimal(value) * count for value, count in side["coefficients"].items()) / people
        assert side["mean_coefficient"] == pytest.approx(float(mean))
    assert sum(move["subjects"] for move in found["moves"]) == people
    other = sum(move["subjects"] for move in found["moves"] if move["before"] != move["after"])
    assert found["other_tier"] == other

    assert any(Decimal(value) > 1 for value in before["coefficients"])
    assert all(Decimal(value) <= 1 for value in after["coefficients"]), "no incident raises anything any more"
    assert after["mean_coefficient"] < before["mean_coefficient"]
    assert after["mean_price_factor"] < before["mean_price_factor"]
    assert found["other_coefficient"] > 0
    for money in found["ordered"]:
        assert Decimal(money["difference"]) == Decimal(money["after"]) - Decimal(money["before"]) <= 0
    first = found["changes"][0]
    assert Decimal(first["after"]["coefficient"]) < Decimal(first["before"]["coefficient"])

    shown = command(*words)
    assert shown.code == 0
    assert "nothing was written" in shown.out
    assert first["record"] in shown.out


def test_the_present_rules_move_nobody_and_their_tiers_are_those_shown(command: Command, synced: Site):
    words = ("--settings", str(synced.settings))
    found = command(*words, "simulate", "--programme", "customers", "--json").json
    assert (found["other_coefficient"], found["other_tier"], found["changes"]) == (0, 0, [])
    assert found["before"] == found["after"]
    assert all(Decimal(money["difference"]) == 0 for money in found["ordered"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "either --rules or --programme"),
        (["--rules", "a", "--programme", "b"], "either --rules or --programme"),
    ],
)
def test_which_rules_to_try_must_be_said_once(command: Command, words: list[str], said: str):
    found = command("simulate", *words)
    assert found.code == 2
    assert said in found.err


def test_without_a_ledger_there_is_nothing_to_simulate_over(command: Command):
    found = command("simulate", "--rules", "fr-motor")
    assert found.code == 2
    assert "bonus-malus.toml" in found.err
