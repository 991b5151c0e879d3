"""sObject Collections: up to 200 rows in one call, one result for each, in the order they came."""

from collections.abc import Callable
from itertools import groupby
from typing import Any

from sandbox.salesforce.errors import Refusal, RowError, RowRefusal, not_found
from sandbox.salesforce.http import Call
from sandbox.salesforce.ids import long_id
from sandbox.salesforce.rest import shown
from sandbox.salesforce.schema import SObject
from sandbox.salesforce.snapshot import Snapshot
from sandbox.salesforce.upsert import Writer, upsert

MAX_ROWS, MAX_CHUNKS = 200, 10
Result = dict[str, Any]
_ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)


def insert_many(call: Call) -> list[Result]:
    """POST /composite/sobjects."""
    records = _records(call)
    manner = call.manner(len(records))

    def one(record: dict[str, Any]) -> Result:
        sobject, values = _values(call, record)
        if any(name.lower() == "id" for name in record):
            raise RowRefusal(
                RowError("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ("Id",))
            )
        return _done(call.org.create(sobject, values, user=call.user, access=call.access, manner=manner))

    return _each(call, records, one)


def update_many(call: Call) -> list[Result]:
    """PATCH /composite/sobjects: an HTTP 200 that says nothing of the rows in it (SW01)."""
    records = _records(call)
    manner, seen = call.manner(len(records)), set[str]()

    def one(record: dict[str, Any]) -> Result:
        sobject, values = _values(call, record)
        row_id = _id(record)
        if row_id in seen:  # a row may be in one call only once
            raise RowRefusal(RowError("DUPLICATE_VALUE", f"duplicate id in list: {row_id}", ("Id",)))
        seen.add(row_id)
        call.org.change(sobject, row_id, values, user=call.user, access=call.access, manner=manner)
        return _done(row_id)

    return _each(call, records, one)


def upsert_many(call: Call) -> list[Result]:
    """PATCH /composite/sobjects/X/Field__c: update by an external id or insert (SW18)."""
    sobject = call.access.sobject(call.path("object"))
    if sobject is None:
        raise not_found()
    records = _records(call)
    writer = Writer(call.org, call.user, call.access, call.manner(len(records)))

    def one(record: dict[str, Any]) -> Result:
        if _type(record) is not None and _type(record) != sobject.name:
            raise RowRefusal(RowError("INVALID_TYPE", f"sObject type '{_type(record)}' is not {sobject.name}"))
        values = {name: value for name, value in record.items() if name != "attributes"}
        row_id, created = upsert(writer, sobject, call.path("field"), values)
        return _done(row_id) | {"created": created}

    return _each(call, records, one)


def delete_many(call: Call) -> list[Result]:
    """DELETE /composite/sobjects?ids=a,b&allOrNone=."""
    ids = [part for part in call.request.query_params.get("ids", "").split(",") if part]
    _check_size(ids)

    def one(row_id: str) -> Result:
        sobject = _by_id(call, row_id)
        call.org.remove(sobject, row_id, user=call.user, access=call.access)
        return _done(long_id(row_id) or row_id)

    return _run(call, ids, one, all_or_none=call.request.query_params.get("allOrNone", "").lower() == "true")


def read_many(call: Call) -> list[dict[str, Any] | None]:
    """GET /composite/sobjects/X?ids=a,b&fields=c,d, and POST with the same in the body; null for rows that are not."""
    sobject = call.access.sobject(call.path("object"))
    if sobject is None:
        raise Refusal(404, "NOT_FOUND", "The requested resource does not exist")
    if call.request.method == "POST":
        body = call.object()
        ids, names = _texts(body, "ids"), _texts(body, "fields")
    else:
        params = call.request.query_params
        ids, names = params.get("ids", "").split(","), params.get("fields", "").split(",")
    visible = call.access.fields(sobject)
    unknown = next((name for name in names if name.lower() not in visible), None)
    if unknown is not None:
        raise Refusal(400, "INVALID_FIELD", f"No such column '{unknown}' on sobject of type {sobject.name}")
    call.org.bin.purge()
    rows = call.org.records.tables[sobject.name].rows
    found = (rows.get(long_id(row_id) or "") for row_id in ids)
    wanted = [visible[name.lower()].name for name in dict.fromkeys(["Id", *names])]
    return [None if row is None or row.get("IsDeleted") else shown(call, sobject, row, wanted) for row in found]


def _texts(body: dict[str, Any], name: str) -> list[str]:
    found = body.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Refusal(400, "JSON_PARSER_ERROR", f"{name} must be a list of texts")
    return found


def _records(call: Call) -> list[dict[str, Any]]:
    records = call.object().get("records")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise Refusal(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    _check_size(records)
    return records


def _each(call: Call, records: list[dict[str, Any]], one: Callable[[dict[str, Any]], Result]) -> list[Result]:
    types = [str(_type(record)) for record in records]
    chunks = sum(1 for _ in groupby(types))
    if chunks > MAX_CHUNKS:  # SW02
        message = f"Too many chunks of different types in the request: {chunks}; at most {MAX_CHUNKS} are processed"
        raise Refusal(400, "INVALID_INPUT", message)
    return _run(call, records, one, all_or_none=call.object().get("allOrNone") is True)


def _run(call: Call, records: list[Any], one: Callable[[Any], Result], *, all_or_none: bool) -> list[Result]:
    before = Snapshot.of(call.org) if all_or_none else None
    results: list[Result] = []
    for record in records:
        try:
            results.append(one(record))
        except RowRefusal as refused:
            results.append(_failed(refused.error))
    if before is not None and not all(result["success"] for result in results):
        before.restore(call.org)
        return [_failed(_ROLLED_BACK) if result["success"] else result for result in results]
    return results


def _values(call: Call, record: dict[str, Any]) -> tuple[SObject, dict[str, Any]]:
    name = _type(record)
    if not isinstance(name, str):
        raise Refusal(400, "INVALID_INPUT", "Each record must have an attributes map with a type")
    sobject = call.access.sobject(name)
    if sobject is None:
        message = f"sObject type '{name}' is not supported."
        raise RowRefusal(RowError("INVALID_TYPE", message))
    return sobject, {key: value for key, value in record.items() if key != "attributes" and key.lower() != "id"}


def _type(record: dict[str, Any]) -> Any:
    attributes = record.get("attributes")
    return attributes.get("type") if isinstance(attributes, dict) else None


def _id(record: dict[str, Any]) -> str:
    given = next((value for name, value in record.items() if name.lower() == "id"), None)
    if given is None:
        raise RowRefusal(RowError("MISSING_ARGUMENT", "Id not specified in an update call", ()))
    found = long_id(str(given))
    if found is None:
        raise RowRefusal(RowError("MALFORMED_ID", f"malformed id {given}"))
    return found


def _by_id(call: Call, row_id: str) -> SObject:
    found = call.org.schema.by_prefix.get(row_id[:3])
    if long_id(row_id) is None or found is None or call.access.sobject(found.name) is None:
        raise RowRefusal(RowError("MALFORMED_ID", f"malformed id {row_id}"))
    return found


def _check_size(records: list[Any]) -> None:
    if len(records) > MAX_ROWS:
        message = f"record limit reached. cannot submit more than {MAX_ROWS} records into this call"
        raise Refusal(400, "EXCEEDED_ID_LIMIT", message)


def _done(row_id: str) -> Result:
    return {"id": row_id, "success": True, "errors": []}


def _failed(error: RowError) -> Result:
    # A failed row comes back without an id: only its place in the list says which one it was.
    return {"success": False, "errors": [error.in_row()]}
