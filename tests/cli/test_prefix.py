"""Two programmes with fields of their own on one org and one portal, in one ledger."""

import pytest

from tests.cli.conftest import Site


def named(site: Site, *beginnings: str) -> set[str]:
    """What there is of a programme in both CRMs: fields, permission sets, property group."""
    org, portal = site.world.org, site.world.portal
    kind = portal.store.kinds["contacts"]
    live = [name for name, found in kind.properties.items() if not found.archived]
    every = [*org.schema.objects["Contact"].fields, *org.permission_sets, *live, *kind.groups]
    return {name for name in every if name.startswith(beginnings)}


@pytest.fixture
def second(site: Site) -> str:
    """Settings of a second programme."""
    inherits = 'name = "loyalty"\ninherits = "customers"\n'
    site.settings.with_name("loyalty.toml").write_text(inherits, "utf-8")
    own = site.settings.with_name("second.toml")
    text = 'prefix = "loyalty score"\n' + site.settings.read_text("utf-8")
    own.write_text(text.replace('programme = "customers"', 'programme = "loyalty.toml"'), "utf-8")
    assert own.read_text("utf-8").count("loyalty") == 2
    return str(own)


def test_both_write_show_and_take_away_their_own_fields_and_nobody_elses(site, command, second):
    assert command("fields", "apply").code == 0
    said = command("--settings", second, "fields", "apply")
    assert said.code == 0
    assert "Loyalty Score Read" in said.out
    first, other = named(site, "BonusMalus", "bonus_malus"), named(site, "LoyaltyScore", "loyalty_score")
    assert len(first) == len(other) == 15 + 2 + 15 + 1
    assert {"LoyaltyScore_Tier__c", "LoyaltyScore_Sync", "loyalty_score_tier", "loyalty_score"} < other
    for settings in ((), ("--settings", second)):
        assert command(*settings, "sync", "--first-fill").code == 0
        site.remote.sleep(900)
    rows = [row for row in site.world.org.rows("Contact") if not row["IsDeleted"]]
    assert all(row["LoyaltyScore_Tier__c"] == row["BonusMalus_Tier__c"] for row in rows)
    assert any(row["LoyaltyScore_Tier__c"] for row in rows)
    for settings in ((), ("--settings", second)):
        assert command(*settings, "sync", "--json").json["state"] == "done"
        assert command(*settings, "doctor").code == 0
        site.remote.sleep(900)
    undone = command("--settings", second, "runs", "--json").json[-1]["run"]
    assert command("--settings", second, "undo", str(undone)).code == 0
    rows = [row for row in site.world.org.rows("Contact") if not row["IsDeleted"]]
    assert not any(row["LoyaltyScore_Tier__c"] for row in rows)
    assert any(row["BonusMalus_Tier__c"] for row in rows)
    assert command("--settings", second, "uninstall", "--yes").code == 0
    assert named(site, "LoyaltyScore", "loyalty_score") == set()
    assert named(site, "BonusMalus", "bonus_malus") == first


def test_whoever_is_erased_from_one_programme_is_told_to_be_in_the_other_still(site, command, second):
    for settings in ((), ("--settings", second)):
        assert command(*settings, "fields", "apply").code == 0
        assert command(*settings, "sync", "--first-fill").code == 0
        site.remote.sleep(900)
    person = next(site.world.org.rows("Contact"))["Id"]
    said = command("erase", person, "--yes")
    assert "the programme loyalty of this ledger knows this person too: erase there as well" in said.out
    assert command("--settings", second, "erase", person, "--yes", "--json").json["programmes"] == []
    files = site.settings.parent.glob("ledger.db*")
    assert not any(person.encode() in file.read_bytes() for file in files), "not even in what was moved or changed"


def test_fields_of_another_prefix_than_the_ledgers_are_not_made(site, command):
    command("fields", "apply")
    command("sync", "--first-fill")
    text = 'prefix = "loyalty"\n' + site.settings.read_text("utf-8")
    site.settings.write_text(text, "utf-8")
    for words in (("fields", "apply"), ("sync",)):
        said = command(*words)
        assert (said.code, said.err.count("\n")) == (2, 1)
        assert 'write prefix = "bonus malus" again, or take them away by `bonus-malus fields remove`' in said.err
    assert named(site, "Loyalty", "loyalty") == set()
    assert command("doctor").code == 3


@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_the_packages_say_that_they_know_the_default_prefix_alone(command, second, crm):
    said = command("--settings", second, "package", crm, "there")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert 'reads the fields of the prefix "bonus malus" and no others' in said.err
    assert command("package", crm, "there").code == 0
