import json
from typing import Any

import pytest

from sandbox.hubspot.portal import Portal

UPDATE = "/crm/objects/2026-09/contacts/batch/update"
READ = "/crm/objects/2026-09/contacts/batch/read"


def rows(ids: list[str], **values: str) -> dict[str, Any]:
    return {"inputs": [{"id": id_, "properties": values} for id_ in ids]}


def test_a_batch_is_read_in_the_order_of_ids_whatever_was_asked(client: Any, contacts: list[str]):
    body = {"inputs": [{"id": id_} for id_ in reversed(contacts)], "properties": ["email"], "propertiesWithHistory": []}
    answer = client.crm.contacts.batch_api.read(body)
    assert [each.id for each in answer.results] == contacts


def test_hw01_missing_records_make_it_207_with_one_short_error_for_all(client: Any, contacts: list[str]):
    body = {"inputs": [{"id": "8"}, {"id": contacts[0]}, {"id": "9"}], "properties": [], "propertiesWithHistory": []}
    answer, status, _ = client.crm.contacts.batch_api.read_with_http_info(body)
    assert status == 207
    assert [each.id for each in answer.results] == contacts[:1]
    assert answer.num_errors == 1
    assert answer.errors[0].category == "OBJECT_NOT_FOUND"
    assert answer.errors[0].context == {"ids": ["8", "9"]}


def test_a_batch_can_be_read_by_e_mail_and_from_the_archive(api: Any, portal: Portal, contacts: list[str]):
    portal.archive("contacts", contacts[2])
    by_mail = {"inputs": [{"id": "bob@example.com"}, {"id": "cleo@example.com"}], "idProperty": "email"}
    answer = api("POST", READ, by_mail)
    assert [each["id"] for each in answer.json()["results"]] == [contacts[1]]
    archived = api("POST", f"{READ}?archived=true", {"inputs": [{"id": id_} for id_ in contacts]}).json()
    assert [each["id"] for each in archived["results"]] == [contacts[2]]
    assert archived["errors"][0]["context"]["ids"] == contacts[:2]


def test_hr17_a_hundred_inputs_are_enough_and_fifty_with_histories(api: Any):
    ids = {"inputs": [{"id": str(number)} for number in range(1, 102)]}
    assert api("POST", READ, ids).json()["message"].startswith("The maximum number of inputs supported in a batch is 1")
    ids["inputs"] = ids["inputs"][:51]
    refused = api("POST", READ, {**ids, "propertiesWithHistory": ["email"]}).json()
    assert refused["message"].endswith("property histories is 50")
    assert api("POST", READ, ids).status_code == 207


def test_an_update_answers_each_record_with_what_was_written(client: Any, portal: Portal, contacts: list[str]):
    answer = client.crm.contacts.batch_api.update(rows(contacts, phone="7"))
    assert [(each.id, each.properties["phone"]) for each in answer.results] == [(id_, "7") for id_ in contacts]
    assert [row["phone"] for row in portal.rows("contacts")] == ["7"] * 3


def test_hw01_an_update_of_a_missing_record_writes_the_others(api: Any, portal: Portal, contacts: list[str]):
    portal.archive("contacts", contacts[0])
    answer = api("POST", UPDATE, rows([*contacts, "9"], phone="7"))
    assert answer.status_code == 207
    assert [each["id"] for each in answer.json()["results"]] == contacts[1:]
    assert answer.json()["errors"][0]["context"]["ids"] == [contacts[0], "9"]


def test_hw07_with_trace_ids_every_missing_record_has_its_own_error(api: Any, contacts: list[str]):
    body = rows(["8", "9"], phone="7")
    for row in body["inputs"]:
        row["objectWriteTraceId"] = f"trace-{row['id']}"
    errors = api("POST", UPDATE, body).json()["errors"]
    assert [each["context"] for each in errors] == [
        {"ids": ["8"], "objectWriteTraceId": ["trace-8"]},
        {"ids": ["9"], "objectWriteTraceId": ["trace-9"]},
    ]


@pytest.mark.parametrize(
    "bad",
    [
        ("contacts", "nonsense", "1", "PROPERTY_DOESNT_EXIST"),
        ("contacts", "email", "nobody", "INVALID_EMAIL"),
        ("contacts", "hs_email_optout", "true", "READ_ONLY_VALUE"),
        ("contacts", "lastmodifieddate", "1", "READ_ONLY_VALUE"),
        ("tickets", "resolution", "Customer at fault", "INVALID_OPTION"),
        ("tickets", "closed_date", "yesterday", "INVALID_LONG"),
        ("deals", "amount", "1,000", "INVALID_INTEGER"),
        ("deals", "amount", "12 EUR", "INVALID_INTEGER"),
        ("invoices", "hs_due_date", "2026-01-02T03:04:05Z", "INVALID_DATE"),
        ("invoices", "hs_due_date", "2026-02-30", "INVALID_DATE"),
    ],
)
def test_hw03_one_bad_value_refuses_the_whole_batch_and_names_the_property_only(
    api: Any, portal: Portal, bad: tuple[str, str, str, str]
):
    kind, name, value, code = bad
    portal.scopes |= {"crm.objects.deals.write", "crm.objects.invoices.write"}
    needed = {
        "deals": {"dealname": "D", "dealstage": "closedwon"},
        "tickets": {"subject": "T", "hs_pipeline_stage": "1"},
    }
    one, other = (portal.create(kind, needed.get(kind, {})) for _ in range(2))
    good = "hs_number" if kind == "invoices" else {"deals": "dealname", "tickets": "subject"}.get(kind, "phone")
    body = {"inputs": [{"id": one, "properties": {good: "x"}}, {"id": other, "properties": {name: value}}]}
    answer = api("POST", f"/crm/v3/objects/{kind}/batch/update", body)
    refused = answer.json()
    assert (answer.status_code, refused["category"]) == (400, "VALIDATION_ERROR")
    assert [(each["code"], each["context"]) for each in refused["errors"]] == [(code, {"propertyName": [name]})]
    words, inside = refused["message"].split(": ", 1)
    assert words == "Property values were not valid"
    assert [(each["isValid"], each["error"], each["name"]) for each in json.loads(inside)] == [(False, code, name)]
    assert portal.get(kind, one).get(good) != "x"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("hs_due_date", "2026-03-04", "2026-03-04"),
        ("hs_due_date", "1772582400000", "2026-03-04"),
        ("hs_due_date", "2026-03-04T00:00:00Z", "2026-03-04"),
        ("hs_amount_billed", "0012.50", "12.50"),
        ("hs_amount_billed", "-3", "-3"),
        ("hs_invoice_status", "paid", "paid"),
    ],
)
def test_hw09_values_are_kept_in_the_form_of_their_type(portal: Portal, name: str, value: str, kept: str):
    assert portal.get("invoices", portal.create("invoices", {name: value}))[name] == kept


@pytest.mark.parametrize("value", ["2026-03-04T05:06:07+01:00", "1772597167000", "2026-03-04T04:06:07.000Z"])
def test_an_instant_may_be_milliseconds_or_iso_and_is_answered_as_utc(portal: Portal, value: str):
    assert portal.get("orders", portal.create("orders", {"hs_processed_date": value}))["hs_processed_date"] == (
        "2026-03-04T04:06:07Z"
    )


def test_hw04_naming_one_record_twice_refuses_the_batch(api: Any, contacts: list[str]):
    answer = api("POST", UPDATE, rows([contacts[0], contacts[1], contacts[0]], phone="7"))
    assert answer.status_code == 400
    assert answer.json()["message"] == f"Duplicate IDs found in batch input: [{contacts[0]}]. IDs must be unique"


def test_hw19_two_ids_of_one_survivor_give_one_result(api: Any, portal: Portal, contacts: list[str]):
    portal.merge("contacts", contacts[0], contacts[1])
    answer = api("POST", UPDATE, rows(contacts[:2], phone="7"))
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json()["results"]] == contacts[:1]


@pytest.mark.parametrize("name", ["hs_object_id", "email", "firstname"])
def test_hw05_an_update_takes_no_id_property_that_is_not_unique(api: Any, contacts: list[str], name: str):
    body = rows(contacts[:1], phone="7")
    body["inputs"][0]["idProperty"] = name
    refused = api("POST", UPDATE, body).json()
    assert refused["message"] == (
        f"Unable to perform update/upsert by non-unique 0-1 property {name} in portal ID 20260922"
    )


def test_hw05_an_update_finds_records_by_a_unique_property_of_the_company(
    api: Any, portal: Portal, contacts: list[str]
):
    made = {"name": "code", "label": "Code", "type": "string", "fieldType": "text", "hasUniqueValue": True}
    assert api("POST", "/crm/v3/properties/contacts", {**made, "groupName": "contactinformation"}).status_code == 201
    portal.update("contacts", contacts[1], {"code": "B1"})
    body = {"inputs": [{"id": "b1", "idProperty": "code", "properties": {"phone": "7"}}]}
    assert [each["id"] for each in api("POST", UPDATE, body).json()["results"]] == [contacts[1]]
    clash = api("POST", UPDATE, rows(contacts[:1], code="B1"))
    assert clash.json()["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"


def test_hw02_a_body_without_inputs_is_complete_and_does_nothing(api: Any):
    answer = api("POST", UPDATE, {"id": "1", "properties": {"phone": "7"}})
    assert (answer.status_code, answer.json()["status"], answer.json()["results"]) == (200, "COMPLETE", [])


def test_hw20_a_conflict_names_the_first_offender_only_and_writes_nothing(
    api: Any, portal: Portal, contacts: list[str]
):
    body = rows(contacts[1:], phone="7")
    for row in body["inputs"]:
        row["properties"] = {"phone": "7", "email": "ann@example.com"}
    answer = api("POST", UPDATE, body)
    assert (answer.status_code, answer.json()["message"]) == (
        409,
        f"Contact already exists. Existing ID: {contacts[0]}",
    )
    assert "phone" not in portal.get("contacts", contacts[1])


def test_hw07_a_batch_of_new_records_is_all_or_nothing_without_trace_ids(
    client: Any, api: Any, portal: Portal, contacts: list[str]
):
    body = {"inputs": [{"properties": {"email": email}} for email in ("dora@example.com", "ann@example.com")]}
    assert api("POST", "/crm/v3/objects/contacts/batch/create", body).status_code == 409
    assert len(list(portal.rows("contacts"))) == 3
    for number, row in enumerate(body["inputs"]):
        row["objectWriteTraceId"] = str(number)
    answer, status, _ = client.crm.contacts.batch_api.create_with_http_info(body)
    assert (status, len(answer.results), answer.errors[0].context) == (207, 1, {"objectWriteTraceId": ["1"]})


def test_hw06_an_upsert_makes_what_is_not_there(client: Any, portal: Portal, contacts: list[str]):
    portal.gdpr_delete(contacts[0])
    body = {
        "inputs": [
            {"id": email, "idProperty": "email", "properties": {"phone": "7"}}
            for email in ("ann@example.com", "bob@example.com")
        ]
    }
    made, found = client.crm.contacts.batch_api.upsert(body).results
    assert (made.new, found.new, found.id) == (True, False, contacts[1])
    assert portal.get("contacts", made.id)["email"] == "ann@example.com"


@pytest.mark.parametrize("name", [None, "hs_object_id", "firstname"])
def test_hw05_an_upsert_needs_a_unique_property(api: Any, contacts: list[str], name: str):
    row = {"id": contacts[0], "properties": {"phone": "7"}, "idProperty": name}
    answer = api("POST", "/crm/v3/objects/contacts/batch/upsert", {"inputs": [row]})
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_batch_is_archived_without_a_word(client: Any, portal: Portal, contacts: list[str]):
    client.crm.contacts.batch_api.archive({"inputs": [{"id": contacts[0]}, {"id": "9"}]})
    assert [row["archived"] for row in portal.rows("contacts")] == ["true", "false", "false"]
