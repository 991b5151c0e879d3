from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from sandbox.salesforce.org import Org


def patch(sf: Salesforce, *records: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    body = {"records": list(records)} | options
    return sf.restful("composite/sobjects", method="PATCH", json=body)  # type: ignore[no-any-return]  # the library gives Any


def contact(row_id: str, **values: Any) -> dict[str, Any]:
    return {"attributes": {"type": "Contact"}, "id": row_id} | values


def failure(result: dict[str, Any]) -> tuple[str, list[str]]:
    assert result.keys() == {"success", "errors"}, "a failed row has no id"
    assert result["success"] is False
    return result["errors"][0]["statusCode"], result["errors"][0]["fields"]


def test_a_row_is_created_read_changed_and_deleted(admin: Salesforce, org: Org) -> None:
    made = admin.Contact.create({"LastName": "Martin", "FirstName": "Ada", "Email": "ada@example.com"})
    assert made == {"id": made["id"], "success": True, "errors": []}
    assert admin.Contact.get(made["id"][:15])["Name"] == "Ada Martin"
    assert admin.Contact.update(made["id"], {"FirstName": None}) == 204
    assert org.get("Contact", made["id"])["Name"] == "Martin"
    assert admin.Contact.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound, match="ENTITY_IS_DELETED"):
        admin.Contact.get(made["id"])


def test_a_write_moves_the_stamps_and_says_whose_it_was_even_if_nothing_changes(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin"})
    org.clock.advance(timedelta(minutes=5))
    sf.Contact.update(row, {"LastName": "Martin"})
    after = org.get("Contact", row)
    assert after["SystemModstamp"] == after["LastModifiedDate"] == "2026-11-22T08:05:00.000+0000"
    assert after["LastModifiedById"] == org.integration_user.id
    assert (after["CreatedDate"], after["CreatedById"]) == ("2026-11-22T08:00:00.000+0000", org.admin.id)


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"FirstName": "Ada"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ({"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ({"LastName": "M", "Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        ({"LastName": "M", "AccountId": "nonsense"}, "MALFORMED_ID", ["AccountId"]),
        ({"LastName": "M", "AccountId": "003Sb0000000001"}, "FIELD_INTEGRITY_EXCEPTION", ["AccountId"]),
        ({"LastName": "M", "AccountId": "001Sb0000000009"}, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", []),
        ({"LastName": "M", "Nothing__c": 1}, "INVALID_FIELD", []),
        ({"LastName": "M", "CreatedDate": "2026-01-01T00:00:00Z"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["CreatedDate"]),
        ({"LastName": "M", "Id": "003Sb0000000001"}, "INVALID_FIELD", ["Id"]),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_with_the_field(
    admin: Salesforce, values: dict[str, Any], code: str, fields: list[str]
) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        admin.Contact.create(values)
    error = refused.value.content[0]
    assert (error["errorCode"], error["fields"]) == (code, fields)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Birthdate", "2026-13-01"),
        ("Birthdate", "01/02/2026"),
        ("Birthdate", 20260101),
        ("HasOptedOutOfEmail", "maybe"),
        ("Title", 5),
        ("Title", ["a"]),
    ],
)
def test_a_value_of_another_type_cannot_be_read_at_all(admin: Salesforce, field: str, value: Any) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        admin.Contact.create({"LastName": "M", field: value})
    assert refused.value.content[0]["errorCode"] == "JSON_PARSER_ERROR"


@pytest.mark.parametrize("moment", ["2026-11-22T08:00:00", "2026-11-22", "2026-11-22T08:00:00.123456Z"])
def test_sr31_an_instant_without_a_zone_or_with_too_many_digits_is_refused(admin: Salesforce, moment: str) -> None:
    with pytest.raises(SalesforceMalformedRequest, match="JSON_PARSER_ERROR"):
        admin.Event.create({"Subject": "Call", "StartDateTime": moment, "DurationInMinutes": 10})


@pytest.mark.parametrize(
    ("given", "stored"), [(Decimal("12.345"), 12.35), ("12.344", 12.34), (-0.005, -0.01), (7, 7.0)]
)
def test_sw11_decimals_beyond_the_scale_are_rounded_half_up(org: Org, given: Any, stored: float) -> None:
    row = org.insert("Invoice__c", {"Amount__c": given})
    assert org.get("Invoice__c", row)["Amount__c"] == stored


def test_sw11_digits_beyond_the_precision_are_refused(org: Org) -> None:
    org.insert("Invoice__c", {"Amount__c": 10**16 - 1})
    with pytest.raises(ValueError, match="value outside of valid range on numeric field"):
        org.insert("Invoice__c", {"Amount__c": 10**16})


def test_the_integration_user_may_read_but_not_write_what_was_there_before(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin", "Email": "ada@example.com"})
    assert sf.Contact.get(row)["Email"] == "ada@example.com"
    assert failure(patch(sf, contact(row, Email="b@example.com"))[0]) == ("INVALID_FIELD_FOR_INSERT_UPDATE", ["Email"])


def test_sw01_a_call_answers_200_with_one_result_per_row_in_order(admin: Salesforce, org: Org) -> None:
    good, gone = (org.insert("Contact", {"LastName": name}) for name in ("Good", "Gone"))
    org.delete("Contact", gone)
    results = patch(
        admin,
        contact(good[:15], Title="Buyer"),
        contact(gone, Title="Buyer"),
        contact("nonsense", Title="Buyer"),
        contact("003Sb0000000999", Title="Buyer"),
        contact(good, Title="Again"),
        contact(good, Nothing__c=1),
        {"attributes": {"type": "Nothing"}, "id": good},
        {"attributes": {"type": "Contact"}, "Title": "No id"},
        {"attributes": {"type": "Case"}, "id": org.insert("Case", {}), "Resolution__c": "Nobody's"},
        contact(org.insert("Contact", {"LastName": "Odd"}), Birthdate="soon"),
    )
    assert results[0] == {"id": good, "success": True, "errors": []}
    assert [failure(result) for result in results[1:]] == [
        ("ENTITY_IS_DELETED", []),
        ("MALFORMED_ID", []),
        ("INVALID_CROSS_REFERENCE_KEY", []),
        ("DUPLICATE_VALUE", ["Id"]),
        ("DUPLICATE_VALUE", ["Id"]),
        ("INVALID_TYPE", []),
        ("MISSING_ARGUMENT", []),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ["Resolution__c"]),
        ("INVALID_TYPE_ON_FIELD_IN_RECORD", ["Birthdate"]),
    ]
    assert org.get("Contact", good)["Title"] == "Buyer"


def test_sw02_a_call_takes_200_rows(admin: Salesforce, org: Org) -> None:
    rows = [org.insert("Contact", {"LastName": str(number)}) for number in range(201)]
    assert all(result["success"] for result in patch(admin, *(contact(row, Title="x") for row in rows[:200])))
    with pytest.raises(SalesforceMalformedRequest) as refused:
        patch(admin, *(contact(row, Title="y") for row in rows))
    assert refused.value.content[0]["errorCode"] == "EXCEEDED_ID_LIMIT"
    assert org.get("Contact", rows[0])["Title"] == "x"


def test_sw02_a_call_takes_ten_runs_of_one_type(admin: Salesforce, org: Org) -> None:
    person, firm = org.insert("Contact", {"LastName": "A"}), org.insert("Account", {"Name": "B"})
    mixed = [
        contact(person, Title="x") if turn % 2 else {"attributes": {"type": "Account"}, "id": firm, "Name": "C"}
        for turn in range(11)
    ]
    assert len(patch(admin, *mixed[:10])) == 10
    with pytest.raises(SalesforceMalformedRequest, match="Too many chunks"):
        patch(admin, *mixed)


def test_all_or_none_takes_back_what_succeeded(admin: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "A"})
    results = patch(admin, contact(row, Title="x"), contact("nonsense"), allOrNone=True)
    assert failure(results[0])[0] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert failure(results[1])[0] == "MALFORMED_ID"
    assert org.get("Contact", row)["Title"] is None
    assert admin.query("SELECT COUNT() FROM Contact WHERE SystemModstamp >= 2026-01-01T00:00:00Z")["totalSize"] == 1


def test_rows_are_created_read_and_deleted_by_the_list(admin: Salesforce, org: Org) -> None:
    body = {"records": [{"attributes": {"type": "Contact"}, "LastName": name} for name in "AB"]}
    made = admin.restful("composite/sobjects", method="POST", json=body)
    ids = [result["id"] for result in made]
    wanted = {"ids": [*ids, "003Sb0000000999AAA"], "fields": ["LastName"]}
    read = admin.restful("composite/sobjects/Contact", method="POST", json=wanted)
    assert [row and row["LastName"] for row in read] == ["A", "B", None]
    gone = admin.restful("composite/sobjects", method="DELETE", params={"ids": ",".join([ids[0], "x"])})
    assert [result["success"] for result in gone] == [True, False]
    assert org.get("Contact", ids[0])["IsDeleted"] is True


def test_a_new_row_has_the_values_a_field_starts_with(org: Org) -> None:
    row = org.get("Case", org.insert("Case", {}))
    assert (row["Status"], row["IsClosed"], row["CaseNumber"], row["OwnerId"]) == (
        "New",
        False,
        "00000001",
        org.admin.id,
    )


def test_closing_a_case_dates_it_and_opening_it_again_clears_the_date(org: Org) -> None:
    row = org.insert("Case", {})
    org.clock.advance(timedelta(days=1))
    org.update("Case", row, {"Status": "Closed", "Resolution__c": "In customer's favour"})
    assert (org.get("Case", row)["IsClosed"], org.get("Case", row)["ClosedDate"]) == (
        True,
        "2026-11-23T08:00:00.000+0000",
    )
    org.update("Case", row, {"Status": "Working"})
    assert (org.get("Case", row)["IsClosed"], org.get("Case", row)["ClosedDate"]) == (False, None)


def test_a_stage_says_whether_a_deal_is_closed_and_won(org: Org) -> None:
    row = org.insert("Opportunity", {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-11-01"})
    assert (org.get("Opportunity", row)["IsClosed"], org.get("Opportunity", row)["IsWon"]) == (False, False)
    org.update("Opportunity", row, {"StageName": "Closed Won"})
    assert (org.get("Opportunity", row)["IsClosed"], org.get("Opportunity", row)["IsWon"]) == (True, True)


def test_activating_an_order_dates_it(org: Org) -> None:
    firm = org.insert("Account", {"Name": "Shop"})
    row = org.insert("Order", {"AccountId": firm, "EffectiveDate": "2026-11-01", "Status": "Draft"})
    assert (org.get("Order", row)["StatusCode"], org.get("Order", row)["ActivatedDate"]) == ("Draft", None)
    org.update("Order", row, {"Status": "Activated"})
    after = org.get("Order", row)
    assert (after["StatusCode"], after["ActivatedDate"]) == ("Activated", "2026-11-22T08:00:00.000+0000")


def test_a_loader_may_bring_its_own_ids_dates_and_numbers_but_not_twice(org: Org) -> None:
    row = org.insert(
        "Case", {"Status": "Closed", "ClosedDate": "2024-03-01T10:00:00Z", "CaseNumber": "77"}, id="500Sb00000000AA"
    )
    assert (row[:15], org.get("Case", row)["ClosedDate"]) == ("500Sb00000000AA", "2024-03-01T10:00:00.000+0000")
    with pytest.raises(ValueError, match="Case 500Sb00000000AA: there is already a record"):
        org.insert("Case", {}, id="500Sb00000000AA")
    with pytest.raises(ValueError, match="no object Nothing in this org"):
        org.insert("Nothing", {})
