"""What real portals answered is the witness: the same kinds of calls must have the same shapes here."""

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.hubspot.portal import Portal


def _recorded() -> list[dict[str, Any]]:
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "recorded" / "hubspot" / "calls.jsonl"
        if path.exists():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return []


RECORDED = _recorded()
pytestmark = pytest.mark.skipif(not RECORDED, reason="the recorded answers of real portals are not beside this copy")


def some(method: str, part: str, status: int) -> list[dict[str, Any]]:
    found = [call for call in RECORDED if (call["method"], call["status"]) == (method, status) and part in call["path"]]
    assert found, f"no recording of {method} …{part}… with {status}"
    return found


def shape(value: Any) -> Any:
    """Types in place of values; a list is the set of shapes that its elements have."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted({json.dumps(shape(each), sort_keys=True) for each in value})
    return type(value).__name__


def keys_in_order(value: Any) -> list[str]:
    return list(value)


def rate_headers(headers: Any) -> set[str]:
    return {name.lower() for name in headers if name.lower().startswith("x-hubspot-")}


def test_a_list_has_the_recorded_shape_order_and_headers(api: Any, portal: Portal, contacts: list[str]):
    for id_ in contacts:
        portal.update("contacts", id_, {"lastname": "Test"})
    for call in some("GET", "/crm/v3/objects/contacts", 200):
        answer = api("GET", "/crm/v3/objects/contacts?limit=1")
        assert shape(answer.json()) == shape(call["resp_body"])
        one, recorded = answer.json()["results"][0], call["resp_body"]["results"][0]
        assert keys_in_order(one) == keys_in_order(recorded)
        assert keys_in_order(one["properties"]) == keys_in_order(recorded["properties"])
        assert rate_headers(answer.headers) == rate_headers(call["headers"])


def test_the_next_page_begins_one_after_the_last_id_as_recorded(api: Any, contacts: list[str]):
    for call in some("GET", "/crm/v3/objects/contacts", 200):
        last = call["resp_body"]["results"][-1]["id"]
        assert call["resp_body"]["paging"]["next"]["after"] == str(int(last) + 1)
    page = api("GET", "/crm/v3/objects/contacts?limit=2").json()
    assert page["paging"]["next"]["after"] == str(int(contacts[1]) + 1)


def test_a_list_of_associations_has_the_recorded_shape(api: Any, portal: Portal, contacts: list[str]):
    company = portal.create("companies", {"name": "A"})
    deal = portal.create("deals", {"dealname": "D", "dealstage": "closedwon"})
    portal.associate("deals", deal, "contacts", contacts[0])
    portal.associate("deals", deal, "companies", company)
    ids = {"Deal": deal, "Contact": contacts[0], "Company": company}
    for call in some("GET", "/crm/v4/objects/", 200):
        _, _, _, _, one, _, _, other = call["path"].split("/")
        answer = api("GET", f"/crm/v4/objects/{one}/{ids[one]}/associations/{other}")
        assert shape(answer.json()) == shape(call["resp_body"])
        recorded, ours = call["resp_body"]["results"][0], answer.json()["results"][0]
        assert ours["associationTypes"] == recorded["associationTypes"]


def test_made_associations_have_the_recorded_status_shape_labels_and_order(
    api: Any, portal: Portal, contacts: list[str]
):
    portal.scopes |= {"crm.objects.deals.write", "crm.objects.companies.write"}
    for call in some("POST", "/batch/create", 201):
        ids: dict[tuple[str, int], str] = {}
        one, other = call["path"].split("/")[4:6]
        for row in call["req_body"]["inputs"]:
            for kind, end in ((one, row["from"]), (other, row["to"])):
                needed = {"Deal": {"dealname": "D", "dealstage": "closedwon"}}.get(kind, {})
                ids.setdefault((kind, end["id"]), portal.create(kind, needed))
        sent = [
            {**row, "from": {"id": int(ids[one, row["from"]["id"]])}, "to": {"id": int(ids[other, row["to"]["id"]])}}
            for row in call["req_body"]["inputs"]
        ]
        answer = api("POST", call["path"], {"inputs": sent})
        assert (answer.status_code, shape(answer.json())["status"]) == (201, "str")
        ours, recorded = answer.json(), call["resp_body"]
        assert keys_in_order(ours) == keys_in_order(recorded)
        assert shape(ours["results"]) == shape(recorded["results"])
        assert [each["labels"] for each in ours["results"]] == [each["labels"] for each in recorded["results"]]
        assert [each["toObjectId"] for each in ours["results"]] == [
            int(ids[other, each["toObjectId"]]) for each in recorded["results"]
        ]


def test_associations_with_what_is_not_there_are_refused_in_the_recorded_words(
    api: Any, portal: Portal, contacts: list[str]
):
    portal.scopes |= {"crm.objects.deals.write", "crm.objects.companies.write"}
    portal.create("deals", {"dealname": "D", "dealstage": "closedwon"}, id="50")
    portal.create("companies", {"name": "A"}, id="50")
    for call in some("POST", "/batch/create", 207):
        row = call["req_body"]["inputs"][0]
        whose = call["resp_body"]["errors"][0]["message"]
        first = row["from"]["id"] if whose.startswith(call["path"].split("/")[4].upper()) else 50
        sent = {**row, "from": {"id": first}}
        answer = api("POST", call["path"], {"inputs": [sent]})
        assert answer.status_code == 207
        assert answer.json()["errors"] == call["resp_body"]["errors"]
        assert keys_in_order(answer.json()) == keys_in_order(call["resp_body"])


def test_broken_associations_are_answered_with_204_even_where_there_were_none(api: Any, portal: Portal):
    portal.scopes |= {"crm.objects.deals.write", "crm.objects.companies.write"}
    for call in some("POST", "/batch/archive", 204):
        assert api("POST", call["path"], call["req_body"]).status_code == 204
