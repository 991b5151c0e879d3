"""Records as the service answers them."""

from collections.abc import Iterable, Sequence

from sandbox.hubspot import moment
from sandbox.hubspot.call import Answer
from sandbox.hubspot.errors import Json
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.record import Record


def record(
    given: Record, names: Iterable[str] | None, *, portal_id: int, histories: Sequence[str] | None = None
) -> Json:
    """A record with these properties (the default ones for None). What is not defined is left out, unset is null."""
    kind = given.kind
    wanted = sorted({*(kind.default if names is None else names), *kind.always})
    shape: Json = {
        "id": str(given.id),
        "properties": {name: given.get(name) for name in wanted if kind.living(name) is not None},
    }
    if histories:
        shape["propertiesWithHistory"] = {
            name: [
                {"value": value, "timestamp": moment.iso(change.stamp), "sourceType": change.source}
                for change, value in given.history(name)
            ]
            for name in histories
            if kind.living(name) is not None
        }
    shape |= {
        "createdAt": moment.iso(given.created),
        "updatedAt": moment.iso(given.updated),
        "archived": given.archived is not None,
    }
    if given.archived is not None:
        shape["archivedAt"] = moment.iso(given.archived)
    shape["url"] = f"https://app.hubspot.com/contacts/{portal_id}/record/{kind.type_id}/{given.id}"
    return shape


def page(results: Sequence[Json], after: str | None, link: str = "") -> Json:
    """Results, and where the next page begins. The link leads to a host and path that nobody called (HR19)."""
    shape: Json = {"results": list(results)}
    if after is not None:
        following = {"after": after}
        if link:
            following["link"] = f"https://api.hubapi.com{link}&after={after}"
        shape["paging"] = {"next": following}
    return shape


def batch(results: Sequence[Json], errors: Sequence[Json], now: int, *, status: int = 200) -> Answer:
    """A batch: `status` when every row went well, 207 when some did not (HW01)."""
    shape: Json = {"status": "COMPLETE", "results": list(results)}
    if errors:
        shape |= {"numErrors": len(errors), "errors": list(errors)}
    shape |= {"startedAt": moment.iso(now), "completedAt": moment.iso(now)}
    return (207 if errors else status), shape


def missing_rows(kind: Kind, ids: Sequence[str], verb: str = "get") -> Json:
    """The row of a 207 that names the records which were not found."""
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "message": f"Could not {verb} some {kind.singular.upper()} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        "context": {"ids": list(ids)},
    }
