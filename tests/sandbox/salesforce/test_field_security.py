from collections.abc import Callable
from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from sandbox.salesforce.access import User
from sandbox.salesforce.org import Org


def described(sf: Salesforce, name: str) -> dict[str, dict[str, Any]]:
    return {found["name"]: found for found in getattr(sf, name).describe()["fields"]}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT Email FROM Contact",
        "SELECT Id FROM Contact WHERE Email = null",
        "SELECT Id FROM Contact ORDER BY Email",
        "SELECT Contact.Email FROM Case",
        "SELECT (SELECT Contact.Email FROM OpportunityContactRoles) FROM Opportunity",
    ],
)
def test_sr11_a_field_without_read_permission_does_not_exist_for_the_user(
    sf: Salesforce, admin: Salesforce, org: Org, query: str
) -> None:
    admin.query(query)
    org.integration_user.readable.discard("Contact.Email")
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Email' on entity 'Contact'"):
        sf.query(query)
    assert "Email" not in described(sf, "Contact")
    assert "Email" in described(admin, "Contact")


def test_a_field_that_cannot_be_seen_cannot_be_written(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin"})
    org.integration_user.readable.discard("Contact.Email")
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Email' on sobject of type Contact"):
        sf.Contact.update(row, {"Email": "a@example.com"})
    assert "Email" not in sf.Contact.get(row)


def test_a_look_up_that_cannot_be_seen_leads_nowhere(sf: Salesforce, org: Org) -> None:
    org.integration_user.readable.discard("Contact.AccountId")
    with pytest.raises(SalesforceMalformedRequest, match="Didn't understand relationship 'Account'"):
        sf.query("SELECT Account.Name FROM Contact")
    children = {(child["childSObject"], child["field"]) for child in sf.Account.describe()["childRelationships"]}
    assert ("Contact", "AccountId") not in children


def test_an_object_without_read_permission_does_not_exist_for_the_user(sf: Salesforce, org: Org) -> None:
    org.integration_user.objects["Invoice__c"] = frozenset()
    assert "Invoice__c" not in {found["name"] for found in sf.describe()["sobjects"]}
    with pytest.raises(SalesforceMalformedRequest, match="sObject type 'Invoice__c' is not supported"):
        sf.query("SELECT Id FROM Invoice__c")
    with pytest.raises(SalesforceResourceNotFound):
        sf.Invoice__c.describe()


@pytest.mark.parametrize(
    ("rights", "act", "code"),
    [
        ({"read"}, lambda sf, row: sf.Contact.update(row, {"LastName": "B"}), "INSUFFICIENT_ACCESS_OR_READONLY"),
        ({"read"}, lambda sf, row: sf.Contact.delete(row), "INSUFFICIENT_ACCESS_OR_READONLY"),
        ({"read"}, lambda sf, _row: sf.Contact.create({"LastName": "B"}), "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ],
)
def test_a_right_on_the_object_is_needed_for_every_write(
    sf: Salesforce, org: Org, rights: set[str], act: Callable[[Salesforce, str], Any], code: str
) -> None:
    row = org.insert("Contact", {"LastName": "A"})
    act(sf, row)
    other = org.insert("Contact", {"LastName": "A"})
    org.integration_user.objects["Contact"] = frozenset(rights)
    with pytest.raises(Exception, match=code):
        act(sf, other)
    assert (org.get("Contact", other)["LastName"], org.get("Contact", other)["IsDeleted"]) == ("A", False)


def test_what_the_integration_user_starts_with_is_reading(client: Callable[[User], Salesforce], org: Org) -> None:
    fields = described(client(org.integration_user), "Contact")
    writable = {name for name, found in fields.items() if found["updateable"]}
    # These are not a matter of field-level security: whoever may edit contacts may write them.
    assert writable == {"LastName", "FirstName", "Salutation", "OwnerId"}
    assert "Email" in fields


def test_the_setup_area_is_read_but_not_written_over_rest(sf: Salesforce, org: Org) -> None:
    assert sf.query("SELECT Id, Username, LanguageLocaleKey, TimeZoneSidKey FROM User")["totalSize"] == 2
    with pytest.raises(SalesforceMalformedRequest, match="entity type cannot be inserted"):
        sf.PermissionSet.create({"Name": "Mine", "Label": "Mine"})
    org.integration_user.permissions.discard("AssignPermissionSets")
    with pytest.raises(SalesforceMalformedRequest, match="entity type cannot be inserted"):
        sf.PermissionSetAssignment.create({"AssigneeId": org.integration_user.id, "PermissionSetId": "0PSSb0000000001"})
