"""Whatever a person writes wrong is one line with its place and cure; nothing is sent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.commands import PLACES
from cli.menu import MENU
from config.reading import ConfigError
from config.settings import follow

ROOT = Path(__file__).parents[2]
GOOD = """\
programme = "customers"
ledger = "ledger.db"

[connections.salesforce]
domain = "acme.my"
client_id = { env = "BM_TEST_ID" }
client_secret = { env = "BM_TEST_SECRET" }

[connections.hubspot]
token = { env = "BM_TEST_TOKEN" }
"""


@pytest.fixture(autouse=True)
def nothing_is_sent(monkeypatch):
    """A connection to anywhere is a failure of the test."""

    def refuse(*_):
        raise AssertionError("something was sent")

    monkeypatch.setattr("socket.socket.connect", refuse)
    for name in ("ID", "SECRET", "TOKEN"):
        monkeypatch.delenv(f"BM_TEST_{name}", raising=False)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('programme = "customers"', 'programm = "customers"', "programm: unknown key"),
        ('programme = "customers"', 'programm = "customers"', "nearest: programme"),
        ('programme = "customers"', 'programme = "custmers"', "nearest: customers"),
        ('ledger = "ledger.db"', "ledger = 3", "ledger: should be text in quotes"),
        ('ledger = "ledger.db"', "ledger = ", "bonus-malus.toml:2: not TOML"),
        ('ledger = "ledger.db"', 'time_zone = "Europe/Pari"', "nearest: Europe/Paris"),
        ('ledger = "ledger.db"', 'time_zone = "New York"', "'New York' is no time zone; nearest: America/New_York\n"),
        ('ledger = "ledger.db"', 'time_zone = ""', "'' is no time zone; give one such as Europe/Paris, or UTC\n"),
        ("[connections.salesforce]", '[connections.salesforce]\ncrm = "salesfroce"', "nearest: salesforce"),
        ("[connections.salesforce]", '[connections.salesforce]\nmapping = "salesfroce"', "nearest: salesforce"),
        ("[connections.salesforce]", '[connections.salesforce]\nmapping = "hubspot"', "this mapping is for hubspot"),
        ('client_secret = { env = "BM_TEST_SECRET" }', 'client_secret = "abc123"', "a secret is never written here"),
        ('domain = "acme.my"', 'domain = "acme.my"\ntokn = "x"', "tokn: unknown key"),
        ('ledger = "ledger.db"', 'prefix = "Bonus-Malus"', "prefix: 'Bonus-Malus': write lower-case words of a to z"),
        ('ledger = "ledger.db"', 'prefix = "2 fast"', "prefix: '2 fast': write lower-case words of a to z"),
        ('ledger = "ledger.db"', 'prefix = "a  b"', "one space between them"),
        ('ledger = "ledger.db"', 'prefix = ""', "prefix: '': write lower-case words of a to z"),
        ('ledger = "ledger.db"', 'prefix = "loyalty programm"', "has 16 characters, and the labels of fields leave"),
        ('ledger = "ledger.db"', 'prefix = "hs score"', "HubSpot keeps names that begin with hs for its own"),
    ],
)  # fmt: skip
def test_settings(command, tmp_path, monkeypatch, before, after, words):
    for name in ("ID", "SECRET", "TOKEN"):
        monkeypatch.setenv(f"BM_TEST_{name}", "something")
    (tmp_path / "bonus-malus.toml").write_text(GOOD.replace(before, after), "utf-8")
    said = command("sync")
    assert said.code == 2
    assert words in said.err
    assert said.err.count("\n") == 1
    assert "abc123" not in said.err
    assert "Traceback" not in said.err


def test_a_secret_in_a_file_is_beside_the_settings_wherever_a_command_is_called(tmp_path, monkeypatch):
    there = tmp_path / "there"
    there.mkdir()
    (there / "token").write_text("of the portal\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    assert follow({"file": "token"}, "a place", beside=there) == "of the portal"
    assert follow({"file": str(there / "token")}, "a place", beside=tmp_path) == "of the portal"
    with pytest.raises(ConfigError, match=f"a place: the secret's file {there}/none cannot be read"):
        follow({"file": "none"}, "a place", beside=there)


@pytest.mark.parametrize("id_", ["NOSUCH", "Contact", "4f2a91c0", "4f2a91c0-", "4F2A91C0-12"])
def test_what_is_no_id_of_a_dry_run_is_refused_before_anything_is_read(command, tmp_path, id_):
    said = command("sync", "--read", id_)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert f"{id_} is no id of a dry run, such as 4f2a91c0-1834; `sync --dry-run` ends with it" in said.err


def test_a_missing_secret_says_which_and_where_to_set_it(command, tmp_path):
    (tmp_path / "bonus-malus.toml").write_text(GOOD, "utf-8")
    said = command("sync")
    assert said.code == 2
    assert "connections.salesforce.client_id: the environment variable BM_TEST_ID is not set" in said.err


def test_no_settings_file_points_to_the_demo(command):
    said = command("sync")
    assert said.code == 2
    assert "there is no such file" in said.err
    assert "bonus-malus demo" in said.err


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        ('crm = "salesforce"\n', "subject: is missing"),
        ('crm = "salesforce"\n[subject]\nobject = "Contact"\nemail = "Email"\n', "signal: is missing"),
        ("SIGNAL name = 'order_payd'", "signal[1].name: the programme has no signal 'order_payd'"),
        ("SIGNAL name = 'order_payd'", "nearest: order_paid"),
        ("SIGNAL subject = { field = 'A', link = 'B' }", "either a field or a link"),
        ("SIGNAL when = [{ field = 'A', is = 1, above = 2 }]", "signal[1].when[1]: a condition needs exactly one of"),
        ("SIGNAL when = [{ field = 'A', iss = 1 }]", "iss: unknown key"),
        ("SIGNAL liability = 'fully'", "signal[1].liability: 'fully' is not possible; allowed: full, partial, none"),
        ("SIGNAL when = [{ field = 'A', days_after = 'B' }]", "belong together"),
        ("SIGNAL when = [{ field = 'A', days_after = 'B', between = [90, 31] }]", "holds no day"),
    ],
)
def test_mappings(command, tmp_path, mapping, words):
    if mapping.startswith("SIGNAL "):
        key, _, value = mapping.removeprefix("SIGNAL ").partition(" = ")
        keys = {
            "name": "'order_paid'",
            "object": "'Order'",
            "when": "[]",
            "date": "'D'",
            "subject": "{ field = 'A' }",
            key: value,
        }
        lines = "\n".join(f"{name} = {text}" for name, text in keys.items())
        mapping = f"crm = 'salesforce'\n[subject]\nobject = 'Contact'\nemail = 'Email'\n[[signal]]\n{lines}\n"
    (tmp_path / "mine.toml").write_text(mapping, "utf-8")
    (tmp_path / "bonus-malus.toml").write_text(
        GOOD.replace("[connections.salesforce]", '[connections.salesforce]\nmapping = "mine.toml"'), "utf-8"
    )
    said = command("sync")
    assert said.code == 2
    assert words in said.err
    assert "mine.toml" in said.err
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("explain", "nobody@example.com"), "there is no ledger.db yet; the first sync makes it"),
        (("runs",), "there is no ledger.db yet"),
        (("explain", "x", "--restated"), "--restated needs --as-of DATE"),
        (("explain", "x", "--as-of", "31.12.2026"), "is no day; write it as 2026-03-12"),
        (("adjust", "x", "--why", "y", "--coefficient", "cheap"), "--coefficient cheap: a number such as 0.90"),
        (("adjust", "x", "--why", "y", "--coefficient", "1e999999"), "--coefficient 1e999999: a number such as 0.90"),
        (("adjust", "x", "--why", "y", "--coefficient", "inf"), "--coefficient inf: a number such as 0.90"),
        (("adjust", "x", "--why", "y", "--coefficient", "0.905"), "--coefficient 0.905: two decimals at most"),
        (("rules", "show", "fr-moto"), "fr-moto"),
        (("runs", "show", "9" * 20), "'NUMBER': 99999999999999999999 is not in the range"),
        (("undo", "last"), "'RUN': 'last' is not a whole number; "),
        (("undo", "9" * 20), "'RUN': 99999999999999999999 is not in the range"),
        (("snyc",), "No such command 'snyc'"),
    ],
)
def test_commands(command, tmp_path, words, message):
    (tmp_path / "bonus-malus.toml").write_text(GOOD, "utf-8")
    said = command(*words)
    assert said.code == 2
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.err.startswith("bonus-malus: ")


def test_a_tier_is_shown_with_the_conditions_that_it_has(command, tmp_path):
    tiers = "".join(
        f"[[tiers.since.2000-01-01]]\nname = {name!r}\n{condition}\n"
        for name, condition in (("Low", ""), ("Busy", "points = 50"), ("Best", "coefficient = 0.80\npoints = 50"))
    )
    own = f'name = "own"\ninherits = "customers"\n[tiers]\nreference = "ours"\n{tiers}'
    (tmp_path / "own.toml").write_text(own, "utf-8")
    said = {row["rule"]: row["value"] for row in command("rules", "show", "own.toml", "--json").json["rules"]}
    assert [said[f"tier {name}"] for name in ("Low", "Busy", "Best")] == [
        "everyone else",
        "points ≥ 50, 0\u00a0%",
        "coefficient ≤ 0.80, points ≥ 50, 0\u00a0%",
    ]


def test_rules_of_ones_own_are_shown_as_what_they_are(command, tmp_path):
    held = '[excused]\nreference = "ours"\nsince.2000-01-01 = "held"\n'
    (tmp_path / "held.toml").write_text(f'name = "held"\ninherits = "customers"\n{held}', "utf-8")
    said = {row["rule"]: row["value"] for row in command("rules", "show", "held.toml", "--json").json["rules"]}
    assert said["excused"] == "held"
    assert "tier Silver" not in said


def test_without_settings_the_two_ways_to_some_are_told(command):
    said = command("doctor")
    assert said.code == 2
    assert said.err == (
        "bonus-malus: bonus-malus.toml: there is no such file; `bonus-malus init` writes one, "
        "`bonus-malus demo` does without\n"
    )


def test_a_place_that_cannot_be_written_to_is_no_defect(command, tmp_path):
    (tmp_path / "file").write_text("", "utf-8")
    said = command("package", "hubspot", "file/folder")
    assert said.code == 2
    assert "choose another place" in said.err
    (tmp_path / "bonus-malus.toml").write_text(GOOD, "utf-8")
    said = command("sync", "--report", "nowhere/report.json")
    assert said.code == 2
    assert "there is no folder nowhere" in said.err


def test_a_reader_who_has_seen_enough_changes_nothing_about_the_exit_code(tmp_path):
    words = [sys.executable, "-c", "from cli.main import main; main()", "rules", "show", "customers"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as running:
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait(timeout=60) == 0


def test_a_terminal_that_has_no_sign_for_something_is_shown_another_one():
    words = [sys.executable, "-c", "from cli.main import main; main()", "rules", "show", "customers"]
    there = {**os.environ, "PYTHONIOENCODING": "ascii"}
    said = subprocess.run(words, capture_output=True, cwd=ROOT, env=there, check=True)
    assert b"art. 5, ? le coefficient" in said.stdout


def test_every_command_of_the_menu_is_there_and_its_line_fits_on_a_terminal():
    for lines in MENU.values():
        for name, line in lines.items():
            assert name in PLACES
            assert len(line) <= 66


def test_a_demo_folder_with_other_things_in_it_is_not_emptied(command, tmp_path):
    (tmp_path / "things").mkdir()
    (tmp_path / "things" / "thesis.txt").write_text("years of work")
    said = command("demo", "--folder", "things")
    assert said.code == 2
    assert (tmp_path / "things" / "thesis.txt").exists()


def test_a_defect_is_one_line_too(command, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("secret-token")

    monkeypatch.setattr("cli.rules.load_programme", broken)
    said = command("rules", "show", "customers")
    assert said.code == 1
    assert said.err.count("\n") == 1
    assert "ZeroDivisionError" in said.err
    assert "secret-token" not in said.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("demo", "--customers", "0"), "0 is not in the range x>=1"),
        (("sandbox", "--customers", "-1"), "-1 is not in the range x>=1"),
        (("sandbox", "--port", "99999"), "99999 is not in the range 0<=x<=65535"),
        (("sandbox", "--load", "."), "--load .: no CSV file"),
    ],
)
def test_what_no_sandbox_can_be(command, words, says):
    said = command(*words)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert says in said.err
