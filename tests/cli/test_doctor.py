"""`doctor` finds what an administrator would otherwise learn from a failed run, and names its cure."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.compose import compose
from cli.doctor import examine
from cli.fields import changes
from cli.sandbox import SETTINGS
from connectors.protocol import Finding, Level
from sandbox.app import World, create_app
from sandbox.company import Company, populate
from sandbox.remote import Remote
from sandbox.salesforce.access import FieldGrant
from sandbox.salesforce.rules import Duplicates, Flow, Trigger, Validation
from sandbox.salesforce.schema import make_field
from sandbox.server import Server
from sync.ledger import Ledger, schema
from tests.cli.conftest import Site

Plant = Callable[[Site], None]


@contextmanager
def small_site(folder: Path, customers: int = 12) -> Iterator[Site]:
    """A few customers in both CRMs."""
    world = World()
    populate(world, Company(seed=3, customers=customers))
    with Server(create_app(world)) as server, closing(Remote(server.url)) as remote:
        path = folder / "bonus-malus.toml"
        path.write_text(SETTINGS.format(ledger="ledger.db", url=server.url), "utf-8")
        yield Site(world, server.url, remote, path)


@pytest.fixture
def small(tmp_path) -> Iterator[Site]:
    with small_site(tmp_path) as site:
        yield site


def settings(site: Site, old: str, new: str) -> None:
    text = site.settings.read_text("utf-8")
    assert old in text
    site.settings.write_text(text.replace(old, new), "utf-8")


def salesforce(line: str) -> Plant:
    return lambda site: settings(site, "[connections.salesforce]\n", f"[connections.salesforce]\n{line}\n")


def hubspot(line: str) -> Plant:
    return lambda site: settings(site, "[connections.hubspot]\n", f"[connections.hubspot]\n{line}\n")


def without_permission(name: str) -> Plant:
    return lambda site: site.world.org.integration_user.permissions.discard(name)


def hide(*fields: str) -> Plant:
    def plant(site: Site) -> None:
        for user in (site.world.org.integration_user,):
            user.readable -= set(fields)
            user.editable -= set(fields)
            for held in user.assigned.values():
                for field in fields:
                    held.fields.pop(field, None)

    return plant


def rule(made: object) -> Plant:
    return lambda site: site.world.org.rules.append(made)


def rights(name: str, *allowed: str) -> Plant:
    def plant(site: Site) -> None:
        site.world.org.integration_user.objects[name] = frozenset(allowed)

    return plant


def required_and_empty(site: Site) -> None:
    org = site.world.org
    contact = org.schema.objects["Contact"]
    org.add_field(contact, make_field("Region__c", type="string", required=True))


def another_type(site: Site) -> None:
    org = site.world.org
    contact = org.schema.objects["Contact"]
    contact.add(replace(contact.fields["BonusMalus_Points__c"], type="string", length=255, precision=0, scale=0))


def read_only(site: Site) -> None:
    for held in site.world.org.integration_user.assigned.values():
        for key in held.fields:
            held.fields[key] = FieldGrant(readable=True, editable=False)


def other_property(site: Site) -> None:
    portal = site.world.portal
    kind = portal.store.kinds["contacts"]
    found = kind.properties["bonus_malus_points"]
    portal.store.define(kind, replace(found, type="string", field_type="text"))


def without_scope(name: str) -> Plant:
    def plant(site: Site) -> None:
        site.world.portal.scopes = set(site.world.portal.scopes) - {name}

    return plant


def spent(site: Site) -> None:
    site.world.org.usage.add(90_000)


def behind(site: Site) -> None:
    site.world.skew = timedelta(minutes=5)


def nearly_spent(site: Site) -> None:
    usage = site.world.org.usage
    usage.add(int(usage.limit * 0.8) - 45 - usage.used)  # the doctor itself takes some thirty


def time_zones(site: Site) -> None:
    settings(site, 'time_zone = "Europe/Paris"\n', "")
    site.world.portal.time_zone = "America/New_York"


def damaged(site: Site) -> None:
    (site.settings.parent / "ledger.db").write_bytes(b"this is no database" * 500)


def locked_away(site: Site) -> None:
    file = site.settings.parent / "ledger.db"
    Ledger.open(str(file)).close()
    settings(site, 'ledger = "ledger.db"', f'ledger = "sqlite:///file:{file}?mode=ro&uri=true"')


def mixed_up(site: Site) -> None:
    settings(site, "[connections.salesforce]", '[connections.twin]\ncrm = "salesforce"\n\n[connections.salesforce]')


# Faults that do not hide each other are planted together: how, level, what the finding says, what its cure says.
FAULTS: tuple[dict[str, tuple[Plant, str, str, str]], ...] = (
    {
        "no permission for metadata": (
            without_permission("ModifyMetadata"),
            "warn",
            "Modify Metadata",
            "permission set",
        ),
        "no permission to customize": (
            without_permission("CustomizeApplication"),
            "warn",
            "Customize",
            "permission set",
        ),
        "no permission to assign": (without_permission("AssignPermissionSets"), "warn", "Assign", "permission set"),
        "an object that is not readable": (rights("Case"), "warn|fail", "Case cannot be read", "read access"),
        "a hidden field of the mapping": (hide("Opportunity.Amount"), "fail", r"Opportunity\.Amount", "read access"),
        "our field of another type": (another_type, "fail", "BonusMalus_Points__c", "rename"),
        "a validation rule": (rule(Validation("Contact", "Title", ("x",))), "warn", "validation rule «Title", "exempt"),
        "a duplicate rule": (rule(Duplicates("Contact", "Email")), "warn", "duplicate rule", "merge the twins"),
        "a trigger": (rule(Trigger("Contact", 200)), "warn", "Apex trigger «ContactTrigger»", "owner"),
        "a flow": (
            rule(Flow("Contact", "Welcome new contacts")),
            "warn",
            "flow «Welcome new contacts»",
            "entry conditions",
        ),
        "a required field that is empty": (required_and_empty, "warn", "Region__c is required and empty", "fill it in"),
        "a clock that is wrong": (behind, "fail", "300 seconds behind", "synchronise"),
        "a missing write scope": (
            without_scope("crm.objects.contacts.write"),
            "fail",
            "contacts.write is missing",
            "Service Key",
        ),
        "a missing schema scope": (
            without_scope("crm.schemas.contacts.write"),
            "warn",
            "schemas.contacts.write",
            "Service Key",
        ),
        "a missing read scope": (
            without_scope("tickets"),
            "warn|fail",
            "scope tickets is missing",
            "add tickets to the Service Key",
        ),
        "a property of another type": (other_property, "fail", "bonus_malus_points", "rename"),
        "an API version near its end": (hubspot('api_version = "legacy"'), "warn", "supported until", "api_version"),
        "time zones that differ": (time_zones, "fail", "different time zones", "time_zone ="),
    },
    {
        "a wrong secret": (salesforce('client_secret = { file = "secret.txt" }'), "fail", "sign-in", "correct"),
        "a wrong token": (hubspot('token = { file = "secret.txt" }'), "fail", "sign-in", "correct"),
        "a damaged ledger": (damaged, "fail", "ledger", "bring|put"),
    },
    {
        "a secret that is not there": (salesforce('client_secret = { env = "NOWHERE" }'), "fail", "NOWHERE", "correct"),
    },
    {
        "no API permission": (
            without_permission("ApiEnabled"),
            "fail",
            "tick API Enabled",
            "what the message names",
        ),
    },
    {
        "contacts that are not editable": (
            rights("Contact", "read"),
            "fail",
            "Contact cannot be edited",
            "edit access",
        ),
        "our field hidden": (hide("Contact.BonusMalus_Tier__c"), "fail", "BonusMalus_Tier__c", "fields apply"),
    },
    {
        "our fields read-only": (read_only, "fail", "15 of our 15 fields", "fields apply"),
        "a ledger that is read-only": (
            locked_away,
            "fail",
            "it may not be written; let this user write",
            "what it says",
        ),
    },
    {
        "a day's calls that are gone": (spent, "fail", "of the 100000 calls of the day are used", "wait"),
    },
    {
        "a day too short for the first run": (nearly_spent, "warn", "first run needs about", "share_of_day"),
        "one account under two names": (mixed_up, "fail", "same account", "count twice"),
    },
)


@pytest.fixture(scope="module", params=range(len(FAULTS)), ids=lambda number: f"site {number + 1}")
def ill(request, tmp_path_factory) -> Iterator[tuple[dict[str, tuple[Plant, str, str, str]], list[Finding]]]:
    """A site with planted faults, and what the doctor finds there."""
    folder = tmp_path_factory.mktemp("ill")
    with small_site(folder) as site:
        (folder / "secret.txt").write_text("not the right one", "utf-8")
        changes(compose(site.settings), apply=True)
        for plant, *_ in FAULTS[request.param].values():
            plant(site)
        text = site.settings.read_text("utf-8").replace('"secret.txt"', f'"{folder}/secret.txt"')
        site.settings.write_text(text, "utf-8")
        yield FAULTS[request.param], [each.finding for each in examine(compose(site.settings))]


def test_at_least_twenty_faults_are_planted():
    assert sum(len(each) for each in FAULTS) >= 20


def test_each_fault_is_found_and_names_its_cure(ill):
    faults, findings = ill
    seen = [f"{each.level}: {each.what} -> {each.cure}" for each in findings if each.level is not Level.PASS]
    for fault, (_, level, what, cure) in faults.items():
        found = [each for each in findings if re.search(what, each.what) and re.fullmatch(level, each.level.value)]
        assert found, (fault, seen)
        assert any(re.search(cure, each.cure) for each in found), (fault, found)
    assert all(each.cure for each in findings if each.level is Level.FAIL)


def test_what_fails_is_exit_code_3_and_the_cure_stands_under_it(small, command):
    without_scope("crm.objects.contacts.write")(small)
    said = command("doctor")
    assert said.code == 3
    assert "✗ scope crm.objects.contacts.write is missing" in said.out
    assert "→ add it to the Service Key" in said.out


def test_a_healthy_site_has_nothing_to_cure(site, command):
    command("fields", "apply")
    said = command("doctor", "--json", "--all")
    assert [each for each in said.json if each["level"] != "pass"] == []
    assert said.code == 0
    assert {"here", "salesforce", "hubspot"} == {each["place"] for each in said.json}
    shown = command("doctor")
    assert "0 to cure, 0 to know" in shown.out
    assert "next: bonus-malus sync --dry-run" in shown.out


def test_missing_fields_are_one_finding_and_the_ledger_is_not_made(small, command):
    said = command("doctor", "--json")
    missing = [each for each in said.json if "of our 15 fields" in each["what"]]
    assert len(missing) == 2
    assert not (small.settings.parent / "ledger.db").exists()


def test_an_address_that_several_contacts_share_is_told_where_it_could_link_two_crms(small, command):
    for _ in range(2):
        small.world.org.insert("Contact", {"LastName": "Office", "Email": "office@example.org"})
    small.world.clock.advance(timedelta(hours=1))  # what happens this instant is the next run's
    command("fields", "apply")
    command("sync", "--first-fill")
    (found,) = [each for each in command("doctor", "--json").json if "stand on several contacts" in each["what"]]
    assert (found["place"], found["level"]) == ("here", "warn")
    assert found["what"].startswith("salesforce: 1 e-mail addresses")
    settings(small, "[connections.hubspot]\n", "")
    assert "stand on several contacts" not in command("doctor", "--json").out


def test_au04_another_account_than_at_first_contact_is_found_before_a_run_refuses_it(small, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    org = small.world.org
    row = dict(next(org.rows("Organization")))
    table = org.records.tables["Organization"]
    table.rows.clear()
    table.keep(row | {"Id": "00DSb0000000002MAA"})
    said = command("doctor", "--json")
    assert any("account" in each["what"] and "until now" in each["what"] for each in said.json)
    assert said.code == 3


def test_what_signals_came_from_and_every_sync_stops_at_is_no_warning(tmp_path, command):
    with small_site(tmp_path, customers=60) as site:
        command("fields", "apply")
        command("sync", "--first-fill")
        site.world.org.withdraw("Invoice__c")
        said = command("doctor", "--json")
        told = next(each for each in said.json if each["what"].startswith("Invoice__c cannot be read"))
        site.remote.sleep(900)
        assert (told["level"], said.code, command("sync").code) == ("fail", 3, 3)
        assert told["what"].endswith(
            "; invoice_late, invoice_unpaid came from there until now, and every sync stops there"
        )
        assert any(each["what"] == "the last run, 2, failed" for each in command("doctor", "--json").json)


def test_a_ledger_that_is_damaged_in_many_places_is_one_finding(site, command):
    file = site.settings.parent / "ledger.db"
    Ledger.open(str(file)).close()
    with closing(sqlite3.connect(file)) as inside:
        (size,) = inside.execute("PRAGMA page_size").fetchone()
        pages = inside.execute("SELECT rootpage FROM sqlite_master WHERE name IN ('writes', 'problems', 'rejects')")
        places = [(page - 1) * size for (page,) in pages]
    text = bytearray(file.read_bytes())
    for place in places:
        text[place : place + size] = b"\xff" * size
    file.write_bytes(text)
    said = command("doctor", "--json")
    assert said.code == 3
    (found,) = [each for each in said.json if "the ledger is damaged" in each["what"]]
    assert "put a backup back" in found["cure"] or "bring back" in found["cure"]


def test_what_is_needed_unattended_is_looked_at_before_the_night_it_is_needed(small, command):
    settings(small, "[connections.salesforce]", '[alerts]\nwebhook = { env = "NOWHERE" }\n\n[connections.salesforce]')
    settings(small, "[alerts]", "[retention.signals]\nclaim_justifed = 12\n\n[alerts]")
    command("fields", "apply")
    command("sync", "--first-fill")
    small.remote.sleep(86400)
    command("sync")
    here = {each["what"]: each for each in command("doctor", "--json").json if each["place"] == "here"}
    (alert,) = [each for what, each in here.items() if "the environment variable NOWHERE is not set" in what]
    (signal,) = [each for what, each in here.items() if "retention.signals.claim_justifed" in what]
    assert (alert["level"], signal["level"]) == ("fail", "warn")
    assert "nearest: claim_justified" in signal["what"]
    said = command("purge")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "retention.signals.claim_justifed: there is no such signal" in said.err
    with Ledger.open(str(small.settings.parent / "ledger.db")).begin() as tx:
        tx.execute(schema.runs.update().values(started=datetime(2027, 1, 1, tzinfo=UTC)))
    clock = [each for each in command("doctor", "--json").json if each["what"].startswith("the clock says 2026-11-23")]
    assert [each["level"] for each in clock] == ["fail"]
