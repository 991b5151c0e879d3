from typing import Any

import pytest
from requests import Session
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest
from zeep.exceptions import Fault

from sandbox.salesforce.org import Org

POINTS = {"fullName": "Contact.BonusMalus_Points__c", "label": "Points", "type": "Number", "precision": 9, "scale": 0}


def field(sf: Salesforce, **spec: Any) -> Any:
    return sf.mdapi.CustomField(**(POINTS | spec))


def grant(sf: Salesforce, *names: str, editable: bool = True) -> Any:
    granted = [{"field": name, "readable": True, "editable": editable} for name in names]
    return sf.mdapi.PermissionSet(fullName="Bonus_Malus", label="Bonus-malus", fieldPermissions=granted)


def assign(sf: Salesforce, org: Org) -> dict[str, Any]:
    held = sf.query("SELECT Id FROM PermissionSet WHERE Name = 'Bonus_Malus'")["records"][0]["Id"]
    return sf.PermissionSetAssignment.create(  # type: ignore[no-any-return]  # the library gives Any
        {"AssigneeId": org.integration_user.id, "PermissionSetId": held}
    )


def names(sf: Salesforce) -> set[str]:
    return {found["name"] for found in sf.Contact.describe()["fields"]}


def test_sw12_a_new_field_is_invisible_until_a_permission_set_that_grants_it_is_assigned(
    sf: Salesforce, org: Org
) -> None:
    contact = org.insert("Contact", {"LastName": "Martin"})
    sf.mdapi.CustomField.create([field(sf)])
    assert "BonusMalus_Points__c" not in names(sf)
    with pytest.raises(SalesforceMalformedRequest, match="No such column"):
        sf.query("SELECT BonusMalus_Points__c FROM Contact")
    sf.mdapi.PermissionSet.create([grant(sf, "Contact.BonusMalus_Points__c")])
    assert "BonusMalus_Points__c" not in names(sf)
    assign(sf, org)
    assert "BonusMalus_Points__c" in names(sf)
    sf.Contact.update(contact, {"BonusMalus_Points__c": 340})
    assert sf.query("SELECT BonusMalus_Points__c FROM Contact")["records"][0]["BonusMalus_Points__c"] == 340


def test_a_field_granted_for_reading_only_is_not_updateable(sf: Salesforce, org: Org) -> None:
    contact = org.insert("Contact", {"LastName": "Martin"})
    sf.mdapi.CustomField.create([field(sf)])
    sf.mdapi.PermissionSet.create([grant(sf, "Contact.BonusMalus_Points__c", editable=False)])
    assign(sf, org)
    found = next(f for f in sf.Contact.describe()["fields"] if f["name"] == "BonusMalus_Points__c")
    assert (found["updateable"], found["createable"]) == (False, False)
    with pytest.raises(SalesforceMalformedRequest) as refused:
        sf.Contact.update(contact, {"BonusMalus_Points__c": 1})
    assert refused.value.content[0]["errorCode"] == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_sw13_a_field_cannot_be_created_twice_but_upserted(sf: Salesforce) -> None:
    sf.mdapi.CustomField.create([field(sf)])
    with pytest.raises(Exception, match="DUPLICATE_DEVELOPER_NAME, There is already a field named BonusMalus_Points"):
        sf.mdapi.CustomField.create([field(sf)])
    sf.mdapi.CustomField.upsert([field(sf, label="Balance")])
    assert sf.mdapi.CustomField.read(["Contact.BonusMalus_Points__c"]).label == "Balance"


def test_the_type_of_a_field_is_not_changed_under_its_values(sf: Salesforce) -> None:
    sf.mdapi.CustomField.create([field(sf)])
    with pytest.raises(Exception, match="Cannot change the type"):
        sf.mdapi.CustomField.upsert([sf.mdapi.CustomField(fullName=POINTS["fullName"], label="P", type="Date")])


def test_a_picklist_is_read_back_as_it_was_made_and_restricts_what_is_written(sf: Salesforce, org: Org) -> None:
    values = [
        {"fullName": name, "default": False, "label": label} for name, label in (("Gold", "Or"), ("Silver", "Argent"))
    ]
    made = sf.mdapi.CustomField(
        fullName="Contact.BonusMalus_Tier__c",
        label="Tier",
        inlineHelpText="The band of rewards",
        type="Picklist",
        valueSet={"restricted": True, "valueSetDefinition": {"sorted": False, "value": values}},
    )
    sf.mdapi.CustomField.create([made])
    read = sf.mdapi.CustomField.read(["Contact.BonusMalus_Tier__c"])
    assert [(value.fullName, value.label) for value in read.valueSet.valueSetDefinition.value] == [
        ("Gold", "Or"),
        ("Silver", "Argent"),
    ]
    assert (read.inlineHelpText, read.valueSet.restricted) == ("The band of rewards", True)
    with pytest.raises(ValueError, match="bad value for restricted picklist field: Bronze"):
        org.insert("Contact", {"LastName": "Martin", "BonusMalus_Tier__c": "Bronze"})


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"type": "Text", "precision": None, "scale": None}, "Must specify 'length'"),
        ({"precision": 19}, "precision of a CustomField"),
        ({"label": None}, "Must specify a non-empty label"),
        ({"fullName": "Contact.Points"}, "Invalid fullName"),
        ({"fullName": "Nothing__c.Points__c"}, "no CustomObject named Nothing__c found"),
        (
            {"type": "Checkbox", "defaultValue": False, "precision": None, "scale": None, "required": False},
            "Can not specify 'required' for a CustomField of type Checkbox",
        ),
    ],
)
def test_a_broken_field_is_refused_with_what_is_wrong(sf: Salesforce, spec: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        sf.mdapi.CustomField.create([field(sf, **spec)])


def test_one_component_fails_alone_unless_all_or_none_is_asked_for(sf: Salesforce, org: Org) -> None:
    with pytest.raises(Exception, match="Invalid fullName"):
        sf.mdapi.CustomField.create([field(sf, fullName="Contact.Bad"), field(sf)])
    assert "BonusMalus_Points__c" in org.schema.objects["Contact"].fields


def test_a_call_takes_ten_components(sf: Salesforce) -> None:
    eleven = [field(sf, fullName=f"Contact.Field_{number}__c") for number in range(11)]
    with pytest.raises(Fault, match=r"EXCEEDED_ID_LIMIT: record limit reached. cannot submit more than 10"):
        sf.mdapi.CustomField.create(eleven)
    sf.mdapi.CustomField.create(eleven[:10])


def test_a_permission_set_is_replaced_not_added_to(sf: Salesforce, org: Org) -> None:
    sf.mdapi.CustomField.create([field(sf), field(sf, fullName="Contact.Other__c")])
    sf.mdapi.PermissionSet.create([grant(sf, "Contact.BonusMalus_Points__c")])
    assign(sf, org)
    sf.mdapi.PermissionSet.upsert([grant(sf, "Contact.Other__c")])
    read = sf.mdapi.PermissionSet.read(["Bonus_Malus"])
    assert [entry.field for entry in read.fieldPermissions] == ["Contact.Other__c"]
    assert {"Other__c"} == names(sf) & {"Other__c", "BonusMalus_Points__c"}


def test_a_permission_set_grants_objects_as_well(sf: Salesforce, org: Org) -> None:
    org.integration_user.objects["Contact"] = frozenset({"read"})
    assert sf.Contact.describe()["updateable"] is False
    rights = {"object": "Contact", "allowRead": True, "allowEdit": True, "allowCreate": False, "allowDelete": False}
    rights |= {"modifyAllRecords": False, "viewAllRecords": False}
    made = sf.mdapi.PermissionSet(fullName="Bonus_Malus", label="Bonus-malus", objectPermissions=[rights])
    sf.mdapi.PermissionSet.create([made])
    assign(sf, org)
    assert sf.Contact.describe()["updateable"] is True
    assert sf.mdapi.PermissionSet.read(["Bonus_Malus"]).objectPermissions[0].allowEdit is True


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Contact.Nothing__c", "no CustomField named Contact.Nothing__c found"),
        ("Contact.LastName", "You cannot deploy to a required field: Contact.LastName"),
    ],
)
def test_a_grant_on_a_field_that_takes_none_is_refused(sf: Salesforce, name: str, said: str) -> None:
    with pytest.raises(Exception, match=said):
        sf.mdapi.PermissionSet.create([grant(sf, name)])


def test_a_permission_set_is_assigned_once(sf: Salesforce, org: Org) -> None:
    sf.mdapi.PermissionSet.create([grant(sf)])
    assign(sf, org)
    with pytest.raises(SalesforceMalformedRequest) as refused:
        assign(sf, org)
    error = refused.value.content[0]
    assert (error["errorCode"], error["fields"]) == ("DUPLICATE_VALUE", ["AssigneeId", "PermissionSetId"])


def test_a_permission_set_is_deleted_only_when_nobody_holds_it(sf: Salesforce, org: Org) -> None:
    sf.mdapi.PermissionSet.create([grant(sf)])
    assignment = assign(sf, org)["id"]
    with pytest.raises(Exception, match="DEPENDENCY_EXISTS"):
        sf.mdapi.PermissionSet.delete(["Bonus_Malus"])
    sf.PermissionSetAssignment.delete(assignment)
    sf.mdapi.PermissionSet.delete(["Bonus_Malus"])
    assert sf.query("SELECT Id FROM PermissionSet")["totalSize"] == 0


def test_a_deleted_field_takes_its_values_and_grants_along(sf: Salesforce, org: Org) -> None:
    contact = org.insert("Contact", {"LastName": "Martin"})
    sf.mdapi.CustomField.create([field(sf)])
    org.update("Contact", contact, {"BonusMalus_Points__c": 5})
    sf.mdapi.CustomField.delete(["Contact.BonusMalus_Points__c"])
    sf.mdapi.CustomField.create([field(sf)])
    assert org.get("Contact", contact)["BonusMalus_Points__c"] is None
    with pytest.raises(Exception, match="INVALID_CROSS_REFERENCE_KEY, This custom field does not exist"):
        sf.mdapi.CustomField.delete(["Contact.Nothing__c"])


def test_what_is_not_there_is_read_as_null(sf: Salesforce) -> None:
    assert sf.mdapi.CustomField.read(["Contact.Nothing__c"]).fullName is None


def test_a_user_who_may_not_modify_metadata_is_refused_as_a_whole(sf: Salesforce, org: Org) -> None:
    org.integration_user.permissions.discard("ModifyMetadata")
    with pytest.raises(Fault, match="INSUFFICIENT_ACCESS: use of the Metadata API requires"):
        sf.mdapi.CustomField.create([field(sf)])


def test_a_dead_session_is_a_fault(sf: Salesforce, org: Org) -> None:
    org.sessions.revoke_all()
    with pytest.raises(Fault, match="INVALID_SESSION_ID"):
        sf.mdapi.CustomField.create([field(sf)])


def test_what_there_is_can_be_described_and_listed(sf: Salesforce) -> None:
    sf.mdapi.CustomField.create([field(sf)])
    assert {found.xmlName for found in sf.mdapi.describe_metadata().metadataObjects} == {
        "CustomObject",
        "PermissionSet",
    }
    query = sf.mdapi._client.get_type("ns0:ListMetadataQuery")(type="CustomField")
    assert "Contact.BonusMalus_Points__c" in {found.fullName for found in sf.mdapi.list_metadata([query])}


def test_a_request_that_is_no_xml_is_a_fault(url: str) -> None:
    with Session() as session:
        refused = session.post(f"{url}/services/Soap/m/62.0", data="<broken", timeout=60)
    assert refused.status_code == 500
    assert "could not be read as XML" in refused.text


def test_all_or_none_leaves_out_what_would_have_succeeded(sf: Salesforce, org: Org, url: str) -> None:
    metadata = "".join(
        f'<metadata xsi:type="CustomField"><fullName>Contact.{name}</fullName><label>Day</label>'
        "<type>Date</type></metadata>"
        for name in ("Good__c", "Bad")
    )
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="http://soap.sforce.com/2006/04/metadata"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header><AllOrNoneHeader><allOrNone>true</allOrNone>'
        f"</AllOrNoneHeader><SessionHeader><sessionId>{sf.session_id}</sessionId></SessionHeader></e:Header>"
        f"<e:Body><upsertMetadata>{metadata}</upsertMetadata></e:Body></e:Envelope>"
    )
    with Session() as session:
        text = session.post(f"{url}/services/Soap/m/62.0", data=envelope, timeout=60).text
    assert text.count("<success>false</success>") == 2
    assert "ALL_OR_NONE_OPERATION_ROLLED_BACK" in text
    assert "Good__c" not in org.schema.objects["Contact"].fields
