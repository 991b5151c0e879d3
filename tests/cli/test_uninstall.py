"""`fields remove` and `uninstall` save first, ask twice, and leave nothing of ours in either CRM."""

import csv
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.cli.conftest import Site


def ours(site: Site) -> list[str]:
    """Whatever of us is left in the two CRMs."""
    org, portal = site.world.org, site.world.portal
    kind = portal.store.kinds["contacts"]
    return [
        *(name for name in org.schema.objects["Contact"].fields if name.startswith("BonusMalus")),
        *org.permission_sets,
        *(name for name, found in kind.properties.items() if name.startswith("bonus_malus") and not found.archived),
        *(name for name in kind.groups if name.startswith("bonus_malus")),
    ]


def test_uninstall_saves_the_values_and_leaves_nothing_but_the_ledger(site, command):
    command("fields", "apply")
    assert {"BonusMalus_Read", "BonusMalus_Sync", "bonus_malus"} < set(ours(site))
    assert command("sync", "--first-fill").code == 0
    shown = {row["Id"]: row for row in site.world.org.rows("Contact") if not row["IsDeleted"]}
    said = command("uninstall", "--yes", "--export", "saved")
    assert said.code == 0
    assert ours(site) == []
    with Path("saved/bonus-malus-salesforce.csv").open(encoding="utf-8", newline="") as file:
        saved = {row["id"]: row for row in csv.DictReader(file)}
    assert saved.keys() == shown.keys()
    for record, row in saved.items():
        assert float(row["coefficient"]) == float(shown[record]["BonusMalus_Coefficient__c"])
        assert row["reasons"] == (shown[record]["BonusMalus_Reasons__c"] or "")
    assert (site.settings.parent / "ledger.db").exists()
    again = command("fields", "remove", "--yes")
    assert again.code == 0
    assert "nothing to remove" in again.out


def test_it_asks_twice_and_deletes_nothing_without_both_answers(site, command, monkeypatch):
    command("fields", "apply")
    before = ours(site)
    asked: list[str] = []
    monkeypatch.setattr("click.confirm", lambda text, **_: asked.append(text) or True)
    monkeypatch.setattr("click.prompt", lambda text, **_: asked.append(text) or "yes")
    said = command("fields", "remove")
    assert said.code == 7
    assert "nothing was deleted" in said.out
    assert len(asked) == 2
    assert ours(site) == before
    monkeypatch.setattr("click.prompt", lambda text, **_: asked.append(text) or "remove")
    assert "is there already" in command("fields", "remove").err
    assert command("fields", "remove", "--export", "second").code == 0
    assert ours(site) == []


def test_the_ledger_stays_where_nobody_agreed_to_the_fields(site, command, monkeypatch):
    command("fields", "apply")
    command("sync", "--first-fill")
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    assert command("uninstall", "--ledger").code == 7
    assert (site.settings.parent / "ledger.db").exists()


def test_fields_made_again_are_filled_with_what_the_ledger_knows(site, command):
    asking = re.sub("^first_fill.*\n", "", site.settings.read_text("utf-8"), flags=re.MULTILINE)
    site.settings.write_text(asking, "utf-8")  # as on a living org: somebody is asked before all are written
    command("fields", "apply")
    command("sync", "--first-fill")
    shown = {row["Id"]: row["BonusMalus_Coefficient__c"] for row in site.world.org.rows("Contact")}
    told = command("fields", "remove", "--yes", "--json").json
    assert told["left"] == []
    assert told["removed"]["salesforce"]["saved"] == sum(value is not None for value in shown.values())
    assert len(told["removed"]["hubspot"]["deleted"]) == 16
    said = command("fields", "apply")
    assert "next: bonus-malus sync --full --first-fill," in said.out
    site.world.clock.advance(timedelta(hours=1))  # a window ends before now
    assert command("sync", "--full", "--first-fill").code == 0
    assert {row["Id"]: row["BonusMalus_Coefficient__c"] for row in site.world.org.rows("Contact")} == shown


def test_the_ledger_goes_only_when_it_is_asked_for(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    assert command("uninstall", "--yes", "--ledger").code == 0
    assert not (site.settings.parent / "ledger.db").exists()


def test_a_field_of_another_type_is_somebody_elses_and_stays(site, command):
    command("fields", "apply")
    contact = site.world.org.schema.objects["Contact"]
    contact.add(replace(contact.fields["BonusMalus_Points__c"], type="string", length=255, precision=0, scale=0))
    command("fields", "remove", "--yes")
    assert ours(site) == ["BonusMalus_Points__c"]
