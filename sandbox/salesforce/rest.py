"""The REST resources for one row, one object, one query."""

from typing import Any

from starlette.responses import Response

from sandbox.salesforce import query, setup
from sandbox.salesforce.describe import describe, describe_global, summary
from sandbox.salesforce.errors import Refusal, RowError, RowRefusal, not_found
from sandbox.salesforce.http import VERSIONS, Call, answer
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.table import Row


def versions() -> list[dict[str, str]]:
    """GET /services/data."""
    seasons = ("Winter", "Spring", "Summer")  # the first one here, 41.0, was Winter '18
    return [
        {"label": f"{seasons[place % 3]} '{place // 3 + 18}", "url": f"/services/data/v{v}", "version": v}
        for place, v in enumerate(VERSIONS)
    ]


def resources(call: Call) -> dict[str, str]:
    """GET /services/data/vXX.X."""
    names = ("composite", "jobs", "limits", "query", "queryAll", "sobjects")
    return {name: f"{call.base}/{name}" for name in names} | {
        "identity": f"/id/{call.org.id}/{call.user.id}",
    }


def limits(call: Call) -> dict[str, Any]:
    """GET /limits."""
    org = call.org
    allowances = {
        "DailyApiRequests": org.usage,
        "DailyBulkApiBatches": org.bulk.batches,
        "DailyBulkV2QueryJobs": org.bulk.queries,
    }
    return {
        name: {"Max": usage.limit, "Remaining": max(0, usage.limit - usage.used)} for name, usage in allowances.items()
    }


def objects(call: Call) -> dict[str, Any]:
    """GET /sobjects."""
    return describe_global(call.access, call.base)


def object_describe(call: Call) -> dict[str, Any]:
    """GET /sobjects/X/describe."""
    sobject = _sobject(call)
    return describe(sobject, call.org.schema, call.access, call.base, call.org.record_types(sobject))


def object_summary(call: Call) -> dict[str, Any]:
    """GET /sobjects/X."""
    return {"objectDescribe": summary(_sobject(call), call.access, call.base), "recentItems": []}


def run_query(call: Call) -> dict[str, Any]:
    """GET /query?q=."""
    return _query(call, everything=False)


def run_query_all(call: Call) -> dict[str, Any]:
    """GET /queryAll?q=: deleted, merged and archived rows as well (SR06)."""
    return _query(call, everything=True)


def run_tooling_query(call: Call) -> dict[str, Any]:
    """GET /tooling/query?q=: what only the Tooling API shows."""
    return _query(call, everything=False, tooling=True)


def next_page(call: Call) -> dict[str, Any]:
    """GET /query/01g...-2000; the locator of a queryAll is continued here too (SR38)."""
    return call.org.cursors.next(call.path("locator"), user_id=call.user.id, base=call.base)


def read_row(call: Call) -> dict[str, Any]:
    """GET /sobjects/X/id, with `fields` for some of them."""
    sobject = _sobject(call)
    row = _row(call, sobject)
    visible = call.access.fields(sobject)
    wanted = call.request.query_params.get("fields")
    names = [name.strip() for name in wanted.split(",")] if wanted else [found.name for found in visible.values()]
    unknown = next((name for name in names if name.lower() not in visible), None)
    if unknown is not None:
        raise Refusal(400, "INVALID_FIELD", f"No such column '{unknown}' on sobject of type {sobject.name}")
    return shown(call, sobject, row, [visible[name.lower()].name for name in names])


def shown(call: Call, sobject: SObject, row: Row, names: list[str]) -> dict[str, Any]:
    """A row with its attributes."""
    attributes = {"type": sobject.name, "url": f"{call.base}/sobjects/{sobject.name}/{row['Id']}"}
    return {"attributes": attributes} | {name: row.get(name) for name in names}


def create_row(call: Call) -> Response:
    """POST /sobjects/X."""
    sobject = _sobject(call)
    values = {name: value for name, value in call.object().items() if name != "attributes"}
    if any(name.lower() == "id" for name in values):
        raise RowRefusal(RowError("INVALID_FIELD", "cannot specify Id in an insert call", ("Id",)))
    new = call.org.create(sobject, values, user=call.user, access=call.access, manner=call.manner())
    return answer({"id": new, "success": True, "errors": []}, 201)


def update_row(call: Call) -> Response:
    """PATCH /sobjects/X/id."""
    sobject = _sobject(call)
    row = _row(call, sobject)
    values = {name: value for name, value in call.object().items() if name != "attributes"}
    if any(name.lower() == "id" for name in values):
        message = "The Id field should not be specified in the sobject data."
        raise RowRefusal(RowError("INVALID_FIELD", message, ("Id",)))
    call.org.change(sobject, row["Id"], values, user=call.user, access=call.access, manner=call.manner())
    return Response(status_code=204)


def delete_row(call: Call) -> Response:
    """DELETE /sobjects/X/id."""
    sobject = _sobject(call)
    call.org.remove(sobject, _row(call, sobject)["Id"], user=call.user, access=call.access)
    return Response(status_code=204)


def anything_else(_call: Call) -> Response:
    """An address the service does not know."""
    raise not_found()


def _query(call: Call, *, everything: bool, tooling: bool = False) -> dict[str, Any]:
    text = call.request.query_params.get("q")
    if text is None:
        raise Refusal(400, "MALFORMED_QUERY", "A query string has to be specified")
    setup.refresh(call.org, call.user, text, tooling=tooling)
    option, _, size = call.request.headers.get("sforce-query-options", "").replace(" ", "").partition("=")
    batch = int(size) if option.lower() == "batchsize" and size.isdigit() else query.MAX_BATCH
    return query.run(call.org, call.access, text, base=call.base, everything=everything, batch=batch)


def _sobject(call: Call) -> SObject:
    found = call.access.sobject(call.path("object"))
    if found is None:
        raise not_found()
    return found


def _row(call: Call, sobject: SObject) -> Row:
    call.org.bin.purge()
    row_id = long_id(call.path("id"))
    row = call.org.records.tables[sobject.name].rows.get(row_id) if row_id else None
    if row is None:
        raise not_found()
    if row.get("IsDeleted"):
        raise Refusal(404, "ENTITY_IS_DELETED", "entity is deleted")
    return row
