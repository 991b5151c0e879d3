from datetime import timedelta
from typing import Any

import pytest
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

from sandbox.salesforce.org import Org


def rows(sf: Salesforce, soql: str) -> list[dict[str, Any]]:
    return [{key: row[key] for key in row if key != "attributes"} for row in sf.query(soql)["records"]]


def test_sr36_a_converted_lead_names_its_contact(sf: Salesforce, org: Org) -> None:
    lead = org.insert("Lead", {"LastName": "Norvaar", "Company": "Marlow & Co", "Email": "n@example.com"})
    contact = org.convert(lead)
    (row,) = rows(sf, "SELECT IsConverted, ConvertedContactId, ConvertedContact.Account.Name FROM Lead")
    assert (row["IsConverted"], row["ConvertedContactId"]) == (True, contact)
    assert row["ConvertedContact"]["Account"]["Name"] == "Marlow & Co"
    assert org.get("Contact", contact)["Email"] == "n@example.com"
    with pytest.raises(ValueError, match="already converted"):
        org.convert(lead)


def test_sr29_who_may_be_a_lead_until_it_is_converted(sf: Salesforce, org: Org) -> None:
    lead = org.insert("Lead", {"LastName": "Norvaar", "Company": "Marlow & Co"})
    org.insert("Task", {"WhoId": lead, "Subject": "Call"})
    assert rows(sf, "SELECT WhoId, Who.Type FROM Task")[0]["Who"]["Type"] == "Lead"
    contact = org.convert(lead)
    assert rows(sf, "SELECT WhoId FROM Task") == [{"WhoId": contact}]


def test_a_lead_cannot_be_converted_through_a_field(sf: Salesforce, org: Org) -> None:
    lead = org.insert("Lead", {"LastName": "Norvaar", "Company": "Marlow & Co"})
    with pytest.raises(SalesforceMalformedRequest):
        sf.Lead.update(lead, {"IsConverted": True})


def test_sr29_group_tasks_are_seen_once_shared_activities_are_on(sf: Salesforce, org: Org) -> None:
    one, two = (org.insert("Contact", {"LastName": name}) for name in ("One", "Two"))
    task = org.insert("Task", {"WhoId": one, "Subject": "Meet"})
    with pytest.raises(SalesforceMalformedRequest, match="is not supported"):
        rows(sf, "SELECT Id FROM TaskRelation")
    org.shared_activities.switch_on()
    org.insert("TaskRelation", {"TaskId": task, "RelationId": two})
    later = org.insert("Task", {"WhoId": two, "Subject": "Call"})
    found = rows(sf, "SELECT TaskId, RelationId FROM TaskRelation")
    assert {(row["TaskId"], row["RelationId"]) for row in found} == {(task, one), (task, two), (later, two)}
    org.delete("Task", task)
    assert len(rows(sf, "SELECT Id FROM TaskRelation")) == 1


def test_sr09_deleted_and_updated_say_ids_and_how_far_they_came(sf: Salesforce, org: Org) -> None:
    kept, gone = (org.insert("Contact", {"LastName": name}) for name in ("Kept", "Gone"))
    org.clock.advance(timedelta(hours=1))
    org.delete("Contact", gone)
    now = org.clock.now()
    org.clock.advance(timedelta(minutes=5))
    deleted = sf.Contact.deleted(now - timedelta(hours=2), now + timedelta(minutes=1))
    assert [each["id"] for each in deleted["deletedRecords"]] == [gone]
    assert deleted["latestDateCovered"] == "2026-11-22T09:01:00.000+0000"
    updated = sf.Contact.updated(now - timedelta(hours=2), now)
    assert (updated["ids"], updated["latestDateCovered"]) == ([kept], "2026-11-22T09:00:00.000+0000")


@pytest.mark.parametrize(
    ("days", "span", "call"),
    [(16, 60, "deleted"), (31, 60, "updated"), (1, 0.5, "deleted"), (1, 0.5, "updated")],
)
def test_sr09_replication_dates_that_are_too_old_or_too_near_are_refused(
    sf: Salesforce, org: Org, days: int, span: float, call: str
) -> None:
    start = org.clock.now() - timedelta(days=days)
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_REPLICATION_DATE"):
        getattr(sf.Contact, call)(start, start + timedelta(minutes=span))


def test_sw18_an_upsert_by_external_id_creates_who_is_not_there(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Norvaar", "Email": "n@example.com"})
    org.integration_user.editable |= {"Contact.Email", "Contact.Title"}
    records = [
        {"attributes": {"type": "Contact"}, "Email": "N@example.com", "LastName": "Norvaar-Amber"},
        {"attributes": {"type": "Contact"}, "Email": "new@example.com", "LastName": "New"},
        {"attributes": {"type": "Contact"}, "Email": "bad@example.com"},
    ]
    results = sf.restful("composite/sobjects/Contact/Email", method="PATCH", json={"records": records})
    assert [(each["success"], each.get("created")) for each in results] == [(True, False), (True, True), (False, None)]
    assert results[0]["id"] == row
    assert org.get("Contact", row)["LastName"] == "Norvaar-Amber"


def test_two_rows_with_one_external_id_are_an_error_of_the_row(sf: Salesforce, org: Org) -> None:
    for _ in range(2):
        org.insert("Contact", {"LastName": "Norvaar", "Email": "n@example.com"})
    records = [{"attributes": {"type": "Contact"}, "Email": "n@example.com", "LastName": "X"}]
    (result,) = sf.restful("composite/sobjects/Contact/Email", method="PATCH", json={"records": records})
    assert result["errors"][0]["statusCode"] == "DUPLICATE_EXTERNAL_ID"
    (result,) = sf.restful("composite/sobjects/Contact/Title", method="PATCH", json={"records": records})
    assert result["errors"][0]["statusCode"] == "INVALID_FIELD"
