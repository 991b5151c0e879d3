"""Recorded answers of the real services, through our own parsers: witnesses that neither side here wrote."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.http import Action
from connectors.hubspot import associations
from connectors.hubspot.answers import judge as judge_hubspot
from connectors.hubspot.answers import read_answer as read_hubspot_answer
from connectors.hubspot.definitions import Definition
from connectors.hubspot.ends import End
from connectors.hubspot.search import next_after
from connectors.hubspot.write import Writer as HubSpotWriter
from connectors.protocol import FieldKind, FieldSet, FieldSpec, ObjectQuery, OutcomeKind, Update, Window
from connectors.salesforce.answers import judge, judge_row, read_answer, row_error
from connectors.salesforce.ids import id18
from connectors.salesforce.schema import read_schema
from connectors.salesforce.write import Writer
from scoring.records import Malformed, Record

LATER = datetime(2030, 1, 1, tzinfo=UTC)


def cassettes(recorded: Path) -> Iterator[dict[str, Any]]:
    for file in sorted((recorded / "salesforce" / "cumulusci").glob("*.json")):
        for call in json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal):
            yield {"file": file.name, **call}


def describes(recorded: Path) -> dict[str, Any]:
    folder = recorded / "salesforce" / "cumulusci" / "describe"
    files = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*_describe.json"))]
    return {file["name"]: file for file in files if "name" in file}


def test_every_recorded_describe_is_a_schema(recorded: Path):
    schemas = {name: read_schema(body) for name, body in describes(recorded).items()}
    assert {"Account", "Case", "Contact", "Event", "Lead", "Opportunity", "OpportunityContactRole"} <= set(schemas)
    deal = schemas["Opportunity"]
    assert (deal.stamp, deal.columns["Amount"].type, deal.columns["CloseDate"].type) == (
        "SystemModstamp",
        "currency",
        "date",
    )
    child = deal.child("OpportunityContactRole")
    assert (child.field, child.relationship) == ("OpportunityId", "OpportunityContactRoles")
    assert [end.name for end in schemas["OpportunityContactRole"].ends(child.field)] == ["ContactId"]
    assert schemas["Event"].related("Who").refers_to == ("Contact", "Lead")


class Org:
    """A recorded org: one query's pages, and its describes."""

    def __init__(self, bodies: dict[str, Any], page: dict[str, Any]) -> None:
        self.bodies = bodies
        self.page = page

    def fits(self, _soql: str) -> bool:
        return True

    def describe(self, sobject: str, *, fresh: bool = False) -> dict[str, Any]:
        return self.bodies[sobject]

    def query(self, _soql: str, *, deleted: bool, read: Callable[[bytes], Any]) -> Any:
        return read(json.dumps({"totalSize": 1} | self.page).encode())


def test_recorded_rows_become_records_without_a_malformed_value(recorded: Path, salesforce_reader: Any):
    bodies = describes(recorded)
    seen = 0
    for call in cassettes(recorded):
        page = call["response_body"]
        if call["method"] != "GET" or not isinstance(page, dict) or not page.get("done") or not page.get("records"):
            continue
        name = page["records"][0].get("attributes", {}).get("type")
        if name not in bodies or "Id" not in page["records"][0]:
            continue
        rows = [row | {"SystemModstamp": "2022-03-17T16:21:26.000+0000"} for row in page["records"]]
        known = [
            key
            for key, value in rows[0].items()
            if not isinstance(value, dict) and key in bodies[name_of(bodies, name)]["names"]
        ]
        org = Org(bodies, {"records": rows, "done": True})
        [answer] = salesforce_reader(org).changes(ObjectQuery(name, tuple(known)), Window(None, LATER))
        assert len(answer.records) == len(rows), call["file"]
        for record in answer.records:
            seen += 1
            assert isinstance(record, Record)
            assert len(record.id) == 18
            assert not [value for value in record.values.values() if isinstance(value, Malformed)]
    assert seen > 5


def name_of(bodies: dict[str, Any], name: str) -> str:
    bodies[name].setdefault("names", {field["name"] for field in bodies[name]["fields"]})
    return name


class Collections:
    """A recorded collections update, answered to whoever writes that many rows."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        self.results = results

    def describe(self, _sobject: str) -> dict[str, Any]:
        return {"name": "Contact", "fields": [{"name": "BonusMalus_Points__c", "type": "double", "updateable": True}]}

    def patch(self, _path: str, _body: dict[str, Any]) -> list[dict[str, Any]]:
        return self.results


def points(object_: str) -> FieldSet:
    return FieldSet(object_, "bonus malus", "BM", (FieldSpec("points", FieldKind.INTEGER, "Points", ""),))


def test_recorded_collections_answers_give_one_outcome_a_row(recorded: Path, time: Any):
    seen = {True: 0, False: 0}
    for call in cassettes(recorded):
        rows = call["response_body"]
        if (
            "composite/sobjects" not in call["uri"]
            or call["method"] not in ("PATCH", "POST")
            or not isinstance(rows, list)
        ):
            continue
        if not rows or "success" not in rows[0]:
            continue
        ids = sorted(id18(f"003Sb0000000{number:03d}") for number in range(len(rows)))
        updates = [Update(id_, {"points": Decimal(1)}) for id_ in ids]
        outcomes = list(Writer(Collections(rows), time=time).write(points("Contact"), updates))
        by_id = {outcome.id: outcome.kind for outcome in outcomes}
        assert len(outcomes) == len(rows)
        for id_, row in zip(ids, rows, strict=True):
            seen[row["success"]] += 1
            assert (by_id[id_] is OutcomeKind.WRITTEN) is row["success"]
    assert seen[True] > 5


def test_recorded_errors_are_read_and_judged(recorded: Path):
    folder = recorded / "salesforce" / "amp-labs"
    field = read_answer(400, json.loads((folder / "unknown-field.json").read_text(encoding="utf-8")))
    assert (field.code, judge(field).action) == ("INVALID_FIELD", Action.REFUSED)
    kind = read_answer(400, json.loads((folder / "unknown-object.json").read_text(encoding="utf-8")))
    assert (kind.code, judge(kind).action) == ("INVALID_TYPE", Action.REFUSED)
    row = json.loads((folder / "success-with-errors.json").read_text(encoding="utf-8"))
    code, message = row_error(row)
    assert (code, judge_row(code).kind) == ("MALFORMED_ID", OutcomeKind.REJECTED)
    assert message.startswith("malformed id")
    assigned = folder / "metadata" / "write" / "err-duplicate-permission-assignment.json"
    again = read_answer(400, json.loads(assigned.read_text(encoding="utf-8")))
    assert (again.code, again.details) == ("DUPLICATE_VALUE", ("AssigneeId", "PermissionSetId"))


class Portal:
    """A recorded portal's list pages."""

    def __init__(self, *pages: dict[str, Any]) -> None:
        self.pages = list(pages)
        self.objects = self.properties = self

    def get_all(self, _object: str) -> dict[str, Any]:
        kinds = {"createdate": "datetime", "hs_object_id": "number"}
        names = ("email", "firstname", "lastname", "createdate", "hs_object_id", "lastmodifieddate")
        return {"results": [{"name": name, "type": kinds.get(name, "string")} for name in names]}

    def get_page(self, _object: str, *, archived: bool = False, **_options: Any) -> dict[str, Any]:
        return {"results": []} if archived else self.pages.pop(0)


def test_recorded_list_pages_become_records(hubspot_calls: list[dict[str, Any]], hubspot_reader: Any):
    pages = [call for call in hubspot_calls if call["method"] == "GET" and call["path"] == "/crm/v3/objects/contacts"]
    assert pages
    query = ObjectQuery("contacts", ("email", "createdate", "hs_object_id"))
    for call in pages:
        body = body_of(call)
        ended = {key: value for key, value in body.items() if key != "paging"}
        [page] = hubspot_reader(Portal(ended)).changes(query, Window(None, LATER))
        assert [record.id for record in page.records if not record.deleted] == [row["id"] for row in body["results"]]
        for record in page.records:
            assert isinstance(record.values.get("createdate"), datetime)
            assert record.values["hs_object_id"] == Decimal(record.id)
        cursor = next_after(body)
        assert cursor is None or cursor.isdecimal()


def test_recorded_rate_headers_say_what_the_day_and_ten_seconds_hold(hubspot_calls: list[dict[str, Any]]):
    limits = [call["headers"] for call in hubspot_calls if "x-hubspot-ratelimit-daily" in call["headers"]]
    assert limits
    assert all(
        int(one["x-hubspot-ratelimit-daily-remaining"]) <= int(one["x-hubspot-ratelimit-daily"]) for one in limits
    )
    assert all(int(one["x-hubspot-ratelimit-max"]) > 0 for one in limits if "x-hubspot-ratelimit-max" in one)


def test_recorded_associations_have_ids_beyond_32_bits_and_labels_that_may_be_null(hubspot_calls: list[dict[str, Any]]):
    calls = [call for call in hubspot_calls if call["method"] == "GET" and "/associations/" in call["path"]]
    ends = [one for call in calls for one in body_of(call)["results"]]
    assert ends
    for one in ends:
        link = associations._link("contacts", msgspec.convert(one, End))
        assert link.id == str(one["toObjectId"])
        assert "None" not in link.labels


def test_recorded_short_errors_of_a_207_refuse_exactly_their_row(hubspot_calls: list[dict[str, Any]]):
    calls = [call for call in hubspot_calls if call["status"] == 207]
    assert calls

    class Batches:
        def __init__(self, errors: list[dict[str, Any]]) -> None:
            self.errors = errors
            self.batches = self.properties = self

        def get_all(self, _object: str) -> dict[str, Any]:
            return {"results": [{"name": "bonus_malus_points", "type": "number"}]}

        def update(self, _object: str, body: dict[str, Any]) -> dict[str, Any]:
            ids = [one["id"] for one in body["inputs"]]
            bad = "13" in ids
            return {"results": [{"id": id_} for id_ in ids if id_ != "13"], "errors": self.errors[:1] if bad else []}

    for call in calls:
        updates = [Update(id_, {"points": Decimal(1)}) for id_ in ("11", "12", "13")]
        outcomes = HubSpotWriter(Batches(body_of(call)["errors"])).write(points("contacts"), updates)
        kinds = {outcome.id: outcome.kind for outcome in outcomes}
        assert (kinds["11"], kinds["12"]) == (OutcomeKind.WRITTEN, OutcomeKind.WRITTEN)
        assert kinds["13"] in (OutcomeKind.REJECTED, OutcomeKind.GONE)


def test_recorded_refusals_are_read_and_judged(hubspot_calls: list[dict[str, Any]]):
    refused = [call for call in hubspot_calls if call["status"] >= 400]
    assert refused
    for call in refused:
        answer = read_hubspot_answer(call["status"], json.dumps(body_of(call)), call["headers"])
        assert answer.message
        assert answer.request
        assert judge_hubspot(answer).action is Action.REFUSED


def body_of(call: dict[str, Any]) -> dict[str, Any]:
    body = call["resp_body"]
    return json.loads(body) if isinstance(body, str) else body


@pytest.mark.parametrize("text", ["2018-04-09T13:17:00.224Z", "2022-07-08T03:16:44.972Z"])
def test_recorded_instants_are_instants(text: str):
    assert isinstance(Definition("lastmodifieddate", "datetime").value(text), datetime)
