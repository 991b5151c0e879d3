from datetime import timedelta
from typing import Any

import pytest

from sandbox.hubspot.errors import Refusal
from sandbox.hubspot.portal import Portal, WriteRule


def test_a_list_is_paged_by_the_id_to_begin_at(api: Any, contacts: list[str]):
    first = api("GET", "/crm/objects/2026-09/contacts?limit=2").json()
    assert [each["id"] for each in first["results"]] == contacts[:2]
    after = first["paging"]["next"]["after"]
    assert int(contacts[1]) < int(after) <= int(contacts[2])
    rest = api("GET", f"/crm/objects/2026-09/contacts?limit=2&after={after}").json()
    assert [each["id"] for each in rest["results"]] == contacts[2:]
    assert "paging" not in rest


def test_hr19_the_link_to_the_next_page_leads_elsewhere(api: Any, contacts: list[str]):
    page = api("GET", "/crm/v3/objects/contacts?limit=1").json()
    assert page["paging"]["next"]["link"].startswith("https://api.hubapi.com/crm/objects/v3/contacts?")


def test_the_typed_client_reads_legacy_paths_and_requests_the_dated_ones_alike(
    client: Any, api: Any, contacts: list[str]
):
    typed = client.crm.contacts.basic_api.get_by_id(contacts[0], properties=["email"])
    for version in ("2026-03", "2026-09"):
        plain = api("GET", f"/crm/objects/{version}/0-1/{contacts[0]}?properties=email").json()
        assert plain["properties"] == typed.properties


def test_requested_properties_come_with_stamps_and_null_and_without_what_does_not_exist(api: Any, contacts: list[str]):
    given = api("GET", f"/crm/v3/objects/contacts/{contacts[0]}?properties=phone,nonsense&properties=email").json()
    assert given["properties"] == {
        "createdate": "2026-10-23T08:00:00Z",
        "email": "ann@example.com",
        "hs_object_id": contacts[0],
        "lastmodifieddate": "2026-10-23T08:00:00Z",
        "phone": None,
    }


def test_a_history_lists_every_write_newest_first(api: Any, portal: Portal, contacts: list[str]):
    portal.update("contacts", contacts[0], {"firstname": "Anna"})
    given = api("GET", f"/crm/v3/objects/contacts/{contacts[0]}?propertiesWithHistory=firstname").json()
    history = given["propertiesWithHistory"]["firstname"]
    assert [(each["value"], each["timestamp"]) for each in history] == [
        ("Anna", "2026-11-22T08:00:00Z"),
        ("Ann", "2026-10-23T08:00:00Z"),
    ]


@pytest.mark.parametrize("query", ["limit=101", "limit=51&propertiesWithHistory=email", "limit=x", "after=x"])
def test_a_page_that_is_too_long_or_no_number_is_refused(api: Any, contacts: list[str], query: str):
    assert api("GET", f"/crm/v3/objects/contacts?{query}").json()["category"] == "VALIDATION_ERROR"


def test_hr10_archived_records_are_listed_apart_and_keep_their_modified_stamp(
    api: Any, portal: Portal, contacts: list[str]
):
    portal.clock.advance(timedelta(hours=1))
    assert api("DELETE", f"/crm/v3/objects/contacts/{contacts[1]}").status_code == 204
    live = api("GET", "/crm/v3/objects/contacts").json()["results"]
    archived = api("GET", "/crm/v3/objects/contacts?archived=true").json()["results"]
    assert [each["id"] for each in live] == [contacts[0], contacts[2]]
    assert [(each["id"], each["archived"], each["archivedAt"]) for each in archived] == [
        (contacts[1], True, "2026-11-22T09:00:00Z")
    ]
    assert archived[0]["updatedAt"] == "2026-10-23T08:00:00Z"
    assert api("GET", f"/crm/v3/objects/contacts/{contacts[1]}").status_code == 404
    portal.restore("contacts", contacts[1])
    assert api("GET", f"/crm/v3/objects/contacts/{contacts[1]}").status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [("contacts/9", "application/json;charset=utf-8"), ("tickets/9", "text/html"), ("tasks/9", "text/html")],
)
def test_a_missing_record_is_404_as_json_or_as_a_page(api: Any, path: str, kind: str):
    answer = api("GET", f"/crm/v3/objects/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith(kind)


def test_an_id_that_is_no_number_is_said_to_be_usually_numeric(api: Any):
    answer = api("GET", "/crm/v3/objects/contacts/ann")
    assert (answer.status_code, answer.json()["message"]) == (404, "Object not found.  objectId are usually numeric.")


def test_a_patch_writes_moves_the_stamp_and_answers_what_it_wrote(client: Any, portal: Portal, contacts: list[str]):
    portal.clock.advance(timedelta(milliseconds=1500))
    changed = client.crm.contacts.basic_api.update(contacts[0], {"properties": {"phone": "1", "firstname": ""}})
    assert changed.properties == {
        "createdate": "2026-10-23T08:00:00Z",
        "firstname": None,
        "hs_object_id": contacts[0],
        "lastmodifieddate": "2026-11-22T08:00:01.500Z",
        "phone": "1",
    }
    assert "firstname" not in portal.get("contacts", contacts[0])


def test_hw10_null_clears_nothing(api: Any, portal: Portal, contacts: list[str]):
    assert api("PATCH", f"/crm/v3/objects/contacts/{contacts[0]}", {"properties": {"firstname": None}}).ok
    assert portal.get("contacts", contacts[0])["firstname"] == "Ann"


def test_values_may_be_sent_as_scalars_but_not_as_objects(api: Any, portal: Portal, contacts: list[str]):
    path = f"/crm/v3/objects/contacts/{contacts[0]}"
    assert api("PATCH", path, {"properties": {"phone": 12.5}}).ok
    assert portal.get("contacts", contacts[0])["phone"] == "12.5"
    refused = api("PATCH", path, {"properties": {"phone": {"value": "1"}}})
    assert (refused.status_code, refused.json()["message"][:18]) == (400, "Invalid input JSON")


def test_an_update_that_says_nothing_is_refused(api: Any, contacts: list[str]):
    refused = api("PATCH", f"/crm/v3/objects/contacts/{contacts[0]}", {"properties": {}})
    assert refused.json()["message"] == "No properties found to update, please provide at least one."


def test_a_record_can_be_read_and_written_by_its_e_mail(api: Any, contacts: list[str]):
    path = "/crm/v3/objects/contacts/BOB@example.com?idProperty=email"
    assert api("GET", path).json()["id"] == contacts[1]
    assert api("PATCH", path, {"properties": {"phone": "2"}}).json()["id"] == contacts[1]


def test_a_second_contact_of_one_e_mail_is_a_conflict_that_names_the_first(client: Any, contacts: list[str]):
    with pytest.raises(Exception, match=f"Contact already exists. Existing ID: {contacts[0]}") as refused:
        client.crm.contacts.basic_api.create({"properties": {"email": "Ann@Example.com"}})
    assert refused.value.status == 409


def test_a_new_record_is_answered_with_all_that_is_set(client: Any, portal: Portal):
    made = client.crm.contacts.basic_api.create({"properties": {"email": "dora@example.com"}})
    assert made.properties["email"] == "dora@example.com"
    assert portal.get("contacts", made.id)["email"] == "dora@example.com"


def test_a_ticket_needs_a_subject_and_a_stage(api: Any):
    refused = api("POST", "/crm/v3/objects/tickets", {"properties": {"content": "x"}}).json()
    assert refused["message"] == "Error creating TICKET. Some required properties were not set."
    assert refused["context"]["properties"] == ["subject", "hs_pipeline_stage"]


def test_a_new_record_can_bring_its_associations(api: Any, portal: Portal, contacts: list[str]):
    body = {
        "properties": {"subject": "Late", "hs_pipeline_stage": "1"},
        "associations": [
            {"to": {"id": contacts[0]}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]}
        ],
    }
    made = api("POST", "/crm/v3/objects/tickets", body).json()
    read = api("GET", f"/crm/v3/objects/tickets/{made['id']}?associations=contacts").json()
    assert read["associations"]["contacts"]["results"] == [{"id": contacts[0], "type": "ticket_to_contact"}]
    body["associations"][0]["to"]["id"] = "9"
    assert api("POST", "/crm/v3/objects/tickets", body).json()["message"] == "CONTACT=9 is not valid"
    assert len(list(portal.rows("tickets"))) == 1


def test_hr11_a_merge_keeps_the_primary_id_and_leaves_its_traces(api: Any, portal: Portal, contacts: list[str]):
    ann, bob, cleo = contacts
    portal.update("contacts", bob, {"phone": "5"})
    merged = api("POST", "/crm/v3/objects/contacts/merge", {"primaryObjectId": ann, "objectIdToMerge": bob}).json()
    assert (merged["id"], merged["properties"]["phone"], merged["properties"]["firstname"]) == (ann, "5", "Ann")
    portal.merge("contacts", ann, cleo)
    row = portal.get("contacts", ann)
    assert row["hs_merged_object_ids"] == f"{bob};{cleo}"
    stamp = int(portal.clock.now().timestamp() * 1000)
    assert row["hs_calculated_merged_vids"] == f"{bob}:{stamp};{cleo}:{stamp}"
    assert row["lastmodifieddate"] == "2026-11-22T08:00:00Z"
    assert [each["id"] for each in portal.rows("contacts")] == [ann]


def test_hw19_reading_or_writing_a_merged_id_reaches_the_survivor(api: Any, portal: Portal, contacts: list[str]):
    portal.merge("contacts", contacts[0], contacts[1])
    path = f"/crm/v3/objects/contacts/{contacts[1]}"
    assert api("GET", path).json()["id"] == contacts[0]
    assert api("PATCH", path, {"properties": {"phone": "7"}}).json()["id"] == contacts[0]
    by_mail = api("GET", "/crm/v3/objects/contacts/bob@example.com?idProperty=email").json()
    assert by_mail["id"] == contacts[0]


def test_hr12_a_purged_contact_is_in_no_list_any_more(client: Any, api: Any, portal: Portal, contacts: list[str]):
    portal.merge("contacts", contacts[0], contacts[1])
    client.crm.contacts.basic_api.purge({"objectId": contacts[0]})
    for id_ in contacts[:2]:
        assert api("GET", f"/crm/v3/objects/contacts/{id_}").status_code == 404
        assert api("GET", f"/crm/v3/objects/contacts/{id_}?archived=true").status_code == 404
    assert [each["id"] for each in portal.rows("contacts")] == contacts[2:]
    assert portal.create("contacts", {"email": "ann@example.com"})


def test_hw12_an_admins_rule_refuses_writes_on_2026_09_only(api: Any, portal: Portal, contacts: list[str]):
    portal.write_rules.append(WriteRule("contacts", requires="phone", when="firstname", equals="Ann"))
    for version, status in (("2026-03", 200), ("2026-09", 400)):
        answer = api("PATCH", f"/crm/objects/{version}/contacts/{contacts[0]}", {"properties": {"lastname": "A"}})
        assert answer.status_code == status
    assert answer.json()["category"] == "VALIDATION_ERROR"
    allowed = {"properties": {"lastname": "A", "phone": "1"}}
    assert api("PATCH", f"/crm/objects/2026-09/contacts/{contacts[0]}", allowed).ok
    assert api("PATCH", f"/crm/objects/2026-09/contacts/{contacts[1]}", {"properties": {"lastname": "B"}}).ok


def test_a_deal_is_closed_and_won_by_its_stage(portal: Portal):
    deal = portal.create("deals", {"dealname": "D", "dealstage": "contractsent"})
    assert (portal.get("deals", deal)["hs_is_closed"], portal.get("deals", deal)["pipeline"]) == ("false", "default")
    portal.update("deals", deal, {"dealstage": "closedwon"})
    row = portal.get("deals", deal)
    assert (row["hs_is_closed"], row["hs_is_closed_won"]) == ("true", "true")


def test_a_ticket_is_dated_when_it_closes_and_undated_when_it_opens_again(portal: Portal):
    ticket = portal.create("tickets", {"subject": "T", "hs_pipeline_stage": "1"})
    portal.update("tickets", ticket, {"hs_pipeline_stage": "4"})
    assert portal.get("tickets", ticket)["closed_date"] == "2026-11-22T08:00:00Z"
    portal.update("tickets", ticket, {"hs_pipeline_stage": "2"})
    assert "closed_date" not in portal.get("tickets", ticket)


def test_hr15_what_hubspot_calculates_does_not_move_the_modified_stamp(portal: Portal):
    deal = portal.create("deals", {"dealname": "D", "dealstage": "contractsent"})
    portal.clock.advance(timedelta(hours=1))
    portal.update("deals", deal, {"hs_is_closed_won": "true"})
    assert portal.get("deals", deal)["hs_lastmodifieddate"] == "2026-11-22T08:00:00Z"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda portal, id_: portal.create("widgets", {}), "no such object: widgets"),
        (lambda portal, id_: portal.create("contacts", {"colour": "red"}), 'Property "colour" does not exist'),
        (lambda portal, id_: portal.create("contacts", {"email": "ann@example.com"}), "Contact already exists"),
        (lambda portal, id_: portal.create("contacts", {}, id=id_), "exists already"),
        (lambda portal, id_: portal.create("contacts", {}, id="x"), "text of digits"),
        (lambda portal, id_: portal.create("tickets", {"subject": "T"}), "hs_pipeline_stage"),
        (lambda portal, id_: portal.update("contacts", "9", {"phone": "1"}), "no contact 9"),
        (lambda portal, id_: portal.update("contacts", id_, {"hs_object_id": "9"}), "cannot be set"),
        (lambda portal, id_: portal.restore("contacts", id_), "is not archived"),
        (lambda portal, id_: portal.merge("contacts", id_, id_), "are the same record"),
        (lambda portal, id_: portal.associate("contacts", id_, "contacts", id_), "no association"),
        (
            lambda portal, id_: portal.create("contacts", {}, at=portal.clock.now() + timedelta(seconds=1)),
            "is still to come",
        ),
    ],
)
def test_python_is_refused_with_one_line_what_the_service_refuses(
    portal: Portal, contacts: list[str], act: Any, words: str
):
    with pytest.raises(ValueError, match=words) as refused:
        act(portal, contacts[0])
    assert "\n" not in str(refused.value)
    assert not isinstance(refused.value, Refusal)


def test_python_cannot_write_before_what_was_written(portal: Portal, contacts: list[str]):
    portal.update("contacts", contacts[0], {"phone": "1"})
    with pytest.raises(ValueError, match="was written after"):
        portal.update("contacts", contacts[0], {"phone": "2"}, at=portal.clock.now() - timedelta(seconds=1))


def test_hr06_ids_outgrow_ten_digits_so_that_text_order_is_not_their_order(portal: Portal):
    ids = [portal.create("notes", {"hs_timestamp": "2026-01-01"}) for _ in range(60)]
    assert sorted(ids) != sorted(ids, key=int) == ids


def test_a_further_pipeline_has_stages_of_its_own_that_close_as_those_of_the_first(portal: Portal, client: Any):
    portal.add_pipeline("deals", "renewals", "Renewals")
    values = {"dealname": "D", "pipeline": "renewals"}
    won = portal.create("deals", values | {"dealstage": "renewals_closedwon"})
    under_way = portal.create("deals", values | {"dealstage": "renewals_contractsent"})
    assert portal.get("deals", won)["hs_is_closed_won"] == "true"
    assert portal.get("deals", under_way)["hs_is_closed"] == "false"
    with pytest.raises(ValueError, match="there is a pipeline renewals"):
        portal.add_pipeline("deals", "renewals", "Again")
    with pytest.raises(ValueError, match="contacts have no pipelines"):
        portal.add_pipeline("contacts", "renewals", "Renewals")
    told = client.crm.pipelines.pipelines_api.get_all("deals").results
    assert [(each.id, each.label, len(each.stages)) for each in told] == [
        ("default", "Sales Pipeline", 7),
        ("renewals", "Renewals", 7),
    ]
    assert not {stage.id for stage in told[0].stages} & {stage.id for stage in told[1].stages}
    assert client.crm.pipelines.pipelines_api.get_all("contacts").results == []
