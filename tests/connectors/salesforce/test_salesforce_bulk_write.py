"""Writing to a Salesforce org in bulk: ingest jobs, and which row came to what."""

from decimal import Decimal
from typing import Any

import pytest

from connectors.errors import Fatal, Unreachable
from connectors.progress import MemoryProgress
from connectors.protocol import CLEAR, OutcomeKind, Update
from connectors.salesforce import bulk_write
from connectors.salesforce.bulk_write import BulkWriter
from connectors.salesforce.outbox import Outbox

INGEST = "/services/data/v66.0/jobs/ingest"


@pytest.fixture
def progress() -> MemoryProgress:
    return MemoryProgress()


@pytest.fixture
def org(salesforce: Any, progress: MemoryProgress) -> Any:
    """An org in which 200 rows are many, with our fields."""
    org = salesforce.again(bulk_from=200, progress=progress)
    org.connector.apply_fields(org.fields)
    return org


def write(org: Any, updates: list[Update]) -> dict[str, Any]:
    outcomes = list(org.connector.write(org.fields, updates))
    assert sorted(one.id for one in outcomes) == sorted(one.id for one in updates)
    return {one.id: one for one in outcomes}


def points(ids: list[str], value: int = 1) -> list[Update]:
    return [Update(id_, {"points": Decimal(value)}) for id_ in ids]


def test_sw17_every_row_of_a_job_has_its_own_outcome(org: Any, asked: Any):
    ids = org.insert_contacts(250)
    gone = org.contact("Gone")
    org.delete("Contact", gone)
    updates = [Update(id_, {"points": Decimal(place)}) for place, id_ in enumerate(ids)]
    updates[7:7] = [
        *points([gone, org.words.unknown_id, "not an id"]),
        Update(org.contact("Late"), {"way_back": "x" * 300}),
    ]
    outcomes = write(org, updates)
    assert {outcomes[id_].kind for id_ in ids} == {OutcomeKind.WRITTEN}
    assert {outcomes[gone].kind, outcomes[org.words.unknown_id].kind} == {OutcomeKind.GONE}
    assert outcomes["not an id"].kind is OutcomeKind.INVALID
    assert asked(f"POST {INGEST}") == 1
    assert asked("PATCH /services/data/v66.0/composite") == 0
    org.settle()
    records = org.read(org.query(ours=True))
    assert [records[id_].ours["points"] for id_ in ids] == [Decimal(place) for place in range(250)]


def test_sw06_clear_empties_in_a_job_and_what_is_not_said_stays(org: Any):
    ids = org.insert_contacts(200)
    write(org, [Update(id_, {"points": Decimal(5), "way_back": 'soon, "very"\nsoon'}) for id_ in ids])
    write(org, [Update(id_, {"points": CLEAR}) for id_ in ids])
    org.settle()
    ours = [record.ours for record in org.read(org.query(ours=True)).values()]
    assert {(one["points"], one["way_back"]) for one in ours} == {(None, 'soon, "very"\nsoon')}


def test_hw04_of_two_updates_of_one_record_the_later_values_win_in_a_job_too(org: Any):
    ids = org.insert_contacts(200)
    first = Update(ids[0], {"points": Decimal(1), "way_back": "kept"})
    outcomes = list(org.connector.write(org.fields, [first, *points(ids, 2)]))
    assert sorted(one.kind for one in outcomes if one.id == ids[0]) == [OutcomeKind.UNCHANGED, OutcomeKind.WRITTEN]
    org.settle()
    ours = org.read(org.query(ours=True))[ids[0]].ours
    assert (ours["points"], ours["way_back"]) == (Decimal(2), "kept")


def test_jobs_hold_so_many_bytes_and_no_row_is_lost_between_two(org: Any, asked: Any, monkeypatch: Any):
    monkeypatch.setattr(bulk_write, "_ROWS", 30)
    writer = org.connector._writer
    writer._bulk = BulkWriter(
        org.connector._session, MemoryProgress(), org.connector._reader._volume, time=org.remote, most_bytes=0
    )
    ids = org.insert_contacts(205)
    outcomes = write(org, points(ids))
    assert {one.kind for one in outcomes.values()} == {OutcomeKind.WRITTEN}
    assert asked(f"POST {INGEST}") == 7


def test_sw16_the_job_is_known_before_anything_is_uploaded(org: Any, faults: Any, progress: MemoryProgress):
    ids = org.insert_contacts(200)
    faults("PUT ", 503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "down"}])
    with pytest.raises(Unreachable):
        write(org, points(ids))
    assert list(progress._held) == ["salesforce/ingest/Contact"]


def test_sw16_an_open_job_of_a_run_that_died_is_aborted(org: Any, faults: Any, progress: MemoryProgress):
    ids = org.insert_contacts(200)
    fault = faults("PUT ", 503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "down"}])
    with pytest.raises(Unreachable):
        write(org, points(ids))
    fault.times = 0
    old = progress.get("salesforce/ingest/Contact")
    assert {one.kind for one in write(org, points(ids)).values()} == {OutcomeKind.WRITTEN}
    state = org.connector._session.send("GET", f"jobs/ingest/{old}").json()["state"]
    assert state == "Aborted"
    assert progress._held == {}


def test_sw20_a_running_job_of_a_run_that_died_ends_before_newer_values_are_sent(
    org: Any, asked: Any, progress: MemoryProgress
):
    ids = org.insert_contacts(200)
    session = org.connector._session
    job = session.send("POST", "jobs/ingest", body=b'{"object": "Contact", "operation": "update"}').json()["id"]
    rows = "".join(f"{id_},1\n" for id_ in ids)
    text = f"Id,BonusMalus_Points__c\n{rows}".encode()
    session.send("PUT", f"jobs/ingest/{job}/batches", body=text, content="text/csv")
    session.send("PATCH", f"jobs/ingest/{job}", body=b'{"state": "UploadComplete"}')
    progress.put("salesforce/ingest/Contact", job)
    write(org, points(ids, 2))
    assert session.send("GET", f"jobs/ingest/{job}").json()["state"] == "JobComplete"
    org.settle()
    assert {record.ours["points"] for record in org.read(org.query(ours=True)).values()} == {Decimal(2)}


def test_sw15_a_blip_while_asking_aborts_no_job(org: Any, faults: Any):
    ids = org.insert_contacts(200)
    fault = faults(f"GET {INGEST}/", 502, "<html>", times=2, kind="text/html")
    assert {one.kind for one in write(org, points(ids)).values()} == {OutcomeKind.WRITTEN}
    assert fault.met == 2


def test_sw17_rows_that_no_result_names_are_sent_again_and_never_taken_as_written(org: Any, faults: Any, asked: Any):
    ids = org.insert_contacts(200)
    faults("/successfulResults", 200, '"sf__Id","sf__Created",Id\n', kind="text/csv")
    assert {one.kind for one in write(org, points(ids)).values()} == {OutcomeKind.WRITTEN}
    assert asked("PATCH /services/data/v66.0/composite/sobjects") == 4  # batches of 50


def test_sw03_sw08_rows_that_lost_a_lock_or_broke_a_trigger_go_again_in_small_batches(org: Any, faults: Any):
    ids = org.insert_contacts(200)
    locked = f'"sf__Id","sf__Error",Id\n"","UNABLE_TO_LOCK_ROW:unable to obtain exclusive access:--",{ids[3]}\n'
    faults("/successfulResults", 200, '"sf__Id","sf__Created",Id\n' + "".join(
        f'"{id_}","false",{id_}\n' for id_ in ids if id_ != ids[3]
    ), kind="text/csv")  # fmt: skip
    faults("/failedResults", 200, locked, kind="text/csv")
    assert {one.kind for one in write(org, points(ids)).values()} == {OutcomeKind.WRITTEN}


def test_a_job_that_somebody_aborts_leaves_its_rows_to_the_next_run(org: Any, faults: Any):
    ids = org.insert_contacts(200)
    faults(f"GET {INGEST}/", 200, {"id": "750", "state": "Aborted"}, times=1)
    faults("/successfulResults", 200, '"sf__Id","sf__Created",Id\n', kind="text/csv")
    faults("/failedResults", 200, '"sf__Id","sf__Error",Id\n', kind="text/csv")
    outcomes = write(org, points(ids))
    assert {(one.kind, one.code) for one in outcomes.values()} == {(OutcomeKind.RETRY, "ABORTED")}


def test_a_job_that_fails_whole_says_what_to_do(org: Any, faults: Any):
    ids = org.insert_contacts(200)
    message = "InvalidBatch : Field name not found : BonusMalus_Points__c"
    faults(f"GET {INGEST}/", 200, {"id": "750", "state": "Failed", "errorMessage": message}, times=1)
    with pytest.raises(Fatal, match="fields apply"):
        write(org, points(ids))


def test_sw19_a_reason_of_a_job_holds_no_customers_address(org: Any, faults: Any):
    ids = org.insert_contacts(200)
    failed = f'"sf__Id","sf__Error",Id\n"","FIELD_CUSTOM_VALIDATION_EXCEPTION:ask ann@example.org:--",{ids[0]}\n'
    faults("/failedResults", 200, failed, kind="text/csv")
    faults("/successfulResults", 200, '"sf__Id","sf__Created",Id\n', kind="text/csv")
    outcome = write(org, points(ids))[ids[0]]
    assert outcome.kind is OutcomeKind.REJECTED
    assert "ann@example.org" not in outcome.reason


def test_sw03_rows_of_one_account_stand_together():
    with Outbox() as outbox:
        for id_ in ("c", "a", "d", "b"):
            outbox.put(id_, Update(id_, {}))
        outbox.near([("a", "2"), ("b", "1"), ("c", "1"), ("stranger", "1")])
        outbox.arrange()
        assert [waiting.id for waiting in outbox.waiting(1)] == ["d", "b", "c", "a"]
        assert outbox.settle("b").id == "b"
        assert outbox.settle("b") is None
        assert [waiting.place for waiting in outbox.waiting(2, 4)] == [3]


def test_sw03_a_large_job_asks_who_hangs_on_which_account(org: Any, asked: Any, monkeypatch: Any):
    monkeypatch.setattr(bulk_write, "_ARRANGE_FROM", 200)
    ids = org.insert_contacts(200)
    write(org, points(ids))
    assert asked("POST /services/data/v66.0/jobs/query") == 1


def test_few_rows_make_no_job(org: Any, asked: Any):
    write(org, points(org.insert_contacts(199)))
    assert asked("jobs/ingest") == 0


def test_sw18_a_job_is_an_update_and_creates_nobody(org: Any):
    ids = org.insert_contacts(200)
    org.delete("Contact", ids[0])
    outcomes = write(org, points(ids))
    assert outcomes[ids[0]].kind is OutcomeKind.GONE
    org.settle()
    assert org.live() == 199
