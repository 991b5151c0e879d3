"""Reading a Salesforce org in bulk: query jobs, their pages, and what a restart finds."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import NotPermitted, OutOfTime, Unreachable
from connectors.http import Refused
from connectors.progress import MemoryProgress
from connectors.protocol import ObjectQuery
from connectors.salesforce import bulk_query
from connectors.salesforce.schema import Column
from connectors.salesforce.sheet import cell, read_sheet, write_rows
from scoring.records import Link, Malformed

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def progress() -> MemoryProgress:
    return MemoryProgress()


@pytest.fixture
def org(salesforce: Any, progress: MemoryProgress) -> Any:
    """An org in which 200 records are many, and a page of results holds 90."""
    return salesforce.again(bulk_from=200, progress=progress)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_query, "PAGE", 90)
    monkeypatch.setattr(bulk_query, "CHUNK", 40)
    monkeypatch.setattr(bulk_query, "PIECE", 20)


def test_many_records_come_through_a_job_with_the_same_values_as_by_rest(org: Any, asked: Any):
    ids = org.insert_contacts(205)
    org.delete("Contact", ids[0])
    deal = org.insert("Opportunity", dict(org.words.deal_values) | {"Amount": "1234.50"})
    org.settle()
    query = org.query(None, "LastName", "Email", "Birthdate", "HasOptedOutOfEmail", "AccountId", "CreatedDate")
    in_bulk = org.read(query)
    assert asked("GET /services/data/v66.0/jobs/query/") > 3
    assert in_bulk == org.again(bulk_from=100_000).read(query)
    assert in_bulk[ids[0]].deleted
    assert set(in_bulk) == set(ids)
    assert deal


def test_few_records_make_no_job(org: Any, asked: Any):
    org.insert_contacts(199)
    org.settle()
    assert len(org.read()) == 199
    assert asked("jobs/query") == 0


def test_junctions_become_the_same_links_in_bulk(org: Any):
    people = org.insert_contacts(3)
    events = [
        {"crm": "salesforce", "do": "insert", "object": "Opportunity", "values": dict(org.words.deal_values)}
        for _ in range(201)
    ]
    deals = org.remote.events(events)
    org.link(deals[0], people[0], "Decision Maker")
    org.link(deals[0], people[1])
    org.link(deals[200], people[2])
    org.settle()
    query = org.query("Opportunity", "Amount", links=True)
    in_bulk = org.read(query)
    assert set(in_bulk[deals[0]].links["OpportunityContactRole"]) == {
        Link("Contact", people[0], ("Decision Maker",), primary=True),
        Link("Contact", people[1]),
    }
    assert in_bulk[deals[1]].links == {"OpportunityContactRole": ()}
    assert in_bulk == org.again(bulk_from=100_000).read(query)


def test_sr29_the_type_behind_a_lookup_comes_in_bulk_too(org: Any):
    ann = org.contact("Ann")
    task = {"WhoId": ann, "Subject": "Call", "Status": "Completed"}
    org.remote.events([{"crm": "salesforce", "do": "insert", "object": "Task", "values": task} for _ in range(201)])
    org.settle()
    records = org.read(ObjectQuery("Task", ("WhoId", "Who.Type")))
    assert {(one.values["WhoId"], one.values["Who.Type"]) for one in records.values()} == {(ann, "Contact")}


def test_sr19_a_restart_goes_on_with_the_job_where_it_was_and_reads_what_changed_since(
    org: Any, asked: Any, progress: MemoryProgress
):
    ids = org.insert_contacts(205)
    org.remote.sleep(3600)
    end = org.settle()
    pages = org.connector.changes(org.query(), org.window(None, end))
    early = {record.id for _ in range(4) for record in next(pages).records}
    pages.close()
    assert 0 < len(early) < 205
    org.remote.sleep(3600)
    org.update("Contact", ids[3], {"LastName": "Changed"})
    org.again(bulk_from=200, progress=progress)
    end = org.settle()
    late = org.read(end=end)
    assert asked("POST /services/data/v66.0/jobs/query") == 1
    assert len(late) < 205
    assert early | set(late) == set(ids)
    assert late[ids[3]].values["LastName"] == "Changed"


def test_sr19_a_job_older_than_its_results_is_made_anew(org: Any, asked: Any, progress: MemoryProgress):
    ids = org.insert_contacts(205)
    end = org.settle()
    next(org.connector.changes(org.query(), org.window(None, end)))
    org.remote.sleep(7 * 86_400)
    org.again(bulk_from=200, progress=progress)
    assert set(org.read(end=end)) == set(ids)
    assert asked("POST /services/data/v66.0/jobs/query") == 2


def test_sr19_a_job_that_the_org_no_longer_has_is_made_anew(org: Any, progress: MemoryProgress):
    ids = org.insert_contacts(205)
    end = org.settle()
    next(org.connector.changes(org.query(), org.window(None, end)))
    [key] = [key for key in progress._held if "Contact" in key]
    progress.put(key, json.dumps(json.loads(progress.get(key)) | {"id": "750Sb00000ZZZZZ"}))
    org.again(bulk_from=200, progress=progress)
    assert set(org.read(end=end)) == set(ids)


def test_sr19_a_job_read_to_its_end_is_deleted_and_forgotten(org: Any, asked: Any, progress: MemoryProgress):
    org.insert_contacts(205)
    org.settle()
    org.read()
    assert asked("DELETE /services/data/v66.0/jobs/query/") == 1
    assert progress._held == {}


def test_sr20_a_session_that_ends_in_the_middle_of_a_job_is_renewed(org: Any, faults: Any, asked: Any):
    ids = org.insert_contacts(205)
    org.settle()
    expired = [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]
    fault = faults("/results", 401, expired, times=1)
    assert set(org.read()) == set(ids)
    assert (fault.met, asked("oauth2/token")) == (1, 2)


def test_sr18_a_page_with_fewer_rows_than_it_says_is_fetched_again(org: Any, faults: Any):
    ids = org.insert_contacts(205)
    org.settle()
    short = '"Id","SystemModstamp","IsDeleted","MasterRecordId","LastName","Email"\n'
    faults("/results", 200, short, times=2, kind="text/csv", headers={"Sforce-NumberOfRecords": "90"})
    assert set(org.read()) == set(ids)


def test_sr18_a_page_that_stays_short_is_no_end(org: Any, faults: Any):
    org.insert_contacts(205)
    org.settle()
    short = '"Id","SystemModstamp","IsDeleted","MasterRecordId","LastName","Email"\n"003'
    headers = {"Sforce-NumberOfRecords": "90", "Sforce-Locator": "null"}
    faults("/results", 200, short, kind="text/csv", headers=headers)
    with pytest.raises(Unreachable, match="90 rows"):
        org.read()


def test_sr18_pages_that_end_before_the_jobs_own_count_are_no_end(org: Any, faults: Any):
    org.insert_contacts(205)
    org.settle()
    short = '"Id","SystemModstamp","IsDeleted","MasterRecordId","LastName","Email"\n'
    headers = {"Sforce-NumberOfRecords": "0", "Sforce-Locator": "null"}
    faults("/results", 200, short, kind="text/csv", headers=headers)
    with pytest.raises(Unreachable, match="0 rows came of 205"):
        org.read()


def test_sr39_an_html_page_in_place_of_results_is_asked_for_again(org: Any, faults: Any):
    ids = org.insert_contacts(205)
    org.settle()
    faults("/results", 200, "<html>back soon</html>", times=1, kind="text/html")
    assert set(org.read()) == set(ids)


def test_sr15_sr14_a_query_too_long_for_an_address_goes_whole_through_a_job(org: Any, asked: Any):
    """One job reads all columns at one moment, where split selects would disagree."""
    ids = org.insert_contacts(3)
    org.settle()
    org.connector._session.fits = lambda _soql: False
    assert set(org.read()) == set(ids)
    assert asked("/queryAll") == 0


def test_sr16_an_object_that_the_bulk_api_does_not_have_is_read_by_rest(org: Any, faults: Any):
    ids = org.insert_contacts(205)
    org.settle()
    message = "Entity 'Contact' is not supported by the Bulk API."
    faults("POST /services/data/v66.0/jobs/query", 400, [{"errorCode": "INVALIDENTITY", "message": message}])
    assert set(org.read()) == set(ids)


def test_sr16_a_column_that_no_cell_can_hold_keeps_its_object_with_rest():
    assert not Column("MailingAddress", "address", False, 0, 0, 0, (), "", ()).has_cells
    assert Column("MailingCity", "string", False, 0, 0, 0, (), "", ()).has_cells


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ("OPERATION_TOO_LARGE: exceeded 100000 distinct who/what's", NotPermitted),
        ("Something went wrong", Unreachable),
        ("InvalidBatch: INVALID_FIELD: No such column", Refused),
    ],
)
def test_a_job_that_fails_in_the_org_says_what_to_do(words: str, error: type[Exception]):
    job = bulk_query.Job("750", "66.0", NOON.isoformat(), NOON.isoformat())
    failure = bulk_query._failure(job, words)
    assert isinstance(failure, error)
    assert words in str(failure)


def test_a_job_that_takes_too_long_is_left_for_the_next_run(org: Any, faults: Any, progress: MemoryProgress):
    org.insert_contacts(205)
    org.settle()
    fault = faults("GET /services/data/v66.0/jobs/query/", 200, {"id": "750", "state": "InProgress"})
    with pytest.raises(OutOfTime, match="next run"):
        org.read()
    assert 200 < fault.met < 400  # polls are backed off to one a minute
    assert len(progress._held) == 1


def test_sr08_all_live_ids_come_few_or_many(org: Any):
    ids = org.insert_contacts(150)
    assert {id_ for piece in org.connector.ids("Contact") for id_ in piece} == set(ids)
    ids += org.insert_contacts(100)
    org.delete("Contact", ids[7])
    assert {id_ for piece in org.connector.ids("Contact") for id_ in piece} == set(ids) - {ids[7]}


def test_sr10_a_round_shows_every_record_though_no_stamp_moved_and_then_rests(
    org: Any, progress: MemoryProgress, monkeypatch: Any
):
    monkeypatch.setattr("connectors.salesforce.read._SLICE", 50)
    ids = org.insert_contacts(120)
    org.settle()

    def seen(calls: int) -> list[str]:
        return [record.id for page in org.connector.refresh(org.query(), calls=calls) for record in page.records]

    first = seen(2)
    assert len(first) == 100
    assert sorted(first + seen(9)) == sorted(ids)
    assert seen(9) == []
    org.remote.sleep(7 * 86_400)
    org.again(progress=progress)
    assert len(seen(9)) == 120


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("currency", "10.10", Decimal("10.10")),
        ("double", "1.0E7", Decimal("1.0E7")),
        ("double", "five", Malformed("five", "a number")),
        ("boolean", "true", True),
        ("boolean", "false", False),
        ("boolean", "yes", Malformed("yes", "yes or no")),
        ("date", "2026-02-28", NOON.date().replace(month=2, day=28)),
        ("datetime", "2026-11-20T12:00:00.000Z", NOON),
        ("reference", "0035500001H9kZu", "0035500001H9kZuAAJ"),
        ("picklist", "Closed Won", "Closed Won"),
    ],
)
def test_sr32_a_cell_has_the_type_of_its_field(kind: str, text: str, value: Any):
    typed = Column("F", kind, True, 0, 0, 0, (), "", ()).text()(text)
    assert typed == value
    assert type(typed) is type(value)


def test_sr17_line_breaks_quotes_separators_nul_and_long_cells_stay_in_their_cells():
    awkward = 'one "two",\r\nthree\u2028four\x85five\rsix'
    rows = [["Id", "Description"], ["1", awkward], ["2", "x" * 500_000], ["3", "é😀"]]
    body = write_rows(rows).replace("é".encode(), b"\0" + "é".encode())
    assert list(read_sheet(body)) == rows


def test_sw06_an_ingest_cell_of_every_kind_of_value():
    assert cell(None) == "#N/A"
    assert cell(Decimal("1E+3")) == "1000"
    assert (cell(True), cell(NOON), cell(NOON.date())) == ("true", "2026-11-20T12:00:00.000Z", "2026-11-20")
    with pytest.raises(TypeError):
        cell(Malformed("x", "a date"))


def test_memory_of_a_page_is_bounded_by_its_rows(org: Any):
    org.insert_contacts(205)
    org.settle()
    assert max(len(page.records) for page in org.pages(org.query(), None)) <= 40


def test_a_window_has_its_own_job(org: Any, progress: MemoryProgress):
    first = org.insert_contacts(205, NOON)
    org.insert_contacts(205, NOON + timedelta(hours=1))
    org.settle()
    assert set(org.read(start=NOON, end=NOON + timedelta(minutes=30))) == set(first)
    assert progress._held == {}
