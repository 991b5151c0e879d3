"""Contracts, coefficients from elsewhere and rates, from a settings file to the record and back through `explain`."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from cli.compose import compose
from cli.sandbox import SETTINGS
from config.mappingfile import FOLDER, load_mapping
from config.rulefile import load_programme
from sandbox.app import World, create_app
from sandbox.remote import Remote
from sandbox.server import Server
from tests.cli.conftest import Command, Site

SHOP = """\
name = "shop"
inherits = "customers"
{rules}
[currency]
reference = "house rule"
since.2026-01-01 = "EUR"
"""


def ready_made(crm: str) -> str:
    """The mapping that comes with the product, its sleeping rules awake."""
    lines = (FOLDER / f"{crm}.toml").read_text("utf-8").split("\n")
    asleep = [number for number, line in enumerate(lines) if line.startswith("# [[signal]]")]
    for number in asleep:
        while lines[number].startswith("# "):
            lines[number] = lines[number].removeprefix("# ")
            number += 1  # noqa: PLW2901 - on to the next line of the same rule
    return "\n".join(lines)


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_ready_made_rules_for_contracts_and_openings_need_nothing_but_to_be_taken_in(crm: str, tmp_path: Path):
    file = tmp_path / "own.toml"
    file.write_text(ready_made(crm), "utf-8")
    mapping = load_mapping(file, crm=crm, programme=load_programme("customers", at=date(2026, 11, 22)))
    found = {rule.name: rule for rule in mapping.signals}
    assert found["contract"].until
    assert found["carried_over"].carries is not None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('until = "EndDate"', "until: only a signal that counts as contract has an end; order_paid does not"),
        ('carries = { coefficient = "X__c" }', "carries: only a signal that counts as opening carries something"),
    ],
)
def test_a_rule_that_says_what_does_not_go_with_its_signal_is_refused(
    line: str, message: str, command: Command, tmp_path: Path
):
    text = (FOLDER / "salesforce.toml").read_text("utf-8")
    text = text.replace('name = "order_paid"\n', f'name = "order_paid"\n{line}\n', 1)
    (tmp_path / "own.toml").write_text(text, "utf-8")
    settings = '[connections.salesforce]\nmapping = "own.toml"\ndomain = "acme.my"\n'
    (tmp_path / "bonus-malus.toml").write_text(settings, "utf-8")
    said = command("sync")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert f"signal[1].{message}" in said.err


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Site]:
    """A Salesforce org with two people: Ada has a contract, Bob an order; both come from elsewhere."""
    world = World()
    firm = world.org.insert("Account", {"Name": "Acme"})
    people = [
        world.org.insert("Contact", {"LastName": name, "Email": f"{name.lower()}@example.com", "AccountId": firm})
        for name in ("Ada", "Bob")
    ]
    contract = {"AccountId": firm, "CustomerSignedId": people[0], "StartDate": "2024-05-01", "Status": "Activated"}
    world.org.insert("Contract", contract | {"EndDate": "2027-04-30"})
    order = {"AccountId": firm, "BillToContactId": people[1], "EffectiveDate": "2025-03-01", "Status": "Activated"}
    world.org.insert("Order", order | {"TotalAmount": 100})
    with Server(create_app(world)) as server:
        settings = tmp_path / "bonus-malus.toml"
        (tmp_path / "own.toml").write_text(ready_made("salesforce"), "utf-8")
        text = SETTINGS.format(ledger="ledger.db", url=server.url).split("[connections.hubspot]")[0]
        text = text.replace("[connections", 'openings = "openings.csv"\nrates = "rates.csv"\n\n[connections')
        settings.write_text(text.replace('"customers"', '"shop.toml"') + 'mapping = "own.toml"\n', "utf-8")
        remote = Remote(server.url)
        remote.sleep(3600)
        yield Site(world, server.url, remote, settings)
        remote.close()


def write(folder: Path, rules: str, openings: str) -> None:
    (folder / "shop.toml").write_text(SHOP.format(rules=rules), "utf-8")
    (folder / "openings.csv").write_text(openings, "utf-8")
    (folder / "rates.csv").write_text("Date,USD\n2026-11-20,1.1\n", "utf-8")


def person(org: Site, name: str) -> str:
    return next(row["Id"] for row in org.world.org.rows("Contact") if row["LastName"] == name)


def test_what_people_bring_shows_on_the_record_and_a_past_day_as_it_was_shown_then(
    command: Command, org: Site, tmp_path: Path
):
    write(tmp_path, "", "email,coefficient,clean_periods\nada@example.com,0.80,2\nbob@example.com,0.64,0\n")
    assert command("fields", "apply").code == 0
    assert command("sync").code == 0
    ada, bob = person(org, "Ada"), person(org, "Bob")
    shown = command("explain", ada, "--json").json
    assert (shown["exposure"], shown["coefficient"]) == ("2024-05-01", 72)  # 0.80, 0.76, 0.72
    assert command("explain", bob, "--json").json["coefficient"] == 60
    org.remote.sleep(86_400)
    write(tmp_path, "", "email,coefficient,clean_periods\nada@example.com,1.00,2\nbob@example.com,0.64,0\n")
    assert command("sync").code == 0
    assert command("explain", ada, "--json").json["coefficient"] == 90
    assert command("explain", ada, "--as-of", "2026-11-22", "--json").json["lines"] == shown["lines"]
    restated = command("explain", ada, "--as-of", "2026-11-22", "--restated", "--json").json
    assert restated["coefficient"] == 90
    assert command("ledger", "verify").code == 0
    said = command("explain", ada, "--language", "fr").out
    assert "Le coefficient repris est de 1,00" in said
    assert "règle maison" in said
    assert not any(english in said for english in ("house rule", "programme:", "silent", "arts "))
    write(tmp_path, "", f"email,record,coefficient\nada@example.com,,0.80\n,{bob[:15]},0.64\n")
    assert "openings.csv:3 names this person still: delete it there" in command("erase", bob, "--yes").out
    assert command("erase", ada, "--yes", "--json").json["openings"] == [2]


def test_a_programme_on_a_scale_from_the_fields_to_the_simulation(command: Command, org: Site, tmp_path: Path):
    write(tmp_path, 'rules = "be-1992"', "record,level\n" + f"{person(org, 'Ada')},3\n")
    assert command("fields", "apply").code == 0
    help_ = [row["InlineHelpText"] for row in _fields(org) if row["Name"] == "BonusMalus_Coefficient__c"]
    assert help_ == ["What the level is worth: 1.00 for 100 %. Moves at the yearly review only."]
    assert command("sync").code == 0
    shown = command("explain", person(org, "Ada"), "--json").json
    assert (shown["coefficient"], shown["expected"]) == (51, 50)  # levels 3, 2, 1 and 0
    assert command("explain", person(org, "Bob"), "--json").json["coefficient"] == 81  # from 11 to 10
    record = org.world.org.get("Contact", person(org, "Bob"))
    assert record["BonusMalus_Coefficient__c"] == 0.81
    assert "level 9" in record["BonusMalus_Way_Back__c"]
    found = command("simulate", "--rules", "my-6", "--json").json
    assert found["after"]["coefficients"]["0.75"] == 1  # Bob, from 100 % one level on
    assert command("ledger", "verify").code == 0
    rows = {row["rule"]: row["value"] for row in command("rules", "show", "--json").json["rules"]}
    assert rows["levels"] == "23 levels of be-1992, newcomers on 11"
    assert rows["partial"] == "claim"
    assert command("rules", "check", "shop.toml").out == "shop.toml: every example holds\n"


def _fields(org: Site) -> list[dict[str, str | None]]:
    contact = org.world.org.schema.objects["Contact"]
    return [{"Name": field.name, "InlineHelpText": field.help} for field in contact.fields.values()]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("email;coefficient\n", "openings.csv:1: there is no column 'email;coefficient'; allowed: record, email,"),
        ("email\na@b.fr\n", "openings.csv:1: no column says what is carried over: coefficient or level"),
        ("coefficient\n0.8\n", "openings.csv:1: no column says whose line it is: record or email"),
        ("email,coefficient\nnobody,0.8\n", "openings.csv:2: email: this is no e-mail address"),
        ("email,coefficient\na@b.fr,cheap\n", "openings.csv:2: coefficient: 'cheap' is no number; write it as 0.85"),
        ("email,coefficient\na@b.fr,0.855\n", "openings.csv:2: coefficient: 0.855 is not possible; it has two"),
        ("email,coefficient\na@b.fr,0.30\n", "openings.csv:2: opening coefficient 0.30: allowed is 0.50 to 3.50"),
        ("email,coefficient\na@b.fr,0.8\nA@B.fr,0.9\n", "openings.csv:3: this person stands on line 2 already"),
        ("record,email,coefficient\n1,a@b.fr,0.8\n", "openings.csv:2: a line names its person by record or by email"),
        ("email,level\na@b.fr,11\n", "openings.csv:2: level '11' is carried over, and customers has no levels"),
        ("email,coefficient,level\na@b.fr,,\n", "openings.csv:2: a line says a coefficient or a level, and one"),
        ("email,coefficient,on\na@b.fr,0.8,1/2/26\n", "openings.csv:2: on: '1/2/26' is no day; write it as 2026-11-20"),
        ("email,coefficient,on\na@b.fr,0.8,9999-12-31\n", "openings.csv:2: on: 9999-12-31 cannot be; days go from"),
        ("email,coefficient,clean_periods\na@b.fr,0.8,-1\n", "openings.csv:2: clean_periods: '-1' is no number of"),
        ("email,coefficient,protection_used\na@b.fr,0.8,maybe\n", "openings.csv:2: protection_used: 'maybe' is not"),
        ("email,coefficient\na@b.fr,1e999999\n", "openings.csv:2: coefficient: 1e999999 is not possible"),
        (
            "email,coefficient,years_at_floor\na@b.fr,0.5,9000\n",
            "years_at_floor: '9000' is no number of years, 0 to 100",
        ),
        (
            f"email,coefficient,clean_periods\na@b.fr,0.8,{'9' * 5000}\n",
            "clean_periods: '99999999999999999999' is no number of",
        ),
        ("email,coefficient\na@b.fr,0.8,7\n", "openings.csv:2: more cells than columns"),
        ("record,coefficient\n1,0.8\nhubspot:1,0.9\n", "openings.csv:3: this person stands on line 2 already"),
        ("record,coefficient\nhubspot:1,0.8\n1,0.9\n", "openings.csv:3: this person stands on line 2 already"),
        (
            "record,coefficient\n003Sb0000000005,0.8\nsalesforce:003Sb0000000005IAA,0.9\n",
            "openings.csv:3: this person stands on line 2 already",
        ),
    ],
)
def test_a_mistake_in_the_file_of_openings_is_one_line_before_anything_is_sent(
    text: str, message: str, command: Command, org: Site, tmp_path: Path
):
    write(tmp_path, "", text)
    said = command("sync")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert message in said.err


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("003Sb0000000005", "003Sb0000000005IAA"),
        ("salesforce:003Sb0000000005", "salesforce:003Sb0000000005IAA"),
        ("003Sb0000000005IAA", "003Sb0000000005IAA"),
        ("hubspot:100000000000057", "hubspot:100000000000057"),
    ],
)
def test_sr35_a_record_is_found_by_the_fifteen_characters_that_reports_export(
    written: str, kept: str, org: Site, tmp_path: Path
):
    write(tmp_path, "", f"record,coefficient\n{written},0.8\nother:7,0.9\nanother:7,0.9\n")
    assert [row.record for row in compose(tmp_path / "bonus-malus.toml").openings][:1] == [kept]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ('programme = "bare.toml"\nopenings = "openings.csv"\n', "the programme bare has no signal that counts as"),
        ('openings = "nothing.csv"\n', "nothing.csv: cannot be read: No such file or directory"),
        ('rates = "rates.csv"\n', "rates: the programme customers names no currency to convert to"),
        ('rates = "rates.csv"\nrates_base = "euro"\n', "rates_base"),
    ],
)
def test_files_that_the_programme_cannot_use_are_refused(settings: str, message: str, command: Command, tmp_path: Path):
    write(tmp_path, "", "email,coefficient\na@b.fr,0.8\n")
    bare = '[signals.carried_over]\ncounts_as = "opening"\non = false\n'
    (tmp_path / "bare.toml").write_text(f'name = "bare"\ninherits = "customers"\n{bare}', "utf-8")
    text = settings + '[connections.salesforce]\ndomain = "acme.my"\n'
    (tmp_path / "bonus-malus.toml").write_text(text, "utf-8")
    said = command("sync")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert message in said.err
