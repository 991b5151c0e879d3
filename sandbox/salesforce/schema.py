"""What an object is: its fields with their types and flags, read from one table per object in `objects/`."""

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from typing import Any

NUMERIC = frozenset({"double", "currency", "percent", "int"})
TEXTUAL = frozenset({"string", "textarea", "picklist", "multipicklist", "email", "phone", "url", "combobox"})
_LENGTHS = {"email": 80, "phone": 40, "url": 255, "combobox": 255, "picklist": 255, "multipicklist": 4099}
_PRECISION = {"currency": (18, 2), "percent": (18, 2), "double": (18, 0)}


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `type` is the describe type; `refers_to` and `relationship` are set on references."""

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False  # must be given on insert and never null
    createable: bool = True
    updateable: bool = True
    permissionable: bool = True  # its visibility is a matter of field-level security
    defaulted: bool = False
    default: Any = None
    restricted: bool = False
    values: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    refers_to: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None  # the name of the relationship seen from the other side
    cascade: bool = False  # deleted with its parent
    external_id: bool = False
    id_lookup: bool = False  # a row can be found by it in upserts
    unique: bool = False
    auto_number: str | None = None
    help: str | None = None
    description: str | None = None
    long_text: bool = False
    name_field: bool = False
    compound: str | None = None

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return self.name.endswith("__c")


@dataclass(slots=True)
class SObject:
    """An object: what it is called, what may be done with it, its fields in the order of the table."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: dict[str, Field]
    mergeable: bool = False
    undeletable: bool = True
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    setup: bool = False  # part of the Setup area: not mixed with business rows, no recycle bin
    closing: dict[str, Any] = field(default_factory=dict)
    by_lower: dict[str, Field] = field(default_factory=dict)
    blank: dict[str, Any] = field(default_factory=dict)  # a row before anything is said of it
    required: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._index()

    def _index(self) -> None:
        self.by_lower = {name.lower(): found for name, found in self.fields.items()}
        self.blank = {name: found.default for name, found in self.fields.items()}
        self.required = tuple(name for name, found in self.fields.items() if found.required)

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return self.name.endswith("__c")

    def add(self, new: Field) -> None:
        """Take in a custom field, or its changed definition."""
        self.fields[new.name] = new
        self._index()

    def remove(self, name: str) -> None:
        """Forget a custom field."""
        del self.fields[name]
        self._index()

    def relationship(self, name: str) -> Field | None:
        """The reference behind a parent path such as `Account` or `Contact__r`."""
        wanted = name.lower()
        return next((f for f in self.fields.values() if (f.relationship or "").lower() == wanted), None)


class Schema:
    """Every object of an org."""

    def __init__(self, objects: Iterable[SObject]) -> None:
        self.objects = {found.name: found for found in objects}

    @cached_property
    def _by_lower(self) -> dict[str, SObject]:
        return {name.lower(): found for name, found in self.objects.items()}

    @cached_property
    def by_prefix(self) -> dict[str, SObject]:
        """Objects by the first three characters of their ids."""
        return {found.prefix: found for found in self.objects.values()}

    def find(self, name: str) -> SObject | None:
        """An object by its name, in any case, as the service takes it."""
        return self._by_lower.get(name.lower())

    def children(self, parent: str) -> list[tuple[SObject, Field]]:
        """Every reference that points to an object, with the object that has it."""
        return [
            (child, found)
            for child in self.objects.values()
            for found in child.fields.values()
            if parent in found.refers_to and found.type == "reference"
        ]


def load() -> Schema:
    """The objects of a plain org, from the tables shipped with the sandbox."""
    folder = resources.files(__package__) / "objects"
    tables = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    return Schema(_object(tomllib.loads(path.read_text(encoding="utf-8"))) for path in tables)


def _object(table: dict[str, Any]) -> SObject:
    own = {name: make_field(name, **spec) for name, spec in table.pop("fields").items()}
    label = table.get("label", table["name"])
    id_label = table.pop("id_label", f"{label} ID")
    return SObject(fields=_system_fields(id_label, table.pop("system", "record")) | own, **table)


def make_field(name: str, *, type: str, **spec: Any) -> Field:  # noqa: A002 - `type` is the word of describe
    """A field from its row in a table: what the row does not say follows from the type, as it does in the service."""
    spec.setdefault("label", _label(name))
    if type in _PRECISION:
        precision, scale = _PRECISION[type]
        spec.setdefault("precision", precision)
        spec.setdefault("scale", scale)
    if type == "boolean":
        spec.setdefault("defaulted", True)
        spec.setdefault("default", False)
    if type == "reference":
        spec["length"] = 18
        spec.setdefault("relationship", name.removesuffix("Id") if not name.endswith("__c") else f"{name[:-1]}r")
        spec["relationship"] = spec["relationship"] or None  # TOML has no null
    if type == "string":
        spec.setdefault("length", 255)
    if type == "textarea":
        spec.setdefault("length", 32000)
        spec.setdefault("long_text", spec["length"] > 255)  # noqa: PLR2004 - the vendor's border between the two
    if spec.pop("readonly", False):
        spec |= {"createable": False, "updateable": False}
    if spec.get("required"):
        spec.setdefault("permissionable", False)
    spec.setdefault("length", _LENGTHS.get(type, 0))
    spec |= {key: tuple(spec.get(key, ())) for key in ("values", "labels", "refers_to")}
    return Field(name=name, type=type, **spec)


def _system_fields(id_label: str, kind: str) -> dict[str, Field]:
    """The fields the service keeps itself: who and when; `setup` objects have no IsDeleted."""
    fixed: dict[str, Any] = {"permissionable": False, "readonly": True, "defaulted": True}
    user: dict[str, Any] = fixed | {"type": "reference", "refers_to": ["User"]}
    rows: dict[str, dict[str, Any]] = {"Id": fixed | {"type": "id", "length": 18, "label": id_label}}
    if kind == "record":
        rows["IsDeleted"] = fixed | {"type": "boolean", "label": "Deleted"}
    rows |= {
        "CreatedDate": fixed | {"type": "datetime"},
        "CreatedById": user | {"label": "Created By ID"},
        "LastModifiedDate": fixed | {"type": "datetime"},
        "LastModifiedById": user | {"label": "Last Modified By ID"},
        "SystemModstamp": fixed | {"type": "datetime"},
    }
    return {name: make_field(name, **spec) for name, spec in rows.items()}


def _label(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c")).replace("_", " ")
    return re.sub(r"\bId$", "ID", words)
