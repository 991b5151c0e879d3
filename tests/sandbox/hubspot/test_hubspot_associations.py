from typing import Any

import pytest

from sandbox.hubspot.portal import Portal

READ = "/crm/v4/associations/deals/contacts/batch/read"


@pytest.fixture
def deal(portal: Portal):
    return portal.create("deals", {"dealname": "D", "dealstage": "closedwon"})


def test_a_read_tells_ids_as_numbers_and_labels_with_the_unlabelled_type(
    client: Any, portal: Portal, deal: str, contacts: list[str]
):
    portal.associate("deals", deal, "contacts", contacts[1], label="Referrer")
    portal.associate("deals", deal, "contacts", contacts[0])
    body = {"inputs": [{"id": deal}]}
    answer = client.crm.associations.v4.batch_api.get_page("deals", "contacts", body)
    plain = client.api_request({"path": READ, "method": "POST", "body": body}).json()["results"][0]
    assert (answer.results[0]._from.id, plain["from"]) == (deal, {"id": deal})
    assert plain["to"] == [
        {
            "toObjectId": int(contacts[0]),
            "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None}],
        },
        {
            "toObjectId": int(contacts[1]),
            "associationTypes": [
                {"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None},
                {"category": "USER_DEFINED", "typeId": 37, "label": "Referrer"},
            ],
        },
    ]


def test_a_record_without_associations_is_an_error_of_207(api: Any, deal: str, contacts: list[str]):
    answer = api("POST", "/crm/associations/2026-09/0-3/0-1/batch/read", {"inputs": [{"id": deal}]})
    assert (answer.status_code, answer.json()["results"], answer.json()["numErrors"]) == (207, [], 1)
    assert answer.json()["errors"] == [
        {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": f"No contact is associated with deal {deal}.",
            "context": {"fromObjectId": [deal], "fromObjectType": ["deal"], "toObjectType": ["contact"]},
        }
    ]


def test_hr14_more_than_five_hundred_are_paged_for_each_record_alone(api: Any, portal: Portal, contacts: list[str]):
    deals = [portal.create("deals", {"dealname": "D", "dealstage": "closedwon"}) for _ in range(501)]
    for each in deals:
        portal.associate("deals", each, "contacts", contacts[0])
    portal.associate("deals", deals[0], "contacts", contacts[1])
    path = "/crm/v4/associations/contacts/deals/batch/read"
    answer = api("POST", path, {"inputs": [{"id": contacts[0]}, {"id": contacts[1]}]}).json()
    small, large = sorted(answer["results"], key=lambda each: len(each["to"]))
    assert (len(large["to"]), len(small["to"]), "paging" in small) == (500, 1, False)
    rest = api("POST", path, {"inputs": [{"id": contacts[0], "after": large["paging"]["next"]["after"]}]}).json()
    assert [each["toObjectId"] for each in rest["results"][0]["to"]] == [int(deals[-1])]
    assert "paging" not in rest["results"][0]


@pytest.mark.parametrize("path", ["/crm/v4/objects/Deal", "/crm/objects/2026-03/deals", "/crm/objects/2026-09/0-3"])
def test_one_record_lists_its_associations_page_by_page(
    api: Any, portal: Portal, deal: str, contacts: list[str], path: str
):
    for each in contacts:
        portal.associate("deals", deal, "contacts", each)
    first = api("GET", f"{path}/{deal}/associations/Contact?limit=2").json()
    assert [each["toObjectId"] for each in first["results"]] == [int(id_) for id_ in contacts[:2]]
    after = first["paging"]["next"]["after"]
    rest = api("GET", f"{path}/{deal}/associations/Contact?limit=2&after={after}").json()
    assert [each["toObjectId"] for each in rest["results"]] == [int(contacts[2])]


def test_hr13_an_association_moves_no_modified_stamp(api: Any, portal: Portal, contacts: list[str]):
    deal = portal.create("deals", {"dealname": "D", "dealstage": "closedwon"}, at=portal.clock.now().replace(hour=1))
    portal.associate("deals", deal, "contacts", contacts[0])
    assert portal.get("deals", deal)["hs_lastmodifieddate"] == "2026-11-22T01:00:00Z"


def test_associations_are_made_and_broken_through_the_api_with_both_write_scopes(
    api: Any, portal: Portal, deal: str, contacts: list[str]
):
    rows = [
        {
            "from": {"id": deal},
            "to": {"id": id_},
            "types": [{"associationCategory": "USER_DEFINED", "associationTypeId": 37}],
        }
        for id_ in (*contacts[:2], "9")
    ]
    create = "/crm/v4/associations/deals/contacts/batch/create"
    assert api("POST", create, {"inputs": rows}).status_code == 403
    portal.scopes.add("crm.objects.deals.write")
    answer = api("POST", create, {"inputs": rows})
    assert answer.status_code == 207
    assert [each["toObjectId"] for each in answer.json()["results"]] == [int(contacts[1]), int(contacts[0])]
    assert answer.json()["results"][0]["labels"] == ["Referrer"]
    assert answer.json()["errors"] == [
        {"status": "error", "category": "VALIDATION_ERROR", "message": "CONTACT=9 is not valid"}
    ]
    gone = {"inputs": [{"from": {"id": deal}, "to": [{"id": contacts[0]}, {"id": "9"}]}]}
    assert api("POST", "/crm/v4/associations/deals/contacts/batch/archive", gone).status_code == 204
    left = api("GET", f"/crm/v4/objects/deals/{deal}/associations/contacts").json()["results"]
    assert [each["toObjectId"] for each in left] == [int(contacts[1])]
    back = api("GET", f"/crm/v4/objects/contacts/{contacts[0]}/associations/deals").json()["results"]
    assert back == []


def test_a_type_of_another_pair_is_refused(api: Any, portal: Portal, deal: str, contacts: list[str]):
    portal.scopes.add("crm.objects.deals.write")
    row = {
        "from": {"id": deal},
        "to": {"id": contacts[0]},
        "types": [{"associationCategory": "x", "associationTypeId": 5}],
    }
    answer = api("POST", "/crm/v4/associations/deals/contacts/batch/create", {"inputs": [row]})
    assert (answer.status_code, answer.json()["results"]) == (207, [])


def test_a_contact_has_one_primary_company(portal: Portal, contacts: list[str]):
    one, other = (portal.create("companies", {"name": name}) for name in "AB")
    for company in (one, other):
        portal.associate("contacts", contacts[0], "companies", company, label="Primary")
    links = portal.store.links
    assert links.of(("contacts", "companies"), int(contacts[0])) == {int(one): (279,), int(other): (279, 1)}
    portal.associate("companies", one, "contacts", contacts[0], label="Primary Company")
    assert links.of(("contacts", "companies"), int(contacts[0])) == {int(one): (279, 1), int(other): (279,)}


def test_the_labels_of_a_pair_are_listed_in_its_direction(api: Any):
    there = api("GET", "/crm/v4/associations/deals/contacts/labels").json()["results"]
    back = api("GET", "/crm/associations/2026-09/contacts/deals/labels").json()["results"]
    assert [(each["typeId"], each["label"], each["category"]) for each in (*there, *back)] == [
        (3, None, "HUBSPOT_DEFINED"),
        (37, "Referrer", "USER_DEFINED"),
        (4, None, "HUBSPOT_DEFINED"),
        (38, "Referrer", "USER_DEFINED"),
    ]


def test_archived_ends_are_not_told_and_come_back_with_their_record(
    api: Any, portal: Portal, deal: str, contacts: list[str]
):
    portal.associate("deals", deal, "contacts", contacts[0])
    path = f"/crm/v4/objects/deals/{deal}/associations/contacts"
    portal.archive("contacts", contacts[0])
    assert api("GET", path).json()["results"] == []
    portal.restore("contacts", contacts[0])
    assert len(api("GET", path).json()["results"]) == 1


def test_a_merge_hands_its_associations_to_the_survivor(api: Any, portal: Portal, deal: str, contacts: list[str]):
    company = portal.create("companies", {"name": "A"})
    other = portal.create("companies", {"name": "B"})
    portal.associate("deals", deal, "contacts", contacts[1], label="Referrer")
    portal.associate("contacts", contacts[0], "companies", company, label="Primary")
    portal.associate("contacts", contacts[1], "companies", other, label="Primary")
    portal.merge("contacts", contacts[0], contacts[1])
    links = portal.store.links
    assert links.of(("deals", "contacts"), int(deal)) == {int(contacts[0]): (3, 37)}
    assert links.of(("contacts", "companies"), int(contacts[0])) == {int(company): (279, 1), int(other): (279,)}
    assert links.of(("contacts", "companies"), int(contacts[1])) == {}


def test_a_purge_breaks_every_association(portal: Portal, deal: str, contacts: list[str]):
    portal.associate("deals", deal, "contacts", contacts[0])
    portal.gdpr_delete(contacts[0])
    assert portal.store.links.of(("deals", "contacts"), int(deal)) == {}


def test_a_label_that_the_pair_has_not_is_refused_with_those_it_has(portal: Portal, deal: str, contacts: list[str]):
    with pytest.raises(ValueError, match="labelled 'Boss'; labels there: Referrer"):
        portal.associate("deals", deal, "contacts", contacts[0], label="Boss")
