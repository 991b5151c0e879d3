"""Every address of the Salesforce side."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from sandbox.salesforce import batch, replication, rest
from sandbox.salesforce.bulk import calls as bulk
from sandbox.salesforce.bulk.ingest_job import IngestJob
from sandbox.salesforce.bulk.query_job import QueryJob
from sandbox.salesforce.http import Handler, answer, resource, unguarded
from sandbox.salesforce.oauth import token_endpoint, user_info
from sandbox.salesforce.org import Org
from sandbox.salesforce.soap import metadata_endpoint

Handlers = dict[str, Handler]

_DATA = "/services/data/v{version}"


def routes(org: Org) -> list[BaseRoute]:
    """The routes of one org, for a Starlette application."""

    async def versions(_request: Request) -> Response:
        return answer(rest.versions())

    row: Handlers = {"GET": rest.read_row, "PATCH": rest.update_row, "DELETE": rest.delete_row}
    rows: Handlers = {"POST": batch.insert_many, "PATCH": batch.update_many, "DELETE": batch.delete_many}
    read_rows: Handlers = {"GET": batch.read_many, "POST": batch.read_many}
    anything = dict.fromkeys(("GET", "POST", "PUT", "PATCH", "DELETE"), rest.anything_else)
    data: list[tuple[str, Handlers]] = [
        ("", {"GET": rest.resources}),
        ("/limits", {"GET": rest.limits}),
        ("/query", {"GET": rest.run_query}),
        ("/queryAll", {"GET": rest.run_query_all}),
        ("/tooling/query", {"GET": rest.run_tooling_query}),
        ("/query/{locator}", {"GET": rest.next_page}),
        ("/queryAll/{locator}", {"GET": rest.next_page}),
        ("/sobjects", {"GET": rest.objects}),
        ("/sobjects/{object}", {"GET": rest.object_summary, "POST": rest.create_row}),
        ("/sobjects/{object}/describe", {"GET": rest.object_describe}),
        ("/sobjects/{object}/deleted", {"GET": replication.deleted}),
        ("/sobjects/{object}/updated", {"GET": replication.updated}),
        ("/sobjects/{object}/{id}", row),
        ("/composite/sobjects", rows),
        ("/composite/sobjects/{object}", read_rows),
        ("/composite/sobjects/{object}/{field}", {"PATCH": batch.upsert_many}),
        ("/jobs/query", {"GET": bulk.listing(QueryJob), "POST": bulk.create_query}),
        ("/jobs/query/{id}", bulk.job_calls(QueryJob)),
        ("/jobs/query/{id}/results", {"GET": bulk.query_results}),
        ("/jobs/ingest", {"GET": bulk.listing(IngestJob), "POST": bulk.create_ingest}),
        ("/jobs/ingest/{id}", bulk.job_calls(IngestJob)),
        ("/jobs/ingest/{id}/batches", {"PUT": bulk.upload}),
        ("/jobs/ingest/{id}/successfulResults", {"GET": bulk.successful}),
        ("/jobs/ingest/{id}/failedResults", {"GET": bulk.failed}),
        # The documentation writes it in lower case, clients do not.
        ("/jobs/ingest/{id}/unprocessedrecords", {"GET": bulk.unprocessed}),
        ("/jobs/ingest/{id}/unprocessedRecords", {"GET": bulk.unprocessed}),
    ]
    return [
        unguarded("/services/oauth2/token", token_endpoint(org)),
        resource(org, "/services/oauth2/userinfo", {"GET": user_info}),
        unguarded("/services/data", versions),
        unguarded("/services/data/", versions),
        # The service takes a path with or without a slash at its end; simple-salesforce sends both.
        *(resource(org, _DATA + path + slash, handlers) for path, handlers in data for slash in ("", "/")),
        resource(org, "/services/data/{rest:path}", anything),
        unguarded("/services/Soap/m/{version}", metadata_endpoint(org)),
        unguarded("/services/Soap/m/{version}/{org_id}", metadata_endpoint(org)),
    ]
