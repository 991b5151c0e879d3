"""Bulk 2.0 ingest jobs, by hand and through the unmodified simple-salesforce."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import requests
from simple_salesforce import Salesforce

from sandbox.salesforce.bulk import ingest_job
from sandbox.salesforce.org import Org
from sandbox.salesforce.rules import Locks, Trigger, Validation


class Ingest:
    """One object's ingest jobs, by plain HTTP."""

    def __init__(self, url: str, org: Org) -> None:
        self.base = f"{url}/services/data/v62.0/jobs/ingest"
        self.headers = {"Authorization": f"Bearer {org.sessions.open(org.admin).token}"}

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = self.headers | more.pop("headers", {})
        return requests.request(method, self.base + path, headers=headers, timeout=60, **more)

    def opened(self, operation: str = "update", **more: str) -> str:
        return str(self("POST", "", json={"operation": operation, "object": "Contact", **more}).json()["id"])

    def put(self, job: str, text: str | bytes) -> requests.Response:
        data = text.encode() if isinstance(text, str) else text
        return self("PUT", f"/{job}/batches", data=data, headers={"Content-Type": "text/csv"})

    def run(self, text: str | bytes, operation: str = "update", **more: str) -> str:
        """A job with these data, asked about until it is over."""
        job = self.opened(operation, **more)
        assert self.put(job, text).status_code == 201
        assert self("PATCH", f"/{job}", json={"state": "UploadComplete"}).status_code == 200
        while self.state(job)["state"] in {"UploadComplete", "InProgress"}:
            pass
        return job

    def state(self, job: str) -> dict[str, Any]:
        return dict(self("GET", f"/{job}").json())

    def rows(self, job: str, kind: str) -> list[list[str]]:
        text = self("GET", f"/{job}/{kind}").content.decode()
        return list(csv.reader(io.StringIO(text, newline="")))


@pytest.fixture
def ingest(url: str, org: Org) -> Ingest:
    return Ingest(url, org)


@pytest.fixture
def person(org: Org) -> str:
    return org.insert("Contact", {"LastName": "Norvaar", "Title": "Buyer", "Department": "East"})


def test_an_update_takes_its_way_through_the_states(ingest: Ingest, org: Org, person: str) -> None:
    job = ingest.opened()
    made = ingest.state(job)
    assert (made["state"], made["contentUrl"]) == ("Open", f"services/data/v62.0/jobs/ingest/{job}/batches")
    assert ingest.put(job, f"Id,Title\n{person},Head\n").status_code == 201
    closed = ingest("PATCH", f"/{job}", json={"state": "UploadComplete"}).json()
    assert closed["state"] == "UploadComplete"
    assert org.get("Contact", person)["Title"] == "Buyer"
    assert [ingest.state(job)["state"] for _ in range(2)] == ["InProgress", "JobComplete"]
    assert org.get("Contact", person)["Title"] == "Head"
    done = ingest.state(job)
    assert (done["jobType"], done["numberRecordsProcessed"], done["numberRecordsFailed"]) == ("V2Ingest", 1, 0)


def test_sw06_an_empty_cell_keeps_and_na_clears(ingest: Ingest, org: Org, person: str) -> None:
    ingest.run(f"Id,Title,Department\n{person},,#N/A\n")
    row = org.get("Contact", person)
    assert (row["Title"], row["Department"]) == ("Buyer", None)


def test_failed_rows_say_code_message_and_fields_under_quoted_headers(ingest: Ingest, org: Org, person: str) -> None:
    org.rules.append(Validation("Contact", "Title", ("Nobody",), "No nobodies."))
    job = ingest.run(f"Id,Email\n{person},none\n003Sb0000009999IAA,a@example.com\n")
    raw = ingest("GET", f"/{job}/failedResults").content.decode()
    assert raw.splitlines()[0] == '"sf__Id","sf__Error",Id,Email'
    errors = {row[2]: row[1] for row in ingest.rows(job, "failedResults")[1:]}
    assert errors[person] == "INVALID_EMAIL_ADDRESS:Email: invalid email address: none:Email --"
    assert errors["003Sb0000009999IAA"].startswith(("MALFORMED_ID:", "INVALID_CROSS_REFERENCE_KEY:"))
    assert ingest.rows(job, "successfulResults") == [["sf__Id", "sf__Created", "Id", "Email"]]


def test_sw17_results_do_not_come_in_the_order_of_the_rows(ingest: Ingest, org: Org) -> None:
    ids = [org.insert("Contact", {"LastName": f"N{n}"}) for n in range(450)]
    job = ingest.run("Id,Title\n" + "".join(f"{row_id},T\n" for row_id in ids))
    came = [row[0] for row in ingest.rows(job, "successfulResults")[1:]]
    assert sorted(came) == sorted(ids)
    assert came != ids


def test_a_large_job_takes_several_questions(ingest: Ingest, org: Org) -> None:
    org.bulk.pace.rows = 200
    ids = [org.insert("Contact", {"LastName": f"N{n}"}) for n in range(450)]
    job = ingest.opened()
    ingest.put(job, "Id,Title\n" + "".join(f"{row_id},T\n" for row_id in ids))
    ingest("PATCH", f"/{job}", json={"state": "UploadComplete"})
    assert [ingest.state(job)["numberRecordsProcessed"] for _ in range(5)] == [0, 200, 400, 450, 450]
    assert ingest.state(job)["state"] == "JobComplete"


def test_an_aborted_job_gives_back_what_it_did_not_come_to(ingest: Ingest, org: Org) -> None:
    org.bulk.pace.rows, org.bulk.pace.looks = 200, 1
    ids = [org.insert("Contact", {"LastName": f"N{n}"}) for n in range(300)]
    job = ingest.opened()
    ingest.put(job, "Id,Title\n" + "".join(f"{row_id},T\n" for row_id in ids))
    ingest("PATCH", f"/{job}", json={"state": "UploadComplete"})
    assert ingest.state(job)["state"] == "InProgress"
    assert ingest("PATCH", f"/{job}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    left = [ingest.rows(job, "unprocessedrecords") for _ in range(2)]
    assert left[0] == left[1] == [["Id", "Title"], *([row_id, "T"] for row_id in ids[200:])]
    assert len(ingest.rows(job, "successfulResults")) == 1 + 200


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Id,Colour\n1,red\n", "InvalidBatch : Field name not found : Colour"),
        ("Id,Title\r\n1,red\r\n", "LineEnding is invalid on user data. Current LineEnding setting is LF"),
        (b"Id,Title\n1,\xff\n", "not UTF-8"),
        ("", "no header row"),
        ("Id,Title,title\n1,a,b\n", "more than once"),
    ],
)
def test_data_that_cannot_be_read_fail_the_whole_job(ingest: Ingest, text: str | bytes, error: str) -> None:
    job = ingest.run(text)
    assert ingest.state(job)["state"] == "Failed"
    assert error in ingest.state(job)["errorMessage"]


def test_a_row_of_too_few_cells_fails_alone(ingest: Ingest, org: Org, person: str) -> None:
    job = ingest.run(f"Id,Title\n{person}\n{person},Head\n")
    assert org.get("Contact", person)["Title"] == "Head"
    assert ingest.state(job)["numberRecordsFailed"] == 1


def test_line_breaks_in_cells_are_part_of_the_value(ingest: Ingest, org: Org, person: str) -> None:
    ingest.run(f'Id,Description\n{person},"a ""b""\r\nc\u2028d"\n')
    assert org.get("Contact", person)["Description"] == 'a "b"\r\nc\u2028d'


def test_windows_line_endings_and_other_delimiters_are_told_beforehand(ingest: Ingest, org: Org, person: str) -> None:
    ingest.run(f"Id;Title\r\n{person};Head\r\n", lineEnding="CRLF", columnDelimiter="SEMICOLON")
    assert org.get("Contact", person)["Title"] == "Head"


def test_a_second_upload_is_refused(ingest: Ingest) -> None:
    job = ingest.opened()
    assert ingest.put(job, "Id\n").status_code == 201
    assert ingest.put(job, "Id\n").status_code == 400


def test_an_upload_over_150_mb_in_base64_is_refused(ingest: Ingest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest_job, "MOST_BYTES", 40)
    assert ingest.put(ingest.opened(), "x" * 30).status_code == 201
    assert ingest.put(ingest.opened(), "x" * 31).status_code == 413


def test_batches_of_ten_thousand_rows_count_against_the_day(ingest: Ingest, org: Org) -> None:
    job = ingest.opened()
    ingest.put(job, "Id\n" + "003Sb0000009999\n" * 20_001)
    ingest("PATCH", f"/{job}", json={"state": "UploadComplete"})
    assert org.bulk.batches.used == 3
    org.bulk.batches.add(15_000)
    refused = ingest("POST", "", json={"operation": "update", "object": "Contact"})
    assert (refused.status_code, refused.json()[0]["errorCode"]) == (400, "LIMIT_EXCEEDED")
    org.clock.advance(timedelta(hours=24))
    assert org.bulk.batches.used == 0


def test_insert_upsert_and_delete_work_as_well(ingest: Ingest, org: Org) -> None:
    ingest.run("LastName,Email\nAmber,amber@example.com\n", "insert")
    (row,) = org.rows("Contact")
    job = ingest.run(
        "Email,Title\nAMBER@example.com,Head\nnew@example.com,Chief\n", "upsert", externalIdFieldName="Email"
    )
    assert org.get("Contact", row["Id"])["Title"] == "Head"
    assert [found[1].split(":")[0] for found in ingest.rows(job, "failedResults")[1:]] == ["REQUIRED_FIELD_MISSING"]
    ingest.run(f"Id\n{row['Id']}\n", "delete")
    assert org.get("Contact", row["Id"])["IsDeleted"] is True


def test_sw03_locked_rows_let_go_after_some_tries(ingest: Ingest, org: Org, person: str) -> None:
    org.rules.append(Locks("Contact", share=1.0, tries=2))
    failed = [len(ingest.rows(ingest.run(f"Id,Title\n{person},Head\n"), "failedResults")) - 1 for _ in range(3)]
    assert failed == [1, 1, 0]


def test_sw08_a_slow_trigger_refuses_chunks_that_are_too_large(ingest: Ingest, org: Org) -> None:
    org.rules.append(Trigger("Contact", rows=10))
    ids = [org.insert("Contact", {"LastName": f"N{n}"}) for n in range(11)]
    job = ingest.run("Id,Title\n" + "".join(f"{row_id},T\n" for row_id in ids))
    assert ingest.state(job)["numberRecordsFailed"] == 11
    job = ingest.run("Id,Title\n" + "".join(f"{row_id},T\n" for row_id in ids[:10]))
    assert ingest.state(job)["numberRecordsFailed"] == 0


def test_the_unmodified_library_updates_and_reads_its_results(sf: Salesforce, org: Org, person: str) -> None:
    org.bulk.pace.looks = 1
    org.integration_user.editable.add("Contact.Title")
    records = [{"Id": person, "Title": "Head"}, {"Id": "003Sb0000009999", "Title": "Nobody"}]
    (told,) = sf.bulk2.Contact.update(records=records, wait=0)
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (2, 1)
    results = sf.bulk2.Contact.get_all_ingest_records(told["job_id"])
    assert [row["sf__Id"] for row in results["successfulRecords"]] == [person]
    assert [row["sf__Error"].split(":")[0] for row in results["failedRecords"]] == ["INVALID_CROSS_REFERENCE_KEY"]
    assert org.get("Contact", person)["Title"] == "Head"


def test_a_field_the_user_may_not_write_fails_every_row(sf: Salesforce, org: Org, person: str) -> None:
    org.bulk.pace.looks = 1
    (told,) = sf.bulk2.Contact.update(records=[{"Id": person, "Title": "Head"}], wait=0)
    assert told["numberRecordsFailed"] == 1
    failed = sf.bulk2.Contact.get_failed_records(told["job_id"])
    assert "INVALID_FIELD_FOR_INSERT_UPDATE:" in failed
