"""Who may see and write what: users, their profile, permission sets and field-level security."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.salesforce.schema import Field, Schema, SObject

READ, CREATE, EDIT, DELETE = "read", "create", "edit", "delete"


@dataclass(slots=True)
class FieldGrant:
    """What a permission set says about one field."""

    readable: bool
    editable: bool


@dataclass(slots=True)
class PermissionSet:
    """A named bundle of grants; fields are named `Contact.Email`."""

    id: str
    name: str
    label: str
    description: str | None = None
    fields: dict[str, FieldGrant] = field(default_factory=dict)
    objects: dict[str, frozenset[str]] = field(default_factory=dict)
    activation: bool = False


@dataclass(slots=True)
class User:
    """A user of the org. Switch `permissions` and `objects` to see what a missing one does.

    `readable` and `editable` are the profile's field-level security, on fields named `Contact.Email`.
    """

    id: str
    username: str
    permissions: set[str]
    objects: dict[str, frozenset[str]]
    readable: set[str]
    editable: set[str]
    assigned: dict[str, PermissionSet] = field(default_factory=dict)  # by the id of the assignment


class Access:
    """What one user may do, at this moment. Cheap to make: one per request."""

    def __init__(self, user: User, schema: Schema) -> None:
        self.user = user
        self._schema = schema
        self._seen: dict[str, dict[str, Field]] = {}

    def may(self, what: str, sobject: SObject) -> bool:
        """Whether the user may read, create, edit or delete rows of an object."""
        if sobject.name == "PermissionSetAssignment" and what in {CREATE, DELETE}:
            return "AssignPermissionSets" in self.user.permissions
        granted = self.user.objects.get(sobject.name, frozenset())
        return what in granted.union(*(held.objects.get(sobject.name, ()) for held in self.user.assigned.values()))

    def sobject(self, name: str) -> SObject | None:
        """An object that exists for this user, by its name in any case."""
        found = self._schema.find(name)
        return found if found is not None and self.may(READ, found) else None

    def sobjects(self) -> list[SObject]:
        """Every object that exists for this user."""
        return [found for found in self._schema.objects.values() if self.may(READ, found)]

    def fields(self, sobject: SObject) -> dict[str, Field]:
        """The fields the user can see, by lower-case name; others are as if they did not exist (SR11)."""
        if sobject.name not in self._seen:
            self._seen[sobject.name] = {
                found.name.lower(): found for found in sobject.fields.values() if self._readable(sobject, found)
            }
        return self._seen[sobject.name]

    def editable(self, sobject: SObject, found: Field) -> bool:
        """Whether field-level security lets the user write a field; says nothing of fields nobody can write."""
        if not found.permissionable:
            return True
        key = f"{sobject.name}.{found.name}"
        return key in self.user.editable or any(grant.editable for grant in self._grants(key))

    def _readable(self, sobject: SObject, found: Field) -> bool:
        if not found.permissionable:
            return True
        key = f"{sobject.name}.{found.name}"
        return key in self.user.readable or any(grant.readable for grant in self._grants(key))

    def _grants(self, key: str) -> Iterable[FieldGrant]:
        return (held.fields[key] for held in self.user.assigned.values() if key in held.fields)


def every_field(schema: Schema) -> set[str]:
    """Every field there is now, for a profile; a field made later is in nobody's (SW12)."""
    return {f"{obj.name}.{found.name}" for obj in schema.objects.values() for found in obj.fields.values()}


def object_rights(schema: Schema) -> dict[str, frozenset[str]]:
    """Everything on business objects, reading on those of the Setup area."""
    full = frozenset({READ, CREATE, EDIT, DELETE})
    return {name: frozenset({READ}) if obj.setup else full for name, obj in schema.objects.items()}
