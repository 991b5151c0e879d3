"""Calls about up to a hundred records at once."""

from collections.abc import Sequence

from sandbox.hubspot import bodies, shape, writing
from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import Json, Refusal, validation
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.record import Record, Table

_MOST_WITH_HISTORY = 50


def read(call: Call) -> Answer:
    """POST batch/read: what is there, in the order of ids; the rest in one row of errors (HW01, HR17)."""
    kind = call.kind()
    wanted = call.body(bodies.BatchRead)
    if wanted.properties_with_history and len(wanted.inputs) > _MOST_WITH_HISTORY:
        raise validation(
            f"The maximum number of inputs supported in a batch request for property histories is {_MOST_WITH_HISTORY}"
        )
    writing.few_enough(wanted.inputs)
    table = call.store.table(kind)
    if wanted.id_property not in (None, "hs_object_id", *table.holders):
        raise validation(f"Unable to look up {kind.singular} by non-unique property {wanted.id_property}")
    found: dict[int, Record] = {}
    missing: list[str] = []
    for each in wanted.inputs:
        record = _named(table, each.id, wanted.id_property)
        if record is None or (record.archived is not None) != call.flag("archived"):
            missing.append(each.id)
        else:
            found[record.id] = record
    results = [
        shape.record(
            found[id_], wanted.properties, portal_id=call.portal.portal_id, histories=wanted.properties_with_history
        )
        for id_ in sorted(found)
    ]
    return shape.batch(results, [shape.missing_rows(kind, missing)] if missing else [], call.now)


def update(call: Call) -> Answer:
    """POST batch/update: never creates. Bad values refuse the whole batch, missing records only themselves."""
    kind = call.kind()
    rows = call.body(bodies.BatchRows).inputs
    writing.few_enough(rows)
    table = call.store.table(kind)
    for row in rows:
        if row.id_property is not None and (row.id_property not in table.holders or row.id_property == "email"):
            raise _not_unique(call, kind, row.id_property)  # HW05: an e-mail identifies for upsert, not here
        writing.something(row.properties)
    _all_different([row.id for row in rows])
    values = writing.all_judged(call, kind, [row.properties for row in rows])
    missing: list[bodies.Row] = []
    plan: list[tuple[bodies.Row, Record, dict[str, str]]] = []
    for row, given in zip(rows, values, strict=True):
        record = _named(table, row.id, row.id_property)
        if record is None or record.archived is not None:
            missing.append(row)
            continue
        writing.free(call, kind, given, record)
        writing.obedient(call, kind, {**record.properties, **given})
        plan.append((row, record, given))
    changed: dict[int, Json] = {}
    for row, record, given in plan:
        # Two inputs may lead to one survivor of a merge (HW19): the second one is written upon the first.
        now = writing.update(call, table.records[record.id], given)
        changed[now.id] = _written(call, now, row)
    return shape.batch([changed[id_] for id_ in sorted(changed)], _missing_rows(kind, missing), call.now)


def create(call: Call) -> Answer:
    """POST batch/create: all or nothing, unless every input has a trace id of its own (HW07)."""
    kind = call.kind()
    rows = call.body(bodies.BatchCreate).inputs
    writing.few_enough(rows)
    traces = {row.object_write_trace_id for row in rows}
    if rows and None not in traces and len(traces) == len(rows):
        return _create_each(call, kind, rows)
    values = writing.all_judged(call, kind, [row.properties for row in rows])
    for given in values:
        writing.free(call, kind, given)
        writing.obedient(call, kind, given)
    emails = [given["email"].lower() for given in values if given.get("email")]
    _all_different(emails)
    made = [writing.create(call, kind, given, row.associations or ()) for row, given in zip(rows, values, strict=True)]
    return shape.batch([_whole(call, each) for each in made], [], call.now, status=201)


def upsert(call: Call) -> Answer:
    """POST batch/upsert: by a unique property; what is not there is created (HW06)."""
    kind = call.kind()
    rows = call.body(bodies.BatchRows).inputs
    writing.few_enough(rows)
    table = call.store.table(kind)
    for row in rows:
        if row.id_property is None:
            raise validation("idProperty is required for upsert")
        if row.id_property not in table.holders:
            raise _not_unique(call, kind, row.id_property)
    _all_different([row.id for row in rows])
    values = writing.all_judged(call, kind, [{row.id_property or "": row.id, **row.properties} for row in rows])
    results = []
    for row, given in zip(rows, values, strict=True):
        record = _named(table, row.id, row.id_property)
        if record is None:
            result = _whole(call, writing.create(call, kind, given)) | {"new": True}
        else:
            writing.free(call, kind, given, record)
            writing.obedient(call, kind, {**record.properties, **given})
            result = _written(call, writing.update(call, record, given), row) | {"new": False}
        results.append(result)
    return shape.batch(results, [], call.now)


def archive(call: Call) -> Answer:
    """POST batch/archive: 204, whatever was there."""
    kind = call.kind()
    inputs = call.body(bodies.BatchIds).inputs
    writing.few_enough(inputs)
    for each in inputs:
        record = call.store.table(kind).living(each.id)
        if record is not None:
            call.store.archive(record, call.now)
    return 204, None


def _create_each(call: Call, kind: Kind, rows: Sequence[bodies.Create]) -> Answer:
    results, errors = [], []
    for row in rows:
        trace = row.object_write_trace_id or ""
        try:
            made = writing.create(call, kind, writing.judged(call, kind, row.properties), row.associations or ())
        except Refusal as refusal:
            errors.append(refusal.row(objectWriteTraceId=[trace]))
        else:
            results.append(_whole(call, made) | {"objectWriteTraceId": trace})
    return shape.batch(results, errors, call.now, status=201)


def _named(table: Table, word: str, by: str | None) -> Record | None:
    if by is None or by == "hs_object_id":
        return table.find(word)
    holder = table.holder(by, word)
    return None if holder is None else table.find(holder)


def _written(call: Call, record: Record, row: bodies.Row) -> Json:
    given = shape.record(record, row.properties, portal_id=call.portal.portal_id)
    trace = row.object_write_trace_id
    return given if trace is None else given | {"objectWriteTraceId": trace}


def _whole(call: Call, record: Record) -> Json:
    return shape.record(record, record.properties, portal_id=call.portal.portal_id)


def _missing_rows(kind: Kind, missing: Sequence[bodies.Row]) -> list[Json]:
    """One row for all, and one of its own for each input that has a trace id."""
    rows = []
    for row in missing:
        if row.object_write_trace_id is not None:
            each = shape.missing_rows(kind, [row.id])
            each["context"]["objectWriteTraceId"] = [row.object_write_trace_id]
            rows.append(each)
    plain = [row.id for row in missing if row.object_write_trace_id is None]
    return [*rows, shape.missing_rows(kind, plain)] if plain else rows


def _all_different(ids: Sequence[str]) -> None:
    """HW04: the whole batch goes when a record is named twice."""
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise validation(f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique", ids=twice)


def _not_unique(call: Call, kind: Kind, name: str) -> Refusal:
    return validation(
        f"Unable to perform update/upsert by non-unique {kind.type_id} property {name} in portal ID "
        f"{call.portal.portal_id}"
    )
