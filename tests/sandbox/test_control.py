import pytest
import requests

from sandbox.app import World, create_app
from sandbox.server import Server

NEW_CONTACT = {"crm": "salesforce", "do": "insert", "object": "Contact", "values": {"LastName": "Norvaar"}}
NEW_PERSON = {"crm": "hubspot", "do": "create", "object": "contacts", "values": {"lastname": "Norvaar"}}


class Api:
    """The control API of a fresh world, over HTTP."""

    def __init__(self, url, world) -> None:
        self.url, self.world = url, world

    def call(self, method, path, **more):
        return requests.request(method, self.url + path, timeout=60, **more)

    def happen(self, *events):
        return self.call("POST", "/sandbox/events", json=list(events))

    def one(self, event):
        return self.happen(event).json()["ids"][0]


@pytest.fixture(scope="module")
def running():
    world = World()
    with Server(create_app(world)) as server:
        yield Api(server.url, world)


@pytest.fixture
def api():
    world = World()
    with Server(create_app(world)) as server:
        yield Api(server.url, world)


def test_the_clock_stands_still_then_moves_as_told(api):
    assert api.call("GET", "/sandbox/clock").json() == {"now": "2026-11-22T08:00:00Z"}
    later = api.call("PUT", "/sandbox/clock", json={"now": "2026-12-01T00:00:00+01:00"})
    assert later.json() == {"now": "2026-11-30T23:00:00Z"}
    assert api.call("POST", "/sandbox/clock/advance", json={"seconds": 86400}).json() == {"now": "2026-12-01T23:00:00Z"}


@pytest.mark.parametrize(
    ("method", "path", "body", "error"),
    [
        ("PUT", "/sandbox/clock", "{", "the body is not JSON"),
        ("PUT", "/sandbox/clock", "[]", "must be a JSON object"),
        ("PUT", "/sandbox/clock", '{"now": "tomorrow"}', '"now" is not a time'),
        ("PUT", "/sandbox/clock", '{"now": "2027-01-01T00:00:00"}', '"now" has no zone'),
        ("PUT", "/sandbox/clock", '{"now": "9999-12-31T23:59:59-12:00"}', '"now" is not between 1970 and 2200'),
        ("PUT", "/sandbox/clock", '{"now": "2020-01-01T00:00:00Z"}', "cannot go back"),
        ("PUT", "/sandbox/clock", '{"new": "2027-01-01T00:00:00Z"}', "'new' means nothing here"),
        ("POST", "/sandbox/clock/advance", '{"seconds": "1"}', '"seconds" must be a number'),
        ("POST", "/sandbox/clock/advance", '{"seconds": true}', '"seconds" must be a number'),
        ("POST", "/sandbox/clock/advance", '{"seconds": -1}', "cannot go back"),
        ("POST", "/sandbox/clock/advance", '{"seconds": 1e300}', '"seconds" must be a number'),
        ("POST", "/sandbox/clock/advance", '{"seconds": 9e11}', "beyond the calendar"),
        ("POST", "/sandbox/clock/advance", '{"seconds": NaN}', '"seconds" must be a number'),
        ("POST", "/sandbox/events", "{}", "events are a list"),
        ("POST", "/sandbox/events", "[3]", "event 0: this must be a JSON object"),
        ("POST", "/sandbox/events", '[{"crm": "pipedrive"}]', '"crm" is one of salesforce, hubspot'),
        ("POST", "/sandbox/events", '[{"crm": "hubspot", "do": "insert"}]', '"do" is one of create, update'),
        ("POST", "/sandbox/load", '{"file": "salesforce/Contact.csv"}', '"text" must be a text'),
        ("POST", "/sandbox/load", b"\xff", "the body is not JSON"),
    ],
)
def test_bad_input_is_status_400_with_one_line(running, method, path, body, error):
    answer = running.call(method, path, data=body)
    assert answer.status_code == 400
    assert error in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (NEW_CONTACT | {"object": "Contakt"}, "no object Contakt in this org"),
        (NEW_CONTACT | {"values": {"FirstName": "Ann"}}, "Required fields are missing: [LastName]"),
        (NEW_CONTACT | {"values": {"LastName": "A", "Color": "red"}}, "No such column 'Color'"),
        (NEW_CONTACT | {"values": {"LastName": "A", "Birthdate": "2026-02-30"}}, "date"),
        (NEW_CONTACT | {"values": []}, '"values" must be an object'),
        (NEW_CONTACT | {"value": {}}, "'value' means nothing here"),
        (NEW_CONTACT | {"id": "17"}, "malformed id 17"),
        (NEW_CONTACT | {"at": "today"}, '"at" is not a time'),
        (NEW_PERSON | {"at": "0001-01-01T00:00:00+14:00"}, '"at" is not between 1970 and 2200'),
        ({"crm": "salesforce", "do": "delete", "object": "Contact", "id": "003Sb0000009999IAA"}, "id"),
        ({"crm": "salesforce", "do": "merge", "object": "Contact", "id": "x", "losers": []}, '"losers" must be a list'),
        (NEW_PERSON | {"object": "kontakte"}, "no such object: kontakte"),
        (NEW_PERSON | {"values": {"colour": "red"}}, 'Property "colour" does not exist'),
        (NEW_PERSON | {"values": {"email": 3}}, '"email" must be a text'),
        ({"crm": "hubspot", "do": "archive", "object": "contacts", "id": "1"}, "no contact 1"),
        ({"crm": "hubspot", "do": "gdpr_delete", "id": "1"}, "no contact 1"),
    ],
)
def test_what_a_crm_refuses_is_said_in_one_line(running, event, error):
    answer = running.happen(event)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("event 0: ")
    assert error in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_events_happen_in_order_up_to_the_first_that_is_refused(api):
    answer = api.happen(NEW_CONTACT, NEW_CONTACT | {"values": {}}, NEW_CONTACT)
    assert answer.json()["error"].startswith("event 1: ")
    assert len(answer.json()["ids"]) == 1
    assert len(list(api.world.org.rows("Contact"))) == 1


def test_a_salesforce_record_lives_through_all_its_events(api):
    kept, lost = api.happen(NEW_CONTACT | {"at": "2026-01-02T03:04:05Z"}, NEW_CONTACT).json()["ids"]
    told = {"crm": "salesforce", "object": "Contact", "id": kept}
    assert api.one(told | {"do": "update", "values": {"Title": "Buyer"}}) == kept
    assert api.one(told | {"do": "merge", "losers": [lost]}) == kept
    assert api.one(told | {"do": "delete"}) == kept
    assert api.world.org.get("Contact", kept)["IsDeleted"] is True
    assert api.one(told | {"do": "undelete"}) == kept
    row = api.world.org.get("Contact", kept)
    assert (row["IsDeleted"], row["Title"]) == (False, "Buyer")
    assert row["CreatedDate"].startswith("2026-01-02T03:04:05")
    assert api.world.org.get("Contact", lost)["MasterRecordId"] == kept


def test_a_hubspot_record_lives_through_all_its_events(api):
    kept, lost = api.happen(NEW_PERSON | {"at": "2026-01-02T03:04:05Z"}, NEW_PERSON).json()["ids"]
    told = {"crm": "hubspot", "object": "contacts", "id": kept}
    assert api.one(told | {"do": "update", "values": {"phone": "+1 555 0100"}}) == kept
    deal = api.one(
        {"crm": "hubspot", "do": "create", "object": "deals", "values": {"dealname": "A", "dealstage": "closedwon"}}
    )
    tie = {"crm": "hubspot", "do": "associate", "object": "deals", "id": deal, "to_object": "contacts", "to_id": kept}
    assert api.one(tie | {"label": "Referrer"}) == deal
    assert api.one(told | {"do": "merge", "other": lost}) == kept
    assert api.one(told | {"do": "archive"}) == kept
    assert api.world.portal.get("contacts", kept)["archived"] == "true"
    assert api.one(told | {"do": "restore"}) == kept
    row = api.world.portal.get("contacts", kept)
    assert (row["archived"], row["phone"], row["hs_merged_object_ids"]) == ("false", "+1 555 0100", lost)
    assert row["createdate"].startswith("2026-01-02T03:04:05")
    assert api.one({"crm": "hubspot", "do": "gdpr_delete", "id": kept}) == kept
    assert not list(api.world.portal.rows("contacts"))


def test_calls_to_the_crms_are_counted_until_cleared_and_ours_never(api):
    api.call("GET", "/services/data/v62.0/limits")
    api.call("GET", "/crm/objects/2026-09/contacts")
    api.call("GET", "/crm/objects/2026-09/contacts")
    api.call("GET", "/sandbox/clock")
    assert api.call("GET", "/sandbox/requests").json() == {"salesforce": {"limits": 1}, "hubspot": {"list": 2}}
    assert api.call("DELETE", "/sandbox/requests").status_code == 204
    assert api.call("GET", "/sandbox/requests").json() == {"salesforce": {}, "hubspot": {}}


def test_a_csv_file_loads_over_http_and_its_bad_rows_are_told(api):
    answer = api.call("POST", "/sandbox/load", json={"file": "salesforce/Contact.csv", "text": 'LastName\nA\n""\n'})
    assert answer.json() == {
        "taken": {"salesforce/Contact.csv": 1},
        "rejects": [
            (
                "salesforce/Contact.csv:3: Contact: Required fields are missing: [LastName] (REQUIRED_FIELD_MISSING);"
                " correct the cell and load the row again"
            ),
        ],
    }


def test_both_crms_answer_on_one_port(api):
    assert api.call("GET", "/services/data").status_code == 200
    assert api.call("GET", "/account-info/2026-09/details").status_code == 401
