from typing import Any

import pytest

from sandbox.hubspot.portal import Portal

PATH = "/crm/properties/2026-09/contacts"
GROUP = {"name": "bonus_malus", "label": "Bonus-Malus", "displayOrder": 7}
TIER = {
    "name": "bonus_malus_tier",
    "label": "Tier",
    "type": "enumeration",
    "fieldType": "select",
    "groupName": "bonus_malus",
    "options": [{"label": "Silver", "value": "silver"}, {"label": "Gold", "value": "gold"}],
}


@pytest.fixture
def tier(api: Any):
    assert api("POST", f"{PATH}/groups", GROUP).status_code == 201
    answer = api("POST", PATH, TIER)
    assert answer.status_code == 201
    return answer.json()


def test_a_new_property_is_answered_whole_and_can_be_written_by_its_internal_values(
    client: Any, portal: Portal, tier: dict[str, Any], contacts: list[str]
):
    read = client.crm.properties.core_api.get_by_name("contacts", "bonus_malus_tier").to_dict()
    assert read["modification_metadata"] == {
        "archivable": True,
        "read_only_definition": False,
        "read_only_options": False,
        "read_only_value": False,
    }
    assert (tier["hubspotDefined"], tier["hasUniqueValue"], tier["groupName"]) == (False, False, "bonus_malus")
    assert [each["value"] for each in tier["options"]] == ["silver", "gold"]
    client.crm.contacts.basic_api.update(contacts[0], {"properties": {"bonus_malus_tier": "gold"}})
    assert portal.get("contacts", contacts[0])["bonus_malus_tier"] == "gold"


def test_hw08_an_existing_name_is_a_conflict_for_properties_and_groups(api: Any, tier: dict[str, Any]):
    again = api("POST", PATH, TIER)
    assert (again.status_code, again.json()["message"]) == (409, "A property named 'bonus_malus_tier' already exists.")
    assert api("POST", f"{PATH}/groups", GROUP).status_code == 409


@pytest.mark.parametrize(
    "change",
    [
        {"groupName": "nowhere"},
        {"name": "Bonus_Malus_Tier"},
        {"name": "1st"},
        {"fieldType": "text"},
        {"type": "score"},
        {"options": []},
        {"options": [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]},
        {"type": "bool", "fieldType": "booleancheckbox"},
        {"label": None},
    ],
)
def test_hw08_what_does_not_fit_is_refused(api: Any, tier: dict[str, Any], change: dict[str, Any]):
    answer = api("POST", PATH, {**TIER, "name": "bonus_malus_other", **change})
    assert (answer.status_code, answer.json()["status"]) == (400, "error")


def test_options_can_be_extended_but_the_type_stays(api: Any, tier: dict[str, Any]):
    options = [*TIER["options"], {"label": "Basic", "value": "basic"}]
    assert len(api("PATCH", f"{PATH}/bonus_malus_tier", {"options": options}).json()["options"]) == 3
    refused = api("PATCH", f"{PATH}/bonus_malus_tier", {"type": "string", "fieldType": "text"})
    assert refused.status_code == 400


def test_hubspots_own_definitions_are_read_only(api: Any):
    assert api("PATCH", f"{PATH}/email", {"label": "Mail"}).status_code == 400
    assert api("DELETE", f"{PATH}/email").status_code == 400


def test_an_archived_property_takes_its_values_with_it_and_brings_them_back(
    client: Any, api: Any, portal: Portal, tier: dict[str, Any], contacts: list[str]
):
    portal.update("contacts", contacts[0], {"bonus_malus_tier": "gold"})
    client.crm.properties.core_api.archive("contacts", "bonus_malus_tier")
    record = f"/crm/v3/objects/contacts/{contacts[0]}?properties=bonus_malus_tier"
    assert "bonus_malus_tier" not in api("GET", record).json()["properties"]
    refused = api("PATCH", record, {"properties": {"bonus_malus_tier": "silver"}}).json()
    assert refused["errors"][0]["code"] == "PROPERTY_DOESNT_EXIST"
    assert api("GET", f"{PATH}/bonus_malus_tier").status_code == 404
    assert api("GET", f"{PATH}?archived=true").json()["results"][0]["name"] == "bonus_malus_tier"
    assert api("POST", PATH, TIER).status_code == 201
    assert api("GET", record).json()["properties"]["bonus_malus_tier"] == "gold"


def test_batches_of_properties_answer_each_for_itself(client: Any, api: Any, tier: dict[str, Any]):
    other = {**TIER, "name": "bonus_malus_points", "type": "number", "fieldType": "number", "options": None}
    made = api("POST", f"{PATH}/batch/create", {"inputs": [TIER, other]})
    assert (made.status_code, [each["name"] for each in made.json()["results"]]) == (207, ["bonus_malus_points"])
    assert made.json()["errors"][0]["category"] == "OBJECT_ALREADY_EXISTS"
    names = {"archived": False, "inputs": [{"name": "bonus_malus_points"}, {"name": "nonsense"}]}
    read = client.crm.properties.batch_api.read("contacts", names)
    assert ([each.name for each in read.results], read.num_errors) == (["bonus_malus_points"], 1)
    client.crm.properties.batch_api.archive("contacts", {"inputs": [{"name": "bonus_malus_points"}, {"name": "email"}]})
    left = {each.name for each in client.crm.properties.core_api.get_all("contacts").results}
    assert "bonus_malus_points" not in left
    assert "email" in left


def test_groups_are_listed_and_read(client: Any, tier: dict[str, Any]):
    groups = client.crm.properties.groups_api.get_all("contacts").results
    assert ("bonus_malus", "Bonus-Malus", 7, False) in [
        (each.name, each.label, each.display_order, each.archived) for each in groups
    ]
    assert client.crm.properties.groups_api.get_by_name("contacts", "bonus_malus").label == "Bonus-Malus"


def test_every_object_has_its_stamps_and_hr09_contacts_have_another_one(api: Any):
    for kind in (
        "contacts",
        "companies",
        "deals",
        "tickets",
        "orders",
        "invoices",
        "calls",
        "meetings",
        "notes",
        "tasks",
    ):
        names = {each["name"] for each in api("GET", f"/crm/v3/properties/{kind}").json()["results"]}
        assert ("hs_lastmodifieddate" in names) is (kind != "contacts")
        assert ("lastmodifieddate" in names) is (kind == "contacts")
        assert {"hs_object_id", "hs_merged_object_ids"} <= names
