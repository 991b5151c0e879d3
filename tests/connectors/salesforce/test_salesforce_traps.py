"""Traps of Salesforce that no other file is about."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce

import connectors
from connectors.protocol import ObjectQuery, OutcomeKind, Update
from connectors.salesforce.adapter import open_http

SOURCES = "\n".join(path.read_text("utf-8") for path in (Path(connectors.__file__).parent / "salesforce").glob("*.py"))


def test_sr09_changes_are_found_without_the_replication_calls_and_their_limits(salesforce: Any, asked: Any):
    id_ = salesforce.contact("Ann")
    before = salesforce.settle()
    salesforce.delete("Contact", id_)
    salesforce.settle()
    assert salesforce.read(start=before)[id_].deleted
    assert list(salesforce.connector.ids("Contact")) == [()]
    assert asked("/deleted") + asked("/updated") == 0


def test_sr05_the_place_in_a_job_is_kept_only_when_the_page_was_taken(salesforce: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("connectors.salesforce.bulk_query.PAGE", 50)
    kept: list[str | None] = []

    class Kept:
        def get(self, _key: str) -> None:
            return None

        def put(self, _key: str, value: str | None) -> None:
            kept.append(value)

    org = salesforce.again(bulk_from=200, progress=Kept())
    org.insert_contacts(205)
    pages = org.connector.changes(org.query(), org.window(None, org.settle()))
    next(pages)
    assert json.loads(kept[-1])["read"] == 0
    next(pages)
    assert json.loads(kept[-1])["read"] == 50


def test_sr23_no_call_goes_out_without_a_timeout(monkeypatch: pytest.MonkeyPatch):
    seen: list[Any] = []

    def send(_self: Any, _request: Any, *_args: Any, **options: Any) -> requests.Response:
        seen.append(options["timeout"])
        return requests.Response()

    monkeypatch.setattr(HTTPAdapter, "send", send)
    http = open_http(lambda _response: None, None)
    http.get("https://acme.my.salesforce.com/", timeout=None)
    assert seen == [(10.0, 120.0)]


def test_te02_what_simple_salesforce_asks_by_https_goes_to_the_sandbox_of_this_machine(monkeypatch: pytest.MonkeyPatch):
    asked: list[str | None] = []

    def send(_self: Any, request: requests.PreparedRequest, *_args: Any, **_options: Any) -> requests.Response:
        asked.append(request.url)
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"{}"
        return answer

    monkeypatch.setattr(HTTPAdapter, "send", send)
    http = open_http(lambda _response: None, "http://127.0.0.1:8400")
    client = Salesforce(instance="acme.my.salesforce.com", session_id="x", session=http, version="66.0")
    assert client.query("SELECT Id FROM Contact") == {}
    assert client.base_url.startswith("https://")
    assert asked == ["http://127.0.0.1:8400/services/data/v66.0/query/?q=SELECT+Id+FROM+Contact"]


def test_sr36_what_was_a_leads_is_the_contacts_after_its_conversion(salesforce: Any):
    lead = salesforce.insert("Lead", {"LastName": "Ann", "Company": "Acme"})
    task = salesforce.insert("Task", {"WhoId": lead, "Subject": "Call", "Status": "Completed"})
    before = salesforce.settle()
    contact = salesforce.tell({"do": "convert", "id": lead})
    salesforce.settle()
    record = salesforce.read(ObjectQuery("Task", ("WhoId", "Who.Type")), start=before)[task]
    assert record.values == {"WhoId": contact, "Who.Type": "Contact"}
    assert set(salesforce.read()) == {contact}  # one person, scored once


def test_sw05_the_last_row_of_a_batch_is_never_left_behind(salesforce: Any, asked: Any):
    org = salesforce.again(bulk_from=200)
    org.connector.apply_fields(org.fields)
    ids = org.insert_contacts(201)
    for count in (1, 201):
        outcomes = list(org.connector.write(org.fields, [Update(id_, {"way_back": "x"}) for id_ in ids[:count]]))
        assert [one.kind for one in outcomes] == [OutcomeKind.WRITTEN] * count
    assert "batch_size" not in SOURCES


@pytest.mark.parametrize("bulk_from", [200, 10_000])
def test_sw07_a_duplicate_rule_blocks_unless_an_admin_says_otherwise(salesforce: Any, bulk_from: int):
    salesforce.connector.apply_fields(salesforce.fields)
    ids = salesforce.insert_contacts(200)
    twin = salesforce.insert("Contact", {"LastName": "Twin", "Email": "p7@example.org"})
    rule = {"does": "duplicate", "object": "Contact", "field": "Email", "message": "A twin."}
    requests.put(f"{salesforce.remote.url}/sandbox/faults", json={"seed": 1, "rule": [rule]}, timeout=60)
    for saved, kind in ((False, OutcomeKind.REJECTED), (True, OutcomeKind.WRITTEN)):
        org = salesforce.again(bulk_from=bulk_from, save_duplicates=saved)
        outcomes = org.connector.write(org.fields, [Update(id_, {"way_back": "x"}) for id_ in (*ids, twin)])
        assert {one.id: one.kind for one in outcomes}[twin] is kind


def test_sw14_the_metadata_api_spoils_no_later_call(salesforce: Any):
    salesforce.connector.apply_fields(salesforce.fields)
    session = salesforce.connector._session
    assert "SOAPAction" not in session._client(session._signed.now()).headers
    id_ = salesforce.contact("Ann")
    [outcome] = salesforce.connector.write(salesforce.fields, [Update(id_, {"way_back": "x"})])
    assert outcome.kind is OutcomeKind.WRITTEN


def test_every_request_says_who_we_are(salesforce: Any):
    assert salesforce.connector._session._http.headers["User-Agent"].startswith("bonus-malus/")
