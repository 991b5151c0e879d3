"""Calls about single records and lists of them: list, read, search, create, update, archive, merge, purge."""

from bisect import bisect_left
from collections.abc import Sequence

from sandbox.hubspot import bodies, shape, writing
from sandbox.hubspot.call import Answer, Call, NothingHere
from sandbox.hubspot.errors import Json, Refusal, not_found, validation
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.record import Record
from sandbox.hubspot.search import DEEPEST, MOST_PER_PAGE

_LONGEST_PAGE, _LONGEST_WITH_HISTORY = 100, 50
_LINKS_INSIDE = 100
# Where a missing record is answered with a page of HTML instead of JSON.
_PAGE_FOR_MISSING = frozenset({"tickets", "tasks"})


def list_(call: Call) -> Answer:
    """GET: a page of records in the order of ids; `after` is the id to begin at."""
    kind = call.kind()
    table = call.store.table(kind)
    histories = call.listed("propertiesWithHistory")
    limit = call.number("limit", 10, most=_LONGEST_WITH_HISTORY if histories else _LONGEST_PAGE)
    ids = table.archived if call.flag("archived") else table.live
    start = bisect_left(ids, call.number("after", 0))
    names, others = call.listed("properties"), _others(call)
    results = []
    for id_ in ids[start : start + limit]:
        found = table.records[id_]
        given = shape.record(found, names, portal_id=call.portal.portal_id, histories=histories)
        results.append(given | _inside(call, found, others))
    more = start + limit < len(ids) and limit > 0
    after = str(ids[start + limit - 1] + 1) if more else None
    return 200, shape.page(results, after, f"/crm/objects/{call.version}/{kind}?offset_param=after&limit={limit}")


def read(call: Call) -> Answer:
    """GET one: by id (an old one answers the survivor) or by a unique property."""
    found = one(call)
    if (found.archived is not None) != call.flag("archived"):
        raise _missing(found.kind)
    histories = call.listed("propertiesWithHistory")
    given = shape.record(found, call.listed("properties"), portal_id=call.portal.portal_id, histories=histories)
    return 200, given | _inside(call, found, _others(call))


def search(call: Call) -> Answer:
    """POST search: a page of what the index knows."""
    kind = call.kind()
    wanted = call.body(bodies.Search)
    limit = 10 if wanted.limit is None else wanted.limit
    start = wanted.after or 0
    if not 0 <= limit <= MOST_PER_PAGE:
        raise validation(f"Invalid input JSON: limit must be between 0 and {MOST_PER_PAGE}")
    if start + limit > DEEPEST:  # HR01
        raise Refusal(400, "There was a problem with the request.")
    lag = int(call.portal.index_lag.total_seconds() * 1000)
    call.store.indexes[kind.name].settle(call.now - lag)
    found = call.store.searchers[kind.name].find(wanted)
    if call.portal.disorder is not None:
        found = found.shuffled(call.portal.disorder)
    results = [
        shape.record(each, wanted.properties, portal_id=call.portal.portal_id)
        for each in found.records[start : start + limit]
    ]
    after = str(start + limit) if start + limit < found.total and limit else None
    return 200, {"total": found.total, **shape.page(results, after)}


def create(call: Call) -> Answer:
    """POST: a new record, answered with everything that is set."""
    kind = call.kind()
    given = call.body(bodies.Create)
    made = writing.create(call, kind, writing.judged(call, kind, given.properties), given.associations or ())
    return 201, shape.record(made, made.properties, portal_id=call.portal.portal_id)


def update(call: Call) -> Answer:
    """PATCH: new values, answered with them."""
    given = call.body(bodies.Properties)
    found = one(call)
    if found.archived is not None:
        raise _missing(found.kind)
    writing.something(given.properties)
    values = writing.judged(call, found.kind, given.properties)
    writing.free(call, found.kind, values, found)
    writing.obedient(call, found.kind, {**found.properties, **values})
    changed = writing.update(call, found, values)
    return 200, shape.record(changed, given.properties, portal_id=call.portal.portal_id)


def archive(call: Call) -> Answer:
    """DELETE: into the archive; 204 even for what is not there."""
    found = call.store.table(call.kind()).living(call.word("id"))
    if found is not None:
        call.store.archive(found, call.now)
    return 204, None


def merge(call: Call) -> Answer:
    """POST merge: the primary keeps its id."""
    kind = call.kind()
    given = call.body(bodies.Merge)
    table = call.store.table(kind)
    primary, other = table.living(given.primary_object_id), table.living(given.object_id_to_merge)
    if primary is None or other is None:
        raise not_found()
    if primary.id == other.id:
        raise validation("A record cannot be merged with itself.", id=[str(primary.id)])
    survivor = call.store.merge(primary, other, stamp=call.now, source="MERGE")
    return 200, shape.record(survivor, survivor.properties, portal_id=call.portal.portal_id)


def gdpr_delete(call: Call) -> Answer:
    """POST gdpr-delete: contacts only; an address that nobody has is answered the same."""
    kind = call.kind()
    if kind.name != "contacts":
        raise NothingHere
    given = call.body(bodies.GdprDelete)
    table = call.store.table(kind)
    if given.id_property is not None:
        holder = table.holder(given.id_property, given.object_id)
        found = None if holder is None else table.find(holder)
    else:
        found = table.find(given.object_id)
        if found is None:
            raise not_found()
    if found is not None:
        call.store.purge(found)
    return 204, None


def one(call: Call) -> Record:
    """The record that the path names; 404 in one of the service's manners."""
    kind = call.kind()
    table, word, by = call.store.table(kind), call.word("id"), call.query.get("idProperty")
    if by is not None and by != "hs_object_id":
        if by not in table.holders:
            raise validation(f"Unable to look up {kind.singular} by non-unique property {by}", idProperty=[by])
        holder = table.holder(by, word)
        found = None if holder is None else table.find(holder)
    else:
        if not word.isdigit():
            raise Refusal(
                404,
                "Object not found.  objectId are usually numeric.",
                category="OBJECT_NOT_FOUND",
                context={"id": [word]},
            )
        found = table.find(word)
    if found is None:
        raise _missing(kind)
    return found


def _missing(kind: Kind) -> Exception:
    return NothingHere() if kind.name in _PAGE_FOR_MISSING else not_found()


def _others(call: Call) -> list[Kind]:
    """The kinds whose associations were asked for along with the records."""
    kinds = []
    for word in call.listed("associations") or ():
        kind = call.store.kind(word)
        if kind is None:
            raise Refusal(400, f"Unable to infer object type from: {word}")
        kinds.append(kind)
    return kinds


def _inside(call: Call, found: Record, others: Sequence[Kind]) -> Json:
    """Associations as a part of a record: the first hundred of each kind; nothing at all where there are none."""
    parts: Json = {}
    for other in others:
        types = call.store.links.types((found.kind.name, other.name))
        ends = call.store.living_links((found.kind, other), found.id)
        rows = [{"id": str(id_), "type": types[each].name} for id_, ties in ends[:_LINKS_INSIDE] for each in ties]
        if rows:
            after = str(ends[_LINKS_INSIDE][0]) if len(ends) > _LINKS_INSIDE else None
            parts[other.name] = shape.page(rows, after)
    return {"associations": parts} if parts else {}
