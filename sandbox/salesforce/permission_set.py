"""Permission sets as the Metadata API has them."""

from collections.abc import Callable

from sandbox.salesforce import holding
from sandbox.salesforce.access import CREATE, DELETE, EDIT, READ, FieldGrant, PermissionSet
from sandbox.salesforce.metadata import Component, Kind, refused
from sandbox.salesforce.org import Org

_OBJECT_RIGHTS = {"allowRead": READ, "allowCreate": CREATE, "allowEdit": EDIT, "allowDelete": DELETE}


def _prepare_permission_set(org: Org, component: Component) -> Callable[[], None]:
    name = str(component.get("fullName") or "")
    if not name.isidentifier() or not name.isascii():
        message = f"Invalid fullName {name}: a permission set name has letters, digits and underscores"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message)
    if not component.get("label"):
        raise refused("REQUIRED_FIELD_MISSING", "Required fields are missing: [Label]", "Label")
    content = PermissionSet(
        id="",
        name=name,
        label=component["label"],
        description=component.get("description"),
        activation=component.get("hasActivationRequired") == "true",
        fields=dict(_grant(org, entry) for entry in component.get("fieldPermissions", [])),
        objects=dict(_rights(org, entry) for entry in component.get("objectPermissions", [])),
    )
    # What the new version leaves out is no longer granted: a permission set is replaced, never added to.
    return lambda: holding.put(org, name, content)


def _grant(org: Org, entry: Component) -> tuple[str, FieldGrant]:
    key = str(entry.get("field") or "")
    sobject = org.schema.find(key.partition(".")[0])
    found = sobject.by_lower.get(key.partition(".")[2].lower()) if sobject else None
    if sobject is None or found is None:
        raise refused("INVALID_CROSS_REFERENCE_KEY", f"In field: field - no CustomField named {key} found")
    if found.required:
        raise refused("FIELD_INTEGRITY_EXCEPTION", f"You cannot deploy to a required field: {key}")
    if not found.permissionable:
        raise refused("FIELD_INTEGRITY_EXCEPTION", f"Field {key} is not available for field permissions")
    editable = entry.get("editable") == "true"
    return f"{sobject.name}.{found.name}", FieldGrant(entry.get("readable") == "true" or editable, editable)


def _rights(org: Org, entry: Component) -> tuple[str, frozenset[str]]:
    sobject = org.schema.find(str(entry.get("object") or ""))
    if sobject is None:
        raise refused(
            "INVALID_CROSS_REFERENCE_KEY", f"In field: object - no CustomObject named {entry.get('object')} found"
        )
    rights = frozenset(right for name, right in _OBJECT_RIGHTS.items() if entry.get(name) == "true")
    if rights and READ not in rights:
        message = f"Permission Read {sobject.name} depends on the other permissions on {sobject.name}"
        raise refused("FIELD_INTEGRITY_EXCEPTION", message)
    return sobject.name, rights


def _read_permission_set(org: Org, name: str) -> Component:
    held = org.permission_sets[name]
    return {
        "fullName": held.name,
        "description": held.description,
        "fieldPermissions": [
            {"editable": str(grant.editable).lower(), "field": key, "readable": str(grant.readable).lower()}
            for key, grant in held.fields.items()
        ],
        "hasActivationRequired": str(held.activation).lower(),
        "label": held.label,
        "objectPermissions": [
            {name: str(right in rights).lower() for name, right in _OBJECT_RIGHTS.items()}
            | {"modifyAllRecords": "false", "object": key, "viewAllRecords": "false"}
            for key, rights in held.objects.items()
        ],
    }


def _delete_permission_set(org: Org, name: str) -> None:
    held = org.permission_sets.get(name)
    if held is None:
        raise refused("INVALID_CROSS_REFERENCE_KEY", f"no PermissionSet named {name} found")
    holders = [user.username for user in org.users if held in user.assigned.values()]
    if holders:
        raise refused("DEPENDENCY_EXISTS", f"Permission set {name} is assigned to {len(holders)} user(s)")
    holding.remove(org, name)


PERMISSION_SET = Kind(
    exists=lambda org, name: name in org.permission_sets,
    prepare=_prepare_permission_set,
    read=_read_permission_set,
    delete=_delete_permission_set,
    names=lambda org: list(org.permission_sets),
    missing="In field: fullName - no PermissionSet of this name found",
)
