"""`init` looks into the org, proposes with counts, can be stopped and resumed, and writes settings that work."""

import tomllib
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from cli.answers import Answers
from cli.init import basics
from cli.proposal import judged
from config.mappingfile import FOLDER, load_mapping
from config.rulefile import load_programme
from connectors import settings_model
from scoring.mapping import Condition, Operator
from scoring.signal import Liability

CUSTOMERS = load_programme("customers", at=date(2026, 11, 22))


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
    mapping = load_mapping(file, crm="salesforce", programme=CUSTOMERS)
    claim = next(rule for rule in mapping.signals if rule.name == "claim_at_fault")
    assert claim.liability_by == ("Resolution__c", {"Customer at fault": Liability.FULL})
    justified = next(rule for rule in mapping.signals if rule.name == "claim_justified")
    assert set(justified.when[1].operand) == {"Shared fault", "In customer's favour"}
    assert command("doctor", "--json").code == 3  # only the fields are missing


def test_a_mapping_that_says_something_else_is_not_overwritten_unasked(fresh, command):
    words = ("init", "--yes", "--set", f"sandbox={fresh.url}", "--set", "salesforce.fault.Shared fault=none")
    file = fresh.settings.with_name(f"{fresh.settings.stem}-salesforce.toml")
    file.write_text("# by hand\n", "utf-8")
    said = command(*words)
    assert said.code == 2
    assert f"{file.name} is there already and says something else; --force replaces it" in said.err
    assert file.read_text("utf-8") == "# by hand\n"
    assert not fresh.settings.exists()
    assert command(*words, "--force").code == 0
    assert file.read_text("utf-8") != "# by hand\n"


def test_an_answer_that_nobody_asks_for_is_named_where_the_one_meant_is_missing(fresh, command):
    said = command("init", "--yes", "--set", "salesforce.domian=acme.my")
    assert said.code == 2
    assert "say --set salesforce.domain=…; nobody has asked for salesforce.domian so far" in said.err


def loaded(file):
    return load_mapping(file, crm=file.stem.rpartition("-")[2], programme=CUSTOMERS)


def with_kinds(world):
    """A second pipeline with six deals, a record type of cases with one claim, another, and a case of none."""
    world.portal.add_pipeline("deals", "partners", "Partner sales")
    deals = [row["id"] for row in world.portal.rows("deals")]
    for deal in deals[:6]:
        world.portal.update("deals", deal, {"pipeline": "partners", "dealstage": "partners_closedwon"})
    inner = world.org.add_record_type("Case", "Internal", "Internal question")
    outer = world.org.add_record_type("Case", "Customer", "Customer case")
    living = [row for row in world.org.rows("Case") if not row["IsDeleted"]]
    cases = [row["Id"] for row in sorted(living, key=lambda row: row["Resolution__c"] != "Customer at fault")]
    for number, case in enumerate(cases[:-1]):
        world.org.update("Case", case, {"RecordTypeId": outer if number else inner})
    world.clock.advance(timedelta(hours=1))  # the search index lags behind
    return len(deals), len(cases)


def test_a_value_of_a_picklist_is_written_as_it_stands():
    odd = {"back\\slash": "full", 'say "no"': "partial", "tab\t": "none"}
    written = tomllib.loads(judged((FOLDER / "salesforce.toml").read_text("utf-8"), "Fault__c", odd))
    claim, justified = (
        next(each for each in written["signal"] if each["name"] == name)
        for name in ("claim_at_fault", "claim_justified")
    )
    assert claim["liability"]["values"] == {"back\\slash": "full", 'say "no"': "partial"}
    assert justified["when"][-1]["in"] == ["tab\t"]


def test_record_types_and_pipelines_are_counted_and_those_that_do_not_count_are_left_out(fresh, command):
    deals, cases = with_kinds(fresh.world)
    said = command(
        "init", "--yes", "--set", f"sandbox={fresh.url}",
        "--set", "hubspot.deals.partners=no", "--set", "salesforce.Case.Internal=no",
    )  # fmt: skip
    assert said.code == 0, said.err
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    for line in (
        f"Sales Pipeline {deals - 6} yes", "Partner sales 6 no",
        "Internal question 1 no", f"Customer case {cases - 2} yes", "no Record Type 1 yes",
    ):  # fmt: skip
        assert line in lines
    hubspot, salesforce = (
        loaded(fresh.settings.with_name(f"bonus-malus-{crm}.toml")) for crm in ("hubspot", "salesforce")
    )
    for rule in hubspot.rules_for("deals"):
        assert rule.when[0] == Condition("pipeline", Operator.IN, ("default",))
    for rule in salesforce.rules_for("Case"):
        assert rule.when[0] == Condition("RecordType.DeveloperName", Operator.IN, ("Customer",), or_empty=True)
    untouched = load_mapping(FOLDER / "salesforce.toml", crm="salesforce", programme=CUSTOMERS)
    assert [rule for rule in salesforce.signals if rule.object != "Case"] == [
        rule for rule in untouched.signals if rule.object != "Case"
    ]


def test_what_is_left_out_makes_no_signals(fresh, command):
    with_kinds(fresh.world)
    deals, signals = [], []
    for answers in ([], ["--set", "hubspot.deals.partners=no", "--set", "salesforce.Case.Internal=no"]):
        for old in fresh.settings.parent.glob("bonus-malus*"):
            old.unlink()
        command("init", "--yes", "--set", f"sandbox={fresh.url}", *answers)
        command("fields", "apply")
        assert command("doctor").code == 0
        said = command("sync", "--dry-run", "--json")
        assert said.code == 0, said.err
        deals.append(said.json["connections"]["hubspot"]["objects"]["deals"])
        signals.append(said.json["connections"]["salesforce"]["objects"]["Case"]["verdicts"].get("signal", 0))
    assert deals[0]["read"] == deals[1]["read"]
    assert deals[0]["verdicts"]["signal"] - deals[1]["verdicts"]["signal"] > 0
    assert signals[0] - signals[1] == 1


def test_an_object_of_which_no_kind_counts_has_no_rules_and_nobody_asks_about_fault(fresh, command):
    with_kinds(fresh.world)
    none = [word for kind in ("Internal", "Customer", "no") for word in ("--set", f"salesforce.Case.{kind}=no")]
    said = command("init", "--yes", "--set", f"sandbox={fresh.url}", "--set", "crm=salesforce", *none)
    assert said.code == 0, said.err
    assert "fault of the customer" not in said.out
    assert not loaded(fresh.settings.with_name("bonus-malus-salesforce.toml")).rules_for("Case")


def test_where_there_is_one_kind_nobody_asks(fresh, command):
    said = command("init", "--yes", "--set", f"sandbox={fresh.url}")
    assert "Pipeline" not in said.out
    assert not list(fresh.settings.parent.glob("*-hubspot.toml"))


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


def test_an_answer_that_does_not_work_is_asked_again_and_the_others_are_kept(fresh, command, monkeypatch):
    wrong = command("init", "--yes", "--set", "crm=hubspot", "--set", "sandbox=http://127.0.0.1:1")
    assert wrong.code == 2
    assert wrong.err.startswith("bonus-malus: sandbox: nobody answers at http://127.0.0.1:1")
    assert not list(fresh.settings.parent.glob("*draft*"))
    asked = []

    def prompt(question, default=None, **_options):
        asked.append((question, default))
        return fresh.url if "sandbox" in question else default

    monkeypatch.setattr("click.prompt", prompt)
    said = command("init")
    assert said.code == 0, said.err
    assert asked[0] == ("Address of a sandbox on this machine, or none", "http://127.0.0.1:1")
    assert set(tomllib.loads(fresh.settings.read_text("utf-8"))["connections"]) == {"hubspot"}


@pytest.mark.parametrize(
    ("answers", "keys"),
    [
        (["crm=salesforce", "salesforce.domain=acme.my"], {"domain", "client_id", "client_secret"}),
        (
            ["crm=salesforce", "salesforce.domain=acme.my", "salesforce.sign_in=jwt", "salesforce.username=u@acme.com"],
            {"domain", "client_id", "username", "private_key"},
        ),
        (["crm=hubspot"], {"token", "language"}),
        (["crm=hubspot", "hubspot.sign_in=oauth"], {"client_id", "client_secret", "refresh_token", "language"}),
    ],
    ids=["client credentials", "certificate", "service key", "OAuth"],
)
def test_every_way_to_sign_in_is_written_as_its_connector_takes_it(answers, keys):
    given = dict(each.split("=") for each in answers)
    with TemporaryDirectory() as folder:
        asked = Answers(given, Path(folder) / "memory.json", defaults_only=True)
        written = tomllib.loads(basics(asked).text())["connections"][given["crm"]]
    assert written.keys() == keys
    settings_model(given["crm"])(**{key: value if isinstance(value, str) else "x" for key, value in written.items()})


def test_a_secret_is_never_written_only_where_it_is(command):
    said = command("init", "--yes", "--set", "crm=hubspot", "--set", "hubspot.token=pat-eu1-0000")
    assert said.code == 2
    assert "a secret is never written" in said.err
    assert not Path("bonus-malus.toml").exists()
    assert not [file for file in Path().iterdir() if "0000" in file.read_text("utf-8")]


def test_a_secret_that_is_pasted_is_asked_again_and_kept_nowhere(tmp_path, monkeypatch, capsys):
    pasted = iter(["hubspot", "none", "service-key", "pat-eu1-0000", "env:TOKEN", "en", "customers", "ledger.db"])
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _prompt: next(pasted))
    memory = tmp_path / "memory.json"
    written = tomllib.loads(basics(Answers({}, memory, defaults_only=False)).text())
    assert written["connections"]["hubspot"]["token"] == {"env": "TOKEN"}
    assert "a secret is never written" in capsys.readouterr().err
    assert "pat-eu1-0000" not in memory.read_text("utf-8")


def test_answers_left_half_written_are_asked_for_again(tmp_path):
    memory = tmp_path / "memory.json"
    memory.write_text('{"crm": "hub', "utf-8")
    assert not Answers({}, memory, defaults_only=True).resumed


def test_a_path_is_written_with_its_backslashes(tmp_path):
    given = {"crm": "hubspot", "hubspot.token": r"file:C:\keys\token.txt"}
    written = tomllib.loads(basics(Answers(given, tmp_path / "memory.json", defaults_only=True)).text())
    assert written["connections"]["hubspot"]["token"] == {"file": r"C:\keys\token.txt"}


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
