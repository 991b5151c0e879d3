"""`init` looks into the org, proposes with counts, can be stopped and resumed, and writes settings that work."""

import tomllib
from datetime import date
from pathlib import Path

import pytest

from config.mappingfile import load_mapping
from config.rulefile import load_programme
from scoring.signal import Liability

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def fresh(site):
    """A site without settings."""
    site.settings.unlink()
    return site


def test_settings_for_the_sandbox_are_written_and_lead_to_scores_in_five_commands(fresh, command):
    first = command("init", "--yes", "--set", f"sandbox={fresh.url}")
    assert first.code == 0, first.err
    written = tomllib.loads(fresh.settings.read_text("utf-8"))
    assert written["time_zone"] == "Europe/Paris"
    assert set(written["connections"]) == {"salesforce", "hubspot"}
    assert not list(fresh.settings.parent.glob(".*draft"))
    assert not list(fresh.settings.parent.glob("*.init.json"))
    for words in (["fields", "apply"], ["doctor"], ["sync", "--dry-run"], ["sync", "--first-fill"]):
        said = command(*words)
        assert said.code == 0, (words, said.out, said.err)
    scored = [row for row in fresh.world.org.rows("Contact") if row["BonusMalus_Coefficient__c"]]
    assert len(scored) == len([row for row in fresh.world.org.rows("Contact") if not row["IsDeleted"]])


def test_objects_are_shown_with_their_counts(fresh, command):
    said = command("init", "--yes", "--set", f"sandbox={fresh.url}")
    contacts = sum(not row["IsDeleted"] for row in fresh.world.org.rows("Contact"))
    line = next(line for line in said.out.splitlines() if line.startswith("Contact "))
    assert str(contacts) in line


def test_what_counts_as_fault_is_asked_value_by_value_and_becomes_a_mapping(fresh, command):
    said = command(
        "init", "--yes", "--set", f"sandbox={fresh.url}", "--set", "crm=salesforce",
        "--set", "salesforce.fault.Shared fault=none",
    )  # fmt: skip
    assert said.code == 0, said.err
    written = tomllib.loads(fresh.settings.read_text("utf-8"))
    file = fresh.settings.parent / written["connections"]["salesforce"]["mapping"]
    mapping = load_mapping(file, crm="salesforce", programme=load_programme("customers", at=date(2026, 11, 22)))
    claim = next(rule for rule in mapping.signals if rule.name == "claim_at_fault")
    assert claim.liability_by == ("Resolution__c", {"Customer at fault": Liability.FULL})
    justified = next(rule for rule in mapping.signals if rule.name == "claim_justified")
    assert set(justified.when[1].operand) == {"Shared fault", "In customer's favour"}
    assert command("doctor", "--json").code == 3  # only the fields are missing


def test_it_goes_on_where_it_was_stopped(fresh, command, monkeypatch):
    answers = iter(["hubspot", fresh.url])

    def prompt(*_words, **_options):
        try:
            return next(answers)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr("click.prompt", prompt)
    assert command("init").code == 4
    assert not fresh.settings.exists()
    monkeypatch.setattr("click.prompt", lambda *_words, default=None, **_options: default)
    said = command("init")
    assert said.code == 0, said.err
    assert "going on where" in said.out
    written = tomllib.loads(fresh.settings.read_text("utf-8"))
    assert (set(written["connections"]), written["sandbox"]) == ({"hubspot"}, fresh.url)


def test_a_secret_is_never_written_only_where_it_is(command):
    said = command("init", "--yes", "--set", "crm=hubspot", "--set", "hubspot.token=pat-eu1-0000")
    assert said.code == 2
    assert "a secret is never written" in said.err
    assert not Path("bonus-malus.toml").exists()


def test_mistakes_are_one_line(fresh, command):
    for words, what in (
        (["--set", "crm=dynamics"], "one of salesforce, hubspot, both"),
        (["--set", "crm"], "say KEY=VALUE"),
        (["--set", f"sandbox={fresh.url}", "--set", "crn=both"], "nobody asked for crn"),
        (["--set", "crm=salesforce"], "--set salesforce.domain="),
    ):
        said = command("init", "--yes", *words)
        assert said.code == 2
        assert what in said.err
        Path("bonus-malus.init.json").unlink(missing_ok=True)
    command("init", "--yes", "--set", f"sandbox={fresh.url}")
    assert "is there already" in command("init", "--yes").err
