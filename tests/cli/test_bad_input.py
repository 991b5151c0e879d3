"""Whatever a person writes wrong is one line with its place and cure; nothing is sent."""

import pytest

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
        ("[connections.salesforce]", '[connections.salesforce]\ncrm = "salesfroce"', "nearest: salesforce"),
        ("[connections.salesforce]", '[connections.salesforce]\nmapping = "salesfroce"', "nearest: salesforce"),
        ("[connections.salesforce]", '[connections.salesforce]\nmapping = "hubspot"', "this mapping is for hubspot"),
        ('client_secret = { env = "BM_TEST_SECRET" }', 'client_secret = "abc123"', "a secret is never written here"),
        ('domain = "acme.my"', 'domain = "acme.my"\ntokn = "x"', "tokn: unknown key"),
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
        (("explain", "x", "--as-of", "31.12.2026"), "does not match the format"),
        (("rules", "show", "fr-moto"), "fr-moto"),
        (("snyc",), "No such command 'snyc'"),
    ],
)
def test_commands(command, tmp_path, words, message):
    (tmp_path / "bonus-malus.toml").write_text(GOOD, "utf-8")
    said = command(*words)
    assert said.code == 2
    assert message in said.err
    assert "Traceback" not in said.err


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
