"""What real orgs sent, against what the sandbox sends to the same calls: status, keys and types must agree."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import make_field

Recorded = Callable[[str], Any]
MD = "{http://soap.sforce.com/2006/04/metadata}"


@pytest.fixture(scope="module")
def folder() -> Path:
    for parent in Path(__file__).parents:
        found = parent.parent / "shared" / "recorded" / "salesforce"
        if found.is_dir():
            return found
    pytest.skip("the recorded answers are not on this machine")


@pytest.fixture
def recorded(folder: Path) -> Recorded:
    return lambda name: json.loads((folder / name).read_text())


def shape(value: Any) -> Any:
    """Keys and types; a list is as its first item is."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def first(calls: list[dict[str, Any]], method: str, part: str) -> Any:
    return next(call["response_body"] for call in calls if call["method"] == method and part in call["uri"])


def fields_of(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in described["fields"]}


@pytest.mark.parametrize("name", ["Account", "Case", "Contact", "Event", "Opportunity", "OpportunityContactRole"])
def test_a_describe_has_the_keys_of_a_real_one_and_no_other(admin: Salesforce, recorded: Recorded, name: str) -> None:
    real = recorded(f"cumulusci/describe/GET_sobjects_{name}_describe.json")
    ours = getattr(admin, name).describe()
    newer = {
        "associateEntityType",
        "associateParentEntity",
        "sobjectDescribeOption",
    }  # absent from the older recordings
    assert ours.keys() - newer == real.keys() - newer
    assert ours["fields"][0].keys() == real["fields"][0].keys()
    assert ours["childRelationships"][:1] == [] or (
        ours["childRelationships"][0].keys() == real["childRelationships"][0].keys()
    )
    for key in ("keyPrefix", "label", "labelPlural", "mergeable", "undeletable", "custom"):
        assert ours[key] == real[key], key


@pytest.mark.parametrize("name", ["Account", "Case", "Contact", "Event", "Opportunity", "OpportunityContactRole"])
def test_a_standard_field_is_described_as_a_real_one(admin: Salesforce, recorded: Recorded, name: str) -> None:
    real = fields_of(recorded(f"cumulusci/describe/GET_sobjects_{name}_describe.json"))
    ours = fields_of(getattr(admin, name).describe())
    compared = (
        "type", "soapType", "length", "byteLength", "precision", "digits", "nillable", "createable", "updateable",
        "permissionable", "autoNumber", "calculated", "custom", "relationshipName", "restrictedPicklist", "filterable",
        "groupable", "sortable", "nameField", "polymorphicForeignKey", "namePointing", "defaultedOnCreate", "idLookup",
        "label",
    )  # fmt: skip
    different = {
        (field, key): (ours[field][key], real[field][key])
        for field in ours.keys() & real.keys()
        for key in compared
        if ours[field][key] != real[field][key]
    }
    assert different == {}


def test_the_contact_relationship_of_a_deal_has_its_real_name(admin: Salesforce, recorded: Recorded) -> None:
    for name in ("Opportunity", "Contact"):
        real = recorded(f"cumulusci/describe/GET_sobjects_{name}_describe.json")["childRelationships"]
        known = {(c["childSObject"], c["field"]): c["relationshipName"] for c in real}
        ours = getattr(admin, name).describe()["childRelationships"]
        both = {
            (c["childSObject"], c["field"]): c["relationshipName"]
            for c in ours
            if (c["childSObject"], c["field"]) in known
        }
        assert ("OpportunityContactRole", f"{name}Id") in both
        assert both == {key: known[key] for key in both}


def test_the_global_describe_has_the_keys_of_a_real_one(admin: Salesforce, recorded: Recorded) -> None:
    real = recorded("cumulusci/describe/GET_sobjects_Global_describe.json")
    ours = admin.describe()
    assert ours.keys() == real.keys()
    assert ours["sobjects"][0].keys() == real["sobjects"][0].keys()


def test_a_result_page_has_the_shape_of_a_real_one(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    calls = recorded("cumulusci/TestUpdatesIntegrationTests.test_updates_task.json")
    org.insert("Account", {"Name": "Account 4"})
    assert shape(admin.query("SELECT Id,Name FROM Account")) == shape(first(calls, "GET", "/query/"))


def test_collections_answer_as_recorded(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    calls = recorded("cumulusci/TestUpdatesIntegrationTests.test_updates_task.json")
    sent = next(call["request_body"] for call in calls if call["method"] == "PATCH")
    for record in sent["records"]:
        org.insert("Account", {"Name": "Before"}, id=record["Id"])
    taken = [{key: value for key, value in record.items() if key != "BillingStreet"} for record in sent["records"]]
    ours = admin.restful("composite/sobjects", method="PATCH", json=sent | {"records": taken})
    assert ours == first(calls, "PATCH", "composite/sobjects")
    assert org.get("Account", sent["records"][0]["Id"])["NumberOfEmployees"] == 10000


def test_children_answer_as_recorded(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    calls = recorded("cumulusci/TestUpsert.test_simple_upsert__rest.json")
    real = first(calls, "GET", "%28select+Name+from+Opportunities%29")["records"]
    with_child = next(row for row in real if row["Opportunities"])
    person = org.insert("Contact", {"LastName": "Bluth", "FirstName": "George Oscar"})
    org.insert("Contact", {"LastName": "Sitwell", "FirstName": "Lindsay"})
    deal = {"Name": "Illusional Opportunity", "StageName": "In Progress", "CloseDate": "2021-10-03"}
    org.insert("Opportunity", deal | {"ContactId": person})
    ours = admin.query("select FirstName,(select Name from Opportunities) from Contact")["records"]
    assert shape(ours[0]) == shape(with_child)
    assert shape(ours[1]) == shape(next(row for row in real if not row["Opportunities"]))


def test_counts_answer_as_recorded(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    real = recorded("cumulusci/TestSnowfakery.test_run_until_records_in_org__multiple_needed.json")
    assert shape(admin.query("select count(Id) from Account")) == shape(first(real, "GET", "count%28Id%29"))
    part = recorded("cumulusci/TestCountSObjects.test_count_sobjects__errors.json")[0]["response_body"]
    counted, refused = (call["body"] for call in part["compositeResponse"])
    assert shape(admin.query("select count() from Account")) == shape(counted)
    with pytest.raises(SalesforceMalformedRequest) as ours:
        admin.query("select count() from XYZZY")
    assert ours.value.content == refused


def test_an_unknown_object_in_a_long_query_is_shown_as_recorded(admin: Salesforce, recorded: Recorded) -> None:
    with pytest.raises(SalesforceMalformedRequest) as ours:
        admin.query("SELECT Id,Name,BillingCity,IsDeleted FROM Accout")
    assert ours.value.content == recorded("amp-labs/unknown-object.json")


def test_an_unknown_field_of_a_row_is_refused_as_recorded(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    row = org.insert("Account", {"Name": "Shop"})
    with pytest.raises(SalesforceMalformedRequest) as ours:
        admin.restful(f"sobjects/Account/{row}", params={"fields": "AccountNumer"})
    assert ours.value.content == recorded("amp-labs/unknown-field.json")


def test_an_unknown_resource_is_refused_as_recorded(admin: Salesforce, recorded: Recorded) -> None:
    calls = recorded("cumulusci/TestCompositeParallelSalesforce.test_errors.json")
    with pytest.raises(SalesforceResourceNotFound) as ours:
        admin.restful("sobjects/Foo")
    assert ours.value.content == calls[0]["response_body"]["compositeResponse"][0]["body"]


def test_a_new_row_answers_as_recorded(admin: Salesforce, recorded: Recorded) -> None:
    calls = recorded("cumulusci/TestCompositeParallelSalesforce.test_composite_parallel_salesforce.json")
    assert shape(admin.Account.create({"Name": "Smith Corp."})) == shape(first(calls, "POST", "/sobjects/Account"))


def test_the_organization_has_fields_of_a_real_one(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    real = recorded("cumulusci/describe/GET_sobjects_Organization.json")
    ours = admin.Organization.get(org.id)
    assert ours.keys() <= real.keys()
    told = [key for key in ours if ours[key] is not None and real[key] is not None]
    assert {key: shape(ours[key]) for key in told} == {key: shape(real[key]) for key in told}


def test_a_second_assignment_is_refused_as_recorded(admin: Salesforce, org: Org, recorded: Recorded) -> None:
    made = admin.mdapi.PermissionSet(fullName="Some_Set", label="Some set")
    admin.mdapi.PermissionSet.create([made])
    values = {"AssigneeId": org.admin.id, "PermissionSetId": org.permission_sets["Some_Set"].id}
    admin.PermissionSetAssignment.create(values)
    with pytest.raises(SalesforceMalformedRequest) as ours:
        admin.PermissionSetAssignment.create(values)
    real = recorded("amp-labs/metadata/write/err-duplicate-permission-assignment.json")
    assert shape(ours.value.content) == shape(real)
    assert {key: ours.value.content[0][key] for key in ("errorCode", "fields")} == {
        key: real[0][key] for key in ("errorCode", "fields")
    }


def test_recorded_metadata_calls_are_understood_and_answered_alike(
    admin: Salesforce, org: Org, folder: Path, url: str
) -> None:
    token = admin.session_id
    written = folder / "amp-labs/metadata/write"

    def call(payload: Path) -> etree._Element:
        body = payload.read_text().replace("TEST_ACCESS_TOKEN", token).replace("TestObject15__c", "Invoice__c")
        answer = admin.session.post("https://x/services/Soap/m/60.0", data=body.encode())
        return etree.fromstring(answer.content)

    def outline(root: etree._Element) -> list[str]:
        result = root.find(f".//{MD}result")
        assert result is not None
        return [etree.QName(child).localname for child in result]

    for name in ("Hobby", "Connection", "IsReady", "Birthday"):
        org.add_field(org.schema.objects["Invoice__c"], _text(f"{name}__c"))
    granted = call(written / "write-field-permissions-payload.xml")
    assert outline(granted) == outline(etree.parse(str(written / "write-field-permissions-response.xml")).getroot())
    read = call(written / "read-field-permissions-payload.xml")
    real = etree.parse(str(written / "read-field-permissions-response.xml")).getroot()
    ours, theirs = (root.find(f".//{MD}fieldPermissions") for root in (read, real))
    assert ours is not None
    assert theirs is not None
    assert [child.tag for child in ours] == [child.tag for child in theirs]
    deleted = call(folder / "amp-labs/metadata/delete/delete-fields-payload.xml")
    real_deleted = etree.parse(str(folder / "amp-labs/metadata/delete/delete-fields-response.xml")).getroot()
    assert outline(deleted) == outline(real_deleted)
    again = call(folder / "amp-labs/metadata/delete/delete-fields-payload.xml")
    not_found = etree.parse(str(folder / "amp-labs/metadata/delete/delete-field-not-found.xml")).getroot()
    assert outline(again) == outline(not_found)
    assert again.findtext(f".//{MD}message") == not_found.findtext(f".//{MD}message")


def _text(name: str) -> Any:
    return make_field(name, type="string", length=30)
