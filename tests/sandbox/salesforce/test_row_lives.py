from datetime import timedelta
from typing import Any

import pytest
from simple_salesforce import Salesforce

from sandbox.salesforce.ids import long_id
from sandbox.salesforce.org import Org


def every(sf: Salesforce, query: str) -> list[dict[str, Any]]:
    return list(sf.query_all_iter(query, include_deleted=True))


def sign_in_again(sf: Salesforce, org: Org) -> None:
    sf.headers["Authorization"] = f"Bearer {org.sessions.open(org.integration_user).token}"


def test_sr06_a_deleted_row_is_shown_by_query_all_alone(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin"})
    org.clock.advance(timedelta(hours=1))
    org.delete("Contact", row)
    assert sf.query("SELECT Id FROM Contact")["totalSize"] == 0
    found = every(sf, "SELECT Id, IsDeleted, MasterRecordId, SystemModstamp FROM Contact")[0]
    assert (found["IsDeleted"], found["MasterRecordId"]) == (True, None)
    assert found["SystemModstamp"] == "2026-11-22T09:00:00.000+0000"


def test_sr08_the_recycle_bin_keeps_15_days(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin"})
    org.delete("Contact", row)
    org.clock.advance(timedelta(days=15) - timedelta(seconds=1))
    sign_in_again(sf, org)
    assert len(every(sf, "SELECT Id FROM Contact")) == 1
    org.clock.advance(timedelta(seconds=1))
    assert every(sf, "SELECT Id FROM Contact") == []
    with pytest.raises(ValueError, match="invalid cross reference id"):
        org.undelete("Contact", row)


def test_an_undeleted_row_comes_back_with_a_new_stamp_and_what_hung_on_it(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin"})
    task = org.insert("Task", {"WhoId": row, "Subject": "Call"})
    case = org.insert("Case", {"ContactId": row})
    stamped = org.get("Case", case)["SystemModstamp"]
    org.clock.advance(timedelta(hours=1))
    org.delete("Contact", row)
    assert org.get("Task", task)["IsDeleted"] is True
    assert (org.get("Case", case)["ContactId"], org.get("Case", case)["SystemModstamp"]) == (None, stamped)
    org.clock.advance(timedelta(hours=1))
    org.undelete("Contact", row)
    assert org.get("Task", task)["IsDeleted"] is False
    assert org.get("Case", case)["ContactId"] == row
    assert org.get("Contact", row)["SystemModstamp"] == "2026-11-22T10:00:00.000+0000"


def test_sr07_a_merge_names_the_master_and_moves_everything_to_it(sf: Salesforce, org: Org) -> None:
    master, loser = (org.insert("Contact", {"LastName": name}) for name in ("Kept", "Lost"))
    firm = org.insert("Account", {"Name": "Shop"})
    deal = org.insert("Opportunity", {"Name": "Deal", "StageName": "Closed Won", "CloseDate": "2026-11-01"})
    order = {"AccountId": firm, "EffectiveDate": "2026-11-01", "Status": "Draft"}
    moved = {
        ("Case", "ContactId"): org.insert("Case", {"ContactId": loser}),
        ("OpportunityContactRole", "ContactId"): org.insert(
            "OpportunityContactRole", {"OpportunityId": deal, "ContactId": loser}
        ),
        ("Task", "WhoId"): org.insert("Task", {"WhoId": loser, "Subject": "Call"}),
        ("Invoice__c", "Contact__c"): org.insert("Invoice__c", {"Contact__c": loser}),
    }
    both = org.insert("Order", order | {"BillToContactId": loser, "ShipToContactId": loser})
    org.clock.advance(timedelta(hours=1))
    org.merge("Contact", master[:15], [loser])
    now = "2026-11-22T09:00:00.000+0000"
    found = {row["Id"]: row for row in every(sf, "SELECT Id, IsDeleted, MasterRecordId, SystemModstamp FROM Contact")}
    assert (found[loser]["IsDeleted"], found[loser]["MasterRecordId"]) == (True, master)
    assert {found[master]["SystemModstamp"], found[loser]["SystemModstamp"]} == {now}
    for (name, field), row_id in moved.items():
        row = org.get(name, row_id)
        assert (row[field], row["SystemModstamp"], row["IsDeleted"]) == (master, now, False), name
    assert {org.get("Order", both)[field] for field in ("BillToContactId", "ShipToContactId")} == {master}


@pytest.mark.parametrize(("name", "values"), [("Case", {}), ("Invoice__c", {})])
def test_only_accounts_and_contacts_are_merged_here(org: Org, name: str, values: dict[str, Any]) -> None:
    first, second = org.insert(name, values), org.insert(name, values)
    with pytest.raises(ValueError, match="cannot be merged"):
        org.merge(name, first, [second])


def test_a_row_is_not_merged_with_itself_nor_with_a_deleted_one(org: Org) -> None:
    one, other = (org.insert("Contact", {"LastName": name}) for name in "AB")
    with pytest.raises(ValueError, match="merged with itself"):
        org.merge("Contact", one, [one])
    org.delete("Contact", other)
    with pytest.raises(ValueError, match="entity is deleted"):
        org.merge("Contact", one, [other])


def test_sr30_an_archived_task_is_shown_by_query_all_alone(sf: Salesforce, org: Org) -> None:
    row = org.insert("Task", {"Subject": "Call"})
    org.archive("Task", row)
    assert sf.query("SELECT Id FROM Task")["totalSize"] == 0
    assert every(sf, "SELECT IsArchived, IsDeleted FROM Task")[0]["IsArchived"] is True


def test_sr01_a_late_row_appears_behind_rows_that_were_there_before(sf: Salesforce, org: Org) -> None:
    window = (
        "SELECT LastName FROM Contact"
        " WHERE SystemModstamp >= 2026-11-22T07:00:00Z AND SystemModstamp < 2026-11-22T09:00:00Z"
    )
    org.insert("Contact", {"LastName": "On time"})
    assert sf.query(window)["totalSize"] == 1
    org.insert("Contact", {"LastName": "Late"}, at=org.clock.now() - timedelta(minutes=10))
    org.insert("Contact", {"LastName": "Too old"}, at=org.clock.now() - timedelta(hours=2))
    assert {row["LastName"] for row in sf.query(window)["records"]} == {"On time", "Late"}


def test_a_row_changed_many_times_is_in_a_window_once(sf: Salesforce, org: Org) -> None:
    row = org.insert("Contact", {"LastName": "Martin"})
    for turn in range(1200):
        org.update("Contact", row, {"Title": str(turn)})
    org.clock.advance(timedelta(hours=1))
    org.update("Contact", row, {"Title": "last"})
    found = sf.query("SELECT Title FROM Contact WHERE SystemModstamp >= 2026-11-22T08:00:00Z")
    assert [one["Title"] for one in found["records"]] == ["last"]


@pytest.mark.parametrize(
    ("given", "long"),
    [
        ("0012300000bVTq1", "0012300000bVTq1AAG"),  # of a recorded answer
        ("0035500001H9kaA", "0035500001H9kaAAAR"),
        ("001Da00000xnAk6IAE", "001Da00000xnAk6IAE"),
        ("001Da00000xnAk6IAF", None),
        ("001Da00000xnAk", None),
        ("001Da00000xnAk-", None),
    ],
)
def test_sr35_an_id_has_one_long_form(given: str, long: str | None) -> None:
    assert long_id(given) == long
