"""Bulk 2.0 query jobs, by hand and through the unmodified simple-salesforce."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from sandbox.salesforce.bulk.cells import double
from sandbox.salesforce.org import Org

QUERY = "SELECT Id, Name, Description, Birthdate, SystemModstamp, HasOptedOutOfEmail FROM Contact"


class Jobs:
    """The addresses under /jobs, by plain HTTP."""

    def __init__(self, url: str, org: Org, version: str = "62.0") -> None:
        self.base = f"{url}/services/data/v{version}/jobs"
        self.headers = {"Authorization": f"Bearer {org.sessions.open(org.integration_user).token}"}

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = self.headers | more.pop("headers", {})
        return requests.request(method, self.base + path, headers=headers, timeout=60, **more)

    def query(self, text: str = QUERY, operation: str = "query", **more: str) -> requests.Response:
        return self("POST", "/query", json={"operation": operation, "query": text, **more})

    def finished(self, text: str = QUERY, operation: str = "query", **more: str) -> str:
        job = str(self.query(text, operation, **more).json()["id"])
        while self("GET", f"/query/{job}").json()["state"] != "JobComplete":
            pass
        return job

    def rows(self, job: str, **params: Any) -> list[list[str]]:
        text = self("GET", f"/query/{job}/results", params=params).content.decode()
        return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def jobs(url: str, org: Org) -> Jobs:
    return Jobs(url, org)


@pytest.fixture
def people(org: Org) -> list[str]:
    return [org.insert("Contact", {"LastName": f"Norvaar {n}"}) for n in range(7)]


def test_a_job_goes_from_upload_complete_over_in_progress_to_complete(jobs: Jobs, people: list[str]) -> None:
    made = jobs.query().json()
    assert made["state"] == "UploadComplete"
    assert made.keys() == {
        "id", "operation", "object", "createdById", "createdDate", "systemModstamp", "state", "concurrencyMode",
        "contentType", "apiVersion", "lineEnding", "columnDelimiter",
    }  # fmt: skip
    first, second = (jobs("GET", f"/query/{made['id']}").json() for _ in range(2))
    assert (first["state"], first["numberRecordsProcessed"]) == ("InProgress", 0)
    assert (second["state"], second["numberRecordsProcessed"]) == ("JobComplete", len(people))


def test_time_finishes_a_job_as_well_as_questions_do(jobs: Jobs, org: Org) -> None:
    org.bulk.pace.looks = None
    job = jobs.query().json()["id"]
    assert [jobs("GET", f"/query/{job}").json()["state"] for _ in range(5)] == ["InProgress"] * 5
    org.clock.advance(timedelta(minutes=1))
    assert jobs("GET", f"/query/{job}").json()["state"] == "JobComplete"


def test_there_are_no_results_before_the_end(jobs: Jobs) -> None:
    job = jobs.query().json()["id"]
    assert jobs("GET", f"/query/{job}/results").status_code == 400


def test_sr18_every_page_tells_how_many_rows_it_has_and_where_the_next_one_begins(
    jobs: Jobs, people: list[str]
) -> None:
    job = jobs.finished()
    page = jobs("GET", f"/query/{job}/results", params={"maxRecords": 3})
    seen = []
    while True:
        rows = list(csv.DictReader(io.StringIO(page.text, newline="")))
        assert page.headers["Sforce-NumberOfRecords"] == str(len(rows))
        seen += [row["Id"] for row in rows]
        if page.headers["Sforce-Locator"] == "null":
            break
        page = jobs("GET", f"/query/{job}/results", params={"maxRecords": 3, "locator": page.headers["Sforce-Locator"]})
    assert seen == people


def test_sr19_a_locator_can_be_read_again_but_on_no_other_version(
    jobs: Jobs, url: str, org: Org, people: list[str]
) -> None:
    job = jobs.finished()
    locator = jobs("GET", f"/query/{job}/results", params={"maxRecords": 5}).headers["Sforce-Locator"]
    assert jobs.rows(job, locator=locator) == jobs.rows(job, locator=locator)
    assert len(jobs.rows(job, locator=locator)) == 1 + 2
    assert Jobs(url, org, "61.0")("GET", f"/query/{job}/results").status_code == 409
    assert jobs("GET", f"/query/{job}/results", params={"locator": "x y"}).status_code == 400


def test_a_job_reads_the_rows_as_they_were_when_it_was_made(jobs: Jobs, org: Org, people: list[str]) -> None:
    job = jobs.query().json()["id"]
    org.update("Contact", people[0], {"LastName": "Changed"})
    jobs("GET", f"/query/{job}"), jobs("GET", f"/query/{job}")
    assert jobs.rows(job)[1][1] == "Norvaar 0"


def test_sr17_line_breaks_quotes_and_strange_separators_stay_in_their_cells(jobs: Jobs, org: Org) -> None:
    awkward = 'one "two",\r\nthree\u2028four\nfive\t;'
    org.insert("Contact", {"LastName": "Norvaar", "Description": awkward})
    assert jobs.rows(jobs.finished())[1][2] == awkward
    page = jobs("GET", f"/query/{jobs.finished(columnDelimiter='TAB', lineEnding='CRLF')}/results").content
    assert page.startswith(b'"Id"\t"Name"\t"Description"\t')
    assert b'"\r\n"' in page


def test_sr32_instants_end_in_z_and_booleans_are_in_lower_case(jobs: Jobs, org: Org) -> None:
    org.insert("Contact", {"LastName": "Norvaar", "Birthdate": "1980-02-29", "HasOptedOutOfEmail": True})
    _, row = jobs.rows(jobs.finished())
    assert row[3:] == ["1980-02-29", "2026-11-22T08:00:00.000Z", "true"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0.0"), (41, "41.0"), (-0.05, "-0.05"), (0.001, "0.001"), (0.00099, "9.9E-4"),
        (9_999_999.99, "9999999.99"), (10_000_000, "1.0E7"), (139_000_000, "1.39E8"), (-12_345_678.9, "-1.23456789E7"),
    ],
)  # fmt: skip
def test_doubles_are_written_as_java_prints_them(number: float, text: str) -> None:
    assert double(number) == text


def test_sr06_only_query_all_shows_deleted_rows(jobs: Jobs, org: Org, people: list[str]) -> None:
    org.delete("Contact", people[0])
    assert len(jobs.rows(jobs.finished())) == len(people)
    assert len(jobs.rows(jobs.finished(operation="queryAll"))) == len(people) + 1


def test_parents_have_columns_of_their_own(jobs: Jobs, org: Org) -> None:
    account = org.insert("Account", {"Name": "Marlow & Co"})
    org.insert("Contact", {"LastName": "Norvaar", "AccountId": account})
    rows = jobs.rows(jobs.finished("SELECT Account.Name, Contact.LastName FROM Contact"))
    assert rows == [["Account.Name", "LastName"], ["Marlow & Co", "Norvaar"]]


@pytest.mark.parametrize(
    ("query", "code", "message"),
    [
        ("SELECT COUNT() FROM Contact", "API_ERROR", "Aggregate"),
        ("SELECT Id, (SELECT Id FROM Cases) FROM Contact", "API_ERROR", "Nested"),
        ("SELECT Id FROM Contact LIMIT 5 OFFSET 2", "API_ERROR", "OFFSET"),
        ("SELECT Id, MailingAddress FROM Contact", "API_ERROR", "Selecting compound data not supported in Bulk Query"),
        ("SELECT Id FROM CaseStatus", "INVALIDENTITY", "Entity 'CaseStatus' is not supported by the Bulk API."),
        ("SELECT Nothing FROM Contact", "INVALID_FIELD", "No such column 'Nothing'"),
        ("SELECT", "MALFORMED_QUERY", "unexpected token"),
    ],
)
def test_sr16_what_bulk_cannot_read_is_refused_when_the_job_is_made(
    jobs: Jobs, query: str, code: str, message: str
) -> None:
    refused = jobs.query(query)
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, code)
    assert message in refused.json()[0]["message"]


def test_a_job_can_be_aborted_and_deleted(jobs: Jobs) -> None:
    job = jobs.query().json()["id"]
    assert jobs("PATCH", f"/query/{job}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    assert jobs("PATCH", f"/query/{job}", json={"state": "Aborted"}).status_code == 400
    assert jobs("DELETE", f"/query/{job}").status_code == 204
    assert jobs("GET", f"/query/{job}").status_code == 404


def test_results_are_kept_for_seven_days(jobs: Jobs, org: Org, people: list[str]) -> None:
    job = jobs.finished()
    org.clock.advance(timedelta(days=6, hours=23))
    fresh = Jobs(jobs.base.partition("/services")[0], org)
    assert len(fresh.rows(job)) == len(people) + 1
    org.clock.advance(timedelta(hours=1))
    assert fresh("GET", f"/query/{job}/results").status_code == 404


def test_a_day_has_ten_thousand_query_jobs(jobs: Jobs, org: Org) -> None:
    org.bulk.queries.add(10_000)
    refused = jobs.query()
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
    assert refused.json()[0]["message"] == "Max bulk v2 query jobs (10000) per 24 hrs has been reached"


def test_jobs_are_listed_the_newest_first(jobs: Jobs) -> None:
    made = [jobs.query().json()["id"] for _ in range(3)]
    listed = jobs("GET", "/query").json()
    assert [job["id"] for job in listed["records"]] == made[::-1]
    assert (listed["done"], listed["nextRecordsUrl"]) == (True, None)


def test_the_unmodified_library_reads_every_page(sf: Salesforce, org: Org, people: list[str]) -> None:
    org.bulk.pace.looks = 1
    pages = list(sf.bulk2.Contact.query("SELECT Id, Name FROM Contact", max_records=3, wait=0))
    ids = [row[0] for page in pages for row in list(csv.reader(io.StringIO(page, newline="")))[1:]]
    assert (len(pages), ids) == (3, people)
