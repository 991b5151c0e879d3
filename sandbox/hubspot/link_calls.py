"""Calls about associations. Ids are texts where records begin and numbers where they end, as the service has it."""

from collections.abc import Sequence

from sandbox.hubspot import bodies, shape, writing
from sandbox.hubspot.call import Answer, Call
from sandbox.hubspot.errors import Json, Refusal
from sandbox.hubspot.kind import Kind

_MOST_READ = 1_000
_PAGE = 500


def batch_read(call: Call) -> Answer:
    """POST batch/read: five hundred per record, then `paging.next.after` for that record alone (HR14)."""
    pair = _pair(call)
    wanted = call.body(bodies.BatchLinksOf).inputs
    writing.few_enough(wanted, _MOST_READ)
    results, errors = [], []
    for each in reversed(wanted):  # results do not come in the order of inputs
        record = call.store.table(pair[0]).living(each.id)
        start = int(each.after) if each.after and each.after.isdigit() else 0
        ends = [] if record is None else call.store.living_links(pair, record.id, above=start)
        if record is None or not ends:
            errors.append(_none(pair, each.id))
        else:
            page = _page(call, pair, str(record.id), ends, _PAGE)
            results.append({"from": {"id": str(record.id)}, "to": page.pop("results"), **page})
    return shape.batch(results, errors, call.now)


def list_(call: Call) -> Answer:
    """GET: the associations of one record to another kind; an empty list where there are none."""
    pair = (call.kind(), call.kind("to"))
    record = call.store.table(pair[0]).living(call.word("id"))
    if record is None:
        raise Refusal(
            404,
            "Object not found. objectId is usually positive.",
            category="OBJECT_NOT_FOUND",
            context={"id": [call.word("id")]},
        )
    ends = call.store.living_links(pair, record.id, above=call.number("after", 0))
    return 200, _page(call, pair, str(record.id), ends, call.number("limit", _PAGE, most=_PAGE))


def batch_create(call: Call) -> Answer:
    """POST batch/create: each row for itself."""
    pair = _pair(call)
    rows = call.body(bodies.BatchLinks).inputs
    writing.few_enough(rows, _MOST_READ)
    names = (pair[0].name, pair[1].name)
    known = call.store.links.types(names)
    results, errors = [], []
    for row in reversed(rows):  # as recorded: the last input comes first
        one, other = (
            call.store.table(kind).living(end.id) for kind, end in zip(pair, (row.from_, row.to), strict=True)
        )
        types = [spec.association_type_id for spec in row.types]
        if one is None:
            errors.append(_invalid(f"{pair[0].singular.upper()}={row.from_.id} is not valid"))
        elif other is None:
            errors.append(_invalid(f"{pair[1].singular.upper()}={row.to.id} is not valid"))
        elif not types or any(each not in known for each in types):
            errors.append(_invalid(f"{types} are not association types from {names[0]} to {names[1]}"))
        else:
            call.store.links.tie(names, one.id, other.id, types)
            labels = [label for each in types if (label := known[each].label) is not None]
            results.append(
                {
                    "fromObjectTypeId": pair[0].type_id,
                    "fromObjectId": one.id,
                    "toObjectTypeId": pair[1].type_id,
                    "toObjectId": other.id,
                    "labels": labels,
                }
            )
    return shape.batch(results, errors, call.now, status=200 if call.dated else 201)


def batch_archive(call: Call) -> Answer:
    """POST batch/archive: breaks what is there and says nothing about the rest."""
    pair = _pair(call)
    for row in call.body(bodies.BatchUnlinks).inputs:
        for other in row.to:
            if row.from_.id.isdigit() and other.id.isdigit():
                call.store.links.untie((pair[0].name, pair[1].name), int(row.from_.id), int(other.id))
    return shape.batch([], [], call.now) if call.dated else (204, None)


def labels(call: Call) -> Answer:
    """GET labels: the association types of a pair."""
    pair = _pair(call)
    types = call.store.links.types((pair[0].name, pair[1].name))
    return 200, {"results": [each.shape() for each in types.values()]}


def _pair(call: Call) -> tuple[Kind, Kind]:
    return call.kind("from"), call.kind("to")


def _page(
    call: Call, pair: tuple[Kind, Kind], from_id: str, ends: Sequence[tuple[int, Sequence[int]]], limit: int
) -> Json:
    types = call.store.links.types((pair[0].name, pair[1].name))
    results = [
        {"toObjectId": id_, "associationTypes": [types[each].shape() for each in ties]} for id_, ties in ends[:limit]
    ]
    after = str(ends[limit][0]) if len(ends) > limit else None
    link = f"/crm/v4/objects/{pair[0].type_id}/{from_id}/associations/{pair[1].type_id}?limit={limit}"
    return shape.page(results, after, link)


def _none(pair: tuple[Kind, Kind], id_: str) -> Json:
    one, other = pair[0].singular, pair[1].singular
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {other} is associated with {one} {id_}.",
        "context": {"fromObjectId": [id_], "fromObjectType": [one], "toObjectType": [other]},
    }


def _invalid(message: str) -> Json:
    return {"status": "error", "category": "VALIDATION_ERROR", "message": message}
