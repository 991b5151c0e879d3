"""Reading a HubSpot portal: types, links, merges, long addresses, spoiled answers."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import NotPermitted, QuotaSpent, Unreachable
from connectors.hubspot import associations, read
from connectors.hubspot.definitions import Definition
from connectors.hubspot.ends import read_ends
from connectors.hubspot.selection import absorbed
from connectors.protocol import Level, ObjectQuery, OutcomeKind, Update
from scoring.records import Link, Malformed, Record

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        ("number", "1,234.5", Decimal("1234.5")),
        ("number", "a;b", Malformed("a;b", "a number")),
        ("number", "", None),
        ("string", None, None),
        ("bool", "true", True),
        ("bool", "False", False),
        ("bool", "maybe", Malformed("maybe", "yes or no")),
        ("date", "2026-03-12", date(2026, 3, 12)),
        ("date", "1773273600000", date(2026, 3, 12)),
        ("date", "12/03/2026", Malformed("12/03/2026", "a date")),
        ("datetime", "2026-03-12T08:00:00.5Z", datetime(2026, 3, 12, 8, 0, 0, 500000, tzinfo=UTC)),
        ("datetime", "1773302400000", datetime(2026, 3, 12, 8, tzinfo=UTC)),
        ("datetime", "soon", Malformed("soon", "a date and time")),
        ("enumeration", "a;b", "a;b"),
        ("string", "007", "007"),
    ],
)
def test_hr18_values_have_the_type_of_their_property(kind: Any, raw: Any, value: Any):
    typed = Definition("p", kind).value(raw)
    assert typed == value
    assert type(typed) is type(value)


@pytest.mark.parametrize(
    ("properties", "ids"),
    [
        ({"hs_merged_object_ids": "9;12"}, ["9", "12"]),
        ({"hs_calculated_merged_vids": "12:1669000000000;7:1669000000001"}, ["7", "12"]),
        ({"hs_merged_object_ids": "12", "hs_calculated_merged_vids": "12:1;5:2"}, ["12"]),
        ({"hs_merged_object_ids": "", "hs_calculated_merged_vids": None}, []),
        ({}, []),
    ],
)
def test_hr11_a_survivor_names_those_it_absorbed_and_never_itself(properties: Any, ids: Any):
    survivor = Record("contacts", "5", NOON)
    records = list(absorbed(survivor, properties))
    assert [record.id for record in records] == ids
    assert {(record.deleted, record.merged_into) for record in records} <= {(True, "5")}


def test_a_label_is_the_role_of_a_link(hubspot: Any):
    ann = hubspot.contact("Ann")
    deal = hubspot.insert("deals", hubspot.words.deal_values)
    hubspot.link(deal, ann)
    hubspot.settle()
    [record] = hubspot.read(hubspot.query("deals", "amount", links=True)).values()
    assert record.links == {"contacts": (Link("contacts", ann),)}


def test_hr13_links_are_read_with_every_record_that_changed(hubspot: Any):
    ann = hubspot.contact("Ann")
    deal = hubspot.insert("deals", hubspot.words.deal_values)
    before = hubspot.settle()
    hubspot.link(deal, ann)
    hubspot.update("deals", deal, {"amount": "5"})
    hubspot.settle()
    records = hubspot.read(hubspot.query("deals", "amount", links=True), start=before)
    assert records[deal].links == {"contacts": (Link("contacts", ann),)}


def test_hr16_properties_that_no_address_can_hold_are_read_in_batches(
    hubspot: Any, asked: Any, monkeypatch: pytest.MonkeyPatch
):
    ids = hubspot.insert_contacts(105)
    hubspot.settle()
    expected = hubspot.read()
    assert asked("batch/read") == 0
    monkeypatch.setattr(read, "_LONGEST", 10)
    assert hubspot.read() == expected
    assert asked("batch/read") == 2
    assert set(expected) == set(ids)


class Portal:
    """A session whose associations answer from a script."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked = []
        self.associations = self

    def get_page(self, _object: Any, _to: Any, body: Any):
        self.asked.append(body["inputs"])
        return read_ends(json.dumps(self.answers.pop(0)).encode())


def end(id_: Any, label: str | None = None):
    return {"toObjectId": id_, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": label}]}


def test_hr14_each_records_links_are_followed_to_their_own_end():
    portal = Portal(
        {
            "results": [
                {"from": {"id": "1"}, "to": [end(20000000001)], "paging": {"next": {"after": "A", "link": "x"}}},
                {"from": {"id": "2"}, "to": [end(7, "Primary")]},
            ],
            "errors": [{"category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND"}],
        },
        {"results": [{"from": {"id": "1"}, "to": [end(8, "Referrer"), end(20000000001)]}]},
    )
    found = associations.links(portal, "deals", "contacts", ["1", "2", "3"])
    assert found == {
        "1": (Link("contacts", "20000000001"), Link("contacts", "8", ("Referrer",))),
        "2": (Link("contacts", "7", ("Primary",), primary=True),),
    }
    assert portal.asked[1] == [{"id": "1", "after": "A"}]


def test_hr28_a_link_cursor_that_comes_twice_ends_the_run():
    answer = {"results": [{"from": {"id": "1"}, "to": [], "paging": {"next": {"after": "A"}}}]}
    with pytest.raises(Unreachable, match="twice"):
        associations.links(Portal(answer, answer, answer), "deals", "contacts", ["1"])


def test_an_error_among_links_that_means_more_than_none_is_an_error():
    answer = {"results": [], "errors": [{"status": "error", "category": "VALIDATION_ERROR", "message": "bad"}]}
    with pytest.raises(Unreachable, match="VALIDATION_ERROR"):
        associations.links(Portal(answer), "deals", "contacts", ["1"])


def test_hr28_a_list_cursor_that_comes_twice_ends_the_run(hubspot: Any, faults: Any):
    faults("GET /crm/objects/2026-09/contacts", 200, {"results": [], "paging": {"next": {"after": "7"}}})
    with pytest.raises(Unreachable, match="twice"):
        hubspot.read()


def test_hr20_html_with_a_200_is_tried_again_and_never_an_empty_page(hubspot: Any, faults: Any):
    hubspot.contact("Ann")
    faults("GET /crm/objects/2026-09/contacts", 200, "<html>", times=1, kind="text/html")
    assert hubspot.live() == 1
    faults("GET /crm/objects/2026-09/contacts", 200, "<html>", kind="text/html")
    with pytest.raises(Unreachable, match="text/html"):
        hubspot.read()


def test_hr20_an_answer_without_results_is_never_an_empty_page(hubspot: Any, faults: Any):
    faults("GET /crm/objects/2026-09/contacts", 200, {"status": "ok"})
    with pytest.raises(Unreachable, match="without results"):
        hubspot.read()


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524])
def test_hr26_a_failing_server_is_tried_again(hubspot: Any, faults: Any, status: int):
    fault = faults("/account-info", status, "<html>", times=2, kind="text/html")
    assert hubspot.connector.account().id
    assert fault.met == 2


def test_hw13_a_search_over_the_limit_is_sent_again_after_the_wait_it_asks_for(hubspot: Any, faults: Any):
    id_ = hubspot.contact("Ann", NOON)
    hubspot.settle()
    before = hubspot.remote.now()
    body = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY", "message": "limit reached"}
    faults("/search", 429, body, times=2, headers={"Retry-After": "4"})
    assert set(hubspot.read(start=NOON)) == {id_}
    assert (hubspot.remote.now() - before).total_seconds() >= 8


def test_hr24_the_daily_limit_ends_the_run_without_a_wait(hubspot: Any, faults: Any):
    before = hubspot.remote.now()
    fault = faults("/account-info", 429, {"errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "limit"})
    with pytest.raises(QuotaSpent, match="midnight"):
        hubspot.connector.account()
    assert fault.met == 1
    assert hubspot.remote.now() == before


def test_hr25_a_retry_after_of_hours_ends_the_run_without_a_wait(hubspot: Any, faults: Any):
    before = hubspot.remote.now()
    faults("/account-info", 503, "", headers={"Retry-After": "7200"})
    with pytest.raises(Unreachable):
        hubspot.connector.account()
    assert hubspot.remote.now() == before


def test_hr22_a_missing_scope_fails_its_object_by_name_and_no_other(hubspot: Any, faults: Any):
    body = {
        "status": "error",
        "category": "MISSING_SCOPES",
        "message": "not granted",
        "errors": [{"message": "", "context": {"requiredGranularScopes": ["crm.objects.deals.read"]}}],
    }
    faults("/deals", 403, body)
    queries = [hubspot.query(), ObjectQuery("deals", ("amount",))]
    findings = [one for one in hubspot.connector.check(queries, hubspot.fields) if one.object in ("deals", "contacts")]
    failed = [one for one in findings if one.level is Level.FAIL and one.object == "deals"]
    assert len(failed) == 1
    assert "crm.objects.deals.read" in failed[0].what
    assert Level.PASS in {one.level for one in findings if one.object == "contacts"}
    with pytest.raises(NotPermitted, match=r"crm\.objects\.deals\.read"):
        hubspot.pages(ObjectQuery("deals", ("amount",)), None)


@pytest.mark.parametrize("version", ["2026-09", "2026-03", "legacy"])
def test_hw21_every_version_serves_the_whole_job(hubspot: Any, version: str):
    crm = hubspot.again(api_version=version)
    crm.connector.account()
    crm.connector.apply_fields(crm.fields)
    id_ = crm.contact("Ann")
    before = crm.settle()
    [outcome] = crm.connector.write(crm.fields, [Update(id_, {"points": Decimal(3)})])
    assert outcome.kind is OutcomeKind.WRITTEN
    crm.settle()
    assert crm.read(crm.query(ours=True), start=before)[id_].ours["points"] == Decimal(3)
