"""The addresses under `/jobs`: create, ask, close, abort, delete, upload, fetch results."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from starlette.responses import Response, StreamingResponse

from sandbox.salesforce.bulk import ingest_job, query_job
from sandbox.salesforce.bulk.cells import lines
from sandbox.salesforce.bulk.ingest_job import IngestJob
from sandbox.salesforce.bulk.job import ABORTED, COMPLETE, ENDED, OPEN, UPLOADED, Form, Job, wrong, wrong_state
from sandbox.salesforce.bulk.query_job import QueryJob
from sandbox.salesforce.errors import Refusal, RowError, RowRefusal
from sandbox.salesforce.http import Call, answer
from sandbox.salesforce.query import Query
from sandbox.salesforce.rules import Manner
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.upsert import Writer, upsert

_CSV = "text/csv"
Saved = tuple[str, bool]


def create_query(call: Call) -> Response:
    """POST /jobs/query."""
    jobs, told = call.org.bulk, call.object()
    operation, text = str(told.get("operation")), told.get("query")
    if operation not in query_job.OPERATIONS:
        raise wrong(f"Unsupported operation: {operation}")
    if not isinstance(text, str) or not text.strip():
        raise wrong("Query is required")
    form = Form.told(told)
    query = Query(call.org, call.access, text, call.base, everything=operation == "queryAll")
    name, names, cells, rows = query_job.columns(query, jobs.unsupported)
    if not jobs.queries.spend():
        message = f"Max bulk v2 query jobs ({jobs.queries.limit}) per 24 hrs has been reached"
        raise Refusal(400, "LIMIT_EXCEEDED", message)
    job = QueryJob(
        id=jobs.new_id(), operation=operation, object=name, user_id=call.user.id, version=call.version, form=form,
        created=jobs.now, state=UPLOADED, names=names, cells=cells, rows=rows,
    )  # fmt: skip
    job.uploaded = jobs.now
    jobs.add(job)
    return answer(job.entry())


def create_ingest(call: Call) -> Response:
    """POST /jobs/ingest."""
    jobs, told = call.org.bulk, call.object()
    operation, name, key = str(told.get("operation")), told.get("object"), told.get("externalIdFieldName")
    if operation not in ingest_job.OPERATIONS:
        raise wrong(f"Unsupported operation: {operation}")
    sobject = call.access.sobject(name) if isinstance(name, str) else None
    if sobject is None:
        raise wrong(f"Unable to find object: {name}")
    if sobject.name.lower() in jobs.unsupported:
        raise Refusal(400, "INVALIDENTITY", f"Entity '{sobject.name}' is not supported by the Bulk API.")
    if operation == "upsert" and not isinstance(key, str):
        raise wrong("ExternalIdFieldName is required for upsert")
    if jobs.batches.used >= jobs.batches.limit:
        raise Refusal(400, "LIMIT_EXCEEDED", f"Max bulk batches ({jobs.batches.limit}) per 24 hrs has been reached")
    job = IngestJob(
        id=jobs.new_id(), operation=operation, object=sobject.name, user_id=call.user.id, version=call.version,
        form=Form.told(told), created=jobs.now, state=OPEN, key=key if operation == "upsert" else None,
        save=_saver(call, sobject, operation, key), check=_checker(call, sobject),
    )  # fmt: skip
    jobs.add(job)
    return answer(job.entry())


def job_calls(kind: type[Job]) -> dict[str, Callable[[Call], Any]]:
    """GET, PATCH and DELETE of one job."""

    def ask(call: Call) -> dict[str, Any]:
        job = call.org.bulk.find(kind, call.path("id"))
        call.org.bulk.look(job)
        return job.entry() | job.details()

    def turn(call: Call) -> dict[str, Any]:
        jobs = call.org.bulk
        job, state = jobs.find(kind, call.path("id")), call.object().get("state")
        if state == ABORTED and job.state not in ENDED:
            if isinstance(job, IngestJob) and job.state == OPEN:
                job.begin()
            job.turn(ABORTED, jobs.now)
        elif state == UPLOADED and isinstance(job, IngestJob) and job.state == OPEN:
            jobs.batches.add(job.begin())
            job.turn(UPLOADED, jobs.now)
        else:
            raise wrong_state(f"Job {job.id} is {job.state}: it cannot be turned to {state}")
        return job.entry()

    def drop(call: Call) -> Response:
        call.org.bulk.drop(call.org.bulk.find(kind, call.path("id")))
        return Response(status_code=204)

    return {"GET": ask, "PATCH": turn, "DELETE": drop}


def listing(kind: type[Job]) -> Callable[[Call], dict[str, Any]]:
    """GET of all jobs of a kind."""
    kinds = {QueryJob: "V2Query", IngestJob: "V2Ingest"}

    def all_jobs(call: Call) -> dict[str, Any]:
        records = [job.entry() | {"jobType": kinds[kind]} for job in call.org.bulk.all(kind)]
        return {"done": True, "records": records, "nextRecordsUrl": None}

    return all_jobs


def query_results(call: Call) -> Response:
    """GET /jobs/query/ID/results: a page as CSV, streamed; the header tells its rows (SR18) and the next locator."""
    job = call.org.bulk.find(QueryJob, call.path("id"))
    if job.version != call.version:  # SR19
        message = f"API version {call.version} differs from that of the job, {job.version}"
        raise Refusal(409, "VERSION_MISMATCH", message)
    if job.state != COMPLETE:
        raise wrong_state(f"Job {job.id} is {job.state}: there are no results yet")
    most = call.request.query_params.get("maxRecords", str(query_job.MOST_PER_PAGE))
    if not most.isascii() or not most.isdigit() or int(most) < 1:
        raise Refusal(400, "INVALID_PARAMETER", f"maxRecords is not a number of rows: {most}")
    start = query_job.start_of(call.request.query_params.get("locator"), len(job.rows))
    page = job.rows[start : start + int(most)]
    end = start + len(page)
    headers = {
        "Sforce-NumberOfRecords": str(len(page)),
        "Sforce-Locator": query_job.locator_of(end) if end < len(job.rows) else "null",
    }
    return StreamingResponse(lines(page, job.names, job.cells, job.form), headers=headers, media_type=_CSV)


def upload(call: Call) -> Response:
    """PUT /jobs/ingest/ID/batches: all of the data at once."""
    job = call.org.bulk.find(IngestJob, call.path("id"))
    if job.state != OPEN or job.body is not None:
        raise wrong_state(f"Job {job.id} is {job.state}: it takes no data any more")
    if not call.request.headers.get("content-type", "").startswith(_CSV):
        raise Refusal(400, "INVALID_CONTENT_TYPE", "The data of a job are text/csv")
    if 4 * -(-len(call.body) // 3) > ingest_job.MOST_BYTES:
        raise Refusal(413, "REQUEST_ENTITY_TOO_LARGE", "The data of a job are larger than 150 MB in base64")
    job.body = call.body
    return Response(status_code=201)


def successful(call: Call) -> Response:
    """GET successfulResults."""
    job = _ended(call)
    return _streamed([job.titles("sf__Id", "sf__Created"), *job.successful_rows], job.processed - job.failed)


def failed(call: Call) -> Response:
    """GET failedResults."""
    job = _ended(call)
    return _streamed([job.titles("sf__Id", "sf__Error"), *job.failed_rows], job.failed)


def unprocessed(call: Call) -> Response:
    """GET unprocessedrecords."""
    job = _ended(call)
    return _streamed(job.unprocessed(), None)


def _ended(call: Call) -> IngestJob:
    job = call.org.bulk.find(IngestJob, call.path("id"))
    if job.state not in ENDED:
        raise wrong_state(f"Job {job.id} is {job.state}: there are no results yet")
    return job


def _streamed(parts: Iterable[bytes], rows: int | None) -> Response:
    headers = {"Sforce-Locator": "null"} | ({} if rows is None else {"Sforce-NumberOfRecords": str(rows)})

    async def body() -> AsyncIterator[bytes]:
        for part in parts:
            yield part

    return StreamingResponse(body(), headers=headers, media_type=_CSV)


def _checker(call: Call, sobject: SObject) -> ingest_job.Check:
    def check(header: Sequence[str]) -> str | None:
        visible = call.access.fields(sobject)
        unknown = next((name for name in header if name.lower() not in visible), None)
        if unknown is not None:
            return f"InvalidBatch : Field name not found : {unknown}"
        if len({name.lower() for name in header}) < len(header):
            return "InvalidBatch : Field name appears more than once"
        return None

    return check


def _saver(call: Call, sobject: SObject, operation: str, key: str | None) -> ingest_job.Save:
    org, user = call.org, call.user

    def save(rows: Sequence[ingest_job.Values]) -> list[Saved | RowError]:
        access, seen = org.access(user), set[str]()
        manner = Manner(batch=len(rows))

        def one(values: ingest_job.Values) -> Saved:
            row_id = next((values.pop(name) for name in list(values) if name.lower() == "id"), None)
            if operation == "insert":
                return org.create(sobject, values, user=user, access=access, manner=manner), True
            if operation == "upsert":
                keyed = values | ({"Id": row_id} if row_id else {})
                return upsert(Writer(org, user, access, manner), sobject, key or "", keyed)
            if not row_id:
                raise RowRefusal(RowError("MISSING_ARGUMENT", f"Id not specified in an {operation} call"))
            if row_id in seen:
                raise RowRefusal(RowError("DUPLICATE_VALUE", f"duplicate id in list: {row_id}", ("Id",)))
            seen.add(row_id)
            if operation == "delete":
                org.remove(sobject, row_id, user=user, access=access)
            else:
                org.change(sobject, row_id, values, user=user, access=access, manner=manner)
            return row_id, False

        return [ingest_job.outcome_of(one, dict(values)) for values in rows]

    return save
