"""The paths of the service, legacy and date-based, through one table."""

from collections.abc import Iterator
from dataclasses import dataclass

from starlette.routing import BaseRoute, Route

from sandbox.hubspot import (
    account_calls,
    batch_calls,
    link_calls,
    object_calls,
    pipeline_calls,
    preference_calls,
    property_calls,
)
from sandbox.hubspot.call import Call, Gate, Handler, Needs
from sandbox.hubspot.errors import Refusal
from sandbox.hubspot.kind import Kind
from sandbox.hubspot.oauth import token_endpoint
from sandbox.hubspot.portal import Portal

DATED = ("2026-03", "2026-09")
_LEGACY = {
    "objects": "v3", "properties": "v3", "owners": "v3", "pipelines": "v3", "account-info": "v3", "associations": "v4",
    "communication-preferences": "v4",
}  # fmt: skip
_AREAS = frozenset({"account-info", "communication-preferences"})  # those that do not stand under /crm


@dataclass(frozen=True, slots=True)
class _Row:
    """One call: the part of the path after area and version, who answers, what the token needs."""

    method: str
    area: str
    path: str
    handler: Handler
    needs: Needs
    search: bool = False

    def places(self) -> Iterator[tuple[str, str]]:
        """Every version with its path: `/crm/v3/objects/…`, `/crm/objects/2026-09/…`."""
        legacy = _LEGACY[self.area]
        if self.area in _AREAS:
            yield from ((version, f"/{self.area}/{version}{self.path}") for version in (legacy, *DATED))
            return
        # What one record is associated with is asked under objects, but with the version of associations.
        area = "objects" if self.path.startswith("/{object}/{id}/associations") else self.area
        yield legacy, f"/crm/{legacy}/{area}{self.path}"
        yield from ((dated, f"/crm/{area}/{dated}{self.path}") for dated in DATED)


def _read(call: Call) -> list[list[str]]:
    return [[call.kind().read_scope]]


def _write(call: Call) -> list[list[str]]:
    kind = call.kind()
    if kind.read_only:
        raise Refusal(405, f"{kind.name} cannot be written through the API")
    return [[kind.write_scope]]


def _read_statuses(_call: Call) -> list[list[str]]:
    return [["communication_preferences.statuses.batch.read"]]


def _read_preferences(_call: Call) -> list[list[str]]:
    return [["communication_preferences.read_write"]]


def _read_both(call: Call) -> list[list[str]]:
    return [[_from(call).read_scope], [call.kind("to").read_scope]]


def _write_both(call: Call) -> list[list[str]]:
    return [[_from(call).write_scope], [call.kind("to").write_scope]]


def _from(call: Call) -> Kind:
    return call.kind("from" if call.has("from") else "object")


def _read_schema(call: Call) -> list[list[str]]:
    """Any one of these opens the definitions, as the specification lists them."""
    kind = call.kind()
    return [list(dict.fromkeys([_schema(kind.read_scope), kind.read_scope, kind.write_scope]))]


def _write_schema(call: Call) -> list[list[str]]:
    return [[_schema(call.kind().write_scope)]]


def _schema(scope: str) -> str:
    return scope.replace("crm.objects.", "crm.schemas.")


def _read_owners(_call: Call) -> list[list[str]]:
    return [["crm.objects.owners.read"]]


def _nothing(_call: Call) -> list[list[str]]:
    return []


_TABLE = (
    _Row("POST", "objects", "/{object}/search", object_calls.search, _read, search=True),
    _Row("POST", "objects", "/{object}/batch/read", batch_calls.read, _read),
    _Row("POST", "objects", "/{object}/batch/update", batch_calls.update, _write),
    _Row("POST", "objects", "/{object}/batch/create", batch_calls.create, _write),
    _Row("POST", "objects", "/{object}/batch/upsert", batch_calls.upsert, _write),
    _Row("POST", "objects", "/{object}/batch/archive", batch_calls.archive, _write),
    _Row("POST", "objects", "/{object}/merge", object_calls.merge, _write),
    _Row("POST", "objects", "/{object}/gdpr-delete", object_calls.gdpr_delete, _write),
    _Row("GET", "objects", "/{object}", object_calls.list_, _read),
    _Row("POST", "objects", "/{object}", object_calls.create, _write),
    _Row("GET", "objects", "/{object}/{id}", object_calls.read, _read),
    _Row("PATCH", "objects", "/{object}/{id}", object_calls.update, _write),
    _Row("DELETE", "objects", "/{object}/{id}", object_calls.archive, _write),
    _Row("GET", "associations", "/{object}/{id}/associations/{to}", link_calls.list_, _read_both),
    _Row("POST", "associations", "/{from}/{to}/batch/read", link_calls.batch_read, _read_both),
    _Row("POST", "associations", "/{from}/{to}/batch/create", link_calls.batch_create, _write_both),
    _Row("POST", "associations", "/{from}/{to}/batch/archive", link_calls.batch_archive, _write_both),
    _Row("GET", "associations", "/{from}/{to}/labels", link_calls.labels, _read_both),
    _Row("GET", "properties", "/{object}", property_calls.list_, _read_schema),
    _Row("POST", "properties", "/{object}", property_calls.create, _write_schema),
    _Row("GET", "properties", "/{object}/groups", property_calls.list_groups, _read_schema),
    _Row("POST", "properties", "/{object}/groups", property_calls.create_group, _write_schema),
    _Row("GET", "properties", "/{object}/groups/{name}", property_calls.read_group, _read_schema),
    _Row("DELETE", "properties", "/{object}/groups/{name}", property_calls.archive_group, _write_schema),
    _Row("POST", "properties", "/{object}/batch/read", property_calls.batch_read, _read_schema),
    _Row("POST", "properties", "/{object}/batch/create", property_calls.batch_create, _write_schema),
    _Row("POST", "properties", "/{object}/batch/archive", property_calls.batch_archive, _write_schema),
    _Row("GET", "properties", "/{object}/{name}", property_calls.read, _read_schema),
    _Row("PATCH", "properties", "/{object}/{name}", property_calls.update, _write_schema),
    _Row("DELETE", "properties", "/{object}/{name}", property_calls.archive, _write_schema),
    _Row("GET", "pipelines", "/{object}", pipeline_calls.list_, _read),
    _Row("GET", "owners", "", account_calls.owners, _read_owners),
    _Row("GET", "owners", "/", account_calls.owners, _read_owners),  # the SDK's spelling
    _Row("GET", "owners", "/{id}", account_calls.owner, _read_owners),
    _Row("GET", "communication-preferences", "/definitions", preference_calls.definitions, _read_preferences),
    _Row("POST", "communication-preferences", "/statuses/batch/read", preference_calls.batch_read, _read_statuses),
    _Row(
        "POST",
        "communication-preferences",
        "/statuses/batch/unsubscribe-all/read",
        preference_calls.batch_read_wide,
        _read_statuses,
    ),
    _Row("GET", "account-info", "/details", account_calls.details, _nothing),
    _Row("GET", "account-info", "/api-usage/daily/private-apps", account_calls.daily_usage, _nothing),
)


def routes(portal: Portal) -> list[BaseRoute]:
    """Every path of the portal; what begins like one of them and is none answers the service's HTML page."""
    gate = Gate(portal)
    found: list[BaseRoute] = [
        Route(path, gate.endpoint(row.handler, row.needs, version, search=row.search), methods=[row.method])
        for row in _TABLE
        for version, path in row.places()
    ]
    found.extend(
        Route(f"/oauth/{version}/token", token_endpoint(portal, version), methods=["POST"])
        for version in ("v1", "v3", *DATED)
    )
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    lost = (Route(f"/{area}/{{rest:path}}", gate.lost, methods=every) for area in ("crm", "oauth", *sorted(_AREAS)))
    return [*found, *lost]
