"""Traps of HubSpot that no other file is about."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import responses

import connectors
from connectors.errors import Fatal
from connectors.http import Refused
from connectors.protocol import ObjectQuery, OutcomeKind, Update, Window

ROOT = Path(__file__).parents[3]
SOURCES = "\n".join(path.read_text("utf-8") for path in (Path(connectors.__file__).parent / "hubspot").glob("*.py"))


@pytest.mark.parametrize(
    ("object_", "stamp"),
    [("contacts", "lastmodifieddate"), ("deals", "hs_lastmodifieddate"), ("tickets", "hs_lastmodifieddate")],
)
def test_hr09_changes_go_by_the_date_that_moves(hubspot: Any, object_: str, stamp: str):
    assert hubspot.connector._reader.resolve(ObjectQuery(object_, ())).stamp == stamp


@responses.activate(assert_all_requests_are_fired=True)
def test_te01_a_call_of_the_sdk_goes_past_responses_so_the_sandbox_answers_it(hubspot: Any, asked: Any):
    responses.get(f"{hubspot.remote.url}/account-info/v3/details", json={"portalId": 1})
    assert requests.get(f"{hubspot.remote.url}/account-info/v3/details", timeout=60).json() == {"portalId": 1}
    before = asked("GET ")
    assert hubspot.connector.account().id != "1"
    assert asked("GET ") > before


def test_hr17_histories_which_halve_a_batch_are_never_asked_for():
    assert "History" not in SOURCES


def test_hr21_a_page_is_handed_over_before_the_next_one_is_asked_for(hubspot: Any, asked: Any):
    hubspot.insert_contacts(250)
    end = hubspot.settle()
    pages = hubspot.connector.changes(hubspot.query(), hubspot.window(None, end))
    assert len(next(pages).records) == 100
    assert asked("GET /crm/objects/2026-09/contacts") == 2  # the bin, and one page


def test_hr27_a_record_without_anything_costs_its_page_nothing(hubspot: Any, faults: Any):
    rows = [{"id": "7"}, {"id": "8", "properties": {"lastmodifieddate": "2026-11-20T12:00:00Z", "lastname": "Ann"}}]
    faults("GET /crm/objects/2026-09/contacts", 200, {"results": []}, times=1)
    faults("GET /crm/objects/2026-09/contacts", 200, {"results": rows}, times=1)
    pages = hubspot.pages(hubspot.query(), None, datetime(2026, 11, 22, tzinfo=UTC))
    assert [(record.id, record.values["lastname"]) for page in pages for record in page.records] == [("8", "Ann")]
    assert [problem.id for page in pages for problem in page.problems] == ["7"]


def test_hr30_hw11_only_our_own_properties_are_sent_and_only_those_that_are_said(hubspot: Any, monkeypatch: Any):
    """Never a consent or anything else of theirs; and no more than changed, since each write may start a workflow."""
    hubspot.connector.apply_fields(hubspot.fields)
    id_ = hubspot.contact("Ann")
    sent: list[Any] = []
    batches = hubspot.connector._session.batches
    update = batches.update
    monkeypatch.setattr(batches, "update", lambda object_, body: sent.append(body) or update(object_, body))
    list(hubspot.connector.write(hubspot.fields, [Update(id_, {"way_back": "soon"})]))
    assert sent == [{"inputs": [{"id": id_, "properties": {"bonus_malus_way_back": "soon"}}]}]


def test_hr30_whether_somebody_unsubscribed_can_be_read(hubspot: Any):
    id_ = hubspot.contact("Ann")
    hubspot.settle()
    assert hubspot.read(hubspot.query("contacts", "hs_email_optout"))[id_].values == {"hs_email_optout": None}


def test_hw05_hw06_hw07_a_write_is_an_update_by_id_never_an_upsert_or_a_create(hubspot: Any, asked: Any):
    hubspot.connector.apply_fields(hubspot.fields)
    ids = hubspot.insert_contacts(120)
    hubspot.delete("contacts", ids[3])
    outcomes = list(hubspot.connector.write(hubspot.fields, [Update(id_, {"way_back": "x"}) for id_ in ids]))
    assert {one.id: one.kind for one in outcomes}[ids[3]] is OutcomeKind.GONE
    writes = asked("POST /crm/objects/")
    assert writes == asked("/contacts/batch/update")


def test_hw14_the_sdk_repeats_nothing_by_itself(hubspot: Any, faults: Any, asked: Any):
    body = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "TEN_SECONDLY_ROLLING", "message": "limit"}
    faults("/account-info", 429, body, times=2, headers={"Retry-After": "1"})
    hubspot.connector.account()
    assert asked("/account-info") == hubspot.connector.usage().calls == 3


@pytest.mark.parametrize("area", ["objects", "properties", "associations"])
def test_hw15_a_refusal_is_one_error_whichever_package_of_the_sdk_it_comes_from(hubspot: Any, faults: Any, area: str):
    faults(f"/crm/{area}/2026-09", 404, {"status": "error", "message": "no", "category": "OBJECT_NOT_FOUND"})
    session = hubspot.connector._session
    calls = {
        "objects": lambda: session.objects.get_page("contacts", limit=1),
        "properties": lambda: session.properties.get_all("contacts"),
        "associations": lambda: session.associations.get_page("deals", "contacts", {"inputs": [{"id": "1"}]}),
    }
    with pytest.raises(Refused) as refused:
        calls[area]()
    assert isinstance(refused.value, Fatal)
    assert refused.value.answer.status == 404


def test_hw16_each_api_object_is_built_once_and_keeps_its_connections(hubspot: Any):
    session = hubspot.connector._session
    for name in ("objects", "batches", "searches", "properties", "associations"):
        assert getattr(session, name) is getattr(session, name)


def test_hw17_the_release_of_urllib3_that_breaks_the_sdk_is_excluded():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert any(line.startswith("urllib3") and "!=2.6.0" in line for line in project["project"]["dependencies"])


def test_hr26_an_answer_that_was_cut_is_asked_for_again_and_never_taken_for_an_empty_page(hubspot: Any, faults: Any):
    ids = hubspot.insert_contacts(3)
    faults("GET /crm/objects/2026-09/contacts", 200, '{"results": [{"id": "7", "prop', times=2)
    faults("GET /crm/properties", 200, "", times=1)
    assert set(hubspot.read()) == set(ids)


def test_every_request_says_who_we_are(hubspot: Any):
    assert hubspot.connector._session.objects.api_client.user_agent.startswith("bonus-malus/")


def test_op07_a_page_that_fails_half_way_is_fetched_again_and_nobody_is_left_out(hubspot: Any, faults: Any):
    expected = {hubspot.contact(f"Ann {number}") for number in range(101)}
    hubspot.settle()
    pages = hubspot.connector.changes(hubspot.query(), Window(None, hubspot.remote.now()))
    found = {record.id for record in next(pages).records}
    fault = faults("/crm/objects/2026-09/contacts", 503, "<html>", times=2, kind="text/html")
    found |= {record.id for page in pages for record in page.records}
    assert (found, fault.met) == (expected, 2)
